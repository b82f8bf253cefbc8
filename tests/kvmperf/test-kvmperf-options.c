/* SPDX-License-Identifier: GPL-2.0-only */
/* Options, the suites' lists, the payload, and the JSON writer. */
#include "kvmperf/json.h"
#include "kvmperf/payload/payload.h"
#include "kvmperf/tests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ALL 0xffffffffU

static int parse(struct options *o, unsigned int groups, const char *line, char *why, size_t size)
{
	char text[256], *words[16];
	int n = 0;

	snprintf(text, sizeof(text), "%s", line);
	for (char *w = strtok(text, " "); w; w = strtok(NULL, " "))
		words[n++] = w;
	options_defaults(o);
	return options_parse(o, groups, n, words, why, size);
}

static void options_are_read(void **state)
{
	struct options o;
	char why[256];

	(void)state;
	assert_int_equal(
		parse(&o, ALL, "--vcpus 4 --memory=64M --backing memfd --overlap --random --uffd wp", why, sizeof(why)),
		0);
	assert_int_equal(o.vcpus, 4);
	assert_int_equal(o.memory, 64 * MIB);
	assert_int_equal(o.backing, BACKING_MEMFD);
	assert_int_equal(o.uffd, UFFD_WP);
	assert_true(o.overlap && o.random && !o.json);
	assert_int_equal(parse(&o, ALL, "--random --sequential", why, sizeof(why)), 0);
	assert_false(o.random);
	assert_int_equal(parse(&o, ALL, "--vcpus 4 --help", why, sizeof(why)), 1);
}

static void wrong_options_are_one_line(void **state)
{
	static const struct {
		unsigned int groups;
		const char *line, *why;
	} cases[] = {
		{ ALL, "--vcpu 4", "unknown option --vcpu: see --help" },
		{ TAKES_ALWAYS, "--uffd wp", "unknown option --uffd: see --help" },
		{ ALL, "4", "unexpected argument '4'" },
		{ ALL, "--vcpus", "--vcpus needs a value" },
		{ ALL, "--vcpus 0", "--vcpus 0: use a number from 1 to 64" },
		{ ALL, "--vcpus 4x", "--vcpus 4x: use a number from 1 to 64" },
		{ ALL, "--vcpus -1", "--vcpus -1: use a number from 1 to 64" },
		{ ALL, "--memory 64Q", "--memory 64Q: use a size from 4K to 128G, such as 64M" },
		{ ALL, "--memory 1K", "--memory 1K: use a size from 4K to 128G, such as 64M" },
		{ ALL, "--overlap=1", "--overlap takes no value" },
		{ ALL, "--log all", "--log all: use one of get clear ring" },
		{ ALL, "--write-fraction 101", "--write-fraction 101: use a number from 0 to 100" },
	};
	struct options o;
	char why[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(&o, cases[i].groups, cases[i].line, why, sizeof(why)), -1);
		assert_string_equal(why, cases[i].why);
	}
}

static void contradictions_are_one_line(void **state)
{
	static const char *const bad[] = {
		"--uffd minor",
		"--uffd minor --backing thp",
		"--delay 5",
		"--uffd-per vcpu",
		"--uffd-open dev",
		"--uffd wp --uffd-per vcpu --overlap",
		"--initially-set",
		"--log ring --ring-entries 3000",
		"--log clear --clear-pages 32",
		"--clear-pages 64",
		"--ring 1",
		"--chunk 4097",
		"--spare 4097",
	};
	static const char *const good[] = {
		"",
		"--uffd minor --backing shmem",
		"--uffd wp --delay 5 --uffd-per vcpu --uffd-open dev",
		"--log clear --initially-set --clear-pages 128",
		"--log ring --ring-entries 2048",
		"--ring 0",
		"--spare 8K",
	};
	struct options o;
	char why[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse(&o, ALL, bad[i], why, sizeof(why)), 0);
		why[0] = 0;
		assert_int_equal(options_check(&o, why, sizeof(why)), -1);
		assert_true(why[0] && !strchr(why, '\n'));
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(parse(&o, ALL, good[i], why, sizeof(why)), 0);
		assert_int_equal(options_check(&o, why, sizeof(why)), 0);
	}
}

/* What options_line() prints leads to the same options again. */
static void the_line_of_options_comes_back(void **state)
{
	const char *line = "--vcpus 2 --memory 64M --backing thp --slots 8 --overlap --random --log ring";
	char *text = NULL, why[256];
	struct options a, b;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(parse(&a, ALL, line, why, sizeof(why)), 0);
	options_line(&a, ALL, f);
	fclose(f);
	assert_int_equal(parse(&b, ALL, text, why, sizeof(why)), 0);
	assert_memory_equal(&a, &b, sizeof(a));
	free(text);
}

static void suites_are_valid(void **state)
{
	char *more[] = { (char *)"--repeat", (char *)"2" }, *wrong[] = { (char *)"--memory", (char *)"1M" };

	(void)state;
	assert_int_equal(suite_check(0, NULL), 0);
	assert_int_equal(suite_check(2, more), 0);
	/* --memory is not of every test */
	assert_int_equal(suite_check(2, wrong), -1);
}

/* What the tests are there for is measured, all of it in the full suite; the quick one has each test. */
static void suites_leave_nothing_out(void **state)
{
	static const struct {
		const char *test, *words[24];
	} all[] = {
		{ "demand-paging",
		  { "--vcpus 2", "--vcpus 4", "--overlap", "--random", "--slots", "--guest-page 4k", "--backing thp",
		    "--backing hugetlb-2m", "--backing hugetlb-1g", "--backing shmem", "--backing memfd",
		    "--uffd missing", "--uffd minor", "--uffd wp", "--uffd-open dev", "--uffd-per vcpu", "--delay" } },
		{ "dirty-log",
		  { "--vcpus 2", "--vcpus 4", "--log get", "--log clear", "--log ring", "--ring-entries 1024 --vcpus 4",
		    "--initially-set", "--clear-pages", "--random", "--slots", "--write-fraction", "--backing thp",
		    "--backing hugetlb-2m", "--backing shmem" } },
		{ "access-tracking", { "--vcpus 2", "--random" } },
		{ "memslot-churn", { "--churn move", "--vcpus 4" } },
		{ "page-table", { "--vcpus 4", "--backing hugetlb-2m" } },
		{ "pre-fault", { "--vcpus 2", "--backing thp" } },
		{ "exits", { "--vcpus 4", "--exit hlt --ring 0" } },
		{ "nested", { "--vcpus 4", "--l3-paging direct", "--backing thp", "--guest-page 4k" } },
		{ "vfio-dma", { "--memory 64M", "--backing thp" } },
	};

	(void)state;
	for (size_t i = 0; tests[i]; i++) {
		/* judges the kernel and measures nothing: what is measured is not to fail for that */
		if (tests[i] == &test_nested_checks) {
			assert_int_equal(suite_holds(false, tests[i]->name, ""), 0);
			continue;
		}
		assert_int_not_equal(suite_holds(true, tests[i]->name, ""), 0);
		assert_in_range(suite_holds(true, tests[i]->name, ""), 1, suite_holds(false, tests[i]->name, ""));
	}
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		for (size_t k = 0; all[i].words[k]; k++)
			if (!suite_holds(false, all[i].test, all[i].words[k]))
				fail_msg("no %s %s", all[i].test, all[i].words[k]);
	assert_int_equal(suite_holds(true, "demand-paging", "hugetlb"), 0);
}

static void names_are_unique_and_found(void **state)
{
	(void)state;
	for (size_t i = 0; tests[i]; i++) {
		assert_ptr_equal(test_find(tests[i]->name), tests[i]);
		assert_true(tests[i]->groups & TAKES_ALWAYS);
		assert_non_null(tests[i]->round);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(tests[i]->name, tests[k]->name);
	}
	assert_null(test_find("demand"));
}

/* The payload is copied as one page. */
static void payload_fits_a_page(void **state)
{
	(void)state;
	assert_in_range(payload_end - payload_start, 1, PAGE_4K);
	assert_in_range(payload_hlt - payload_start, 1, payload_end - payload_start - 1);
}

static void json_is_escaped(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	struct json j = { f, false };

	(void)state;
	json_open(&j, NULL, '{');
	json_text(&j, "a\"", "b\\\n\x7f\xc3");
	json_u64s(&j, "n", (const uint64_t[]){ 0, UINT64_MAX }, 2);
	json_open(&j, "o", '{');
	json_close(&j, '}');
	json_bool(&j, "t", true);
	json_close(&j, '}');
	fclose(f);
	assert_string_equal(text, "{\"a\\\"\":\"b\\\\\\u000a\\u007f\\u00c3\","
				  "\"n\":[0,18446744073709551615],\"o\":{},\"t\":true}");
	free(text);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(options_are_read),
		cmocka_unit_test(wrong_options_are_one_line),
		cmocka_unit_test(contradictions_are_one_line),
		cmocka_unit_test(the_line_of_options_comes_back),
		cmocka_unit_test(suites_are_valid),
		cmocka_unit_test(suites_leave_nothing_out),
		cmocka_unit_test(names_are_unique_and_found),
		cmocka_unit_test(payload_fits_a_page),
		cmocka_unit_test(json_is_escaped),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
