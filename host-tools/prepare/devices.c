/* SPDX-License-Identifier: GPL-2.0-only */
/* What a scenario's devices are and do: DMA in flight, drivers. */
#include "prepare/devices.h"

#include <glib.h>

#include "conf/scenario.h"

bool devices_has_nic_dma(const struct scenario *sc)
{
	return sc->devices.nic != MACHINE_NIC_NONE &&
	       (sc->devices.dma == CONF_DMA_BOTH || sc->devices.dma == CONF_DMA_NIC);
}

bool devices_has_disk_dma(const struct scenario *sc)
{
	return sc->devices.disk == MACHINE_DISK_NVME &&
	       (sc->devices.dma == CONF_DMA_BOTH || sc->devices.dma == CONF_DMA_DISK);
}

double devices_frame_rate(const struct scenario *sc, double wanted)
{
	return sc->devices.nic == MACHINE_NIC_VIRTIO ? MIN(wanted, DMA_FRAMES_PER_SECOND_VIRTIO) : wanted;
}

unsigned devices_frame_ration(const struct scenario *sc)
{
	return sc->devices.nic == MACHINE_NIC_VIRTIO ? 32 : 128;
}

struct driver {
	const char *module, *option;
	bool pci; /* of a PCI function itself, with no bus between */
};

static const struct driver nics[] = {
	[MACHINE_NIC_E1000E] = { "e1000e", "E1000E", true },
	[MACHINE_NIC_E1000] = { "e1000", "E1000", true },
	[MACHINE_NIC_VIRTIO] = { "virtio_net", "VIRTIO_NET", false },
	[MACHINE_NIC_NONE] = { NULL, "", false },
};
static const struct driver disks[] = {
	[MACHINE_DISK_NVME] = { "nvme", "BLK_DEV_NVME", true },
	[MACHINE_DISK_VIRTIO] = { "virtio_blk", "VIRTIO_BLK", false },
	[MACHINE_DISK_NONE] = { NULL, "", false },
};

const char *devices_nic_module(const struct scenario *sc)
{
	return nics[sc->devices.nic].module;
}

const char *devices_disk_module(const struct scenario *sc)
{
	return disks[sc->devices.disk].module;
}

char **devices_pci_modules(const struct scenario *sc)
{
	const struct driver *all[] = { &disks[sc->devices.disk], &nics[sc->devices.nic] };
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();

	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++)
		if (all[i]->pci)
			g_strv_builder_add(names, all[i]->module);
	return g_strv_builder_end(names);
}

char *devices_options(const struct scenario *sc)
{
	/* the last function of a group is one as well (machine/config.h) */
	bool group = scenario_edu_functions(sc) > 1;
	g_autofree char *text = g_strdup_printf("%s %s", disks[sc->devices.disk].option, nics[sc->devices.nic].option);

	return g_strconcat(g_strstrip(text), group ? *text ? " E1000" : "E1000" : "", NULL);
}
