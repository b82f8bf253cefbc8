/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a lab kernel says of the tables it found, as text: the lines it logs, its files in debugfs and sysfs.
 * Each line that is not exactly of its grammar is counted as bad, and says nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "evidence/kdump-log.h"
#include "vtd/backend.h"

#define AT(line) "[    0.812345] DMAR: kdump: " line
#define CTX                                                                                          \
	AT("ctx unit=0 dev=00:05.0 mode=legacy pasid=0 did=3 type=second levels=3 old_root=0x12000 " \
	   "new_root=0x3f000 tables=3 leaves=258 ranges=2 over=0 shared=1 result=deep")
#define COPY                                                                                    \
	AT("copy unit=0 err=-12 contexts=9 trees=4 tables=20 leaves=700 ranges=11 bytes=81920 " \
	   "t_scan_ns=1000 t_copy_ns=2000 t_total_ns=3500")

static struct scenario *sc;

static struct evidence *read_lines(const char *const *lines, size_t n)
{
	struct evidence *ev = evidence_new(sc);

	for (size_t i = 0; i < n; i++)
		kdump_log_line(ev, lines[i]);
	return ev;
}

static const struct evidence_kdump_context *context(const struct evidence *ev, unsigned i)
{
	return &g_array_index(ev->kdump_contexts, struct evidence_kdump_context, i);
}

static const struct evidence_oracle_range *range(const struct evidence *ev, unsigned i)
{
	return &g_array_index(ev->oracle_ranges, struct evidence_oracle_range, i);
}

static void whole_log(void **state)
{
	static const char *const lines[] = {
		"[    0.8] DMAR: Host address width 39",
		AT("mode=deep max_pages=9000 old_ram=3 ranges"),
		CTX,
		AT("range unit=0 dev=00:05.0 pasid=0 first=0xff000 last=0xfffff"),
		AT("ranges unit=0 dev=00:05.0 shown=1 of=2"),
		AT("refused unit=0 dev=00:1f.2 pasid=1 where=0x5000 why=\"a table, in itself = bad\""),
		AT("entries unit=0 shown=8 of=11"),
		COPY,
		"DMAR: kdump: reserve dev=0000:00:05.0 ranges=2 pages=256 overlapped=1 failed=0 over=7 t_ns=12345",
		AT("graft dev=0000:00:05.0 runs=2 pages=256 skipped=3 failed=1 t_ns=54321"),
		AT("mode=off why=\"no old memory\""),
		AT("edges unit=0 dev=00:05.0 pasid=0 own=3 unread=512 identity=0"),
		AT("short dev=0000:00:05.0 failed=1 low_free=4095"),
		AT("lost dev=0000:00:05.0 mappings=0 pasids=2"),
	};
	struct evidence *ev = read_lines(lines, G_N_ELEMENTS(lines));
	const struct evidence_kdump_context *c = context(ev, 0);
	const struct evidence_kdump_copy *copy = &g_array_index(ev->kdump_copies, struct evidence_kdump_copy, 0);
	const struct evidence_kdump_device *d = &g_array_index(ev->kdump_devices, struct evidence_kdump_device, 0);

	(void)state;
	assert_int_equal(ev->kdump_lines, G_N_ELEMENTS(lines) - 1);
	assert_int_equal(ev->kdump_bad, 0);
	assert_null(ev->kdump_bad_line);
	assert_int_equal(ev->kdump_hidden, 3);
	assert_int_equal(ev->kdump_contexts->len, 2);
	assert_int_equal(c->sid, 0x28);
	assert_int_equal(c->pasid, 0);
	assert_false(c->scalable || c->refused);
	assert_int_equal(c->type, KDUMP_SECOND);
	assert_int_equal(c->result, KDUMP_DEEP);
	assert_int_equal(c->old_root, 0x12000);
	assert_int_equal(c->new_root, 0x3f000);
	assert_int_equal(c->tables, 3);
	assert_int_equal(c->leaves, 258);
	assert_int_equal(c->ranges, 2);
	assert_int_equal(c->shown, 1);
	assert_true(c[1].refused);
	assert_int_equal(c[1].sid, 0xfa);
	assert_int_equal(c[1].pasid, 1);
	assert_int_equal(ev->oracle_ranges->len, 1);
	assert_int_equal(range(ev, 0)->source, ORACLE_LOG);
	assert_int_equal(range(ev, 0)->start, 0xff000);
	assert_int_equal(range(ev, 0)->last, 0xfffff);
	assert_int_equal(copy->unit, 0);
	assert_int_equal(copy->err, -12);
	assert_int_equal(copy->contexts, 9);
	assert_int_equal(copy->trees, 4);
	assert_int_equal(copy->tables, 20);
	assert_int_equal(copy->leaves, 700);
	assert_int_equal(copy->ranges, 11);
	assert_int_equal(copy->t_scan_ns, 1000);
	assert_int_equal(copy->bytes, 81920);
	assert_int_equal(copy->t_copy_ns, 2000);
	assert_int_equal(copy->t_total_ns, 3500);
	assert_int_equal(d[0].what, KDUMP_RESERVED);
	assert_int_equal(d[0].spared, 1);
	assert_int_equal(d[0].over, 7);
	assert_int_equal(d[0].t_ns, 12345);
	assert_int_equal(d[1].what, KDUMP_GRAFTED);
	assert_int_equal(d[1].ranges, 2);
	assert_int_equal(d[1].failed, 1);
	assert_int_equal(d[1].t_ns, 54321);
	evidence_free(ev);
}

static void bad_lines(void **state)
{
	static const char *const lines[] = {
		"DMAR: kdump:",
		"DMAR: kdump: ",
		"DMAR: kdump: what",
		"x DMAR: kdump: graft dev=00:05.0 runs=2 pages=256 skipped=3 failed=1 t_ns=54321",
		"[ 1.0 DMAR: kdump: graft dev=00:05.0 runs=2 pages=256 skipped=3 failed=1 t_ns=54321",
		AT("DMAR: kdump: mode=off why=\"x\""),
		CTX " ",
		CTX "2",
		AT(" range unit=0 dev=00:05.0 pasid=0 first=0xff000 last=0xfffff"),
		AT("range  unit=0 dev=00:05.0 pasid=0 first=0xff000 last=0xfffff"),
		AT("range unit=0 dev=00:05.0 pasid=0 first=0xff000"),
		AT("range unit=0 dev=00:05.0 pasid=0 first=0xff000 "),
		AT("range unit=0 dev=00:05.0 pasid=0 first=0xff000 last="),
		AT("range unit=0 dev=00:05.0 pasid=0 first=0xff000 last=0x"),
		AT("range unit=0 dev=00:05.0 pasid=0 first=0xff000 last=0xFFFFF"),
		AT("range unit=0 dev=00:05.0 pasid=0 first=0xff000 last=fffff"),
		AT("range unit=0 dev=00:05.0 pasid=0 first=0xff000 last=0x11111111111111111"),
		AT("range unit=0 dev=00:05.0 pasid=0 first=0xff001 last=0xfffff"),
		AT("range unit=0 dev=00:05.0 pasid=0 first=0xff000 last=0xffffe"),
		AT("range unit=0 dev=00:05.0 pasid=0 first=0xff000 last=0xfefff"),
		AT("range unit=0 pasid=0 dev=00:05.0 first=0xff000 last=0xfffff"),
		AT("range unit=-1 dev=00:05.0 pasid=0 first=0xff000 last=0xfffff"),
		AT("range unit=1111111111111111111 dev=00:05.0 pasid=0 first=0xff000 last=0xfffff"),
		AT("range unit=0 dev=00:20.0 pasid=0 first=0xff000 last=0xfffff"),
		AT("range unit=0 dev=00:05.8 pasid=0 first=0xff000 last=0xfffff"),
		AT("range unit=0 dev=0001:00:05.0 pasid=0 first=0xff000 last=0xfffff"),
		AT("range unit=0 dev=0:5.0 pasid=0 first=0xff000 last=0xfffff"),
		AT("range unit=0 dev= 0:05.0 pasid=0 first=0xff000 last=0xfffff"),
		AT("range unit=0 dev=00:05.0 pasid= first=0xff000 last=0xfffff"),
		AT("ranges unit=0 dev=00:05.0 shown=1 of=2"), /* behind no entry */
		AT("entries unit=0 shown=12 of=11"),
		AT("refused unit=0 dev=00:1f.2 pasid=0 where=0x5000 why=\""),
		AT("refused unit=0 dev=00:1f.2 pasid=0 where=0x5000 why=reason"),
		AT("refused unit=0 dev=00:1f.2 pasid=0 where=0x5000 why=\"a \"reason\" that\""),
		AT("refused unit=0 dev=00:1f.2 pasid=0 where=0x5000 why=\"reason\" and more"),
		AT("mode= max_pages=9000 old_ram=3 ranges"),
		AT("mode=de_ep max_pages=9000 old_ram=3 ranges"),
		AT("mode=a-word-of-sixteen max_pages=9000 old_ram=3 ranges"),
		AT("mode=deep max_pages=9000 old_ram=3 rangesX"),
		AT("mode=deep max_pages=9000 old_ram=3"),
		AT("copy unit=0 err=- contexts=9 trees=4 tables=20 leaves=700 ranges=11 bytes=81920 "
		   "t_scan_ns=1000 t_copy_ns=2000 t_total_ns=3500"),
		AT("ctx unit=0 dev=00:05.0 mode=other pasid=0 did=3 type=second levels=3 old_root=0x12000 "
		   "new_root=0x3f000 tables=3 leaves=258 ranges=2 over=0 shared=1 result=deep"),
		AT("ctx unit=0 dev=00:05.0 mode=legacy pasid=0 did=3 type=third levels=3 old_root=0x12000 "
		   "new_root=0x3f000 tables=3 leaves=258 ranges=2 over=0 shared=1 result=deep"),
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		struct evidence *ev = read_lines(&lines[i], 1);

		if (ev->kdump_lines != 1 || ev->kdump_bad != 1 || !ev->kdump_bad_line || ev->oracle_ranges->len ||
		    ev->kdump_copies->len || ev->kdump_devices->len)
			fail_msg("'%s' was taken for something", lines[i]);
		evidence_free(ev);
	}
}

/* The kernel's own word that lines are missing: any of them may be among them. */
static void lines_dropped(void **state)
{
	static const char *const line = "** 12 printk messages dropped **";
	struct evidence *ev = read_lines(&line, 1);

	(void)state;
	assert_int_equal(ev->kdump_bad, 1);
	assert_string_equal(ev->kdump_bad_line, line);
	evidence_free(ev);
}

/* Twice the same entry is not one that a kernel logs; nor a number of ranges that its entry does not have. */
static void contradictions(void **state)
{
	static const char *const twice[] = { CTX, CTX };
	static const char *const number[] = { CTX, AT("ranges unit=0 dev=00:05.0 shown=1 of=3") };
	struct evidence *ev = read_lines(twice, 2);

	(void)state;
	assert_int_equal(ev->kdump_bad, 1);
	evidence_free(ev);
	ev = read_lines(number, 2);
	assert_int_equal(ev->kdump_bad, 1);
	assert_int_equal(context(ev, 0)->shown, 2);
	evidence_free(ev);
}

/* Cut or changed anywhere: no crash, and what is kept of the first bad line is printable and short. */
static void mutilated(void **state)
{
	static const char *const lines[] = { CTX, COPY, AT("range unit=0 dev=00:05.0 pasid=0 first=0x0 last=0xfff") };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
		for (size_t cut = 0; cut < strlen(lines[i]); cut++) {
			g_autofree char *line = g_strdup(lines[i]);
			struct evidence *ev = evidence_new(sc);

			line[cut] = (char)(0x80 | cut);
			kdump_log_line(ev, line);
			line[cut] = '\0';
			kdump_log_line(ev, line);
			if (ev->kdump_bad_line)
				assert_true(strlen(ev->kdump_bad_line) <= 4 * 200);
			for (const char *c = ev->kdump_bad_line; c && *c; c++)
				assert_true(g_ascii_isprint(*c));
			evidence_free(ev);
		}
}

/* ---- files ---- */

static void debugfs_files(void **state)
{
	struct evidence *ev = evidence_new(sc);
	char *problem = NULL;

	(void)state;
	assert_true(kdump_ranges_text(ev, ORACLE_RANGES,
				      "0 00:05.0 0 0xff000 0xfffff\n"
				      "0 00:1f.2 7 0x0 0xffffffffffffffff\n",
				      &problem));
	assert_true(kdump_ranges_text(ev, ORACLE_RESERVED, "0000:00:05.0 0xfee00000 0xfeefffff\n", &problem));
	assert_true(kdump_ranges_text(ev, ORACLE_RANGES, "", &problem));
	assert_null(problem);
	assert_int_equal(ev->oracle_ranges->len, 3);
	assert_int_equal(range(ev, 1)->pasid, 7);
	assert_int_equal(range(ev, 1)->last, UINT64_MAX);
	assert_int_equal(range(ev, 2)->source, ORACLE_RESERVED);
	assert_int_equal(range(ev, 2)->sid, 0x28);
	evidence_free(ev);
}

static void bad_files(void **state)
{
	static const struct {
		enum evidence_oracle_source source;
		const char *text;
	} files[] = {
		{ ORACLE_RANGES, "0 00:05.0 0 0xff000 0xfffff \n" },
		{ ORACLE_RANGES, "0 00:05.0 0 0xff000\n" },
		{ ORACLE_RANGES, "0 00:05.0 0 0xff000 0xffff\n" },
		{ ORACLE_RANGES, "0 00:05.0  0xff000 0xfffff\n" },
		{ ORACLE_RANGES, "0000:00:05.0 0xff000 0xfffff\n" },
		{ ORACLE_RESERVED, "0 00:05.0 0 0xff000 0xfffff\n" },
		{ ORACLE_RESERVED, "platform 0xff000 0xfffff\n" },
		{ ORACLE_REGIONS, "0x0000000000000000 0x0000000000ffffff\n" },
		{ ORACLE_REGIONS, "0x0000000000000000 0x0000000000ffffff direct relaxable\n" },
		{ ORACLE_REGIONS, "0x1 0x0 direct\n" },
		{ ORACLE_REGIONS, "0x0 0x1 \n" },
		{ ORACLE_REGIONS, "0 1 direct\n" },
		{ ORACLE_TRANSLATION, "0x0000000000001 |\t0x1\t0x2\t0x3\t0x4\t0x5003\n" }, /* of no device */
		{ ORACLE_TRANSLATION, "Device 0000:00:02.0 @0x1000\n0x1 |\t0x1\t0x2\t0x3\t0x4\t0x5003\t0x1\n" },
		{ ORACLE_TRANSLATION, "Device 0000:00:02.0 @0x1000\n0x1 |\t0x1\t0x2\t0x3\t0x4\t5003\n" },
		{ ORACLE_TRANSLATION, "Device 0000:00:02.0 @0x1000\n0x1\t0x1\t0x2\t0x3\t0x4\t0x5003\n" },
		{ ORACLE_TRANSLATION, "Device 0000:00:02.0 @0x1000\n0x1 |\t0x0\t0x0\t0x0\t0x0\t0x0\n" },
		{ ORACLE_TRANSLATION, "Device 0000:00:02.0 @0x1000\n0x1 |\t0x0\t0x0\t0x7\t0x200083\n" },
		{ ORACLE_TRANSLATION, "Device 0000:00:02.0 @0x1000\n0x1 |\t0x1\t0x8000000000000083\n" },
		{ ORACLE_TRANSLATION, "Device 0000:00:02.0 @\n" },
		{ ORACLE_TRANSLATION, "Device 0000:00:02.0 with pasid @0x1000\n" },
		{ ORACLE_TRANSLATION, "Device 0000:00:22.0 @0x1000\n" },
		{ ORACLE_TRANSLATION, "DMA Remapping is not enabled on dmar0\n" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		struct evidence *ev = evidence_new(sc);
		g_autofree char *problem = NULL;
		bool ok;

		if (files[i].source == ORACLE_REGIONS)
			ok = kdump_regions_text(ev, 0x10, files[i].text, &problem);
		else if (files[i].source == ORACLE_TRANSLATION)
			ok = kdump_translation_text(ev, &vtd_iommu, files[i].text, &problem);
		else
			ok = kdump_ranges_text(ev, files[i].source, files[i].text, &problem);
		if (ok || !problem || !strstr(problem, "is not understood"))
			fail_msg("'%s' was taken for something", files[i].text);
		assert_int_equal(ev->oracle_ranges->len, 0);
		evidence_free(ev);
	}
}

static void regions(void **state)
{
	struct evidence *ev = evidence_new(sc);
	char *problem = NULL;

	(void)state;
	assert_true(kdump_regions_text(ev, 0x10,
				       "0x00000000fee00000 0x00000000feefffff msi\n"
				       "0x0000000000000000 0x0000000000ffffff direct-relaxable\n",
				       &problem));
	assert_int_equal(ev->oracle_ranges->len, 2);
	assert_int_equal(range(ev, 0)->source, ORACLE_REGIONS);
	assert_int_equal(range(ev, 0)->last, 0xfeefffff);
	evidence_free(ev);
}

/* 6.12: one device, columns down to the leaf; 6.1: all devices, always five columns. */
static void translations(void **state)
{
	static const char text[] =
		"Device 0000:00:02.0 with pasid 0 @0x5d1000\n"
		"IOVA_PFN         \tPML5E             \tPML4E             \n"
		"0x00000000000fe |\t0x0000000000000000\t0x0000000000000003\t0x0000000000001003\t0x2003\t0x5003\n"
		"0x00000000000ff |\t0x0000000000000000\t0x0000000000000003\t0x0000000000001003\t0x2003\t0x6003\n"
		"0x0000000000100 |\t0x0000000000000000\t0x0000000000000003\t0x0000000000001003\t0x2003\t0x9003\n"
		"0x0000000000200 |\t0x0000000000000000\t0x0000000000000003\t0x0000000000001003\t0x0000000000601083\n"
		"\n"
		"Device 0000:00:1f.2 @0x5d2000\n"
		"IOVA_PFN\t\tPML5E\n"
		"0x0000000000400 |\t0x0\t0x3\t0x1003\t0x0000000000800083\t0x0000000000000000\n"
		"0x0000000040000 |\t0x0\t0x3\t0x40000083\t0x0\t0x0\n"
		"\n"
		"Device 0000:00:1f.2 @0x5d2000\n" /* of the other device of the group: the same again */
		"IOVA_PFN\t\tPML5E\n"
		"0x0000000000400 |\t0x0\t0x3\t0x1003\t0x0000000000800083\t0x0000000000000000\n";
	struct evidence *ev = evidence_new(sc);
	char *problem = NULL;

	(void)state;
	if (!kdump_translation_text(ev, &vtd_iommu, text, &problem))
		fail_msg("%s", problem);
	assert_int_equal(ev->oracles->len, 2);
	assert_int_equal(g_array_index(ev->oracles, struct evidence_oracle, 0).root, 0x5d1000);
	assert_int_equal(g_array_index(ev->oracles, struct evidence_oracle, 1).sid, 0xfa);
	assert_int_equal(ev->oracle_ranges->len, 5);
	assert_int_equal(range(ev, 0)->start, 0xfe000); /* two pages in a row, on both sides */
	assert_int_equal(range(ev, 0)->last, 0xfffff);
	assert_int_equal(range(ev, 0)->pa, 0x5000);
	assert_int_equal(range(ev, 1)->pa, 0x9000);
	assert_int_equal(range(ev, 2)->last, 0x3fffff); /* 2 MiB; an attribute bit is no address */
	assert_int_equal(range(ev, 2)->pa, 0x600000);
	assert_int_equal(range(ev, 3)->sid, 0xfa);
	assert_int_equal(range(ev, 3)->pa, 0x800000);
	assert_int_equal(range(ev, 4)->last, 0x7fffffff); /* 1 GiB */
	evidence_free(ev);
}

static void the_budget(void **state)
{
	static const char *const bad[] = { "",
					   "budget max_pages=1",
					   "budget max_pages=9 used_pages=3",
					   "copy unit=0\n",
					   "budget max_pages=9 used_pages=10\n",
					   "budget max_pages=9 used_pages=3x\n" };
	uint64_t used, most;

	(void)state;
	assert_true(kdump_budget_text("budget max_pages=900 used_pages=36\ncopy unit=0 err=0\n", &used, &most));
	assert_int_equal(used, 36);
	assert_int_equal(most, 900);
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++)
		assert_false(kdump_budget_text(bad[i], &used, &most));
}

static void a_problem_is_printable(void **state)
{
	struct evidence *ev = evidence_new(sc);
	char long_text[400];

	(void)state;
	memset(long_text, '\x1b', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	for (const char *c = kdump_oracle(ev, ORACLE_RANGES, 1, long_text)->problem; *c; c++)
		assert_true(g_ascii_isprint(*c));
	assert_string_equal(kdump_oracle(ev, ORACLE_RANGES, 1, NULL)->problem, "");
	evidence_free(ev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_log),
		cmocka_unit_test(the_budget),
		cmocka_unit_test(bad_lines),
		cmocka_unit_test(lines_dropped),
		cmocka_unit_test(contradictions),
		cmocka_unit_test(mutilated),
		cmocka_unit_test(debugfs_files),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(regions),
		cmocka_unit_test(translations),
		cmocka_unit_test(a_problem_is_printable),
	};
	int failed;

	sc = scenario_new("test");
	failed = cmocka_run_group_tests_name("kdump-log", tests, NULL, NULL);
	scenario_free(sc);
	return failed;
}
