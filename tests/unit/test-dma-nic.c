/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The account of a NIC whose receive trace tells where each frame went, and where it ends: at the reset by the crash
 * kernel's driver, which one that is built in does unasked.
 */
#include "run-fixture.h"

#include "channel.h"
#include "observe/dma-nic.h"

#define FRAMES 6
#define OFFSET 0x100 /* of a frame in its page */

struct nic {
	struct fake_run *f;
	struct nic_dma *dma;
};

/* The cable of the fixture ends at an injector without a trace. */
static void trace_frames(struct fake_run *f)
{
	static const uint8_t magic[CHANNEL_MAGIC_LEN] = { 0xa1, 2, 3, 4, 5, 6, 7, 0x8f };
	int net[2];

	injector_free(f->m.injector);
	close(f->net);
	test_pair(SOCK_DGRAM, net);
	f->net = net[1];
	f->m.injector = injector_new(net[0], dup(net[1]), f->m.trace, magic);
}

/* FRAMES canaries that QEMU has taken off the cable. */
static void send_frames(struct fake_run *f)
{
	const GArray *canaries = injector_canaries(f->m.injector);
	uint8_t buf[2048];

	injector_start(f->m.injector, 2000, false);
	while (canaries->len < FRAMES)
		test_run(1);
	injector_pause(f->m.injector);
	while (recv(f->net, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	injector_poll(f->m.injector);
}

static unsigned sent(const struct fake_run *f)
{
	return injector_canaries(f->m.injector)->len;
}

/* The next frame goes to @iova, and is found at @pa; @seconds: when, of the host's clock. */
static void write_frame(struct fake_run *f, uint32_t seq, uint64_t iova, uint64_t pa, int64_t seconds)
{
	struct channel_frame frame = { .seq = seq, .kind = CHANNEL_KIND_CANARY };
	g_autofree char *text = g_strdup_printf("1@%" G_GINT64_FORMAT ".000001:e1000e_rx_desc_buff_write buffer #0, "
						"addr: 0x%" G_GINT64_MODIFIER "x, offset: 0, from: 0x1, length: 270\n"
						"1@%" G_GINT64_FORMAT ".000002:e1000e_rx_written_to_guest x\n",
						seconds, iova, seconds);
	uint8_t payload[CHANNEL_PAYLOAD_LEN];

	memcpy(frame.magic, injector_magic(f->m.injector), CHANNEL_MAGIC_LEN);
	channel_payload_fill(payload, &frame);
	assert_int_equal(machine_write_phys(&f->m, pa + CHANNEL_ETH_HEADER, payload, sizeof(payload)), 0);
	test_write(f->log, text);
}

/* Frames up to @n, in the dead kernel's buffers: 8 pages that lie 0x5000 apart, up to 8 frames in one. */
static void write_frames(struct fake_run *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint64_t at = OFFSET + i / 8 * 0x180;

		write_frame(f, i, NIC_IOVA + i % 8 * 0x1000 + at, NIC_PA + i % 8 * 0x5000 + at, 5);
	}
}

static struct evidence_dma account(struct nic *n)
{
	struct evidence *ev = n->f->run.at.ev;

	g_array_set_size(ev->dma, 0);
	assert_true(nic_dma_close(n->dma, NULL));
	assert_int_equal(ev->dma->len, 1);
	return g_array_index(ev->dma, struct evidence_dma, 0);
}

static int setup(void **state)
{
	struct nic *n = g_new0(struct nic, 1);
	void *f;

	fake_run_setup(&f);
	n->f = f;
	n->f->good->sc->machine.observe = true;
	good_device(n->f->good, NIC)->reset_ns = 0;
	trace_frames(n->f);
	n->dma = nic_dma_new(&n->f->run.at);
	nic_dma_begin(n->dma);
	send_frames(n->f);
	*state = n;
	return 0;
}

static int teardown(void **state)
{
	struct nic *n = *state;
	void *f = n->f;

	nic_dma_free(n->dma);
	fake_run_teardown(&f);
	g_free(n);
	return 0;
}

static void resets(struct nic *n)
{
	good_device(n->f->good, NIC)->reset_ns = machine_now_ns();
}

static void all_land(void **state)
{
	struct nic *n = *state;
	struct evidence_dma dma;

	write_frames(n->f, sent(n->f));
	dma = account(n);
	assert_int_equal(dma.landed_before_copy + dma.landed_after_copy, sent(n->f));
	assert_int_equal(dma.sent, sent(n->f));
	assert_int_equal(dma.misplaced, 0);
}

static void a_taken_frame_is_lost(void **state)
{
	struct nic *n = *state;

	write_frames(n->f, sent(n->f) - 1);
	assert_int_equal(account(n).lost, 1);
}

/* What QEMU has read meets a device that is being reset: not the dead kernel's loss. */
static void but_not_at_a_reset(void **state)
{
	struct nic *n = *state;
	struct evidence_dma dma;

	write_frames(n->f, sent(n->f) - 2);
	resets(n);
	dma = account(n);
	assert_int_equal(dma.sent, sent(n->f));
	assert_int_equal(dma.lost, 0);
	assert_int_equal(dma.no_room, 2);
}

/* QEMU holds back no more than that. */
static void more_are_lost(void **state)
{
	struct nic *n = *state;
	struct evidence_dma dma;

	write_frames(n->f, sent(n->f) - 4);
	resets(n);
	dma = account(n);
	assert_int_equal(dma.lost, 2);
	assert_int_equal(dma.no_room, 2);
}

/* A frame that waited for the new driver is in its buffer, wherever its tables lead: nobody else's. */
static void the_drivers_own_frames(void **state)
{
	struct nic *n = *state;
	unsigned last = sent(n->f) - 1;
	struct evidence_dma dma;

	write_frames(n->f, last);
	resets(n);
	n->f->run.at.ev->crash_start = DISK_PA;
	n->f->run.at.ev->crash_end = DISK_PA + 0xfff;
	write_frame(n->f, last, NEW_IOVA, DISK_PA, machine_now_ns() / 1000000000 + 10);
	dma = account(n);
	assert_int_equal(dma.sent, last);
	assert_int_equal(dma.lost + dma.misplaced + dma.in_crash, 0);
	assert_int_equal(dma.landed_before_copy + dma.landed_after_copy, last);
}

/* A ring that holds other data by now: what the device took for an address is none. */
static void no_address(void **state)
{
	struct nic *n = *state;
	unsigned last = sent(n->f) - 1;
	struct evidence_dma dma;

	write_frames(n->f, last);
	write_frame(n->f, last, UINT64_C(0x2064252064656570), DISK_PA, machine_now_ns() / 1000000000);
	dma = account(n);
	assert_int_equal(dma.lost, 1);
	assert_non_null(
		strstr(dma.problem, "where its ring was the device read 0x2064252064656570, which is no address"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_land),	     TEST(a_taken_frame_is_lost),  TEST(but_not_at_a_reset),
		TEST(more_are_lost), TEST(the_drivers_own_frames), TEST(no_address),
	};

	return cmocka_run_group_tests_name("dma-nic", tests, NULL, NULL);
}
