/* SPDX-License-Identifier: GPL-2.0-only */
/* Showing what was found: what is printed of a walk, and names and values for those who write another format. */
#ifndef IOMMU_SHOW_H
#define IOMMU_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "iommu/model.h"

/* What a print of a walk shows beside its summary, contexts and spaces. */
enum iommu_print {
	IOMMU_PRINT_RUNS = 1,	 /* every run */
	IOMMU_PRINT_DEFECTS = 2, /* the samples, not only the counts */
	IOMMU_PRINT_IRTES = 4,
	IOMMU_PRINT_TABLES = 8, /* every table page */
};

/*
 * Who is told: objects and lists that are opened and closed, and values in them. @name is NULL within a list.
 * Text lives until the call returns.
 */
struct iommu_listener {
	void (*open_object)(void *ctx, const char *name);
	void (*close_object)(void *ctx);
	void (*open_list)(void *ctx, const char *name);
	void (*close_list)(void *ctx);
	void (*number)(void *ctx, const char *name, uint64_t value);
	void (*address)(void *ctx, const char *name, uint64_t value); /* or another word that is read in hex */
	void (*flag)(void *ctx, const char *name, bool value);
	void (*text)(void *ctx, const char *name, const char *value);
	void *ctx;
};

/*
 * iommu_iova_print - where @iova leads for each requester, or for @sid alone if that is not negative: one line a space.
 * Returns how many of them it leads somewhere for.
 */
size_t iommu_iova_print(const struct iommu_walk *w, uint64_t iova, int sid, FILE *out);

#endif
