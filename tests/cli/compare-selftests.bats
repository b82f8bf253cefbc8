#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# scripts/selftests-build and compare-selftests: with a made-up source whose
# selftests build in no time, and a made-up vtdlab. Real ones: tests/live.

# shellcheck disable=SC2154,SC2030,SC2031 # from the fixtures and bats
bats_require_minimum_version 1.5.0
load kernel-fixture
load lab-fixture
load vtdlab-fixture

# In place of lab-fixture's: what selftests-build wants of a tree.
fake_tree()
{
	local d

	for d in scripts include arch/x86 usr tools/{include,arch/x86,build,scripts,lib} tools/testing/selftests/kvm; do
		mkdir -p "$1/$d"
		: >"$1/$d/file"
	done
	: >"$1/Kbuild"
	echo 'int left_out;' >"$1/left-out.c"
	printf '.RECIPEPREFIX = >\nheaders:\n> @echo headers >>usr/made\n' >"$1/Makefile"
	cat >"$1/tools/testing/selftests/kvm/Makefile" <<-'END'
		.RECIPEPREFIX = >
		$(OUTPUT)/%: file
		> @test -f ../../../../usr/made
		> @case '$(EXTRA_CFLAGS)$(LDFLAGS)' in *ASSERT_EQ*-static*--wrap=ioctl*/probe.o*) ;; *) exit 1 ;; esac
		> @if [ -s file ]; then echo "x.c:1: error: $$(cat file)"; exit 1; fi
		> @echo 'int main(void) { return 0; }' | $(CC) -x c -o $@ -
	END
}

setup()
{
	find_vtdlab
	lab_env
	mkdir -p "$VTDLAB_KERNELS_DIR" "$archive/pool"
	fake_source_deb "$archive/pool" 6.1.7-1
	fake_archive "$archive"
	fake_lab lab-6.1
	export VTDLAB=$BATS_TEST_TMPDIR/vtdlab RUN=$BATS_TEST_TMPDIR/run
	mkdir -p "$RUN"
	printf 'L1: fake\n\n| test | ratio |\n|---|--:|\n| x | 0.990 |\n' >"$RUN/selftests.md"
	# what it was called with goes to a file; its status is that of a file named as the clock, or 0
	cat >"$VTDLAB" <<-END
		#!/bin/bash
		echo "\$*" >>"$BATS_TEST_TMPDIR/called"
		[[ "\$*" =~ --clock\ ([a-z]*) ]]
		echo "table of \${BASH_REMATCH[1]}"
		echo "run       $RUN"
		exit "\$(cat "$BATS_TEST_TMPDIR/\${BASH_REMATCH[1]}" 2>/dev/null || echo 0)"
	END
	chmod +x "$VTDLAB"
}

build() { run --separate-stderr "$scripts/selftests-build" "$@"; }
compare() { run --separate-stderr "$scripts/compare-selftests" "$@"; }

@test "fetched, unpacked only as far as needed, built, put in the cache; then at once, offline" {
	build
	[ "$status" = 0 ] || { echo "$output / $stderr"; false; }
	dir=$output
	[[ $dir == "$VTDLAB_CACHE"/selftests/6.1.7-1-* ]]
	[ "$(cd "$dir" && echo *)" = 'access_tracking_perf_test demand_paging_test dirty_log_perf_test memslot_modification_stress_test selftests.conf' ]
	"$dir/demand_paging_test"
	grep -qx 'version=6.1.7-1' "$dir/selftests.conf"
	source=$VTDLAB_CACHE/selftests/sources/linux-source-6.1_6.1.7-1
	[ -f "$source/tools/testing/selftests/kvm/Makefile" ]
	[ ! -e "$source/left-out.c" ]
	# the source stays as it was
	[ ! -e "$source/usr/made" ]
	rm -rf "${archive:?}/pool" "$VTDLAB_CACHE/apt" "$source"
	build --offline
	[ "$status" = 0 ]
	[ "$output" = "$dir" ]
	[ -z "$stderr" ]
}

@test "another compiler or probe builds them again, from the source that is there" {
	build
	first=$output
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\n[ "$*" != --version ] || { echo "gcc 99"; exit; }\nexec %s "$@"\n' "$(type -P gcc)" \
		>"$BATS_TEST_TMPDIR/bin/gcc"
	chmod +x "$BATS_TEST_TMPDIR/bin/gcc"
	rm -rf "${archive:?}/pool"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH build --offline
	[ "$status" = 0 ]
	[ "$output" != "$first" ]
	grep -qx 'compiler=gcc 99' "$output/selftests.conf"
}

@test "what keeps them from being built: offline, another package, the compiler; one line each" {
	build --offline
	[ "$status" = 1 ]
	[[ $stderr == *'is not in the cache'*'--offline' && ${#stderr_lines[@]} == 1 ]]
	build --what
	[ "$status" = 2 ]
	sed -i 's/^linux-source-6.1=..../linux-source-6.1=0000/' "$VTDLAB_KERNELS_DIR/lab-6.1.conf"
	build
	[ "$status" = 1 ]
	[[ ${stderr_lines[-1]} == *'does not have its sha256'* ]]
	fake_lab lab-6.1
	build
	dir=$output
	rm -rf "$dir"
	echo 'no such type' >"$VTDLAB_CACHE/selftests/sources/linux-source-6.1_6.1.7-1/tools/testing/selftests/kvm/file"
	build
	[ "$status" = 1 ]
	[[ ${stderr_lines[-1]} == *'building the selftests of linux-source-6.1 6.1.7-1 failed: x.c:1: error: no such type' ]]
	[ ! -e "$dir" ]
	[ -z "$output" ]
}

@test "both clocks by default, with the built programs; options go on" {
	compare --rounds 2 --kernel debian-6.12 --results "$BATS_TEST_TMPDIR/results"
	[ "$status" = 0 ] || { echo "$output / $stderr"; false; }
	[[ $output == *'table of virtual'*'table of wall'* ]]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/called")" = 2 ]
	grep -q "bench --selftests $VTDLAB_CACHE/selftests/6.1.7-1-.* --clock virtual .*--rounds 2 --kernel debian-6.12" \
		"$BATS_TEST_TMPDIR/called"
}

@test "a worse ratio in virtual time is status 1, one in wall time is not" {
	export VTDLAB_SELFTESTS=$BATS_TEST_TMPDIR
	echo 1 >"$BATS_TEST_TMPDIR/wall"
	compare
	[ "$status" = 0 ]
	echo 1 >"$BATS_TEST_TMPDIR/virtual"
	compare
	[ "$status" = 1 ]
	# and the other clock was run all the same
	[[ $output == *'table of virtual'*'table of wall'* ]]
	compare --clock virtual
	[ "$status" = 1 ]
	compare --clock wall
	[ "$status" = 0 ]
}

@test "what cannot be done is status 2: no source, no VM, wrong options" {
	compare --offline
	[ "$status" = 2 ]
	[[ $stderr == *'is not in the cache'* ]]
	export VTDLAB_SELFTESTS=$BATS_TEST_TMPDIR
	echo 125 >"$BATS_TEST_TMPDIR/virtual"
	compare
	[ "$status" = 2 ]
	[[ $output != *'table of wall'* ]]
	echo 130 >"$BATS_TEST_TMPDIR/virtual"
	compare
	[ "$status" = 130 ]
	for wrong in '--clock slow' '--clock' '--what' '--write --clock wall'; do
		# shellcheck disable=SC2086 # words
		compare $wrong
		[ "$status" = 2 ]
		[ "${#stderr_lines[@]}" = 1 ]
	done
}

@test "--write makes a page with both tables" {
	export VTDLAB_SELFTESTS=$BATS_TEST_TMPDIR
	compare --write --out "$BATS_TEST_TMPDIR/page.md"
	[ "$status" = 0 ]
	[ "$(grep -c '^| x | 0.990 |$' "$BATS_TEST_TMPDIR/page.md")" = 2 ]
	# shellcheck disable=SC2016 # the backticks are Markdown
	[ "$(grep -c '^`L1: fake`$' "$BATS_TEST_TMPDIR/page.md")" = 2 ]
}

@test "vtdlab bench --selftests: its directory, and not with tests or a suite" {
	run --separate-stderr "$vtdlab" bench --selftests "$BATS_TEST_TMPDIR" --suite quick
	[ "$status" = 2 ]
	[[ $stderr == *'one of --suite, --tests and --selftests'* ]]
	run --separate-stderr "$vtdlab" bench --selftests "$BATS_TEST_TMPDIR" --repeat 2
	[ "$status" = 2 ]
	[[ $stderr == *'give --rounds, not --repeat'* ]]
	run --separate-stderr "$vtdlab" bench --selftests "$BATS_TEST_TMPDIR" --dry-run
	[ "$status" = 2 ]
	[[ $stderr == *"$BATS_TEST_TMPDIR/demand_paging_test is not there: \`make compare-selftests\` makes it"* ]]
}
