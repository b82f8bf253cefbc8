#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# first.workload: pages that a program of the first kernel has mapped are counted in the verdict, those of a guest
# of its own among them.

setup()
{
	[ "${VTDLAB_TEST_VM:-1}" != 0 ] || skip "VTDLAB_TEST_VM=0"
	results="$BATS_TEST_TMPDIR/results"
	VTDLAB="${VTDLAB:-$PWD/build/vtdlab}"
}

# run.json of the newest run, through jq.
json()
{
	jq -r "$1" "$results/latest/run.json"
}

# Leaves of edu (the device 00:04.0) in a phase, and how many of them lie where the load put them.
# edu_leaves KERNEL PHASE STRIDE BYTES: BYTES are those of a page
edu_leaves()
{
	awk -F, -v kernel="$1" -v phase="$2" -v step="$(($3 * $4))" -v bytes="$4" '
		function hex(text,    i, n) {
			for (i = 3; i <= length(text); i++)
				n = n * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
			return n
		}
		$1 == kernel && $2 == "0000:00:04.0" && $5 == phase && $10 == "mapped" {
			# a row may stand for several ranges, equally far apart
			for (i = 0; i == 0 || i < $12; i++) {
				n++
				good += hex($6) + i * $13 == 268435456 + (n - 1) * step &&
					hex($7) - hex($6) == bytes - 1
			}
		}
		END { print n + 0, good + 0 }' "$results/latest/iova.csv"
}

# Pages of edu (4K) in a phase.
# edu_pages KERNEL PHASE
edu_pages()
{
	awk -F, -v kernel="$1" -v phase="$2" '
		$1 == kernel && $2 == "0000:00:04.0" && $5 == phase && $10 == "mapped" { n += $8 }
		END { print n + 0 }' "$results/latest/iova.csv"
}

@test "kdump-many: each of the 10,000 scattered pages is a leaf at the panic, after the copy, at the end" {
	run "$VTDLAB" run kdump-many --strict-expect --results "$results"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(json .outcome)" = preserved ]
	[ "$(json .workload.pages)" = 10000 ]
	[ "$(json .workload.maps)" = 10000 ]
	[ "$(json .workload.dma)" = true ]
	[ "$(json .workload.map_ns)" -gt 0 ]
	[ "$(edu_leaves first panic 2 4096)" = "10000 10000" ]
	[ "$(edu_leaves crash copied 2 4096)" = "10000 10000" ]
	[ "$(edu_leaves crash end 2 4096)" = "10000 10000" ]
	detail=$(json '.checks[] | select(.name == "leaves-equal") | .detail')
	[[ $detail =~ ^([0-9]+)\ of\ ([0-9]+)\ leaves ]]
	((BASH_REMATCH[1] == BASH_REMATCH[2] && BASH_REMATCH[2] > 10000))
	# the device without a driver is named
	json '.checks[] | select(.name == "requesters-repointed") | .detail' | grep -q '0000:00:04.0'
}

@test "a workload of superpages" {
	run "$VTDLAB" run kdump-many --results "$results" --no-probes \
		--set "first.workload=vfio-map pages=20 stride=2 size=2m"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(edu_leaves first panic 2 2097152)" = "20 20" ]
}

@test "a program that cannot do what it was asked says why, and there is no verdict" {
	run "$VTDLAB" run kdump-many --results "$results" --no-probes \
		--set first.cmdline+=intel_iommu=off
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $(json '.checks[] | select(.name == "rig") | .detail') == \
		*"/sbin/dma-load: 0000:00:04.0 is in no iommu group: there is no IOMMU, or it is off" ]]
}

# The detail of a check of the newest run.
detail()
{
	json ".checks[] | select(.name == \"$1\") | .detail"
}

@test "kdump-nested: the 256 MiB of a running guest are among what was compared" {
	run "$VTDLAB" run kdump-nested --strict-expect --results "$results"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(json .outcome)" = preserved ]
	[ "$(json .workload.mapped_pages_4k)" = 65536 ]
	[ "$(json .workload.mapped_leaves)" = 65536 ]
	[ "$(json .workload.same_pages_4k)" = 65536 ]
	[ "$(json .workload.pages_of_guest)" = 65536 ]
	[ "$(json .workload.guest_passes)" -gt 0 ]
	[ "$(json .workload.copies)" -gt 2 ]
	[ "$(edu_pages first panic)" = 65536 ]
	[ "$(edu_pages crash copied)" = 65536 ]
	[ "$(edu_pages crash end)" = 65536 ]
	[[ $(detail workload-alive) == "0000:00:04.0: 65536 of 65536 pages mapped at the panic, by 65536 leaves"* ]]
	[[ $(detail leaves-equal) =~ ^([0-9]+)\ of\ ([0-9]+)\ leaves,\ 65536\ pages\ of\ 0000:00:04.0 ]]
	((BASH_REMATCH[1] == BASH_REMATCH[2] && BASH_REMATCH[2] > 65536))
}

@test "kdump-nested: by superpages, and one of them missing from the copy is noticed" {
	run "$VTDLAB" run kdump-nested --results "$results" --no-probes \
		--set first.workload=nested,memory=256M,page=2m \
		--set corrupt.when=after-copy --set "corrupt.what=drop-superpage 00:04.0"
	echo "$output"
	[ "$status" -eq 1 ]
	[ "$(json .outcome)" = copy-wrong ]
	[ "$(json .workload.mapped_leaves)" = 128 ]
	[ "$(json .workload.mapped_pages_4k)" = 65536 ]
	[ "$(json .workload.same_pages_4k)" = 65024 ]
	[[ $(detail leaves-equal) == *00:04.0* ]]
}

@test "a CPU without virtualisation cannot have a guest: a named skip" {
	run "$VTDLAB" run kdump-nested --results "$results" --no-probes \
		--set machine.accel=tcg --set machine.qemu-args="-cpu max,-svm"
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"skipped: the CPU of L1 has neither SVM nor VMX"*"use --accel tcg"* ]]
	[ ! -e "$results/latest" ]
}

@test "a guest whose memory cannot be assigned says why, and there is no verdict" {
	run "$VTDLAB" run kdump-nested --results "$results" --no-probes \
		--set first.cmdline=vfio_iommu_type1.allow_unsafe_interrupts=0
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $(detail rig) == *"/sbin/kvmperf: /dev/vfio/"*": VFIO type 1 is not possible: Operation not permitted" ]]
	[ "$(json '.checks[] | select(.name == "workload-alive") | .evidence')" = false ]
}

@test "a QEMU without edu is a named skip of both scenarios" {
	qemu=$(command -v qemu-system-x86_64) || skip "no qemu-system-x86_64"
	cat >"$BATS_TEST_TMPDIR/qemu" <<-END
		#!/bin/sh
		[ "\$*" != "-device edu,help" ] || { echo "Device 'edu' not found" >&2; exit 1; }
		exec $qemu "\$@"
	END
	chmod +x "$BATS_TEST_TMPDIR/qemu"
	for scenario in kdump-many kdump-nested; do
		run "$VTDLAB" run "$scenario" --results "$results" --qemu "$BATS_TEST_TMPDIR/qemu"
		echo "$output"
		[ "$status" -eq 125 ]
		[[ $output == *"skipped: devices.edu=on: QEMU "*" has no edu device"* ]]
		[ ! -e "$results/latest" ]
	done
}
