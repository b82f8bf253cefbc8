#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Faults of the host that end a run before anything boots.

load faults-fixture

cached()
{
	export VTDLAB_CACHE=$work/cache
}

@test "standard output closed, or full" {
	run bash -c "'$VTDLAB' list scenarios 2>&1 >/dev/full"
	ends 125 'cannot write to the standard output'
	run bash -c "'$VTDLAB' list scenarios 2>&1 >&-"
	ends 125 'cannot write to the standard output'
}

@test "a results directory that is read-only, a file, or a link" {
	tmpfs "$work/ro" 1M
	mount -o remount,ro "$work/ro"
	run "$VTDLAB" run kdump --results "$work/ro/r"
	ends 2 "$work/ro/r" 'Read-only file system'
	touch "$work/file"
	run "$VTDLAB" run kdump --results "$work/file"
	ends 2 "$work/file"
	mkdir "$work/l"
	ln -s /etc/hostname "$work/l/.lock"
	run "$VTDLAB" run kdump --results "$work/l"
	ends 2 "$work/l: "
}

@test "a full disk for the cache: said before anything is fetched" {
	tmpfs "$work/cache" 200k
	cached
	run timeout 600 "$VTDLAB" run kdump --results "$results"
	ends 125 'MiB'
	[ -z "$(find "$results" -name run.json 2>/dev/null)" ]
	nothing_left
}

@test "no network and an empty cache: one reason, no half kernel" {
	needs_root "a network namespace"
	cached
	run unshare -n timeout 600 "$VTDLAB" run kdump --results "$results"
	[ "$status" -eq 125 ]
	run find "$work/cache/kernels" -mindepth 1 -not -name '.*'
	echo "$output"
	[ -z "$output" ]
	nothing_left
}

@test "kernels that are none: empty, cut, a directory, a fifo, endless, a link to itself" {
	: >"$work/empty"
	head -c 4096 /dev/urandom >"$work/noise"
	mkfifo "$work/fifo"
	mkdir "$work/dir"
	ln -s loop "$work/loop"
	for kernel in empty noise fifo dir loop; do
		run timeout 600 "$VTDLAB" run kdump --kernel "$work/$kernel" --results "$results"
		ends 125 "$work/$kernel"
	done
	run timeout 600 "$VTDLAB" run kdump --kernel /dev/zero --results "$results"
	ends 125 /dev/zero
	nothing_left
}

@test "what is kept for later runs is tampered with: it is made again, and the run goes on" {
	needs_vm
	own_tree
	VTDLAB=$work/tree/build/vtdlab
	own_cache "$work/cache"
	run "$VTDLAB" run kdump --quiet --results "$results"
	ends 0 preserved
	image=$(find "$work" -name 'first-*.cpio')
	before=$(sha256sum <"$image")
	# as long as before, with noise in the middle, and dated as before
	for file in "$image" "$work/cache/disk-pattern.img" "$work"/cache/qemu/*.conf "$work"/cache/flat/* \
		$(compgen -G "$work/cache/accel/*.conf"); do
		[ -s "$file" ]
		touch -r "$file" "$work/date"
		dd if=/dev/urandom of="$file" bs=16 seek=2 count=8 conv=notrunc status=none
		touch -r "$work/date" "$file"
	done
	run "$VTDLAB" run kdump --quiet --results "$results"
	ends 0 preserved
	[ "$(sha256sum <"$image")" = "$before" ]
	[ "$(grep -ls '"outcome" *: *"preserved"' "$results"/2*/run.json | wc -l)" -eq 2 ]
	nothing_left
}

@test "scenarios that are none: endless, a directory, huge" {
	for scenario in /dev/zero "$work" ; do
		run timeout 600 "$VTDLAB" run "$scenario" --results "$results"
		[ "$status" -eq 2 ]
	done
	head -c 20000000 /dev/zero >"$work/huge.conf"
	run timeout 600 "$VTDLAB" run "$work/huge.conf"
	[ "$status" -eq 2 ]
}

@test "names that run nothing and reach nowhere" {
	# shellcheck disable=SC2016 # that is the point
	for kernel in "debian:\$(touch $work/pwned)" 'debian:../../../etc' '-x' $'a\nb'; do
		run "$VTDLAB" run kdump --kernel="$kernel" --dry-run
		[ "$status" -eq 2 ]
	done
	[ ! -e "$work/pwned" ]
}

@test "few descriptors: said by that name, and no failed program" {
	needs_vm
	for limit in 20 40 50 70; do
		run bash -c "ulimit -n $limit; '$VTDLAB' run kdump --results '$results'"
		ends 125 'Too many open files'
	done
	nothing_left
}

@test "little memory, a small file-size limit" {
	needs_vm
	run bash -c "ulimit -v 700000; '$VTDLAB' run kdump --results '$results'"
	ends 125 'MiB of guest memory'
	run bash -c "ulimit -f 20; '$VTDLAB' run kdump --results '$results'"
	echo "$status: $output"
	[ "$status" -eq 125 ]
	nothing_left
}

# in_ro_tree COMMAND: with the source tree mounted read-only
in_ro_tree()
{
	needs_root "a mount namespace"
	run timeout 600 unshare -m bash -c "mount --bind '$PWD' '$PWD' && mount -o remount,ro,bind '$PWD' && cd '$PWD' && $1"
	echo "$status: $output"
}

@test "a tree that cannot be written: images go to the cache; results are refused before a fetch" {
	needs_vm
	in_ro_tree "'$VTDLAB' run kdump --dry-run"
	[ "$status" -eq 0 ]
	[[ $output == *"-initrd "*/initramfs/first-* && $output != *"-initrd $PWD"* ]]
	cached
	in_ro_tree "'$VTDLAB' run kdump"
	ends 2 "cannot write to the results directory $PWD/results: Read-only file system"
	[ ! -e "$VTDLAB_CACHE" ]
}

@test "names of 100,000 characters, streams that are closed" {
	long=$(head -c 100000 /dev/zero | tr '\0' a)
	for words in "run $long" "run kdump --kernel $long --dry-run" "run kdump --set $long" "list $long" "$long"; do
		# shellcheck disable=SC2086 # words
		run timeout 60 "$VTDLAB" $words
		[ "$status" -eq 2 ]
	done
	run bash -c "'$VTDLAB' list scenarios 2>&1 <&- >&-"
	[ "$status" -eq 125 ]
	run bash -c "'$VTDLAB' list nonesuch <&- >&- 2>&-"
	[ "$status" -eq 2 ]
}
