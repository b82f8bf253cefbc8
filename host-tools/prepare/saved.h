/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Snapshots of first kernels in the cache: a directory each, named by what it depends on. It appears whole, by a rename, and
 * all that is read of it has a sum: what is damaged, cut short or of something else is removed, never used.
 */
#ifndef VTDLAB_PREPARE_SAVED_H
#define VTDLAB_PREPARE_SAVED_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#define SAVED_DIR "snapshots" /* in the cache */
#define SAVED_RAM "ram"	      /* in the order of machine/ram.h, sparse */
#define SAVED_STATE "state"   /* QEMU's migration stream, without the RAM */
#define SAVED_LIMIT_MIB 4096  /* of all together, unless $VTDLAB_SNAPSHOT_MIB says otherwise */

struct saved {
	char *id;	  /* the name of its directory */
	char *dir;	  /* absolute */
	JsonObject *meta; /* what the maker wrote with it */
};

/* saved_id - the name of the snapshot that depends on @key, any text; the caller frees it. */
char *saved_id(const char *key);

/*
 * saved_open - the snapshot of @key, whole but for its RAM, which is summed when it is read; it counts as used now.
 * NULL: there is none (*@why NULL), or it was not fit to be used, and removed (*@why, one line, to be freed).
 */
struct saved *saved_open(const char *key, char **why);

/* saved_file - the whole file @name of it, a NUL behind; the caller frees it. NULL: it is damaged, or not there. */
char *saved_file(const struct saved *s, const char *name, gsize *len);

/* saved_ram_sum - what machine_save() said of its RAM. */
uint32_t saved_ram_sum(const struct saved *s);

/* saved_remove - takes it out of the cache. saved_free - forgets it; NULL is fine. */
void saved_remove(const struct saved *s);
void saved_free(struct saved *s);

/* One that is being made: a directory that nobody else sees as a snapshot, and which the next one to be made clears away where
 * its maker died. */
struct saved_new {
	char *dir; /* absolute: its files are put here */
	int lock;
};

/*
 * saved_turn - the right to make the snapshot of @key: of makers of one, wherever they run on this host, one has it at a time.
 * @waits: called once if somebody else has it, before it is waited for; NULL: nothing
 *
 * A descriptor; closing it, or death, passes the turn on. -1: the wait was interrupted (VTDLAB_ERROR_INTERRUPTED), or it
 * cannot be had (VTDLAB_ERROR_FAILED).
 */
int saved_turn(const char *key, void (*waits)(void *data), void *data, GError **error);

/* saved_begin - false: VTDLAB_ERROR_FAILED. */
bool saved_begin(struct saved_new *n, GError **error);

/*
 * saved_commit - the files are whole, none is open: sums are taken, older snapshots give way to the limit, and it is there
 * for saved_open(). Somebody else may have been faster.
 * @meta: what is to be kept with it; consumed
 * false: VTDLAB_ERROR_FAILED: it is not there.
 */
bool saved_commit(struct saved_new *n, const char *key, uint32_t ram_sum, JsonObject *meta, GError **error);

/* saved_end - frees it; what was not committed is removed. */
void saved_end(struct saved_new *n);

#endif
