/* SPDX-License-Identifier: GPL-2.0-only */
/* Root tables in unknown memory: a cheap look at every page, a walk of those that pass it. */
#include "vtd/find.h"

#include <string.h>

#include "vtd/walk-internal.h"

#define WORDS (IOMMU_PAGE_SIZE / sizeof(uint64_t))
#define MAX_VISITS (UINT64_C(4) << 20)
/* Enough to see that contexts are none; a page that only looks like a root table must not cost more. */
#define FIRST_VISITS 2048u
#define WALK_VISITS 262144u

struct finder {
	const struct iommu_mem *mem;
	const struct iommu_ranges *ram;
	uint64_t visits_left;
	struct iommu_roots *out;
};

/*
 * Bits by enum vtd_ttm: the modes in which every word of @page is an empty entry or a valid one, and some are valid.
 * Legacy mode does not use the odd words.
 */
static unsigned modes_of(const uint64_t *page)
{
	unsigned modes = 0;

	for (size_t i = 0; i < WORDS; i++) {
		if (!page[i])
			continue;
		if (!(page[i] & VTD_ROOT_P) || (page[i] & (VTD_ROOT_RESERVED | VTD_MASK(63, 52))) || !VTD_ADDR(page[i]))
			return 0;
		modes |= i & 1 ? 2 : 1;
	}
	if (!modes)
		return 0;
	return 1u << VTD_TTM_SCALABLE | (modes & 2 ? 0 : 1u << VTD_TTM_LEGACY);
}

/* Walk @root within what is left of the limit: the result, which the caller frees; NULL and *@err if there is none. */
static struct vtd_walk_result *walk(struct finder *f, uint64_t root, unsigned ttm, size_t max_visits, int *err)
{
	struct vtd_walk_options o = {
		.max_visits = max_visits < f->visits_left ? max_visits : (size_t)f->visits_left,
		.max_samples = 1,
		.skip_page_tables = max_visits == FIRST_VISITS,
	};
	struct vtd_walk_result *r = NULL;

	if (!f->visits_left)
		return NULL;
	*err = vtd_walk(f->mem, root, ttm, 0, &o, &r);
	if (*err)
		return NULL;
	f->visits_left -= r->base.visits < f->visits_left ? r->base.visits : f->visits_left;
	if (!f->visits_left)
		f->out->truncated = true;
	return r;
}

/*
 * Are these the contexts of somebody's devices? Rubbish has entries that are not present yet not zero, or words where
 * a scalable context has none; a kernel that is about to remove a device may leave one such.
 */
static bool contexts_ok(const struct vtd_walk_result *r)
{
	for (size_t i = 0; i < r->base.n_requesters; i++)
		if (r->contexts[i].scalable && (r->contexts[i].raw[2] | r->contexts[i].raw[3]))
			return false;
	return !r->base.n_defects && r->base.n_spaces && r->odd_contexts < r->base.n_requesters;
}

/* Fill in what the page tables of @r say for it. */
static void weigh(const struct finder *f, const struct vtd_walk_result *r, struct iommu_root *find)
{
	bool passed = true;

	for (size_t i = 0; i < r->base.n_spaces; i++)
		passed &= r->base.spaces[i].type == IOMMU_SPACE_PASS_THROUGH;
	for (size_t t = 0; t < r->base.n_trees; t++) {
		const struct iommu_tree *tree = &r->base.trees[t];

		for (size_t i = 0; tree->levels && i < tree->n_runs; i++) {
			const struct iommu_run *run = &r->base.runs[tree->first_run + i];
			uint64_t len = run->iova_last - run->iova_start;

			find->pages = sat_add(find->pages, (len >> IOMMU_PAGE_SHIFT) + 1);
			find->ram_pages = sat_add(find->ram_pages, iommu_ranges_pages_between(f->ram, run->pa_start,
											      run->pa_start + len));
		}
	}
	find->devices = r->base.n_requesters;
	find->defects = r->base.n_defects;
	if (find->defects)
		return;
	if (passed)
		find->proof = IOMMU_ROOT_PASS_THROUGH;
	else if (find->ram_pages > find->pages / 2)
		find->proof = IOMMU_ROOT_MAPPED;
}

/* Is @a the better find? Of two equals the lower address is. */
static bool better(const struct iommu_root *a, const struct iommu_root *b)
{
	if (a->proof != b->proof)
		return a->proof > b->proof;
	if (a->ram_pages != b->ram_pages)
		return a->ram_pages > b->ram_pages;
	return a->devices > b->devices;
}

/* Put @find into its place; the worst falls out when there is no room. */
static void keep(struct iommu_roots *out, const struct iommu_root *find)
{
	size_t room = sizeof(out->v) / sizeof(out->v[0]), at = out->n;

	while (at && better(find, &out->v[at - 1]))
		at--;
	if (out->n == room)
		out->truncated = true;
	else
		out->n++;
	if (at == room)
		return;
	memmove(out->v + at + 1, out->v + at, (out->n - at - 1) * sizeof(out->v[0]));
	out->v[at] = *find;
}

/* Judge the page at @pa as a root table of @ttm: true and @find filled in if it may be one. */
static bool candidate(struct finder *f, uint64_t pa, unsigned ttm, struct iommu_root *find, int *err)
{
	struct vtd_walk_result *r = walk(f, pa, ttm, FIRST_VISITS, err);
	bool ok = r && contexts_ok(r);

	vtd_walk_free(r);
	if (!ok)
		return false;
	r = walk(f, pa, ttm, WALK_VISITS, err);
	if (!r)
		return false;
	*find = (struct iommu_root){ .root = pa, .mode = ttm };
	weigh(f, r, find);
	vtd_walk_free(r);
	return true;
}

/* A page that passed the cheap look: the better of the modes that it may be read in counts. */
static int judge(struct finder *f, uint64_t pa, unsigned modes)
{
	struct iommu_root find, best;
	bool any = false;
	int err = 0;

	for (unsigned ttm = VTD_TTM_LEGACY; ttm <= VTD_TTM_SCALABLE; ttm++) {
		if (!(modes & 1u << ttm) || !candidate(f, pa, ttm, &find, &err))
			continue;
		if (!any || better(&find, &best))
			best = find;
		any = true;
	}
	if (any)
		keep(f->out, &best);
	return err;
}

int vtd_find_roots(const struct iommu_mem *mem, const struct iommu_ranges *pages, const struct iommu_ranges *ram,
		   uint64_t max_visits, struct iommu_roots *out)
{
	struct finder f = { mem, ram, max_visits ? max_visits : MAX_VISITS, out };
	uint64_t page[WORDS];

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < pages->n; i++) {
		uint64_t last = pages->v[i].last >> IOMMU_PAGE_SHIFT;

		for (uint64_t pfn = pages->v[i].start >> IOMMU_PAGE_SHIFT; pfn <= last; pfn++) {
			uint64_t pa = pfn << IOMMU_PAGE_SHIFT;
			unsigned modes = mem->read_page(mem->ctx, pa, page) ? 0 : modes_of(page);
			int ret = modes ? judge(&f, pa, modes) : 0;

			if (ret)
				return ret;
		}
	}
	return 0;
}
