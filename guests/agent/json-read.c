/* SPDX-License-Identifier: GPL-2.0-only */
/* The parser of the host's lines: one flat JSON object, decoded in place. */
#include "json.h"

#include <string.h>

struct reader {
	char *text, *at;
	struct json_object *obj;
};

static int refuse(struct reader *r, const char *why)
{
	r->obj->error = why;
	r->obj->error_at = (size_t)(r->at - r->text);
	return -1;
}

static void skip_space(struct reader *r)
{
	while (*r->at == ' ' || *r->at == '\t' || *r->at == '\r' || *r->at == '\n')
		r->at++;
}

static int hex4(const char *p)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		int c = p[i];

		if (c >= '0' && c <= '9')
			c -= '0';
		else if (c >= 'a' && c <= 'f')
			c -= 'a' - 10;
		else if (c >= 'A' && c <= 'F')
			c -= 'A' - 10;
		else
			return -1;
		value = value << 4 | c;
	}
	return value;
}

static char *put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return to;
}

/* r->at is behind the 'u' of an escape; leaves it behind the last digit. */
static int read_unicode(struct reader *r, uint32_t *c)
{
	int high = hex4(r->at), low;

	if (high < 0)
		return refuse(r, "\\u needs four hex digits");
	if (high == 0)
		return refuse(r, "\\u0000 is not accepted");
	r->at += 4;
	*c = (uint32_t)high;
	if (high >= 0xdc00 && high <= 0xdfff)
		return refuse(r, "half a surrogate pair");
	if (high < 0xd800 || high > 0xdbff)
		return 0;
	if (r->at[0] != '\\' || r->at[1] != 'u')
		return refuse(r, "half a surrogate pair");
	low = hex4(r->at + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return refuse(r, "half a surrogate pair");
	r->at += 6;
	*c = 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
	return 0;
}

static int read_escape(struct reader *r, char **to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *found;
	uint32_t c;

	if (*r->at == 'u') {
		r->at++;
		if (read_unicode(r, &c))
			return -1;
		*to = put_utf8(*to, c);
		return 0;
	}
	found = *r->at ? strchr(from, *r->at) : NULL;
	if (!found)
		return refuse(r, "unknown escape in a string");
	r->at++;
	*(*to)++ = into[found - from];
	return 0;
}

static int read_string(struct reader *r, const char **value)
{
	char *to;

	if (*r->at != '"')
		return refuse(r, "a string was expected");
	*value = to = ++r->at;
	while (*r->at != '"') {
		if ((unsigned char)*r->at < 0x20)
			return refuse(r, *r->at ? "control character in a string" : "a string without end");
		if (*r->at == '\\') {
			r->at++;
			if (read_escape(r, &to))
				return -1;
		} else {
			*to++ = *r->at++;
		}
	}
	r->at++; /* before the terminator: to may point at the closing quote */
	*to = '\0';
	return 0;
}

static int read_integer(struct reader *r, int64_t *value)
{
	bool negative = *r->at == '-';
	uint64_t v = 0, limit = (uint64_t)INT64_MAX + negative;

	r->at += negative;
	if (*r->at < '0' || *r->at > '9')
		return refuse(r, "a value was expected");
	if (*r->at == '0' && r->at[1] >= '0' && r->at[1] <= '9')
		return refuse(r, "a number with a leading zero");
	for (; *r->at >= '0' && *r->at <= '9'; r->at++) {
		uint64_t digit = (uint64_t)(*r->at - '0');

		if (v > (limit - digit) / 10)
			return refuse(r, "a number beyond 64 bits");
		v = v * 10 + digit;
	}
	if (*r->at == '.' || *r->at == 'e' || *r->at == 'E')
		return refuse(r, "a fraction: only integers are accepted");
	*value = negative ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

static int read_strings(struct reader *r, struct json_member *m)
{
	m->first = r->obj->n_items;
	m->count = 0;
	r->at++;
	skip_space(r);
	if (*r->at == ']') {
		r->at++;
		return 0;
	}
	for (;;) {
		if (r->obj->n_items == JSON_MAX_ITEMS)
			return refuse(r, "too many array items");
		skip_space(r);
		if (read_string(r, &r->obj->items[r->obj->n_items]))
			return -1;
		r->obj->n_items++;
		m->count++;
		skip_space(r);
		if (*r->at == ']')
			break;
		if (*r->at != ',')
			return refuse(r, "',' or ']' was expected");
		r->at++;
	}
	r->at++;
	return 0;
}

static bool take_word(struct reader *r, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(r->at, word, len))
		return false;
	r->at += len;
	return true;
}

static int read_value(struct reader *r, struct json_member *m)
{
	switch (*r->at) {
	case '"':
		m->type = JSON_STRING;
		return read_string(r, &m->string);
	case '[':
		m->type = JSON_STRINGS;
		return read_strings(r, m);
	case '{':
		return refuse(r, "an object inside the object");
	}
	m->type = JSON_BOOL;
	m->boolean = take_word(r, "true");
	if (m->boolean || take_word(r, "false"))
		return 0;
	m->type = JSON_NULL;
	if (take_word(r, "null"))
		return 0;
	m->type = JSON_INT;
	return read_integer(r, &m->integer);
}

static int read_member(struct reader *r)
{
	struct json_object *obj = r->obj;
	struct json_member *m = &obj->members[obj->n_members];

	if (obj->n_members == JSON_MAX_MEMBERS)
		return refuse(r, "too many members");
	memset(m, 0, sizeof(*m));
	skip_space(r);
	if (read_string(r, &m->key))
		return -1;
	if (json_find(obj, m->key))
		return refuse(r, "a key that is there twice");
	skip_space(r);
	if (*r->at != ':')
		return refuse(r, "':' was expected");
	r->at++;
	skip_space(r);
	if (read_value(r, m))
		return -1;
	obj->n_members++;
	skip_space(r);
	return 0;
}

int json_parse(char *text, struct json_object *obj)
{
	struct reader r = { .text = text, .at = text, .obj = obj };

	memset(obj, 0, sizeof(*obj));
	skip_space(&r);
	if (*r.at != '{')
		return refuse(&r, "'{' was expected");
	r.at++;
	skip_space(&r);
	if (*r.at != '}') {
		for (;;) {
			if (read_member(&r))
				return -1;
			if (*r.at == '}')
				break;
			if (*r.at != ',')
				return refuse(&r, "',' or '}' was expected");
			r.at++;
		}
	}
	r.at++;
	skip_space(&r);
	return *r.at ? refuse(&r, "something behind the object") : 0;
}

const struct json_member *json_find(const struct json_object *obj, const char *key)
{
	for (size_t i = 0; i < obj->n_members; i++)
		if (!strcmp(obj->members[i].key, key))
			return &obj->members[i];
	return NULL;
}

const char *json_string(const struct json_object *obj, const char *key, const char *otherwise)
{
	const struct json_member *m = json_find(obj, key);

	return m && m->type == JSON_STRING ? m->string : otherwise;
}

bool json_bool(const struct json_object *obj, const char *key, bool otherwise)
{
	const struct json_member *m = json_find(obj, key);

	return m && m->type == JSON_BOOL ? m->boolean : otherwise;
}

static int parse_u64(const char *s, uint64_t *value)
{
	unsigned int base = 10;
	uint64_t v = 0;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	}
	if (!*s)
		return -1;
	for (; *s; s++) {
		unsigned int digit;

		if (*s >= '0' && *s <= '9')
			digit = (unsigned int)(*s - '0');
		else if ((*s | 0x20) >= 'a' && (*s | 0x20) <= 'f')
			digit = (unsigned int)((*s | 0x20) - 'a') + 10;
		else
			return -1;
		if (digit >= base || v > (UINT64_MAX - digit) / base)
			return -1;
		v = v * base + digit;
	}
	*value = v;
	return 0;
}

int json_u64(const struct json_object *obj, const char *key, uint64_t otherwise, uint64_t *value)
{
	const struct json_member *m = json_find(obj, key);

	*value = otherwise;
	if (!m || m->type == JSON_NULL)
		return 0;
	if (m->type == JSON_STRING)
		return parse_u64(m->string, value);
	if (m->type != JSON_INT || m->integer < 0)
		return -1;
	*value = (uint64_t)m->integer;
	return 0;
}
