/* SPDX-License-Identifier: GPL-2.0-only */
/* Private to evidence-fixture.c: the tables of a good run in fake RAM. */
#ifndef EVIDENCE_TABLES_H
#define EVIDENCE_TABLES_H

struct good_run;

/* evidence_tables - fill RAM of all stages of @f and its two roots, as @f->mode asks. */
void evidence_tables(struct good_run *f);

#endif
