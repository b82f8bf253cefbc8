#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `vtdlab compare`: several runs side by side, by their run.json. Boots nothing.

bats_require_minimum_version 1.5.0
load vtdlab-fixture

setup()
{
	find_vtdlab
	dir=$BATS_TEST_TMPDIR
	a_run one wall off 284
	a_run two wall deep 0
}

# $1: name, $2: clock, $3: mode, $4: IOVAs that lead elsewhere
a_run()
{
	mkdir -p "$dir/$1"
	printf '{"scenario":"kdump","outcome":"preserved","exit":0,"iova":{"retargeted":%s},"environment":{"clock":"%s",
		"accel":"tcg","crash_kernel":{"release":"6.12.9","cmdline":"intel_iommu=kdump_%s"}}}\n' \
		"$4" "$2" "$3" >"$dir/$1/run.json"
}

@test "two modes of one kernel are two columns" {
	run "$vtdlab" compare "$dir/one" "$dir/two"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == *"kdump, 6.12.9 off  kdump, 6.12.9 deep" ]]
	[[ $output == *"IOVA pages retargeted  284                0"* ]]
	[[ $output == *"clock wall, accelerator tcg"* ]]
}

@test "repeated runs of a kind are one column, with their spread" {
	a_run three wall off 280
	run "$vtdlab" compare --markdown "$dir/one" "$dir/three" "$dir/two"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"| IOVA pages retargeted | 282 (280 to 284) | 0 |"* ]]
	a_run four wall off 279
	run "$vtdlab" compare --tsv "$dir/one" "$dir/three" "$dir/four" "$dir/two"
	[[ $output == *$'IOVA pages retargeted\tkdump, 6.12.9 off\tcount\t280\t279\t284\t3'* ]]
}

@test "runs with other settings than the scenario's file are columns of their own" {
	a_run off wall off 0
	for settings in '{"iommu.mode":"off","first.kernel":"debian-6.12"}' '{"machine.cpus":"2","iommu.mode":"off"}'; do
		sed -i "s/\"scenario\"/\"settings\":$settings,&/" "$dir/off/run.json"
		run "$vtdlab" compare "$dir/one" "$dir/off"
		echo "$output"
		[ "$status" -eq 0 ]
		[[ ${lines[0]} == *"kdump, 6.12.9 off  kdump, 6.12.9 off, iommu.mode=off"* ]]
		a_run off wall off 0
	done
	[[ ${lines[0]} == *"off, iommu.mode=off machine.cpus=2" ]]
	# a kernel of one's own beside a crash kernel is told, whose release says nothing of it
	sed -i 's/"scenario"/"settings":{"first.kernel":"a","crash.kernel":"b"},&/' "$dir/off/run.json"
	run "$vtdlab" compare "$dir/one" "$dir/off"
	[[ ${lines[0]} == *"off, first.kernel=a" ]]
}

@test "nothing that a run.json holds gets to the terminal as a control character" {
	# ESC, a C1 CSI, a mark of direction, a newline
	sed -i 's/"scenario"/"settings":{"x\\u001b":"\\u009b31m"},"checks":[{"name":"a\\u001b[2Jb\\u202e","result":"fail\\n"}],&/' "$dir/two/run.json"
	run "$vtdlab" compare "$dir/one" "$dir/two"
	[ "$status" -eq 0 ]
	run ! grep -qP "[^\\x20-\\x7e\\t]" <<<"$output"
	sed -i 's/"clock":"wall"/"clock":"w\\u001b[2J\\u009b"/' "$dir/two/run.json"
	run "$vtdlab" compare "$dir/one" "$dir/two"
	[ "$status" -eq 2 ]
	run ! grep -qP "[\\x00-\\x08\\x1b]|\\xc2\\x9b" <<<"$output"
}

@test "runs with another clock are refused" {
	a_run slow virtual off 284
	run "$vtdlab" compare "$dir/one" "$dir/slow"
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"clock wall under tcg"*"clock virtual under tcg"* ]]
}

@test "runs of another scenario are refused; of two single runs the verdicts that changed come first, with a status" {
	a_run other wall off 284
	sed -i 's/"scenario":"kdump"/"scenario":"kdump-smp"/' "$dir/other/run.json"
	refused compare "$dir/one" "$dir/other" :: "ran scenario kdump, " "ran kdump-smp" "cannot be compared"
	sed -i 's/preserved","exit":0/copy-wrong","exit":1/' "$dir/two/run.json"
	run "$vtdlab" compare "$dir/one" "$dir/two"
	echo "$output"
	[ "$status" -eq 1 ]
	[ "${lines[0]}" = "verdict: preserved -> copy-wrong" ]
	run "$vtdlab" compare "$dir/two" "$dir/one"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "verdict: copy-wrong -> preserved" ]
	# the same outcome, which one of them was to have
	sed -i 's/preserved","exit":0/copy-wrong","exit":0/' "$dir/one/run.json"
	run "$vtdlab" compare "$dir/one" "$dir/two"
	[ "$status" -eq 1 ]
	[ "${lines[0]}" = "judged bad: 0 of 1 runs, now 1 of 1" ]
}

@test "two runs of one kind, and those of two directories, are side A and side B" {
	mkdir -p "$dir/a" "$dir/b"
	a_run three wall off 280
	sed -i 's/preserved","exit":0/copy-wrong","exit":1/' "$dir/three/run.json"
	run "$vtdlab" compare "$dir/one" "$dir/three"
	echo "$output"
	[ "$status" -eq 1 ]
	[ "${lines[0]}" = "verdict: preserved -> copy-wrong" ]
	[[ $output == *"A: kdump, 6.12.9 off  B: kdump, 6.12.9 off"* ]]
	for i in 1 2 3 4; do
		a_run a/$i wall off 28$i
		a_run b/$i wall off 38$i
	done
	run "$vtdlab" compare "$dir"/a/* "$dir"/b/*
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[1]} == "  IOVA pages retargeted: 282.5 -> 382.5, x 1.35"* ]]
	[[ $output == *"1 of 1 figures differ beyond noise, 4 and 4 runs"* ]]
	# the same from inside, and with the last of them without a verdict
	sed -i 's/preserved","exit":0/inconclusive","exit":125/' "$dir/b/4/run.json"
	cd "$dir"
	run "$vtdlab" compare a/* b/*
	[ "$status" -eq 125 ]
	[ "${lines[0]}" = "verdict: preserved -> preserved; inconclusive" ]
	# runs from everywhere are one column
	run "$vtdlab" compare --tsv a/1 b/1 one
	[[ $output == *$'retargeted\tkdump, 6.12.9 off\tcount\t284\t281\t381\t3' ]]
}

@test "another QEMU and another build of one release are columns of their own, and say which" {
	for i in 1 2 3 4; do
		a_run $i wall off 0
	done
	sed -i 's/"accel"/"qemu":"7.2.22",&/' "$dir/1/run.json" "$dir/2/run.json"
	sed -i 's/"accel"/"qemu":"10.0.2",&/' "$dir/3/run.json" "$dir/4/run.json"
	run "$vtdlab" compare "$dir"/[1-4]
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"kdump, 6.12.9 off, QEMU 7.2.22  kdump, 6.12.9 off, QEMU 10.0.2"* ]]
	sed -i 's/10.0.2/7.2.22/' "$dir/3/run.json" "$dir/4/run.json"
	sed -i 's/"release"/"sha256":"0123456789",&/' "$dir/1/run.json" "$dir/2/run.json" "$dir/3/run.json"
	sed -i 's/"release"/"sha256":"9876543210",&/' "$dir/4/run.json"
	run "$vtdlab" compare "$dir"/[1-4]
	[[ $output == *"off, image ? and 01234567  kdump, 6.12.9 off, image ? and 98765432"* ]]
}

@test "a run that is named again counts once" {
	ln -s one "$dir/latest"
	run "$vtdlab" compare --tsv "$dir/one" "$dir/latest" "$dir/two" "$dir/one/"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"$dir/latest is named again: it counts once"* ]]
	run -0 --separate-stderr "$vtdlab" compare --tsv "$dir/one" "$dir/latest" "$dir/two"
	[ "$(awk -F "\t" "/6.12.9 off/ { print \$NF }" <<<"$output")" = 1 ]
	run "$vtdlab" compare "$dir/one" "$dir/latest"
	[ "$status" -eq 2 ]
	[[ $output == *"these are one run"* ]]
}

@test "bad usage: one run, no run, both formats" {
	run "$vtdlab" compare "$dir/one"
	[ "$status" -eq 2 ]
	[[ $output == *"two or more run directories"* ]]
	run "$vtdlab" compare "$dir/one" "$dir/none"
	[ "$status" -eq 2 ]
	[[ $output == *"$dir/none: there is no such run"* ]]
	run "$vtdlab" compare --markdown --tsv "$dir/one" "$dir/two"
	[ "$status" -eq 2 ]
}

@test "two columns: changed verdicts first, then what differs beyond noise, and a status for it" {
	for i in 1 2 3 4 5 6; do
		for side in off:100$i deep:200$i; do
			mkdir -p "$dir/$side"
			printf '{"scenario":"kdump","outcome":"%s","exit":%s,"kdump":{"copies":[{"t_total_ns":%s}]},"environment":{
				"clock":"wall","accel":"tcg","crash_kernel":{"release":"6.12.9","cmdline":"intel_iommu=kdump_%s"}}}\n' \
				"${outcome:-preserved}" "${exit:-0}" "${side#*:}" "${side%:*}" >"$dir/$side/run.json"
		done
	done
	run "$vtdlab" compare "$dir"/off:* "$dir"/deep:*
	echo "$output"
	[ "$status" -eq 1 ]
	[ "${lines[0]}" = "beyond noise:" ]
	[[ ${lines[1]} == "  copy, by the kernel: 1004 ns -> 2004 ns, x 2 (1.99 to 2), p 0.0022" ]]
	run "$vtdlab" compare "$dir"/deep:* "$dir"/off:*
	[ "$status" -eq 0 ] # it got cheaper
	run "$vtdlab" compare --threshold 120 "$dir"/off:* "$dir"/deep:*
	[ "$status" -eq 0 ]
	sed -i 's/preserved","exit":0/copy-wrong","exit":1/' "$dir/deep:2003/run.json"
	run "$vtdlab" compare --threshold 120 "$dir"/off:* "$dir"/deep:*
	echo "$output"
	[ "$status" -eq 1 ]
	[ "${lines[0]}" = "verdict: preserved -> preserved; copy-wrong" ]
}

@test "sides that are mistyped, and one that cannot be run" {
	refused compare --run kdump --bench quick :: "not both"
	refused compare --run kdump one two :: "no run directories"
	refused compare --run kdump -n 0 :: "--rounds"
	refused compare --vs debian-6.1 one two :: "go with --run or --bench"
	refused compare --threshold x one two :: "--threshold x"
	refused compare --run kdump --base "--kernel 'x" :: "--kernel 'x"
	refused compare --run kdmp --results "$dir/r" :: "side A cannot be run" "the nearest is kdump"
	run "$vtdlab" compare --run kdump --kernel /nonexistent --results "$dir/r"
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"side A cannot be run"* ]]
	[ -z "$(ls "$dir/r/compares")" ]
}

@test "the sides of a comparison boot, and are no runs from snapshots" {
	run "$vtdlab" compare --run kdump --base=--snapshot -n 4 --results "$dir"
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"--snapshot or --boot, not both"* ]]
}
