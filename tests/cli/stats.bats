#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# scripts/lib/stats.sh: what the scripts that measure call a median.

# median NUMBER...: and the least and the most.
median()
{
	run bash -c '. "$1"; shift; printf "%s\n" "$@" | awk "$awk_stats"'\''{ v[NR] = $1 }
		END { m = median(v, NR); print m, v[1], v[NR] }'\' - "$BATS_TEST_DIRNAME/../../scripts/lib/stats.sh" "$@"
	echo "$output"
}

@test "median: by number and not by text, of an even number the mean of two" {
	median 10 9 100
	[ "$output" = '10 9 100' ]
	median 2.5 100 10 9
	[ "$output" = '9.5 2.5 100' ]
	median 20 1e-3 5
	[ "$output" = '5 1e-3 20' ]
	median 7
	[ "$output" = '7 7 7' ]
	# as many as a long series has
	median $(seq 200 -1 1)
	[ "$output" = '100.5 1 200' ]
}
