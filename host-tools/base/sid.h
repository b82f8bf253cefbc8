/* SPDX-License-Identifier: GPL-2.0-only */
/* Requester ids: bus, device and function in 16 bits, and as text. */
#ifndef VTDLAB_BASE_SID_H
#define VTDLAB_BASE_SID_H

#include <stdbool.h>
#include <stdint.h>

/* sid_text - "0000:bb:dd.f" of @sid in @buf, which is returned. */
char *sid_text(uint16_t sid, char buf[16]);

/* Requester id of "0000:bb:dd.f"; false: no such address. */
bool run_read_sid(const char *bdf, uint16_t *sid);

#endif
