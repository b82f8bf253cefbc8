/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done for a device's new DMA domain: kernel-patches/src/kdump_domain.c and kdump_resv.c, the very files the
 * kernel builds, over a domain that only remembers what was mapped. Where no emulated machine shows it: units of fewer
 * address bits, groups that are in use already, permissions, snooping, budgets.
 */
#include "kdump-test.h"
#include "kernel.h"

/* What the domain file says on the console. */
static char said[4096];

#include "kdump_resv.c"
#include "kdump_domain.c"

struct kdump intel_kdump;

void shim_print(const char *fmt, ...)
{
	size_t len = strlen(said);
	va_list args;

	va_start(args, fmt);
	vsnprintf(said + len, sizeof(said) - len, fmt, args);
	va_end(args);
}

/* ---- the rest of the kernel ---- */

static long charged, copy_budget;
static struct iova *nodes[4096];
static unsigned nr_nodes;

static struct mapping {
	u64 iova, pa, size;
	int prot;
} mappings[64];
static unsigned nr_mappings, lookups, map_fails_at;

struct iova *alloc_iova_mem(void)
{
	assert_true(nr_nodes < ARRAY_SIZE(nodes));
	return nodes[nr_nodes++] = calloc(1, sizeof(struct iova));
}

bool intel_kdump_charge(u64 pages, bool reservation)
{
	if (!reservation && (long)pages > copy_budget - charged)
		return false;
	charged += (long)pages;
	return true;
}

void intel_kdump_refund(u64 pages)
{
	charged -= (long)pages;
}

const char *intel_kdump_who(const struct kdump_entry *entry, char buf[KDUMP_WHO_SIZE])
{
	snprintf(buf, KDUMP_WHO_SIZE, "sid=%x", entry->sid);
	return buf;
}

unsigned int intel_kdump_oldmem_ranges(void)
{
	return 1;
}

/* 64 MiB of the dead kernel's RAM, above 1 GiB. */
void intel_kdump_oldmem_range(unsigned int i, u64 *first, u64 *last)
{
	assert_int_equal(i, 0);
	*first = GIB >> 12;
	*last = (GIB + 64 * MIB - 1) >> 12;
}

int iommu_map(struct iommu_domain *domain, unsigned long iova, phys_addr_t pa, size_t size, int prot, int gfp)
{
	(void)domain;
	(void)gfp;
	assert_true(nr_mappings < ARRAY_SIZE(mappings));
	if (map_fails_at && nr_mappings + 1 == map_fails_at)
		return -ENOMEM;
	for (unsigned i = 0; i < nr_mappings; i++)
		assert_false(iova < mappings[i].iova + mappings[i].size && iova + size > mappings[i].iova);
	mappings[nr_mappings++] = (struct mapping){ iova, pa, size, prot };
	return 0;
}

phys_addr_t iommu_iova_to_phys(struct iommu_domain *domain, u64 iova)
{
	(void)domain;
	lookups++;
	for (unsigned i = 0; i < nr_mappings; i++)
		if (iova >= mappings[i].iova && iova < mappings[i].iova + mappings[i].size)
			return mappings[i].pa + iova - mappings[i].iova;
	return 0;
}

struct iommu_resv_region *iommu_alloc_resv_region(u64 start, size_t length, int prot, int type, int gfp)
{
	struct iommu_resv_region *r = calloc(1, sizeof(*r));

	(void)prot;
	(void)gfp;
	assert_int_equal(type, IOMMU_RESV_RESERVED);
	r->start = start;
	r->length = length;
	return r;
}

/* Tables that are taken whole, by kdump_link.c; a page of one that is not may be there all the same. */
static unsigned links, tables_taken;
static bool link_takes, link_touches;

bool intel_kdump_link(struct iommu_domain *domain, const struct kdc_table *table, struct kdump_device *stat,
		      bool *touched)
{
	u64 to[512];
	struct kdc_fill fill = { .to = to };

	links++;
	if (!link_takes) {
		assert_int_not_equal(kdc_table_write(table, &fill), 0);
		if (link_touches)
			iommu_map(domain, table->iova + fill.next * PAGE_SIZE,
				  table->entries[fill.next] & GENMASK_ULL(51, 12), PAGE_SIZE, IOMMU_CACHE, 0);
		*touched = *touched || link_touches;
		link_touches = false;
		return false;
	}
	tables_taken++;
	fill.bits[1] = fill.bits[2] = fill.bits[3] = 1;
	assert_int_equal(kdc_table_write(table, &fill), 0);
	stat->mapped += fill.pages;
	stat->runs += fill.runs;
	return true;
}

static unsigned snoop_asked, mapped_when_asked;

static bool enforce(struct iommu_domain *domain)
{
	(void)domain;
	snoop_asked++;
	mapped_when_asked = nr_mappings;
	return true;
}

/* ---- a unit with one device (00:05.0), which has a bridge's alias (03:00.0), and its domain ---- */

#define SID 0x28
#define ALIAS 0x300
#define CAP_39_BITS (38ull << 16)
#define ECAP_ALL (1ull << 6 | 1ull << 7)

struct rig {
	struct one old;
	struct intel_iommu iommu;
	struct kdump_unit unit;
	struct dev_iommu dev_iommu;
	struct pci_dev dev, second;
	struct iommu_domain_ops ops;
	struct dmar_domain domain;
	struct iova_domain iovad;
	struct kdump_entry *entries[8];
	unsigned nr_entries;
};

static void add_entry(struct rig *r, u16 sid, struct kdc_tree *tree)
{
	struct kdump_entry *e = r->entries[r->nr_entries++] = calloc(1, sizeof(*e));

	e->unit = &r->unit;
	e->sid = sid;
	e->tree = tree;
	e->e.kind = tree ? KDC_TREE : KDC_PASS_THROUGH;
	e->no_pasid = true;
	list_add_tail(&e->list, &r->unit.entries);
}

static void iovad_init(struct iova_domain *iovad)
{
	memset(iovad, 0, sizeof(*iovad));
	iovad->anchor.pfn_lo = iovad->anchor.pfn_hi = ~0ul;
	rb_link_node(&iovad->anchor.node, NULL, &iovad->rbroot.rb_node);
}

static struct rig *rig_new(enum kdump_mode mode)
{
	struct rig *r = calloc(1, sizeof(*r));

	one_init(&r->old, 64, KDC_SECOND_STAGE, 4);
	r->iommu = (struct intel_iommu){ .agaw = 2, .cap = CAP_39_BITS, .ecap = ECAP_ALL };
	INIT_LIST_HEAD(&r->unit.entries);
	r->unit.iommu = &r->iommu;
	r->dev_iommu.iommu_dev = &r->iommu.iommu;
	r->dev.dev = (struct device){ .name = "0000:00:05.0", .iommu = &r->dev_iommu, .sid = SID, .alias = ALIAS };
	r->second.dev = (struct device){ .name = "0000:00:05.1", .iommu = &r->dev_iommu, .sid = SID };
	r->ops.enforce_cache_coherency = enforce;
	INIT_LIST_HEAD(&r->domain.devices);
	r->domain.domain.ops = &r->ops;
	r->domain.domain.pgsize_bitmap = PAGE_SIZE;
	r->domain.domain.geometry.aperture_end = (1ull << 57) - 1;
	iovad_init(&r->iovad);
	memset(&intel_kdump, 0, sizeof(intel_kdump));
	intel_kdump.mode = mode;
	intel_kdump.log_lines = 64;
	INIT_LIST_HEAD(&intel_kdump.units);
	INIT_LIST_HEAD(&intel_kdump.domains);
	INIT_LIST_HEAD(&intel_kdump.devices);
	list_add_tail(&r->unit.list, &intel_kdump.units);
	nr_mappings = lookups = map_fails_at = snoop_asked = links = tables_taken = 0;
	link_takes = link_touches = false;
	charged = 0;
	copy_budget = 1000;
	*said = '\0';
	return r;
}

/* The tree of r->old, as it is now, for the device. */
static struct kdc_tree *take(struct rig *r, u16 sid)
{
	struct kdc_tree *t = one_get(&r->old, intel_kdump.mode == KDUMP_DEEP);

	assert_non_null(t);
	intel_kdump.kdc = r->old.f.kdc;
	add_entry(r, sid, t);
	return t;
}

static void set_up(struct rig *r, struct pci_dev *dev)
{
	intel_kdump_dma_domain(&dev->dev, &r->domain.domain, &r->iovad);
}

static bool is_reserved(struct rig *r, u64 pfn)
{
	const struct iova *i = node_iova(first_above(&r->iovad, pfn));

	return i->pfn_lo <= pfn;
}

/* All that was charged comes back with the domain, but for what the spare nodes took. */
static void rig_free(struct rig *r)
{
	intel_kdump_dma_domain_gone(&r->iovad);
	assert_int_equal(charged, 0);
	assert_true(list_empty(&intel_kdump.domains));
	assert_true(list_empty(&intel_kdump.devices));
	while (r->nr_entries)
		free(r->entries[--r->nr_entries]);
	one_free(&r->old);
	free(r);
}

static void want_said(const char *what)
{
	if (!strstr(said, what))
		fail_msg("'%s' is not in: %s", what, said);
}

static void want_mapping(unsigned i, u64 iova, u64 pa, u64 size, int prot)
{
	assert_true(i < nr_mappings);
	assert_int_equal(mappings[i].iova, iova);
	assert_int_equal(mappings[i].pa, pa);
	assert_int_equal(mappings[i].size, size);
	assert_int_equal(mappings[i].prot, prot);
}

/* ---- the cases ---- */

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
	intel_kdump_reserve_range(&r->iovad, 2, 2);
	intel_kdump_reserve_range(&r->iovad, 4, 4);
	resv.nodes = resv.low = 0;
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
	max_regions = 64;
	intel_kdump_resv_regions(&r->dev.dev, &head);
	assert_true(list_empty(&head));
	set_up(r, &r->dev);
	intel_kdump_resv_regions(&r->dev.dev, &head);
	first = head.next;
	assert_true(first != &head && first->next == &head);
	assert_int_equal(container_of(first, struct iommu_resv_region, list)->start, 0x1000);
	assert_int_equal(container_of(first, struct iommu_resv_region, list)->length, 0x2000);
	free(container_of(first, struct iommu_resv_region, list));
	max_regions = 0;
	rig_free(r);
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
		cmocka_unit_test(grafted_as_it_was),
		cmocka_unit_test(aliases_count),
		cmocka_unit_test(nothing_is_done_unasked),
		cmocka_unit_test(once_a_domain),
		cmocka_unit_test(not_above_the_units_width),
		cmocka_unit_test(nothing_into_a_live_domain),
		cmocka_unit_test(a_live_domain_may_have_it_all),
		cmocka_unit_test(a_domain_that_is_not_remembered),
		cmocka_unit_test(tables_are_taken),
		cmocka_unit_test(around_what_is_there),
		cmocka_unit_test(reserved_without_a_budget),
		cmocka_unit_test(without_memory_for_a_table),
		cmocka_unit_test(snooping_goes_on),
		cmocka_unit_test(identity_tables_are_pass_through),
		cmocka_unit_test(identity_is_grafted_as_reserved),
		cmocka_unit_test(pass_through_stays_so),
		cmocka_unit_test(an_incomplete_scan_is_told),
		cmocka_unit_test(few_low_iovas_are_told),
		cmocka_unit_test(lost_pasids_are_told),
		cmocka_unit_test(silent_by_default),
		cmocka_unit_test(regions_are_silent_by_default),
		cmocka_unit_test(domain_ids_count_once),
	};
	int ret = cmocka_run_group_tests(tests, NULL, NULL);

	while (nr_nodes)
		free(nodes[--nr_nodes]);
	return ret;
}
