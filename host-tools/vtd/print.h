/* SPDX-License-Identifier: GPL-2.0-only */
/* What a walk found, in words and as text. */
#ifndef VTD_PRINT_H
#define VTD_PRINT_H

#include <stdio.h>

#include "vtd/walk.h"

/* Words for people. All accept any value. */
const char *vtd_table_kind_name(unsigned kind);
const char *vtd_defect_kind_name(unsigned kind);
/* One defect as one line without newline, cut to @len. */
void vtd_defect_text(const struct vtd_defect *d, char *buf, size_t len);

/* What vtd_walk_print() shows. */
enum vtd_print {
	VTD_PRINT_RUNS = 1,    /* every run */
	VTD_PRINT_DEFECTS = 2, /* the samples, not only the counts */
	VTD_PRINT_IRTES = 4,
	VTD_PRINT_TABLES = 8, /* every table page */
};

/*
 * Print a result as text: summary line, contexts with their spaces, then what @what asks for. The
 * output is a function of the result alone (no times, no addresses of this process): golden tests
 * compare it.
 */
void vtd_walk_print(const struct vtd_walk_result *r, unsigned what, FILE *out);

#endif
