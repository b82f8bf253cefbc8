#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# scripts/kernel-get: with made-up kernels and a made-up archive; the tests
# that fetch real ones run with VTDLAB_TEST_NET=1.

# shellcheck disable=SC2154 # from kernel-fixture and bats
bats_require_minimum_version 1.5.0
load kernel-fixture
load kernel-get-fixture

setup()
{
	fake_world
}

@test "every way of compressing a bzImage is taken apart" {
	fake_vmlinux "$BATS_TEST_TMPDIR/vmlinux" 6.1.0-test
	local tool
	for tool in gzip xz zstd lz4 lzma bzip2; do
		type -P "$tool" >/dev/null || continue
		case $tool in
		lz4) pack() { lz4 -l -c; } ;;
		*) pack() { "$tool" -c; } ;;
		esac
		packer=$BATS_TEST_TMPDIR/$tool
		# lz4 of the kernel is the legacy format
		printf '#!/bin/sh\nexec %s\n' "$([[ $tool == lz4 ]] && echo lz4 -lc || echo "$tool -c")" >"$packer"
		chmod +x "$packer"
		if [[ $tool == gzip ]]; then packer=gzip; fi
		fake_bzimage "$BATS_TEST_TMPDIR/bz-$tool" 6.1.0-test "$packer" "$BATS_TEST_TMPDIR/vmlinux"
		run "$scripts/extract-vmlinux" "$BATS_TEST_TMPDIR/bz-$tool" "$BATS_TEST_TMPDIR/out"
		[ "$output" = pvh ]
		cmp "$BATS_TEST_TMPDIR/vmlinux" "$BATS_TEST_TMPDIR/out"
	done
}

@test "a kernel without the PVH note says so and has no vmlinux" {
	PVH='' fake_kernel "$BATS_TEST_TMPDIR/k" 6.1.0-test
	cp "$BATS_TEST_TMPDIR/k/config" "$BATS_TEST_TMPDIR/k/config-6.1.0-test"
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage"
	prepared
	grep -qx 'note=no-pvh' "$dir/kernel.conf"
	grep -qx 'pvh=false' "$dir/kernel.conf"
	[ ! -e "$dir/vmlinux" ]
}

@test "a bzImage by path: release, config beside it, second call the same" {
	fake_kernel "$BATS_TEST_TMPDIR/k" 6.1.7-mine+
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage"
	prepared
	grep -qx 'release=6.1.7-mine+' "$dir/kernel.conf"
	grep -qx 'modules=false' "$dir/kernel.conf"
	grep -qx "sha256=$(sha256sum "$BATS_TEST_TMPDIR/k/bzImage" | cut -d' ' -f1)" "$dir/kernel.conf"
	cmp "$dir/config" "$BATS_TEST_TMPDIR/k/config"
	cmp "$dir/vmlinux" "$BATS_TEST_TMPDIR/k/vmlinux"
	first=$dir
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage" --offline
	prepared
	[ "$dir" = "$first" ]
}

@test "a rebuilt kernel at the same path is another kernel" {
	fake_kernel "$BATS_TEST_TMPDIR/k" 6.1.7
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage"
	prepared
	first=$dir
	cp "$BATS_TEST_TMPDIR/k/bzImage" "$BATS_TEST_TMPDIR/k/new"
	echo more >>"$BATS_TEST_TMPDIR/k/new"
	mv "$BATS_TEST_TMPDIR/k/new" "$BATS_TEST_TMPDIR/k/bzImage"
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage"
	prepared
	[ "$dir" != "$first" ]
}

@test "of kernels by path the cache keeps ten, those used last, and named ones beside them" {
	fake_kernel "$BATS_TEST_TMPDIR/k" 6.1.7
	mkdir -p "$VTDLAB_CACHE/kernels"/{named,old{1..12}}
	for dir in "$VTDLAB_CACHE"/kernels/*; do
		printf 'source=%s\n' "$([[ $dir == */named ]] && echo debian || echo tree)" >"$dir/kernel.conf"
		touch -d '1 day ago' "$dir"
	done
	touch -d '2 days ago' "$VTDLAB_CACHE/kernels"/{named,old1}
	touch "$VTDLAB_CACHE/kernels/old12"
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage"
	prepared
	[ -d "$VTDLAB_CACHE/kernels/named" ]
	[ -d "$VTDLAB_CACHE/kernels/old12" ]
	[ ! -e "$VTDLAB_CACHE/kernels/old1" ]
	[ "$(find "$VTDLAB_CACHE/kernels" -mindepth 1 -maxdepth 1 | wc -l)" -eq 11 ]
}

@test "a vmlinux by path needs the PVH note" {
	fake_kernel "$BATS_TEST_TMPDIR/k" 6.1.7
	kernel_get "$BATS_TEST_TMPDIR/k/vmlinux"
	prepared
	[ ! -e "$dir/bzImage" ]
	grep -qx 'release=6.1.7' "$dir/kernel.conf"
	PVH='' fake_vmlinux "$BATS_TEST_TMPDIR/k/vmlinux" 6.1.7
	kernel_get "$BATS_TEST_TMPDIR/k/vmlinux"
	refused 'has no PVH note' 125
}

# A build tree with one module, the way make leaves it.
fake_tree()
{
	local tree=$BATS_TEST_TMPDIR/linux

	fake_kernel "$BATS_TEST_TMPDIR/k" 6.1.7
	mkdir -p "$tree/arch/x86/boot" "$tree/drivers/net"
	mv "$BATS_TEST_TMPDIR/k/bzImage" "$tree/arch/x86/boot/bzImage"
	mv "$BATS_TEST_TMPDIR/k/vmlinux" "$tree/vmlinux"
	mv "$BATS_TEST_TMPDIR/k/config" "$tree/.config"
	sed -i 's/E1000E=y/E1000E=m/' "$tree/.config"
	echo 'int x;' | gcc -xc -c - -o "$tree/drivers/net/e1000e.ko"
	echo "drivers/net/e1000e.${1:-o}" >"$tree/modules.order"
	touch "$tree/modules.builtin"
}

@test "a build tree: image, config and modules, by directory and by its bzImage" {
	local ext
	for ext in o ko; do
		fake_tree $ext
		kernel_get "$BATS_TEST_TMPDIR/linux"
		prepared
		[ -f "$dir/modules/kernel/drivers/net/e1000e.ko" ]
		grep -q e1000e "$dir/modules/modules.dep"
		grep -q 'source=tree' "$dir/kernel.conf"
		first=$dir
		cd "$BATS_TEST_TMPDIR/linux"
		kernel_get arch/x86/boot/bzImage
		prepared
		[ "$dir" = "$first" ]
		kernel_get .
		prepared
		[ "$dir" = "$first" ]
	done
	# a rebuilt module is another kernel
	touch -d tomorrow drivers/net/e1000e.ko
	kernel_get .
	prepared
	[ "$dir" != "$first" ]
}

@test "a build tree without modules is found by its bzImage, too: its configuration is looked at" {
	fake_tree
	cd "$BATS_TEST_TMPDIR/linux"
	rm -r modules.order modules.builtin drivers
	sed -i 's/E1000E=m/E1000E=y/' .config
	kernel_get arch/x86/boot/bzImage --require "E1000E"
	prepared
	grep -q 'source=tree' "$dir/kernel.conf"
	cmp .config "$dir/config"
	sed -i '/E1000E/d' .config
	kernel_get arch/x86/boot/bzImage --require "E1000E"
	[ "$status" -eq 125 ]
	[[ $stderr == *CONFIG_E1000E* ]]
}

@test "whatever was changed, cut or lost in the cache is named and made again" {
	local how file module=modules/kernel/drivers/net/e1000e.ko
	fake_tree
	kernel_get "$BATS_TEST_TMPDIR/linux"
	prepared
	cp -r "$dir" "$BATS_TEST_TMPDIR/whole"
	while read -r how file; do
		case $how in
		flip) poke "$dir/$file" 40 "XX" ;;
		cut) truncate -s 45 "$dir/$file" ;;
		gone) rm "$dir/$file" ;;
		esac
		# the list is of use only when a file was touched
		[[ $file != sums ]] || touch "$dir/config"
		kernel_get "$BATS_TEST_TMPDIR/linux"
		prepared
		[[ $stderr == "kernel-get: "*"$file of"*": making it again" ]]
		diff -r -x sums.stat "$dir" "$BATS_TEST_TMPDIR/whole"
	done <<-END
		flip bzImage
		flip vmlinux
		flip config
		cut kernel.conf
		flip $module
		gone $module
		flip modules/modules.dep
		cut sums
	END
	# what was only touched is as good as before
	touch "$dir/$module"
	kernel_get "$BATS_TEST_TMPDIR/linux"
	prepared
	[ -z "$stderr" ]
}

@test "what no time of a file tells is found once a boot of the host" {
	fake_tree
	kernel_get "$BATS_TEST_TMPDIR/linux"
	prepared
	poke "$dir/bzImage" 40 "XX"
	stat_of() { find "$dir" -type f ! -name 'sums.*' -printf '%P %s %T@ %C@ %i\n'; }
	# as if its times were those of the last look, in this boot, and in one before
	{ cat /proc/sys/kernel/random/boot_id; stat_of; } >"$dir/sums.stat"
	kernel_get "$BATS_TEST_TMPDIR/linux"
	prepared
	[[ $stderr != *"making it again"* ]]
	{ echo an-earlier-boot; stat_of; } >"$dir/sums.stat"
	kernel_get "$BATS_TEST_TMPDIR/linux"
	prepared
	[[ $stderr == *"bzImage of"*"making it again" ]]
}

@test "a tree that is not built says what to run" {
	mkdir "$BATS_TEST_TMPDIR/linux"
	touch "$BATS_TEST_TMPDIR/linux/Makefile"
	kernel_get "$BATS_TEST_TMPDIR/linux"
	refused "no arch/x86/boot/bzImage): run 'make bzImage modules'" 125
	fake_tree
	rm "$BATS_TEST_TMPDIR/linux/arch/x86/boot/bzImage"
	kernel_get "$BATS_TEST_TMPDIR/linux"
	refused 'has a vmlinux but no arch/x86/boot/bzImage' 125
	fake_tree
	rm "$BATS_TEST_TMPDIR/linux/drivers/net/e1000e.ko"
	kernel_get "$BATS_TEST_TMPDIR/linux"
	refused 'are not all built (make modules)' 125
}

@test "garbage, cut-short, foreign and unreadable files are refused in one line" {
	cd "$BATS_TEST_TMPDIR"
	head -c 20000 /dev/urandom >garbage
	: >empty
	fake_kernel k 6.1.7
	head -c 1200 k/bzImage >short
	cp k/bzImage bad
	poke bad 1400 'XXXXXXXX'
	cp k/bzImage unknown
	poke unknown 1088 '\x00\x00\x00\x00'
	cp k/bzImage old
	poke old 566 '\x00'
	cp k/bzImage huge
	poke huge 584 '\xff\xff\xff\xff\xff\xff\xff\xff'
	local file
	for file in garbage empty short bad unknown old huge; do
		kernel_get "./$file"
		refused "$file" 125
		[ "$(wc -l <<<"$stderr")" = 1 ]
	done
	[[ $stderr == *'cut short'* ]]
	kernel_get ./old
	refused '32-bit' 125
	kernel_get ./none
	refused 'no such kernel' 125
	kernel_get /dev/null
	refused 'neither a file nor a directory' 125
	if ((EUID)); then
		cp k/bzImage secret
		chmod 0 secret
		kernel_get ./secret
		refused 'permission denied' 125
	fi
}

@test "an unknown name or option: the nearest is named" {
	fake_deb "$archive/pool" 6.1.0-56-amd64 6.1.192-2
	fake_named debian-6.1 "$archive" 6.1.0-56-amd64 6.1.192-2
	fake_named debian-6.12-cloud "$archive" 6.1.0-56-amd64 6.1.192-2
	kernel_get debian-6.11
	refused "no kernel called 'debian-6.11': nearest is debian-6.1;"
	kernel_get debain-6.12-cluod
	refused 'nearest is debian-6.12-cloud;'
	kernel_get debian:6.1.0-56
	refused "names no build"
	kernel_get debian-6.1 --frobnicate
	refused 'unknown option --frobnicate'
	kernel_get debian-6.1 --modules /tmp
	refused '--modules goes with a kernel given by path'
	kernel_get
	refused 'which kernel?'
}

@test "a named kernel: fetched, checked, then offline" {
	fake_deb "$archive/pool" 6.1.0-56-amd64 6.1.192-2
	fake_archive "$archive"
	fake_named debian-6.1 "$archive" 6.1.0-56-amd64 6.1.192-2
	kernel_get debian-6.1 --offline
	refused 'not in the cache' 1
	kernel_get debian-6.1
	prepared
	[ "$dir" = "$VTDLAB_CACHE/kernels/6.1.0-56-amd64_6.1.192-2" ]
	[ -f "$dir/modules/modules.dep" ]
	rm -rf "$archive" "$VTDLAB_CACHE/apt"
	kernel_get debian-6.1
	prepared
	[ -z "$stderr" ]
	kernel_get debian:6.1.0-56-amd64 --offline
	prepared
	# the pin in the tree counts, not what the cache says of itself
	poke "$dir/bzImage" 900 XX
	sed -i "s/^sha256=.*/sha256=$(sha256sum "$dir/bzImage" | cut -d' ' -f1)/" "$dir/kernel.conf"
	kernel_get debian-6.1 --offline
	refused 'does not have its sha256' 1
	kernel_get debian-6.1
	refused 'fetching 6.1.0-56-amd64 failed: ' 1
}

@test "a package that is not the pinned one is not used" {
	fake_deb "$archive/pool" 6.1.0-56-amd64 6.1.192-2
	fake_archive "$archive"
	fake_named debian-6.1 "$archive" 6.1.0-56-amd64 6.1.192-2
	sed -i 's/^\(linux-image.*=\).*/\1'"$(printf 0%.0s {1..64})"'/' "$VTDLAB_KERNELS_DIR/debian-6.1.conf"
	kernel_get debian-6.1
	refused 'does not have its sha256' 1
	[ -z "$(ls "$VTDLAB_CACHE/kernels")" ]
}

@test "a pinned build that is gone: the newest of its series, with one line" {
	fake_deb "$archive/pool" 6.1.0-56-amd64 6.1.192-2
	fake_named debian-6.1 "$archive" 6.1.0-56-amd64 6.1.192-2
	rm "$archive/pool"/*
	fake_deb "$archive/pool" 6.1.0-60-amd64 6.1.200-1
	fake_deb "$archive/pool" 6.1.0-100-amd64 6.1.210-1
	fake_deb "$archive/pool" 6.1.0-101-cloud-amd64 6.1.211-1
	fake_archive "$archive"
	kernel_get debian-6.1
	prepared
	[ "${dir##*/}" = 6.1.0-100-amd64_6.1.210-1 ]
	[ "$(grep -c '^kernel-get: note: debian-6.1: its pinned build 6.1.0-56-amd64 is gone' <<<"$stderr")" = 1 ]
	# and offline from then on, saying so again
	rm -rf "$archive"
	kernel_get debian-6.1
	prepared
	[[ $stderr == 'kernel-get: note: debian-6.1: its pinned build 6.1.0-56-amd64 is gone, using 6.1.0-100-amd64' ]]
}

@test "an exact build that is gone: the nearest on both sides are named" {
	local n
	for n in 49 51 60; do
		fake_deb "$archive/pool" 6.1.0-$n-amd64 6.1.1$n-1
	done
	fake_deb "$archive/pool" 6.1.0-50-cloud-amd64 6.1.150-1
	fake_archive "$archive"
	fake_named debian-6.1 "$archive" 6.1.0-60-amd64 6.1.160-1
	kernel_get debian:6.1.0-50-amd64
	refused 'nearest to be had: debian:6.1.0-49-amd64 and debian:6.1.0-51-amd64' 125
	kernel_get debian:6.1.0-61-amd64
	refused 'nearest to be had: debian:6.1.0-60-amd64' 125
	kernel_get debian:6.1.0-51-amd64
	prepared
	[ "${dir##*/}" = 6.1.0-51-amd64_6.1.151-1 ]
	grep -qx 'spec=debian:6.1.0-51-amd64' "$dir/kernel.conf"
}

@test "a build of which the archive has lost a package is neither offered nor begun" {
	local kind root
	# a part of 7.1.3, all of 7.2.6, in what they consist of since 6.19
	for kind in image-7.1.3 binary-7.1.3 modules-7.1.3 image-7.2.6 binary-7.2.6 modules-7.2.6 base-7.2.6; do
		root=$BATS_TEST_TMPDIR/$kind
		mkdir -p "$root/DEBIAN"
		printf '%s\n' "Package: linux-$kind+deb13-amd64" "Version: ${kind#*-}-1" 'Architecture: amd64' \
			'Maintainer: nobody <a@b>' 'Description: fake' >"$root/DEBIAN/control"
		dpkg-deb -Znone --root-owner-group -b "$root" "$archive/pool/$kind.deb" >/dev/null
	done
	fake_deb "$archive/pool" 6.1.0-49-amd64 6.1.149-1
	fake_archive "$archive"
	fake_named debian-6.1 "$archive" 6.1.0-49-amd64 6.1.149-1
	kernel_get --available
	[ "$status" = 0 ]
	[ "$output" = $'debian:6.1.0-49-amd64 6.1.149-1\ndebian:7.2.6+deb13-amd64 7.2.6-1' ]
	kernel_get debian:7.1.3+deb13-amd64
	refused 'gone are linux-base-7.1.3+deb13-amd64: nearest to be had: debian:6.1.0-49-amd64 and debian:7.2.6+deb13-amd64' 125
	[[ $stderr != *fetching* ]]
}

@test "a build newer than the cached lists is found" {
	fake_deb "$archive/pool" 6.1.0-49-amd64 6.1.149-1
	fake_archive "$archive"
	fake_named debian-6.1 "$archive" 6.1.0-49-amd64 6.1.149-1
	kernel_get debian-6.1
	prepared
	fake_deb "$archive/pool" 6.1.0-50-amd64 6.1.150-1
	fake_archive "$archive"
	kernel_get debian:6.1.0-50-amd64
	prepared
	# and one the lists name but the pool lost
	rm -rf "$VTDLAB_CACHE/kernels"/* "$archive/pool"/*-50-*
	fake_archive "$archive"
	kernel_get debian:6.1.0-50-amd64
	refused 'nearest to be had: debian:6.1.0-49-amd64' 125
}

@test "a package swapped in the archive is refused" {
	fake_deb "$archive/pool" 6.1.0-49-amd64 6.1.149-1
	fake_archive "$archive"
	fake_named debian-6.1 "$archive" 6.1.0-49-amd64 6.1.149-1
	poke "$archive/pool/linux-image-6.1.0-49-amd64_6.1.149-1_amd64.deb" 500000 'tampered'
	kernel_get debian-6.1
	[ "$status" = 1 ]
	[ -z "$output" ]
	[ -z "$(ls "$VTDLAB_CACHE/kernels")" ]
}

@test "no network and nothing cached: one clear line, nothing left" {
	fake_deb "$archive/pool" 6.1.0-49-amd64 6.1.149-1
	fake_named debian-6.1 "$archive" 6.1.0-49-amd64 6.1.149-1
	export VTDLAB_DEBIAN_URI=http://127.0.0.1:9/debian VTDLAB_DEBIAN_SECURITY_URI=http://127.0.0.1:9/debian-security
	echo 'Acquire::Retries "0";' >>"$APT_CONFIG"
	kernel_get debian-6.1
	refused 'fetching 6.1.0-49-amd64 failed: ' 1
	kernel_get debian:6.1.0-49-amd64
	refused 'fetching 6.1.0-49-amd64 failed: ' 1
	[ -z "$(ls "$VTDLAB_CACHE/kernels")" ]
}

@test "a full disk is said in one line" {
	fake_deb "$archive/pool" 6.1.0-49-amd64 6.1.149-1
	fake_archive "$archive"
	fake_named debian-6.1 "$archive" 6.1.0-49-amd64 6.1.149-1
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\nprintf "Avail\\n100000000\\n"\n' >"$BATS_TEST_TMPDIR/bin/df"
	chmod +x "$BATS_TEST_TMPDIR/bin/df"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH kernel_get debian-6.1
	refused 'not enough space for kernel 6.1.0-49-amd64' 1
}

@test "two at once: both get the same whole kernel" {
	fake_deb "$archive/pool" 6.1.0-49-amd64 6.1.149-1
	fake_archive "$archive"
	fake_named debian-6.1 "$archive" 6.1.0-49-amd64 6.1.149-1
	"$scripts/kernel-get" debian-6.1 >"$BATS_TEST_TMPDIR/a" 2>"$BATS_TEST_TMPDIR/a.err" &
	local other=$!
	kernel_get debian-6.1
	wait "$other"
	prepared
	[ "$(cat "$BATS_TEST_TMPDIR/a")" = "$dir" ]
	[ "$(ls "$VTDLAB_CACHE/kernels")" = "${dir##*/}" ]
}

@test "killed half-way: nothing half-made is taken, the next call cleans up" {
	fake_deb "$archive/pool" 6.1.0-49-amd64 6.1.149-1
	fake_archive "$archive"
	fake_named debian-6.1 "$archive" 6.1.0-49-amd64 6.1.149-1
	mkdir "$BATS_TEST_TMPDIR/bin"
	# shellcheck disable=SC2016 # for the script
	printf '#!/bin/sh\nkill -9 $PPID\n' >"$BATS_TEST_TMPDIR/bin/depmod"
	chmod +x "$BATS_TEST_TMPDIR/bin/depmod"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH kernel_get debian-6.1
	[ "$status" != 0 ]
	[ -z "$(ls "$VTDLAB_CACHE/kernels")" ]
	kernel_get debian-6.1
	prepared
}

@test "ended by a signal: so is all that it has started, at once" {
	fake_deb "$archive/pool" 6.1.0-49-amd64 6.1.149-1
	fake_archive "$archive"
	fake_named debian-6.1 "$archive" 6.1.0-49-amd64 6.1.149-1
	mkdir "$BATS_TEST_TMPDIR/bin"
	# shellcheck disable=SC2016 # for the script
	printf '#!/bin/sh\nsleep 300 & echo $! >%q; wait\n' "$BATS_TEST_TMPDIR/pid" >"$BATS_TEST_TMPDIR/bin/depmod"
	chmod +x "$BATS_TEST_TMPDIR/bin/depmod"
	local signal want status
	for signal in TERM INT; do
		rm -f "$BATS_TEST_TMPDIR/pid"
		# a command in the background would not see SIGINT
		PATH=$BATS_TEST_TMPDIR/bin:$PATH env --default-signal=INT "$scripts/kernel-get" debian-6.1 2>/dev/null 3>&- &
		until [[ -s $BATS_TEST_TMPDIR/pid ]]; do sleep 0.1; done
		kill -"$signal" $!
		status=0 want=143
		wait $! || status=$?
		[[ $signal != INT ]] || want=130
		[ "$status" = $want ]
		run ! grep -qs '^State:[[:space:]]*[^Z]' "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/status"
		[ ! -e "$VTDLAB_CACHE/tmp" ]
	done
}

@test "a cache in a path with blanks" {
	export VTDLAB_CACHE="$BATS_TEST_TMPDIR/a cache"
	fake_deb "$archive/pool" 6.1.0-49-amd64 6.1.149-1
	fake_archive "$archive"
	fake_named debian-6.1 "$archive" 6.1.0-49-amd64 6.1.149-1
	kernel_get debian-6.1
	prepared
	fake_kernel "$BATS_TEST_TMPDIR/my kernel" 6.1.7
	kernel_get "$BATS_TEST_TMPDIR/my kernel/bzImage"
	prepared
}

@test "a cache that cannot be written is said in one line" {
	fake_kernel "$BATS_TEST_TMPDIR/k" 6.1.7
	VTDLAB_CACHE=/proc/vtdlab kernel_get "$BATS_TEST_TMPDIR/k/bzImage"
	[ "$status" = 1 ]
	[[ $stderr == *'cannot make the cache directory /proc/vtdlab'* ]]
	[ "$(wc -l <<<"$stderr")" = 1 ]
}

@test "the kernel files in the tree are complete, and name no host" {
	local conf
	for conf in "$BATS_TEST_DIRNAME"/../../images/kernels/*.conf; do
		# those that are built here have no image to be pinned: see kernel-build.bats
		! grep -q "^\[build\]" "$conf" || continue
		grep -q '^release=[0-9]' "$conf"
		grep -q '^version=[0-9]' "$conf"
		grep -q '^suites=[a-z]' "$conf"
		grep -q '^series=[0-9]' "$conf"
		grep -Eq '^sha256=[0-9a-f]{64}$' "$conf"
		grep -Eq '^linux-(image|binary)-.*-amd64=[0-9a-f]{64}$' "$conf"
		run ! grep -qE '[a-z]+://' "$conf"
	done
}

@test "real archive: a named kernel and an exact build (VTDLAB_TEST_NET=1)" {
	[[ ${VTDLAB_TEST_NET:-} == 1 ]] || skip 'VTDLAB_TEST_NET is not 1'
	unset VTDLAB_KERNELS_DIR APT_CONFIG VTDLAB_DEBIAN_URI VTDLAB_DEBIAN_SECURITY_URI
	kernel_get debian-6.1-cloud
	prepared
	grep -qx 'pvh=true' "$dir/kernel.conf"
	grep -q 'nvme' "$dir/modules/modules.builtin"
	kernel_get debian:6.1.0-1-cloud-amd64
	refused 'nearest to be had: debian:6.1.0-' 125
}

@test "kernel files with noise in them: a reason, and nothing of them is run" {
	cd "$BATS_TEST_TMPDIR"
	# shellcheck disable=SC2016 # that is the point
	values=('$(touch pwned)' '`touch pwned`' '; touch pwned' '../../../../etc' '*' '-x' '' ' ' $'\xff\xfe' "'" '"' '[' 'a;b;c'
		'x[$(touch pwned)]' '9999999999999999999999' $'\e[2J')
	RANDOM=1
	for i in $(seq 24); do
		mapfile -t conf <"$scripts/../images/kernels/debian-6.1.conf"
		# one value after the other, and the whole file shaken a little
		at=$((i % ${#conf[@]}))
		value=${values[RANDOM % ${#values[@]}]}
		conf[at]=${conf[at]%%=*}=$value
		((i % 3)) || conf[RANDOM % ${#conf[@]}]=$value
		((i % 5)) || unset "conf[RANDOM % ${#conf[@]}]"
		printf '%s\n' "${conf[@]}" >"$VTDLAB_KERNELS_DIR/noise.conf"
		kernel_get noise
		echo "$i: $status: $stderr"
		[[ $status =~ ^(1|2|125)$ ]]
		[[ -z $output && -n $stderr && $stderr != *[$'\e']* ]]
		# a reason, and no complaint of the shell's
		[[ ! $stderr =~ (line\ [0-9]+:|unbound|syntax\ error|not\ found:) ]]
		[ ! -e pwned ]
	done
}
