/* SPDX-License-Identifier: GPL-2.0-only */
/* What is in flight at the panic outlasts the slowest of boots, and does not end meanwhile. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/scenario.h"
#include "observe/dma.h"
#include "prepare/devices.h"

#define READS 64
#define READ_BYTES (128 << 10)

/* Reads that have completed @seconds after the panic. */
static unsigned reads_in(const struct scenario *sc, double seconds)
{
	unsigned n = 0;

	while (n < READS && (seconds -= (double)READ_BYTES / (double)dma_slow_bps(sc, n)) >= 0)
		n++;
	return n;
}

static void test_disk(void **state)
{
	struct scenario sc = { .machine.clock = MACHINE_CLOCK_WALL };

	(void)state;
	/* as ever on an idle host, */
	assert_int_equal(reads_in(&sc, 10), 10);
	/* and ten minutes are not too long, nor is any of them without a read */
	assert_in_range(reads_in(&sc, 600), 48, READS - 4);
	sc.machine.clock = MACHINE_CLOCK_VIRTUAL;
	assert_in_range(reads_in(&sc, 2400), 48, READS - 4);
	/* what lies all over the memory stays in flight until the crash kernel has said which of it is its own */
	sc.devices.dma_spread = true;
	assert_in_range(reads_in(&sc, 120), 0, 1);
}

/* The ring of a NIC, by frames of the slow rate that have left @seconds after the panic. */
static unsigned frames_in(const struct scenario *sc, double seconds)
{
	double period = 1 / devices_frame_rate(sc, DMA_FRAMES_PER_SECOND_SLOW);
	unsigned n = 0;

	while ((seconds -= period * (double)(1 << n / devices_frame_ration(sc))) >= 0)
		n++;
	return n;
}

static void test_nic(void **state)
{
	struct scenario sc = { .devices.nic = MACHINE_NIC_VIRTIO };

	(void)state;
	assert_in_range(frames_in(&sc, 8), 32, 80);
	/* 256 buffers, some of them used up before the panic */
	assert_in_range(frames_in(&sc, 100), 100, 192);
	sc.devices.nic = MACHINE_NIC_E1000E;
	assert_in_range(frames_in(&sc, 8), 90, 100);
	assert_in_range(frames_in(&sc, 300), 256, 900);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disk),
		cmocka_unit_test(test_nic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
