/* SPDX-License-Identifier: GPL-2.0-only */
/* Recorded runs of today's kernels turned into what none of them shows, still without a fault. */
#include "mutations.h"

#include "../unit/oracles-fill.h"

#include <string.h>

#include "vtd/formats.h"
#include "vtd/walk.h"

const char *variant_name(enum variant variant)
{
	static const char *const names[VARIANTS] = { "", "+superpage", "+reserve", "+deep", "+telling", "+lab" };

	return names[variant];
}

struct evidence_device *first_wanted(const struct world *w)
{
	for (guint i = 0; i < w->ev->devices->len; i++) {
		struct evidence_device *dev = &g_array_index(w->ev->devices, struct evidence_device, i);

		if (dev->wanted && dev->after.walk)
			return dev;
	}
	return NULL;
}

unsigned remove_events(struct evidence *ev, int64_t from, int64_t to, bool (*doomed)(const struct evidence_event *))
{
	unsigned n = 0;

	for (guint i = ev->events->len; i-- > 0;) {
		const struct evidence_event *e = &g_array_index(ev->events, struct evidence_event, i);

		if (e->host_ns < from || e->host_ns > to || !doomed(e))
			continue;
		g_array_remove_index(ev->events, i);
		n++;
	}
	return n;
}

void add_event(struct evidence *ev, struct evidence_event event)
{
	guint i = 0;

	while (i < ev->events->len && g_array_index(ev->events, struct evidence_event, i).host_ns <= event.host_ns)
		i++;
	g_array_insert_val(ev->events, i, event);
}

static void put_everywhere(struct world *w, uint64_t pa, uint64_t value)
{
	struct evidence *ev = w->ev;

	if (ev->at_panic.snapshot)
		world_put(ev->at_panic.snapshot, pa, value);
	if (ev->copied.snapshot)
		world_put(ev->copied.snapshot, pa, value);
	if (ev->old_tables)
		world_put(ev->old_tables, pa, value);
}

/* A free entry of a level-2 table that both copies use gets a leaf of 2 MiB. */
static bool add_superpage(struct world *w)
{
	const struct iommu_walk *walk = w->ev->at_panic.walk;

	if (!walk || !w->ev->copied.snapshot)
		return false;
	for (size_t i = 0; i < walk->n_tables; i++) {
		const struct iommu_table *t = &walk->tables[i];

		if (t->level != 2 || (t->kind != VTD_TABLE_SECOND_LEVEL && t->kind != VTD_TABLE_FIRST_LEVEL))
			continue;
		for (uint64_t pa = t->pa; pa < t->pa + IOMMU_PAGE_SIZE; pa += 8) {
			if (world_word(w->ev->at_panic.snapshot, pa))
				continue;
			put_everywhere(w, pa,
				       UINT64_C(0x10000000) | VTD_PTE_PS | (t->kind == VTD_TABLE_FIRST_LEVEL ? 7 : 3));
			world_rewalk(&w->ev->at_panic);
			world_rewalk(&w->ev->copied);
			return w->ev->at_panic.walk->leaves_at[2] > 0;
		}
	}
	return false;
}

static void ask_for(struct world *w, const char *mode)
{
	w->ev->kdump_lines = MAX(w->ev->kdump_lines, 1); /* a kernel that knows the word logs what it does */
	w->ev->crash_cmdline =
		g_strdup_printf("%s intel_iommu=kdump_%s", w->ev->crash_cmdline ? w->ev->crash_cmdline : "", mode);
}

/* Each range that the dead kernel had mapped for a function is reserved in its new domain. */
static bool reserve(struct world *w)
{
	const struct iommu_walk *walk = w->ev->at_panic.walk;
	bool any = false;

	g_array_set_size(w->ev->reservations, 0);
	for (size_t i = 0; walk && i < walk->n_spaces; i++) {
		const struct iommu_space *s = &walk->spaces[i];
		const struct iommu_run *runs;
		size_t n;

		if (s->type == IOMMU_SPACE_PASS_THROUGH)
			continue;
		runs = iommu_space_runs(walk, s, &n);
		for (size_t k = 0; k < n; k++) {
			struct evidence_reservation r = {
				.kernel = EVIDENCE_CRASH,
				.sid = s->sid,
				.sid_known = true,
				.start = runs[k].iova_start >> IOMMU_PAGE_SHIFT,
				.last = runs[k].iova_last >> IOMMU_PAGE_SHIFT,
				.guest_ns = -1,
			};

			g_array_append_val(w->ev->reservations, r);
			any = true;
		}
	}
	ask_for(w, "reserve");
	return any;
}

/* The tables stay where they are; the crash kernel's memory is said to hold them. */
static bool deepen(struct world *w)
{
	const struct evidence_state *states[] = { &w->ev->copied, &w->ev->end };

	for (unsigned i = 0; i < G_N_ELEMENTS(states); i++) {
		const struct iommu_walk *walk = states[i]->walk;

		if (!walk)
			return false;
		for (size_t k = 0; k < walk->n_tables; k++) {
			w->ev->crash_start = MIN(w->ev->crash_start, walk->tables[k].pa);
			w->ev->crash_end = MAX(w->ev->crash_end, walk->tables[k].pa + 4095);
		}
	}
	ask_for(w, "deep");
	return true;
}

bool variant_make(struct world *w, enum variant variant)
{
	switch (variant) {
	case WITH_SUPERPAGE:
		return add_superpage(w);
	case RESERVING:
		return reserve(w);
	case DEEP:
		return deepen(w);
	case TELLING:
		ask_for(w, "reserve");
		return oracles_fill(w->ev, "reserve");
	case OF_LAB:
		g_free(w->ev->crash_release);
		w->ev->crash_release = g_strdup("6.12.117-lab");
		w->ev->crash_said = 500;
		return w->ev->jump_ns;
	default:
		return true;
	}
}
