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
	printf '{"scenario":"kdump","outcome":"preserved","iova":{"retargeted":%s},"environment":{"clock":"%s",
		"accel":"tcg","crash_kernel":{"release":"6.12.9","cmdline":"intel_iommu_kdump=%s"}}}\n' \
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
	run "$vtdlab" compare --tsv "$dir/one" "$dir/three"
	[[ $output == *$'IOVA pages retargeted\tkdump, 6.12.9 off\tcount\t282\t280\t284\t2'* ]]
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

@test "bad usage: one run, no run, both formats" {
	run "$vtdlab" compare "$dir/one"
	[ "$status" -eq 2 ]
	[[ $output == *"two or more run directories"* ]]
	run "$vtdlab" compare "$dir/one" "$dir/none"
	[ "$status" -eq 2 ]
	[[ $output == *"$dir/none: no run:"* ]]
	run "$vtdlab" compare --markdown --tsv "$dir/one" "$dir/two"
	[ "$status" -eq 2 ]
}
