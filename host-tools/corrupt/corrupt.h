/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Damaging translation tables on purpose, as [corrupt] asks for it in a live VM and as tests/meta does in
 * recorded snapshots: each corruption is one small write that a check must notice.
 */
#ifndef VTDLAB_CORRUPT_CORRUPT_H
#define VTDLAB_CORRUPT_CORRUPT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "iommu/mem.h"
#include "vtd/walk.h"

/* A PASID directory of the largest size, and a table of PASIDs. */
#define CORRUPT_ROOM_PAGES 33

/* Tables in memory that can be written. */
struct corrupt_target {
	struct iommu_mem mem;
	/* @len bytes at @pa, within a page; 0, or nonzero where there is no RAM. @ctx is mem.ctx. */
	int (*write)(void *ctx, uint64_t pa, const void *buf, size_t len);
	uint64_t root, irta; /* in force */
	unsigned ttm;
	const uint64_t *regs;			/* the raw register block, for what the hardware can; may be NULL */
	bool (*busy)(void *data, uint16_t sid); /* requesters rather left alone; may be NULL */
	void *busy_data;
	uint64_t own; /* a page of the crash kernel's memory; 0: not known */
	uint64_t
		room; /* CORRUPT_ROOM_PAGES in a row that may be written over, no tables among them; 0: there are none */
	uint64_t spare; /* a page of zeroes that nobody uses; 0: there is none */
	uint64_t seed;	/* of a random damage, and how many words of it; 0: some */
	unsigned words;
};

/* Damages the tables of @walk in one way and says in @done what it wrote; false: they have nothing of the kind. */
typedef bool corrupt_fn(const struct corrupt_target *t, const struct vtd_walk_result *walk, int sid, GString *done);

/* One way to damage tables. */
struct corrupt_kind {
	const char *name;  /* "zap-context" */
	const char *check; /* the check that must fail */
	const char *help;  /* one line */
	corrupt_fn *apply; /* used by corrupt_apply() only */
};

/* The table, ended by an entry whose name is NULL. */
extern const struct corrupt_kind corrupt_kinds[];

/*
 * corrupt_parse - "zap-context" or "zap-context 00:1f.2": what, and of which requester.
 * @sid: set to -1 when none is named
 * NULL with VTDLAB_ERROR_USAGE naming the nearest word.
 */
const struct corrupt_kind *corrupt_parse(const char *what, int *sid, GError **error);

/* corrupt_has_parameters - is it corrupt_parameters() that stand behind its name, and no requester? */
bool corrupt_has_parameters(const struct corrupt_kind *kind);

/* corrupt_of_old - is it done to the tables of the panic, also after the copy? */
bool corrupt_of_old(const struct corrupt_kind *kind);

/*
 * corrupt_parameters - "random seed=7 words=3": what stands behind the name of a kind that has some.
 * What is not given is 0. Errors: VTDLAB_ERROR_USAGE.
 */
bool corrupt_parameters(const char *what, uint64_t *seed, unsigned *words, GError **error);

/*
 * corrupt_apply - damage the tables once.
 * @sid: which requester's tables, -1: any that has what is to be damaged, an idle one if there is one
 * @done: what was written is appended, in one line
 * Errors: VTDLAB_ERROR_CANNOT_JUDGE when the tables have nothing of the kind; nothing is written then.
 */
bool corrupt_apply(const struct corrupt_target *t, const struct corrupt_kind *kind, int sid, GString *done,
		   GError **error);

/* Shared by the files of corrupt-*.c. */
uint64_t corrupt_read(const struct corrupt_target *t, uint64_t pa);
bool corrupt_put(const struct corrupt_target *t, uint64_t pa, uint64_t value);
corrupt_fn corrupt_drop_pte, corrupt_shift_pte, corrupt_drop_write, corrupt_swap_ptes, corrupt_add_mapping;
corrupt_fn corrupt_stray_upper, corrupt_self_loop, corrupt_reserved_bit, corrupt_into_own;
corrupt_fn corrupt_drop_table, corrupt_drop_superpage, corrupt_shorten_superpage, corrupt_random, corrupt_overwrite;

#endif
