/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a lab kernel (intel_iommu=kdump_MODE) says of the dead kernel's tables: lines of its log, and files of
 * debugfs and sysfs, into the evidence. Pure functions over untrusted text: a line is understood completely
 * or counted as bad.
 */
#ifndef VTDLAB_EVIDENCE_KDUMP_LOG_H
#define VTDLAB_EVIDENCE_KDUMP_LOG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "evidence/evidence.h"

struct iommu;

/* The most ranges that are kept of all oracles together; what comes after makes its source a bad one. */
#define KDUMP_RANGES_MAX 2000000u

/*
 * kdump_log_line - a line of the crash kernel's console. One without "DMAR: kdump:" is none of ours; one with
 * it that is not of the grammar is counted in kdump_bad, the first is kept.
 */
void kdump_log_line(struct evidence *ev, const char *line);

/*
 * kdump_ranges_text - a file of debugfs: iommu/intel/kdump/ranges (ORACLE_RANGES) or .../reserved
 * (ORACLE_RESERVED). False: @problem says which line is not understood; the rows before it are kept.
 */
bool kdump_ranges_text(struct evidence *ev, enum evidence_oracle_source source, const char *text, char **problem);

/*
 * kdump_budget_text - iommu/intel/kdump/stats of debugfs: the pages of the copy's budget, and how many are in use. False:
 * its first line is none that is understood.
 */
bool kdump_budget_text(const char *text, uint64_t *used, uint64_t *most);

/* kdump_regions_text - reserved_regions of the iommu group of @sid: "0x<start> 0x<last> <type>" each. */
bool kdump_regions_text(struct evidence *ev, uint16_t sid, const char *text, char **problem);

/*
 * kdump_translation_text - a file domain_translation_struct, of one device (6.12) or of many (6.1): one struct
 * evidence_oracle for each device in it, and its mappings, joined where they are contiguous on both sides. @iommu knows
 * what an entry says; NULL: none is understood.
 */
bool kdump_translation_text(struct evidence *ev, const struct iommu *iommu, const char *text, char **problem);

/* kdump_oracle - notes that an oracle was asked; @problem NULL: it answered. */
struct evidence_oracle *kdump_oracle(struct evidence *ev, enum evidence_oracle_source source, uint16_t sid,
				     const char *problem);

#endif
