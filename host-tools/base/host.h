/* SPDX-License-Identifier: GPL-2.0-only */
/* What this machine has. */
#ifndef VTDLAB_BASE_HOST_H
#define VTDLAB_BASE_HOST_H

#include <stdint.h>

/* host_memory_available - bytes that a new program could take without swapping; 0: not known. */
uint64_t host_memory_available(void);

/* host_disk_available - bytes that this user may still write to the disk of @path, which is there; UINT64_MAX: not known. */
uint64_t host_disk_available(const char *path);

#endif
