/* SPDX-License-Identifier: GPL-2.0-only */
/* A crash initramfs without our agent: what needs one is a named skip, the rest is judged as ever. */
#include "evidence-fixture.h"

static void set(char **text, const char *value)
{
	g_free(*text);
	*text = g_strdup(value);
}

/* Nobody tried the devices or read the dump. */
static struct good_run *foreign(void **state)
{
	struct good_run *f = *state;

	set(&f->sc->crash.initrd, "busybox");
	for (unsigned i = 0; i < f->ev->devices->len; i++) {
		struct evidence_device *dev = &g_array_index(f->ev->devices, struct evidence_device, i);

		dev->works = false;
		g_clear_pointer(&dev->works_detail, g_free);
	}
	g_clear_pointer(&f->ev->canary_read, g_free);
	return f;
}

static void foreign_skips(void **state)
{
	struct good_run *f = foreign(state);

	want(f, "devices-work", CHECK_SKIP, "no agent to ask", NULL);
	want(f, "dump-readable", CHECK_SKIP, "no agent to ask", NULL);
	want(f, "crash-kernel-booted", CHECK_PASS, "a foreign initramfs was started", NULL);
	want_outcome(f, "preserved", 0);
}

/* It may stop before it has loaded a driver; a device that is not known at all is another matter. */
static void foreign_unused(void **state)
{
	struct good_run *f = foreign(state);

	good_device(f, NIC)->wanted = false;
	want(f, "requesters-repointed", CHECK_PASS, "0000:00:02.0", NULL);
	g_array_set_size(f->ev->devices, 1);
	want(f, "requesters-repointed", CHECK_NO_EVIDENCE, "1 is known", NULL);
}

/* A skip of what cannot be tried is no pass of what can be seen. */
static void foreign_fault(void **state)
{
	struct good_run *f = foreign(state);

	good_fault(f, T_HELLO, DISK, DISK_IOVA);
	want(f, "no-faults", CHECK_FAIL, NULL);
	want_outcome(f, "dma-fault", 1);
}

static void foreign_never_started(void **state)
{
	struct good_run *f = foreign(state);

	f->ev->crash_hello_ns = 0;
	f->ev->crash_failure = g_strdup("no progress: waited 20 s for the start of the crash initramfs");
	want(f, "crash-kernel-booted", CHECK_FAIL, "no progress", NULL);
}

int checks_foreign_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(foreign_skips),
		LEGACY(foreign_unused),
		LEGACY(foreign_fault),
		LEGACY(foreign_never_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
