/* SPDX-License-Identifier: GPL-2.0-only */
/* Requester ids: bus, device and function in 16 bits, and as text. Libc only: vtd/ uses it, too. */
#ifndef VTDLAB_BASE_SID_H
#define VTDLAB_BASE_SID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* sid_short - "bb:dd.f" of @sid in @buf (at least 8 bytes), which is returned. */
char *sid_short(uint16_t sid, char *buf);

/* sid_text - "0000:bb:dd.f" of @sid in @buf, which is returned. */
char *sid_text(uint16_t sid, char buf[16]);

/*
 * sid_read - a requester id at the start of a longer text.
 *
 * The very text that sid_text() or sid_short() writes: domain 0000 or none, lower-case hex, no blanks, slots to 1f,
 * functions to 7. What follows is for the caller to judge.
 * Returns its length, 12 or 7; 0: there is none, and *sid is unchanged. Reads nothing behind the first wrong byte.
 */
size_t sid_read(const char *text, uint16_t *sid);

/* sid_parse - @text is "0000:bb:dd.f", all of it. False (*sid unchanged): anything else, NULL too. */
bool sid_parse(const char *text, uint16_t *sid);

#endif
