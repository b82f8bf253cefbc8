/* SPDX-License-Identifier: GPL-2.0-only */
/* What iova-exact.c, kdump_resv.c, kdump_domain.c and kdump_link.c take from the kernel, for a build on the host; linux/ include this. */
#ifndef SHIM_KERNEL_H
#define SHIM_KERNEL_H

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "kdump_copy_host.h"

#define CONFIG_INTEL_IOMMU_KDUMP
/* What Makefile.kdump finds in a tree like 6.1's. */
#define KDUMP_DOMAIN_PGD
#define PAGE_SHIFT 12
#define PAGE_SIZE 4096ul
#define SZ_2M 0x200000ul
#define SZ_1G 0x40000000ul
#define L1_CACHE_ALIGN(x) (((x) + 63) & ~63ul)
#define DIV_ROUND_UP(a, b) (((a) + (b)-1) / (b))
#define ALIGN_DOWN(a, b) ((a) / (b) * (b))
#define IS_ENABLED(x) 1
#define GFP_KERNEL 0
#define __GFP_NOWARN 0
#define min_t(type, a, b)          \
	({                         \
		type a_ = (a);     \
		type b_ = (b);     \
		a_ < b_ ? a_ : b_; \
	})
#define min(a, b)                       \
	({                              \
		__typeof__(a) a_ = (a); \
		__typeof__(b) b_ = (b); \
		a_ < b_ ? a_ : b_;      \
	})
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define cond_resched() ((void)0)
#define local_clock() 0ull
#define kvmalloc_array(n, size, flags) calloc(n, size)
/* How many calls from now on find no memory. */
static unsigned no_memory __attribute__((unused));
#define kzalloc(size, flags) (no_memory && no_memory-- ? NULL : calloc(1, size))
#define kfree(p) free(p)
#define kvfree(p) free(p)
#define max(a, b) ((a) > (b) ? (a) : (b))
#define strscpy(to, from, size) snprintf(to, size, "%s", from)
/* In the test program: what the console would show. */
void shim_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define __init
#define __initconst
#define rootfs_initcall(fn) static int (*const at_rootfs)(void) = fn
#define pr_info(...) shim_print(__VA_ARGS__)
#define pr_warn(...) shim_print(__VA_ARGS__)
#define pr_err(...) shim_print(__VA_ARGS__)

static inline int kstrtouint(const char *s, unsigned int base, unsigned int *res)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(s, &end, base);
	if (!strchr("+0123456789", *s) || !*s || *end || errno || value > UINT_MAX)
		return -EINVAL;
	*res = value;
	return 0;
}

static inline bool test_and_set_bit(unsigned int n, unsigned long *bits)
{
	unsigned long bit = 1ul << n % 64, had = bits[n / 64] & bit;

	bits[n / 64] |= bit;
	return had;
}

/* ---- lists, locks ---- */

struct list_head {
	struct list_head *next, *prev;
};

#define INIT_LIST_HEAD(head) (*(head) = (struct list_head){ head, head })
#define list_empty(head) ((head)->next == (head))
#define list_last_entry(head, type, member) container_of((head)->prev, type, member)
#define list_for_each_entry(pos, head, member)                                                   \
	for (pos = container_of((head)->next, __typeof__(*pos), member); &pos->member != (head); \
	     pos = container_of(pos->member.next, __typeof__(*pos), member))
#define list_for_each_entry_safe(pos, n, head, member)                    \
	for (pos = container_of((head)->next, __typeof__(*pos), member),  \
	    n = container_of(pos->member.next, __typeof__(*pos), member); \
	     &pos->member != (head); pos = n, n = container_of(n->member.next, __typeof__(*n), member))

static inline void list_add_tail(struct list_head *new, struct list_head *head)
{
	*new = (struct list_head){ head, head->prev };
	head->prev->next = new;
	head->prev = new;
}

static inline void list_del(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
}

struct mutex {
	int held;
};

#define mutex_lock(m) ((m)->held++ ? abort() : (void)0)
#define mutex_unlock(m) ((void)(m)->held--)
#define spin_lock_irqsave(lock, flags) ((void)(lock), (void)(flags = 0))
#define spin_unlock_irqrestore(lock, flags) ((void)(lock), (void)(flags))

/* ---- the tree of an IOVA domain, balanced by chance: the order of the nodes is what matters here ---- */

struct rb_node {
	struct rb_node *parent, *rb_left, *rb_right;
	u32 weight;
};

struct rb_root {
	struct rb_node *rb_node;
};

#define rb_entry(ptr, type, member) container_of(ptr, type, member)

static inline void rb_link_node(struct rb_node *node, struct rb_node *parent, struct rb_node **link)
{
	static u32 chance = 1;

	chance = chance * 1664525 + 1013904223;
	*node = (struct rb_node){ .parent = parent, .weight = chance >> 1 };
	*link = node;
}

/* A heavier node goes up; @up is its parent, which becomes its child. */
static inline void rb_rotate(struct rb_node *node, struct rb_node *up, struct rb_root *root)
{
	bool left = up->rb_left == node;
	struct rb_node *inner = left ? node->rb_right : node->rb_left;

	*(left ? &up->rb_left : &up->rb_right) = inner;
	if (inner)
		inner->parent = up;
	*(left ? &node->rb_right : &node->rb_left) = up;
	node->parent = up->parent;
	up->parent = node;
	if (!node->parent)
		root->rb_node = node;
	else if (node->parent->rb_left == up)
		node->parent->rb_left = node;
	else
		node->parent->rb_right = node;
}

static inline void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	while (node->parent && node->parent->weight < node->weight)
		rb_rotate(node, node->parent, root);
}

static inline struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *node = root->rb_node;

	while (node && node->rb_left)
		node = node->rb_left;
	return node;
}

static inline struct rb_node *rb_next(const struct rb_node *node)
{
	struct rb_node *up;

	if (node->rb_right) {
		for (up = node->rb_right; up->rb_left; up = up->rb_left)
			;
		return up;
	}
	for (up = node->parent; up && node == up->rb_right; up = up->parent)
		node = up;
	return up;
}

struct iova {
	struct rb_node node;
	unsigned long pfn_hi, pfn_lo;
};

struct iova_domain {
	int iova_rbtree_lock;
	struct rb_root rbroot;
	unsigned long dma_32bit_pfn;
	struct iova anchor;
};

#define iova_shift(iovad) ((iovad) ? 12u : 0u)

/* ---- devices and their domains ---- */

typedef u64 phys_addr_t;

struct iommu_device {
	int unused;
};

struct dev_iommu {
	struct iommu_device *iommu_dev;
};

struct device_domain_info {
	u8 bus, devfn;
};

struct device {
	const char *name;
	struct dev_iommu *iommu;
	struct device_domain_info *info;
	u16 sid, alias;
};

struct pci_dev {
	struct device dev;
};

#define dev_name(dev) ((dev)->name)
#define dev_iommu_priv_get(dev) ((dev)->info)
#define dev_is_pci(dev) (!(dev)->info)
#define to_pci_dev(d) container_of(d, struct pci_dev, dev)
#define pci_for_each_dma_alias(pdev, fn, arg) \
	((fn)(pdev, (pdev)->dev.sid, arg) ?: (pdev)->dev.alias ? (fn)(pdev, (pdev)->dev.alias, arg) : 0)

enum { IOMMU_READ = 1, IOMMU_WRITE = 2, IOMMU_CACHE = 4 };
enum { IOMMU_RESV_RESERVED = 2 };

struct iommu_domain;

struct iommu_domain_ops {
	bool (*enforce_cache_coherency)(struct iommu_domain *domain);
};

struct iommu_domain {
	const struct iommu_domain_ops *ops;
	unsigned long pgsize_bitmap;
	struct {
		u64 aperture_end;
	} geometry;
};

struct iommu_resv_region {
	struct list_head list;
	u64 start, length;
};

int iommu_map(struct iommu_domain *domain, unsigned long iova, phys_addr_t pa, size_t size, int prot, int gfp);
phys_addr_t iommu_iova_to_phys(struct iommu_domain *domain, u64 iova);
struct iommu_resv_region *iommu_alloc_resv_region(u64 start, size_t length, int prot, int type, int gfp);

/* ---- drivers/iommu/intel/iommu.h ---- */

struct intel_iommu {
	struct iommu_device iommu;
	int seq_id, agaw;
	u64 cap, ecap;
	unsigned long domain_ids[4];
};

struct dma_pte {
	u64 val;
};

struct dmar_domain {
	struct list_head devices;
	struct iommu_domain domain;
	struct dma_pte *pgd;
	int agaw, nid;
	bool iommu_coherency;
};

void clflush_cache_range(void *at, size_t size);
#define phys_to_virt(pa) ((void *)(uintptr_t)(pa))
#define virt_to_phys(va) ((u64)(uintptr_t)(va))
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))

/* Pages for tables of a domain; of what is in them nothing is known. */
struct page;
struct page *alloc_pages_node(int nid, int flags, unsigned int order);
void free_page(unsigned long at);
#define page_address(page) ((void *)(page))

#define to_dmar_domain(d) container_of(d, struct dmar_domain, domain)
#define cap_mgaw(c) ((unsigned int)((c) >> 16 & 0x3f) + 1)
#define cap_ndoms(c) ((c) ? 256u : 0u)
#define ecap_pass_through(e) ((e) >> 6 & 1)
#define ecap_sc_support(e) ((e) >> 7 & 1)

#endif
