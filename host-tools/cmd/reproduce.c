/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab reproduce: a bug's bad side and its good side, run and judged. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>

#include <gio/gio.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/paths.h"
#include "bugs/reproduce.h"
#include "verdict/check.h"

static struct {
	char *side, *results;
	int repeat, jobs, recipe;
	gboolean quiet, verbose;
} opt;

static const GOptionEntry entries[] = {
	{ "side", 0, 0, G_OPTION_ARG_STRING, &opt.side, "bad, good or both (both)", "SIDE" },
	{ "repeat", 'n', 0, G_OPTION_ARG_INT, &opt.repeat, "runs of each side, instead of the bug's own number", "N" },
	{ "recipe", 0, 0, G_OPTION_ARG_INT, &opt.recipe,
	  "1: as reported, 2: the one that lasts (the first that can be run)", "1|2" },
	{ "jobs", 'j', 0, G_OPTION_ARG_INT, &opt.jobs, "bugs at a time, of several (one a CPU)", "N" },
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
		.recipe = opt.recipe - 1,
		.repeat = (unsigned)opt.repeat,
		.results = opt.results,
		.style = opt.quiet   ? PROGRESS_QUIET :
			 opt.verbose ? PROGRESS_PLAIN :
				       PROGRESS_AUTO,
		.checks = (const char *const *)checks,
	};
	GError *error = NULL;
	struct bug *bug = bug_load(name, (const char *const *)checks, &error);
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
	GQueue waiting; /* char *: names, borrowed */
	GMainLoop *loop;
	GHashTable *running;  /* GSubprocess * -> its name */
	unsigned counts[256]; /* by exit status */
	int status;
	bool told; /* the children have been told to end */
};

static void child_setup(gpointer unused)
{
	(void)unused;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
}

static void start_next(struct series *s);

static void ended(GObject *object, GAsyncResult *result, gpointer data)
{
	GSubprocess *child = G_SUBPROCESS(object);
	g_autofree char *text = NULL;
	struct series *s = data;
	int status;

	g_subprocess_communicate_utf8_finish(child, result, &text, NULL, NULL);
	status = g_subprocess_get_if_exited(child) ? g_subprocess_get_exit_status(child) : VTDLAB_EXIT_CANNOT_JUDGE;
	if (text)
		fputs(text, stdout);
	if (!g_subprocess_get_if_exited(child))
		fprintf(stderr, "vtdlab reproduce: %s: its process was killed by signal %d\n",
			(char *)g_hash_table_lookup(s->running, child), g_subprocess_get_term_sig(child));
	fflush(stdout);
	s->counts[status & 255]++;
	s->status = vtdlab_exit_worse(s->status, status);
	g_hash_table_remove(s->running, child);
	start_next(s);
}

static char **child_words(const char *name)
{
	g_autoptr(GStrvBuilder) words = g_strv_builder_new();
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *repeat = g_strdup_printf("--repeat=%d", opt.repeat);
	g_autofree char *recipe = g_strdup_printf("--recipe=%d", opt.recipe);
	g_autofree char *results = opt.results ? g_strconcat("--results=", opt.results, NULL) : NULL;
	g_autofree char *side = opt.side ? g_strconcat("--side=", opt.side, NULL) : NULL;

	g_strv_builder_add_many(words, self, "reproduce", "--quiet", repeat, recipe, NULL);
	if (results)
		g_strv_builder_add(words, results);
	if (side)
		g_strv_builder_add(words, side);
	g_strv_builder_add(words, name);
	return g_strv_builder_end(words);
}

static void start_next(struct series *s)
{
	while (!s->told && (int)g_hash_table_size(s->running) < opt.jobs && !g_queue_is_empty(&s->waiting)) {
		g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE);
		char *name = g_queue_pop_head(&s->waiting);
		g_auto(GStrv) words = child_words(name);
		g_autoptr(GError) error = NULL;
		GSubprocess *child;

		g_subprocess_launcher_set_child_setup(launcher, child_setup, NULL, NULL);
		child = g_subprocess_launcher_spawnv(launcher, (const char *const *)words, &error);
		if (!child) {
			fprintf(stderr, "vtdlab reproduce: %s: %s\n", name, error->message);
			s->counts[VTDLAB_EXIT_CANNOT_JUDGE]++;
			s->status = vtdlab_exit_worse(s->status, VTDLAB_EXIT_CANNOT_JUDGE);
			continue;
		}
		g_hash_table_insert(s->running, child, name);
		g_subprocess_communicate_utf8_async(child, NULL, NULL, ended, s);
	}
	if (g_hash_table_size(s->running) == 0)
		g_main_loop_quit(s->loop);
}

/* What the user wants to end, the children end; each keeps what it has and says so. */
static gboolean look_for_interrupt(gpointer data)
{
	struct series *s = data;
	GHashTableIter iter;
	gpointer child;

	if (!interrupt_pending() || s->told)
		return G_SOURCE_CONTINUE;
	s->told = true;
	s->status = VTDLAB_EXIT_INTERRUPTED;
	g_hash_table_iter_init(&iter, s->running);
	while (g_hash_table_iter_next(&iter, &child, NULL))
		g_subprocess_send_signal(child, SIGTERM);
	return G_SOURCE_CONTINUE;
}

static int reproduce_all(char **names)
{
	struct series s = { .waiting = G_QUEUE_INIT, .status = VTDLAB_EXIT_OK };
	gint64 start = g_get_monotonic_time();
	guint left, timer;

	for (char **name = names; *name; name++)
		g_queue_push_tail(&s.waiting, *name);
	s.loop = g_main_loop_new(NULL, FALSE);
	s.running = g_hash_table_new_full(NULL, NULL, g_object_unref, NULL);
	timer = g_timeout_add(200, look_for_interrupt, &s);
	start_next(&s);
	if (g_hash_table_size(s.running))
		g_main_loop_run(s.loop);
	g_source_remove(timer);
	left = g_queue_get_length(&s.waiting);
	printf("%u reproduced, %u not reproduced, %u without a verdict%s in %.1f min; exit status %d\n",
	       s.counts[VTDLAB_EXIT_OK], s.counts[VTDLAB_EXIT_BAD],
	       s.counts[VTDLAB_EXIT_CANNOT_JUDGE] + s.counts[VTDLAB_EXIT_USAGE], left ? ", the rest not run," : "",
	       (double)(g_get_monotonic_time() - start) / 60e6, s.status);
	g_queue_clear(&s.waiting);
	g_hash_table_unref(s.running);
	g_main_loop_unref(s.loop);
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
			struct bug *bug = bug_load(*name, NULL, &error);

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
	int sides = REPRODUCE_BOTH, status = cmd_parse("reproduce", entries, &argc, &argv);

	if (status >= 0)
		return status;
	if (argc < 2)
		return cmd_usage_error("reproduce", "which bug? `vtdlab bugs` names them; or all, or quick");
	if (opt.side && !word_value(reproduce_sides_words, opt.side, &sides))
		return cmd_usage_error("reproduce", "--side %s: bad, good or both", opt.side);
	if (opt.repeat < 0 || opt.repeat > 100 || opt.jobs < 0 || opt.jobs > 64)
		return cmd_usage_error("reproduce", "--repeat is 1 to 100, --jobs 1 to 64");
	if (opt.recipe < 0 || opt.recipe > BUG_RECIPES)
		return cmd_usage_error("reproduce", "--recipe is 1 or 2");
	cmd_catch_signals();
	g_auto(GStrv) names = bug_names(argv + 1);

	if (!names)
		return VTDLAB_EXIT_USAGE;
	if (!*names)
		return cmd_usage_error("reproduce", "there is no such bug in the catalogue");
	if (!names[1])
		return reproduce_one(*names, (enum reproduce_sides)sides);
	if (!opt.jobs)
		opt.jobs = (int)g_get_num_processors();
	return reproduce_all(names);
}
