/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nested KVM benchmarks: boots a VM (L1), has kvmperf run its guests (L2) in it, and keeps the figures.
 */
#ifndef VTDLAB_BENCH_BENCH_H
#define VTDLAB_BENCH_BENCH_H

#include <glib.h>
#include <stdbool.h>

#include "machine/config.h"
#include "results/progress.h"

enum bench_iommu {
	BENCH_IOMMU_OFF,
	BENCH_IOMMU_PT, /* pass-through for L1's own devices */
	BENCH_IOMMU_LAZY,
	BENCH_IOMMU_STRICT,
	BENCH_IOMMU_CACHING, /* caching-mode: each new mapping is an invalidation, too */
};

struct bench_options {
	const char *suite; /* "quick" or "full"; of no meaning with tests */
	char **tests;	   /* "demand-paging --vcpus 2", ..., NULL at the end; NULL: the suite */
	bool clock_virtual;
	enum machine_accel accel;
	enum bench_iommu iommu;
	const struct vmm *vmm; /* what runs the machine; NULL: QEMU as our child */
	const char *vmm_uri;   /* libvirt's, or NULL */
	const char *vmm_word;  /* as it was asked for, or NULL */
	bool all;	       /* the page with percentiles and KVM's counters */
	const char *kernel, *modules, *qemu, *results;
	char **params;	       /* "kvm.tdp_mmu=N", "vtdlab_bug=nested-lma", ..., NULL at the end; or NULL */
	unsigned cpus;	       /* of L1 */
	unsigned rounds;       /* of each test; 0: kvmperf's own number (3 with selftests) */
	const char *selftests; /* instead of all tests: the directory of the kernel's own, to be beside ours; or NULL */
	struct progress *progress; /* borrowed; NULL: silent */
};

struct bench_outcome {
	int exit;      /* enum vtdlab_exit */
	char *dir;     /* the run directory */
	char *summary; /* the page; summary.txt has all of it */
};

/*
 * bench_tests - "a, b --vcpus 2" as a list, each of which kvmperf has been asked whether it knows it.
 * Errors: VTDLAB_ERROR_USAGE: kvmperf's own line.
 */
char **bench_tests(const char *text, GError **error);

/* bench_params - "kvm.tdp_mmu=N vtdlab_bug=nested-lma" as a list; errors: VTDLAB_ERROR_USAGE. */
char **bench_params(const char *text, GError **error);

/* The words of --iommu. */
extern const struct word bench_iommu_words[];

/*
 * bench_run - one VM, from its boot to a run directory with bench.json.
 *
 * True when all of it was measured, or something is wrong with what was measured (exit 1): @out is filled, to be
 * cleared with bench_outcome_clear(). Otherwise @error, and the run directory is kept, marked.
 */
bool bench_run(const struct bench_options *options, struct bench_outcome *out, GError **error);

void bench_outcome_clear(struct bench_outcome *out);

/* bench_dry_run - the QEMU command line in a form that can be pasted; the caller frees it. */
char *bench_dry_run(const struct bench_options *options, GError **error);

#endif
