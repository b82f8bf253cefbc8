/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run directory: made under a temporary name, renamed when the run is complete.
 *
 *   <root>/<UTC time>-<scenario>-<6 hex>.partial       while the run lasts
 *   <root>/<UTC time>-<scenario>-<6 hex>               complete: it has a verdict
 *   <root>/<UTC time>-<scenario>-<6 hex>.interrupted   stopped before a verdict; see INTERRUPTED
 *   <root>/latest                       symbolic link to the newest complete run; latest-bench: benchmark
 *
 * While a run lasts its directory holds a file `pid` that the process keeps locked (flock): a
 * .partial directory whose `pid` nobody locks was left by a process that died (kill -9, power), and
 * the next rundir_create() in the same root renames it to .interrupted. The lock, not the number,
 * decides, so a number used again by the system or by another host cannot fool it.
 */
#ifndef VTDLAB_RESULTS_RUNDIR_H
#define VTDLAB_RESULTS_RUNDIR_H

#include <glib.h>
#include <stdbool.h>

struct rundir {
	char *root; /* results directory, absolute */
	char *name; /* <UTC time>-<scenario>-<6 hex>: the final directory name */
	char *path; /* where the directory is now, absolute; changes at commit and at interrupt */
	int pid_fd; /* the locked pid file, -1 once the run is committed or interrupted */
};

/*
 * rundir_possible - could rundir_create() make something in @root? Asked before minutes are spent on a kernel; makes nothing.
 * Errors: as rundir_create().
 */
bool rundir_possible(const char *root, GError **error);

/*
 * rundir_create - make the directory of a new run, and put away those that dead runs left.
 *
 * @root:     results directory, made (with its parents) when missing; NULL = lab_results()
 * @scenario: the scenario's name; any byte that is not [A-Za-z0-9._-] becomes '_'
 * Errors:    VTDLAB_ERROR_USAGE when @root cannot be made or written to.
 */
struct rundir *rundir_create(const char *root, const char *scenario, GError **error);

/*
 * rundir_resume - go on in a directory that rundir_create() made and whose process is gone: it is ".partial" again, and
 * locked.
 * @path: the directory, as it is named now
 * Errors: VTDLAB_ERROR_USAGE: it is none, it is complete, or somebody is still at it.
 */
struct rundir *rundir_resume(const char *path, GError **error);

/* rundir_running - does a process still hold the lock of the directory at @path? */
bool rundir_running(const char *path);

/* Where --keep-core leaves the RAM, in the order of machine/ram.h. */
#define RUNDIR_RAM "ram"
#define RUNDIR_LATEST "latest" /* beside the run directories: the newest, whose verbs are others than a benchmark's */
#define RUNDIR_LATEST_BENCH "latest-bench"

/* rundir_file - the path of @name in the directory as it is named now. The caller frees it. */
char *rundir_file(const struct rundir *rd, const char *name);

/* rundir_write - write a whole file of the run, as file_replace() does. */
bool rundir_write(const struct rundir *rd, const char *name, const void *data, gssize len, GError **error);

/*
 * rundir_commit - the run is complete: take the suffix off, point @latest (RUNDIR_LATEST, or _BENCH) at it.
 *
 * Every file of the run must have been written and closed. The link is replaced by a rename, so a
 * reader sees the old or the new target. A `latest` that is not a symbolic link is left alone and
 * is an error (the run is committed all the same, and @rd->path says where).
 */
bool rundir_commit(struct rundir *rd, const char *latest, GError **error);

/* rundir_latest - the name that RUNDIR_LATEST of @root points to, or where there is none RUNDIR_LATEST_BENCH; NULL: neither.
 * For a directory of one kind of run. The caller frees it. */
char *rundir_latest(const char *root);

/* rundir_newest_first - for g_ptr_array_sort() of names of directories: they begin with the time. */
int rundir_newest_first(const void *a, const void *b);

/* rundir_is_of - is @entry the name of a directory of what is called @name, that is @complete or, if not, was not finished? */
bool rundir_is_of(const char *entry, const char *name, bool complete);

/*
 * rundir_interrupt - the run ends without a verdict: keep what there is, marked.
 *
 * @why: one line, for the file INTERRUPTED ("SIGINT", "QEMU died: ...")
 * `latest` keeps pointing at the last complete run.
 */
bool rundir_interrupt(struct rundir *rd, const char *why, GError **error);

/* rundir_remove - delete the directory and all in it (a run that failed before it did anything). */
void rundir_remove(struct rundir *rd);

/* rundir_free - release the memory and the lock; the directory stays as it is. NULL is fine. */
void rundir_free(struct rundir *rd);

#endif
