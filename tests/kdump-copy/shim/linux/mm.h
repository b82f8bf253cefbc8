/* SPDX-License-Identifier: GPL-2.0-only */
/* What kdump_resv.c takes from the kernel, for a build on the host: see test-kdump-resv.c. */
#ifndef SHIM_LINUX_MM_H
#define SHIM_LINUX_MM_H

#include <limits.h>
#include <stdlib.h>

#define PAGE_SIZE 4096ul
#define L1_CACHE_ALIGN(x) (((x) + 63) & ~63ul)
#define DIV_ROUND_UP(a, b) (((a) + (b)-1) / (b))
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
#define cond_resched() ((void)0)
#define spin_lock_irqsave(lock, flags) ((void)(lock), (void)(flags = 0))
#define spin_unlock_irqrestore(lock, flags) ((void)(lock), (void)(flags))
#define kvmalloc_array(n, size, flags) calloc(n, size)

/* Not balanced: the order of the nodes is what matters here. */
struct rb_node {
	struct rb_node *parent, *rb_left, *rb_right;
};

struct rb_root {
	struct rb_node *rb_node;
};

#define rb_entry(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

static inline void rb_link_node(struct rb_node *node, struct rb_node *parent, struct rb_node **link)
{
	*node = (struct rb_node){ .parent = parent };
	*link = node;
}

static inline void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	(void)node;
	(void)root;
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
	struct iova anchor;
};

#define iova_shift(iovad) ((iovad) ? 12u : 0u)
struct iova *alloc_iova_mem(void);

#endif
