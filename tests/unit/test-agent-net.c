/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's net-exchange over a socket pair: it ends when its own frames have gone out, too. */
#include "net-exchange.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FRAMES 16

int find_nic(const struct json_object *request, struct answer *answer, uint64_t wait_ms, char *name, size_t cap)
{
	(void)request;
	(void)answer;
	(void)wait_ms;
	(void)name;
	(void)cap;
	return -1;
}

bool nic_carrier(const char *name, uint64_t wait_ms)
{
	(void)name;
	(void)wait_ms;
	return false;
}

int nic_mac(int fd, const char *name, uint8_t *mac)
{
	(void)fd;
	(void)name;
	(void)mac;
	return -1;
}

int hex_decode(const char *hex, uint8_t *bytes, size_t cap)
{
	(void)hex;
	(void)bytes;
	(void)cap;
	return -1;
}

static struct exchange x;
static int host;

static int setup(void **state)
{
	static uint8_t got[FRAMES];
	int pair[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair))
		return -1;
	memset(got, 0, sizeof(got));
	x = (struct exchange){ .fd = pair[0], .magic = "12345678", .frames = FRAMES, .got = got };
	host = pair[1];
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return close(x.fd) || close(host);
}

static void host_sends(uint32_t n)
{
	struct channel_frame f = { .kind = CHANNEL_KIND_FROM_HOST };
	uint8_t frame[CHANNEL_FRAME_LEN];

	memcpy(f.magic, x.magic, sizeof(f.magic));
	for (f.seq = 0; f.seq < n; f.seq++) {
		channel_frame_fill(frame, (const uint8_t[])CHANNEL_HOST_MAC, &f);
		assert_int_equal(send(host, frame, sizeof(frame), 0), sizeof(frame));
	}
}

/* A guest that stood still finds all of the host's frames at its first look. */
static void test_all_in_before_all_out(void **state)
{
	struct wait wait = wait_for_ms(60000);

	(void)state;
	host_sends(FRAMES);
	run(&x, &wait);
	assert_int_equal(x.received, FRAMES);
	assert_int_equal(x.sent, FRAMES);
	assert_int_equal(x.bad, 0);
}

/* What is never answered is sent again, and ends. */
static void test_half_is_answered(void **state)
{
	struct wait wait = wait_for_ms(AGAIN_MS + 300);

	(void)state;
	host_sends(FRAMES / 2);
	run(&x, &wait);
	assert_int_equal(x.received, FRAMES / 2);
	assert_int_equal(x.sent, FRAMES);
	assert_int_equal(x.resent, FRAMES / 2);
	assert_true(wait.left_ns <= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_in_before_all_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_half_is_answered, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
