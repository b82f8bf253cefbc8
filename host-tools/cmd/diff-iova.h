/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of `vtdlab diff` that compares runs' iova.csv. */
#ifndef VTDLAB_CMD_DIFF_IOVA_H
#define VTDLAB_CMD_DIFF_IOVA_H

/*
 * diff_iova - compare two runs (directories, or iova.csv files), or with @b NULL the two kernels of one:
 * what the first had mapped at the panic and reserved, and the crash kernel at @phase (NULL: "end").
 * @max: ranges to list of each kind. Returns 0 same, 1 different, 2 unusable, 125 nothing to compare.
 */
int diff_iova(const char *a, const char *b, const char *phase, unsigned max);

#endif
