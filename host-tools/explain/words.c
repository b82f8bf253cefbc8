/* SPDX-License-Identifier: GPL-2.0-only */
/* What is said of each cause. No more than a log supports: what would tell is said where it cannot. */
#include "explain/explain.h"

static const struct explain_words words[] = {
	[EXPLAIN_CANNOT_TELL] = {
		"cannot tell",
		"nothing is mapped there, or what is mapped forbids this access: the reason is the same",
		"a log of a kernel since 6.0 with CONFIG_DMAR_DEBUG shows the entry, and so does `vtdlab walk` of a dump",
	},
	[EXPLAIN_NO_REASON] = {
		"cannot tell",
		"without a reason that is known, nothing can be said of the cause",
		"the whole lines of the fault, unbroken",
	},
	[EXPLAIN_NOT_TAKEN_OVER] = {
		"not-taken-over",
		"DMA that was set up before this kernel, by the dead kernel or by what else ran; this kernel did not keep "
		"the tables for it",
		"why the tables were not copied (above); the device stops when its driver resets it",
	},
	[EXPLAIN_PASSTHROUGH] = {
		"pass-through",
		"this kernel's default is pass-through, where no address can fault in this way: the device still goes "
		"through the dead kernel's tables, with physical addresses",
		"boot the crash kernel with the same default as the first (iommu.passthrough=, iommu=pt)",
	},
	[EXPLAIN_DEAD_TABLES] = {
		"dead-tables",
		"its entry was copied and not replaced yet: it goes through the dead kernel's page tables, and they do not "
		"let this pass",
		"whether those tables were overwritten, or the driver uses new addresses before the device is attached: "
		"`vtdlab walk` of a dump",
	},
	[EXPLAIN_DEAD_DMA] = {
		"dead-kernel's-DMA",
		"no driver of this kernel has it yet, so the dead kernel's DMA goes on; the tables were copied, and do not "
		"let it pass. Whether they did before, or were damaged, cannot be told from a log",
		"the same fault before the panic? then the first kernel's driver; else the dead kernel's tables in a dump",
	},
	[EXPLAIN_TAKEN_EARLY] = {
		"taken-early",
		"the tables that were printed are this kernel's own (it prints no copied ones), and no driver of it has the "
		"device yet: the copied entry was replaced while the dead kernel's DMA went on",
		"what attached the device before its driver did",
	},
	[EXPLAIN_STALE_CACHE] = {
		"stale-cache",
		"the tables, printed a moment later, let this pass: the IOMMU used an older entry from its caches, or the "
		"mapping was made in between",
		"invalidations at map and attach (domain id, caching mode); a fault that comes again is no race",
	},
	[EXPLAIN_UNMAPPED] = {
		"unmapped",
		"nothing was mapped at this address",
		"the driver: DMA after unmap, a wrong address, or a device that was not stopped",
	},
	[EXPLAIN_READ_ONLY] = {
		"read-only",
		"the address is mapped, for reading only",
		"the driver: a wrong direction in its mapping, or a device that writes past its buffer",
	},
	[EXPLAIN_ADDRESS_0] = {
		"address-0",
		"the device does DMA to address 0: it was given no address, or lost it. Whether its driver or the device is "
		"at fault cannot be told",
		"a reset of the device that its driver did not see; with VFIO, whether the user has 0 mapped",
	},
	[EXPLAIN_FIRMWARE] = {
		"firmware",
		"it came before any driver of this kernel had the device: the firmware, or what ran before, left its DMA on",
		"a setting of the firmware for this device; a reserved region (RMRR) that its DMAR table lacks",
	},
	[EXPLAIN_ALIAS] = {
		"alias",
		"the requester is a bridge, which has hardly any DMA of its own: that of conventional PCI devices behind it "
		"carries its id",
		"whether the id of the bridge has an entry like that of the device behind it",
	},
	[EXPLAIN_ALIAS_BUS] = {
		"alias",
		"no device of this log has that id, and others are on its bus: the DMA of conventional PCI devices behind a "
		"bridge carries such an id",
		"whether that id has an entry like that of the devices on its bus",
	},
	[EXPLAIN_NO_DEVICE] = {
		"no-device",
		"no device of this log has that id: the alias of a bridge, a phantom function, or a device that is hidden; "
		"which, cannot be told",
		"lspci -tv, and quirks for DMA aliases of the device next to it",
	},
	[EXPLAIN_NO_ENTRY] = {
		"no-entry",
		"the IOMMU has no entry for the requester. Why, the log does not say",
		"which IOMMU the device belongs to (DMAR table), and whether this kernel gave it a domain",
	},
	[EXPLAIN_ENTRY_LOST] = {
		"entry-lost",
		"the first kernel drove this device, and the tables that this kernel put in force have no entry for it: the "
		"copy lost it, or put it elsewhere",
		"root and context tables of both kernels: `vtdlab walk` of a dump, `vtdlab run` with this kernel",
	},
	[EXPLAIN_CORRUPT] = {
		"corrupt-tables",
		"the tables hold what no kernel writes there: overwritten, not initialised, or of another format",
		"who writes there: memory given away too early, a copy that failed, the firmware",
	},
	[EXPLAIN_WIDTH] = {
		"beyond-width",
		"the address is larger than the IOMMU or its tables can translate",
		"the address width of the IOMMU (cap, aw-bits), and the DMA mask of the driver",
	},
	[EXPLAIN_BLOCKED] = {
		"blocked",
		"the requester's entry forbids requests of this kind",
		"ATS and PASIDs of the device",
	},
	[EXPLAIN_INTERRUPT_LOST] = {
		"interrupt-lost",
		"an interrupt as the kernel before had set it up; this kernel did not keep the table",
		"why the interrupt remapping table was not copied; it ends when the driver resets the device",
	},
	[EXPLAIN_INTERRUPT_BLOCKED] = {
		"interrupt",
		"an interrupt of the device was blocked, no DMA",
		"which kernel set it up: one that is left over from before, or from the firmware",
	},
};

const struct explain_words *explain_words_of(enum explain_cause cause)
{
	return &words[cause];
}
