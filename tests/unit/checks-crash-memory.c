/* SPDX-License-Identifier: GPL-2.0-only */
/* The check `dma-outside-crash-memory`. */
#include "evidence-fixture.h"

#define OUTSIDE "dma-outside-crash-memory"

static void good(void **state)
{
	struct good_run *f = *state;

	want(f, OUTSIDE, CHECK_PASS, "writable pages of 3 address spaces", NULL);
}

static void no_iommu(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	want(f, OUTSIDE, CHECK_SKIP, "no IOMMU", NULL);
}

static void no_tables(void **state)
{
	struct good_run *f = *state;

	f->ev->crash_end = 0;
	want(f, OUTSIDE, CHECK_NO_EVIDENCE, "not known", NULL);
	good_no_walk(f, AT_PANIC);
	want(f, OUTSIDE, CHECK_NO_EVIDENCE, "not known", NULL);
	f->ev->crash_end = CRASH_END;
	want(f, OUTSIDE, CHECK_NO_EVIDENCE, "at the panic", NULL);
}

/* By requester, IOVA and PA; the pages before and behind are nobody's of the crash kernel. */
static void leads_into_it(void **state)
{
	struct good_run *f = *state;

	good_map(f, AT_PANIC, SATA, FREE_IOVA, CRASH_END + 1 - 0x2000, 4);
	good_walk(f, AT_PANIC, NULL);
	want(f, OUTSIDE, CHECK_FAIL, "0000:00:1f.2 can write to 2 pages", "IOVA 0xfff00000-0xfff01fff",
	     "PA 0x1fe000-0x1fffff", NULL);
	want_not(f, "elsewhere");
	want_not(f, "0000:00:02.0");
	good_map(f, AT_PANIC, SATA, FREE_IOVA + 0x8000, CRASH_START - 0x1000, 2);
	good_map(f, AT_PANIC, DISK, FREE_IOVA, CRASH_START, 1);
	good_walk(f, AT_PANIC, NULL);
	want(f, OUTSIDE, CHECK_FAIL, "0000:00:02.0 can write to 1 page of", "0000:00:1f.2 can write to 3 pages",
	     "and elsewhere", NULL);
	want_outcome(f, "copy-wrong", 1);
}

/* The copy is right, to the bit: all that is wrong is where it leads. */
static void preserved_and_wrong(void **state)
{
	struct good_run *f = *state;

	f->ev->crash_start = DISK_BIG_PA + 0x1ff000;
	f->ev->crash_end = f->ev->crash_start + 0xfff;
	want(f, "leaves-equal", CHECK_PASS, NULL);
	want(f, OUTSIDE, CHECK_FAIL, "0000:00:02.0 can write to 1 page", "IOVA 0x401ff000-0x401fffff", NULL);
}

/* What cannot be written through is no danger; begun and ended in between pages counts as the whole of them. */
static void read_only(void **state)
{
	struct good_run *f = *state;

	*good_pte(f, AT_PANIC, NIC, NIC_IOVA) &= ~UINT64_C(2);
	good_walk(f, AT_PANIC, NULL);
	f->ev->crash_start = NIC_PA;
	f->ev->crash_end = NIC_PA + 0xfff;
	want(f, OUTSIDE, CHECK_PASS, NULL);
	f->ev->crash_start = NIC_PA + 0x5fff;
	f->ev->crash_end = NIC_PA + 0xa000;
	want(f, OUTSIDE, CHECK_FAIL, "2 pages", "IOVA 0xfffd1fff-0xfffd1fff", NULL);
}

/* crashkernel=,cma: only the crash kernel's own map tells where it is; a hit is one all the same. */
static void cma(void **state)
{
	struct good_run *f = *state;
	const struct evidence_range lent = { NIC_PA, NIC_PA + 0xfff };

	g_free(f->ev->first_cmdline);
	f->ev->first_cmdline = g_strdup("crashkernel=256M crashkernel=512M,cma");
	want(f, OUTSIDE, CHECK_NO_EVIDENCE, "has not told", NULL);
	f->ev->crash_told = true;
	want(f, OUTSIDE, CHECK_PASS, NULL);
	g_array_append_val(f->ev->crash_ranges, lent);
	want(f, OUTSIDE, CHECK_FAIL, "0000:00:01.0 can write to 1 page", NULL);
	want_outcome(f, "dma-in-crash-memory", 1);
	f->ev->crash_told = false;
	want(f, OUTSIDE, CHECK_FAIL, NULL);
}

static void nothing_writable(void **state)
{
	struct good_run *f = *state;
	const uint16_t all[] = { DISK, NIC, SATA };

	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++)
		memset(tables_word(&f->ram[AT_PANIC], good_pt_root(f, AT_PANIC, all[i]), 0), 0, 4096);
	good_walk(f, AT_PANIC, NULL);
	want(f, OUTSIDE, CHECK_NO_EVIDENCE, "nothing was mapped for writing", NULL);
}

/* Everything can be reached then, by any kernel's will: neither a failure nor a pass. */
static void all_passed_through(void **state)
{
	want(*state, OUTSIDE, CHECK_SKIP, "3 are passed through", NULL);
}

static void one_passed_through(void **state)
{
	struct good_run *f = *state;

	good_entry(f, AT_PANIC, SATA)[0] = UINT64_C(2) << 2 | 1;
	good_walk(f, AT_PANIC, NULL);
	want(f, OUTSIDE, CHECK_PASS, "2 address spaces", "1 is passed through", NULL);
}

/* Where nothing is translated, where the DMA was found is all that there is to judge. */
static void landed(void **state)
{
	struct good_run *f = *state;

	good_dma(f, DISK)->elsewhere = 7;
	want(f, OUTSIDE, CHECK_PASS, "landed elsewhere, 7 times", NULL);
	good_dma(f, NIC)->in_crash = 2;
	good_dma(f, NIC)->in_crash_pa = CRASH_START + 0x1000;
	want(f, OUTSIDE, CHECK_FAIL, "DMA of 0000:00:01.0", "2 times", "PA 0x101000", NULL);
	want_not(f, "landed elsewhere");
	want_outcome(f, "dma-in-crash-memory", 1);
}

/* Whose memory a page is may not be known. */
static void landed_unknown(void **state)
{
	struct good_run *f = *state;

	good_dma(f, DISK)->elsewhere = 7;
	g_free(f->ev->first_cmdline);
	f->ev->first_cmdline = g_strdup("iommu=pt crashkernel=256M crashkernel=512M,cma");
	want(f, OUTSIDE, CHECK_NO_EVIDENCE, "has not told", NULL);
}

/* A unit without pass-through has tables instead; asked for by nobody, such a mapping is one like any other. */
static void identity_tables(void **state)
{
	struct good_run *f = *state;

	memset(tables_word(&f->ram[AT_PANIC], good_pt_root(f, AT_PANIC, SATA), 0), 0, 4096);
	good_map(f, AT_PANIC, SATA, CRASH_START, CRASH_START, 4);
	good_walk(f, AT_PANIC, NULL);
	want(f, OUTSIDE, CHECK_FAIL, "0000:00:1f.2 can write to 4 pages", NULL);
	g_free(f->ev->first_cmdline);
	f->ev->first_cmdline = g_strdup("iommu=pt");
	want(f, OUTSIDE, CHECK_PASS, "1 is passed through", NULL);
}

/* kexec_file_load() gives the low memory to the crash kernel, which keeps out of it. */
static void low_memory(void **state)
{
	struct good_run *f = *state;
	const struct evidence_range low = { 0x1000, 0x9fbff }, more = { 0x9f000, 0x101fff };

	f->ev->crash_start = CRASH_START + 0x10000;
	g_array_append_val(f->ev->crash_ranges, low);
	good_map(f, AT_PANIC, SATA, 0, 0, 16);
	good_walk(f, AT_PANIC, NULL);
	want(f, OUTSIDE, CHECK_PASS, NULL);
	/* what lies above it counts, of one range too */
	g_array_append_val(f->ev->crash_ranges, more);
	good_map(f, AT_PANIC, SATA, FREE_IOVA, 0xff000, 2);
	good_walk(f, AT_PANIC, NULL);
	want(f, OUTSIDE, CHECK_FAIL, "0000:00:1f.2 can write to 1 page of", "PA 0x100000-0x100fff", NULL);
}

int checks_crash_memory_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(good),
		SCALABLE(good),
		FIRST_LEVEL(good),
		LEGACY(no_iommu),
		LEGACY(no_tables),
		LEGACY(leads_into_it),
		SCALABLE(leads_into_it),
		FIRST_LEVEL(leads_into_it),
		LEGACY(preserved_and_wrong),
		LEGACY(read_only),
		LEGACY(cma),
		LEGACY(nothing_writable),
		PASS_THROUGH(all_passed_through),
		LEGACY(landed),
		SCALABLE(landed),
		PASS_THROUGH(landed),
		PASS_THROUGH(landed_unknown),
		LEGACY(one_passed_through),
		LEGACY(identity_tables),
		LEGACY(low_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
