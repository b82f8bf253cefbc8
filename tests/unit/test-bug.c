/* SPDX-License-Identifier: GPL-2.0-only */
/* Bug files, and a run held against what one states of a side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "bugs/bench-side.h"
#include "bugs/reproduce.h"
#include "bugs/side.h"
#include "conf/bug.h"
#include "verdict/check.h"

static char **checks;
static char *dir;

#define HEAD "[bug]\ntitle=t\nsource=s\n"
#define BAD "[bad]\noutcome=copy-wrong\nfails=context-same-slot\n"
#define GOOD "[good]\noutcome=preserved\n"
#define BENCH HEAD "bench=nested --memory 1M, exits\n"
#define BENCH_BAD "[bad]\nkernel=a\noutcome=failed\nfails=exits\nsignature=exits~carries 3\n"
#define BENCH_GOOD "[good]\nkernel=b\noutcome=passed\n"
#define FIGURE BENCH "figure=nested/trips\nfigure-worse=10.5\n"
#define FIGURE_SIDES "[bad]\nkernel=a\noutcome=passed\n[good]\nkernel=b\noutcome=passed\n"

static struct bug *load(const char *text, GError **error)
{
	g_autofree char *path = g_build_filename(dir, "some-bug.conf", NULL);

	assert_true(g_file_set_contents(path, text, -1, NULL));
	return bug_load(path, (const char *const *)checks, error);
}

static void refused(const char *text, const char *words)
{
	g_autoptr(GError) error = NULL;
	struct bug *bug = load(text, &error);

	assert_null(bug);
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	if (!strstr(error->message, words))
		fail_msg("\"%s\" does not say \"%s\"", error->message, words);
}

static void what_a_file_must_have(void **state)
{
	(void)state;
	refused("[bug]\ntitle=t\n" BAD GOOD, "bug.source is missing");
	refused(HEAD BAD, "both sides must say their outcome");
	refused(HEAD BAD "[good]\noutcome=copy-wrong\nfails=context-same-slot\n", "its sides promise the same");
	refused(HEAD "[bad]\noutcome=copy-wrong\nfails=context-same-slt\n" GOOD, "the nearest is context-same-slot");
	refused(HEAD "[bad]\noutcome=preserved\n[good]\noutcome=copy-wrong\nfails=context-same-slot\n",
		"are the sides swapped?");
	refused(HEAD BAD "signature=no-faults~[\n" GOOD, "signature 'no-faults~['");
	refused(HEAD BAD "signature=no-fault~x\n" GOOD, "no check 'no-fault'");
	refused(HEAD BAD "set=crash.cmdlin=x\n" GOOD, "crash.cmdline");
	refused(HEAD BAD "set=what\n" GOOD, "want section.key=value");
	refused(HEAD BAD "runs=2\nat-least=3\n" GOOD, "at-least=3 of runs=2");
	refused(HEAD "tried=it\n" BAD GOOD, "goes with status=unreproduced");
	refused(HEAD "log=~[\n" BAD GOOD, "log '~['");
	refused(HEAD "log=Copied\n" BAD GOOD, "want ~REGEX");
	refused(HEAD "scenario=kdmp\n" BAD GOOD, "the nearest is kdump");
}

static void settings_keep_their_commas_and_lists(void **state)
{
	g_autoptr(GError) error = NULL;
	struct bug *bug =
		load(HEAD "set=crash.cmdline+=intel_iommu=on,sm_off;scenario.expect-fail=no-faults;devices-work\n" BAD
			  "kernel=debian-6.12\n" GOOD,
		     &error);
	struct scenario *s;
	g_autofree char *command = NULL;

	(void)state;
	assert_non_null(bug);
	assert_int_equal(g_strv_length(bug->sets), 2);
	assert_string_equal(bug->sets[1], "scenario.expect-fail=no-faults;devices-work");
	s = bug_scenario(bug, &bug->recipes[0].bad, (const char *const *)checks, &error);
	assert_non_null(s);
	assert_string_equal(s->first.kernel, "debian-6.12");
	assert_string_equal(s->crash.cmdline, "intel_iommu=on,sm_off");
	assert_int_equal(g_strv_length(s->expect_fail), 2);
	scenario_free(s);
	command = side_command(bug, &bug->recipes[0].bad);
	assert_string_equal(command, "vtdlab run kdump --kernel debian-6.12 --set crash.cmdline+=intel_iommu=on,sm_off "
				     "--set 'scenario.expect-fail=no-faults;devices-work'");
	bug_free(bug);
}

static void what_a_benchmark_must_have(void **state)
{
	struct bug *bug = load(BENCH BENCH_BAD BENCH_GOOD, NULL);
	g_autofree char *command = bug ? side_command(bug, &bug->recipes[0].bad) : NULL;

	(void)state;
	assert_string_equal(command, "vtdlab bench --tests 'nested --memory 1M, exits' --kernel a");
	bug_free(bug);
	bug = load(BENCH BENCH_BAD "l1-params=kvm.a=1 vtdlab_bug=w\n" BENCH_GOOD, NULL);
	assert_non_null(bug);
	g_free(command);
	command = side_command(bug, &bug->recipes[0].bad);
	assert_string_equal(command, "vtdlab bench --tests 'nested --memory 1M, exits' --kernel a "
				     "--l1-params 'kvm.a=1 vtdlab_bug=w'");
	bug_free(bug);
	refused(HEAD BAD "l1-params=kvm.a=1\n" GOOD, "goes with bench=");
	refused(BENCH "[bad]\noutcome=failed\n" BENCH_GOOD, "each side names its kernel");
	refused(BENCH "set=iommu.mode=off\n" BENCH_BAD BENCH_GOOD, "are of a scenario");
	refused(BENCH BENCH_BAD "crash-kernel=x\n" BENCH_GOOD, "are of a scenario");
	refused(BENCH "[bad]\nkernel=a\noutcome=copy-wrong\n" BENCH_GOOD, "it is passed or failed");
	refused(BENCH "[bad]\nkernel=a\noutcome=failed\nfails=exit\n" BENCH_GOOD,
		"no test 'exit'; the nearest is exits");
	refused(BENCH "[bad]\nkernel=a\noutcome=passed\n" BENCH_GOOD, "its sides promise the same");
	refused(HEAD "figure=nested/trips\n" BAD GOOD, "with a test of bench=");
	refused(BENCH "figure=exts/hlt\n" FIGURE_SIDES, "with a test of bench=");
	refused(BENCH "figure=exits\n" FIGURE_SIDES, "want TEST/STEP");
	refused(FIGURE BENCH_BAD BENCH_GOOD, "with figure= it is passed");
}

static void unreproduced_needs_no_recipe(void **state)
{
	struct bug *bug = load(HEAD "status=unreproduced\ntried=all of it\n", NULL);
	g_autofree char *page = NULL;

	(void)state;
	assert_non_null(bug);
	assert_false(bug_recipe_given(bug, 0));
	page = bug_page(bug);
	assert_non_null(strstr(page, "not reproduced here; tried:\nall of it"));
	bug_free(bug);
}

/* ---- a run against a side ---- */

#define CHECK(name, result, expected, detail) \
	"{\"name\":\"" name "\",\"result\":\"" result "\",\"expected\":\"" expected "\",\"detail\":\"" detail "\"}"
#define SLOT_FAILS CHECK("context-same-slot", "fail", "pass", "80:14.0 is gone")
#define SPLAT CHECK("no-splat", "fail", "pass", "the crash kernel: WARNING")
#define NO_FAULTS(result, expected) CHECK("no-faults", result, expected, "3 faults")

static enum side_result judge(const struct bug_side *side, const char *outcome, int status, const char *rows,
			      const char *words)
{
	g_autofree char *path = g_build_filename(dir, "run.json", NULL);
	g_autofree char *text = g_strdup_printf(
		"{\"scenario\":\"kdump\",\"outcome\":\"%s\",\"exit\":%d,\"checks\":[%s]}", outcome, status, rows);
	g_autoptr(GString) why = g_string_new(NULL);
	enum side_result result;
	struct run_json *run;

	assert_true(g_file_set_contents(path, text, -1, NULL));
	run = run_json_load(path, NULL);
	assert_non_null(run);
	result = side_judge(side, run, why);
	run_json_free(run);
	if (!strstr(why->str, words))
		fail_msg("\"%s\" does not say \"%s\"", why->str, words);
	return result;
}

static void as_stated_is_outcome_checks_and_signature(void **state)
{
	struct bug *bug =
		load(HEAD BAD "may-fail=no-faults\nsignature=context-same-slot~80:14[.]0 is gone\n" GOOD, NULL);
	const struct bug_side *bad, *good;

	(void)state;
	assert_non_null(bug);
	bad = &bug->recipes[0].bad;
	good = &bug->recipes[0].good;
	assert_int_equal(judge(bad, "copy-wrong", 1, SLOT_FAILS, "copy-wrong (context-same-slot)"), SIDE_AS_STATED);
	assert_int_equal(judge(bad, "copy-wrong", 1, SLOT_FAILS "," NO_FAULTS("fail", "pass"), "no-faults"),
			 SIDE_AS_STATED);
	/* bad in another way is not this bug */
	assert_int_equal(judge(bad, "dma-fault", 1, NO_FAULTS("fail", "pass"), "wanted copy-wrong"), SIDE_OTHERWISE);
	assert_int_equal(judge(bad, "copy-wrong", 1, NO_FAULTS("fail", "pass"), "context-same-slot was to fail"),
			 SIDE_OTHERWISE);
	assert_int_equal(judge(bad, "copy-wrong", 1, SLOT_FAILS "," CHECK("devices-work", "fail", "pass", "nvme"),
			       "devices-work was not to fail"),
			 SIDE_OTHERWISE);
	assert_int_equal(judge(bad, "copy-wrong", 1, CHECK("context-same-slot", "fail", "pass", "00:01.0 is gone"),
			       "does not say /80:14[.]0 is gone/: 00:01.0 is gone"),
			 SIDE_OTHERWISE);
	/* a bad kernel may complain besides; one that is to be good may not, and nothing but a complaint is another outcome */
	assert_int_equal(judge(bad, "copy-wrong", 1, SLOT_FAILS "," SPLAT, "no-splat"), SIDE_AS_STATED);
	assert_int_equal(judge(good, "kernel-splat", 1, SPLAT, "wanted preserved"), SIDE_OTHERWISE);
	assert_int_equal(judge(bad, "kernel-splat", 1, SPLAT, "wanted copy-wrong"), SIDE_OTHERWISE);
	/* swapped sides */
	assert_int_equal(judge(bad, "preserved", 0, NO_FAULTS("pass", "pass"), "preserved: wanted"), SIDE_OTHERWISE);
	assert_int_equal(judge(good, "copy-wrong", 1, SLOT_FAILS, "wanted preserved"), SIDE_OTHERWISE);
	assert_int_equal(judge(good, "preserved", 0, NO_FAULTS("fail", "fail"), "preserved"), SIDE_AS_STATED);
	/* -1: as where none is told */
	assert_int_equal(judge(good, "preserved", -1, NO_FAULTS("pass", "pass"), "no verdict"), SIDE_UNJUDGED);
	bug_free(bug);
}

static void any_of_several_outcomes(void **state)
{
	struct bug *bug = load(HEAD "[bad]\noutcome=copy-wrong;dma-fault\nfails=no-faults\n" GOOD, NULL);
	const struct bug_side *bad = &bug->recipes[0].bad;

	(void)state;
	assert_int_equal(judge(bad, "dma-fault", 1, NO_FAULTS("fail", "pass"), "dma-fault"), SIDE_AS_STATED);
	assert_int_equal(judge(bad, "copy-wrong", 1, NO_FAULTS("fail", "pass"), "copy-wrong"), SIDE_AS_STATED);
	assert_int_equal(judge(bad, "dma-lost", 1, NO_FAULTS("fail", "pass"), "wanted copy-wrong;dma-fault"),
			 SIDE_OTHERWISE);
	bug_free(bug);
}

static void no_verdict_speaks_for_nothing(void **state)
{
	struct bug *bug = load(HEAD BAD GOOD, NULL);
	const struct bug_recipe *r = &bug->recipes[0];

	(void)state;
	assert_int_equal(judge(&r->good, "inconclusive", 125, "", "no verdict"), SIDE_UNJUDGED);
	assert_int_equal(judge(&r->bad, "no-panic", 125, "", "no verdict"), SIDE_UNJUDGED);
	assert_int_equal(judge(&r->bad, "of another version", 1, SLOT_FAILS, "no verdict"), SIDE_UNJUDGED);
	/* preserved in the second attempt only */
	assert_int_equal(judge(&r->good, "preserved", 125, "", "no verdict"), SIDE_UNJUDGED);
	bug_free(bug);
}

/* ---- benchmarks ---- */

#define TEST(name, result, reason, ns)                                                                    \
	"{\"name\":\"" name "\",\"options\":{\"vcpus\":1},\"result\":\"" result "\",\"reason\":\"" reason \
	"\",\"counts\":{},\"ns\":{" ns "},\"latency_ns\":{},\"kvm\":{}}"

#define ONE "\"hlt\":{\"median\":7,\"min\":7,\"max\":7,\"spread_ppm\":0,\"runs\":[7]}"

/* Writes a run directory @name whose bench.json has these tests. */
static char *bench_dir(const char *name, const char *tests)
{
	char *at = g_build_filename(dir, name, NULL);
	g_autofree char *path = g_build_filename(at, "bench.json", NULL);
	g_autofree char *text = g_strdup_printf(
		"{\"schema\":1,\"environment\":{\"clock\":\"virtual\",\"accel\":\"tcg\"},\"kvmperf\":{\"schema\":1,"
		"\"program\":\"kvmperf\",\"suite\":\"\",\"clock\":\"CLOCK_MONOTONIC\",\"machine\":{\"kernel\":\"6.12\"},"
		"\"tests\":[%s]}}",
		tests);

	g_mkdir(at, 0700);
	assert_true(g_file_set_contents(path, text, -1, NULL));
	return at;
}

static enum side_result judge_bench(const struct bug *bug, const struct bug_side *side, const char *tests,
				    const char *words)
{
	g_autofree char *at = bench_dir("b", tests);
	g_autoptr(GString) why = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	struct run_json *run = bug_run_load(bug, at, &error);
	enum side_result result;

	if (!run)
		fail_msg("%s", error->message);
	result = side_judge(side, run, why);
	run_json_free(run);
	if (!strstr(why->str, words))
		fail_msg("\"%s\" does not say \"%s\"", why->str, words);
	return result;
}

static void a_benchmark_passes_or_fails(void **state)
{
	struct bug *bug = load(BENCH BENCH_BAD BENCH_GOOD, NULL);
	const struct bug_side *bad = &bug->recipes[0].bad, *good = &bug->recipes[0].good;
	const char *passed = TEST("nested", "pass", "", ONE) "," TEST("exits", "pass", "", ONE);
	const char *failed = TEST("nested", "pass", "", ONE) "," TEST("exits", "fail", "exit 2 carries 3", "");
	const char *other = TEST("nested", "fail", "no end", "") "," TEST("exits", "fail", "exit 2 carries 3", "");
	const char *words = TEST("nested", "pass", "", ONE) "," TEST("exits", "fail", "exit 2 carries 4", "");
	const char *skipped = TEST("nested", "skip", "no SVM", "") "," TEST("exits", "fail", "exit 2 carries 3", "");

	(void)state;
	assert_int_equal(judge_bench(bug, bad, failed, "failed (exits)"), SIDE_AS_STATED);
	assert_int_equal(judge_bench(bug, good, passed, "passed"), SIDE_AS_STATED);
	assert_int_equal(judge_bench(bug, bad, passed, "wanted failed"), SIDE_OTHERWISE);
	assert_int_equal(judge_bench(bug, good, failed, "wanted passed"), SIDE_OTHERWISE);
	assert_int_equal(judge_bench(bug, bad, other, "nested was not to fail"), SIDE_OTHERWISE);
	assert_int_equal(judge_bench(bug, bad, words, "does not say /carries 3/"), SIDE_OTHERWISE);
	assert_int_equal(judge_bench(bug, bad, skipped, "no verdict"), SIDE_UNJUDGED);
	bug_free(bug);
}

#define TRIPS(median, min, max, runs) \
	TEST("nested", "pass", "",    \
	     "\"trips\":{\"median\":" median ",\"min\":" min ",\"max\":" max ",\"spread_ppm\":0,\"runs\":[" runs "]}")

/* So many boots of each side, which had the same rounds. */
static enum side_result judge_boots(unsigned boots, const char *bad, const char *good, const char *words)
{
	struct bug *bug = load(FIGURE FIGURE_SIDES, NULL);
	g_autoptr(GPtrArray) a = g_ptr_array_new_with_free_func(g_free), b = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) why = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	enum side_result result;

	assert_non_null(bug);
	for (unsigned i = 0; i < boots; i++) {
		g_ptr_array_add(a, bench_dir("bad", bad));
		g_ptr_array_add(b, bench_dir("good", good));
	}
	if (!bench_figure_judge(bug, a, b, &result, why, &error))
		fail_msg("%s", error->message);
	bug_free(bug);
	if (!strstr(why->str, words))
		fail_msg("\"%s\" does not say \"%s\"", why->str, words);
	return result;
}

static enum side_result judge_figure(const char *bad, const char *good, const char *words)
{
	return judge_boots(1, bad, good, words);
}

static void a_figure_is_more_by_all_of_its_interval(void **state)
{
	const char *good = TRIPS("1000", "998", "1002", "1000,998,1002,999,1001");
	const char *bad = TRIPS("1122", "1120", "1124", "1122,1120,1124,1121,1123");
	const char *little = TRIPS("1090", "1080", "1100", "1090,1080,1100,1090,1090");
	const char *around = TRIPS("1110", "1090", "1130", "1110,1090,1130,1100,1120");

	(void)state;
	assert_int_equal(judge_figure(bad, good,
				      "bad 1122 ns, good 1000 ns, 5 and 5 rounds: +12.20 % (+11.89 to +12.51), "
				      "wanted 10.5 %"),
			 SIDE_AS_STATED);
	/* swapped */
	assert_int_equal(judge_figure(good, bad, "-10.87 %"), SIDE_OTHERWISE);
	assert_int_equal(judge_figure(good, good, "+0.00 %"), SIDE_OTHERWISE);
	assert_int_equal(judge_figure(little, good, "+9.00 %"), SIDE_OTHERWISE);
	assert_int_equal(judge_figure(around, good, "wanted 10.5 %; --repeat tells more"), SIDE_UNJUDGED);
	assert_int_equal(judge_figure(TRIPS("1122", "1120", "1124", "1122,1120,1124"),
				      TRIPS("1000", "998", "1002", "1000,998,1002"),
				      "3 rounds on the bad side, 3 on the good one: too few"),
			 SIDE_UNJUDGED);
	assert_int_equal(judge_figure(TEST("exits", "pass", "", ONE), good, "0 rounds on the bad side"), SIDE_UNJUDGED);
}

#define NINE "1000,1001,1000,999,1000,1001,999,1000,1001"
#define NINE_BAD "1120,1121,1120,1119,1120,1121,1119,1120,1121"

/* An interrupt of L1's in a short round makes that one dearer, and none cheaper. */
static void dear_rounds_on_either_side_do_not_count(void **state)
{
	const char *good = TRIPS("1000", "999", "1200", NINE ",1200,1190");
	const char *bad = TRIPS("1120", "1119", "1300", NINE_BAD ",1300,1290");

	(void)state;
	assert_int_equal(judge_figure(bad, good, "+12.00 % ("), SIDE_AS_STATED);
	assert_int_equal(judge_figure(good, bad, "-10.71 % ("), SIDE_OTHERWISE);
}

/* What the rounds of a boot have in common is no reason to believe them more. */
static void of_many_boots_a_value_is_a_boot(void **state)
{
	const char *good = TRIPS("1000", "999", "1001", NINE), *bad = TRIPS("1120", "1119", "1121", NINE_BAD);

	(void)state;
	assert_int_equal(judge_boots(3, bad, good, "27 and 27 rounds"), SIDE_AS_STATED);
	assert_int_equal(judge_boots(10, bad, good, "10 and 10 boots: +12.00 % (+12.00 to +12.00)"), SIDE_AS_STATED);
	assert_int_equal(judge_boots(51, bad, good, "51 boots on the bad side, 51 on the good one: too many"),
			 SIDE_UNJUDGED);
}

static void a_race_needs_so_many(void **state)
{
	const struct bug_side all = { .at_least = 0 }, two = { .at_least = 2 };

	(void)state;
	assert_int_equal(side_said(&all, 3, 3, 3), SIDE_AS_STATED);
	assert_int_equal(side_said(&all, 2, 3, 3), SIDE_OTHERWISE);
	assert_int_equal(side_said(&all, 2, 2, 3), SIDE_UNJUDGED);
	assert_int_equal(side_said(&two, 2, 5, 5), SIDE_AS_STATED);
	assert_int_equal(side_said(&two, 1, 5, 5), SIDE_OTHERWISE);
	assert_int_equal(side_said(&two, 1, 4, 5), SIDE_UNJUDGED);
	assert_int_equal(side_said(&two, 0, 4, 5), SIDE_OTHERWISE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_file_must_have),
		cmocka_unit_test(settings_keep_their_commas_and_lists),
		cmocka_unit_test(what_a_benchmark_must_have),
		cmocka_unit_test(unreproduced_needs_no_recipe),
		cmocka_unit_test(a_benchmark_passes_or_fails),
		cmocka_unit_test(a_figure_is_more_by_all_of_its_interval),
		cmocka_unit_test(dear_rounds_on_either_side_do_not_count),
		cmocka_unit_test(of_many_boots_a_value_is_a_boot),
		cmocka_unit_test(as_stated_is_outcome_checks_and_signature),
		cmocka_unit_test(any_of_several_outcomes),
		cmocka_unit_test(no_verdict_speaks_for_nothing),
		cmocka_unit_test(a_race_needs_so_many),
	};
	int failed;

	checks = check_expectable();
	dir = g_dir_make_tmp("vtdlab-bug-XXXXXX", NULL);
	g_setenv("VTDLAB_ROOT", ".", FALSE);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	remove_tree(AT_FDCWD, dir);
	g_free(dir);
	g_strfreev(checks);
	return failed;
}
