#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# tests/run-tests itself, in a tree of the test's own: whatever cannot be run is counted as failed.

bats_require_minimum_version 1.5.0

# every tool but what a test may take away
setup_file()
{
	mkdir "$BATS_FILE_TMPDIR/bin"
	ln -s /usr/bin/* "$BATS_FILE_TMPDIR/bin/"
	rm "$BATS_FILE_TMPDIR/bin/"{bats,shellcheck}
}

setup()
{
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree"/{build/tests,tests/{cli,live,house,kdump-copy,meta,golden/runs}} "$BATS_TEST_TMPDIR/bin"
	cp "$BATS_TEST_DIRNAME/../run-tests" "$tree/tests/"
	cd "$tree"
	# what the run around this one was asked for is not asked for here
	unset "${!VTDLAB_@}"
	git init -q .
	program build/tests/test-a 'printf "1..2\nok 1 - x\nok 2 - y # SKIP no z\n"'
	# the house's own checks, however many there are
	mapfile -t house < <(grep -oE 'tests/house/[a-z-]+' tests/run-tests)
	for name in build/tests/{fuzz-a,mutate} tests/kdump-copy/check tests/meta/kvmperf "${house[@]}"; do
		program "$name" 'exit 0'
	done
	touch tests/golden/runs/one
	for name in cli live; do
		printf '@test "%s" {\n\ttrue\n}\n' "$name" >"tests/$name/a.bats"
	done
	make_names test-a fuzz-a mutate
	program "$BATS_TEST_TMPDIR/bin/shellcheck" "exit 0"
	ln -s "$(type -P bats)" "$BATS_TEST_TMPDIR/bin/"
}

# program PATH LINE: a program that does that.
program()
{
	printf '#!/bin/bash\n%s\n' "$2" >"$1"
	chmod +x "$1"
}

# make_names PROGRAM...: what make print-tests says.
make_names()
{
	printf 'print-tests:\n' >Makefile
	[[ $# == 0 ]] || printf '\t@printf "%%s\\n" %s\n' "${*/#/build/tests/}" >>Makefile
}

# run_tests PASSED FAILED SKIPPED: those of the last line; PASSED is without the house's own checks.
run_tests()
{
	local want="$(($1 + ${#house[@]})) passed, $2 failed, $3 skipped"

	PATH=$BATS_TEST_TMPDIR/bin:$BATS_FILE_TMPDIR/bin run tests/run-tests
	echo "$output"
	[ "${lines[-1]}" = "$want" ]
	# and the exit status goes with it
	[[ $status == 0 && $2 == 0 || $status != 0 && $2 != 0 ]]
}

@test "all there: the cases are added up" {
	run_tests 9 0 1
}

@test "a program that make names and that is not there is a failed one" {
	make_names test-a test-b fuzz-a fuzz-b mutate
	run_tests 9 2 1
	[[ $output == *'test-b '*'FAILED: build/tests/test-b is not there'* ]]
	[[ $output == *'fuzz-b '*'FAILED: build/tests/fuzz-b is not there'* ]]
	rm build/tests/mutate
	make_names test-a fuzz-a mutate
	run_tests 6 1 1
	[[ $output == *'mutate '*'FAILED: build/tests/mutate is not there'* ]]
}

@test "a program that make does not name is not run" {
	program build/tests/test-old 'echo "not ok 1 - old"'
	run_tests 9 0 1
}

@test "make that names nothing is a failure" {
	make_names
	run_tests 4 1 0
	[[ $output == *'FAILED: make print-tests names none'* ]]
}

@test "a tool that is not there is a failed test" {
	rm "$BATS_TEST_TMPDIR/bin/shellcheck" "$BATS_TEST_TMPDIR/bin/bats"
	run_tests 6 3 1
	[[ $output == *'shellcheck '*'FAILED: shellcheck is not there'* ]]
	[[ $output == *'bats-live '*'FAILED: bats is not there'* ]]
}

@test "a directory or a check that is not there, or is empty, is a failed test" {
	rm -r tests/live tests/house/check-rooms tests/golden/runs/one tests/kdump-copy
	run_tests 3 4 1
	[[ $output == *'bats-live '*'FAILED: tests/live is not there'* ]]
	[[ $output == *'rooms '*'FAILED: tests/house/check-rooms is not there'* ]]
	[[ $output == *'recorded-runs '*'FAILED: tests/golden/runs is not there'* ]]
}

@test "a failing case, a program that dies, and a skip by status 77" {
	program build/tests/test-a 'echo "ok 1 - x"; exit 3'
	program build/tests/fuzz-a 'exit 1'
	program tests/house/check-format 'echo "another version"; exit 77'
	run_tests 7 2 1
	[[ $output == *'ok 1 format # skip another version'* ]]
}

@test "one at a time, or several: the same" {
	export VTDLAB_TEST_JOBS=1
	run_tests 9 0 1
	export VTDLAB_TEST_JOBS=4
	run_tests 9 0 1
}

@test "what boots VMs runs beside the rest" {
	# each waits for the other
	printf '@test "live" {\n\ttouch %q/live\n\tfor ((i = 0; i < 300; i++)); do [ ! -e %q/rest ] || return 0; sleep 0.1; done\n\tfalse\n}\n' \
		"$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR" >tests/live/a.bats
	program build/tests/fuzz-a "for ((i = 0; i < 300; i++)); do [ ! -e $BATS_TEST_TMPDIR/live ] || { touch $BATS_TEST_TMPDIR/rest; exit 0; }; sleep 0.1; done; exit 1"
	export VTDLAB_TEST_JOBS=2
	run_tests 9 0 1
}

@test "an interrupt ends it, and what it had begun" {
	printf '@test "live" {\n\techo $BASHPID >%q/pid\n\texec sleep 300\n}\n' "$BATS_TEST_TMPDIR" >tests/live/a.bats
	PATH=$BATS_TEST_TMPDIR/bin:$BATS_FILE_TMPDIR/bin tests/run-tests >out 2>&1 3>&- &
	local pid=$! status=0
	for ((i = 0; i < 300; i++)); do
		[ ! -s "$BATS_TEST_TMPDIR/pid" ] || break
		sleep 0.1
	done
	kill -TERM "$pid"
	wait "$pid" || status=$?
	cat out
	[ "$status" -eq 130 ]
	[ "$(tail -n 1 out)" = interrupted ]
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	# nobody of that number, or a zombie, which is dead
	[[ $(awk '{ print $3 }' "/proc/$pid/stat" 2>/dev/null) == @(|Z) ]]
}
