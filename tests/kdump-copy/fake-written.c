// SPDX-License-Identifier: GPL-2.0-only
/* Tables that the graft writes of a copy, entry by entry beside what they are written of. */
#include <string.h>

#include "fake.h"

#define ATTRIBUTES (BIT_ULL(5) | BIT_ULL(58))

struct written {
	const struct kdc_tree *t;
	u64 bits[4]; /* what an entry of the domain has beside the address, by permissions */
	u64 pages;
	size_t different;
	const char *why;
};

static void differs(struct written *w, const char *why)
{
	if (!w->different++)
		w->why = why;
}

static bool write_table(void *arg, const struct kdc_table *table)
{
	struct kdc_fill fill = { 0 };
	struct written *w = arg;
	u64 to[512], pte, want;
	unsigned present = 0;

	memset(to, 0xff, sizeof(to));
	memcpy(fill.bits, w->bits, sizeof(fill.bits));
	fill.to = to;
	if (table->alike != w->t->alike)
		differs(w, "a table is not told what the tree is");
	if (kdc_table_write(table, &fill))
		differs(w, "bits that are known are asked for");
	for (unsigned i = 0; i < 512; i++) {
		pte = table->entries[i];
		want = 0;
		if ((pte & table->present) && (pte & table->perm)) {
			want = (pte & VTD_PTE_ADDR) | w->bits[pte & table->perm];
			present++;
		}
		if (to[i] != want)
			differs(w, "another entry");
	}
	if (fill.pages != present)
		differs(w, "another number of pages");
	w->pages += present;
	return true;
}

static int run(void *arg, const struct kdc_run *run)
{
	struct written *w = arg;

	w->pages += run->size >> 12;
	return 0;
}

size_t fake_compare_written(struct fake *f, const struct kdc_tree *t, const char **why)
{
	/* As the dead kernel's entries, where those are alike; and others. */
	struct written w[] = { { .t = t, .bits = { 0, 1, 2, 3 } },
			       { .t = t, .bits = { 0, 1 | ATTRIBUTES, 2 | ATTRIBUTES, 3 | ATTRIBUTES } } };
	size_t different = 0;

	if (t->alike & 3)
		w[0].bits[t->alike & 3] = t->alike;
	*why = NULL;
	for (unsigned i = 0; i < 2; i++) {
		if (kdc_walk_tables(&f->kdc, t, write_table, run, &w[i]))
			differs(&w[i], "no copy");
		/* Pages that lead into the crash kernel's own memory are counted, and not in the copy. */
		if (!t->own_leaves && w[i].pages != t->leaves_4k + 512 * (t->leaves_2m + 512 * t->leaves_1g))
			differs(&w[i], "not each page once");
		different += w[i].different;
		*why = *why ? *why : w[i].why;
	}
	return different;
}
