#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `vtdlab bugs` and what `reproduce` refuses. Boots nothing.

# shellcheck disable=SC2154 # root, vtdlab: the fixture's
load vtdlab-fixture

setup() { find_vtdlab; }

@test "every bug of the catalogue can be read, and says its source" {
	"$vtdlab" bugs >"$BATS_TEST_TMPDIR/list"
	cat "$BATS_TEST_TMPDIR/list"
	for file in "$root"/bugs/*.conf; do
		name=$(basename "$file" .conf)
		grep -q "^$name  " "$BATS_TEST_TMPDIR/list"
		run "$vtdlab" bugs show "$name"
		[ "$status" -eq 0 ]
		[[ $output == "$name: "* ]]
		[[ $output == *"source "* ]]
		[[ $output == *"make reproduce BUG=$name"* || $output == *"not reproduced here; tried:"* ]]
	done
}

@test "names alone, and by list" {
	diff <("$vtdlab" bugs --names) <(cd "$root/bugs" && printf '%s\n' *.conf | sed 's/\.conf$//' | LC_ALL=C sort)
	diff <("$vtdlab" bugs --names) <("$vtdlab" list bugs --names)
	"$vtdlab" list bug-keys | grep -q '^outcome='
}

@test "a kernel that is not in the cache is told, one that is not" {
	run "$vtdlab" bugs
	echo "$output"
	[[ $output == *"fetches debian-6.12"* ]]
}

@test "what reproduce refuses" {
	refused reproduce :: "which bug?"
	refused reproduce no-such-bug-at-all :: "no bug"
	refused reproduce mode-mismach :: "the nearest is mode-mismatch"
	refused reproduce mode-mismatch --side worse :: "--side worse"
	refused reproduce mode-mismatch --recipe 3 :: "--recipe"
	refused reproduce mode-mismatch --recipe 2 :: "no recipe 2"
	refused reproduce nested-trip-cost-117 --side bad :: "one side alone has not more or less of it"
	refused bugs shew mode-mismatch :: "show SLUG"
}

@test "a bug that was not reproduced is a skip with its reason" {
	printf '[bug]\ntitle=t\nsource=s\nstatus=unreproduced\ntried=all of it\n' >"$BATS_TEST_TMPDIR/u.conf"
	run "$vtdlab" reproduce "$BATS_TEST_TMPDIR/u.conf"
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"has not been reproduced here"* ]]
}

