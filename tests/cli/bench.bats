#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `vtdlab bench`, and `vtdlab compare` of benchmarks: what they refuse, and what is compared. Boots nothing, fetches nothing.

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
	bench --l1-params 'vtdlab_bug=' :: "vtdlab_bug=WORD"
	bench --l1-params 'vtdlab_bug=a b' :: "'b'"
	bench --l1-params 'vtdlab_bug=nested-lma,nested-ncr3 x' :: "'x'"
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
	run "$vtdlab" compare "${@/#/$BATS_TEST_TMPDIR/}"
	echo "$output"
}

@test "compare of benchmarks: medians side by side, and how far they are apart" {
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

@test "compare takes benchmarks, too: what moved beyond noise first, and the exit status" {
	both() { run "$vtdlab" compare "$@"; echo "$output"; }
	cd "$BATS_TEST_TMPDIR"
	boot one virtual 1000000
	boot slow virtual 1100000
	both one slow
	[ "$status" -eq 1 ]
	[ "${lines[0]}" = "beyond noise:" ]
	[[ ${lines[1]} == *"populate: 1000.0 us -> 1100.0 us, x 1.1 "* ]]
	[[ $output == *"largest distance 10.000 %"* ]]
	both slow one
	[ "$status" -eq 0 ]
	both --threshold 20 one slow
	[ "$status" -eq 0 ]
	# several boots of two kernels are two sides, in whatever order; of three kernels there is the table
	for i in 1 2 3 4; do
		boot "a$i" wall "100${i}000"
		boot "b$i" wall "120${i}000" "700$i"
		sed -i "s/6[.]1[.]0-a$i/6.1.0-a/" "a$i/bench.json"
		sed -i "s/6[.]1[.]0-b$i/6.1.0-b/" "b$i/bench.json"
	done
	both a1 b1 a2 b2 a3 b3 a4 b4
	[ "$status" -eq 1 ]
	[[ $output == *"populate: "*"4 and 4 runs"* ]]
	boot c wall 1500000
	both a1 b1 c
	[ "$status" -eq 0 ]
	[[ $output != *noise* && $output == *"largest distance"* ]]
	refused compare --tsv a1 b1 :: "of runs, not of benchmarks"
	refused compare one a1 :: "cannot be compared"
}

@test "compare of benchmarks --within: the exit status says whether a run is as good as the first one" {
	a_run one virtual tcg 1000000
	a_run two virtual tcg 1001000
	within() { run "$vtdlab" compare --within "$1" "$BATS_TEST_TMPDIR/$2" "$BATS_TEST_TMPDIR/$3"; }
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

@test "compare refuses benchmarks of other clocks, other accelerators, other work, and what is no run" {
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
	# of a newer program: whoever reads it says so
	a_run later virtual tcg 1000
	sed -i 's/"environment"/"schema":2,&/' "$BATS_TEST_TMPDIR/later/bench.json"
	refused compare "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/later" :: "later: schema 2 is newer than this vtdlab"
	refused report "$BATS_TEST_TMPDIR/later" :: "schema 2 is newer"
	refused bench --show "$BATS_TEST_TMPDIR/later" :: "schema 2 is newer"
}

# boot NAME CLOCK POPULATE [TRIPS]: a run of five rounds of two steps, whose times begin at these.
boot()
{
	local p=$3 t=${4:-7000}
	mkdir -p "$BATS_TEST_TMPDIR/$1"
	cat >"$BATS_TEST_TMPDIR/$1/bench.json" <<-END
		{"schema":1,"tool":"vtdlab 9","bench":"bench-quick-$2","duration_s":5,"exit":0,
		"repeat":"vtdlab bench --suite quick --kernel debian-6.1 --l1-params kvm.tdp_mmu=N",
		"environment":{"clock":"$2","accel":"tcg","qemu":"7.2.22","iommu":"lazy","host_cpu":"a CPU",
		"l1_cpus":1,"l1_memory":2147483648,"first_kernel":{"release":"6.1.0-$1","spec":"debian-6.1"},
		"l1_params":"kvm.tdp_mmu=N","commit":"abc"},
		"kvmperf":{"schema":1,"program":"kvmperf","suite":"quick","machine":{"kernel":"6.1.0"},"tests":[
		{"name":"demand-paging","options":{"vcpus":1,"memory":16777216},"result":"pass","reason":"",
		"counts":{"pages":[4096]},"ns":{
		"populate":{"median":$((p + 2)),"min":$p,"max":$((p + 4)),"runs":[$p,$((p + 1)),$((p + 2)),$((p + 3)),$((p + 4))]},
		"trips":{"median":$((t + 2)),"min":$t,"max":$((t + 4)),"runs":[$t,$((t + 1)),$((t + 2)),$((t + 3)),$((t + 4))]}},
		"latency_ns":{"touch":{"count":12288,"p50":9599,"p90":9600,"p99":14975,"max":23750}},
		"kvm":{"vm":{},"vcpus":{"pf_taken":4096}}},
		{"name":"vfio-dma","options":{"vcpus":1},"result":"skip","reason":"no edu device","counts":{},"ns":{}}]}}
	END
}

# show ARG...: of the benchmarks in the test's directory.
show()
{
	run "$vtdlab" bench "$@"
	echo "$output"
}

@test "bench --show: the page of a recorded benchmark, 72 columns, and what was run" {
	cd "$BATS_TEST_TMPDIR"
	boot one virtual 1000000
	show --show one
	[ "$status" -eq 0 ]
	[[ $output == "outcome       passed (exit 0), tests: 1 passed, 0 failed, 1 skipped"* ]]
	[[ $output == *"items    instructions    for each   spread"* ]]
	[[ $output == *"  populate                  4,096       1,000,002       244.1   0.000%"* ]]
	[[ $output == *"medians of 5 rounds"*"vfio-dma vcpus=1: no edu device"* ]]
	[[ $output == *"6.1.0-one (debian-6.1"*"1 CPU, 2 GiB of memory, vIOMMU lazy"*"kvm.tdp_mmu=N"*"QEMU 7.2.22, tcg, virtual clock"*"commit abc"* ]]
	[[ $output == *"repeat        vtdlab bench --suite quick --kernel debian-6.1 --l1-params kvm.tdp_mmu=N"* ]]
	[[ $output == *"time, s       5.0"* ]]
	[[ $output != *pf_taken* ]]
	[[ $output != *$'\033'* ]]
	[ -z "$(awk 'length > 72 && !/^(repeat|run) /' <<<"$output")" ]
	show -v --show one
	[[ $output == *"of one touch: 50% within 9,599"*"pf_taken 4,096"* ]]
	boot two wall 1000000
	show --show two
	[[ $output == *"items              ns    for each"* ]]
	show --show none
	[ "$status" -eq 2 ]
	[[ $output == *"none: there is no such run"* ]]
}

@test "bench --baseline: only what moved beyond noise, and the exit status" {
	cd "$BATS_TEST_TMPDIR"
	boot one virtual 1000000
	boot same virtual 1001000 7010
	boot slow virtual 1100000
	# a boot is within 0.2 % of another, and this is no change
	show --show same --baseline one
	[ "$status" -eq 0 ]
	[[ $output == *"no change: 0 of 2 figures differ beyond noise, 5 and 5 rounds"* ]]
	show --show slow --baseline one
	[ "$status" -eq 1 ]
	[[ $output == *"beyond noise:"*"populate: 1000.0 us -> 1100.0 us, x 1.1 "*"1 of 2 figures differ"* ]]
	[[ $output != *trips* ]]
	show --show one --baseline slow
	[ "$status" -eq 0 ]
	[[ $output == *"x 0.909"* ]]
	# with boots enough a value is one of these
	for i in 1 2 3 4; do
		boot "a$i" wall "100${i}000"
		boot "b$i" wall "120${i}000" "700$i"
	done
	show --show b1 --show b2 --show b3 --show b4 --baseline a1 --baseline a2 --baseline a3 --baseline a4
	[ "$status" -eq 1 ]
	[[ $output == *"populate: "*"4 and 4 runs"* ]]
	show --show b1 --baseline a1
	[[ $output == *"one boot may differ from another"* ]]
	# nor is what two boots of one kernel differ by a change when there are many of them
	for i in 1 2 3 4 5; do
		boot "c$i" virtual "100${i}00" "70$i"
		boot "d$i" virtual "100${i}90" "90$i"
	done
	show --show d1 --show d2 --show d3 --show d4 --show d5 --baseline c1 --baseline c2 --baseline c3 --baseline c4 --baseline c5
	[ "$status" -eq 1 ]
	[[ $output == *"trips: "*"1 of 2 figures differ beyond noise, 5 and 5 runs"* ]]
	[[ $output != *"populate: "* ]]
}

@test "bench --baseline refuses what cannot be compared before anything is booted" {
	cd "$BATS_TEST_TMPDIR"
	boot one virtual 1000000
	boot wall wall 1000000
	bench --baseline none :: "none: there is no such run"
	bench --baseline wall :: "--baseline wall ran with clock wall" "clock virtual" "cannot be compared"
	bench --baseline one --selftests . :: "--baseline is of kvmperf's figures"
	show --show wall --baseline one
	[ "$status" -eq 2 ]
	[[ $output == *"cannot be compared"* ]]
}
