// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bulk reservation of kernel-patches/src/kdump_resv.c, the very file the
 * kernel builds, against a bitmap: exact when there is memory, never less than
 * was asked for when there is not, and always saying how much more it took.
 * S2 of the original: a reservation that failed was thrown away in silence.
 */
#include "kdump-test.h"
#include "kdump_copy.h"
#include <linux/mm.h>

/* The parts of kdump_internal.h that the file uses; the rest needs the kernel. */
#define INTEL_KDUMP_INTERNAL_H

struct kdump_span {
	unsigned long lo, hi;
};

struct kdump_device {
	u64 ranges, pages, overlapped, failed, over, nr_spans;
	struct kdump_span *spans;
};

int intel_kdump_reserve_range(struct iova_domain *iovad, unsigned long pfn_lo, unsigned long pfn_hi);
void intel_kdump_reserve(struct iova_domain *iovad, const struct kdc_range *ranges, u32 nr, struct kdump_device *stat);
void intel_kdump_snapshot(struct iova_domain *iovad, struct kdump_device *stat);
bool intel_kdump_charge(u64 pages);

#include "kdump_resv.c"

#define PFNS 2000u
#define MAX_RANGES 400u
#define SEEDS 4000u

/* How many more nodes, or budget pages, there are; below zero: any number. */
static long nodes_left = -1, charges_left = -1;
static struct iova *all_nodes[1u << 16];
static unsigned int nr_nodes;

struct iova *alloc_iova_mem(void)
{
	if (!nodes_left || nr_nodes == ARRAY_SIZE(all_nodes))
		return NULL;
	if (nodes_left > 0)
		nodes_left--;
	return all_nodes[nr_nodes++] = calloc(1, sizeof(struct iova));
}

bool intel_kdump_charge(u64 pages)
{
	(void)pages;
	if (!charges_left)
		return false;
	if (charges_left > 0)
		charges_left--;
	return true;
}

static void domain_init(struct iova_domain *iovad)
{
	memset(iovad, 0, sizeof(*iovad));
	iovad->anchor.pfn_lo = iovad->anchor.pfn_hi = ~0ul;
	rb_link_node(&iovad->anchor.node, NULL, &iovad->rbroot.rb_node);
}

/* The spares outlive a domain, as in the kernel: taken before, so that a case can count its nodes. */
static void take_spares(void)
{
	struct kdump_device stat = { 0 };
	struct kdc_range one = { 1, 1 };
	struct iova_domain iovad;

	nodes_left = charges_left = -1;
	domain_init(&iovad);
	intel_kdump_reserve(&iovad, &one, 1, &stat);
}

/* Frees all but the spares, which stay with the file. */
static void free_nodes(void)
{
	unsigned int i, k, kept = 0;

	for (i = 0; i < nr_nodes; i++) {
		for (k = 0; k < resv.spares && resv.spare[k] != all_nodes[i]; k++)
			;
		if (k < resv.spares)
			all_nodes[kept++] = all_nodes[i];
		else
			free(all_nodes[i]);
	}
	nr_nodes = kept;
}

struct bench {
	struct iova_domain iovad;
	struct kdump_device stat;
	struct kdc_range ranges[MAX_RANGES];
	u32 nr;
	bool want[PFNS], got[PFNS];
	u64 pages, overlapped;
};

/* What stands already, the ranges to come, and what must be reserved then. */
static void fill(struct bench *b)
{
	int standing = rand() % 20, step = 1 + rand() % 40;
	unsigned long lo, hi, pfn;
	u64 at = rand() % 10;

	while (standing--) {
		lo = rand() % PFNS;
		hi = min_t(unsigned long, lo + rand() % 30, PFNS - 1);
		assert_int_equal(intel_kdump_reserve_range(&b->iovad, lo, hi), 0);
		memset(&b->want[lo], true, hi - lo + 1);
	}
	while (b->nr < MAX_RANGES && at < PFNS - 80) {
		b->ranges[b->nr].first = at;
		b->ranges[b->nr].last = at + rand() % step;
		at = b->ranges[b->nr++].last + 2 + rand() % step;
	}
	for (u32 i = 0; i < b->nr; i++)
		for (pfn = b->ranges[i].first; pfn <= b->ranges[i].last; pfn++) {
			b->pages++;
			b->overlapped += b->want[pfn];
			b->want[pfn] = true;
		}
}

/* The nodes of the domain: ascending, none touching what is another's. */
static void read_back(struct bench *b, u64 *missing, u64 *extra)
{
	nodes_left = charges_left = -1;
	intel_kdump_snapshot(&b->iovad, &b->stat);
	for (u64 i = 0; i < b->stat.nr_spans; i++) {
		struct kdump_span *s = &b->stat.spans[i];

		assert_true(s->lo <= s->hi && s->hi < PFNS);
		assert_true(!i || s->lo > b->stat.spans[i - 1].hi);
		memset(&b->got[s->lo], true, s->hi - s->lo + 1);
	}
	*missing = *extra = 0;
	for (unsigned int i = 0; i < PFNS; i++) {
		*missing += b->want[i] && !b->got[i];
		*extra += b->got[i] && !b->want[i];
	}
	free(b->stat.spans);
}

/* One random case; how: 0 with memory, 1 without nodes, 2 without budget, from some point on. */
static void one_case(unsigned int seed, int how)
{
	struct bench *b = calloc(1, sizeof(*b));
	u64 missing, extra;

	srand(seed);
	domain_init(&b->iovad);
	take_spares();
	fill(b);
	nodes_left = how == 1 ? rand() % 50 : -1;
	charges_left = how == 2 ? rand() % 4 : -1;
	intel_kdump_reserve(&b->iovad, b->ranges, b->nr, &b->stat);
	read_back(b, &missing, &extra);
	if (how == 0) {
		assert_int_equal(missing + extra, 0);
		assert_int_equal(b->stat.overlapped, b->overlapped);
		assert_int_equal(b->stat.failed + b->stat.over, 0);
	}
	/* What could not be had is said, and what was taken beyond is counted. */
	assert_true(!missing || b->stat.failed);
	assert_true(!extra || b->stat.over >= extra);
	assert_true(b->stat.failed || b->stat.pages == b->pages);
	assert_int_equal(b->stat.ranges, b->nr);
	free(b);
	free_nodes();
}

static void exact(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < SEEDS; seed++)
		one_case(seed, 0);
}

static void without_nodes(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < SEEDS; seed++)
		one_case(seed, 1);
}

static void without_budget(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < SEEDS; seed++)
		one_case(seed, 2);
}

/* S2: with the very last node gone, the rest is one range, and says so. */
static void hull_is_counted(void **state)
{
	struct kdc_range ranges[] = { { 10, 19 }, { 30, 39 }, { 50, 59 } };
	struct kdump_device stat = { 0 };
	struct iova_domain iovad;

	(void)state;
	take_spares();
	domain_init(&iovad);
	nodes_left = 1;
	intel_kdump_reserve(&iovad, ranges, 3, &stat);
	nodes_left = -1;
	assert_int_equal(stat.pages, 30);
	assert_int_equal(stat.over, 10);
	assert_int_equal(stat.failed, 0);
	free_nodes();
}

/* What no page frame number of an IOVA domain can say is refused, what reaches over the end is cut. */
static void end_of_the_space(void **state)
{
	struct kdc_range ranges[] = { { 0, 0 },
				      { ULONG_MAX / 4096 - 16, ULONG_MAX / 4096 + 16 },
				      { ULONG_MAX / 4096 + 20, ULONG_MAX / 4096 + 30 } };
	struct kdump_device stat = { 0 };
	struct iova_domain iovad;

	(void)state;
	take_spares();
	domain_init(&iovad);
	intel_kdump_reserve(&iovad, ranges, 3, &stat);
	intel_kdump_snapshot(&iovad, &stat);
	assert_int_equal(stat.failed, 1);
	assert_int_equal(stat.nr_spans, 2);
	assert_int_equal(stat.spans[0].lo, 0);
	assert_int_equal(stat.spans[0].hi, 0);
	assert_int_equal(stat.spans[1].lo, ULONG_MAX / 4096 - 16);
	free(stat.spans);
	free_nodes();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact),	   cmocka_unit_test(without_nodes),    cmocka_unit_test(without_budget),
		cmocka_unit_test(hull_is_counted), cmocka_unit_test(end_of_the_space),
	};
	int ret = cmocka_run_group_tests(tests, NULL, NULL);

	resv.spares = 0;
	free_nodes();
	return ret;
}
