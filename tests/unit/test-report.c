/* SPDX-License-Identifier: GPL-2.0-only */
/* The report: outcome and exit status from the checks, run.json, summary.txt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "base/error.h"
#include "results/report.h"

/*
 * A verdict from one letter a check, in the order of the table: p passed, f failed, s skipped, n no
 * evidence; the capital letter: the same, and the scenario expects it to fail.
 */
static struct verdict *make(const char *letters)
{
	static const struct {
		const char *name;
		enum outcome outcome;
	} table[] = {
		{ "rig", OUTCOME_INCONCLUSIVE },
		{ "panic-seen", OUTCOME_NO_PANIC },
		{ "translation-stayed-on", OUTCOME_NOT_COPIED },
		{ "leaves-equal", OUTCOME_COPY_WRONG },
		{ "iova-not-retargeted", OUTCOME_IOVA_REUSED },
	};
	struct verdict *v = verdict_new();

	for (size_t i = 0; letters[i]; i++) {
		enum check_result result = strchr("pP", letters[i]) ? CHECK_PASS :
					   strchr("fF", letters[i]) ? CHECK_FAIL :
					   strchr("sS", letters[i]) ? CHECK_SKIP :
								      CHECK_NO_EVIDENCE;

		verdict_add(v, table[i].name, result, table[i].outcome, "3 of 4")->expect_fail =
			g_ascii_isupper(letters[i]);
	}
	return v;
}

static void judge_as(bool no_iommu, bool strict, const char *before, const char *letters, const char *outcome,
		     int status)
{
	struct verdict *v = make(letters);

	v->no_iommu = no_iommu;
	v->strict = strict;
	v->before = g_strdup(before);
	verdict_conclude(v, false);
	if (strcmp(outcome_name(v->outcome), outcome) != 0 || v->exit != status)
		fail_msg("%s: %s, exit %d; want %s, exit %d", letters, outcome_name(v->outcome), v->exit, outcome,
			 status);
	assert_true(*v->words);
	assert_int_equal(before != NULL, strstr(v->words, "Not the same twice") != NULL);
	verdict_conclude(v, true);
	assert_int_equal(v->outcome, OUTCOME_INTERRUPTED);
	assert_int_equal(v->exit, 130);
	verdict_free(v);
}

static void judge(const char *letters, const char *outcome, int status)
{
	judge_as(false, false, NULL, letters, outcome, status);
}

/* A failure that stays away is better than expected, but for a negative control. */
static void test_strict(void **state)
{
	(void)state;
	judge("ppppP", "preserved", 0);
	judge_as(false, true, NULL, "ppppP", "preserved", 1);
	judge("ppFPp", "not-copied", 0);
	judge_as(false, true, NULL, "ppFPp", "not-copied", 1);
	judge_as(false, true, NULL, "ppFFF", "not-copied", 0);
	judge_as(false, true, NULL, "ppppp", "preserved", 0);
	judge_as(false, true, NULL, "ppSpp", "inconclusive", 125);
}

/* What the first attempt did not do and the second did is no proof; what the second did wrong is. */
static void test_second_attempt(void **state)
{
	const char *hung = "no progress: waited 80 s";

	(void)state;
	judge_as(false, false, hung, "ppppF", "preserved", 125);
	judge_as(false, false, hung, "ppppf", "iova-reused", 1);
	judge_as(false, false, hung, "ppFFF", "not-copied", 125);
	judge_as(false, true, hung, "ppppP", "preserved", 1);
	judge_as(false, false, hung, "ppnpp", "inconclusive", 125);
}

static void test_judge(void **state)
{
	(void)state;
	judge("ppppp", "preserved", 0);
	judge("pppps", "preserved", 0);
	/* an expected failure after the copy leaves the verdict on the copy alone */
	judge("ppppF", "preserved", 0);
	judge("ppppf", "iova-reused", 1);
	/* a negative control: the outcome is told, and it is what was expected */
	judge("ppFpp", "not-copied", 0);
	judge("ppFFF", "not-copied", 0);
	/* one more failure than expected */
	judge("ppFfp", "copy-wrong", 1);
	judge("ppfff", "not-copied", 1);
	/* not judged */
	judge("fssss", "inconclusive", 125);
	judge("pfsss", "no-panic", 125);
	judge("pFsss", "no-panic", 0);
	judge("ppnpp", "inconclusive", 125);
	judge("ppppn", "inconclusive", 125);
	judge("ppNpp", "inconclusive", 125);
	judge("ppSpp", "inconclusive", 125);
	judge("ssss", "inconclusive", 125);
	judge("ppssp", "inconclusive", 125);
	judge("ppsps", "preserved", 0);
	judge("", "inconclusive", 125);
	/* without an IOMMU what is left is judged */
	judge_as(true, false, NULL, "ppsss", "no-iommu", 0);
	judge_as(true, false, NULL, "pfsss", "no-panic", 125);
	judge_as(true, false, NULL, "pnsss", "inconclusive", 125);
	/* what is proven bad is not hidden by what could not be judged */
	judge("ppfnn", "not-copied", 1);
	/* a rig that fails can never be a success */
	judge("Fpppp", "inconclusive", 125);
}

/* Names are what files hold: all different, and read back. */
static void test_outcomes(void **state)
{
	enum outcome back;

	(void)state;
	for (int i = 0; i < OUTCOMES; i++) {
		assert_true(*vtdlab_outcomes[i].name);
		assert_int_equal(vtdlab_outcomes[i].exit == VTDLAB_EXIT_OK, i == OUTCOME_NO_IOMMU);
		assert_true(outcome_from_name(outcome_name((enum outcome)i), &back));
		assert_int_equal(back, i);
		/* only inconclusive gives a reason of its own */
		assert_int_equal(!*vtdlab_outcomes[i].words, i == OUTCOME_INCONCLUSIVE);
	}
	assert_false(outcome_from_name("copy-wrong ", &back));
	assert_false(outcome_from_name("", &back));
	assert_false(outcome_from_name(NULL, &back));
}

/* Of a series: bad is proof, what could not be judged only spoils good ones; the order of the runs is nothing. */
static void test_series(void **state)
{
	static const int worst_first[] = { 130, 2, 1, 125, 0 };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(worst_first); i++)
		for (unsigned j = i; j < G_N_ELEMENTS(worst_first); j++) {
			assert_int_equal(vtdlab_exit_worse(worst_first[i], worst_first[j]), worst_first[i]);
			assert_int_equal(vtdlab_exit_worse(worst_first[j], worst_first[i]), worst_first[i]);
		}
	assert_int_equal(vtdlab_exit_worse(0, 77), 77);
	assert_int_equal(vtdlab_exit_worse(77, 1), 1);
}

static struct run_report *full(void)
{
	struct run_report *r = report_new("kdump");

	verdict_free(r->verdict);
	r->verdict = make("pppsF");
	r->title = g_strdup("legacy mode: panic with DMA in flight, the crash kernel keeps the translation");
	r->duration_s = 8.25;
	r->run_dir = g_strdup("/srv/results/20260101T000000Z-kdump-abcdef");
	r->iova = (struct report_iova){ true, 6, 12570, 8, 42, 257, 40, 21, 20 };
	r->env.accel = g_strdup("tcg");
	r->env.clock = g_strdup("wall");
	r->env.qemu = g_strdup("7.2.22");
	r->env.first_kernel.release = g_strdup("6.1.0-49-amd64");
	r->env.first_kernel.spec = g_strdup("debian-6.1");
	r->env.first_kernel.cmdline = g_strdup("quiet \xff\x1b[31m");
	r->env.crash_kernel.release = g_strdup("6.12.1");
	r->env.has_caps = true;
	r->env.cap = 0x80d2008c22260206ULL;
	r->env.ecap = 0xf00f5a;
	report_fill_host(&r->env);
	report_add_phase(r, "boot", 0)->end_ns = 1500000000;
	report_add_phase(r, "attach:0000:00:01.0", 1500000000);
	verdict_add(r->verdict, "reserved-equals-mapped", CHECK_NO_EVIDENCE, OUTCOME_IOVA_REUSED,
		    "a long line of evidence with a \x1b[2J control sequence and \xfe bytes, and "
		    "averyveryveryveryveryveryveryveryveryverylongwordthatmustbebroken at the end");
	report_note(r, "first kernel oopsed before its agent spoke: retried once");
	json_object_set_int_member(r->extra, "attempts", 2);
	json_object_set_string_member(r->extra, "outcome", "forged");
	verdict_conclude(r->verdict, false);
	return r;
}

/* KVM on an emulated host times the emulator. */
static void test_emulated_host(void **state)
{
	struct report_environment real = { .host_cpu = (char *)"AMD EPYC", .wall_time_is_hardware_time = true };
	struct report_environment emulated = { .host_cpu = (char *)"QEMU TCG CPU version 2.5+",
					       .wall_time_is_hardware_time = true };

	(void)state;
	report_fill_host(&real);
	report_fill_host(&emulated);
	assert_true(real.wall_time_is_hardware_time);
	assert_false(emulated.wall_time_is_hardware_time);
	real.host_cpu = emulated.host_cpu = NULL;
	report_environment_clear(&real);
	report_environment_clear(&emulated);
}

static void test_json(void **state)
{
	struct run_report *r = full();
	g_autofree char *text = report_json(r);
	g_autoptr(JsonParser) parser = json_parser_new();

	(void)state;
	assert_true(json_parser_load_from_data(parser, text, -1, NULL));
	JsonObject *o = json_node_get_object(json_parser_get_root(parser));
	JsonObject *env = json_object_get_object_member(o, "environment");
	JsonArray *checks = json_object_get_array_member(o, "checks");
	JsonObject *last = json_array_get_object_element(checks, 5);
	JsonObject *retarget = json_array_get_object_element(checks, 4);

	assert_int_equal(json_object_get_int_member(o, "schema"), 1);
	assert_string_equal(json_object_get_string_member(o, "tool"), "vtdlab 0.1.0");
	assert_string_equal(json_object_get_string_member(o, "scenario"), "kdump");
	assert_string_equal(json_object_get_string_member(o, "outcome"), "inconclusive");
	assert_int_equal(json_object_get_int_member(o, "exit"), 125);
	assert_int_equal(json_object_get_int_member(o, "attempts"), 2);
	assert_true(json_object_get_double_member(o, "duration_s") == 8.25);
	assert_int_equal(json_array_get_length(checks), 6);
	assert_string_equal(json_object_get_string_member(retarget, "expected"), "fail");
	assert_string_equal(json_object_get_string_member(retarget, "result"), "fail");
	assert_string_equal(json_object_get_string_member(last, "result"), "skip");
	assert_false(json_object_get_boolean_member(last, "evidence"));
	assert_int_equal(json_object_get_int_member(json_object_get_object_member(o, "iova"), "retargeted"), 257);
	assert_int_equal(json_object_get_int_member(json_object_get_object_member(o, "iova"), "reserved_ranges"), 42);
	assert_int_equal(json_object_get_int_member(json_object_get_object_member(o, "iova"), "reserved_standing"), 40);
	assert_int_equal(json_object_get_int_member(json_object_get_object_member(o, "iova"), "reserved_ranges_first"),
			 21);
	assert_string_equal(json_object_get_string_member(env, "cap"), "0x80d2008c22260206");
	assert_true(json_object_has_member(env, "commit"));
	assert_false(json_object_get_boolean_member(env, "wall_time_is_hardware_time"));
	assert_true(json_object_has_member(env, "host_cpu"));
	report_free(r);
}

static void test_summary(void **state)
{
	struct run_report *r = full();
	g_autofree char *text = report_page(r, REPORT_ALL);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	(void)state;
	for (char **line = lines; *line; line++) {
		if (g_utf8_strlen(*line, -1) > REPORT_WIDTH && !strstr(*line, r->run_dir) &&
		    !g_str_has_prefix(*line, "repeat "))
			fail_msg("wider than %d: %s", REPORT_WIDTH, *line);
		assert_false(g_str_has_suffix(*line, " "));
		for (const char *p = *line; *p; p++)
			assert_false(g_ascii_iscntrl(*p));
	}
	assert_true(g_utf8_validate(text, -1, NULL));
	assert_non_null(strstr(text, "fail*"));
	assert_non_null(strstr(text, "this scenario expects it"));
	assert_non_null(strstr(text, "no evidence either way"));
	assert_non_null(strstr(text, "no figures of hardware"));
	assert_non_null(strstr(text, "inconclusive (exit 125)"));
	assert_non_null(strstr(text, r->run_dir));
	assert_non_null(strstr(text, "boot 1.5"));
	report_free(r);
}

/* A failure that nobody expects ends with what to type: its events, the console, another QEMU where that may be it. */
static void test_next(void **state)
{
	const char *const run = "/results/20260101-kdump";
	struct run_report *r = report_new("kdump");
	g_autofree char *text = NULL, *flushed = NULL, *dead = NULL;
	struct verdict_row *row;

	(void)state;
	r->run_dir = g_strdup(run);
	r->env.qemu = g_strdup("7.2.22");
	r->has_logs = true;
	row = verdict_add(r->verdict, "flushed", CHECK_PASS, OUTCOME_STALE_CACHE, "");
	text = report_page(r, REPORT_ALL);
	assert_null(strstr(text, "\nnext "));
	row->result = CHECK_FAIL;
	flushed = report_page(r, REPORT_ALL);
	assert_non_null(strstr(flushed, "\nnext          grep -nE 'vtd_reg_dmar_root|vtd_dmar_enable|vtd_inv_desc_|"));
	assert_non_null(strstr(flushed, "' /results/20260101-kdump/qemu.log\n              grep -nE 'panic|BUG:"));
	assert_non_null(strstr(flushed, "' /results/20260101-kdump/console.log\n"));
	assert_null(strstr(flushed, "--qemu"));
	row->expect_fail = true;
	/* which rests on no event */
	verdict_add(r->verdict, "devices-work", CHECK_FAIL, OUTCOME_DEVICE_DEAD, "nvme: no answer");
	dead = report_page(r, REPORT_ALL);
	assert_non_null(strstr(dead, "\nnext          grep -nE 'panic|BUG:"));
	assert_null(strstr(dead, "qemu.log"));
	assert_non_null(strstr(dead, "\n              vtdlab run kdump --qemu qemu-10.0   # "));
	g_free(r->env.qemu);
	r->env.qemu = g_strdup("10.0.8");
	g_free(text);
	text = report_page(r, REPORT_ALL);
	assert_null(strstr(text, "--qemu"));
	report_free(r);
}

/* What is set otherwise than in the scenario's file is on the page, and nothing where nothing is. */
static void test_settings(void **state)
{
	struct run_report *r = report_new("kdump");
	JsonObject *settings = json_object_new();
	g_autofree char *without = NULL, *with = NULL;

	(void)state;
	json_object_set_object_member(r->extra, "settings", settings);
	without = report_page(r, REPORT_ALL);
	assert_null(strstr(without, "settings"));
	json_object_set_string_member(settings, "devices.nic", "virtio");
	json_object_set_string_member(settings, "first.cmdline", "iommu=pt \033[31m");
	with = report_page(r, REPORT_ALL);
	assert_non_null(strstr(with, "\nsettings      devices.nic=virtio; first.cmdline=iommu=pt [31m\n"));
	report_free(r);
}

/* Colours add escape sequences and nothing else. */
static void test_colour(void **state)
{
	struct run_report *r = full();
	g_autofree char *plain = report_page(r, REPORT_ALL), *shown = report_page(r, REPORT_ALL | REPORT_COLOUR);
	g_autoptr(GRegex) escape = g_regex_new("\033\\[[0-9]*m", 0, 0, NULL);
	g_autofree char *stripped = g_regex_replace(escape, shown, -1, 0, "", 0, NULL);

	(void)state;
	assert_non_null(strstr(shown, "\033[31m"));
	assert_string_equal(stripped, plain);
	report_free(r);
}

/* The outcome comes first, then what needs a look, worst first; what passed is a number, unless all is asked for. */
static void test_order(void **state)
{
	struct run_report *r = report_new("kdump");
	g_autofree char *page = NULL, *all = NULL, *line = NULL;

	(void)state;
	verdict_add(r->verdict, "rig", CHECK_PASS, OUTCOME_INCONCLUSIVE, "fine");
	verdict_add(r->verdict, "iova-not-retargeted", CHECK_FAIL, OUTCOME_COPY_WRONG, "as ever")->expect_fail = true;
	verdict_add(r->verdict, "no-faults", CHECK_NO_EVIDENCE, OUTCOME_DMA_LOST, "nothing seen");
	verdict_add(r->verdict, "irte-equal", CHECK_SKIP, OUTCOME_COPY_WRONG, "no remapping");
	verdict_add(r->verdict, "leaves-equal", CHECK_FAIL, OUTCOME_COPY_WRONG, "3 of 4");
	verdict_conclude(r->verdict, false);
	page = report_page(r, 0);
	assert_true(g_str_has_prefix(page, "outcome       copy-wrong (exit 1)\n"));
	assert_true(strstr(page, "leaves-equal             FAIL") < strstr(page, "no-faults                none"));
	assert_true(strstr(page, "no-faults                none") < strstr(page, "iova-not-retargeted      fail*"));
	assert_true(strstr(page, "iova-not-retargeted      fail*") < strstr(page, "\nscenario      kdump\n"));
	assert_non_null(strstr(page, "\n1 check passes, 1 does not apply; -v shows them, as summary.txt does\n"));
	assert_null(strstr(page, "\nrig "));
	all = report_page(r, REPORT_ALL);
	assert_true(strstr(all, "iova-not-retargeted      fail*") <
		    strstr(all, "\nrig                      pass   fine\n"));
	assert_null(strstr(all, "does not apply"));
	r->run_dir = g_strdup("/r/1");
	r->duration_s = 12.3;
	line = report_line(r);
	assert_string_equal(line, "copy-wrong (exit 1)  12 s  /r/1  leaves-equal\n");
	for (unsigned i = 0; i < 4; i++)
		verdict_add(r->verdict, "other", CHECK_FAIL, OUTCOME_COPY_WRONG, "");
	g_free(line);
	line = report_line(r);
	assert_true(g_str_has_suffix(line, "  leaves-equal, other, other and 2 more\n"));
	report_free(r);
}

/* The line to run it again is one for a shell, with all that was set. */
static void test_repeat(void **state)
{
	struct run_report *r = report_new("kdump");
	JsonObject *settings = json_object_new(), *domain = json_object_new();
	g_autofree char *page = NULL;

	(void)state;
	json_object_set_string_member(settings, "crash.cmdline", "a=1 b");
	json_object_set_string_member(settings, "iommu.mode", "off");
	json_object_set_object_member(r->extra, "settings", settings);
	r->env.qemu_path = g_strdup("/opt/q e/qemu");
	r->env.vmm = g_strdup("libvirt");
	r->env.modules = g_strdup("/lib/modules/x y");
	r->env.reference = g_strdup("debian-6.1");
	page = report_page(r, 0);
	assert_non_null(strstr(
		page, "\nrepeat        vtdlab run kdump --set 'crash.cmdline=a=1 b' --set iommu.mode=off "
		      "--qemu '/opt/q e/qemu' --vmm libvirt --modules '/lib/modules/x y' --reference debian-6.1\n"));
	g_clear_pointer(&r->env.modules, g_free);
	g_clear_pointer(&r->env.reference, g_free);
	/* one that is not the lab's own is run again from its own copy; a domain brings its VMM with it */
	g_free(r->scenario);
	r->scenario = g_strdup("mine");
	r->run_dir = g_strdup("/r/1");
	json_object_set_string_member(domain, "file", "/d/x.xml");
	json_object_set_object_member(r->extra, "domain", domain);
	g_free(page);
	page = report_page(r, 0);
	assert_non_null(strstr(
		page, "\nrepeat        vtdlab run /r/1/scenario.conf --domain /d/x.xml --qemu '/opt/q e/qemu'\n"));
	/* but for a libvirt that was named */
	r->env.vmm_uri = g_strdup("qemu:///session");
	g_free(page);
	page = report_page(r, 0);
	assert_non_null(strstr(page, "--qemu '/opt/q e/qemu' --vmm libvirt:qemu:///session\n"));
	report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),	       cmocka_unit_test(test_strict),
		cmocka_unit_test(test_second_attempt), cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_series),	       cmocka_unit_test(test_json),
		cmocka_unit_test(test_emulated_host),  cmocka_unit_test(test_summary),
		cmocka_unit_test(test_colour),	       cmocka_unit_test(test_order),
		cmocka_unit_test(test_repeat),	       cmocka_unit_test(test_next),
		cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
