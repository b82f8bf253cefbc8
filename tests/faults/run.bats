#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Faults while a VM runs: what is said, how it ends, what is left.

bats_require_minimum_version 1.5.0

load faults-fixture

# No result is taken for one: a run that was broken off has no run.json that says preserved.
no_verdict()
{
	! grep -rls '"outcome" *: *"preserved"' --include=run.json "$results"
}

@test "TERM, HUP, and Ctrl-C twice: 130, marked interrupted" {
	needs_vm
	for signal in TERM HUP INT; do
		begin
		phase boot || qemu_of
		kill "-$signal" "$started"
		[ $signal != INT ] || kill -INT "$started"
		over
		ends 130
		no_verdict
		nothing_left
		[ -n "$(find "$results" -maxdepth 1 -name '*.interrupted')" ]
		rm -rf "$results"
	done
}

@test "kill -9 of vtdlab: QEMU goes too, the next run puts the remains away" {
	needs_vm
	begin
	wait_qemu
	kill -9 "$started"
	over
	[ "$status" -eq 137 ]
	gone "$qemu"
	run "$VTDLAB" run kdump --results "$results" --no-retry --set "machine.qemu-args=-device nonesuch"
	[ -n "$(find "$results" -maxdepth 1 -name '*.interrupted')" ]
	started=
	nothing_left
}

@test "kill -9 of QEMU: 125, and it is said" {
	needs_vm
	begin --no-retry
	wait_qemu
	sleep 2
	kill -9 "$qemu"
	over
	ends 125 'SIGKILL'
	no_verdict
	nothing_left
}

@test "kill -9 of vtdlab or of QEMU at any moment: no half result, nothing left" {
	needs_vm
	for whom in vtdlab qemu vtdlab qemu; do
		begin --no-retry
		wait_qemu
		moment=$((RANDOM % 150))
		sleep "$((moment / 10)).$((moment % 10))"
		[ "$whom" = qemu ] && victim=$qemu || victim=$started
		kill -9 "$victim" 2>/dev/null || true
		over
		echo "$whom, $moment tenths of a second after its start: $status"
		# it may have come to its end before
		case $whom/$status in
		*/0) ends 0 preserved ;;
		vtdlab/137) no_verdict ;;
		qemu/125) ends 125 SIGKILL; no_verdict ;;
		*) ends 0 ;;
		esac
		gone "$qemu"
		# a run that was killed is put away by the next one, with what it had in /tmp
		run "$VTDLAB" run kdump --results "$results" --no-retry --set "machine.qemu-args=-device nonesuch"
		nothing_left
		rm -rf "$results"
	done
}

# confined PID: QEMU with all four denials of -sandbox, in force, and no way to privileges.
confined()
{
	tr '\0' '\n' <"/proc/$1/cmdline" | grep -A1 -x -- -sandbox |
		grep -qx 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'
	grep -qx $'Seccomp:\t2' "/proc/$1/status"
	grep -qx $'NoNewPrivs:\t1' "/proc/$1/status"
	# it listens to no network
	command -v ss >/dev/null
	[ -z "$(ss -tuwlnpH 2>/dev/null | grep "pid=$1," || true)" ]
}

@test "QEMU is confined while it runs, with any umask, and after an option that says otherwise" {
	needs_vm
	umask 0
	begin --no-retry --set 'machine.qemu-args=-sandbox off'
	wait_qemu
	phase boot
	confined "$qemu"
	[ -z "$(find "$results" -perm /022 ! -type l)" ]
	kill -TERM "$started"
	over
	ends 130
	nothing_left
}

@test "under libvirt QEMU is confined too" {
	needs_vm
	compgen -G '/usr/lib/*/libvirt/connection-driver/libvirt_driver_qemu.so' || skip "no libvirt-daemon-system here"
	begin --no-retry --vmm libvirt
	for _ in $(seq 600); do
		qemu=$(pgrep -f "qemu-system.*guest=vtdlab-$started-1,") && break
		sleep 0.1
	done
	phase boot
	confined "$qemu"
	kill -TERM "$started"
	over
	ends 130
	gone "$qemu"
	nothing_left
}

@test "a QEMU that is stopped for good: 125 in the end; for a while: nothing is lost" {
	needs_vm
	begin --no-retry --set scenario.timeout-s=2
	wait_qemu
	sleep 1
	kill -STOP "$qemu"
	over
	ends 125
	no_verdict
	nothing_left
	rm -rf "$results"
	begin --no-retry
	phase load
	qemu=$(qemu_of)
	kill -STOP "$qemu"
	sleep 8
	kill -CONT "$qemu"
	over
	ends 0 preserved
	nothing_left
}

@test "a vtdlab that is stopped for a while: nothing is lost" {
	needs_vm
	begin --no-retry
	phase load
	kill -STOP "$started"
	sleep 8
	kill -CONT "$started"
	over
	ends 0 preserved
	nothing_left
}

@test "no space for results: 125, it is named, and no half result" {
	needs_vm
	tmpfs "$results" 60k
	run timeout 300 "$VTDLAB" run kdump --results "$results" --no-retry
	ends 125 'is the disk full?'
	no_verdict
}

@test "a disk that fills while a cell of a matrix runs: the cell is not told of, and --resume runs it again" {
	needs_vm
	tmpfs "$results" 60m
	printf '[matrix]\ntitle=t\n[axes]\nkernel=debian-6.1\ncrash.end=poweroff;reboot\n' >"$work/two.conf"
	timeout 600 "$VTDLAB" matrix "$work/two.conf" -j 1 --results "$results" >"$work/out" 2>&1 3>&- &
	pid=$!
	for _ in $(seq 1200); do
		[ -z "$(find "$results" -path '*/cells/*' -name console.log -size +0)" ] || break
		sleep 0.1
	done
	dd if=/dev/zero of="$results/fill" bs=1M status=none 2>/dev/null || true
	status=0
	wait "$pid" || status=$?
	output=$(cat "$work/out")
	ends 125 "2 not run; --resume goes on" "the disk is full"
	[ -z "$(find "$results" -name run.json)" ]
	nothing_left
	rm "$results/fill"
	run timeout 900 "$VTDLAB" matrix "$work/two.conf" -j 1 --results "$results" --resume
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(find "$results/matrices" -name matrix.json -exec jq .counts.expected {} +)" = 2 ]
}

@test "no space for temporary files: 125, and it is named" {
	needs_vm
	tmpfs "$work/tmp" 8k
	run env TMPDIR="$work/tmp" timeout 300 "$VTDLAB" run kdump --results "$results" --no-retry
	ends 125 'No space left'
	no_verdict
	[ -z "$(ls "$work/tmp")" ]
	nothing_left
}

@test "a /dev/shm of 1 MiB, and an output that nobody takes: the run goes through, and is kept" {
	needs_vm
	needs_root "a mount namespace"
	run timeout 500 unshare -m bash -c "mount -t tmpfs -o size=1M none /dev/shm && \
		'$VTDLAB' run kdump --results '$results' 2>&1 >/dev/full"
	ends 125 'cannot write to the standard output'
	grep -q '"outcome" *: *"preserved"' "$results/latest/run.json"
	nothing_left
}

@test "two runs at once, and make clean beside them: two results" {
	needs_vm
	own_tree
	VTDLAB=$work/tree/build/vtdlab
	begin
	one=$started
	"$VTDLAB" run kdump --quiet --results "$results" >"$work/out2" 2>&1 3>&- &
	phase boot
	make -s -C "$work/tree" clean
	run ! ls "$work/tree/build"
	over
	wait $!
	ends 0 preserved
	[ "$(find "$results" -name run.json | wc -l)" -eq 2 ]
	[ -z "$(find "$results" -name '*.partial')" ]
	started=$one
	nothing_left
}

@test "twenty at once, with nothing made yet: the same answer for all" {
	needs_vm
	own_tree
	pids=()
	for i in $(seq 20); do
		"$work/tree/build/vtdlab" run kdump --dry-run >"$work/dry.$i" 2>"$work/err.$i" 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	[ "$(sha256sum "$work"/dry.* | cut -d' ' -f1 | sort -u | wc -l)" -eq 1 ]
	grep -q -- -initrd "$work/dry.1"
	[ -z "$(find "$work/tree/build/initramfs" -type d -name '*.cpio.*')" ]
}

@test "twenty runs at once: twenty verdicts, the same" {
	needs_vm
	# 1 GiB each, of which a run touches two thirds
	[ "$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)" -ge 14000 ] || skip "needs 14 GiB of free memory"
	pids=()
	for i in $(seq 20); do
		"$VTDLAB" run kdump --quiet --results "$results" >"$work/out.$i" 2>&1 3>&- &
		pids+=($!)
	done
	failed=0
	for pid in "${pids[@]}"; do
		wait "$pid" || failed=$((failed + 1))
	done
	cat "$work"/out.*
	[ "$failed" -eq 0 ]
	[ "$(grep -ls '"outcome" *: *"preserved"' "$results"/*/run.json | grep -cv /latest/)" -eq 20 ]
	nothing_left
}

@test "a wall clock that jumps by hours: no verdict, and the reason" {
	needs_vm
	gcc -shared -fPIC -O1 -o "$work/jump.so" tests/faults/jump.c
	run env LD_PRELOAD="$work/jump.so" timeout 500 "$VTDLAB" run kdump --results "$results"
	[[ $output == *"the host's wall clock was"* ]]
	ends 125 inconclusive
	no_verdict
	nothing_left
}

@test "a result that cannot be written: 125, it is named, and the verdict is told all the same" {
	needs_vm
	begin
	phase load
	mkdir "$(echo "$results"/*.partial)/summary.txt"
	over
	ends 125 summary.txt 'outcome       preserved'
	no_verdict
	[ -s "$(echo "$results"/*.interrupted)/evidence.json" ]
	nothing_left
}
