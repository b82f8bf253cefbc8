/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab bisect: which of Debian's builds, or which commit of a tree, brought a bug or mended it. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/paths.h"
#include "bugs/bisect.h"
#include "bugs/catalogue.h"
#include "prepare/kernel.h"
#include "verdict/check.h"

static struct {
	char *packages, *tree, *good, *bad, *from, *to, *kernel, *results;
	gboolean quiet, verbose;
} opt;

static const GOptionEntry entries[] = {
	{ "packages", 0, 0, G_OPTION_ARG_STRING, &opt.packages, "search Debian's builds of a series: debian-6.12",
	  "S" },
	{ "from", 0, 0, G_OPTION_ARG_STRING, &opt.from, "the oldest of them, instead of the oldest there is",
	  "RELEASE" },
	{ "to", 0, 0, G_OPTION_ARG_STRING, &opt.to, "the newest of them", "RELEASE" },
	{ "tree", 0, 0, G_OPTION_ARG_FILENAME, &opt.tree,
	  "search the commits of a kernel tree, in a work tree of its own", "DIR" },
	{ "good", 0, 0, G_OPTION_ARG_STRING, &opt.good, "a commit of the tree without the bug", "REV" },
	{ "bad", 0, 0, G_OPTION_ARG_STRING, &opt.bad, "a commit with it", "REV" },
	{ "kernel", 'k', 0, G_OPTION_ARG_STRING, &opt.kernel,
	  "ask one kernel only: exit 1 has the bug, 0 has it not, 125 cannot be told (for git bisect run)", "K" },
	{ "results", 0, 0, G_OPTION_ARG_FILENAME, &opt.results, "where run directories go", "DIR" },
	{ "quiet", 'q', 0, G_OPTION_ARG_NONE, &opt.quiet, "no lines while it runs", NULL },
	{ "verbose", 'v', 0, G_OPTION_ARG_NONE, &opt.verbose, "plain lines even on a terminal", NULL },
	{ 0 },
};

struct search {
	const struct bug *bug;
	struct reproduce_options options;
};

static const char *word_for(int exit)
{
	return exit == VTDLAB_EXIT_BAD ? "bad" : exit == VTDLAB_EXIT_OK ? "good" : "cannot be told";
}

static bool ask(struct bisect_build *build, void *data, GError **error)
{
	struct search *s = data;
	g_autoptr(GString) why = g_string_new(NULL);

	if (build->exit >= 0)
		return true;
	if (!bug_judge_kernel(s->bug, build->spec, &s->options, &build->exit, why, error))
		return false;
	printf("%-34s %-15s %s\n", build->spec, word_for(build->exit), why->str);
	fflush(stdout);
	return true;
}

static void print_changelog(const struct bug *bug, const struct bisect_build *old, const struct bisect_build *new)
{
	g_autofree char *script = lab_path("scripts", "kernel-changelog", NULL), *lines = NULL;
	const char *argv[] = {
		script, old->version, new->version, new->spec + strlen("debian:"), bisect_regex(bug->area), NULL
	};

	fflush(stdout);
	if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &lines, NULL, NULL, NULL) || !*lines)
		return;
	printf("what its changelog says of the area:\n");
	g_auto(GStrv) rows = g_strsplit(lines, "\n", -1);

	for (char **row = rows; *row && **row; row++)
		printf("  %s\n", *row);
}

static bool search_packages(struct search *s, GError **error)
{
	const char *series =
		g_str_has_prefix(opt.packages, "debian-") ? opt.packages + strlen("debian-") : opt.packages;
	g_autofree char *available = kernel_available(error);
	g_autoptr(GArray) builds = available ? bisect_builds(available, series) : NULL;
	unsigned old, new;

	if (!builds)
		return false;
	if (!builds->len)
		return vtdlab_refuse(
			error, "--packages %s: no such series; `vtdlab list kernels --available` shows what there is",
			opt.packages);
	if (!bisect_cut(builds, opt.from, opt.to, error))
		return false;
	printf("%u builds, %s to %s\n", builds->len, g_array_index(builds, struct bisect_build, 0).spec,
	       g_array_index(builds, struct bisect_build, builds->len - 1).spec);
	if (!bisect_search(builds, ask, s, &old, &new, error))
		return false;

	const struct bisect_build *before = &g_array_index(builds, struct bisect_build, old),
				  *after = &g_array_index(builds, struct bisect_build, new);

	printf("last %s: %s, first %s: %s\n", word_for(before->exit), before->spec, word_for(after->exit), after->spec);
	if (new > old + 1)
		printf("%u between them cannot be told\n", new - old - 1);
	print_changelog(s->bug, before, after);
	return true;
}

static int ask_one(struct search *s, GError **error)
{
	struct bisect_build build = { .spec = opt.kernel, .exit = -1 };

	return ask(&build, s, error) ? build.exit : VTDLAB_EXIT_CANNOT_JUDGE;
}

/* git does the search, in a work tree of its own, so that nothing of the user's is touched. */
static int search_tree(const struct bug *bug, GError **error)
{
	g_autofree char *script = lab_path("scripts", "bisect-tree", NULL);
	g_autofree char *self = lab_program();
	const char *argv[] = { script, self, bug->path, opt.tree, opt.good, opt.bad, opt.results, NULL };
	int status;

	if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL, NULL, &status,
			  error))
		return VTDLAB_EXIT_CANNOT_JUDGE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : VTDLAB_EXIT_INTERRUPTED;
}

static int bisect(const struct bug *bug, const char *const *checks)
{
	struct search s = { .bug = bug };
	GError *error = NULL;
	int status = VTDLAB_EXIT_OK;

	s.options = (struct reproduce_options){
		.results = opt.results,
		.style = cmd_progress(opt.quiet, opt.verbose),
		.checks = checks,
	};
	if (opt.tree)
		status = search_tree(bug, &error);
	else if (opt.kernel)
		status = ask_one(&s, &error);
	else
		search_packages(&s, &error);
	return error ? cmd_fail("bisect", error) : status;
}

int cmd_bisect(int argc, char **argv)
{
	int status = cmd_parse("bisect", entries, &argc, &argv);
	GError *error = NULL;

	if (status >= 0)
		return status;
	if (argc != 2)
		return cmd_usage_error("bisect", "which bug? `vtdlab bugs` names them");
	if (!opt.packages + !opt.tree + !opt.kernel != 2)
		return cmd_usage_error("bisect", "give one of --packages, --tree and --kernel");
	if (opt.tree ? !opt.good || !opt.bad : opt.good || opt.bad)
		return cmd_usage_error("bisect", "--good REV and --bad REV go with --tree");
	cmd_catch_signals();
	g_auto(GStrv) checks = check_expectable();
	struct bug *bug = catalogue_load(argv[1], false, &error);

	if (!bug)
		return cmd_fail("bisect", error);
	if (!bug_recipe_given(bug, 0))
		status = cmd_usage_error("bisect", "%s has no recipe to ask a kernel by", bug->name);
	else
		status = bisect(bug, (const char *const *)checks);
	bug_free(bug);
	return status;
}
