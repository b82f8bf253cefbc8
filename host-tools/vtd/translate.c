/* SPDX-License-Identifier: GPL-2.0-only */
/* Single look-ups, as the hardware does them: a context entry, a PASID entry, one DMA request. */
#include "vtd/translate.h"

#include <string.h>

#include "vtd/decode.h"

static bool read_table(const struct iommu_mem *mem, uint64_t pa, uint64_t *page)
{
	return !(pa & VTD_MASK(63, 52)) && !mem->read_page(mem->ctx, pa, page);
}

static void fill_context(struct vtd_context *c, uint16_t sid, bool scalable, uint64_t table, const uint64_t *page)
{
	memset(c, 0, sizeof(*c));
	c->bus = (uint8_t)(sid >> 8);
	c->devfn = (uint8_t)sid;
	c->scalable = scalable;
	c->upper = scalable && (sid & 0x80);
	c->slot = (uint16_t)(scalable ? sid & 0x7f : sid & 0xff);
	c->table = table;
	memcpy(c->raw, page + (size_t)c->slot * (scalable ? 4 : 2), scalable ? 32 : 16);
	vtd_context_decode(c);
}

enum vtd_fault vtd_lookup_context(const struct iommu_mem *mem, uint64_t root, unsigned ttm, uint16_t sid,
				  struct vtd_context *out)
{
	bool scalable = ttm == VTD_TTM_SCALABLE;
	unsigned half = scalable && (sid & 0x80) ? 1 : 0;
	uint64_t page[512], entry;

	memset(out, 0, sizeof(*out));
	if (ttm != VTD_TTM_LEGACY && !scalable)
		return VTD_FAULT_MODE;
	if (!read_table(mem, VTD_ADDR(root), page))
		return VTD_FAULT_ROOT_READ;
	entry = page[2 * (sid >> 8) + half];
	if (!(entry & VTD_ROOT_P))
		return VTD_FAULT_ROOT_ABSENT;
	if (!read_table(mem, VTD_ADDR(entry), page))
		return VTD_FAULT_CONTEXT_READ;
	fill_context(out, sid, scalable, VTD_ADDR(entry), page);
	return out->raw[0] & VTD_CTX_P ? VTD_FAULT_NONE : VTD_FAULT_CONTEXT_ABSENT;
}

enum vtd_fault vtd_lookup_pasid(const struct iommu_mem *mem, const struct vtd_context *c, uint32_t pasid,
				struct vtd_pasid *out)
{
	uint64_t page[512], pde, dir;
	uint32_t index;

	memset(out, 0, sizeof(*out));
	if (!c->scalable)
		return VTD_FAULT_PASID_RANGE;
	if (pasid == IOMMU_NO_PASID)
		pasid = c->rid_pasid;
	index = pasid >> 6;
	if (index >= c->pasid_dir_entries)
		return VTD_FAULT_PASID_RANGE;
	dir = c->pasid_dir + (uint64_t)(index / 512) * IOMMU_PAGE_SIZE;
	if (!read_table(mem, dir, page))
		return VTD_FAULT_PASID_READ;
	pde = page[index % 512];
	if (!(pde & VTD_PDE_P))
		return VTD_FAULT_PASID_ABSENT;
	if (!read_table(mem, VTD_ADDR(pde), page))
		return VTD_FAULT_PASID_READ;
	out->sid = (uint16_t)(c->bus << 8 | c->devfn);
	out->pasid = pasid;
	out->table = VTD_ADDR(pde);
	memcpy(out->raw, page + (size_t)(pasid & 63) * 8, sizeof(out->raw));
	vtd_pasid_decode(out);
	return out->raw[0] & VTD_PASID_P ? VTD_FAULT_NONE : VTD_FAULT_PASID_ABSENT;
}

/*
 * Is @iova one that tables of @levels levels can translate? The first level wants canonical ones.
 */
static bool iova_in_width(uint64_t iova, bool first_level, unsigned levels)
{
	unsigned width = vtd_levels_width(levels);
	uint64_t top = iova >> (first_level ? width - 1 : width);

	return !top || (first_level && top == ~UINT64_C(0) >> (width - 1));
}

/* One entry at @level: a fault, or NONE with @out->entry, level and perm brought up to date. */
static enum vtd_fault judge_entry(uint64_t pte, unsigned level, const struct vtd_pt_format *f,
				  struct iommu_translation *out)
{
	out->entry = pte;
	out->level = (uint8_t)level;
	if (!(pte & f->present))
		return VTD_FAULT_NOT_MAPPED;
	if (vtd_pte_defect(f, pte, level, 0) != VTD_DEFECT_KINDS)
		return VTD_FAULT_RESERVED;
	out->perm &= (uint32_t)(pte & f->perm);
	if (!vtd_pte_leaf(pte, level))
		return VTD_FAULT_NONE;
	if (pte & f->snoop)
		out->perm |= IOMMU_PERM_SNOOP;
	out->page_size = UINT64_C(1) << vtd_level_shift(level);
	return VTD_FAULT_NONE;
}

static enum vtd_fault lookup_tree(const struct iommu_mem *mem, uint64_t root, bool first_level, unsigned levels,
				  uint64_t iova, bool write, struct iommu_translation *out)
{
	const struct vtd_pt_format *f = vtd_pt_format(first_level);
	uint64_t page[512], table = root;

	out->root = root;
	out->perm = (uint32_t)f->perm;
	if (!iova_in_width(iova, first_level, levels))
		return VTD_FAULT_ADDRESS_WIDTH;
	for (unsigned level = levels; level && !out->page_size; level--) {
		enum vtd_fault fault;

		if (!read_table(mem, table, page))
			return VTD_FAULT_TABLE_READ;
		fault = judge_entry(page[(iova >> vtd_level_shift(level)) & 511], level, f, out);
		if (fault)
			return fault;
		table = out->entry & VTD_PTE_ADDR;
	}
	if (!(out->perm & (write ? IOMMU_PERM_WRITE : IOMMU_PERM_READ)))
		return write ? VTD_FAULT_WRITE_DENIED : VTD_FAULT_READ_DENIED;
	out->pa = (table & ~(out->page_size - 1)) | (iova & (out->page_size - 1));
	return VTD_FAULT_NONE;
}

static enum vtd_fault pass_through(uint64_t iova, struct iommu_translation *out)
{
	out->type = IOMMU_SPACE_PASS_THROUGH;
	out->pa = iova;
	out->perm = IOMMU_PERM_READ | IOMMU_PERM_WRITE;
	return iova & VTD_MASK(63, 52) ? VTD_FAULT_ADDRESS_WIDTH : VTD_FAULT_NONE;
}

static enum vtd_fault translate_scalable(const struct iommu_mem *mem, const struct vtd_context *c, uint32_t pasid,
					 uint64_t iova, bool write, struct iommu_translation *out)
{
	struct vtd_pasid p;
	enum vtd_fault fault = vtd_lookup_pasid(mem, c, pasid, &p);

	if (fault)
		return fault;
	out->did = p.did;
	out->pasid = p.pasid;
	switch (p.pgtt) {
	case VTD_PGTT_FIRST_LEVEL:
		if (p.flpm > 1)
			return VTD_FAULT_PASID_INVALID;
		out->type = IOMMU_SPACE_FIRST_LEVEL;
		return lookup_tree(mem, p.fl_root, true, p.flpm + 4u, iova, write, out);
	case VTD_PGTT_SECOND_LEVEL:
		if (!vtd_aw_levels(p.aw))
			return VTD_FAULT_PASID_INVALID;
		out->type = IOMMU_SPACE_SECOND_LEVEL;
		return lookup_tree(mem, p.sl_root, false, vtd_aw_levels(p.aw), iova, write, out);
	case VTD_PGTT_NESTED:
		out->type = IOMMU_SPACE_NESTED;
		return VTD_FAULT_NESTED;
	case VTD_PGTT_PASS_THROUGH:
		return pass_through(iova, out);
	default:
		return VTD_FAULT_PASID_INVALID;
	}
}

enum vtd_fault vtd_translate(const struct iommu_mem *mem, uint64_t root, unsigned ttm, uint16_t sid, uint32_t pasid,
			     uint64_t iova, bool write, struct iommu_translation *out)
{
	struct vtd_context c;
	enum vtd_fault fault;

	memset(out, 0, sizeof(*out));
	out->type = IOMMU_SPACE_INVALID;
	out->pasid = pasid;
	fault = vtd_lookup_context(mem, root, ttm, sid, &c);
	if (fault)
		return fault;
	if (c.scalable)
		return translate_scalable(mem, &c, pasid, iova, write, out);
	if (pasid != IOMMU_NO_PASID)
		return VTD_FAULT_PASID_RANGE;
	out->did = c.did;
	if (c.tt == VTD_TT_RESERVED || !vtd_aw_levels(c.aw))
		return VTD_FAULT_CONTEXT_INVALID;
	if (c.tt == VTD_TT_PASS_THROUGH)
		return pass_through(iova, out);
	out->type = IOMMU_SPACE_SECOND_LEVEL;
	return lookup_tree(mem, c.pt_root, false, vtd_aw_levels(c.aw), iova, write, out);
}

void vtd_read_entry(const struct iommu_mem *mem, uint64_t root, unsigned ttm, uint16_t sid,
		    uint64_t words[IOMMU_ENTRY_WORDS])
{
	struct vtd_context context;
	struct vtd_pasid pasid;

	_Static_assert(sizeof(context.raw) + sizeof(pasid.raw) == IOMMU_ENTRY_WORDS * sizeof(*words), "both fit");
	memset(words, 0, IOMMU_ENTRY_WORDS * sizeof(*words));
	if (vtd_lookup_context(mem, root, ttm, sid, &context) != VTD_FAULT_NONE)
		return;
	memcpy(words, context.raw, sizeof(context.raw));
	if (context.scalable && vtd_lookup_pasid(mem, &context, IOMMU_NO_PASID, &pasid) == VTD_FAULT_NONE)
		memcpy(words + 4, pasid.raw, sizeof(pasid.raw));
}
