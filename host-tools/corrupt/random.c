/* SPDX-License-Identifier: GPL-2.0-only */
/* Damage without a plan: random words of the dead kernel's tables, or all of its page tables lost. */
#include "corrupt/corrupt.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "channel.h"
#include "vtd/formats.h"
#include "vtd/print.h"

#define WORDS_DEFAULT 4
#define WORDS_MAX 1000
#define LOOKS 16 /* for a word that is in use */

static uint64_t next(uint64_t *state)
{
	*state += UINT64_C(0x9e3779b97f4a7c15);
	return channel_splitmix64(*state);
}

/* Page tables, context tables, PASID directories and tables; not the root table, nor that of interrupts. */
static bool may_be_damaged(const struct iommu_table *t)
{
	return t->kind != VTD_TABLE_ROOT && t->kind != VTD_TABLE_IRT;
}

/*
 * A table: first of which kind and level, then which. There are hundreds of tables of leaves for one of
 * contexts, and it is the few whose damage reaches far.
 */
static const struct iommu_table *pick_table(const struct vtd_walk_result *r, uint64_t *state)
{
	unsigned per_sort[8][8] = { 0 }, sorts = 0, sort, n;

	for (size_t i = 0; i < r->base.n_tables; i++) {
		const struct iommu_table *t = &r->base.tables[i];

		if (may_be_damaged(t))
			sorts += !per_sort[t->kind & 7][t->level & 7]++;
	}
	if (!sorts)
		return NULL;
	sort = (unsigned)(next(state) % sorts);
	for (unsigned i = 0; i < 64; i++) {
		if (!per_sort[i / 8][i % 8] || sort--)
			continue;
		n = (unsigned)(next(state) % per_sort[i / 8][i % 8]);
		for (size_t k = 0; k < r->base.n_tables; k++)
			if (may_be_damaged(&r->base.tables[k]) && (r->base.tables[k].kind & 7) == i / 8 &&
			    (r->base.tables[k].level & 7) == i % 8 && !n--)
				return &r->base.tables[k];
	}
	return NULL;
}

/* A value that a table should not hold, or one that looks as if it might. */
static uint64_t bad_value(const struct vtd_walk_result *r, uint64_t old, uint64_t *state)
{
	uint64_t any = next(state);

	switch (next(state) % 6) {
	case 0: /* one bit */
		return old ^ UINT64_C(1) << any % 64;
	case 1: /* anything */
		return any;
	case 2: /* another table, perhaps its own or one above it: a loop, or a tree that is shared */
		return r->base.tables[any % r->base.n_tables].pa | 3;
	case 3: /* outside of all memory */
		return (any & VTD_PTE_ADDR) | UINT64_C(1) << 44 | 3;
	case 4: /* a large page at any level */
		return old ^ VTD_PTE_PS;
	default:
		return any & 1 ? UINT64_MAX : 0;
	}
}

bool corrupt_random(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	uint64_t state = t->seed;
	bool ok = true;

	(void)sid;
	for (unsigned i = 0; i < (t->words ? t->words : WORDS_DEFAULT); i++) {
		const struct iommu_table *table = pick_table(r, &state);
		uint64_t pa, old, value;

		if (!table)
			return false;
		for (unsigned look = 0;; look++) {
			pa = table->pa + 8 * (next(&state) % 512);
			old = corrupt_read(t, pa);
			if (old || look == LOOKS)
				break;
		}
		value = bad_value(r, old, &state);
		g_string_append_printf(done, "%s%s word at %#" PRIx64 ": %#" PRIx64 " -> %#" PRIx64, i ? ", " : "",
				       vtd_table_kind_name(table->kind), pa, old, value);
		ok &= corrupt_put(t, pa, value);
	}
	return ok;
}

/* The memory of the dead kernel is taken for something else: its page tables are gone, every page of them. */
bool corrupt_overwrite(const struct corrupt_target *t, const struct vtd_walk_result *r, int sid, GString *done)
{
	static const uint8_t zeroes[IOMMU_PAGE_SIZE];
	unsigned n = 0;

	(void)sid;
	for (size_t i = 0; i < r->base.n_tables; i++) {
		const struct iommu_table *table = &r->base.tables[i];

		if (table->kind != VTD_TABLE_SECOND_LEVEL && table->kind != VTD_TABLE_FIRST_LEVEL)
			continue;
		if (t->write(t->mem.ctx, table->pa, zeroes, sizeof(zeroes)) != 0)
			return false;
		n++;
	}
	g_string_append_printf(done, "%u page-table pages overwritten with zeroes", n);
	return n;
}

/* "seed=7" or "words=3"; false: it is neither. */
static bool take_parameter(const char *word, uint64_t *seed, unsigned *words)
{
	bool is_seed = g_str_has_prefix(word, "seed=");
	const char *digits = is_seed ? word + 5 : g_str_has_prefix(word, "words=") ? word + 6 : "";
	uint64_t value;

	if (!*digits || strlen(digits) > 18 || digits[strspn(digits, "0123456789")])
		return false;
	value = g_ascii_strtoull(digits, NULL, 10);
	if (is_seed)
		*seed = value;
	else if (value < 1 || value > WORDS_MAX)
		return false;
	else
		*words = (unsigned)value;
	return true;
}

bool corrupt_parameters(const char *what, uint64_t *seed, unsigned *words, GError **error)
{
	g_auto(GStrv) all = g_strsplit(what, " ", -1);

	*seed = 0;
	*words = 0;
	for (unsigned i = 1; all[0] && all[i]; i++)
		if (!take_parameter(all[i], seed, words))
			return vtdlab_refuse(error, "corrupt.what: '%s' is neither seed=N nor words=N (1..%d)", all[i],
					     WORDS_MAX);
	return true;
}
