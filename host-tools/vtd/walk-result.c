/* SPDX-License-Identifier: GPL-2.0-only */
/* Looking things up in a walk result, and freeing it. */
#include <errno.h>
#include <stdlib.h>

#include "vtd/walk.h"

struct vtd_walk_options vtd_walk_options_from_regs(const struct vtd_regs *regs)
{
	return (struct vtd_walk_options){ .sagaw = regs->sagaw };
}

void vtd_walk_free(struct vtd_walk_result *r)
{
	if (!r)
		return;
	free(r->contexts);
	free(r->pasids);
	free(r->spaces);
	free(r->trees);
	free(r->runs);
	free(r->irtes);
	free(r->tables);
	free(r->defects);
	free(r);
}

const struct vtd_context *vtd_walk_context(const struct vtd_walk_result *r, uint16_t sid)
{
	size_t lo = 0, hi = r->n_contexts;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		uint16_t at = (uint16_t)(r->contexts[mid].bus << 8 | r->contexts[mid].devfn);

		if (at == sid)
			return &r->contexts[mid];
		if (at < sid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const struct iommu_space *iommu_walk_space(const struct vtd_walk_result *r, uint16_t sid, uint32_t pasid)
{
	uint64_t want;
	size_t lo = 0, hi = r->n_spaces;

	if (pasid == IOMMU_NO_PASID && r->ttm == VTD_TTM_SCALABLE) {
		const struct vtd_context *c = vtd_walk_context(r, sid);

		if (!c)
			return NULL;
		pasid = c->rid_pasid;
	}
	want = (uint64_t)sid << 32 | pasid;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		uint64_t at = (uint64_t)r->spaces[mid].sid << 32 | r->spaces[mid].pasid;

		if (at == want)
			return &r->spaces[mid];
		if (at < want)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const struct iommu_run *iommu_space_runs(const struct vtd_walk_result *r, const struct iommu_space *s, size_t *n)
{
	*n = 0;
	if (!s || s->tree >= r->n_trees || !r->trees[s->tree].n_runs)
		return NULL;
	*n = r->trees[s->tree].n_runs;
	return r->runs + r->trees[s->tree].first_run;
}

const struct iommu_run *iommu_space_lookup(const struct vtd_walk_result *r, const struct iommu_space *s, uint64_t iova)
{
	size_t n, lo = 0, hi;
	const struct iommu_run *runs = iommu_space_runs(r, s, &n);

	for (hi = n; lo < hi;) {
		size_t mid = lo + (hi - lo) / 2;

		if (iova < runs[mid].iova_start)
			hi = mid;
		else if (iova > runs[mid].iova_last)
			lo = mid + 1;
		else
			return &runs[mid];
	}
	return NULL;
}

int iommu_space_ranges(const struct vtd_walk_result *r, const struct iommu_space *s, struct iommu_ranges *set)
{
	size_t n;
	const struct iommu_run *runs = iommu_space_runs(r, s, &n);

	for (size_t i = 0; i < n; i++)
		if (iommu_ranges_add(set, runs[i].iova_start, runs[i].iova_last))
			return -ENOMEM;
	return 0;
}
