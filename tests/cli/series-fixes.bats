#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kernel-patches/fixes as a series for git am: made against a tree that is only read, by an author that git knows.
# shellcheck disable=SC2154 # stderr and its lines are of bats

bats_require_minimum_version 1.5.0

setup()
{
	cd "$BATS_TEST_DIRNAME/../.." || exit
	export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR GIT_CONFIG_NOSYSTEM=1
	unset GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL EMAIL
	tree=$BATS_TEST_TMPDIR/tree out=$BATS_TEST_TMPDIR/out
	export VTDLAB_PATCHES_DIR=$BATS_TEST_TMPDIR/patches
	fixes=$VTDLAB_PATCHES_DIR/fixes/6.12
	mkdir -p "$tree" "$fixes"
	printf 'VERSION = 6\nPATCHLEVEL = 12\n' >"$tree/Makefile"
	seq 20 >"$tree/file"
	git -C "$tree" init -q
	git -C "$tree" add .
	git -C "$tree" -c user.name=Old -c user.email=old@example.org commit -qm base
	printf '0001-one.patch\n0002-two.patch\n' >"$fixes/series"
	printf 'area: The cover\n\nWhat it is about,\nin two lines.\n' >"$fixes/cover"
	fix 0001-one 5 "area: One"
	fix 0002-two 6 "area: Two"
}

# fix NAME LINE SUBJECT: a patch of line LINE, as those of the tree are written.
fix()
{
	printf 'Subject: %s\n\nThe reason.\n---\n\n--- a/file\n+++ b/file\n@@ -%d,3 +%d,3 @@\n %s\n-%d\n+%d new\n %d\n' \
		"$3" $(($2 - 1)) $(($2 - 1)) "${4-$(sed -n "$(($2 - 1))p" "$tree/file")}" "$2" "$2" $(($2 + 1)) >"$fixes/$1.patch"
	[[ $2 != 6 ]] || sed -i 's/^ 5$/ 5 new/' "$fixes/$1.patch"
}

known()
{
	git -C "$tree" config user.name "A Person"
	git -C "$tree" config user.email person@example.org
}

@test "the series is of who runs it, has the cover's words, and can be given to git am" {
	local before
	known
	before=$(cd "$tree" && find . -type f | sort | xargs sha256sum)
	run --separate-stderr scripts/series-fixes "$tree" "$out"
	echo "$stderr"
	[ "$status" -eq 0 ]
	[[ $stderr == *"2 patches and a cover letter for Linux 6.12 are in $out"* ]]
	# the tree was only read
	diff <(echo "$before") <(cd "$tree" && find . -type f | sort | xargs sha256sum)
	grep -qx 'Subject: \[PATCH 0/2\] area: The cover' "$out/0000-cover-letter.patch"
	grep -qx 'in two lines.' "$out/0000-cover-letter.patch"
	run ! grep -F '***' "$out"/*
	git -C "$tree" am -q "$out"/000[1-9]*.patch
	[ "$(git -C "$tree" log -2 --format='%an <%ae> %s: %b')" = \
		$'A Person <person@example.org> area: Two: The reason.\n\nA Person <person@example.org> area: One: The reason.' ]
	[ "$(sed -n '5p;6p' "$tree/file" | paste -sd' ')" = "5 new 6 new" ]
}

@test "an author is never made up" {
	run --separate-stderr scripts/series-fixes "$tree" "$out"
	echo "$stderr"
	[ "$status" -eq 2 ]
	[[ $stderr == *"git does not know you, who would be the author: git config user.name and user.email" ]]
	[ ! -e "$out" ]
}

@test "what it cannot be made against is said in one line" {
	known
	one_line() {
		run --separate-stderr scripts/series-fixes "$1" "$out"
		echo "$stderr"
		[ "$status" -eq 125 ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == *"$2"* ]]
	}
	one_line /nonexistent "/nonexistent is no kernel source tree"
	one_line "$BATS_TEST_TMPDIR" "is no kernel source tree"
	sed -i 's/^6$/6 other/' "$tree/file"
	git -C "$tree" commit -qam other
	one_line "$tree" "kernel-patches/fixes/6.12/0001-one.patch does not apply to $tree, Linux 6.12: error: patch failed"
	sed -i 's/12/13/' "$tree/Makefile"
	one_line "$tree" "is Linux 6.13: there are fixes for 6.12"
	run --separate-stderr scripts/series-fixes "" "$out"
	[ "$status" -eq 2 ]
}

@test "each series of the tree names all of its patches, and has a cover and reasons" {
	local dir patch
	for dir in kernel-patches/fixes/*/; do
		diff <(sed 's/#.*//' "$dir/series") <(cd "$dir" && ls -- *.patch)
		[ "$(sed -n 2p "$dir/cover")" = "" ]
		[ -n "$(sed -n 3p "$dir/cover")" ]
		for patch in "$dir"/*.patch; do
			head -n 1 "$patch" | grep -q '^Subject: '
			grep -qx -- --- "$patch"
		done
	done
}
