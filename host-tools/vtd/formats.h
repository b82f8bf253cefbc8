/* SPDX-License-Identifier: GPL-2.0-only */
/* Entry formats of the VT-d tables as small inline decoders: bit arithmetic only. */
#ifndef VTD_FORMATS_H
#define VTD_FORMATS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Sections named below are those of the Intel Virtualization Technology for Directed I/O
 * architecture specification, revision 4.x, chapter 9 "Translation Structure Formats". All tables
 * are made of little-endian 64-bit words; qN is word N of an entry.
 */

/* Bits [hi:lo] of @v. */
static inline uint64_t vtd_bits(uint64_t v, unsigned hi, unsigned lo)
{
	return (v >> lo) & (~UINT64_C(0) >> (63 - (hi - lo)));
}

static inline bool vtd_bit(uint64_t v, unsigned n)
{
	return (v >> n) & 1;
}

/* A mask with bits [hi:lo] set. */
#define VTD_MASK(hi, lo) ((~UINT64_C(0) >> (63 - (hi))) & (~UINT64_C(0) << (lo)))

/* The address part of any table pointer: bits 63:12. */
#define VTD_ADDR(v) ((v)&VTD_MASK(63, 12))

/* --- Root entry, 16 bytes, 256 to a page, index = bus. 9.1 (legacy) and 9.2 (scalable) --- */

/* Legacy: q0 P, CTP. Scalable: q0 LP, LCTP for devfn 00-7f; q1 UP, UCTP for devfn 80-ff. */
#define VTD_ROOT_P UINT64_C(1)
#define VTD_ROOT_RESERVED VTD_MASK(11, 1)

/* --- Legacy context entry, 16 bytes, 256 to a page, index = devfn. 9.3 --- */

#define VTD_CTX_P UINT64_C(1)
#define VTD_CTX_FPD UINT64_C(2)
#define VTD_CTX_Q0_RESERVED VTD_MASK(11, 4)
#define VTD_CTX_Q1_RESERVED (VTD_MASK(63, 24) | VTD_MASK(7, 7))

enum vtd_tt {
	VTD_TT_UNTRANSLATED = 0, /* only untranslated requests, through second-level tables */
	VTD_TT_DEVICE_TLB = 1,	 /* the same, translated requests allowed too */
	VTD_TT_PASS_THROUGH = 2,
	VTD_TT_RESERVED = 3,
};

static inline unsigned vtd_ctx_tt(uint64_t q0)
{
	return (unsigned)vtd_bits(q0, 3, 2);
}

static inline unsigned vtd_ctx_aw(uint64_t q1)
{
	return (unsigned)vtd_bits(q1, 2, 0);
}

static inline uint16_t vtd_ctx_did(uint64_t q1)
{
	return (uint16_t)vtd_bits(q1, 23, 8);
}

/* --- Scalable-mode context entry, 32 bytes, 128 to a page, index = devfn & 0x7f. 9.4 --- */

#define VTD_SCTX_P UINT64_C(1)
#define VTD_SCTX_FPD UINT64_C(2)
#define VTD_SCTX_DTE UINT64_C(4)
#define VTD_SCTX_PASIDE UINT64_C(8)
#define VTD_SCTX_PRE UINT64_C(16)
#define VTD_SCTX_Q0_RESERVED VTD_MASK(8, 7)
#define VTD_SCTX_Q1_RESERVED VTD_MASK(63, 21)

/* Entries of the PASID directory: 2^(PDTS + 7), 128 to 16384. */
static inline uint32_t vtd_sctx_dir_entries(uint64_t q0)
{
	return UINT32_C(1) << (vtd_bits(q0, 11, 9) + 7);
}

static inline uint32_t vtd_sctx_rid_pasid(uint64_t q1)
{
	return (uint32_t)vtd_bits(q1, 19, 0);
}

/* --- PASID directory entry, 8 bytes, index = PASID bits 19:6. 9.5 --- */

#define VTD_PDE_P UINT64_C(1)
#define VTD_PDE_RESERVED VTD_MASK(11, 2)

/* --- PASID table entry, 64 bytes, 64 to a page, index = PASID bits 5:0. 9.6 --- */

#define VTD_PASID_P UINT64_C(1)
#define VTD_PASID_FPD UINT64_C(2)
#define VTD_PASID_Q0_RESERVED VTD_MASK(11, 10)

enum vtd_pgtt {
	VTD_PGTT_FIRST_LEVEL = 1,
	VTD_PGTT_SECOND_LEVEL = 2,
	VTD_PGTT_NESTED = 3,
	VTD_PGTT_PASS_THROUGH = 4,
};

static inline unsigned vtd_pasid_aw(uint64_t q0)
{
	return (unsigned)vtd_bits(q0, 4, 2);
}

static inline unsigned vtd_pasid_pgtt(uint64_t q0)
{
	return (unsigned)vtd_bits(q0, 8, 6);
}

static inline uint16_t vtd_pasid_did(uint64_t q1)
{
	return (uint16_t)vtd_bits(q1, 15, 0);
}

/* First-level paging mode, in q2: 0 = 4 levels, 1 = 5 levels, others reserved. */
static inline unsigned vtd_pasid_flpm(uint64_t q2)
{
	return (unsigned)vtd_bits(q2, 3, 2);
}

/* --- Address width of second-level tables: AW 1 = 39 bits, 3 levels; 2 = 48, 4; 3 = 57, 5 --- */

/* Number of levels for an AW field, 0 if reserved. */
static inline unsigned vtd_aw_levels(unsigned aw)
{
	return aw >= 1 && aw <= 3 ? aw + 2 : 0;
}

/* Bits of IOVA that @levels levels translate. */
static inline unsigned vtd_levels_width(unsigned levels)
{
	return 12 + 9 * levels;
}

/* --- Paging entries. 9.7 first stage (the x86 format), 9.8 second stage --- */

/* Levels count from the leaf table: an entry at level 1 maps 4 KiB, at 2 2 MiB, at 3 1 GiB. */
static inline unsigned vtd_level_shift(unsigned level)
{
	return 12 + 9 * (level - 1);
}

#define VTD_SL_R UINT64_C(1)
#define VTD_SL_W UINT64_C(2)
#define VTD_SL_A (UINT64_C(1) << 8)
#define VTD_SL_D (UINT64_C(1) << 9)
#define VTD_SL_SNP (UINT64_C(1) << 11)
#define VTD_SL_TM (UINT64_C(1) << 62)

#define VTD_FL_P UINT64_C(1)
#define VTD_FL_RW UINT64_C(2)
#define VTD_FL_US UINT64_C(4)
#define VTD_FL_A (UINT64_C(1) << 5)
#define VTD_FL_D (UINT64_C(1) << 6)
#define VTD_FL_EA (UINT64_C(1) << 10)

/* Page size, in both formats: at levels 2 and 3 this entry is a leaf; at 4 and 5 reserved. */
#define VTD_PTE_PS (UINT64_C(1) << 7)
/* The address field of both formats, before the host address width is taken into account. */
#define VTD_PTE_ADDR VTD_MASK(51, 12)

static inline bool vtd_sl_present(uint64_t pte)
{
	return (pte & (VTD_SL_R | VTD_SL_W)) != 0;
}

/* --- Interrupt-remapping table. IRTA_REG; 9.10 remapped format, 9.11 posted format --- */

#define VTD_IRTA_EIME (UINT64_C(1) << 11)
#define VTD_IRTE_P UINT64_C(1)
#define VTD_IRTE_POSTED (UINT64_C(1) << 15)
#define VTD_IRTE_Q1_RESERVED VTD_MASK(63, 20)

/* Entries of 16 bytes: 2^(S + 1), 2 to 65536. */
static inline uint32_t vtd_irta_entries(uint64_t irta)
{
	return UINT32_C(1) << (vtd_bits(irta, 3, 0) + 1);
}

#endif
