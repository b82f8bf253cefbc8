/* SPDX-License-Identifier: GPL-2.0-only */
/* dma-load's arithmetic: options, holes between the ranges, runs, and the ends of the address
 * space. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "dma.h"

/* as the kernel says them for 39 bits: the window of MSI is left out */
static const struct iova_range usual[] = {
	{ 0, 0xfedfffff },
	{ 0xfef00000, 0x7fffffffff },
};

static void option(struct layout *l, const char *text)
{
	const char *why;

	if (layout_option(l, text, &why))
		fail_msg("%s refused: %s", text, why);
}

static void test_options(void **state)
{
	struct layout l;

	(void)state;
	layout_init(&l);
	assert_int_equal(l.pages, 1);
	assert_int_equal(l.stride, 1);
	assert_int_equal(l.size, 4096);
	assert_int_equal(l.iova, 0x10000000);
	option(&l, "pages=4000000");
	option(&l, "stride=65536");
	option(&l, "size=2m");
	option(&l, "iova=0x20000000");
	assert_int_equal(l.pages, 4000000);
	assert_int_equal(l.stride, 65536);
	assert_int_equal(l.size, 2 << 20);
	assert_int_equal(l.iova, 0x20000000);
	option(&l, "size=4k");
	assert_int_equal(l.size, 4096);
}

static void test_options_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "options are" },
		{ "pages", "options are" },
		{ "page=1", "options are" },
		{ "=1", "options are" },
		{ "pages=", "pages must" },
		{ "pages=0", "pages must" },
		{ "pages=-1", "pages must" },
		{ "pages= 1", "pages must" },
		{ "pages=1x", "pages must" },
		{ "pages=4000001", "pages must" },
		{ "pages=99999999999999999999999", "pages must" },
		{ "stride=0", "stride must" },
		{ "stride=65537", "stride must" },
		{ "size=3k", "size must" },
		{ "size=", "size must" },
		{ "iova=here", "iova must" },
		{ "iova=0x100000000000000", "iova must" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct layout l;
		const char *why;

		layout_init(&l);
		if (!layout_option(&l, bad[i].text, &why))
			fail_msg("'%s' accepted", bad[i].text);
		assert_non_null(strstr(why, bad[i].why));
	}
}

/* Lays out all of @l over @ranges. Returns the runs, or -1; pages and the last address come back.
 */
static int lay_out(const struct layout *l, const struct iova_range *ranges, size_t n, uint64_t max, uint64_t *pages,
		   uint64_t *last)
{
	struct layout_cursor c;
	uint64_t iova, run, before = 0;
	int runs = 0, more;

	*pages = 0;
	layout_begin(l, &c);
	while ((more = layout_next(l, &c, ranges, n, max, &iova, &run)) > 0) {
		bool inside = false;

		assert_true(run >= 1 && run <= max);
		assert_int_equal(iova % l->size, 0);
		if (runs)
			assert_true(iova > before);
		before = iova + run * l->size - 1;
		for (size_t i = 0; i < n; i++)
			inside |= iova >= ranges[i].first && before <= ranges[i].last;
		assert_true(inside);
		*pages += run;
		*last = iova + (run - 1) * l->size;
		runs++;
	}
	return more < 0 ? -1 : runs;
}

static void test_scattered(void **state)
{
	struct layout l = { .pages = 10000, .stride = 2, .size = 4096, .iova = 0x10000000 };
	uint64_t pages, last;

	(void)state;
	assert_int_equal(lay_out(&l, usual, 2, 512, &pages, &last), 10000);
	assert_int_equal(pages, 10000);
	assert_int_equal(last, 0x10000000 + 9999 * 8192);
}

static void test_contiguous(void **state)
{
	struct layout l = { .pages = 1000, .stride = 1, .size = 4096, .iova = 0x10000000 };
	uint64_t pages, last;

	(void)state;
	assert_int_equal(lay_out(&l, usual, 2, 512, &pages, &last), 2);
	assert_int_equal(pages, 1000);
	assert_int_equal(last, 0x10000000 + 999 * 4096);
	l.pages = 1;
	assert_int_equal(lay_out(&l, usual, 2, 512, &pages, &last), 1);
}

/* A million pages from 256 MiB on: the window of MSI is stepped over, not mapped. */
static void test_hole(void **state)
{
	struct layout l = { .pages = 1000000, .stride = 1, .size = 4096, .iova = 0x10000000 };
	static const struct iova_range early[] = { { 0, 0x3ffffe }, { 0x500000, UINT64_MAX } };
	uint64_t pages, last;

	(void)state;
	assert_true(lay_out(&l, usual, 2, 512, &pages, &last) > 1953);
	assert_int_equal(pages, 1000000);
	assert_int_equal(last, 0x10000000 + 999999 * UINT64_C(4096) + 0x100000);
	/* behind it a page of 2 MiB begins on its own boundary */
	l = (struct layout){ .pages = 2, .stride = 1, .size = 2 << 20, .iova = 0xfec00000 };
	assert_int_equal(lay_out(&l, usual, 2, 1, &pages, &last), 2);
	assert_int_equal(last, 0xff000000);
	/* and one that would reach into a hole by its end is put behind that */
	l.iova = 0;
	assert_int_equal(lay_out(&l, early, 2, 512, &pages, &last), 2);
	assert_int_equal(last, 0x600000);
}

static void test_no_room(void **state)
{
	static const struct iova_range small = { 0x1000, 0x4fff };
	static const struct iova_range top = { UINT64_MAX - 8191, UINT64_MAX };
	struct layout l = { .pages = 4, .stride = 1, .size = 4096, .iova = 0 };
	uint64_t pages, last;

	(void)state;
	assert_int_equal(lay_out(&l, &small, 1, 512, &pages, &last), 1);
	l.pages = 5;
	assert_int_equal(lay_out(&l, &small, 1, 512, &pages, &last), -1);
	assert_int_equal(pages, 4);
	assert_int_equal(lay_out(&l, &small, 0, 512, &pages, &last), -1);
	l.pages = 2;
	l.iova = UINT64_MAX - 8191;
	assert_int_equal(lay_out(&l, &top, 1, 512, &pages, &last), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),	  cmocka_unit_test(test_options_refused),
		cmocka_unit_test(test_scattered), cmocka_unit_test(test_contiguous),
		cmocka_unit_test(test_hole),	  cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests_name("dma-layout", tests, NULL, NULL);
}
