#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# vtdlab results: what there is, as a table, JSON Lines and CSV, from wherever it comes; and what goes. Boots nothing.

# shellcheck disable=SC2154 # root, vtdlab: the fixture's
bats_require_minimum_version 1.5.0
load vtdlab-fixture

setup()
{
	find_vtdlab
	r=$BATS_TEST_TMPDIR/results
	run_json 20261101T000000Z-kdump-000001 '.'
	run_json 20261102T000000Z-kdump-000002 '.outcome="copy-wrong" | .exit=1 | .started="2026-11-29T00:00:00Z"'
	run_json matrices/20261103T000000Z-m-000003/cells/0000/20261103T000000Z-kdump-smp-000004 \
		'.scenario="kdump-smp" | .environment.crash_kernel.release="7.3.4"'
	run_json 20261101T000000Z-kdump-000001/attempt-1 '.outcome="crash-kernel-hang"' # none of its own
	ln -s /etc "$r/elsewhere"
}

run_json()
{
	mkdir -p "$r/$1"
	jq "$2" "$root/tests/cli/schemas/run.json" >"$r/$1/run.json"
}

results() { run "$vtdlab" results "$@"; echo "$output"; }

@test "every run, the oldest first, those of a matrix too, and filters" {
	results "$r"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 4 ]
	[[ ${lines[2]} == copy-wrong*" 1 "*"6.12.117+deb12-amd64"*" 20261102T000000Z-kdump-000002" ]]
	[ "${lines[3]}" = "3 runs" ]
	results "$r" --scenario 'kdump-*'
	[ "${#lines[@]}" -eq 2 ]
	results "$r" --outcome copy-wrong
	[ "${#lines[@]}" -eq 2 ]
	results "$r" --kernel '7.3*'
	[ "${#lines[@]}" -eq 2 ]
	results "$r" --kernel debian-6.12
	[ "${#lines[@]}" -eq 4 ]
}

@test "a benchmark is one of them, by when it was over, and so is a run that says little" {
	mkdir -p "$r/20261104T000000Z-bench-000005"
	jq '.finished="2026-11-30T00:00:00Z"' "$root/tests/cli/schemas/bench.json" >"$r/20261104T000000Z-bench-000005/bench.json"
	run_json 20261105T000000Z-kdump-000006 '{scenario, checks}'
	results "$r" --csv
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 6 ]
	# no status is not that of a good run
	[ "${lines[1]}" = "20261105T000000Z-kdump-000006,,kdump,,-1,,,0.000" ]
	[[ ${lines[5]} == "20261104T000000Z-bench-000005,2026-11-30T00:00:00Z,$(jq -r .bench "$root/tests/cli/schemas/bench.json"),"* ]]
}

@test "JSON Lines and CSV, read by others" {
	"$vtdlab" results "$r" --json >"$BATS_TEST_TMPDIR/lines"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/lines")" -eq 3 ]
	[ "$(jq -r 'select(.exit == 1) | .run' "$BATS_TEST_TMPDIR/lines")" = 20261102T000000Z-kdump-000002 ]
	results "$r" --csv
	[ "${lines[0]}" = run,started,scenario,outcome,exit,first_kernel,crash_kernel,seconds ]
	[ "${#lines[@]}" -eq 4 ]
	results "$r" --json --csv
	[ "$status" -eq 2 ]
}

@test "what came from another machine is read there, and a truncated document is named beside the others" {
	cp -r "$r" "$BATS_TEST_TMPDIR/copy"
	head -c 500 "$root/tests/cli/schemas/run.json" >"$BATS_TEST_TMPDIR/copy/20261102T000000Z-kdump-000002/run.json"
	run --separate-stderr "$vtdlab" results "$BATS_TEST_TMPDIR/copy"
	[ "$status" -eq 2 ]
	[ "${lines[2]}" = "2 runs" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"000002/run.json"*"truncated"* ]]
	# of a newer version: named as that, the others are listed
	jq '.schema=2' "$root/tests/cli/schemas/run.json" >"$BATS_TEST_TMPDIR/copy/20261102T000000Z-kdump-000002/run.json"
	run --separate-stderr "$vtdlab" results "$BATS_TEST_TMPDIR/copy"
	[ "$status" -eq 2 ]
	[ "${lines[2]}" = "2 runs" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"000002/run.json: schema 2 is newer than this vtdlab, which reads up to 1" ]]
	refused compare "$BATS_TEST_TMPDIR"/copy/2*-00000{1,2} :: "schema 2 is newer than this vtdlab"
	refused results "$BATS_TEST_TMPDIR/none" :: "no directory of results"
}

@test "pruning leaves the newest, what is running, what latest points to, and what is none of the lab's" {
	refused results "$r" --prune :: "--keep-last"
	refused results "$r" --keep-last 3 :: "--prune"
	refused results "$r" --prune --keep-last 3 --scenario "kdump-x*" :: "takes no filter"
	mkdir "$r/20261029T000000Z-kdump-00000a.partial" "$r/20261029T000000Z-kdump-00000b.partial" "$r/notes"
	touch "$r"/20261029T000000Z-kdump-00000{a,b}.partial/pid
	ln -s 20261101T000000Z-kdump-000001 "$r/latest"
	mkdir -p "$r/20261028T000000Z-kdump-00000c.interrupted" "$r"/{compares,soak}/2026110{1,2}T000000Z-kdump-00000d
	exec 8>>"$r/20261029T000000Z-kdump-00000a.partial/pid"
	flock -x 8
	results "$r" --prune --keep-last 1 --dry-run
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "4 would be removed" ]
	[ -d "$r/20261029T000000Z-kdump-00000b.partial" ]
	results "$r" --prune --keep-last 1
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "4 removed" ]
	exec 8>&-
	[ -d "$r/20261029T000000Z-kdump-00000a.partial" ] # running
	[ ! -e "$r/20261029T000000Z-kdump-00000b.partial" ]
	[ ! -e "$r/20261028T000000Z-kdump-00000c.interrupted" ]
	[ -d "$r/20261101T000000Z-kdump-000001" ] # latest
	[ -d "$r/20261102T000000Z-kdump-000002" ]
	[ -d "$r/matrices/20261103T000000Z-m-000003" ] # the newest of its kind
	for folder in compares soak; do
		[ "$(ls "$r/$folder")" = 20261102T000000Z-kdump-00000d ]
	done
	[ -d "$r/notes" ]
	[ -e "$r/elsewhere/passwd" ]
}

@test "a directory of another kind is told by what it is, and a name in results is found from anywhere" {
	mkdir -p "$BATS_TEST_TMPDIR"/{bench,run,none,tree}
	cp "$root/tests/cli/schemas/bench.json" "$BATS_TEST_TMPDIR/bench/"
	cp "$root/tests/cli/schemas/run.json" "$BATS_TEST_TMPDIR/run/"
	for verb in judge 'report --mail' core gdb 'compare run' 'diff --iova'; do
		# shellcheck disable=SC2086 # a verb with its words
		(cd "$BATS_TEST_TMPDIR" && refused $verb bench :: "bench is a benchmark" "bench --show")
	done
	(cd "$BATS_TEST_TMPDIR" && refused compare bench run :: "run is a run of a scenario" "vtdlab judge")
	mkdir "$BATS_TEST_TMPDIR/x.interrupted"
	echo SIGTERM >"$BATS_TEST_TMPDIR/x.interrupted/INTERRUPTED"
	for verb in judge report 'compare run'; do
		# shellcheck disable=SC2086 # a verb with its words
		(cd "$BATS_TEST_TMPDIR" && refused $verb x.interrupted :: "x.interrupted was interrupted before" "INTERRUPTED says why")
	done
	(cd "$BATS_TEST_TMPDIR" && refused judge none :: "none is no run directory")
	refused judge nowhere :: "nowhere: there is no such run" "vtdlab results"
	# a tree of its own, so that its results are the test's
	cp -r "$root/scenarios" "$root/scripts" "$root/images" "$BATS_TEST_TMPDIR/tree/"
	touch "$BATS_TEST_TMPDIR/tree/Makefile"
	mkdir -p "$BATS_TEST_TMPDIR/tree/results/r"
	ln -s r "$BATS_TEST_TMPDIR/tree/results/latest"
	cp "$root/tests/cli/schemas/run.json" "$BATS_TEST_TMPDIR/tree/results/r/"
	for name in latest results/latest r; do
		(cd / && VTDLAB_ROOT=$BATS_TEST_TMPDIR/tree refused bench --show "$name" :: "is a run of a scenario")
	done
	# runs that lie deeper go by the name alone, as the pages of a bug and a matrix print it
	for name in bugs/20261101T000000Z-b-000001/20261101T000001Z-kdump-000001 \
			matrices/20261101T000002Z-m-000002/cells/0000/20261101T000003Z-kdump-000002; do
		mkdir -p "$BATS_TEST_TMPDIR/tree/results/$name"
		cp "$root/tests/cli/schemas/run.json" "$BATS_TEST_TMPDIR/tree/results/$name/"
		(cd / && VTDLAB_ROOT=$BATS_TEST_TMPDIR/tree refused bench --show "${name##*/}" :: "is a run of a scenario")
	done
	(cd / && VTDLAB_ROOT=$BATS_TEST_TMPDIR/tree refused bench --show '2*' :: "there is no such run")
}
