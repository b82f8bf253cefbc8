/* SPDX-License-Identifier: GPL-2.0-only */
/* machine.break: which kernel is stopped, when, and at which function. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "conf/scenario.h"

static void test_break(void **state)
{
	static const struct {
		const char *set, *symbol;
		enum conf_break when;
	} cases[] = {
		{ "machine.break=", "", CONF_BREAK_NONE },
		{ "machine.break=a_1.b", "a_1.b", CONF_BREAK_CRASH },
		{ "machine.break=crash:a", "a", CONF_BREAK_CRASH },
		{ "machine.break=first:a", "a", CONF_BREAK_FIRST },
		{ "machine.break=attach:a", "a", CONF_BREAK_ATTACH },
	};
	struct scenario *s = scenario_new("t");
	const char *symbol;

	(void)state;
	assert_int_equal(scenario_break(s, &symbol), CONF_BREAK_NONE);
	assert_true(scenario_set(s, "devices.dma=nic", NULL));
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		assert_true(scenario_set(s, cases[i].set, NULL));
		assert_int_equal(scenario_break(s, &symbol), cases[i].when);
		assert_string_equal(symbol, cases[i].symbol);
		assert_true(scenario_validate(s, NULL, NULL));
	}
	scenario_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_break),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
