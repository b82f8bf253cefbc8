/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines that a lab kernel logs of its copy. Nothing in them is trusted. */
#include "evidence/kdump-log.h"

#include <stdio.h>
#include <string.h>

#include "base/sid.h"
#include "base/text.h"
#include "vtd/mem.h"

#define MARK "DMAR: kdump: "
#define VALUES_MAX 16
#define WORD_MAX 16

/* What one key=value of a line holds. */
struct value {
	uint64_t number;     /* N, H, S */
	char word[WORD_MAX]; /* W */
};

/*
 * A kind of line: its words in their order, each "key=" and behind it what the value is. N: decimal, H: 0x and
 * hexadecimal, D: device bb:dd.f with or without "0000:", W: a word, S: decimal, may be negative, Q: text in
 * quotes. A word without '=' stands for itself.
 */
struct grammar {
	const char *words;
	bool (*take)(struct evidence *ev, const struct value *v);
};

static uint16_t sid_of(const struct value *v)
{
	return (uint16_t)v->number;
}

/* The entry of a device, made if the log has not named it yet; NULL: there are too many. */
static struct evidence_kdump_context *context_of(struct evidence *ev, const struct value *dev,
						 const struct value *pasid)
{
	struct evidence_kdump_context fresh = { .sid = sid_of(dev), .pasid = (unsigned)pasid->number };

	for (unsigned i = 0; i < ev->kdump_contexts->len; i++) {
		struct evidence_kdump_context *c = &g_array_index(ev->kdump_contexts, struct evidence_kdump_context, i);

		if (c->sid == fresh.sid && c->pasid == fresh.pasid)
			return c;
	}
	if (ev->kdump_contexts->len >= KDUMP_RANGES_MAX)
		return NULL;
	g_array_append_val(ev->kdump_contexts, fresh);
	return &g_array_index(ev->kdump_contexts, struct evidence_kdump_context, ev->kdump_contexts->len - 1);
}

static bool take_mode(struct evidence *ev, const struct value *v)
{
	(void)ev;
	(void)v;
	return true;
}

/* An entry is told of once. */
static bool take_context(struct evidence *ev, const struct value *v)
{
	static const char *const modes[] = { "legacy", "scalable", NULL };
	static const char *const types[] = { "second", "first", "pass-through", NULL };
	static const char *const results[] = { "deep", "shallow", "log", "reserve", NULL };
	struct evidence_kdump_context *c;

	if (!g_strv_contains(modes, v[2].word) || !g_strv_contains(types, v[5].word) ||
	    !g_strv_contains(results, v[14].word))
		return false;
	c = context_of(ev, &v[1], &v[3]);
	if (!c || *c->result)
		return false;
	c->scalable = strcmp(v[2].word, "scalable") == 0;
	g_strlcpy(c->type, v[5].word, sizeof(c->type));
	c->old_root = v[7].number;
	c->new_root = v[8].number;
	c->tables = v[9].number;
	c->leaves = v[10].number;
	c->ranges = c->shown = v[11].number;
	c->over = v[12].number;
	g_strlcpy(c->result, v[14].word, sizeof(c->result));
	return true;
}

static bool take_refused(struct evidence *ev, const struct value *v)
{
	struct evidence_kdump_context *c = context_of(ev, &v[1], &v[2]);

	if (c)
		c->refused = true;
	return c;
}

/* @ends: two values, first and last. */
static bool add_range(struct evidence *ev, enum evidence_oracle_source source, const struct value *dev, uint64_t pasid,
		      const struct value *ends)
{
	struct evidence_oracle_range r = { .source = (char)source,
					   .sid = sid_of(dev),
					   .pasid = (unsigned)pasid,
					   .start = ends[0].number,
					   .last = ends[1].number };

	if (r.start > r.last || (r.start & ~VTD_PAGE_MASK) || ((r.last + 1) & ~VTD_PAGE_MASK) ||
	    ev->oracle_ranges->len >= KDUMP_RANGES_MAX)
		return false;
	g_array_append_val(ev->oracle_ranges, r);
	return true;
}

static bool take_range(struct evidence *ev, const struct value *v)
{
	return add_range(ev, ORACLE_LOG, &v[1], v[2].number, &v[3]);
}

/* "shown=64 of=10000", behind the entry it is about: the other ranges are in debugfs only. */
static bool take_shown(struct evidence *ev, const struct value *v)
{
	for (unsigned i = ev->kdump_contexts->len; i-- > 0;) {
		struct evidence_kdump_context *c = &g_array_index(ev->kdump_contexts, struct evidence_kdump_context, i);

		if (c->sid != sid_of(&v[1]))
			continue;
		if (v[2].number > v[3].number || v[3].number != c->ranges)
			return false;
		c->shown = v[2].number;
		return true;
	}
	return false;
}

/* Entries of PASIDs, by the thousands: the log has the first of them. */
static bool take_entries(struct evidence *ev, const struct value *v)
{
	if (v[1].number > v[2].number)
		return false;
	ev->kdump_hidden += v[2].number - v[1].number;
	return true;
}

static bool take_copy(struct evidence *ev, const struct value *v)
{
	struct evidence_kdump_copy c = {
		.unit = (unsigned)v[0].number,
		.err = (int)(int64_t)v[1].number,
		.contexts = v[2].number,
		.trees = v[3].number,
		.tables = v[4].number,
		.leaves = v[5].number,
		.ranges = v[6].number,
		.bytes = v[7].number,
		.t_scan_ns = (int64_t)v[8].number,
		.t_copy_ns = (int64_t)v[9].number,
		.t_total_ns = (int64_t)v[10].number,
	};

	if (ev->kdump_copies->len >= 256)
		return false;
	g_array_append_val(ev->kdump_copies, c);
	return true;
}

static bool add_device(struct evidence *ev, char what, const struct value *v, uint64_t over, int64_t t_ns)
{
	struct evidence_kdump_device d = { .what = what,
					   .sid = sid_of(&v[0]),
					   .ranges = v[1].number,
					   .pages = v[2].number,
					   .spared = v[3].number,
					   .failed = v[4].number,
					   .over = over,
					   .t_ns = t_ns };

	if (ev->kdump_devices->len >= 65536)
		return false;
	g_array_append_val(ev->kdump_devices, d);
	return true;
}

static bool take_reserve(struct evidence *ev, const struct value *v)
{
	return add_device(ev, 'r', v, v[5].number, (int64_t)v[6].number);
}

static bool take_graft(struct evidence *ev, const struct value *v)
{
	return add_device(ev, 'g', v, 0, (int64_t)v[5].number);
}

static const struct grammar grammars[] = {
	{ "mode=W max_pages=N old_ram=N ranges", take_mode },
	{ "mode=W why=Q", take_mode },
	{ "ctx unit=N dev=D mode=W pasid=N did=N type=W levels=N old_root=H new_root=H tables=N "
	  "leaves=N ranges=N over=N shared=N result=W",
	  take_context },
	{ "refused unit=N dev=D pasid=N where=H why=Q", take_refused },
	{ "range unit=N dev=D pasid=N first=H last=H", take_range },
	{ "ranges unit=N dev=D shown=N of=N", take_shown },
	{ "entries unit=N shown=N of=N", take_entries },
	{ "copy unit=N err=S contexts=N trees=N tables=N leaves=N ranges=N bytes=N t_scan_ns=N "
	  "t_copy_ns=N t_total_ns=N",
	  take_copy },
	{ "reserve dev=D ranges=N pages=N overlapped=N failed=N over=N t_ns=N", take_reserve },
	{ "graft dev=D runs=N pages=N skipped=N failed=N t_ns=N", take_graft },
};

/* Decimal digits, at most 18 of them; a minus only where @negative allows one. */
static bool take_decimal(const char *p, size_t len, bool negative, uint64_t *out)
{
	bool minus = negative && len > 1 && *p == '-';

	p += minus;
	len -= minus;
	if (!len || len > 18 || strspn(p, "0123456789") < len)
		return false;
	*out = g_ascii_strtoull(p, NULL, 10);
	if (minus)
		*out = -*out;
	return true;
}

/* "00:1f.2" or "0000:00:1f.2", and nothing that only looks like it. */
static bool take_device(const char *p, size_t len, uint64_t *out)
{
	uint16_t sid;

	if (sid_read(p, &sid) != len)
		return false;
	*out = sid;
	return true;
}

static bool take_word(const char *p, size_t len, char out[WORD_MAX])
{
	if (!len || len >= WORD_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!g_ascii_isalnum(p[i]) && p[i] != '-')
			return false;
	memcpy(out, p, len);
	out[len] = '\0';
	return true;
}

static bool take_value(char type, const char *p, size_t len, struct value *v)
{
	switch (type) {
	case 'N':
	case 'S':
		return take_decimal(p, len, type == 'S', &v->number);
	case 'H':
		return text_hex(p, &v->number) == len;
	case 'D':
		return take_device(p, len, &v->number);
	case 'W':
		return take_word(p, len, v->word);
	default: /* Q: the rest of the line, between two quotes */
		return len >= 2 && p[0] == '"' && memchr(p + 1, '"', len - 1) == p + len - 1;
	}
}

/* Is @line of this grammar, from its first to its last character? */
static bool matches(const struct grammar *g, const char *line, struct value *v)
{
	const char *w = g->words;

	for (unsigned n = 0;; n++) {
		size_t len = strcspn(w, " ");
		bool plain = !memchr(w, '=', len);
		size_t key = plain ? len : len - 1;
		const char *end;

		if (strncmp(line, w, key) != 0)
			return false;
		line += key;
		if (!plain) {
			end = w[key] == 'Q' ? line + strlen(line) : line + strcspn(line, " ");
			if (!take_value(w[key], line, (size_t)(end - line), v++))
				return false;
			line = end;
		}
		w += len;
		if (!*w)
			return !*line;
		if (*line++ != ' ')
			return false;
		w++;
	}
}

static bool understood(struct evidence *ev, const char *line)
{
	for (size_t i = 0; i < G_N_ELEMENTS(grammars); i++) {
		struct value v[VALUES_MAX] = { 0 };

		if (matches(&grammars[i], line, v))
			return grammars[i].take(ev, v);
	}
	return false;
}

/* "[    1.234567] " in front, if there is one, and nothing else. */
static const char *behind_time(const char *line)
{
	const char *p = line;

	if (*p != '[')
		return line;
	p += 1 + strspn(p + 1, " ");
	p += strspn(p, "0123456789.");
	return g_str_has_prefix(p, "] ") ? p + 2 : line;
}

void kdump_log_line(struct evidence *ev, const char *line)
{
	const char *p = behind_time(line);

	if (!strstr(line, "DMAR: kdump:"))
		return;
	ev->kdump_lines++;
	if (g_str_has_prefix(p, MARK) && understood(ev, p + strlen(MARK)))
		return;
	ev->kdump_bad++;
	if (!ev->kdump_bad_line)
		ev->kdump_bad_line = console_escape(line, strnlen(line, 200));
}

/* "unit device pasid first last", or "device first last": blanks between them, and nothing else. */
static bool take_row(struct evidence *ev, enum evidence_oracle_source source, const char *line)
{
	const char *types = source == ORACLE_RANGES ? "NDNHH" : "DHH";
	struct value v[5] = { 0 };

	for (unsigned i = 0; types[i]; i++) {
		size_t len = strcspn(line, " ");

		if (!take_value(types[i], line, len, &v[i]))
			return false;
		line += len;
		if (types[i + 1] && *line++ != ' ')
			return false;
	}
	if (*line)
		return false;
	return source == ORACLE_RANGES ? add_range(ev, source, &v[1], v[2].number, &v[3]) :
					 add_range(ev, source, &v[0], 0, &v[1]);
}

bool kdump_ranges_text(struct evidence *ev, enum evidence_oracle_source source, const char *text, char **problem)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (unsigned i = 0; lines[i]; i++)
		if (*lines[i] && !take_row(ev, source, lines[i])) {
			g_autofree char *safe = console_escape(lines[i], strnlen(lines[i], 60));

			*problem = g_strdup_printf("line %u is not understood: %s", i + 1, safe);
			return false;
		}
	return true;
}
