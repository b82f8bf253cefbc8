/* SPDX-License-Identifier: GPL-2.0-only */
/* What a step of a test did how often, and how a test is called in a table. */
#include "results/bench-doc.h"

#include <string.h>

#define LABEL_MIN 16
#define LABEL_MAX 60

const struct bench_series *bench_series_find(const GPtrArray *list, const char *name)
{
	for (guint i = 0; i < list->len; i++) {
		const struct bench_series *s = list->pdata[i];

		if (strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

static const char *option_value(const struct bench_test *t, const char *name)
{
	for (guint i = 0; i < t->options->len; i++) {
		const struct bench_option *o = t->options->pdata[i];

		if (strcmp(o->name, name) == 0)
			return o->value;
	}
	return "";
}

static uint64_t count_of(const struct bench_test *t, const char *name)
{
	const struct bench_series *s = bench_series_find(t->counts, name);

	return s ? s->median : 0;
}

/* An exit that no handler of the program counts (CPUID) happened as often as it was asked for. */
static uint64_t exits_of(const struct bench_test *t, const char *step)
{
	g_autofree char *name = g_strconcat(step, "_exits", NULL);
	uint64_t counted = count_of(t, name);
	guint64 each;

	if (strcmp(step, "nothing") == 0)
		return 0;
	if (counted)
		return counted;
	if (!g_ascii_string_to_unsigned(option_value(t, "count"), 10, 0, G_MAXUINT32, &each, NULL) ||
	    t->vcpus > G_MAXUINT32)
		return 0;
	return each * t->vcpus;
}

/* "dirty_2" is for the pages written in round 2, "get_2" and "clear_2" for those that were dirty. */
static uint64_t dirty_log_items(const struct bench_test *t, const char *step)
{
	const char *number = strrchr(step, '_');
	g_autofree char *name = NULL;

	if (!number)
		return count_of(t, "pages");
	name = g_strconcat(g_str_has_prefix(step, "dirty_") ? "pages_written" : "pages_dirty", number, NULL);
	return count_of(t, name);
}

uint64_t bench_items(const struct bench_test *t, const struct bench_series *step)
{
	if (strcmp(t->name, "exits") == 0)
		return exits_of(t, step->name);
	if (strcmp(t->name, "dirty-log") == 0)
		return dirty_log_items(t, step->name);
	/* there the time is one change's already */
	if (strcmp(t->name, "memslot-churn") == 0)
		return 1;
	if (strcmp(t->name, "vfio-dma") == 0 && g_str_has_suffix(step->name, "_single"))
		return count_of(t, "single_pages");
	if (strcmp(t->name, "nested") == 0 && strcmp(step->name, "trips") == 0)
		return count_of(t, "l3_exits");
	return count_of(t, "pages");
}

/* "16777216" as "16M", where it is the size of something. */
static char *value_text(const struct bench_option *o)
{
	bool size = strcmp(o->name, "memory") == 0 || strcmp(o->name, "chunk") == 0;
	guint64 bytes;

	if (!size || !g_ascii_string_to_unsigned(o->value, 10, 1, G_MAXUINT64, &bytes, NULL))
		return g_strdup(o->value);
	for (int shift = 30; shift > 0; shift -= 10)
		if (bytes % (G_GUINT64_CONSTANT(1) << shift) == 0)
			return g_strdup_printf("%" G_GUINT64_FORMAT "%c", bytes >> shift,
					       shift == 30 ? 'G' :
					       shift == 20 ? 'M' :
							     'K');
	return g_strdup(o->value);
}

char *bench_label(const struct bench_doc *doc, const struct bench_test *t, bool vcpus)
{
	const struct bench_test *first = NULL;
	g_autoptr(GString) out = g_string_new(t->name);

	if (vcpus)
		g_string_append_printf(out, " vcpus=%" G_GUINT64_FORMAT, t->vcpus);
	for (guint i = 0; !first && i < doc->tests->len; i++) {
		const struct bench_test *other = doc->tests->pdata[i];

		if (strcmp(other->name, t->name) == 0)
			first = other;
	}
	for (guint i = 0; first && i < t->options->len; i++) {
		const struct bench_option *o = t->options->pdata[i];
		g_autofree char *value = value_text(o);

		if (strcmp(option_value(first, o->name), o->value) == 0 || strcmp(o->name, "vcpus") == 0)
			continue;
		g_string_append_printf(out, " %s", o->name);
		if (strcmp(value, "yes") != 0)
			g_string_append_printf(out, "=%s", value);
	}
	return g_strdup(out->str);
}

int bench_label_width(struct bench_doc *const *docs, guint n, bool vcpus)
{
	size_t width = LABEL_MIN;

	for (guint d = 0; d < n; d++)
		for (guint i = 0; i < docs[d]->tests->len; i++) {
			g_autofree char *label = bench_label(docs[d], docs[d]->tests->pdata[i], vcpus);

			width = MAX(width, strlen(label));
		}
	return (int)MIN(width, LABEL_MAX);
}

/* The test with all its options: two measurements with one key are of the same work. Rounds and deadline are how long it was looked at, not what was done. */
static char *key_of(const struct bench_test *t)
{
	static const char *const beside[] = { "repeat", "warmup", "deadline", NULL };
	g_autoptr(GString) out = g_string_new(t->name);

	for (guint i = 0; i < t->options->len; i++) {
		const struct bench_option *o = t->options->pdata[i];

		if (!g_strv_contains(beside, o->name))
			g_string_append_printf(out, " %s=%s", o->name, o->value);
	}
	return g_strdup(out->str);
}

const struct bench_test *bench_test_like(const struct bench_doc *doc, const struct bench_doc *of, guint at)
{
	g_autofree char *key = key_of(of->tests->pdata[at]);
	unsigned nth = 0;

	for (guint i = 0; i < at; i++) {
		g_autofree char *other = key_of(of->tests->pdata[i]);

		nth += strcmp(key, other) == 0;
	}
	for (guint i = 0; i < doc->tests->len; i++) {
		g_autofree char *other = key_of(doc->tests->pdata[i]);

		if (strcmp(key, other) == 0 && !nth--)
			return doc->tests->pdata[i];
	}
	return NULL;
}
