#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `vtdlab diff --iova`: two runs, or the two kernels of one, by their iova.csv. Boots nothing. (a is a table of before
# rows could stand for several ranges.)

load vtdlab-fixture

setup()
{
	find_vtdlab
	runs=$BATS_TEST_DIRNAME/iova
}

@test "a run and itself: same, status 0" {
	run "$vtdlab" diff --iova "$runs/a" "$runs/a"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"0 removed (0 pages), 0 added (0 pages)"* ]]
}

@test "two runs: what one kernel reserved and the other did not, by requester" {
	run "$vtdlab" diff --iova "$runs/a" "$runs/b"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"0000:00:01.0 crash kernel reserved: 1 ranges same (256 pages), 0 removed, 1 added"* ]]
	[[ $output == *"+ 0xffefd000-0xffffdfff  257 pages"* ]]
	[[ $output == *"0 removed (0 pages), 1 added (257 pages)"* ]]
	run "$vtdlab" diff --iova "$runs/b" "$runs/a"
	[ "$status" -eq 1 ]
	[[ $output == *"- 0xffefd000-0xffffdfff  257 pages"* ]]
}

@test "the two kernels of one run: at the end, or at a phase" {
	run "$vtdlab" diff --iova "$runs/a"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"0000:00:01.0 mapped rw: 1 ranges same (254 pages), 2 removed, 0 added"* ]]
	run "$vtdlab" diff --iova "$runs/a" --phase copied
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"258 pages"* ]]
}

@test "a csv file is as good as its directory; --max cuts the list" {
	run "$vtdlab" diff --iova --max 1 "$runs/a/iova.csv"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"... 1 more"* ]]
}

@test "what is no run, and a phase that is not there, is 2 and one line" {
	run "$vtdlab" diff --iova "$runs"
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 1 ]
	run "$vtdlab" diff --iova "$root/README.md"
	[ "$status" -eq 2 ]
	[[ $output == *"line 1: not the header"* ]]
	run "$vtdlab" diff --iova --phase nope "$runs/a"
	[ "$status" -eq 2 ]
	[[ $output == *"nothing mapped in a phase 'nope'"* ]]
	run "$vtdlab" diff --iova
	[ "$status" -eq 2 ]
	run "$vtdlab" diff --phase end "$runs/a" "$runs/b"
	[ "$status" -eq 2 ]
	[[ $output == *"--phase goes with --iova"* ]]
}

@test "two tables without a row are no comparison" {
	mkdir "$BATS_TEST_TMPDIR/x"
	head -n 1 "$runs/a/iova.csv" >"$BATS_TEST_TMPDIR/x/iova.csv"
	run "$vtdlab" diff --iova "$BATS_TEST_TMPDIR/x" "$BATS_TEST_TMPDIR/x"
	[ "$status" -eq 125 ]
}
