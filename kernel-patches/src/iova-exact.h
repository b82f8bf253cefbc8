/* SPDX-License-Identifier: GPL-2.0-only */
/* Many ranges of IOVAs reserved exactly, and the nodes of an IOVA domain read. */
#ifndef IOVA_EXACT_H
#define IOVA_EXACT_H

#include <linux/iova.h>

#define IOVA_EXACT_SPARES	32

/**
 * struct iova_exact - what calls of iova_exact_reserve() add up to
 * @overlapped: pfns that were asked for and taken already
 * @nodes: nodes that were made
 * @low: pfns of these nodes below 4 GiB
 * @spare: nodes that are kept for what must not fail
 * @spares: how many of them there are
 * @use_spares: they may be used where there is no memory for another node
 *
 * Begins as zero, and is its owner's to lock and to count from zero again. A pfn
 * is a number of pages of the domain's granule, as everywhere in an IOVA domain.
 */
struct iova_exact {
	u64 overlapped;
	u64 nodes;
	u64 low;
	struct iova *spare[IOVA_EXACT_SPARES];
	unsigned int spares;
	bool use_spares;
};

/**
 * struct iova_span - one node of an IOVA domain
 * @lo: first pfn
 * @hi: last pfn
 */
struct iova_span {
	unsigned long lo;
	unsigned long hi;
};

/**
 * iova_exact_keep() - fill up the nodes that are kept
 * @x: where they are kept
 *
 * Any context, without a lock of an IOVA domain. There may be fewer after it
 * than IOVA_EXACT_SPARES, if there is no memory.
 */
void iova_exact_keep(struct iova_exact *x);

/**
 * iova_exact_reserve() - keep a range of IOVAs from being handed out
 * @iovad: IOVA domain
 * @pfn_lo: first pfn
 * @pfn_hi: last pfn, below the domain's anchor
 * @x: is told what it did
 *
 * Unlike reserve_iova() it looks for the place from the root of the tree, in
 * O(log n), and makes nodes for nothing but the gaps between what is taken
 * already. That counts as overlapped: while the domain is set up it is another
 * reservation; later, it may be an IOVA in use.
 *
 * Any context; takes the lock of the domain's tree.
 *
 * Return: 0, or -ENOMEM: all up to some pfn is reserved, and nothing above it.
 */
int iova_exact_reserve(struct iova_domain *iovad, unsigned long pfn_lo, unsigned long pfn_hi,
		       struct iova_exact *x);

/**
 * iova_exact_count() - count the nodes of a domain
 * @iovad: IOVA domain; few nodes are in it
 * @low_free: set to the pfns below 4 GiB that none of them takes
 *
 * Any context; takes the lock of the domain's tree for all of the nodes.
 *
 * Return: how many there are, without the anchor.
 */
u64 iova_exact_count(struct iova_domain *iovad, u64 *low_free);

/**
 * iova_exact_read() - read the nodes of a domain, from the lowest on
 * @iovad: IOVA domain
 * @spans: where they are put
 * @size: how many at most
 *
 * Process context; takes the lock of the domain's tree for some of them at a
 * time, since there may be a million.
 *
 * Return: how many were read.
 */
u64 iova_exact_read(struct iova_domain *iovad, struct iova_span *spans, u64 size);

/**
 * alloc_iova_mem() - allocate the node of an IOVA domain
 *
 * From the cache to which put_iova_domain() returns it. Any context.
 *
 * Return: the node, zeroed, or NULL.
 */
struct iova *alloc_iova_mem(void);

#endif
