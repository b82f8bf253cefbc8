/* SPDX-License-Identifier: GPL-2.0-only */
/* disk-load: children that keep direct reads in flight until the panic. */
#include "agent.h"
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define JOBS_MAX 256
#define BS_MAX (4u << 20)
#define ALIGN 4096

static pid_t jobs[JOBS_MAX];
static size_t n_jobs;

/* Read [@from, @to) once, @bs bytes at a time, by a file of its own into @buf. */
static void read_part(const char *path, uint64_t from, uint64_t to, size_t bs, uint8_t *buf)
{
	int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);

	if (fd < 0)
		return;
	for (uint64_t at = from; at + bs <= to; at += bs)
		if (pread(fd, buf, bs, (off_t)at) != (ssize_t)bs)
			sleep_ms(10); /* a dead disk fails fast */
}

static void stop_jobs(void)
{
	for (size_t i = 0; i < n_jobs; i++)
		kill(jobs[i], SIGKILL);
}

/*
 * The jobs' buffers, @stride bytes from each other; NULL: no memory. @spread: all over most of the free memory, so also
 * where the kernel puts user pages only (CMA); it stays taken, for pages that are freed would come from anywhere.
 */
static uint8_t *make_buffers(size_t bs, bool spread, size_t *stride)
{
	size_t least = (bs + ALIGN - 1) / ALIGN * ALIGN;
	struct sysinfo si;
	void *all;

	*stride = least;
	if (spread && !sysinfo(&si))
		*stride = MAX(least, si.freeram / 4 * 3 * si.mem_unit / n_jobs / ALIGN * ALIGN);
	/* shared: a child that writes to its buffer, by the disk, does not get a copy */
	all = mmap(NULL, *stride * n_jobs, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	return all == MAP_FAILED ? NULL : all;
}

static int start_jobs(struct answer *answer, const char *path, uint64_t span, size_t bs, bool spread)
{
	/* parts far from each other, so that no scheduler merges two jobs' requests */
	uint64_t part = span / n_jobs / bs * bs;
	size_t stride;
	uint8_t *buffers = make_buffers(bs, spread, &stride);

	if (!buffers)
		return fail(answer, "no memory for the buffers of %zu jobs", n_jobs);
	for (size_t i = 0; i < n_jobs; i++) {
		pid_t pid = fork_child();

		if (pid < 0) {
			fail(answer, "fork of job %zu: %s", i, strerror(errno));
			n_jobs = i;
			stop_jobs();
			return -1;
		}
		if (!pid) {
			read_part(path, i * part, (i + 1) * part, bs, buffers + i * stride);
			_exit(0);
		}
		jobs[i] = pid;
	}
	return 0;
}

int cmd_disk_load(const struct json_object *request, struct answer *answer)
{
	char name[32], path[64];
	uint64_t count_jobs, bs, span, wait_ms, size;

	if (n_jobs)
		return fail(answer, "disk-load is running already");
	if (take_name(request, answer, "dev", name, sizeof(name)) ||
	    take_u64(request, answer, "jobs", 16, 1, JOBS_MAX, &count_jobs) ||
	    take_u64(request, answer, "bs", 131072, CHANNEL_SECTOR, BS_MAX, &bs) ||
	    take_u64(request, answer, "span", 0, 0, UINT64_MAX, &span) ||
	    take_u64(request, answer, "wait_ms", 5000, 0, 600000, &wait_ms) ||
	    find_disk(answer, name, sizeof(name), wait_ms, path, sizeof(path), &size))
		return -1;
	if (!span || span > size)
		span = size;
	if (bs % CHANNEL_SECTOR || span / count_jobs < bs)
		return fail(answer,
			    "bs must be a multiple of %d and jobs * bs at most the span, "
			    "%llu bytes",
			    CHANNEL_SECTOR, (unsigned long long)span);
	n_jobs = count_jobs;
	if (start_jobs(answer, path, span, bs, json_bool(request, "spread", false))) {
		n_jobs = 0;
		return -1;
	}
	json_put_int(&answer->out, "started", (int64_t)n_jobs);
	json_put_string(&answer->out, "dev", name);
	return 0;
}
