/* SPDX-License-Identifier: GPL-2.0-only */
/* The check `workload-alive`, and what `leaves-equal` says of the workload's pages. */
#include "evidence-fixture.h"

#define ALIVE "workload-alive"
#define MARK UINT64_C(0x5a01000000000000)

/* The SATA controller plays the device that the four pages of its tables were mapped for. */
static struct evidence_workload *add_workload(struct good_run *f, bool is_nested)
{
	struct evidence_workload w = { .sid = SATA, .nested = is_nested, .dma = true, .pages = 4, .page_bytes = 4096 };

	assert_true(scenario_set(
		f->sc, is_nested ? "first.workload=nested memory=1M" : "first.workload=vfio-map pages=4", NULL));
	g_array_append_val(f->ev->workloads, w);
	good_requester(f, SATA, AT(-20));
	return &g_array_index(f->ev->workloads, struct evidence_workload, f->ev->workloads->len - 1);
}

static struct evidence_workload *add_nested(struct good_run *f)
{
	struct evidence_workload *w = add_workload(f, true);

	w->mark = MARK;
	w->copies_at = SATA_IOVA;
	w->pass_then = 3;
	w->pass_now = 5;
	w->copies_then = 2;
	w->copies_now = 4;
	w->seen_ns = AT(-10);
	w->marked = 4;
	w->pass_low = 6;
	w->pass_high = 7;
	w->copies_last = 4;
	return w;
}

static void none(void **state)
{
	want(*state, ALIVE, CHECK_SKIP, "no first.workload", NULL);
}

static void mapped(void **state)
{
	struct good_run *f = *state;

	add_workload(f, false);
	want(f, ALIVE, CHECK_PASS, "0000:00:1f.2: 4 of 4 pages mapped at the panic, by 4 leaves", NULL);
	want_not(f, "L2");
	want(f, "leaves-equal", CHECK_PASS, ", 4 pages of 0000:00:1f.2 among them", NULL);
	want_outcome(f, "preserved", 0);
}

static void never_began(void **state)
{
	struct good_run *f = *state;

	add_workload(f, false);
	g_array_set_size(f->ev->workloads, 0);
	want(f, ALIVE, CHECK_NO_EVIDENCE, "never said that it had begun", NULL);
	want_outcome(f, "inconclusive", 125);
}

static void no_tables(void **state)
{
	struct good_run *f = *state;

	add_workload(f, false);
	good_no_walk(f, AT_PANIC);
	want(f, ALIVE, CHECK_NO_EVIDENCE, "no tables were read", NULL);
}

static void truncated(void **state)
{
	struct good_run *f = *state;
	const struct vtd_walk_options limits = { .max_runs = 8 };

	add_workload(f, false);
	good_walk(f, AT_PANIC, &limits);
	want(f, ALIVE, CHECK_NO_EVIDENCE, "met a limit (runs)", NULL);
}

static void no_panic(void **state)
{
	struct good_run *f = *state;

	add_workload(f, false);
	f->ev->trigger_ns = 0;
	want(f, ALIVE, CHECK_NO_EVIDENCE, "never asked for", NULL);
}

/* One page fewer than was asked for, and one more. */
static void pages_missing(void **state)
{
	struct good_run *f = *state;

	add_workload(f, false);
	*good_pte(f, AT_PANIC, SATA, SATA_IOVA + 0x3000) = 0;
	good_walk(f, AT_PANIC, NULL);
	want(f, ALIVE, CHECK_FAIL, "3 of 4 pages", NULL);
	want_outcome(f, "inconclusive", 125);
	good_map(f, AT_PANIC, SATA, SATA_IOVA + 0x3000, 0x5003000, 2);
	good_walk(f, AT_PANIC, NULL);
	want(f, ALIVE, CHECK_FAIL, "5 of 4 pages", NULL);
}

static void no_entry(void **state)
{
	struct good_run *f = *state;

	add_workload(f, false);
	good_entry(f, AT_PANIC, SATA)[0] = 0;
	good_walk(f, AT_PANIC, NULL);
	want(f, ALIVE, CHECK_FAIL, "0000:00:1f.2 has no tables", NULL);
}

static void passed_through(void **state)
{
	struct good_run *f = *state;

	add_workload(f, false);
	want(f, ALIVE, CHECK_FAIL, "0000:00:1f.2 has no tables", NULL);
}

/* All that was to be mapped is, but not by leaves of that size. */
static void other_size(void **state)
{
	struct good_run *f = *state;
	struct evidence_workload *w = add_workload(f, false);

	w->pages = 2;
	w->page_bytes = 8192;
	want(f, ALIVE, CHECK_FAIL, "4 of 4 pages", "by 4 leaves instead of 2 of 8 KiB", NULL);
}

static void no_dma(void **state)
{
	struct good_run *f = *state;
	struct evidence_workload *w = add_workload(f, false);
	struct evidence_requester *r;

	r = &g_array_index(f->ev->requesters, struct evidence_requester, f->ev->requesters->len - 1);
	r->first_ns = AT(10);
	want(f, ALIVE, CHECK_FAIL, "the trace shows no DMA of it before the panic", NULL);
	r->first_ns = AT(-20);
	r->sid = 0x20;
	want(f, ALIVE, CHECK_FAIL, "the trace shows no DMA", NULL);
	/* a device that reaches none of the pages says so itself */
	w->dma = false;
	want(f, ALIVE, CHECK_PASS, "4 of 4 pages", NULL);
}

static void alive(void **state)
{
	add_nested(*state);
	want(*state, ALIVE, CHECK_PASS, "4 of 4 pages mapped", "L2 in pass 7", "copy 4 by the device", NULL);
}

static void guest_stood_still(void **state)
{
	struct good_run *f = *state;
	struct evidence_workload *w = add_nested(f);

	w->pass_now = w->pass_then;
	want(f, ALIVE, CHECK_FAIL, "the guest was not seen to write", NULL);
	want_outcome(f, "inconclusive", 125);
}

static void guest_seen_too_late(void **state)
{
	struct good_run *f = *state;
	struct evidence_workload *w = add_nested(f);

	w->seen_ns = 0;
	want(f, ALIVE, CHECK_FAIL, "the guest was not seen to write", NULL);
	w->seen_ns = AT(1);
	want(f, ALIVE, CHECK_FAIL, "the guest was not seen to write", NULL);
}

static void device_stood_still(void **state)
{
	struct good_run *f = *state;
	struct evidence_workload *w = add_nested(f);

	w->copies_now = w->copies_then;
	want(f, ALIVE, CHECK_FAIL, "no copy by the device was seen", NULL);
}

/* An entry leads to another page of the guest's: its word is then 4096 passes off. */
static void a_neighbours_page(void **state)
{
	struct good_run *f = *state;
	struct evidence_workload *w = add_nested(f);

	w->pass_high = 4096 + 6;
	want(f, ALIVE, CHECK_FAIL, "words of passes 6 to 4102", NULL);
}

/* The tables lead elsewhere than to the guest's memory, for one page. */
static void not_the_guests(void **state)
{
	struct good_run *f = *state;
	struct evidence_workload *w = add_nested(f);

	w->marked = 3;
	want(f, ALIVE, CHECK_FAIL, "3 of them lead to what the guest wrote", NULL);
}

static void older_state(void **state)
{
	struct good_run *f = *state;
	struct evidence_workload *w = add_nested(f);

	w->pass_low = 4;
	w->pass_high = 5;
	want(f, ALIVE, CHECK_FAIL, "older state of the guest (pass 4, copy 4)", "(pass 5, copy 4)", NULL);
	w->pass_low = 5;
	w->copies_last = 2;
	want(f, ALIVE, CHECK_FAIL, "(pass 5, copy 2)", NULL);
}

int checks_workload_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(none),
		LEGACY(mapped),
		SCALABLE(mapped),
		FIRST_LEVEL(mapped),
		LEGACY(never_began),
		LEGACY(no_tables),
		LEGACY(truncated),
		LEGACY(no_panic),
		LEGACY(pages_missing),
		LEGACY(no_entry),
		PASS_THROUGH(passed_through),
		LEGACY(other_size),
		LEGACY(no_dma),
		LEGACY(alive),
		SCALABLE(alive),
		LEGACY(guest_stood_still),
		LEGACY(guest_seen_too_late),
		LEGACY(device_stood_still),
		LEGACY(a_neighbours_page),
		LEGACY(not_the_guests),
		LEGACY(older_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
