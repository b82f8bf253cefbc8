/* SPDX-License-Identifier: GPL-2.0-only */
#include "vtd/backend.h"

#include "vtd/snapshot.h"
#include "vtd/print.h"
#include "vtd/translate.h"

static void in_force(const uint64_t *raw, struct iommu_snapshot_meta *meta)
{
	struct vtd_regs regs;

	vtd_regs_decode(raw, &regs);
	meta->root = regs.root;
	meta->mode = regs.ttm;
	meta->irta = regs.ir_on ? regs.irta : 0;
}

static int capture(const struct iommu_mem *mem, const uint64_t *regs, const struct iommu_snapshot_meta *meta,
		   struct iommu_snapshot **out, struct iommu_walk **walk, struct iommu_error *err)
{
	struct vtd_walk_options opt;
	struct vtd_walk_result *result;
	struct vtd_regs decoded;
	int ret;

	vtd_regs_decode(regs, &decoded);
	opt = vtd_walk_options_from_regs(&decoded);
	ret = vtd_snapshot_capture(mem, regs, meta, &opt, out, &result, err);
	*walk = ret ? NULL : &result->base;
	return ret;
}

static int walk(const struct iommu_snapshot *s, struct iommu_walk **out)
{
	struct vtd_walk_result *result;
	int ret = vtd_snapshot_walk(s, NULL, &result);

	*out = ret ? NULL : &result->base;
	return ret;
}

static uint16_t requester(const struct iommu_walk *w, size_t i)
{
	const struct vtd_context *c = &vtd_walk_of(w)->contexts[i];

	return (uint16_t)(c->bus << 8 | c->devfn);
}

static void free_walk(struct iommu_walk *w)
{
	vtd_walk_free((struct vtd_walk_result *)w);
}

const struct iommu vtd_iommu = {
	.name = "VT-d",
	.in_force = in_force,
	.capture = capture,
	.reread = vtd_snapshot_reread,
	.save = vtd_snapshot_save,
	.load = vtd_snapshot_load,
	.walk = walk,
	.changed = vtd_snapshot_changed,
	.requester = requester,
	.free_snapshot = vtd_snapshot_free,
	.free_walk = free_walk,
	.translate = vtd_translate,
	.entry = vtd_read_entry,
	.table_kind_name = vtd_table_kind_name,
	.mode_name = vtd_ttm_name,
};
