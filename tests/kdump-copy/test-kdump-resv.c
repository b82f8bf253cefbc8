// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bulk reservation of kernel-patches/src/kdump_resv.c and the IOVA library's iova-exact.c, the very files the
 * kernel builds, against a bitmap: exact when there is memory, never less than
 * was asked for when there is not, and always saying how much more it took.
 * S2 of the original: a reservation that failed was thrown away in silence.
 */
#include "kdump-test.h"
#include "kernel.h"

#include "iova-exact.c"
#include "kdump_resv.c"

#define PFNS 2000u
#define MAX_RANGES 400u
#define SEEDS 4000u

/* How many more nodes, or budget pages, there are; below zero: any number. */
static long nodes_left = -1, charges_left = -1, charged;
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

bool intel_kdump_charge(u64 pages, bool reservation)
{
	assert_true(pages == 1 || !reservation);
	assert_true(reservation || charges_left < 0);
	if (!charges_left)
		return false;
	if (charges_left > 0)
		charges_left--;
	charged += (long)pages;
	return true;
}

void intel_kdump_refund(u64 pages)
{
	charged -= (long)pages;
}

static void domain_init(struct kdump_domain *d, struct iova_domain *iovad)
{
	*d = (struct kdump_domain){ .iovad = iovad };
	memset(iovad, 0, sizeof(*iovad));
	iovad->dma_32bit_pfn = 1ul << 20;
	iovad->anchor.pfn_lo = iovad->anchor.pfn_hi = ~0ul;
	rb_link_node(&iovad->anchor.node, NULL, &iovad->rbroot.rb_node);
}

/* The spares outlive a domain, as in the kernel: taken before, so that a case can count its nodes. */
static void take_spares(void)
{
	struct kdump_device stat = { 0 };
	struct kdc_range one = { 1, 1 };
	struct iova_domain iovad;
	struct kdump_domain d;

	nodes_left = charges_left = -1;
	domain_init(&d, &iovad);
	intel_kdump_reserve(&d, &one, 1, &stat);
	intel_kdump_unreserve(&d);
}

/* In the kernel the budget is the sum of all domains; here each begins with none. */
static void gone(struct kdump_domain *d)
{
	intel_kdump_unreserve(d);
	assert_int_equal(resv.alive, 0);
	assert_in_range(resv.paid, 0, 1);
}

/* Frees all but the spares, which stay with the file. */
static void free_nodes(void)
{
	unsigned int i, k, kept = 0;

	for (i = 0; i < nr_nodes; i++) {
		for (k = 0; k < resv.made.spares && resv.made.spare[k] != all_nodes[i]; k++)
			;
		if (k < resv.made.spares)
			all_nodes[kept++] = all_nodes[i];
		else
			free(all_nodes[i]);
	}
	nr_nodes = kept;
}

struct bench {
	struct iova_domain iovad;
	struct kdump_domain d;
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
		assert_int_equal(iova_exact_reserve(&b->iovad, lo, hi, &resv.made), 0);
		memset(&b->want[lo], true, hi - lo + 1);
	}
	/* All of them stood there before. */
	intel_kdump_domain_init(&b->d, &b->iovad);
	resv.made.nodes = resv.made.low = 0;
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
	intel_kdump_snapshot(&b->d, &b->stat);
	for (u64 i = 0; i < b->stat.nr_spans; i++) {
		struct iova_span *s = &b->stat.spans[i];

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
	domain_init(&b->d, &b->iovad);
	take_spares();
	fill(b);
	nodes_left = how == 1 ? rand() % 50 : -1;
	charges_left = how == 2 ? rand() % 4 : -1;
	intel_kdump_reserve(&b->d, b->ranges, b->nr, &b->stat);
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
	gone(&b->d);
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

/* S2: without a budget the smallest gaps go first, what is taken beyond is told, and low IOVAs stay. */
static void joined_at_the_smallest_gaps(void **state)
{
	enum { LOW = 100, HIGH = 1000 };
	struct kdc_range ranges[LOW + HIGH];
	struct kdump_device stat = { 0 };
	struct iova_domain iovad;
	struct kdump_domain d;
	u64 low = 0;

	(void)state;
	for (u64 i = 0; i < LOW; i++)
		ranges[i].first = ranges[i].last = i * 100 + (i >= 40 ? 500000 : 0);
	for (u64 i = 0; i < HIGH; i++)
		ranges[LOW + i].first = ranges[LOW + i].last = (1 << 20) + i * 200;
	take_spares();
	domain_init(&d, &iovad);
	intel_kdump_domain_init(&d, &iovad);
	charges_left = 0;
	intel_kdump_reserve(&d, ranges, ARRAY_SIZE(ranges), &stat);
	charges_left = -1;
	assert_int_equal(stat.failed, 0);
	assert_int_equal(stat.pages, LOW + HIGH);
	assert_true(stat.over > HIGH * 199);
	/* Neither from the first to the last, nor the widest gap below 4 GiB. */
	assert_in_range(d.low_free, (1 << 20) - 20000, (1 << 20) - LOW);
	intel_kdump_snapshot(&d, &stat);
	assert_in_range(stat.nr_spans, 2, 96);
	for (u64 i = 0; i < stat.nr_spans; i++)
		if (stat.spans[i].hi < 1 << 20)
			low += stat.spans[i].hi - stat.spans[i].lo + 1;
	assert_int_equal(low, (1 << 20) - d.low_free);
	free(stat.spans);
	intel_kdump_unreserve(&d);
	free_nodes();
}

/* A.2: what a second function of a group, with the same tables, does not need is not charged. */
static void charged_for_what_is_made(void **state)
{
	struct kdc_range ranges[1000];
	struct iova_domain iovad;
	struct kdump_domain d;
	long before = charged;

	(void)state;
	for (u64 i = 0; i < ARRAY_SIZE(ranges); i++)
		ranges[i].first = ranges[i].last = i * 2;
	take_spares();
	domain_init(&d, &iovad);
	for (unsigned int device = 0; device < 8; device++) {
		struct kdump_device stat = { 0 };

		intel_kdump_reserve(&d, ranges, ARRAY_SIZE(ranges), &stat);
		assert_int_equal(stat.failed + stat.over, 0);
		assert_int_equal(stat.overlapped, device ? 1000 : 0);
	}
	assert_int_equal(d.nodes, 1000);
	assert_in_range(charged - before, 1000 / NODES_A_PAGE, 1000 / NODES_A_PAGE + 1);
	/* And given back with the domain. */
	intel_kdump_unreserve(&d);
	assert_in_range(charged - before, 0, 1);
	free_nodes();
}

/* A.13: a million nodes are not walked in one go with interrupts off, and none is left out. */
static void snapshot_of_many(void **state)
{
	struct kdump_device stat = { 0 };
	struct kdc_range ranges[5000];
	struct iova_domain iovad;
	struct kdump_domain d;

	(void)state;

	for (u64 i = 0; i < ARRAY_SIZE(ranges); i++)
		ranges[i].first = ranges[i].last = i * 3;
	take_spares();
	domain_init(&d, &iovad);
	intel_kdump_reserve(&d, ranges, ARRAY_SIZE(ranges), &stat);
	intel_kdump_snapshot(&d, &stat);
	assert_int_equal(stat.nr_spans, ARRAY_SIZE(ranges));
	for (u64 i = 0; i < stat.nr_spans; i++)
		assert_int_equal(stat.spans[i].lo, i * 3);
	free(stat.spans);
	intel_kdump_unreserve(&d);
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
	struct kdump_domain d;

	(void)state;
	take_spares();
	domain_init(&d, &iovad);
	intel_kdump_reserve(&d, ranges, 3, &stat);
	intel_kdump_snapshot(&d, &stat);
	assert_int_equal(stat.failed, 1);
	assert_int_equal(stat.nr_spans, 2);
	assert_int_equal(stat.spans[0].lo, 0);
	assert_int_equal(stat.spans[0].hi, 0);
	assert_int_equal(stat.spans[1].lo, ULONG_MAX / 4096 - 16);
	free(stat.spans);
	free_nodes();
}

/* No memory at all: the nodes that are kept for this are enough. */
static void kept_nodes(void **state)
{
	const struct kdc_range ranges[] = { { 1, 1 }, { 5, 6 }, { 9, 9 } };
	struct kdump_device stat = { 0 };
	struct iova_domain iovad;
	struct kdump_domain d;

	(void)state;
	take_spares();
	domain_init(&d, &iovad);
	intel_kdump_domain_init(&d, &iovad);
	nodes_left = 0;
	intel_kdump_reserve(&d, ranges, ARRAY_SIZE(ranges), &stat);
	nodes_left = -1;
	assert_int_equal(stat.failed + stat.over, 0);
	assert_int_equal(stat.pages, 4);
	intel_kdump_snapshot(&d, &stat);
	assert_int_equal(stat.nr_spans, 3);
	free(stat.spans);
	intel_kdump_unreserve(&d);
	free_nodes();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact),
		cmocka_unit_test(without_nodes),
		cmocka_unit_test(without_budget),
		cmocka_unit_test(joined_at_the_smallest_gaps),
		cmocka_unit_test(charged_for_what_is_made),
		cmocka_unit_test(snapshot_of_many),
		cmocka_unit_test(end_of_the_space),
		cmocka_unit_test(kept_nodes),
	};
	int ret = cmocka_run_group_tests(tests, NULL, NULL);

	resv.made.spares = 0;
	free_nodes();
	return ret;
}
