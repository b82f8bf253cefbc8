#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# first.workload: pages that a program of the first kernel has mapped are counted in the verdict.

setup() {
	[ "${VTDLAB_TEST_VM:-1}" != 0 ] || skip "VTDLAB_TEST_VM=0"
	results="$BATS_TEST_TMPDIR/results"
	VTDLAB="${VTDLAB:-$PWD/build/vtdlab}"
}

# run.json of the newest run, through jq.
json() {
	jq -r "$1" "$results/latest/run.json"
}

# Leaves of edu (the device 00:04.0) in a phase, and how many of them lie where the load put them.
edu_leaves() { # kernel, phase, stride, bytes a page
	awk -F, -v kernel="$1" -v phase="$2" -v step="$(($3 * $4))" -v bytes="$4" '
		function hex(text,    i, n) {
			for (i = 3; i <= length(text); i++)
				n = n * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
			return n
		}
		$1 == kernel && $2 == "0000:00:04.0" && $5 == phase && $10 == "mapped" {
			n++
			good += hex($6) == 268435456 + (n - 1) * step && hex($7) - hex($6) == bytes - 1
		}
		END { print n + 0, good + 0 }' "$results/latest/iova.csv"
}

@test "kdump-many: each of the 10,000 scattered pages is a leaf at the panic, after the copy, at the end" {
	run "$VTDLAB" run kdump-many --results "$results"
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
