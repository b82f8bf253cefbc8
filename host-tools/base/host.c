/* SPDX-License-Identifier: GPL-2.0-only */
/* What this machine has. */
#include "base/host.h"

#include <glib.h>
#include <string.h>
#include <sys/statvfs.h>

uint64_t host_memory_available(void)
{
	g_autofree char *text = NULL;
	const char *line;

	if (!g_file_get_contents("/proc/meminfo", &text, NULL, NULL))
		return 0;
	line = strstr(text, "MemAvailable:");
	return line ? g_ascii_strtoull(line + strlen("MemAvailable:"), NULL, 10) << 10 : 0;
}

uint64_t host_disk_available(const char *path)
{
	struct statvfs fs;

	return statvfs(path, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize : UINT64_MAX;
}
