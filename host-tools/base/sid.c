/* SPDX-License-Identifier: GPL-2.0-only */
/* Requester ids as text. */
#include "base/sid.h"

#include <stdio.h>
#include <string.h>

#define DOMAIN "0000:"
#define DOMAIN_LEN (sizeof(DOMAIN) - 1)

char *sid_short(uint16_t sid, char *buf)
{
	snprintf(buf, 8, "%02x:%02x.%x", sid >> 8, sid >> 3 & 0x1fu, sid & 7u);
	return buf;
}

char *sid_text(uint16_t sid, char buf[16])
{
	memcpy(buf, DOMAIN, DOMAIN_LEN);
	sid_short(sid, buf + DOMAIN_LEN);
	return buf;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* By hand: sscanf() takes blanks, signs, capitals and missing digits, and looks for the end of the text first. */
size_t sid_read(const char *text, uint16_t *sid)
{
	static const char form[] = "xx:xx.x";
	size_t domain = strncmp(text, DOMAIN, DOMAIN_LEN) == 0 ? DOMAIN_LEN : 0;
	int digits[7] = { 0 };

	for (size_t i = 0; i < 7; i++) {
		char c = text[domain + i];

		if (form[i] == 'x' ? (digits[i] = hex_digit(c)) < 0 : c != form[i])
			return 0;
	}
	if (digits[3] > 1 || digits[6] > 7)
		return 0;
	*sid = (uint16_t)(digits[0] << 12 | digits[1] << 8 | digits[3] << 7 | digits[4] << 3 | digits[6]);
	return domain + 7;
}

bool sid_parse(const char *text, uint16_t *sid)
{
	uint16_t value;

	if (!text || sid_read(text, &value) != DOMAIN_LEN + 7 || text[DOMAIN_LEN + 7])
		return false;
	*sid = value;
	return true;
}
