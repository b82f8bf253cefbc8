#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# scripts/kernel-build --lint (make lint-kernel), with a made-up source tree, compiler and sparse.

# shellcheck disable=SC2154,SC2030,SC2031 # from the fixtures and bats
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
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho "0.6.4 (made up)"\n' >"$BATS_TEST_TMPDIR/bin/sparse"
	chmod +x "$BATS_TEST_TMPDIR/bin/sparse"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

lint() { run --separate-stderr "$scripts/kernel-build" --lint "$@"; }

# came_of STATUS LINE...: just that on stdout.
came_of()
{
	[[ $status == "$1" && $output == "$(printf '%s\n' "${@:2}")" ]] || {
		echo "status $status: $output / $stderr"
		return 1
	}
}

readonly fine=('lab-6.1: patches passed: 2 apply exactly' 'lab-6.1: checkpatch.pl passed: 1 files and 2 patches'
	'lab-6.1: kernel-doc passed: 1 files' 'lab-6.1: W=1 passed: 3 objects, 1 of them ours' 'lab-6.1: sparse passed: 1 files')

@test "each check says what it looked at, the last line adds up, and no kernel is built" {
	lint lab-6.1
	came_of 0 "${fine[@]}" '5 passed, 0 failed, 0 skipped'
	[ ! -s "$BUILT" ]
	# the objects of a build are not touched, and it is all looked at again
	[ ! -d "$tree/lab-build" ]
	lint lab-6.1
	came_of 0 "${fine[@]}" '5 passed, 0 failed, 0 skipped'
}

@test "without a name: every kernel that is built here, those of the same files once" {
	fake_lab lab-6.1-debug config=net
	fake_lab lab-6.1-nofix fixes=no
	lint
	came_of 0 "${fine[@]}" 'lab-6.1-nofix: patches passed: 1 apply exactly' \
		'lab-6.1-nofix: checkpatch.pl passed: 1 files and 1 patches' \
		'lab-6.1-nofix: kernel-doc passed: 1 files' \
		'lab-6.1-nofix: W=1 passed: 3 objects, 1 of them ours' 'lab-6.1-nofix: sparse passed: 1 files' \
		'10 passed, 0 failed, 0 skipped'
}

@test "a source that cannot be had is a skip with its reason, of that kernel only" {
	fake_lab lab-6.2
	sed -i 's/6[.]1[.]7-1/6.2.1-1/' "$VTDLAB_KERNELS_DIR/lab-6.2.conf"
	lint --offline
	came_of 0 "${fine[@]}" \
		"lab-6.2: source skipped: it cannot be had: the source of lab-6.2 (linux-source-6.1 6.2.1-1) is not in the cache ($VTDLAB_CACHE) and may not be fetched with --offline" \
		'5 passed, 0 failed, 1 skipped'
	# nothing was looked at: that is no pass
	lint lab-6.2 --offline
	[[ $status == 1 && ${lines[-1]} == '0 passed, 0 failed, 1 skipped' ]]
	: >"$VTDLAB_PATCHES_DIR/6.1/series"
	lint lab-6.1
	came_of 1 'lab-6.1: source skipped: it has none of kernel-patches/src' '0 passed, 0 failed, 1 skipped'
}

@test "what checkpatch.pl, the compiler and sparse find in what is ours is told, and status 1" {
	printf 'int core = plain_zero; \nint unused;\n/** wrong */\n' >"$VTDLAB_PATCHES_DIR/src/kdump_copy.c"
	hook_patch "$VTDLAB_PATCHES_DIR/6.1/0001-hook.patch" 20 'an unused hook '
	lint lab-6.1
	came_of 1 "${fine[0]}" 'lab-6.1: checkpatch.pl failed: 1 files and 2 patches: it finds something in 2' \
		'lab-6.1: kernel-doc failed: 1 files: it finds something in 1 lines' \
		'lab-6.1: W=1 failed: 3 objects, 1 of them ours: it finds something 2 times' \
		'lab-6.1: sparse failed: 1 files: it finds something 1 times' '1 passed, 4 failed, 0 skipped'
	[[ $stderr == *'src/kdump_copy.c:1: ERROR: trailing whitespace'* ]]
	[[ $stderr == *'3:/** wrong */'* ]]
	[[ $stderr == *'(- is '*'/6.1/0001-hook.patch)'* ]]
	[[ $stderr == *'drivers/iommu/intel/iommu.c:21:1: warning: unused'* ]]
	[[ $stderr == *'drivers/iommu/intel/kdump_copy.c:2:1: warning: unused'* ]]
	[[ $stderr == *'kdump_copy.c:1:2: warning: plain zero'* ]]
}

@test "what is wrong in the kernel's own lines is not ours" {
	echo 'int unused;' >>"$source/drivers/iommu/intel/other.c"
	lint lab-6.1
	came_of 0 "${fine[@]}" '5 passed, 0 failed, 0 skipped'
}

@test "a patch that does not apply, and a tree that does not compile, fail by name" {
	FAKE_ERROR='no such member' lint lab-6.1
	[[ $status == 1 && ${lines[3]} == 'lab-6.1: W=1 failed: compiling it with W=1 of linux-source-6.1 6.1.7-1 failed: x.c:1: error: no such member'* ]]
	[ "${lines[-1]}" = '4 passed, 1 failed, 0 skipped' ]
	sed -i 's/^ line 19$/ line nineteen/' "$VTDLAB_PATCHES_DIR/6.1/0001-hook.patch"
	lint lab-6.1
	[[ $status == 1 && ${lines[0]} == 'lab-6.1: patches failed: kernel-patches/6.1/0001-hook.patch does not apply to linux-source-6.1 6.1.7-1: drivers/iommu/intel/iommu.c: hunk #1 fails at'* ]]
	[ "${lines[-1]}" = '0 passed, 1 failed, 0 skipped' ]
}

@test "a tool that looks at nothing is no tool that finds nothing" {
	FAKE_PASS_OVER=1 lint lab-6.1
	[[ $status == 1 && ${lines[3]} == 'lab-6.1: W=1 failed: the compiler was not given all of our files'* ]]
	[[ ${lines[4]} == 'lab-6.1: sparse failed: it looked at 0 of 1 files'* ]]
	FAKE_OLD_SPARSE=1 lint lab-6.1
	came_of 0 "${fine[@]:0:4}" 'lab-6.1: sparse skipped: 0.6.4 (made up) is too old for this kernel' \
		'4 passed, 0 failed, 1 skipped'
}

@test "a kernel-doc that this host cannot run is a skip" {
	FAKE_NO_DOC=1 lint lab-6.1
	[[ $status == 0 && ${lines[2]} == 'lab-6.1: kernel-doc skipped: scripts/kernel-doc cannot be run here: '* ]]
	[ "${lines[-1]}" = '4 passed, 0 failed, 1 skipped' ]
}

@test "without sparse that check is a skip with what to type" {
	local program
	# of all that is installed, but for sparse
	mkdir "$BATS_TEST_TMPDIR/all"
	for program in /usr/local/bin/* /usr/bin/* /bin/* /usr/sbin/* /sbin/*; do
		[[ ${program##*/} == sparse ]] || ln -sf "$program" "$BATS_TEST_TMPDIR/all/"
	done
	rm "$BATS_TEST_TMPDIR/bin/sparse"
	if [[ -n $(PATH=/usr/local/sbin:/usr/sbin:/sbin type -P sparse) ]]; then
		skip 'sparse is in a sbin of this host'
	fi
	PATH=$BATS_TEST_TMPDIR/all lint lab-6.1
	came_of 0 "${fine[@]:0:4}" 'lab-6.1: sparse skipped: it is not installed (apt-get install sparse)' \
		'4 passed, 0 failed, 1 skipped'
}

@test "a tree (KDIR), and what cannot be linted at all" {
	fake_tree "$BATS_TEST_TMPDIR/linux"
	lint --kdir "$BATS_TEST_TMPDIR/linux"
	[[ $status == 0 && ${lines[-1]} == '5 passed, 0 failed, 0 skipped' ]]
	lint lab-9
	[[ $status == 2 && $stderr == *"'lab-9' is no kernel that is built here: those are lab-6.1"* && -z $output ]]
	lint lab-6.1 --kdir /
	[[ $status == 2 && $stderr == *'either a name or a tree'* ]]
	lint --kdir "$BATS_TEST_TMPDIR/nothing"
	[[ $status == 125 && $stderr == *'no such kernel tree'* ]]
}
