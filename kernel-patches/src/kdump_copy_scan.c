// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deep copy of VT-d translation tables: counting a tree, and what it maps.
 *
 * No recursion: a stack of one frame a level. Whatever the tables hold, the
 * work is bounded by the visits that kdc_visit() grants and the memory by the
 * budget; ranges that find no more room are joined with their neighbours.
 */
#include "kdump_copy_priv.h"

#define NONE		U64_MAX
#define RANGES_A_TABLE	(KDC_PTES / 2 + 1)	/* the most that one leaf table can add */
#define RANGES_FIRST	512u
#define RANGES_LARGE	65536u	/* 1 MiB */

struct scan {
	struct kdc *c;
	struct kdc_tree *t;
	struct kdc_fault *f;
	struct kdc_rules rules;
	u64 first, next;	/* the range not yet stored: [first, next); NONE: none */
	u32 cap;		/* ranges we may hold */
	u64 seen;		/* all bits of leaves */
	u64 any, all;		/* bits of leaves of leaf tables: of one, of each */
	u64 ignored;		/* bits of what is no leaf there */
	bool identity;		/* so far */
	bool own;		/* of the copy, not of old memory */
	unsigned int depth;
	struct kdc_frame frames[KDC_LEVELS_MAX];
};

/* An entry that the hardware would fault on, or refuse to follow: skipped. */
static void bad(struct scan *s, const char *why, u64 where)
{
	s->t->bad_entries++;
	kdc_fail(s->f, -EUCLEAN, why, where);
}

/* The scan cannot go on; that matters more than a bad entry before. */
static int stop(struct scan *s, int error, const char *why)
{
	s->f->error = 0;
	return kdc_fail(s->f, error, why, s->t->old_root);
}

/* The array of ranges with room for size; false and as it was if that is too much. */
static bool set_room(struct kdc *c, struct kdc_tree *t, u64 size)
{
	u64 had = t->ranges_size * sizeof(*t->ranges), bytes = size * sizeof(*t->ranges);
	u64 used = c->used_pages - kdc_pages(had) + kdc_pages(bytes);
	void *ranges;

	if (size > t->ranges_size && used > c->limits.max_pages)
		return false;
	ranges = c->ops->resize(c->ctx, t->ranges, had, bytes);
	if (!ranges && size)
		return false;
	t->ranges = ranges;
	t->ranges_size = size;
	c->used_pages = used;
	return true;
}

/* Growing means moving, so it is done by large steps while the array is small. */
static bool room(struct scan *s, u32 n)
{
	struct kdc_tree *t = s->t;

	while (t->ranges_size - t->nr_ranges < n) {
		u64 size = (t->ranges_size < RANGES_LARGE ? 4ull : 2ull) * t->ranges_size;

		if (!size)
			size = RANGES_FIRST;
		if (size > s->cap)
			size = s->cap;
		if (size <= t->ranges_size)
			return false;
		if (!set_room(s->c, t, size)) {
			s->cap = t->ranges_size;	/* do not try again */
			return false;
		}
	}
	return true;
}

static unsigned int gap_class(u64 last, u64 first)
{
	unsigned int size = fls64(first - last - 1);

	/* no gap above 4 GiB is wider than 2^52 pages: all of them come before */
	if (last < KDC_LOW_PAGES)
		return 53 + (size < 21 ? size : 21);
	return size;
}

void kdc_join_plan(const struct kdc_range *ranges, u32 nr, u32 drop, struct kdc_joining *j)
{
	u32 gaps[65 + 21] = { 0 }, i;

	*j = (struct kdc_joining){ .need = drop };
	for (i = 1; i < nr; i++)
		gaps[gap_class(ranges[i - 1].last, ranges[i].first)]++;
	while (j->class < ARRAY_SIZE(gaps) - 1 && gaps[j->class] < j->need)
		j->need -= gaps[j->class++];
}

bool kdc_joins(struct kdc_joining *j, u64 last, u64 first)
{
	unsigned int class = gap_class(last, first);

	if (class == j->class && j->need) {
		j->need--;
		return true;
	}
	return class < j->class;
}

/* Joins at least one and about a quarter of the ranges with their neighbours. */
static void join(struct kdc_tree *t)
{
	struct kdc_joining j;
	u32 i, to = 0;

	kdc_join_plan(t->ranges, t->nr_ranges, t->nr_ranges / 4 + 1, &j);
	for (i = 1; i < t->nr_ranges; i++) {
		if (kdc_joins(&j, t->ranges[to].last, t->ranges[i].first)) {
			t->over_pages += t->ranges[i].first - t->ranges[to].last - 1;
			t->ranges[to].last = t->ranges[i].last;
		} else {
			t->ranges[++to] = t->ranges[i];
		}
	}
	t->nr_ranges = to + 1;
}

/* There is no array at all. */
static int no_room(struct scan *s)
{
	u64 pages = kdc_pages(RANGES_FIRST * sizeof(struct kdc_range));

	if (s->c->used_pages + pages > s->c->limits.max_pages)
		return stop(s, -ENOSPC, "memory budget");
	return stop(s, -ENOMEM, "no memory for ranges");
}

/* Store the range that is complete. */
static int store(struct scan *s)
{
	struct kdc_tree *t = s->t;
	struct kdc_range *r;

	if (s->next == NONE)
		return 0;
	if (!room(s, 1)) {
		if (!t->nr_ranges)
			return no_room(s);
		join(t);
		r = &t->ranges[t->nr_ranges - 1];
		if (t->nr_ranges == t->ranges_size) {
			t->over_pages += s->first - r->last - 1;
			r->last = s->next - 1;
			return 0;
		}
	}
	r = &t->ranges[t->nr_ranges++];
	r->first = s->first;
	r->last = s->next - 1;
	return 0;
}

static int add(struct scan *s, u64 pfn, u64 pages)
{
	int ret = 0;

	if (pfn != s->next) {
		ret = store(s);
		s->first = pfn;
	}
	s->next = pfn + pages;
	return ret;
}

/* What the loop over a leaf table needs, so that it can stay in registers. */
struct leaf_loop {
	u64 mask, seen, all, absent, ignored, next;
	struct kdc_range *out;	/* the range that ends at next */
};

static __always_inline void leaf(struct leaf_loop *l, const u64 *entry, u64 pfn)
{
	u64 pte = kdc_read(entry);

	if (!(pte & l->mask)) {
		l->absent++;
		l->ignored |= pte;
		return;
	}
	l->seen |= pte;
	l->all &= pte;
	if (pfn != l->next) {
		l->out->last = l->next - 1;
		l->out++;
		l->out->first = pfn;
	}
	l->next = pfn + 1;
}

/*
 * A leaf table with room for all its ranges: the loop in which the time goes.
 * False: there are bad entries, and nothing was added.
 */
static noinline bool leaves_fast(struct scan *s, const struct kdc_frame *f)
{
	struct kdc_tree *t = s->t;
	struct leaf_loop l = { .next = s->next, .mask = s->rules.present & f->perm,
			       .all = U64_MAX, .out = t->ranges + t->nr_ranges };
	const u64 *entry = f->entries, *end = entry + KDC_PTES;
	u64 pfn = f->pfn;

	l.out->first = s->first;
	for (; entry != end; entry += 8, pfn += 8) {
		leaf(&l, entry, pfn);
		leaf(&l, entry + 1, pfn + 1);
		leaf(&l, entry + 2, pfn + 2);
		leaf(&l, entry + 3, pfn + 3);
		leaf(&l, entry + 4, pfn + 4);
		leaf(&l, entry + 5, pfn + 5);
		leaf(&l, entry + 6, pfn + 6);
		leaf(&l, entry + 7, pfn + 7);
	}
	if (l.seen & s->rules.bad)
		return false;
	s->seen |= l.seen;
	s->any |= l.seen;
	s->all &= l.all;
	s->ignored |= l.ignored;
	s->first = l.out->first;
	if (s->next == NONE && l.out != t->ranges) {
		/* The first range of the tree: what was stored before it was nothing. */
		l.out--;
		memmove(t->ranges, t->ranges + 1, (l.out - t->ranges) * sizeof(*l.out));
	}
	t->nr_ranges = l.out - t->ranges;
	t->leaves_4k += KDC_PTES - l.absent;
	s->next = l.next;
	return true;
}

/* Does all that this entry maps lead to where it comes from, and may be written? */
static bool is_identity(u64 pte, u64 pfn, u64 pages, u8 perm)
{
	return (pte & perm & (KDC_R | KDC_W)) == (KDC_R | KDC_W) &&
	       (pte & KDC_ADDR & ~(pages * KDC_PAGE_SIZE - 1)) == pfn * KDC_PAGE_SIZE;
}

static bool leaves_identity(const struct scan *s, const struct kdc_frame *f)
{
	unsigned int i;
	u64 pte;

	for (i = 0; i < KDC_PTES; i++) {
		pte = kdc_read(&f->entries[i]);
		if ((pte & s->rules.present & f->perm) && !is_identity(pte, f->pfn + i, 1, f->perm))
			return false;
	}
	return true;
}

static int leaves(struct scan *s, const struct kdc_frame *f)
{
	const char *why;
	unsigned int i;
	u64 pte;
	int ret;

	s->identity = s->identity && leaves_identity(s, f);
	if (room(s, RANGES_A_TABLE) && leaves_fast(s, f))
		return 0;
	s->ignored = NONE;
	for (i = 0; i < KDC_PTES; i++) {
		pte = kdc_read(&f->entries[i]);
		switch (kdc_classify(&s->rules, pte, f->pfn + i, 1, f->perm, &why)) {
		case KDC_LEAF:
			s->seen |= pte;
			s->t->leaves_4k++;
			ret = add(s, f->pfn + i, 1);
			if (ret)
				return ret;
			break;
		case KDC_BAD:
			bad(s, why, f->pa + i * sizeof(u64));
			break;
		default:
			break;
		}
	}
	return 0;
}

/*
 * Go down to the table at pa that the entry at where refers to. -EIO: it cannot be
 * seen; any other error: the scan is over.
 */
static int enter(struct scan *s, u64 pa, u64 where, u64 pfn, u8 perm)
{
	struct kdc *c = s->c;
	struct kdc_frame *f;
	const u64 *entries;
	int ret;

	if (kdc_is_ancestor(s->frames, s->depth, pa)) {
		bad(s, "table refers to one above it", where);
		return 0;
	}
	if (!s->own && !kdc_visit(c, &s->t->visits))
		return stop(s, -ENOSPC, "too many tables");
	if (s->own) {
		entries = c->ops->own_page(c->ctx, pa);
	} else {
		ret = kdc_old_page(c, pa, &entries, where, s->f);
		if (ret == -EIO)
			return ret;
		if (ret) {
			s->t->bad_entries++;
			return 0;
		}
	}
	s->t->tables++;
	f = &s->frames[s->depth++];
	f->entries = entries;
	f->pa = pa;
	f->pfn = pfn;
	f->index = 0;
	f->perm = perm;
	return 0;
}

/* What an entry of a table at level maps at most. */
static u64 pages(unsigned int level)
{
	return 1ull << (9 * (level - 1));
}

/* The table that this entry refers to is not read: it may map all that it could. */
static void unread(struct scan *s, u64 pfn, unsigned int level)
{
	s->t->unread_pages += pages(level);
	s->identity = false;
	add(s, pfn, pages(level));
}

/* The scan has stopped: so do all tables that are still to come. */
static void unread_rest(struct scan *s)
{
	unsigned int level, index;
	const char *why;
	struct kdc_frame *f;
	u64 pte, pfn;

	while (s->depth) {
		f = &s->frames[s->depth - 1];
		level = s->t->levels + 1 - s->depth;
		if (level == 1 || !kdc_next_present(&s->rules, f)) {
			s->depth--;
			continue;
		}
		index = f->index++;
		pte = kdc_read(&f->entries[index]);
		pfn = kdc_entry_pfn(&s->rules, f, level, s->depth == 1, index);
		if (kdc_classify(&s->rules, pte, pfn, level, f->perm, &why) != KDC_BAD &&
		    (pte & f->perm & (KDC_R | KDC_W)))
			unread(s, pfn, level);
	}
}

static int upper_entry(struct scan *s, struct kdc_frame *f, unsigned int level)
{
	const char *why;
	u64 pte, pfn, where;
	int ret;

	pte = kdc_read(&f->entries[f->index]);
	where = f->pa + f->index * sizeof(u64);
	pfn = kdc_entry_pfn(&s->rules, f, level, s->depth == 1, f->index);
	f->index++;
	switch (kdc_classify(&s->rules, pte, pfn, level, f->perm, &why)) {
	case KDC_TABLE:
		ret = enter(s, pte & KDC_ADDR, where, pfn, f->perm & pte);
		if (ret)
			unread(s, pfn, level);
		return ret == -EIO ? 0 : ret;
	case KDC_LEAF:
		if (level == 2)
			s->t->leaves_2m++;
		else
			s->t->leaves_1g++;
		s->seen |= pte;
		s->identity = s->identity && is_identity(pte, pfn, pages(level), f->perm);
		return add(s, pfn, pages(level));
	case KDC_BAD:
		bad(s, why, where);
		return 0;
	default:
		return 0;
	}
}

int kdc_scan(struct kdc *c, struct kdc_tree *t, struct kdc_fault *f)
{
	struct scan s = { .c = c, .t = t, .f = f, .first = NONE, .next = NONE, .all = NONE };
	struct kdc_frame *top;
	unsigned int level;
	u64 mapped;
	int ret;

	t->bad_entries = 0;
	t->tables = 0;
	t->leaves_4k = 0;
	t->leaves_2m = 0;
	t->leaves_1g = 0;
	t->nr_ranges = 0;
	t->over_pages = 0;
	t->unread_pages = 0;
	s.identity = c->limits.ram_pages;
	s.own = t->new_root;
	s.cap = c->limits.max_ranges ? c->limits.max_ranges : U32_MAX;
	kdc_rules_init(&s.rules, &c->limits, t->format);
	ret = enter(&s, s.own ? t->new_root : t->old_root, t->old_root, 0, KDC_R | KDC_W);
	/* To keep all of the space free that a root may map would leave none. */
	if (ret == -EIO)
		t->unread_pages = KDC_PTES * pages(t->levels);
	while (s.depth && !ret) {
		level = t->levels + 1 - s.depth;
		top = &s.frames[s.depth - 1];
		if (level == 1) {
			ret = leaves(&s, top);
			s.depth--;
			continue;
		}
		if (kdc_next_present(&s.rules, top))
			ret = upper_entry(&s, top, level);
		else
			s.depth--;
	}
	/* Also of a scan that failed: what was seen, and what may be there, has to be kept free. */
	if (ret)
		unread_rest(&s);
	store(&s);
	t->alike = s.ignored || ((s.any ^ s.all) & ~KDC_ADDR) ? 0 : s.any & ~KDC_ADDR;
	t->snoop = t->format == KDC_SECOND_STAGE && (s.seen & KDC_SNP);
	mapped = t->leaves_4k + pages(2) * t->leaves_2m + pages(3) * t->leaves_1g;
	t->identity = s.identity && mapped >= c->limits.ram_pages / 2;
	/* Giving back moves them all: not for a little. */
	if (t->ranges_size - t->nr_ranges > t->nr_ranges / 2)
		set_room(c, t, t->nr_ranges);
	return f->error;
}

int kdc_count(struct kdc *c, struct kdc_tree *t, u64 *tables, struct kdc_fault *f)
{
	struct kdc_frame frames[KDC_LEVELS_MAX], *top = frames;
	struct kdc_rules rules;
	unsigned int depth = 1, level;
	const char *why = NULL;
	u64 pte, pfn, where;
	int ret;

	kdc_rules_init(&rules, &c->limits, t->format);
	*tables = 1;
	if (!kdc_visit(c, &t->visits))
		return kdc_fail(f, -ENOSPC, "too many tables", t->old_root);
	*top = (struct kdc_frame){ .pa = t->old_root, .perm = KDC_R | KDC_W };
	ret = kdc_old_page(c, t->old_root, &top->entries, t->old_root, f);
	if (ret)
		return ret;
	while (depth) {
		top = &frames[depth - 1];
		level = t->levels + 1 - depth;
		if (!kdc_next_present(&rules, top)) {
			depth--;
			continue;
		}
		where = top->pa + top->index * sizeof(u64);
		pte = kdc_read(&top->entries[top->index]);
		pfn = kdc_entry_pfn(&rules, top, level, depth == 1, top->index++);
		switch (kdc_classify(&rules, pte, pfn, level, top->perm, &why)) {
		case KDC_BAD:
			return kdc_fail(f, -EUCLEAN, why, where);
		case KDC_TABLE:
			break;
		default:
			continue;
		}
		if (kdc_is_ancestor(frames, depth, pte & KDC_ADDR))
			return kdc_fail(f, -EUCLEAN, "table refers to one above it", where);
		++*tables;
		if (!kdc_may_copy(c, *tables))
			return kdc_fail(f, -ENOSPC, "memory budget", t->old_root);
		if (!kdc_visit(c, &t->visits))
			return kdc_fail(f, -ENOSPC, "too many tables", t->old_root);
		if (level == 2)
			continue;	/* a leaf table, which the copy will check */
		frames[depth] = (struct kdc_frame){ .pa = pte & KDC_ADDR, .pfn = pfn,
						    .perm = top->perm & pte };
		ret = kdc_old_page(c, pte & KDC_ADDR, &frames[depth].entries, where, f);
		if (ret)
			return ret;
		depth++;
	}
	return 0;
}
