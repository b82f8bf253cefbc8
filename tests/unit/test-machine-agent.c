/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent channel: pieces, garbage, oversized lines, restarts, late answers. */
#include "machine-test.h"

#include "channel.h"
#include "machine/agent.h"

struct rig {
	struct agent *a;
	int guest;
	char *dir, *log;
};

static int setup(void **state)
{
	struct rig *r = g_new0(struct rig, 1);
	int pair[2];

	test_pair(SOCK_STREAM, pair);
	r->guest = pair[1];
	r->dir = test_dir();
	r->log = g_build_filename(r->dir, "agent.jsonl", NULL);
	r->a = agent_new(pair[0], r->log, NULL);
	assert_non_null(r->a);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	agent_free(r->a);
	close(r->guest);
	g_free(r->log);
	test_dir_remove(r->dir);
	g_free(r);
	return 0;
}

static unsigned ask(struct rig *r, const char *cmd)
{
	JsonObject *o = json_object_new();
	unsigned id;

	json_object_set_string_member(o, "cmd", cmd);
	id = agent_send(r->a, o, NULL);
	json_object_unref(o);
	return id;
}

static void test_hello(void **state)
{
	struct rig *r = *state;
	const struct agent_hello *h;

	assert_null(agent_hello(r->a, AGENT_STAGE_FIRST));
	test_write(r->guest, "\xff\xfe\r\n\n\x01 junk{\"hello\":1,\"stage\":\"fi");
	agent_poll(r->a);
	assert_null(agent_hello(r->a, AGENT_STAGE_FIRST));
	test_write(r->guest, "rst\",\"release\":\"6.1\",\"cmdline\":\"a b\",\"uptime_ns\":7,\"pid\":1}\r\n");
	test_run(5);
	h = agent_hello(r->a, AGENT_STAGE_FIRST);
	assert_non_null(h);
	assert_int_equal(h->version, 1);
	assert_string_equal(h->release, "6.1");
	assert_string_equal(h->cmdline, "a b");
	assert_true(h->uptime_ns == 7 && h->host_ns > 0);
	assert_null(agent_hello(r->a, AGENT_STAGE_CRASH));
	/* members of wrong types are as if absent; an unknown stage is nothing */
	test_write(r->guest, "{\"hello\":\"x\",\"stage\":\"crash\",\"release\":[1],\"uptime_ns\":{}}\n"
			     "{\"hello\":1,\"stage\":\"third\"}\n{\"hello\":1,\"stage\":5}\n");
	agent_poll(r->a);
	h = agent_hello(r->a, AGENT_STAGE_CRASH);
	assert_non_null(h);
	assert_string_equal(h->release, "");
	assert_true(h->uptime_ns == -1 && h->version == 0);
	assert_null(agent_hello(r->a, (enum agent_stage)7));
}

static void test_answers(void **state)
{
	struct rig *r = *state;
	GError *error = NULL;
	char buf[256];
	JsonObject *o;
	unsigned id = ask(r, "ping");
	ssize_t n = read(r->guest, buf, sizeof(buf) - 1);

	assert_true(id > 0 && n > 0);
	buf[n] = '\0';
	assert_string_equal(buf, "{\"cmd\":\"ping\",\"id\":1}\n");
	/* one at a time */
	assert_int_equal(ask(r, "devices"), 0);
	assert_false(agent_answered(r->a, id));
	/* wrong id, no id, then the answer */
	test_write(r->guest, "{\"id\":99,\"ok\":true}\n{\"ok\":true}\n{\"id\":null,\"ok\":false}\n"
			     "{\"id\":1,\"ok\":true,\"pa\":\"0x1f000\",\"n\":3,\"t\":\"x\"}\n");
	agent_poll(r->a);
	assert_true(agent_answered(r->a, id));
	assert_true(agent_counters(r->a)->stray == 3);
	o = agent_take(r->a, id, &error);
	assert_non_null(o);
	assert_true(agent_hex64(o, "pa", 0) == 0x1f000);
	assert_true(agent_hex64(o, "t", 5) == 5 && agent_hex64(o, "n", 5) == 5);
	assert_true(agent_int(o, "n", 0) == 3 && agent_int(o, "t", -1) == -1);
	assert_true(agent_bool(o, "ok", false) && !agent_bool(o, "n", false));
	assert_string_equal(agent_string(o, "t", ""), "x");
	json_object_unref(o);
	/* an error of the guest's, with bytes no terminal should see */
	id = ask(r, "modprobe");
	test_write(r->guest, "{\"id\":2,\"ok\":false,\"error\":\"no such \\u001b[2Jmodule\"}\n");
	agent_poll(r->a);
	assert_null(agent_take(r->a, id, &error));
	assert_string_equal(error->message, "agent: modprobe: no such \\x1b[2Jmodule");
	g_clear_error(&error);
	/* taken once */
	assert_null(agent_take(r->a, id, &error));
	g_clear_error(&error);
	/* a late answer to a command given up does not answer the next */
	id = ask(r, "slow");
	agent_cancel(r->a, id);
	id = ask(r, "ping");
	test_write(r->guest, "{\"id\":3,\"ok\":true}\n");
	agent_poll(r->a);
	assert_false(agent_answered(r->a, id));
	test_write(r->guest, "{\"id\":4,\"ok\":true}\n");
	agent_poll(r->a);
	o = agent_take(r->a, id, &error);
	assert_non_null(o);
	json_object_unref(o);
}

/* The first answer is the answer; what a guest says after it is nobody's, before it was taken and after. */
static void test_answers_twice(void **state)
{
	struct rig *r = *state;
	unsigned id = ask(r, "ping");
	JsonObject *o;

	test_write(r->guest, "{\"id\":1,\"ok\":true,\"n\":1}\n{\"id\":1,\"ok\":false,\"error\":\"no\",\"n\":2}\n");
	agent_poll(r->a);
	assert_int_equal(agent_counters(r->a)->stray, 1);
	o = agent_take(r->a, id, NULL);
	assert_non_null(o);
	assert_int_equal(agent_int(o, "n", 0), 1);
	json_object_unref(o);
	test_write(r->guest, "{\"id\":1,\"ok\":true,\"n\":3}\n");
	agent_poll(r->a);
	assert_int_equal(agent_counters(r->a)->stray, 2);
	/* nor is it the answer to what is asked next */
	id = ask(r, "ping");
	test_write(r->guest, "{\"id\":1,\"ok\":true,\"n\":4}\n");
	agent_poll(r->a);
	assert_false(agent_answered(r->a, id));
	assert_int_equal(agent_counters(r->a)->stray, 3);
	agent_cancel(r->a, id);
}

/* The guest panics and its crash kernel speaks: what was under way is answered by that. */
static void test_restart(void **state)
{
	struct rig *r = *state;
	GError *error = NULL;
	unsigned id = ask(r, "disk-verify");

	test_write(r->guest, "{\"id\":1,\"ok\":tr\n{\"hello\":1,\"stage\":\"crash\"}\n");
	agent_poll(r->a);
	assert_true(agent_answered(r->a, id));
	/* too late */
	test_write(r->guest, "{\"id\":1,\"ok\":true}\n");
	agent_poll(r->a);
	assert_null(agent_take(r->a, id, &error));
	assert_non_null(strstr(error->message, "restarted"));
	g_clear_error(&error);
	id = ask(r, "ping");
	assert_true(id > 0);
	/* the channel breaks: no waiting for ever */
	shutdown(r->guest, SHUT_RDWR);
	test_run(5);
	assert_true(agent_answered(r->a, id));
	assert_null(agent_take(r->a, id, &error));
	g_clear_error(&error);
	assert_int_equal(ask(r, "ping"), 0);
}

static void write_all(struct rig *r, const char *p, size_t len)
{
	while (len) {
		ssize_t n = send(r->guest, p, MIN(len, 4096), MSG_DONTWAIT);

		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
		agent_poll(r->a);
	}
}

static void test_hostile(void **state)
{
	struct rig *r = *state;
	char *deep = g_strnfill(60000, '['), *huge = g_strnfill(300000, 'a'), *log;
	static const char bits[] = "{\n}\n{}\n[]\nnull\n{\"a\":\xff}\n{\"a\":\"\0\"}\n{'x':1}\n/*\n{{{{\n\"\n";
	JsonObject *o = json_object_new();
	GError *error = NULL;

	write_all(r, bits, sizeof(bits) - 1);
	write_all(r, deep, 60000);
	write_all(r, "\n{\"a\":", 6);
	write_all(r, deep, 60000);
	write_all(r, "\n", 1);
	write_all(r, huge, 300000);
	write_all(r, "\n{\"hello\":1,\"stage\":\"first\"}\n", 30);
	assert_non_null(agent_hello(r->a, AGENT_STAGE_FIRST));
	assert_true(agent_counters(r->a)->oversized == 1);
	assert_true(agent_counters(r->a)->garbage >= 8);
	/* what is too long for the guest is not sent */
	huge[CHANNEL_HOST_LINE_MAX] = '\0';
	json_object_set_string_member(o, "cmd", huge);
	assert_int_equal(agent_send(r->a, o, &error), 0);
	assert_non_null(strstr(error->message, "too long"));
	g_clear_error(&error);
	json_object_unref(o);
	/* the log is JSON lines whatever came in */
	assert_true(g_file_get_contents(r->log, &log, NULL, NULL));
	char **lines = g_strsplit(log, "\n", -1);
	for (unsigned i = 0; lines[i] && *lines[i]; i++) {
		JsonParser *p = json_parser_new();

		assert_true(json_parser_load_from_data(p, lines[i], -1, NULL));
		g_object_unref(p);
	}
	assert_true(g_strv_length(lines) > 8);
	g_strfreev(lines);
	g_free(log);
	g_free(deep);
	g_free(huge);
}

struct ear {
	struct rig *r;
	unsigned id, other, heard;
};

static void hear(JsonObject *object, int64_t host_ns, void *data)
{
	struct ear *e = data;

	assert_true(host_ns > 0 && agent_int(object, "n", -1) >= 0);
	e->heard++;
	/* one that was not called yet, and itself */
	agent_unsubscribe(e->r->a, e->other);
	if (e->other)
		agent_unsubscribe(e->r->a, e->id);
}

/* Nobody loses its place to who comes later, nor is anybody called twice or left out when one leaves. */
static void test_subscribers(void **state)
{
	struct rig *r = *state;
	struct ear ears[4] = { { .r = r }, { .r = r }, { .r = r }, { .r = r } };

	for (unsigned i = 0; i < G_N_ELEMENTS(ears); i++)
		ears[i].id = agent_subscribe(r->a, hear, &ears[i]);
	ears[2].other = ears[0].id;
	test_write(r->guest, "{\"n\":1}\n{\"n\":2}\n");
	agent_poll(r->a);
	assert_int_equal(ears[0].heard, 0);
	assert_int_equal(ears[1].heard, 2);
	assert_int_equal(ears[2].heard, 1);
	assert_int_equal(ears[3].heard, 2);
	agent_unsubscribe(r->a, 12345);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_hello, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answers_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_subscribers, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
