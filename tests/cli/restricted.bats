#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# --restricted: what a scenario, a bug or a domain of somebody else is refused. Boots nothing.

bats_require_minimum_version 1.5.0
load vtdlab-fixture

setup()
{
	find_vtdlab
	dir=$BATS_TEST_TMPDIR
	mkdir -p "$VTDLAB_CACHE" "$dir/tree"
	touch "$dir/image" "$VTDLAB_CACHE/image"
	ln -s "$dir/image" "$VTDLAB_CACHE/link"
}

# scenario LINE...: a file of these keys, "[group] key=value" each.
scenario()
{
	local line
	for line; do
		printf '%s\n' "${line%% *}" "${line#* }"
	done >"$dir/s.conf"
}

# goes_on ARG...: is not refused for being restricted, but ends for want of the kernel nonesuch.
goes_on()
{
	run "$vtdlab" "$@"
	echo "$status $output"
	[ "$status" -eq 2 ]
	[[ $output == *"no kernel called 'nonesuch'"* && $output != *--restricted* ]]
}

@test "a scenario gives this host no word, no build and no file" {
	scenario '[machine] qemu-args=-device x'
	refused run "$dir/s.conf" --restricted :: '--restricted: machine.qemu-args=-device x'
	for kernel in "lab:$dir/tree" lab-6.12; do
		for key in first crash; do
			scenario "[$key] kernel=$kernel"
			refused run "$dir/s.conf" --restricted :: "--restricted: $key.kernel=$kernel is built on this host"
		done
	done
	for path in "$dir/image" "$dir/tree" ../../etc/passwd "$dir/nothing" "$VTDLAB_CACHE/link" \
		"$VTDLAB_CACHE/../image" "$VTDLAB_CACHE"; do
		scenario "[first] kernel=$path"
		refused run "$dir/s.conf" --restricted :: "--restricted: first.kernel=$path leads out of"
		scenario "[crash] initrd=$path"
		refused run "$dir/s.conf" --restricted :: "--restricted: crash.initrd=$path leads out of"
	done
	cd "$dir"
	scenario '[crash] kernel=image'
	refused run "$dir/s.conf" --restricted :: 'crash.kernel=image leads out of'
}

@test "where a kernel is stopped says nothing to this host" {
	scenario '[machine] break=attach:qi_flush_context' '[devices] dma=nic' '[first] kernel=nonesuch'
	goes_on run "$dir/s.conf" --restricted
}

@test "--set is a part of the scenario; calibrate takes one too" {
	refused run kdump --restricted --set machine.qemu-args=-S :: 'machine.qemu-args=-S'
	refused run kdump --restricted --kernel "$dir/image" --set "first.kernel=$dir/tree" :: "first.kernel=$dir/tree"
	refused calibrate kdump --restricted --set machine.qemu-args=-S :: 'machine.qemu-args=-S'
}

@test "what the user names is the user's own; the tree and the cache are no secret" {
	scenario '[crash] initrd=busybox' "[crash] kernel=$VTDLAB_CACHE/image"
	goes_on run "$dir/s.conf" --restricted --kernel nonesuch
	scenario "[first] kernel=lab:$dir/tree"
	goes_on run "$dir/s.conf" --restricted --kernel nonesuch
	goes_on calibrate "$dir/s.conf" --restricted --kernel nonesuch
}

@test "without it, all of this is taken" {
	scenario '[machine] qemu-args=-S' '[first] kernel=nonesuch' "[crash] initrd=$dir/image"
	goes_on run "$dir/s.conf"
}

# bug SIDE-KEY: a bug whose good side has this line.
bug()
{
	printf '%s\n' '[bug]' title=t source=s 'set=first.kernel=nonesuch' "${2:-#}" '[bad]' outcome=copy-wrong \
		fails=leaves-equal '[good]' outcome=preserved "$1" >"$dir/b.conf"
}

@test "a bug file: its QEMU, its kernels, its settings, its scenario" {
	bug "qemu=$dir/image"
	refused reproduce "$dir/b.conf" --restricted :: "bug b: --restricted: qemu=$dir/image"
	bug "reference=$dir/image"
	refused reproduce "$dir/b.conf" --restricted :: "reference=$dir/image leads out of"
	bug "kernel=lab-6.12"
	refused reproduce "$dir/b.conf" --restricted :: "kernel=lab-6.12 is built on this host"
	bug "set=machine.qemu-args=-S"
	refused reproduce "$dir/b.conf" --restricted :: "machine.qemu-args=-S"
	cp "$root/scenarios/kdump.conf" "$dir/other.conf"
	bug '#' "scenario=$dir/other.conf"
	refused reproduce "$dir/b.conf" --restricted :: "scenario=$dir/other.conf leads out of"
	# nor is it opened: of this nobody would ever read anything
	mkfifo "$dir/pipe.conf"
	bug '#' "scenario=$dir/pipe.conf"
	run timeout 300 "$vtdlab" reproduce "$dir/b.conf" --restricted
	[ "$status" -eq 2 ]
	[[ $output == *"scenario=$dir/pipe.conf leads out of"* ]]
	bug "#"
	goes_on reproduce "$dir/b.conf" --restricted --results "$dir/results"
}

@test "a domain: files of this host, and arguments of QEMU's" {
	xml=$root/tests/live/domains/virt-install.xml
	refused run --domain "$xml" --restricted :: "--restricted: <source> names /var/lib/libvirt/images/debian12.qcow2"
	sed 's,/usr/bin/qemu-system-x86_64,/home/you/evil,' "$xml" >"$dir/d.xml"
	refused run --domain "$dir/d.xml" --restricted :: '--restricted: <emulator> names /home/you/evil'
}

@test "an option in the place of a kernel is none" {
	for verb in '' --restricted; do
		refused run kdump --kernel=--all $verb :: "no kernel is called '--all'"
	done
}

@test "a soak of scenarios of somebody else" {
	scenario '[machine] qemu-args=-device x'
	refused soak "$dir/s.conf" --restricted --hours 0.001 --results "$dir/r" :: '--restricted: machine.qemu-args=-device x'
	refused soak kdump "$dir/s.conf" --restricted --hours 0.001 --results "$dir/r" :: '--restricted: machine.qemu-args=-device x'
	[ ! -e "$dir/r" ]
}
