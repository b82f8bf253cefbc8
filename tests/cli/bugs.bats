#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `vtdlab bugs` and what `reproduce` refuses. Boots nothing.

# shellcheck disable=SC2154 # root, vtdlab: the fixture's
load vtdlab-fixture
load kernel-fixture

setup() { find_vtdlab; }

# An archive that has nothing but 6.12.111.
old_archive()
{
	fake_world
	fake_deb "$archive/pool" 6.12.111+deb12-amd64 6.12.111-1~deb12u1
	fake_archive "$archive"
	fake_named some "$archive" 6.12.111+deb12-amd64 6.12.111-1~deb12u1
}

# gone OPTION... :: WORDS: what reproduce says last of a bug whose packages are gone, 125, nothing left behind.
gone()
{
	local words=${!#}
	run "$vtdlab" reproduce "$BATS_TEST_TMPDIR/g.conf" --results "$BATS_TEST_TMPDIR/results" "${@:1:$#-2}"
	echo "$output"
	[ "$status" -eq 125 ]
	[[ ${lines[-1]} == "vtdlab reproduce: skipped: g: debian:6.12."*" is not in the archive (any more)"*"; $words" ]]
	[ -z "$(find "$BATS_TEST_TMPDIR/results/bugs" -name '*-g-*')" ]
}

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


@test "packages that are gone: which recipe can still be run" {
	old_archive
	"$vtdlab" bugs --available >"$BATS_TEST_TMPDIR/list"
	grep -A1 '^upper-context-table ' "$BATS_TEST_TMPDIR/list" |
		grep -q 'gone from the archive: debian:6.12.107+deb12-amd64, .*; recipe 2 can be run$'
	grep -A1 '^nested-trip-cost-113 ' "$BATS_TEST_TMPDIR/list" |
		grep -q 'gone from the archive: debian:6.12.113+deb12-amd64, .*; cannot be run$'
	grep -A1 '^mode-mismatch ' "$BATS_TEST_TMPDIR/list" | grep -q 'fetches debian-6.12$'
}

@test "reproduce: a bug whose packages are gone says whether it has another recipe" {
	old_archive
	# its bad side could be had: it would boot, and end in another way
	cat >"$BATS_TEST_TMPDIR/g.conf" <<-'END'
	[bug]
	title=t
	source=s
	[bad]
	kernel=debian:6.12.111+deb12-amd64
	outcome=copy-wrong
	[good]
	kernel=debian:6.12.107+deb12-amd64
	outcome=preserved
	[bad-lasting]
	kernel=debian:6.12.108+deb12-amd64
	outcome=copy-wrong
	[good-lasting]
	kernel=debian:6.12.109+deb12-amd64
	outcome=preserved
	END
	gone :: "nor can its first recipe be run"
	sed -i 's/6.12.111/6.12.106/' "$BATS_TEST_TMPDIR/g.conf"
	gone --recipe 1 :: "the recipe that lasts: --recipe 2"
	sed -i '/lasting/,$d' "$BATS_TEST_TMPDIR/g.conf"
	gone :: "there is no other recipe of it"
}

@test "an outcome that no run has is refused before anything runs, with the nearest" {
	sed 's/^outcome=preserved/outcome=preservd/' "$root/bugs/mode-mismatch.conf" >"$BATS_TEST_TMPDIR/b.conf"
	grep -q '^outcome=preservd' "$BATS_TEST_TMPDIR/b.conf"
	for verb in "bugs show" reproduce; do
		# shellcheck disable=SC2086 # a verb and its word
		run "$vtdlab" $verb "$BATS_TEST_TMPDIR/b.conf"
		echo "$output"
		[ "$status" -eq 2 ]
		[[ $output == *"outcome=preservd: no run ends so; the nearest is preserved"* ]]
	done
	mkdir -p "$BATS_TEST_TMPDIR/tree"
	cp -r "$root"/{images,scenarios,scripts,bugs} "$BATS_TEST_TMPDIR/tree"
	cp "$BATS_TEST_TMPDIR/b.conf" "$BATS_TEST_TMPDIR/tree/bugs/"
	VTDLAB_ROOT=$BATS_TEST_TMPDIR/tree run "$vtdlab" hunt --budget 1s
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"outcome=preservd: no run ends so"* ]]
	[ ! -e "$BATS_TEST_TMPDIR/results" ]
}

@test "a number that is none of an option's is refused, 0 too" {
	for args in "reproduce -n 0 x" "reproduce --recipe 0 x" "reproduce -j 0 x" "hunt -j 0" "matrix -j 0 smoke"; do
		# shellcheck disable=SC2086 # a verb with its words
		run "$vtdlab" $args
		echo "$args: $output"
		[ "$status" -eq 2 ]
		[[ $output == "vtdlab ${args%% *}: --"*" 1 "* ]]
	done
	run "$vtdlab" calibrate kdump --modes off,
	[ "$status" -eq 2 ]
	[[ $output == "vtdlab calibrate: --modes off,: a mode is missing there"* ]]
}
