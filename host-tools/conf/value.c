/* SPDX-License-Identifier: GPL-2.0-only */
/* One value of a scenario: from text into its field, and back. */
#include "conf/value.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/words.h"

G_STATIC_ASSERT(sizeof(enum machine_iommu_mode) == sizeof(int));
G_STATIC_ASSERT(sizeof(enum conf_trigger) == sizeof(int));

static void *field(const struct scenario *s, const struct conf_key *key)
{
	return (char *)(uintptr_t)s + key->offset;
}

static bool has_words(const struct conf_key *key)
{
	return key->words && key->type != CONF_TRIGGER_WORD;
}

/* 1536M, 1G and the like; 0 for what is not a whole number of KiB. */
static char *format_size(double bytes)
{
	static const char units[] = "KMGT";
	uint64_t n = (uint64_t)bytes / 1024;
	size_t u = 0;

	while (u + 2 < sizeof(units) && n && n % 1024 == 0) {
		n /= 1024;
		u++;
	}
	return g_strdup_printf("%" G_GUINT64_FORMAT "%c", n, units[u]);
}

char *conf_key_allowed(const struct conf_key *key)
{
	switch (key->type) {
	case CONF_WORD:
	case CONF_CHOICE:
	case CONF_TRIGGER_WORD:
		return words_text(key->words, ", ");
	case CONF_SWITCH:
		return g_strdup("on, off");
	case CONF_NUMBER:
		return g_strdup_printf("%.0f..%.0f", key->min, key->max);
	case CONF_SECONDS:
		return g_strdup_printf("%g..%g", key->min, key->max);
	case CONF_SIZE: {
		g_autofree char *min = format_size(key->min), *max = format_size(key->max);

		return g_strdup_printf("%s..%s", min, max);
	}
	case CONF_CHECKS:
		return g_strdup("names of `vtdlab list checks`");
	case CONF_TEXT:
		break;
	}
	return g_strdup("text");
}

static bool bad(const struct conf_key *key, const char *text, GError **error)
{
	g_autofree char *allowed = conf_key_allowed(key);
	const char *near = has_words(key) ? word_nearest(key->words, text) : NULL;

	g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "'%s' is not allowed; allowed: %s%s%s%s", text, allowed,
		    near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
	return false;
}

static bool parse_text(struct scenario *s, const struct conf_key *key, const char *text, GError **error)
{
	bool lines = strcmp(key->key, "description") == 0;

	if (!g_utf8_validate(text, -1, NULL)) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "the value is not UTF-8");
		return false;
	}
	for (const char *p = text; *p; p++)
		if (g_ascii_iscntrl(*p) && !(*p == '\n' && lines)) {
			g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE,
				    "the value has a control character at byte %zu; it must be one "
				    "line",
				    (size_t)(p - text) + 1);
			return false;
		}
	if (strcmp(key->key, "qemu-args") == 0 && *text) {
		g_autoptr(GError) why = NULL;

		if (!g_shell_parse_argv(text, NULL, NULL, &why)) {
			g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "cannot be split into words: %s",
				    why->message);
			return false;
		}
	}
	char **dst = field(s, key);

	g_free(*dst);
	*dst = g_strdup(text);
	return true;
}

static bool parse_word(struct scenario *s, const struct conf_key *key, const char *text, GError **error)
{
	return word_value(key->words, text, field(s, key)) || bad(key, text, error);
}

static bool all_digits(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

static bool parse_trigger(struct scenario *s, const struct conf_key *key, const char *text, GError **error)
{
	guint64 cpu = 0;

	if (g_str_has_prefix(text, "cpu:")) {
		if (!all_digits(text + 4) || !g_ascii_string_to_unsigned(text + 4, 10, 0, 63, &cpu, NULL))
			return bad(key, text, error);
		s->crash.trigger_cpu = cpu;
		return parse_word(s, key, "cpu:N", error);
	}
	if (strcmp(text, "cpu:N") == 0)
		return bad(key, text, error);
	return parse_word(s, key, text, error);
}

static bool parse_number(struct scenario *s, const struct conf_key *key, const char *text, GError **error)
{
	guint64 n;

	if (!all_digits(text) || !g_ascii_string_to_unsigned(text, 10, (guint64)key->min, (guint64)key->max, &n, NULL))
		return bad(key, text, error);
	*(unsigned int *)field(s, key) = n;
	return true;
}

static bool parse_seconds(struct scenario *s, const struct conf_key *key, const char *text, GError **error)
{
	char *end;
	double v;

	if (!g_ascii_isdigit(*text) || text[strspn(text, "0123456789.")])
		return bad(key, text, error);
	v = g_ascii_strtod(text, &end);
	if (*end || !isfinite(v) || v < key->min || v > key->max)
		return bad(key, text, error);
	*(double *)field(s, key) = v;
	return true;
}

static bool parse_size(struct scenario *s, const struct conf_key *key, const char *text, GError **error)
{
	static const char units[] = "KMGT";
	size_t digits = strspn(text, "0123456789");
	const char *unit = text[digits] ? strchr(units, g_ascii_toupper(text[digits])) : NULL;
	guint64 n;

	if (digits && !text[digits]) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "'%s' has no unit; write %sM or %sG", text, text,
			    text);
		return false;
	}
	if (!digits || digits > 12 || !unit || text[digits + 1])
		return bad(key, text, error);
	n = g_ascii_strtoull(text, NULL, 10);
	double bytes = (double)n * pow(1024, (double)(unit - units) + 1);

	if (bytes < key->min || bytes > key->max)
		return bad(key, text, error);
	n <<= 10 * (unit - units + 1);
	if (n % (1024 * 1024)) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "'%s' is not a whole number of MiB", text);
		return false;
	}
	*(uint64_t *)field(s, key) = n;
	return true;
}

char **conf_value_checks(const char *text)
{
	g_auto(GStrv) parts = g_strsplit_set(text, "; ,", -1);
	GPtrArray *out = g_ptr_array_new();

	for (char **p = parts; *p; p++)
		if (**p)
			g_ptr_array_add(out, g_strdup(*p));
	g_ptr_array_add(out, NULL);
	return (char **)g_ptr_array_free(out, FALSE);
}

bool conf_value_parse(struct scenario *s, const struct conf_key *key, const char *text, GError **error)
{
	switch (key->type) {
	case CONF_TEXT:
		return parse_text(s, key, text, error);
	case CONF_WORD:
	case CONF_CHOICE:
		return parse_word(s, key, text, error);
	case CONF_TRIGGER_WORD:
		return parse_trigger(s, key, text, error);
	case CONF_SWITCH:
		if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
			return bad(key, text, error);
		*(bool *)field(s, key) = text[1] == 'n';
		return true;
	case CONF_NUMBER:
		return parse_number(s, key, text, error);
	case CONF_SECONDS:
		return parse_seconds(s, key, text, error);
	case CONF_SIZE:
		return parse_size(s, key, text, error);
	case CONF_CHECKS:
		break;
	}
	char ***list = field(s, key);

	g_strfreev(*list);
	*list = conf_value_checks(text);
	return true;
}

char *conf_key_value(const struct scenario *s, const struct conf_key *key)
{
	const void *at = field(s, key);
	int value;

	switch (key->type) {
	case CONF_TEXT:
		return g_strdup(*(char *const *)at);
	case CONF_TRIGGER_WORD:
		if (s->crash.trigger == CONF_TRIGGER_CPU)
			return g_strdup_printf("cpu:%u", s->crash.trigger_cpu);
		/* fall through */
	case CONF_WORD:
	case CONF_CHOICE:
		memcpy(&value, at, sizeof(value));
		return g_strdup(word_of(key->words, value));
	case CONF_SWITCH:
		return g_strdup(*(const bool *)at ? "on" : "off");
	case CONF_NUMBER:
		return g_strdup_printf("%u", *(const unsigned int *)at);
	case CONF_SECONDS:
		return g_strdup_printf("%g", *(const double *)at);
	case CONF_SIZE:
		return format_size((double)*(const uint64_t *)at);
	case CONF_CHECKS:
		break;
	}
	return g_strjoinv(";", *(char **const *)at);
}

void conf_value_clear(struct scenario *s, const struct conf_key *key)
{
	if (key->type == CONF_TEXT)
		g_clear_pointer((char **)field(s, key), g_free);
	else if (key->type == CONF_CHECKS)
		g_clear_pointer((char ***)field(s, key), g_strfreev);
}
