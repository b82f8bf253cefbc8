/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Evidence of a lab kernel that tells truly what it finds, made from the walks of a run: for the unit tests and
 * for the mutations of recorded runs.
 */
#ifndef ORACLES_FILL_H
#define ORACLES_FILL_H

#include <glib.h>

#include "evidence/evidence.h"
#include "evidence/kdump-log.h"
#include "iommu/ranges.h"
#include "vtd/walk.h"

#define ORACLES_SHOWN 64

static inline void oracles_add(struct evidence *ev, enum evidence_oracle_source source, const struct iommu_space *s,
			       uint64_t start, uint64_t last, uint64_t pa)
{
	struct evidence_oracle_range r = { .source = source, .sid = s->sid, .start = start, .last = last, .pa = pa };

	if ((source == ORACLE_LOG || source == ORACLE_RANGES) && s->pasid != IOMMU_NO_PASID)
		r.pasid = s->pasid;
	g_array_append_val(ev->oracle_ranges, r);
}

static inline void oracles_fill_space(struct evidence *ev, const struct iommu_walk *walk, const struct iommu_space *s,
				      const char *mode)
{
	struct evidence_kdump_context c = { .sid = s->sid, .pasid = s->pasid == IOMMU_NO_PASID ? 0 : s->pasid };
	struct iommu_ranges set = { 0 };

	c.type = s->type == IOMMU_SPACE_PASS_THROUGH ? KDUMP_PASS_THROUGH :
		 s->type == IOMMU_SPACE_FIRST_LEVEL  ? KDUMP_FIRST :
						       KDUMP_SECOND;
	c.result = strcmp(mode, "deep") == 0 ? KDUMP_DEEP : strcmp(mode, "reserve") == 0 ? KDUMP_RESERVE : KDUMP_LOG;
	kdump_oracle(ev, ORACLE_REGIONS, s->sid, NULL);
	if (s->type != IOMMU_SPACE_PASS_THROUGH && iommu_space_ranges(walk, s, &set))
		g_error("out of memory");
	c.ranges = set.n;
	c.shown = MIN(set.n, ORACLES_SHOWN);
	for (size_t i = 0; i < set.n; i++) {
		if (i < ORACLES_SHOWN)
			oracles_add(ev, ORACLE_LOG, s, set.v[i].start, set.v[i].last, 0);
		oracles_add(ev, ORACLE_REGIONS, s, set.v[i].start, set.v[i].last, 0);
		oracles_add(ev, ORACLE_RANGES, s, set.v[i].start, set.v[i].last, 0);
		oracles_add(ev, ORACLE_RESERVED, s, set.v[i].start, set.v[i].last, 0);
	}
	g_array_append_val(ev->kdump_contexts, c);
	iommu_ranges_clear(&set);
}

/* Runs that differ in their permissions only are one to the kernel's file. */
static inline void oracles_fill_end(struct evidence *ev, const struct iommu_space *s)
{
	const struct iommu_run *runs;
	size_t n;

	runs = iommu_space_runs(ev->end.walk, s, &n);
	kdump_oracle(ev, ORACLE_TRANSLATION, s->sid, NULL)->root = s->root;
	for (size_t i = 0; i < n;) {
		uint64_t start = runs[i].iova_start, last = runs[i].iova_last, pa = runs[i].pa_start;

		while (++i < n && runs[i].iova_start == last + 1 && runs[i].pa_start == pa + (last + 1 - start))
			last = runs[i].iova_last;
		oracles_add(ev, ORACLE_TRANSLATION, s, start, last, pa);
	}
}

/* oracles_fill - as a kernel asked for @mode would; false: the run has no tables to tell of. */
static inline bool oracles_fill(struct evidence *ev, const char *mode)
{
	const struct iommu_walk *before = ev->at_panic.walk, *end = ev->end.walk;

	if (!before || !end)
		return false;
	for (size_t i = 0; i < before->n_spaces; i++)
		oracles_fill_space(ev, before, &before->spaces[i], mode);
	for (unsigned i = 0; i < ev->devices->len; i++) {
		const struct evidence_device *dev = &g_array_index(ev->devices, struct evidence_device, i);
		const struct iommu_space *s = iommu_walk_space(end, dev->sid, IOMMU_NO_PASID);

		if (dev->wanted && s && s->type != IOMMU_SPACE_PASS_THROUGH)
			oracles_fill_end(ev, s);
	}
	kdump_oracle(ev, ORACLE_RANGES, 0, NULL);
	kdump_oracle(ev, ORACLE_RESERVED, 0, NULL);
	ev->kdump_lines = before->n_spaces + 2;
	return true;
}

#endif
