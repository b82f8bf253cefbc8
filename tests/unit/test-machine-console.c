/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's console: lines in pieces, bytes no terminal should see, subscribers, the tail. */
#include "machine-test.h"

#include "machine/console.h"

struct rig {
	struct console *c;
	int guest;
	char *dir, *log;
	GString *seen;
};

static void see(const char *line, int64_t ns, void *data)
{
	assert_true(ns > 0);
	g_string_append_printf(data, "[%s]", line);
}

static int setup(void **state)
{
	struct rig *r = g_new0(struct rig, 1);
	int pair[2];

	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	r->guest = pair[1];
	r->dir = test_dir();
	r->log = g_build_filename(r->dir, "console.log", NULL);
	r->c = console_new(pair[0], r->log, NULL);
	r->seen = g_string_new(NULL);
	console_subscribe(r->c, see, r->seen);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	console_free(r->c);
	if (r->guest >= 0)
		close(r->guest);
	g_free(r->log);
	g_string_free(r->seen, TRUE);
	test_dir_remove(r->dir);
	g_free(r);
	return 0;
}

static void test_lines(void **state)
{
	struct rig *r = *state;
	char *tail, *log;

	tail = console_tail(r->c, 5);
	assert_string_equal(tail, "");
	g_free(tail);
	test_write(r->guest, "one\r\ntw");
	console_poll(r->c);
	assert_string_equal(r->seen->str, "[one]");
	tail = console_tail(r->c, 5);
	assert_string_equal(tail, "one\ntw");
	g_free(tail);
	test_write(r->guest, "o\n\n\x1b[2J\x07\xc3\xa9\tx\n");
	test_run(5);
	assert_string_equal(r->seen->str, "[one][two][][\\x1b[2J\\x07\\xc3\\xa9 x]");
	tail = console_tail(r->c, 2);
	assert_string_equal(tail, "\\x1b[2J\\x07\\xc3\\xa9 x");
	g_free(tail);
	/* what had no end is not lost */
	test_write(r->guest, "last words");
	close(r->guest);
	r->guest = -1;
	test_run(5);
	tail = console_tail(r->c, 1);
	assert_string_equal(tail, "last words");
	g_free(tail);
	console_poll(r->c);
	assert_int_equal(console_pending(r->c), 0);
	assert_true(console_log_ok(r->c));
	console_free(r->c);
	r->c = NULL;
	assert_true(g_str_has_suffix(r->seen->str, "[last words]"));
	assert_true(g_file_get_contents(r->log, &log, NULL, NULL));
	assert_true(g_str_has_suffix(log, " last words\n"));
	assert_non_null(strstr(log, " \\x1b[2J"));
	g_free(log);
}

static void test_long(void **state)
{
	struct rig *r = *state;
	char *huge = g_strnfill(5000, 'a'), *tail;

	for (int i = 0; i < 10; i++) {
		test_write(r->guest, huge);
		console_poll(r->c);
	}
	test_write(r->guest, "\n");
	console_poll(r->c);
	/* cut into lines that can be kept */
	assert_true(strlen(r->seen->str) >= 50000 + 2 * (50000 / CONSOLE_LINE_MAX));
	tail = console_tail(r->c, 1000);
	assert_true(strlen(tail) <= CONSOLE_KEEP_LINES * (CONSOLE_LINE_MAX + 8));
	g_free(tail);
	g_free(huge);
}

struct nested {
	struct rig *r;
	unsigned id;
	int calls;
};

/* A subscriber that reads the console again and unsubscribes itself. */
static void nest(const char *line, int64_t ns, void *data)
{
	struct nested *n = data;

	(void)line;
	(void)ns;
	n->calls++;
	console_poll(n->r->c);
	console_unsubscribe(n->r->c, n->id);
}

static void test_nested(void **state)
{
	struct rig *r = *state;
	struct nested n = { .r = r };

	n.id = console_subscribe(r->c, nest, &n);
	test_write(r->guest, "a\nb\nc\n");
	console_poll(r->c);
	assert_int_equal(n.calls, 1);
	assert_string_equal(r->seen->str, "[a][b][c]");
	console_unsubscribe(r->c, 12345);
}

/* A log of before comes first, its own stamps taken off, and is in this log too. */
static void test_replay(void **state)
{
	static const char before[] =
		"100.000001 [    0.1] up\n100.000002 \n100.000003 two  spaces\nnostamp\n100.000004 cut";
	struct rig *r = *state;
	char *log;

	console_replay(r->c, before, strlen(before), INT64_C(5000001000));
	test_write(r->guest, "now\n");
	console_poll(r->c);
	assert_string_equal(r->seen->str, "[[    0.1] up][][two  spaces][now]");
	assert_true(g_file_get_contents(r->log, &log, NULL, NULL));
	assert_true(g_str_has_prefix(log, "5.000001 [    0.1] up\n5.000001 \n5.000001 two  spaces\n"));
	assert_null(strstr(log, "100.0"));
	g_free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nested, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replay, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
