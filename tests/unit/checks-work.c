/* SPDX-License-Identifier: GPL-2.0-only */
/* The checks `devices-work` and `dump-readable`. */
#include "evidence-fixture.h"

#define WORK "devices-work"
#define DUMP "dump-readable"

static void set(char **text, const char *value)
{
	g_free(*text);
	*text = g_strdup(value);
}

static void work_named(void **state)
{
	want(*state, WORK, CHECK_PASS, "nvme: 256 KiB read right", "e1000e: 16 of 16 frames out", NULL);
}

/* Without an IOMMU devices work as well: no skip. */
static void work_no_iommu(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	want(f, WORK, CHECK_PASS, NULL);
}

static void work_dead(void **state)
{
	struct good_run *f = *state;

	good_device(f, DISK)->works = false;
	set(&good_device(f, DISK)->works_detail, "256 KiB read WRONG, written right");
	want(f, WORK, CHECK_FAIL, "nvme: 256 KiB read WRONG", "e1000e: 16 of 16", NULL);
	want_outcome(f, "device-dead", 1);
}

/* What QEMU's model of the disk found wrong itself is told of a dead one, and kills none that works. */
static void work_model_errors(void **state)
{
	struct good_run *f = *state;
	struct evidence_trace t = { .group = TRACE_GROUP_DISK_ERRORS, .seen = 2 };

	g_array_append_val(f->ev->traces, t);
	want(f, WORK, CHECK_PASS, NULL);
	want_not(f, "QEMU's disk");
	good_device(f, NIC)->works = false;
	want(f, WORK, CHECK_FAIL, NULL);
	want_not(f, "QEMU's disk");
	good_device(f, DISK)->works = false;
	set(&good_device(f, DISK)->works_detail, "no answer");
	want(f, WORK, CHECK_FAIL, "nvme: no answer (QEMU's disk found 2 errors itself: pci_nvme_err_* in qemu.log)",
	     NULL);
	g_array_index(f->ev->traces, struct evidence_trace, f->ev->traces->len - 1).seen = 0;
	want(f, WORK, CHECK_FAIL, NULL);
	want_not(f, "QEMU's disk");
}

/* The crash kernel's own words of a device are quoted, and decide nothing. */
static void work_complaints(void **state)
{
	struct good_run *f = *state;
	struct evidence_complaint said[] = {
		{ g_strdup("[    7.5] nvme nvme0: I/O 8 QID 0 timeout, disable controller") },
		{ g_strdup("[    9.5] nvme nvme0: Device not ready; aborting reset") },
		{ g_strdup("[   12.0] e1000e 0000:00:01.0 eth0: Detected Hardware Unit Hang:") },
	};

	g_array_append_vals(f->ev->complaints, said, G_N_ELEMENTS(said));
	want(f, WORK, CHECK_PASS, "16 in (the crash kernel: \"[   12.0] e1000e 0000:00:01.0 eth0: Detected", NULL);
	want_outcome(f, "preserved", 0);
	good_device(f, DISK)->works = false;
	set(&good_device(f, DISK)->works_detail, "no answer");
	want(f, WORK, CHECK_FAIL, "nvme: no answer (the crash kernel: \"[    7.5] nvme nvme0: I/O 8 QID 0 timeout",
	     "controller\" and 1 more in console.log)", NULL);
	good_device(f, DISK)->works = true;
	set(&good_device(f, NIC)->works_detail, NULL);
	good_device(f, NIC)->works = false;
	want(f, WORK, CHECK_NO_EVIDENCE, "e1000e: not tried (the crash kernel: ", NULL);
}

/* One driver's name is the beginning of another's; a disk's is that of its driver, and a number. */
static void work_complaints_by_name(void **state)
{
	struct good_run *f = *state;
	struct evidence_complaint said[] = {
		{ g_strdup("[   12.0] e1000e: a line of the other driver") },
		{ g_strdup("[   13.0] I/O error, dev nvme0n1, sector 0") },
	};

	g_array_append_vals(f->ev->complaints, said, G_N_ELEMENTS(said));
	set(&good_device(f, NIC)->driver, "e1000");
	want(f, WORK, CHECK_PASS, "(the crash kernel: \"[   13.0] I/O error, dev nvme0n1", NULL);
	want_not(f, "the other driver");
	set(&good_device(f, NIC)->driver, "e1000e");
	want(f, WORK, CHECK_PASS, "the other driver", NULL);
}

static void work_last_dead(void **state)
{
	struct good_run *f = *state;

	good_device(f, NIC)->works = false;
	set(&good_device(f, NIC)->works_detail, "the guest says: no carrier");
	want(f, WORK, CHECK_FAIL, "e1000e: the guest says: no carrier", NULL);
}

static void work_no_crash_kernel(void **state)
{
	struct good_run *f = *state;

	f->ev->crash_hello_ns = 0;
	want(f, WORK, CHECK_NO_EVIDENCE, "did not come up", NULL);
}

/* The driver was asked for, and then the run ended: the device is not known to be dead. */
static void work_not_tried(void **state)
{
	struct good_run *f = *state;

	good_device(f, NIC)->works = false;
	set(&good_device(f, NIC)->works_detail, NULL);
	want(f, WORK, CHECK_NO_EVIDENCE, "e1000e: not tried", NULL);
}

static void work_one_dead_one_not_tried(void **state)
{
	struct good_run *f = *state;

	good_device(f, DISK)->works = good_device(f, NIC)->works = false;
	set(&good_device(f, NIC)->works_detail, NULL);
	want(f, WORK, CHECK_FAIL, "nvme", NULL);
}

static void work_no_devices(void **state)
{
	struct good_run *f = *state;

	f->sc->devices.nic = MACHINE_NIC_NONE;
	f->sc->devices.disk = MACHINE_DISK_NONE;
	f->sc->devices.dma = CONF_DMA_NONE;
	g_array_set_size(f->ev->devices, 0);
	want(f, WORK, CHECK_SKIP, "no device with a driver", NULL);
}

/* The scenario has devices; the run did not come to use one. */
static void work_none_reached(void **state)
{
	struct good_run *f = *state;

	good_device(f, DISK)->wanted = good_device(f, NIC)->wanted = false;
	want(f, WORK, CHECK_NO_EVIDENCE, NULL);
}

static void dump_named(void **state)
{
	want(*state, DUMP, CHECK_PASS, "canary of 32 bytes", NULL);
}

static void dump_not_asked(void **state)
{
	struct good_run *f = *state;

	f->sc->crash.dump = CONF_DUMP_NONE;
	want(f, DUMP, CHECK_SKIP, "no dump", NULL);
}

static void dump_no_crash_kernel(void **state)
{
	struct good_run *f = *state;

	f->ev->crash_hello_ns = 0;
	want(f, DUMP, CHECK_NO_EVIDENCE, "did not come up", NULL);
}

static void dump_no_canary(void **state)
{
	struct good_run *f = *state;

	set(&f->ev->canary_written, NULL);
	want(f, DUMP, CHECK_NO_EVIDENCE, "wrote no canary", NULL);
}

/* Nothing, read back as nothing. */
static void dump_empty_canary(void **state)
{
	struct good_run *f = *state;

	set(&f->ev->canary_written, "");
	set(&f->ev->canary_read, "");
	want(f, DUMP, CHECK_NO_EVIDENCE, "canary", NULL);
}

static void dump_not_read(void **state)
{
	struct good_run *f = *state;

	set(&f->ev->canary_read, NULL);
	want(f, DUMP, CHECK_NO_EVIDENCE, "/proc/vmcore was not read", NULL);
}

static void dump_error(void **state)
{
	struct good_run *f = *state;

	set(&f->ev->canary_read, NULL);
	f->ev->dump_error = g_strdup("vmcore-read: 0x7654000 is in no PT_LOAD of /proc/vmcore");
	want(f, DUMP, CHECK_FAIL, "0x7654000 is in no PT_LOAD", NULL);
	want_outcome(f, "dump-failed", 1);
}

static void dump_differs(void **state)
{
	struct good_run *f = *state;

	f->ev->canary_read[1] = 'f';
	want(f, DUMP, CHECK_FAIL, "holds 0f11223344556677", "wrote 0011223344556677", NULL);
}

/* Equal as far as it goes, but it does not go to the end. */
static void dump_short(void **state)
{
	struct good_run *f = *state;

	f->ev->canary_read[62] = '\0';
	want(f, DUMP, CHECK_FAIL, NULL);
	set(&f->ev->canary_read, "");
	want(f, DUMP, CHECK_FAIL, NULL);
}

/* The last byte counts as the first. */
static void dump_last_byte(void **state)
{
	struct good_run *f = *state;

	f->ev->canary_read[63] ^= 1;
	want(f, DUMP, CHECK_FAIL, NULL);
}

int checks_work_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(work_named),
		LEGACY(work_no_iommu),
		LEGACY(work_dead),
		LEGACY(work_last_dead),
		LEGACY(work_model_errors),
		LEGACY(work_complaints),
		LEGACY(work_complaints_by_name),
		LEGACY(work_no_crash_kernel),
		LEGACY(work_not_tried),
		LEGACY(work_one_dead_one_not_tried),
		LEGACY(work_no_devices),
		LEGACY(work_none_reached),
		LEGACY(dump_named),
		LEGACY(dump_not_asked),
		LEGACY(dump_no_crash_kernel),
		LEGACY(dump_no_canary),
		LEGACY(dump_empty_canary),
		LEGACY(dump_not_read),
		LEGACY(dump_error),
		LEGACY(dump_differs),
		LEGACY(dump_short),
		LEGACY(dump_last_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
