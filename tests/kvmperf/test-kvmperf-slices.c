/* SPDX-License-Identifier: GPL-2.0-only */
/* Slices, slots, and what does not divide. */
#include "kvmperf/slices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct limits limits = { .vcpus = 8, .slots = 30, .memory = 16 * GIB };

static struct geometry geometry(unsigned int vcpus, unsigned int slots, uint64_t memory, uint64_t unit)
{
	return (struct geometry){
		.vcpus = vcpus,
		.slots = slots,
		.memory = memory,
		.unit = unit,
		.guest_page = PAGE_2M,
	};
}

/* Every page in exactly one slice and one slot. */
static void slices_are_a_partition(void **state)
{
	static const unsigned int counts[] = { 1, 2, 3, 4, 5, 7, 8 };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(counts); k++) {
		uint64_t pages = 3 * 5 * 7 * 8 * 4ULL;
		struct geometry g = geometry(counts[k], counts[k], pages * PAGE_4K, PAGE_4K);
		unsigned char *seen = calloc(pages, 2);

		assert_int_equal(geometry_check(&g, &limits, NULL, 0), 0);
		for (unsigned int i = 0; i < counts[k]; i++) {
			struct slice s = slice_of(&g, i), t = slot_of(&g, i);

			assert_true(s.first + s.pages <= pages && t.first + t.pages <= pages);
			for (uint64_t p = 0; p < s.pages; p++)
				seen[s.first + p]++;
			for (uint64_t p = 0; p < t.pages; p++)
				seen[pages + t.first + p]++;
		}
		for (uint64_t p = 0; p < 2 * pages; p++)
			assert_int_equal(seen[p], 1);
		free(seen);
	}
}

static void overlapping_slices_are_everything(void **state)
{
	struct geometry g = geometry(3, 2, 16 * MIB, PAGE_4K);

	(void)state;
	g.overlap = true;
	/* 4096 pages do not divide by three, and need not */
	assert_int_equal(geometry_check(&g, &limits, NULL, 0), 0);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(slice_of(&g, i).first, 0);
		assert_int_equal(slice_of(&g, i).pages, 4096);
	}
	assert_int_equal(slot_of(&g, 1).first, 2048);
	assert_int_equal(slot_of(&g, 1).pages, 2048);
}

static void refused(struct geometry g, const char *line)
{
	char why[256] = "";

	assert_int_equal(geometry_check(&g, &limits, why, sizeof(why)), -1);
	assert_string_equal(why, line);
	assert_null(strchr(why, '\n'));
}

static void what_does_not_fit_is_said(void **state)
{
	(void)state;
	refused(geometry(3, 1, 16 * MIB, PAGE_4K), "--memory 16M does not divide into 3 slices of "
						   "whole 4K pages: use 16380K or 16392K");
	refused(geometry(2, 1, 3 * MIB, PAGE_2M),
		"--memory 3M does not divide into 2 slices of whole 2M pages: use at least 4M");
	refused(geometry(1, 3, 4 * MIB, PAGE_4K),
		"--memory 4M does not divide into 3 slots of whole 4K pages: use 4092K or 4104K");
	refused(geometry(1, 1, 4 * MIB + 1, PAGE_4K), "--memory 4194305 does not divide into 1 "
						      "slices of whole 4K pages: use 4M or 4100K");
	refused(geometry(1, 1, 5 * MIB, PAGE_1G),
		"--memory 5M does not divide into 1 slices of whole 1G pages: use at least 1G");
	refused(geometry(9, 1, 9 * MIB, PAGE_4K), "--vcpus 9: this KVM allows 1 to 8");
	refused(geometry(0, 1, 9 * MIB, PAGE_4K), "--vcpus 0: this KVM allows 1 to 8");
	refused(geometry(1, 31, 31 * MIB, PAGE_4K), "--slots 31: 1 to 30 are possible here");
	refused(geometry(1, 0, 31 * MIB, PAGE_4K), "--slots 0: 1 to 30 are possible here");
	refused(geometry(1, 1, 17 * GIB, PAGE_4K), "--memory 17G: more than 0 and at most 16G are possible here");
	refused(geometry(1, 1, 0, PAGE_4K), "--memory 0: more than 0 and at most 16G are possible here");
}

static void written_pages_are_counted_and_spread(void **state)
{
	(void)state;
	for (unsigned int percent = 0; percent <= 100; percent++) {
		for (uint64_t pages = 1; pages < 1000; pages = pages * 3 + 1) {
			uint64_t n = 0, gap = 0, most = 0;

			for (uint64_t i = 0; i < pages; i++) {
				if (page_is_written(i, percent)) {
					n++;
					gap = 0;
				} else if (++gap > most) {
					most = gap;
				}
			}
			assert_int_equal(n, pages_written(pages, percent));
			if (percent)
				assert_true(most <= 100 / percent);
		}
	}
	assert_int_equal(pages_written(4096, 100), 4096);
	assert_int_equal(pages_written(4096, 0), 0);
	assert_int_equal(pages_written(4096, 50), 2048);
}

static void sizes(void **state)
{
	static const char *const bad[] = {
		"",	"x", "-1", "+1", " 1", "1X", "1MM", "1.5G", "99999999999999999999", "18446744073709551615K",
		"0x10", "M"
	};
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "0", 0 },    { "4096", 4096 },     { "64M", 64 * MIB }, { "64m", 64 * MIB },
		{ "1G", GIB }, { "2T", 2048 * GIB }, { "10k", 10 * KIB }, { "18446744073709551615", UINT64_MAX },
	};
	char out[24];
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_size(bad[i], &v), -1);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(parse_size(good[i].text, &v), 0);
		assert_int_equal(v, good[i].bytes);
		assert_int_equal(parse_size(size_text(v, out), &v), 0);
		assert_int_equal(v, good[i].bytes);
	}
	assert_string_equal(size_text(64 * MIB, out), "64M");
	assert_string_equal(size_text(4097, out), "4097");
	assert_string_equal(size_text(0, out), "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_are_a_partition),
		cmocka_unit_test(overlapping_slices_are_everything),
		cmocka_unit_test(what_does_not_fit_is_said),
		cmocka_unit_test(written_pages_are_counted_and_spread),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
