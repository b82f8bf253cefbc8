/* SPDX-License-Identifier: GPL-2.0-only */
/* What the core of the deep copy takes from the kernel, for a build on the host. */
#ifndef KDUMP_COPY_HOST_H
#define KDUMP_COPY_HOST_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
/* As in the kernel: the same type on every architecture, and %llx prints it. */
typedef unsigned long long u64;

#define U32_MAX UINT32_MAX
#define U64_MAX (~0ull)
#define BIT_ULL(n) (1ull << (n))
#define GENMASK_ULL(h, l) ((~0ull >> (63 - (h))) & (~0ull << (l)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define noinline __attribute__((noinline))
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

#endif
