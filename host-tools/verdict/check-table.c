/* SPDX-License-Identifier: GPL-2.0-only */
/* The one table of checks. The order is the precedence of outcomes. */
#include "verdict/check.h"

#include <string.h>

const struct check vtdlab_checks[] = {
	{ "rig", "inconclusive",
	  "QEMU stayed up, the first kernel's agent spoke, a crash kernel was loaded, the trace gave events",
	  check_rig },
	{ "mode-in-effect", "inconclusive",
	  "the IOMMU mode the scenario asks for is what the hardware state shows at the panic", check_mode_in_effect },
	{ "workload-alive", "inconclusive",
	  "what first.workload maps was mapped at the panic, and its guest and its device were at work",
	  check_workload_alive },
	{ "panic-seen", "no-panic",
	  "the first kernel stopped running: a CPU was seen executing in the crash kernel's memory", check_panic_seen },
	{ "crash-kernel-booted", "crash-kernel-hang", "the agent of the crash kernel said hello",
	  check_crash_kernel_booted },
	{ "translation-stayed-on", "not-copied",
	  "DMA translation was never switched off between the panic and poweroff", check_translation_stayed_on },
	{ "context-same-slot", "copy-wrong",
	  "the present (bus, devfn) slots after the copy are those at the panic, same table half",
	  check_context_same_slot },
	{ "context-same-fields", "copy-wrong",
	  "each slot keeps its translation type, address width, DID and table root", check_context_same_fields },
	{ "leaves-equal", "copy-wrong",
	  "the runs of (requester, PASID, IOVA, PA, permission) are equal at the panic and after the copy",
	  check_leaves_equal },
	{ "tables-in-crash-memory", "copy-wrong",
	  "deep copy: every table page in use lies in the crash kernel's memory", check_tables_in_crash_memory },
	{ "irte-equal", "copy-wrong",
	  "every interrupt-remapping entry stands bit for bit at the same index; EIME is unchanged", check_irte_equal },
	{ "old-tables-unchanged", "copy-wrong", "nothing wrote into the old table pages", check_old_tables_unchanged },
	{ "oracles-agree", "copy-wrong",
	  "lab kernels: its log, its debugfs files, reserved_regions and the host's walk tell the same",
	  check_oracles_agree },
	{ "flushed", "stale-cache", "global invalidation after the root switch, the old DID's at each attach",
	  check_flushed },
	{ "did-consistent", "did-clash", "all entries of one DID have the same translation", check_did_consistent },
	{ "no-faults", "dma-fault", "no DMA of a requester faulted between the panic and its attach", check_no_faults },
	{ "dma-landed", "dma-lost", "DMA after the panic is found in RAM where the tables say, and nowhere else",
	  check_dma_landed },
	{ "requesters-repointed", "stale-attach",
	  "each requester in use points to the crash kernel's own domain after its first use",
	  check_requesters_repointed },
	{ "iova-not-retargeted", "iova-reused",
	  "no IOVA that the dead kernel had mapped leads to another PA after the attach", check_iova_not_retargeted },
	{ "reserved-equals-mapped", "iova-reused", "reserve/deep copy: exactly the old mappings are reserved",
	  check_reserved_equals_mapped },
	{ "devices-work", "device-dead", "after the attach each device passes real data both ways",
	  check_devices_work },
	{ "dump-readable", "dump-failed", "the crash kernel reads the first kernel's canary through /proc/vmcore",
	  check_dump_readable },
	{ "reset-comes-up", "reset-failed",
	  "a warm reset of the machine after the dump brings the first kernel up again", check_reset_comes_up },
	{ 0 },
};

const struct check *check_find(const char *name)
{
	for (const struct check *c = vtdlab_checks; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}
