/* SPDX-License-Identifier: GPL-2.0-only */
/* The devices of the running guest. */
#include "run/run-priv.h"

uint16_t run_disk_sid(const struct run *run)
{
	(void)run;
	return MACHINE_SLOT_DISK << 3;
}

uint16_t run_nic_sid(const struct run *run)
{
	return run->nic_sid ? run->nic_sid : MACHINE_SLOT_NIC << 3;
}

uint16_t run_nic_dma_sid(const struct run *run)
{
	switch (run->sc->devices.topology) {
	case MACHINE_TOPOLOGY_PXB_BRIDGE:
		return MACHINE_PXB_SID;
	case MACHINE_TOPOLOGY_PCIE_PCI_BRIDGE:
		return run_nic_sid(run) & 0xff00;
	default:
		return run_nic_sid(run);
	}
}

bool run_modprobe(struct run *run, const char *name, GError **error)
{
	JsonObject *answer =
		machine_agent(run->m, run_deadline(run, 10), error, "modprobe", "name", MACHINE_STR, name, NULL);

	if (answer)
		json_object_unref(answer);
	return answer != NULL;
}

bool run_foreign(const struct run *run)
{
	return *run->sc->crash.initrd != '\0';
}
