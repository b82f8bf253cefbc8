/* SPDX-License-Identifier: GPL-2.0-only */
/* A breakpoint by GDB's remote protocol, against a peer that is written down beforehand. */
#include "machine-test.h"

#include "base/error.h"
#include "machine/gdb.h"

#define PC UINT64_C(0xffffffff81234560)
#define ARM "$Z1,ffffffff81234560,1#e1"
#define TAKE "$z1,ffffffff81234560,1#01"
#define STOP "$T05thread:01;#07"
#define OK "$OK#9a"

/* What the peer says, all of it before it is asked. */
struct peer {
	struct gdb *g;
	int fd;
};

static struct peer peer(const char *says, size_t len)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(send(pair[1], says, len, 0), (ssize_t)len);
	return (struct peer){ gdb_new(pair[0], 0.05), pair[1] };
}

#define PEER(text) peer(text, sizeof(text) - 1)

/* What was said to it until now, and its end. */
static void assert_heard(struct peer *p, const char *want)
{
	char heard[512] = "";
	ssize_t n = recv(p->fd, heard, sizeof(heard) - 1, MSG_DONTWAIT);

	heard[n < 0 ? 0 : n] = '\0';
	assert_string_equal(heard, want);
}

static void end(struct peer *p)
{
	gdb_free(p->g);
	close(p->fd);
}

static void assert_no_arm(struct peer p, const char *words)
{
	GError *error = NULL;

	assert_false(gdb_arm(p.g, PC, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED));
	if (!strstr(error->message, words))
		fail_msg("%s", error->message);
	g_error_free(error);
	end(&p);
}

static void a_hit(void **state)
{
	struct peer p = PEER("+" STOP "+" OK "+");
	GError *error = NULL;

	(void)state;
	assert_true(gdb_arm(p.g, PC, &error));
	assert_heard(&p, "$?#3f+" ARM "+$c#63");
	assert_int_equal(gdb_stopped(p.g, &error), 0);
	/* in two parts */
	assert_int_equal(send(p.fd, STOP, 5, 0), 5);
	assert_int_equal(gdb_stopped(p.g, &error), 0);
	assert_int_equal(send(p.fd, STOP + 5, sizeof(STOP) - 6, 0), sizeof(STOP) - 6);
	assert_int_equal(gdb_stopped(p.g, &error), 1);
	assert_heard(&p, "+");
	assert_int_equal(send(p.fd, "+" OK "+" OK, 14, 0), 14);
	assert_true(gdb_release(p.g, true, &error));
	assert_heard(&p, TAKE "+$D#44+");
	assert_null(error);
	end(&p);
}

static void never_hit(void **state)
{
	struct peer p = PEER("+" STOP "+" OK "+" STOP "+" OK "+" OK);
	GError *error = NULL;

	(void)state;
	assert_true(gdb_arm(p.g, PC, &error));
	assert_true(gdb_release(p.g, false, &error));
	assert_heard(&p, "$?#3f+" ARM "+$c#63\3+" TAKE "+$D#44+");
	end(&p);
}

/* The guest comes to stand while it is being interrupted: two stops, of which the second is late. */
static void hit_while_released(void **state)
{
	struct peer p = PEER("+" STOP "+" OK "+" STOP STOP "+" OK "+" OK);

	(void)state;
	assert_true(gdb_arm(p.g, PC, NULL));
	assert_true(gdb_release(p.g, false, NULL));
	end(&p);
}

static void damage_is_asked_again(void **state)
{
	struct peer p = PEER("garbage+$T05thread:01;#08" STOP "-+" OK "+");

	(void)state;
	assert_true(gdb_arm(p.g, PC, NULL));
	/* "-" for the wrong checksum, and the command that arrived damaged once more */
	assert_heard(&p, "$?#3f-+" ARM ARM "+$c#63");
	end(&p);
}

static void peers_that_are_none(void **state)
{
	static char flood[6000];
	struct peer p;

	(void)state;
	assert_no_arm(PEER(""), "did not answer within 0.05 s");
	assert_no_arm(PEER("+"), "did not answer within 0.05 s");
	assert_no_arm(PEER("+$T05"), "did not answer");
	assert_no_arm(PEER("+$T05#"), "did not answer");
	assert_no_arm(PEER("HTTP/1.1 400 Bad Request"), "did not answer");
	assert_no_arm(PEER("$T05#zz$T05#00$T05#01"), "arrive damaged");
	assert_no_arm(PEER("---"), "did not answer");
	assert_no_arm(PEER("+" STOP "-$#00-$#00"), "refuses Z1,ffffffff81234560,1: ''");
	assert_no_arm(PEER("+" STOP "+$E22#a9"), "refuses Z1,ffffffff81234560,1: 'E22'");
	/* one stop may be on its way; one after the other for ever is no answer */
	assert_no_arm(PEER("+" STOP "+" STOP STOP STOP STOP "+" OK), "refuses Z1,ffffffff81234560,1: 'T05thread:01;'");
	assert_no_arm(PEER("+" OK), "does not say that the guest stands: 'OK'");
	assert_no_arm(PEER("+\0$T05#b9"), "does not follow the protocol");
	memset(flood, 'x', sizeof(flood));
	flood[0] = '$';
	assert_no_arm(peer(flood, sizeof(flood)), "does not follow the protocol");
	p = PEER("+" STOP);
	shutdown(p.fd, SHUT_WR);
	assert_no_arm(p, "is gone");
}

/* Nothing waits for a stub that does not read. */
static void peer_that_does_not_read(void **state)
{
	struct peer p = PEER("+" STOP "+" OK "+");

	(void)state;
	while (send(gdb_fd(p.g), "x", 1, MSG_DONTWAIT) == 1)
		;
	alarm(20);
	assert_no_arm(p, "is gone: Resource temporarily unavailable");
	alarm(0);
}

static void what_is_no_stop(void **state)
{
	struct peer p = PEER("+" STOP "+" OK "+$W00#b7");
	GError *error = NULL;

	(void)state;
	assert_true(gdb_arm(p.g, PC, &error));
	/* all of it came with the first read: there is nothing new to read */
	assert_int_equal(gdb_stopped(p.g, &error), -1);
	assert_non_null(strstr(error->message, "said 'W00'"));
	g_clear_error(&error);
	shutdown(p.fd, SHUT_WR);
	assert_int_equal(gdb_stopped(p.g, &error), -1);
	assert_non_null(strstr(error->message, "is gone"));
	g_clear_error(&error);
	end(&p);
	assert_null(gdb_connect("/nonexistent/gdb", &error));
	assert_non_null(strstr(error->message, "cannot connect to QEMU's socket /nonexistent/gdb"));
	g_clear_error(&error);
	gdb_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hit),
		cmocka_unit_test(never_hit),
		cmocka_unit_test(hit_while_released),
		cmocka_unit_test(damage_is_asked_again),
		cmocka_unit_test(peers_that_are_none),
		cmocka_unit_test(peer_that_does_not_read),
		cmocka_unit_test(what_is_no_stop),
	};

	return cmocka_run_group_tests_name("machine-gdb", tests, NULL, NULL);
}
