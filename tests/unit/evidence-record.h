/* SPDX-License-Identifier: GPL-2.0-only */
/* The fixture's run as a run directory with evidence.json, scenario.conf and snapshots. */
#ifndef EVIDENCE_RECORD_H
#define EVIDENCE_RECORD_H

#include "evidence-fixture.h"

struct recorded {
	struct good_run *f;
	char *dir;
};

/* record_new - a good run of @mode, written into a directory of its own. record_forget() removes both. */
void record_new(struct recorded *r, enum good_mode mode);
/* record_save - write evidence.json and scenario.conf again after a change in @r->f. */
void record_save(struct recorded *r);
void record_forget(struct recorded *r);

#endif
