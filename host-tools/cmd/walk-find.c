/* SPDX-License-Identifier: GPL-2.0-only */
/* Root tables of a dump or a RAM file that nobody gave the address of. */
#include "cmd/walk-find.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"

/* "legacy, 6 devices, 1080 pages mapped (1080 of them RAM), 0 defects" */
static void describe(const struct iommu *iommu, const struct iommu_root *r, char *buf, size_t len)
{
	int n = snprintf(buf, len, "%s, %zu devices, ", iommu->mode_name(r->mode), r->devices);

	if (r->proof == IOMMU_ROOT_PASS_THROUGH)
		snprintf(buf + n, len - (size_t)n, "all passed through, so no page table proves it");
	else
		snprintf(buf + n, len - (size_t)n,
			 "%" PRIu64 " pages mapped (%" PRIu64 " of them RAM), %" PRIu64 " defects", r->pages,
			 r->ram_pages, r->defects);
}

/* Keep the finds of @mode: how many of them are proven; these come first. */
static size_t proven(struct iommu_roots *roots, int mode)
{
	size_t n = 0, good = 0;

	for (size_t i = 0; i < roots->n; i++) {
		if (mode >= 0 && roots->v[i].mode != (unsigned)mode)
			continue;
		good += roots->v[i].proof != IOMMU_ROOT_DOUBTFUL;
		roots->v[n++] = roots->v[i];
	}
	roots->n = n;
	return good;
}

bool walk_find(const struct iommu *iommu, const struct iommu_mem *mem, const struct iommu_ranges *pages,
	       const struct iommu_ranges *ram, int mode, struct iommu_roots *roots, GError **error)
{
	char text[160];
	size_t good;

	if (iommu->find(mem, pages, ram, 0, roots))
		return vtdlab_failed(error, "out of memory");
	good = proven(roots, mode);
	if (roots->truncated)
		fprintf(stderr, "vtdlab walk: too much there looks like a root table; not all of it was judged\n");
	if (good) {
		roots->n = good;
		return true;
	}
	if (!roots->n)
		return vtdlab_unjudged(error,
				       "no root table found: none of its %" PRIu64 " pages decodes as one; was %s on? "
				       "--root ADDRESS walks a page all the same",
				       iommu_ranges_pages(pages), iommu->name);
	describe(iommu, &roots->v[0], text, sizeof(text));
	return vtdlab_unjudged(
		error, "no root table is proven; of %zu doubtful pages the best is --root 0x%" PRIx64 " --ttm %s (%s)",
		roots->n, roots->v[0].root, iommu->mode_name(roots->v[0].mode), text);
}

void walk_find_print(const struct iommu *iommu, const struct iommu_root *root)
{
	char text[160];

	describe(iommu, root, text, sizeof(text));
	printf("found root 0x%" PRIx64 ": %s\n", root->root, text);
}
