/* SPDX-License-Identifier: GPL-2.0-only */
/* Two sets of rows of iova.csv compared: which ranges went, came and stayed, requester by requester. */
#include <inttypes.h>
#include <string.h>

#include "results/iova-table.h"

static void change_free(void *p)
{
	struct iova_change *c = p;

	iommu_ranges_clear(&c->removed);
	iommu_ranges_clear(&c->added);
	iommu_ranges_clear(&c->same);
	g_free(c->key);
	g_free(c);
}

static void set_free(void *p)
{
	iommu_ranges_clear(p);
	g_free(p);
}

static bool picked(const struct iova_row *row, const struct iova_pick *pick)
{
	if (pick->crash >= 0 && row->crash != !!pick->crash)
		return false;
	return row->reserved || !pick->phase || strcmp(row->phase, pick->phase) == 0;
}

/* The name of the set a row belongs to; what a pick has fixed need not tell sets apart. */
static char *key_of(const struct iova_row *row, const struct iova_pick *pick)
{
	GString *s = g_string_new(*row->requester ? row->requester : "?");

	if (*row->pasid)
		g_string_append_printf(s, " pasid %s", row->pasid);
	if (pick->crash < 0)
		g_string_append_printf(s, " %s kernel", row->crash ? "crash" : "first");
	if (row->reserved)
		g_string_append(s, " reserved");
	else if (pick->phase)
		g_string_append_printf(s, " mapped %s", row->perm);
	else
		g_string_append_printf(s, " mapped %s (%s)", row->perm, row->phase);
	return g_string_free(s, FALSE);
}

static GHashTable *sets(const GArray *rows, const struct iova_pick *pick)
{
	GHashTable *all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, set_free);

	for (unsigned i = 0; i < rows->len; i++) {
		const struct iova_row *row = &g_array_index(rows, struct iova_row, i);
		struct iommu_ranges *set;
		char *key;

		if (!picked(row, pick))
			continue;
		key = key_of(row, pick);
		set = g_hash_table_lookup(all, key);
		if (set) {
			g_free(key);
		} else {
			set = g_new0(struct iommu_ranges, 1);
			g_hash_table_insert(all, key, set);
		}
		for (uint64_t n = 0, at = 0; n < row->count; n++, at += row->stride)
			if (iommu_ranges_add(set, row->start + at, row->last + at))
				g_error("out of memory");
	}
	return all;
}

static void compare(struct iova_diff *d, const char *key, const struct iommu_ranges *a, const struct iommu_ranges *b)
{
	static const struct iommu_ranges none;
	struct iova_change *c = g_new0(struct iova_change, 1);

	a = a ? a : &none;
	b = b ? b : &none;
	c->key = g_strdup(key);
	if (iommu_ranges_subtract(a, b, &c->removed) || iommu_ranges_subtract(b, a, &c->added) ||
	    iommu_ranges_intersect(a, b, &c->same))
		g_error("out of memory");
	d->removed += c->removed.n;
	d->added += c->added.n;
	d->same += c->same.n;
	d->removed_pages += iommu_ranges_pages(&c->removed);
	d->added_pages += iommu_ranges_pages(&c->added);
	d->same_pages += iommu_ranges_pages(&c->same);
	g_ptr_array_add(d->changes, c);
}

static int by_key(const void *a, const void *b)
{
	const struct iova_change *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

struct iova_diff *iova_diff(const GArray *a, const struct iova_pick *pa, const GArray *b, const struct iova_pick *pb)
{
	struct iova_diff *d = g_new0(struct iova_diff, 1);
	g_autoptr(GHashTable) left = sets(a, pa), right = sets(b, pb);
	GHashTableIter it;
	void *key, *set;

	d->changes = g_ptr_array_new_with_free_func(change_free);
	g_hash_table_iter_init(&it, left);
	while (g_hash_table_iter_next(&it, &key, &set))
		compare(d, key, set, g_hash_table_lookup(right, key));
	g_hash_table_iter_init(&it, right);
	while (g_hash_table_iter_next(&it, &key, &set))
		if (!g_hash_table_contains(left, key))
			compare(d, key, NULL, set);
	g_ptr_array_sort(d->changes, by_key);
	return d;
}

void iova_diff_free(struct iova_diff *d)
{
	if (!d)
		return;
	g_ptr_array_unref(d->changes);
	g_free(d);
}

static void print_ranges(const char *sign, const struct iommu_ranges *set, unsigned max, FILE *out)
{
	for (size_t i = 0; i < set->n && i < max; i++)
		fprintf(out, "  %s %#" PRIx64 "-%#" PRIx64 "  %" PRIu64 " pages\n", sign, set->v[i].start,
			set->v[i].last, (set->v[i].last >> 12) - (set->v[i].start >> 12) + 1);
	if (set->n > max)
		fprintf(out, "  %s ... %zu more\n", sign, set->n - max);
}

void iova_diff_print(const struct iova_diff *d, unsigned max, FILE *out)
{
	for (unsigned i = 0; i < d->changes->len; i++) {
		const struct iova_change *c = d->changes->pdata[i];

		fprintf(out, "%s: %zu ranges same (%" PRIu64 " pages), %zu removed, %zu added\n", c->key, c->same.n,
			iommu_ranges_pages(&c->same), c->removed.n, c->added.n);
		print_ranges("-", &c->removed, max, out);
		print_ranges("+", &c->added, max, out);
	}
	fprintf(out,
		"%" PRIu64 " ranges same (%" PRIu64 " pages), %" PRIu64 " removed (%" PRIu64 " pages), %" PRIu64
		" added (%" PRIu64 " pages)\n",
		d->same, d->same_pages, d->removed, d->removed_pages, d->added, d->added_pages);
}
