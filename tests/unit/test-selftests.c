/* SPDX-License-Identifier: GPL-2.0-only */
/* What the probe and the kernel's selftests write, and who is the cheaper one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/error.h"
#include "results/probe-log.h"
#include "results/selftest-pairs.h"

#define RUN "run vm=0 vcpu=0 n=0 start=100 end=250 cpu=140 faults=7\n"
#define END "end vcpus=1 runs=1 lost=0\n"

static void test_probe_reads(void **state)
{
	struct probe_log *log =
		probe_parse("kvmperf: a warning\nprobe 1\n" RUN "slot vm=0 slot=7 flags=1 size=4096 ns=1031 cpu=31\n"
			    "slot vm=0 slot=7 flags=0 size=0 ns=1032 cpu=32\nget ns=33\nclear ns=34\n" END
			    "what comes later is not read\n",
			    NULL);
	const struct probe_run *run;
	const struct probe_call *call;

	(void)state;
	assert_non_null(log);
	assert_int_equal(log->runs->len, 1);
	run = &g_array_index(log->runs, struct probe_run, 0);
	assert_true(run->start == 100 && run->end == 250 && run->cpu == 140 && run->faults == 7);
	assert_int_equal(log->calls->len, 4);
	call = &g_array_index(log->calls, struct probe_call, 0);
	assert_true(call[0].kind == PROBE_SLOT && call[0].slot == 7 && call[0].size == 4096);
	assert_true(call[0].ns == 1031 && call[0].cpu == 31);
	assert_true(call[1].kind == PROBE_SLOT && call[1].size == 0);
	assert_true(call[2].kind == PROBE_GET && call[2].ns == 33);
	assert_true(call[3].kind == PROBE_CLEAR && call[3].ns == 34);
	probe_free(log);
}

static void probe_fails(const char *text, const char *why)
{
	GError *error = NULL;

	assert_null(probe_parse(text, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_CANNOT_JUDGE));
	if (!strstr(error->message, why) || strchr(error->message, '\n') || strchr(error->message, '\033'))
		fail_msg("'%s' instead of '%s'", error->message, why);
	g_clear_error(&error);
}

static void test_probe_refuses(void **state)
{
	g_autoptr(GString) many = g_string_new("probe 1\n");

	(void)state;
	probe_fails("", "there is none");
	probe_fails(RUN END, "there is none");
	probe_fails("probe 1\n" RUN, "a line that is none"); /* the last one is empty */
	probe_fails("probe 1\n" RUN "get ns=1", "it has no end");
	probe_fails("probe 1\nrun vm=0 vcpu=0 n=0 start=100 end=250 cpu=140\n" END, "a line that is none");
	probe_fails("probe 1\nrun vm=0 vcpu=0 n=0 start=100 end=250 cpu=140 faults=-7\n" END, "a line that is none");
	probe_fails("probe 1\nrun vm=0 vcpu=0 n=0 start=100 end=250 cpu=140 faults=7 x=8\n" END, "a line that is none");
	probe_fails("probe 1\nrun vcpu=0 vm=0 n=0 start=100 end=250 cpu=140 faults=7\n" END, "a line that is none");
	probe_fails("probe 1\nrun vm=0 vcpu=0 n=0 start=100 end=99 cpu=140 faults=7\n" END, "ends before it starts");
	probe_fails("probe 1\nget ns=99999999999999999999\n" END, "a line that is none");
	probe_fails("probe 1\nslot ns=1\n" END, "a line that is none");
	probe_fails("probe 1\n\033[2Jx\n" END, "a line that is none");
	probe_fails("probe 1\n" RUN "end vcpus=1 runs=1 lost=3\n", "not room for all");
	probe_fails("probe 1\n" RUN "end vcpus=1 runs=1\n", "a line that is none");
	for (int i = 0; i < 20000; i++)
		g_string_append(many, "get ns=1\n");
	g_string_append(many, END);
	probe_fails(many->str, "too many lines");
}

static void times_are(const char *text, const char *what, unsigned n, uint64_t first)
{
	GArray *ns = g_array_new(FALSE, FALSE, sizeof(uint64_t));

	assert_int_equal(selftest_times(text, what, ns), n);
	assert_int_equal(ns->len, n);
	if (n && g_array_index(ns, uint64_t, 0) != first)
		fail_msg("%llu ns", (unsigned long long)g_array_index(ns, uint64_t, 0));
	g_array_unref(ns);
}

static void test_selftest_times(void **state)
{
	static const char text[] = "Testing guest mode: PA-bits:ANY\n"
				   "Total guest execution time: 0.050602703s\n"
				   "Overall demand paging rate: 7759.157568 pgs/sec\n"
				   "Iteration 1 dirty memory time: 1.007979221s\r\n"
				   "Iteration 12 dirty memory time: 0.014730777s\n"
				   "Iteration 2 get dirty log time: 0.000002808s\n";

	(void)state;
	times_are(text, "Total guest execution time", 1, 50602703);
	/* nine digits are nanoseconds: 1.007979221 s is no 1 s and 10^8ths */
	times_are(text, "Iteration # dirty memory time", 2, 1007979221);
	times_are(text, "Iteration # get dirty log time", 1, 2808);
	times_are(text, "Iteration # clear dirty log time", 0, 0);
	times_are(text, "Overall demand paging rate", 0, 0);
	times_are("Total guest execution time: 0.05s\n", "Total guest execution time", 0, 0);
	times_are("Total guest execution time: 0.050602703\n", "Total guest execution time", 0, 0);
	times_are("Total guest execution time: -1.050602703s\n", "Total guest execution time", 0, 0);
	times_are("Total guest execution time: 99999999999.050602703s\n", "Total guest execution time", 0, 0);
	times_are("Iteration x dirty memory time: 0.014730777s\n", "Iteration # dirty memory time", 0, 0);
	times_are("", "Total guest execution time", 0, 0);
}

/* ---- pairs ---- */

static const struct selftest_pair *pair_named(const char *name)
{
	for (const struct selftest_pair *p = selftest_pairs; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	fail_msg("no pair '%s'", name);
	return NULL;
}

/* A report with one run of one vCPU for each of @n, all with the same figures. */
static char *report(unsigned n, uint64_t cpu, uint64_t faults)
{
	GString *text = g_string_new("probe 1\n");

	for (unsigned i = 0; i < n; i++)
		g_string_append_printf(text,
				       "run vm=0 vcpu=0 n=%u start=%u end=%" G_GUINT64_FORMAT " cpu=%" G_GUINT64_FORMAT
				       " faults=%" G_GUINT64_FORMAT "\n",
				       i, i * 10, i * 10 + cpu + 1, cpu, faults);
	g_string_append(text, END);
	return g_string_free(text, FALSE);
}

static struct selftest_result *measured(uint64_t theirs, uint64_t their_faults, uint64_t ours, uint64_t our_faults)
{
	struct selftest_result *r = selftest_new(pair_named("demand-paging"));
	g_autofree char *a = report(1, theirs, their_faults), *b = report(3, ours, our_faults);

	assert_true(selftest_add(r, false, "Total guest execution time: 0.050602703s\n", a, NULL));
	assert_true(selftest_add(r, true, "", b, NULL));
	return r;
}

/* How many steps are worse, and a word of the first line about them. */
static void judged(struct selftest_result *r, unsigned worse, const char *word)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)selftest_free);
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(all, r);
	assert_int_equal(selftest_worse(all, lines), worse);
	assert_int_equal(selftest_worse(all, NULL), worse);
	assert_int_equal(lines->len, worse);
	if (worse && !strstr(lines->pdata[0], word))
		fail_msg("'%s' does not say '%s'", (char *)lines->pdata[0], word);
}

static void test_cheaper_passes(void **state)
{
	(void)state;
	judged(measured(41270467, 4114, 40961274, 4096), 0, NULL);
	judged(measured(41000000, 4096, 41000000, 4096), 0, NULL);
}

static void test_worse_is_seen(void **state)
{
	(void)state;
	judged(measured(41000000, 4096, 41100000, 4096), 1, "costs 1.002");
	/* cheaper in all, but not for each fault: the original took more of them */
	judged(measured(41270467, 4114, 41200000, 4096), 1, "costs 1.003");
}

static void test_other_faults_are_seen(void **state)
{
	(void)state;
	judged(measured(41270467, 4114, 20000000, 2048), 1, "took 2048 faults for 4096 pages");
	judged(measured(41270467, 4114, 41000000, 4115), 1, "took 4115 faults");
}

/* Of several rounds the median counts; one disturbed run changes nothing. */
static void test_median_counts(void **state)
{
	struct selftest_result *r = measured(41000000, 4096, 40000000, 4096);
	g_autofree char *a = report(1, 41000001, 4096), *b = report(3, 90000000, 4096), *c = report(3, 40000001, 4096);

	(void)state;
	assert_true(selftest_add(r, false, "Total guest execution time: 0.050602703s\n", a, NULL));
	assert_true(selftest_add(r, true, "", b, NULL));
	assert_true(selftest_add(r, true, "", c, NULL));
	judged(r, 0, NULL);
}

static void add_fails(bool ours, const char *out, const char *err, const char *why)
{
	struct selftest_result *r = selftest_new(pair_named("demand-paging"));
	GError *error = NULL;

	assert_false(selftest_add(r, ours, out, err, &error));
	if (!strstr(error->message, why))
		fail_msg("'%s' instead of '%s'", error->message, why);
	g_clear_error(&error);
	selftest_free(r);
}

static void test_incomplete_is_refused(void **state)
{
	g_autofree char *one = report(1, 5, 5);

	(void)state;
	add_fails(true, "", one, "0 instead of 1 vCPUs have a KVM_RUN number 1");
	add_fails(false, "", one, "does not print 'Total guest execution time'");
	add_fails(false, "", "nothing\n", "there is none");
}

/* A VM made only to see what can be is not what is measured. */
static void test_last_vm_counts(void **state)
{
	struct selftest_result *r = measured(41000000, 4096, 41000000, 4096);

	(void)state;
	assert_true(selftest_add(r, true, "",
				 "probe 1\nrun vm=0 vcpu=0 n=1 start=1 end=2 cpu=1 faults=1\n"
				 "run vm=1 vcpu=0 n=1 start=1 end=2 cpu=40000000 faults=4096\n" END,
				 NULL));
	judged(r, 0, NULL);
}

/* Slots 0 and 1 are the VM's own memory, and count in neither. */
static void test_calls(void **state)
{
	struct selftest_result *r = selftest_new(pair_named("memslot-churn"));
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)selftest_free);
	g_autofree char *table = NULL;

	(void)state;
	assert_true(selftest_add(
		r, false, "",
		"probe 1\nslot vm=0 slot=1 flags=0 size=4096 ns=1001 cpu=1\n"
		"slot vm=0 slot=7 flags=0 size=4096 ns=1030 cpu=30\nslot vm=0 slot=7 flags=0 size=0 ns=1400 cpu=400\n" END,
		NULL));
	assert_true(selftest_add(
		r, true, "",
		"probe 1\nslot vm=0 slot=0 flags=0 size=0 ns=1009 cpu=9\n"
		"slot vm=0 slot=2 flags=0 size=4096 ns=1031 cpu=31\nslot vm=0 slot=2 flags=0 size=0 ns=1040 cpu=40\n" END,
		NULL));
	g_ptr_array_add(all, r);
	table = selftest_table(all, true);
	assert_non_null(strstr(table, "| memslot-churn | add | - | - | - | 30 | 31 | (1.033) |"));
	assert_non_null(strstr(table, "| memslot-churn | remove | - | - | - | 400 | 40 | (0.100) |"));
	/* no fault, no verdict */
	assert_int_equal(selftest_worse(all, NULL), 0);
}

/* Of the looks at a dirty log the shortest one counts. */
static void dirty_log(uint64_t theirs, uint64_t ours, unsigned worse)
{
	static const char printed[] =
		"Populate memory time: 0.000000001s\nIteration 1 dirty memory time: 0.000000001s\n"
		"Iteration 1 get dirty log time: 0.000000001s\n";
	struct selftest_result *r = selftest_new(pair_named("dirty-log, get"));

	for (unsigned i = 0; i < 2; i++) {
		g_autofree char *runs = report(10, 1000, 4096), *gets = NULL;

		*strstr(runs, END) = '\0';
		gets = g_strdup_printf("%sget ns=999\nget ns=%" G_GUINT64_FORMAT "\nget ns=9999\n" END, runs,
				       i ? ours : theirs);
		assert_true(selftest_add(r, i, i ? "" : printed, gets, NULL));
	}
	judged(r, worse, "dirty-log, get, get: kvmperf costs");
}

static void test_shortest_call_counts(void **state)
{
	(void)state;
	dirty_log(500, 500, 0);
	dirty_log(500, 499, 0);
	dirty_log(500, 501, 1);
}

static void test_skip_is_shown(void **state)
{
	struct selftest_result *r = selftest_new(pair_named("access-tracking"));
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)selftest_free);
	g_autofree char *text = NULL, *markdown = NULL;
	JsonArray *json;

	(void)state;
	selftest_skip(r, "no page_idle | here\nat all");
	g_ptr_array_add(all, r);
	text = selftest_table(all, false);
	markdown = selftest_table(all, true);
	assert_non_null(strstr(text, "skip: no page_idle   here at all\n"));
	assert_non_null(strstr(markdown, "| access-tracking | skip: no page_idle   here at all | |"));
	assert_int_equal(selftest_worse(all, NULL), 0);
	json = selftest_json(all);
	assert_string_equal(json_object_get_string_member(json_array_get_object_element(json, 0), "skip"),
			    "no page_idle   here at all");
	json_array_unref(json);
}

static void test_json_has_every_run(void **state)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)selftest_free);
	JsonObject *step, *ours;
	JsonArray *json;

	(void)state;
	g_ptr_array_add(all, measured(41270467, 4114, 40961274, 4096));
	json = selftest_json(all);
	step = json_array_get_object_element(
		json_object_get_array_member(json_array_get_object_element(json, 0), "steps"), 0);
	ours = json_object_get_object_member(step, "kvmperf");
	assert_int_equal(json_object_get_int_member(ours, "ns"), 40961274);
	assert_int_equal(json_object_get_int_member(ours, "faults"), 4096);
	assert_int_equal(json_array_get_length(json_object_get_array_member(ours, "ns_runs")), 1);
	assert_true(json_object_get_double_member(step, "ratio") == 0.997);
	assert_int_equal(json_array_get_int_element(json_object_get_array_member(step, "printed_ns"), 0), 50602703);
	json_array_unref(json);
}

/* Both columns of a row are of the same work: what the names and options of a pair say. */
static void test_pairs_are_sane(void **state)
{
	(void)state;
	for (const struct selftest_pair *p = selftest_pairs; p->name; p++) {
		assert_non_null(p->step[0].name);
		assert_true(p->vcpus && p->pages == (uint64_t)4096 * p->vcpus);
		assert_non_null(strstr(p->theirs, "_test -b 16M -v "));
		for (unsigned i = 0; i < SELFTEST_STEPS && p->step[i].name; i++)
			assert_true((p->step[i].what > SELFTEST_CPU) == !p->step[i].passes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_probe_reads),	     cmocka_unit_test(test_probe_refuses),
		cmocka_unit_test(test_selftest_times),	     cmocka_unit_test(test_cheaper_passes),
		cmocka_unit_test(test_worse_is_seen),	     cmocka_unit_test(test_other_faults_are_seen),
		cmocka_unit_test(test_median_counts),	     cmocka_unit_test(test_incomplete_is_refused),
		cmocka_unit_test(test_last_vm_counts),	     cmocka_unit_test(test_calls),
		cmocka_unit_test(test_shortest_call_counts), cmocka_unit_test(test_skip_is_shown),
		cmocka_unit_test(test_json_has_every_run),   cmocka_unit_test(test_pairs_are_sane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
