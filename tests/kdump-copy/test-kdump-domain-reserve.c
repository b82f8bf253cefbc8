/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a device's new DMA domain must not hand out, and what is said of it: kernel-patches/src/kdump_domain.c and
 * kdump_resv.c, the very files the kernel builds. Where no emulated machine shows it: modes, identity, tables of which
 * some were not read.
 */
#include "kdump-test.h"
#include "kernel.h"

#include "iova-exact.c"
#include "kdump_resv.c"
#include "kdump_domain.c"

#include "domain-rig.h"

static void nothing_is_done_unasked(void **state)
{
	(void)state;
	for (enum kdump_mode mode = KDUMP_OFF; mode <= KDUMP_RESERVE; mode++) {
		struct rig *r = rig_new(mode);

		one_map(&r->old, 1, 0x1000, 0x5000, 1);
		take(r, SID);
		set_up(r, &r->dev);
		assert_int_equal(nr_mappings, 0);
		assert_int_equal(is_reserved(r, 1), mode == KDUMP_RESERVE);
		rig_free(r);
	}
}

/* A.7: tables that map RAM to itself are pass-through: what is reserved then is RAM, but for what this kernel has. */
static void identity_tables_are_pass_through(void **state)
{
	struct rig *r = rig_new(KDUMP_RESERVE);

	(void)state;
	one_map(&r->old, 3, GIB, GIB, 2);
	r->old.f.kdc.limits.ram_pages = 2 * GIB >> 12;
	assert_true(take(r, SID)->identity);
	assert_true(intel_kdump_identity(&r->dev.dev));
	r->iommu.ecap = 0;
	assert_false(intel_kdump_identity(&r->dev.dev));
	set_up(r, &r->dev);
	assert_true(is_reserved(r, GIB >> 12));
	assert_false(is_reserved(r, (GIB + 64 * MIB) >> 12));
	rig_free(r);
}

static void pass_through_stays_so(void **state)
{
	struct rig *r = rig_new(KDUMP_RESERVE);

	(void)state;
	add_entry(r, SID, NULL);
	assert_true(intel_kdump_identity(&r->dev.dev));
	rig_free(r);
}

/* A.4: tables of which some were not read are not taken for complete. */
static void an_incomplete_scan_is_told(void **state)
{
	struct rig *r = rig_new(KDUMP_RESERVE);

	(void)state;
	one_map(&r->old, 1, 0x1000, 0x5000, 1);
	one_map(&r->old, 1, GIB, 0x5000, 1);
	r->old.f.kdc.limits.max_visits = 4;
	assert_int_equal(take(r, SID)->error, -ENOSPC);
	set_up(r, &r->dev);
	want_said("short dev=0000:00:05.0 failed=1 ");
	assert_true(is_reserved(r, (GIB >> 12) + 1000));
	rig_free(r);
}

/* A PASID directory that was not seen to its end is no reason for silence, unless what counts was found in it. */
static void a_partial_directory_is_told(void **state)
{
	(void)state;
	for (int found = 0; found < 2; found++) {
		struct rig *r = rig_new(KDUMP_RESERVE);
		struct kdump_entry *dir;

		one_map(&r->old, 1, 0x1000, 0x5000, 1);
		add_entry(r, SID, NULL);
		dir = r->entries[0];
		dir->e.kind = KDC_PASID_DIR;
		dir->no_pasid = false;
		dir->partial = true;
		if (found)
			take(r, SID);
		set_up(r, &r->dev);
		if (found)
			assert_null(strstr(said, "short"));
		else
			want_said("short dev=0000:00:05.0 failed=1 ");
		rig_free(r);
	}
}

/* The same of a tree that there was no memory for. */
static void a_tree_without_memory_is_told(void **state)
{
	struct rig *r = rig_new(KDUMP_RESERVE);

	(void)state;
	add_entry(r, SID, NULL);
	r->entries[0]->e.kind = KDC_TREE;
	set_up(r, &r->dev);
	want_said("short dev=0000:00:05.0 failed=1 ");
	rig_free(r);
}

/* A.7: who has a 32-bit mask may get no IOVA: said before it happens. */
static void few_low_iovas_are_told(void **state)
{
	struct rig *r = rig_new(KDUMP_RESERVE);

	(void)state;
	one_map(&r->old, 3, 0, GIB, 3);
	one_map(&r->old, 2, 3 * GIB, GIB, 504);
	take(r, SID);
	set_up(r, &r->dev);
	assert_null(strstr(said, "short"));
	rig_free(r);

	r = rig_new(KDUMP_RESERVE);
	one_map(&r->old, 3, 0, GIB, 3);
	one_map(&r->old, 2, 3 * GIB, GIB, 505);
	take(r, SID);
	set_up(r, &r->dev);
	want_said("short dev=0000:00:05.0 failed=0 low_free=3584\n");
	rig_free(r);
}

/* A.1, A.16: nothing is shown by itself; when asked, only what is reserved, and no domain is looked up for it. */
static void regions_are_silent_by_default(void **state)
{
	struct rig *r = rig_new(KDUMP_RESERVE);
	struct list_head head, *first;

	(void)state;
	INIT_LIST_HEAD(&head);
	one_map(&r->old, 1, 0x1000, 0x5000, 2);
	take(r, SID);
	intel_kdump_resv_regions(&r->dev.dev, &head);
	assert_true(list_empty(&head));
	intel_kdump.max_regions = 64;
	intel_kdump_resv_regions(&r->dev.dev, &head);
	assert_true(list_empty(&head));
	set_up(r, &r->dev);
	intel_kdump_resv_regions(&r->dev.dev, &head);
	first = head.next;
	assert_true(first != &head && first->next == &head);
	assert_int_equal(container_of(first, struct iommu_resv_region, list)->start, 0x1000);
	assert_int_equal(container_of(first, struct iommu_resv_region, list)->length, 0x2000);
	free(container_of(first, struct iommu_resv_region, list));
	rig_free(r);

	/* All or none: of more ranges than were asked for no part is shown. */
	r = rig_new(KDUMP_RESERVE);
	for (unsigned i = 1; i <= 3; i++)
		one_map(&r->old, 1, i * 0x2000, 0x5000, 1);
	take(r, SID);
	set_up(r, &r->dev);
	for (intel_kdump.max_regions = 2; intel_kdump.max_regions <= 3; intel_kdump.max_regions++) {
		unsigned n = 0;

		INIT_LIST_HEAD(&head);
		intel_kdump_resv_regions(&r->dev.dev, &head);
		for (first = head.next; first != &head; n++) {
			struct iommu_resv_region *region = container_of(first, struct iommu_resv_region, list);

			first = first->next;
			free(region);
		}
		assert_int_equal(n, intel_kdump.max_regions == 3 ? 3 : 0);
	}
	intel_kdump.max_regions = 0;
	rig_free(r);
}

/* ---- eight functions of one group, with 10,000 ranges each ---- */

#define FUNCTIONS 8u
#define RANGES 10000u
#define MANY_FIRST 0x10000u /* the first of their pages; all are below 4 GiB */
#define MANY_PAGES (RANGES * FUNCTIONS * 2 + RANGES / 100 * 512)

/* Single pages of all in turn, a page between them; and 512 pages after each hundredth of a function. */
static void many_ranges(struct kdc_tree *t, unsigned function)
{
	*t = (struct kdc_tree){ .ranges = calloc(RANGES, sizeof(struct kdc_range)), .nr_ranges = RANGES };
	for (u32 i = 0; i < RANGES; i++) {
		t->ranges[i].first = MANY_FIRST + (i * FUNCTIONS + function) * 2 + i / 100 * 512;
		t->ranges[i].last = t->ranges[i].first;
	}
}

struct many {
	u64 missing, small, large, low_free; /* pages */
};

/* All of them set up with so many pages of budget; what of their pages is not reserved, and what is beside them. */
static struct many eight_functions(long budget)
{
	struct rig *r = rig_new(KDUMP_RESERVE);
	struct pci_dev functions[FUNCTIONS];
	struct kdc_tree trees[FUNCTIONS];
	bool *old = calloc(MANY_PAGES, 1);
	struct many many = { 0 };

	copy_budget = whole_budget = budget;
	for (unsigned f = 0; f < FUNCTIONS; f++) {
		many_ranges(&trees[f], f);
		for (u32 i = 0; i < RANGES; i++)
			old[trees[f].ranges[i].first - MANY_FIRST] = true;
		add_entry(r, SID + f, &trees[f]);
		functions[f] = r->second;
		functions[f].dev.sid = SID + f;
		set_up(r, &functions[f]);
	}
	assert_true(charged <= budget);
	for (u64 i = 0; i < MANY_PAGES; i++) {
		u64 in_group = i % (100 * FUNCTIONS * 2 + 512);

		if (is_reserved(r, MANY_FIRST + i))
			*(in_group < 100 * FUNCTIONS * 2 ? &many.small : &many.large) += !old[i];
		else
			many.missing += old[i];
	}
	for (u64 i = 0; i < 1u << 20; i++)
		many.low_free += !is_reserved(r, i);
	assert_int_equal(container_of(intel_kdump.domains.next, struct kdump_domain, list)->low_free, many.low_free);
	assert_null(strstr(said, "short"));
	rig_free(r);
	for (unsigned f = 0; f < FUNCTIONS; f++)
		free(trees[f].ranges);
	free(old);
	return many;
}

/*
 * Exact with the budget that a crash kernel of 256 MiB has by default, 14,082 pages in the lab. With too little for the nodes,
 * all is reserved still, and what is too much are the smallest gaps, so that devices with 32-bit masks get addresses.
 */
static void eight_functions_of_a_group(void **state)
{
	struct many many = eight_functions(14082);

	(void)state;
	assert_int_equal(many.missing + many.small + many.large, 0);
	assert_int_equal(many.low_free, (1u << 20) - FUNCTIONS * RANGES);
	many = eight_functions(600);
	assert_int_equal(many.missing, 0);
	assert_true(many.small > 0);
	/* what is left after so many nodes is in 16 pieces, so that 15 of the large gaps stay free */
	assert_true(many.large <= (99 - 15) * 512);
	assert_true(many.low_free >= (1u << 20) - MANY_PAGES + 15 * 512);
}

/* A.8: an id counts once, however many entries have it. */
static void domain_ids_count_once(void **state)
{
	struct intel_iommu iommu = { .cap = CAP_39_BITS };

	(void)state;
	assert_true(kdump_reserve_did(&iommu, 7));
	assert_false(kdump_reserve_did(&iommu, 7));
	assert_false(kdump_reserve_did(&iommu, 256));
	assert_true(kdump_reserve_did(&iommu, 255));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_done_unasked),     cmocka_unit_test(identity_tables_are_pass_through),
		cmocka_unit_test(pass_through_stays_so),       cmocka_unit_test(an_incomplete_scan_is_told),
		cmocka_unit_test(a_partial_directory_is_told), cmocka_unit_test(a_tree_without_memory_is_told),
		cmocka_unit_test(few_low_iovas_are_told),      cmocka_unit_test(regions_are_silent_by_default),
		cmocka_unit_test(domain_ids_count_once),       cmocka_unit_test(eight_functions_of_a_group),
	};

	return DOMAIN_TESTS(tests);
}
