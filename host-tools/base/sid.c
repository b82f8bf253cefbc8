/* SPDX-License-Identifier: GPL-2.0-only */
/* Requester ids as text. */
#include "base/sid.h"

#include <stdio.h>

char *sid_text(uint16_t sid, char buf[16])
{
	snprintf(buf, 16, "0000:%02x:%02x.%x", sid >> 8, sid >> 3 & 0x1f, sid & 7);
	return buf;
}

bool run_read_sid(const char *bdf, uint16_t *sid)
{
	unsigned bus, slot, function;

	if (!bdf || sscanf(bdf, "%*4x:%2x:%2x.%1x", &bus, &slot, &function) != 3)
		return false;
	*sid = (uint16_t)(bus << 8 | (slot & 0x1f) << 3 | (function & 7));
	return true;
}
