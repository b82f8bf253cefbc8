/* SPDX-License-Identifier: GPL-2.0-only */
/* Files of the crash kernel that say which IOVAs are reserved and what translates where, as text. */
#include "evidence/kdump-log.h"

#include <string.h>

#include "base/sid.h"
#include "base/text.h"
#include "iommu/iommu.h"

/* Always false: says which line, and what it is. */
static bool not_understood(unsigned line, const char *text, char **problem)
{
	g_autofree char *safe = text_escape(text, strnlen(text, 60));

	*problem = g_strdup_printf("line %u is not understood: %s", line + 1, safe);
	return false;
}

struct evidence_oracle *kdump_oracle(struct evidence *ev, enum evidence_oracle_source source, uint16_t sid,
				     const char *problem)
{
	struct evidence_oracle o = { .source = source, .sid = sid };

	if (problem) {
		g_autofree char *safe = text_escape(problem, strnlen(problem, 100));

		g_strlcpy(o.problem, safe, sizeof(o.problem));
	}
	g_array_append_val(ev->oracles, o);
	return &g_array_index(ev->oracles, struct evidence_oracle, ev->oracles->len - 1);
}

/* As text_hex() at *@p, which moves behind it. */
static bool take_hex(const char **p, uint64_t *out)
{
	size_t len = text_hex(*p, out);

	*p += len;
	return len;
}

/* "0x0000000000000000 0x0000000000ffffff direct" */
static bool take_region(const char *p, struct evidence_oracle_range *r)
{
	return take_hex(&p, &r->start) && *p++ == ' ' && take_hex(&p, &r->last) && *p++ == ' ' && *p &&
	       !p[strspn(p, "abcdefghijklmnopqrstuvwxyz-")] && r->start <= r->last;
}

bool kdump_regions_text(struct evidence *ev, uint16_t sid, const char *text, char **problem)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (unsigned i = 0; lines[i]; i++) {
		struct evidence_oracle_range r = { .source = ORACLE_REGIONS, .sid = sid };

		if (!*lines[i])
			continue;
		if (!take_region(lines[i], &r) || ev->oracle_ranges->len >= KDUMP_RANGES_MAX)
			return not_understood(i, lines[i], problem);
		g_array_append_val(ev->oracle_ranges, r);
	}
	return true;
}

/* ---- domain_translation_struct ---- */

/* "Device 0000:00:02.0 [with pasid 0 ]@0x5d1000" */
static bool take_device(const char *line, uint16_t *sid, unsigned *pasid, uint64_t *root)
{
	const char *p = line + 7;

	*pasid = 0;
	if (!g_str_has_prefix(line, "Device ") || sid_read(p, sid) != 12 || p[12] != ' ')
		return false;
	p += 13;
	if (g_str_has_prefix(p, "with pasid ")) {
		size_t digits = strspn(p + 11, "0123456789abcdef");

		if (!digits || digits > 5 || p[11 + digits] != ' ')
			return false;
		*pasid = (unsigned)g_ascii_strtoull(p + 11, NULL, 16);
		p += 11 + digits + 1;
	}
	return *p++ == '@' && take_hex(&p, root) && !*p;
}

/*
 * "0x00000000000fe |" and behind it, each after a tab, the entries from level 5 down to the leaf; 6.1 goes on to
 * level 1 with zeroes.
 */
static bool take_leaf(const struct iommu *iommu, const char *p, struct evidence_oracle_range *r)
{
	unsigned level = 6, leaf = 0;
	uint64_t pfn, entry, last = 0, size;

	if (!take_hex(&p, &pfn) || pfn >> 52 || strncmp(p, " |", 2) != 0)
		return false;
	for (p += 2; *p == '\t' && level > 1;) {
		p++;
		level--;
		if (!take_hex(&p, &entry))
			return false;
		if (!entry)
			continue;
		leaf = level;
		last = entry;
	}
	if (*p || !leaf || leaf > 3 || !iommu)
		return false;
	r->pa = iommu->leaf(last, leaf, &size);
	r->start = pfn << IOMMU_PAGE_SHIFT;
	r->last = r->start + size - 1;
	return !(r->start & (size - 1));
}

/* Joins it to the one before if it goes on where that ends, on both sides. */
static bool add_mapping(struct evidence *ev, const struct evidence_oracle_range *r)
{
	struct evidence_oracle_range *last =
		ev->oracle_ranges->len ?
			&g_array_index(ev->oracle_ranges, struct evidence_oracle_range, ev->oracle_ranges->len - 1) :
			NULL;

	if (last && last->source == r->source && last->sid == r->sid && last->pasid == r->pasid &&
	    last->last + 1 == r->start && last->pa + (r->start - last->start) == r->pa) {
		last->last = r->last;
		return true;
	}
	if (ev->oracle_ranges->len >= KDUMP_RANGES_MAX)
		return false;
	g_array_append_val(ev->oracle_ranges, *r);
	return true;
}

bool kdump_translation_text(struct evidence *ev, const struct iommu *iommu, const char *text, char **problem)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	struct evidence_oracle_range r = { .source = ORACLE_TRANSLATION };
	bool any = false, again = false;

	for (unsigned i = 0; lines[i]; i++) {
		uint64_t root;

		if (!*lines[i] || g_str_has_prefix(lines[i], "IOVA_PFN"))
			continue;
		if (take_device(lines[i], &r.sid, &r.pasid, &root)) {
			/* 6.1 tells of a group once for each of its devices, by the name of the first. */
			again = !g_hash_table_add(seen, lines[i]);
			if (!again)
				kdump_oracle(ev, ORACLE_TRANSLATION, r.sid, NULL)->root = root;
			any = true;
		} else if (!any || !take_leaf(iommu, lines[i], &r) || (!again && !add_mapping(ev, &r))) {
			return not_understood(i, lines[i], problem);
		}
	}
	return true;
}
