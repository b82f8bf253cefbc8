/* SPDX-License-Identifier: GPL-2.0-only */
/* Decoding and printing the VT-d register block. */
#include "vtd/regs.h"

#include <inttypes.h>
#include <string.h>

#include "base/sid.h"
#include "vtd/formats.h"

uint64_t vtd_regs_get64(const uint64_t raw[VTD_REGS_QWORDS], unsigned reg)
{
	return reg / 8 < VTD_REGS_QWORDS ? raw[reg / 8] : 0;
}

uint32_t vtd_regs_get32(const uint64_t raw[VTD_REGS_QWORDS], unsigned reg)
{
	return (uint32_t)(vtd_regs_get64(raw, reg) >> (reg & 4 ? 32 : 0));
}

void vtd_regs_set64(uint64_t raw[VTD_REGS_QWORDS], unsigned reg, uint64_t value)
{
	if (reg / 8 < VTD_REGS_QWORDS)
		raw[reg / 8] = value;
}

void vtd_regs_set32(uint64_t raw[VTD_REGS_QWORDS], unsigned reg, uint32_t value)
{
	unsigned shift = reg & 4 ? 32 : 0;
	uint64_t old = vtd_regs_get64(raw, reg);

	old &= ~(UINT64_C(0xffffffff) << shift);
	vtd_regs_set64(raw, reg, old | (uint64_t)value << shift);
}

/* CAP_REG and ECAP_REG fields. */
static void decode_capabilities(struct vtd_regs *regs)
{
	uint64_t cap = regs->cap, ecap = regs->ecap;

	regs->domains = UINT32_C(1) << (4 + 2 * vtd_bits(cap, 2, 0));
	regs->caching_mode = vtd_bit(cap, 7);
	regs->sagaw = (uint8_t)vtd_bits(cap, 12, 8);
	regs->mgaw = (uint8_t)(vtd_bits(cap, 21, 16) + 1);
	regs->fro = (uint16_t)(vtd_bits(cap, 33, 24) * 16);
	regs->sllps = (uint8_t)vtd_bits(cap, 37, 34);
	regs->nfr = (uint16_t)(vtd_bits(cap, 47, 40) + 1);
	regs->fl_1gib = vtd_bit(cap, 56);
	regs->fl_5level = vtd_bit(cap, 60);

	regs->ecap_qi = vtd_bit(ecap, 1);
	regs->ecap_dt = vtd_bit(ecap, 2);
	regs->ecap_ir = vtd_bit(ecap, 3);
	regs->ecap_eim = vtd_bit(ecap, 4);
	regs->ecap_pt = vtd_bit(ecap, 6);
	regs->ecap_sc = vtd_bit(ecap, 7);
	regs->ecap_nest = vtd_bit(ecap, 26);
	regs->ecap_pasid = vtd_bit(ecap, 40);
	regs->ecap_smts = vtd_bit(ecap, 43);
	regs->ecap_slts = vtd_bit(ecap, 46);
	regs->ecap_flts = vtd_bit(ecap, 47);
}

/* Fault recording registers, as far as they lie inside the block. */
static void decode_faults(const uint64_t *raw, struct vtd_regs *regs)
{
	for (unsigned i = 0; i < regs->nfr && i < VTD_MAX_FRCD; i++) {
		unsigned offset = regs->fro + 16 * i;
		struct vtd_frcd *f = &regs->frcd[i];

		if (offset + 16 > VTD_REGS_BYTES)
			break;
		f->lo = vtd_regs_get64(raw, offset);
		f->hi = vtd_regs_get64(raw, offset + 8);
		f->addr = VTD_ADDR(f->lo);
		f->sid = (uint16_t)vtd_bits(f->hi, 15, 0);
		f->has_pasid = vtd_bit(f->hi, 31);
		f->reason = (uint8_t)vtd_bits(f->hi, 39, 32);
		f->pasid = (uint32_t)vtd_bits(f->hi, 59, 40);
		f->write = !vtd_bit(f->hi, 62);
		f->fault = vtd_bit(f->hi, 63);
		regs->n_frcd = i + 1;
	}
}

void vtd_regs_decode(const uint64_t raw[VTD_REGS_QWORDS], struct vtd_regs *regs)
{
	memset(regs, 0, sizeof(*regs));
	regs->ver = vtd_regs_get32(raw, VTD_REG_VER);
	regs->cap = vtd_regs_get64(raw, VTD_REG_CAP);
	regs->ecap = vtd_regs_get64(raw, VTD_REG_ECAP);
	regs->gsts = vtd_regs_get32(raw, VTD_REG_GSTS);
	regs->rtaddr = vtd_regs_get64(raw, VTD_REG_RTADDR);
	regs->fsts = vtd_regs_get32(raw, VTD_REG_FSTS);
	regs->fectl = vtd_regs_get32(raw, VTD_REG_FECTL);
	regs->fedata = vtd_regs_get32(raw, VTD_REG_FEDATA);
	regs->feaddr = vtd_regs_get32(raw, VTD_REG_FEADDR);
	regs->feuaddr = vtd_regs_get32(raw, VTD_REG_FEUADDR);
	regs->pmen = vtd_regs_get32(raw, VTD_REG_PMEN);
	regs->iqh = vtd_regs_get64(raw, VTD_REG_IQH);
	regs->iqt = vtd_regs_get64(raw, VTD_REG_IQT);
	regs->iqa = vtd_regs_get64(raw, VTD_REG_IQA);
	regs->irta = vtd_regs_get64(raw, VTD_REG_IRTA);

	regs->translation_on = vtd_bit(regs->gsts, 31);
	regs->root_latched = vtd_bit(regs->gsts, 30);
	regs->qi_on = vtd_bit(regs->gsts, 26);
	regs->ir_on = vtd_bit(regs->gsts, 25);
	regs->ir_latched = vtd_bit(regs->gsts, 24);
	regs->compat_irq = vtd_bit(regs->gsts, 23);

	regs->root = VTD_ADDR(regs->rtaddr);
	regs->ttm = (enum vtd_ttm)vtd_bits(regs->rtaddr, 11, 10);
	regs->irt = VTD_ADDR(regs->irta);
	regs->irt_entries = vtd_irta_entries(regs->irta);
	regs->eime = regs->irta & VTD_IRTA_EIME;

	decode_capabilities(regs);
	decode_faults(raw, regs);
}

bool vtd_regs_fault_free(const struct vtd_regs *regs)
{
	if (regs->fsts & (VTD_FSTS_PFO | VTD_FSTS_PPF | VTD_FSTS_IQE | VTD_FSTS_ICE | VTD_FSTS_ITE))
		return false;
	for (unsigned i = 0; i < regs->n_frcd; i++)
		if (regs->frcd[i].fault)
			return false;
	return true;
}

const char *vtd_ttm_name(unsigned ttm)
{
	static const char *const names[] = { "legacy", "scalable", "reserved (10b)", "abort DMA (11b)" };

	return ttm < 4 ? names[ttm] : "unknown";
}

void vtd_regs_print(const struct vtd_regs *regs, FILE *out)
{
	fprintf(out, "version %u.%u  cap 0x%" PRIx64 "  ecap 0x%" PRIx64 "\n", (unsigned)vtd_bits(regs->ver, 7, 4),
		(unsigned)vtd_bits(regs->ver, 3, 0), regs->cap, regs->ecap);
	fprintf(out, "gsts 0x%08x:%s%s%s%s%s%s\n", regs->gsts, regs->translation_on ? " TES" : "",
		regs->root_latched ? " RTPS" : "", regs->qi_on ? " QIES" : "", regs->ir_on ? " IRES" : "",
		regs->ir_latched ? " IRTPS" : "", regs->compat_irq ? " CFIS" : "");
	fprintf(out,
		"rtaddr 0x%" PRIx64 " %s  irta 0x%" PRIx64 "  iqa 0x%" PRIx64 " iqh 0x%" PRIx64 " iqt 0x%" PRIx64 "\n",
		regs->rtaddr, vtd_ttm_name(regs->ttm), regs->irta, regs->iqa, regs->iqh, regs->iqt);
	fprintf(out, "fsts 0x%08x%s%s\n", regs->fsts, regs->fsts & VTD_FSTS_PPF ? " PPF" : "",
		regs->fsts & VTD_FSTS_PFO ? " PFO" : "");
	for (unsigned i = 0; i < regs->n_frcd; i++) {
		const struct vtd_frcd *f = &regs->frcd[i];
		char sid[16];

		if (f->fault)
			fprintf(out, "fault %u: %s of 0x%" PRIx64 " by %s reason 0x%x\n", i,
				f->write ? "write" : "read", f->addr, sid_text(f->sid, sid), f->reason);
	}
}

const char *vtd_fault_reason_name(unsigned reason)
{
	static const char *const names[] = {
		[0x01] = ": present bit in the root entry is clear",
		[0x02] = ": present bit in the context entry is clear",
		[0x03] = ": invalid context entry",
		[0x04] = ": address beyond the width of the tables",
		[0x05] = ": write permission is not set in the page tables",
		[0x06] = ": read permission is not set in the page tables",
		[0x07] = ": address of the next page table is invalid",
		[0x08] = ": address of the root table is invalid",
		[0x09] = ": address of the context table is invalid",
		[0x0a] = ": reserved bits set in the root entry",
		[0x0b] = ": reserved bits set in the context entry",
		[0x0c] = ": reserved bits set in the page tables",
		[0x39] = ": present bit in the root entry is clear",
		[0x41] = ": present bit in the context entry is clear",
		[0x51] = ": present bit in the PASID directory entry is clear",
		[0x59] = ": present bit in the PASID table entry is clear",
		[0x71] = ": present bit in a first-level page-table entry is clear",
	};

	return reason < sizeof(names) / sizeof(names[0]) && names[reason] ? names[reason] : "";
}
