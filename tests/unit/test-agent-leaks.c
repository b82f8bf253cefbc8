/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's leaks: what a detector is asked, what is counted, and what is said where there is none. */
#include "agent.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* only now: its fail() is a macro, and the agent's is a function */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static char dir[] = "/tmp/vtdlab-leaks-XXXXXX";
static char out[4096], file[128];
static struct answer answer;

/* Runs the command on our file with @age_ms between its scans. */
static int leaks(int age_ms)
{
	static struct json_object request;
	static char text[256];

	snprintf(text, sizeof(text), "{\"file\":\"%s\",\"age_ms\":%d}", file, age_ms);
	assert_int_equal(json_parse(text, &request), 0);
	memset(&answer, 0, sizeof(answer));
	memset(out, 0, sizeof(out));
	json_out_init(&answer.out, out, sizeof(out) - 1);
	return cmd_leaks(&request, &answer);
}

/* The file, which keeps what is written to it: "scan" comes over the first four bytes. */
static void detector(const char *text)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	fprintf(f, "----%s", text);
	fclose(f);
}

static void no_detector(void **state)
{
	(void)state;
	unlink(file);
	assert_int_equal(leaks(0), 0);
	assert_string_equal(out, "\"scans\":0");
}

static void what_it_finds(void **state)
{
	char text[4096];

	(void)state;
	detector("");
	assert_int_equal(leaks(0), 0);
	assert_string_equal(out, "\"scans\":2,\"leaks\":0");
	assert_true(read_file(file, text, sizeof(text)) > 0);
	assert_string_equal(text, "scan");
	detector("\nunreferenced object 0xffff888003a10000 (size 64):\n  comm \"swapper/0\", pid 1\n"
		 "unreferenced object 0xffff888003a10040 (size 64):\n  backtrace:\n");
	assert_int_equal(leaks(0), 0);
	assert_string_equal(out, "\"scans\":2,\"leaks\":2");
}

/* What is younger than an age is found by the second scan only, so it comes that much later. */
static void an_age_lies_between(void **state)
{
	int64_t before = now_ns();

	(void)state;
	detector("");
	assert_int_equal(leaks(300), 0);
	assert_true(now_ns() - before >= INT64_C(300000000));
}

static void one_that_will_not(void **state)
{
	(void)state;
	unlink(file);
	assert_int_equal(mkdir(file, 0700), 0);
	assert_int_equal(leaks(0), -1);
	assert_non_null(strstr(answer.error, "/kmemleak: Is a directory"));
	rmdir(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_detector),
		cmocka_unit_test(what_it_finds),
		cmocka_unit_test(an_age_lies_between),
		cmocka_unit_test(one_that_will_not),
	};
	int status;

	if (!mkdtemp(dir))
		return 1;
	snprintf(file, sizeof(file), "%s/kmemleak", dir);
	status = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(file);
	rmdir(dir);
	return status;
}
