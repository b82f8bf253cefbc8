/* SPDX-License-Identifier: GPL-2.0-only */
/* Small helpers of the agent: files, directories, time, hex, the console line. */
#include "agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

int each_name(const char *dir, int (*each)(const char *name, void *data), void *data)
{
	struct dirent **list;
	int n = scandir(dir, &list, NULL, versionsort), result = 0;

	if (n < 0)
		return -1;
	for (int i = 0; i < n; i++) {
		if (!result && list[i]->d_name[0] != '.')
			result = each(list[i]->d_name, data);
		free(list[i]);
	}
	free(list);
	return result;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hex_decode(const char *hex, uint8_t *bytes, size_t cap)
{
	size_t n = 0;

	for (; *hex; hex += 2, n++) {
		int high = hex_digit(hex[0]), low = hex[1] ? hex_digit(hex[1]) : -1;

		if (high < 0 || low < 0 || n == cap)
			return -1;
		bytes[n] = (uint8_t)(high << 4 | low);
	}
	return (int)n;
}

void console_line(const char *format, ...)
{
	char line[256];
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC), n;
	va_list args;

	if (fd < 0)
		return;
	/* level 3, so that the line is seen under "quiet" too */
	n = snprintf(line, sizeof(line), "<3>vtdlab-agent: ");
	va_start(args, format);
	vsnprintf(line + n, sizeof(line) - (size_t)n, format, args);
	va_end(args);
	if (write(fd, line, strlen(line)) < 0)
		line[0] = '\0'; /* nobody to tell */
	close(fd);
}
