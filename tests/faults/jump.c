/* SPDX-License-Identifier: GPL-2.0-only */
/* For LD_PRELOAD: a wall clock that is an hour early in one second, and an hour late in the next. */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *t)
{
	struct timespec now;
	int status = (int)syscall(SYS_clock_gettime, clock, t);

	if (clock != CLOCK_REALTIME || status)
		return status;
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	t->tv_sec += now.tv_sec & 1 ? 3600 : -3600;
	return 0;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	tv->tv_sec = t.tv_sec;
	tv->tv_usec = t.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *to)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (to)
		*to = t.tv_sec;
	return t.tv_sec;
}
