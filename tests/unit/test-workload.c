/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * first.workload without a VM: what a made-up agent answers, and signs of life of a nested guest in
 * made-up RAM, found by the tables of the fixture's SATA controller.
 */
#include "fake-agent.h"

#include "base/error.h"
#include "observe/workload-signs.h"
#include "run/numbers.h"

#define PAGES 4
#define PA UINT64_C(0x2000000)
#define MARK UINT64_C(0x5a01004000000000)
#define COPIES_AT (UINT64_C(3) * 4096 + 64)

struct lab {
	struct fake_agent *agent;
	struct run *run;
	const char *cpuinfo, *report; /* what the guest answers */
	bool guest_stands, device_stands;
	uint64_t pass, copies;
	guint timer;
};

static void put(struct lab *l, uint64_t pa, uint64_t value)
{
	uint64_t le = GUINT64_TO_LE(value);

	assert_int_equal(machine_write_phys(l->run->at.m, pa, &le, sizeof(le)), 0);
}

/* A pass of the guest over all of its pages; a copy by the device. */
static void live(struct lab *l)
{
	for (uint64_t i = 0; i < PAGES; i++)
		put(l, PA + i * 8192, MARK + i * 4096 + l->pass);
	put(l, PA + 3 * 8192 + 64, l->copies);
}

static gboolean go_on(gpointer data)
{
	struct lab *l = data;

	l->pass += !l->guest_stands;
	l->copies += l->device_stands ? 0 : 2;
	live(l);
	return G_SOURCE_CONTINUE;
}

static void obey(struct fake_agent *a, const char *cmd, JsonObject *request)
{
	struct lab *l = a->data;
	g_autofree char *escaped = g_strescape(l->cpuinfo, NULL), *members = NULL;

	(void)request;
	if (strcmp(cmd, "read-file") == 0)
		members = g_strdup_printf("\"ok\":true,\"t_ns\":5,\"text\":\"%s\",\"next\":-1", escaped);
	else if (strcmp(cmd, "spawn") == 0)
		members = g_strdup_printf("\"ok\":true,\"t_ns\":5,\"pid\":7,\"report\":%s", l->report);
	fake_agent_say(a, members ? members : "\"ok\":true,\"t_ns\":5");
}

/* The tables of the first kernel, and four pages of the guest's at IOVA 0, each somewhere else. */
static void map_guest(struct lab *l)
{
	struct good_run *good = l->agent->fake->good;
	struct tables *t = &good->ram[AT_PANIC];

	for (uint64_t i = 0; i < PAGES; i++)
		good_map(good, AT_PANIC, SATA, i * 4096, PA + i * 8192, 1);
	good_walk(good, AT_PANIC, NULL);
	assert_int_equal(machine_write_phys(l->run->at.m, 0, t->bytes, t->n_pages * 4096), 0);
	iommu_events_take(l->run->iommu, &(struct trace_event){ .kind = TRACE_DMAR_ROOT, .a = good->old_root });
}

static int setup(void **state)
{
	struct lab *l = g_new0(struct lab, 1);

	l->agent = fake_agent_new(obey, l);
	l->run = &l->agent->fake->run;
	l->cpuinfo = "\nflags : fpu svm\n";
	l->pass = 1;
	l->copies = 2;
	map_guest(l);
	live(l);
	l->timer = g_timeout_add(5, go_on, l);
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct lab *l = *state;

	g_source_remove(l->timer);
	fake_agent_free(l->agent);
	g_free(l);
	return 0;
}

static struct evidence_workload *nested(struct lab *l)
{
	struct evidence_workload w = { .sid = SATA,
				       .nested = true,
				       .dma = true,
				       .pages = PAGES,
				       .page_bytes = 4096,
				       .mark = MARK,
				       .copies_at = COPIES_AT };

	if (!l->run->at.ev->workloads->len)
		g_array_append_val(l->run->at.ev->workloads, w);
	return &g_array_index(l->run->at.ev->workloads, struct evidence_workload, 0);
}

/* ---- signs of life ---- */

static bool alive(struct lab *l, GError **error)
{
	return workload_alive(&l->run->at, l->run->iommu, error);
}

static void both_are_seen_to_go_on(void **state)
{
	struct lab *l = *state;
	struct evidence_workload *w = nested(l);

	assert_true(alive(l, NULL));
	assert_true(w->pass_now > w->pass_then && w->copies_now > w->copies_then);
	assert_true(w->seen_ns > 0 && w->seen_ns <= machine_now_ns());
}

static void not_alive(struct lab *l)
{
	g_autoptr(GError) error = NULL;

	/* no patience: the least that a deadline can be */
	l->agent->fake->good->sc->timeout_s = 0;
	assert_false(alive(l, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_CANNOT_JUDGE));
	assert_non_null(strstr(error->message, "a further pass of the nested guest"));
}

static void a_guest_that_stands_still(void **state)
{
	struct lab *l = *state;

	nested(l);
	l->guest_stands = true;
	not_alive(l);
}

static void a_device_that_stands_still(void **state)
{
	struct lab *l = *state;

	nested(l);
	l->device_stands = true;
	not_alive(l);
}

/* The last page leads nowhere; or to memory that is not the guest's. */
static void tables_that_lead_elsewhere(void **state)
{
	struct lab *l = *state;

	nested(l)->mark += UINT64_C(1) << 40;
	not_alive(l);
	nested(l)->mark = MARK;
	nested(l)->pages = PAGES + 1;
	not_alive(l);
}

static void no_root_table(void **state)
{
	struct lab *l = *state;

	nested(l);
	iommu_events_free(l->run->iommu);
	l->run->iommu = iommu_events_new(&l->run->at);
	not_alive(l);
}

static void nobody_to_wait_for(void **state)
{
	struct lab *l = *state;

	assert_true(alive(l, NULL));
	nested(l)->nested = false;
	assert_true(alive(l, NULL));
	nested(l);
	l->agent->fake->good->sc->machine.observe = false;
	assert_true(alive(l, NULL));
}

/* ---- at the panic ---- */

static void all_pages_are_the_guests(void **state)
{
	struct lab *l = *state;
	struct evidence_workload *w = nested(l);

	l->pass = 9;
	l->copies = 6;
	live(l);
	/* the guest was stopped in the middle of a pass */
	put(l, PA, MARK + 10);
	workload_at_panic(&l->run->at);
	assert_int_equal(w->marked, PAGES);
	assert_int_equal(w->pass_low, 9);
	assert_int_equal(w->pass_high, 10);
	assert_int_equal(w->copies_last, 6);
}

static void a_page_that_is_not(void **state)
{
	struct lab *l = *state;
	struct evidence_workload *w = nested(l);

	/* what the guest wrote to another page */
	put(l, PA + 8192, MARK + 2 * 4096 + l->pass);
	workload_at_panic(&l->run->at);
	assert_int_equal(w->marked, PAGES);
	assert_int_equal(w->pass_high, 4096 + l->pass);
	put(l, PA + 8192, MARK + l->pass);
	w->marked = 0;
	workload_at_panic(&l->run->at);
	assert_int_equal(w->marked, PAGES - 1);
}

static void no_tables_to_look_by(void **state)
{
	struct lab *l = *state;
	struct evidence_workload *w = nested(l);

	w->sid = 0x20;
	workload_at_panic(&l->run->at);
	w->sid = SATA;
	good_no_walk(l->agent->fake->good, AT_PANIC);
	workload_at_panic(&l->run->at);
	assert_int_equal(w->marked, 0);
}

/* ---- what the program reports ---- */

static bool start(struct lab *l, const char *set, const char *report, GError **error)
{
	assert_true(scenario_set(l->agent->fake->good->sc, set, NULL));
	l->report = report;
	return workload_run(l->run, error);
}

static void refused(struct lab *l, const char *set, const char *report, int code, const char *word)
{
	g_autoptr(GError) error = NULL;

	assert_false(start(l, set, report, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, code));
	if (!strstr(error->message, word))
		fail_msg("%s; wanted: %s", error->message, word);
	assert_int_equal(l->run->at.ev->workloads->len, 0);
}

#define NESTED "first.workload=nested memory=1M"
#define NESTED_2M "first.workload=nested memory=2M page=2m"
#define MAPPED "first.workload=vfio-map pages=3"
#define REPORT(bdf, bytes, page)                                  \
	"{\"bdf\":\"" bdf "\",\"bytes\":" bytes ",\"page\":" page \
	",\"map_ns\":5,\"mark\":\"0x5a00\",\"copies_at\":\"0xff040\"}"

static void a_guest_begins(void **state)
{
	struct lab *l = *state;
	const struct evidence_workload *w;
	JsonObject *o;

	assert_true(start(l, NESTED, REPORT("0000:00:04.0", "1048576", "4096"), NULL));
	assert_int_equal(l->run->at.ev->workloads->len, 1);
	w = &g_array_index(l->run->at.ev->workloads, struct evidence_workload, 0);
	assert_int_equal(w->sid, 0x20);
	assert_true(w->nested && w->dma);
	assert_int_equal(w->pages, 256);
	assert_int_equal(w->page_bytes, 4096);
	assert_int_equal(w->mark, 0x5a00);
	assert_int_equal(w->copies_at, 0xff040);
	o = json_object_get_object_member(l->run->report->extra, "workload");
	assert_string_equal(json_object_get_string_member(o, "name"), "nested");
	assert_string_equal(json_object_get_string_member(o, "first_iova"), "0x0");
	assert_string_equal(json_object_get_string_member(o, "last_iova"), "0xff000");
	assert_int_equal(json_object_get_int_member(o, "map_ns"), 5);
	/* nothing was compared yet; nothing of this device is mapped */
	numbers_add(l->run->report->extra, l->run->at.ev);
	assert_int_equal(json_object_get_int_member(o, "same_pages_4k"), 0);
	assert_false(json_object_has_member(o, "mapped_leaves"));
}

static void another_guest_than_asked_for(void **state)
{
	struct lab *l = *state;
	const int cannot = VTDLAB_ERROR_CANNOT_JUDGE;

	refused(l, NESTED, REPORT("0000:00:04.0", "524288", "4096"), cannot,
		"/sbin/kvmperf does not report the 256 pages");
	refused(l, NESTED, REPORT("0000:00:04.0", "1048576", "2097152"), cannot, "does not report");
	refused(l, NESTED, REPORT("edu", "1048576", "4096"), cannot, "does not report");
	refused(l, NESTED, "{}", cannot, "does not report");
	refused(l, NESTED, "[]", cannot, "does not report");
	refused(l, NESTED_2M, REPORT("0000:00:04.0", "2097152", "4096"), cannot, "does not report the 1 pages");
}

static void a_cpu_without_virtualisation(void **state)
{
	struct lab *l = *state;

	l->cpuinfo = "\nflags : fpu\n";
	refused(l, NESTED, REPORT("0000:00:04.0", "1048576", "4096"), VTDLAB_ERROR_UNFIT,
		"the CPU of L1 has neither SVM nor VMX");
}

static void a_load_of_pages(void **state)
{
	struct lab *l = *state;
	const struct evidence_workload *w;

	l->cpuinfo = "";
	refused(l, MAPPED, "{\"bdf\":\"0000:00:04.0\",\"pages\":2}", VTDLAB_ERROR_CANNOT_JUDGE,
		"/sbin/dma-load does not report the 3 pages");
	assert_true(start(l, MAPPED,
			  "{\"bdf\":\"0000:00:04.0\",\"pages\":3,\"maps\":3,\"first\":\"0x1000\","
			  "\"last\":\"0x3000\",\"ns\":9,\"dma\":true}",
			  NULL));
	w = &g_array_index(l->run->at.ev->workloads, struct evidence_workload, 0);
	assert_true(w->dma && !w->nested && w->pages == 3);
}

/* What is mapped, and how much of it stays where it leads. */
static void what_was_compared_is_counted(void **state)
{
	struct lab *l = *state;
	struct good_run *good = l->agent->fake->good;
	JsonObject *o = json_object_new();

	json_object_set_object_member(l->run->report->extra, "workload", o);
	nested(l)->marked = 4;
	for (uint64_t i = 0; i < PAGES; i++)
		good_map(good, COPIED, SATA, i * 4096, PA + (i ? i : 1) * 8192, 1);
	good_walk(good, COPIED, NULL);
	numbers_add(l->run->report->extra, l->run->at.ev);
	/* four more are of the fixture */
	assert_int_equal(json_object_get_int_member(o, "mapped_pages_4k"), PAGES + 4);
	assert_int_equal(json_object_get_int_member(o, "mapped_leaves"), PAGES + 4);
	assert_int_equal(json_object_get_int_member(o, "same_pages_4k"), PAGES + 3);
	assert_int_equal(json_object_get_int_member(o, "pages_of_guest"), 4);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(both_are_seen_to_go_on),
		TEST(a_guest_that_stands_still),
		TEST(a_device_that_stands_still),
		TEST(tables_that_lead_elsewhere),
		TEST(no_root_table),
		TEST(nobody_to_wait_for),
		TEST(all_pages_are_the_guests),
		TEST(a_page_that_is_not),
		TEST(no_tables_to_look_by),
		TEST(a_guest_begins),
		TEST(another_guest_than_asked_for),
		TEST(a_cpu_without_virtualisation),
		TEST(a_load_of_pages),
		TEST(what_was_compared_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
