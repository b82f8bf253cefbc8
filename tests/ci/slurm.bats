#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# vtdlab matrix --engine slurm on a private Slurm of this machine: the same cells as tasks, one killed, a controller that is
# not there. Boots nothing: the cells wait for the lock of the cache, and then find no kernel.

# shellcheck disable=SC2154 # root, vtdlab: the fixture's
load ../cli/vtdlab-fixture

setup()
{
	local tool
	find_vtdlab
	for tool in munged slurmctld slurmd sbatch; do
		PATH=$PATH:/usr/sbin type -P "$tool" >/dev/null || skip "no $tool (apt install munge slurmctld slurmd slurm-client)"
	done
	slurm=$BATS_TEST_TMPDIR/slurm r=$BATS_TEST_TMPDIR/r
	export VTDLAB_DEBIAN_URI=file:///nonexistent VTDLAB_DEBIAN_SECURITY_URI=file:///nonexistent
	cat >"$BATS_TEST_TMPDIR/m.conf" <<-'END'
	[matrix]
	title=t
	[axes]
	kernel=debian:6.1.0-1-amd64;debian:6.1.0-2-amd64;debian:6.1.0-3-amd64;debian:6.1.0-4-amd64
	END
	mkdir -p "$VTDLAB_CACHE"
}

teardown()
{
	[ ! -e "$slurm" ] || "$root/scripts/slurm-local" stop "$slurm"
}

# begin: Slurm is up, no cell can end, and the matrix runs; its pid is $head, what it says in $BATS_TEST_TMPDIR/out.
begin()
{
	eval "$("$root/scripts/slurm-local" start "$slurm")"
	exec 7>>"$VTDLAB_CACHE/lock"
	flock 7
	"$vtdlab" matrix "$BATS_TEST_TMPDIR/m.conf" --engine slurm -j 4 --results "$r" --junit "$BATS_TEST_TMPDIR/junit.xml" \
		>"$BATS_TEST_TMPDIR/out" 2>&1 7>&- &
	head=$!
	wait_for 2
}

# wait_for N: so many tasks run.
wait_for()
{
	for _ in {1..300}; do
		[ "$(squeue -h --array --states=R 2>/dev/null | wc -l)" -lt "$1" ] || return 0
		sleep 0.2
	done
	cat "$BATS_TEST_TMPDIR/out"
	squeue --array
	return 1
}

# kill_task: one that runs, as an operator would; prints its number.
kill_task()
{
	local task
	task=$(squeue -h --array --states=R --format='%F_%K' | head -n 1)
	scancel "$task"
	echo "${task#*_}"
}

document() { jq -r "$1" "$r"/matrices/2*/matrix.json; }

@test "four tasks, one of them killed: it is run again, and nothing is missing" {
	begin
	task=$(kill_task)
	sleep 8 # it is found to be gone
	exec 7>&-
	status=0
	wait "$head" || status=$?
	cat "$BATS_TEST_TMPDIR/out"
	[ "$status" -eq 125 ]
	[ "$(document .counts.unjudged)" = 4 ]
	[ "$(document .engine)" = slurm ]
	[ "$(document .finished)" = true ]
	[ "$(document .counts.waiting)" = 0 ]
	[ "$(document .counts.lost)" = 0 ]
	[ "$(document ".cells[$task].tries")" = 2 ]
	[ "$(document '[.cells[].tries] | add')" = 5 ]
	[ "$(document '[.cells[].reason | select(. == "")] | length')" = 0 ]
	[ -z "$(squeue -h)" ]
}

# until_arrays N: so many have been submitted.
until_arrays()
{
	for _ in {1..300}; do
		[ "$(squeue -h --array --states=all --format=%F | sort -u | wc -l)" -lt "$1" ] || return 0
		sleep 0.2
	done
	squeue --array --states=all
	return 1
}

@test "a cell whose task is killed twice is lost, in matrix.json and in JUnit, and the others are not" {
	begin
	task=$(kill_task)
	until_arrays 2
	# the second array waits for the first one, so that it is one task alone: that of the cell
	exec 7>&-
	second=$(squeue -h --array --states=all --format=%F | sort -nu | tail -n 1)
	for _ in {1..300}; do
		scancel "$second"
		[ "$(document .counts.lost)" = 0 ] || break
		sleep 0.2
	done
	status=0
	wait "$head" || status=$?
	cat "$BATS_TEST_TMPDIR/out"
	[ "$status" -eq 125 ]
	[ "$(document .counts.lost)" = 1 ]
	[ "$(document .counts.unjudged)" = 3 ]
	[ "$(document ".cells[$task].result")" = lost ]
	[ "$(document ".cells[$task].tries")" = 2 ]
	grep -q 'LOST .*its task ended and left nothing, twice' "$BATS_TEST_TMPDIR/out"
	[ "$(xmllint --xpath 'count(//testcase/error)' "$BATS_TEST_TMPDIR/junit.xml")" = 4 ]
	xmllint --xpath 'string(//testcase/error/@message)' "$BATS_TEST_TMPDIR/junit.xml"
	[ "$(xmllint --xpath 'count(//error[contains(@message, "left nothing, twice")])' "$BATS_TEST_TMPDIR/junit.xml")" = 1 ]
}

@test "a node that goes down takes its tasks with it: they are run again when there is a node" {
	begin
	scontrol update nodename="$(hostname)" state=down reason=test
	until_arrays 2
	[ "$(document .counts.waiting)" = 4 ]
	scontrol update nodename="$(hostname)" state=resume || true # it may have come back by itself: ReturnToService
	exec 7>&-
	status=0
	wait "$head" || status=$?
	cat "$BATS_TEST_TMPDIR/out"
	[ "$status" -eq 125 ]
	[ "$(document .counts.unjudged)" = 4 ]
	[ "$(document .counts.lost)" = 0 ]
	[ "$(document '[.cells[] | select(.tries == 2)] | length')" = 2 ] # as many as ran
	[ -z "$(squeue -h)" ]
}

# Are there tasks of one array, which is not the first one?
only_anew()
{
	local arrays
	arrays=$(squeue -h --array --format=%F | sort -u)
	[[ $arrays =~ ^[0-9]+$ && $arrays != 1 ]]
}

@test "a head that is killed with kill -9 is gone on with; a matrix that is interrupted leaves no task" {
	begin
	kill -9 "$head"
	wait "$head" || true
	[ -n "$(squeue -h)" ]
	"$vtdlab" matrix "$BATS_TEST_TMPDIR/m.conf" --engine slurm -j 4 --resume --results "$r" >"$BATS_TEST_TMPDIR/out" 2>&1 7>&- &
	head=$!
	# it ends what the dead one left, and begins the cells anew
	for _ in {1..300}; do
		! only_anew || break
		sleep 0.2
	done
	only_anew
	kill -TERM "$head"
	status=0
	wait "$head" || status=$?
	cat "$BATS_TEST_TMPDIR/out"
	[ "$status" -eq 130 ]
	for _ in {1..100}; do
		[ -n "$(squeue -h)" ] || break
		sleep 0.2
	done
	[ -z "$(squeue -h)" ]
	exec 7>&-
	run "$vtdlab" matrix "$BATS_TEST_TMPDIR/m.conf" --engine slurm -j 4 --resume --results "$r"
	echo "$output"
	[ "$status" -eq 125 ]
	[ "$(document '.cells | length')" = 4 ]
	[ "$(document .counts.unjudged)" = 4 ]
	[ "$(document .finished)" = true ]
}

# Is there a step of this Slurm still?
steps_left()
{
	local comm
	for comm in /proc/[0-9]*/comm; do
		[[ $(cat "$comm" 2>/dev/null) != slurmstepd || $(readlink "${comm%/comm}/cwd") != "$slurm" ]] || return 0
	done
	return 1
}

@test "a controller that goes away in the middle: one warning, and what runs is waited for" {
	begin
	pid=$(cat "$slurm/slurmctld.pid")
	kill -KILL "$pid"
	for _ in {1..300}; do
		! grep -q 'the tasks that run go on' "$BATS_TEST_TMPDIR/out" || break
		sleep 0.2
	done
	exec 7>&-
	for _ in {1..300}; do # two of them run, as many as there are CPUs, and bring what they have
		[ "$(document '.counts.unjudged')" -lt 2 ] || break
		sleep 0.2
	done
	[ "$(document '.counts.unjudged')" -ge 2 ]
	cat "$BATS_TEST_TMPDIR/out"
	[ "$(grep -c 'the tasks that run go on' "$BATS_TEST_TMPDIR/out")" -eq 1 ]
	[ "$(document .counts.lost)" = 0 ]
	kill -KILL "$head" # it would wait for the two that nobody begins
	wait "$head" || true
	"$root/scripts/slurm-local" stop "$slurm"
	for _ in {1..50}; do
		steps_left || return 0
		sleep 0.1
	done
	return 1
}

@test "no Slurm, and a controller that is down, are one line, and what there is is kept" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	for tool in bash awk; do ln -s "$(type -P $tool)" "$BATS_TEST_TMPDIR/bin/"; done
	PATH=$BATS_TEST_TMPDIR/bin run "$vtdlab" matrix "$BATS_TEST_TMPDIR/m.conf" --engine slurm --results "$r"
	echo "$output"
	[ "$status" -eq 125 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"4 not run; --resume goes on: slurm: scontrol:"* ]]
	eval "$("$root/scripts/slurm-local" start "$slurm")"
	"$root/scripts/slurm-local" stop "$slurm"
	run "$vtdlab" matrix "$BATS_TEST_TMPDIR/m.conf" --engine slurm --results "$r"
	echo "$output"
	[ "$status" -eq 125 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"slurm: scontrol: "*controller* ]]
	ls -d "$r"/matrices/*.interrupted
}
