/* SPDX-License-Identifier: GPL-2.0-only */
/* Deadlines that a guest's own time counts for: what the host did to it meanwhile does not. */
#include "run-fixture.h"

#include "base/error.h"
#include "machine/accel.h"
#include "machine/guest-time.h"
#include "machine/machine-priv.h"
#include "run/reference.h"

#define MS INT64_C(1000)
#define MS_NS INT64_C(1000000)

static int64_t used_ms(const struct guest_time *t)
{
	return t->used_us / MS;
}

static void test_idle_host(void **state)
{
	struct guest_time t = { 0 };
	struct vm_times v = { 0 };

	(void)state;
	for (int i = 0; i <= 50; i++) {
		v.ran_ns += 20 * MS_NS;
		guest_time_look(&t, (1000 + i * 20) * MS, &v);
	}
	assert_int_equal(used_ms(&t), 1000);
	/* a guest that sleeps could run, and so does one of which nothing is known */
	for (int i = 51; i <= 100; i++)
		guest_time_look(&t, (1000 + i * 20) * MS, i % 2 ? &v : NULL);
	assert_int_equal(used_ms(&t), 2000);
	assert_int_equal(t.still_us, 0);
}

/* One of the host's CPUs for ten: nine tenths do not count, however many threads waited. */
static void test_busy_host(void **state)
{
	struct guest_time t = { 0 };
	struct vm_times v = { 0 };

	(void)state;
	for (int i = 0; i <= 50; i++) {
		v.ran_ns += 2 * MS_NS;
		v.waited_ns += (i % 2 ? 18 : 36) * MS_NS;
		guest_time_look(&t, (1000 + i * 20) * MS, &v);
	}
	assert_int_equal(used_ms(&t), 100);
}

/* Stopped 350 ms in every 355: what it ran counts; and one that never runs is still. */
static void test_stuttered(void **state)
{
	struct guest_time t = { 0 };
	struct vm_times v = { .stopped = true };

	(void)state;
	for (int i = 0; i <= 355; i++) {
		v.ran_ns += i % 71 == 0 ? 5 * MS_NS : 0;
		guest_time_look(&t, (1000 + i * 5) * MS, &v);
	}
	assert_int_equal(used_ms(&t), 25);
	for (int i = 356; i <= 1355; i++)
		guest_time_look(&t, (1000 + i * 5) * MS, &v);
	assert_int_equal(used_ms(&t), 25);
	assert_int_equal(t.still_us, 5000 * MS);
}

/* A look that is 70 s late: we stood still ourselves. */
static void test_late_look(void **state)
{
	struct guest_time t = { 0 };
	struct vm_times v = { 0 };

	(void)state;
	guest_time_look(&t, 1000 * MS, &v);
	v.ran_ns = 70000 * MS_NS;
	guest_time_look(&t, 71000 * MS, &v);
	assert_int_equal(used_ms(&t), 100);
}

static int64_t began_us;
static bool stands;

/* A QEMU that is stopped for its first second. */
static bool fake_times(struct vm *vm, struct vm_times *times)
{
	(void)vm;
	*times = (struct vm_times){ .stopped = stands || g_get_monotonic_time() - began_us < G_USEC_PER_SEC };
	return true;
}

static char *never_ends(struct vm *vm)
{
	(void)vm;
	return NULL;
}

static const struct vmm stuttering = { .name = "fake", .ended = never_ends, .times = fake_times };
static struct vm stuttering_vm = { &stuttering };

static bool never(void *data)
{
	(void)data;
	return false;
}

/* A first kernel that was waited for in vain: whose doing is it? And would a run of its crash kernel go on? */
static void blames(struct fake_run *f, bool guest)
{
	struct evidence *ev = f->run.at.ev;
	g_autofree char *problem = NULL;
	GError *err = g_error_new(VTDLAB_ERROR, VTDLAB_ERROR_CANNOT_JUDGE, "waited in vain"), *error = NULL;

	ev->trigger_ns = 0;
	ev->first_hello = false;
	assert_int_equal(reference_first_failure(&f->run, err), guest);
	assert_int_equal(attempt_goes_on(&f->run.at, &err, &problem, &error), guest);
	g_clear_error(&error);
	g_clear_pointer(&ev->first_failure, g_free);
}

/* The deadline is the guest's: a second of standing still is not of it. */
static void test_wait(void **state)
{
	struct fake_run *f = *state;
	g_autoptr(GError) error = NULL;

	f->m.vm = &stuttering_vm;
	began_us = g_get_monotonic_time();
	assert_false(machine_wait(&f->m, never, NULL, 0.02, "it", &error));
	assert_int_equal(machine_wait_ended(&f->m), MACHINE_END_DEADLINE);
	assert_true(g_get_monotonic_time() - began_us >= G_USEC_PER_SEC);
	assert_true(machine_guest_s(&f->m) >= 0.08 && machine_guest_s(&f->m) < 1);
	blames(f, true);
	/* and it ends even if the guest gets no time any more */
	g_clear_error(&error);
	stands = true;
	f->m.time.still_us = 59900 * MS;
	assert_false(machine_wait(&f->m, never, NULL, 100, "it", &error));
	assert_int_equal(machine_wait_ended(&f->m), MACHINE_END_STILL);
	assert_non_null(strstr(error->message, "QEMU itself stands still"));
	blames(f, false);
}

static int spells;

/*
 * RAM that was not touched before, in each of five spells of 160 ms: a look that comes late counts for 100 ms,
 * so none is jumped over on a busy host.
 */
static bool grows(void *data)
{
	struct fake_run *f = data;
	static const char some[64 << 10];
	int spell = (int)(machine_guest_s(&f->m) / 0.16);

	if (spell > spells && spell < 5)
		assert_int_equal(ram_write(&f->m.ram, (uint64_t)++spells << 20, some, sizeof(some)), 0);
	return false;
}

/* A boot that comes on gets its time again, however slow; once its agent has spoken a deadline is one. */
static void test_slow_boot(void **state)
{
	struct fake_run *f = *state;
	g_autoptr(GError) error = NULL;

	f->m.accel = MACHINE_ACCEL_KVM;
	assert_false(machine_wait(&f->m, grows, f, 0.08, "it", &error));
	assert_int_equal(machine_wait_ended(&f->m), MACHINE_END_DEADLINE);
	assert_int_equal(spells, 4);
	assert_true(machine_guest_s(&f->m) >= 0.64);
	g_clear_error(&error);
	f->m.boot_s = 1;
	f->m.time = (struct guest_time){ .looked_us = f->m.time.looked_us };
	spells = 0;
	assert_false(machine_wait(&f->m, grows, f, 0.1, "it", &error));
	assert_true(spells < 4);
}

/* Deadlines are those of the pace that the boot showed. */
static void test_pace(void **state)
{
	struct fake_run *f = *state;
	double unknown;

	f->m.accel = MACHINE_ACCEL_KVM;
	unknown = machine_scale(&f->m);
	assert_true(unknown >= 4 && unknown <= 16);
	f->m.boot_s = 0.8;
	assert_true(machine_scale(&f->m) <= 4.0);
	f->m.boot_s = 12;
	assert_true(machine_scale(&f->m) >= 8.0);
	f->m.boot_s = 1e6;
	assert_true(machine_scale(&f->m) <= 64);
	f->m.accel = MACHINE_ACCEL_TCG;
	f->m.boot_s = 0.8;
	assert_true(machine_scale(&f->m) >= 4.0);
}

/* Of the trials of KVM only one says something of it: a guest that had its time and never wrote a line. */
static void test_kvm_trial(void **state)
{
	g_autoptr(GError) why = g_error_new_literal(VTDLAB_ERROR, 1, "QEMU did not start: exit status 127\n  | x");
	struct fake_run *f = *state;
	struct accel_result r = { 0 };

	accel_failed_trial(&r, NULL, why);
	assert_int_equal(r.proof, ACCEL_UNKNOWN);
	assert_string_equal(r.reason, "KVM: QEMU did not start: exit status 127");
	f->m.ended = MACHINE_END_DIED;
	f->m.time.used_us = 31000 * MS;
	accel_failed_trial(&r, &f->m, why);
	assert_int_equal(r.proof, ACCEL_UNKNOWN);
	f->m.ended = MACHINE_END_DEADLINE;
	accel_failed_trial(&r, &f->m, why);
	assert_int_equal(r.proof, ACCEL_REFUTED);
	assert_non_null(strstr(r.reason, "hangs before it reaches its agent"));
	/* stopped by somebody for most of it */
	f->m.time.used_us = 13000 * MS;
	accel_failed_trial(&r, &f->m, why);
	assert_int_equal(r.proof, ACCEL_UNKNOWN);
	/* slow, not dead */
	f->m.time.used_us = 31000 * MS;
	test_write(f->guest, "[    0.000000] Linux version\n");
	console_poll(f->m.console);
	accel_failed_trial(&r, &f->m, why);
	assert_int_equal(r.proof, ACCEL_UNKNOWN);
	accel_result_clear(&r);
}

/* A step either way is seen; slewing, and a look that comes late, are none. */
static void test_wall_clock(void **state)
{
	struct wall_clock c = { 0 };
	int64_t mono = 1000, wall = INT64_C(1795861303000000);

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		wall_clock_look(&c, mono += 20000, wall += 20010);
	wall_clock_look(&c, mono += 60000000, wall += 60030000);
	assert_int_equal(c.step_us, 0);
	wall_clock_look(&c, mono += 20000, wall += 20000 - 3600000000);
	assert_int_equal(c.step_us, -3600000000);
	wall_clock_look(&c, mono += 20000, wall += 20000 + 15000);
	assert_int_equal(c.step_us, -3600000000);
	c = (struct wall_clock){ 0 };
	wall_clock_look(&c, 1000, 5000);
	wall_clock_look(&c, 21000, 25000 + 15000);
	assert_int_equal(c.step_us, 15000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wall_clock),
		cmocka_unit_test(test_idle_host),
		cmocka_unit_test(test_busy_host),
		cmocka_unit_test(test_stuttered),
		cmocka_unit_test(test_late_look),
		cmocka_unit_test_setup_teardown(test_wait, fake_run_setup, fake_run_teardown),
		cmocka_unit_test_setup_teardown(test_kvm_trial, fake_run_setup, fake_run_teardown),
		cmocka_unit_test_setup_teardown(test_slow_boot, fake_run_setup, fake_run_teardown),
		cmocka_unit_test_setup_teardown(test_pace, fake_run_setup, fake_run_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
