/* SPDX-License-Identifier: GPL-2.0-only */
/* Fuzzing the walker: inputs write entries into a small RAM; its walk must keep its word. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz-tables.h"
#include "vtd/compare.h"
#include "vtd/find.h"
#include "vtd/snapshot.h"
#include "vtd/print.h"
#include "vtd/translate.h"

#define PAGES 48u
#define HEADER 8u

static void check_runs(const struct vtd_walk_result *r, const struct vtd_walk_options *o)
{
	FUZZ_CHECK(r->base.n_runs <= o->max_runs);
	FUZZ_CHECK(r->base.visits <= o->max_visits);
	FUZZ_CHECK(r->n_pasids <= o->max_pasids);
	for (size_t t = 0; t < r->base.n_trees; t++) {
		const struct iommu_run *run;

		FUZZ_CHECK(r->base.trees[t].first_run + r->base.trees[t].n_runs <= r->base.n_runs);
		if (!r->base.trees[t].n_runs)
			continue;
		run = r->base.runs + r->base.trees[t].first_run;
		for (size_t i = 0; i < r->base.trees[t].n_runs; i++, run++) {
			uint64_t len = run->iova_last - run->iova_start;

			FUZZ_CHECK(run->iova_start <= run->iova_last);
			FUZZ_CHECK(!(run->iova_start & 0xfff) && (run->iova_last & 0xfff) == 0xfff);
			FUZZ_CHECK(run->perm & 3);
			FUZZ_CHECK(!(run->pa_start & 0xfff) && !((run->pa_start + len) >> 52));
			if (!i)
				continue;
			FUZZ_CHECK(run[-1].iova_last < run->iova_start);
			FUZZ_CHECK(run[-1].iova_last + 1 != run->iova_start || run[-1].perm != run->perm ||
				   run[-1].pa_start + (run->iova_start - run[-1].iova_start) != run->pa_start);
		}
	}
}

/* Single look-ups at the edges of runs agree with the walk. */
static void check_lookups(const struct iommu_mem *mem, const struct vtd_walk_result *r)
{
	for (size_t k = 0; k < r->base.n_spaces && k < 20; k++) {
		const struct iommu_space *s = &r->base.spaces[k];
		size_t n;
		const struct iommu_run *run = iommu_space_runs(&r->base, s, &n);

		if (s->type == IOMMU_SPACE_NESTED || (r->base.truncated && !n))
			continue;
		for (size_t i = 0; i < n && i < 20; i++) {
			struct iommu_translation out;
			bool write = !(run[i].perm & IOMMU_PERM_READ);

			FUZZ_CHECK(iommu_walk_space(&r->base, s->sid, s->pasid) == s);
			FUZZ_CHECK(vtd_translate(mem, r->base.root, r->ttm, s->sid, s->pasid, run[i].iova_last, write,
						 &out) == VTD_FAULT_NONE);
			FUZZ_CHECK(out.pa - run[i].pa_start == run[i].iova_last - run[i].iova_start);
			FUZZ_CHECK(out.perm == run[i].perm);
			FUZZ_CHECK(iommu_space_lookup(&r->base, s, run[i].iova_start) == &run[i]);
		}
	}
}

static void print(const struct vtd_walk_result *r, const struct vtd_compare *c)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (c)
		vtd_compare_print(c, out);
	else
		vtd_walk_print(r, ~0u, out);
	fclose(out);
	free(text);
}

/* A walk of the snapshot finds the same as the walk that made it. */
static void check_snapshot(const struct iommu_mem *mem, const struct vtd_walk_result *r,
			   const struct vtd_walk_options *o)
{
	uint64_t regs[VTD_REGS_QWORDS] = { 0 };
	struct iommu_snapshot_meta meta = { .root = r->base.root, .mode = r->ttm, .irta = r->irta };
	struct vtd_walk_result *again;
	struct vtd_compare *c;
	struct iommu_snapshot *s;

	FUZZ_CHECK(vtd_snapshot_capture(mem, regs, &meta, o, &s, NULL, NULL) == 0);
	FUZZ_CHECK(vtd_snapshot_walk(s, o, &again) == 0);
	FUZZ_CHECK(again->base.n_runs == r->base.n_runs && again->base.leaves == r->base.leaves);
	FUZZ_CHECK(again->base.n_defects == r->base.n_defects && again->base.n_tables == r->base.n_tables);
	for (size_t i = 0; i < r->base.n_runs; i++)
		FUZZ_CHECK(again->base.runs[i].iova_start == r->base.runs[i].iova_start &&
			   again->base.runs[i].iova_last == r->base.runs[i].iova_last &&
			   again->base.runs[i].pa_start == r->base.runs[i].pa_start &&
			   again->base.runs[i].perm == r->base.runs[i].perm);
	FUZZ_CHECK(vtd_compare(r, again, NULL, &c) == 0);
	FUZZ_CHECK(c->base.same || c->base.truncated);
	FUZZ_CHECK(vtd_snapshot_changed(s, mem, NULL, 0) == 0);
	print(NULL, c);
	vtd_compare_free(c);
	vtd_walk_free(again);
	vtd_snapshot_free(s);
}

/* Roots found in the same memory: within the limits, in order, and those that are proven walk without a defect. */
static void check_find(const struct iommu_mem *mem)
{
	struct iommu_range all = { 0, PAGES * 4096 - 1 };
	const struct iommu_ranges ram = { &all, 1, 1 };
	struct iommu_roots roots;

	FUZZ_CHECK(vtd_find_roots(mem, &ram, &ram, 500, &roots) == 0);
	FUZZ_CHECK(roots.n <= PAGES);
	for (size_t i = 0; i < roots.n; i++) {
		const struct iommu_root *f = &roots.v[i];
		struct vtd_walk_result *r;

		FUZZ_CHECK(f->devices && f->ram_pages <= f->pages && !(f->root & 0xfff));
		FUZZ_CHECK(!i || f[-1].proof >= f->proof);
		if (f->proof == IOMMU_ROOT_DOUBTFUL || roots.truncated)
			continue;
		FUZZ_CHECK(vtd_walk(mem, f->root, f->mode, 0, NULL, &r) == 0);
		FUZZ_CHECK(!r->base.n_defects && r->base.n_requesters == f->devices);
		vtd_walk_free(r);
	}
}

/* The tables of all inputs lie in the same RAM, which is zeros again after each. */
static struct tables ram;

static void forget(void)
{
	tables_free(&ram);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Most inputs are to be many: only some are walked far, and looked at from every side. */
	static const struct vtd_walk_options small = { .max_runs = 200, .max_visits = 30, .max_pasids = 10 },
					     large = { .max_runs = 3000, .max_visits = 400, .max_pasids = 200 };
	struct vtd_walk_options o;
	struct vtd_walk_result *r;
	struct iommu_mem mem;
	bool all;

	if (size < HEADER)
		return 0;
	if (!ram.bytes) {
		tables_init(&ram, PAGES);
		atexit(forget);
	}
	fuzz_write_tables(&ram, PAGES, data + HEADER, size - HEADER, false);
	mem = tables_mem(&ram);
	all = data[7] == 0;
	o = all ? large : small;
	o.sagaw = data[1] & 15;
	FUZZ_CHECK(vtd_walk(&mem, (uint64_t)(data[2] % PAGES) << 12, data[0] & 3,
			    data[3] & 1 ? (uint64_t)data[4] << 12 | (data[5] & 7) : 0, &o, &r) == 0);
	check_runs(r, &o);
	check_lookups(&mem, r);
	if (all) {
		check_snapshot(&mem, r, &o);
		check_find(&mem);
	}
	if (all && data[6] % 8 == 0)
		print(r, NULL);
	vtd_walk_free(r);
	fuzz_write_tables(&ram, PAGES, data + HEADER, size - HEADER, true);
	return 0;
}

/* A believable chain of tables with random records around and over it. */
size_t fuzz_generate(uint64_t *seed, uint8_t *buf, size_t room)
{
	uint64_t x = tables_random(seed);
	bool scalable = x & 1;
	size_t n = 0, extra = (x >> 8) % 60;
	const struct record chain[] = {
		{ 1, 0, (uint8_t)((x >> 60 ? 2 : 9) << 4), 2, { 1, 0 }, { 0, 0 } }, /* buses */
		{ 2,
		  0,
		  (uint8_t)((x >> 60 ? 5 : 9) << 4),
		  3,
		  { (uint8_t)(x >> 16 & 0x0d), 0 },
		  { 0, 0 } },				 /* contexts */
		{ 3, 0, 5 << 4, 4, { 1, 0 }, { 0, 0 } }, /* directory or page table */
		{ 4, 0, 3 << 4, 5, { (uint8_t)(0x41 + ((x >> 20) & 3) * 0x40 + 4), 0 }, { 0, 0 } },
		{ 5, 0, 4 << 4, 6, { 7, 0 }, { 0, 0 } },
		{ 6, 0, 6 << 4 | KIND_TABLES, 7, { 7, 0 }, { 0, 0 } },
		{ 7, 0, 8 << 4 | KIND_FRAMES, 0, { 7, 0 }, { 9, 0 } },
	};

	memset(buf, 0, HEADER);
	buf[0] = (uint8_t)(x >> 40 & 15 ? scalable : x >> 44);
	buf[1] = (uint8_t)(x >> 48 & 1 ? 0 : x >> 49);
	buf[2] = 1;
	buf[3] = (uint8_t)(x >> 56);
	buf[4] = (uint8_t)(x >> 24);
	buf[5] = (uint8_t)(x >> 32);
	buf[6] = (uint8_t)x;
	buf[7] = (uint8_t)(x >> 4);
	memcpy(buf + HEADER, chain, sizeof(chain));
	n = HEADER + sizeof(chain);
	return fuzz_records(seed, buf, n, extra, room);
}
