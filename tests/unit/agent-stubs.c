/* SPDX-License-Identifier: GPL-2.0-only */
/* What the commands of the agent take from the rest of it, where one of them is tested alone. */
#include "agent.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

int fail(struct answer *answer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(answer->error, sizeof(answer->error), format, args);
	va_end(args);
	return -1;
}

int take_u64(const struct json_object *request, struct answer *answer, const char *key, uint64_t otherwise,
	     uint64_t min, uint64_t max, uint64_t *value)
{
	if (json_u64(request, key, otherwise, value) || *value < min || *value > max)
		return fail(answer, "%s is wrong", key);
	return 0;
}

void console_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

pid_t fork_child(void)
{
	return fork();
}
