#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# A kernel of our own, built if it is not cached (some 10 minutes on two free CPUs), and the deep copy
# in it. Not part of `make check`, for the time it takes; .ci/run runs it.

bats_require_minimum_version 1.5.0

setup_file()
{
	export RESULTS="$BATS_FILE_TMPDIR/results"
	export VTDLAB="${VTDLAB:-$PWD/build/vtdlab}"
	export LAB_KERNEL="${LAB_KERNEL:-lab-6.12}"
}

json()
{
	jq -r "$1" "$RESULTS/latest/run.json"
}

check()
{
	json ".checks[] | select(.name == \"$1\") | .result"
}

@test "the kernel is built, and found at once the second time" {
	run scripts/kernel-build "$LAB_KERNEL" --report
	echo "$output" >&3
	[ "$status" -eq 0 ]
	before=$(stat -c %i%Y -- "$(scripts/kernel-build --cached "$LAB_KERNEL")"/bzImage)
	run --separate-stderr scripts/kernel-get "$LAB_KERNEL"
	[ "$status" -eq 0 ]
	[ -f "$output/bzImage" ]
	[ -f "$output/modules/modules.dep" ]
	grep -qx 'CONFIG_INTEL_IOMMU_KDUMP=y' "$output/config"
	# what was built is taken, and not made anew
	[ "$(stat -c %i%Y -- "$output/bzImage")" = "$before" ]
}

@test "kdump-deep: preserved, and what mainline's copy cannot do" {
	run "$VTDLAB" run kdump-deep --kernel "$LAB_KERNEL" --results "$RESULTS"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(json .outcome)" = preserved ]
	for name in leaves-equal old-mappings-kept iova-not-retargeted reserved-equals-mapped \
		tables-in-crash-memory; do
		[ "$(check "$name")" = pass ] || { echo "$name: $(check "$name")"; false; }
	done
	[ "$(json .iova.retargeted)" -eq 0 ]
	# what was copied for the devices that drivers have taken is given back
	[ "$(json '.copy_memory | .end < .before_attach and .before_attach <= .limit')" = true ]
}

@test "kdump-deep from a snapshot" {
	run "$VTDLAB" run kdump-deep --kernel "$LAB_KERNEL" --snapshot --results "$RESULTS"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(json .restore.restored)" = true ]
}

@test "kdump-deep with the copy off: the same kernel does what mainline does" {
	run "$VTDLAB" run kdump-deep --kernel "$LAB_KERNEL" --results "$RESULTS" \
		--set crash.cmdline+=intel_iommu=kdump_off
	echo "$output"
	[ "$status" -eq 1 ]
	[ "$(check iova-not-retargeted)" = fail ]
	[ "$(json .iova.retargeted)" -gt 0 ]
}

@test "eight functions in one group: each range is kept once, and a device with a mask of 32 bits gets its own" {
	run "$VTDLAB" run kdump-deep-many --kernel "$LAB_KERNEL" --results "$RESULTS" \
		--set devices.edu-functions=8 --set "first.workload=vfio-map pages=500 stride=2"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(check reserved-equals-mapped)" = pass ]
	[ "$(check old-mappings-kept)" = pass ]
	# each of the eight was told of all of them, and no page more was taken than the first was given
	[ "$(json '[.kdump.reserve | .over, .failed] | @csv')" = 0,0 ]
	[ "$(grep -acE "kdump: reserve dev=0000:00:04\.[0-7] ranges=500 pages=500 " "$RESULTS/latest/console.log")" = 8 ]
	[ "$(grep -acE "kdump: graft dev=0000:00:04\.[0-7] .*pages=500 " "$RESULTS/latest/console.log")" = 1 ]
	[[ "$(json '.checks[] | select(.name == "devices-work") | .detail')" =~ e1000:\ up,\ with\ [0-9]+\ pages\ of\ its\ own\ below ]]
}

@test "a share of check-lab: two formats of tables, reserving and copying" {
	LAB_KERNELS=$LAB_KERNEL ONLY="scenario=kdump;kdump-scalable set-mode=reserve;deep" run tests/lab/check-lab
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "4 passed, 0 failed, 0 skipped" ]
}
