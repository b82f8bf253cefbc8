#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# One small benchmark for real: a VM, a guest in it, figures in bench.json. And what only L1 can refuse.

setup()
{
	[ "${VTDLAB_TEST_VM:-1}" != 0 ] || skip "VTDLAB_TEST_VM=0"
	results="$BATS_TEST_TMPDIR/results"
	VTDLAB="${VTDLAB:-$PWD/build/vtdlab}"
}

# bench.json of the newest run, through jq.
json()
{
	jq -r "$1" "$results/latest-bench/bench.json"
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
	# summary.txt is the page with all that there is
	cmp "$results/latest-bench/summary.txt" <("$VTDLAB" bench -v --show "$results/latest-bench" | head -n -1)
	[[ $output == *"repeat        vtdlab bench --tests demand-paging --kernel debian-6.1 --rounds 3"* ]]
	if type -P jsonschema >/dev/null; then
		jsonschema -i "$results/latest-bench/bench.json" docs/schemas/bench.json
	fi
}

@test "a parameter that L1's KVM does not have is refused, not ignored" {
	run "$VTDLAB" bench --tests demand-paging --l1-params kvm.no_such=1 --results "$results"
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"kvm.no_such=1: this kernel has no such parameter"* ]]
	# nor are bugs that this kernel does not have behind a word
	run "$VTDLAB" bench --tests demand-paging --l1-params vtdlab_bug=nested-lma --results "$results"
	[ "$status" -eq 2 ]
	[[ $output == *"vtdlab_bug=nested-lma: this kernel has no such parameter"* ]]
	[ ! -e "$results/latest-bench" ]
}

@test "a guest in the guest's guest: verified pages, and KVM's count of VMRUNs" {
	run "$VTDLAB" bench --tests 'nested --memory 1M --count 50, nested --memory 1M --count 50 --l3-paging direct' \
		--rounds 2 --verbose --results "$results"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *" 1 of 2   nested --memory 1M --count 50 "*" pass "* ]]
	[[ $output == *"2 passed, 0 failed, 0 skipped"* ]]
	[ "$(json '[.kvmperf.tests[].counts.l3_exits[]] | join(" ")')" = "50 50 50 50" ]
	# the trips, and two for the pages
	[ "$(json '[.kvmperf.tests[].counts.kvm_nested_runs[]] | join(" ")')" = "52 52 52 52" ]
	# through three levels a page costs more than through two, and a trip more than nothing
	(($(json '.kvmperf.tests[0].ns.populate.median') / 256 > 2000))
	(($(json '.kvmperf.tests[0].ns.trips.median') / 50 > 1000))
}

@test "each check of the L3 notices what it is there for" {
	while read -r what line; do
		KVMPERF_SPOIL=$what run "$VTDLAB" bench --tests 'nested --memory 1M --count 50' --rounds 1 --results "$results"
		echo "$what: $output"
		[ "$status" -eq 1 ]
		[[ $output == *"0 passed, 1 failed, 0 skipped"* ]]
		[[ $(json '.kvmperf.tests[0].reason') == *"$line"* ]]
	done <<-END
		l3-asid the L3 of vCPU 0 left by exit code 0xffffffffffffffff
		l3-trips 50 exits of the L3, which made 50 VMMCALLs, of 51
		l3-pages the L3 wrote 256 pages instead of 257
		l3-value vCPU 0 reads other values than were written in 1 of 256 pages
		l3-runs KVM counts 52 VMRUNs, there were 53
	END
}

@test "what a hypervisor in the guest is promised: all of it in a kernel with the fixes, and each is noticed" {
	run "$VTDLAB" bench --kernel debian-6.12 --tests nested-checks --results "$results"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"1 passed, 0 failed, 0 skipped"* ]]
	KVMPERF_SPOIL=gif run "$VTDLAB" bench --kernel debian-6.12 --tests nested-checks --results "$results"
	[ "$status" -eq 1 ]
	[ "$(json .kvmperf.tests[0].reason)" = "gif: spoilt" ]
}

@test "without SVM for the guest a test of the L3 is a skip that says so" {
	run "$VTDLAB" bench --tests nested --l1-params kvm-amd.nested=0 --results "$results"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"0 passed, 0 failed, 1 skipped"* ]]
	[[ $(json '.kvmperf.tests[0].reason') == "this KVM gives its guests no SVM "* ]]
}

# Debian's kernels have no page_idle, ours do.
lab_kernel()
{
	local conf

	conf=$(grep -lx 'spec=lab-6.12' "${XDG_CACHE_HOME:-$HOME/.cache}"/vtdlab/kernels/*/kernel.conf | head -n 1)
	[[ -n $conf ]] ||
		skip 'no lab-6.12 in the cache: make kernel KERNEL=lab-6.12'
	kernel=(--kernel "${conf%/*}/bzImage" --modules "${conf%/*}/modules")
}

@test "access-tracking: what the guest has used is not idle, and was before" {
	lab_kernel
	run "$VTDLAB" bench "${kernel[@]}" --tests 'access-tracking --memory 4M' --rounds 2 --results "$results"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(json '.kvmperf.tests[0].counts | [.idle_before_write[], .idle_before_read[]] | min >= 1024 * 0.9')" = true ]
	[ "$(json '.kvmperf.tests[0].counts | [.still_idle_write[], .still_idle_read[]] | max <= 1024 / 10')" = true ]
}

@test "each check of access-tracking notices what it is there for" {
	lab_kernel
	while read -r what line; do
		KVMPERF_SPOIL=$what run "$VTDLAB" bench "${kernel[@]}" --tests 'access-tracking --memory 1M' --rounds 1 \
			--results "$results"
		echo "$what: $output"
		[ "$status" -eq 1 ]
		[[ $(json '.kvmperf.tests[0].reason') == *"$line"* ]]
	done <<-END
		idle-unknown page_idle does not know 256 of 256 pages
		idle-marked only 0 of 256 pages count as idle, though all were marked
		still-idle pages count as idle, though the guest used all of them
	END
}

@test "a suite shows each of its tests while it runs" {
	run "$VTDLAB" bench --suite quick --rounds 1 --verbose --results "$results"
	echo "$output"
	[ "$status" -eq 0 ]
	n=$(json '.kvmperf.tests | length')
	((n > 10))
	for ((i = 1; i <= n; i++)); do
		[[ $output =~ \ $i\ of\ $n\ +[a-z] ]]
	done
	[[ $output == *" 1 of $n  demand-paging "*" pass "* ]]
}

@test "a test without an end is a failure by its own deadline, and the next one runs" {
	run "$VTDLAB" bench --tests 'demand-paging --uffd missing --memory 4M --delay 1000000, exits --exit cpuid --count 10' \
		--results "$results"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"1 passed, 1 failed, 0 skipped"* ]]
	[ "$(json '.kvmperf.tests[0].reason')" = "no end within 30 s (--deadline)" ]
}
