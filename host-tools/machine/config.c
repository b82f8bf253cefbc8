/* SPDX-License-Identifier: GPL-2.0-only */
/* The words for the enums of a machine description, and what of it goes together. */
#include "machine/config.h"

#include "base/error.h"

#define MIB (UINT64_C(1) << 20)

const struct word machine_accel_words[] = {
	{ "auto", MACHINE_ACCEL_AUTO },
	{ "kvm", MACHINE_ACCEL_KVM },
	{ "tcg", MACHINE_ACCEL_TCG },
	{ 0 },
};
const struct word machine_clock_words[] = {
	{ "wall", MACHINE_CLOCK_WALL },
	{ "virtual", MACHINE_CLOCK_VIRTUAL },
	{ 0 },
};
const struct word machine_iommu_mode_words[] = {
	{ "legacy", MACHINE_IOMMU_LEGACY },
	{ "scalable", MACHINE_IOMMU_SCALABLE },
	{ "first-level", MACHINE_IOMMU_FIRST_LEVEL },
	{ "off", MACHINE_IOMMU_OFF },
	{ 0 },
};
const struct word machine_nic_words[] = {
	{ "e1000e", MACHINE_NIC_E1000E },
	{ "e1000", MACHINE_NIC_E1000 },
	{ "virtio", MACHINE_NIC_VIRTIO },
	{ "none", MACHINE_NIC_NONE },
	{ 0 },
};
const struct word machine_disk_words[] = {
	{ "nvme", MACHINE_DISK_NVME },
	{ "virtio", MACHINE_DISK_VIRTIO },
	{ "none", MACHINE_DISK_NONE },
	{ 0 },
};
const struct word machine_topology_words[] = {
	{ "flat", MACHINE_TOPOLOGY_FLAT },
	{ "pxb-bridge", MACHINE_TOPOLOGY_PXB_BRIDGE },
	{ "pcie-pci-bridge", MACHINE_TOPOLOGY_PCIE_PCI_BRIDGE },
	{ "root-port", MACHINE_TOPOLOGY_ROOT_PORT },
	{ 0 },
};

static bool iommu_allowed(const struct machine_config *cfg, GError **error)
{
	unsigned aw = cfg->iommu.aw_bits;
	const char *key = cfg->iommu.intremap	  ? "intremap=on" :
			  cfg->iommu.caching_mode ? "caching-mode=on" :
			  aw			  ? "aw-bits" :
			  cfg->iommu.ats	  ? "ats=on" :
						    NULL;

	if (!word_of(machine_iommu_mode_words, cfg->iommu.mode))
		return vtdlab_refuse(error, "iommu.mode: unknown value %d", cfg->iommu.mode);
	if (aw && aw != 39 && aw != 48 && aw != 57)
		return vtdlab_refuse(error, "iommu.aw-bits=%u: must be 39, 48 or 57", aw);
	if (cfg->iommu.mode == MACHINE_IOMMU_OFF && key)
		return vtdlab_refuse(error, "iommu.%s needs an IOMMU; iommu.mode is off", key);
	return true;
}

static bool conventional(enum machine_topology topology)
{
	return topology == MACHINE_TOPOLOGY_PXB_BRIDGE || topology == MACHINE_TOPOLOGY_PCIE_PCI_BRIDGE;
}

static bool devices_allowed(const struct machine_config *cfg, GError **error)
{
	const char *topology = word_of(machine_topology_words, cfg->topology);
	bool pxb = cfg->topology == MACHINE_TOPOLOGY_PXB_BRIDGE;

	if (!word_of(machine_nic_words, cfg->nic) || !word_of(machine_disk_words, cfg->disk))
		return vtdlab_refuse(error, "devices: unknown nic or disk value");
	if (!topology)
		return vtdlab_refuse(error, "devices.topology: unknown value %d", cfg->topology);
	if (cfg->topology == MACHINE_TOPOLOGY_ROOT_PORT &&
	    (cfg->nic == MACHINE_NIC_E1000 || cfg->nic == MACHINE_NIC_NONE))
		return vtdlab_refuse(error,
				     "devices.topology=%s puts the NIC behind a PCI Express port, where only "
				     "devices.nic=e1000e or virtio fits",
				     topology);
	if (conventional(cfg->topology) && cfg->nic != MACHINE_NIC_VIRTIO && (pxb || cfg->nic != MACHINE_NIC_E1000))
		return vtdlab_refuse(error,
				     "devices.topology=%s puts the NIC behind a conventional PCI bridge, "
				     "where only devices.nic=virtio %s",
				     topology,
				     pxb ? "works: for an e1000 QEMU raises another interrupt there than its "
					   "ACPI tables say" :
					   "or e1000 fits");
	return true;
}

bool machine_config_allowed(const struct machine_config *cfg, GError **error)
{
	if (cfg->memory < 64 * MIB || cfg->memory > (UINT64_C(1) << 40) || cfg->memory % MIB)
		return vtdlab_refuse(error,
				     "machine.memory: %" G_GUINT64_FORMAT " bytes: must be 64M to 1T, in whole MiB",
				     cfg->memory);
	if (cfg->cpus < 1 || cfg->cpus > 255)
		return vtdlab_refuse(error, "machine.cpus=%u: must be 1 to 255", cfg->cpus);
	if (cfg->clock_virtual && cfg->cpus != 1)
		return vtdlab_refuse(error, "machine.clock=virtual needs machine.cpus=1: icount livelocks with "
					    "more than one CPU on QEMU 7.2");
	if (cfg->clock_virtual && cfg->accel == MACHINE_ACCEL_KVM)
		return vtdlab_refuse(error, "machine.clock=virtual counts TCG's instructions; "
					    "it cannot go with machine.accel=kvm");
	return iommu_allowed(cfg, error) && devices_allowed(cfg, error);
}
