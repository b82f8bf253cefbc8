/* SPDX-License-Identifier: GPL-2.0-only */
/* mmio-write: one 32-bit write to a register of a PCI device that no driver holds. */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int cmd_mmio_write(const struct json_object *request, struct answer *answer)
{
	uint64_t bar = 0, offset = 0, value = 0;
	char bdf[32], path[96];
	volatile uint32_t *regs;
	struct stat st;
	int fd;

	if (take_name(request, answer, "bdf", bdf, sizeof(bdf)) || take_u64(request, answer, "bar", 0, 0, 5, &bar) ||
	    take_u64(request, answer, "offset", 0, 0, UINT32_MAX, &offset) ||
	    take_u64(request, answer, "value", 0, 0, UINT32_MAX, &value))
		return -1;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource%u", bdf, (unsigned int)bar);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		if (fd >= 0)
			close(fd);
		return fail(answer, "%s: %s", path, strerror(errno));
	}
	if (offset % 4 || (uint64_t)st.st_size < offset + 4) {
		close(fd);
		return fail(answer, "%s has no register at %#llx", path, (unsigned long long)offset);
	}
	regs = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (regs == MAP_FAILED)
		return fail(answer, "mapping %s: %s", path, strerror(errno));
	regs[offset / 4] = (uint32_t)value;
	munmap((void *)regs, (size_t)st.st_size);
	return 0;
}
