/* SPDX-License-Identifier: GPL-2.0-only */
/* bench.json comes from a guest: what is taken from it, what is refused, and what the tables say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "results/bench-doc.h"
#include "results/bench-table.h"

#define STEP(runs, median, min, max) \
	"{\"median\":" #median ",\"min\":" #min ",\"max\":" #max ",\"spread_ppm\":1,\"runs\":[" runs "]}"
#define OPTIONS(memory, more) "{\"vcpus\":2,\"repeat\":3,\"memory\":" #memory more "}"
#define TEST(name, options, counts, ns)                                                                          \
	"{\"name\":\"" name "\",\"options\":" options ",\"result\":\"pass\",\"reason\":\"\",\"counts\":{" counts \
	"},\"ns\":{" ns "},\"latency_ns\":{},\"kvm\":{}}"
#define SKIP                                                                                                     \
	"{\"name\":\"vfio-dma\",\"options\":{\"vcpus\":1},\"result\":\"skip\",\"reason\":\"no edu\\u001b[31m\"," \
	"\"counts\":{},\"ns\":{}}"
#define DOC(tests)                                                                                 \
	"{\"schema\":1,\"program\":\"kvmperf\",\"suite\":\"quick\",\"clock\":\"CLOCK_MONOTONIC\"," \
	"\"machine\":{\"kernel\":\"6.1.0\"},\"tests\":[" tests "]}"
#define GOOD_STEP STEP("30,10,20", 20, 10, 30)
#define GOOD TEST("demand-paging", OPTIONS(16777216, ""), "\"pages\":[4,4,4]", "\"populate\":" GOOD_STEP)
#define OTHER \
	TEST("demand-paging", OPTIONS(4194304, ",\"overlap\":true"), "\"pages\":[4,4,4]", "\"populate\":" GOOD_STEP)

static struct bench_doc *good(const char *text)
{
	GError *error = NULL;
	struct bench_doc *doc = bench_doc_parse(text, strlen(text), &error);

	if (!doc)
		fail_msg("%s", error->message);
	return doc;
}

static void refused_bytes(const char *text, gsize len, const char *word)
{
	g_autoptr(GError) error = NULL;

	if (bench_doc_parse(text, len, &error))
		fail_msg("taken: %s", text);
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_CANNOT_JUDGE));
	if (!strstr(error->message, word))
		fail_msg("'%s' does not say '%s'", error->message, word);
}

static void refused(const char *text, const char *word)
{
	refused_bytes(text, strlen(text), word);
}

static void test_good(void **state)
{
	struct bench_doc *doc = good(DOC(GOOD "," OTHER "," SKIP));
	const struct bench_test *t = doc->tests->pdata[0], *skip = doc->tests->pdata[2];
	const struct bench_series *s = t->steps->pdata[0];
	g_autofree char *label = bench_label(doc, t, false), *other = bench_label(doc, doc->tests->pdata[1], true);
	unsigned count[3];

	(void)state;
	assert_string_equal(doc->guest_kernel, "6.1.0");
	assert_int_equal(t->vcpus, 2);
	assert_int_equal(s->median, 20);
	assert_int_equal(s->max, 30);
	/* the rounds stay in the order of time */
	assert_int_equal(g_array_index(s->runs, uint64_t, 0), 30);
	assert_int_equal(bench_items(t, s), 4);
	assert_string_equal(label, "demand-paging");
	assert_string_equal(other, "demand-paging vcpus=2 memory=4M overlap");
	assert_int_equal(skip->result, BENCH_SKIP);
	/* no escape sequence gets to the terminal */
	assert_string_equal(skip->reason, "no edu?[31m");
	bench_counts(doc, count);
	assert_int_equal(count[BENCH_PASS], 2);
	assert_int_equal(count[BENCH_FAIL], 0);
	assert_int_equal(count[BENCH_SKIP], 1);
	bench_doc_free(doc);
}

static void test_no_document(void **state)
{
	g_autofree char *deep = g_strnfill(200000, '[');
	static const char nul[] = "{\"a\":\0}";

	(void)state;
	refused("", "kvmperf's document");
	refused("[]", "no JSON object");
	refused("{", "kvmperf's document");
	refused(deep, "nested deeper");
	refused_bytes(nul, sizeof(nul) - 1, "in UTF-8");
	refused("{\"a\":\"\xff\"}", "in UTF-8");
	refused("{}", "not kvmperf's");
	refused("{\"schema\":1,\"program\":\"other\",\"tests\":[]}", "not kvmperf's");
	refused("{\"schema\":2,\"program\":\"kvmperf\",\"tests\":[" GOOD "]}", "schema 2");
	refused(DOC(""), "no tests");
	refused("{\"schema\":1,\"program\":\"kvmperf\",\"tests\":7}", "no tests");
	/* brackets and escaped quotes in strings are no depth */
	bench_doc_free(good(DOC("{\"name\":\"exits\",\"options\":{},\"result\":\"skip\",\"reason\":\""
				"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\\\\\"{{{{{{{{{{{{{{{{{{\\\\\"}")));
}

static void test_bad_tests(void **state)
{
	(void)state;
	refused(DOC("7"), "test 1: it has no name");
	refused(DOC(GOOD ",{}"), "test 2: it has no name");
	refused(DOC(TEST("../x", "{}", "", "\"s\":" GOOD_STEP)), "no name");
	refused(DOC(TEST("exits", "7", "", "\"s\":" GOOD_STEP)), "exits: no options");
	refused(DOC(TEST("exits", "{\"a\":[]}", "", "\"s\":" GOOD_STEP)), "option a has no plain value");
	refused(DOC(TEST("exits", "{\"vcpus\":\"two\"}", "", "\"s\":" GOOD_STEP)), "vcpus is no number");
	refused(DOC(TEST("exits", "{}", "", "")), "passed without a figure");
	refused(DOC("{\"name\":\"exits\",\"options\":{},\"result\":\"fail\",\"ns\":{\"s\":" GOOD_STEP "}}"),
		"did not pass");
	refused(DOC("{\"name\":\"exits\",\"options\":{},\"result\":\"perhaps\"}"), "none of pass, fail and skip");
	refused(DOC("{\"name\":\"exits\",\"options\":{}}"), "none of pass, fail and skip");
}

static void test_bad_figures(void **state)
{
	(void)state;
	/* a median that is not that of the rounds, and so for the others */
	refused(DOC(TEST("exits", "{}", "", "\"s\":" STEP("30,10,20", 21, 10, 30))), "s: its median");
	refused(DOC(TEST("exits", "{}", "", "\"s\":" STEP("30,10,20", 20, 9, 30))), "s: its min");
	refused(DOC(TEST("exits", "{}", "", "\"s\":" STEP("30,10,20", 20, 10, 31))), "s: its max");
	refused(DOC(TEST("exits", "{}", "", "\"s\":" STEP("", 0, 0, 0))), "s has no rounds");
	refused(DOC(TEST("exits", "{}", "", "\"s\":" STEP("-1", 0, 0, 0))), "s, round 1: no number");
	refused(DOC(TEST("exits", "{}", "", "\"s\":" STEP("1.5", 1, 1, 1))), "no number");
	refused(DOC(TEST("exits", "{}", "", "\"s\":" STEP("99999999999999999999", 1, 1, 1))), "no number");
	refused(DOC(TEST("exits", "{}", "", "\"s\":7")), "s has no rounds");
	refused(DOC(TEST("exits", "{}", "\"pages\":[]", "\"s\":" GOOD_STEP)), "pages has no rounds");
	refused(DOC(TEST("exits", "{}", "\"p x\":[1]", "\"s\":" GOOD_STEP)), "a name of a figure");
}

static uint64_t items(const char *name, const char *options, const char *counts, const char *step)
{
	g_autofree char *test = g_strdup_printf("{\"name\":\"%s\",\"options\":%s,\"result\":\"pass\",\"counts\":{%s},"
						"\"ns\":{\"%s\":" GOOD_STEP "}}",
						name, options, counts, step);
	g_autofree char *text = g_strdup_printf(DOC("%s"), test);
	struct bench_doc *doc = good(text);
	const struct bench_test *t = doc->tests->pdata[0];
	uint64_t n = bench_items(t, t->steps->pdata[0]);

	bench_doc_free(doc);
	return n;
}

static void test_items(void **state)
{
#define COUNTS \
	"\"pages\":[8],\"pages_written_2\":[5],\"pages_dirty_2\":[6],\"single_pages\":[3],\"pio-read_exits\":[70],\"cpuid_exits\":[0],\"l3_exits\":[200]"
	(void)state;
	assert_int_equal(items("demand-paging", "{}", COUNTS, "populate"), 8);
	assert_int_equal(items("dirty-log", "{}", COUNTS, "populate"), 8);
	assert_int_equal(items("dirty-log", "{}", COUNTS, "dirty_2"), 5);
	assert_int_equal(items("dirty-log", "{}", COUNTS, "get_2"), 6);
	assert_int_equal(items("dirty-log", "{}", COUNTS, "clear_2"), 6);
	assert_int_equal(items("dirty-log", "{}", COUNTS, "dirty_3"), 0);
	assert_int_equal(items("memslot-churn", "{}", COUNTS, "add"), 1);
	assert_int_equal(items("vfio-dma", "{}", COUNTS, "map"), 8);
	assert_int_equal(items("vfio-dma", "{}", COUNTS, "map_single"), 3);
	assert_int_equal(items("nested", "{}", COUNTS, "trips"), 200);
	assert_int_equal(items("nested", "{}", COUNTS, "again"), 8);
	assert_int_equal(items("exits", "{}", COUNTS, "pio-read"), 70);
	assert_int_equal(items("exits", "{\"count\":9,\"vcpus\":4}", COUNTS, "cpuid"), 36);
	assert_int_equal(items("exits", "{\"count\":9,\"vcpus\":4}", COUNTS, "nothing"), 0);
	assert_int_equal(items("exits", "{\"count\":\"x\"}", COUNTS, "cpuid"), 0);
	assert_int_equal(items("a-new-one", "{}", "", "step"), 0);
}

static void test_table(void **state)
{
	struct bench_doc *doc = good(DOC(TEST("demand-paging", OPTIONS(16777216, ""), "\"pages\":[4000,4000,4000]",
					      "\"populate\":" STEP("1500000000,1400000000,1600000000", 1500000000,
								   1400000000, 1600000000)) "," SKIP));
	g_autofree char *page = NULL, *wall = NULL;

	(void)state;
	doc->clock = g_strdup("virtual");
	doc->accel = g_strdup("tcg");
	page = bench_page(doc, false);
	/* 1.5 s for 4000 pages: 375 us each; 13 % is more than the virtual clock's noise */
	if (!strstr(page, "  populate                  4,000   1,500,000,000     375,000  13.333%!\n") ||
	    !strstr(page, "items    instructions    for each   spread\n") || !strstr(page, "\nmedians of 3 rounds\n") ||
	    !strstr(page, "!  rounds further apart than noise explains (0.2%)\n") ||
	    !strstr(page, "\nskipped\n  vfio-dma vcpus=1: no edu?[31m\n"))
		fail_msg("%s", page);
	/* with the wall clock noise is what the run itself has of it */
	g_free(doc->clock);
	doc->clock = g_strdup("wall");
	wall = bench_page(doc, false);
	if (!strstr(wall, "375,000  13.333%\n") || !strstr(wall, "items              ns    for each") ||
	    strchr(wall, '!'))
		fail_msg("%s", wall);
	bench_doc_free(doc);
}

/* What a guest calls a step, or how large its numbers are, breaks no page. */
static void test_page_width(void **state)
{
	static const char text[] = DOC(
		"{\"name\":\"demand-paging\",\"options\":{\"vcpus\":1,\"uffd\":\"missing\"},\"result\":\"pass\",\"reason\":"
		"\"\",\"counts\":{\"pages\":[4]},\"ns\":{\"a-step-that-has-a-very-long-name-indeed\":" STEP(
			"9223372036854", 9223372036854, 9223372036854,
			9223372036854) "},"
				       "\"latency_ns\":{\"touch\":{\"count\":12288,\"p50\":9599,\"p90\":9600,\"p99\":"
				       "14975,\"max\":1023750},\"bad\":{\"count\":-1}},"
				       "\"kvm\":{\"vm\":{\"pages_4k\":4132,\"odd\":\"x\"},\"vcpus\":{\"pf_taken\":4096,"
				       "\"pf_fixed\":4096,\"exits\":4097,\"host_state_reload\":8}}}");
	struct bench_doc *doc = good(text);
	g_autofree char *page = NULL, *brief = NULL;

	(void)state;
	doc->clock = g_strdup("virtual");
	doc->accel = g_strdup("tcg");
	page = bench_page(doc, true);
	brief = bench_page(doc, false);
	g_auto(GStrv) lines = g_strsplit(page, "\n", -1);

	for (char **line = lines; *line; line++)
		if (strlen(*line) > 72)
			fail_msg("%zu columns: %s", strlen(*line), *line);
	if (!strstr(page, "of one touch: 50% within 9,599, 90% 9,600, 99% 14,975, all\n    1,023,750, of 12,288\n") ||
	    !strstr(page, "KVM, last round: pages_4k 4,132, pf_taken 4,096,") || strstr(page, "odd") ||
	    strstr(page, "bad"))
		fail_msg("%s", page);
	if (strstr(brief, "touch") || strstr(brief, "pf_taken") || !strstr(brief, "-v shows"))
		fail_msg("%s", brief);
	bench_doc_free(doc);
}

/* ---- several runs ---- */

static char *dir;

static int make_dir(void **state)
{
	(void)state;
	dir = g_dir_make_tmp("vtdlab-bench-XXXXXX", NULL);
	return !dir;
}

static int remove_dir(void **state)
{
	(void)state;
	g_rmdir(dir);
	g_free(dir);
	return 0;
}

/* A run whose one test took @ns, as bench_doc_read() sees it. */
static struct bench_doc *run_of(const char *clock, const char *accel, const char *memory, unsigned ns, GError **error)
{
	g_autofree char *path = g_build_filename(dir, "bench.json", NULL);
	g_autofree char *text = g_strdup_printf(
		"{\"schema\":1,\"environment\":{\"clock\":%s,\"accel\":\"%s\",\"first_kernel\":{\"release\":\"6.1\"},"
		"\"iommu\":\"lazy\"},\"kvmperf\":" DOC(
			"{\"name\":\"demand-paging\",\"options\":{\"vcpus\":1,\"memory\":%s},"
			"\"result\":\"pass\",\"counts\":{\"pages\":[1]},\"ns\":{\"populate\":"
			"{\"median\":%u,\"min\":%u,\"max\":%u,\"runs\":[%u]}}}") "}",
		clock, accel, memory, ns, ns, ns, ns);
	struct bench_doc *doc;

	assert_true(g_file_set_contents(path, text, -1, NULL));
	doc = bench_doc_read(dir, error);
	g_remove(path);
	return doc;
}

static GPtrArray *two(const char *clock, const char *accel, const char *memory, unsigned ns)
{
	GPtrArray *docs = g_ptr_array_new_with_free_func((GDestroyNotify)bench_doc_free);

	g_ptr_array_add(docs, run_of("\"virtual\"", "tcg", "4096", 1000, NULL));
	g_ptr_array_add(docs, run_of(clock, accel, memory, ns, NULL));
	assert_non_null(docs->pdata[0]);
	assert_non_null(docs->pdata[1]);
	return docs;
}

static void compare_refused(GPtrArray *docs, const char *word)
{
	g_autoptr(GError) error = NULL;

	assert_null(bench_compare(docs, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	if (!strstr(error->message, word))
		fail_msg("'%s' does not say '%s'", error->message, word);
	g_ptr_array_unref(docs);
}

static void test_compare(void **state)
{
	g_autoptr(GPtrArray) docs = two("\"virtual\"", "tcg", "4096", 1002);
	g_autofree char *text = NULL;

	(void)state;
	text = bench_compare(docs, NULL);
	assert_non_null(text);
	if (!strstr(text, "populate              1000          1002       +0.200%") ||
	    !strstr(text, "1 medians, 0 equal to the nanosecond, largest distance 0.200 %"))
		fail_msg("%s", text);
}

/* A run that lacks the test is no part of any distance, and is counted. */
static void test_compare_three(void **state)
{
	g_autoptr(GPtrArray) docs = two("\"virtual\"", "tcg", "4096", 1000);
	g_autofree char *text = NULL;
	struct bench_doc *other;

	(void)state;
	other = run_of("\"virtual\"", "tcg", "8192", 5, NULL);
	assert_non_null(other);
	g_ptr_array_add(docs, other);
	assert_null(bench_compare(docs, NULL));
	g_ptr_array_set_size(docs, 2);
	g_ptr_array_add(docs, run_of("\"virtual\"", "tcg", "4096", 1010, NULL));
	text = bench_compare(docs, NULL);
	if (!text || !strstr(text, "1000          1000          1010        1.000%"))
		fail_msg("%s", text);
}

static void test_compare_refuses(void **state)
{
	(void)state;
	compare_refused(two("\"wall\"", "tcg", "4096", 1000), "clock virtual under tcg");
	compare_refused(two("\"virtual\"", "kvm", "4096", 1000), "under kvm");
	compare_refused(two("\"virtual\"", "tcg", "8192", 1000), "in common");
}

#define UNMADE(name, result) \
	"{\"name\":\"" name "\",\"options\":{},\"result\":\"" result "\",\"reason\":\"why\",\"counts\":{},\"ns\":{}}"
#define MADE(name, ns) TEST(name, "{}", "", "\"a\":" STEP(#ns, ns, ns, ns) ",\"b\":" STEP("100", 100, 100, 100))
#define BASE MADE("exits", 1000) "," MADE("churn", 1000) "," UNMADE("vfio", "skip")

static void test_gate(void **state)
{
	static const struct {
		const char *runs[2], *word;
		bool good;
	} cases[] = {
		{ { BASE, BASE }, "good: 4 medians within 1 % of A's, 0 worse, 0 better, 0 missing or failed\n", true },
		{ { BASE, MADE("exits", 1010) "," MADE("churn", 500) "," UNMADE("new", "skip") },
		  "better  churn vcpus=0, a: B -50.000 %\n",
		  true },
		{ { BASE, MADE("exits", 1011) "," MADE("churn", 1000) },
		  "worse   exits vcpus=0, a: B +1.100 %\n",
		  false },
		{ { BASE, MADE("exits", 1000) }, "missing churn vcpus=0: not in B\n", false },
		{ { BASE, MADE("exits", 1000) "," UNMADE("churn", "fail") },
		  "failed  churn vcpus=0: in B: why\n",
		  false },
		{ { BASE, MADE("exits", 1000) "," UNMADE("churn", "skip") },
		  "skipped churn vcpus=0: in B: why\n",
		  false },
		/* no step back for what never passed, but no pass either */
		{ { UNMADE("exits", "fail") "," MADE("churn", 9), BASE }, "failed  exits vcpus=0: in A: why\n", false },
		{ { BASE, BASE "," UNMADE("new", "fail") }, "failed  new vcpus=0: in B: why\n", false },
		{ { UNMADE("exits", "skip"), UNMADE("exits", "skip") }, "bad: 0 medians", false },
		{ { BASE, TEST("exits", "{}", "", "\"a\":" STEP("1000", 1000, 1000, 1000)) "," MADE("churn", 1000) },
		  "missing exits vcpus=0, b: not in B\n",
		  false },
		{ { TEST("z", "{}", "", "\"a\":" STEP("0", 0, 0, 0)),
		    TEST("z", "{}", "", "\"a\":" STEP("1", 1, 1, 1)) },
		  "worse   z vcpus=0, a: B +inf %\n",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GPtrArray) docs = g_ptr_array_new_with_free_func((GDestroyNotify)bench_doc_free);
		g_autofree char *text = NULL;
		bool is_good;

		for (unsigned k = 0; k < 2; k++) {
			g_autofree char *json =
				g_strdup_printf("{\"schema\":1,\"program\":\"kvmperf\",\"suite\":\"quick\",\"machine\":"
						"{\"kernel\":\"6.1.0\"},\"tests\":[%s]}",
						cases[i].runs[k]);

			g_ptr_array_add(docs, good(json));
		}
		text = bench_gate(docs, 0.01, &is_good);
		if (!strstr(text, cases[i].word) || is_good != cases[i].good)
			fail_msg("case %zu: %s", i, text);
	}
}

static void test_read_refuses(void **state)
{
	g_autofree char *path = g_build_filename(dir, "bench.json", NULL);
	GError *error = NULL;

	(void)state;
	assert_null(bench_doc_read("/nonexistent", &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	g_clear_error(&error);
	assert_true(g_file_set_contents(path, "{\"scenario\":\"kdump\"}", -1, NULL));
	assert_null(bench_doc_read(dir, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	assert_non_null(strstr(error->message, "no bench.json"));
	g_clear_error(&error);
	g_remove(path);
	/* nothing can be compared that does not say what its times are */
	assert_null(run_of("7", "tcg", "4096", 1, &error));
	assert_non_null(strstr(error->message, "names no clock"));
	g_clear_error(&error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	      cmocka_unit_test(test_no_document),
		cmocka_unit_test(test_bad_tests),     cmocka_unit_test(test_bad_figures),
		cmocka_unit_test(test_items),	      cmocka_unit_test(test_table),
		cmocka_unit_test(test_page_width),    cmocka_unit_test(test_compare),
		cmocka_unit_test(test_compare_three), cmocka_unit_test(test_compare_refuses),
		cmocka_unit_test(test_gate),	      cmocka_unit_test(test_read_refuses),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
