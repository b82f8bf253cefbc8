/* SPDX-License-Identifier: GPL-2.0-only */
/* What the console says of a dying kernel, and of devices that the crash kernel has given up. */
#include "run-fixture.h"

#include "base/error.h"
#include "observe/console-words.h"

static void say(struct fake_run *f, const char *line)
{
	test_write(f->guest, line);
	test_write(f->guest, "\r\n");
	console_poll(f->m.console);
}

static const char *const dead[] = {
	"[    7.5] nvme nvme0: I/O 8 QID 0 timeout, disable controller",
	"[    7.5] nvme nvme0: I/O tag 24 (1018) QID 0 timeout, disable controller",
	"[   37.0] nvme nvme0: controller is down; will reset: CSTS=0x3, PCI_STATUS=0x10",
	"[   97.0] nvme nvme0: Device not ready; aborting initialisation, CSTS=0x0",
	"[   97.0] nvme nvme0: Device not ready; aborting reset, CSTS=0x1",
	"[   97.1] nvme nvme0: Removing after probe failure status: -19",
	"[   12.0] e1000e 0000:00:01.0 eth0: Detected Hardware Unit Hang:",
	"[   12.0] e1000 0000:00:01.0 eth0: Detected Tx Unit Hang",
	"[   17.0] NETDEV WATCHDOG: eth0 (e1000e): transmit queue 0 timed out 5000 ms",
	"[   17.1] e1000e 0000:00:01.0 eth0: Reset adapter unexpectedly",
	"[    3.0] e1000e: probe of 0000:00:01.0 failed with error -2",
	"[   17.0] virtio_net virtio0 eth0: TX timeout on queue: 0, sq: output.0, vq: 0x1, name: output.0",
	"[   40.0] I/O error, dev nvme0n1, sector 114688 op 0x1:(WRITE) flags 0x8800 phys_seg 1 prio class 2",
};

/* Each of the crash kernel's, and none of the first kernel's or of what comes after poweroff. */
static void dead_devices(void **state)
{
	struct fake_run *f = *state;
	struct evidence *ev = f->run.at.ev;
	guint n = 0;

	ev->poweroff_ns = 0;
	say(f, dead[0]);
	assert_int_equal(ev->complaints->len, 0);
	console_words_jumped(f->run.words);
	for (; n < G_N_ELEMENTS(dead); n++) {
		say(f, dead[n]);
		assert_int_equal(ev->complaints->len, n + 1);
		assert_string_equal(g_array_index(ev->complaints, struct evidence_complaint, n).line, dead[n]);
	}
	say(f, "[    2.0] e1000e 0000:00:01.0 eth0: NIC Link is Up 1000 Mbps Full Duplex, Flow Control: None");
	say(f, "[    2.0] nvme nvme0: 1/0/0 default/read/poll queues");
	/* words of the command line */
	say(f, "[    0.000000] Command line: console=ttyS0 reset_devices nvme_core.io_timeout=10");
	say(f, "[    0.081246] Kernel command line: console=ttyS0 reset_devices nvme_core.io_timeout=10");
	assert_int_equal(ev->complaints->len, n);
	ev->poweroff_ns = T_POWEROFF;
	say(f, dead[0]);
	assert_int_equal(ev->complaints->len, n);
	ev->poweroff_ns = 0;
	for (guint i = 0; i < 2 * EVIDENCE_COMPLAINTS_MAX; i++)
		say(f, dead[0]);
	assert_int_equal(ev->complaints->len, EVIDENCE_COMPLAINTS_MAX);
}

/* The last line in which a kernel says that it dies; that of the first is none of the crash kernel's. */
static void dying(void **state)
{
	struct fake_run *f = *state;
	GError *error = NULL;

	assert_null(console_words_last(f->run.words));
	vtdlab_unjudged(&error, "no agent");
	console_words_add(f->run.words, error);
	assert_string_equal(error->message, "no agent");
	say(f, "[    1.0] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)");
	say(f, "[    1.1] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs");
	assert_string_equal(console_words_last(f->run.words),
			    "[    1.0] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)");
	console_words_add(f->run.words, error);
	assert_string_equal(error->message,
			    "the first kernel: \"[    1.0] Kernel panic - not syncing: VFS: Unable to mount "
			    "root fs on unknown-block(0,0)\": no agent");
	/* who interrupts knows why */
	g_clear_error(&error);
	g_set_error_literal(&error, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED, "interrupted");
	console_words_add(f->run.words, error);
	assert_string_equal(error->message, "interrupted");
	console_words_jumped(f->run.words);
	assert_null(console_words_last(f->run.words));
	/* the crash kernel's have a place of their own */
	say(f, "[    1.0] Kernel panic - not syncing: Attempted to kill init!");
	g_clear_error(&error);
	vtdlab_unjudged(&error, "no agent");
	console_words_add(f->run.words, error);
	assert_string_equal(error->message, "no agent");
	g_error_free(error);
}

/* Of 6.1, 6.12 and 7.3, and of the sanitizers of a debug kernel. */
static const char *const splats[] = {
	"[    0.5] WARNING: CPU: 0 PID: 1 at drivers/iommu/iommu.c:2246 iommu_get_domain_for_dev+0x46/0x60",
	"[    0.5][    T1] WARNING: drivers/iommu/iommu.c:123 at f+0x1/0x2, CPU#0: init/1",
	"[    0.5] WARNING: possible circular locking dependency detected",
	"[    0.5] WARNING: possible recursive locking detected",
	"[    0.5] WARNING: inconsistent lock state",
	"[    0.5] [ BUG: Invalid wait context ]",
	"[    0.5] BUG: sleeping function called from invalid context at mm/slab.h:1",
	"[    0.5] BUG: KASAN: slab-out-of-bounds in f+0x1/0x2",
	"[    0.5] BUG: unable to handle page fault for address: ff3b958a80ad3018",
	"[    0.5] BUG kmalloc-64 (Not tainted): Poison overwritten",
	"[    0.5] Oops: 0000 [#1] PREEMPT SMP NOPTI",
	"[    0.5] general protection fault, probably for non-canonical address 0x1: 0000 [#2] SMP",
	"[    0.5] kernel BUG at mm/slub.c:1!",
	"[    0.5] UBSAN: array-index-out-of-bounds in a.c:3:1",
	"[    0.5] INFO: trying to register non-static key.",
	"[    0.5] kmemleak: 2 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
	"[    0.5] DMAR: ERROR: DMA PTE for vPFN 0xfffff already set (to 1003 not 2003)",
};

static const char *const busy_host[] = {
	"[   22.0] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [swapper/0:1]",
	"[   22.0] rcu: INFO: rcu_preempt self-detected stall on CPU",
	"[   22.0] clocksource: timekeeping watchdog on CPU0: Marking clocksource tsc as unstable",
	"[  122.0] INFO: task kworker/0:1:12 blocked for more than 120 seconds.",
	"[   22.0] WARNING: CPU: 0 PID: 0 at net/sched/sch_generic.c:525 dev_watchdog+0x207/0x210",
	"[   22.0] workqueue: vmstat_update hogged CPU for >10000us 4 times",
};

/* A panic that was asked for, what looks like a splat, and what a program says. */
static const char *const sound[] = {
	"[    9.0] sysrq: Trigger a crash",
	"[    9.0] Kernel panic - not syncing: sysrq triggered crash",
	"[    9.0] Call Trace:",
	"[    9.0]  sysrq_handle_crash+0x1a/0x20",
	"[    9.0] Uhhuh. NMI received for unknown reason 30 on CPU 0.",
	"[    9.0] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---",
	"[    0.1] RETBleed: WARNING: Spectre v2 mitigation leaves CPU vulnerable to RETBleed attacks, data leaks possible!",
	"[    0.1] DMA-API: preallocated 65536 debug entries",
	"[    0.1] kmemleak: Kernel memory leak detector initialized (mem pool available: 15679)",
	"WARNING: initramfs: no root",
	"",
	"[",
	"[    0.1",
	"[x] BUG: of a program",
};

static const struct evidence_splat *splat_at(const struct fake_run *f, guint i)
{
	return &g_array_index(f->run.at.ev->splats, struct evidence_splat, i);
}

/* Each of both kernels, told apart by their first lines; a panic that was asked for is none. */
static void splats_of_both(void **state)
{
	struct fake_run *f = *state;
	struct evidence *ev = f->run.at.ev;
	guint n = 0;

	ev->poweroff_ns = ev->trigger_ns = 0;
	say(f, splats[0]); /* before its first line: counted, though what else it said is not known */
	assert_int_equal(ev->first_said, 0);
	say(f, "[    0.0] Linux version 6.12.117-lab-debug (gcc) #1");
	for (guint i = 1; i < G_N_ELEMENTS(splats); i++)
		say(f, splats[i]);
	assert_int_equal(ev->first_said, G_N_ELEMENTS(splats));
	for (; n < G_N_ELEMENTS(splats); n++) {
		assert_int_equal(splat_at(f, n)->kernel, EVIDENCE_FIRST);
		assert_false(splat_at(f, n)->starved);
		assert_non_null(strstr(splats[n], splat_at(f, n)->line));
	}
	ev->trigger_ns = 1;
	for (guint i = 0; i < G_N_ELEMENTS(sound); i++)
		say(f, sound[i]);
	assert_int_equal(ev->splats->len, n);
	say(f, "[    0.0] Linux version 6.12.117-lab-debug (gcc) #1");
	for (guint i = 0; i < G_N_ELEMENTS(busy_host); i++, n++) {
		say(f, busy_host[i]);
		assert_int_equal(ev->splats->len, n + 1);
		assert_true(splat_at(f, n)->starved);
		assert_int_equal(splat_at(f, n)->kernel, EVIDENCE_CRASH);
	}
	assert_int_equal(ev->crash_said, 1 + G_N_ELEMENTS(busy_host));
	/* the first kernel once more, after a reboot */
	ev->poweroff_ns = 2;
	say(f, "[    0.0] Linux version 6.12.117-lab-debug (gcc) #1");
	say(f, splats[0]);
	assert_int_equal(splat_at(f, n)->kernel, EVIDENCE_FIRST);
}

/* What WARN() says stands above its line; a flood of what a busy host causes leaves room for the rest. */
static void splat_words(void **state)
{
	struct fake_run *f = *state;
	struct evidence *ev = f->run.at.ev;

	say(f, "[    1.0] ------------[ cut here ]------------");
	say(f, "[    1.0] DMA-API: nvme 0000:00:02.0: device driver has pending DMA allocations [count=2]");
	say(f, "[    1.0] WARNING: CPU: 0 PID: 1 at kernel/dma/debug.c:866 f+0x1/0x2");
	say(f, "[    1.0] ------------[ cut here ]------------");
	say(f, "[    1.0] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2");
	say(f, "[    1.0] WARNING: CPU: 0 PID: 1 at a.c:2 f+0x1/0x2");
	assert_int_equal(ev->splats->len, 3);
	assert_string_equal(splat_at(f, 0)->line,
			    "WARNING: CPU: 0 PID: 1 at kernel/dma/debug.c:866 f+0x1/0x2: DMA-API: nvme "
			    "0000:00:02.0: device driver has pending DMA allocations [count=2]");
	assert_string_equal(splat_at(f, 1)->line, "WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2");
	assert_string_equal(splat_at(f, 2)->line, "WARNING: CPU: 0 PID: 1 at a.c:2 f+0x1/0x2");
	for (guint i = 0; i < EVIDENCE_SPLATS_MAX; i++)
		say(f, busy_host[0]);
	assert_int_equal(ev->splats->len, EVIDENCE_SPLATS_MAX / 2);
	say(f, splats[0]);
	assert_int_equal(ev->splats->len, EVIDENCE_SPLATS_MAX / 2 + 1);
	for (guint i = 0; i < EVIDENCE_SPLATS_MAX; i++)
		say(f, splats[0]);
	assert_int_equal(ev->splats->len, EVIDENCE_SPLATS_MAX);
	assert_true(ev->splats_more > EVIDENCE_SPLATS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(dead_devices, fake_run_setup, fake_run_teardown),
		cmocka_unit_test_setup_teardown(dying, fake_run_setup, fake_run_teardown),
		cmocka_unit_test_setup_teardown(splats_of_both, fake_run_setup, fake_run_teardown),
		cmocka_unit_test_setup_teardown(splat_words, fake_run_setup, fake_run_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
