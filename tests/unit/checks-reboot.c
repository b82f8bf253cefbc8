/* SPDX-License-Identifier: GPL-2.0-only */
/* The check `reset-comes-up`. */
#include "evidence-fixture.h"

#define RESET "reset-comes-up"

static void poweroff(void **state)
{
	want(*state, RESET, CHECK_SKIP, "poweroff", NULL);
}

static void comes_up(void **state)
{
	struct good_run *f = *state;

	f->sc->crash.end = CONF_END_REBOOT;
	f->ev->again_hello_ns = T_POWEROFF + 3 * INT64_C(1000000000);
	want(f, RESET, CHECK_PASS, "3.0 s after the reboot", NULL);
}

static void hangs(void **state)
{
	struct good_run *f = *state;

	f->sc->crash.end = CONF_END_REBOOT;
	f->ev->again_failure = g_strdup("no word within 20 s");
	want(f, RESET, CHECK_FAIL, "no word within 20 s", NULL);
	want_outcome(f, "reset-failed", 1);
}

static void nothing_known(void **state)
{
	struct good_run *f = *state;

	f->sc->crash.end = CONF_END_REBOOT;
	want(f, RESET, CHECK_NO_EVIDENCE, "nothing is known", NULL);
	f->ev->poweroff_ns = 0;
	want(f, RESET, CHECK_NO_EVIDENCE, "never asked", NULL);
}

int checks_reboot_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(poweroff),
		LEGACY(comes_up),
		LEGACY(hangs),
		LEGACY(nothing_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
