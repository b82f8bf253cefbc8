#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# scripts/check-series, with a made-up source tree, compiler and series of three patches.

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
	export GIT_CONFIG_NOSYSTEM=1 VTDLAB_FINDINGS_DIR=$scripts/../docs/findings
	mkdir -p "$BATS_TEST_TMPDIR/bin" "$VTDLAB_PATCHES_DIR/mail" "$source/include/linux"
	: >"$source/include/linux/iova.h"
	# An object has, and names, what comments of its source say.
	cat >"$BATS_TEST_TMPDIR/bin/nm" <<-'END'
		#!/bin/bash
		for object; do
			file=${object/lab-build\//}
			sed -n 's/^\/\/ names /                 U /p; s/^\/\/ has /0000000000000000 T /p' "${file%.o}.c" 2>/dev/null
		done
		exit 0
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/nm"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	src=$VTDLAB_PATCHES_DIR/src
	printf '// has kdc_scan\n' >"$src/kdump_copy.c"
	printf '// names kdc_scan\n\t{ "kdump_deep", .mode = 3 },\n' >"$src/kdump.c"
	echo 'obj-y += kdump_copy.o kdump.o' >"$src/Makefile.kdump"
	printf 'config INTEL_IOMMU_KDUMP\n\tbool "x"\n\thelp\n\t  It does.\n' >"$src/Kconfig.kdump"
	printf 'core: kdump_copy.c Kconfig.kdump\nglue: kdump.c parameters.txt\n0001-hook.patch:\n' >"$VTDLAB_PATCHES_DIR/mail/plan"
	printf '\t\tkdump_deep\n\t\t\tIt does.\n' >"$VTDLAB_PATCHES_DIR/mail/parameters.txt"
	for file in core glue cover; do
		printf 'The %s\n\nIts reason.\n' "$file" >"$VTDLAB_PATCHES_DIR/mail/$file"
	done
	sed -i '1i\Subject: The hook\n\nIts reason.\n---\n' "$VTDLAB_PATCHES_DIR/6.1/0001-hook.patch"
}

check_series() { run --separate-stderr "$scripts/check-series" "$@"; }

came_of()
{
	[[ $status == "$1" && $output == "$(printf '%s\n' "${@:2}")" ]] || {
		echo "status $status: $output / $stderr"
		return 1
	}
}

readonly fine=('lab-6.1: series passed: 3 for linux-source-6.1 6.1.7-1' 'lab-6.1: checkpatch.pl passed: 3 patches'
	'lab-6.1: patch 1 passed: 3 objects, 1 of them ours' 'lab-6.1: patch 2 passed: 4 objects, 2 of them ours'
	'lab-6.1: patch 3 passed: 4 objects, 2 of them ours' 'lab-6.1: off passed: without INTEL_IOMMU_KDUMP'
	'lab-6.1: documented passed: 1 members of intel_iommu= in kernel-parameters.txt, each option with a help'
	'lab-6.1: same passed: 4 files of kernel-patches/src')

@test "each patch is taken by git am and compiled, and what came of all is what the lab builds" {
	local before
	before=$(cd "$source" && find . -type f | sort | xargs sha256sum)
	check_series lab-6.1
	came_of 0 "${fine[@]}" '8 passed, 0 failed, 0 skipped'
	[[ $stderr == *'was kept without Documentation/admin-guide/kernel-parameters.txt: the patch to it is held to a stand-in'* ]]
	diff <(echo "$before") <(cd "$source" && find . -type f | sort | xargs sha256sum)
	[ ! -d "$VTDLAB_CACHE/lab/work/series-lab-6.1/tree" ]
	[ ! -s "$BUILT" ]
}

@test "a patch that names what a later one brings is no step that builds" {
	printf '// has kdc_scan\n// names intel_kdump_late\n' >"$src/kdump_copy.c"
	printf '// has intel_kdump_late\n' >>"$src/kdump.c"
	check_series lab-6.1
	came_of 1 "${fine[@]:0:2}" 'lab-6.1: patch 1 failed: it names intel_kdump_late, which no object has yet' \
		'2 passed, 1 failed, 0 skipped'
}

@test "what does not compile, has findings, or is not described" {
	echo 'int unused;' >>"$src/kdump.c"
	check_series lab-6.1
	[[ $status == 1 && ${lines[3]} == 'lab-6.1: patch 2 failed: 4 objects, 2 of them ours: it finds something 1 times' ]]
	[[ $stderr == *'drivers/iommu/intel/kdump.c:3:1: warning: unused'* ]]
	sed -i '$d' "$src/kdump.c"
	printf '\t{ "kdump_max=", .number = &max }, \ncore_param(kdump_own, own, uint, 0444);\n' >>"$src/kdump.c"
	check_series lab-6.1
	came_of 1 "${fine[0]}" 'lab-6.1: checkpatch.pl failed: 3 patches: it finds something in 1' "${fine[@]:2:4}" \
		'lab-6.1: documented failed: missing: kdump_max of intel_iommu= kdump_own=' "${fine[7]}" '6 passed, 2 failed, 0 skipped'
	FAKE_ERROR='no such member' check_series lab-6.1
	[[ $status == 1 && ${lines[2]} == 'lab-6.1: patch 1 failed: compiling it with W=1 of linux-source-6.1 6.1.7-1 failed: x.c:1: error: no such member'* ]]
}

@test "a source that cannot be had is a skip, and a skip is no pass; a name that is none" {
	fake_lab lab-6.2
	sed -i 's/6[.]1[.]7-1/6.2.1-1/' "$VTDLAB_KERNELS_DIR/lab-6.2.conf"
	check_series lab-6.2 --offline
	[[ $status == 1 && ${lines[0]} == 'lab-6.2: source skipped: it cannot be had: the source of lab-6.2 '* ]]
	[ "${lines[1]}" = '0 passed, 0 failed, 1 skipped' ]
	check_series lab-9
	[[ $status == 2 && $stderr == *"'lab-9' is no kernel that is built here"* && -z $output ]]
	check_series --what
	[[ $status == 2 && $stderr == *'unknown option --what'* ]]
}
