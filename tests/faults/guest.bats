#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Guests that do not play along: a PID 1 of the test's own in the place of the agent (evil-agent.c).

load faults-fixture

# The program that is run for QEMU: QEMU, with another initramfs than it is given.
setup_file()
{
	local kernel qemu
	[ "${VTDLAB_TEST_VM:-1}" != 0 ] || return 0
	gcc -O1 -static -Iguests/include -o "$BATS_FILE_TMPDIR/evil" tests/faults/evil-agent.c
	own_cache "$BATS_FILE_TMPDIR/cache"
	kernel=$(scripts/kernel-get debian-6.1)
	scripts/make-initramfs --stage crash --kernel "$kernel" --agent "$BATS_FILE_TMPDIR/evil" \
		--out "$BATS_FILE_TMPDIR/evil.cpio"
	qemu=$(command -v qemu-system-x86_64)
	cat >"$BATS_FILE_TMPDIR/qemu" <<-END
		#!/bin/bash
		args=()
		for arg; do
			[ "\${last:-}" != -initrd ] || arg=$BATS_FILE_TMPDIR/evil.cpio
			args+=("\$arg")
			last=\$arg
		done
		exec $qemu "\${args[@]}"
	END
	chmod +x "$BATS_FILE_TMPDIR/qemu"
}

# evil WORD: a run with such a guest ends without a verdict, in time, with nothing left and no file beyond bounds.
evil()
{
	needs_vm
	run timeout 900 "$VTDLAB" run kdump --qemu "$BATS_FILE_TMPDIR/qemu" --results "$results" --no-retry \
		--accel tcg --set scenario.timeout-s=1 --set "first.cmdline+=evil=$1"
	echo "$status: $output"
	[ "$status" -eq 125 ]
	[[ $output != *preserved* ]]
	[ -z "$(find "$results" -size +64M)" ]
	nothing_left
}

@test "a guest that says nothing" {
	evil silent
}

@test "a guest that floods its console" {
	evil flood
}

@test "a guest that sends garbage on the channel" {
	evil garbage
}

@test "a guest whose line on the channel never ends" {
	evil endless
}

@test "a guest that never answers" {
	evil mute
	[[ $output == *answer* ]]
}

@test "a guest that answers twice" {
	evil twice
	[[ $output == *'no crash kernel is loaded'* ]]
}
