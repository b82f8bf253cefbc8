/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * first.workload: a program of guests/ that the first kernel runs until it dies.
 *
 *   vfio-map pages=N [stride=K] [size=4k|2m] [iova=ADDRESS]
 *
 * maps N pages for the edu device by VFIO, one every K pages of IOVA from @iova on, and lets the
 * device do DMA through them (guests/dma).
 *
 *   nested memory=SIZE [page=4k|2m]
 *
 * runs a KVM guest whose memory is assigned to the edu device by VFIO, from IOVA 0 on: the guest
 * writes to all of it, over and over, while the device copies in it (kvmperf vfio-dma --hold).
 *
 * A comma does for a space, in places where that would end an argument.
 */
#ifndef VTDLAB_CONF_WORKLOAD_H
#define VTDLAB_CONF_WORKLOAD_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct scenario;

#define WORKLOAD_PAGES_MAX UINT64_C(4000000)
#define WORKLOAD_STRIDE_MAX UINT64_C(65536)
/* MiB of a nested guest: what edu reaches, as kvmperf drives it */
#define WORKLOAD_MEMORY_MAX 256

struct workload_kind;

struct workload {
	const struct workload_kind *kind; /* NULL: none */
	uint64_t pages, stride;		  /* pages: of @size */
	uint64_t size;			  /* of a page, bytes */
	uint64_t iova;			  /* where the first page is to go */
};

struct workload_option {
	const char *name; /* with its '='; NULL ends the list */
	/* @option: all of "name=value", for messages */
	bool (*take)(struct workload *w, const char *option, const char *value, GError **error);
};

/* What can be asked of one kind of workload; what it does in the guest is in run/workload.h. */
struct workload_kind {
	const char *name, *usage;
	struct workload_option options[5]; /* the first one has to be given: */
	const char *needed;		   /* it with its value, in words */
	uint64_t iova;			   /* where the first page goes if nothing else is said */
	const char *manifest;		   /* of images/initramfs/workload-NAME.manifest */
	const char *config;		   /* options that the first kernel needs */
	const char *memory_is;		   /* what memory() counts, in words */
	/* Once all options are there; NULL: nothing to do. */
	bool (*finish)(struct workload *w, GError **error);
	/* A bound of what it takes besides Linux itself, bytes. */
	uint64_t (*memory)(const struct workload *w);
	/* What goes on the first kernel's command line, owned by the caller; NULL: nothing. */
	char *(*cmdline)(const struct workload *w);
};

extern const struct workload_kind workload_vfio_map, workload_nested;

/* workload_parse - the text of first.workload; "" is none. Errors: VTDLAB_ERROR_USAGE. */
bool workload_parse(const char *text, struct workload *w, GError **error);

/* workload_check - parses, and asks whether the machine of the scenario can have it. */
bool workload_check(const struct scenario *s, GError **error);

/* workload_of - the workload of a scenario that was checked. */
struct workload workload_of(const struct scenario *s);

/* ---- shared by the kinds ---- */

#define WORKLOAD_MIB (UINT64_C(1) << 20)

/* workload_wrong - always false, with an error that begins with "first.workload: ". */
bool workload_wrong(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* workload_number - @value as a number of 1..@max. */
bool workload_number(const char *option, const char *value, uint64_t max, uint64_t *number, GError **error);
/* workload_size - "4k" or "2m" into @w->size. */
bool workload_size(struct workload *w, const char *option, const char *value, GError **error);
/* workload_tables - bytes of the page tables that lead to all of its pages. */
uint64_t workload_tables(const struct workload *w);

#endif
