/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's run: a program's output is in files and its end in the answer, whatever that end is. */
#include "agent.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* only now: its fail() is a macro, and the agent's is a function */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

static char dir[] = "/tmp/vtdlab-run-XXXXXX";
static char out[4096];

/* Runs the command with @argv, which is JSON, and files of those names in our directory. */
static int run(const char *argv, const char *to, const char *err, struct answer *answer)
{
	static struct json_object request;
	static char text[4096];

	snprintf(text, sizeof(text), "{\"argv\":%s,\"out\":\"%s/%s\",\"err\":\"%s/%s\"}", argv, dir, to, dir, err);
	assert_int_equal(json_parse(text, &request), 0);
	memset(answer, 0, sizeof(*answer));
	memset(out, 0, sizeof(out));
	json_out_init(&answer->out, out, sizeof(out) - 1);
	return cmd_run_program(&request, answer);
}

static void holds(const char *name, const char *want)
{
	char path[128], text[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_true(read_file(path, text, sizeof(text)) >= 0);
	assert_string_equal(text, want);
	unlink(path);
}

static void test_end(void **state)
{
	struct answer answer;

	(void)state;
	assert_int_equal(run("[\"/bin/sh\",\"-c\",\"echo one; echo two >&2; echo three; exit 3\"]", "o", "e", &answer),
			 0);
	assert_string_equal(out, "\"status\":3,\"signal\":0");
	holds("o", "one\nthree");
	holds("e", "two");
	assert_int_equal(run("[\"/bin/sh\",\"-c\",\"kill -9 $$\"]", "o", "e", &answer), 0);
	assert_string_equal(out, "\"status\":-1,\"signal\":9");
	assert_int_equal(run("[\"/bin/true\"]", "o", "e", &answer), 0);
	assert_string_equal(out, "\"status\":0,\"signal\":0");
	/* what an earlier program wrote is gone */
	holds("o", "");
	holds("e", "");
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_refused(void **state)
{
	struct answer answer;

	(void)state;
	assert_int_equal(run("[\"/nonexistent\"]", "o", "e", &answer), -1);
	assert_string_equal(answer.error, "/nonexistent: No such file or directory");
	assert_int_equal(run("[]", "o", "e", &answer), -1);
	assert_int_equal(run("[\"true\"]", "o", "e", &answer), -1);
	assert_int_equal(run("\"/bin/true\"", "o", "e", &answer), -1);
	assert_non_null(strstr(answer.error, "run needs \"argv\""));
	assert_int_equal(run("[\"/bin/true\"]", "../o", "e", &answer), -1);
	assert_non_null(strstr(answer.error, "run needs \"out\""));
	assert_int_equal(run("[\"/bin/true\"]", "o", "../e", &answer), -1);
	assert_non_null(strstr(answer.error, "run needs \"err\""));
	assert_int_equal(run("[\"/bin/true\"]", "none/o", "e", &answer), -1);
	assert_non_null(strstr(answer.error, "No such file or directory"));
}

static int make_dir(void **state)
{
	(void)state;
	return !mkdtemp(dir);
}

static int remove_dir(void **state)
{
	char path[128];

	(void)state;
	for (const char *name = "oe"; *name; name++) {
		snprintf(path, sizeof(path), "%s/%c", dir, *name);
		unlink(path);
	}
	rmdir(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
