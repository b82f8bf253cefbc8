/* SPDX-License-Identifier: GPL-2.0-only */
/* The one table of checks. The order is the precedence of outcomes. */
#include "verdict/check.h"

#include <string.h>

const struct check vtdlab_checks[] = {
	{ "rig", OUTCOME_INCONCLUSIVE,
	  "QEMU stayed up, the first kernel's agent spoke, a crash kernel was loaded, the trace gave events", check_rig,
	  NULL },
	{ "mode-in-effect", OUTCOME_INCONCLUSIVE,
	  "the IOMMU mode the scenario asks for is what the hardware state shows at the panic", check_mode_in_effect,
	  NULL },
	{ "workload-alive", OUTCOME_INCONCLUSIVE,
	  "what first.workload maps was mapped at the panic, and its guest and its device were at work",
	  check_workload_alive, NULL },
	{ "panic-seen", OUTCOME_NO_PANIC,
	  "the first kernel stopped running: a CPU was seen executing in the crash kernel's memory", check_panic_seen,
	  NULL },
	{ "crash-kernel-booted", OUTCOME_CRASH_KERNEL_HANG, "the agent of the crash kernel said hello",
	  check_crash_kernel_booted, check_crash_kernel_outcome },
	{ "translation-stayed-on", OUTCOME_NOT_COPIED,
	  "DMA translation was never switched off between the panic and poweroff", check_translation_stayed_on, NULL },
	{ "context-same-slot", OUTCOME_COPY_WRONG,
	  "the present (bus, devfn) slots after the copy are those at the panic, same table half",
	  check_context_same_slot, NULL },
	{ "context-same-fields", OUTCOME_COPY_WRONG,
	  "each slot keeps its translation type, address width, DID and table root", check_context_same_fields, NULL },
	{ "leaves-equal", OUTCOME_COPY_WRONG,
	  "the runs of (requester, PASID, IOVA, PA, permission) are equal at the panic and after the copy",
	  check_leaves_equal, NULL },
	{ "tables-in-crash-memory", OUTCOME_COPY_WRONG,
	  "deep copy: every table page in use lies in the crash kernel's memory", check_tables_in_crash_memory, NULL },
	{ "irte-equal", OUTCOME_COPY_WRONG,
	  "every interrupt-remapping entry stands bit for bit at the same index; EIME is unchanged", check_irte_equal,
	  NULL },
	{ "old-tables-unchanged", OUTCOME_COPY_WRONG, "nothing wrote into the old table pages",
	  check_old_tables_unchanged, NULL },
	{ "oracles-agree", OUTCOME_COPY_WRONG,
	  "lab kernels: its log, its debugfs files, reserved_regions and the host's walk tell the same",
	  check_oracles_agree, NULL },
	{ "flushed", OUTCOME_STALE_CACHE, "global invalidation after the root switch, the old DID's at each attach",
	  check_flushed, NULL },
	{ "did-consistent", OUTCOME_DID_CLASH, "all entries of one DID have the same translation", check_did_consistent,
	  NULL },
	{ "no-faults", OUTCOME_DMA_FAULT, "no DMA of a requester faulted between the panic and its attach",
	  check_no_faults, NULL },
	{ "dma-landed", OUTCOME_DMA_LOST, "DMA after the panic is found in RAM where the tables say, and nowhere else",
	  check_dma_landed, NULL },
	{ "requesters-repointed", OUTCOME_STALE_ATTACH,
	  "each requester in use points to the crash kernel's own domain after its first use",
	  check_requesters_repointed, NULL },
	{ "iova-not-retargeted", OUTCOME_IOVA_REUSED,
	  "no IOVA that the dead kernel had mapped leads to another PA after the attach", check_iova_not_retargeted,
	  NULL },
	{ "reserved-equals-mapped", OUTCOME_IOVA_REUSED, "reserve/deep copy: exactly the old mappings are reserved",
	  check_reserved_equals_mapped, NULL },
	{ "devices-work", OUTCOME_DEVICE_DEAD, "after the attach each device passes real data both ways",
	  check_devices_work, NULL },
	{ "dump-readable", OUTCOME_DUMP_FAILED, "the crash kernel reads the first kernel's canary through /proc/vmcore",
	  check_dump_readable, NULL },
	{ "reset-comes-up", OUTCOME_RESET_FAILED,
	  "a warm reset of the machine after the dump brings the first kernel up again", check_reset_comes_up, NULL },
	{ 0 },
};

const struct check *check_find(const char *name)
{
	for (const struct check *c = vtdlab_checks; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}
