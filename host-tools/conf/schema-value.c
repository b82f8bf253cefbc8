/* SPDX-License-Identifier: GPL-2.0-only */
/* One value of a key file: from text into its field, and back. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "conf/schema.h"

#define MIB (UINT64_C(1) << 20)

void *schema_field(const void *object, size_t offset)
{
	return (char *)(uintptr_t)object + offset;
}

static const char units[] = "KMGT";

/* 1536M, 1G and the like; 0 for what is not a whole number of KiB. */
static char *format_size(double bytes)
{
	uint64_t n = (uint64_t)bytes / 1024;
	size_t u = 0;

	while (u + 2 < sizeof(units) && n && n % 1024 == 0) {
		n /= 1024;
		u++;
	}
	return g_strdup_printf("%" G_GUINT64_FORMAT "%c", n, units[u]);
}

char *schema_allowed(const struct schema_key *key)
{
	switch (key->type) {
	case SCHEMA_WORD:
	case SCHEMA_WORD_N:
		return words_text(key->words, ", ");
	case SCHEMA_SWITCH:
		return g_strdup("on, off");
	case SCHEMA_NUMBER:
		return g_strdup_printf("%.0f..%.0f", key->min, key->max);
	case SCHEMA_SECONDS:
		return g_strdup_printf("%g..%g", key->min, key->max);
	case SCHEMA_SIZE: {
		g_autofree char *min = format_size(key->min), *max = format_size(key->max);

		return g_strdup_printf("%s..%s", min, max);
	}
	case SCHEMA_LIST:
	case SCHEMA_ITEMS:
	case SCHEMA_PAIRS:
		return g_strdup(key->members);
	case SCHEMA_TEXT:
	case SCHEMA_LINES:
	case SCHEMA_ARGS:
		break;
	}
	return g_strdup("text");
}

static bool bad(const struct schema_key *key, const char *text, GError **error)
{
	g_autofree char *allowed = schema_allowed(key);
	const char *near = key->type == SCHEMA_WORD ? word_nearest(key->words, text) : NULL;

	return vtdlab_refuse(error, "'%s' is not allowed; allowed: %s%s%s%s", text, allowed,
			     near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static bool parse_text(const struct schema_key *key, char **field, const char *text, GError **error)
{
	g_autoptr(GError) why = NULL;

	if (!g_utf8_validate(text, -1, NULL))
		return vtdlab_refuse(error, "the value is not UTF-8");
	for (const char *p = text; *p; p = g_utf8_next_char(p))
		if (text_control(g_utf8_get_char(p)) && !(*p == '\n' && key->type == SCHEMA_LINES))
			return vtdlab_refuse(error,
					     "the value has a control character at byte %zu; it must be one line",
					     (size_t)(p - text) + 1);
	if (key->type == SCHEMA_ARGS && *text && !g_shell_parse_argv(text, NULL, NULL, &why))
		return vtdlab_refuse(error, "cannot be split into words: %s", why->message);
	g_free(*field);
	*field = g_strdup(text);
	return true;
}

static bool parse_number(const struct schema_key *key, unsigned int *field, const char *text, GError **error)
{
	guint64 n;

	if (!*text || text[strspn(text, "0123456789")] ||
	    !g_ascii_string_to_unsigned(text, 10, (guint64)key->min, (guint64)key->max, &n, NULL))
		return bad(key, text, error);
	*field = n;
	return true;
}

/* "cpu:3", where "cpu:N" is a word; or a word without a number. */
static bool parse_word_n(const struct schema_key *key, void *object, const char *text, GError **error)
{
	const char *colon = strchr(text, ':');
	g_autofree char *word = colon ? g_strdup_printf("%.*s:N", (int)(colon - text), text) : g_strdup(text);
	unsigned int number;
	int value;

	if (!word_value(key->words, word, &value) || (colon && !parse_number(key, &number, colon + 1, NULL)))
		return bad(key, text, error);
	if (colon)
		*(unsigned int *)schema_field(object, key->second) = number;
	*(int *)schema_field(object, key->offset) = value;
	return true;
}

static bool parse_seconds(const struct schema_key *key, double *field, const char *text, GError **error)
{
	char *end;
	double v;

	if (!g_ascii_isdigit(*text) || text[strspn(text, "0123456789.")])
		return bad(key, text, error);
	v = g_ascii_strtod(text, &end);
	if (*end || !isfinite(v) || v < key->min || v > key->max)
		return bad(key, text, error);
	*field = v;
	return true;
}

static bool parse_size(const struct schema_key *key, uint64_t *field, const char *text, GError **error)
{
	size_t digits = strspn(text, "0123456789");
	const char *unit = text[digits] ? strchr(units, g_ascii_toupper(text[digits])) : NULL;
	guint64 n;

	if (digits && !text[digits])
		return vtdlab_refuse(error, "'%s' has no unit; write %sM or %sG", text, text, text);
	if (!digits || digits > 12 || !unit || text[digits + 1])
		return bad(key, text, error);
	n = g_ascii_strtoull(text, NULL, 10);
	double bytes = (double)n * pow(1024, (double)(unit - units) + 1);

	if (bytes < key->min || bytes > key->max)
		return bad(key, text, error);
	n <<= 10 * (unit - units + 1);
	if (n % MIB)
		return vtdlab_refuse(error, "'%s' is not a whole number of MiB", text);
	*field = n;
	return true;
}

char **schema_value_list(const char *text)
{
	g_auto(GStrv) parts = g_strsplit_set(text, "; ,", -1);
	GPtrArray *out = g_ptr_array_new();

	for (char **p = parts; *p; p++)
		if (**p)
			g_ptr_array_add(out, g_strdup(*p));
	g_ptr_array_add(out, NULL);
	return (char **)g_ptr_array_free(out, FALSE);
}

/* A part that does not begin as an item does goes on with the one before. */
static bool parse_items(const struct schema_key *key, char ***field, const char *text, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(text, ";", -1);
	g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(g_free);

	for (char **p = parts; *p; p++) {
		char *last = items->len ? items->pdata[items->len - 1] : NULL;

		if (g_regex_match_simple(key->item, g_strstrip(*p), 0, 0)) {
			g_ptr_array_add(items, g_strdup(*p));
		} else if (last) {
			items->pdata[items->len - 1] = g_strconcat(last, ";", *p, NULL);
			g_free(last);
		} else if (**p) {
			return vtdlab_refuse(error, "'%s': want %s", *p, key->members);
		}
	}
	g_ptr_array_add(items, NULL);
	g_strfreev(*field);
	*field = (char **)g_ptr_array_steal(items, NULL);
	return true;
}

bool schema_value_parse(const struct schema_key *key, void *object, const char *text, GError **error)
{
	void *field = schema_field(object, key->offset);

	switch (key->type) {
	case SCHEMA_TEXT:
	case SCHEMA_LINES:
	case SCHEMA_ARGS:
		return parse_text(key, field, text, error);
	case SCHEMA_WORD:
		return word_value(key->words, text, field) || bad(key, text, error);
	case SCHEMA_WORD_N:
		return parse_word_n(key, object, text, error);
	case SCHEMA_SWITCH:
		if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
			return bad(key, text, error);
		*(bool *)field = text[1] == 'n';
		return true;
	case SCHEMA_NUMBER:
		return parse_number(key, field, text, error);
	case SCHEMA_SECONDS:
		return parse_seconds(key, field, text, error);
	case SCHEMA_SIZE:
		return parse_size(key, field, text, error);
	case SCHEMA_ITEMS:
		return parse_items(key, field, text, error);
	case SCHEMA_PAIRS:
		g_strfreev(*(char ***)field);
		*(char ***)field = g_strsplit(text, "\n", -1);
		return true;
	case SCHEMA_LIST:
		break;
	}
	g_strfreev(*(char ***)field);
	*(char ***)field = schema_value_list(text);
	return true;
}

char *schema_value(const struct schema_key *key, const void *object)
{
	const void *field = schema_field(object, key->offset);
	const char *word;

	switch (key->type) {
	case SCHEMA_TEXT:
	case SCHEMA_LINES:
	case SCHEMA_ARGS:
		return g_strdup(*(char *const *)field);
	case SCHEMA_WORD:
	case SCHEMA_WORD_N:
		word = word_of(key->words, *(const int *)field);
		if (key->type == SCHEMA_WORD_N && word && g_str_has_suffix(word, ":N"))
			return g_strdup_printf("%.*s%u", (int)strlen(word) - 1, word,
					       *(unsigned int *)schema_field(object, key->second));
		return g_strdup(word ? word : "?");
	case SCHEMA_SWITCH:
		return g_strdup(*(const bool *)field ? "on" : "off");
	case SCHEMA_NUMBER:
		return g_strdup_printf("%u", *(const unsigned int *)field);
	case SCHEMA_SECONDS:
		return g_strdup_printf("%g", *(const double *)field);
	case SCHEMA_SIZE:
		return format_size((double)*(const uint64_t *)field);
	case SCHEMA_PAIRS:
		return g_strjoinv("\n", *(char **const *)field);
	case SCHEMA_LIST:
	case SCHEMA_ITEMS:
		break;
	}
	return g_strjoinv(";", *(char **const *)field);
}
