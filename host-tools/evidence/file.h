/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Evidence on disk: `evidence.json` in a run directory holds all of struct evidence but the tables,
 * which are tables/<name>.vtd. What was written can be judged again, without a VM, by any later
 * version. The file is untrusted input.
 */
#ifndef VTDLAB_EVIDENCE_FILE_H
#define VTDLAB_EVIDENCE_FILE_H

#include <glib.h>

#include "evidence/evidence.h"

#define EVIDENCE_FILE "evidence.json"
#define EVIDENCE_SCHEMA 1
/* Times beyond this are refused: no difference or sum of two overflows. */
#define EVIDENCE_TIME_MAX (INT64_C(1) << 61)
/* The snapshot of evidence.old_tables. */
#define EVIDENCE_OLD_TABLES "old-tables"

/* A recorded run. Each state that has a walk has its snapshot too. @ev->scenario is @scenario. */
struct evidence_file {
	struct scenario *scenario;
	struct evidence *ev;
};

/*
 * evidence_save - write evidence.json, and old_tables as a snapshot, into run directory @dir.
 * The snapshots of the states are there already: tables/<evidence_snapshot_name()>.vtd. Errors:
 * VTDLAB_ERROR_FAILED.
 */
bool evidence_save(const struct evidence *ev, const char *dir, GError **error);

/* evidence_to_text - the content of evidence.json alone; the caller frees it. */
char *evidence_to_text(const struct evidence *ev);

/*
 * evidence_snapshot_name - what the snapshot of @state (one of @ev's) is called: "panic", "copied",
 * "end", "attach-<bdf>". The caller frees it.
 */
char *evidence_snapshot_name(const struct evidence *ev, const struct evidence_state *state);

/*
 * evidence_file_load - read evidence.json, scenario.conf and the snapshots of run directory @dir; walk
 * the snapshots.
 * Errors: VTDLAB_ERROR_USAGE with file, field and what is wrong with it: a field that this version does
 * not know, a value of another type or range, a snapshot that is missing or of another moment, ...
 */
struct evidence_file *evidence_file_load(const char *dir, GError **error);
void evidence_file_free(struct evidence_file *file);

#endif
