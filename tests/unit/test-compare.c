/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab compare: columns, spread, sums over arrays, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "results/compare-priv.h"
#include "results/run-json-read.h"

static char *dir;

static int make_dir(void **state)
{
	(void)state;
	dir = g_dir_make_tmp("vtdlab-compare-XXXXXX", NULL);
	return !dir;
}

static int remove_dir(void **state)
{
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	const char *name;

	(void)state;
	while (d && (name = g_dir_read_name(d))) {
		g_autofree char *run = g_build_filename(dir, name, NULL);
		g_autofree char *json = g_build_filename(run, "run.json", NULL);

		g_remove(json);
		g_remove(run);
	}
	g_remove(dir);
	g_free(dir);
	return 0;
}

static char *run_with(const char *text)
{
	static unsigned n;
	g_autofree char *name = g_strdup_printf("run-%u", n++);
	char *run = g_build_filename(dir, name, NULL);
	g_autofree char *json = g_build_filename(run, "run.json", NULL);

	assert_int_equal(g_mkdir(run, 0755), 0);
	assert_true(g_file_set_contents(json, text, -1, NULL));
	return run;
}

#define ENV(clock, accel, cmdline)                                                            \
	"\"environment\":{\"clock\":\"" clock "\",\"accel\":\"" accel "\",\"crash_kernel\":{" \
	"\"release\":\"6.12.9\",\"cmdline\":\"" cmdline "\"}}"
#define RUN(mode, more) "{\"scenario\":\"kdump\",\"outcome\":\"preserved\"," more "," ENV("wall", "tcg", "a=b" mode) "}"

static void add(struct compare *c, const char *text)
{
	g_autofree char *run = run_with(text);
	GError *error = NULL;

	if (!compare_add(c, NULL, run, &error))
		fail_msg("%s", error->message);
}

static void refused(struct compare *c, const char *text, const char *word)
{
	g_autofree char *run = run_with(text);
	g_autoptr(GError) error = NULL;
	unsigned columns = c->columns->len;

	assert_false(compare_add(c, NULL, run, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	if (!strstr(error->message, word))
		fail_msg("'%s' does not say '%s'", error->message, word);
	assert_int_equal(c->columns->len, columns);
}

static void has(const struct compare *c, enum compare_format format, const char *line)
{
	g_autofree char *text = compare_text(c, format);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	if (!g_strv_contains((const char *const *)lines, line))
		fail_msg("no line '%s' in\n%s", line, text);
}

static void has_not(const struct compare *c, const char *word)
{
	g_autofree char *text = compare_text(c, COMPARE_MARKDOWN);

	if (strstr(text, word))
		fail_msg("'%s' in\n%s", word, text);
}

static void columns(void **state)
{
	struct compare *c = compare_new();

	(void)state;
	add(c, RUN("", "\"iova\":{\"retargeted\":284}"));
	add(c, RUN(" intel_iommu=kdump_deep", "\"iova\":{\"retargeted\":0}"));
	add(c, RUN(" intel_iommu=kdump_deep intel_iommu=kdump_off", "\"iova\":{\"retargeted\":280}"));
	assert_int_equal(c->columns->len, 2);
	has(c, COMPARE_MARKDOWN, "|  | kdump, 6.12.9 off | kdump, 6.12.9 deep |");
	has(c, COMPARE_MARKDOWN, "|---|---|---|");
	has(c, COMPARE_MARKDOWN, "| runs | 2 | 1 |");
	has(c, COMPARE_MARKDOWN, "| IOVA pages retargeted | 282 (280 to 284) | 0 |");
	has(c, COMPARE_TSV, "IOVA pages retargeted\tkdump, 6.12.9 off\tcount\t282\t280\t284\t2");
	has(c, COMPARE_TEXT, "clock wall, accelerator tcg; median (from to) of the runs of a column");
	compare_free(c);
}

static void numbers(void **state)
{
	struct compare *c = compare_new();

	(void)state;
	add(c, RUN("", "\"timing\":{\"copy_ns\":9999,\"init_ns\":12345,\"crash\":{\"boot_ns\":1234567890}},"
		       "\"kdump\":{\"copies\":[{\"bytes\":4096},{\"bytes\":8192},{\"x\":1}]},"
		       "\"iova\":{\"reserved_ranges\":15,\"reserved_standing\":4},"
		       "\"devices\":[{\"works\":true,\"used\":true},{\"works\":false,\"used\":true}]"));
	has(c, COMPARE_MARKDOWN, "| copy, by probes | 9999 ns |");
	has(c, COMPARE_MARKDOWN, "| IOMMU's initialisation | 12.3 us |");
	has(c, COMPARE_MARKDOWN, "| boot of the crash kernel | 1234.6 ms |");
	has(c, COMPARE_MARKDOWN, "| memory of the copy | 12 KiB |");
	has(c, COMPARE_MARKDOWN, "|   by probes | 11 |");
	has(c, COMPARE_MARKDOWN, "| devices that work | 1 of 2 |");
	add(c, RUN(" x", "\"timing\":{\"probes\":\"off\"},\"iova\":{\"reserved_ranges\":0}"));
	has(c, COMPARE_MARKDOWN, "|   by probes | 11 |"); /* without probes nothing was counted */
	has_not(c, "reservation");			  /* a row that nobody has a value for */
	add(c, RUN(" intel_iommu=kdump_log", "\"kdump\":{\"reserve\":{\"t_ns\":7}}"));
	has(c, COMPARE_MARKDOWN, "| reservation | - | 7 ns |");
	add(c, RUN(" intel_iommu=kdump_log", "\"timing\":{\"init_ns\":12345001}"));
	add(c, RUN(" intel_iommu=kdump_log", "\"timing\":{\"init_ns\":12345999}"));
	/* a spread that does not show */
	has(c, COMPARE_MARKDOWN, "| IOMMU's initialisation | 12.3 us | 12.3 ms |");
	compare_free(c);
}

static void median(void **state)
{
	struct compare *c = compare_new();

	(void)state;
	add(c, RUN("", "\"timing\":{\"copy_ns\":30}"));
	add(c, RUN("", "\"timing\":{\"copy_ns\":10}"));
	add(c, RUN("", "\"timing\":{\"copy_ns\":20}"));
	add(c, RUN("", "\"timing\":{}"));
	has(c, COMPARE_TSV, "copy, by probes\tkdump, 6.12.9 off\tns\t20\t10\t30\t3");
	compare_free(c);
}

static void failures(void **state)
{
	struct compare *c = compare_new();

	(void)state;
	add(c, RUN("", "\"checks\":[{\"name\":\"a\",\"result\":\"fail\"},{\"name\":\"b\",\"result\":\"pass\"},"
		       "{\"name\":\"c\",\"result\":\"fail\"},7]"));
	add(c, RUN("", "\"checks\":[]"));
	has(c, COMPARE_MARKDOWN, "| checks that fail | a, c; none |");
	has(c, COMPARE_MARKDOWN, "| outcome | preserved |");
	compare_free(c);
}

static void not_comparable(void **state)
{
	struct compare *c = compare_new();
	g_autoptr(GError) error = NULL;

	(void)state;
	refused(c, "not JSON", "is no run.json");
	refused(c, "[]", "is no run.json");
	refused(c, "{\"outcome\":\"x\"}", "is no run.json");
	refused(c, "{\"scenario\":\"kdump\"}", "names no clock");
	refused(c, "{\"scenario\":\"kdump\",\"environment\":{\"clock\":7,\"accel\":\"tcg\"}}", "names no clock");
	assert_false(compare_add(c, NULL, "/nowhere", &error));
	assert_non_null(strstr(error->message, "/nowhere: there is no such run"));
	add(c, RUN("", "\"iova\":{}"));
	refused(c, "{\"scenario\":\"kdump\"," ENV("virtual", "tcg", "") "}", "clock wall under tcg");
	refused(c, "{\"scenario\":\"kdump\"," ENV("wall", "kvm", "") "}", "clock wall under kvm");
	refused(c, "{\"scenario\":\"kdump-smp\"," ENV("wall", "tcg", "") "}", "ran scenario kdump, ");
	compare_free(c);
}

/* Text of a kernel goes to a terminal and into a table. */
static void odd_names(void **state)
{
	struct compare *c = compare_new();

	(void)state;
	add(c, RUN(" intel_iommu=kdump_a|b\\u001b[1m", "\"iova\":{}"));
	has(c, COMPARE_MARKDOWN, "|  | kdump, 6.12.9 a?b |");
	compare_free(c);
}

/* Keys that nobody knows are left alone, members of another type are as if they were not there. */
static void read_back(void **state)
{
	g_autofree char *path = run_with(
		"{\"scenario\":\"kdump\",\"outcome\":7,\"exit\":3,\"new\":{\"key\":[]},"
		"\"environment\":{\"clock\":\"wall\",\"accel\":[],\"crash_kernel\":1},"
		"\"checks\":[1,{\"name\":\"a\",\"result\":\"pass\"},"
		"{\"name\":\"b\",\"result\":\"fail\"},{\"name\":\"c\",\"result\":\"fail\",\"expected\":\"fail\"},"
		"{\"name\":\"d\",\"result\":\"skip\",\"evidence\":false},{\"name\":\"e\",\"result\":\"great\"},{}],"
		"\"kdump\":{\"copies\":[{\"bytes\":2},{\"bytes\":\"x\"},{\"bytes\":3}]}}");
	struct run_json *run = run_json_load(path, NULL);
	double value;

	(void)state;
	assert_non_null(run);
	assert_string_equal(run->scenario, "kdump");
	assert_int_equal(run->outcome, OUTCOMES);
	assert_null(run->outcome_word);
	assert_int_equal(run->exit, 3);
	assert_string_equal(run->clock, "wall");
	assert_true(!run->accel && !run->crash_release && !run->crash_cmdline && !run->probes);
	assert_int_equal(run->checks->len, 6);
	assert_int_equal(run_json_check(run, "a")->result, CHECK_PASS);
	assert_true(run_json_unexpected(run_json_check(run, "b")));
	assert_false(run_json_unexpected(run_json_check(run, "c")));
	assert_int_equal(run_json_check(run, "d")->result, CHECK_NO_EVIDENCE);
	assert_int_equal(run_json_check(run, "e")->result, CHECK_RESULTS);
	assert_int_equal(run_json_check(run, "?")->result, CHECK_RESULTS);
	assert_null(run_json_check(run, "f"));
	assert_true(run_json_number(run, "kdump/copies/bytes", &value));
	assert_true(value == 5);
	assert_false(run_json_number(run, "kdump/copies/leaves", &value));
	assert_false(run_json_number(run, "scenario", &value));
	run_json_free(run);
}

/* What it does not say is not what a good run says. */
static void says_nothing(void **state)
{
	g_autofree char *path = run_with("{\"scenario\":\"kdump\",\"outcome\":\"new-word\",\"exit\":\"0\","
					 "\"started\":\"2026\",\"environment\":{\"first_kernel\":"
					 "{\"release\":\"6.12\\u0007\",\"spec\":\"lab-6.12\"}}}");
	struct run_json *run = run_json_load(path, NULL);

	(void)state;
	assert_int_equal(run->exit, -1);
	assert_int_equal(run->outcome, OUTCOMES);
	assert_string_equal(run->outcome_word, "new-word");
	assert_string_equal(run->started, "2026");
	assert_string_equal(run->first_release, "6.12");
	assert_string_equal(run->first_spec, "lab-6.12");
	assert_int_equal(run->checks->len, 0);
	run_json_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns),   cmocka_unit_test(numbers),	       cmocka_unit_test(median),
		cmocka_unit_test(failures),  cmocka_unit_test(not_comparable), cmocka_unit_test(odd_names),
		cmocka_unit_test(read_back), cmocka_unit_test(says_nothing),
	};

	return cmocka_run_group_tests_name("compare", tests, make_dir, remove_dir);
}
