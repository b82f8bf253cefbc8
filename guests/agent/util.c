/* SPDX-License-Identifier: GPL-2.0-only */
/* Small helpers of the agent: directories, hex, the console line. */
#include "agent.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
