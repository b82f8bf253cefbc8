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
#include <unistd.h>

#include "bugs/axes.h"
#include "bugs/group.h"
#include "verdict/check.h"

static const char *const kernels[] = { "debian-6.1", "debian-6.12", NULL };
static const char *const none[] = { NULL };
static char *dir;

static void the_same_seed_gives_the_same_cells(void **state)
{
	struct scenario *base = scenario_load("kdump", NULL);
	struct axes *one = axes_new(base, kernels, none, 7), *again = axes_new(base, kernels, none, 7),
		    *other = axes_new(base, kernels, none, 8);
	unsigned same = 0, settings = 0;

	(void)state;
	assert_non_null(base);
	for (unsigned i = 0; i < 200; i++) {
		g_auto(GStrv) a = axes_next(one), b = axes_next(again), c = axes_next(other);
		struct scenario *s = axes_apply(base, a, NULL);

		assert_true(g_strv_equal((const char *const *)a, (const char *const *)b));
		same += g_strv_equal((const char *const *)a, (const char *const *)c);
		settings += g_strv_length(a);
		assert_true(g_str_has_prefix(a[0], "first.kernel="));
		assert_non_null(s); /* every cell can be asked for */
		scenario_free(s);
	}
	assert_true(same < 40);
	assert_true(settings > 400);
	axes_free(one);
	axes_free(again);
	axes_free(other);
	scenario_free(base);
}

/* A pair of settings: how soon do its two values meet in a cell? */
static unsigned met_after(struct scenario *base, uint32_t seed, const char *const *values, unsigned limit)
{
	struct axes *axes = axes_new(base, kernels, none, seed);
	unsigned i = 0;

	for (bool met = false; i < limit && !met; i++) {
		g_auto(GStrv) cell = axes_next(axes);

		met = true;
		for (const char *const *value = values; *value; value++)
			met &= g_strv_contains((const char *const *)cell, *value);
	}
	axes_free(axes);
	return i;
}

/* At random each pair of these has one chance in 12 to 70 a cell. */
static void pairs_of_values_meet_soon(void **state)
{
	static const char *const pairs[][3] = {
		{ "first.kernel=debian-6.1", "iommu.mode=scalable" },
		{ "iommu.mode=scalable", "devices.topology=pxb-bridge" },
		{ "iommu.intremap=on", "crash.cmdline+=intremap=off" },
		{ "iommu.mode=scalable", "crash.cmdline+=intel_iommu=sm_off" },
		{ "devices.topology=pcie-pci-bridge", "devices.nic=virtio" },
		{ "first.cmdline+=iommu.passthrough=1", "crash.cmdline+=iommu.passthrough=1" },
	};
	struct scenario *base = scenario_load("kdump", NULL);

	(void)state;
	for (size_t p = 0; p < G_N_ELEMENTS(pairs); p++)
		for (uint32_t seed = 1; seed <= 10; seed++)
			if (met_after(base, seed, pairs[p], 60) >= 50)
				fail_msg("seed %u: %s and %s have not met", seed, pairs[p][0], pairs[p][1]);
	scenario_free(base);
}

static void each_kernel_gets_its_turn(void **state)
{
	static const char *const many[] = { "debian:6.1", "debian:6.12", "debian:6.16", "debian:7.3", NULL };
	static const char *const qemus[] = { "qemu-10.0", NULL };
	struct scenario *base = scenario_load("kdump", NULL);
	struct axes *axes = axes_new(base, many, qemus, 3);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	unsigned others = 0, qemu = 0;

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		g_auto(GStrv) cell = axes_next(axes);

		g_hash_table_add(seen, g_strdup(cell[0]));
		assert_int_equal(g_hash_table_size(seen), MIN(i + 1, 4));
		others += cell[1] && g_str_has_prefix(cell[1], "crash.kernel=");
		qemu += g_strv_contains((const char *const *)cell, "qemu=qemu-10.0");
	}
	assert_true(others > 2 && others < 14);
	assert_true(qemu > 2 && qemu < 14);
	axes_free(axes);
	scenario_free(base);
}

static void a_cell_can_be_typed(void **state)
{
	struct scenario *base = scenario_load("kdump", NULL);
	char *settings[] = { (char *)"first.kernel=debian-6.1", (char *)"qemu=qemu-10.0", (char *)"crash.cmdline+=a b",
			     NULL };
	g_autofree char *command = axes_command(base->name, settings);

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

static struct bug *bug_of(const char *name, const char *fails, const char *signature, const char *set)
{
	g_autofree char *path = g_strdup_printf("%s/%s.conf", dir, name);
	g_autofree char *text =
		g_strdup_printf("[bug]\ntitle=t\nsource=s\n[bad]\noutcome=copy-wrong\nfails=%s\n"
				"may-fail=dma-landed\nsignature=%s\nset=%s\n[good]\noutcome=preserved\n",
				fails, signature, set);
	struct bug *bug;

	assert_true(g_file_set_contents(path, text, -1, NULL));
	bug = bug_load(path, NULL, NULL);
	assert_non_null(bug);
	return bug;
}

static char *names_of(const struct shown *shown)
{
	GString *names = g_string_new(NULL);

	for (guint i = 0; i < shown->bugs->len; i++)
		g_string_append_printf(names, "%s%s", i ? ", " : "", ((struct bug *)shown->bugs->pdata[i])->name);
	return g_string_free(names, FALSE);
}

static void explained(const char *checks, const char *setting, const char *known, const char *rest)
{
	g_autoptr(GPtrArray) catalogue = g_ptr_array_new_with_free_func((GDestroyNotify)bug_free);
	char *settings[] = { (char *)"first.kernel=k", (char *)setting, NULL };
	struct run_json *run = run_of("copy-wrong", 1, checks);
	g_autofree char *names = NULL;
	struct shown *shown;

	g_ptr_array_add(catalogue, bug_of("a-bug", "context-same-slot", "context-same-slot~80:14", ""));
	g_ptr_array_add(catalogue, bug_of("two-checks", "flushed;did-consistent", "flushed~.", ""));
	/* what the settings do not ask for claims nothing */
	g_ptr_array_add(catalogue, bug_of("by-a-word", "flushed", "flushed~.", "crash.cmdline+=vtdlab_bug=x"));
	shown = shown_by(run, settings, catalogue);
	assert_non_null(shown);
	names = names_of(shown);
	if (strcmp(names, known) != 0 || g_strcmp0(shown->rest, rest) != 0)
		fail_msg("%s: known %s, the rest %s", checks, names, shown->rest);
	shown_free(shown);
	run_json_free(run);
}

static void known_bugs_are_told_from_new_ones(void **state)
{
	static const char none_of_it[] = "crash.cmdline+=y", word[] = "crash.cmdline+=vtdlab_bug=x";

	(void)state;
	explained(CHECK("context-same-slot", "fail", "80:14.0 is gone"), none_of_it, "a-bug", NULL);
	explained(CHECK("context-same-slot", "fail", "80:14.0 is gone") "," CHECK("dma-landed", "fail", "x"),
		  none_of_it, "a-bug", NULL);
	/* the checks of a bug, but not what they have to say; half of its checks; one that is nobody's; none at all */
	explained(CHECK("context-same-slot", "fail", "00:01.0 is gone"), none_of_it, "", "context-same-slot");
	explained(CHECK("flushed", "fail", "x"), none_of_it, "", "flushed");
	explained(CHECK("flushed", "fail", "x") "," CHECK("did-consistent", "pass", "y"), none_of_it, "", "flushed");
	explained(CHECK("context-same-slot", "fail", "80:14.0 is gone") "," CHECK("devices-work", "fail", "nvme"),
		  none_of_it, "a-bug", "devices-work");
	explained(CHECK("flushed", "fail", "x") "," CHECK("did-consistent", "fail", "y") "," CHECK("no-faults", "pass",
												   "z"),
		  none_of_it, "two-checks", NULL);
	explained(CHECK("flushed", "pass", "x"), none_of_it, "", "");
	/* what could not be judged speaks neither way, but not for it alone; a setting that the bug goes with */
	explained(CHECK("flushed", "fail", "x") "," CHECK("did-consistent", "skip", "y"), none_of_it, "two-checks",
		  NULL);
	explained(CHECK("flushed", "skip", "x") "," CHECK("did-consistent", "no-evidence", "y"), none_of_it, "", "");
	explained(CHECK("flushed", "fail", "x"), word, "by-a-word", NULL);
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

/* Reduces to what has each of @needed in it; how many tries it took. @bug: what is looked for, or NULL. */
static unsigned reduce(const struct bug *bug, const char *const *settings, const char *const *needed, const char *least)
{
	struct scenario *base = scenario_load("kdump", NULL);
	struct shown shown = { g_ptr_array_new(), NULL, OUTCOME_COPY_WRONG, (char *)"flushed;no-faults" },
		     other = { g_ptr_array_new(), (char *)"no-faults", OUTCOME_DMA_FAULT, (char *)"no-faults" };
	g_autofree char *left = NULL, *draft = NULL;
	struct group *group;
	unsigned tries = 0;
	char **fewer;

	if (bug)
		g_ptr_array_add(shown.bugs, (void *)bug);
	else
		shown.rest = (char *)"flushed";
	group = group_new(bug, &shown, (char *const *)settings, "run-0/x");
	while ((fewer = group_next(group, base))) {
		bool all = true;

		assert_null(group_next(group, base)); /* one at a time */
		for (const char *const *need = needed; *need; need++)
			all &= g_strv_contains((const char *const *)fewer, *need);
		group_tried(group, all ? &shown : tries % 2 ? NULL : &other, "run-1/x");
		assert_true(++tries < 100);
	}
	assert_true(group->reduced);
	left = g_strjoinv(" ", group->least);
	assert_string_equal(left, least);
	assert_int_equal(group->of, g_strv_length((char **)settings));
	draft = group_draft(group, "kdump");
	assert_non_null(strstr(draft, "\noutcome=copy-wrong\nfails=flushed;no-faults\n"));
	group_free(group);
	g_ptr_array_unref(shown.bugs);
	g_ptr_array_unref(other.bugs);
	scenario_free(base);
	return tries;
}

static void nothing_is_left_that_can_be_left_out(void **state)
{
	const char *const settings[] = { "k", "a", "b", "c", "d", NULL };
	const char *const many[] = { "k", "a", "b", "c", "d", "e", "f", "g", "h", NULL };

	(void)state;
	reduce(NULL, settings, (const char *const[]){ "b", "d", NULL }, "k b d");
	assert_int_equal(reduce(NULL, settings, (const char *const[]){ "a", "b", "c", "d", NULL }, "k a b c d"), 6);
	/* by halves, not one by one */
	assert_true(reduce(NULL, settings, (const char *const[]){ NULL }, "k") <= 3);
	assert_true(reduce(NULL, many, (const char *const[]){ "g", NULL }, "k g") <= 6);
}

/* What the file of a known bug has as well is enough, or it is looked for as for any other. */
static void a_known_bug_takes_one_run(void **state)
{
	const char *const settings[] = { "first.kernel=debian-6.12",	       "iommu.aw-bits=48",
					 "crash.cmdline+=iommu.passthrough=1", "machine.cpus=2",
					 "first.cmdline+=iommu.strict=1",      NULL };
	const char *const file[] = { "first.kernel=debian-6.12", "crash.cmdline+=iommu.passthrough=1", NULL };
	struct bug *bug = bug_load("crash-passthrough", NULL, NULL);

	(void)state;
	assert_non_null(bug);
	assert_int_equal(reduce(bug, settings, file, "first.kernel=debian-6.12 crash.cmdline+=iommu.passthrough=1"), 1);
	/* the file's settings alone do not show it here */
	assert_in_range(reduce(bug, settings, (const char *const[]){ settings[1], settings[2], NULL },
			       "first.kernel=debian-6.12 iommu.aw-bits=48 crash.cmdline+=iommu.passthrough=1"),
			2, 9);
	/* the cell has no more than the file */
	assert_int_equal(reduce(bug, file, file, "first.kernel=debian-6.12 crash.cmdline+=iommu.passthrough=1"), 0);
	bug_free(bug);
}

/* A cell may show a bug by its second recipe, whose settings are others. */
static void each_recipe_of_a_known_bug_counts(void **state)
{
	const char *const settings[] = { "first.kernel=k", "iommu.caching-mode=on", "machine.cpus=2", NULL };
	const char *const file[] = { "first.kernel=k", "machine.cpus=2", NULL };
	g_autofree char *path = g_build_filename(dir, "two.conf", NULL);
	struct bug *bug;

	(void)state;
	assert_true(g_file_set_contents(path,
					"[bug]\ntitle=t\nsource=s\nscenario=kdump\n"
					"[bad]\nset=iommu.aw-bits=48\noutcome=copy-wrong\nfails=flushed\n"
					"[good]\noutcome=preserved\n"
					"[bad-lasting]\nset=machine.cpus=2\noutcome=copy-wrong\nfails=flushed\n"
					"[good-lasting]\noutcome=preserved\n",
					-1, NULL));
	bug = bug_load(path, NULL, NULL);
	assert_non_null(bug);
	assert_int_equal(reduce(bug, settings, file, "first.kernel=k machine.cpus=2"), 1);
	bug_free(bug);
	unlink(path);
}

/* A cell with fewer settings is a reduction that costs nothing. */
static void a_cell_with_fewer_settings_is_taken(void **state)
{
	struct shown shown = { g_ptr_array_new(), (char *)"flushed", OUTCOME_STALE_CACHE, (char *)"flushed" },
		     same = { g_ptr_array_new(), (char *)"flushed", OUTCOME_COPY_WRONG, (char *)"flushed" },
		     other = { g_ptr_array_new(), (char *)"no-faults", OUTCOME_DMA_FAULT, (char *)"no-faults" };
	const char *const more[] = { "k", "a", "b", "c", NULL }, *const fewer[] = { "k", "b", NULL };
	struct group *group = group_new(NULL, &shown, (char *const *)more, "run-0/x");

	(void)state;
	assert_true(group_is(group, NULL, &same));
	assert_false(group_is(group, NULL, &other));
	group_fewer(group, &same, (char *const *)fewer, "run-1/x");
	group_fewer(group, &shown, (char *const *)more, "run-2/x");
	assert_int_equal(g_strv_length(group->least), 2);
	assert_string_equal(group->dir, "run-1/x");
	assert_int_equal(group->outcome, OUTCOME_COPY_WRONG);
	group_free(group);
	g_ptr_array_unref(shown.bugs);
	g_ptr_array_unref(same.bugs);
	g_ptr_array_unref(other.bugs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_seed_gives_the_same_cells),
		cmocka_unit_test(a_cell_can_be_typed),
		cmocka_unit_test(known_bugs_are_told_from_new_ones),
		cmocka_unit_test(kinds),
		cmocka_unit_test(nothing_is_left_that_can_be_left_out),
		cmocka_unit_test(a_known_bug_takes_one_run),
		cmocka_unit_test(each_recipe_of_a_known_bug_counts),
		cmocka_unit_test(a_cell_with_fewer_settings_is_taken),
		cmocka_unit_test(pairs_of_values_meet_soon),
		cmocka_unit_test(each_kernel_gets_its_turn),
	};
	int failed;

	dir = g_dir_make_tmp("vtdlab-hunt-XXXXXX", NULL);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (const char *const *name =
		     (const char *const[]){ "a-bug.conf", "two-checks.conf", "by-a-word.conf", "run.json", NULL };
	     *name; name++) {
		g_autofree char *path = g_build_filename(dir, *name, NULL);

		g_unlink(path);
	}
	g_rmdir(dir);
	g_free(dir);
	return failed;
}
