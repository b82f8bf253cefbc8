/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines that a lab kernel logs of its copy. Nothing in them is trusted. */
#include "evidence/kdump-log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/sid.h"
#include "base/text.h"
#include "evidence/fields.h"
#include "iommu/mem.h"

#define MARK "DMAR: kdump: "
#define WORD_MAX 16

/* What one line says. */
union said {
	struct evidence_kdump_context context;
	struct evidence_kdump_copy copy;
	struct evidence_kdump_device device;
	struct evidence_oracle_range range;
};

/*
 * A kind of line: its words in their order, each "key=" and behind it what the value is. N: decimal, H: 0x and
 * hexadecimal, D: device bb:dd.f with or without "0000:", W: a word, M: the mode of an entry, S: decimal, may be
 * negative, Q: text in quotes. A word without '=' stands for itself. The value goes into the field of @fields that is
 * called as the key is, "key:field=" into another one, "key:=" nowhere; ":field=" is a value that has no key.
 */
struct grammar {
	const char *words;
	const struct evidence_field *fields;
	bool (*take)(struct evidence *ev, const union said *said);
};

/* The entry of a device, made if the log has not named it yet; NULL: there are too many. */
static struct evidence_kdump_context *context_of(struct evidence *ev, const struct evidence_kdump_context *said)
{
	struct evidence_kdump_context fresh = { .sid = said->sid, .pasid = said->pasid };

	for_each_evidence(struct evidence_kdump_context, c, ev->kdump_contexts)
		if (c->sid == fresh.sid && c->pasid == fresh.pasid)
			return c;
	if (ev->kdump_contexts->len >= KDUMP_RANGES_MAX)
		return NULL;
	g_array_append_val(ev->kdump_contexts, fresh);
	return &g_array_index(ev->kdump_contexts, struct evidence_kdump_context, ev->kdump_contexts->len - 1);
}

/* What is for people. */
static bool take_nothing(struct evidence *ev, const union said *said)
{
	(void)ev;
	(void)said;
	return true;
}

/* An entry is told of once. */
static bool take_context(struct evidence *ev, const union said *said)
{
	struct evidence_kdump_context *c = context_of(ev, &said->context);
	bool refused;

	if (!c || c->result)
		return false;
	refused = c->refused;
	*c = said->context;
	c->refused = refused;
	c->shown = c->ranges;
	return true;
}

static bool take_refused(struct evidence *ev, const union said *said)
{
	struct evidence_kdump_context *c = context_of(ev, &said->context);

	if (c)
		c->refused = true;
	return c;
}

static bool add_range(struct evidence *ev, enum evidence_oracle_source source, struct evidence_oracle_range r)
{
	if (r.start > r.last || (r.start & ~IOMMU_PAGE_MASK) || ((r.last + 1) & ~IOMMU_PAGE_MASK) ||
	    ev->oracle_ranges->len >= KDUMP_RANGES_MAX)
		return false;
	r.source = source;
	g_array_append_val(ev->oracle_ranges, r);
	return true;
}

static bool take_range(struct evidence *ev, const union said *said)
{
	return add_range(ev, ORACLE_LOG, said->range);
}

/* "shown=64 of=10000", behind the entry it is about: the other ranges are in debugfs only. */
static bool take_shown(struct evidence *ev, const union said *said)
{
	const struct evidence_kdump_context *now = &said->context;

	for (unsigned i = ev->kdump_contexts->len; i-- > 0;) {
		struct evidence_kdump_context *c = &g_array_index(ev->kdump_contexts, struct evidence_kdump_context, i);

		if (c->sid != now->sid)
			continue;
		if (now->shown > now->ranges || now->ranges != c->ranges)
			return false;
		c->shown = now->shown;
		return true;
	}
	return false;
}

/* Entries of PASIDs, by the thousands: the log has the first of them. */
static bool take_entries(struct evidence *ev, const union said *said)
{
	const struct evidence_kdump_context *now = &said->context;

	if (now->shown > now->ranges)
		return false;
	ev->kdump_hidden += now->ranges - now->shown;
	return true;
}

static bool take_copy(struct evidence *ev, const union said *said)
{
	if (ev->kdump_copies->len >= 256)
		return false;
	g_array_append_val(ev->kdump_copies, said->copy);
	return true;
}

static bool add_device(struct evidence *ev, enum evidence_kdump_what what, struct evidence_kdump_device d)
{
	if (ev->kdump_devices->len >= 65536)
		return false;
	d.what = what;
	g_array_append_val(ev->kdump_devices, d);
	return true;
}

static bool take_reserve(struct evidence *ev, const union said *said)
{
	return add_device(ev, KDUMP_RESERVED, said->device);
}

static bool take_graft(struct evidence *ev, const union said *said)
{
	return add_device(ev, KDUMP_GRAFTED, said->device);
}

static const struct grammar grammars[] = {
	{ "mode:=W max_pages:=N old_ram:=N ranges", NULL, take_nothing },
	{ "mode:=W why:=Q", NULL, take_nothing },
	{ "edges unit:=N dev:=D pasid:=N own:=N unread:=N identity:=N", NULL, take_nothing },
	{ "short dev:=D failed:=N low_free:=N", NULL, take_nothing },
	{ "lost dev:=D mappings:=N pasids:=N", NULL, take_nothing },
	{ "ctx unit:=N dev:sid=D mode:scalable=M pasid=N did:=N type=W levels:=N old_root=H new_root=H tables=N "
	  "leaves=N ranges=N over=N shared:=N result=W",
	  evidence_kdump_context_fields, take_context },
	{ "refused unit:=N dev:sid=D pasid=N where:=H why:=Q", evidence_kdump_context_fields, take_refused },
	{ "range unit:=N dev:sid=D pasid=N first:start=H last=H", evidence_oracle_range_fields, take_range },
	{ "ranges unit:=N dev:sid=D shown=N of:ranges=N", evidence_kdump_context_fields, take_shown },
	{ "entries unit:=N shown=N of:ranges=N", evidence_kdump_context_fields, take_entries },
	{ "copy unit=N err=S contexts=N trees=N tables=N leaves=N ranges=N bytes=N t_scan_ns=N "
	  "t_copy_ns=N t_total_ns=N",
	  evidence_kdump_copy_fields, take_copy },
	{ "reserve dev:sid=D ranges=N pages=N overlapped:spared=N failed=N over=N t_ns=N", evidence_kdump_device_fields,
	  take_reserve },
	{ "graft dev:sid=D runs:ranges=N pages=N skipped:spared=N failed=N t_ns=N", evidence_kdump_device_fields,
	  take_graft },
};
/* A row of debugfs: "unit device pasid first last", "device first last". */
static const struct grammar ranges_row = { ":=N :sid=D :pasid=N :start=H :last=H", evidence_oracle_range_fields, NULL },
			    reserved_row = { ":sid=D :start=H :last=H", evidence_oracle_range_fields, NULL };

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

static void put_number(const struct evidence_field *f, void *base, uint64_t n)
{
	void *p = (char *)base + f->offset;

	switch (f->type) {
	case FIELD_BOOL:
		*(bool *)p = n;
		break;
	case FIELD_INT:
		*(int *)p = (int)(int64_t)n;
		break;
	case FIELD_UNSIGNED:
		*(unsigned *)p = (unsigned)n;
		break;
	case FIELD_SID:
		*(uint16_t *)p = (uint16_t)n;
		break;
	case FIELD_NUMBER:
	case FIELD_HEX:
		*(uint64_t *)p = n;
		break;
	default:
		g_assert_not_reached();
	}
}

/* @f: where it goes; NULL: nowhere. */
static bool take_value(char type, const char *p, size_t len, const struct evidence_field *f, void *base)
{
	char word[WORD_MAX];
	uint64_t n = 0;
	bool ok;

	switch (type) {
	case 'N':
	case 'S':
		ok = take_decimal(p, len, type == 'S', &n);
		break;
	case 'H':
		ok = text_hex(p, &n) == len;
		break;
	case 'D':
		ok = take_device(p, len, &n);
		break;
	case 'M':
		n = len == 8 && memcmp(p, "scalable", 8) == 0;
		ok = n || (len == 6 && memcmp(p, "legacy", 6) == 0);
		break;
	case 'W':
		return take_word(p, len, word) &&
		       (!f || word_value(f->words, word, (int *)(void *)((char *)base + f->offset)));
	default: /* Q: the rest of the line, between two quotes */
		return len >= 2 && p[0] == '"' && memchr(p + 1, '"', len - 1) == p + len - 1;
	}
	if (ok && f)
		put_number(f, base, n);
	return ok;
}

/* The field that the word @w of a grammar, "key=T" or "key:field=T", says; NULL: none. */
static const struct evidence_field *field_of(const struct grammar *g, const char *w)
{
	size_t key = strcspn(w, ":="), len;

	if (w[key] == ':')
		w += key + 1;
	len = strcspn(w, "=");
	if (!len)
		return NULL;
	for (const struct evidence_field *f = g->fields; f->name; f++)
		if (strncmp(f->name, w, len) == 0 && !f->name[len])
			return f;
	g_assert_not_reached();
}

/* Is @line of this grammar, from its first to its last character? */
static bool matches(const struct grammar *g, const char *line, void *said)
{
	const char *w = g->words;

	for (;;) {
		size_t len = strcspn(w, " "), key = strcspn(w, ":= ");
		bool plain = key == len;
		const char *end;

		if (strncmp(line, w, key) != 0)
			return false;
		line += key;
		if (!plain) {
			if (key && *line++ != '=')
				return false;
			end = w[len - 1] == 'Q' ? line + strlen(line) : line + strcspn(line, " ");
			if (!take_value(w[len - 1], line, (size_t)(end - line), field_of(g, w), said))
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
		union said said = { 0 };

		if (matches(&grammars[i], line, &said))
			return grammars[i].take(ev, &said);
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

	/* "** 12 printk messages dropped **": any line may be among them */
	bool lost = strstr(line, " printk messages dropped") != NULL;

	if (!lost && !strstr(line, "DMAR: kdump:"))
		return;
	ev->kdump_lines++;
	if (g_str_has_prefix(p, MARK) && understood(ev, p + strlen(MARK)))
		return;
	ev->kdump_bad++;
	if (!ev->kdump_bad_line)
		ev->kdump_bad_line = text_escape(line, strnlen(line, 200));
}

bool kdump_ranges_text(struct evidence *ev, enum evidence_oracle_source source, const char *text, char **problem)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	const struct grammar *row = source == ORACLE_RANGES ? &ranges_row : &reserved_row;

	for (unsigned i = 0; lines[i]; i++) {
		struct evidence_oracle_range r = { 0 };

		if (*lines[i] && !(matches(row, lines[i], &r) && add_range(ev, source, r))) {
			g_autofree char *safe = text_escape(lines[i], strnlen(lines[i], 60));

			*problem = g_strdup_printf("line %u is not understood: %s", i + 1, safe);
			return false;
		}
	}
	return true;
}

bool kdump_budget_text(const char *text, uint64_t *used, uint64_t *most)
{
	int end = 0;

	return sscanf(text, "budget max_pages=%" SCNu64 " used_pages=%" SCNu64 "%n", most, used, &end) == 2 &&
	       text[end] == '\n' && *used <= *most;
}
