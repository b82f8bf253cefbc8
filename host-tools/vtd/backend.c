/* SPDX-License-Identifier: GPL-2.0-only */
#include "vtd/backend.h"

#include "vtd/compare.h"
#include "vtd/find.h"
#include "vtd/formats.h"
#include "vtd/layout.h"
#include "vtd/print.h"
#include "vtd/snapshot.h"
#include "vtd/translate.h"
#include "vtd/values.h"

_Static_assert(VTD_REGS_QWORDS == IOMMU_REGS_WORDS, "the block fits");

static bool translating(const uint64_t *raw)
{
	struct vtd_regs regs;

	vtd_regs_decode(raw, &regs);
	return regs.translation_on;
}

static void capabilities(const uint64_t *raw, uint64_t words[2])
{
	words[0] = vtd_regs_get64(raw, VTD_REG_CAP);
	words[1] = vtd_regs_get64(raw, VTD_REG_ECAP);
}

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

static uint64_t leaf(uint64_t entry, unsigned level, uint64_t *size)
{
	*size = UINT64_C(1) << vtd_level_shift(level);
	return entry & VTD_PTE_ADDR & ~(*size - 1);
}

static int walk_memory(const struct iommu_mem *mem, const struct iommu_snapshot_meta *meta, struct iommu_walk **out)
{
	struct vtd_walk_result *result;
	int ret = vtd_walk(mem, meta->root, meta->mode, meta->irta, NULL, &result);

	*out = ret ? NULL : &result->base;
	return ret;
}

static int compare(const struct iommu_walk *a, const struct iommu_walk *b, const struct iommu_compare_options *opt,
		   struct iommu_comparison **out)
{
	struct vtd_compare *c;
	int ret = vtd_compare(vtd_walk_of(a), vtd_walk_of(b), opt, &c);

	*out = ret ? NULL : &c->base;
	return ret;
}

static void free_comparison(struct iommu_comparison *c)
{
	vtd_compare_free((struct vtd_compare *)c);
}

static void print(const struct iommu_walk *w, unsigned what, FILE *out)
{
	vtd_walk_print(vtd_walk_of(w), what, out);
}

static void print_registers(const struct iommu_snapshot *s, FILE *out)
{
	struct vtd_regs regs;

	vtd_regs_decode(vtd_snapshot_of(s)->regs, &regs);
	vtd_regs_print(&regs, out);
}

static bool print_requester(const struct iommu_walk *w, uint16_t sid, unsigned what, FILE *out)
{
	return vtd_requester_print(vtd_walk_of(w), sid, what, out);
}

static void print_comparison(const struct iommu_comparison *c, FILE *out)
{
	vtd_compare_print(vtd_compare_of(c), out);
}

const struct iommu vtd_iommu = {
	.name = "VT-d",
	.translating = translating,
	.capabilities = capabilities,
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
	.leaf = leaf,
	.walk_memory = walk_memory,
	.find = vtd_find_roots,
	.lay_out = vtd_lay_out,
	.compare = compare,
	.free_comparison = free_comparison,
	.print = print,
	.print_registers = print_registers,
	.print_requester = print_requester,
	.print_comparison = print_comparison,
	.tell = vtd_tell,
	.tell_comparison = vtd_tell_comparison,
	.table_kind_name = vtd_table_kind_name,
	.mode_name = vtd_ttm_name,
};
