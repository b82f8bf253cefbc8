/* SPDX-License-Identifier: GPL-2.0-only */
/* Scalable mode below the context entry: PASID directory, PASID tables, what they select. */
#include <string.h>

#include "vtd/walk-internal.h"

/* The address space of one PASID entry that r->pasids now ends with. */
static void pasid_space(struct walker *w, const struct vtd_pasid *p, unsigned index)
{
	size_t at = w->r->n_pasids - 1;
	enum vtd_defect_kind defect = VTD_DEFECT_ADDRESS_WIDTH;
	bool sl_ok = walk_aw_ok(w, p->aw), fl_ok = p->flpm <= 1;
	unsigned fl_levels = p->flpm + 4u, sl_levels = vtd_aw_levels(p->aw);
	uint16_t did = p->did;

	switch (p->pgtt) {
	case VTD_PGTT_FIRST_LEVEL:
		if (!fl_ok)
			break;
		walk_add_space(w, IOMMU_SPACE_FIRST_LEVEL, did, fl_levels, p->fl_root, at);
		return;
	case VTD_PGTT_SECOND_LEVEL:
		if (!sl_ok)
			break;
		walk_add_space(w, IOMMU_SPACE_SECOND_LEVEL, did, sl_levels, p->sl_root, at);
		return;
	case VTD_PGTT_NESTED:
		if (!sl_ok || !fl_ok)
			break;
		walk_add_space(w, IOMMU_SPACE_NESTED, did, sl_levels, p->sl_root, at);
		return;
	case VTD_PGTT_PASS_THROUGH:
		walk_add_space(w, IOMMU_SPACE_PASS_THROUGH, did, 0, 0, at);
		return;
	default:
		defect = VTD_DEFECT_PASID_TYPE;
	}
	walk_defect(w, defect, VTD_TABLE_PASID, 0, p->table, index, p->raw[0]);
	walk_add_space(w, IOMMU_SPACE_INVALID, did, 0, 0, at);
}

/* One PASID-table page: 64 entries of eight words; @base is the PASID of entry 0. */
static void pasid_table(struct walker *w, uint64_t pa, uint32_t base, uint64_t from, uint32_t from_index)
{
	uint64_t page[512];

	w->pasid = base;
	if (!walk_read(w, pa, VTD_TABLE_PASID, 0, page, from, from_index))
		return;
	for (unsigned i = 0; i < 64; i++) {
		const uint64_t *q = page + (size_t)i * 8;
		struct vtd_pasid *p;

		if (!(q[0] & VTD_PASID_P))
			continue;
		if (w->r->n_pasids >= w->o.max_pasids) {
			walk_truncate(w, "pasids");
			return;
		}
		p = WALK_PUSH(w, pasids, n_pasids, cap_pasids);
		if (!p)
			return;
		w->pasid = base + i;
		p->sid = w->sid;
		p->pasid = w->pasid;
		p->table = pa;
		memcpy(p->raw, q, sizeof(p->raw));
		vtd_pasid_decode(p);
		if (q[0] & VTD_PASID_Q0_RESERVED)
			walk_defect(w, VTD_DEFECT_PASID_RESERVED, VTD_TABLE_PASID, 0, pa, i, q[0]);
		pasid_space(w, p, i);
		if (w->err)
			return;
	}
}

void walk_pasid_dir(struct walker *w, size_t index)
{
	uint64_t dir = w->r->contexts[index].pasid_dir;
	uint32_t entries = w->r->contexts[index].pasid_dir_entries;
	size_t first = w->r->n_pasids;
	uint64_t page[512], pa = dir;

	for (uint32_t i = 0; i < entries && !w->err; i++) {
		uint64_t pde;

		w->pasid = i << 6;
		if (i % 512 == 0) {
			pa = dir + (uint64_t)i * 8;
			if (!walk_read(w, pa, VTD_TABLE_PASID_DIR, 0, page, dir, i)) {
				i += 511;
				continue;
			}
		}
		pde = page[i % 512];
		if (!(pde & VTD_PDE_P))
			continue;
		if (pde & VTD_PDE_RESERVED)
			walk_defect(w, VTD_DEFECT_PASID_RESERVED, VTD_TABLE_PASID_DIR, 0, pa, i % 512, pde);
		pasid_table(w, VTD_ADDR(pde), i << 6, pa, i % 512);
	}
	w->r->contexts[index].n_pasids = w->r->n_pasids - first;
}
