/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a nested guest and the DMA in it go on, by what both leave in the guest's memory. The
 * host finds that memory where the IOMMU's tables lead, as the device does, and asks no program.
 */
#include "run/run-priv.h"

#include <inttypes.h>

#include "vtd/compare.h"
#include "vtd/translate.h"

#define PAGE UINT64_C(4096)
/* More passes than any run has: what is above is no word of the guest's. */
#define PASS_MAX UINT32_MAX

static struct evidence_workload *nested(const struct run *run)
{
	struct evidence_workload *w =
		run->ev->workloads->len ? &g_array_index(run->ev->workloads, struct evidence_workload, 0) : NULL;

	return w && w->nested ? w : NULL;
}

/* The word that the device would read at @iova now. */
static bool peek(struct run *run, uint16_t sid, uint64_t iova, uint64_t *word)
{
	unsigned ttm = run->root_scalable ? VTD_TTM_SCALABLE : VTD_TTM_LEGACY;
	struct vtd_mem mem = run_mem(run);
	struct vtd_translation t;
	uint64_t le;

	if (!run->root_known ||
	    vtd_translate(&mem, run->root, ttm, sid, VTD_NO_PASID, iova, false, &t) != VTD_FAULT_NONE ||
	    machine_read_phys(run->m, t.pa, &le, sizeof(le)))
		return false;
	*word = GUINT64_FROM_LE(le);
	return true;
}

/* The pass of the guest in which the word at @iova was written; false: it is none of the guest's.
 */
static bool pass_of(const struct evidence_workload *w, uint64_t iova, uint64_t word, uint64_t *pass)
{
	*pass = word - w->mark - iova;
	return *pass <= PASS_MAX;
}

/* Passes that the guest has come to the end of, copies that the device has brought. */
static bool signs(struct run *run, const struct evidence_workload *w, uint64_t *pass, uint64_t *copies)
{
	uint64_t last = w->pages * w->page_bytes - PAGE, word;

	return peek(run, w->sid, last, &word) && pass_of(w, last, word, pass) &&
	       peek(run, w->sid, w->copies_at, copies);
}

static bool both_go_on(void *data)
{
	struct run *run = data;
	struct evidence_workload *w = nested(run);

	if (!signs(run, w, &w->pass_now, &w->copies_now))
		return false;
	w->seen_ns = machine_now_ns();
	if (!w->copies_then) {
		w->pass_then = w->pass_now;
		w->copies_then = w->copies_now;
	}
	return w->pass_now > w->pass_then && w->copies_now > w->copies_then;
}

bool workload_alive(struct run *run, GError **error)
{
	if (!nested(run) || !run->sc->machine.observe)
		return true;
	return machine_wait(run->m, both_go_on, run, run_deadline(run, 10),
			    "a further pass of the nested guest over its memory, and a further copy by edu", error);
}

static void look_at_page(struct run *run, struct evidence_workload *w, uint64_t iova, uint64_t pa)
{
	uint64_t le, pass;

	if (machine_read_phys(run->m, pa, &le, sizeof(le)) || !pass_of(w, iova, GUINT64_FROM_LE(le), &pass))
		return;
	if (!w->marked || pass < w->pass_low)
		w->pass_low = pass;
	if (pass > w->pass_high)
		w->pass_high = pass;
	w->marked++;
}

/* Later than the tables were read: nobody writes to that memory any more, but edu one last time. */
void workload_at_panic(struct run *run)
{
	const struct vtd_walk_result *walk = run->ev->at_panic.walk;
	struct evidence_workload *w = nested(run);
	const struct vtd_space *space = w && walk ? vtd_walk_space(walk, w->sid, VTD_NO_PASID) : NULL;
	uint64_t bytes = w ? w->pages * w->page_bytes : 0, le;
	const struct vtd_run *runs;
	size_t n;

	if (!space)
		return;
	runs = vtd_space_runs(walk, space, &n);
	for (size_t i = 0; i < n; i++)
		for (uint64_t at = runs[i].iova_start; at < bytes && at <= runs[i].iova_last; at += PAGE)
			look_at_page(run, w, at, runs[i].pa_start + at - runs[i].iova_start);
	for (size_t i = 0; i < n; i++)
		if (w->copies_at >= runs[i].iova_start && w->copies_at <= runs[i].iova_last &&
		    !machine_read_phys(run->m, runs[i].pa_start + w->copies_at - runs[i].iova_start, &le, sizeof(le)))
			w->copies_last = GUINT64_FROM_LE(le);
}

/* ---- run.json ---- */

static void account_nested(JsonObject *o, const struct evidence_workload *w)
{
	json_object_set_int_member(o, "guest_passes", (gint64)w->pass_now);
	json_object_set_int_member(o, "copies", (gint64)w->copies_now);
	json_object_set_int_member(o, "pages_of_guest", (gint64)w->marked);
}

void workload_account(struct run *run)
{
	const struct evidence *ev = run->ev;
	const struct vtd_walk_result *a = ev->at_panic.walk, *b = ev->copied.walk;
	struct vtd_space_diff diff = { 0 };
	const struct evidence_workload *w;
	const struct vtd_space *space;
	JsonObject *o;

	if (!ev->workloads->len || !json_object_has_member(run->report->extra, "workload"))
		return;
	w = &g_array_index(ev->workloads, struct evidence_workload, 0);
	o = json_object_get_object_member(run->report->extra, "workload");
	if (w->nested)
		account_nested(o, w);
	space = a ? vtd_walk_space(a, w->sid, VTD_NO_PASID) : NULL;
	if (space && space->tree != UINT32_MAX) {
		json_object_set_int_member(o, "mapped_pages_4k", (gint64)a->trees[space->tree].pages);
		json_object_set_int_member(o, "mapped_leaves", (gint64)a->trees[space->tree].leaves);
	}
	if (a && b)
		vtd_compare_space(a, space, b, vtd_walk_space(b, w->sid, VTD_NO_PASID), &diff);
	json_object_set_int_member(o, "same_pages_4k", (gint64)diff.same);
}
