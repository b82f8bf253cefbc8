// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translation tables of a dead kernel: what the unit's copy of the context
 * entries led to is scanned, logged and, with deep, copied as well.
 *
 * What is asked for are members of intel_iommu=, see kdump_option.c.
 *
 * Whatever goes wrong for one entry leaves that entry as the caller copied it.
 */
#define pr_fmt(fmt) "DMAR: kdump: " fmt

#include <linux/bitmap.h>
#include <linux/dmar.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/sched/clock.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmstat.h>

#include "kdump_internal.h"

#define CONTEXT_FPD	BIT_ULL(1)	/* same place in PASID entries */
#define RID_PASID_MASK	GENMASK_ULL(19, 0)
#define PASID_DID_MASK	GENMASK_ULL(15, 0)
#define ENTRIES_A_PAGE	(PAGE_SIZE / sizeof(struct kdump_entry))

const char * const intel_kdump_modes[] = {
	[KDUMP_OFF] = "off", [KDUMP_LOG] = "log",
	[KDUMP_RESERVE] = "reserve", [KDUMP_DEEP] = "deep",
};

struct kdump intel_kdump = {
	.units = LIST_HEAD_INIT(intel_kdump.units),
	.domains = LIST_HEAD_INIT(intel_kdump.domains),
	.devices = LIST_HEAD_INIT(intel_kdump.devices),
	.lock = __MUTEX_INITIALIZER(intel_kdump.lock),
};

static void *kdump_alloc(void *ctx, unsigned int order, u64 *pa)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, order);

	if (!page)
		return NULL;
	*pa = page_to_phys(page);
	return page_address(page);
}

static void kdump_free(void *ctx, void *page, unsigned int order)
{
	free_pages((unsigned long)page, order);
}

static void *kdump_own_page(void *ctx, u64 pa)
{
	return phys_to_virt(pa);
}

static void kdump_flush(void *ctx, const void *page, unsigned int order)
{
	clflush_cache_range((void *)page, PAGE_SIZE << order);
}

static void *kdump_resize(void *ctx, void *array, u64 old_size, u64 size)
{
	void *more;

	if (!size) {
		kvfree(array);
		return NULL;
	}
	if (size > KMALLOC_MAX_SIZE && size >> PAGE_SHIFT > totalram_pages())
		return NULL;
	more = kvmalloc(size, GFP_KERNEL | __GFP_NOWARN);
	if (!more)
		return NULL;
	memcpy(more, array, min(old_size, size));
	kvfree(array);
	return more;
}

static void kdump_relax(void *ctx)
{
	cond_resched();
}

static u64 kdump_now(void *ctx)
{
	return local_clock();
}

static struct kdc_ops kdump_ops = {
	.old_page = intel_kdump_old_page,
	.alloc = kdump_alloc,
	.free = kdump_free,
	.own_page = kdump_own_page,
	.flush = kdump_flush,
	.resize = kdump_resize,
	.relax = kdump_relax,
	.now = kdump_now,
};

static int __init kdump_init(void)
{
	struct kdc *kdc = &intel_kdump.kdc;
	const char *why = NULL;
	u64 first, last;
	unsigned int i;

	if (intel_kdump.mode == KDUMP_OFF)
		return 0;
	if (intel_kdump_oldmem_init(&why)) {
		intel_kdump.mode = KDUMP_OFF;
		pr_info("mode=off why=\"%s\"\n", why);
		return 0;
	}
	kdc->ops = &kdump_ops;
	kdc->limits.max_pages = intel_kdump.max_mib ?
				(u64)intel_kdump.max_mib << (20 - PAGE_SHIFT) :
				global_zone_page_state(NR_FREE_PAGES) / 4;
	/* What is kept free for reservations when copies have taken all they may. */
	kdc->limits.copy_pages = kdc->limits.max_pages - kdc->limits.max_pages / 8;
	kdc->limits.own = intel_kdump_oldmem_own(&kdc->limits.nr_own);
	for (i = 0; i < intel_kdump_oldmem_ranges(); i++) {
		intel_kdump_oldmem_range(i, &first, &last);
		kdc->limits.ram_pages += last - first + 1;
	}
	pr_info("mode=%s max_pages=%llu old_ram=%u ranges\n", intel_kdump_modes[intel_kdump.mode],
		kdc->limits.max_pages, intel_kdump_oldmem_ranges());
	return 0;
}
core_initcall(kdump_init);

static int __init kdump_release(void)
{
	intel_kdump_oldmem_release();
	return 0;
}
late_initcall(kdump_release);

bool intel_kdump_charge(u64 pages, bool reservation)
{
	struct kdc *kdc = &intel_kdump.kdc;
	u64 limit = reservation ? kdc->limits.max_pages : kdc->limits.copy_pages;

	if (pages > limit || kdc->used_pages > limit - pages)
		return false;
	kdc->used_pages += pages;
	return true;
}

void intel_kdump_refund(u64 pages)
{
	intel_kdump.kdc.used_pages -= pages;
}

static void set_limits(struct intel_iommu *iommu)
{
	struct kdc_limits *limits = &intel_kdump.kdc.limits;
	unsigned int superpages = cap_super_page_val(iommu->cap);
	struct dmar_drhd_unit *drhd;

	limits->sagaw = cap_sagaw(iommu->cap);
	limits->mgaw = cap_mgaw(iommu->cap);
	limits->first_5level = cap_fl5lp_support(iommu->cap);
	limits->first_1g = cap_fl1gp_support(iommu->cap);
	limits->second_2m = superpages & BIT(0);
	limits->second_1g = superpages & BIT(1);
	limits->pa_end = 1ULL << boot_cpu_data.x86_phys_bits;
	/* A tree may be used by several units: all are written back if one of them needs it. */
	kdump_ops.flush = NULL;
	for_each_active_iommu(iommu, drhd)
		if (!ecap_coherent(iommu->ecap) ||
		    (sm_supported(iommu) && !ecap_smpwc(iommu->ecap)))
			kdump_ops.flush = kdump_flush;
}

static struct kdump_unit *find_unit(struct intel_iommu *iommu)
{
	struct kdump_unit *unit;

	list_for_each_entry(unit, &intel_kdump.units, list)
		if (unit->iommu == iommu)
			return unit;
	set_limits(iommu);
	unit = kzalloc_obj(*unit);
	if (!unit)
		return NULL;
	unit->iommu = iommu;
	unit->gone = bitmap_zalloc(1 << 16, GFP_KERNEL);
	INIT_LIST_HEAD(&unit->entries);
	list_add_tail(&unit->list, &intel_kdump.units);
	return unit;
}

/* NULL: there is no memory to remember it, and what it led to will not be kept free. */
static struct kdump_entry *new_entry(struct kdump_unit *unit, u16 sid, const struct kdc_entry *e)
{
	struct kdump_entry *entry = kzalloc(sizeof(*entry), GFP_KERNEL | __GFP_NOWARN);

	/* A directory of garbage may hold a million entries; each is remembered. */
	if (!entry || (!(unit->nr_entries % ENTRIES_A_PAGE) && !intel_kdump_charge(1, true))) {
		unit->lost++;
		kfree(entry);
		return NULL;
	}
	unit->nr_entries++;
	entry->unit = unit;
	entry->sid = sid;
	entry->e = *e;
	if (e->kind == KDC_REFUSED)
		entry->why = e->why;
	list_add_tail(&entry->list, &unit->entries);
	return entry;
}

/* The tree of an entry; true if the hardware is to get the copy of it. */
static bool take_tree(struct kdump_entry *entry)
{
	struct kdump_unit *unit = entry->unit;
	struct kdc_tree *tree;

	tree = kdc_tree_get(&intel_kdump.kdc, &entry->e, intel_kdump.mode == KDUMP_DEEP);
	if (!tree) {
		entry->why = "no memory";
		return false;
	}
	entry->tree = tree;
	if (tree->users == 1) {
		unit->trees++;
		unit->tables += tree->tables;
		unit->leaves += tree->leaves_4k + tree->leaves_2m + tree->leaves_1g;
		unit->ranges += tree->nr_ranges;
	}
	if (tree->error) {
		entry->why = tree->why;
		entry->where = tree->where;
	}
	entry->deep = !tree->error && tree->new_root;
	return entry->deep;
}

static void legacy_context(struct kdump_unit *unit, u16 sid, u64 *ce)
{
	struct kdump_entry *entry;
	struct kdc_entry e;

	kdc_decode_context(&intel_kdump.kdc.limits, ce, &e);
	if (e.kind == KDC_NOT_PRESENT)
		return;
	entry = new_entry(unit, sid, &e);
	if (!entry)
		return;
	entry->no_pasid = true;
	if (e.kind == KDC_TREE && take_tree(entry)) {
		kdc_context_set_root(ce, entry->tree->new_root);
	} else if (e.kind == KDC_PASS_THROUGH && intel_kdump.mode == KDUMP_DEEP) {
		ce[0] &= ~CONTEXT_FPD;
		entry->deep = true;
	}
}

struct pasid_visit {
	struct kdump_unit *unit;
	u16 sid;
	u32 rid_pasid;
};

static int visit_pasid(void *arg, u32 pasid, const struct kdc_entry *e, u64 pe[8])
{
	struct pasid_visit *v = arg;
	struct kdump_entry *entry;

	entry = new_entry(v->unit, v->sid, e);
	if (!entry)
		return -ENOSPC;
	entry->pasid = pasid;
	entry->no_pasid = pasid == v->rid_pasid;
	entry->scalable = true;
	/* Half of them stay free for this kernel whatever the old tables say. */
	if (intel_kdump.mode >= KDUMP_RESERVE &&
	    v->unit->dids < cap_ndoms(v->unit->iommu->cap) / 2)
		v->unit->dids += kdump_reserve_did(v->unit->iommu, pe[1] & PASID_DID_MASK);
	if (e->kind == KDC_TREE && take_tree(entry)) {
		kdc_pasid_set_root(pe, e->format, entry->tree->new_root);
	} else if (e->kind == KDC_PASS_THROUGH && intel_kdump.mode == KDUMP_DEEP) {
		pe[0] &= ~CONTEXT_FPD;
		entry->deep = true;
	}
	return 0;
}

/* The entries of a directory whose copy came to nothing go on with the old one. */
static void not_deep(struct kdump_unit *unit, u16 sid)
{
	struct kdump_entry *entry;

	list_for_each_entry_reverse(entry, &unit->entries, list) {
		if (entry->sid != sid)
			break;
		entry->deep = false;
	}
}

static void scalable_context(struct kdump_unit *unit, u16 sid, u64 *ce)
{
	struct pasid_visit v = { .unit = unit, .sid = sid };
	bool deep = intel_kdump.mode == KDUMP_DEEP;
	struct kdump_entry *dir;
	struct kdc_entry e;
	struct kdc_dir out;
	int ret;

	kdc_decode_scalable_context(&intel_kdump.kdc.limits, ce, &e);
	if (e.kind == KDC_NOT_PRESENT)
		return;
	dir = new_entry(unit, sid, &e);
	if (!dir)
		return;
	dir->scalable = true;
	if (ecap_rps(unit->iommu->ecap))
		v.rid_pasid = ce[1] & RID_PASID_MASK;
	if (e.kind != KDC_PASID_DIR)
		return;
	ret = kdc_pasids(&intel_kdump.kdc, &e, deep, visit_pasid, &v, &out);
	dir->new_dir = out.root;
	dir->partial = out.partial;
	if (ret) {
		dir->why = out.why ?: "no memory";
		dir->where = e.root;
		not_deep(unit, sid);
	} else if (deep) {
		kdc_context_set_root(ce, dir->new_dir);
		dir->deep = true;
	}
}

void intel_kdump_context(struct intel_iommu *iommu, int bus, int devfn, struct context_entry *ce,
			 bool scalable)
{
	struct kdc *kdc = &intel_kdump.kdc;
	u64 start, scan, copy, pages;
	struct kdump_unit *unit;
	u64 *raw = (u64 *)ce;

	if (intel_kdump.mode == KDUMP_OFF)
		return;
	unit = find_unit(iommu);
	if (!unit)
		return;
	start = kdump_now(NULL);
	scan = kdc->ns_scan;
	copy = kdc->ns_copy;
	pages = kdc->used_pages;
	unit->contexts++;
	if (scalable)
		scalable_context(unit, bus << 8 | devfn, raw);
	else
		legacy_context(unit, bus << 8 | devfn, raw);
	unit->t_scan += kdc->ns_scan - scan;
	unit->t_copy += kdc->ns_copy - copy;
	unit->pages += kdc->used_pages - pages;
	unit->t_total += kdump_now(NULL) - start;
}

void intel_kdump_free_dir(struct kdump_entry *entry)
{
	if (entry->new_dir)
		kdc_free_pasids(&intel_kdump.kdc, entry->new_dir, entry->e.pasid_dir_order);
	entry->new_dir = 0;
}

static void forget_unit(struct kdump_unit *unit)
{
	struct kdump_entry *entry, *next;

	list_for_each_entry_safe(entry, next, &unit->entries, list) {
		if (entry->tree)
			kdc_tree_put(&intel_kdump.kdc, entry->tree);
		intel_kdump_free_dir(entry);
		list_del(&entry->list);
		kfree(entry);
	}
	intel_kdump_refund(DIV_ROUND_UP(unit->nr_entries, ENTRIES_A_PAGE));
	unit->nr_entries = 0;
}

void intel_kdump_copied(struct intel_iommu *iommu, int err)
{
	struct kdump_unit *unit;

	if (intel_kdump.mode == KDUMP_OFF)
		return;
	unit = find_unit(iommu);
	if (!unit)
		return;
	unit->err = err;
	if (err)
		forget_unit(unit);
}
