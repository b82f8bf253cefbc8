/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab reproduce: a bug's bad side and its good side, run and judged. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/paths.h"
#include "bugs/catalogue.h"
#include "bugs/pool.h"
#include "bugs/reproduce.h"
#include "conf/restrict.h"
#include "machine/private-dir.h"
#include "verdict/check.h"

#define NOT_GIVEN G_MININT /* of an option that is a number */
#define JOBS_MAX 64

static struct {
	char *side, *results, *share;
	int repeat, jobs, recipe;
	gboolean quiet, verbose, restricted, snapshot;
} opt;

static const GOptionEntry entries[] = {
	{ "side", 0, 0, G_OPTION_ARG_STRING, &opt.side, "bad, good or both (both)", "SIDE" },
	{ "repeat", 'n', 0, G_OPTION_ARG_INT, &opt.repeat, "runs of each side, instead of the bug's own number", "N" },
	{ "recipe", 0, 0, G_OPTION_ARG_INT, &opt.recipe,
	  "1: as reported, 2: the one that lasts (the first that can be run)", "1|2" },
	{ "jobs", 'j', 0, G_OPTION_ARG_INT, &opt.jobs, "bugs at a time, of several (one a CPU)", "N" },
	{ "share", 0, 0, G_OPTION_ARG_FILENAME, &opt.share,
	  "a directory for a series of bugs: a good side that two of them have is run once", "DIR" },
	{ "snapshot", 0, 0, G_OPTION_ARG_NONE, &opt.snapshot, "first kernels are restored where that can be", NULL },
	CMD_RESTRICTED_ENTRY(&opt.restricted),
	{ "results", 0, 0, G_OPTION_ARG_FILENAME, &opt.results, "where the evidence goes, below its bugs/", "DIR" },
	{ "quiet", 'q', 0, G_OPTION_ARG_NONE, &opt.quiet, "no lines while it runs", NULL },
	{ "verbose", 'v', 0, G_OPTION_ARG_NONE, &opt.verbose, "plain lines even on a terminal", NULL },
	{ 0 },
};

/* ---- one bug ---- */

static int reproduce_one(const char *name, enum reproduce_sides sides)
{
	g_auto(GStrv) checks = check_expectable();
	struct reproduce_options options = {
		.sides = sides,
		.recipe = opt.recipe == NOT_GIVEN ? -1 : opt.recipe - 1,
		.repeat = opt.repeat == NOT_GIVEN ? 0 : (unsigned)opt.repeat,
		.results = opt.results,
		.share = opt.share,
		.snapshot = opt.snapshot,
		.style = cmd_progress(opt.quiet, opt.verbose),
		.checks = (const char *const *)checks,
	};
	GError *error = NULL;
	struct bug *bug = catalogue_load(name, opt.restricted, &error);
	struct reproduction out;
	int status;

	if (!bug)
		return cmd_fail("reproduce", error);
	if (!bug_reproduce(bug, &options, &out, &error)) {
		g_prefix_error(&error, "%s: ", bug->name);
		bug_free(bug);
		return cmd_fail("reproduce", error);
	}
	printf("%s  evidence: %s/bug.txt\n", out.page, out.dir);
	status = out.exit;
	reproduction_clear(&out);
	bug_free(bug);
	return status;
}

/* ---- several: each in a process of its own, as many at a time as asked for ---- */

struct series {
	char **waiting;	      /* names, borrowed */
	unsigned counts[256]; /* by exit status */
	int status;
};

static char **next_bug(void *data, void **tag)
{
	struct series *s = data;
	g_autoptr(GStrvBuilder) words = g_strv_builder_new();
	g_autofree char *repeat = opt.repeat == NOT_GIVEN ? NULL : g_strdup_printf("--repeat=%d", opt.repeat);
	g_autofree char *recipe = opt.recipe == NOT_GIVEN ? NULL : g_strdup_printf("--recipe=%d", opt.recipe);
	g_autofree char *results = opt.results ? g_strconcat("--results=", opt.results, NULL) : NULL;
	g_autofree char *side = opt.side ? g_strconcat("--side=", opt.side, NULL) : NULL;

	if (!*s->waiting)
		return NULL;
	*tag = *s->waiting++;
	g_strv_builder_add_many(words, "reproduce", "--quiet", NULL);
	if (repeat)
		g_strv_builder_add(words, repeat);
	if (recipe)
		g_strv_builder_add(words, recipe);
	if (results)
		g_strv_builder_add(words, results);
	if (side)
		g_strv_builder_add(words, side);
	if (opt.snapshot)
		g_strv_builder_add(words, "--snapshot");
	if (opt.restricted)
		g_strv_builder_add(words, "--restricted");
	if (opt.share)
		g_strv_builder_add_many(words, "--share", opt.share, NULL);
	g_strv_builder_add(words, *tag);
	return g_strv_builder_end(words);
}

static void bug_done(void *data, void *tag, int status, const char *out)
{
	struct series *s = data;

	fputs(out, stdout);
	if (!*out) /* its reason went to stderr */
		printf("%s: exit status %d\n", (char *)tag, status);
	fflush(stdout);
	s->counts[status & 255]++;
	s->status = vtdlab_exit_worse(s->status, status);
}

static int reproduce_all(char **names)
{
	struct series s = { .waiting = names, .status = VTDLAB_EXIT_OK };
	const struct pool_work work = { .next = next_bug, .done = bug_done, .data = &s };
	gint64 start = g_get_monotonic_time();
	/* without one each bug runs its good side itself */
	char *own = opt.share ? NULL : private_dir_make(NULL);
	bool whole;

	opt.share = own ? own : opt.share;
	whole = pool_run(&work, (unsigned)opt.jobs);
	private_dir_remove(own);

	if (!whole)
		s.status = VTDLAB_EXIT_INTERRUPTED;
	printf("%u reproduced, %u not reproduced, %u without a verdict%s in %.1f min; exit status %d\n",
	       s.counts[VTDLAB_EXIT_OK], s.counts[VTDLAB_EXIT_BAD],
	       s.counts[VTDLAB_EXIT_CANNOT_JUDGE] + s.counts[VTDLAB_EXIT_USAGE], whole ? "" : ", the rest not run,",
	       (double)(g_get_monotonic_time() - start) / 60e6, s.status);
	return s.status;
}

/* "all" and "quick" as the names of bugs that have been seen here; other words as they are. NULL: said. */
static char **bug_names(char **words)
{
	g_autofree char *dir = lab_path(bug_schema.folder, NULL);
	g_auto(GStrv) all = lab_conf_names(dir);
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();

	for (; *words; words++) {
		bool quick = strcmp(*words, "quick") == 0;

		if (!quick && strcmp(*words, "all") != 0) {
			g_strv_builder_add(names, *words);
			continue;
		}
		for (char **name = all; *name; name++) {
			GError *error = NULL;
			struct bug *bug = catalogue_load(*name, false, &error);

			if (!bug) {
				cmd_fail("reproduce", error);
				return NULL;
			}
			if (bug->status == BUG_REPRODUCED && (bug->quick || !quick))
				g_strv_builder_add(names, *name);
			bug_free(bug);
		}
	}
	return g_strv_builder_end(names);
}

int cmd_reproduce(int argc, char **argv)
{
	int sides = REPRODUCE_BOTH, status;

	opt.repeat = opt.recipe = NOT_GIVEN;
	opt.jobs = (int)MIN(g_get_num_processors(), JOBS_MAX);
	status = cmd_parse("reproduce", entries, &argc, &argv);
	if (status >= 0)
		return status;
	if (argc < 2)
		return cmd_usage_error("reproduce", "which bug? `vtdlab bugs` names them; or all, or quick");
	if (opt.side && !word_value(reproduce_sides_words, opt.side, &sides))
		return cmd_usage_error("reproduce", "--side %s: bad, good or both", opt.side);
	if ((opt.repeat != NOT_GIVEN && (opt.repeat < 1 || opt.repeat > 100)) || opt.jobs < 1 || opt.jobs > JOBS_MAX)
		return cmd_usage_error("reproduce", "--repeat is 1 to 100, --jobs 1 to %d", JOBS_MAX);
	if (opt.recipe != NOT_GIVEN && (opt.recipe < 1 || opt.recipe > BUG_RECIPES))
		return cmd_usage_error("reproduce", "--recipe is 1 or 2");
	cmd_catch_signals();
	g_auto(GStrv) names = bug_names(argv + 1);

	if (!names)
		return VTDLAB_EXIT_USAGE;
	if (!*names)
		return cmd_usage_error("reproduce", "there is no such bug in the catalogue");
	if (!names[1])
		return reproduce_one(*names, (enum reproduce_sides)sides);
	return reproduce_all(names);
}
