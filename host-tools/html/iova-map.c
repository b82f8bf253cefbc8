/* SPDX-License-Identifier: GPL-2.0-only */
#include "html/iova-map.h"

#include <inttypes.h>
#include <string.h>

#include "base/sid.h"
#include "html/iova-axis.h"
#include "base/text.h"
#include "html/markup.h"
#include "iommu/compare.h"
#include "iommu/iommu.h"

#define WIDTH 10000
#define LEFT 2100
#define WIDTH_NARROW 4000 /* of a phone: names stand above their lanes */
#define NAME_NARROW 140
#define LANE 220
#define GAP 70
#define PIECE_GAP 90
#define STANDING_MAX 20u

enum lane_id {
	LANE_DEAD,
	LANE_RESERVED,
	LANE_STANDING,
	LANE_CRASH,
	LANE_ELSEWHERE,
	LANES,
};

static const struct {
	const char *name, *class;
} lanes[LANES] = {
	[LANE_DEAD] = { "dead kernel's", "first" },	      [LANE_RESERVED] = { "reserved: old", "resv" },
	[LANE_STANDING] = { "reserved: always", "standing" }, [LANE_CRASH] = { "crash kernel's", "crash" },
	[LANE_ELSEWHERE] = { "leads elsewhere", "clash" },
};

struct map {
	struct iommu_ranges lane[LANES];
	bool passed_through; /* the dead kernel's DMA went past the tables */
	bool no_tables;	     /* none that were in force once the crash kernel's driver had worked */
};

static void note_elsewhere(void *ctx, const struct iommu_space_diff *of, const struct iommu_stretch *s)
{
	struct map *map = ctx;

	(void)of;
	if (s->kind == IOMMU_DIFF_RETARGETED)
		iommu_ranges_add(&map->lane[LANE_ELSEWHERE], s->start, s->last);
}

/* The tables by which the crash kernel's driver of @sid had worked; those of the end where no driver took it. */
static const struct iommu_walk *tables_after(const struct evidence *ev, uint16_t sid)
{
	const struct evidence_device *dev = evidence_device_find(ev, sid);

	return evidence_state_tables(ev, dev && dev->after.host_ns ? &dev->after : &ev->end);
}

static void add_space(struct iommu_ranges *to, const struct iommu_walk *walk, const struct iommu_space *space)
{
	if (space && space->type != IOMMU_SPACE_PASS_THROUGH)
		iommu_space_ranges(walk, space, to);
}

static void fill(struct map *map, const struct evidence *ev, uint16_t sid)
{
	const struct iommu_walk *before = ev->at_panic.walk, *after = tables_after(ev, sid);
	const struct iommu_space *old = before ? iommu_walk_space(before, sid, IOMMU_NO_PASID) : NULL;
	const struct iommu_space *new = after ? iommu_walk_space(after, sid, IOMMU_NO_PASID) : NULL;
	struct iommu_space_diff diff = { 0 };

	memset(map, 0, sizeof(*map));
	map->passed_through = old && old->type == IOMMU_SPACE_PASS_THROUGH;
	map->no_tables = !after;
	add_space(&map->lane[LANE_DEAD], before, old);
	add_space(&map->lane[LANE_CRASH], after, new);
	for_each_evidence(const struct evidence_reservation, r, ev->reservations)
		if (r->kernel == EVIDENCE_CRASH && r->sid_known && r->sid == sid &&
		    r->last < UINT64_MAX >> IOMMU_PAGE_SHIFT)
			iommu_ranges_add(&map->lane[r->standing ? LANE_STANDING : LANE_RESERVED],
					 r->start << IOMMU_PAGE_SHIFT,
					 (r->last << IOMMU_PAGE_SHIFT) + IOMMU_PAGE_SIZE - 1);
	if (before && after && old && !map->passed_through)
		iommu_compare_runs(before, old, after, new, &diff, NULL, note_elsewhere, map);
}

static void map_clear(struct map *map)
{
	for (unsigned i = 0; i < LANES; i++)
		iommu_ranges_clear(&map->lane[i]);
}

/* One lane within one piece of the axis: what would be drawn closer than a pixel is drawn as one. */
static void put_ranges(GString *out, const struct iova_axis *axis, size_t i, const struct iommu_ranges *set, int y,
		       const char *class)
{
	const struct iommu_range *piece = &axis->piece[i];
	int from = -1, to = -1;

	for (size_t k = 0; k < set->n; k++) {
		const struct iommu_range *r = &set->v[k];
		int x, end;

		if (r->last < piece->start || r->start > piece->last)
			continue;
		x = iova_axis_x(axis, i, MAX(r->start, piece->start));
		end = MAX(iova_axis_x(axis, i, MIN(r->last, piece->last)), x + 12);
		if (from >= 0 && x <= to + 10) {
			to = MAX(to, end);
			continue;
		}
		if (from >= 0)
			text_markup(out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", class,
				    from, y, to - from, LANE);
		from = x;
		to = end;
	}
	if (from >= 0)
		text_markup(out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", class, from, y,
			    to - from, LANE);
}

static void put_svg(GString *out, const struct map *map, const struct iova_axis *axis, const char *who, bool narrow)
{
	int name = narrow ? NAME_NARROW : 0, bottom = 160 + LANES * (LANE + GAP + name);

	g_string_append(out, narrow ? "<div class=\"narrow\">" : "<div class=\"wide broad\" tabindex=\"0\">");
	text_markup(out,
		    "<svg viewBox=\"0 0 %d %d\" role=\"img\" "
		    "aria-label=\"IOVAs of %s by whom they were used; the table below says the same\">\n",
		    narrow ? WIDTH_NARROW : WIDTH, bottom, who);
	for (size_t i = 0; i < axis->n; i++) {
		text_markup(out, "<rect class=\"frame\" x=\"%d\" y=\"150\" width=\"%d\" height=\"%d\"/>", axis->x[i],
			    MAX(axis->width[i], 20), bottom - 150);
		text_markup(out, "<text x=\"%d\" y=\"120\">%c</text>\n", axis->x[i] + axis->width[i] / 2 - 30,
			    (int)('A' + i));
	}
	for (unsigned k = 0; k < LANES; k++) {
		int y = 160 + GAP / 2 + (int)k * (LANE + GAP + name) + name;

		text_markup(out, "<text x=\"%d\" y=\"%d\">%s</text>", narrow ? 40 : 0, narrow ? y - 30 : y + LANE - 60,
			    lanes[k].name);
		for (size_t i = 0; i < axis->n; i++)
			put_ranges(out, axis, i, &map->lane[k], y, lanes[k].class);
	}
	g_string_append(out, "</svg></div>\n");
}

static void put_drawing(GString *out, const struct map *map, const struct iommu_ranges *all, const char *who)
{
	struct iova_axis axis;

	g_string_append(out, "<figure>");
	iova_axis_make(&axis, all, LEFT, WIDTH, PIECE_GAP);
	put_svg(out, map, &axis, who, false);
	iova_axis_make(&axis, all, 0, WIDTH_NARROW, PIECE_GAP);
	put_svg(out, map, &axis, who, true);
	g_string_append(out, "</figure>\n");
}

/* The same in numbers: pages of each piece of the axis. */
static void put_table(GString *out, const struct map *map, const struct iova_axis *axis)
{
	g_string_append(out, "<div class=\"wide\" tabindex=\"0\"><table><thead><tr><th scope=\"col\"></th>"
			     "<th scope=\"col\">IOVAs</th>");
	for (unsigned k = 0; k < LANES; k++)
		text_markup(out, "<th class=\"n\" scope=\"col\">%s, pages</th>", lanes[k].name);
	g_string_append(out, "</tr></thead>\n");
	for (size_t i = 0; i < axis->n; i++) {
		text_markup(out, "<tr><th scope=\"row\">%c</th><td><code>0x%" PRIx64 "-0x%" PRIx64 "</code></td>",
			    (int)('A' + i), axis->piece[i].start, axis->piece[i].last);
		for (unsigned k = 0; k < LANES; k++) {
			uint64_t pages =
				iommu_ranges_pages_between(&map->lane[k], axis->piece[i].start, axis->piece[i].last);

			text_markup(out, "<td class=\"n%s\">%" PRIu64 "</td>",
				    k == LANE_ELSEWHERE && pages ? " bad" : "", pages);
		}
		g_string_append(out, "</tr>\n");
	}
	g_string_append(out, "</table></div>\n");
}

static void put_standing(GString *out, const struct iommu_ranges *set)
{
	if (!set->n)
		return;
	g_string_append(out, "<p class=\"dim\">Reserved by every kernel: ");
	for (size_t i = 0; i < MIN(set->n, STANDING_MAX); i++)
		text_markup(out, "%s<code>0x%" PRIx64 "-0x%" PRIx64 "</code>", i ? ", " : "", set->v[i].start,
			    set->v[i].last);
	text_markup(out, "%s.</p>\n", set->n > STANDING_MAX ? ", ..." : "");
}

static void put_map(GString *out, const struct evidence *ev, uint16_t sid)
{
	const struct evidence_device *dev = evidence_device_find(ev, sid);
	struct iommu_ranges all = { 0 };
	struct iova_axis axis;
	struct map map;
	char who[16];

	sid_text(sid, who);
	fill(&map, ev, sid);
	/* what every kernel reserves is gigabytes, beside which the rest would not be seen */
	for (unsigned k = 0; k < LANES; k++)
		for (size_t i = 0; k != LANE_STANDING && i < map.lane[k].n; i++)
			iommu_ranges_add(&all, map.lane[k].v[i].start, map.lane[k].v[i].last);
	text_markup(out, "<h3>%s%s", who, dev ? ", " : "");
	html_text(out, dev ? dev->driver : "");
	g_string_append(out, "</h3>\n");
	if (map.passed_through)
		g_string_append(out, "<p>The dead kernel let it pass through: each IOVA was the address itself.</p>\n");
	if (map.no_tables)
		g_string_append(out, "<p>No tables that were in force after its driver had worked were read.</p>\n");
	iova_axis_make(&axis, &all, LEFT, WIDTH, PIECE_GAP);
	if (axis.n) {
		put_drawing(out, &map, &all, who);
		put_table(out, &map, &axis);
	} else if (!map.passed_through) {
		g_string_append(out, "<p>Nothing was mapped or reserved for it.</p>\n");
	}
	put_standing(out, &map.lane[LANE_STANDING]);
	iommu_ranges_clear(&all);
	map_clear(&map);
}

void html_iova_maps(GString *out, const struct evidence *ev)
{
	g_autoptr(GArray) sids = g_array_new(FALSE, FALSE, sizeof(uint16_t));

	for_each_evidence(const struct evidence_device, dev, ev->devices)
		g_array_append_val(sids, dev->sid);
	for_each_evidence(const struct evidence_requester, r, ev->requesters)
		if (!evidence_device_find(ev, r->sid) || evidence_device_find(ev, r->sid)->sid != r->sid)
			g_array_append_val(sids, r->sid);
	g_string_append(out, "<section aria-labelledby=\"iova\"><h2 id=\"iova\">IOVAs, before and after</h2>\n");
	if (!sids->len)
		g_string_append(out, "<p>No device was seen to use the IOMMU.</p>\n");
	else
		g_string_append(out,
				"<p>Each piece of the address space that holds something, as wide as the logarithm of "
				"its length; what lies between is left out. <em>Leads elsewhere</em>: mapped by both "
				"kernels, to different memory. A late DMA of the dead kernel would hit it.</p>\n");
	for (guint i = 0; i < sids->len; i++)
		put_map(out, ev, g_array_index(sids, uint16_t, i));
	g_string_append(out, "</section>\n");
}

#define WALKS 3 /* at the panic, after the copy, at the end */

/* ---- domain ids ------------------------------------------------------------------------------ */

static void put_did(GString *out, const struct iommu_walk *walk, uint16_t sid, uint32_t pasid)
{
	const struct iommu_space *s = walk ? iommu_walk_space(walk, sid, pasid) : NULL;

	if (s)
		text_markup(out, "<td class=\"n\">%u</td>", s->did);
	else
		text_markup(out, "<td class=\"n dim\">%s</td>", walk ? "none" : "?");
}

static void put_space(GString *out, const struct iommu_walk *walk, uint16_t sid, uint32_t pasid)
{
	const struct iommu_space *s = walk ? iommu_walk_space(walk, sid, pasid) : NULL;

	if (!walk)
		g_string_append(out, "<td class=\"dim\">not read</td><td></td>");
	else if (!s)
		g_string_append(out, "<td>not present</td><td></td>");
	else
		text_markup(out, "<td>%s</td><td class=\"n\">%" PRIu64 "</td>", iommu_space_type_name(s->type),
			    s->tree == UINT32_MAX || s->type == IOMMU_SPACE_PASS_THROUGH ? 0 :
											   walk->trees[s->tree].pages);
}

static void put_requester(GString *out, const struct evidence *ev, const struct iommu_walk *const *walks, uint16_t sid,
			  uint32_t pasid)
{
	const struct evidence_device *dev = evidence_device_find(ev, sid);
	char who[16];

	text_markup(out, "<tr><th scope=\"row\">%s", sid_text(sid, who));
	if (pasid != IOMMU_NO_PASID)
		text_markup(out, " PASID %u", pasid);
	g_string_append(out, "</th>");
	for (unsigned i = 0; i < WALKS; i++)
		put_did(out, walks[i], sid, pasid);
	g_string_append(out, "<td>");
	html_text(out, dev ? dev->driver : "");
	g_string_append(out, "</td>");
	for (unsigned i = 0; i < WALKS; i++)
		put_space(out, walks[i], sid, pasid);
	g_string_append(out, "</tr>\n");
}

/* Rows for the spaces of @walk that are in none of the @n walks before it. */
static void put_new_requesters(GString *out, const struct evidence *ev, const struct iommu_walk *const *walks,
			       unsigned n)
{
	const struct iommu_walk *walk = walks[n];

	for (size_t i = 0; walk && i < walk->n_spaces; i++) {
		const struct iommu_space *s = &walk->spaces[i];
		uint32_t pasid = s->rid ? IOMMU_NO_PASID : s->pasid;
		bool known = false;

		for (unsigned k = 0; k < n; k++)
			known |= walks[k] && iommu_walk_space(walks[k], s->sid, pasid);
		if (!known)
			put_requester(out, ev, walks, s->sid, pasid);
	}
}

void html_domains(GString *out, const struct evidence *ev)
{
	const struct iommu_walk *const walks[WALKS] = { ev->at_panic.walk, ev->copied.walk, ev->end.walk };
	static const char *const when[] = { "at the panic", "after the copy", "at the end" };

	g_string_append(out,
			"<section aria-labelledby=\"domains\"><h2 id=\"domains\">Requesters and their domains</h2>\n"
			"<div class=\"wide\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">requester</th>"
			/* the ids first and narrow: on a phone they are what there is room for */
			"<th class=\"n\" scope=\"col\">DID at the panic</th>"
			"<th class=\"n\" scope=\"col\">after the copy</th>"
			"<th class=\"n\" scope=\"col\">at the end</th><th scope=\"col\">driver</th>");
	for (size_t i = 0; i < WALKS; i++)
		text_markup(out, "<th scope=\"col\">%s</th><th class=\"n\" scope=\"col\">pages</th>", when[i]);
	g_string_append(out, "</tr></thead>\n");
	for (unsigned i = 0; i < WALKS; i++)
		put_new_requesters(out, ev, walks, i);
	g_string_append(out, "</table></div></section>\n");
}
