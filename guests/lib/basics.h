/* SPDX-License-Identifier: GPL-2.0-only */
/* What every program in a guest needs of the system: time, small files, links. */
#ifndef GUEST_BASICS_H
#define GUEST_BASICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Nanoseconds since boot. */
int64_t now_ns(void);
void sleep_us(unsigned int us);
void sleep_ms(unsigned int ms);
/*
 * How long something is waited for, counted in what this program got to do: a CPU that stood still between two looks
 * (a busy host) uses up WAIT_LOOK_MS and no more. Look at least that often.
 */
#define WAIT_LOOK_MS 100
struct wait {
	int64_t left_ns, looked_ns;
};
/** A wait of @ms that begins now. */
struct wait wait_for_ms(uint64_t ms);
/** One look: is there time left? */
bool wait_goes_on(struct wait *wait);
/** Read a small file, cut trailing white space, end with NUL. Returns the length or -1 (errno). */
int read_file(const char *path, char *buf, size_t cap);
/** Write @text to an existing file. Returns 0 or -1 (errno). */
int write_file(const char *path, const char *text);
/** The last component of a symlink's target; "" if there is none. Returns 0 or -1 (errno). */
int read_link_name(const char *path, char *buf, size_t cap);

#endif
