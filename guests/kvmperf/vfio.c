/* SPDX-License-Identifier: GPL-2.0-only */
/* Just enough VFIO for one device without interrupts. */
#include "vfio.h"
#include "edu.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static unsigned long hex_of(const char *device, const char *file)
{
	char path[320], text[32];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", device, file);
	return read_text(path, text, sizeof(text)) ? strtoul(text, NULL, 16) : 0;
}

/* The last part of what a link of the device points to. */
static bool link_of(const char *device, const char *link, char *out, size_t size)
{
	char path[320], to[256];
	const char *last;
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", device, link);
	n = readlink(path, to, sizeof(to) - 1);
	if (n < 0)
		return false;
	to[n] = 0;
	last = strrchr(to, '/');
	snprintf(out, size, "%.*s", (int)size - 1, last ? last + 1 : to);
	return true;
}

static bool usable(const char *device)
{
	char driver[64];

	return hex_of(device, "vendor") == EDU_VENDOR && hex_of(device, "device") == EDU_DEVICE &&
	       link_of(device, "driver", driver, sizeof(driver)) && !strcmp(driver, "vfio-pci");
}

static void find(struct edu *e, const char *name)
{
	struct dirent *d;
	DIR *dir;

	if (name) {
		if (strchr(name, '/') || !usable(name))
			cannot("--device %s: not an edu device bound to vfio-pci", name);
		snprintf(e->name, sizeof(e->name), "%s", name);
		return;
	}
	dir = opendir("/sys/bus/pci/devices");
	while (dir && (d = readdir(dir))) {
		if (!usable(d->d_name))
			continue;
		snprintf(e->name, sizeof(e->name), "%.31s", d->d_name);
		break;
	}
	if (dir)
		closedir(dir);
	if (!e->name[0])
		cannot("no edu device (1234:11e8) is bound to vfio-pci: run inside a VM with one "
		       "and an IOMMU");
}

static int open_or_not(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		cannot("%s: %s", path, strerror(errno));
	return fd;
}

static void open_group(struct edu *e)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	char group[64], path[96];

	if (!link_of(e->name, "iommu_group", group, sizeof(group)))
		cannot("%s is behind no IOMMU", e->name);
	e->container = open_or_not("/dev/vfio/vfio");
	snprintf(path, sizeof(path), "/dev/vfio/%s", group);
	e->group = open_or_not(path);
	if (ioctl(e->group, VFIO_GROUP_GET_STATUS, &status) || !(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		cannot("%s: not all devices of the IOMMU group are bound to vfio", path);
	if (ioctl(e->group, VFIO_GROUP_SET_CONTAINER, &e->container) ||
	    ioctl(e->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		cannot("%s: VFIO type 1 is not possible: %s", path, strerror(errno));
	if (ioctl(e->container, VFIO_IOMMU_GET_INFO, &info))
		fail("VFIO_IOMMU_GET_INFO: %s", strerror(errno));
	e->page_sizes = info.iova_pgsizes;
	e->device = ioctl(e->group, VFIO_GROUP_GET_DEVICE_FD, e->name);
	if (e->device < 0)
		fail("%s: VFIO_GROUP_GET_DEVICE_FD: %s", e->name, strerror(errno));
}

static uint64_t region(struct edu *e, unsigned int index, uint64_t *size)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(e->device, VFIO_DEVICE_GET_REGION_INFO, &info))
		fail("%s: VFIO_DEVICE_GET_REGION_INFO: %s", e->name, strerror(errno));
	*size = info.size;
	return info.offset;
}

static void put(struct edu *e, uint64_t reg, const void *value, size_t size)
{
	if (pwrite(e->device, value, size, (off_t)(e->bar_offset + reg)) != (ssize_t)size)
		fail("%s: register %#llx: %s", e->name, (unsigned long long)reg, strerror(errno));
}

static uint64_t take(struct edu *e, uint64_t reg, size_t size)
{
	uint64_t value = 0;

	if (pread(e->device, &value, size, (off_t)(e->bar_offset + reg)) != (ssize_t)size)
		fail("%s: register %#llx: %s", e->name, (unsigned long long)reg, strerror(errno));
	return value;
}

void edu_open(struct edu *e, const char *name)
{
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	uint64_t ignored;

	memset(e, 0, sizeof(*e));
	find(e, name);
	open_group(e);
	e->bar_offset = region(e, VFIO_PCI_BAR0_REGION_INDEX, &e->bar_size);
	e->config_offset = region(e, VFIO_PCI_CONFIG_REGION_INDEX, &ignored);
	if (pwrite(e->device, &command, sizeof(command), (off_t)(e->config_offset + PCI_COMMAND)) != sizeof(command))
		fail("%s: cannot switch memory and DMA on: %s", e->name, strerror(errno));
	if (e->bar_size < EDU_BUFFER || (take(e, EDU_ID, 4) & EDU_ID_MASK) != EDU_ID_VALUE)
		fail("%s does not answer as an edu device", e->name);
}

void edu_close(struct edu *e)
{
	close(e->device);
	close(e->group);
	close(e->container);
}

/* The device takes 100 ms of its clock for a transfer. */
static bool transfer(struct edu *e, uint64_t from, uint64_t to, uint64_t command)
{
	struct timespec pause = { 0, 1000000 };
	uint64_t count = EDU_TRANSFER, deadline = now_ns() + 30000000000ULL;

	put(e, EDU_DMA_SRC, &from, sizeof(from));
	put(e, EDU_DMA_DST, &to, sizeof(to));
	put(e, EDU_DMA_COUNT, &count, sizeof(count));
	command |= EDU_CMD_START;
	put(e, EDU_DMA_CMD, &command, sizeof(command));
	while (take(e, EDU_DMA_CMD, 8) & EDU_CMD_START) {
		if (now_ns() > deadline)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

bool edu_copy(struct edu *e, uint64_t from, uint64_t to)
{
	return transfer(e, from, EDU_BUFFER, 0) && transfer(e, EDU_BUFFER, to, EDU_CMD_TO_RAM);
}

uint64_t vfio_map(struct edu *e, void *mem, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)mem,
		.iova = iova,
		.size = size,
	};
	uint64_t start = now_ns(), end;
	int r = ioctl(e->container, VFIO_IOMMU_MAP_DMA, &map);

	end = now_ns();
	if (r && errno == ENOMEM)
		cannot("VFIO cannot pin the memory: raise RLIMIT_MEMLOCK, or be root");
	if (r)
		fail("VFIO_IOMMU_MAP_DMA at %#llx: %s", (unsigned long long)iova, strerror(errno));
	return end - start;
}

uint64_t vfio_unmap(struct edu *e, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_unmap unmap = { .argsz = sizeof(unmap), .iova = iova, .size = size };
	uint64_t start = now_ns(), end;
	int r = ioctl(e->container, VFIO_IOMMU_UNMAP_DMA, &unmap);

	end = now_ns();
	if (r)
		fail("VFIO_IOMMU_UNMAP_DMA at %#llx: %s", (unsigned long long)iova, strerror(errno));
	if (unmap.size != size)
		fail("VFIO unmapped %#llx bytes instead of %#llx", (unsigned long long)unmap.size,
		     (unsigned long long)size);
	return end - start;
}
