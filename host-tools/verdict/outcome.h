/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run can come to: one row an outcome, and nowhere else a word of it. */
#ifndef VTDLAB_VERDICT_OUTCOME_H
#define VTDLAB_VERDICT_OUTCOME_H

#include <stdbool.h>

enum outcome {
	OUTCOME_PRESERVED,
	OUTCOME_NO_IOMMU,
	OUTCOME_NOT_COPIED,
	OUTCOME_NOT_TAKEN_OVER,
	OUTCOME_COPY_WRONG,
	OUTCOME_STALE_CACHE,
	OUTCOME_DID_CLASH,
	OUTCOME_DMA_FAULT,
	OUTCOME_DMA_LOST,
	OUTCOME_DMA_IN_CRASH_MEMORY,
	OUTCOME_STALE_ATTACH,
	OUTCOME_IOVA_REUSED,
	OUTCOME_DEVICE_DEAD,
	OUTCOME_DUMP_FAILED,
	OUTCOME_RESET_FAILED,
	OUTCOME_KERNEL_SPLAT,
	OUTCOME_CRASH_KERNEL_HANG,
	OUTCOME_CRASH_KERNEL_PANIC,
	OUTCOME_FIRST_KERNEL_DEAD,
	OUTCOME_FIRST_DEVICE_DEAD,
	OUTCOME_NO_PANIC,
	OUTCOME_INCONCLUSIVE,
	OUTCOME_INTERRUPTED,
	OUTCOMES,
};

struct outcome_info {
	const char *name;  /* as run.json and the man page have it: "copy-wrong" */
	const char *words; /* what it says of the kernel; "": the run has its own reason to give */
	/*
	 * A failure that the scenario expects names the outcome all the same. Not so what comes after the copy
	 * and is known of kernels that do preserve the translation.
	 */
	bool required;
	bool proves_translation; /* a check that stands for it looks at the translation itself */
	bool judged;		 /* false: no verdict, whatever the scenario expects */
	int exit;		 /* enum vtdlab_exit, unless the failures are those that the scenario expects */
};

extern const struct outcome_info vtdlab_outcomes[OUTCOMES];

/* outcome_name - its word; static text, "?" for what is none. */
const char *outcome_name(enum outcome outcome);

/* outcome_from_name - the outcome of a word that was read from a file; false: there is none of that name. */
bool outcome_from_name(const char *name, enum outcome *outcome);

#endif
