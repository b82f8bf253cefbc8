/* SPDX-License-Identifier: GPL-2.0-only */
/* The writer of the agent's lines: JSON into a fixed buffer, never beyond it. */
#include "json.h"

#include <stdio.h>
#include <string.h>

void json_out_init(struct json_out *out, char *buf, size_t cap)
{
	*out = (struct json_out){ .buf = buf, .cap = cap };
}

static void put(struct json_out *out, const char *bytes, size_t len)
{
	if (out->full || len > out->cap - out->len) {
		out->full = true;
		return;
	}
	memcpy(out->buf + out->len, bytes, len);
	out->len += len;
}

/* The length that the first byte @c of a UTF-8 sequence announces, 0 if it can begin none. */
static size_t utf8_announced(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* The length of the UTF-8 sequence at @s, 0 if there is none that is valid. */
static size_t utf8_len(const unsigned char *s)
{
	size_t len = utf8_announced(s[0]);

	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* longer than need be, a surrogate, or beyond U+10FFFF */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

/* Bytes that are not UTF-8 are written as the Latin-1 character of that number. */
static void put_quoted(struct json_out *out, const char *value)
{
	const unsigned char *s = (const unsigned char *)value;

	put(out, "\"", 1);
	while (*s) {
		size_t len = utf8_len(s);
		char escape[8];

		if (*s == '"' || *s == '\\') {
			escape[0] = '\\';
			escape[1] = (char)*s++;
			put(out, escape, 2);
		} else if (*s < 0x20 || *s == 0x7f || !len) {
			snprintf(escape, sizeof(escape), "\\u%04x", *s++);
			put(out, escape, strlen(escape));
		} else {
			put(out, (const char *)s, len);
			s += len;
		}
	}
	put(out, "\"", 1);
}

static void put_key(struct json_out *out, const char *key)
{
	if (out->comma)
		put(out, ",", 1);
	out->comma = true;
	if (key) {
		put_quoted(out, key);
		put(out, ":", 1);
	}
}

void json_put_string(struct json_out *out, const char *key, const char *value)
{
	put_key(out, key);
	put_quoted(out, value);
}

void json_put_int(struct json_out *out, const char *key, int64_t value)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%lld", (long long)value);

	put_key(out, key);
	put(out, text, (size_t)len);
}

void json_put_bool(struct json_out *out, const char *key, bool value)
{
	put_key(out, key);
	put(out, value ? "true" : "false", value ? 4 : 5);
}

void json_put_null(struct json_out *out, const char *key)
{
	put_key(out, key);
	put(out, "null", 4);
}

void json_put_hex(struct json_out *out, const char *key, uint64_t value)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "\"0x%llx\"", (unsigned long long)value);

	put_key(out, key);
	put(out, text, (size_t)len);
}

void json_put_bytes(struct json_out *out, const char *key, const void *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = bytes;

	put_key(out, key);
	put(out, "\"", 1);
	for (size_t i = 0; i < len; i++) {
		char pair[2] = { digits[p[i] >> 4], digits[p[i] & 15] };

		put(out, pair, 2);
	}
	put(out, "\"", 1);
}

void json_begin(struct json_out *out, const char *key, char bracket)
{
	put_key(out, key);
	put(out, &bracket, 1);
	out->comma = false;
}

void json_end(struct json_out *out, char bracket)
{
	put(out, &bracket, 1);
	out->comma = true;
}

void json_put_raw(struct json_out *out, const char *members, size_t len)
{
	if (!len)
		return;
	put_key(out, NULL);
	put(out, members, len);
}
