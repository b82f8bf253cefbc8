/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a device's new DMA domain is given of the old tables: kernel-patches/src/kdump_domain.c, the very file the kernel
 * builds. Where no emulated machine shows it: units of fewer address bits, groups that are in use already, permissions,
 * snooping, budgets.
 */
#include "kdump-test.h"
#include "kernel.h"

#include "iova-exact.c"
#include "kdump_resv.c"
#include "kdump_domain.c"

#include "domain-rig.h"

static void want_mapping(unsigned i, u64 iova, u64 pa, u64 size, int prot)
{
	assert_true(i < nr_mappings);
	assert_int_equal(mappings[i].iova, iova);
	assert_int_equal(mappings[i].pa, pa);
	assert_int_equal(mappings[i].size, size);
	assert_int_equal(mappings[i].prot, prot);
}

/* What was mapped stays so: to the same address, with the same permissions; and its IOVA is taken. */
static void grafted_as_it_was(void **state)
{
	struct rig *r = rig_new(KDUMP_DEEP);

	(void)state;
	one_map(&r->old, 1, 0x1000, 0x5000, 2);
	one_map(&r->old, 1, 0x3000, 0x7000, 2);
	*one_entry(&r->old, 1, 0x3000) &= ~2ull;
	*one_entry(&r->old, 1, 0x4000) &= ~1ull;
	take(r, SID);
	set_up(r, &r->dev);
	assert_int_equal(nr_mappings, 3);
	want_mapping(0, 0x1000, 0x5000, 0x2000, IOMMU_CACHE | IOMMU_READ | IOMMU_WRITE);
	want_mapping(1, 0x3000, 0x7000, 0x1000, IOMMU_CACHE | IOMMU_READ);
	want_mapping(2, 0x4000, 0x8000, 0x1000, IOMMU_CACHE | IOMMU_WRITE);
	for (u64 pfn = 1; pfn <= 4; pfn++)
		assert_true(is_reserved(r, pfn));
	assert_false(is_reserved(r, 0) || is_reserved(r, 5));
	/* A.11: nothing could be there, so nobody looked. */
	assert_int_equal(lookups, 0);
	rig_free(r);
}

/* A requester id of a bridge is the device's too. */
static void aliases_count(void **state)
{
	struct rig *r = rig_new(KDUMP_DEEP);

	(void)state;
	one_map(&r->old, 1, 0x1000, 0x5000, 1);
	take(r, ALIAS);
	set_up(r, &r->dev);
	assert_int_equal(nr_mappings, 1);
	rig_free(r);
}

/* A.2: the second function of a group costs nothing: the domain has it all. */
static void once_a_domain(void **state)
{
	struct rig *r = rig_new(KDUMP_DEEP);
	long first;

	(void)state;
	one_map(&r->old, 1, 0x1000, 0x5000, 3);
	take(r, SID);
	set_up(r, &r->dev);
	first = charged;
	assert_in_range(first, 1, 20);
	set_up(r, &r->second);
	assert_int_equal(nr_mappings, 1);
	assert_in_range(charged, first, first + 1); /* what debugfs shows of it */
	/* The same device again, after a rescan: nothing is remembered twice. */
	set_up(r, &r->second);
	assert_in_range(charged, first, first + 1);
	rig_free(r);
}

/* A.2: the charge is for what was made, not for what was thought; and it all comes back (rig_free() looks). */
static void charged_as_made(void **state)
{
	long none = 0;

	(void)state;
	for (u64 made = 0; made <= 100; made += 50) {
		struct rig *r = rig_new(KDUMP_DEEP);

		tables_a_mapping = made;
		one_map(&r->old, 1, 0x1000, 0x5000, 3);
		take(r, SID);
		set_up(r, &r->dev);
		assert_int_equal(nr_mappings, 1);
		none = made ? none : charged;
		assert_int_equal(charged, none + (long)made);
		rig_free(r);
	}
}

/* A.3: what the unit cannot translate is not mapped, or the attach fails, and with it the dump. */
static void not_above_the_units_width(void **state)
{
	struct rig *r = rig_new(KDUMP_DEEP);

	(void)state;
	one_map(&r->old, 1, 0x1000, 0x5000, 1);
	one_map(&r->old, 1, (GIB << 9) - 0x1000, 0x6000, 2);
	one_map(&r->old, 1, GIB << 10, 0x9000, 1);
	take(r, SID);
	set_up(r, &r->dev);
	for (unsigned i = 0; i < nr_mappings; i++)
		assert_true(mappings[i].iova + mappings[i].size <= GIB << 9);
	assert_int_equal(nr_mappings, 2);
	want_said("graft dev=0000:00:05.0 runs=3 pages=2 skipped=0 failed=2 ");
	rig_free(r);
}

/* A.5: a device that joins a group in use: its IOVAs may be in a driver's hands. */
static void nothing_into_a_live_domain(void **state)
{
	struct rig *r = rig_new(KDUMP_DEEP);
	struct list_head attached;

	(void)state;
	one_map(&r->old, 1, 0x1000, 0x5000, 1);
	take(r, SID);
	list_add_tail(&attached, &r->domain.devices);
	set_up(r, &r->dev);
	assert_int_equal(nr_mappings, 0);
	assert_true(is_reserved(r, 1));
	want_said("lost dev=0000:00:05.0 mappings=1");
	rig_free(r);
}

/* What another device of the group brought in before it went live is there for this one, too: nothing is lost. */
static void a_live_domain_may_have_it_all(void **state)
{
	struct rig *r = rig_new(KDUMP_DEEP);
	struct list_head attached;

	(void)state;
	one_map(&r->old, 1, 0x1000, 0x5000, 1);
	take(r, SID);
	set_up(r, &r->second);
	assert_int_equal(nr_mappings, 1);
	list_add_tail(&attached, &r->domain.devices);
	set_up(r, &r->dev);
	assert_int_equal(nr_mappings, 1);
	assert_null(strstr(said, "lost"));
	rig_free(r);
}

/* Without memory to remember the domain, what is owed to its devices is done, and nothing stays behind. */
static void a_domain_that_is_not_remembered(void **state)
{
	struct rig *r = rig_new(KDUMP_DEEP);

	(void)state;
	one_map(&r->old, 1, 0x1000, 0x5000, 1);
	take(r, SID);
	no_memory = 1;
	set_up(r, &r->dev);
	assert_int_equal(no_memory, 0);
	assert_true(list_empty(&intel_kdump.domains));
	assert_true(list_empty(&intel_kdump.devices));
	assert_int_equal(nr_mappings, 1);
	assert_true(is_reserved(r, 1));
	assert_in_range(charged, 1, 20);
	charged = 0;
	rig_free(r);
}

/* Tables are taken whole where nothing can be in the way, and what is not is mapped run by run. */
static void tables_are_taken(void **state)
{
	struct rig *r = rig_new(KDUMP_DEEP);

	(void)state;
	one_map(&r->old, 1, 0x1000, 0x5000, 2);
	one_map(&r->old, 1, (GIB << 9) - 0x1000, 0x6000, 1);
	one_map(&r->old, 1, GIB << 9, 0x9000, 1);
	one_map(&r->old, 2, GIB, GIB, 1);
	take(r, SID);
	link_takes = true;
	set_up(r, &r->dev);
	assert_int_equal(tables_taken, 2); /* not the one above the width of the unit */
	want_said("runs=4 pages=515 skipped=0 failed=1 ");
	assert_int_equal(nr_mappings, 1);
	rig_free(r);

	r = rig_new(KDUMP_DEEP);
	one_map(&r->old, 1, 0x1000, 0x5000, 2);
	one_map(&r->old, 1, GIB, 0x9000, 2);
	take(r, SID);
	link_touches = true;
	set_up(r, &r->dev);
	assert_int_equal(links, 2);
	want_said("runs=2 pages=3 skipped=1 failed=0 ");
	rig_free(r);
}

/* What firmware has mapped there stays; the rest of the run goes around it. */
static void around_what_is_there(void **state)
{
	struct rig *r = rig_new(KDUMP_DEEP);

	(void)state;
	one_map(&r->old, 1, 0x1000, 0x5000, 5);
	take(r, SID);
	iommu_map(NULL, 0x2000, 0x6000, 0x1000, 7, 0);
	iommu_map(NULL, 0x4000, 0xa000, 0x1000, 7, 0);
	iova_exact_reserve(&r->iovad, 2, 2, &resv.made);
	iova_exact_reserve(&r->iovad, 4, 4, &resv.made);
	resv.made.nodes = resv.made.low = 0;
	set_up(r, &r->dev);
	assert_int_equal(links, 1);
	assert_int_equal(nr_mappings, 5);
	want_said("runs=1 pages=3 skipped=1 failed=1 ");
	rig_free(r);
}

/* A.2: without a budget for the mappings the IOVAs are taken all the same. */
static void reserved_without_a_budget(void **state)
{
	struct rig *r = rig_new(KDUMP_DEEP);

	(void)state;
	one_map(&r->old, 1, 0x1000, 0x5000, 1);
	take(r, SID);
	copy_budget = 0;
	set_up(r, &r->dev);
	assert_int_equal(nr_mappings, 0);
	assert_true(is_reserved(r, 1));
	want_said("no budget for its mappings");
	rig_free(r);
}

static void without_memory_for_a_table(void **state)
{
	struct rig *r = rig_new(KDUMP_DEEP);

	(void)state;
	one_map(&r->old, 1, 0x1000, 0x5000, 1);
	one_map(&r->old, 1, 0x5000, 0x5000, 1);
	one_map(&r->old, 1, 0x9000, 0x5000, 1);
	take(r, SID);
	map_fails_at = 2;
	set_up(r, &r->dev);
	assert_int_equal(nr_mappings, 1);
	want_said("runs=3 pages=1 skipped=0 failed=2 ");
	rig_free(r);
}

/* A.14: snooping has to be asked for before anything is mapped, and only of a unit that can. */
static void snooping_goes_on(void **state)
{
	for (int can = 0; can < 2; can++) {
		struct rig *r = rig_new(KDUMP_DEEP);

		(void)state;
		one_map(&r->old, 1, 0x1000, 0x5000, 1);
		*one_entry(&r->old, 1, 0x1000) |= BIT_ULL(11);
		if (!can)
			r->iommu.ecap = 0;
		take(r, SID);
		set_up(r, &r->dev);
		assert_int_equal(snoop_asked, can);
		assert_int_equal(mapped_when_asked, 0);
		assert_int_equal(nr_mappings, 1);
		rig_free(r);
	}
}

/* Of tables that map more than RAM to itself no more is mapped than is reserved: the rest is the allocator's. */
static void identity_is_grafted_as_reserved(void **state)
{
	struct rig *r = rig_new(KDUMP_DEEP);

	(void)state;
	one_map(&r->old, 3, GIB, GIB, 2);
	r->old.f.kdc.limits.ram_pages = 2 * GIB >> 12;
	assert_true(take(r, SID)->identity);
	r->iommu.ecap = 0;
	copy_budget = 10000;
	set_up(r, &r->dev);
	assert_int_equal(nr_mappings, 1);
	want_mapping(0, GIB, GIB, 64 * MIB, IOMMU_CACHE | IOMMU_READ | IOMMU_WRITE);
	rig_free(r);
}

/* A.17: what is lost for PASIDs is said. */
static void lost_pasids_are_told(void **state)
{
	struct rig *r = rig_new(KDUMP_DEEP);

	(void)state;
	one_map(&r->old, 1, 0x1000, 0x5000, 1);
	take(r, SID);
	take(r, SID);
	r->entries[1]->no_pasid = false;
	set_up(r, &r->dev);
	want_said("lost dev=0000:00:05.0 mappings=0 pasids=1\n");
	rig_free(r);
}

/* A.9: unless asked, a device for which all went well is not worth a line. */
static void silent_by_default(void **state)
{
	struct rig *r = rig_new(KDUMP_DEEP);

	(void)state;
	intel_kdump.log_lines = 0;
	one_map(&r->old, 1, 0x1000, 0x5000, 1);
	take(r, SID);
	set_up(r, &r->dev);
	assert_string_equal(said, "");
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grafted_as_it_was),
		cmocka_unit_test(aliases_count),
		cmocka_unit_test(once_a_domain),
		cmocka_unit_test(charged_as_made),
		cmocka_unit_test(not_above_the_units_width),
		cmocka_unit_test(nothing_into_a_live_domain),
		cmocka_unit_test(a_live_domain_may_have_it_all),
		cmocka_unit_test(a_domain_that_is_not_remembered),
		cmocka_unit_test(tables_are_taken),
		cmocka_unit_test(around_what_is_there),
		cmocka_unit_test(reserved_without_a_budget),
		cmocka_unit_test(without_memory_for_a_table),
		cmocka_unit_test(snooping_goes_on),
		cmocka_unit_test(identity_is_grafted_as_reserved),
		cmocka_unit_test(lost_pasids_are_told),
		cmocka_unit_test(silent_by_default),
	};

	return DOMAIN_TESTS(tests);
}
