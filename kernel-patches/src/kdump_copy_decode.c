// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deep copy of VT-d translation tables: what single entries mean.
 *
 * VT-d spec chapter 9: 9.3 context entry, 9.4 scalable-mode context entry, 9.6
 * PASID table entry, 9.7 first-stage and 9.8 second-stage paging entries.
 */
#include "kdump_copy_priv.h"

#define CTX_PRESENT		BIT_ULL(0)
#define CTX_TT(lo)		(((lo) >> 2) & 3)
#define CTX_LO_RESERVED		GENMASK_ULL(11, 4)
#define CTX_AW(hi)		((hi) & 7)
#define CTX_DID(hi)		(((hi) >> 8) & 0xffff)
#define CTX_HI_RESERVED		(GENMASK_ULL(63, 24) | BIT_ULL(7))

#define SCTX_DTE		BIT_ULL(2)
#define SCTX_PDTS(lo)		(((lo) >> 9) & 7)

#define PE_AW(q0)		(((q0) >> 2) & 7)
#define PE_PGTT(q0)		(((q0) >> 6) & 7)
#define PE_DID(q1)		((q1) & 0xffff)
#define PE_FLPM(q2)		(((q2) >> 2) & 3)

enum { TT_UNTRANSLATED, TT_DEVICE_TLB, TT_PASS_THROUGH, TT_RESERVED };
enum { PGTT_FIRST = 1, PGTT_SECOND, PGTT_NESTED, PGTT_PASS_THROUGH };

static const struct kdc_entry empty;

static void refuse(struct kdc_entry *out, const char *why)
{
	out->kind = KDC_REFUSED;
	out->why = why;
}

static void set_root(const struct kdc_limits *limits, struct kdc_entry *out, enum kdc_kind kind,
		     u64 field)
{
	out->root = field & KDC_ROOT;
	if (out->root & kdc_above(limits))
		refuse(out, "root above the host address width");
	else
		out->kind = kind;
}

/* AW 0 is 30 bits and 2 levels; only what SAGAW names is supported, and 6 levels never. */
static void second_stage(const struct kdc_limits *limits, struct kdc_entry *out, unsigned int aw,
			 u64 field)
{
	if (aw + 2 > KDC_LEVELS_MAX || !(limits->sagaw & (1u << aw))) {
		refuse(out, "address width not supported");
		return;
	}
	out->format = KDC_SECOND_STAGE;
	out->levels = aw + 2;
	set_root(limits, out, KDC_TREE, field);
}

static void first_stage(const struct kdc_limits *limits, struct kdc_entry *out, u64 q2)
{
	if (PE_FLPM(q2) > 1 || (PE_FLPM(q2) && !limits->first_5level)) {
		refuse(out, "first-stage paging mode not supported");
		return;
	}
	out->format = KDC_FIRST_STAGE;
	out->levels = 4 + PE_FLPM(q2);
	set_root(limits, out, KDC_TREE, q2);
}

void kdc_decode_context(const struct kdc_limits *limits, const u64 ce[2], struct kdc_entry *out)
{
	*out = empty;
	out->fpd = ce[0] & KDC_FPD;
	if (!(ce[0] & CTX_PRESENT))
		return;
	out->did = CTX_DID(ce[1]);
	out->device_tlb = CTX_TT(ce[0]) == TT_DEVICE_TLB;
	if ((ce[0] & CTX_LO_RESERVED) || (ce[1] & CTX_HI_RESERVED))
		refuse(out, "reserved bits set");
	else if (CTX_TT(ce[0]) == TT_RESERVED)
		refuse(out, "reserved translation type");
	else if (CTX_TT(ce[0]) == TT_PASS_THROUGH)
		out->kind = KDC_PASS_THROUGH;
	else
		second_stage(limits, out, CTX_AW(ce[1]), ce[0]);
}

void kdc_decode_scalable_context(const struct kdc_limits *limits, const u64 ce[4],
				 struct kdc_entry *out)
{
	unsigned int pdts = SCTX_PDTS(ce[0]);

	*out = empty;
	out->fpd = ce[0] & KDC_FPD;
	if (!(ce[0] & CTX_PRESENT))
		return;
	out->device_tlb = ce[0] & SCTX_DTE;
	/* 2^(PDTS + 7) entries of 8 bytes; whoever allocates one uses at least a page. */
	out->pasid_dir_bits = pdts + 7;
	out->pasid_dir_order = pdts > 2 ? pdts - 2 : 0;
	set_root(limits, out, KDC_PASID_DIR, ce[0]);
}

void kdc_decode_pasid(const struct kdc_limits *limits, const u64 pe[8], struct kdc_entry *out)
{
	*out = empty;
	out->fpd = pe[0] & KDC_FPD;
	if (!(pe[0] & CTX_PRESENT))
		return;
	out->did = PE_DID(pe[1]);
	switch (PE_PGTT(pe[0])) {
	case PGTT_FIRST:
		first_stage(limits, out, pe[2]);
		break;
	case PGTT_SECOND:
		second_stage(limits, out, PE_AW(pe[0]), pe[0]);
		break;
	case PGTT_PASS_THROUGH:
		out->kind = KDC_PASS_THROUGH;
		break;
	case PGTT_NESTED:
		refuse(out, "nested translation");
		break;
	default:
		refuse(out, "reserved translation type");
	}
}

void kdc_context_set_root(u64 *ce, u64 root)
{
	ce[0] = (ce[0] & ~(KDC_ROOT | KDC_FPD)) | (root & KDC_ROOT);
}

void kdc_pasid_set_root(u64 pe[8], enum kdc_format format, u64 root)
{
	u64 *field = format == KDC_FIRST_STAGE ? &pe[2] : &pe[0];

	*field = (*field & ~KDC_ROOT) | (root & KDC_ROOT);
	pe[0] &= ~KDC_FPD;
}

void kdc_rules_init(struct kdc_rules *r, const struct kdc_limits *limits, enum kdc_format format)
{
	r->bad = kdc_above(limits) & KDC_ADDR;
	r->low_2m = GENMASK_ULL(20, 12);
	r->low_1g = GENMASK_ULL(29, 12);
	if (format == KDC_FIRST_STAGE) {
		r->present = KDC_R;
		r->table_bad = r->bad;
		/* Bit 12 of a superpage is PAT there, no address. */
		r->low_2m &= ~BIT_ULL(12);
		r->low_1g &= ~BIT_ULL(12);
		r->has_2m = true;
		r->has_1g = limits->first_1g;
		r->sign_extend = true;
		r->pfn_end = U64_MAX;
	} else {
		r->present = KDC_R | KDC_W;
		r->table_bad = r->bad | KDC_SNP | KDC_TM;
		r->has_2m = limits->second_2m;
		r->has_1g = limits->second_1g;
		r->sign_extend = false;
		r->pfn_end = limits->mgaw ? 1ull << (limits->mgaw - 12) : U64_MAX;
	}
}

/* All that is in a copy was judged when it was made, maybe by the limits of another unit. */
void kdc_rules_own(struct kdc_rules *r, enum kdc_format format)
{
	static const struct kdc_limits all = {
		.second_2m = true, .second_1g = true, .first_1g = true,
	};

	kdc_rules_init(r, &all, format);
}

/* An entry that the levels above forbid to use (perm) is as good as absent. */
enum kdc_class kdc_classify(const struct kdc_rules *r, u64 pte, u64 pfn, unsigned int level,
			    u8 perm, const char **why)
{
	bool has = level == 2 ? r->has_2m : r->has_1g;
	u64 low = level == 2 ? r->low_2m : r->low_1g;

	if (!(pte & r->present) || !(pte & perm & (KDC_R | KDC_W)))
		return KDC_ABSENT;
	if (pfn >= r->pfn_end) {
		*why = "IOVA above the width of the unit";
		return KDC_BAD;
	}
	if (pte & r->bad) {
		*why = "address above the host address width";
		return KDC_BAD;
	}
	if (level == 1)
		return KDC_LEAF;
	if (!(pte & KDC_PS)) {
		if (!(pte & r->table_bad))
			return KDC_TABLE;
		*why = "reserved bits in an entry of a table";
		return KDC_BAD;
	}
	if (level > 3 || !has) {
		*why = "page size not supported at this level";
		return KDC_BAD;
	}
	if (pte & low) {
		*why = "superpage not aligned";
		return KDC_BAD;
	}
	return KDC_LEAF;
}
