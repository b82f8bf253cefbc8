/* SPDX-License-Identifier: GPL-2.0-only */
/* For the 32-bit compile of the core where no 32-bit C library is installed. */
#include <stddef.h>

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
