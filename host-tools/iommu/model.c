/* SPDX-License-Identifier: GPL-2.0-only */
#include "iommu/model.h"

#include <errno.h>
#include <stdlib.h>

#include "iommu/run-array.h"

void iommu_walk_clear(struct iommu_walk *w)
{
	free(w->spaces);
	free(w->trees);
	if (w->array_runs)
		iommu_run_array_done(w->runs, w->array_runs);
	else
		free(w->runs);
	free(w->tables);
}

const struct iommu_space *iommu_walk_space(const struct iommu_walk *w, uint16_t sid, uint32_t pasid)
{
	bool rid = pasid == IOMMU_NO_PASID;
	uint64_t want = (uint64_t)sid << 32 | (rid ? 0 : pasid);
	size_t lo = 0, hi = w->n_spaces;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (((uint64_t)w->spaces[mid].sid << 32 | w->spaces[mid].pasid) < want)
			lo = mid + 1;
		else
			hi = mid;
	}
	while (rid && lo < w->n_spaces && w->spaces[lo].sid == sid && !w->spaces[lo].rid)
		lo++;
	if (lo == w->n_spaces || w->spaces[lo].sid != sid || (!rid && w->spaces[lo].pasid != pasid))
		return NULL;
	return &w->spaces[lo];
}

const struct iommu_run *iommu_space_runs(const struct iommu_walk *w, const struct iommu_space *s, size_t *n)
{
	*n = 0;
	if (!s || s->tree >= w->n_trees || !w->trees[s->tree].n_runs)
		return NULL;
	*n = w->trees[s->tree].n_runs;
	return w->runs + w->trees[s->tree].first_run;
}

const struct iommu_run *iommu_space_lookup(const struct iommu_walk *w, const struct iommu_space *s, uint64_t iova)
{
	size_t n, lo = 0, hi;
	const struct iommu_run *runs = iommu_space_runs(w, s, &n);

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

int iommu_space_ranges(const struct iommu_walk *w, const struct iommu_space *s, struct iommu_ranges *set)
{
	size_t n;
	const struct iommu_run *runs = iommu_space_runs(w, s, &n);

	for (size_t i = 0; i < n; i++)
		if (iommu_ranges_add(set, runs[i].iova_start, runs[i].iova_last))
			return -ENOMEM;
	return 0;
}

const char *iommu_space_type_name(unsigned type)
{
	static const char *const names[] = {
		[IOMMU_SPACE_SECOND_LEVEL] = "second-level",
		[IOMMU_SPACE_FIRST_LEVEL] = "first-level",
		[IOMMU_SPACE_NESTED] = "nested",
		[IOMMU_SPACE_PASS_THROUGH] = "pass-through",
		[IOMMU_SPACE_INVALID] = "invalid",
	};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "unknown";
}

const char *iommu_perm_text(uint32_t perm, char *buf)
{
	buf[0] = perm & IOMMU_PERM_READ ? 'r' : '-';
	buf[1] = perm & IOMMU_PERM_WRITE ? 'w' : '-';
	buf[2] = perm & IOMMU_PERM_USER ? 'u' : '-';
	buf[3] = perm & IOMMU_PERM_SNOOP ? 's' : '-';
	buf[4] = '\0';
	return buf;
}
