/* SPDX-License-Identifier: GPL-2.0-only */
/* QMP against a peer that answers late, wrongly, in pieces or not at all; the monitor's texts. */
#include "machine-test.h"

#include "base/error.h"
#include "machine/machine.h"
#include "machine/qmp.h"

struct rig {
	struct qmp *q;
	int qemu;
	GThread *thread;
	const char *script; /* what "QEMU" writes, a chunk for each line it has read */
};

/* Plays QEMU: writes a chunk, reads a line, writes the next chunk... Chunks are separated by \x01.
 */
static gpointer play(gpointer data)
{
	struct rig *r = data;
	char **chunks = g_strsplit(r->script, "\001", -1), c;

	for (unsigned i = 0; chunks[i]; i++) {
		for (const char *p = chunks[i]; *p; p++)
			if (send(r->qemu, p, 1, MSG_NOSIGNAL) < 0)
				break;
		while (chunks[i + 1] && read(r->qemu, &c, 1) == 1 && c != '\n')
			;
	}
	g_strfreev(chunks);
	return NULL;
}

static void start(struct rig *r, const char *script)
{
	int pair[2];

	test_pair(SOCK_STREAM, pair);
	r->qemu = pair[1];
	r->q = qmp_new(pair[0], NULL, NULL);
	r->script = script;
	r->thread = g_thread_new("qemu", play, r);
}

static void finish(struct rig *r)
{
	shutdown(r->qemu, SHUT_RDWR);
	g_thread_join(r->thread);
	qmp_free(r->q);
	close(r->qemu);
}

#define GREETING "{\"QMP\":{\"version\":{\"qemu\":{\"major\":7,\"minor\":2,\"micro\":22}}}}\n"
#define READY GREETING "\001{\"return\":{},\"id\":1}\n"

static void count_event(const char *event, JsonObject *data, int64_t ns, void *user)
{
	assert_string_equal(event, "SHUTDOWN");
	assert_true(ns == INT64_C(1700000000000005000));
	assert_non_null(data);
	++*(int *)user;
}

static void test_commands(void **state)
{
	GError *error = NULL;
	struct rig r;
	JsonNode *n;
	char *text;
	int events = 0;

	(void)state;
	start(&r, READY "\001{\"event\":\"SHUTDOWN\",\"data\":{\"reason\":\"guest-reset\"},"
			"\"timestamp\":{\"seconds\":1700000000,\"microseconds\":5}}\r\n{\"return\":1,\"id\":"
			"99}\n"
			"nonsense\n{\"return\":{\"x\":1}}\n{\"return\":{\"status\":\"running\"},\"id\":2}\n"
			"\001{\"error\":{\"class\":\"GenericError\",\"desc\":\"no way\"},\"id\":3}\n"
			"\001{\"return\":\"hello\\r\\n\",\"id\":4}\n"
			"\001{\"return\":{},\"id\":5}\n");
	qmp_set_event(r.q, count_event, &events);
	assert_true(qmp_negotiate(r.q, 5, &error));
	assert_string_equal(qmp_version(r.q), "7.2.22");
	n = qmp_command(r.q, "query-status", NULL, 5, &error);
	assert_non_null(n);
	assert_string_equal(agent_string(json_node_get_object(n), "status", ""), "running");
	json_node_unref(n);
	/* events wait for the main loop */
	assert_int_equal(events, 0);
	test_run(5);
	assert_int_equal(events, 1);
	assert_null(qmp_command(r.q, "cont", NULL, 5, &error));
	assert_string_equal(error->message, "QMP cont: GenericError: no way");
	g_clear_error(&error);
	text = qmp_hmp(r.q, "info status", -1, 5, &error);
	assert_string_equal(text, "hello\r\n");
	g_free(text);
	/* an answer that is no text */
	assert_null(qmp_hmp(r.q, "info status", -1, 5, &error));
	g_clear_error(&error);
	finish(&r);
}

/* A host on which little gets on: 1 ms is counted where more has passed. */
static int64_t slow_clock(void *calls)
{
	return ++*(int64_t *)calls * 1000;
}

/* What QEMU died of shows up while its answer is waited for. */
static int64_t dead_clock(void *calls)
{
	return ++*(int64_t *)calls < 3 ? 1000 : INT64_MAX / 2;
}

/* It is given up already: "quit" to a QEMU that stands still must not be waited for. */
static int64_t over_clock(void *calls)
{
	++*(int64_t *)calls;
	return QMP_CLOCK_OVER;
}

/* A QEMU that starves on a busy host has time as long as it takes to get its share; for one that is dead time is up. */
static void test_clock(void **state)
{
	int64_t calls = 0;
	GError *error = NULL;
	struct rig r;

	(void)state;
	start(&r, "{\"QMP\":");
	qmp_set_idle(r.q, NULL, &calls);
	qmp_set_clock(r.q, slow_clock);
	assert_false(qmp_negotiate(r.q, 0.01, &error));
	assert_non_null(strstr(error->message, "no answer"));
	/* asked once for the deadline, at 11 ms, and until it is past: however long either took here */
	assert_int_equal(calls, 12);
	g_clear_error(&error);
	calls = 0;
	qmp_set_clock(r.q, dead_clock);
	assert_false(qmp_negotiate(r.q, 3600, &error));
	assert_int_equal(calls, 3);
	g_clear_error(&error);
	calls = 0;
	qmp_set_clock(r.q, over_clock);
	assert_false(qmp_negotiate(r.q, 3600, &error));
	assert_int_equal(calls, 2);
	g_clear_error(&error);
	finish(&r);
}

static void test_silence(void **state)
{
	GError *error = NULL;
	struct rig r;

	(void)state;
	start(&r, "{\"QMP\":");
	assert_false(qmp_negotiate(r.q, 0.05, &error));
	assert_non_null(strstr(error->message, "no answer"));
	g_clear_error(&error);
	finish(&r);

	start(&r, READY "\001");
	assert_true(qmp_negotiate(r.q, 5, &error));
	shutdown(r.qemu, SHUT_WR);
	assert_null(qmp_command(r.q, "stop", NULL, 5, &error));
	assert_non_null(strstr(error->message, "closed"));
	g_clear_error(&error);
	/* and for ever after */
	assert_null(qmp_command(r.q, "stop", NULL, 5, &error));
	g_clear_error(&error);
	finish(&r);
}

static bool give_up(void *user, GError **error)
{
	(void)user;
	g_set_error_literal(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED, "enough");
	return false;
}

static void test_idle(void **state)
{
	GError *error = NULL;
	struct rig r;

	(void)state;
	start(&r, READY "\001");
	assert_true(qmp_negotiate(r.q, 5, &error));
	qmp_set_idle(r.q, give_up, NULL);
	assert_null(qmp_command(r.q, "stop", NULL, 5, &error));
	assert_string_equal(error->message, "enough");
	g_clear_error(&error);
	finish(&r);
}

/* Hostile replies: deep nesting, a line without an end, bytes that are no UTF-8, wrong types. */
static void test_hostile(void **state)
{
	char *deep = g_strnfill(100000, '['), *script;
	GError *error = NULL;
	struct rig r;
	JsonNode *n;

	(void)state;
	script = g_strconcat("[]\n{\"QMP\":5}\n\xff\xfe\n{\"event\":7}\n", READY, "\001", deep, "\n{\"return\":", deep,
			     "\n{\"error\":5,\"id\":2}\n{\"return\":null,\"id\":\"2\"}\n"
			     "{\"event\":\"X\",\"timestamp\":{\"seconds\":9223372036854775807}}\n"
			     "{\"return\":[],\"id\":2}\n",
			     NULL);
	start(&r, script);
	assert_true(qmp_negotiate(r.q, 10, &error));
	n = qmp_command(r.q, "query-status", NULL, 10, &error);
	assert_non_null(n);
	assert_true(JSON_NODE_HOLDS_ARRAY(n));
	json_node_unref(n);
	test_run(5);
	finish(&r);
	g_free(script);
	g_free(deep);
}

static void test_xp(void **state)
{
	uint64_t w[4] = { 0 };

	(void)state;
	assert_true(qmp_parse_xp("00000000fed90000: 0x0000000000000010 0x00d2008c22260206\r\n"
				 "00000000fed90010: 0x0000000000000f42 0xc400000000000000\r\n",
				 0xfed90000, w, 4));
	assert_true(w[1] == UINT64_C(0xd2008c22260206) && w[3] == UINT64_C(0xc400000000000000));
	assert_false(qmp_parse_xp("", 0, w, 4));
	assert_true(qmp_parse_xp("", 0, w, 0));
	assert_false(qmp_parse_xp("0000000000000000: 0x1 0x2\r\n", 0, w, 4));
	assert_false(qmp_parse_xp("0000000000000000: 0x1 0x2 0x3 0x4 0x5\n", 0, w, 4));
	assert_false(qmp_parse_xp("0000000000000008: 0x1 0x2 0x3 0x4\n", 0, w, 4));
	assert_false(qmp_parse_xp("0000000000000000: 0x1 0x2 0x3 4\n", 0, w, 4));
	assert_false(qmp_parse_xp("0000000000000000: 0x1 0x2 0x3 0x11112222333344445\n", 0, w, 4));
	assert_false(qmp_parse_xp("0000000000000000: Cannot access memory\n", 0, w, 4));
	assert_false(qmp_parse_xp(": 0x1\n", 0, w, 4));
	assert_false(qmp_parse_xp("\xff\n", 0, w, 4));
}

static void test_rip(void **state)
{
	uint64_t rip;

	(void)state;
	assert_true(qmp_parse_rip("RBP=0 RSP=0\r\nRIP=ffffffff81a592eb RFL=00000246\r\n", &rip));
	assert_true(rip == UINT64_C(0xffffffff81a592eb));
	assert_false(qmp_parse_rip("RIP=", &rip));
	assert_false(qmp_parse_rip("", &rip));
}

/* Plays QEMU: takes the descriptor that comes with a command. */
static gpointer take_fd(gpointer data)
{
	struct rig *r = data;
	char line[256], control[CMSG_SPACE(sizeof(int))];
	struct iovec io = { .iov_base = line, .iov_len = sizeof(line) };
	struct msghdr message = {
		.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *head;
	int fd;

	assert_true(recvmsg(r->qemu, &message, 0) > 0);
	assert_non_null(g_strstr_len(line, sizeof(line), "\"fdname\":\"state\""));
	head = CMSG_FIRSTHDR(&message);
	assert_true(head && head->cmsg_type == SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	test_write(fd, "written by QEMU");
	close(fd);
	test_write(r->qemu, "{\"return\":{},\"id\":1}\n");
	/* the next command brings none */
	message.msg_controllen = sizeof(control);
	assert_true(recvmsg(r->qemu, &message, 0) > 0);
	assert_int_equal(message.msg_controllen, 0);
	test_write(r->qemu, "{\"return\":{},\"id\":2}\n");
	return NULL;
}

static void test_give_fd(void **state)
{
	GError *error = NULL;
	char *dir = test_dir(), *path = g_build_filename(dir, "state", NULL), *text;
	int pair[2], fd = open(path, O_RDWR | O_CREAT, 0600);
	struct rig r = { 0 };
	JsonNode *n;

	(void)state;
	test_pair(SOCK_STREAM, pair);
	r.qemu = pair[1];
	r.q = qmp_new(pair[0], NULL, NULL);
	r.thread = g_thread_new("qemu", take_fd, &r);
	assert_true(qmp_give_fd(r.q, fd, "state", 10, &error));
	n = qmp_command(r.q, "query-status", NULL, 10, &error);
	assert_non_null(n);
	json_node_unref(n);
	finish(&r);
	/* ours is still open */
	assert_int_equal(close(fd), 0);
	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	assert_string_equal(text, "written by QEMU");
	g_free(text);
	g_free(path);
	test_dir_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands), cmocka_unit_test(test_silence), cmocka_unit_test(test_clock),
		cmocka_unit_test(test_idle),	 cmocka_unit_test(test_hostile), cmocka_unit_test(test_xp),
		cmocka_unit_test(test_rip),	 cmocka_unit_test(test_give_fd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
