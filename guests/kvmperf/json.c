/* SPDX-License-Identifier: GPL-2.0-only */
#include "json.h"

static void quoted(FILE *f, const char *text)
{
	putc('"', f);
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(f, "\\%c", *p);
		else if (*p < 0x20 || *p >= 0x7f)
			fprintf(f, "\\u%04x", *p);
		else
			putc(*p, f);
	}
	putc('"', f);
}

static void begin(struct json *j, const char *key)
{
	if (j->comma)
		putc(',', j->f);
	j->comma = true;
	if (key) {
		quoted(j->f, key);
		putc(':', j->f);
	}
}

void json_open(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	putc(bracket, j->f);
	j->comma = false;
}

void json_close(struct json *j, char bracket)
{
	putc(bracket, j->f);
	j->comma = true;
}

void json_u64(struct json *j, const char *key, uint64_t value)
{
	begin(j, key);
	fprintf(j->f, "%llu", (unsigned long long)value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	begin(j, key);
	fputs(value ? "true" : "false", j->f);
}

void json_text(struct json *j, const char *key, const char *value)
{
	begin(j, key);
	quoted(j->f, value);
}

void json_u64s(struct json *j, const char *key, const uint64_t *values, unsigned int n)
{
	json_open(j, key, '[');
	for (unsigned int i = 0; i < n; i++)
		json_u64(j, NULL, values[i]);
	json_close(j, ']');
}
