/* SPDX-License-Identifier: GPL-2.0-only */
/* The small things that every room uses: requester ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sid.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sid_there_and_back),
		cmocka_unit_test(test_sid_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
