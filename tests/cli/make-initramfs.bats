#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# scripts/make-initramfs: same inputs give the same bytes, modules come with what they need, and
# what is missing is named. Runs on a made-up kernel directory: nothing here is booted.

setup()
{
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	k=$BATS_TEST_TMPDIR/kernel
	mkdir -p "$k/modules/kernel/a"
	echo agent >"$BATS_TEST_TMPDIR/agent"
	echo base >"$k/modules/kernel/a/base-mod.ko"
	echo middle | xz >"$k/modules/kernel/a/middle.ko.xz"
	echo top | zstd -q >"$k/modules/kernel/a/top.ko.zst"
	echo bus | gzip >"$k/modules/kernel/a/bus.ko.gz"
	cat >"$k/modules/modules.dep" <<-END
		kernel/a/base-mod.ko:
		kernel/a/middle.ko.xz: kernel/a/base-mod.ko
		kernel/a/top.ko.zst: kernel/a/middle.ko.xz kernel/a/base-mod.ko
		kernel/a/bus.ko.gz:
	END
	echo kernel/a/solid-thing.ko >"$k/modules/modules.builtin"
	echo "the crash kernel" >"$k/bzImage"
	manifest "modules=top;solid_thing" "optional-modules=absent"
}

# manifest LINE...: of its group [initramfs]
manifest()
{
	{
		echo "[initramfs]"
		printf '%s\n' "$@"
		printf '%s\n' "[also-needs]" "middle=bus"
	} >"$BATS_TEST_TMPDIR/manifest"
}

make_initramfs()
{
	"$root/scripts/make-initramfs" --stage crash --kernel "$k" --agent "$BATS_TEST_TMPDIR/agent" \
		--manifest "$BATS_TEST_TMPDIR/manifest" --out "$BATS_TEST_TMPDIR/out.cpio" "$@"
}

# content FILE: what that file of the initramfs holds
content()
{
	(cd "$BATS_TEST_TMPDIR" && rm -rf unpacked && mkdir unpacked && cd unpacked &&
		cpio -idm --quiet <../out.cpio 2>/dev/null && cat "$1")
}

@test "make-initramfs: modules are unpacked, with what they need, in the order of loading" {
	run make_initramfs
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	run content lib/modules.list
	[ "${lines[0]}" = "base_mod /lib/modules/base_mod.ko" ]
	[ "${lines[1]}" = "bus /lib/modules/bus.ko" ]
	[ "${lines[2]}" = "middle /lib/modules/middle.ko base_mod bus" ]
	[ "${lines[3]}" = "top /lib/modules/top.ko base_mod bus middle" ]
	[ "${lines[4]}" = "solid_thing builtin" ]
	[ "${#lines[@]}" -eq 5 ]
	[ "$(content lib/modules/top.ko)" = top ]
	[ "$(content lib/modules/middle.ko)" = middle ]
	[ "$(content lib/modules/base_mod.ko)" = base ]
	[ "$(content init)" = agent ]
	[ "$(content etc/vtdlab-stage)" = crash ]
}

@test "make-initramfs: same inputs give the same bytes, whatever the umask, place and time" {
	make_initramfs
	cp "$BATS_TEST_TMPDIR/out.cpio" "$BATS_TEST_TMPDIR/before"
	rm "$BATS_TEST_TMPDIR/out.cpio"
	cp -r "$k" "$BATS_TEST_TMPDIR/elsewhere"
	touch -d 2001-01-01 "$BATS_TEST_TMPDIR/agent"
	(umask 077 && make_initramfs --kernel "$BATS_TEST_TMPDIR/elsewhere")
	cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/out.cpio"
}

@test "make-initramfs: nothing is done twice, a changed input or output is noticed" {
	make_initramfs
	inode() { stat -c %i "$BATS_TEST_TMPDIR/out.cpio"; }
	first=$(inode)
	make_initramfs
	[ "$(inode)" = "$first" ]
	echo other >"$k/modules/kernel/a/base-mod.ko"
	make_initramfs
	[ "$(content lib/modules/base_mod.ko)" = other ]
	echo damage >>"$BATS_TEST_TMPDIR/out.cpio"
	make_initramfs
	run grep -c damage "$BATS_TEST_TMPDIR/out.cpio"
	[ "$output" = 0 ]
	make_initramfs --module bus
	content lib/modules.list | grep -q '^bus '
}

@test "make-initramfs: a module asked for by name that is missing is an error that names it" {
	run make_initramfs --module no-such
	[ "$status" -eq 125 ]
	[ "$output" = "make-initramfs: module no_such: $k/modules has it neither as a module nor built in" ]
	[ ! -e "$BATS_TEST_TMPDIR/out.cpio" ]
	run ls "$BATS_TEST_TMPDIR"
	[[ "$output" != *out.cpio* ]]
}

@test "make-initramfs: a module of the manifest that is missing is noted, an optional one is not" {
	manifest "modules=top;gone" "optional-modules=absent"
	run make_initramfs
	[ "$status" -eq 0 ]
	[ "$output" = "make-initramfs: note: $k has no module gone, and it is not built in" ]
}

@test "make-initramfs: a kernel directory without modules" {
	rm -r "$k/modules"
	run make_initramfs
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ -z "$(content lib/modules.list)" ]
}

@test "make-initramfs: a module that modules.dep names but is not there" {
	rm "$k/modules/kernel/a/middle.ko.xz"
	run make_initramfs
	[ "$status" -eq 1 ]
	[[ "$output" == *"middle.ko.xz: named in modules.dep but not there" ]]
	[ ! -e "$BATS_TEST_TMPDIR/out.cpio" ]
}

@test "make-initramfs: modules without modules.dep" {
	rm "$k/modules/modules.dep"
	run make_initramfs
	[ "$status" -eq 125 ]
	[ "$output" = "make-initramfs: $k/modules has no modules.dep: make it with depmod" ]
}

@test "make-initramfs: the first stage holds kexec, its libraries and the crash kernel" {
	manifest "modules=" "programs=kexec" "crash-kernel=yes"
	echo "the crash initramfs" >"$BATS_TEST_TMPDIR/initrd"
	run make_initramfs --stage first --crash-kernel "$k"
	[ "$status" -eq 2 ]
	[[ "$output" == *"needs --crash-kernel DIR and --crash-initrd FILE" ]]
	make_initramfs --stage first --crash-kernel "$k" --crash-initrd "$BATS_TEST_TMPDIR/initrd"
	[ "$(content crash/bzImage)" = "the crash kernel" ]
	[ "$(content crash/initrd)" = "the crash initramfs" ]
	[ ! -e "$BATS_TEST_TMPDIR/unpacked/crash/flat" ]
	[ "$(content etc/vtdlab-stage)" = first ]
	[ -x "$BATS_TEST_TMPDIR/unpacked/sbin/kexec" ]
	[ -x "$BATS_TEST_TMPDIR/unpacked/lib64/ld-linux-x86-64.so.2" ]
	run find "$BATS_TEST_TMPDIR/unpacked" -name 'libc.so.6'
	[ -n "$output" ]
}

@test "make-initramfs: a flat image lies beside the crash kernel, and is noticed when it changes" {
	manifest "modules=" "crash-kernel=yes"
	first() { make_initramfs --stage first --crash-kernel "$k" --crash-initrd "$k/bzImage" --crash-flat "$BATS_TEST_TMPDIR/$1"; }
	echo "as it lies in memory" >"$BATS_TEST_TMPDIR/flat"
	first flat
	[ "$(content crash/flat)" = "as it lies in memory" ]
	[ "$(content crash/bzImage)" = "the crash kernel" ]
	echo "another one" >"$BATS_TEST_TMPDIR/flat"
	first flat
	[ "$(content crash/flat)" = "another one" ]
	run first nowhere
	[ "$status" -eq 2 ]
	[[ "$output" == *"/nowhere: no such image" ]]
}

@test "make-initramfs: a crash kernel without bzImage" {
	manifest "crash-kernel=yes"
	mkdir "$BATS_TEST_TMPDIR/vmlinux-only"
	run make_initramfs --crash-kernel "$BATS_TEST_TMPDIR/vmlinux-only" --crash-initrd "$k/bzImage"
	[ "$status" -eq 125 ]
	[[ "$output" == *"bzImage is missing: kexec can only load a bzImage as the crash kernel" ]]
}

@test "make-initramfs: a workload brings its modules and its program" {
	for module in vfio_iommu_type1 vfio-pci; do
		echo "$module" >"$k/modules/kernel/a/$module.ko"
		echo "kernel/a/$module.ko:" >>"$k/modules/modules.dep"
	done
	run make_initramfs --workload vfio-map
	[ "$status" -eq 2 ]
	[[ "$output" == *"/dma-load: the guest program is not built; run make" ]]
	echo program >"$BATS_TEST_TMPDIR/dma-load"
	make_initramfs --workload vfio-map
	[ "$(content sbin/dma-load)" = program ]
	[ -x "$BATS_TEST_TMPDIR/unpacked/sbin/dma-load" ]
	content lib/modules.list | grep -qx 'vfio_pci /lib/modules/vfio_pci.ko'
	echo changed >"$BATS_TEST_TMPDIR/dma-load"
	make_initramfs --workload vfio-map
	[ "$(content sbin/dma-load)" = changed ]
	make_initramfs
	run content sbin/dma-load
	[ "$status" -ne 0 ]
}

@test "make-initramfs: a workload's optional module is taken where the kernel has it" {
	local module
	echo program >"$BATS_TEST_TMPDIR/kvmperf"
	for module in kvm-amd vfio_iommu_type1 vfio-pci; do
		echo "$module" >"$k/modules/kernel/a/$module.ko"
		echo "kernel/a/$module.ko:" >>"$k/modules/modules.dep"
	done
	make_initramfs --workload kvmperf
	content lib/modules.list | grep -qx 'kvm_amd /lib/modules/kvm_amd.ko'
	run grep kvm_intel "$BATS_TEST_TMPDIR/unpacked/lib/modules.list"
	[ "$status" -eq 1 ]
	echo intel >"$k/modules/kernel/a/kvm-intel.ko"
	echo "kernel/a/kvm-intel.ko:" >>"$k/modules/modules.dep"
	make_initramfs --workload kvmperf
	content lib/modules.list | grep -qx 'kvm_intel /lib/modules/kvm_intel.ko'
}

@test "make-initramfs: further programs by their path" {
	mkdir "$BATS_TEST_TMPDIR/programs"
	echo first >"$BATS_TEST_TMPDIR/programs/a"
	echo second >"$BATS_TEST_TMPDIR/programs/b"
	make_initramfs --program "$BATS_TEST_TMPDIR/programs/a" --program "$BATS_TEST_TMPDIR/programs/b"
	[ "$(content sbin/a) $(content sbin/b)" = 'first second' ]
	[ -x "$BATS_TEST_TMPDIR/unpacked/sbin/b" ]
	echo changed >"$BATS_TEST_TMPDIR/programs/b"
	make_initramfs --program "$BATS_TEST_TMPDIR/programs/a" --program "$BATS_TEST_TMPDIR/programs/b"
	[ "$(content sbin/b)" = changed ]
	# one less is another image
	make_initramfs --program "$BATS_TEST_TMPDIR/programs/a"
	run content sbin/b
	[ "$status" -ne 0 ]
	run make_initramfs --program "$BATS_TEST_TMPDIR/programs/c"
	[ "$status" -eq 2 ]
	[[ "$output" == *"/programs/c: no such file" ]]
}

@test "make-initramfs: a workload that cannot be is named" {
	run make_initramfs --workload vfio-map
	[ "$status" -eq 125 ]
	[[ "$output" == *"module vfio_iommu_type1: $k/modules has it neither as a module nor built in" ]]
	run make_initramfs --workload no-such
	[ "$status" -eq 2 ]
	[[ "$output" == *"--workload no-such: there is no "*"/workload-no-such.manifest" ]]
	run make_initramfs --workload ../first
	[ "$status" -eq 2 ]
	[[ "$output" == *"a name, not a path" ]]
}

@test "make-initramfs: what a killed one left goes, what a live one is at stays" {
	mkdir "$BATS_TEST_TMPDIR"/out.cpio.{dead00,alive0}
	touch "$BATS_TEST_TMPDIR"/out.cpio.dead00/cpio
	exec 7<"$BATS_TEST_TMPDIR/out.cpio.alive0"
	flock 7
	make_initramfs 7<&-
	exec 7<&-
	[ ! -e "$BATS_TEST_TMPDIR/out.cpio.dead00" ]
	[ "$(cd "$BATS_TEST_TMPDIR" && echo out.cpio*)" = 'out.cpio out.cpio.alive0 out.cpio.inputs' ]
}

@test "make-initramfs: wrong usage" {
	run make_initramfs --nonsense x
	[ "$status" -eq 2 ]
	[[ "$output" == *"unknown option '--nonsense'"* ]]
	run "$root/scripts/make-initramfs" --stage middle
	[ "$status" -eq 2 ]
	[[ "$output" == *"--stage must be first or crash"* ]]
	run "$root/scripts/make-initramfs" --stage
	[ "$status" -eq 2 ]
	run "$root/scripts/make-initramfs" --stage crash --kernel /nonexistent --out x
	[ "$status" -eq 2 ]
	[[ "$output" == *"/nonexistent: no such kernel directory"* ]]
	run make_initramfs --agent /nonexistent
	[ "$status" -eq 2 ]
	[[ "$output" == *"the agent is not built; run make"* ]]
}
