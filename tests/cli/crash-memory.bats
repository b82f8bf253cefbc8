#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The page of crash-memory, from what calibrate prints.

@test "crash-memory: a row a mode, with how the smaller size ended" {
	cat >"$BATS_TEST_TMPDIR/vtdlab" <<-'END'
		#!/bin/bash
		[[ $1 != list ]] || { echo 'debian-6.1 6.1.0-56-amd64'; exit 0; }
		cat <<-'TEXT'
			kdump, debian-6.1, IOMMU off
			    96 MiB  comes up (outcome stale-cache)
			    88 MiB  too little (outcome crash-kernel-panic)
			    96 MiB  comes up (outcome stale-cache)
			    88 MiB  too little (outcome inconclusive: kexec failed)
			kdump, debian-6.1, IOMMU off: crashkernel=96M (88M is too little; 4 runs)
		TEXT
	END
	chmod +x "$BATS_TEST_TMPDIR/vtdlab"
	VTDLAB=$BATS_TEST_TMPDIR/vtdlab run "$BATS_TEST_DIRNAME/../../scripts/crash-memory" --kernels debian-6.1 --scenarios kdump
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"| debian-6.1 (6.1.0-56-amd64) | kdump | off | **96** | 88: crash-kernel-panic, inconclusive | 4 |"* ]]
}
