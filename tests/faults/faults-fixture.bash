# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # for the tests, and from bats
# Faults on purpose: what a run says of each, how it ends, and that nothing is left.

setup()
{
	bats_require_minimum_version 1.5.0
	VTDLAB=${VTDLAB:-$PWD/build/vtdlab}
	work=$BATS_TEST_TMPDIR
	results=$work/results
	shm=$(ls /dev/shm)
}

needs_root()
{
	[ "$(id -u)" -eq 0 ] || skip "needs root for $1"
}

needs_vm()
{
	[ "${VTDLAB_TEST_VM:-1}" != 0 ] || skip "VTDLAB_TEST_VM=0"
}

# tmpfs DIR SIZE: a small file system in DIR, gone after the test.
tmpfs()
{
	needs_root "a small file system"
	mkdir -p "$1"
	mount -t tmpfs -o "size=$2" none "$1" || skip "no tmpfs can be mounted here"
	mounts+=("$1")
}

# No process that names this test's directory, no file of the lab's, nothing in /dev/shm.
nothing_left()
{
	local left
	left=$(pgrep -af "qemu-system.*$work" || true)
	[ -z "$started" ] || left+=$(compgen -G "/tmp/vtdlab-$started-*" || true)
	[ "$(ls /dev/shm)" = "$shm" ] || left+=" /dev/shm: $(ls /dev/shm)"
	left+=$(find "$results" -name '*.partial' 2>/dev/null || true)
	[ -z "$left" ] || { echo "left behind: $left"; return 1; }
}

# ends STATUS WORD...: the status of the last `run`, and words that its output has; no verdict of success.
ends()
{
	local want=$1 word
	echo "$status: $output"
	[ "$status" -eq "$want" ] || return 1
	for word in "${@:2}"; do
		[[ $output == *"$word"* ]] || { echo "it does not say: $word"; return 1; }
	done
}

# begin ARG...: a run in the background ($started), whose output goes to $work/out; then phase PHASE waits for it.
begin()
{
	"$VTDLAB" run kdump --verbose --results "$results" "$@" >"$work/out" 2>&1 3>&- &
	started=$!
}

phase()
{
	for _ in $(seq 1500); do
		! grep -q "^ *$1 " "$work/out" || return 0
		kill -0 "$started" 2>/dev/null || break
		sleep 0.1
	done
	cat "$work/out"
	return 1
}

# the QEMU that $started runs
qemu_of()
{
	pgrep -P "$started" -f qemu-system
}

# over: waits for $started; its status and output as `run` leaves them.
over()
{
	status=0
	wait "$started" || status=$?
	output=$(cat "$work/out")
}

teardown()
{
	local dir
	[ -z "$started" ] || kill -9 "$started" 2>/dev/null || true
	for dir in "${mounts[@]}"; do
		umount -l "$dir"
	done
}

# gone PID: it ends within some seconds.
gone()
{
	for _ in $(seq 1500); do
		kill -0 "$1" 2>/dev/null || return 0
		sleep 0.1
	done
	echo "process $1 is still there"
	return 1
}

# wait_qemu: until $started runs a QEMU, whose id is then $qemu.
wait_qemu()
{
	for _ in $(seq 1500); do
		qemu=$(qemu_of) && return
		sleep 0.1
	done
	return 1
}
