/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/guest.h"

#include "iommu/model.h"
#include "observe/attempt.h"
#include "prepare/devices.h"

uint16_t guest_disk_sid(void)
{
	return MACHINE_SLOT_DISK << 3;
}

uint16_t guest_nic_sid(const struct attempt *a)
{
	const char *module = devices_nic_module(a->plan->scenario);

	for_each_evidence(const struct evidence_device, dev, a->ev->devices)
		if (module && g_strcmp0(dev->driver, module) == 0)
			return dev->sid;
	return MACHINE_SLOT_NIC << 3;
}

uint16_t guest_nic_dma_sid(const struct attempt *a)
{
	const struct evidence_device *dev = evidence_device_find(a->ev, guest_nic_sid(a));

	return dev && dev->has_alias ? dev->alias_sid : guest_nic_sid(a);
}

uint16_t guest_group_sid(const struct scenario *sc)
{
	unsigned functions = scenario_edu_functions(sc);

	return functions > 1 ? (uint16_t)(MACHINE_SLOT_EDU << 3 | (functions - 1)) : 0;
}

bool guest_tables_known(const struct attempt *a, uint16_t sid)
{
	const struct iommu_walk *walk = a->ev->at_panic.walk;

	return walk && !walk->truncated && iommu_walk_space(walk, sid, IOMMU_NO_PASID);
}

bool guest_modprobe(struct attempt *a, const char *name, GError **error)
{
	g_autoptr(JsonObject) answer =
		machine_agent(a->m, attempt_deadline(a, 10), error, "modprobe", "name", MACHINE_STR, name, NULL);

	return answer != NULL;
}
