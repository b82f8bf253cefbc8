/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMPERF_JSON_H
#define KVMPERF_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A writer: commas, quotes and escapes are its business. A key of NULL is for elements of arrays.
 */
struct json {
	FILE *f;
	bool comma;
};

void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);
void json_u64(struct json *j, const char *key, uint64_t value);
void json_bool(struct json *j, const char *key, bool value);
void json_text(struct json *j, const char *key, const char *value);
void json_u64s(struct json *j, const char *key, const uint64_t *values, unsigned int n);

#endif
