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
	orphans=$(orphans)
}

needs_root()
{
	[ "$(id -u)" -eq 0 ] || skip "needs root for $1"
}

needs_vm()
{
	[ "${VTDLAB_TEST_VM:-1}" != 0 ] || skip "VTDLAB_TEST_VM=0"
}

# own_cache DIR: a cache in which there is the kernel debian-6.1 alone: no other one is there to be a reference.
own_cache()
{
	local kernel

	kernel=$(scripts/kernel-get debian-6.1)
	mkdir -p "$1/kernels"
	cp -a "$kernel" "$1/kernels/"
	export VTDLAB_CACHE=$1
}

# own_tree: a tree in $work/tree in which nothing was prepared yet.
own_tree()
{
	mkdir -p "$work/tree/build/guests"
	cp -r Makefile scenarios scripts images kernel-patches "$work/tree/"
	cp build/guests/* "$work/tree/build/guests/"
	cp "$VTDLAB" "$work/tree/build/vtdlab"
}

# tmpfs DIR SIZE: a small file system in DIR, gone after the test.
tmpfs()
{
	needs_root "a small file system"
	mkdir -p "$1"
	mount -t tmpfs -o "size=$2" none "$1" || skip "no tmpfs can be mounted here"
	mounts+=("$1")
}

# orphans: private directories (sockets are there) whose maker is gone.
orphans()
{
	local dir pid

	for dir in "${TMPDIR:-/tmp}"/vtdlab-[0-9]*-* "${XDG_RUNTIME_DIR:-/nonexistent}"/vtdlab-[0-9]*-*; do
		pid=${dir##*/vtdlab-}
		[ ! -e "$dir" ] || [ -e "/proc/${pid%%-*}" ] || echo "$dir"
	done
}

# offspring: what this test has started and still runs, by the directory of the test in its environment or its arguments:
# vtdlab, its scripts, its guard, QEMU. With its last process a namespace is gone, and so is a lock.
offspring()
{
	local environ pid=$BASHPID own=

	while [ "${pid:-0}" -gt 1 ]; do
		own+=" $pid "
		pid=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")
	done
	{ grep -lzsx "BATS_TEST_TMPDIR=$work" /proc/[0-9]*/environ || true
	  grep -lzs "$work" /proc/[0-9]*/cmdline || true; } |
		while IFS=/ read -r _ _ pid _; do
			[[ $own == *" $pid "* ]] || [ ! -d "/proc/$pid" ] ||
				[ "$(awk '/^State:/ { print $2 }' "/proc/$pid/status" 2>/dev/null)" = Z ] ||
				echo "$pid $(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c1-100)"
		done
}

# locked: files of the results that somebody still locks
locked()
{
	find "$results" \( -name .lock -o -name pid \) -type f 2>/dev/null |
		while read -r file; do
			flock -n "$file" true || echo "$file"
		done
}

# Nothing of the test runs; no private directory, no file in /dev/shm, no lock, nothing half made in the results, in the
# tree's images or in the test's own cache.
nothing_left()
{
	local left
	# who was told to end may be about to
	for _ in $(seq 50); do
		left=$(offspring)
		[ -n "$left" ] || break
		sleep 0.1
	done
	[ -z "$started" ] || left+=$(compgen -G "/tmp/vtdlab-$started-*" || true)
	left+=$(comm -13 <(sort <<<"$orphans") <(orphans | sort))
	[ "$(ls /dev/shm)" = "$shm" ] || left+=" /dev/shm: $(ls /dev/shm)"
	left+=$(find "$results" -name '*.partial' 2>/dev/null || true)
	left+=$(locked)
	left+=$(find build/initramfs "$work"/{cache,tree} \( -type d -name '*.cpio.??????' -o -name '*.part' -o -name '*.new' \) 2>/dev/null || true)
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

# the QEMU that $started runs the scenario in; before it there may be one that tries KVM
qemu_of()
{
	pgrep -P "$started" -f "qemu-system.*-D $results/"
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
