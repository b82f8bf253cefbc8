/* SPDX-License-Identifier: GPL-2.0-only */
/* memory-zero: what was written to memory that is free now goes from it, so that nobody has to save and copy it. */
#include "agent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK (UINT64_C(4) << 20)
/*
 * Left to the kernel, which must not come into need of memory by this: so much, and a part of all, which its zones keep from
 * one another. Where it has huge pages it keeps more than that for itself (44 MiB), so it is asked to keep less meanwhile.
 */
#define RESERVE (UINT64_C(16) << 20)
#define RESERVE_PART 64
#define KEPT "/proc/sys/vm/min_free_kbytes"
#define KEPT_MEANWHILE_KB 4096
/* A CPU's own list has single pages, up to an eighth of all (Linux 6.7), which no huge page is made of. */
#define SINGLY (UINT64_C(128) << 20)
/* The host has to have what is taken here, and most of a large guest was never used. */
#define MOST (UINT64_C(1) << 30)
#define PAGE 4096

static bool is_room(void)
{
	struct sysinfo info;
	uint64_t unit;

	if (sysinfo(&info))
		return false;
	unit = info.mem_unit;
	return info.freeram * unit > RESERVE + CHUNK + info.totalram * unit / RESERVE_PART;
}

static int keep_kb(unsigned int kb)
{
	char text[32];

	snprintf(text, sizeof(text), "%u", kb);
	return write_file(KEPT, text);
}

static int remove_file(const char *name, void *data)
{
	char path[320];

	(void)data;
	snprintf(path, sizeof(path), CRASH_FILES "/%s", name);
	return unlink(path);
}

/* The next piece of free memory, as zeros, kept until the process ends. */
static bool take(bool huge)
{
	char *bytes;

	if (!is_room())
		return false;
	bytes = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		return false;
	if (!huge)
		madvise(bytes, CHUNK, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < CHUNK; at += PAGE)
		*(volatile char *)(bytes + at) = 0;
	return true;
}

/* All that was taken is given back by the end of the process, before the kernel is to keep more again. */
static void __attribute__((noreturn)) take_all(void)
{
	uint64_t taken = 0;

	while (taken < MOST && take(taken >= SINGLY))
		taken += CHUNK;
	_exit(0);
}

int cmd_memory_zero(const struct json_object *request, struct answer *answer)
{
	char kept[32];
	int status;
	pid_t pid;

	(void)request;
	/* they are loaded, and nobody reads them again */
	if (each_name(CRASH_FILES, remove_file, NULL) && errno != ENOENT)
		return fail(answer, CRASH_FILES ": %s", strerror(errno));
	if (read_file(KEPT, kept, sizeof(kept)) < 0 || keep_kb(KEPT_MEANWHILE_KB))
		return fail(answer, KEPT ": %s", strerror(errno));
	pid = fork_child();
	if (!pid)
		take_all();
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		status = -1;
	if (write_file(KEPT, kept))
		return fail(answer, KEPT ": %s", strerror(errno));
	return status ? fail(answer, "what takes free memory ended with status 0x%x", (unsigned int)status) : 0;
}
