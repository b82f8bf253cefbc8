#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# vtdlab bisect --tree, as far as no kernel comes to be run: what cannot be built, what is refused, Ctrl-C.
# shellcheck disable=SC2154 # vtdlab and root are of the fixture

bats_require_minimum_version 1.5.0
load vtdlab-fixture
load bisect-fixture

setup()
{
	find_vtdlab
	export TMPDIR=$BATS_TEST_TMPDIR/tmp
	tree=$BATS_TEST_TMPDIR/tree
	lab=$BATS_TEST_TMPDIR/lab
	mkdir -p "$TMPDIR" "$VTDLAB_CACHE"
	bisect_tree "$tree"
}

bisect()
{
	VTDLAB_ROOT=$lab run "$vtdlab" bisect present-uncleared --tree "$tree" --good HEAD~9 --bad HEAD \
		--results "$BATS_TEST_TMPDIR/results"
	echo "$status $output"
}

# 2: its patches do not apply, an option is lost; 1: the compiler; 125: no driver. None says that the commit is bad.
@test "commits that cannot be built, in whichever way, are skipped: 125, and no commit is named" {
	for status_of in 1 2 125; do
		rm -rf "$lab" "$BATS_TEST_TMPDIR/asked"
		bisect_lab "$root" "$lab" "echo 'no such luck' >&2; exit $status_of"
		bisect
		[ "$status" -eq 125 ]
		[[ $output == *"no such luck"*"no first bad commit: what is left cannot be judged"* ]]
		[[ $output != *"first bad commit: "[0-9a-f]* ]]
		[ "$(sort -u "$BATS_TEST_TMPDIR/asked" | wc -l)" -eq 8 ]
		nothing_left "$tree"
	done
}

@test "a tree or a commit that is none: one line, and nothing was begun" {
	bisect_lab "$root" "$lab" 'exit 1'
	export VTDLAB_ROOT=$lab
	refused bisect present-uncleared --tree "$tree" --good nonesuch --bad HEAD :: "no commit 'nonesuch'"
	refused bisect present-uncleared --tree "$TMPDIR" --good HEAD~9 --bad HEAD :: "no git tree"
	rm "$tree/Kbuild"
	refused bisect present-uncleared --tree "$tree" --good HEAD~9 --bad HEAD :: "no kernel tree"
	git -C "$tree" checkout -q Kbuild
	[ ! -e "$BATS_TEST_TMPDIR/asked" ]
	nothing_left "$tree"
}

@test "Ctrl-C while a commit is built: 130, and nothing is left" {
	bisect_lab "$root" "$lab" 'exec sleep 1234.5'
	VTDLAB_ROOT=$lab setsid env --default-signal=INT "$vtdlab" bisect present-uncleared --tree "$tree" --good HEAD~9 \
		--bad HEAD --results "$BATS_TEST_TMPDIR/results" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	pid=$!
	for ((i = 0; i < 200; i++)); do
		[ ! -s "$BATS_TEST_TMPDIR/asked" ] || break
		sleep 0.1
	done
	[ -s "$BATS_TEST_TMPDIR/asked" ]
	kill -INT -- "-$pid"
	status=0
	wait "$pid" || status=$?
	cat "$BATS_TEST_TMPDIR/out"
	[ "$status" -eq 130 ]
	run ! pgrep -s "$pid"
	nothing_left "$tree"
}
