/* SPDX-License-Identifier: GPL-2.0-only */
/* What a walk found, in words and as text. */
#ifndef IOMMU_PRINT_H
#define IOMMU_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "iommu/show.h"
#include "vtd/walk.h"

/* Words for people. All accept any value. */
const char *vtd_table_kind_name(unsigned kind);
const char *vtd_defect_kind_name(unsigned kind);
/* Translation type of a legacy context entry, translation type of a PASID entry (spec 9.3, 9.6). */
const char *vtd_tt_name(unsigned tt);
const char *vtd_pgtt_name(unsigned pgtt);
/* Bits of guest address that an AW or AGAW field stands for. */
unsigned vtd_aw_bits(unsigned aw);
/* One defect as one line without newline, cut to @len. */
void vtd_defect_text(const struct vtd_defect *d, char *buf, size_t len);

/*
 * Print a result as text: summary line, contexts with their spaces, then what @what (enum iommu_print) asks for. The
 * output is a function of the result alone (no times, no addresses of this process): golden tests
 * compare it.
 */
void vtd_walk_print(const struct vtd_walk_result *r, unsigned what, FILE *out);

/*
 * vtd_requester_print - of one requester: its context entry and spaces, with @what of IOMMU_PRINT_RUNS. False: it has no entry,
 * and nothing is printed.
 */
bool vtd_requester_print(const struct vtd_walk_result *r, uint16_t sid, unsigned what, FILE *out);

#endif
