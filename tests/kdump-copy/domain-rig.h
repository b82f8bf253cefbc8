/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rest of the kernel and one device, for the tests that include iova-exact.c, kdump_resv.c and kdump_domain.c (before this file):
 * over a domain that only remembers what was mapped.
 */
#ifndef DOMAIN_RIG_H
#define DOMAIN_RIG_H

#include "said.h"

struct kdump intel_kdump;

/* ---- the rest of the kernel ---- */

static long charged, copy_budget, whole_budget;
static struct iova *nodes[1u << 18];
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
	if ((long)pages > (reservation ? whole_budget : copy_budget) - charged)
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

/* As kdump_link.c does it, by the size of what is there. */
u64 intel_kdump_lookup(struct iommu_domain *domain, u64 iova, u64 *size)
{
	u64 left = *size;

	(void)domain;
	lookups++;
	for (unsigned i = 0; i < nr_mappings; i++) {
		const struct mapping *m = &mappings[i];

		if (iova >= m->iova && iova < m->iova + m->size) {
			*size = min(left, m->iova + m->size - iova);
			return m->pa + iova - m->iova;
		}
		if (m->iova > iova)
			*size = min(*size, m->iova - iova);
	}
	return U64_MAX;
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

/* Tables of the domain: those it begins with, and so many for each mapping. */
static u64 tables_a_mapping;

u64 intel_kdump_tables(struct iommu_domain *domain)
{
	(void)domain;
	return 3 + nr_mappings * tables_a_mapping;
}

/* Tables that are taken whole, by kdump_link.c; a page of one that is not may be there all the same. */
static unsigned links, tables_taken;
static bool link_takes, link_touches;

bool intel_kdump_link(struct iommu_domain *domain, const struct kdc_table *table, struct kdump_link *link,
		      struct kdump_device *stat)
{
	u64 to[512];
	struct kdc_fill fill = { .to = to };

	links++;
	if (!link_takes) {
		assert_int_not_equal(kdc_table_write(table, &fill), 0);
		if (link_touches)
			iommu_map(domain, table->iova + fill.next * PAGE_SIZE,
				  table->entries[fill.next] & GENMASK_ULL(51, 12), PAGE_SIZE, IOMMU_CACHE, 0);
		link->touched = link->touched || link_touches;
		link_touches = false;
		return false;
	}
	tables_taken++;
	fill.bits[1] = fill.bits[2] = fill.bits[3] = 1;
	assert_int_equal(kdc_table_write(table, &fill), 0);
	stat->mapped += fill.pages;
	stat->runs++;
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
	iovad->dma_32bit_pfn = 1ul << 20;
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
	tables_a_mapping = 1;
	charged = 0;
	copy_budget = 1000;
	whole_budget = LONG_MAX;
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
	intel_kdump_dma_ready(&r->domain.domain, &dev->dev, &r->iovad);
}

static bool is_reserved(struct rig *r, u64 pfn)
{
	const struct iova *i = node_iova(first_above(&r->iovad, pfn));

	return i->pfn_lo <= pfn;
}

/* All that was charged comes back with the domain, but for what the spare nodes took. */
static void rig_free(struct rig *r)
{
	intel_kdump_dma_gone(&r->domain.domain, &r->iovad);
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

/* The cases, and then the nodes, which no domain owns. For cmocka_run_group_tests() it must be an array: a macro. */
#define DOMAIN_TESTS(tests) domain_tests_end(cmocka_run_group_tests(tests, NULL, NULL))

static int domain_tests_end(int ret)
{
	while (nr_nodes)
		free(nodes[--nr_nodes]);
	return ret;
}

#endif
