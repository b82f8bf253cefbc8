/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/dma-nic-search.h"

#include <inttypes.h>
#include <string.h>

#include "channel.h"
#include "observe/attempt.h"
#include "observe/dma.h"
#include "observe/guest.h"
#include "iommu/model.h"

#define LOOK_US 200000

struct search {
	struct attempt *a;
	const struct iommu_space *space;
	uint32_t first, n; /* sequence numbers of interest: first .. n-1 */
	uint64_t *found;   /* PA of each, 0: not found; by seq */
	uint64_t misplaced, misplaced_pa;
	uint32_t misplaced_seq, seen;
	struct evidence_dma *dma; /* NULL until frames are judged */
};

static bool leads_to(const struct search *s, uint64_t pa)
{
	const struct iommu_walk *walk = s->a->ev->at_panic.walk;
	const struct iommu_run *runs;
	size_t n;

	runs = iommu_space_runs(walk, s->space, &n);
	for (size_t i = 0; i < n; i++)
		if ((runs[i].perm & IOMMU_PERM_WRITE) && pa >= runs[i].pa_start &&
		    pa - runs[i].pa_start <= runs[i].iova_last - runs[i].iova_start)
			return true;
	return false;
}

static bool on_match(uint64_t pa, void *data)
{
	struct search *s = data;
	uint8_t have[CHANNEL_PAYLOAD_LEN], want[CHANNEL_PAYLOAD_LEN];
	struct channel_frame f = { .kind = CHANNEL_KIND_CANARY };

	if (machine_read_phys(s->a->m, pa, have, sizeof(have)) != 0 ||
	    have[CHANNEL_MAGIC_LEN + 4] != CHANNEL_KIND_CANARY)
		return true;
	f.seq = channel_get_be32(have + CHANNEL_MAGIC_LEN);
	if (f.seq < s->first || f.seq >= s->n)
		return true;
	memcpy(f.magic, injector_magic(machine_injector(s->a->m)), CHANNEL_MAGIC_LEN);
	channel_payload_fill(want, &f);
	if (memcmp(have, want, sizeof(want)) != 0)
		return true;
	s->seen++;
	if (!s->found)
		return s->seen < 3;
	dma_found(s->a->ev, pa, s->dma);
	if (leads_to(s, pa) && !s->found[f.seq]) {
		s->found[f.seq] = pa;
	} else {
		s->misplaced++;
		s->misplaced_pa = pa;
		s->misplaced_seq = f.seq;
	}
	return true;
}

bool nic_search_seen(struct attempt *a, int64_t *looked_us)
{
	struct injector *in = machine_injector(a->m);
	struct search s = { .a = a, .n = injector_canaries(in)->len };

	if (g_get_monotonic_time() - *looked_us < LOOK_US)
		return false;
	machine_ram_scan(a->m, injector_magic(in), CHANNEL_MAGIC_LEN, on_match, &s);
	*looked_us = g_get_monotonic_time();
	return s.seen >= 3;
}

static void judge(struct search *s, const GArray *canaries, struct evidence_dma *dma)
{
	int64_t switched = s->a->ev->root_switch_ns;
	uint32_t last = 0, held = 0;

	for (uint32_t i = s->first; i < s->n; i++)
		if (s->found[i])
			last = i;
	for (uint32_t i = s->first; i < s->n; i++) {
		const struct canary *c = &g_array_index(canaries, struct canary, i);

		dma->sent++;
		if (s->found[i]) {
			if (switched && c->sent_ns >= switched)
				dma->landed_after_copy++;
			else
				dma->landed_before_copy++;
		} else if (c->state == CANARY_QUEUED || c->state == CANARY_RECALLED ||
			   (i > last && held < HELD_BY_QEMU)) {
			held += c->state == CANARY_TAKEN;
			dma->no_room++;
		} else {
			dma->lost++;
			if (!dma->problem)
				dma->problem = g_strdup_printf("frame %u is not in RAM", c->seq);
		}
	}
}

void nic_search_judge(struct attempt *a, uint32_t first, struct evidence_dma *dma)
{
	struct injector *in = machine_injector(a->m);
	const GArray *canaries = injector_canaries(in);
	const struct iommu_walk *walk = a->ev->at_panic.walk;
	struct search s = { .a = a, .first = first, .n = canaries->len, .dma = dma };

	if (!guest_tables_known(a, dma->sid)) {
		dma->sent = dma->unknown = s.n - first;
		dma->problem = g_strdup("the tables of the network card at the panic are not known");
		return;
	}
	s.space = iommu_walk_space(walk, dma->sid, IOMMU_NO_PASID);
	s.found = g_new0(uint64_t, s.n + 1);
	machine_ram_scan(a->m, injector_magic(in), CHANNEL_MAGIC_LEN, on_match, &s);
	judge(&s, canaries, dma);
	dma->misplaced = s.misplaced;
	if (s.misplaced && !dma->problem)
		dma->problem = g_strdup_printf("frame %u is at PA %#" PRIx64 ", where no table leads", s.misplaced_seq,
					       s.misplaced_pa);
	g_free(s.found);
}
