#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Faults while a VM runs: what is said, how it ends, what is left.

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
	for _ in $(seq 300); do
		qemu=$(qemu_of) && break
		sleep 0.1
	done
	[ -n "$qemu" ]
	kill -9 "$started"
	over
	[ "$status" -eq 137 ]
	for _ in $(seq 100); do
		kill -0 "$qemu" 2>/dev/null || break
		sleep 0.1
	done
	run ! kill -0 "$qemu"
	run "$VTDLAB" run kdump --results "$results" --no-retry --set "machine.qemu-args=-device nonesuch"
	[ -n "$(find "$results" -maxdepth 1 -name '*.interrupted')" ]
	started=
	nothing_left
}

@test "kill -9 of QEMU: 125, and it is said" {
	needs_vm
	begin --no-retry
	for _ in $(seq 300); do
		qemu=$(qemu_of) && break
		sleep 0.1
	done
	sleep 2
	kill -9 "$qemu"
	over
	ends 125 'SIGKILL'
	no_verdict
	nothing_left
}
