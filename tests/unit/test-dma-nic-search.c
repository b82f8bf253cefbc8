/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The account of a NIC without a receive trace: frames are found in RAM, each where the NIC's tables lead, or
 * they are lost, misplaced, or excused by name.
 */
#include "run-fixture.h"

#include "channel.h"
#include "observe/dma-nic.h"
#include "observe/dma-nic-search.h"

#define FRAMES 6
/* The payload in the middle of the page that NIC_IOVA + @i pages leads to. */
#define SLOT(i) (NIC_PA + (uint64_t)(i)*0x5000 + 0x10e)

/* FRAMES canaries, all taken off the cable by QEMU unless @held of them are to stay there. */
static void send_frames(struct fake_run *f, unsigned held)
{
	const GArray *canaries = injector_canaries(f->m.injector);
	uint8_t buf[2048];

	injector_start(f->m.injector, 2000, false);
	for (int i = 0; i < 2000 && canaries->len < FRAMES; i++)
		test_run(1);
	injector_pause(f->m.injector);
	assert_true(canaries->len >= FRAMES);
	for (unsigned i = 0; i + held < canaries->len; i++)
		assert_true(recv(f->net, buf, sizeof(buf), MSG_DONTWAIT) > 0);
	injector_poll(f->m.injector);
}

static unsigned sent(const struct fake_run *f)
{
	return injector_canaries(f->m.injector)->len;
}

/* What the device would have written for frame @seq, its payload at @pa. */
static void put(struct fake_run *f, uint32_t seq, uint64_t pa)
{
	struct channel_frame frame = { .seq = seq, .kind = CHANNEL_KIND_CANARY };
	uint8_t payload[CHANNEL_PAYLOAD_LEN];

	memcpy(frame.magic, injector_magic(f->m.injector), CHANNEL_MAGIC_LEN);
	channel_payload_fill(payload, &frame);
	assert_int_equal(machine_write_phys(&f->m, pa, payload, sizeof(payload)), 0);
}

/* Every frame but @but (-1: none) is where it belongs, up to 8 in a page of their own. */
static void put_all(struct fake_run *f, int but)
{
	for (unsigned i = 0; i < sent(f); i++)
		if ((int)i != but)
			put(f, i, SLOT(i % 8) + i / 8 * 0x180);
}

static struct evidence_dma judge_from(struct fake_run *f, uint32_t first)
{
	struct evidence_dma dma = { .sid = NIC };

	nic_search_judge(&f->run.at, first, &dma);
	assert_int_equal(dma.sent, sent(f) - first);
	return dma;
}

static struct evidence_dma judge(struct fake_run *f)
{
	return judge_from(f, 0);
}

static void want_problem(struct evidence_dma *dma, const char *text)
{
	if (!text) {
		assert_null(dma->problem);
		return;
	}
	assert_non_null(dma->problem);
	assert_string_equal(dma->problem, text);
	g_free(dma->problem);
}

static void all_landed(void **state)
{
	struct fake_run *f = *state;
	struct evidence_dma dma;

	send_frames(f, 0);
	put_all(f, -1);
	f->run.at.ev->root_switch_ns = g_array_index(injector_canaries(f->m.injector), struct canary, 2).sent_ns;
	dma = judge(f);
	assert_int_equal(dma.landed_before_copy, 2);
	assert_int_equal(dma.landed_after_copy, sent(f) - 2);
	assert_int_equal(dma.lost + dma.misplaced + dma.no_room, 0);
	want_problem(&dma, NULL);
}

static void before_the_jump_is_not_judged(void **state)
{
	struct fake_run *f = *state;
	struct evidence_dma dma;

	send_frames(f, 0);
	put_all(f, 1);
	dma = judge_from(f, 3);
	assert_int_equal(dma.lost + dma.misplaced + dma.no_room, 0);
	want_problem(&dma, NULL);
}

static void a_gap_is_a_loss(void **state)
{
	struct fake_run *f = *state;
	struct evidence_dma dma;

	send_frames(f, 0);
	put_all(f, 1);
	dma = judge(f);
	assert_int_equal(dma.lost, 1);
	want_problem(&dma, "frame 1 is not in RAM");
}

static void damage_is_a_loss(void **state)
{
	struct fake_run *f = *state;
	struct evidence_dma dma;

	send_frames(f, 0);
	put_all(f, -1);
	assert_int_equal(machine_write_phys(&f->m, SLOT(2) + CHANNEL_PAYLOAD_LEN - 1, "\x55", 1), 0);
	dma = judge(f);
	assert_int_equal(dma.lost, 1);
	want_problem(&dma, "frame 2 is not in RAM");
}

/* QEMU may hold the last two it took, not three; what it never took is no loss. */
static void the_last_may_be_held(void **state)
{
	struct fake_run *f = *state;
	struct evidence_dma dma;
	unsigned n;

	send_frames(f, 1);
	n = sent(f);
	for (unsigned i = 0; i + 3 < n; i++)
		put(f, i, SLOT(i % 8) + i / 8 * 0x180);
	dma = judge(f);
	assert_int_equal(dma.no_room, 3);
	assert_int_equal(dma.lost, 0);
	want_problem(&dma, NULL);
}

static void more_than_that_is_lost(void **state)
{
	struct fake_run *f = *state;
	struct evidence_dma dma;
	unsigned n;

	send_frames(f, 0);
	n = sent(f);
	for (unsigned i = 0; i + 3 < n; i++)
		put(f, i, SLOT(i % 8) + i / 8 * 0x180);
	dma = judge(f);
	assert_int_equal(dma.no_room, 2);
	assert_int_equal(dma.lost, 1);
	g_free(dma.problem);
}

/* In RAM, and where no table of the NIC leads: also in a page of another requester. */
static void elsewhere_is_misplaced(void **state)
{
	static const uint64_t wrong[] = { 0x1234567, DISK_PA + 0x40, NIC_PA + 0x1010 };
	struct fake_run *f = *state;

	send_frames(f, 0);
	for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autofree char *text =
			g_strdup_printf("frame 1 is at PA %#lx, where no table leads", (unsigned long)wrong[i]);
		uint8_t zero[CHANNEL_PAYLOAD_LEN] = { 0 };
		struct evidence_dma dma;

		put_all(f, -1);
		put(f, 1, wrong[i]);
		dma = judge(f);
		assert_int_equal(dma.misplaced, 1);
		assert_int_equal(dma.lost, 0);
		assert_int_equal(dma.in_crash, 0);
		assert_int_equal(dma.elsewhere, sent(f) + 1);
		want_problem(&dma, text);
		assert_int_equal(machine_write_phys(&f->m, wrong[i], zero, sizeof(zero)), 0);
	}
}

/* A frame is somebody's memory gone, whether a table leads there or not. */
static void found_in_crash_memory(void **state)
{
	struct fake_run *f = *state;
	struct evidence_dma dma;

	f->run.at.ev->crash_start = 0x1234000;
	f->run.at.ev->crash_end = 0x1234fff;
	send_frames(f, 0);
	put_all(f, -1);
	put(f, 1, 0x1234567);
	dma = judge(f);
	assert_int_equal(dma.in_crash, 1);
	assert_int_equal(dma.in_crash_pa, 0x1234567);
	assert_int_equal(dma.elsewhere, sent(f));
	g_free(dma.problem);
}

static void twice_is_misplaced(void **state)
{
	struct fake_run *f = *state;
	struct evidence_dma dma;

	send_frames(f, 0);
	put_all(f, -1);
	put(f, 2, SLOT(2) + 0x600);
	dma = judge(f);
	assert_int_equal(dma.misplaced, 1);
	g_free(dma.problem);
}

static void without_tables_nothing_is_known(void **state)
{
	struct fake_run *f = *state;
	struct evidence_dma dma;

	send_frames(f, 0);
	put_all(f, -1);
	good_no_walk(f->good, AT_PANIC);
	dma = judge(f);
	assert_int_equal(dma.landed_before_copy + dma.landed_after_copy, 0);
	assert_int_equal(dma.lost + dma.misplaced, 0);
	assert_int_equal(dma.unknown, sent(f));
	g_free(dma.problem);
}

/* Without a trace, too, it is known which frames QEMU has taken off the cable. */
static void what_qemu_took_is_known(void **state)
{
	struct fake_run *f = *state;
	const GArray *canaries = injector_canaries(f->m.injector);

	send_frames(f, 1);
	assert_int_equal(g_array_index(canaries, struct canary, sent(f) - 1).state, CANARY_QUEUED);
	assert_int_equal(injector_recall(f->m.injector), 1);
	assert_int_equal(g_array_index(canaries, struct canary, sent(f) - 1).state, CANARY_RECALLED);
	assert_int_equal(g_array_index(canaries, struct canary, 0).state, CANARY_TAKEN);
}

static void three_frames_are_seen(void **state)
{
	struct fake_run *f = *state;
	int64_t looked_us = 0;

	send_frames(f, 0);
	put(f, 0, SLOT(0));
	put(f, 1, SLOT(1));
	assert_false(nic_search_seen(&f->run.at, &looked_us));
	put(f, 2, SLOT(2));
	/* RAM is not searched all the time */
	assert_false(nic_search_seen(&f->run.at, &looked_us));
	looked_us = 0;
	assert_true(nic_search_seen(&f->run.at, &looked_us));
}

/*
 * The crash kernel may die while the lab waits for the last frame to settle: that is a finding about the kernel, which other
 * checks have, and takes nothing away from what had landed before.
 */
static void a_guest_that_ends_leaves_an_account(void **state)
{
	struct fake_run *f = *state;
	struct nic_dma *d = nic_dma_new(&f->run.at);
	guint before = f->run.at.ev->dma->len;
	const struct evidence_dma *dma;
	g_autoptr(GError) error = NULL;

	f->good->sc->machine.observe = true;
	nic_dma_begin(d);
	send_frames(f, 1); /* one is still on the cable: not settled */
	put_all(f, -1);
	f->m.shutdown_reason = g_strdup("guest-reset");
	assert_true(nic_dma_close(d, &error));
	assert_null(error);
	assert_int_equal(f->run.at.ev->dma->len, before + 1);
	dma = &g_array_index(f->run.at.ev->dma, struct evidence_dma, before);
	assert_true(dma->sent == sent(f) && dma->lost == 0);
	assert_true(dma->landed_before_copy + dma->landed_after_copy >= sent(f) - 1);
	nic_dma_free(d);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fake_run_setup, fake_run_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_guest_that_ends_leaves_an_account),
		TEST(all_landed),
		TEST(before_the_jump_is_not_judged),
		TEST(a_gap_is_a_loss),
		TEST(damage_is_a_loss),
		TEST(the_last_may_be_held),
		TEST(more_than_that_is_lost),
		TEST(elsewhere_is_misplaced),
		TEST(found_in_crash_memory),
		TEST(twice_is_misplaced),
		TEST(without_tables_nothing_is_known),
		TEST(what_qemu_took_is_known),
		TEST(three_frames_are_seen),
	};

	return cmocka_run_group_tests_name("dma-search", tests, NULL, NULL);
}
