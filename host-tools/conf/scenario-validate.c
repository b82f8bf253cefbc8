/* SPDX-License-Identifier: GPL-2.0-only */
/* What can only be judged when all keys of a scenario are set. */
#include <string.h>

#include "base/error.h"
#include "machine/config.h"
#include "conf/scenario.h"
#include "corrupt/corrupt.h"
#include "base/nearest.h"
#include "conf/workload.h"

/* The words of a scenario are those of a machine, in the same order: a cast goes from one to the
 * other. */
#define SAME(a, b) G_STATIC_ASSERT((int)(a) == (int)(b))
SAME(CONF_ACCEL_KVM, MACHINE_ACCEL_KVM);
SAME(CONF_ACCEL_TCG, MACHINE_ACCEL_TCG);
SAME(CONF_MODE_SCALABLE, MACHINE_IOMMU_SCALABLE);
SAME(CONF_MODE_FIRST_LEVEL, MACHINE_IOMMU_FIRST_LEVEL);
SAME(CONF_MODE_OFF, MACHINE_IOMMU_OFF);
SAME(CONF_NIC_E1000, MACHINE_NIC_E1000);
SAME(CONF_NIC_VIRTIO, MACHINE_NIC_VIRTIO);
SAME(CONF_NIC_NONE, MACHINE_NIC_NONE);
SAME(CONF_DISK_VIRTIO, MACHINE_DISK_VIRTIO);
SAME(CONF_DISK_NONE, MACHINE_DISK_NONE);
SAME(CONF_TOPOLOGY_PXB_BRIDGE, MACHINE_TOPOLOGY_PXB_BRIDGE);
SAME(CONF_TOPOLOGY_PCIE_PCI_BRIDGE, MACHINE_TOPOLOGY_PCIE_PCI_BRIDGE);

static bool wrong(const struct scenario *s, GError **error, const char *message)
{
	g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "scenario %s: %s", s->name, message);
	return false;
}

static bool check_names(const struct scenario *s, const char *key, char *const *list, const char *const *names,
			GError **error)
{
	for (; list && *list; list++) {
		g_autofree char *message = NULL;
		const char *near;

		if (strcmp(*list, "rig") == 0) {
			message = g_strdup_printf("scenario.%s: rig cannot be expected to fail: without it "
						  "nothing is judged",
						  key);
			return wrong(s, error, message);
		}
		if (!names || g_strv_contains(names, *list))
			continue;
		near = nearest_word(*list, names);
		message = g_strdup_printf("scenario.%s: no check '%s'%s%s; see `vtdlab list checks`", key, *list,
					  near ? "; the nearest is " : "", near ? near : "");
		return wrong(s, error, message);
	}
	return true;
}

static bool check_expectations(const struct scenario *s, const char *const *names, GError **error)
{
	GHashTableIter iter;
	gpointer series, list;

	if (!check_names(s, "expect-fail", s->expect_fail, names, error))
		return false;
	g_hash_table_iter_init(&iter, s->expect_fail_series);
	while (g_hash_table_iter_next(&iter, &series, &list)) {
		g_autofree char *key = g_strconcat("expect-fail-", series, NULL);

		if (!check_names(s, key, list, names, error))
			return false;
	}
	return true;
}

static bool check_machine(const struct scenario *s, GError **error)
{
	if (s->machine.clock == CONF_CLOCK_VIRTUAL && s->machine.cpus != 1)
		return wrong(s, error, "machine.clock=virtual needs machine.cpus=1");
	if (s->machine.clock == CONF_CLOCK_VIRTUAL && s->machine.accel == CONF_ACCEL_KVM)
		return wrong(s, error,
			     "machine.clock=virtual counts TCG's instructions; "
			     "it cannot go with machine.accel=kvm");
	if (s->crash.trigger == CONF_TRIGGER_CPU && s->crash.trigger_cpu >= s->machine.cpus)
		return wrong(s, error, "crash.trigger names a CPU that machine.cpus does not have");
	return true;
}

static bool check_iommu(const struct scenario *s, GError **error)
{
	if (s->iommu.mode != CONF_MODE_OFF)
		return true;
	if (s->iommu.intremap)
		return wrong(s, error, "iommu.intremap=on needs an IOMMU; iommu.mode is off");
	if (s->iommu.caching_mode)
		return wrong(s, error, "iommu.caching-mode=on needs an IOMMU; iommu.mode is off");
	return true;
}

static bool check_topology(const struct scenario *s, GError **error)
{
	if (s->devices.topology != CONF_TOPOLOGY_FLAT && s->devices.nic != CONF_NIC_E1000 &&
	    s->devices.nic != CONF_NIC_VIRTIO) {
		g_autofree char *message =
			g_strdup_printf("devices.topology=%s puts the NIC behind a conventional PCI bridge, "
					"where only devices.nic=virtio or e1000 fits",
					scenario_word("devices", "topology", s->devices.topology));

		return wrong(s, error, message);
	}
	if (s->devices.disk == CONF_DISK_VIRTIO && (s->devices.dma == CONF_DMA_BOTH || s->devices.dma == CONF_DMA_DISK))
		return wrong(s, error,
			     "only devices.disk=nvme has a trace by which its DMA in flight "
			     "can be counted; set devices.dma=nic or none");
	return true;
}

static bool check_corrupt(const struct scenario *s, GError **error)
{
	g_autoptr(GError) why = NULL;
	int sid;

	if (!*s->corrupt.what)
		return true;
	if (s->iommu.mode == CONF_MODE_OFF)
		return wrong(s, error, "corrupt.what needs an IOMMU; iommu.mode is off");
	return corrupt_parse(s->corrupt.what, &sid, &why) || wrong(s, error, why->message);
}

static bool check_devices(const struct scenario *s, GError **error)
{
	bool want_nic = s->devices.dma == CONF_DMA_BOTH || s->devices.dma == CONF_DMA_NIC;
	bool want_disk = s->devices.dma == CONF_DMA_BOTH || s->devices.dma == CONF_DMA_DISK;
	bool has_nic = s->devices.nic != CONF_NIC_NONE, has_disk = s->devices.disk != CONF_DISK_NONE;

	if ((!want_nic || has_nic) && (!want_disk || has_disk))
		return true;
	g_autofree char *message =
		g_strdup_printf("devices.dma=%s wants DMA of a %s that is none; set devices.dma=%s",
				scenario_word("devices", "dma", s->devices.dma), has_nic ? "disk" : "nic",
				has_nic	 ? "nic" :
				has_disk ? "disk" :
					   "none");

	return wrong(s, error, message);
}

static bool check_workload(const struct scenario *s, GError **error)
{
	g_autoptr(GError) why = NULL;

	return workload_check(s, &why) || wrong(s, error, why->message);
}

bool scenario_validate(const struct scenario *s, const char *const *names, GError **error)
{
	if (!*s->first.kernel)
		return wrong(s, error, "first.kernel is empty; see `vtdlab list kernels`");
	return check_expectations(s, names, error) && check_machine(s, error) && check_iommu(s, error) &&
	       check_devices(s, error) && check_topology(s, error) && check_corrupt(s, error) &&
	       check_workload(s, error);
}
