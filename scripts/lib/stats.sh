# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Statistics for awk programs of scripts here: awk "$awk_stats"'...'. What the program itself judges by is in base/stats.c.
#   sort(v, n)    v[1] to v[n], numbers, least first
#   median(v, n)  of v[1] to v[n], which are sorted by this; of an even number the mean of the two in the middle
# shellcheck disable=SC2034 # for whoever sources this
readonly awk_stats='
	function sort(v, n,    i, j, x) {
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && v[j - 1] + 0 > v[j] + 0; j--) {
				x = v[j]
				v[j] = v[j - 1]
				v[j - 1] = x
			}
	}
	function median(v, n) {
		sort(v, n)
		return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
	}
'
