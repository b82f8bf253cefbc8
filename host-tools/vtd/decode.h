/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an entry says, for the walker and for single look-ups alike; private to host-tools/vtd. Inline: the walker
 * asks for every paging entry.
 */
#ifndef VTD_DECODE_H
#define VTD_DECODE_H

#include "vtd/formats.h"
#include "vtd/walk.h"

/* Fills what follows from @c->raw and @c->scalable. */
static inline void vtd_context_decode(struct vtd_context *c)
{
	uint64_t q0 = c->raw[0], q1 = c->raw[1];

	c->fpd = q0 & VTD_CTX_FPD;
	if (c->scalable) {
		c->pasid_dir = VTD_ADDR(q0);
		c->pasid_dir_entries = vtd_sctx_dir_entries(q0);
		c->rid_pasid = vtd_sctx_rid_pasid(q1);
		c->dte = q0 & VTD_SCTX_DTE;
		c->paside = q0 & VTD_SCTX_PASIDE;
		c->pre = q0 & VTD_SCTX_PRE;
	} else {
		c->tt = (uint8_t)vtd_ctx_tt(q0);
		c->aw = (uint8_t)vtd_ctx_aw(q1);
		c->did = vtd_ctx_did(q1);
		c->pt_root = VTD_ADDR(q0);
	}
}

/* Fills what follows from @p->raw. */
static inline void vtd_pasid_decode(struct vtd_pasid *p)
{
	p->fpd = p->raw[0] & VTD_PASID_FPD;
	p->pgtt = (uint8_t)vtd_pasid_pgtt(p->raw[0]);
	p->aw = (uint8_t)vtd_pasid_aw(p->raw[0]);
	p->did = vtd_pasid_did(p->raw[1]);
	p->flpm = (uint8_t)vtd_pasid_flpm(p->raw[2]);
	p->sl_root = VTD_ADDR(p->raw[0]);
	p->fl_root = VTD_ADDR(p->raw[2]);
}

/* What tells the two formats of paging entries apart. */
struct vtd_pt_format {
	uint64_t present;	 /* any of these bits: the entry is present */
	uint64_t perm;		 /* permission bits, ANDed over the levels; both formats use bits 2:0 */
	uint64_t snoop;		 /* SNP of a leaf */
	uint64_t table_reserved; /* reserved in an entry that points to a table */
	uint64_t pat;		 /* of a superpage: an attribute where the address would be */
};

static const struct vtd_pt_format vtd_pt_formats[] = {
	{
		.present = VTD_SL_R | VTD_SL_W,
		.perm = VTD_SL_R | VTD_SL_W,
		.snoop = VTD_SL_SNP,
		.table_reserved = VTD_SL_SNP | VTD_SL_TM,
	},
	{
		.present = VTD_FL_P,
		.perm = VTD_FL_P | VTD_FL_RW | VTD_FL_US,
		.pat = UINT64_C(1) << 12,
	},
};

static inline const struct vtd_pt_format *vtd_pt_format(bool first_level)
{
	return &vtd_pt_formats[first_level];
}

static inline bool vtd_pte_leaf(uint64_t pte, unsigned level)
{
	return level == 1 || (pte & VTD_PTE_PS);
}

/* The bits that the present entry @pte must not have, @excess among them: a defect, VTD_DEFECT_KINDS: none. */
static inline enum vtd_defect_kind vtd_pte_defect(const struct vtd_pt_format *f, uint64_t pte, unsigned level,
						  uint64_t excess)
{
	uint64_t misaligned = level > 1 ? VTD_MASK(vtd_level_shift(level) - 1, 12) & ~f->pat : 0;
	bool leaf = vtd_pte_leaf(pte, level);

	if (pte & excess)
		return VTD_DEFECT_PTE_WIDTH;
	if (leaf && level > 3)
		return VTD_DEFECT_SUPERPAGE_LEVEL;
	if (leaf && (pte & misaligned))
		return VTD_DEFECT_SUPERPAGE_ALIGN;
	if (!leaf && (pte & f->table_reserved))
		return VTD_DEFECT_PTE_RESERVED;
	return VTD_DEFECT_KINDS;
}

#endif
