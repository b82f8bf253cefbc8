#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What `vtdlab kconfig` prints, taken by the merge_config.sh of real kernels: the oldest and the newest of those whose
# sources the lab has unpacked.

# shellcheck disable=SC2154 # from vtdlab-fixture and bats
bats_require_minimum_version 1.5.0
load vtdlab-fixture

setup()
{
	local kept=${VTDLAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vtdlab}/lab/sources all

	find_vtdlab
	all=$(find "$kept" -mindepth 1 -maxdepth 1 -name 'linux-source-*' -exec test -x '{}/scripts/kconfig/merge_config.sh' \; \
		-print 2>/dev/null | sort -V)
	[ -n "$all" ] || skip "no kernel source is unpacked in $kept (make kernel unpacks one)"
	sources=$(sed -n '1p;$p' <<<"$all" | uniq)
}

# merged BASE SCENARIO...: in each source, of which nothing is written to, a config of BASE (a target of its make) with the
# fragments of the scenarios
merged()
{
	local base=$1 fragments=() source out scenario n=0

	for scenario in "${@:2}"; do
		"$vtdlab" kconfig "$scenario" >"$BATS_TEST_TMPDIR/$scenario"
		fragments+=("$BATS_TEST_TMPDIR/$scenario")
	done
	while read -r source; do
		n=$((n + 1))
		# kconfig's own program is built once for both tests
		out=$BATS_FILE_TMPDIR/$n
		mkdir -p "$out"
		cd "$source" || return
		make -s O="$out" "$base" >"$out/make.log" 2>&1 </dev/null || { cat "$out/make.log"; false; }
		scripts/kconfig/merge_config.sh -O "$out" "$out/.config" "${fragments[@]}" \
			>"$out/merge.log" 2>&1 </dev/null || { cat "$out/merge.log"; false; }
		# every line that asks for something is there as it stands
		grep -h '^CONFIG_' "${fragments[@]}" | grep -vxFf "$out/.config" >"$out/missing" || true
		[ ! -s "$out/missing" ] || { echo "$source $base:"; cat "$out/missing"; false; }
	done <<<"$sources"
}

@test "a defconfig takes all of the fragments, and merge_config.sh has nothing to say of them" {
	merged defconfig kdump kdump-virtio kdump-nested
	run ! grep -h -A 3 'not in final' "$BATS_FILE_TMPDIR"/*/merge.log
}

@test "a tinyconfig, which is of 32 bits, takes all of the fragment" {
	merged tinyconfig kdump
	# merge_config.sh names options of 32 bits; of ours none
	sed -n 's/^CONFIG_\([A-Z0-9_]*\)=.*/CONFIG_\1/p' "$BATS_TEST_TMPDIR/kdump" >"$BATS_TEST_TMPDIR/names"
	run ! grep -wFf "$BATS_TEST_TMPDIR/names" <(grep -h 'not in final' "$BATS_FILE_TMPDIR"/*/merge.log)
}
