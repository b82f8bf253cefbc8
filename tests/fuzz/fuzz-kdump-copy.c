// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzing the core of the deep copy: inputs write entries into the RAM of a dead kernel, and maybe
 * one more while it is read. Whatever they are: nothing outside is read, the budget holds, errors
 * leave nothing behind, and a copy translates what the lab's own walker finds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "fuzz-tables.h"

#define PAGES 40u
#define HEADER 16u
#define MAX_BUDGET 300u

static void meddle(struct fake *f, uint64_t pa)
{
	(void)pa;
	if (f->old_reads == f->meddle_at)
		memcpy(f->ram.bytes + f->meddle_pa, &f->meddle_value, 8);
}

static void set_up(struct fake *f, const uint8_t *h)
{
	struct kdc_limits *l = &f->kdc.limits;

	l->sagaw = h[1];
	l->first_5level = h[2] & 1;
	l->second_2m = h[2] & 2;
	l->second_1g = h[2] & 4;
	l->first_1g = h[2] & 8;
	l->max_pages = (h[3] | (h[2] & 0x10) << 4) % MAX_BUDGET;
	l->max_ranges = h[4] & 0x80 ? 0 : h[4] * (h[2] >> 5) + 1;
	f->walk_max_runs = 400000;
	if (h[5] & 1) {
		f->crash_first = (uint64_t)(h[6] % PAGES) << 12;
		f->crash_last = f->crash_first + 0xfff;
	}
	if (h[5] & 2) {
		f->fail_at = h[7] % 64u;
		f->fail_all_after = h[5] & 4;
	}
	if (h[5] & 8) {
		f->meddle = meddle;
		f->meddle_at = h[8] % 64u;
		f->meddle_pa = (uint64_t)(h[9] % PAGES) << 12 | (uint64_t)h[10] << 3;
		f->meddle_value = (uint64_t)(h[11] % (PAGES + 2)) << 12 | h[12];
	}
}

static void check_budget(const struct fake *f)
{
	const struct kdc *c = &f->kdc;

	FUZZ_CHECK(c->used_pages <= c->limits.max_pages);
	FUZZ_CHECK(c->visits <= c->limits.max_pages * KDC_VISITS_PER_PAGE * (KDC_VISITS_TREES + 1));
	FUZZ_CHECK(f->live_pages <= c->used_pages);
	/* Trees are not in the budget, but there are few of them here. */
	FUZZ_CHECK(f->max_pages <= c->limits.max_pages + 4);
}

/* What holds of a tree however bad it is. */
static void check_tree(struct fake *f, const struct kdc_tree *t, bool deep)
{
	const char *why;

	FUZZ_CHECK(!t->error == !t->why);
	FUZZ_CHECK(!t->new_root == !t->new_tables);
	FUZZ_CHECK(!t->bad_entries || t->error);
	FUZZ_CHECK(!!t->new_root == (deep && !t->error));
	FUZZ_CHECK(t->nr_ranges <= t->ranges_size);
	FUZZ_CHECK(!f->kdc.limits.max_ranges || t->nr_ranges <= f->kdc.limits.max_ranges);
	for (uint32_t i = 0; i < t->nr_ranges; i++) {
		FUZZ_CHECK(t->ranges[i].first <= t->ranges[i].last);
		FUZZ_CHECK(t->ranges[i].last < UINT64_C(1) << 52);
		FUZZ_CHECK(!i || t->ranges[i - 1].last + 1 < t->ranges[i].first);
	}
	if (t->error || t->levels < 3)
		return;
	if (deep) {
		FUZZ_CHECK(t->new_tables == t->tables);
		FUZZ_CHECK(fake_compare_runs(f, t, t->new_root, &why) == 0);
		FUZZ_CHECK(fake_compare_ranges(f, t, t->new_root, &why) == 0);
		FUZZ_CHECK(fake_compare_written(f, t, &why) == 0);
	}
	if (!f->meddle && (f->kdc.limits.sagaw & 1u << (t->levels - 2) || t->format == KDC_FIRST_STAGE)) {
		FUZZ_CHECK(!deep || fake_compare_runs(f, t, t->old_root, &why) == 0);
		FUZZ_CHECK(fake_compare_ranges(f, t, t->old_root, &why) == 0);
	}
}

struct visitor {
	struct fake *f;
	bool deep;
};

static int visit(void *arg, u32 pasid, const struct kdc_entry *e, u64 pe[8])
{
	struct visitor *v = arg;
	struct kdc_tree *t;

	FUZZ_CHECK(pasid < 1u << 20);
	FUZZ_CHECK(e->kind != KDC_NOT_PRESENT && (e->kind != KDC_REFUSED) == !e->why);
	if (e->kind != KDC_TREE)
		return 0;
	t = kdc_tree_get(&v->f->kdc, e, v->deep);
	if (t && t->new_root)
		kdc_pasid_set_root(pe, e->format, t->new_root);
	check_budget(v->f);
	return 0;
}

static void fuzz_pasids(struct fake *f, const uint8_t *h, bool deep)
{
	const u64 ce[4] = { (uint64_t)(h[13] % PAGES) << 12 | (h[14] & 7u) << 9 | 1 };
	struct visitor v = { f, deep };
	struct kdc_entry e;
	struct kdc_dir out;
	int ret;

	kdc_decode_scalable_context(&f->kdc.limits, ce, &e);
	ret = kdc_pasids(&f->kdc, &e, deep, visit, &v, &out);
	FUZZ_CHECK(!ret == !out.why && (!out.partial || ret));
	FUZZ_CHECK(!!out.root == (deep && !ret));
	if (!ret)
		check_budget(f);
	for (struct kdc_tree *t = f->kdc.trees; t; t = t->next)
		if (!f->fail_at && !f->meddle)
			check_tree(f, t, deep);
	if (out.root)
		kdc_free_pasids(&f->kdc, out.root, e.pasid_dir_order);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool deep, first;
	struct kdc_entry e;
	struct kdc_tree *t;
	struct fake f;

	if (size < HEADER)
		return 0;
	fake_init(&f, PAGES);
	set_up(&f, data);
	fuzz_write_tables(&f.ram, PAGES, data + HEADER, size - HEADER, false);
	deep = !(data[0] & 1);
	first = data[0] & 2;
	if (data[0] & 4) {
		fuzz_pasids(&f, data, deep);
	} else {
		e = fake_entry((uint64_t)(data[13] % (PAGES + 1)) << 12, first ? KDC_FIRST_STAGE : KDC_SECOND_STAGE,
			       first ? 4 + (data[0] >> 3 & 1) : 2 + (data[0] >> 3 & 3));
		t = kdc_tree_get(&f.kdc, &e, deep);
		check_budget(&f);
		FUZZ_CHECK(t || f.fail_at);
		if (t) {
			check_tree(&f, t, deep);
			FUZZ_CHECK(kdc_tree_get(&f.kdc, &e, deep) == t && t->users == 2);
			kdc_tree_put(&f.kdc, t);
			kdc_tree_put(&f.kdc, t);
			FUZZ_CHECK(!f.kdc.trees);
		}
	}
	fake_free(&f); /* aborts if anything was leaked */
	return 0;
}

/* A believable chain of tables with random records around and over it. */
size_t fuzz_generate(uint64_t *seed, uint8_t *buf, size_t room)
{
	uint64_t x = tables_random(seed), y = tables_random(seed);
	size_t n = 0, extra = x >> 8 & 1 ? 0 : (x >> 9) % 40;
	/* Levels 5 to 1, or a directory, PASIDs and levels 4 to 1, are in pages 1 to 6. */
	const struct record chain[] = {
		{ 1, 0, 2 << 4 | KIND_TABLES, 2, { 7, 0 }, { 0, 0 } },
		{ 2, 0, 1 << 4 | KIND_TABLES, 3, { 7, 0 }, { 0, 0 } },
		{ 2, 0, x >> 50 & 1 ? 3 << 4 : 0, 3, { 0x97 - (x >> 51 & 64), 0 }, { 0, 0 } },
		{ 3, 0, 3 << 4 | KIND_TABLES, 4, { 7, 0 }, { 0, 0 } },
		{ 4, 0, 4 << 4 | KIND_TABLES, 5, { 7, 0 }, { 0, 0 } },
		{ 5, 0, (uint8_t)(y >> 20 & 0xa0) | KIND_FRAMES, 6, { 7, 0 }, { 1, 0 } },
		{ 6, (uint8_t)y, 8 << 4 | KIND_FRAMES, 0, { 7, 0 }, { 9, 0 } },
		{ 7, (uint8_t)(y >> 8), 9 << 4 | KIND_EVERY_OTHER, 0, { 3, 0 }, { 9, 0 } },
		{ 8, 0, 7 << 4 | KIND_FRAMES, 0, { 1, 8 }, { 9, 0 } },
	};

	memcpy(buf, &x, 8);
	memcpy(buf + 8, &y, 8);
	buf[5] = y >> 60 > 7 ? 0 : buf[5]; /* a well-meaning machine half of the time */
	buf[13] = (uint8_t)(1 + (y >> 40) % 4);
	if (y >> 59 & 1) {
		buf[1] = 0x0f;
		buf[2] |= 0x1f;
	}
	memcpy(buf + HEADER, chain, sizeof(chain));
	n = HEADER + sizeof(chain);
	return fuzz_records(seed, buf, n, extra, room);
}
