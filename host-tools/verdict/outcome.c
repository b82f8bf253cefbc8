/* SPDX-License-Identifier: GPL-2.0-only */
/* The one table of outcomes. */
#include "verdict/outcome.h"

#include <glib.h>
#include <string.h>

#include "base/error.h"

/* What most have in common. */
#define BAD .required = true, .judged = true, .exit = VTDLAB_EXIT_BAD
#define KNOWN .judged = true, .exit = VTDLAB_EXIT_BAD

const struct outcome_info vtdlab_outcomes[OUTCOMES] = {
	/* an expected failure that did not come is bad too */
	[OUTCOME_PRESERVED] = { "preserved",
				"The crash kernel kept translating the dead kernel's DMA as it stood at the "
				"panic, until its own drivers took over each device.",
				BAD },
	[OUTCOME_NO_IOMMU] = { "no-iommu",
			       "There was no IOMMU, so nothing is said of translation: the crash kernel came up, and what "
			       "was asked of its devices and of the dump went well.",
			       .required = true, .judged = true, .exit = VTDLAB_EXIT_OK },
	[OUTCOME_NOT_COPIED] = { "not-copied",
				 "Translation was switched off after the panic: the dead kernel's tables were "
				 "not kept.",
				 BAD, .proves_translation = true },
	[OUTCOME_NOT_TAKEN_OVER] = { "not-taken-over",
				     "The crash kernel never took over translation, or interrupt remapping: it stayed on, "
				     "by the dead kernel's tables, and its own drivers go by them too.",
				     BAD, .proves_translation = true },
	[OUTCOME_COPY_WRONG] = { "copy-wrong",
				 "The tables in force after the panic are not those that stood at the panic.", BAD,
				 .proves_translation = true },
	[OUTCOME_STALE_CACHE] = { "stale-cache", "Entries were changed without the invalidation that must go with it.",
				  BAD },
	[OUTCOME_DID_CLASH] = { "did-clash",
				"Two translations share one domain id: cached entries of one serve the other.", KNOWN },
	[OUTCOME_DMA_FAULT] = { "dma-fault", "DMA of the dead kernel's devices faulted before a driver took them over.",
				BAD },
	[OUTCOME_DMA_LOST] = { "dma-lost", "DMA of the dead kernel's devices did not arrive where the tables say.",
			       BAD },
	[OUTCOME_DMA_IN_CRASH_MEMORY] = { "dma-in-crash-memory",
					  "The dead kernel's devices can write into memory that the crash kernel uses, or "
					  "did: a table that was preserved to the bit is no help there.",
					  BAD },
	[OUTCOME_STALE_ATTACH] = { "stale-attach", "A device in use still goes by the dead kernel's tables.", BAD },
	[OUTCOME_IOVA_REUSED] = { "iova-reused",
				  "An IOVA that the dead kernel had mapped leads to another page now: late DMA "
				  "would hit it.",
				  KNOWN },
	[OUTCOME_DEVICE_DEAD] = { "device-dead", "A device does not work in the crash kernel.", BAD },
	[OUTCOME_DUMP_FAILED] = { "dump-failed", "The crash kernel cannot read the dead kernel's memory.", BAD },
	[OUTCOME_RESET_FAILED] = { "reset-failed", "The machine did not come up again after a warm reset.", BAD },
	[OUTCOME_KERNEL_SPLAT] = { "kernel-splat",
				   "A kernel of the lab's own complained of itself: a warning, an oops, a report of lockdep or a sanitizer, a leak.",
				   BAD },
	[OUTCOME_CRASH_KERNEL_HANG] = { "crash-kernel-hang", "The crash kernel started but never came up.", BAD },
	[OUTCOME_CRASH_KERNEL_PANIC] = { "crash-kernel-panic", "The crash kernel panicked or reset.", BAD },
	[OUTCOME_FIRST_KERNEL_DEAD] = { "first-kernel-dead",
					"The first kernel does not come up behind the IOMMU; another one does, on the same "
					"machine.",
					BAD },
	[OUTCOME_FIRST_DEVICE_DEAD] = { "first-device-dead",
					"A device of the first kernel does not work behind the IOMMU; with another kernel "
					"it does, on the same machine.",
					BAD },
	[OUTCOME_NO_PANIC] = { "no-panic", "The first kernel was never seen to die: there is nothing to judge.",
			       .required = true, .judged = true, .exit = VTDLAB_EXIT_CANNOT_JUDGE },
	[OUTCOME_INCONCLUSIVE] = { "inconclusive", "", .required = true, .exit = VTDLAB_EXIT_CANNOT_JUDGE },
	[OUTCOME_INTERRUPTED] = { "interrupted", "The run was interrupted: there is no verdict.", .required = true,
				  .exit = VTDLAB_EXIT_INTERRUPTED },
};

const char *outcome_name(enum outcome outcome)
{
	return (unsigned)outcome < OUTCOMES ? vtdlab_outcomes[outcome].name : "?";
}

bool outcome_from_name(const char *name, enum outcome *outcome)
{
	for (int i = 0; name && i < OUTCOMES; i++)
		if (strcmp(vtdlab_outcomes[i].name, name) == 0) {
			*outcome = (enum outcome)i;
			return true;
		}
	return false;
}
