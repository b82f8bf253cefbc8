/* SPDX-License-Identifier: GPL-2.0-only */
/* Damaging root, context, PASID and interrupt-remapping entries; the table of all corruptions. */
#include "corrupt/corrupt.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/words.h"
#include "base/sid.h"
#include "channel.h"
#include "vtd/formats.h"

#define MAX_WORDS 8

uint64_t corrupt_read(const struct corrupt_target *t, uint64_t pa)
{
	uint8_t page[IOMMU_PAGE_SIZE];
	uint64_t value = 0;

	if (t->mem.read_page(t->mem.ctx, pa & IOMMU_PAGE_MASK, page) == 0)
		memcpy(&value, page + (pa & ~IOMMU_PAGE_MASK), sizeof(value));
	return GUINT64_FROM_LE(value);
}

bool corrupt_put(const struct corrupt_target *t, uint64_t pa, uint64_t value)
{
	uint64_t le = GUINT64_TO_LE(value);

	return t->write(t->mem.ctx, pa, &le, sizeof(le)) == 0;
}

/* Several words; the one with the present bit, the first, is written last unless it is cleared. */
static bool put_words(const struct corrupt_target *t, uint64_t pa, const uint64_t *words, unsigned n)
{
	bool ok = true;

	for (unsigned i = n; i-- > 0;)
		ok &= corrupt_put(t, pa + 8 * i, words[i]);
	return ok;
}

static uint64_t context_pa(const struct vtd_context *c, unsigned slot)
{
	return c->table + slot * (c->scalable ? 32 : 16);
}

static uint16_t context_sid(const struct vtd_context *c)
{
	return (uint16_t)(c->bus << 8 | c->devfn);
}

/* The context entry of @sid; without one named, an idle requester's, else the last. */
static const struct vtd_context *pick_context(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid)
{
	const struct vtd_context *last = NULL;

	for (size_t i = r->base.n_requesters; i-- > 0;) {
		const struct vtd_context *c = &r->contexts[i];

		if (sid >= 0 ? context_sid(c) == sid : !t->busy || !t->busy(t->busy_data, context_sid(c)))
			return c;
		if (sid < 0 && !last)
			last = c;
	}
	return last;
}

/* A slot of the same context table that holds nothing, or -1. */
static int free_slot(const struct corrupt_target *t, const struct vtd_context *c)
{
	unsigned n = c->scalable ? 128 : 256, words = c->scalable ? 4 : 2;

	for (unsigned slot = n; slot-- > 0;) {
		uint64_t any = 0;

		for (unsigned i = 0; i < words; i++)
			any |= corrupt_read(t, context_pa(c, slot) + 8 * i);
		if (!any)
			return (int)slot;
	}
	return -1;
}

static void say(GString *done, uint16_t sid, const char *what, uint64_t pa)
{
	char text[16];

	g_string_append_printf(done, "%s: %s at %#" PRIx64, sid_text(sid, text), what, pa);
}

static bool zap_root(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	const struct vtd_context *c = pick_context(t, r, sid);
	uint64_t pa;

	if (!c)
		return false;
	pa = VTD_ADDR(r->base.root) + c->bus * 16u + (c->upper ? 8 : 0);
	say(done, context_sid(c), "present bit of its bus's root entry cleared", pa);
	return corrupt_put(t, pa, corrupt_read(t, pa) & ~VTD_ROOT_P);
}

/* Exchanges bits of a word. */
static bool flip_context(const struct corrupt_target *t, const struct vtd_context *c, unsigned word, uint64_t flip,
			 const char *what, GString *done)
{
	say(done, context_sid(c), what, context_pa(c, c->slot));
	return corrupt_put(t, context_pa(c, c->slot) + 8 * word, c->raw[word] ^ flip);
}

static bool zap_context(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	const struct vtd_context *c = pick_context(t, r, sid);

	return c && flip_context(t, c, 0, VTD_CTX_P, "present bit of its context entry cleared", done);
}

static bool copy_context(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, bool move,
			 GString *done)
{
	static const uint64_t none[MAX_WORDS];
	const struct vtd_context *c = pick_context(t, r, sid);
	int slot = c ? free_slot(t, c) : -1;
	unsigned words;

	if (slot < 0)
		return false;
	words = c->scalable ? 4 : 2;
	say(done, context_sid(c),
	    move ? "its context entry moved to another slot" : "its context entry copied to another slot",
	    context_pa(c, (unsigned)slot));
	return put_words(t, context_pa(c, (unsigned)slot), c->raw, words) &&
	       (!move || put_words(t, context_pa(c, c->slot), none, words));
}

static bool move_context(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	return copy_context(t, r, sid, true, done);
}

static bool add_context(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	return copy_context(t, r, sid, false, done);
}

/* Scalable mode: to the same slot of the table for the other half of the bus's functions. */
static bool move_half(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	static const uint64_t none[MAX_WORDS];

	for (size_t i = 0; i < r->base.n_requesters; i++) {
		const struct vtd_context *c = &r->contexts[i];
		uint64_t other = corrupt_read(t, VTD_ADDR(r->base.root) + c->bus * 16u + (c->upper ? 0 : 8));
		uint64_t pa = VTD_ADDR(other) + c->slot * 32;

		if (!c->scalable || !(other & VTD_ROOT_P) || (corrupt_read(t, pa) & VTD_SCTX_P) ||
		    (sid >= 0 && context_sid(c) != sid))
			continue;
		say(done, context_sid(c), "its context entry moved to the other half", pa);
		return put_words(t, pa, c->raw, 4) && put_words(t, context_pa(c, c->slot), none, 4);
	}
	return false;
}

/* A kind that exchanges bits of one word of the entry that @of looks for. */
#define FLIPS(name, of, word, bits, what)                                                                         \
	static bool name(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done) \
	{                                                                                                         \
		return of(t, r, sid, word, bits, what, done);                                                     \
	}

/* Legacy entries only. */
static bool change_context(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, unsigned word,
			   uint64_t flip, const char *what, GString *done)
{
	const struct vtd_context *c = pick_context(t, r, sid);

	return c && !c->scalable && flip_context(t, c, word, flip, what, done);
}

FLIPS(change_did, change_context, 1, UINT64_C(0x80) << 8, "DID of its context entry changed")
FLIPS(change_width, change_context, 1, 3, "address width of its context entry changed")
FLIPS(change_type, change_context, 0, UINT64_C(2) << 2, "translation type of its context entry changed")

static bool change_root(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	const struct vtd_context *c = pick_context(t, r, sid);

	if (!c || (!c->scalable && c->tt == VTD_TT_PASS_THROUGH))
		return false; /* the field means nothing then */
	return flip_context(t, c, 0, IOMMU_PAGE_SIZE, "table root of its context entry moved by one page", done);
}

/* --- PASID entries --- */

static const struct vtd_pasid *pick_pasid(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid)
{
	const struct vtd_context *c = pick_context(t, r, sid);

	for (size_t i = 0; c && i < c->n_pasids; i++)
		if (r->pasids[c->first_pasid + i].pasid == c->rid_pasid)
			return &r->pasids[c->first_pasid + i];
	return NULL;
}

static uint64_t pasid_pa(const struct vtd_pasid *p)
{
	return p->table + (p->pasid & 63) * 64;
}

static bool change_pasid(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, unsigned word,
			 uint64_t flip, const char *what, GString *done)
{
	const struct vtd_pasid *p = pick_pasid(t, r, sid);

	if (!p)
		return false;
	say(done, p->sid, what, pasid_pa(p));
	return corrupt_put(t, pasid_pa(p) + 8 * word, p->raw[word] ^ flip);
}

FLIPS(zap_pasid, change_pasid, 0, VTD_PASID_P, "present bit of its PASID entry cleared")
FLIPS(change_pasid_did, change_pasid, 1, 0x80, "DID of its PASID entry changed")
/* second level (2) <-> pass-through (4); first level (1) -> reserved (7) */
FLIPS(change_pasid_type, change_pasid, 0, UINT64_C(6) << 6, "type of its PASID entry changed")

static bool change_pasid_root(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	const struct vtd_pasid *p = pick_pasid(t, r, sid);

	if (!p || p->pgtt == VTD_PGTT_PASS_THROUGH)
		return false;
	return change_pasid(t, r, sid, p->pgtt == VTD_PGTT_FIRST_LEVEL ? 2 : 0, IOMMU_PAGE_SIZE,
			    "table root of its PASID entry moved by one page", done);
}

/* --- interrupt-remapping entries --- */

static uint64_t irte_pa(const struct vtd_walk_result *r, uint32_t index)
{
	return VTD_ADDR(r->irta) + 16 * (uint64_t)index;
}

/* The last entry, and what becomes of it; NULL: there is none. */
static const struct vtd_irte *pick_irte(const struct vtd_walk_result *r, const char *what, GString *done)
{
	const struct vtd_irte *e = r->n_irtes ? &r->irtes[r->n_irtes - 1] : NULL;

	if (e)
		g_string_append_printf(done, "interrupt-remapping entry %u %s", e->index, what);
	return e;
}

static bool drop_irte(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	const struct vtd_irte *e = pick_irte(r, "cleared", done);

	(void)sid;
	return e && put_words(t, irte_pa(r, e->index), (uint64_t[]){ 0, 0 }, 2);
}

static bool change_irte(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	const struct vtd_irte *e = pick_irte(r, "given another vector", done);

	(void)sid;
	return e && corrupt_put(t, irte_pa(r, e->index), e->lo ^ UINT64_C(1) << 16);
}

static bool move_irte(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	const struct vtd_irte *e = pick_irte(r, "moved to the next", done);

	(void)sid;
	return e && e->index + 1 < vtd_irta_entries(r->irta) &&
	       put_words(t, irte_pa(r, e->index + 1), (uint64_t[]){ e->lo, e->hi }, 2) &&
	       put_words(t, irte_pa(r, e->index), (uint64_t[]){ 0, 0 }, 2);
}

/* --- aimed at what copies tables --- */

/* One level more than there are: what were entries of 1 GiB are of 512 GiB then, and no address is below 2^39. */
static bool above_width(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	const struct vtd_context *c = pick_context(t, r, sid);
	const struct vtd_pasid *p = c && c->scalable ? pick_pasid(t, r, sid) : NULL;
	static const char what[] = "one level more than its tables have";

	if (c && !c->scalable && c->tt != VTD_TT_PASS_THROUGH)
		return flip_context(t, c, 1, (c->raw[1] & 7) ^ ((c->raw[1] & 7) + 1), what, done);
	if (!p || p->pgtt != VTD_PGTT_SECOND_LEVEL)
		return false;
	say(done, p->sid, what, pasid_pa(p));
	return corrupt_put(t, pasid_pa(p), p->raw[0] + (1 << 2));
}

/* A directory of the largest size, whose slots but the first lead to one table of present entries that mean nothing. */
static bool pasid_garbage(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	const struct vtd_context *c = pick_context(t, r, sid);
	const unsigned slots = 1 << 14, words = IOMMU_PAGE_SIZE / 8;
	uint64_t table = t->room + (CORRUPT_ROOM_PAGES - 1) * IOMMU_PAGE_SIZE, state = 15;
	bool ok = true;

	if (!c || !c->scalable || !t->room)
		return false;
	for (unsigned i = 0; i < words; i++) {
		state = channel_splitmix64(state + i);
		ok &= corrupt_put(t, table + 8 * i, i % 8 ? state : state | VTD_PASID_P);
	}
	ok &= corrupt_put(t, t->room, corrupt_read(t, VTD_ADDR(c->raw[0])));
	for (unsigned i = 1; i < slots; i++)
		ok &= corrupt_put(t, t->room + 8 * i, table | 1);
	say(done, context_sid(c), "a directory of a million garbage PASIDs", t->room);
	return ok && corrupt_put(t, context_pa(c, c->slot),
				 (c->raw[0] & ~(VTD_ADDR(UINT64_MAX) | VTD_MASK(11, 9))) | t->room | VTD_MASK(11, 9));
}

const struct corrupt_kind corrupt_kinds[] = {
	{ "zap-root", "context-same-slot", "clear the present bit of a root entry", zap_root },
	{ "zap-context", "context-same-slot", "clear the present bit of a context entry", zap_context },
	{ "move-context", "context-same-slot", "move a context entry to another slot", move_context },
	{ "move-half", "context-same-slot", "scalable: move a context entry to the other half", move_half },
	{ "add-context", "context-same-slot", "copy a context entry to a free slot", add_context },
	{ "change-did", "context-same-fields", "legacy: change the DID of a context entry", change_did },
	{ "change-width", "context-same-fields", "legacy: change a context entry's address width", change_width },
	{ "change-type", "context-same-fields", "legacy: change a context entry's translation type", change_type },
	{ "change-root", "context-same-fields", "let a context entry lead to another page", change_root },
	{ "zap-pasid", "context-same-fields", "scalable: clear the present bit of a PASID entry", zap_pasid },
	{ "change-pasid-did", "context-same-fields", "scalable: change the DID of a PASID entry", change_pasid_did },
	{ "change-pasid-type", "context-same-fields", "scalable: change the type of a PASID entry", change_pasid_type },
	{ "change-pasid-root", "context-same-fields", "scalable: let a PASID entry lead to another page",
	  change_pasid_root },
	{ "drop-pte", "leaves-equal", "clear a leaf", corrupt_drop_pte },
	{ "shift-pte", "leaves-equal", "let a leaf lead to the next page", corrupt_shift_pte },
	{ "drop-write", "leaves-equal", "take the write permission from a leaf", corrupt_drop_write },
	{ "swap-ptes", "leaves-equal", "exchange two leaves", corrupt_swap_ptes },
	{ "add-mapping", "leaves-equal", "add a leaf", corrupt_add_mapping },
	{ "drop-table", "leaves-equal", "clear the entry that leads to a table of leaves", corrupt_drop_table },
	{ "drop-superpage", "leaves-equal", "clear a leaf of 2 MiB or more", corrupt_drop_superpage },
	{ "shorten-superpage", "leaves-equal", "map all but the last page of a superpage", corrupt_shorten_superpage },
	{ "drop-irte", "irte-equal", "clear an interrupt-remapping entry", drop_irte },
	{ "change-irte", "irte-equal", "change an interrupt-remapping entry", change_irte },
	{ "move-irte", "irte-equal", "move an interrupt-remapping entry", move_irte },
	{ "stray-upper", "leaves-equal", "put an entry of the topmost table into a free slot of it too",
	  corrupt_stray_upper },
	{ "self-loop", "leaves-equal", "let a free slot of the topmost table lead back to it", corrupt_self_loop },
	{ "reserved-bit", "leaves-equal", "set a reserved bit of a leaf", corrupt_reserved_bit },
	{ "into-own", "leaves-equal", "let a leaf lead into the crash kernel's memory", corrupt_into_own },
	{ "above-width", "context-same-fields", "one level more than the tables have, so IOVAs above the unit's width",
	  above_width },
	{ "pasid-garbage", "context-same-fields", "scalable: a directory of a million PASID entries of garbage",
	  pasid_garbage },
	{ "random", "leaves-equal", "change words of context, PASID and page tables: seed=N words=N", corrupt_random },
	{ "overwrite-tables", "leaves-equal", "fill all page tables of the dead kernel with zeroes",
	  corrupt_overwrite },
	{ 0 },
};

bool corrupt_has_parameters(const struct corrupt_kind *kind)
{
	return kind->apply == corrupt_random;
}

bool corrupt_of_old(const struct corrupt_kind *kind)
{
	return kind->apply == corrupt_overwrite;
}

/* "00:1f.2" or "0000:00:1f.2"; -1 if it is neither. */
static int parse_sid(const char *text)
{
	uint16_t sid;
	size_t len = sid_read(text, &sid);

	return len && !text[len] ? sid : -1;
}

const struct corrupt_kind *corrupt_parse(const char *what, int *sid, GError **error)
{
	g_auto(GStrv) words = g_strsplit(what, " ", 2);
	const char *names[G_N_ELEMENTS(corrupt_kinds)] = { 0 };
	const char *near;
	uint64_t seed;
	unsigned n;

	*sid = -1;
	for (unsigned i = 0; corrupt_kinds[i].name; i++) {
		const struct corrupt_kind *kind = &corrupt_kinds[i];

		names[i] = kind->name;
		if (!words[0] || strcmp(kind->name, words[0]) != 0)
			continue;
		if (corrupt_has_parameters(kind))
			return corrupt_parameters(what, &seed, &n, error) ? kind : NULL;
		*sid = words[1] ? parse_sid(words[1]) : -1;
		if (!words[1] || *sid >= 0)
			return kind;
		vtdlab_refuse(error, "corrupt.what: '%s' is no requester such as 00:1f.2", words[1]);
		return NULL;
	}
	near = words[0] ? nearest_word(words[0], names) : NULL;
	vtdlab_refuse(error, "corrupt.what: there is no corruption '%s'; %s%s", words[0] ? words[0] : "",
		      near ? "the nearest is " : "one of them is ", near ? near : corrupt_kinds[0].name);
	return NULL;
}

bool corrupt_apply(const struct corrupt_target *t, const struct corrupt_kind *kind, int sid, GString *done,
		   GError **error)
{
	struct vtd_walk_options opt = { 0 };
	struct vtd_walk_result *walk;
	gsize len = done->len;
	struct vtd_regs regs;
	bool ok;

	if (t->regs) {
		vtd_regs_decode(t->regs, &regs);
		opt = vtd_walk_options_from_regs(&regs);
	}
	if (vtd_walk(&t->mem, t->root, t->ttm, t->irta, &opt, &walk))
		return vtdlab_failed(error, "out of memory");
	ok = kind->apply(t, walk, sid, done);
	vtd_walk_free(walk);
	if (ok)
		return true;
	g_string_truncate(done, len);
	return vtdlab_unjudged(error, "corrupt.what=%s: these tables have nothing of the kind to damage", kind->name);
}
