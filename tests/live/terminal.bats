#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What a run shows on a terminal while it lasts: which phase of how many, and from an earlier run about how long.

load live-fixture

# on COLUMNS: a run on a terminal of so many, each state of its line a line of the output.
on()
{
	run env TERM=xterm NO_COLOR=1 script -qec "stty cols $1; '$VTDLAB' run kdump --results '$RESULTS'" /dev/null
	output=$(tr '\r' '\n' <<<"$output" | sed 's/\x1b\[K//g')
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "the phase of how many; with an earlier run about how long; on 40 columns; and nothing of it in a pipe" {
	on 100
	[[ $output == *" s  phase 1 of 11"* ]]
	[[ $output == *" s  phase 11 of 11"* ]]
	[[ $output != *"about "*" s left"* ]] # nothing is known
	on 40
	[[ $output =~ "  boot "[0-9.]+" s  1/11, ~"[0-9]+" s" ]]
	[[ $output == *" s  11/11"* ]]
	# a line of the terminal is no longer than it, but for what is to be copied
	[ -z "$(awk 'length > 40 && NF > 1 && !/^(repeat|next|look at) /' <<<"$output")" ]
	run "$VTDLAB" run kdump --results "$RESULTS"
	[ "$status" -eq 0 ]
	[[ $output != *" of 11"* && $output != *"/11"* && $output != *$'\r'* ]]
	no_leftovers
}
