#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# scripts/corrupt-copy, with a made-up vtdlab: what is damaged, and what counts as harm. The real one: make corrupt-copies.

# shellcheck disable=SC2154 # root: the fixture's
bats_require_minimum_version 1.5.0
load vtdlab-fixture

setup()
{
	find_vtdlab
	real=$vtdlab
	export ASKED=$BATS_TEST_TMPDIR/asked BAD=$BATS_TEST_TMPDIR/bad VTDLAB=$BATS_TEST_TMPDIR/vtdlab
	results=$BATS_TEST_TMPDIR/r
	: >"$BAD"
	# A run whose crash kernel says all that can be wanted; the file bad has what is otherwise, as bash.
	cat >"$VTDLAB" <<-'END'
	#!/bin/bash
	line=$*
	echo "$2 ${line##*corrupt.what=}" >>"$ASKED"
	while [[ $1 != --results ]]; do shift; done
	splat=pass up=pass rig=fine status=1
	console='kdump: mode=deep
	kdump: refused why="table refers to one above it"
	kdump: refused why="address above the host address width"
	kdump: refused why="address width not supported"
	kdump: edges own=1
	kdump: range first=0x7fc0000000
	kdump: copy unit=0'
	. "$BAD"
	[[ ! ${nothing:-} ]] || { echo "vtdlab run: broken"; exit 125; }
	run=$2/run.$$
	mkdir -p "$run"
	[[ ! ${again:-} ]] || mkdir "$run/attempt-1"
	echo "$console" >"$run/console.log"
	jq -n --arg s "$splat" --arg u "$up" --arg r "$rig" '{outcome: "copy-wrong", checks: [{name: "no-splat", result: $s, detail: "told"},
		{name: "crash-kernel-booted", result: $u, detail: ""}, {name: "rig", result: "fail", detail: $r}]}' >"$run/run.json"
	ln -sfn "${run##*/}" "$2/latest"
	exit "$status"
	END
	chmod +x "$VTDLAB"
}

# corrupt STATUS LINE OPTION...: what it ends with.
corrupt()
{
	local want=$1 line=$2
	shift 2
	run "$root/scripts/corrupt-copy" --results "$results" "$@"
	echo "$output"
	[ "$status" -eq "$want" ]
	[ "${lines[-1]}" = "$line crash kernels came up at once, complained of nothing, and said what was aimed" ]
}

@test "fifty are aimed, each another, of kinds that there are" {
	corrupt 0 "53 of 53" --runs 3
	[ "$(sort -u "$ASKED" | wc -l)" = 53 ]
	[ "$(grep -c "random seed=[123] words=5$" "$ASKED")" = 3 ]
	for kind in stray-upper self-loop reserved-bit into-own above-width pasid-garbage; do
		grep -q "^kdump-deep-scalable $kind" "$ASKED"
	done
	while read -r scenario damage; do
		run "$real" run "$scenario" --dry-run --kernel /nonexistent --set "corrupt.what=$damage"
		[[ $output == *"no such kernel"* ]] || { echo "$damage: $output"; return 1; }
	done < <(sort -u -k 2,2 "$ASKED")
	[ -z "$(ls "$results")" ] # only what is to be looked at is kept
}

@test "harm: a splat, no evidence of none, a second attempt, a kernel that does not come up, no result" {
	for bad in splat=fail splat=no-evidence again=1 up=fail nothing=1; do
		echo "$bad" >"$BAD"
		corrupt 1 "0 of 2" --runs 1 --aimed 1
		rm -rf "$results"
	done
	[[ $output == *"random seed=1 words=5: no result, status 125"*"vtdlab run: broken"* ]]
}

@test "what was aimed and not seen is told" {
	echo 'console="kdump: mode=deep"' >"$BAD"
	corrupt 1 "1 of 2" --runs 1 --aimed 1
	[[ $output == *'kdump-deep, self-loop: copy-wrong, status 1, the crash kernel did not say refused'* ]]
	[ "$(find "$results" -name "run.*" -type d | wc -l)" = 1 ]
}

@test "tables without anything of the kind to damage count for nothing, and never for all" {
	# shellcheck disable=SC2016 # for the made-up program
	echo '[[ $line != *=reserved-bit* ]] || { up=no-evidence rig="corrupt.what=x: these tables have nothing of the kind to damage"; }' \
		>"$BAD"
	corrupt 0 "4 of 4" --runs 0 --aimed 8
	[[ $output == *"kdump-deep, reserved-bit 00:1f.2: not counted"*"4 with nothing to damage are not counted"* ]]
	echo 'up=no-evidence rig="corrupt.what=x: these tables have nothing of the kind to damage"' >"$BAD"
	corrupt 1 "0 of 0" --runs 0 --aimed 3
}
