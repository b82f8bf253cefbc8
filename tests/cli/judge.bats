#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The verb judge, on recorded runs: the same results as when they were run, no VM, and nothing believed.

bats_require_minimum_version 1.5.0

load vtdlab-fixture

setup()
{
	find_vtdlab
	runs=$root/tests/golden/runs
	dir=$BATS_TEST_TMPDIR/run
	mkdir -p "$dir"
}

unpack()
{
	tar -xJf "$runs/$1.tar.xz" -C "$dir"
}

@test "judge prints the table of a recorded run and exits as the run did" {
	unpack legacy-6.1
	run "$vtdlab" judge -v "$dir"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"leaves-equal             pass   "*" leaves"* ]]
	[[ $output == *"iova-not-retargeted      fail*"* ]]
	[[ $output == *"outcome       preserved (exit 0)"* ]]
}

@test "an expected failure that stays away is told, and bad only where the scenario is strict" {
	unpack legacy-6.1
	sed -i 's/^expect-fail=.*/expect-fail=iova-not-retargeted;leaves-equal/' "$dir/scenario.conf"
	run "$vtdlab" judge "$dir"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"leaves-equal             PASS!"* && $output == *"etter than this scenario expects"* ]]
	sed -i '/^expect-fail=/a strict-expect=on' "$dir/scenario.conf"
	run "$vtdlab" judge "$dir"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"Had to fail, but passed"* ]]
}

@test "an expectation that names a device does not cover another one" {
	unpack scalable-6.1
	sed -i -e '/^expect-fail-6.1=/d' -e \
		's/^expect-fail=.*/expect-fail=iova-not-retargeted\nexpect-fail-6.1-scalable=flushed@*;devices-work@nvme/' \
		"$dir/scenario.conf"
	run "$vtdlab" judge "$dir"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"devices-work             fail*"* && $output == *"flushed                  fail*"* ]]
	sed -i 's/"works" : true/"works" : false/' "$dir/evidence.json"
	run "$vtdlab" judge "$dir"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == "outcome       device-dead (exit 1)"*"devices-work             FAIL "* ]]
	[[ $(tr -s ' \n' ' ' <<<"$output") == *"frames out, 16 in; expected of nvme only"* ]]
}

@test "a failure that nobody expects ends with what to type next, and says all that differs" {
	unpack nocopy-6.1
	sed -i -e '/^strict-expect/d' -e 's/^expect-fail=.*/expect-fail=iova-not-retargeted/' "$dir/scenario.conf"
	run "$vtdlab" judge "$dir"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"next          vtdlab diff $dir/tables/panic.vtd $dir/tables/copied.vtd"* ]]
	[[ $output != *console.log* ]] # which a recorded run has not
	run tr -s ' \n' ' ' <<<"$output"
	[[ $output == *"00:1f.2: page-table root"*"00:1f.3: page-table root"* ]]
	[[ $output == *"reason 0x06: read permission is not set"* ]]
	# what succeeded, or failed as expected, has no next step
	unpack legacy-6.1
	run "$vtdlab" judge "$dir"
	[[ $output != *"vtdlab diff"* ]]
	# an IOVA that was given out again is in the tables of the end
	sed -i '/^expect-fail/d' "$dir/scenario.conf"
	run "$vtdlab" judge "$dir"
	[ "$status" -eq 1 ]
	[[ $output == *"next          vtdlab diff $dir/tables/panic.vtd $dir/tables/end.vtd"* ]]
}

@test "a pass-through is no number of pages" {
	unpack passthrough-6.1
	run "$vtdlab" judge -v "$dir"
	[ "$status" -eq 0 ]
	[[ $(tr -s ' \n' ' ' <<<"$output") == *"0 pages of identity lead elsewhere"* ]]
	[[ $output != *2199023255552* ]]
}

@test "a crash kernel that hung first and came up then is not judged good" {
	unpack legacy-6.1
	sed -i 's/"first_hello" : true/"first_attempt" : "no progress: waited 80 s", &/' "$dir/evidence.json"
	run "$vtdlab" judge "$dir"
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"outcome       preserved in the second attempt only (exit 125)"* ]]
	[[ $(tr -s ' \n' ' ' <<<"$output") == *"did not come up, no progress: waited 80 s."* ]]
}

@test "judge prints what the run printed: on what it ran, when, how it is run again" {
	unpack legacy-6.1
	cat >"$dir/run.json" <<-'J'
		{"scenario":"kdump","started":"2026-01-02T03:04:05Z","duration_s":12.5,"settings":{"iommu.aw-bits":"48"},
		 "phases":[{"name":"boot","start_ns":0,"end_ns":1500000000}],"notes":["a note"],
		 "environment":{"accel":"tcg","clock":"wall","qemu":"7.2.22","host_cpu":"A CPU","commit":"abc",
		  "first_kernel":{"spec":"debian-6.1","release":"6.1.0-1-amd64","sha256":"0123456789abcdef"},
		  "crash_kernel":{"spec":"debian-6.1","release":"6.1.0-1-amd64","sha256":"0123456789abcdef"}}}
	J
	run --separate-stderr "$vtdlab" judge "$dir"
	echo "$output"
	[ "${lines[0]}" = "outcome       preserved (exit 0)" ]
	[[ $output == *"first kernel  6.1.0-1-amd64 (debian-6.1, sha256 0123456789ab)"* ]]
	[[ $output == *"crash kernel  the same"*"machine       QEMU 7.2.22, tcg, wall clock, on A CPU"* ]]
	[[ $output == *"phases, s     boot 1.5; in all 12.5"*"notes         a note"* ]]
	[[ $output == *"repeat        vtdlab run kdump --set iommu.aw-bits=48"* ]]
	run --separate-stderr "$vtdlab" judge --json "$dir"
	[ "$(jq -r .started <<<"$output") $(jq .duration_s <<<"$output")" = "2026-01-02T03:04:05Z 12.5" ]
}

@test "colours are for a terminal, or for who asks for them" {
	unpack legacy-6.1
	run "$vtdlab" judge "$dir"
	[[ $output != *$''* ]]
	NO_COLOR=1 run "$vtdlab" judge --color=always "$dir"
	[[ $output == *$'[32mpreserved[0m'* ]]
	run script -qec "TERM=xterm '$vtdlab' judge '$dir'" /dev/null
	[[ $output == *$'[32mpreserved'* ]]
	run script -qec "TERM=xterm NO_COLOR=1 '$vtdlab' judge '$dir'" /dev/null
	[[ $output == *preserved* && $output != *$''* ]]
	run "$vtdlab" judge --color=blue "$dir"
	[ "$status" -eq 2 ]
	[[ $output == *"--color 'blue': auto, always or never"* ]]
}

@test "judge --json is run.json's schema" {
	unpack nocopy-6.1
	run "$vtdlab" judge --json "$dir"
	[ "$status" -eq 0 ]
	[ "$(jq -r .outcome <<<"$output")" = not-copied ]
	[ "$(jq -r '.checks[] | select(.name == "translation-stayed-on") | .result' <<<"$output")" = fail ]
}

@test "judge says where a check decides otherwise than when the run was made" {
	unpack legacy-6.1
	"$vtdlab" judge --json "$dir" >"$BATS_TEST_TMPDIR/run.json" || true
	cp "$BATS_TEST_TMPDIR/run.json" "$dir/run.json"
	run "$vtdlab" judge --same "$dir"
	[ "$status" -eq 0 ]
	[[ $output != *"when it was run"* ]]
	jq '(.checks[] | select(.name == "dma-landed") | .result) = "fail"' "$BATS_TEST_TMPDIR/run.json" \
		>"$dir/run.json"
	run "$vtdlab" judge --same "$dir"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"dma-landed: pass now, fail when it was run"* ]]
	jq '.outcome = "not-copied"' "$BATS_TEST_TMPDIR/run.json" >"$dir/run.json"
	run "$vtdlab" judge --same "$dir"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"vtdlab judge: preserved, exit status 0 now, not-copied, 0 when it was run"* ]]
	# what there is nothing to compare with is not the same
	rm "$dir/run.json"
	run "$vtdlab" judge --same "$dir"
	[ "$status" -eq 2 ]
	[[ $output == *"run.json"* && ${#lines[@]} -eq 1 ]]
}

# without LIST: evidence.json with that list emptied (jq would round its times).
without()
{
	unpack legacy-6.1
	sed -i "/^  \"$1\" : \[/,/^  \],/c\  \"$1\" : []," "$dir/evidence.json"
	jq -e ".$1 == []" "$dir/evidence.json"
	run "$vtdlab" judge "$dir"
	echo "$output"
	[ "$status" -eq 125 ]
}

@test "devices or events taken out of a recorded run leave no evidence, not a pass" {
	without devices
	[[ $output == *"of the scenario's 2 devices 0 are known"* ]]
	without events
	[[ $output == *"no-faults                none"* ]]
}

@test "what is no recorded run, or was tampered with, is refused by field" {
	run "$vtdlab" judge
	[ "$status" -eq 2 ]
	run "$vtdlab" judge /nonexistent
	[ "$status" -eq 2 ]
	[[ $output == *"/nonexistent: there is no such run"* ]]
	unpack legacy-6.1
	sed -i 's/"first_hello" : true/"first_hello" : "yes"/' "$dir/evidence.json"
	run "$vtdlab" judge "$dir"
	echo "$output"
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"first_hello: must be true or false"* ]]
	unpack legacy-6.1
	rm "$dir/tables/copied.vtd"
	run "$vtdlab" judge "$dir"
	[ "$status" -eq 2 ]
	[[ $output == *"copied.snapshot"* ]]
	unpack legacy-6.1
	cp "$dir/tables/panic.vtd" "$dir/tables/copied.vtd"
	run "$vtdlab" judge "$dir"
	[ "$status" -eq 2 ]
	[[ $output == *"another moment"* ]]
}

@test "recorded runs hold nothing of the machine they were made on" {
	for f in "$runs"/*.tar.xz; do
		rm -rf "$dir"
		mkdir -p "$dir"
		tar -xJf "$f" -C "$dir"
		! grep -rlE -e '/home/|/root/|/tmp/' -e "$root/" "$dir" || { echo "$f"; false; }
		if tar --numeric-owner -tvJf "$f" | grep -v ' 0/0 '; then
			false
		fi
	done
}

@test "golden runs: a recorded result may not change, a newer check may pass or not apply" {
	mutate=$root/build/tests/mutate
	[ -x "$mutate" ] || skip "no build/tests/mutate"
	gold=$BATS_TEST_TMPDIR/gold
	mkdir "$gold"
	cp "$runs"/legacy-6.1.* "$gold"
	golden() {
		run "$mutate" --golden "$gold"
		echo "$output"
	}
	golden
	[ "$status" -eq 0 ]
	# as if these checks were newer than the file: one that passes, one that does not apply
	sed -i '/^rig \|^irte-equal /d' "$gold/legacy-6.1.expect"
	golden
	[ "$status" -eq 0 ]
	for change in '/^iova-not-retargeted/d' 's/^leaves-equal .*pass/leaves-equal            skip/' \
		's/^\(irte-equal .*\)skip/\1pass/' '$a no-such-check           pass' 's/^exit 0/exit 1/'; do
		cp "$runs/legacy-6.1.expect" "$gold"
		sed -i "$change" "$gold/legacy-6.1.expect"
		golden
		[ "$status" -ne 0 ]
		[[ $output == *DIFFERENT* ]]
	done
}

@test "core: what a run lacks for it is said in one line" {
	unpack legacy-6.1
	run "$vtdlab" core "$dir"
	echo "$output"
	[ "$status" -eq 2 ]
	[ "$output" = "vtdlab core: $dir kept no RAM: run the scenario again with --keep-core" ]
	truncate -s 1000 "$dir/ram"
	run "$vtdlab" core "$dir"
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"/ram has 1000 bytes, the machine had 1073741824: copy it again"* ]]
	truncate -s 1G "$dir/ram"
	run "$vtdlab" core "$dir" -o "$dir/core"
	echo "$output"
	[ "$status" -eq 125 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"holds no dump header (elfcorehdr=)"* ]]
	[ ! -e "$dir/core" ]
	rm "$dir/evidence.json"
	run "$vtdlab" core "$dir"
	[ "$status" -eq 2 ]
	[[ $output == *"evidence.json"* ]]
}

@test "run --keep-core: refused where the machine boots again over its memory" {
	run "$vtdlab" run kdump-reboot --keep-core
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"--keep-core: kdump-reboot reboots its machine at the end"* ]]
}

# le BYTES VALUE: little-endian, as printf wants it
le()
{
	local i v=$2

	for ((i = 0; i < $1; i++)); do
		printf '\\x%02x' $((v & 255))
		v=$((v >> 8))
	done
}

# small_core FILE BUILD-ID: a core with a page of memory, whose VMCOREINFO has that ID and an offset of KASLR
small_core()
{
	local info notes

	info=$'OSRELEASE=6.1.0-test\nKERNELOFFSET=1a000000\n'"BUILD-ID=$2"$'\n'
	while ((${#info} % 4)); do info+=$'\n'; done
	notes=$((12 + 12 + ${#info}))
	{
		printf '\x7fELF\x02\x01\x01'"$(le 9 0)$(le 2 4)$(le 2 62)$(le 4 1)$(le 8 0)$(le 8 64)$(le 8 0)$(le 4 0)"
		printf "$(le 2 64)$(le 2 56)$(le 2 2)$(le 6 0)"
		printf "$(le 4 4)$(le 4 0)$(le 8 4096)$(le 8 0)$(le 8 0)$(le 8 $notes)$(le 8 $notes)$(le 8 0)"
		printf "$(le 4 1)$(le 4 4)$(le 8 8192)$(le 8 $((0xffffffff9b000000)))$(le 8 $((0x1000000)))"
		printf "$(le 8 4096)$(le 8 4096)$(le 8 4096)"
	} >"$1"
	truncate -s 4096 "$1"
	printf "$(le 4 11)$(le 4 ${#info})$(le 4 0)VMCOREINFO\\x00\\x00%s" "$info" >>"$1"
	truncate -s 12288 "$1"
}

# A gdb that says how it was called.
fake_gdb()
{
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/bash\nprintf "%%s\\n" "$@"\nexit 7\n' >"$BATS_TEST_TMPDIR/bin/gdb"
	chmod +x "$BATS_TEST_TMPDIR/bin/gdb"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

@test "gdb: what is missing for it is said in one line" {
	unpack legacy-6.1
	PATH=/nowhere run "$vtdlab" gdb "$dir"
	[ "$status" -eq 2 ]
	[ "$output" = "vtdlab gdb: gdb is not installed (package gdb)" ]
	fake_gdb
	run "$vtdlab" gdb "$dir"
	[ "$status" -eq 2 ]
	[ "$output" = "vtdlab gdb: $dir kept no RAM: run the scenario again with --keep-core" ]
	run "$vtdlab" gdb
	[ "$status" -eq 2 ]
	echo 'no core' >"$dir/vmcore"
	run "$vtdlab" gdb "$dir"
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"vmcore: libkdumpfile cannot read it as a dump"* ]]
}

@test "gdb: the vmlinux with the build ID of the core, symbols before none, moved by KASLR" {
	local cache=$BATS_TEST_TMPDIR/cache id=00112233445566778899aabbccddeeff00112233 other=deadbeef tree at

	unpack legacy-6.1
	fake_gdb
	small_core "$dir/vmcore" $id
	cd "$BATS_TEST_TMPDIR"
	echo 'int x; int _start(void) { return x; }' | gcc -x c -c -o x.o -
	export VTDLAB_CACHE=$cache
	run "$vtdlab" gdb "$dir" -- -batch
	echo "$output"
	[ "$status" -eq 7 ]
	[[ ${lines[0]} == "vtdlab gdb: 6.1.0-test, moved by 0x1a000000; no symbols, only addresses: its vmlinux is not here"* ]]
	[ "${lines[*]:1}" = "-q -c $dir/vmcore -batch" ]

	mkdir -p "$cache/kernels/a" "$cache/kernels/b" "$cache/lab/work/it is/tree/lab-build"
	ld --build-id=0x$other -o "$cache/kernels/a/vmlinux" x.o
	ld -s --build-id=0x$id -o "$cache/kernels/b/vmlinux" x.o
	run "$vtdlab" gdb "$dir"
	echo "$output"
	[[ ${lines[0]} == *"no symbols, only addresses: they are stripped from $cache/kernels/b/vmlinux" ]]
	at="$cache/lab/work/it is/tree/lab-build/vmlinux"
	ld --build-id=0x$id -o "$at" x.o
	run "$vtdlab" gdb "$dir" -- -ex bt
	echo "$output"
	[[ ${lines[0]} == *"symbols of $at" ]]
	[ "${lines[*]:1}" = "-q -c $dir/vmcore -ex symbol-file -o 0x1a000000 '$at' -ex bt" ]

	run "$vtdlab" gdb "$dir" --vmlinux "$cache/kernels/a/vmlinux"
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"another kernel than the one that panicked (build ID $other, not $id)"* ]]
	run "$vtdlab" gdb "$dir" --vmlinux x.o
	[ "$status" -eq 2 ]
	[[ $output == *"no ELF file of a kernel, or none with a build ID" ]]
	run "$vtdlab" gdb "$dir" --vmlinux "$cache/kernels/b/vmlinux"
	[ "$status" -eq 7 ]

	# of a build tree, which the run names
	rm -r "$cache"
	tree=$BATS_TEST_TMPDIR/linux
	mkdir "$tree"
	ld --build-id=0x$id -o "$tree/vmlinux" x.o
	printf "\n[first]\nkernel=%s\n" "$tree" >>"$dir/scenario.conf"
	run "$vtdlab" gdb "$dir"
	echo "$output"
	[[ ${lines[0]} == *"symbols of $tree/vmlinux" ]]
}

@test "a run without its run.json: what was not recorded is not made up, and its own scenario is what repeats it" {
	unpack legacy-6.1
	run "$vtdlab" judge "$dir"
	echo "$output"
	[[ $output == *"what was run  not recorded: there is no run.json beside the evidence"* ]]
	[[ $output == *"crash kernel  6.1.0-56-amd64"$'\n'* && $output != *"? (?)"* && $output != *"time, s"* ]]
	[[ $output == *"repeat        vtdlab run $dir/scenario.conf"* ]]
}

@test "the line that repeats a run names the file of one's own that has the name of the lab's" {
	unpack legacy-6.1
	"$vtdlab" judge --json "$dir" >"$BATS_TEST_TMPDIR/judged.json"
	cp "$dir/scenario.conf" "$BATS_TEST_TMPDIR/kdump.conf"
	jq --arg own "$BATS_TEST_TMPDIR/kdump.conf" '.scenario_file = $own | .environment.qemu = "7.2" |
		.environment.accel = "tcg" | .settings = {"iommu.mode": "off"}' "$BATS_TEST_TMPDIR/judged.json" >"$dir/run.json"
	run "$vtdlab" judge "$dir"
	echo "$output"
	[[ $output == *"repeat        vtdlab run $BATS_TEST_TMPDIR/kdump.conf --set iommu.mode=off"* ]]
	# one that is gone: the run's own copy
	rm "$BATS_TEST_TMPDIR/kdump.conf"
	run "$vtdlab" judge "$dir"
	[[ $output == *"repeat        vtdlab run $dir/scenario.conf"* ]]
}
