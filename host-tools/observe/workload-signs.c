/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/workload-signs.h"

#include "evidence/iommus.h"
#include "observe/attempt.h"
#include "observe/iommu-events.h"
#include "observe/snapshot.h"

#define PAGE UINT64_C(4096)
/* More passes than any run has: what is above is no word of the guest's. */
#define PASS_MAX UINT32_MAX

static struct evidence_workload *nested(const struct attempt *a)
{
	struct evidence_workload *w =
		a->ev->workloads->len ? &g_array_index(a->ev->workloads, struct evidence_workload, 0) : NULL;

	return w && w->nested ? w : NULL;
}

struct look {
	struct attempt *a;
	const struct iommu_events *iommu;
};

/* The word that the device would read at @iova now. */
static bool peek(const struct look *l, uint16_t sid, uint64_t iova, uint64_t *word)
{
	struct iommu_mem mem = snapshot_mem(l->a);
	struct iommu_translation t;
	uint64_t root, le;
	unsigned ttm;

	if (!iommu_events_root(l->iommu, &root, &ttm) ||
	    iommu_detect(l->a->plan->scenario)->translate(&mem, root, ttm, sid, IOMMU_NO_PASID, iova, false, &t) ||
	    machine_read_phys(l->a->m, t.pa, &le, sizeof(le)))
		return false;
	*word = GUINT64_FROM_LE(le);
	return true;
}

/* The pass of the guest in which the word at @iova was written; false: it is none of the guest's. */
static bool pass_of(const struct evidence_workload *w, uint64_t iova, uint64_t word, uint64_t *pass)
{
	*pass = word - w->mark - iova;
	return *pass <= PASS_MAX;
}

/* Passes that the guest has come to the end of, copies that the device has brought. */
static bool signs(const struct look *l, const struct evidence_workload *w, uint64_t *pass, uint64_t *copies)
{
	uint64_t last = w->pages * w->page_bytes - PAGE, word;

	return peek(l, w->sid, last, &word) && pass_of(w, last, word, pass) && peek(l, w->sid, w->copies_at, copies);
}

static bool both_go_on(void *data)
{
	const struct look *l = data;
	struct evidence_workload *w = nested(l->a);

	if (!signs(l, w, &w->pass_now, &w->copies_now))
		return false;
	w->seen_ns = machine_now_ns();
	if (!w->copies_then) {
		w->pass_then = w->pass_now;
		w->copies_then = w->copies_now;
	}
	return w->pass_now > w->pass_then && w->copies_now > w->copies_then;
}

bool workload_alive(struct attempt *a, const struct iommu_events *iommu, GError **error)
{
	struct look l = { a, iommu };

	if (!nested(a) || !a->plan->scenario->machine.observe)
		return true;
	return machine_wait(a->m, both_go_on, &l, attempt_deadline(a, 10),
			    "a further pass of the nested guest over its memory, and a further copy by edu", error);
}

static void look_at_page(struct attempt *a, struct evidence_workload *w, uint64_t iova, uint64_t pa)
{
	uint64_t le, pass;

	if (machine_read_phys(a->m, pa, &le, sizeof(le)) || !pass_of(w, iova, GUINT64_FROM_LE(le), &pass))
		return;
	if (!w->marked || pass < w->pass_low)
		w->pass_low = pass;
	if (pass > w->pass_high)
		w->pass_high = pass;
	w->marked++;
}

/* Later than the tables were read: nobody writes to that memory any more, but edu one last time. */
void workload_at_panic(struct attempt *a)
{
	const struct iommu_walk *walk = a->ev->at_panic.walk;
	struct evidence_workload *w = nested(a);
	const struct iommu_space *space = w && walk ? iommu_walk_space(walk, w->sid, IOMMU_NO_PASID) : NULL;
	uint64_t bytes = w ? w->pages * w->page_bytes : 0, le;
	const struct iommu_run *runs;
	size_t n;

	if (!space)
		return;
	runs = iommu_space_runs(walk, space, &n);
	for (size_t i = 0; i < n; i++)
		for (uint64_t at = runs[i].iova_start; at < bytes && at <= runs[i].iova_last; at += PAGE)
			look_at_page(a, w, at, runs[i].pa_start + at - runs[i].iova_start);
	for (size_t i = 0; i < n; i++)
		if (w->copies_at >= runs[i].iova_start && w->copies_at <= runs[i].iova_last &&
		    !machine_read_phys(a->m, runs[i].pa_start + w->copies_at - runs[i].iova_start, &le, sizeof(le)))
			w->copies_last = GUINT64_FROM_LE(le);
}
