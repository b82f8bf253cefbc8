/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's JSON: what it takes, what it refuses and why; its writer keeps its bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

static struct json_object object;

/* A copy of its exact size on the heap, so that the sanitizer sees a read beyond the end. */
static char *text;

static int parse(const char *json)
{
	free(text);
	text = strdup(json);
	return json_parse(text, &object);
}

static int drop_text(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

static void test_values(void **state)
{
	const struct json_member *m;
	uint64_t u;

	(void)state;
	assert_int_equal(parse(" { \"id\" : 7,\"s\":\"a b\" , \"t\":true,\"f\":false,\"n\":null,"
			       "\"neg\":-9223372036854775808,\"max\":9223372036854775807,"
			       "\"hex\":\"0xFee00000\",\"list\":[\"x\", \"y\" ],\"none\":[ ]}\r"),
			 0);
	assert_int_equal(json_find(&object, "id")->integer, 7);
	assert_string_equal(json_string(&object, "s", NULL), "a b");
	assert_true(json_bool(&object, "t", false));
	assert_false(json_bool(&object, "f", true));
	assert_true(json_bool(&object, "absent", true));
	assert_int_equal(json_find(&object, "n")->type, JSON_NULL);
	assert_true(json_find(&object, "neg")->integer == INT64_MIN);
	assert_true(json_find(&object, "max")->integer == INT64_MAX);
	assert_int_equal(json_u64(&object, "hex", 0, &u), 0);
	assert_int_equal(u, 0xfee00000);
	m = json_find(&object, "list");
	assert_int_equal(m->count, 2);
	assert_string_equal(object.items[m->first], "x");
	assert_string_equal(object.items[m->first + 1], "y");
	assert_int_equal(json_find(&object, "none")->count, 0);
	assert_null(json_find(&object, "absent"));
	assert_int_equal(parse("{}"), 0);
	assert_int_equal(object.n_members, 0);
}

static void test_numbers_of_requests(void **state)
{
	uint64_t u;

	(void)state;
	assert_int_equal(parse("{\"neg\":-1,\"text\":\"12a\",\"empty\":\"\",\"x\":\"0x\",\"bool\":true,"
			       "\"big\":\"0xffffffffffffffff\",\"over\":\"0x10000000000000000\","
			       "\"dec\":\"18446744073709551615\",\"decover\":\"18446744073709551616\"}"),
			 0);
	assert_int_equal(json_u64(&object, "absent", 5, &u), 0);
	assert_int_equal(u, 5);
	assert_int_equal(json_u64(&object, "big", 0, &u), 0);
	assert_true(u == UINT64_MAX);
	assert_int_equal(json_u64(&object, "dec", 0, &u), 0);
	assert_true(u == UINT64_MAX);
	assert_int_equal(json_u64(&object, "neg", 0, &u), -1);
	assert_int_equal(json_u64(&object, "text", 0, &u), -1);
	assert_int_equal(json_u64(&object, "empty", 0, &u), -1);
	assert_int_equal(json_u64(&object, "x", 0, &u), -1);
	assert_int_equal(json_u64(&object, "bool", 0, &u), -1);
	assert_int_equal(json_u64(&object, "over", 0, &u), -1);
	assert_int_equal(json_u64(&object, "decover", 0, &u), -1);
}

static void test_escapes(void **state)
{
	(void)state;
	assert_int_equal(parse("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"u\":\"\\u0041\\u00e9\\u20AC"
			       "\\ud83d\\ude00\",\"raw\":\"\xff\xc3\xa9\"}"),
			 0);
	assert_string_equal(json_string(&object, "a", NULL), "\"\\/\b\f\n\r\t");
	assert_string_equal(json_string(&object, "u", NULL), "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	assert_string_equal(json_string(&object, "raw", NULL), "\xff\xc3\xa9");
}

static void test_refused(void **state)
{
	static const struct {
		const char *json, *why;
	} cases[] = {
		{ "", "'{' was expected" },
		{ "[]", "'{' was expected" },
		{ "{", "a string was expected" },
		{ "{\"a", "a string without end" },
		{ "{\"a\"", "':' was expected" },
		{ "{\"a\":", "a value was expected" },
		{ "{\"a\":1", "',' or '}' was expected" },
		{ "{\"a\":1,", "a string was expected" },
		{ "{\"a\":1,}", "a string was expected" },
		{ "{a:1}", "a string was expected" },
		{ "{\"a\":1}x", "something behind the object" },
		{ "{\"a\":1}{}", "something behind the object" },
		{ "{\"a\":{}}", "an object inside the object" },
		{ "{\"a\":[[]]}", "a string was expected" },
		{ "{\"a\":[1]}", "a string was expected" },
		{ "{\"a\":[\"x\"", "',' or ']' was expected" },
		{ "{\"a\":[\"x\",]}", "a string was expected" },
		{ "{\"a\":1,\"a\":2}", "a key that is there twice" },
		{ "{\"a\":01}", "a number with a leading zero" },
		{ "{\"a\":1.5}", "a fraction: only integers are accepted" },
		{ "{\"a\":1e3}", "a fraction: only integers are accepted" },
		{ "{\"a\":-}", "a value was expected" },
		{ "{\"a\":9223372036854775808}", "a number beyond 64 bits" },
		{ "{\"a\":-9223372036854775809}", "a number beyond 64 bits" },
		{ "{\"a\":99999999999999999999999}", "a number beyond 64 bits" },
		{ "{\"a\":tru}", "a value was expected" },
		{ "{\"a\":truex}", "',' or '}' was expected" },
		{ "{\"a\":\"\\x\"}", "unknown escape in a string" },
		{ "{\"a\":\"\\", "unknown escape in a string" },
		{ "{\"a\":\"\\u12\"}", "\\u needs four hex digits" },
		{ "{\"a\":\"\\u", "\\u needs four hex digits" },
		{ "{\"a\":\"\\u0000\"}", "\\u0000 is not accepted" },
		{ "{\"a\":\"\\ud800\"}", "half a surrogate pair" },
		{ "{\"a\":\"\\ud800\\u0041\"}", "half a surrogate pair" },
		{ "{\"a\":\"\\ud800\\", "half a surrogate pair" },
		{ "{\"a\":\"\\udc00\"}", "half a surrogate pair" },
		{ "{\"a\":\"x\ny\"}", "control character in a string" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].json), -1);
		assert_string_equal(object.error, cases[i].why);
		assert_true(object.error_at <= strlen(cases[i].json));
	}
}

/* A request that is refused in its middle can still be answered with its id. */
static void test_id_survives(void **state)
{
	(void)state;
	assert_int_equal(parse("{\"id\":12,\"cmd\":}"), -1);
	assert_int_equal(json_find(&object, "id")->integer, 12);
}

static void test_limits(void **state)
{
	char many[8192];
	size_t len;

	(void)state;
	for (int members = JSON_MAX_MEMBERS; members <= JSON_MAX_MEMBERS + 1; members++) {
		len = 0;
		for (int i = 0; i < members; i++)
			len += (size_t)snprintf(many + len, sizeof(many) - len, "%c\"k%d\":%d", i ? ',' : '{', i, i);
		strcpy(many + len, "}");
		assert_int_equal(parse(many), members > JSON_MAX_MEMBERS ? -1 : 0);
	}
	assert_string_equal(object.error, "too many members");
	for (int items = JSON_MAX_ITEMS; items <= JSON_MAX_ITEMS + 1; items++) {
		len = (size_t)snprintf(many, sizeof(many), "{\"a\":[");
		for (int i = 0; i < items; i++)
			len += (size_t)snprintf(many + len, sizeof(many) - len, "%s\"i\"", i ? "," : "");
		strcpy(many + len, "]}");
		assert_int_equal(parse(many), items > JSON_MAX_ITEMS ? -1 : 0);
	}
	assert_string_equal(object.error, "too many array items");
}

/* Every prefix of a good line, and every byte of it replaced by every other: it may be taken or
 * refused, but nothing outside the text may be touched (the sanitizers watch). */
static void test_damaged_lines(void **state)
{
	static const char good[] = "{\"id\":-3,\"cmd\":\"a\\u20ac\\n\",\"l\":[\"x\",\"\"],\"t\":true}";
	char bad[sizeof(good)];

	(void)state;
	for (size_t len = 0; len < sizeof(good); len++) {
		memcpy(bad, good, len);
		bad[len] = '\0';
		parse(bad);
		for (int c = 0; c < 256 && good[len]; c++) {
			memcpy(bad, good, sizeof(good));
			bad[len] = (char)c;
			parse(bad);
		}
	}
}

static void test_writer(void **state)
{
	char buf[512];
	struct json_out out;

	(void)state;
	json_out_init(&out, buf, sizeof(buf));
	json_begin(&out, NULL, '{');
	json_put_int(&out, "i", INT64_MIN);
	json_put_string(&out, "s", "q\"\\\n\x7f\xff\xc3\xa9\xe2\x82");
	json_begin(&out, "list", '[');
	json_begin(&out, NULL, '{');
	json_put_bool(&out, "yes", true);
	json_end(&out, '}');
	json_put_null(&out, NULL);
	json_end(&out, ']');
	json_put_hex(&out, "pa", 0x1000);
	json_put_bytes(&out, "hex", "\x00\xab", 2);
	json_put_raw(&out, "\"raw\":1", 7);
	json_put_raw(&out, "", 0);
	json_end(&out, '}');
	assert_false(out.full);
	buf[out.len] = '\0';
	assert_string_equal(buf, "{\"i\":-9223372036854775808,"
				 "\"s\":\"q\\\"\\\\\\u000a\\u007f\\u00ff\xc3\xa9\\u00e2\\u0082\","
				 "\"list\":[{\"yes\":true},null],\"pa\":\"0x1000\",\"hex\":\"00ab\","
				 "\"raw\":1}");
}

/* What the writer makes of any string, the reader gives back. */
static void test_round_trip(void **state)
{
	char value[2] = "", buf[64];
	struct json_out out;

	(void)state;
	for (int c = 1; c < 128; c++) {
		value[0] = (char)c;
		json_out_init(&out, buf, sizeof(buf));
		json_begin(&out, NULL, '{');
		json_put_string(&out, "s", value);
		json_end(&out, '}');
		buf[out.len] = '\0';
		assert_int_equal(parse(buf), 0);
		assert_string_equal(json_string(&object, "s", NULL), value);
	}
}

static void test_writer_full(void **state)
{
	(void)state;
	for (size_t cap = 0; cap < 40; cap++) {
		char *buf = malloc(cap + !cap);
		struct json_out out;

		json_out_init(&out, buf, cap);
		json_begin(&out, NULL, '{');
		json_put_string(&out, "key", "0123456789\n");
		json_put_bytes(&out, "h", "abc", 3);
		json_end(&out, '}');
		assert_true(out.len <= cap);
		assert_int_equal(out.full, cap < strlen("{\"key\":\"0123456789\\u000a\",\"h\":\"616263\"}"));
		free(buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_values, drop_text),
		cmocka_unit_test_teardown(test_numbers_of_requests, drop_text),
		cmocka_unit_test_teardown(test_escapes, drop_text),
		cmocka_unit_test_teardown(test_refused, drop_text),
		cmocka_unit_test_teardown(test_id_survives, drop_text),
		cmocka_unit_test_teardown(test_limits, drop_text),
		cmocka_unit_test_teardown(test_damaged_lines, drop_text),
		cmocka_unit_test(test_writer),
		cmocka_unit_test_teardown(test_round_trip, drop_text),
		cmocka_unit_test(test_writer_full),
	};

	return cmocka_run_group_tests_name("agent-json", tests, NULL, NULL);
}
