/* SPDX-License-Identifier: GPL-2.0-only */
#include "vtd/layout.h"

#include "vtd/formats.h"
#include "vtd/regs.h"

#define WORDS (IOMMU_PAGE_SIZE / sizeof(uint64_t))
#define LEVELS 4u
#define AW_OF_LEVELS 2u
#define DEVFN 8u /* 00:01.0 */
#define DID 1u

size_t vtd_lay_out(uint64_t *ram, size_t leaves, uint64_t (*frame)(const void *ctx, size_t leaf), const void *ctx,
		   struct iommu_snapshot_meta *meta)
{
	size_t n[LEVELS + 1] = { leaves }, first[LEVELS + 1], all = 2;

	for (unsigned level = 1; level <= LEVELS; level++)
		n[level] = (n[level - 1] + WORDS - 1) / WORDS;
	/* the root table in page 1, the context table in page 2, then the levels from the top */
	for (unsigned level = LEVELS; level; level--) {
		first[level] = 1 + all;
		all += n[level];
	}
	meta->root = IOMMU_PAGE_SIZE;
	meta->mode = VTD_TTM_LEGACY;
	meta->irta = 0;
	if (!ram)
		return all;
	ram[WORDS] = 2 * IOMMU_PAGE_SIZE | VTD_ROOT_P;
	ram[2 * WORDS + 2 * DEVFN] = first[LEVELS] * IOMMU_PAGE_SIZE | VTD_CTX_P;
	ram[2 * WORDS + 2 * DEVFN + 1] = DID << 8 | AW_OF_LEVELS;
	for (unsigned level = LEVELS; level > 1; level--)
		for (size_t i = 0; i < n[level - 1]; i++)
			ram[WORDS * first[level] + i] = (first[level - 1] + i) * IOMMU_PAGE_SIZE | VTD_SL_R | VTD_SL_W;
	for (size_t i = 0; i < leaves; i++)
		ram[WORDS * first[1] + i] = frame(ctx, i) << IOMMU_PAGE_SHIFT | VTD_SL_R | VTD_SL_W;
	return all;
}
