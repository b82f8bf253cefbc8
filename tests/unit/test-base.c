/* SPDX-License-Identifier: GPL-2.0-only */
/* The small things that every room uses: requester ids, words, a kernel's command line, medians, numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "base/cmdline.h"
#include "base/lines.h"
#include "base/sid.h"
#include "base/stats.h"
#include "base/text.h"
#include "base/words.h"

static void test_sid_there_and_back(void **state)
{
	char text[16], brief[8];
	uint16_t got;

	(void)state;
	for (unsigned sid = 0; sid <= UINT16_MAX; sid++) {
		assert_true(sid_parse(sid_text((uint16_t)sid, text), &got));
		assert_int_equal(got, sid);
		assert_int_equal(sid_read(sid_short((uint16_t)sid, brief), &got), 7);
		assert_int_equal(got, sid);
	}
	assert_string_equal(sid_text(0x5ff, text), "0000:05:1f.7");
	assert_string_equal(sid_short(0x5ff, brief), "05:1f.7");
}

static void test_sid_hostile(void **state)
{
	static const char *const wrong[] = {
		"",
		"0000:",
		"0000:00:01",
		"0000:00:01.",
		"10de:00:01.0",
		"0001:00:01.0",
		"10000:00:01.0",
		"000:00:01.0",
		"0000:00:3f.9",
		"0000:00:20.0",
		"0000:00:01.8",
		"0000:00:01.f",
		"0000:00:01.0 ",
		" 0000:00:01.0",
		"0000:00:01.0a",
		"0000:00:01.0junk",
		"0000:00: 1.0",
		"0000:+0:01.0",
		"0000:00:-1.0",
		"0000:0x:01.0",
		"0000:00:1F.0",
		"0000:FF:01.0",
		"0000:0:01.0",
		"0000:000:01.0",
		"0000:00:1.0",
		"0000:00-01.0",
		"0000:00:01:0",
		"0000:00:01.00",
		"0000:0000:00:01.0",
		"00:01.0",
	};
	uint16_t sid = 0xabcd;

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		if (sid_parse(wrong[i], &sid))
			fail_msg("accepted: '%s'", wrong[i]);
		assert_int_equal(sid, 0xabcd);
	}
	assert_false(sid_parse(NULL, &sid));
	/* what follows is not sid_read()'s, what is short of the form is no id */
	assert_int_equal(sid_read("00:01.0@", &sid), 7);
	assert_int_equal(sid_read("0000:00:01.0 with", &sid), 12);
	assert_int_equal(sid_read("0001:00:01.0", &sid), 0);
	assert_int_equal(sid_read("00:01.", &sid), 0);
	assert_int_equal(sid_read("0000:00:0", &sid), 0);
}

static void test_words(void **state)
{
	static const struct word list[] = { { "list", 3 }, { "run", 0 }, { "walk", 7 }, { 0 } };
	g_autofree char *text = words_text(list, ", ");
	int value = 42;

	(void)state;
	assert_string_equal(text, "list, run, walk");
	assert_string_equal(word_of(list, 0), "run");
	assert_null(word_of(list, 1));
	assert_true(word_value(list, "walk", &value));
	assert_int_equal(value, 7);
	assert_false(word_value(list, "wal", &value));
	assert_false(word_value(list, "", &value));
	assert_int_equal(value, 7);
	assert_string_equal(word_nearest(list, "wlak"), "walk");
	assert_null(word_nearest(list, "quux"));
}

static void value_is(const char *line, const char *name, const char *want)
{
	g_autofree char *value = cmdline_value(line, name);

	if (g_strcmp0(value, want) != 0)
		fail_msg("'%s' of '%s' is %s", name, line, value ? value : "none");
}

static void test_cmdline(void **state)
{
	bool on = false;

	(void)state;
	/* a later word overrides an earlier one */
	assert_true(cmdline_switch("iommu.strict=1 iommu.strict=0", "iommu.strict", &on));
	assert_false(on);
	assert_true(cmdline_switch("iommu.strict=0 quiet iommu.strict=1", "iommu.strict", &on));
	assert_true(on);
	/* one that says nothing does not; nor does another word that holds this one */
	assert_true(cmdline_switch("iommu.strict=1 iommu.strict=maybe xiommu.strict=0 iommu.strictly=0", "iommu.strict",
				   &on));
	assert_true(on);
	assert_true(cmdline_switch("iommu.strict=off", "iommu.strict", &on));
	assert_false(on);
	assert_true(cmdline_switch("iommu.strict=ON", "iommu.strict", &on));
	assert_true(on);
	assert_false(cmdline_switch("iommu.strict iommu.strict= iommu.strict=o", "iommu.strict", &on));
	assert_true(on);
	assert_false(cmdline_switch(NULL, "iommu.strict", &on));

	value_is("intel_iommu_kdump=deep  intel_iommu_kdump=log", "intel_iommu_kdump", "log");
	value_is("\tintel-iommu_kdump=deep\n", "intel_iommu_kdump", "deep");
	value_is("a=1 intel_iommu_kdumpx=deep", "intel_iommu_kdump", NULL);
	value_is("a=\"1 b=2\" b=3", "b", "3");
	value_is("b=1 -- b=2", "b", "1");
	value_is("b=1 --x b=2", "b", "2");
	value_is("", "b", NULL);
	value_is("b=", "b", "");
	value_is(NULL, "b", NULL);
}

static void kdump_is(const char *line, const char *want)
{
	g_autofree char *mode = cmdline_kdump_mode(line);

	if (g_strcmp0(mode, want) != 0)
		fail_msg("the mode of '%s' is %s", line, mode ? mode : "none");
}

/* As members of intel_iommu=, and as recorded runs have it; only a mode says one, and the last counts. */
static void test_cmdline_kdump(void **state)
{
	unsigned int n = 5;

	(void)state;
	kdump_is("intel_iommu=on intel_iommu=kdump_deep", "deep");
	kdump_is("intel_iommu=off intel_iommu=kdump_deep", "deep");
	kdump_is("intel_iommu=on,kdump_deep", "deep");
	kdump_is("intel_iommu=kdump_deep,on intel_iommu=off", "deep");
	kdump_is("intel-iommu=kdump_deep,kdump_off,sm_on", "off");
	kdump_is("intel_iommu=kdump_reserve,kdump_max=1,kdump_lines=x,kdump_regions= quiet", "reserve");
	kdump_is("intel_iommu=kdump_deeper", "deeper");
	kdump_is("intel_iommu=on,sm_on intel_iommu=kdump,kdump_max=3 xintel_iommu=kdump_deep iommu=kdump_deep", NULL);
	kdump_is("intel_iommu=on -- intel_iommu=kdump_deep", NULL);
	kdump_is("", NULL);
	kdump_is(NULL, NULL);
	kdump_is("intel_iommu=on intel_iommu_kdump_log=64 intel_iommu_kdump=deep", "deep");
	kdump_is("intel_iommu_kdump=deep intel-iommu-kdump=log", "log");
	kdump_is("intel_iommu_kdump=deep intel_iommu=kdump_off", "off");
	kdump_is("intel_iommu=kdump_off intel_iommu_kdump=reserve", "reserve");

	assert_false(
		cmdline_kdump_number("intel_iommu=kdump_deep,kdump_max=1 regions=2 kdump_regions=3", "regions", &n));
	assert_false(cmdline_kdump_number("intel_iommu=kdump_regions=,kdump_regions=x,kdump_regions=4294967296",
					  "regions", &n));
	assert_false(cmdline_kdump_number(NULL, "regions", &n));
	assert_int_equal(n, 5);
	assert_true(
		cmdline_kdump_number("intel_iommu=kdump_regions=1,kdump_regions=0x40,kdump_regions=7x", "regions", &n));
	assert_int_equal(n, 64);
	assert_true(cmdline_kdump_number("intel_iommu=kdump_regions=3 intel_iommu_kdump_regions=4", "regions", &n));
	assert_int_equal(n, 4);
}

static void test_median(void **state)
{
	double values[] = { 9, 1, 4, 2 };
	uint64_t large[] = { UINT64_MAX, UINT64_MAX - 2, 0 };

	(void)state;
	assert_true(stats_median(values, 4) == 3);
	assert_true(values[0] == 1 && values[3] == 9);
	assert_true(stats_median(values, 3) == 2);
	assert_true(stats_median(values, 0) == 0);
	assert_true(stats_median_u64(large, 3) == UINT64_MAX - 2);
	assert_true(stats_median_u64(large + 1, 2) == UINT64_MAX - 1);
	assert_true(stats_median_u64(large, 0) == 0);
}

static void test_hex(void **state)
{
	uint64_t value = 1;

	(void)state;
	assert_int_equal(text_hex("0xfee00000 ", &value), 10);
	assert_int_equal(value, 0xfee00000);
	assert_int_equal(text_hex("0xffffffffffffffff", &value), 18);
	assert_true(value == UINT64_MAX);
	assert_int_equal(text_hex("0x10000000000000000", &value), 0);
	assert_int_equal(text_hex("0x", &value), 0);
	assert_int_equal(text_hex("0xFE", &value), 0);
	assert_int_equal(text_hex("fee", &value), 0);
	assert_int_equal(text_hex("", &value), 0);
	assert_true(value == UINT64_MAX);
}

static void on_line(void *data, const char *line, size_t len)
{
	assert_int_equal(strlen(line), len);
	g_string_append_printf(data, "[%s]", line);
}

static void on_too_long(void *data, const char *line, size_t len)
{
	g_string_append_printf(data, "<%.*s>", (int)len, line);
}

/* However the bytes are cut, the lines are the same; one that is too long is told once, and ends at its newline. */
static void test_lines(void **state)
{
	static const char text[] = "ab\n\nabc\nabcd\nx\nabcdefgh\ny\nz";

	(void)state;
	for (size_t piece = 1; piece <= sizeof(text); piece++) {
		g_autoptr(GString) got = g_string_new(NULL);
		struct lines l = { .max = 4 };

		for (size_t at = 0; at < sizeof(text) - 1; at += piece)
			lines_feed(&l, text + at, MIN(piece, sizeof(text) - 1 - at), on_line, on_too_long, got);
		for (char *c = strchr(got->str, '<'); c; c = strchr(c + 1, '<'))
			assert_true(g_str_has_prefix(c, "<abcd")); /* as much of it as had come */
		while (strchr(got->str, '<'))
			g_string_erase(got, strchr(got->str, '<') - got->str,
				       strchr(got->str, '>') - strchr(got->str, '<') + 1);
		assert_string_equal(got->str, "[ab][][abc][x][y]");
		lines_feed(&l, "\n", 1, on_line, on_too_long, got);
		assert_true(g_str_has_suffix(got->str, "[z]"));
		lines_clear(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sid_there_and_back),
		cmocka_unit_test(test_sid_hostile),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_cmdline),
		cmocka_unit_test(test_cmdline_kdump),
		cmocka_unit_test(test_median),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
