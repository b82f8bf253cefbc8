#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Bugs put back (kernel-patches/bugs) and the files of bugs that show them belong together.

bats_require_minimum_version 1.5.0

setup()
{
	cd "$BATS_TEST_DIRNAME/../.." || exit
	patches=kernel-patches/bugs/6.12
}

# The words that a patch brings.
words_of() { sed -n 's/^+.*vtdlab_bug("\([^"]*\)").*/\1/p' "$1" | sort -u; }

# The words that the files of bugs use, of either side and recipe.
used() { grep -hos 'vtdlab_bug=[a-z0-9,-]*' bugs/*.conf | cut -d= -f2 | tr , '\n' | sort -u; }

@test "the series names every patch, and each has the one word that it is called after" {
	local patch
	diff <(sed 's/#.*//' "$patches/series") <(cd "$patches" && ls -- *.patch)
	for patch in "$patches"/*.patch; do
		# the one that brings the parameter
		[[ $patch != */0001-* ]] || continue
		[ "$(words_of "$patch")" = "$(basename "$patch" .patch | cut -d- -f2-)" ]
	done
}

@test "every word is in a file of a bug, and every word of those in a patch" {
	diff <(cat "$patches"/*.patch | words_of /dev/stdin) <(used)
}

@test "the two sides of a bug put back are the same kernel" {
	local conf
	for conf in bugs/*.conf; do
		grep -q vtdlab_bug= "$conf" || continue
		! grep -q '^status=unreproduced' "$conf" || continue
		[ "$(grep -c '^kernel=lab-6.12-bugs$' "$conf")" = 2 ] || { echo "$conf"; false; }
	done
}

@test "what is put back into our own files applies to them as they are, without fuzz" {
	local tree=$BATS_TEST_TMPDIR/drivers/iommu/intel patch file n=0

	mkdir -p "$tree"
	cp "${patches%/bugs/*}"/src/* "$tree"
	while read -r patch; do
		while read -r file; do
			[ -f "$tree/${file##*/}" ] || continue 2
		done < <(sed -n 's,^+++ b/,,p' "$patches/$patch")
		patch -d "$BATS_TEST_TMPDIR" -F0 -p1 -s -f <"$patches/$patch"
		n=$((n + 1))
	done < <(sed 's/#.*//' "$patches/series")
	((n >= 10))
}
