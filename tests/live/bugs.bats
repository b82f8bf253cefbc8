#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Real runs of bugs: both sides, swapped sides, and first kernels that die, with and without a reference.

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

# dead_kernel FILE: the vmlinux of debian-6.1, whose initialisation is all breakpoints.
dead_kernel()
{
	local good
	good=$(scripts/kernel-get debian-6.1 2>/dev/null)
	cp "$good/vmlinux" "$1"
	# address, offset and size of .init.text; the entry of PVH lies elsewhere
	read -r offset size < <(readelf -SW "$1" | sed 's/^ *\[[ 0-9]*\]//' | awk '$1 == ".init.text" { print $4, $5 }')
	[ -n "$size" ]
	head -c $((16#$size)) /dev/zero | tr '\0' '\314' |
		dd of="$1" bs=4096 seek=$((16#$offset / 4096)) conv=notrunc status=none
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
	# what is run is swapped, what is stated is not
	sed '/^set=/d; s/^\[good\]/&\nset=crash.dump=none;crash.cmdline+=--/' bugs/no-copy-not-kdump.conf \
		>"$BATS_TEST_TMPDIR/swapped.conf"
	run "$VTDLAB" reproduce "$BATS_TEST_TMPDIR/swapped.conf" --results "$RESULTS"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"swapped: not reproduced"* ]]
	no_leftovers
}

@test "a first kernel that dies at boot is bad where a reference comes up, and cannot be told where none does" {
	dead_kernel "$BATS_TEST_TMPDIR/vmlinux"
	dead=(run kdump --kernel "$BATS_TEST_TMPDIR/vmlinux" --modules "$modules" --crash-kernel debian-6.1
		--no-retry --results "$RESULTS")
	run "$VTDLAB" "${dead[@]}" --reference debian-6.1
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"outcome       first-kernel-dead (exit 1)"* ]]
	[[ $output == *"came through on the same machine"* ]]
	run "$VTDLAB" "${dead[@]}" --reference "$BATS_TEST_TMPDIR/vmlinux"
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"whose doing cannot be told"* ]]
	no_leftovers
}

@test "git bisect run lands on the commit whose kernel dies at boot" {
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
