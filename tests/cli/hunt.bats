#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What hunt, bisect and calibrate refuse. Boots nothing.

# shellcheck disable=SC2154 # root, vtdlab: the fixture's
load vtdlab-fixture

setup() { find_vtdlab; }

@test "a hunt that is mistyped" {
	refused hunt --budget 10x :: "--budget 10x"
	refused hunt --budget -5 :: "--budget"
	refused hunt --seed -1 :: "--seed"
	refused hunt kdump :: "takes options only"
}

@test "a hunt among kernels of which one cannot be had" {
	run "$vtdlab" hunt --budget 2h --kernel nosuch --results "$BATS_TEST_TMPDIR/results"
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"no kernel called 'nosuch'"* ]]
	[ ! -e "$BATS_TEST_TMPDIR/results/hunts" ]
}

@test "a hunt without a kernel in the cache is a skip with its reason" {
	run "$vtdlab" hunt --budget 1s --results "$BATS_TEST_TMPDIR/results"
	echo "$output"
	[ "$status" -eq 125 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"make fetch"* ]]
}

@test "a bisect that is mistyped" {
	refused bisect :: "which bug?"
	refused bisect mode-mismatch :: "--packages, --tree and --kernel"
	refused bisect mode-mismatch --packages debian-6.12 --kernel x :: "--packages, --tree and --kernel"
	refused bisect mode-mismatch --packages debian-6.12 --good x :: "go with --tree"
	refused bisect mode-mismatch --tree "$BATS_TEST_TMPDIR" :: "--good REV"
	refused bisect no-such-bug-at-all --packages debian-6.12 :: "no bug"
}

@test "a tree that is none, and a commit that is not there" {
	run "$vtdlab" bisect mode-mismatch --tree "$BATS_TEST_TMPDIR" --good a --bad b
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"no git tree"* ]]
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree/drivers/iommu"
	git init -q "$tree"
	run "$vtdlab" bisect mode-mismatch --tree "$tree" --good a --bad b
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"no kernel tree"* ]]
	touch "$tree/Kbuild" "$tree/drivers/iommu/x"
	git -C "$tree" add .
	git -C "$tree" -c user.name=x -c user.email=x@x commit -qm x
	run "$vtdlab" bisect mode-mismatch --tree "$tree" --good HEAD --bad nothing
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"no commit 'nothing'"* ]]
	[ "$(git -C "$tree" worktree list | wc -l)" -eq 1 ]
}

@test "calibrate wants a scenario, and modes that there are" {
	refused calibrate :: "which scenario?"
	refused calibrate kdmp :: "the nearest is kdump"
	refused calibrate kdump --modes legcy :: "legcy"
}

@test "entries of a changelog, between two versions and of this architecture" {
	mkdir -p "$VTDLAB_CACHE/changelogs"
	cat >"$VTDLAB_CACHE/changelogs/6.12.9-1~deb12u1" <<-'END'
	linux (6.12.9-1) trixie; urgency=medium

	  * New upstream stable update:
	    - [amd64] iommu/vt-d: Mend a thing
	      that goes on
	    - [arm64] iommu/arm: Another
	    - net: Nothing of ours

	 -- A. Maintainer <a@example.org>  Fri, 01 May 2026 00:00:00 +0000

	linux (6.12.8-1) trixie; urgency=medium

	    - iommu: Older, but newer than the old one

	linux (6.12.7-1) trixie; urgency=medium

	    - iommu: That was there
	END
	run "$root/scripts/kernel-changelog" 6.12.7-1~bpo12+1 6.12.9-1~deb12u1 6.12.9+deb12-amd64 'iommu'
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "6.12.9-1: [amd64] iommu/vt-d: Mend a thing that goes on" ]
	[ "${lines[1]}" = "6.12.8-1: iommu: Older, but newer than the old one" ]
	[ "${#lines[@]}" -eq 2 ]
}
