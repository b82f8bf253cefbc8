// SPDX-License-Identifier: GPL-2.0-only
/* The lab's own walker as an oracle for the core of the deep copy. */
#include <stdlib.h>

#include "fake.h"

#define PAGE UINT64_C(4096)

/* Two pages that no memory has, for the way to the tree: root table and context table, or PASIDs. */
#define WAY (FAKE_PA_END - 16 * PAGE)

struct oracle {
	struct fake *f;
	uint64_t way[4][512];
};

static int read_page(void *ctx, uint64_t pa, void *buf)
{
	struct oracle *o = ctx;
	struct fake *f = o->f;
	size_t i = (size_t)((pa - FAKE_OWN) / PAGE);

	if (pa >= WAY && pa < WAY + sizeof(o->way))
		memcpy(buf, o->way[(pa - WAY) / PAGE], PAGE);
	else if (pa >= FAKE_OWN && i < f->n_own && f->own[i].mem)
		memcpy(buf, f->own[i].mem, PAGE);
	else if (pa / PAGE < f->ram.n_pages && !(f->crash_last && pa >= f->crash_first && pa <= f->crash_last))
		memcpy(buf, f->ram.bytes + pa, PAGE);
	else
		return -1;
	return 0;
}

struct vtd_walk_result *fake_walk(struct fake *f, uint64_t root, enum kdc_format format, unsigned levels)
{
	struct oracle *o = calloc(1, sizeof(*o));
	struct vtd_walk_options opt = { .haw = 39, .max_runs = f->walk_max_runs };
	struct vtd_walk_result *r;
	struct iommu_mem mem;

	if (!o)
		abort();
	o->f = f;
	mem = (struct iommu_mem){ .read_page = read_page, .ctx = o };
	o->way[0][0] = (WAY + PAGE) | 1;
	if (format == KDC_SECOND_STAGE) {
		o->way[1][0] = root | 1;
		o->way[1][1] = levels - 2;
	} else {
		o->way[1][0] = (WAY + 2 * PAGE) | 1;
		o->way[2][0] = (WAY + 3 * PAGE) | 1;
		o->way[3][0] = VTD_PGTT_FIRST_LEVEL << 6 | 1;
		o->way[3][2] = root | (uint64_t)(levels - 4) << 2;
	}
	if (vtd_walk(&mem, WAY, format == KDC_FIRST_STAGE, 0, &opt, &r))
		abort();
	free(o);
	return r;
}

/* The walker's runs, joined where only the user permission (which kdc_run has not) differs. */
struct cursor {
	const struct vtd_walk_result *r;
	size_t next;
	size_t different;
	const char *why;
};

static bool next_run(struct cursor *c, struct iommu_run *run)
{
	const struct iommu_run *runs = c->r->base.runs;
	uint32_t keep = IOMMU_PERM_READ | IOMMU_PERM_WRITE | IOMMU_PERM_SNOOP;

	if (c->next == c->r->base.n_runs)
		return false;
	*run = runs[c->next++];
	run->perm &= keep;
	while (c->next < c->r->base.n_runs && runs[c->next].iova_start == run->iova_last + 1 &&
	       (runs[c->next].perm & keep) == run->perm &&
	       runs[c->next].pa_start - run->pa_start == run->iova_last + 1 - run->iova_start)
		run->iova_last = runs[c->next++].iova_last;
	return true;
}

static void differs(struct cursor *c, const char *why)
{
	if (!c->different++)
		c->why = why;
}

static int one_run(void *arg, const struct kdc_run *run)
{
	struct cursor *c = arg;
	struct iommu_run want;

	if (!next_run(c, &want))
		differs(c, "a run more than the walker finds");
	else if (want.iova_start != run->iova || want.iova_last != run->iova + run->size - 1)
		differs(c, "another IOVA");
	else if (want.pa_start != run->pa)
		differs(c, "another address");
	else if (!!(want.perm & IOMMU_PERM_READ) != run->read || !!(want.perm & IOMMU_PERM_WRITE) != run->write ||
		 !!(want.perm & IOMMU_PERM_SNOOP) != run->snoop)
		differs(c, "other permissions");
	return 0;
}

/* A table outside RAM, which is an error of the core's: page 0 is none, see below. */
static bool outside_ram(const struct vtd_walk_result *r)
{
	for (size_t i = 0; i < r->n_samples; i++)
		if (r->defects[i].kind == VTD_DEFECT_OUTSIDE_RAM && VTD_ADDR(r->defects[i].value))
			return true;
	return false;
}

/*
 * Nothing to compare: the walker gave up, or met a pointer to page 0, where it takes it that nobody set one, and the core
 * reads on as the hardware does. A table outside RAM that the core took without an error is a difference.
 */
static bool no_oracle(const struct vtd_walk_result *r, const struct kdc_tree *t, const char **why)
{
	if (outside_ram(r) && !t->error && !t->unread_pages)
		*why = "a table outside RAM, and the core took it";
	return r->base.truncated || r->defect_counts[VTD_DEFECT_OUTSIDE_RAM];
}

size_t fake_compare_runs(struct fake *f, const struct kdc_tree *t, uint64_t root, const char **why)
{
	struct vtd_walk_result *r = fake_walk(f, root, t->format, t->levels);
	struct cursor c = { .r = r };
	struct iommu_run rest;

	*why = NULL;
	if (no_oracle(r, t, why)) {
		vtd_walk_free(r);
		return *why != NULL;
	}
	if (kdc_walk_runs(&f->kdc, t, one_run, &c))
		differs(&c, "no copy");
	if (next_run(&c, &rest))
		differs(&c, "a run less than the walker finds");
	vtd_walk_free(r);
	*why = c.why;
	return c.different;
}

size_t fake_compare_ranges(struct fake *f, const struct kdc_tree *t, uint64_t root, const char **why)
{
	struct vtd_walk_result *r = fake_walk(f, root, t->format, t->levels);
	uint64_t over = 0;
	size_t at = 0;

	*why = NULL;
	if (no_oracle(r, t, why)) {
		vtd_walk_free(r);
		return *why != NULL;
	}
	for (uint32_t i = 0; i < t->nr_ranges && !*why; i++) {
		const struct kdc_range *range = &t->ranges[i];
		uint64_t pfn = range->first;

		if (range->first > range->last)
			*why = "a range that ends before it begins";
		if (i && range[-1].last + 1 >= range->first)
			*why = "ranges not ascending, or adjacent";
		while (at < r->base.n_runs && r->base.runs[at].iova_start / PAGE <= range->last) {
			const struct iommu_run *run = &r->base.runs[at++];

			if (run->iova_start / PAGE < pfn || run->iova_last / PAGE > range->last)
				*why = "mapped, and in no range";
			over += run->iova_start / PAGE - pfn;
			pfn = run->iova_last / PAGE + 1;
		}
		over += range->last + 1 - pfn;
		if (pfn == range->first)
			*why = "a range in which nothing is mapped";
	}
	if (!*why && at < r->base.n_runs)
		*why = "mapped above the last range";
	if (!*why && over != t->over_pages)
		*why = "over_pages is not what the ranges are too large";
	vtd_walk_free(r);
	return *why ? 1 : 0;
}
