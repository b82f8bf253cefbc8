/* SPDX-License-Identifier: GPL-2.0-only */
/* The injector's account: lock-step, a full ring, drops, taking back, the exchange with the agent.
 */
#include "machine-test.h"

#include "channel.h"
#include "machine/injector.h"
#include "machine/trace.h"

struct rig {
	struct injector *in;
	struct trace *t;
	int qemu; /* the end that QEMU would hold */
	int log;  /* what QEMU would trace */
	char *dir, *path;
};

static const uint8_t magic[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static int setup(void **state)
{
	struct rig *r = g_new0(struct rig, 1);
	int pair[2];

	test_pair(SOCK_DGRAM, pair);
	r->qemu = pair[1];
	r->dir = test_dir();
	r->path = g_build_filename(r->dir, "qemu.log", NULL);
	r->log = open(r->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	r->t = trace_new(r->path);
	r->in = injector_new(pair[0], dup(pair[1]), r->t, magic);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	injector_free(r->in);
	trace_free(r->t);
	close(r->qemu);
	close(r->log);
	g_free(r->path);
	test_dir_remove(r->dir);
	g_free(r);
	return 0;
}

static const struct canary *canary(struct rig *r, unsigned seq)
{
	assert_true(seq < injector_canaries(r->in)->len);
	return &g_array_index(injector_canaries(r->in), struct canary, seq);
}

/* Takes one frame off the socket as QEMU would; -1 if there is none. */
static int take(struct rig *r, char *kind)
{
	uint8_t buf[2048];
	ssize_t n = recv(r->qemu, buf, sizeof(buf), MSG_DONTWAIT);
	struct channel_frame f;

	if (n < 0)
		return -1;
	assert_int_equal(channel_frame_parse(buf, (size_t)n, &f), CHANNEL_FRAME_GOOD);
	if (kind)
		*kind = f.kind;
	return (int)f.seq;
}

static void written(struct rig *r, uint64_t iova)
{
	char *text = g_strdup_printf("1@5.000001:e1000e_rx_desc_buff_write buffer #0, addr: 0x%lx, "
				     "offset: 0, from: 0x1, length: 270\n1@5.000002:"
				     "e1000e_rx_written_to_guest x\n",
				     (unsigned long)iova);

	test_write(r->log, text);
	g_free(text);
}

static void test_lock_step(void **state)
{
	struct rig *r = *state;
	const struct injector_counters *k = injector_counters(r->in);

	injector_start(r->in, 500, true);
	for (int seq = 0; seq < 5; seq++) {
		test_run(20);
		/* one frame and no second while the first is not accounted for */
		assert_int_equal(injector_canaries(r->in)->len, seq + 1);
		assert_int_equal(take(r, NULL), seq);
		assert_int_equal(take(r, NULL), -1);
		written(r, 0xfff00000 + 0x1000 * (uint64_t)seq);
		injector_poll(r->in);
	}
	injector_pause(r->in);
	assert_true(k->sent == 5 && k->written == 5 && k->held > 0);
	for (unsigned seq = 0; seq < 5; seq++) {
		assert_int_equal(canary(r, seq)->state, CANARY_WRITTEN);
		assert_true(canary(r, seq)->iova == 0xfff00000 + 0x1000 * (uint64_t)seq);
		assert_true(canary(r, seq)->exact && canary(r, seq)->written_len == 270);
		assert_true(canary(r, seq)->written_ns == 5000002000);
	}
}

/* QEMU does not take the frame (ring full): no more are sent; they can be taken back. */
static void test_ring_full(void **state)
{
	struct rig *r = *state;

	injector_start(r->in, 500, true);
	test_run(400);
	assert_int_equal(injector_canaries(r->in)->len, 1);
	assert_int_equal(canary(r, 0)->state, CANARY_QUEUED);
	injector_pause(r->in);
	assert_int_equal(injector_recall(r->in), 1);
	assert_int_equal(canary(r, 0)->state, CANARY_RECALLED);
	assert_int_equal(take(r, NULL), -1);
	assert_int_equal(injector_recall(r->in), 0);
	/* taken but never written: the next leaves after the deadline, and order alone is no proof
	 */
	injector_start(r->in, 500, true);
	test_run(10);
	assert_int_equal(take(r, NULL), 1);
	test_run(320);
	assert_int_equal(take(r, NULL), 2);
	injector_pause(r->in);
	assert_int_equal(canary(r, 1)->state, CANARY_TAKEN);
	written(r, 0x1000);
	written(r, 0x2000);
	injector_poll(r->in);
	assert_true(canary(r, 1)->iova == 0x1000 && canary(r, 2)->iova == 0x2000);
	assert_false(canary(r, 1)->exact);
	assert_false(canary(r, 2)->exact);
	/* events nobody sent a frame for */
	written(r, 0x3000);
	injector_poll(r->in);
	assert_true(injector_counters(r->in)->written == 2);
}

static void test_drops(void **state)
{
	struct rig *r = *state;

	injector_start(r->in, 500, true);
	test_run(10);
	assert_int_equal(take(r, NULL), 0);
	test_write(r->log, "1@5.1:e1000e_rx_flt_dropped Received packet dropped by RX filter\n");
	injector_poll(r->in);
	test_run(10);
	assert_int_equal(take(r, NULL), 1);
	test_write(r->log, "1@5.1:e1000e_rx_not_written_to_guest x\n");
	injector_poll(r->in);
	test_run(10);
	assert_int_equal(take(r, NULL), 2);
	/* "written" though no buffer was named: the device found no descriptor */
	test_write(r->log, "1@5.1:e1000e_rx_written_to_guest x\n");
	injector_poll(r->in);
	injector_pause(r->in);
	assert_int_equal(canary(r, 0)->state, CANARY_DROPPED);
	assert_int_equal(canary(r, 1)->state, CANARY_DROPPED);
	assert_int_equal(canary(r, 2)->state, CANARY_DROPPED);
	assert_true(injector_counters(r->in)->dropped == 3);
	/* nothing leaves while it pauses */
	test_run(10);
	assert_int_equal(take(r, NULL), -1);
}

/* Without lock-step the socket fills up: refusals are counted, no seq is lost. */
static void test_flood(void **state)
{
	struct rig *r = *state;
	int expect = 0, seq;

	injector_start(r->in, 1000, false);
	for (int i = 0; i < 2000 && !injector_counters(r->in)->refused; i++)
		test_run(2);
	injector_pause(r->in);
	assert_true(injector_counters(r->in)->refused > 0);
	while ((seq = take(r, NULL)) >= 0)
		assert_int_equal(seq, expect++);
	assert_int_equal(expect, injector_counters(r->in)->sent);
	injector_poll(r->in);
	assert_int_equal(canary(r, 0)->state, CANARY_TAKEN);
}

/* A thousand a second would be 300 of them; with four a step it is 4 + 8 ms + 16 ms + ..., whoever is late. */
static void test_ration(void **state)
{
	struct rig *r = *state;
	const struct injector_counters *k = injector_counters(r->in);

	injector_ration(r->in, 4);
	injector_start(r->in, 1000, false);
	while (k->sent < 8)
		test_run(5);
	test_run(300);
	assert_in_range(k->sent, 8, 32);
	/* a new start, and what is asked for at once */
	injector_ration(r->in, 0);
	injector_start(r->in, 1, false);
	injector_send(r->in, 8);
	assert_in_range(k->sent, 16, 40);
	injector_pause(r->in);
	injector_send(r->in, 8);
	assert_in_range(k->sent, 16, 40);
}

static void from_guest(struct rig *r, uint32_t seq, const uint8_t m[8])
{
	struct channel_frame f = { .seq = seq, .kind = CHANNEL_KIND_FROM_GUEST };
	uint8_t frame[CHANNEL_FRAME_LEN];

	memcpy(f.magic, m, 8);
	channel_frame_fill(frame, (const uint8_t[6]){ 2, 0, 0, 0, 0, 1 }, &f);
	assert_int_equal(send(r->qemu, frame, sizeof(frame), 0), sizeof(frame));
}

static void test_exchange(void **state)
{
	static const uint8_t ex[8] = { 9, 9, 9, 9, 9, 9, 9, 9 };
	struct rig *r = *state;
	const struct injector_counters *k = injector_counters(r->in);
	bool seen[4] = { false };
	char kind;
	int seq;

	/* before an exchange all guest frames are foreign */
	from_guest(r, 0, ex);
	injector_poll(r->in);
	assert_true(k->guest_bad == 1 && k->guest_frames == 0);
	injector_exchange_start(r->in, ex, 4, 200);
	for (uint32_t i = 0; i < 4; i++) {
		from_guest(r, i, ex);
		from_guest(r, i, ex);
	}
	from_guest(r, 4, ex);	 /* beyond the end */
	from_guest(r, 0, magic); /* of another run */
	assert_int_equal(send(r->qemu, "x", 1, 0), 1);
	/* the eight answers, and what is sent unasked */
	while (k->replies_sent < 12)
		test_run(5);
	injector_exchange_stop(r->in);
	assert_true(k->guest_frames == 4 && k->guest_bad == 4);
	assert_true(k->replies_sent >= 12);
	while ((seq = take(r, &kind)) >= 0) {
		assert_int_equal(kind, CHANNEL_KIND_FROM_HOST);
		assert_in_range(seq, 0, 3);
		seen[seq] = true;
	}
	assert_true(seen[0] && seen[1] && seen[2] && seen[3]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lock_step, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ring_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_drops, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flood, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ration, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exchange, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
