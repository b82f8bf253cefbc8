/* SPDX-License-Identifier: GPL-2.0-only */
/* A quick sum that notices damage: gigabytes a second. Against somebody who means harm it is none. */
#ifndef VTDLAB_BASE_SUM_H
#define VTDLAB_BASE_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* sum_add - the sum of @len bytes behind what @sum is of (0 to begin with). Where one goes on matters: it sums pieces. */
uint64_t sum_add(uint64_t sum, const void *bytes, size_t len);

/* sum_page - the same for a page of 4096 bytes at offset @at; a page of zeros, be it there or not, adds nothing. */
uint64_t sum_page(uint64_t sum, uint64_t at, const void *page);

/* sum_file - the sum of all of a file, as one piece. false (errno): it cannot be read. */
bool sum_file(const char *path, uint64_t *sum);

#endif
