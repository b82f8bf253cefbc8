/* SPDX-License-Identifier: GPL-2.0-only */
/* Taking a snapshot by walking, and using one as memory. Files are in snapshot-file.c. */
#include "vtd/snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vtd/backend.h"
#include "vtd/formats.h"
#include "iommu/u64map.h"

/* Pages collected while the walk runs. */
struct capture {
	const struct vtd_walk_options *caller;
	struct u64map seen;		   /* page number -> index */
	struct iommu_snapshot_page *pages; /* data: NULL or not, set for good at the end */
	size_t n_pages, cap_pages;
	uint8_t *blob;
	size_t n_blob, cap_blob; /* in pages */
	int err;
};

static bool is_zero(const void *page)
{
	const uint64_t *q = page;
	uint64_t any = 0;

	for (size_t i = 0; i < IOMMU_PAGE_SIZE / 8; i++)
		any |= q[i];
	return !any;
}

static int room(void **array, size_t *cap, size_t n, size_t size)
{
	size_t more = *cap ? *cap * 2 : 64;
	void *bigger;

	if (n < *cap)
		return 0;
	bigger = realloc(*array, more * size);
	if (!bigger)
		return -ENOMEM;
	*array = bigger;
	*cap = more;
	return 0;
}

static void keep_page(void *ctx, uint64_t pa, enum vtd_table_kind kind, unsigned level, const void *page)
{
	struct capture *c = ctx;
	void *pages = c->pages, *blob = c->blob;
	bool zero = is_zero(page);

	if (c->caller && c->caller->on_page)
		c->caller->on_page(c->caller->on_page_ctx, pa, kind, level, page);
	if (c->err || u64map_get(&c->seen, pa >> IOMMU_PAGE_SHIFT) != U64MAP_NONE)
		return;
	if (room(&pages, &c->cap_pages, c->n_pages, sizeof(*c->pages)))
		goto no_memory;
	c->pages = pages;
	if (!zero && room(&blob, &c->cap_blob, c->n_blob, IOMMU_PAGE_SIZE))
		goto no_memory;
	c->blob = blob;
	if (u64map_put(&c->seen, pa >> IOMMU_PAGE_SHIFT, (uint32_t)c->n_pages))
		goto no_memory;
	/* The blob may still move: remember the page's number in it, plus one. */
	c->pages[c->n_pages++] = (struct iommu_snapshot_page){
		.pa = pa,
		.kind = (uint8_t)kind,
		.data = zero ? NULL : (const uint8_t *)(uintptr_t)(c->n_blob + 1),
	};
	if (!zero)
		memcpy(c->blob + IOMMU_PAGE_SIZE * c->n_blob++, page, IOMMU_PAGE_SIZE);
	return;
no_memory:
	c->err = -ENOMEM;
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = ((const struct iommu_snapshot_page *)a)->pa;
	uint64_t y = ((const struct iommu_snapshot_page *)b)->pa;

	return x < y ? -1 : x > y;
}

/* Turn what was collected into a snapshot; takes over the arrays. */
static struct iommu_snapshot *finish(struct capture *c, const uint64_t *regs, const struct iommu_snapshot_meta *meta)
{
	struct vtd_snapshot *whole = calloc(1, sizeof(*whole));
	struct iommu_snapshot *s = &whole->base;

	if (!whole)
		return NULL;
	s->iommu = &vtd_iommu;
	s->meta = *meta;
	s->meta.phase[sizeof(s->meta.phase) - 1] = '\0';
	memcpy(whole->regs, regs, sizeof(whole->regs));
	for (size_t i = 0; i < c->n_pages; i++)
		if (c->pages[i].data)
			c->pages[i].data = c->blob + IOMMU_PAGE_SIZE * ((uintptr_t)c->pages[i].data - 1);
	if (c->n_pages)
		qsort(c->pages, c->n_pages, sizeof(*c->pages), by_address);
	s->pages = c->pages;
	s->n_pages = c->n_pages;
	whole->blob = c->blob;
	c->pages = NULL;
	c->blob = NULL;
	return s;
}

int vtd_snapshot_capture(const struct iommu_mem *mem, const uint64_t regs[VTD_REGS_QWORDS],
			 const struct iommu_snapshot_meta *meta, const struct vtd_walk_options *opt,
			 struct iommu_snapshot **out, struct vtd_walk_result **walk, struct iommu_error *err)
{
	struct vtd_walk_options o = opt ? *opt : (struct vtd_walk_options){ 0 };
	struct vtd_walk_result *result;
	struct capture c = { .caller = opt };
	int ret;

	*out = NULL;
	if (walk)
		*walk = NULL;
	o.on_page = keep_page;
	o.on_page_ctx = &c;
	ret = vtd_walk(mem, meta->root, meta->mode, meta->irta, &o, &result);
	if (!ret && !c.err) {
		*out = finish(&c, regs, meta);
		if (*out)
			(*out)->meta.truncated = result->base.truncated;
	}
	if (!ret && *out && walk)
		*walk = result;
	else if (!ret)
		vtd_walk_free(result);
	free(c.pages);
	free(c.blob);
	u64map_clear(&c.seen);
	return *out ? 0 : iommu_fail(err, -ENOMEM, "out of memory while taking a snapshot");
}

void vtd_snapshot_free(struct iommu_snapshot *s)
{
	if (!s)
		return;
	free(s->pages);
	free(vtd_snapshot_of(s)->blob);
	free(s);
}

int vtd_snapshot_walk(const struct iommu_snapshot *s, const struct vtd_walk_options *opt, struct vtd_walk_result **out)
{
	struct iommu_mem mem = iommu_snapshot_mem(s);
	struct vtd_walk_options own;
	struct vtd_regs regs;
	int ret;

	vtd_regs_decode(vtd_snapshot_of(s)->regs, &regs);
	own = vtd_walk_options_from_regs(&regs);
	ret = vtd_walk(&mem, s->meta.root, s->meta.mode, s->meta.irta, opt ? opt : &own, out);
	if (!ret && s->meta.truncated && !(*out)->base.truncated) {
		(*out)->base.truncated = true;
		(*out)->base.truncated_by = "the capture";
	}
	return ret;
}

int vtd_snapshot_reread(const struct iommu_snapshot *a, const struct iommu_mem *now, const char *phase,
			struct iommu_snapshot **out, struct iommu_error *err)
{
	struct iommu_snapshot_meta meta = a->meta;
	uint64_t page[IOMMU_PAGE_SIZE / 8];
	struct capture c = { 0 };

	snprintf(meta.phase, sizeof(meta.phase), "%s", phase);
	for (size_t i = 0; i < a->n_pages; i++)
		if (now->read_page(now->ctx, a->pages[i].pa, page) == 0)
			keep_page(&c, a->pages[i].pa, a->pages[i].kind, 0, page);
	*out = c.err ? NULL : finish(&c, vtd_snapshot_of(a)->regs, &meta);
	free(c.pages);
	free(c.blob);
	u64map_clear(&c.seen);
	return *out ? 0 : iommu_fail(err, -ENOMEM, "out of memory while taking a snapshot");
}

size_t vtd_snapshot_changed(const struct iommu_snapshot *a, const struct iommu_mem *now, uint64_t *which, size_t room)
{
	static const uint64_t zeroes[IOMMU_PAGE_SIZE / 8];
	uint64_t page[IOMMU_PAGE_SIZE / 8], mask;
	size_t changed = 0;

	for (size_t i = 0; i < a->n_pages; i++) {
		const void *data = a->pages[i].data ? (const void *)a->pages[i].data : zeroes;
		const uint64_t *old = data;
		bool differs = false;

		if (now->read_page(now->ctx, a->pages[i].pa, page))
			continue;

		mask = ~UINT64_C(0);
		if (a->pages[i].kind == VTD_TABLE_SECOND_LEVEL)
			mask = ~(VTD_SL_A | VTD_SL_D);
		else if (a->pages[i].kind == VTD_TABLE_FIRST_LEVEL)
			mask = ~(VTD_FL_A | VTD_FL_D | VTD_FL_EA);
		for (size_t k = 0; k < IOMMU_PAGE_SIZE / 8 && !differs; k++)
			differs = (old[k] ^ page[k]) & mask;
		if (differs && changed++ < room)
			which[changed - 1] = a->pages[i].pa;
	}
	return changed;
}
