#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# One small benchmark for real: a VM, a guest in it, figures in bench.json. And what only L1 can refuse.

setup() {
	[ "${VTDLAB_TEST_VM:-1}" != 0 ] || skip "VTDLAB_TEST_VM=0"
	results="$BATS_TEST_TMPDIR/results"
	VTDLAB="${VTDLAB:-$PWD/build/vtdlab}"
}

# bench.json of the newest run, through jq.
json() {
	jq -r "$1" "$results/latest/bench.json"
}

@test "a test in virtual time: verified pages, a figure, and where it comes from" {
	run "$VTDLAB" bench --tests demand-paging --rounds 3 --results "$results"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"1 passed, 0 failed, 0 skipped"* ]]
	[ "$(json .exit)" = 0 ]
	[ "$(json '.environment | [.clock, .accel, .iommu, .level] | join(" ")')" = "virtual tcg lazy L2 in L1" ]
	[ "$(json '.environment.wall_time_is_hardware_time')" = false ]
	[ "$(json '.kvmperf.tests[0].result')" = pass ]
	[ "$(json '.kvmperf.tests[0].counts.pages | join(" ")')" = "4096 4096 4096" ]
	# a fault of a nested guest costs between 2,000 and 100,000 instructions, or something else was measured
	(($(json '.kvmperf.tests[0].ns.populate.median') / 4096 > 2000))
	(($(json '.kvmperf.tests[0].ns.populate.median') / 4096 < 100000))
	[ "$(json '.kvmperf.tests[0].ns.populate.spread_ppm')" -lt 2000 ]
	cmp "$results/latest/summary.txt" <(head -n -1 <<<"$(grep -A99 '^L1: ' <<<"$output")")
}

@test "a parameter that L1's KVM does not have is refused, not ignored" {
	run "$VTDLAB" bench --tests demand-paging --l1-params kvm.no_such=1 --results "$results"
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"kvm.no_such=1: this kernel has no such parameter"* ]]
	[ ! -e "$results/latest" ]
}
