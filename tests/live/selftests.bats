#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kvmperf beside the kernel's own selftests, in a VM: two rounds of all pairs.
# Only where they can be built, or were: a source of 140 MB is not fetched for
# a test.

# shellcheck disable=SC2154 # from bats
bats_require_minimum_version 1.5.0

setup()
{
	[ "${VTDLAB_TEST_VM:-1}" != 0 ] || skip "VTDLAB_TEST_VM=0"
}

@test "in virtual time ours costs no more than theirs, for the same faults" {
	root=$BATS_TEST_DIRNAME/../..
	vtdlab=${VTDLAB:-$root/build/vtdlab}
	dir=$("$root/scripts/selftests-build" --offline 2>/dev/null) ||
		skip "the selftests are not built here (make compare-selftests)"
	run --separate-stderr "$vtdlab" bench --selftests "$dir" --rounds 2 --results "$BATS_TEST_TMPDIR"
	[ "$status" = 0 ] || { echo "$output / $stderr"; false; }
	json=$BATS_TEST_TMPDIR/latest-bench/selftests.json
	# one fault a page, and the selftest's own pages besides
	jq -e '.pairs[0].steps[0] | .kvmperf.faults == 4096 and .selftest.faults >= 4096' "$json"
	jq -e '[.pairs[] | select(.skip == "")] | length >= 11' "$json"
	jq -e 'all(.pairs[].steps[] | select(.judged); .ratio <= 1)' "$json"
	# Debian's kernels have no page_idle, and both say so
	jq -e '.pairs[] | select(.name == "access-tracking") | .skip | contains("IDLE_PAGE_TRACKING")' "$json"
}
