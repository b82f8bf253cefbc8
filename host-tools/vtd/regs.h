/* SPDX-License-Identifier: GPL-2.0-only */
/* The VT-d register block (0x230 bytes; where they lie, the machine knows), decoded into named fields. */
#ifndef VTD_REGS_H
#define VTD_REGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define VTD_REGS_BYTES 0x230
#define VTD_REGS_QWORDS (VTD_REGS_BYTES / 8) /* 70 */
#define VTD_MAX_FRCD 8

/* Register offsets (VT-d spec, chapter "Register Descriptions"). */
enum vtd_reg {
	VTD_REG_VER = 0x00,
	VTD_REG_CAP = 0x08,
	VTD_REG_ECAP = 0x10,
	VTD_REG_GCMD = 0x18,
	VTD_REG_GSTS = 0x1c,
	VTD_REG_RTADDR = 0x20,
	VTD_REG_CCMD = 0x28,
	VTD_REG_FSTS = 0x34,
	VTD_REG_FECTL = 0x38,
	VTD_REG_FEDATA = 0x3c,
	VTD_REG_FEADDR = 0x40,
	VTD_REG_FEUADDR = 0x44,
	VTD_REG_PMEN = 0x64,
	VTD_REG_IQH = 0x80,
	VTD_REG_IQT = 0x88,
	VTD_REG_IQA = 0x90,
	VTD_REG_ICS = 0x9c,
	VTD_REG_IECTL = 0xa0,
	VTD_REG_IRTA = 0xb8,
};

/*
 * RTADDR bits 11:10, Translation Table Mode. 2 (once "extended") and 3 (abort DMA) are never
 * legacy.
 */
enum vtd_ttm {
	VTD_TTM_LEGACY = 0,
	VTD_TTM_SCALABLE = 1,
	VTD_TTM_RESERVED = 2,
	VTD_TTM_ABORT = 3,
};

/* Bits of FSTS that mean a fault was recorded or lost. */
#define VTD_FSTS_PFO (1u << 0) /* primary fault overflow */
#define VTD_FSTS_PPF (1u << 1) /* primary fault pending */
#define VTD_FSTS_IQE (1u << 4) /* invalidation queue error */
#define VTD_FSTS_ICE (1u << 5) /* invalidation completion error */
#define VTD_FSTS_ITE (1u << 6) /* invalidation time-out error */

/* One fault recording register, 128 bits. Valid only if @fault is set. */
struct vtd_frcd {
	uint64_t lo, hi; /* raw */
	bool fault;	 /* F: this record holds a fault */
	bool write;	 /* true: a write request faulted (type bits 0) */
	uint8_t reason;	 /* fault reason code */
	uint16_t sid;	 /* source id, bus << 8 | devfn */
	bool has_pasid;	 /* PP */
	uint32_t pasid;
	uint64_t addr; /* faulting page address (FI) */
};

/* Everything of the block that some check looks at. Raw registers first, then what they mean. */
struct vtd_regs {
	uint32_t ver;
	uint64_t cap, ecap;
	uint32_t gsts;
	uint64_t rtaddr;
	uint32_t fsts, fectl, fedata, feaddr, feuaddr, pmen;
	uint64_t iqh, iqt, iqa, irta;

	/* GSTS */
	bool translation_on; /* TES */
	bool root_latched;   /* RTPS */
	bool qi_on;	     /* QIES */
	bool ir_on;	     /* IRES */
	bool ir_latched;     /* IRTPS */
	bool compat_irq;     /* CFIS */

	/*
	 * RTADDR: what is in the register, which is in force only once it has been latched by SRTP
	 */
	uint64_t root; /* address, low 12 bits clear */
	enum vtd_ttm ttm;

	/* IRTA */
	uint64_t irt;	      /* address of the interrupt-remapping table, 0 if none was ever set */
	uint32_t irt_entries; /* 2^(S+1) */
	bool eime;	      /* extended interrupt mode (x2APIC) */

	/* CAP */
	uint32_t domains;  /* number of domain ids: 2^(4 + 2*ND) */
	uint8_t sagaw;	   /* bit 1: 3 levels (39 bits), bit 2: 4 levels (48), bit 3: 5 levels (57) */
	uint8_t mgaw;	   /* guest address width in bits (field + 1) */
	uint8_t sllps;	   /* second-level superpages: bit 0 2 MiB, bit 1 1 GiB */
	bool caching_mode; /* CM */
	bool fl_1gib;	   /* FL1GP */
	bool fl_5level;	   /* FL5LP */
	uint16_t fro;	   /* byte offset of FRCD[0] */
	uint16_t nfr;	   /* number of fault recording registers (field + 1) */

	/* ECAP */
	bool ecap_qi, ecap_dt, ecap_ir, ecap_eim, ecap_pt, ecap_sc, ecap_nest, ecap_pasid;
	bool ecap_smts; /* scalable mode */
	bool ecap_slts; /* second-level translation in scalable mode */
	bool ecap_flts; /* first-level translation in scalable mode */

	unsigned n_frcd; /* how many of frcd[] lie inside the block (<= VTD_MAX_FRCD) */
	struct vtd_frcd frcd[VTD_MAX_FRCD];
};

/*
 * Decode the block @raw (VTD_REGS_QWORDS little-endian 64-bit words, word 0 at offset 0) into
 * @regs. Any bytes are accepted: fault records outside the block are left out.
 */
void vtd_regs_decode(const uint64_t raw[VTD_REGS_QWORDS], struct vtd_regs *regs);

/*
 * The 32- or 64-bit register at byte offset @reg (enum vtd_reg or other, aligned, inside the
 * block).
 */
uint32_t vtd_regs_get32(const uint64_t raw[VTD_REGS_QWORDS], unsigned reg);
uint64_t vtd_regs_get64(const uint64_t raw[VTD_REGS_QWORDS], unsigned reg);
/* Set one register in a raw block (tests, synthetic snapshots). */
void vtd_regs_set32(uint64_t raw[VTD_REGS_QWORDS], unsigned reg, uint32_t value);
void vtd_regs_set64(uint64_t raw[VTD_REGS_QWORDS], unsigned reg, uint64_t value);

/* True if neither FSTS nor any fault record reports a fault. */
bool vtd_regs_fault_free(const struct vtd_regs *regs);

/* "legacy", "scalable", "reserved (10b)", "abort DMA (11b)". */
const char *vtd_ttm_name(unsigned ttm);

/* Readable multi-line print of the registers to @out. */
void vtd_regs_print(const struct vtd_regs *regs, FILE *out);

/*
 * vtd_fault_reason_name - ": present bit in the root entry is clear": what a fault reason code means, in the words of
 * Linux's log and of the specification (7.1.3), with the colon; "" for one that is not known here. Static text.
 */
const char *vtd_fault_reason_name(unsigned reason);

#endif
