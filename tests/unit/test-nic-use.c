/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long a NIC of the crash kernel is waited for: one that works is not hurried, one that is late
 * gets more time, and one whose DMA faults is not waited for again.
 */
#include "fake-agent.h"

#include "channel.h"
#include "observe/guest.h"
#include "observe/nic-use.h"

#define DRIVER_NS INT64_C(1000000)
#define OTHER_SID 0x10

struct nic {
	struct fake_agent *agent;
	struct attempt *at;
	struct evidence_device *dev;
	const char *late;  /* the command that is late, */
	unsigned times;	   /* so many times */
	const char *error; /* of every command */
	unsigned frames;   /* that go each way */
	unsigned slow_ms;  /* after the answer they come out of QEMU */
	unsigned ups, exchanges;
	int64_t deadlines[8];
	uint8_t magic[CHANNEL_MAGIC_LEN];
};

static gboolean send_frames(void *data)
{
	struct channel_frame f = { .kind = CHANNEL_KIND_FROM_GUEST };
	uint8_t frame[CHANNEL_FRAME_LEN];
	struct nic *n = data;

	memcpy(f.magic, n->magic, sizeof(f.magic));
	for (f.seq = 0; f.seq < n->frames; f.seq++) {
		channel_frame_fill(frame, (const uint8_t[]){ 2, 0, 0, 0, 0, 1 }, &f);
		assert_int_equal(write(n->agent->fake->net, frame, sizeof(frame)), sizeof(frame));
	}
	return G_SOURCE_REMOVE;
}

static void answer_exchange(struct nic *n, JsonObject *request)
{
	const char *magic = json_object_get_string_member(request, "magic");
	g_autofree char *members = NULL;

	for (unsigned i = 0; i < CHANNEL_MAGIC_LEN; i++)
		n->magic[i] =
			(uint8_t)(g_ascii_xdigit_value(magic[2 * i]) << 4 | g_ascii_xdigit_value(magic[2 * i + 1]));
	if (n->slow_ms)
		g_timeout_add(n->slow_ms, send_frames, n);
	else
		send_frames(n);
	injector_poll(n->agent->fake->m.injector);
	members = g_strdup_printf("\"ok\":true,\"t_ns\":5,\"received\":%u,\"bad\":0", n->frames);
	fake_agent_say(n->agent, members);
}

static void obey(struct fake_agent *a, const char *cmd, JsonObject *request)
{
	struct nic *n = a->data;
	bool up = strcmp(cmd, "net-up") == 0;
	unsigned asked = n->ups + n->exchanges;

	assert_in_range(asked, 0, G_N_ELEMENTS(n->deadlines) - 1);
	n->deadlines[asked] = json_object_get_int_member(request, "deadline_ms");
	n->ups += up;
	n->exchanges += !up;
	if (n->error) {
		g_autofree char *members = g_strdup_printf("\"ok\":false,\"t_ns\":5,\"error\":\"%s\"", n->error);

		fake_agent_say(a, members);
	} else if (n->late && strcmp(cmd, n->late) == 0 && n->times) {
		n->times--;
		fake_agent_say(a, "\"ok\":false,\"t_ns\":5,\"error\":\"no result after 9 ms "
				  "(it was in x)\"");
	} else if (up) {
		fake_agent_say(a, "\"ok\":true,\"t_ns\":5,\"carrier\":true");
	} else {
		answer_exchange(n, request);
	}
}

static int setup(void **state)
{
	struct nic *n = g_new0(struct nic, 1);

	n->agent = fake_agent_new(obey, n);
	n->at = &n->agent->fake->run.at;
	n->dev = evidence_device_find(n->at->ev, guest_nic_sid(n->at));
	assert_non_null(n->dev);
	g_clear_pointer(&n->dev->works_detail, g_free);
	n->dev->works = false;
	n->dev->driver_ns = DRIVER_NS;
	n->frames = 16;
	*state = n;
	return 0;
}

static int teardown(void **state)
{
	struct nic *n = *state;

	fake_agent_free(n->agent);
	g_free(n);
	return 0;
}

static void fault(struct nic *n, uint16_t sid, int64_t host_ns)
{
	struct evidence_event e = { .kind = EVENT_FAULT, .sid = sid, .host_ns = host_ns };

	g_array_append_val(n->at->ev->events, e);
}

static void works(struct nic *n)
{
	assert_true(nic_use(n->at, n->dev, NULL));
	assert_string_equal(n->dev->works_detail, "16 of 16 frames out, 16 in");
	assert_true(n->dev->works);
}

static void fails(struct nic *n, const char *why)
{
	g_autoptr(GError) error = NULL;

	assert_false(nic_use(n->at, n->dev, &error));
	assert_false(n->dev->works);
	if (!g_str_has_suffix(error->message, why))
		fail_msg("%s", error->message);
}

static void one_that_works(void **state)
{
	struct nic *n = *state;

	works(n);
	assert_int_equal(n->ups, 1);
	assert_int_equal(n->exchanges, 1);
	/* TCG's factor is 4, more on a busy host */
	assert_true(n->deadlines[0] >= 8000 && n->deadlines[0] <= 32000);
	assert_true(n->deadlines[1] >= n->deadlines[0] / 2 + 8000);
}

/* A QEMU that gets no CPU has the frames still to send when the agent, whose device took them, has answered. */
static void one_whose_qemu_is_slow(void **state)
{
	struct nic *n = *state;

	n->slow_ms = 100;
	works(n);
}

static void one_that_loses_a_frame(void **state)
{
	struct nic *n = *state;

	n->frames = 15;
	assert_true(nic_use(n->at, n->dev, NULL));
	assert_false(n->dev->works);
	assert_string_equal(n->dev->works_detail, "15 of 16 frames out, 15 in");
}

static void one_that_is_late(void **state)
{
	struct nic *n = *state;

	n->late = "net-up";
	n->times = 1;
	/* not its DMA, or before its driver took it */
	fault(n, OTHER_SID, DRIVER_NS + 1);
	fault(n, guest_nic_dma_sid(n->at), DRIVER_NS - 1);
	works(n);
	assert_int_equal(n->ups, 2);
	assert_true(n->deadlines[1] >= 4 * n->deadlines[0]);
	n->late = "net-exchange";
	n->times = 1;
	g_clear_pointer(&n->dev->works_detail, g_free);
	assert_true(nic_use(n->at, n->dev, NULL));
	assert_int_equal(n->exchanges, 3);
}

static void one_that_never_comes(void **state)
{
	struct nic *n = *state;

	n->late = "net-up";
	n->times = 2;
	fails(n, "no result after 9 ms (it was in x)");
	assert_int_equal(n->ups, 2);
	assert_int_equal(n->exchanges, 0);
}

static void one_whose_dma_faults(void **state)
{
	struct nic *n = *state;

	n->late = "net-up";
	n->times = 2;
	fault(n, guest_nic_dma_sid(n->at), DRIVER_NS);
	fault(n, guest_nic_dma_sid(n->at), DRIVER_NS + 1);
	fails(n, "no result after 9 ms (it was in x), and its DMA faulted, 2 times");
	assert_int_equal(n->ups, 1);
	n->late = "net-exchange";
	fails(n, "and its DMA faulted, 2 times");
	assert_int_equal(n->exchanges, 1);
	/* what works, works all the same: such a fault is for another check to judge */
	n->late = NULL;
	works(n);
}

/* Only what came too late is asked for again. */
static void one_that_fails(void **state)
{
	struct nic *n = *state;

	n->error = "no network interface of a device after 30000 ms";
	fails(n, n->error);
	assert_int_equal(n->ups, 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(one_that_works),	TEST(one_whose_qemu_is_slow), TEST(one_that_loses_a_frame),
		TEST(one_that_is_late), TEST(one_that_never_comes),   TEST(one_whose_dma_faults),
		TEST(one_that_fails),
	};

	return cmocka_run_group_tests_name("use of a NIC", tests, NULL, NULL);
}
