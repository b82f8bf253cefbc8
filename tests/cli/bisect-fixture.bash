# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A kernel tree of ten commits, and a lab whose kernel-get "builds" one of them by asking a script of the test.

# bisect_tree DIR: ten commits, each with its number in the file commit.
bisect_tree()
{
	local n

	git init -q "$1"
	mkdir -p "$1/drivers/iommu"
	touch "$1/Kbuild" "$1/drivers/iommu/Kconfig"
	for n in 0 1 2 3 4 5 6 7 8 9; do
		echo "$n" >"$1/commit"
		git -C "$1" add .
		git -C "$1" -c user.name=x -c user.email=x@x commit -qm "commit $n"
	done
}

# bisect_lab ROOT DIR BODY: DIR is the lab ROOT, but kernel-get lab:TREE runs BODY with $commit (and the other arguments);
# $real is the script that it stands for. The commits that were asked for are in $BATS_TEST_TMPDIR/asked.
bisect_lab()
{
	mkdir -p "$2/scripts"
	ln -s "$1"/* "$2/" 2>/dev/null || true
	rm -rf "$2/results"
	ln -s "$1"/scripts/* "$2/scripts/"
	rm "$2/scripts/kernel-get"
	cat >"$2/scripts/kernel-get" <<-END
		#!/bin/bash
		set -euo pipefail
		real=$1/scripts/kernel-get
		[[ \$1 == lab:* ]] || exec "\$real" "\$@"
		commit=\$(<"\${1#lab:}/commit")
		shift
		echo "\$commit" >>"$BATS_TEST_TMPDIR/asked"
		$3
	END
	chmod +x "$2/scripts/kernel-get"
}

# nothing_left TREE: no work tree, no bisection, no checkout of the user's moved.
nothing_left()
{
	[ "$(git -C "$1" worktree list | wc -l)" -eq 1 ]
	[ "$(find "$TMPDIR" -maxdepth 1 -name 'vtdlab-bisect.*' | wc -l)" -eq 0 ]
	[ ! -e "$1/.git/BISECT_START" ]
	[ "$(<"$1/commit")" = 9 ]
	[ -z "$(git -C "$1" status --porcelain)" ]
}
