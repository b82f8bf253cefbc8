/* SPDX-License-Identifier: GPL-2.0-only */
/* VFIO by group and container (type 1): the interface that every kernel under test has. */
#include "dma.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEVICES "/sys/bus/pci/devices"
#define PARAMETERS "/sys/module/vfio_iommu_type1/parameters"
#define DRIVER "vfio-pci"
#define INFO_MAX 4096

static unsigned long attribute(const char *bdf, const char *name)
{
	char path[320], text[64];

	snprintf(path, sizeof(path), DEVICES "/%s/%s", bdf, name);
	return read_file(path, text, sizeof(text)) < 0 ? 0 : strtoul(text, NULL, 0);
}

static void find_device(struct vfio *v, unsigned int vendor, unsigned int device)
{
	DIR *dir = opendir(DEVICES);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && attribute(entry->d_name, "vendor") == vendor &&
		    attribute(entry->d_name, "device") == device) {
			snprintf(v->bdf, sizeof(v->bdf), "%.31s", entry->d_name);
			break;
		}
	if (dir)
		closedir(dir);
	if (!v->bdf[0])
		die("this machine has no PCI device %04x:%04x", vendor, device);
}

/* The last component of a link in the device's directory; "" if there is none. */
static void link_name(const struct vfio *v, const char *name, char *buf, size_t cap)
{
	char path[320];

	snprintf(path, sizeof(path), DEVICES "/%s/%s", v->bdf, name);
	read_link_name(path, buf, cap);
}

static void bind(struct vfio *v)
{
	char path[320], driver[64], group[32];

	link_name(v, "iommu_group", group, sizeof(group));
	if (!group[0])
		die("%s is in no iommu group: there is no IOMMU, or it is off", v->bdf);
	snprintf(path, sizeof(path), DEVICES "/%s/driver_override", v->bdf);
	if (write_file(path, DRIVER))
		die("%s: %s", path, strerror(errno));
	link_name(v, "driver", driver, sizeof(driver));
	if (driver[0] && strcmp(driver, DRIVER)) {
		snprintf(path, sizeof(path), DEVICES "/%s/driver/unbind", v->bdf);
		if (write_file(path, v->bdf))
			die("taking %s from %s: %s", v->bdf, driver, strerror(errno));
	}
	if (strcmp(driver, DRIVER) && write_file("/sys/bus/pci/drivers_probe", v->bdf))
		die("giving %s to " DRIVER ": %s", v->bdf, strerror(errno));
	link_name(v, "driver", driver, sizeof(driver));
	if (strcmp(driver, DRIVER))
		die("%s is not bound to " DRIVER ": is the module loaded?", v->bdf);
}

/*
 * One entry is counted for each mapping, and a container has room for what the limit was when it
 * was opened. Without interrupt remapping VFIO wants to be told that the device is trusted.
 */
static void set_parameters(uint64_t maps)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)(maps < 65535 ? 65535 : maps + 16));
	if (write_file(PARAMETERS "/dma_entry_limit", text))
		die(PARAMETERS "/dma_entry_limit: %s", strerror(errno));
	if (write_file(PARAMETERS "/allow_unsafe_interrupts", "1"))
		die(PARAMETERS "/allow_unsafe_interrupts: %s", strerror(errno));
}

static void open_group(struct vfio *v)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char name[32], path[64];

	link_name(v, "iommu_group", name, sizeof(name));
	snprintf(path, sizeof(path), "/dev/vfio/%s", name);
	v->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (v->container < 0)
		die("/dev/vfio/vfio: %s", strerror(errno));
	v->group = open(path, O_RDWR | O_CLOEXEC);
	if (v->group < 0)
		die("%s: %s", path, strerror(errno));
	if (ioctl(v->group, VFIO_GROUP_GET_STATUS, &status))
		die("%s: %s", path, strerror(errno));
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		die("group %s is not viable: another device in it has a driver", name);
	if (ioctl(v->group, VFIO_GROUP_SET_CONTAINER, &v->container))
		die("VFIO_GROUP_SET_CONTAINER: %s", strerror(errno));
	if (ioctl(v->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		die("VFIO_SET_IOMMU: %s", strerror(errno));
	v->device = ioctl(v->group, VFIO_GROUP_GET_DEVICE_FD, v->bdf);
	if (v->device < 0)
		die("VFIO_GROUP_GET_DEVICE_FD of %s: %s", v->bdf, strerror(errno));
}

/* The ranges of IOVAs that the container allows: not the window of MSI, not beyond the IOMMU's
 * width. */
static void read_ranges(struct vfio *v)
{
	static union {
		struct vfio_iommu_type1_info info;
		uint8_t bytes[INFO_MAX];
	} u;
	const struct vfio_iommu_type1_info_cap_iova_range *cap;
	const struct vfio_info_cap_header *head;

	u.info.argsz = sizeof(u);
	if (ioctl(v->container, VFIO_IOMMU_GET_INFO, &u.info))
		die("VFIO_IOMMU_GET_INFO: %s", strerror(errno));
	v->page_sizes = u.info.iova_pgsizes;
	if (!(u.info.flags & VFIO_IOMMU_INFO_CAPS))
		die("VFIO_IOMMU_GET_INFO names no ranges of IOVAs");
	for (uint32_t at = u.info.cap_offset; at && at + sizeof(*cap) <= sizeof(u); at = head->next) {
		head = (const void *)(u.bytes + at);
		if (head->id != VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE)
			continue;
		cap = (const void *)head;
		for (uint32_t i = 0; i < cap->nr_iovas && v->n_ranges < VFIO_RANGES_MAX; i++) {
			v->ranges[v->n_ranges].first = cap->iova_ranges[i].start;
			v->ranges[v->n_ranges++].last = cap->iova_ranges[i].end;
		}
	}
}

void vfio_open(struct vfio *v, unsigned int vendor, unsigned int device, uint64_t maps)
{
	memset(v, 0, sizeof(*v));
	find_device(v, vendor, device);
	set_parameters(maps);
	bind(v);
	open_group(v);
	read_ranges(v);
}

void vfio_map(struct vfio *v, uint64_t iova, void *at, uint64_t len)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)at,
		.iova = iova,
		.size = len,
	};

	if (ioctl(v->container, VFIO_IOMMU_MAP_DMA, &map))
		die("mapping %llu bytes at IOVA 0x%llx: %s", (unsigned long long)len, (unsigned long long)iova,
		    strerror(errno));
}

void *vfio_region(struct vfio *v, unsigned int index, size_t *len)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };
	void *at;

	if (ioctl(v->device, VFIO_DEVICE_GET_REGION_INFO, &info))
		die("VFIO_DEVICE_GET_REGION_INFO %u: %s", index, strerror(errno));
	at = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, v->device, (off_t)info.offset);
	if (at == MAP_FAILED)
		die("mapping region %u of %s: %s", index, v->bdf, strerror(errno));
	*len = info.size;
	return at;
}

void vfio_enable(struct vfio *v)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = VFIO_PCI_CONFIG_REGION_INDEX };
	uint16_t command;

	if (ioctl(v->device, VFIO_DEVICE_GET_REGION_INFO, &info) ||
	    pread(v->device, &command, sizeof(command), (off_t)info.offset + PCI_COMMAND) != sizeof(command))
		die("reading the command register of %s: %s", v->bdf, strerror(errno));
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	if (pwrite(v->device, &command, sizeof(command), (off_t)info.offset + PCI_COMMAND) != sizeof(command))
		die("writing the command register of %s: %s", v->bdf, strerror(errno));
}
