/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A crash initramfs that nobody answers in: what its console proves, how the end of its work is found, which
 * switch-off is that of its reboot, and the disk that may come with it.
 */
#include "run-fixture.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "prepare/plan.h"

static int setup(void **state)
{
	struct fake_run *f;

	if (fake_run_setup(state))
		return -1;
	f = *state;
	g_free(f->good->sc->crash.initrd);
	f->good->sc->crash.initrd = g_strdup("busybox");
	/* no tables to read, no DMA to account for: both have tests of their own */
	f->good->sc->iommu.mode = MACHINE_IOMMU_OFF;
	f->good->sc->devices.dma = CONF_DMA_NONE;
	f->run.at.ev->crash_hello_ns = f->run.at.ev->poweroff_ns = 0;
	return 0;
}

static int teardown(void **state)
{
	foreign_free(((struct fake_run *)*state)->run.foreign);
	return fake_run_teardown(state);
}

static void say(struct fake_run *f, const char *line)
{
	test_write(f->guest, line);
	test_write(f->guest, "\r\n");
	console_poll(f->m.console);
}

static const char first_cmdline[] = "[    0.000000] Command line: console=ttyS0 crashkernel=256M";
static const char crash_cmdline[] = "[    0.000000] Command line: console=ttyS0 elfcorehdr=0x3cffe000";
static const char run_init[] = "[    2.300000] Run /init as init process";

/* --- what the console proves --- */

static void it_came_up(void **state)
{
	struct fake_run *f = *state;

	f->run.foreign = foreign_new(&f->run);
	say(f, crash_cmdline);
	assert_int_equal(f->run.at.ev->crash_hello_ns, 0);
	say(f, run_init);
	assert_true(f->run.at.ev->crash_hello_ns > f->run.at.ev->jump_ns);
	assert_int_equal(f->run.at.ev->poweroff_ns, 0);
	say(f, "[   17.000000] reboot: Restarting system");
	assert_true(f->run.at.ev->poweroff_ns >= f->run.at.ev->crash_hello_ns);
}

/* The first of each counts. */
static void said_twice(void **state)
{
	struct fake_run *f = *state;
	int64_t hello, poweroff;

	f->run.foreign = foreign_new(&f->run);
	say(f, crash_cmdline);
	say(f, run_init);
	say(f, "reboot: Restarting system");
	hello = f->run.at.ev->crash_hello_ns;
	poweroff = f->run.at.ev->poweroff_ns;
	g_usleep(2000);
	say(f, run_init);
	say(f, "reboot: machine restart");
	assert_int_equal(f->run.at.ev->crash_hello_ns, hello);
	assert_int_equal(f->run.at.ev->poweroff_ns, poweroff);
}

/* A first kernel that boots again is no crash kernel. */
static void the_first_kernel_again(void **state)
{
	struct fake_run *f = *state;

	f->run.foreign = foreign_new(&f->run);
	say(f, first_cmdline);
	say(f, run_init);
	say(f, "reboot: Restarting system");
	assert_int_equal(f->run.at.ev->crash_hello_ns, 0);
	assert_int_equal(f->run.at.ev->poweroff_ns, 0);
}

static void before_the_jump(void **state)
{
	struct fake_run *f = *state;

	f->run.at.ev->jump_ns = 0;
	f->run.foreign = foreign_new(&f->run);
	say(f, crash_cmdline);
	say(f, run_init);
	assert_int_equal(f->run.at.ev->crash_hello_ns, 0);
}

/* A reboot of a kernel whose /init never ran is none of the initramfs's. */
static void a_reboot_before_init(void **state)
{
	struct fake_run *f = *state;

	f->run.foreign = foreign_new(&f->run);
	say(f, crash_cmdline);
	say(f, "reboot: Restarting system");
	assert_int_equal(f->run.at.ev->poweroff_ns, 0);
}

static void our_own_is_not_foreign(void **state)
{
	struct fake_run *f = *state;

	f->good->sc->crash.initrd[0] = '\0';
	assert_false(plan_foreign(f->run.at.plan));
}

/* What it says of the dump is passed on once, and not believed of a kernel that is not up. */
static void the_dump_is_noted(void **state)
{
	struct fake_run *f = *state;

	f->run.foreign = foreign_new(&f->run);
	say(f, "kdump-tools: saved vmcore in /var/crash/1.");
	assert_int_equal(f->run.report->notes->len, 0);
	say(f, crash_cmdline);
	say(f, run_init);
	say(f, "kdump-tools: failed to save vmcore in /var/crash/1.");
	assert_int_equal(f->run.report->notes->len, 0);
	say(f, "kdump-tools: saved vmcore in /var/crash/1.");
	say(f, "kdump-tools: saved vmcore in /var/crash/2.");
	assert_int_equal(f->run.report->notes->len, 1);
	assert_null(strstr(f->run.report->notes->pdata[0], "/var/crash"));
}

/* --- the end of its work --- */

static void ended(struct fake_run *f)
{
	f->m.shutdown_reason = g_strdup("guest-reset");
	assert_true(phase_foreign(&f->run, NULL));
}

static void it_ends_the_machine(void **state)
{
	struct fake_run *f = *state;

	f->run.at.ev->crash_hello_ns = machine_now_ns();
	ended(f);
	assert_true(f->run.at.ev->poweroff_ns >= f->run.at.ev->crash_hello_ns);
	assert_int_equal(f->run.report->notes->len, 0);
	assert_string_equal(g_array_index(f->run.at.clock->moments, struct clock_moment, 0).what, "poweroff");
}

/* No end in time is no verdict on the kernel: it is said, and what was seen is judged. */
static void it_never_ends(void **state)
{
	struct fake_run *f = *state;

	f->good->sc->timeout_s = 0;
	assert_true(phase_foreign(&f->run, NULL));
	assert_true(f->run.at.ev->poweroff_ns != 0);
	assert_int_equal(f->run.report->notes->len, 1);
	assert_non_null(strstr(f->run.report->notes->pdata[0], "did not end the machine in time"));
}

static void interrupted(void **state)
{
	struct fake_run *f = *state;
	GError *error = NULL;

	interrupt_set();
	assert_false(phase_foreign(&f->run, &error));
	interrupt_clear();
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED));
	g_error_free(error);
}

/* A device whose entry has changed, or that does the new driver's DMA, is looked at once that has settled. */
static void devices_are_looked_at(void **state)
{
	struct fake_run *f = *state;
	struct evidence_device *disk = good_device(f->good, DISK), *nic = good_device(f->good, NIC);

	disk->wanted = nic->wanted = false;
	disk->attach_ns = nic->attach_ns = nic->first_dma_ns = 0;
	disk->after.host_ns = nic->after.host_ns = 0;
	disk->first_dma_ns = machine_now_ns();
	f->good->sc->timeout_s = 0;
	phase_foreign(&f->run, NULL);
	assert_true(disk->wanted);
	assert_false(nic->wanted);
}

/* --- the switch-off --- */

/* /init ran ten seconds ago, the reboot was said now, translation went off @before seconds before that. */
static void off(struct fake_run *f, double before, bool on_again)
{
	int64_t now = machine_now_ns(), at = now - (int64_t)(before * 1e9);

	f->run.at.ev->jump_ns = now - 12 * INT64_C(1000000000);
	f->run.at.ev->crash_hello_ns = now - 10 * INT64_C(1000000000);
	f->run.at.ev->poweroff_ns = now;
	f->run.at.ev->translation_dropped = true;
	good_translation(f->good, at, false);
	if (on_again)
		good_translation(f->good, at + 1000, true);
	ended(f);
}

static void of_the_reboot(void **state)
{
	struct fake_run *f = *state;

	off(f, 0.5, false);
	assert_false(f->run.at.ev->translation_dropped);
}

static void too_early_for_the_reboot(void **state)
{
	struct fake_run *f = *state;

	off(f, 5, false);
	assert_true(f->run.at.ev->translation_dropped);
}

static void before_init(void **state)
{
	struct fake_run *f = *state;

	off(f, 11, false);
	assert_true(f->run.at.ev->translation_dropped);
}

static void on_again(void **state)
{
	struct fake_run *f = *state;

	off(f, 0.5, true);
	assert_true(f->run.at.ev->translation_dropped);
}

/* One of the reboot excuses no other. */
static void a_second_one(void **state)
{
	struct fake_run *f = *state;

	good_translation(f->good, machine_now_ns() - INT64_C(6000000000), false);
	off(f, 0.5, false);
	assert_true(f->run.at.ev->translation_dropped);
}

/* --- the disk --- */

static void want_disk(struct fake_run *f, const char *image, const char *disk, const char *file)
{
	g_autofree char *path = g_build_filename(f->dir, image, NULL);
	g_autofree char *disk_path = g_build_filename(f->dir, disk, NULL);
	g_autofree char *drive = g_strdup_printf("if=none,id=root0,format=raw,snapshot=on,file=%s/%s", f->dir, file);
	g_auto(GStrv) args = NULL;

	assert_true(g_file_set_contents(disk_path, "x", 1, NULL));
	args = foreign_disk(path, g_strsplit("-device;pvpanic", ";", -1));
	assert_int_equal(g_strv_length(args), 6);
	assert_string_equal(args[1], "pvpanic");
	assert_string_equal(args[2], "-drive");
	assert_string_equal(args[3], drive);
	assert_string_equal(args[4], "-device");
	assert_string_equal(args[5], "ide-hd,drive=root0,bus=ide.0");
	g_strfreev(args);
	args = foreign_disk(path, NULL);
	assert_int_equal(g_strv_length(args), 4);
	assert_int_equal(g_remove(disk_path), 0);
	assert_null(foreign_disk(path, NULL));
}

static void a_disk_beside_it(void **state)
{
	want_disk(*state, "a.cpio", "a.disk", "a.disk");
	want_disk(*state, "initrd.img-6.1", "initrd.img-6.1.disk", "initrd.img-6.1.disk");
	want_disk(*state, "b,c.cpio", "b,c.disk", "b,,c.disk");
}

static void no_disk_changes_nothing(void **state)
{
	struct fake_run *f = *state;
	g_autofree char *path = g_build_filename(f->dir, "a.cpio", NULL);
	g_auto(GStrv) args = g_strsplit("-device;pvpanic", ";", -1);

	args = foreign_disk(path, args);
	assert_int_equal(g_strv_length(args), 2);
}

/* A kernel of ours is asked to tell of its copy; a word that only ends as its option does says nothing of it. */
static void told_of_the_copy(void **state)
{
	(void)state;
	assert_non_null(strstr(plan_crash_own("quiet intel_iommu=kdump_deep"), "intel_iommu=kdump_lines=64"));
	assert_non_null(strstr(plan_crash_own("intel_iommu=on,kdump_reserve"), "intel_iommu=kdump_lines=64"));
	assert_non_null(strstr(plan_crash_own("intel_iommu=kdump_deep intel_iommu=off"), "intel_iommu=kdump_lines=64"));
	assert_null(strstr(plan_crash_own("intel_iommu=on,sm_on,kdump_max=9"), "kdump_"));
	assert_null(strstr(plan_crash_own("quiet"), "kdump_"));
	assert_null(strstr(plan_crash_own("lab.intel_iommu=kdump_deep"), "kdump_"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_came_up),
		TEST(said_twice),
		TEST(the_first_kernel_again),
		TEST(before_the_jump),
		TEST(a_reboot_before_init),
		TEST(our_own_is_not_foreign),
		TEST(the_dump_is_noted),
		TEST(it_ends_the_machine),
		TEST(it_never_ends),
		TEST(interrupted),
		TEST(devices_are_looked_at),
		TEST(of_the_reboot),
		TEST(too_early_for_the_reboot),
		TEST(before_init),
		TEST(on_again),
		TEST(a_second_one),
		TEST(a_disk_beside_it),
		TEST(no_disk_changes_nothing),
		cmocka_unit_test(told_of_the_copy),
	};

	return cmocka_run_group_tests_name("foreign", tests, NULL, NULL);
}
