/* SPDX-License-Identifier: GPL-2.0-only */
/* The check `oracles-agree`: each pair of oracles is made to disagree once. */
#include "evidence-fixture.h"
#include "oracles-fill.h"

#define ORACLES "oracles-agree"

static void tell(struct good_run *f, const char *mode)
{
	g_autofree char *cmdline = g_strdup_printf("quiet intel_iommu=kdump_%s", mode);

	good_crash_cmdline(f, cmdline);
	assert_true(oracles_fill(f->ev, mode));
}

/* The row of a source whose range begins at @start. */
static struct evidence_oracle_range *row(struct good_run *f, enum evidence_oracle_source source, uint16_t sid,
					 uint64_t start)
{
	for (unsigned i = 0; i < f->ev->oracle_ranges->len; i++) {
		struct evidence_oracle_range *r = &g_array_index(f->ev->oracle_ranges, struct evidence_oracle_range, i);

		if (r->source == source && r->sid == sid && r->start == start)
			return r;
	}
	fail_msg("no such row");
	return NULL;
}

static struct evidence_kdump_context *context(struct good_run *f, uint16_t sid)
{
	for (unsigned i = 0; i < f->ev->kdump_contexts->len; i++) {
		struct evidence_kdump_context *c =
			&g_array_index(f->ev->kdump_contexts, struct evidence_kdump_context, i);

		if (c->sid == sid)
			return c;
	}
	fail_msg("no such context");
	return NULL;
}

static struct evidence_oracle *oracle(struct good_run *f, enum evidence_oracle_source source, int sid)
{
	for (unsigned i = 0; i < f->ev->oracles->len; i++) {
		struct evidence_oracle *o = &g_array_index(f->ev->oracles, struct evidence_oracle, i);

		if (o->source == source && (sid < 0 || o->sid == sid))
			return o;
	}
	fail_msg("no such oracle");
	return NULL;
}

static void agree(void **state)
{
	struct good_run *f = *state;

	tell(f, "reserve");
	want(f, ORACLES, CHECK_PASS, "requesters, ", " ranges", "reserved_regions of ",
	     "domain_translation_struct: 2 devices", NULL);
	good_crash_cmdline(f, "intel_iommu=kdump_deep");
	want(f, ORACLES, CHECK_PASS, NULL);
}

/* A kernel that only tells reserves nothing. */
static void only_log(void **state)
{
	struct good_run *f = *state;

	tell(f, "log");
	for (unsigned i = f->ev->oracle_ranges->len; i-- > 0;) {
		char source = g_array_index(f->ev->oracle_ranges, struct evidence_oracle_range, i).source;

		if (source == ORACLE_REGIONS || source == ORACLE_RESERVED)
			g_array_remove_index(f->ev->oracle_ranges, i);
	}
	want(f, ORACLES, CHECK_PASS, NULL);
	want_not(f, "reserved_regions");
	/* And one that reserves shows nothing of it in reserved_regions unless asked to. */
	good_crash_cmdline(f, "intel_iommu=kdump_reserve");
	want(f, ORACLES, CHECK_PASS, NULL);
	want_not(f, "reserved_regions");
}

static void not_asked(void **state)
{
	struct good_run *f = *state;

	want(f, ORACLES, CHECK_SKIP, "not asked to tell", NULL);
	tell(f, "off");
	want(f, ORACLES, CHECK_SKIP, "not asked to tell", NULL);
	good_crash_cmdline(f, "intel_iommu=kdump_deep intel_iommu=kdump_off");
	want(f, ORACLES, CHECK_SKIP, NULL);
	good_crash_cmdline(f, "intel_iommu=kdump_deep");
	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	want(f, ORACLES, CHECK_SKIP, "no IOMMU", NULL);
}

static void nothing_to_judge_by(void **state)
{
	struct good_run *f = *state;
	uint64_t lines;

	tell(f, "reserve");
	lines = f->ev->kdump_lines;
	f->ev->kdump_lines = 0;
	want(f, ORACLES, CHECK_NO_EVIDENCE, "logged nothing", NULL);
	f->ev->kdump_lines = lines;
	f->ev->kdump_bad = 1;
	f->ev->kdump_bad_line = g_strdup("DMAR: kdump: ctx unit=");
	want(f, ORACLES, CHECK_NO_EVIDENCE, "1 of", "not understood", "'DMAR: kdump: ctx unit='", NULL);
	f->ev->kdump_bad = 0;
	g_strlcpy(oracle(f, ORACLE_RANGES, -1)->problem, "No such file", 32);
	want(f, ORACLES, CHECK_NO_EVIDENCE, "debugfs kdump/ranges gave nothing: No such file", NULL);
	*oracle(f, ORACLE_RANGES, -1)->problem = '\0';
	oracle(f, ORACLE_RESERVED, -1)->source = '?';
	want(f, ORACLES, CHECK_NO_EVIDENCE, "debugfs kdump/reserved was not asked", NULL);
	oracle(f, (enum evidence_oracle_source)'?', -1)->source = ORACLE_RESERVED;
	good_no_walk(f, AT_END);
	want(f, ORACLES, CHECK_NO_EVIDENCE, "at the end", NULL);
	good_no_walk(f, AT_PANIC);
	want(f, ORACLES, CHECK_NO_EVIDENCE, "at the panic", NULL);
	f->ev->crash_hello_ns = 0;
	want(f, ORACLES, CHECK_NO_EVIDENCE, "did not come up", NULL);
}

/* Tables of a device that is not attached are not those that the kernel walks: nothing was compared. */
static void nothing_compared(void **state)
{
	struct good_run *f = *state;

	tell(f, "reserve");
	oracle(f, ORACLE_TRANSLATION, DISK)->root ^= 0x1000;
	oracle(f, ORACLE_TRANSLATION, NIC)->root ^= 0x1000;
	good_device(f, DISK)->wanted = good_device(f, NIC)->wanted = false;
	want(f, ORACLES, CHECK_NO_EVIDENCE, "too little to agree on", NULL);
	good_device(f, NIC)->wanted = true;
	want(f, ORACLES, CHECK_FAIL, "0000:00:01.0: tables at", "in domain_translation_struct", NULL);
}

/* ---- two of them disagree ---- */

static void log_short(void **state)
{
	struct good_run *f = *state;

	tell(f, "reserve");
	row(f, ORACLE_LOG, NIC, NIC_IOVA)->last -= 0x1000;
	want(f, ORACLES, CHECK_FAIL, "0000:00:01.0: 1 pages, the first range 0xfffd7000-0xfffd7fff",
	     "in the host's walk and not in the kernel's log", NULL);
	want_outcome(f, "copy-wrong", 1);
}

static void log_long(void **state)
{
	struct good_run *f = *state;

	tell(f, "reserve");
	row(f, ORACLE_LOG, NIC, NIC_IOVA)->last += 0x1000;
	want(f, ORACLES, CHECK_FAIL, "0xfffd8000-0xfffd8fff", "in the kernel's log and not in the host's walk", NULL);
	row(f, ORACLE_LOG, NIC, NIC_IOVA)->last -= 0x1000;
	context(f, NIC)->ranges++;
	want(f, ORACLES, CHECK_FAIL, "1 ranges in the host's walk, 2 in the kernel's log", NULL);
}

/* What the log says that it left out is not missing; what it says it shows is. */
static void log_of_many(void **state)
{
	struct good_run *f = *state;

	tell(f, "reserve");
	row(f, ORACLE_LOG, DISK, DISK_IOVA)->source = '?';
	context(f, DISK)->shown--;
	want(f, ORACLES, CHECK_PASS, NULL);
	context(f, DISK)->shown++;
	want(f, ORACLES, CHECK_FAIL, "in the host's walk and not in the kernel's log", NULL);
	context(f, DISK)->shown--;
	row(f, (enum evidence_oracle_source)'?', DISK, DISK_IOVA)->source = ORACLE_LOG;
	row(f, ORACLE_LOG, DISK, DISK_BIG_IOVA)->source = '?';
	want(f, ORACLES, CHECK_FAIL, "0x40000000-0x401fffff", "not in the kernel's log", NULL);
}

/* A limit of the kernel joins ranges: more than was mapped, and never less. */
static void joined(void **state)
{
	struct good_run *f = *state;

	tell(f, "reserve");
	row(f, ORACLE_LOG, NIC, NIC_IOVA)->last += 0x2000;
	row(f, ORACLE_RANGES, NIC, NIC_IOVA)->last += 0x2000;
	context(f, NIC)->over = 2;
	want(f, ORACLES, CHECK_PASS, NULL);
	row(f, ORACLE_RANGES, NIC, NIC_IOVA)->last -= 0x3000;
	want(f, ORACLES, CHECK_FAIL, "not in debugfs kdump/ranges", NULL);
}

static void log_lacks_entry(void **state)
{
	struct good_run *f = *state;

	tell(f, "reserve");
	context(f, SATA)->sid = 0x3ff;
	want(f, ORACLES, CHECK_FAIL, "0000:00:1f.2: PASID 0 in the host's walk and not in the kernel's log",
	     "0000:03:1f.7: PASID 0 in the kernel's log and not in the host's walk", NULL);
}

static void refused(void **state)
{
	struct good_run *f = *state;

	tell(f, "reserve");
	row(f, ORACLE_LOG, SATA, SATA_IOVA)->last -= 0x1000;
	context(f, SATA)->refused = true;
	want(f, ORACLES, CHECK_PASS, "(1 refused)", NULL);
}

static void debugfs(void **state)
{
	struct good_run *f = *state;

	tell(f, "reserve");
	row(f, ORACLE_RANGES, DISK, DISK_READ_IOVA)->source = '?';
	want(f, ORACLES, CHECK_FAIL, "0xfffe0000-0xfffe0fff", "not in debugfs kdump/ranges", NULL);
	row(f, (enum evidence_oracle_source)'?', DISK, DISK_READ_IOVA)->source = ORACLE_RANGES;
	row(f, ORACLE_RANGES, DISK, DISK_READ_IOVA)->last += 0x1000;
	want(f, ORACLES, CHECK_FAIL, "in debugfs kdump/ranges and not in the host's walk", NULL);
	row(f, ORACLE_RANGES, DISK, DISK_READ_IOVA)->sid = 0x3ff;
	want(f, ORACLES, CHECK_FAIL,
	     "0000:03:1f.7: 0xfffe0000-0xfffe1fff in debugfs kdump/ranges and not in "
	     "the host's walk",
	     NULL);
}

static void regions(void **state)
{
	struct good_run *f = *state;

	tell(f, "reserve");
	row(f, ORACLE_REGIONS, NIC, NIC_IOVA)->last -= 0x1000;
	want(f, ORACLES, CHECK_FAIL, "0xfffd7000-0xfffd7fff", "not in reserved_regions", NULL);
	row(f, ORACLE_REGIONS, NIC, NIC_IOVA)->last += 0x100000; /* what else lies there is not known */
	want(f, ORACLES, CHECK_PASS, NULL);
	row(f, ORACLE_RESERVED, NIC, NIC_IOVA)->last -= 0x1000;
	want(f, ORACLES, CHECK_FAIL, "not in debugfs kdump/reserved", NULL);
}

/* Who was asked to show them and shows none is not silent, but wrong. */
static void regions_asked_for(void **state)
{
	struct good_run *f = *state;

	tell(f, "reserve");
	for (unsigned i = 0; i < f->ev->oracle_ranges->len; i++) {
		struct evidence_oracle_range *r = &g_array_index(f->ev->oracle_ranges, struct evidence_oracle_range, i);

		if (r->source == ORACLE_REGIONS && r->sid == NIC)
			r->source = '?';
	}
	want(f, ORACLES, CHECK_PASS, NULL);
	good_crash_cmdline(f, "intel_iommu=kdump_reserve intel_iommu=kdump_regions=64");
	want(f, ORACLES, CHECK_FAIL, "0000:00:01.0: ", "in the host's walk and not in reserved_regions", NULL);
	good_crash_cmdline(f, "intel_iommu=kdump_reserve intel_iommu=kdump_regions=64 intel_iommu=kdump_regions=0");
	want(f, ORACLES, CHECK_PASS, NULL);
}

/* Once it is known what every kernel reserves, what is shown beside that are the old ranges and no page more. */
static void shown_too_long(struct good_run *f, enum evidence_oracle_source source, const char *text)
{
	struct evidence_oracle_range msi = { .source = source, .sid = NIC, .start = 0xfee00000, .last = 0xfeefffff };

	g_array_append_val(f->ev->oracle_ranges, msi);
	want(f, ORACLES, CHECK_PASS, NULL);
	row(f, source, NIC, NIC_IOVA)->last += 0x1000;
	want(f, ORACLES, CHECK_FAIL, "0000:00:01.0: 1 pages, the first range 0xfffd8000-0xfffd8fff", text, NULL);
	context(f, NIC)->over = 1; /* its ranges are joined: more than was mapped */
	want(f, ORACLES, CHECK_PASS, NULL);
	context(f, NIC)->over = 0;
	f->ev->reservations_lost = 1;
	want(f, ORACLES, CHECK_PASS, NULL);
	f->ev->reservations_lost = 0;
	row(f, source, NIC, NIC_IOVA)->last -= 0x1000;
	row(f, source, NIC, msi.start)->last += 0x1000;
	want(f, ORACLES, CHECK_FAIL, "0xfef00000-0xfef00fff", text, NULL);
	row(f, source, NIC, msi.start)->last -= 0x1000;
	want(f, ORACLES, CHECK_PASS, NULL);
}

static void regions_long(void **state)
{
	struct good_run *f = *state;

	tell(f, "reserve");
	good_reserve(f, EVIDENCE_FIRST, DISK, 0xfee00, 0xfeeff, false);
	shown_too_long(f, ORACLE_REGIONS, "in reserved_regions and not in the host's walk");
	shown_too_long(f, ORACLE_RESERVED, "in debugfs kdump/reserved and not in the host's walk");
}

/* All ranges of a device are put into reserved_regions, or, where it was asked for fewer, none. */
static void regions_of_many(void **state)
{
	struct good_run *f = *state;

	for (unsigned i = 0; i < 100; i++)
		good_map(f, AT_PANIC, SATA, FREE_IOVA + i * 0x2000, 0x7000000, 1);
	good_walk(f, AT_PANIC, NULL);
	tell(f, "reserve");
	want(f, ORACLES, CHECK_PASS, NULL);
	row(f, ORACLE_REGIONS, SATA, FREE_IOVA + 99 * 0x2000)->source = '?';
	want(f, ORACLES, CHECK_FAIL, "0000:00:1f.2: 1 pages", "not in reserved_regions", NULL);
	for (unsigned i = 0; i < f->ev->oracle_ranges->len; i++) {
		struct evidence_oracle_range *r = &g_array_index(f->ev->oracle_ranges, struct evidence_oracle_range, i);

		if (r->source == ORACLE_REGIONS && r->sid == SATA)
			r->source = '?';
	}
	good_crash_cmdline(f, "intel_iommu=kdump_reserve intel_iommu=kdump_regions=97");
	want(f, ORACLES, CHECK_PASS, NULL);
	good_crash_cmdline(f, "intel_iommu=kdump_reserve intel_iommu=kdump_regions=98");
	want(f, ORACLES, CHECK_FAIL, "0000:00:1f.2: ", "not in reserved_regions", NULL);
}

static void translation(void **state)
{
	struct good_run *f = *state;
	struct evidence_oracle_range *r;

	tell(f, "reserve");
	r = row(f, ORACLE_TRANSLATION, NIC, NEW_IOVA);
	r->pa += 0x1000;
	want(f, ORACLES, CHECK_FAIL, "0000:00:01.0: 0xfe000000-", "in the host's walk, 0xfe000000-",
	     "in domain_translation_struct", NULL);
	r->pa -= 0x1000;
	r->source = '?';
	want(f, ORACLES, CHECK_FAIL, "0000:00:01.0", "in domain_translation_struct", NULL);
	r->source = ORACLE_TRANSLATION;
	good_map(f, AT_END, DISK, FREE_IOVA, 0x7000000, 1);
	good_walk(f, AT_END, NULL);
	want(f, ORACLES, CHECK_FAIL, "0000:00:02.0", "0xfff00000-0xfff00fff to 0x7000000 in the host's walk", NULL);
}

static void passed_through(void **state)
{
	struct good_run *f = *state;

	tell(f, "reserve");
	oracle(f, ORACLE_RANGES, -1);
	context(f, DISK)->type = KDUMP_SECOND;
	kdump_oracle(f->ev, ORACLE_TRANSLATION, NIC, NULL);
	want(f, ORACLES, CHECK_FAIL, "0000:00:02.0: ", "in the host's walk, second in the kernel's log", NULL);
	context(f, DISK)->type = KDUMP_PASS_THROUGH;
	/* No device has tables then that debugfs could tell of. */
	g_array_set_size(f->ev->oracles, f->ev->oracles->len - 1);
	want(f, ORACLES, CHECK_PASS, "domain_translation_struct: 0 devices", NULL);
}

/* Many at once: the first few in full. */
static void many(void **state)
{
	struct good_run *f = *state;

	tell(f, "reserve");
	for (unsigned i = 0; i < f->ev->oracle_ranges->len; i++)
		g_array_index(f->ev->oracle_ranges, struct evidence_oracle_range, i).start += 0x1000;
	want(f, ORACLES, CHECK_FAIL, "; and ", " more", NULL);
}

int checks_oracles_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(agree),
		SCALABLE(agree),
		FIRST_LEVEL(agree),
		LEGACY(only_log),
		LEGACY(not_asked),
		LEGACY(nothing_to_judge_by),
		LEGACY(nothing_compared),
		LEGACY(log_short),
		SCALABLE(log_short),
		LEGACY(log_long),
		LEGACY(log_of_many),
		LEGACY(joined),
		LEGACY(log_lacks_entry),
		LEGACY(refused),
		LEGACY(debugfs),
		LEGACY(regions),
		LEGACY(regions_asked_for),
		LEGACY(regions_long),
		SCALABLE(regions_long),
		LEGACY(regions_of_many),
		LEGACY(translation),
		PASS_THROUGH(passed_through),
		LEGACY(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
