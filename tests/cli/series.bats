#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Several runs: groups, what is told of each, the exit status of all; and JSON for those who read it. Boots nothing: no kernel
# of these is there, so each run is a skip.

bats_require_minimum_version 1.5.0

# shellcheck disable=SC2154 # root, vtdlab: the fixture's
load vtdlab-fixture

setup()
{
	find_vtdlab
	none=(--kernel /nonexistent/bzImage --results "$BATS_TEST_TMPDIR/r")
}

@test "every scenario is in a group, quick ones and controls there are, and a lab kernel's are in no other" {
	for group in quick full negative lab slow; do
		"$vtdlab" list scenarios --names --group $group >"$BATS_TEST_TMPDIR/$group"
		[ -s "$BATS_TEST_TMPDIR/$group" ]
	done
	diff <("$vtdlab" list scenarios --names) <(sort -u "$BATS_TEST_TMPDIR"/{quick,full,negative,lab,slow})
	diff <(grep -lE '^kernel=lab' "$root"/scenarios/*.conf | sed 's,.*/,,;s,\.conf$,,' | sort) <(sort "$BATS_TEST_TMPDIR/lab")
	[ -z "$(comm -12 <(sort "$BATS_TEST_TMPDIR/lab") <(sort "$BATS_TEST_TMPDIR/full"))" ]
	grep -qx kdump-nocopy "$BATS_TEST_TMPDIR/negative"
	refused list scenarios --group fast :: "--group fast" "quick, full"
	refused list kernels --group quick :: "of scenarios"
	refused run --group fast :: "no group 'fast'" quick
	refused run kdump --set scenario.groups=fast :: "'fast' is none of quick, full"
}

@test "what cannot be run here is a skip with its reason; skips alone are no verdict" {
	run --separate-stderr "$vtdlab" run kdump kdump-nocopy "${none[@]}"
	echo "$output"
	[ "$status" -eq 125 ]
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[0]} == "kdump  "*"skipped: no such kernel: /nonexistent/bzImage" ]]
	[ "${lines[2]}" = "0 passed, 0 failed, 2 skipped; exit status 125" ]
}

@test "a setting that does not fit one of many is a skip; of one it is a bad command line" {
	run --separate-stderr "$vtdlab" run kdump kdump-smp-cpu1 --set machine.cpus=1 "${none[@]}"
	echo "$output"
	[ "$status" -eq 125 ]
	[[ ${lines[1]} == kdump-smp-cpu1*"skipped: scenario kdump-smp-cpu1: crash.trigger names a CPU"* ]]
	refused run kdump-smp-cpu1 --set machine.cpus=1 :: "crash.trigger names a CPU"
	refused run kdump kdump-smp --set machine.cups=1 :: "machine.cups"
	refused run kdump nonesuch :: "no scenario 'nonesuch'"
	refused run --ktap --json kdump :: "not both"
	refused run --keep-going :: "which scenario?"
}

@test "KTAP is what prove reads, and nothing else is on stdout" {
	run --separate-stderr "$vtdlab" run --group quick kdump-nmi --ktap --keep-going "${none[@]}"
	echo "$output"
	[ "$status" -eq 125 ]
	[ "${lines[0]}" = "KTAP version 1" ]
	[ "${lines[1]}" = "1..6" ]
	[ "${lines[2]}" = "ok 1 kdump-nmi # SKIP no such kernel: /nonexistent/bzImage" ]
	[ "$(printf '%s\n' "${lines[@]:2}" | grep -cE '^ok [1-6] kdump[a-z-]* # SKIP ')" -eq 6 ]
	[ "${#lines[@]}" -eq 8 ]
	command -v prove >/dev/null || skip "no prove"
	printf '%s\n' "${lines[@]}" >"$BATS_TEST_TMPDIR/t"
	prove -e cat "$BATS_TEST_TMPDIR/t"
	printf 'not ok 6 x\n' | cat <(head -n 7 "$BATS_TEST_TMPDIR/t") - >"$BATS_TEST_TMPDIR/bad"
	run ! prove -e cat "$BATS_TEST_TMPDIR/bad"
}

@test "JUnit names the skips" {
	run "$vtdlab" run kdump kdump-nmi --junit "$BATS_TEST_TMPDIR/j.xml" "${none[@]}"
	grep -q 'testsuite name="vtdlab.run" tests="2" failures="0" errors="0" skipped="2"' "$BATS_TEST_TMPDIR/j.xml"
	grep -q '<skipped message="no such kernel: ' "$BATS_TEST_TMPDIR/j.xml"
	run "$vtdlab" run kdump --junit /nonexistent/j.xml "${none[@]}"
	[ "$status" -eq 125 ]
	[[ $output == *"/nonexistent/j.xml"* ]]
}

@test "JSON: an object a line of run, one object of list, doctor and cache, and nothing else on stdout" {
	run --separate-stderr "$vtdlab" run kdump kdump-nmi --json "${none[@]}"
	[ "$status" -eq 125 ]
	[ "${#lines[@]}" -eq 2 ]
	[ "$(jq -r '[.scenario, .exit, .skipped] | join(" ")' <<<"${lines[1]}")" = \
		"kdump-nmi 125 no such kernel: /nonexistent/bzImage" ]
	for word in scenarios kernels qemus bugs matrices checks keys bug-keys matrix-keys shortcuts; do
		diff <("$vtdlab" list $word --names) <("$vtdlab" list $word --json | jq -r ".[\"$word\"][].name")
	done
	[ "$("$vtdlab" list checks --json | jq -r '.checks[] | select(.name == "dma-landed").outcome')" = dma-lost ]
	run --separate-stderr "$vtdlab" doctor --no-kvm --qemu /nonexistent/q --json
	[ "$status" -eq 2 ]
	[ "$(jq .usable <<<"$output")" = false ]
	[ "$(jq -r '.lines[] | select(.state == "BAD").what' <<<"$output")" = QEMU ]
	[ "$(VTDLAB_CACHE=$BATS_TEST_TMPDIR/none "$vtdlab" cache --json | jq .bytes)" = 0 ]
	mkdir -p "$VTDLAB_CACHE/kernels/k" "$VTDLAB_CACHE/mine"
	dd if=/dev/zero of="$VTDLAB_CACHE/kernels/k/f" bs=64k count=1 status=none
	dd if=/dev/zero of="$VTDLAB_CACHE/mine/f" bs=64k count=1 status=none
	"$vtdlab" cache --json >"$BATS_TEST_TMPDIR/c"
	[ "$(jq '.kinds[] | select(.name == "kernels").entries[0].bytes' "$BATS_TEST_TMPDIR/c")" -ge 65536 ]
	[ "$(jq .bytes "$BATS_TEST_TMPDIR/c")" -ge 131072 ]
}

@test "cache prune --kind leaves the other kinds" {
	mkdir -p "$VTDLAB_CACHE"/{kernels/k,flat/f,ccache/c}
	run "$vtdlab" cache prune --all --kind flat
	[ "$status" -eq 0 ]
	[ ! -e "$VTDLAB_CACHE/flat/f" ]
	[ -d "$VTDLAB_CACHE/kernels/k" ]
	[ -d "$VTDLAB_CACHE/ccache/c" ]
	refused cache prune --all --kind mine :: "--kind 'mine'"
	refused cache --kind flat :: "belong to prune"
}

@test "cache: snapshots of first kernels are shown and pruned, but for one that is being made" {
	export VTDLAB_CACHE=$BATS_TEST_TMPDIR/cache
	mkdir -p "$VTDLAB_CACHE"/snapshots/{0123,.new-abc}
	head -c 50000 /dev/urandom >"$VTDLAB_CACHE/snapshots/0123/ram"
	touch "$VTDLAB_CACHE/snapshots/.new-abc/lock"
	run "$vtdlab" cache
	[[ $output == *"snapshots "*"snapshots of first kernels"* ]]
	exec {held}<"$VTDLAB_CACHE/snapshots/.new-abc/lock"
	flock -n "$held"
	run "$vtdlab" cache prune --all --kind snapshots
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"left snapshots/.new-abc: a snapshot is being made there"* ]]
	[ ! -e "$VTDLAB_CACHE/snapshots/0123" ]
	[ -e "$VTDLAB_CACHE/snapshots/.new-abc" ]
	exec {held}<&-
	run "$vtdlab" cache prune --all --kind snapshots
	[ ! -e "$VTDLAB_CACHE/snapshots/.new-abc" ]
}
