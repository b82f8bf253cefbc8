/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading what the human monitor prints. */
#include <string.h>

#include "machine/qmp.h"

/* A hexadecimal number of 1 to 16 digits at *p; *p is moved behind it. */
static bool hex(const char **p, uint64_t *value)
{
	uint64_t v = 0;
	int digits = 0;

	for (; g_ascii_isxdigit(**p); ++*p, digits++) {
		if (digits == 16)
			return false;
		v = v << 4 | (uint64_t)g_ascii_xdigit_value(**p);
	}
	*value = v;
	return digits > 0;
}

bool qmp_parse_xp(const char *text, uint64_t addr, uint64_t *words, unsigned n)
{
	const char *p = text;
	uint64_t at;
	unsigned got = 0;

	while (*p) {
		if (!hex(&p, &at) || *p++ != ':' || at != addr + 8 * (uint64_t)got)
			return false;
		while (p[0] == ' ' && p[1] == '0' && p[2] == 'x') {
			p += 3;
			if (got == n || !hex(&p, &words[got]))
				return false;
			got++;
		}
		p += *p == '\r';
		if (*p && *p != '\n')
			return false;
		p += *p == '\n';
	}
	return got == n;
}

bool qmp_parse_rip(const char *text, uint64_t *rip)
{
	const char *p = strstr(text, "RIP=");

	if (!p)
		return false;
	p += 4;
	return hex(&p, rip);
}
