#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# scripts/kernel-build: with a made-up source tree that builds in no time. A
# real one is built by tests/live.

# shellcheck disable=SC2154,SC2030,SC2031,SC2001 # from the fixtures and bats
bats_require_minimum_version 1.5.0
load kernel-fixture
load lab-fixture

setup_file()
{
	fake_lab_file
}

setup()
{
	fake_lab_world
}

teardown()
{
	[[ ! -d $BATS_TEST_TMPDIR/small ]] || umount "$BATS_TEST_TMPDIR/small" 2>/dev/null || true
}

kernel_build() { run --separate-stderr "$scripts/kernel-build" "$@"; }

# refused WORDS [STATUS]: said so, and nothing in the cache of kernels.
refused()
{
	[[ $status == "${2:-2}" && $stderr == *$1* && -z $output ]] || {
		echo "status $status: $output / $stderr"
		return 1
	}
	[[ -z $(ls -d "$VTDLAB_CACHE/kernels/"*/ 2>/dev/null) ]]
	[[ ! -d $VTDLAB_CACHE/tmp ]]
}

builds() { wc -l <"$BUILT"; }

@test "from nothing: fetched, patched, configured, built, put in the cache" {
	not_fetched
	kernel_build lab-6.1
	prepared
	[[ $dir == "$VTDLAB_CACHE"/kernels/6.1.7-lab-* ]]
	grep -qx 'spec=lab-6.1' "$dir/kernel.conf"
	grep -qx 'source=lab' "$dir/kernel.conf"
	grep -qx 'patches=2' "$dir/kernel.conf"
	grep -qx 'pvh=true' "$dir/kernel.conf"
	cmp "$dir/bzImage" "$FAKE_BZIMAGE"
	[ "$(cat "$dir/config")" = $'CONFIG_INTEL_IOMMU=y\nCONFIG_NVME=m\nCONFIG_INTEL_IOMMU_KDUMP=y' ]
	[ -f "$dir/modules/modules.dep" ]
	[ ! -e "$dir/modules/build" ]
	[ "$(sed -n '21p;42p' "$tree/$file")" = $'the hook\nthe fix' ]
	cmp "$tree/drivers/iommu/intel/kdump_copy.c" "$VTDLAB_PATCHES_DIR/src/kdump_copy.c"
	# the source as packaged stays as it was, but for what no VM can use
	[ "$(cat "$source/$file")" = "$(seq -f 'line %g' 60)" ]
	[ ! -e "$source/drivers/iommu/intel/kdump_copy.c" ]
	[ ! -e "$source/arch/arm/arm.c" ]
	# progress: a phase a line, with the time
	[[ $stderr == *'lab-6.1: compiling ('*' s)'* ]]
}

@test "the second time it is there at once, offline, and --report says so" {
	kernel_build lab-6.1
	prepared
	first=$dir
	kernel_build lab-6.1 --offline
	prepared
	[ "$dir" = "$first" ]
	[ -z "$stderr" ]
	[ "$(builds)" = 1 ]
	kernel_build lab-6.1 --report
	[[ $output == "lab-6.1: 6.1.7-lab ("*"), built before: $first" ]]
	# the source is not needed for that
	rm -rf "$VTDLAB_CACHE/lab" "$VTDLAB_CACHE/apt"
	kernel_build lab-6.1 --offline
	prepared
}

@test "kernel-get builds it, and vtdlab's other ways to a kernel stay" {
	run --separate-stderr "$scripts/kernel-get" lab-6.1 --require INTEL_IOMMU_KDUMP
	# the lab needs more of a kernel than the fake one has: that is kernel-get's word
	[[ $status == 125 && $stderr == *'lab-6.1 lacks config options that the lab needs'* ]]
	[ "$(builds)" = 1 ]
	run --separate-stderr "$scripts/kernel-get" --all
	[ "$status" = 0 ]
	[ "$(builds)" = 1 ]
	run --separate-stderr "$scripts/kernel-get" lab-6.1 --modules /tmp
	[[ $status == 2 && $stderr == *'--modules goes with'* ]]
	run --separate-stderr "$scripts/kernel-get" lab:/nowhere
	[[ $status == 125 && $stderr == *'no such kernel tree: /nowhere'* ]]
}

@test "a changed patch, option, new file or compiler is another kernel; the rest is left alone" {
	kernel_build lab-6.1
	prepared
	before=$dir
	old=$(stat -c %y "$tree/drivers/iommu/intel/other.c" "$tree/drivers/iommu/intel/kdump_copy.c")
	hook_patch "$VTDLAB_PATCHES_DIR/6.1/0001-hook.patch" 20 'another hook'
	kernel_build lab-6.1
	prepared
	[ "$dir" != "$before" ]
	before=$dir
	[ "$(sed -n '21p;42p' "$tree/$file")" = $'another hook\nthe fix' ]
	[ "$(stat -c %y "$tree/drivers/iommu/intel/other.c" "$tree/drivers/iommu/intel/kdump_copy.c")" = "$old" ]
	echo '# a word' >>"$VTDLAB_KCONFIG_DIR/net.config"
	kernel_build lab-6.1
	prepared
	[ "$dir" != "$before" ]
	before=$dir
	echo 'int core2;' >"$VTDLAB_PATCHES_DIR/src/kdump_copy.c"
	kernel_build lab-6.1
	prepared
	[ "$dir" != "$before" ]
	before=$dir
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho "gcc (other) 99"\n' >"$BATS_TEST_TMPDIR/bin/gcc"
	chmod +x "$BATS_TEST_TMPDIR/bin/gcc"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH kernel_build lab-6.1
	prepared
	[ "$dir" != "$before" ]
	[ "$(builds)" = 5 ]
	# and the first is found again
	echo '# nothing' >"$VTDLAB_KCONFIG_DIR/net.config"
	hook_patch "$VTDLAB_PATCHES_DIR/6.1/0001-hook.patch" 20 'another hook'
	echo 'int core2;' >"$VTDLAB_PATCHES_DIR/src/kdump_copy.c"
}

@test "a patch that is taken away leaves nothing behind" {
	kernel_build lab-6.1
	prepared
	echo '# none' | tee "$VTDLAB_PATCHES_DIR"/{6.1,fixes/6.1}/series >/dev/null
	kernel_build lab-6.1
	prepared
	[[ $stderr == *'kernel-patches/6.1 is empty: built without the deep copy'* ]]
	[ "$(cat "$tree/$file")" = "$(seq -f 'line %g' 60)" ]
	[ ! -e "$tree/drivers/iommu/intel/kdump_copy.c" ]
	run ! grep -q KDUMP "$dir/config"
	grep -qx 'patches=0' "$dir/kernel.conf"
}

@test "fixes=no builds the bad side, in a place of its own" {
	fake_lab lab-6.1-nofix fixes=no
	kernel_build lab-6.1
	prepared
	good=$dir
	kernel_build lab-6.1-nofix
	prepared
	[ "$dir" != "$good" ]
	grep -qx 'patches=1' "$dir/kernel.conf"
	run ! grep -q 'the fix' "$VTDLAB_CACHE/lab/work/lab-6.1-nofix/tree/$file"
	grep -q 'the fix' "$tree/$file"
	fake_lab lab-6.1-nofix fixes=maybe
	kernel_build lab-6.1-nofix
	[[ $status == 2 && $stderr == *"fixes must be yes or no, not 'maybe'"* ]]
}

@test "bugs=yes adds its patches and sources, last, and another kernel is none the wiser" {
	mkdir -p "$VTDLAB_PATCHES_DIR"/bugs/{src,6.1}
	echo 0001-bug.patch >"$VTDLAB_PATCHES_DIR/bugs/6.1/series"
	kernel_build lab-6.1
	prepared
	good=$dir
	seq -f 'line %g' 60 | sed '20a\the hook' >"$BATS_TEST_TMPDIR/a"
	sed 's/^the hook/& with a bug/' "$BATS_TEST_TMPDIR/a" >"$BATS_TEST_TMPDIR/b"
	diff -u --label "a/$file" --label "b/$file" "$BATS_TEST_TMPDIR"/{a,b} \
		>"$VTDLAB_PATCHES_DIR/bugs/6.1/0001-bug.patch" || true
	echo 'int bug;' >"$VTDLAB_PATCHES_DIR/bugs/src/vtdlab_bug.c"
	kernel_build lab-6.1
	[[ $status == 0 && $output == "$good" ]]
	[ ! -e "$tree/drivers/iommu/intel/vtdlab_bug.c" ]
	fake_lab lab-6.1-bugs bugs=yes
	kernel_build lab-6.1-bugs
	prepared
	[ "$dir" != "$good" ]
	before=$dir
	grep -qx 'patches=3' "$dir/kernel.conf"
	tree=$VTDLAB_CACHE/lab/work/lab-6.1-bugs/tree
	[ "$(sed -n '21p;42p' "$tree/$file")" = $'the hook with a bug\nthe fix' ]
	cmp "$tree/drivers/iommu/intel/vtdlab_bug.c" "$VTDLAB_PATCHES_DIR/bugs/src/vtdlab_bug.c"
	# both are part of its name
	echo 'int bug2;' >"$VTDLAB_PATCHES_DIR/bugs/src/vtdlab_bug.c"
	kernel_build lab-6.1-bugs
	prepared
	[ "$dir" != "$before" ]
	fake_lab lab-6.1-bugs bugs=6.1
	kernel_build lab-6.1-bugs
	[[ $status == 2 && $stderr == *"bugs must be yes or no, not '6.1'"* ]]
}

@test "an option that does not survive: its name, its file, and nothing built" {
	echo CONFIG_NO_SUCH=y >>"$VTDLAB_KCONFIG_DIR/debug.config"
	kernel_build lab-6.1
	refused 'CONFIG_NO_SUCH=y of debug.config became n (no such symbol there)' 125
	[ "$(grep -c 'did not survive in linux-source-6.1 6.1.7-1' <<<"$stderr")" = 1 ]
	[ "$(builds)" = 0 ]
	# a line that is no option at all
	echo 'CONFIG MODE=y' >"$VTDLAB_KCONFIG_DIR/debug.config"
	kernel_build lab-6.1
	refused 'CONFIG MODE=y' 125
	# off, and on all the same
	echo 'CONFIG_MODE=n' >"$VTDLAB_KCONFIG_DIR/debug.config"
	sed -i 's/ || \[ "$$v" = n \]//; s/\$\$s=\$\$v/$$s=y/' "$tree/Makefile"
	kernel_build lab-6.1
	refused 'CONFIG_MODE=n of debug.config became' 125
	# the last word on an option counts
	echo 'CONFIG_MODE=m' >"$VTDLAB_KCONFIG_DIR/debug.config"
	echo 'CONFIG_MODE=y' >"$VTDLAB_KCONFIG_DIR/6.1.config"
	kernel_build lab-6.1
	[[ $stderr != *'MODE=m'* ]]
}

@test "a patch that does not apply: which, where, to what, and nothing built" {
	hook_patch "$VTDLAB_PATCHES_DIR/6.1/0001-hook.patch" 20 'the hook'
	sed -i 's/^ line 19$/ line nineteen/' "$VTDLAB_PATCHES_DIR/6.1/0001-hook.patch"
	kernel_build lab-6.1
	refused 'kernel-patches/6.1/0001-hook.patch does not apply to linux-source-6.1 6.1.7-1: drivers/iommu/intel/iommu.c: hunk #1 fails at' 125
	[ "$(builds)" = 0 ]
	# and the tree was not touched
	[ ! -d "$tree" ] || [ "$(cat "$tree/$file")" = "$(seq -f 'line %g' 60)" ]
}

@test "fuzz is refused even where patch would find a place" {
	# the outermost line of the context differs: patch would take it with fuzz 1
	sed -i 's/^ line 18$/ line eighteen/' "$VTDLAB_PATCHES_DIR/6.1/0001-hook.patch"
	mkdir -p "$BATS_TEST_TMPDIR/fuzzy"
	fake_tree "$BATS_TEST_TMPDIR/fuzzy"
	(cd "$BATS_TEST_TMPDIR/fuzzy" && patch -s -p1 <"$VTDLAB_PATCHES_DIR/6.1/0001-hook.patch")
	kernel_build lab-6.1
	refused 'fuzz is never allowed' 125
}

@test "an offset is taken and reported" {
	sed -i 's/^@@ -18,6 +18,7 @@/@@ -13,6 +13,7 @@/' "$VTDLAB_PATCHES_DIR/6.1/0001-hook.patch"
	kernel_build lab-6.1
	prepared
	[[ $stderr == *'note: kernel-patches/6.1/0001-hook.patch: drivers/iommu/intel/iommu.c: hunk #1 succeeded at 18 (offset 5 lines)'* ]]
	[ "$(sed -n '21p' "$tree/$file")" = 'the hook' ]
}

@test "patches of other trees: a file that is not there, one that is applied already, one that is missing" {
	cp "$VTDLAB_PATCHES_DIR/6.1/0001-hook.patch" "$BATS_TEST_TMPDIR/good"
	sed -i 's/iommu\.c/nowhere.c/' "$VTDLAB_PATCHES_DIR/6.1/0001-hook.patch"
	kernel_build lab-6.1
	refused 'drivers/iommu/intel/nowhere.c: no such file in the tree' 125
	cp "$BATS_TEST_TMPDIR/good" "$VTDLAB_PATCHES_DIR/6.1/0001-hook.patch"
	printf '0001-hook.patch\n0001-hook.patch\n' >"$VTDLAB_PATCHES_DIR/6.1/series"
	kernel_build lab-6.1
	refused 'it is applied already' 125
	echo 0002-gone.patch >>"$VTDLAB_PATCHES_DIR/6.1/series"
	kernel_build lab-6.1
	refused 'names 0002-gone.patch, which is not there'
	echo 0001-hook.patch >"$VTDLAB_PATCHES_DIR/6.1/series"
	echo 'int other;' >"$VTDLAB_PATCHES_DIR/src/other.c"
	kernel_build lab-6.1
	refused 'the tree has a drivers/iommu/intel/other.c of its own' 125
	# what is of the IOVA library goes beside it
	mv "$VTDLAB_PATCHES_DIR"/src/{,iova-}other.c
	: >"$source/drivers/iommu/iova-other.c"
	kernel_build lab-6.1
	refused 'the tree has a drivers/iommu/iova-other.c of its own' 125
}

@test "a source version gone from the archive: the newest of its series, and it is said" {
	not_fetched
	fake_source_deb "$archive/pool" 6.1.9-1
	rm "$archive"/pool/*_6.1.7-1_*
	fake_archive "$archive"
	kernel_build lab-6.1
	prepared
	[[ $stderr == *'pinned source linux-source-6.1 6.1.7-1 is gone from the archive, using the newest of its series, 6.1.9-1'* ]]
	grep -qx 'version=6.1.9-1' "$dir/kernel.conf"
	[ "$(cat "$tree/version")" = 6.1.9-1 ]
	# remembered, and said again
	kernel_build lab-6.1 --offline
	prepared
	[[ $stderr == *'6.1.7-1 is gone, using 6.1.9-1'* ]]
	[ "$(builds)" = 1 ]
}

@test "the lists still name a version that is gone from the pool" {
	not_fetched
	kernel_build lab-6.1
	prepared
	rm -rf "$VTDLAB_CACHE"/{kernels,lab}
	fake_source_deb "$archive/pool" 6.1.9-1
	rm "$archive"/pool/*_6.1.7-1_*
	fake_archive "$archive"
	kernel_build lab-6.1
	prepared
	grep -qx 'version=6.1.9-1' "$dir/kernel.conf"
}

@test "a whole series gone from the archive; a source that is not the pinned one; offline" {
	not_fetched
	kernel_build lab-6.1 --offline
	refused 'is not in the cache' 1
	sed -i 's/^linux-source-6.1=..../linux-source-6.1=0000/' "$VTDLAB_KERNELS_DIR/lab-6.1.conf"
	kernel_build lab-6.1
	refused 'does not have its sha256' 1
	rm "$archive"/pool/*
	rm -rf "$VTDLAB_CACHE/apt"
	fake_archive "$archive"
	echo >>"$archive/dists/bookworm/main/binary-amd64/Packages"
	fake_deb "$archive/pool" 6.1.0-49-amd64 6.1.149-1
	fake_archive "$archive"
	kernel_build lab-6.1
	refused 'is gone from the archive, and so is its whole series' 125
}

@test "an error of the compiler: its words, the log, nothing in the cache" {
	FAKE_ERROR='no such thing' kernel_build lab-6.1
	refused 'the build of linux-source-6.1 6.1.7-1 failed: x.c:1: error: no such thing (see ' 1
	kernel_build lab-6.1
	prepared
}

@test "a full disk: one line, nothing half built" {
	((EUID == 0)) || skip 'not root: cannot mount a small tmpfs'
	kernel_build lab-6.1
	prepared
	mkdir "$BATS_TEST_TMPDIR/small"
	mount -t tmpfs -o size=12m none "$BATS_TEST_TMPDIR/small" 2>/dev/null ||
		skip 'may not mount a small tmpfs here'
	export VTDLAB_CACHE=$BATS_TEST_TMPDIR/small/cache
	# seen before anything is fetched
	kernel_build lab-6.1
	refused 'not enough space for' 1
	# and when it happens all the same
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho Avail\necho 99000000000\n' >"$BATS_TEST_TMPDIR/bin/df"
	chmod +x "$BATS_TEST_TMPDIR/bin/df"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH FAKE_FILL=1 kernel_build lab-6.1
	refused "the disk of $VTDLAB_CACHE is full" 1
	rm "$VTDLAB_CACHE/lab/work/lab-6.1/tree/lab-build/filler"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH kernel_build lab-6.1
	prepared
}

@test "interrupted: make ends too, nothing in the cache, the next one builds" {
	FAKE_SLEEP=30 "$scripts/kernel-build" lab-6.1 >"$BATS_TEST_TMPDIR/out" 2>&1 &
	pid=$!
	for _ in $(seq 600); do
		[[ ! -s $BUILT ]] || break
		sleep 0.1
	done
	[ -s "$BUILT" ]
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" = 143 ]
	# what its shells had started too, though make knows nothing of it
	run ! grep -qs "^State:[[:space:]]*[^Z]" "/proc/$(cat "$BUILT.pid")/status"
	# make went first: nobody holds the lock any more
	flock -n "$VTDLAB_CACHE/lab/work/lab-6.1/lock" true
	grep -q 'lab-6.1: interrupted' "$BATS_TEST_TMPDIR/out"
	[ -z "$(ls "$VTDLAB_CACHE/kernels")" ]
	kernel_build lab-6.1
	prepared
	[[ $stderr != *'was killed'* && $stderr != *'waiting for'* ]]
}

@test "killed: what was torn is not trusted" {
	kernel_build lab-6.1
	prepared
	touch "$VTDLAB_CACHE/lab/work/lab-6.1/building" "$tree/lab-build/torn.o"
	echo '# a word' >>"$VTDLAB_KCONFIG_DIR/net.config"
	kernel_build lab-6.1
	prepared
	[[ $stderr == *'the last build of lab-6.1 was killed: compiling it anew'* ]]
	[ ! -e "$tree/lab-build/torn.o" ]
}

@test "two at once build once" {
	FAKE_SLEEP=2 "$scripts/kernel-build" lab-6.1 >"$BATS_TEST_TMPDIR/one" 2>/dev/null &
	FAKE_SLEEP=2 "$scripts/kernel-build" lab-6.1 >"$BATS_TEST_TMPDIR/two" 2>/dev/null
	wait $!
	cmp "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
	[ "$(builds)" = 1 ]
	# and while it compiles, other kernels can be had
	echo '# a word' >>"$VTDLAB_KCONFIG_DIR/net.config"
	FAKE_GATE=$BATS_TEST_TMPDIR/gate "$scripts/kernel-build" lab-6.1 >/dev/null 2>&1 &
	pid=$!
	for _ in $(seq 600); do
		[ "$(builds)" = 1 ] || break
		sleep 0.1
	done
	[ "$(builds)" = 2 ]
	fake_kernel "$BATS_TEST_TMPDIR/other" 6.1.8
	timeout 300 "$scripts/kernel-get" "$BATS_TEST_TMPDIR/other/bzImage"
	kill -0 "$pid" # it compiles still
	touch "$BATS_TEST_TMPDIR/gate"
	wait "$pid"
}

@test "what a make above leaves in the environment does not reach the kernel's" {
	printf 'x:\n\t@%s lab-6.1 >/dev/null\n' "$scripts/kernel-build" >"$BATS_TEST_TMPDIR/Makefile"
	make -s -C "$BATS_TEST_TMPDIR" ARCH=arm V=0 x
	run ! grep -E 'ARCH|arm|V=' "$BUILT"
}

@test "KDIR: a copy is built, the tree stays as it is" {
	fake_tree "$BATS_TEST_TMPDIR/linux"
	mkdir -p "$BATS_TEST_TMPDIR/linux/include/config"
	touch "$BATS_TEST_TMPDIR/linux"/{.config,vmlinux,x.o,include/config/auto.conf}
	chmod -R a-w "$BATS_TEST_TMPDIR/linux"
	was=$(cd "$BATS_TEST_TMPDIR/linux" && find . -printf '%p %T@ %C@\n' | sort)
	kernel_build --kdir "$BATS_TEST_TMPDIR/linux"
	chmod -R u+w "$BATS_TEST_TMPDIR/linux"
	prepared
	grep -qx "spec=lab:$BATS_TEST_TMPDIR/linux" "$dir/kernel.conf"
	work=$(echo "$VTDLAB_CACHE"/lab/work/kdir-*/)
	grep -q 'the hook' "$work/tree/$file"
	[ ! -e "$work/tree/.config" ]
	[ ! -e "$work/tree/x.o" ]
	[ "$(cd "$BATS_TEST_TMPDIR/linux" && find . -printf '%p %T@\n' | sort)" = "$(sed 's/ [^ ]*$//' <<<"$was")" ]
	# nothing changed: at once
	kernel_build --kdir "$BATS_TEST_TMPDIR/linux"
	prepared
	[ "$(builds)" = 1 ]
	# a changed and a removed file
	old=$dir
	echo more >>"$BATS_TEST_TMPDIR/linux/$file"
	rm "$BATS_TEST_TMPDIR/linux/arch/arm/arm.c"
	kernel_build --kdir "$BATS_TEST_TMPDIR/linux"
	prepared
	[ "$dir" != "$old" ]
	[ "$(tail -n 1 "$work/tree/$file")" = more ]
	grep -q 'the hook' "$work/tree/$file"
	[ ! -e "$work/tree/arch/arm/arm.c" ]
}

@test "KDIR: of a git tree, what git tracks or would add" {
	type -P git >/dev/null || skip 'no git on this host'
	fake_tree "$BATS_TEST_TMPDIR/linux"
	cd "$BATS_TEST_TMPDIR/linux"
	echo '*.o' >.gitignore
	git init -q .
	git add -A
	git -c user.name=a -c user.email=a@b commit -qm x
	touch new.c junk.o
	rm arch/arm/arm.c
	kernel_build --kdir .
	prepared
	work=$(echo "$VTDLAB_CACHE"/lab/work/kdir-*/)
	[ -e "$work/tree/new.c" ]
	[ ! -e "$work/tree/junk.o" ]
	[ ! -e "$work/tree/arch/arm/arm.c" ]
	[ ! -e "$work/tree/.git" ]
	git diff --quiet HEAD -- drivers
}

@test "KDIR of no kernel, of nothing, and one that no hooks fit" {
	kernel_build --kdir "$BATS_TEST_TMPDIR/k"
	refused 'is no kernel source tree' 125
	kernel_build --kdir "$BATS_TEST_TMPDIR/nothing"
	refused 'no such kernel tree' 125
	fake_tree "$BATS_TEST_TMPDIR/bad" 6.6
	sed -i 's/line 19/line nineteen/' "$BATS_TEST_TMPDIR/bad/$file"
	hooks_of 6.12 30
	sed -i 's/line 31/line thirty-one/' "$BATS_TEST_TMPDIR/bad/$file"
	was=$(cd "$BATS_TEST_TMPDIR/bad" && find . -printf '%p %T@ %C@\n' | sort)
	kernel_build --kdir "$BATS_TEST_TMPDIR/bad"
	refused "no hooks fit $BATS_TEST_TMPDIR/bad (Linux 6.6), from the nearest: kernel-patches/6.12/0001-hook.patch: $file: hunk #1 fails at 28, nor kernel-patches/6.1/0001-hook.patch: $file: hunk #1 fails at 18; make them for that tree" 125
	# nothing half-patched is left, here or there
	[ "$(cd "$BATS_TEST_TMPDIR/bad" && find . -printf '%p %T@ %C@\n' | sort)" = "$was" ]
	[ -z "$(find "$VTDLAB_CACHE" -name tree -o -name stage)" ]
	[ "$(builds)" = 0 ]
}

# hooks_of SERIES LINE: hooks for that series, behind that line.
hooks_of()
{
	mkdir -p "$VTDLAB_PATCHES_DIR/$1"
	cp "$VTDLAB_PATCHES_DIR/6.1/series" "$VTDLAB_PATCHES_DIR/$1/"
	cp "$VTDLAB_KCONFIG_DIR/6.1.config" "$VTDLAB_KCONFIG_DIR/$1.config"
	hook_patch "$VTDLAB_PATCHES_DIR/$1/0001-hook.patch" "$2" "the hook of $1"
}

@test "KDIR of a series without hooks of its own: the nearest that fit, the next newer first" {
	local of line
	hooks_of 6.12 30
	hooks_of 7.3 40
	# series of the tree, a line that it has not, whose hooks fit
	while read -r series line of; do
		rm -rf "$BATS_TEST_TMPDIR/linux"
		fake_tree "$BATS_TEST_TMPDIR/linux" "$series"
		sed -i "s/^line \($line\)\$/other/" "$BATS_TEST_TMPDIR/linux/$file"
		kernel_build --kdir "$BATS_TEST_TMPDIR/linux"
		echo "$series $line: $stderr"
		prepared
		[[ $stderr == *"note: $BATS_TEST_TMPDIR/linux is Linux $series: taking the hooks of $of, which fit"* || $series == "$of" ]]
		grep -q "^the hook\( of $of\)\?\$" "$VTDLAB_CACHE"/lab/work/kdir-*/tree/"$file"
		[ "$(grep -c '^the hook' "$VTDLAB_CACHE"/lab/work/kdir-*/tree/"$file")" = 1 ]
		[[ $(grep '^the hook' "$VTDLAB_CACHE"/lab/work/kdir-*/tree/"$file") == *"of $of" || $of == 6.1 ]]
	done <<-'END'
		6.6 none 6.12
		6.6 31 6.1
		6.18 none 7.3
		7.2 41 6.12
		7.9 none 7.3
		5.15 none 6.1
		6.12 none 6.12
		6.12 31 7.3
	END
}

@test "usage: unknown names and options" {
	kernel_build
	refused 'which kernel? Those that are built here: lab-6.1'
	kernel_build lab-9
	refused "'lab-9' is no kernel that is built here: those are lab-6.1"
	kernel_build lab-6.1 --jobs no
	refused '--jobs takes a number'
	kernel_build --what
	refused 'unknown option --what'
	kernel_build lab-6.1 --kdir /
	refused 'either a name or a tree'
	run "$scripts/kernel-build" --list
	[ "$output" = lab-6.1 ]
}

@test "--cached: what was built, and nothing is for the asking" {
	kernel_build lab-6.1 --cached
	refused 'lab-6.1 is not built: make kernel KERNEL=lab-6.1' 125
	[ ! -e "$BUILT" ] || [ "$(builds)" -eq 0 ]
	kernel_build lab-6.1
	local built=$output
	kernel_build lab-6.1 --cached
	[ "$status" -eq 0 ]
	[ "$output" = "$built" ]
	# another patch is another kernel
	echo '# changed' >>"$VTDLAB_PATCHES_DIR/src/kdump_copy.c"
	kernel_build lab-6.1 --cached
	[ "$status" -eq 125 ]
	kernel_build --cached --kdir /
	[ "$status" -eq 2 ]
	[[ $stderr == *"--cached goes with a name"* ]]
}

@test "the files of the tree: each series has its options, each conf its package" {
	local conf
	cd "$BATS_TEST_DIRNAME/../.."
	for conf in images/kernels/lab-*.conf; do
		grep -q '^\[build\]' "$conf"
		grep -Eq '^linux-source-[0-9.]+=[0-9a-f]{64}$' "$conf"
		series=$(sed -n 's/^patches=//p' "$conf")
		[ -f "images/config/$series.config" ]
		run ! grep -qE '[a-z]+://' "$conf"
	done
	# every line is an option or a comment
	run ! grep -hvE '^(#.*|CONFIG_[A-Z0-9_a-z]+=([ymn]|[0-9]+|0x[0-9a-f]+|".*")|)$' images/config/*.config
}

