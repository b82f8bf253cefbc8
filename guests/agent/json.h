/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON as the channel needs it: a parser of one flat object (no allocation, decodes in place,
 * takes hostile input) and a writer into a fixed buffer.
 */
#ifndef AGENT_JSON_H
#define AGENT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_MAX_MEMBERS 32
#define JSON_MAX_ITEMS 128

enum json_type { JSON_NULL, JSON_BOOL, JSON_INT, JSON_STRING, JSON_STRINGS };

struct json_member {
	const char *key;
	enum json_type type;
	bool boolean;
	int64_t integer;
	const char *string;
	size_t first, count; /* JSON_STRINGS: a range of json_object.items */
};

/** One parsed object. Its strings point into the text given to json_parse(). */
struct json_object {
	struct json_member members[JSON_MAX_MEMBERS];
	size_t n_members;
	const char *items[JSON_MAX_ITEMS];
	size_t n_items;
	const char *error; /* why json_parse() refused, a constant */
	size_t error_at;   /* byte offset of that in the text */
};

/**
 * Parse @text (changed in place, must outlive @obj) as one object whose values are strings,
 * integers, true, false, null or arrays of strings. Returns 0, or -1 with obj->error set; the
 * members read before the error stay readable (so that an id can be answered).
 */
int json_parse(char *text, struct json_object *obj);

/** The member called @key, or NULL. */
const struct json_member *json_find(const struct json_object *obj, const char *key);

/** The value of @key if it is a string, else @otherwise. */
const char *json_string(const struct json_object *obj, const char *key, const char *otherwise);

/**
 * The value of @key as an unsigned number: an integer >= 0, or a string "0x..." or of digits.
 * Returns 0 and sets @value; absent or null sets @otherwise; -1 if it is anything else.
 */
int json_u64(const struct json_object *obj, const char *key, uint64_t otherwise, uint64_t *value);

/** The value of @key if it is a boolean, else @otherwise. */
bool json_bool(const struct json_object *obj, const char *key, bool otherwise);

/** Where an answer is written. @full says that something did not fit and was left out. */
struct json_out {
	char *buf;
	size_t len, cap;
	bool full;
	bool comma; /* the next value needs a comma before it */
};

void json_out_init(struct json_out *out, char *buf, size_t cap);
/** A @key of NULL writes a value without key (inside an array). */
void json_put_string(struct json_out *out, const char *key, const char *value);
void json_put_int(struct json_out *out, const char *key, int64_t value);
void json_put_bool(struct json_out *out, const char *key, bool value);
void json_put_null(struct json_out *out, const char *key);
/** A number that is an address: the string "0x...". */
void json_put_hex(struct json_out *out, const char *key, uint64_t value);
/** Bytes as lowercase hex. */
void json_put_bytes(struct json_out *out, const char *key, const void *bytes, size_t len);
/** Begin an object or array: @bracket is '{' or '['. */
void json_begin(struct json_out *out, const char *key, char bracket);
/** End it: @bracket is '}' or ']'. */
void json_end(struct json_out *out, char bracket);
/** Append members written elsewhere (no braces), after a comma if one is needed. */
void json_put_raw(struct json_out *out, const char *members, size_t len);

#endif
