/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages of the guest brought by threads of ours. */
#include "uffd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef USERFAULTFD_IOC_NEW
#define USERFAULTFD_IOC_NEW _IO(0xAA, 0x00)
#endif
#ifndef UFFD_FEATURE_WP_HUGETLBFS_SHMEM
#define UFFD_FEATURE_WP_HUGETLBFS_SHMEM (1 << 12)
#endif

#define BATCH 8

struct uffd_server {
	struct uffd_set *set;
	int fd;
	pthread_t thread;
	bool leave;
	struct uffd_totals totals;
};

static int open_uffd(bool device)
{
	int dev, fd;

	if (!device) {
		fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
		if (fd < 0 && errno == EPERM)
			cannot("userfaultfd: permission denied: be root, or sysctl "
			       "vm.unprivileged_userfaultfd=1");
		if (fd < 0)
			cannot("userfaultfd: this kernel has none (%s)", strerror(errno));
		return fd;
	}
	dev = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
	if (dev < 0)
		cannot("/dev/userfaultfd: %s", strerror(errno));
	fd = ioctl(dev, USERFAULTFD_IOC_NEW, O_CLOEXEC);
	if (fd < 0)
		cannot("/dev/userfaultfd: %s", strerror(errno));
	close(dev);
	return fd;
}

static uint64_t features(const struct uffd_set *set)
{
	enum backing_kind kind = set->vm->cfg.backing;
	bool huge = kind == BACKING_HUGETLB_2M || kind == BACKING_HUGETLB_1G, shared = backing_has_alias(kind);

	switch (set->mode) {
	case UFFD_MINOR:
		return huge ? UFFD_FEATURE_MINOR_HUGETLBFS : UFFD_FEATURE_MINOR_SHMEM;
	case UFFD_WP:
		return UFFD_FEATURE_PAGEFAULT_FLAG_WP | (shared ? UFFD_FEATURE_WP_HUGETLBFS_SHMEM : 0);
	default:
		return huge ? UFFD_FEATURE_MISSING_HUGETLBFS : shared ? UFFD_FEATURE_MISSING_SHMEM : 0;
	}
}

static void register_slice(struct uffd_server *s, unsigned char *mem, uint64_t size)
{
	static const uint64_t modes[] = {
		[UFFD_MISSING] = UFFDIO_REGISTER_MODE_MISSING,
		[UFFD_MINOR] = UFFDIO_REGISTER_MODE_MINOR,
		[UFFD_WP] = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_register reg = { .range = { (uintptr_t)mem, size }, .mode = modes[s->set->mode] };
	struct uffdio_writeprotect wp = { .range = reg.range, .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	struct uffdio_api api = { .api = UFFD_API, .features = features(s->set) };

	if (ioctl(s->fd, UFFDIO_API, &api))
		cannot("userfaultfd: this kernel cannot do that mode with this backing (%s)", strerror(errno));
	if (ioctl(s->fd, UFFDIO_REGISTER, &reg))
		cannot("userfaultfd: UFFDIO_REGISTER: %s", strerror(errno));
	if (s->set->mode == UFFD_WP && ioctl(s->fd, UFFDIO_WRITEPROTECT, &wp))
		fail("userfaultfd: UFFDIO_WRITEPROTECT: %s", strerror(errno));
}

static void serve(struct uffd_server *s, uint64_t address)
{
	struct uffd_set *set = s->set;
	uint64_t at = address / set->unit * set->unit;
	struct uffdio_copy copy = { .dst = at, .src = (uintptr_t)set->source, .len = set->unit };
	struct uffdio_continue more = { .range = { at, set->unit } };
	struct uffdio_writeprotect wp = { .range = { at, set->unit } };
	int err;

	if (set->mode == UFFD_MISSING)
		err = ioctl(s->fd, UFFDIO_COPY, &copy);
	else if (set->mode == UFFD_MINOR)
		err = ioctl(s->fd, UFFDIO_CONTINUE, &more);
	else
		err = ioctl(s->fd, UFFDIO_WRITEPROTECT, &wp);
	if (!err) {
		s->totals.served++;
		return;
	}
	if (errno != EEXIST)
		fail("userfaultfd: page at %#llx: %s", (unsigned long long)at, strerror(errno));
	/* Another vCPU's message brought it; whoever waits for this one has to be woken. */
	s->totals.raced++;
	if (ioctl(s->fd, UFFDIO_WAKE, &wp.range))
		fail("userfaultfd: UFFDIO_WAKE: %s", strerror(errno));
}

static void *server_thread(void *data)
{
	struct uffd_server *s = data;
	struct timespec delay = { (time_t)(s->set->delay_us / 1000000), (long)(s->set->delay_us % 1000000) * 1000 };
	struct uffd_msg msg[BATCH];
	uint64_t start;
	ssize_t n;

	/* Blocking reads, one system call a message; a signal that does nothing ends them. */
	while (!__atomic_load_n(&s->leave, __ATOMIC_SEQ_CST)) {
		n = read(s->fd, msg, sizeof(msg));
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < (ssize_t)sizeof(msg[0]))
			fail("userfaultfd: read: %s", n < 0 ? strerror(errno) : "short");
		for (size_t i = 0; i < (size_t)n / sizeof(msg[0]); i++) {
			if (msg[i].event != UFFD_EVENT_PAGEFAULT)
				fail("userfaultfd: event %#x", msg[i].event);
			start = now_ns();
			s->totals.events++;
			if (s->set->delay_us)
				nanosleep(&delay, NULL);
			serve(s, msg[i].arg.pagefault.address);
			hist_add(&s->totals.latency, now_ns() - start);
		}
	}
	return NULL;
}

static void mark(unsigned char *mem, uint64_t size)
{
	uint64_t value = UFFD_MARK;

	for (uint64_t at = 0; at < size; at += PAGE_4K)
		memcpy(mem + at + sizeof(value), &value, sizeof(value));
}

static void nothing(int sig)
{
	(void)sig;
}

void uffd_start(struct uffd_set *set, struct perf_vm *vm, const struct options *o)
{
	struct sigaction action = { .sa_handler = nothing };

	*set = (struct uffd_set){
		.vm = vm,
		.mode = (enum uffd_mode)o->uffd,
		.unit = vm->mem.unit,
		.delay_us = o->delay_us,
		.n = o->uffd_per_vcpu ? vm->cfg.geo.vcpus : 1,
	};
	sigaction(SIGUSR1, &action, NULL);
	if (set->mode == UFFD_MISSING) {
		set->source = aligned_alloc(PAGE_4K, set->unit);
		if (!set->source)
			cannot("out of memory");
		memset(set->source, 0, set->unit);
		mark(set->source, set->unit);
	} else {
		mark(set->mode == UFFD_MINOR ? vm->mem.alias : vm->mem.mem, vm->mem.size);
	}
	vm->served = true;
	set->server = xcalloc(set->n, sizeof(*set->server));
	for (unsigned int i = 0; i < set->n; i++) {
		struct uffd_server *s = &set->server[i];
		struct slice part = { 0, vm->mem.size / PAGE_4K };

		if (o->uffd_per_vcpu)
			part = slice_of(&vm->cfg.geo, i);
		s->set = set;
		hist_init(&s->totals.latency);
		s->fd = open_uffd(o->uffd_dev);
		register_slice(s, vm->mem.mem + part.first * PAGE_4K, part.pages * PAGE_4K);
		if (pthread_create(&s->thread, NULL, server_thread, s))
			cannot("no thread for userfaultfd");
	}
}

void uffd_stop(struct uffd_set *set, struct uffd_totals *totals)
{
	struct timespec pause = { 0, 1000000 };

	memset(totals, 0, sizeof(*totals));
	hist_init(&totals->latency);
	for (unsigned int i = 0; i < set->n; i++) {
		struct uffd_server *s = &set->server[i];

		/* The signal may come just before the read: once more, until it is gone. */
		__atomic_store_n(&s->leave, true, __ATOMIC_SEQ_CST);
		do
			pthread_kill(s->thread, SIGUSR1);
		while (pthread_tryjoin_np(s->thread, NULL) && (nanosleep(&pause, NULL), true));
		close(s->fd);
		totals->events += s->totals.events;
		totals->served += s->totals.served;
		totals->raced += s->totals.raced;
		hist_merge(&totals->latency, &s->totals.latency);
	}
	free(set->server);
	free(set->source);
}
