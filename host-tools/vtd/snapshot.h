/* SPDX-License-Identifier: GPL-2.0-only */
/* Snapshots: registers and exactly the table pages a walk reaches, in one file. */
#ifndef VTD_SNAPSHOT_H
#define VTD_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iommu/iommu.h"
#include "vtd/regs.h"
#include "vtd/walk.h"

/* The format is described in docs/format-snapshot.md. */
#define VTD_SNAPSHOT_VERSION 1

/* What VT-d keeps of a snapshot. Free with iommu_snapshot_free(). */
struct vtd_snapshot {
	struct iommu_snapshot base;
	uint64_t regs[VTD_REGS_QWORDS];
	void *blob; /* private: what the pages point into */
};

static inline const struct vtd_snapshot *vtd_snapshot_of(const struct iommu_snapshot *s)
{
	return (const struct vtd_snapshot *)s;
}

/*
 * Walk the tables under meta->root in @mem and keep every page the walk read, as it read it.
 * @regs: raw register block. @opt: limits of the walk, may be NULL (on_page is used by the
 * capture).
 * @walk: receives the walk result if not NULL (caller frees). Returns 0 or -errno with @err filled.
 */
int vtd_snapshot_capture(const struct iommu_mem *mem, const uint64_t regs[VTD_REGS_QWORDS],
			 const struct iommu_snapshot_meta *meta, const struct vtd_walk_options *opt,
			 struct iommu_snapshot **out, struct vtd_walk_result **walk, struct iommu_error *err);

/* Write to @path atomically (temporary file beside it, fsync, rename). 0 or -errno with @err. */
int vtd_snapshot_save(struct iommu_snapshot *s, const char *path, struct iommu_error *err);

/*
 * Read a file, or parse @len bytes of @buf (copied). Every byte is checked: 0, or -errno with @err.
 */
int vtd_snapshot_load(const char *path, struct iommu_snapshot **out, struct iommu_error *err);
int vtd_snapshot_parse(const void *buf, size_t len, struct iommu_snapshot **out, struct iommu_error *err);

void vtd_snapshot_free(struct iommu_snapshot *s);

/*
 * Walk a snapshot from the root it names; result->truncated is set if the capture was truncated. @opt NULL: the options
 * of its own registers.
 */
int vtd_snapshot_walk(const struct iommu_snapshot *s, const struct vtd_walk_options *opt, struct vtd_walk_result **out);

/*
 * Read the pages of @a again, from @now: a snapshot with the same addresses, kinds, registers and meta but
 * for the phase (@phase), without the pages that @now cannot read. Returns 0 or -errno with @err filled.
 */
int vtd_snapshot_reread(const struct iommu_snapshot *a, const struct iommu_mem *now, const char *phase,
			struct iommu_snapshot **out, struct iommu_error *err);

/*
 * Compare the pages that @a holds with the same addresses in @now (e.g. live RAM): counts pages
 * that differ, Accessed/Dirty bits of paging entries masked. Of pages that @now cannot read nobody knows: they
 * do not count.
 * @which: the addresses of the first @room of them. IRT pages and root/context/PASID pages are compared bit for bit.
 */
size_t vtd_snapshot_changed(const struct iommu_snapshot *a, const struct iommu_mem *now, uint64_t *which, size_t room);

#endif
