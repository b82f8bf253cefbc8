/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the deep copy's core share. */
#ifndef KDUMP_TEST_H
#define KDUMP_TEST_H

#include "vtd-test.h"

#include "fake.h"

/* One old tree and its fake machine. */
struct one {
	struct fake f;
	uint64_t root;
	enum kdc_format format;
	unsigned levels;
};

static inline void one_init(struct one *o, size_t pages, enum kdc_format format, unsigned levels)
{
	fake_init(&o->f, pages);
	o->root = tables_alloc(&o->f.ram, 1);
	o->format = format;
	o->levels = levels;
}

static inline void one_free(struct one *o)
{
	fake_free(&o->f);
}

static inline void one_map(struct one *o, unsigned leaf, uint64_t iova, uint64_t pa, size_t n)
{
	tables_map_many(&o->f.ram, o->root, o->levels, leaf, iova, pa, o->format == KDC_FIRST_STAGE ? FL_RW : SL_RW, n);
}

/* The entry that maps @iova at @level. */
static inline uint64_t *one_entry(struct one *o, unsigned level, uint64_t iova)
{
	uint64_t table = o->root;

	for (unsigned l = o->levels; l > level; l--)
		table = *tables_word(&o->f.ram, table, (iova >> (3 + 9 * l)) & 511) & VTD_PTE_ADDR;
	return tables_word(&o->f.ram, table, (iova >> (3 + 9 * level)) & 511);
}

static inline struct kdc_tree *one_get(struct one *o, bool deep)
{
	struct kdc_entry e = fake_entry(o->root, o->format, o->levels);

	return kdc_tree_get(&o->f.kdc, &e, deep);
}

/* A copy without fault, equal to what the walker finds in the old tree. */
static inline struct kdc_tree *one_copied(struct one *o)
{
	struct kdc_tree *t = one_get(o, true);
	const char *why;

	assert_non_null(t);
	assert_null(t->why);
	assert_int_equal(t->error, 0);
	assert_true(t->new_root >= FAKE_OWN);
	assert_int_equal(t->new_tables, t->tables);
	assert_int_equal(t->bad_entries, 0);
	if (o->levels > 2) {
		assert_int_equal(fake_compare_runs(&o->f, t, t->old_root, &why), 0);
		assert_int_equal(fake_compare_runs(&o->f, t, t->new_root, &why), 0);
		assert_int_equal(fake_compare_ranges(&o->f, t, t->old_root, &why), 0);
		assert_int_equal(fake_compare_written(&o->f, t, &why), 0);
	}
	return t;
}

/* No copy, for this reason; the caller can go on. */
static inline struct kdc_tree *one_refused(struct one *o, int error, const char *why)
{
	struct kdc_tree *t = one_get(o, true);

	assert_non_null(t);
	assert_int_equal(t->error, error);
	assert_string_equal(t->why, why);
	assert_int_equal(t->new_root, 0);
	assert_int_equal(t->new_tables, 0);
	assert_int_equal(o->f.live_pages, 0);
	return t;
}

static inline void check_range(const struct kdc_tree *t, uint32_t i, uint64_t first, uint64_t last)
{
	assert_true(i < t->nr_ranges);
	assert_int_equal(t->ranges[i].first, first);
	assert_int_equal(t->ranges[i].last, last);
}

#endif
