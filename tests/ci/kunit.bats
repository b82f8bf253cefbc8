#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The deep copy's own tests (KUnit) in a kernel of ours, by what both kernels of a run say on the console. Skipped where that
# kernel is not built (make kernel KERNEL=lab-6.12-kunit).

bats_require_minimum_version 1.5.0

# ktap FILE SUITE: "ok NAME" or "not ok NAME" of each test of the suite, and of the suite itself; a skipped one is "skip".
ktap()
{
	sed 's/\r$//; s/^[0-9.]* *\[ *[0-9.]*\] //' "$1" | awk -v suite="$2" '
	/^ *# Subtest: / { inside = $NF == suite; next }
	/^ *(not )?ok [0-9]+ / {
		word = $1 == "not" ? "not ok" : /# SKIP/ ? "skip" : "ok"
		name = $1 == "not" ? $4 : $3
		if (name == "-")
			name = $1 == "not" ? $5 : $4
		if (inside)
			print word, name
		if (name == suite)
			inside = 0
	}'
}

# wanted: what a kernel that passes prints.
wanted()
{
	sed -n 's/^\tKUNIT_CASE(\([a-z_]*\)),$/ok \1/p' kernel-patches/src/kdump_kunit.c
	sed -n 's/^\t\.name = "\([a-z_]*\)",$/ok \1/p' kernel-patches/src/kdump_kunit.c
}

@test "a test that failed, was skipped, or is missing is seen in the console" {
	local log=$BATS_TEST_TMPDIR/log
	printf '%s\r\n' '[    0.5]     # Subtest: other' '[    0.5]     ok 1 a' '[    0.5] ok 1 other' '[    0.6]     # Subtest: mine' \
		'[    0.6]     ok 1 a' '[    0.6]     not ok 2 b' '[    0.6]     ok 3 c # SKIP no' '123.45 [    0.6] not ok 2 mine' >"$log"
	[ "$(ktap "$log" mine)" = $'ok a\nnot ok b\nskip c\nnot ok mine' ]
	[ "$(wanted | wc -l)" -ge 10 ]
}

@test "the tests of the copy pass in the first kernel and in the crash kernel" {
	local kernel=lab-6.12-kunit results=$BATS_TEST_TMPDIR/results both
	scripts/kernel-build "$kernel" --cached >/dev/null 2>&1 || skip "$kernel is not built: make kernel KERNEL=$kernel"
	run "${VTDLAB:-build/vtdlab}" run kdump-deep --kernel "$kernel" --results "$results"
	echo "$output"
	[ "$status" -eq 0 ]
	both=$(ktap "$results/latest/console.log" intel_iommu_kdump)
	diff <(wanted; wanted) <(echo "$both")
}
