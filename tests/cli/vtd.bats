#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The verbs that read tables offline: walk, diff, bench-walk, on golden snapshots and a made-up RAM file.

setup()
{
	cd "$BATS_TEST_DIRNAME/../.." || exit
	VTDLAB=${VTDLAB:-build/vtdlab}
	golden=tests/golden
}

# Eight-byte little-endian word $2 at byte offset $3 of file $1.
put()
{
	local word=$2 bytes='' i
	for i in 0 1 2 3 4 5 6 7; do
		bytes+=$(printf '\\x%02x' $(((word >> (8 * i)) & 255)))
	done
	printf '%b' "$bytes" | dd of="$1" bs=1 seek=$(($3)) conv=notrunc status=none
}

# A RAM file with one legacy context, 00:01.0, that maps 0xffff0000 to 0x7000.
make_ram()
{
	truncate -s 64K "$1"
	put "$1" 0x2001 0x1000         # root: bus 0
	put "$1" 0x3001 0x2080         # context of 00:01.0
	put "$1" 0x0301 0x2088         # DID 3, 3 levels
	put "$1" 0x4003 0x3018         # level 3, entry 3
	put "$1" 0x5003 0x4ff8         # level 2, entry 511
	put "$1" 0x7003 0x5f80         # level 1, entry 496
}

# empty_core FILE MACHINE: a dump of one MiB of zeros; MACHINE as a byte of an ELF header, for printf.
empty_core()
{
	{
		printf '\x7fELF\2\1\1\0\0\0\0\0\0\0\0\0\4\0%b\0\1\0\0\0' "$2"
		printf '\0\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\x38\0\1\0\0\0\0\0\0\0'
		printf '\1\0\0\0\7\0\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
		printf '\0\0\x10\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\x10\0\0\0\0\0\0'
	} >"$1"
	truncate -s $((4096 + 1048576)) "$1"
}

# walk_says STATUS WORDS FILE: one line
walk_says()
{
	run "$VTDLAB" walk --vmcore "$3"
	echo "$status: $output"
	[ "$status" -eq "$1" ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == "vtdlab walk: $3: "*"$2"* ]]
}

@test "walk prints registers, contexts, runs and interrupt-remapping entries" {
	run "$VTDLAB" walk "$golden"/scalable-intremap-7.3.vtd
	[ "$status" -eq 0 ]
	[[ $output == *"phase copied"* ]]
	[[ $output == *"TES RTPS QIES IRES"* ]]
	[[ $output == *"6 contexts, 6 pasids"* ]]
	[[ $output == *"context 0000:00:1f.2 upper "*"slot 122"* ]]
	[[ $output == *"    iova 0x"*" -> 0x"*" rw--"* ]]
	[[ $output == *"irte 21 0x"* ]]
}

@test "walk --summary counts and lists no runs" {
	run "$VTDLAB" walk "$golden"/legacy-6.1.vtd --summary
	[ "$status" -eq 0 ]
	[[ $output == *" leaves 4096 pages 4096 runs 1"* ]]
	[[ $output != *"    iova "* ]]
}

@test "walk shows pass-through as such" {
	run "$VTDLAB" walk "$golden"/passthrough-6.1.vtd
	[ "$status" -eq 0 ]
	[[ $output == *"pass-through"*"pages 1099511627776 runs 1"* ]]
}

@test "walk --json is one JSON object with the same numbers" {
	"$VTDLAB" walk "$golden"/legacy-6.1.vtd --json >"$BATS_TEST_TMPDIR/out.json"
	grep -q '"mode" : "legacy"' "$BATS_TEST_TMPDIR/out.json"
	[ "$(grep -c '"bdf" : ' "$BATS_TEST_TMPDIR/out.json")" -eq 6 ]
	if command -v jq >/dev/null; then
		jq -e '.contexts | length == 6' "$BATS_TEST_TMPDIR/out.json"
	fi
}

@test "walk reads a RAM file from a given root" {
	make_ram "$BATS_TEST_TMPDIR/ram"
	run "$VTDLAB" walk --ram "$BATS_TEST_TMPDIR/ram" --root 0x1000
	[ "$status" -eq 0 ]
	[[ $output == *"1 contexts, 0 pasids, 5 tables, 1 leaves, 1 runs, 0 irtes, 0 defects"* ]]
	[[ $output == *"iova 0xffff0000-0xffff0fff -> 0x7000 rw--"* ]]
}

@test "walk finds the root table of a RAM file by itself, and says what proves it" {
	make_ram "$BATS_TEST_TMPDIR/ram"
	run "$VTDLAB" walk --ram "$BATS_TEST_TMPDIR/ram"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "found root 0x1000: legacy, 1 devices, 1 pages mapped (1 of them RAM), 0 defects" ]
	[[ $output == *"iova 0xffff0000-0xffff0fff -> 0x7000 rw--"* ]]
	run "$VTDLAB" walk --ram "$BATS_TEST_TMPDIR/ram" --json
	[ "$status" -eq 0 ]
	[[ $output == "{"*'"root" : "0x1000"'* ]]
	# a second one, of a device that is passed through, comes after it
	put "$BATS_TEST_TMPDIR/ram" 0x9001 0x8000
	put "$BATS_TEST_TMPDIR/ram" 0x0009 0x9100
	put "$BATS_TEST_TMPDIR/ram" 0x0102 0x9108
	run "$VTDLAB" walk --ram "$BATS_TEST_TMPDIR/ram"
	[ "$status" -eq 0 ]
	[ "$(grep ^found <<<"$output")" = "found root 0x1000: legacy, 1 devices, 1 pages mapped (1 of them RAM), 0 defects
found root 0x8000: legacy, 1 devices, all passed through, so no page table proves it" ]
	run "$VTDLAB" walk --ram "$BATS_TEST_TMPDIR/ram" --json
	[ "$status" -eq 0 ]
	[[ $output == "["* ]]
}

@test "walk without a root table that is proven ends with 125 and one line" {
	make_ram "$BATS_TEST_TMPDIR/ram"
	put "$BATS_TEST_TMPDIR/ram" 0x4000000000005003 0x4ff8 # in an entry that leads to a table it is reserved
	run "$VTDLAB" walk --ram "$BATS_TEST_TMPDIR/ram"
	[ "$status" -eq 125 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"no root table is proven; of 1 doubtful pages the best is --root 0x1000 --ttm legacy (legacy, 1 devices, "*"1 defects)" ]]
	run "$VTDLAB" walk --ram "$BATS_TEST_TMPDIR/ram" --ttm scalable
	[ "$status" -eq 125 ]
	[[ $output == *"no root table found: none of its 16 pages"* ]]
	run "$VTDLAB" walk --ram README.md
	[ "$status" -eq 125 ]
	[ "${#lines[@]}" -eq 1 ]
}

@test "walk of a RAM file cut short counts defects and does not die" {
	make_ram "$BATS_TEST_TMPDIR/ram"
	truncate -s 20000 "$BATS_TEST_TMPDIR/ram"
	run "$VTDLAB" walk --ram "$BATS_TEST_TMPDIR/ram" --ram-size 1G --root 0x1000 --defects
	[ "$status" -eq 0 ]
	[[ $output == *"defects table-outside-ram 1"* ]]
	[[ $output == *"second-level table 0x3000 level 2 entry 3"* ]]
}

@test "walk refuses what it cannot use, with status 2 and one line" {
	local args
	for args in "" "a b" "/nonexistent.vtd" "README.md" "--ram /nonexistent --root 0" \
		"--ram README.md --root zero" "--vmcore README.md" "--ram README.md --root 0 --ttm odd" \
		"--ram README.md --root 0 --ram-size 1X" "--vmcore README.md --root 0x1000" \
		"--ram README.md --vmcore README.md --root 0" "--no-such-option" "$golden"; do
		# shellcheck disable=SC2086
		run "$VTDLAB" walk $args
		echo "$args: $status: $output"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == "vtdlab walk: "* ]]
	done
}

@test "a dump of another architecture, one cut short, one without tables: a line each" {
	empty_core "$BATS_TEST_TMPDIR/arm" '\xb7'
	walk_says 2 "a dump of aarch64; VT-d tables are found in those of x86_64 only" "$BATS_TEST_TMPDIR/arm"
	empty_core "$BATS_TEST_TMPDIR/core" '\x3e'
	walk_says 125 "none of its 256 pages decodes as one; was VT-d on?" "$BATS_TEST_TMPDIR/core"
	truncate -s 200000 "$BATS_TEST_TMPDIR/core"
	walk_says 125 "cut short or spoilt, 209 pages that it lists cannot be read" "$BATS_TEST_TMPDIR/core"
	truncate -s 100 "$BATS_TEST_TMPDIR/core"
	walk_says 2 "cut short or spoilt: its program headers cannot be read" "$BATS_TEST_TMPDIR/core"
	truncate -s 0 "$BATS_TEST_TMPDIR/core"
	walk_says 2 "cannot read it as a dump" "$BATS_TEST_TMPDIR/core"
}

@test "a snapshot cut short or changed is refused" {
	head -c 5000 "$golden"/legacy-6.1.vtd >"$BATS_TEST_TMPDIR/short.vtd"
	run "$VTDLAB" walk "$BATS_TEST_TMPDIR/short.vtd"
	[ "$status" -eq 2 ]
	[[ $output == *"wrong size"* ]]
	cp "$golden"/legacy-6.1.vtd "$BATS_TEST_TMPDIR/bent.vtd"
	put "$BATS_TEST_TMPDIR/bent.vtd" 12345 40000
	run "$VTDLAB" walk "$BATS_TEST_TMPDIR/bent.vtd"
	[ "$status" -eq 2 ]
	[[ $output == *"wrong checksum"* ]]
}

@test "diff: same is 0, different is 1, unusable is 2" {
	run "$VTDLAB" diff "$golden"/legacy-6.1.vtd "$golden"/legacy-6.1.vtd
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == same ]]
	run "$VTDLAB" diff "$golden"/legacy-6.1.vtd "$golden"/passthrough-6.1.vtd
	[ "$status" -eq 1 ]
	[[ $output == *"0000:00:01.0: translation was second-level, is pass-through"* ]]
	run "$VTDLAB" diff "$golden"/legacy-6.1.vtd
	[ "$status" -eq 2 ]
	run "$VTDLAB" diff "$golden"/legacy-6.1.vtd README.md
	[ "$status" -eq 2 ]
	[[ $output == *"README.md: not a valid VT-d snapshot"* ]]
	run "$VTDLAB" diff --max -1 "$golden"/legacy-6.1.vtd "$golden"/legacy-6.1.vtd
	[ "$status" -eq 2 ]
}

@test "diff --max caps the list and says so; --json counts alike" {
	run "$VTDLAB" diff --max 2 "$golden"/legacy-6.1.vtd "$golden"/scalable-intremap-7.3.vtd
	[ "$status" -eq 1 ]
	[ "$(grep -c '^  [^.]' <<<"$output")" -eq 2 ]
	[[ $output == *"... and "*" more"* ]]
	run "$VTDLAB" diff --json "$golden"/legacy-6.1.vtd "$golden"/legacy-6.1.vtd
	[ "$status" -eq 0 ]
	[[ $output == *'"same" : true'* ]]
}

@test "bench-walk prints a line for each shape of tables" {
	run "$VTDLAB" bench-walk --leaves 20000 --rounds 3
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 5 ]
	[[ ${lines[2]} == contiguous* ]]
	[[ ${lines[4]} == scattered*" 20000 "* ]]
	run "$VTDLAB" bench-walk --leaves 0
	[ "$status" -eq 2 ]
}

@test "walk --requester prints one, --iova says where an address leads" {
	make_ram "$BATS_TEST_TMPDIR/ram"
	run "$VTDLAB" walk --ram "$BATS_TEST_TMPDIR/ram" --root 0x1000 --iova 0xffff0123
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"0000:00:01.0, DID 3, second-level: 0xffff0123 -> 0x7123 rw"* ]]
	run "$VTDLAB" walk --ram "$BATS_TEST_TMPDIR/ram" --root 0x1000 --iova 0xfffe0000
	[ "$status" -eq 1 ]
	[[ $output == *"0xfffe0000 leads nowhere"* ]]
	run "$VTDLAB" walk "$golden"/legacy-6.1.vtd -r 0000:00:02.0
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == "context 0000:00:02.0 legacy "*" translated, 39 bits, DID 4, root 0x"* ]]
	[ "$(grep -c '^context' <<<"$output")" -eq 1 ]
	run "$VTDLAB" walk "$golden"/legacy-6.1.vtd --requester 00:03.0
	[ "$status" -eq 1 ]
	[[ $output == *"0000:00:03.0 has no context entry"* ]]
	for bad in '--requester 00:20.0' '--requester x' '--iova 12x' '--iova 0x1000 --json'; do
		# shellcheck disable=SC2086 # words
		run "$VTDLAB" walk "$golden"/legacy-6.1.vtd $bad
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
	done
}

@test "walk: a directory is told what it is, and results are found from anywhere" {
	mkdir -p "$BATS_TEST_TMPDIR/tree/results/r/tables"
	cp "$golden/legacy-6.1.vtd" "$BATS_TEST_TMPDIR/tree/results/r/tables/panic.vtd"
	run "$VTDLAB" walk "$BATS_TEST_TMPDIR/tree/results/r"
	[ "$status" -eq 2 ]
	[[ $output == *"results/r is a directory: give one snapshot of a run, such as tables/panic.vtd in it"* ]]
	mkdir "$BATS_TEST_TMPDIR/tree/scenarios"
	touch "$BATS_TEST_TMPDIR/tree/Makefile"
	program=$(realpath "$VTDLAB")
	cd /
	for name in r/tables/panic.vtd results/r/tables/panic.vtd; do
		VTDLAB_ROOT=$BATS_TEST_TMPDIR/tree run "$program" walk --summary "$name"
		echo "$output"
		[ "$status" -eq 0 ]
	done
}
