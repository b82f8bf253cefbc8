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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(dead_devices, fake_run_setup, fake_run_teardown),
		cmocka_unit_test_setup_teardown(dying, fake_run_setup, fake_run_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
