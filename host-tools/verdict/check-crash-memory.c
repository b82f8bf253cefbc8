/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The check `dma-outside-crash-memory`: what the dead kernel's devices may still write to is not the crash kernel's
 * memory. A table that was preserved to the bit is no help where it leads there.
 */
#include "verdict/check-common.h"

#include <inttypes.h>

#include "iommu/mem.h"

#define TOLD_MAX 4 /* requesters that are told in full */

/*
 * The first MiB is in the map that kexec_file_load() hands over, and in none that kexec-tools make; a kernel uses neither: it
 * reserves the MiB for itself, and copies what it needs of it (reserve_real_mode() in arch/x86/realmode/init.c). An ISA
 * bridge is mapped one to one there.
 */
#define UNUSED_LAST UINT64_C(0xfffff)

/* What can be written to, by all requesters. */
struct reach {
	const struct evidence *ev;
	struct iommu_ranges crash;
	bool all_known; /* @crash is all that the crash kernel has */
	GString *detail;
	unsigned translated, through, bad, landed;
	uint64_t pages, elsewhere; /* elsewhere: pieces of DMA that were found outside @crash */
};

static uint64_t pages(uint64_t start, uint64_t last)
{
	return (last >> IOMMU_PAGE_SHIFT) - (start >> IOMMU_PAGE_SHIFT) + 1;
}

/* What one requester can write to there: how much, and the first of it. */
struct hit {
	uint64_t pages, iova;
	struct iommu_range pa;
};

static void add_overlap(const struct iommu_ranges *crash, const struct iommu_run *run, struct hit *hit)
{
	uint64_t last = run->pa_start + (run->iova_last - run->iova_start);

	for (size_t i = 0; i < crash->n; i++) {
		const uint64_t start = MAX(crash->v[i].start, UNUSED_LAST + 1);
		const struct iommu_range both = { MAX(run->pa_start, start), MIN(last, crash->v[i].last) };

		if (both.start > both.last)
			continue;
		if (!hit->pages) {
			hit->iova = run->iova_start + (both.start - run->pa_start);
			hit->pa = both;
		}
		hit->pages += pages(both.start, both.last);
	}
}

/*
 * Whatever passes through can reach all memory, and what the first kernel was asked to pass through may have tables that
 * do the same. No table keeps such DMA away, and none sends it there either.
 */
static bool passes_through(const struct evidence *ev, const struct iommu_space *s, const struct iommu_run *runs,
			   size_t n)
{
	if (s->type == IOMMU_SPACE_PASS_THROUGH)
		return true;
	for (size_t i = 0; i < n; i++)
		if (runs[i].iova_start != runs[i].pa_start)
			return false;
	return n && evidence_passthrough(ev);
}

static void judge_space(struct reach *r, const struct iommu_space *s)
{
	struct hit hit = { 0 };
	char bdf[16];
	size_t n;
	const struct iommu_run *runs = iommu_space_runs(r->ev->at_panic.walk, s, &n);

	if (passes_through(r->ev, s, runs, n)) {
		r->through++;
		return;
	}
	r->translated++;
	for (size_t i = 0; i < n; i++)
		if (runs[i].perm & IOMMU_PERM_WRITE) {
			r->pages += pages(runs[i].iova_start, runs[i].iova_last);
			add_overlap(&r->crash, &runs[i], &hit);
		}
	if (!hit.pages || r->bad++ >= TOLD_MAX)
		return;
	check_separate(r->detail);
	g_string_append_printf(r->detail,
			       "%s can write to %" PRIu64 " page%s of the crash kernel's memory, at IOVA %#" PRIx64
			       "-%#" PRIx64 " -> PA %#" PRIx64 "-%#" PRIx64 "%s",
			       sid_text(s->sid, bdf), hit.pages, hit.pages == 1 ? "" : "s", hit.iova,
			       hit.iova + (hit.pa.last - hit.pa.start), hit.pa.start, hit.pa.last,
			       hit.pages > pages(hit.pa.start, hit.pa.last) ? " and elsewhere" : "");
}

/* DMA that was found in it, however it came there: where nothing is translated, that is all there is to see. */
static void judge_landed(struct reach *r)
{
	char bdf[16];

	for_each_evidence(const struct evidence_dma, d, r->ev->dma) {
		r->elsewhere += d->elsewhere;
		if (!d->in_crash)
			continue;
		r->landed++;
		check_separate(r->detail);
		g_string_append_printf(r->detail,
				       "DMA of %s landed in the crash kernel's memory after the jump, %" PRIu64
				       " time%s, the first at PA %#" PRIx64,
				       sid_text(d->sid, bdf), d->in_crash, d->in_crash == 1 ? "" : "s", d->in_crash_pa);
	}
}

static enum check_result conclude(struct reach *r)
{
	enum check_result result = CHECK_PASS;

	if (r->bad > TOLD_MAX)
		g_string_append_printf(r->detail, "; and %u more", r->bad - TOLD_MAX);
	judge_landed(r);
	if (r->bad || r->landed) {
		result = CHECK_FAIL;
	} else if (!r->translated && !r->elsewhere) {
		result = CHECK_SKIP;
	} else if (!r->all_known) {
		g_string_append(r->detail,
				"the crash kernel may have more memory (crashkernel=,cma), and has not told where");
		result = CHECK_NO_EVIDENCE;
	} else if (r->translated && !r->pages) {
		g_string_append(r->detail, "nothing was mapped for writing at the panic");
		result = CHECK_NO_EVIDENCE;
	} else if (r->translated) {
		g_string_append_printf(r->detail, "%" PRIu64 " writable pages of %u address space%s lead elsewhere",
				       r->pages, r->translated, r->translated == 1 ? "" : "s");
	}
	if (result == CHECK_PASS && r->elsewhere) {
		check_separate(r->detail);
		g_string_append_printf(r->detail, "DMA after the jump landed elsewhere, %" PRIu64 " times",
				       r->elsewhere);
	}
	if (r->through) {
		check_separate(r->detail);
		g_string_append_printf(r->detail, "%u %s passed through: no table keeps %s out of it", r->through,
				       r->through == 1 ? "is" : "are", r->through == 1 ? "it" : "them");
	}
	return result;
}

static enum check_result dma_outside_crash_memory(const struct evidence *ev, GString *detail)
{
	const struct iommu_walk *before = ev->at_panic.walk;
	struct reach r = { .ev = ev, .detail = detail };
	enum check_result result;

	r.all_known = evidence_crash_memory(ev, &r.crash);
	for (size_t i = 0; i < before->n_spaces; i++)
		judge_space(&r, &before->spaces[i]);
	result = conclude(&r);
	iommu_ranges_clear(&r.crash);
	return result;
}

/* What was mapped at the panic could be reached from then on, whatever became of the copy. */
const struct check check_dma_outside_crash_memory = {
	.name = "dma-outside-crash-memory",
	.outcome = OUTCOME_DMA_IN_CRASH_MEMORY,
	.proves = "no mapping by which the dead kernel's devices could write leads into the crash kernel's memory, "
		  "and no DMA of theirs landed there",
	.needs = NEED(IOMMU) | NEED(CRASH_MEMORY) | NEED(PANIC) | NEED(ENTRIES),
	.traces = TRACES(UNIT),
	.run = dma_outside_crash_memory,
};
