#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `vtdlab bench` and `vtdlab bench-compare`: what they refuse, and what is compared. Boots nothing, fetches nothing.

load vtdlab-fixture

setup()
{
	find_vtdlab
	[ -x "$root/build/guests/kvmperf" ] || { echo "build/guests/kvmperf is not built"; return 1; }
}

# bench ARG... :: WORD...: refused, and no results; what gets past its options finds no kernel.
bench()
{
	refused bench --kernel "$BATS_TEST_TMPDIR/none" --results "$BATS_TEST_TMPDIR/results" "$@"
	[ ! -e "$BATS_TEST_TMPDIR/results" ]
}

@test "words that are none are named, with those there are" {
	bench --suite huge :: "--suite huge" "quick or full"
	bench --clock fast :: "--clock fast" "wall or virtual"
	bench --accel hvf :: "--accel hvf" "auto, kvm or tcg"
	bench --iommu on :: "--iommu on" "off, pt, lazy, strict or caching"
	bench quick :: "'quick'" "options only"
	bench --sweet quick :: "--sweet"
}

@test "icount with more than one CPU is refused with the reason" {
	bench --clock virtual --cpus 2 :: "--cpus 2" "livelocks with more than one CPU on QEMU 7.2"
	bench --cpus 2 :: "livelocks"
	bench --clock virtual --accel kvm :: "instructions" "machine.accel=kvm"
}

@test "numbers out of range" {
	bench --cpus 100 --clock wall :: "1 to 64"
	bench --cpus -1 :: "at least 1"
	bench --rounds -1 :: "at least 1"
	bench --rounds 1001 :: "1 to 1000"
	bench --repeat 0 :: "--repeat 0" "at least 1"
	bench --repeat many :: "many"
}

@test "tests and their options are asked of kvmperf before anything is booted" {
	bench --tests demand-pagin :: "demand-pagin" "no test"
	bench --tests 'exits,demand-paging --vcpus 0' :: "--tests 'demand-paging --vcpus 0'" "1 to"
	bench --tests 'exits --memory 4M' :: "unknown option --memory"
	bench --tests '' :: "kvmperf list"
	bench --tests 'exits,' :: "kvmperf list"
	bench --tests 'exits --json' :: "kvmperf list"
	bench --tests suite :: "kvmperf list"
	bench --tests ../exits :: "kvmperf list"
	bench --tests exits --suite quick :: "one of --suite, --tests and --selftests"
}

@test "module parameters" {
	bench --l1-params tdp_mmu=N :: "'tdp_mmu=N'" "MODULE.PARAMETER=VALUE"
	bench --l1-params kvm.tdp_mmu :: "MODULE.PARAMETER=VALUE"
	bench --l1-params 'kvm.tdp_mmu=' :: "MODULE.PARAMETER=VALUE"
	bench --l1-params 'kvm.tdp_mmu=N init=/bin/sh' :: "'init=/bin/sh'"
	bench --l1-params 'kvm.a=b=c' :: "MODULE.PARAMETER=VALUE"
}

# a_run NAME CLOCK ACCEL NS [MEMORY]: a run directory whose one test took so long.
a_run()
{
	mkdir -p "$BATS_TEST_TMPDIR/$1"
	cat >"$BATS_TEST_TMPDIR/$1/bench.json" <<-END
		{"schema":1,"environment":{"clock":"$2","accel":"$3","qemu":"7.2.22","iommu":"lazy",
		"first_kernel":{"release":"6.1.0-$1"},"l1_params":"","commit":"abc"},
		"kvmperf":{"schema":1,"program":"kvmperf","suite":"quick","machine":{"kernel":"6.1.0"},"tests":[
		{"name":"demand-paging","options":{"vcpus":1,"memory":${5:-16777216}},"result":"pass","reason":"",
		"counts":{"pages":[4096]},"ns":{"populate":{"median":$4,"min":$4,"max":$4,"runs":[$4]}}}]}}
	END
}

# compare NAME...
compare()
{
	run "$vtdlab" bench-compare "${@/#/$BATS_TEST_TMPDIR/}"
	echo "$output"
}

@test "bench-compare: medians side by side, and how far they are apart" {
	a_run one virtual tcg 1000000
	a_run two virtual tcg 1001000
	a_run three virtual tcg 999000
	compare one two
	[ "$status" -eq 0 ]
	[[ $output == *"clock virtual, accelerator tcg"* ]]
	[[ $output == *"6.1.0-one"*"6.1.0-two"* ]]
	[[ $output == *"populate "*" 1000000 "*" 1001000 "*"+0.100%"* ]]
	[[ $output == *"1 medians, 0 equal to the nanosecond, largest distance 0.100 %"* ]]
	compare one two three
	[[ $output == *"largest distance 0.200 %"* ]]
}

@test "bench-compare --within: the exit status says whether a run is as good as the first one" {
	a_run one virtual tcg 1000000
	a_run two virtual tcg 1001000
	within() { run "$vtdlab" bench-compare --within "$1" "$BATS_TEST_TMPDIR/$2" "$BATS_TEST_TMPDIR/$3"; }
	within 0.2 one two
	[ "$status" -eq 0 ]
	[[ $output == *"good: 1 medians within 0.2 % of A"* ]]
	within 0.05 one two
	[ "$status" -eq 1 ]
	[[ $output == *"worse   demand-paging vcpus=1, populate: B +0.100 %"* ]]
	# faster is told, and no step back
	within 0.05 two one
	[ "$status" -eq 0 ]
	[[ $output == *"better  demand-paging"* ]]
	for none in nan -1 inf "" 1x; do
		within "$none" one one
		[ "$status" -eq 2 ]
	done
}

@test "bench-compare refuses other clocks, other accelerators, other work, and what is no run" {
	a_run one virtual tcg 1000
	a_run wall wall tcg 1000
	a_run kvm virtual kvm 1000
	a_run other virtual tcg 1000 4096
	compare one wall
	[ "$status" -eq 2 ]
	[[ $output == *"clock virtual under tcg"*"clock wall under tcg"*"cannot be compared"* ]]
	compare one kvm
	[ "$status" -eq 2 ]
	[[ $output == *"under tcg"*"under kvm"* ]]
	compare one other
	[ "$status" -eq 2 ]
	[[ $output == *"in common"* ]]
	compare one none
	[ "$status" -eq 2 ]
	[[ $output == *"none: there is no such run"* ]]
	compare one
	[ "$status" -eq 2 ]
	mkdir "$BATS_TEST_TMPDIR/kdump"
	echo '{"scenario":"kdump"}' >"$BATS_TEST_TMPDIR/kdump/bench.json"
	compare one kdump
	[ "$status" -eq 2 ]
	[[ $output == *"no bench.json"* ]]
}
