/* SPDX-License-Identifier: GPL-2.0-only */
/* What every program in a guest needs of the system: time, small files, links. */
#include "basics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void sleep_us(unsigned int us)
{
	struct timespec ts = { .tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000 };

	nanosleep(&ts, NULL);
}

void sleep_ms(unsigned int ms)
{
	sleep_us(ms * 1000);
}

struct wait wait_for_ms(uint64_t ms)
{
	return (struct wait){ .left_ns = (int64_t)ms * 1000000, .looked_ns = now_ns() };
}

bool wait_goes_on(struct wait *wait)
{
	const int64_t most = WAIT_LOOK_MS * INT64_C(1000000);
	int64_t now = now_ns(), spent = now - wait->looked_ns;

	wait->left_ns -= spent < most ? spent : most;
	wait->looked_ns = now;
	return wait->left_ns > 0;
}

int read_file(const char *path, char *buf, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = -1;

	buf[0] = '\0';
	if (fd < 0)
		return -1;
	while (len < cap - 1 && (n = read(fd, buf + len, cap - 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0 && !len) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	close(fd);
	while (len && (buf[len - 1] == '\n' || buf[len - 1] == ' '))
		len--;
	buf[len] = '\0';
	return (int)len;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int saved;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	saved = errno;
	close(fd);
	errno = saved;
	return n < 0 ? -1 : 0;
}

int read_link_name(const char *path, char *buf, size_t cap)
{
	char target[512];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	const char *name;

	buf[0] = '\0';
	if (n < 0)
		return -1;
	target[n] = '\0';
	name = strrchr(target, '/');
	snprintf(buf, cap, "%s", name ? name + 1 : target);
	return 0;
}
