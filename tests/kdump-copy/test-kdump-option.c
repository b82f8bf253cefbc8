/* SPDX-License-Identifier: GPL-2.0-only */
/* The members of intel_iommu=: kernel-patches/src/kdump_option.c, the very file that the kernel builds. */
#include "kdump-test.h"
#include "kernel.h"
#include "said.h"

#include "kdump_option.c"

struct kdump intel_kdump;

/* What intel_iommu_setup() makes of one value of intel_iommu=. How many members were not ours. */
static unsigned setup_once(const char *value)
{
	unsigned others = 0;

	while (*value) {
		others += !intel_kdump_option(value);
		value += strcspn(value, ",");
		while (*value == ',')
			value++;
	}
	return others;
}

static void begin(void)
{
	memset(&intel_kdump, 0, sizeof(intel_kdump));
	*said = '\0';
}

static enum kdump_mode mode_of(const char *value)
{
	begin();
	setup_once(value);
	return intel_kdump.mode;
}

static void the_last_mode_counts(void **state)
{
	(void)state;
	assert_int_equal(mode_of("on"), KDUMP_OFF);
	assert_int_equal(mode_of("kdump_log"), KDUMP_LOG);
	assert_int_equal(mode_of("on,kdump_reserve"), KDUMP_RESERVE);
	assert_int_equal(mode_of("kdump_deep,sm_off"), KDUMP_DEEP);
	assert_int_equal(mode_of("kdump_deep,kdump_off"), KDUMP_OFF);
	assert_int_equal(mode_of("kdump_off,kdump_deep,,kdump_log"), KDUMP_LOG);
	/* several of intel_iommu= add up */
	setup_once("on,sm_on");
	assert_int_equal(intel_kdump.mode, KDUMP_LOG);
	setup_once("kdump_deep,kdump_max=1");
	assert_int_equal(intel_kdump.mode, KDUMP_DEEP);
	setup_once("kdump_lines=2");
	assert_int_equal(intel_kdump.mode, KDUMP_DEEP);
	assert_int_equal(intel_kdump.max_mib, 1);
	assert_int_equal(intel_kdump.log_lines, 2);
	assert_string_equal(said, "");
}

static void numbers_reach_their_place(void **state)
{
	(void)state;
	begin();
	assert_int_equal(setup_once("on,kdump_max=384,kdump_lines=0x40,kdump_regions=4294967295,sm_on"), 2);
	assert_int_equal(intel_kdump.max_mib, 384);
	assert_int_equal(intel_kdump.log_lines, 64);
	assert_int_equal(intel_kdump.max_regions, UINT_MAX);
	setup_once("kdump_lines=1,kdump_regions=037777777777");
	assert_int_equal(intel_kdump.log_lines, 1);
	assert_int_equal(intel_kdump.max_regions, UINT_MAX);
	assert_int_equal(intel_kdump.mode, KDUMP_OFF);
	assert_string_equal(said, "");
}

/* What is not ours goes on to "Unknown option", silently. */
static void others_are_not_ours(void **state)
{
	(void)state;
	begin();
	assert_int_equal(setup_once("on,kdump,kdumpdeep,Kdump_deep,xkdump_deep,k"), 6);
	assert_string_equal(said, "");
	assert_int_equal(intel_kdump.mode, KDUMP_OFF);
}

/* One line that names the member and no more, and the mode is off. */
static void an_unknown_one_switches_off(void **state)
{
	static const char *const bad[] = { "kdump_deeper", "kdump_dee",	   "kdump_",
					   "kdump_max",	   "kdump_deep=1", "kdump_lines:5" };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		char value[64], line[128];

		snprintf(value, sizeof(value), "kdump_deep,%s,sm_on", bad[i]);
		assert_int_equal(mode_of(value), KDUMP_OFF);
		snprintf(line, sizeof(line), "intel_iommu=%s is none of kdump_off, ", bad[i]);
		assert_ptr_equal(strstr(said, line), said);
		assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
		assert_null(strstr(said, "sm_on"));
	}
	assert_int_equal(mode_of("kdump_deeper,kdump_deep"), KDUMP_DEEP);
}

/* No number: said in one line, and what was there before stays. */
static void no_number_is_passed_over(void **state)
{
	static const char *const bad[] = { "", "x", "4x", "-1", "4294967296", "12345678901234567890", "1 " };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		char value[128], line[128];

		begin();
		snprintf(value, sizeof(value), "kdump_deep,kdump_max=7,kdump_max=%s,kdump_lines=3", bad[i]);
		setup_once(value);
		assert_int_equal(intel_kdump.mode, KDUMP_DEEP);
		assert_int_equal(intel_kdump.max_mib, 7);
		assert_int_equal(intel_kdump.log_lines, 3);
		snprintf(line, sizeof(line), "intel_iommu=kdump_max=%s: no number, it stays 7\n", bad[i]);
		assert_string_equal(said, line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_mode_counts),	    cmocka_unit_test(numbers_reach_their_place),
		cmocka_unit_test(others_are_not_ours),	    cmocka_unit_test(an_unknown_one_switches_off),
		cmocka_unit_test(no_number_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
