/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's spawn: a report is passed on, and every way to have none is an answer. */
#include "agent.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* only now: its fail() is a macro, and the agent's is a function */
#include <setjmp.h>
#include <stdarg.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

static char out[8192];

/* Runs the command of @text, a request. */
static int spawn(const char *text, struct answer *answer)
{
	static struct json_object request;
	static char copy[4096];

	snprintf(copy, sizeof(copy), "%s", text);
	assert_int_equal(json_parse(copy, &request), 0);
	memset(answer, 0, sizeof(*answer));
	memset(out, 0, sizeof(out));
	json_out_init(&answer->out, out, sizeof(out) - 1);
	return cmd_spawn(&request, answer);
}

/* The same for a shell with @script, which must not hold a quote. */
static int shell(const char *script, const char *more, struct answer *answer)
{
	char text[4096];

	snprintf(text, sizeof(text), "{\"argv\":[\"/bin/sh\",\"-c\",\"%s\"]%s}", script, more);
	return spawn(text, answer);
}

static void refused(const char *script, const char *more, const char *want)
{
	struct answer answer;

	if (!shell(script, more, &answer))
		fail_msg("no failure: %s", script);
	if (!strstr(answer.error, want))
		fail_msg("no '%s' in: %s", want, answer.error);
	/* and nothing of it is left */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_report(void **state)
{
	struct answer answer;
	const char *pid;

	(void)state;
	assert_int_equal(shell("echo '{\\\"pages\\\":7,\\\"who\\\":\\\"me\\\"}'; exec sleep 60", "", &answer), 0);
	if (strncmp(out, "\"report\":{\"pages\":7,\"who\":\"me\"},\"pid\":", 38))
		fail_msg("answer: %s", out);
	pid = strstr(out, "\"pid\":");
	assert_non_null(pid);
	/* it goes on running */
	assert_int_equal(waitpid(atoi(pid + 6), NULL, WNOHANG), 0);
	kill(atoi(pid + 6), SIGKILL);
	waitpid(atoi(pid + 6), NULL, 0);
	assert_int_equal(shell("echo '{}'", "", &answer), 0);
	assert_int_equal(strncmp(out, "\"report\":{},\"pid\":", 18), 0);
	wait(NULL);
}

static void test_no_report(void **state)
{
	(void)state;
	refused("echo '{\\\"error\\\":\\\"no such device\\\"}'; exec sleep 60", "", "/bin/sh: no such device");
	refused("exit 3", "", "ended without a report (wait status 0x300)");
	refused("echo hello; exec sleep 60", "", "no report");
	refused("echo; exec sleep 60", "", "no report");
	refused("echo '{\\\"a\\\":{}}'; exec sleep 60", "", "no report");
	refused("printf '{'; exec sleep 60", ",\"deadline_ms\":200", "no report after 200 ms");
	refused("head -c 5000 /dev/zero | tr '\\\\0' x; exec sleep 60", "", "more than 4095 bytes");
}

static void test_bad_request(void **state)
{
	struct answer answer;

	(void)state;
	assert_int_equal(spawn("{}", &answer), -1);
	assert_non_null(strstr(answer.error, "spawn needs"));
	assert_int_equal(spawn("{\"argv\":[]}", &answer), -1);
	assert_int_equal(spawn("{\"argv\":\"/bin/true\"}", &answer), -1);
	assert_int_equal(spawn("{\"argv\":[\"true\"]}", &answer), -1);
	assert_int_equal(shell("true", ",\"deadline_ms\":0", &answer), -1);
	assert_non_null(strstr(answer.error, "deadline_ms"));
	assert_int_equal(spawn("{\"argv\":[\"/nonexistent\"]}", &answer), -1);
	assert_string_equal(answer.error, "/nonexistent: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_no_report),
		cmocka_unit_test(test_bad_request),
	};

	return cmocka_run_group_tests_name("agent-spawn", tests, NULL, NULL);
}
