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

struct workload {
	const char *name; /* static; NULL: none */
	bool nested;
	uint64_t pages, stride; /* pages: of @size; nested: memory / size */
	uint64_t size;		/* of a page, bytes */
	uint64_t iova;		/* where the first page is to go */
};

/* workload_parse - the text of first.workload; "" is none. Errors: VTDLAB_ERROR_USAGE. */
bool workload_parse(const char *text, struct workload *w, GError **error);

/* workload_check - parses, and asks whether the machine of the scenario can have it. */
bool workload_check(const struct scenario *s, GError **error);

/*
 * The following are about the workload of a scenario that was checked; none needs nothing.
 *
 * workload_manifest - of images/initramfs/workload-NAME.manifest, NULL for none
 * workload_options - the config options that the first kernel needs for it, "" for none
 * workload_cmdline - what goes on the first kernel's command line; the caller frees it
 */
const char *workload_manifest(const struct scenario *s);
const char *workload_options(const struct scenario *s);
char *workload_cmdline(const struct scenario *s);

#endif
