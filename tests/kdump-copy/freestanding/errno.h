/* SPDX-License-Identifier: GPL-2.0-only */
/* For the 32-bit compile of the core where no 32-bit C library is installed. */
#define EIO 5
#define ENOMEM 12
#define EINVAL 22
#define ENOSPC 28
#define EUCLEAN 117
