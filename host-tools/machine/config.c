/* SPDX-License-Identifier: GPL-2.0-only */
/* The words for the enums of a machine description. */
#include "machine/config.h"

#include <stddef.h>

#define NAME(table, i) ((unsigned)(i) < sizeof(table) / sizeof((table)[0]) ? (table)[i] : NULL)

const char *machine_accel_name(enum machine_accel a)
{
	static const char *const names[] = { "auto", "kvm", "tcg" };

	return NAME(names, a);
}

const char *machine_iommu_mode_name(enum machine_iommu_mode m)
{
	static const char *const names[] = { "legacy", "scalable", "first-level", "off" };

	return NAME(names, m);
}

const char *machine_nic_name(enum machine_nic n)
{
	static const char *const names[] = { "e1000e", "e1000", "virtio", "none" };

	return NAME(names, n);
}

const char *machine_disk_name(enum machine_disk d)
{
	static const char *const names[] = { "nvme", "virtio", "none" };

	return NAME(names, d);
}

const char *machine_topology_name(enum machine_topology t)
{
	static const char *const names[] = { "flat", "pxb-bridge", "pcie-pci-bridge" };

	return NAME(names, t);
}
