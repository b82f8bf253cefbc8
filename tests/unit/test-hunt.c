/* SPDX-License-Identifier: GPL-2.0-only */
/* A hunt without VMs: cells by seed, failures by kind, known and new ones, fewer settings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "bugs/axes.h"
#include "bugs/group.h"
#include "verdict/check.h"

static const char *const kernels[] = { "debian-6.1", "debian-6.12", NULL };
static const char *const none[] = { NULL };
static char *dir;

static void the_same_seed_gives_the_same_cells(void **state)
{
	struct scenario *base = scenario_load("kdump", NULL);
	unsigned same = 0, settings = 0;

	(void)state;
	assert_non_null(base);
	for (unsigned i = 0; i < 200; i++) {
		g_auto(GStrv) a = axes_cell(base, kernels, none, 7, i), b = axes_cell(base, kernels, none, 7, i),
			      c = axes_cell(base, kernels, none, 8, i);
		struct scenario *s = axes_apply(base, a);

		assert_true(g_strv_equal((const char *const *)a, (const char *const *)b));
		same += g_strv_equal((const char *const *)a, (const char *const *)c);
		settings += g_strv_length(a);
		assert_true(g_str_has_prefix(a[0], "first.kernel="));
		assert_non_null(s); /* every cell can be asked for */
		scenario_free(s);
	}
	assert_true(same < 40);
	assert_true(settings > 400);
	scenario_free(base);
}

static void a_cell_can_be_typed(void **state)
{
	struct scenario *base = scenario_load("kdump", NULL);
	char *settings[] = { (char *)"first.kernel=debian-6.1", (char *)"qemu=qemu-10.0", (char *)"crash.cmdline+=a b",
			     NULL };
	g_autofree char *command = axes_command(base, settings);

	(void)state;
	assert_string_equal(
		command, "vtdlab run kdump --set first.kernel=debian-6.1 --qemu qemu-10.0 --set 'crash.cmdline+=a b'");
	scenario_free(base);
}

/* ---- kinds, and who is behind them ---- */

#define CHECK(name, result, detail) \
	"{\"name\":\"" name "\",\"result\":\"" result "\",\"expected\":\"pass\",\"detail\":\"" detail "\"}"

static struct run_json *run_of(const char *outcome, int exit, const char *checks)
{
	g_autofree char *path = g_build_filename(dir, "run.json", NULL);
	g_autofree char *text = g_strdup_printf(
		"{\"scenario\":\"kdump\",\"outcome\":\"%s\",\"exit\":%d,\"checks\":[%s]}", outcome, exit, checks);
	struct run_json *run;

	assert_true(g_file_set_contents(path, text, -1, NULL));
	run = run_json_load(path, NULL);
	assert_non_null(run);
	return run;
}

static struct bug *bug_of(const char *fails, const char *signature)
{
	g_autofree char *path = g_build_filename(dir, "a-bug.conf", NULL);
	g_autofree char *text = g_strdup_printf("[bug]\ntitle=t\nsource=s\n[bad]\noutcome=copy-wrong\nfails=%s\n"
						"may-fail=dma-landed\nsignature=%s\n[good]\noutcome=preserved\n",
						fails, signature);
	struct bug *bug;

	assert_true(g_file_set_contents(path, text, -1, NULL));
	bug = bug_load(path, NULL, NULL);
	assert_non_null(bug);
	return bug;
}

static void explained(const char *checks, const char *known, const char *unexplained)
{
	g_autoptr(GPtrArray) catalogue = g_ptr_array_new_with_free_func((GDestroyNotify)bug_free);
	struct run_json *run = run_of("copy-wrong", 1, checks);
	struct group group = { 0 };

	g_ptr_array_add(catalogue, bug_of("context-same-slot", "context-same-slot~80:14"));
	g_ptr_array_add(catalogue, bug_of("flushed;did-consistent", "flushed~."));
	group_explain(&group, run, catalogue);
	if (g_strcmp0(group.known, known) != 0 || g_strcmp0(group.unexplained, unexplained) != 0)
		fail_msg("%s: known %s, unexplained %s", checks, group.known, group.unexplained);
	g_free(group.known);
	g_free(group.unexplained);
	run_json_free(run);
}

static void known_bugs_are_told_from_new_ones(void **state)
{
	(void)state;
	explained(CHECK("context-same-slot", "fail", "80:14.0 is gone"), "a-bug", NULL);
	explained(CHECK("context-same-slot", "fail", "80:14.0 is gone") "," CHECK("dma-landed", "fail", "x"), "a-bug",
		  NULL);
	/* the checks of a bug, but not what they have to say; half of its checks; one that is nobody's */
	explained(CHECK("context-same-slot", "fail", "00:01.0 is gone"), NULL, "context-same-slot");
	explained(CHECK("flushed", "fail", "x"), NULL, "flushed");
	explained(CHECK("context-same-slot", "fail", "80:14.0 is gone") "," CHECK("devices-work", "fail", "nvme"),
		  "a-bug", "devices-work");
	explained(CHECK("flushed", "fail", "x") "," CHECK("did-consistent", "fail", "y") "," CHECK("no-faults", "pass",
												   "z"),
		  "a-bug", NULL);
}

static void kinds(void **state)
{
	const struct {
		const char *outcome, *checks, *kind;
		int exit;
	} cases[] = {
		{ "preserved", CHECK("flushed", "pass", "x"), NULL, 0 },
		{ "inconclusive", CHECK("rig", "fail", "x"), NULL, 125 },
		{ "copy-wrong", CHECK("flushed", "fail", "x") "," CHECK("no-faults", "fail", "y"),
		  "copy-wrong (flushed, no-faults)", 1 },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct run_json *run = run_of(cases[i].outcome, cases[i].exit, cases[i].checks);
		g_autofree char *kind = group_kind(run);

		if (g_strcmp0(kind, cases[i].kind) != 0)
			fail_msg("%s is not %s", kind, cases[i].kind);
		run_json_free(run);
	}
}

/* ---- fewer settings ---- */

/* Reduces to what has each of @needed in it; how many tries it took. */
static unsigned reduce(const char *const *settings, const char *const *needed, const char *least)
{
	struct group *group = g_new0(struct group, 1);
	g_autofree char *left = NULL, *draft = NULL;
	unsigned tries = 0;
	char **fewer;

	group->kind = g_strdup("copy-wrong (flushed)");
	group->least = g_strdupv((char **)settings);
	while ((fewer = group_next(group))) {
		bool all = true;

		for (const char *const *need = needed; *need; need++)
			all &= g_strv_contains((const char *const *)fewer, *need);
		group_tried(group,
			    all	      ? "copy-wrong (flushed)" :
			    tries % 2 ? NULL :
					"dma-fault (no-faults)",
			    "run-1/x");
		g_strfreev(fewer);
		assert_true(++tries < 100);
	}
	assert_true(group->reduced);
	left = g_strjoinv(" ", group->least);
	assert_string_equal(left, least);
	draft = group_draft(group, "kdump");
	assert_non_null(strstr(draft, "\noutcome=copy-wrong\nfails=flushed\n"));
	group_free(group);
	return tries;
}

static void nothing_is_left_that_can_be_left_out(void **state)
{
	const char *const settings[] = { "k", "a", "b", "c", "d", NULL };

	(void)state;
	reduce(settings, (const char *const[]){ "b", "d", NULL }, "k b d");
	reduce(settings, (const char *const[]){ NULL }, "k");
	assert_int_equal(reduce(settings, (const char *const[]){ "a", "b", "c", "d", NULL }, "k a b c d"), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_seed_gives_the_same_cells),	cmocka_unit_test(a_cell_can_be_typed),
		cmocka_unit_test(known_bugs_are_told_from_new_ones),	cmocka_unit_test(kinds),
		cmocka_unit_test(nothing_is_left_that_can_be_left_out),
	};
	int failed;

	dir = g_dir_make_tmp("vtdlab-hunt-XXXXXX", NULL);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (const char *const *name = (const char *const[]){ "a-bug.conf", "run.json", NULL }; *name; name++) {
		g_autofree char *path = g_build_filename(dir, *name, NULL);

		g_unlink(path);
	}
	g_rmdir(dir);
	g_free(dir);
	return failed;
}
