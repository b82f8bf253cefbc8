/* SPDX-License-Identifier: GPL-2.0-only */
/* Failing in one line. */
#include "dma.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void die(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *p = text; *p; p++)
		if (*p == '"' || *p == '\\' || (unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '\'';
	printf("{\"error\":\"%s\"}\n", text);
	fflush(stdout);
	exit(1);
}
