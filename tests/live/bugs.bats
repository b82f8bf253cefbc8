#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Real runs of bugs: both sides, swapped sides, and first kernels that die, with and without a reference.

load ../cli/bisect-fixture

setup_file()
{
	export RESULTS="$BATS_FILE_TMPDIR/results"
	VTDLAB=$(readlink -f "${VTDLAB:-build/vtdlab}")
	export VTDLAB
}

setup()
{
	[ "${VTDLAB_TEST_VM:-1}" != 0 ] || skip "VTDLAB_TEST_VM=0"
}

no_leftovers()
{
	local left
	left=$(pgrep -af "qemu-system.*$BATS_FILE_TMPDIR" || true)
	left+=$(find /dev/shm -maxdepth 1 -name 'vtdlab*' 2>/dev/null)
	[ -z "$left" ] || { echo "left behind: $left"; false; }
}

# told WORDS: they are in $output, however its lines were broken.
told()
{
	[[ $(tr -s ' \n' ' ' <<<"$output") == *"$1"* ]]
}

# section FILE NAME: where it is loaded, and where it lies in the file (hexadecimal)
section()
{
	readelf -SW "$1" | sed 's/^ *\[[ 0-9]*\]//' | awk -v name="$2" '$1 == name { print $3, $4 }'
}

# le32 ADDRESS: its bytes, for a regular expression of Perl's
le32()
{
	printf '\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255))
}

# dead_kernel FILE: the vmlinux of debian-6.1, which dies at boot, but only behind an IOMMU: where intel_iommu_init() is about
# to say that there is one (mov $message,%rdi) it has an instruction that is none.
dead_kernel()
{
	local good text message at
	good=$(scripts/kernel-get debian-6.1 2>/dev/null)
	cp "$good/vmlinux" "$1"
	message='\x016DMAR: Intel\(R\) Virtualization Technology for Directed I/O'
	text=$(LC_ALL=C grep -obUaP "$message" "$1" | cut -d: -f1)
	read -r address offset < <(section "$1" .rodata)
	[[ $text =~ ^[0-9]+$ && -n $offset ]]
	at=$(LC_ALL=C grep -obUaP "\\x48\\xc7\\xc7$(le32 $((16#$address + text - 16#$offset)))" "$1" | cut -d: -f1)
	[[ $at =~ ^[0-9]+$ ]] # one place
	printf '\017\013' | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
	modules=$good/modules
}

@test "a bug is reproduced, with its evidence; with its sides swapped it is not" {
	run "$VTDLAB" reproduce no-copy-not-kdump --results "$RESULTS"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"no-copy-not-kdump: reproduced"* ]]
	page=$RESULTS/bugs/latest/bug.txt
	grep -q 'not-copied (translation-stayed-on' "$page"
	[ "$(jq '[.runs[] | select(.as_stated)] | length' "${page%.txt}.json")" = 2 ]
	# each run's page is where the page of the bug leads
	while read -r run; do
		[ -s "$RESULTS/bugs/latest/$run" ]
	done < <(grep -oE '2[0-9]+T[^"]*/report[.]html' "$RESULTS/bugs/latest/report.html")
	[ "$(grep -c 'href=' "$RESULTS/bugs/latest/report.html")" = 2 ]
	# what is run is swapped, what is stated is not
	sed '/^set=/d; s/^\[good\]/&\nset=crash.dump=none;crash.cmdline+=--/' bugs/no-copy-not-kdump.conf \
		>"$BATS_TEST_TMPDIR/swapped.conf"
	run "$VTDLAB" reproduce "$BATS_TEST_TMPDIR/swapped.conf" --results "$RESULTS"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"swapped: not reproduced"* ]]
	no_leftovers
}

@test "a first kernel that dies behind the IOMMU is bad where a reference comes up, and cannot be told where none does" {
	dead_kernel "$BATS_TEST_TMPDIR/vmlinux"
	dead=(run kdump --kernel "$BATS_TEST_TMPDIR/vmlinux" --modules "$modules" --crash-kernel debian-6.1
		--no-retry --results "$RESULTS")
	run "$VTDLAB" "${dead[@]}" --reference debian-6.1
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"outcome       first-kernel-dead (exit 1)"* ]]
	told "came through on the same machine"
	# what its console said last is said once
	[ "$(jq -r '.checks[] | select(.name == "first-kernel-up").detail' "$RESULTS/latest/run.json" |
		grep -o 'Kernel panic' | wc -l)" -eq 1 ]
	run "$VTDLAB" "${dead[@]}" --reference "$BATS_TEST_TMPDIR/vmlinux"
	echo "$output"
	[ "$status" -eq 125 ]
	told "whose doing cannot be told"
	# nothing else is wrong with it
	run "$VTDLAB" "${dead[@]}" --set iommu.mode=off
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"outcome       no-iommu (exit 0)"* ]]
	no_leftovers
}

@test "git bisect run lands on the first of ten commits whose kernel dies at boot behind the IOMMU" {
	dead_kernel "$BATS_TEST_TMPDIR/dead"
	good=$(scripts/kernel-get debian-6.1 2>/dev/null)/vmlinux
	tree=$BATS_TEST_TMPDIR/tree
	git init -q "$tree"
	for commit in 0 1 2 3 4 5 6 7 8 9; do
		echo "$commit" >"$tree/commit"
		git -C "$tree" add commit
		git -C "$tree" -c user.name=x -c user.email=x@x commit -qm "commit $commit"
	done
	# from commit 6 on it "builds" the dead one
	cat >"$BATS_TEST_TMPDIR/step" <<-END
		#!/bin/sh
		if [ "\$(cat commit)" -ge 6 ]; then cp "$BATS_TEST_TMPDIR/dead" "$BATS_TEST_TMPDIR/vmlinux"
		else cp "$good" "$BATS_TEST_TMPDIR/vmlinux"; fi
		exec "$VTDLAB" run kdump --kernel "$BATS_TEST_TMPDIR/vmlinux" --modules "$modules" --crash-kernel debian-6.1 \
			--reference debian-6.1 --no-retry --quiet --results "$RESULTS"
	END
	chmod +x "$BATS_TEST_TMPDIR/step"
	git -C "$tree" bisect start HEAD HEAD~9 >/dev/null
	run git -C "$tree" bisect run "$BATS_TEST_TMPDIR/step"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(git -C "$tree" show -s --format=%s bisect/bad)" = "commit 6" ]
	no_leftovers
}

@test "a side that is inconclusive: 125, and nothing is said of the bug" {
	cat >"$BATS_TEST_TMPDIR/inconclusive.conf" <<-'END'
		[bug]
		title=t
		source=s
		[bad]
		# no first process; and the reference is the kernel itself, so whose doing it is cannot be told
		set=first.cmdline+=rdinit=/none
		kernel=debian-6.1
		reference=debian-6.1
		outcome=first-kernel-dead
		[good]
		kernel=debian-6.1
		outcome=preserved
	END
	run "$VTDLAB" reproduce "$BATS_TEST_TMPDIR/inconclusive.conf" --side bad --results "$RESULTS"
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"no verdict    inconclusive: no verdict"* ]]
	[[ $output == *"inconclusive: cannot be told: a side without a verdict"* ]]
	[ "$(jq -c '[.exit, .runs[].verdict, .runs[].as_stated]' "$RESULTS/bugs/latest/bug.json")" = "[125,false,false]" ]
	no_leftovers
}

@test "a hunt that is interrupted: 130, and what it has seen until then is kept" {
	"$VTDLAB" hunt --budget 20m --seed 1 --jobs 1 --kernel debian-6.1 --results "$RESULTS" \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" &
	pid=$!
	for ((i = 0; i < 600; i++)); do
		! grep -q '^cell: ' "$BATS_TEST_TMPDIR/err" || break
		sleep 0.5
	done
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	cat "$BATS_TEST_TMPDIR/err" "$BATS_TEST_TMPDIR/out"
	[ "$status" -eq 130 ]
	hunt=$RESULTS/hunts/latest
	# the second run, another cell or the first one with less, was under way
	grep -q '^hunt, seed 1: [12] cells, 2 runs: .*; interrupted$' "$hunt/hunt.txt"
	[ -s "$hunt/run-0/latest/run.json" ]
	grep -qxF "in $(readlink -f "$hunt")" "$BATS_TEST_TMPDIR/out"
	no_leftovers
}

@test "bisect --tree: the first commit whose kernel has the bug, past those that cannot be built; nothing is left" {
	export TMPDIR=$BATS_TEST_TMPDIR
	tree=$BATS_TEST_TMPDIR/tree lab=$BATS_TEST_TMPDIR/lab
	bisect_tree "$tree"
	# from commit 7 on it "builds" 6.1, which has the bug; 4 and 5, in the middle, cannot be built
	# shellcheck disable=SC2016 # of the script
	bisect_lab "$PWD" "$lab" 'case $commit in
		4) echo "x.c:1: error: no such luck" >&2; exit 1 ;;
		5) echo "no patch fits" >&2; exit 2 ;;
		[0-6]) exec "$real" debian-6.12 "$@" ;;
		*) exec "$real" debian-6.1 "$@" ;;
	esac'
	VTDLAB_ROOT=$lab run "$VTDLAB" bisect present-uncleared --tree "$tree" --good HEAD~9 --bad HEAD --results "$RESULTS"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(sed -n 's/^first bad commit: //p' <<<"$output")" = "[$(git -C "$tree" rev-parse HEAD~2)] commit 7" ]
	grep -qE " bad +stale-cache \(flushed\)" <<<"$output"
	grep -qE " good +preserved" <<<"$output"
	grep -qx '[45]' "$BATS_TEST_TMPDIR/asked"
	nothing_left "$tree"
	no_leftovers
}
