// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translation tables of a dead kernel: the tables of the new domain, read and
 * filled as the hardware reads them. A copied table of the lowest level is written
 * as a whole, not by iommu_map() page after page, and what is mapped already is
 * found by the size of what is there.
 *
 * The copy's own table cannot be linked into the domain: that frees what it is
 * made of, through a list in struct page, and another domain may have the same
 * copy. What entries have beside the address is taken from those that iommu_map()
 * makes: of the first page of each kind, and of the first table.
 */
#include <linux/mm.h>

#include <asm/cacheflush.h>

#include "kdump_internal.h"

#define PTE_ADDR	GENMASK_ULL(51, 12)
#define PTE_THERE	GENMASK_ULL(1, 0)
#define PTE_LARGE	BIT_ULL(7)
#define PTES		512u

/* Bytes that an entry of a table at level stands for. */
static u64 slot_size(unsigned int level)
{
	return 1ULL << (3 + 9 * level);
}

/* The entry for iova: at the level last, or above, where nothing is below it. */
static u64 *find_entry(struct dmar_domain *domain, u64 iova, unsigned int last,
		       unsigned int *level)
{
	u64 *entry, *table = kdump_domain_top(domain, level);

	for (;; --*level) {
		entry = &table[iova / slot_size(*level) % PTES];
		if (*level == last || !(*entry & PTE_THERE) || (*entry & PTE_LARGE))
			return entry;
		table = phys_to_virt(*entry & PTE_ADDR);
	}
}

u64 intel_kdump_lookup(struct iommu_domain *domain, u64 iova, u64 *size)
{
	u64 *entry, slot, pa = U64_MAX, end;
	unsigned int level;

	entry = find_entry(to_dmar_domain(domain), iova, 1, &level);
	slot = slot_size(level);
	if (*entry & PTE_THERE)
		pa = (*entry & PTE_ADDR & ~(slot - 1)) + iova % slot;
	end = slot - iova % slot;
	/* In the lowest table, as far as the next ones are alike. */
	while (level == 1 && end < *size && (iova + end) % SZ_2M) {
		entry++;
		if (pa == U64_MAX ? *entry & PTE_THERE :
				    !(*entry & PTE_THERE) || (*entry & PTE_ADDR) != pa + end)
			break;
		end += PAGE_SIZE;
	}
	*size = min(*size, end);
	return pa;
}

/* Tables of the domain from this one on. */
static u64 count_tables(const u64 *table, unsigned int level)
{
	u64 n = 1;
	unsigned int i;

	for (i = 0; i < PTES; i++) {
		if (!(table[i] & PTE_THERE) || (table[i] & PTE_LARGE))
			continue;
		n += level == 2 ? 1 : count_tables(phys_to_virt(table[i] & PTE_ADDR), level - 1);
	}
	return n;
}

u64 intel_kdump_tables(struct iommu_domain *domain)
{
	unsigned int level;
	u64 *top = kdump_domain_top(to_dmar_domain(domain), &level);

	return count_tables(top, level);
}

static void flush(struct dmar_domain *domain, void *at, unsigned int size)
{
	if (!kdump_domain_coherent(domain))
		clflush_cache_range(at, size);
}

/* By iommu_map(); what it wrote beside the address, 0: it did not. */
static u64 map_one(struct iommu_domain *domain, u64 iova, u64 pte, unsigned int perm, u64 **to)
{
	int prot = IOMMU_CACHE | (perm & 1 ? IOMMU_READ : 0) | (perm & 2 ? IOMMU_WRITE : 0);
	unsigned int level;
	u64 *entry;

	if (kdump_iommu_map(domain, iova, pte & PTE_ADDR, PAGE_SIZE, prot))
		return 0;
	entry = find_entry(to_dmar_domain(domain), iova, 1, &level);
	if (level > 1)
		return 0;
	*to = entry - iova / PAGE_SIZE % PTES;
	return *entry & ~PTE_ADDR;
}

/* The table that iommu_map() makes for the first page, filled. */
static bool fill_mapped(struct iommu_domain *domain, const struct kdc_table *table,
			struct kdump_link *link, struct kdc_fill *fill)
{
	struct dmar_domain *dmar = to_dmar_domain(domain);
	unsigned int perm, level;
	u64 *entry;

	while ((perm = kdc_table_write(table, fill))) {
		fill->bits[perm] = map_one(domain, table->iova + fill->next * PAGE_SIZE,
					   table->entries[fill->next], perm, &fill->to);
		if (!fill->bits[perm])
			return false;
		link->bits[perm] = fill->bits[perm];
	}
	if (!fill->to)
		return true;
	entry = find_entry(dmar, table->iova, 2, &level);
	link->table = *entry & ~PTE_ADDR;
	flush(dmar, fill->to, PAGE_SIZE);
	return true;
}

/* A table that is linked when it is filled. False: it needs what is not known yet. */
static bool fill_new(struct dmar_domain *domain, const struct kdc_table *table,
		     const struct kdump_link *link, struct kdc_fill *fill, u64 *entry)
{
	fill->to = link->table ? kdump_new_table(domain) : NULL;
	if (!fill->to)
		return false;
	memcpy(fill->bits, link->bits, sizeof(fill->bits));
	if (kdc_table_write(table, fill) || !fill->pages) {
		kdump_free_table(fill->to);
		return false;
	}
	flush(domain, fill->to, PAGE_SIZE);
	WRITE_ONCE(*entry, virt_to_phys(fill->to) | link->table);
	flush(domain, entry, sizeof(*entry));
	return true;
}

bool intel_kdump_link(struct iommu_domain *domain, const struct kdc_table *table,
		      struct kdump_link *link, struct kdump_device *stat)
{
	struct dmar_domain *dmar = to_dmar_domain(domain);
	struct kdc_fill fill = {};
	unsigned int level;
	u64 *entry;

	entry = find_entry(dmar, table->iova, 2, &level);
	if (*entry & PTE_THERE)
		return false;
	if (level > 2 || !fill_new(dmar, table, link, &fill, entry)) {
		fill = (struct kdc_fill){};
		if (!fill_mapped(domain, table, link, &fill)) {
			link->touched = true;
			return false;
		}
	}
	stat->mapped += fill.pages;
	stat->runs += !!fill.pages;
	return true;
}
