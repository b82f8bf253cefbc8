#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# A terminal of 40 columns: every page can be read there, and nothing but text comes. Boots nothing, fetches nothing.

load vtdlab-fixture

setup()
{
	find_vtdlab
	runs=$BATS_TEST_TMPDIR/results
	mkdir -p "$runs/20261128T000001Z-kdump-000001"
	tar -xJf "$root/tests/golden/runs/legacy-6.1.tar.xz" -C "$runs/20261128T000001Z-kdump-000001"
	run=$(find "$runs" -name evidence.json -printf '%h\n')
	"$vtdlab" judge --json "$run" >"$runs/judged.json" || true
}

# on COLUMNS ARG...: what the program prints on a terminal of so many columns.
on()
{
	local columns=$1 command
	shift
	printf -v command '%q ' "$vtdlab" "$@"
	run env TERM=xterm NO_COLOR=1 script -qec "stty cols $columns rows 20; $command" /dev/null
	output=${output//$'\r'/}
	echo "$output"
}

# Nothing is wider than 40 columns, but for a single word and what is to be copied; no escape sequence, nothing cut off.
fits()
{
	[ -n "$output" ]
	[[ $output != *$'\e'* ]]
	[ -z "$(awk 'length > 40 && NF > 1 && !/^(repeat|next|look at) /' <<<"$output")" ]
}

# words ARG...: the words are those that a pipe gets, in the same order.
words()
{
	diff <(tr -s ' \n' '\n\n' <<<"$output") <("$vtdlab" "$@" 2>&1 | tr -s ' \n' '\n\n')
}

@test "judge, with and without -v" {
	on 40 judge "$run"
	fits
	words judge "$run"
	[[ $output == *"outcome  preserved (exit 0) The crash"* ]]
	on 40 judge -v "$run"
	fits
	words judge -v "$run"
}

@test "walk, diff" {
	for args in "walk --summary" walk; do
		read -ra verb <<<"$args"
		on 40 "${verb[@]}" "$run/tables/panic.vtd"
		fits
		words "${verb[@]}" "$run/tables/panic.vtd"
	done
	on 40 diff "$run/tables/panic.vtd" "$run/tables/copied.vtd"
	fits
}

@test "list, and a page of each kind" {
	for args in list "list scenarios" "list checks" "list kernels" "list bugs" "list scenarios kdump" \
		"list checks dma-landed" "list keys" bugs; do
		read -ra verb <<<"$args"
		on 40 "${verb[@]}"
		fits
		words "${verb[@]}"
	done
}

@test "doctor" {
	on 40 doctor
	fits
}

@test "results, compare, bench" {
	cp "$root/tests/cli/schemas/run.json" "$run/run.json"
	mkdir "$runs/20261128T000002Z-bench-000002"
	cp "$root/tests/cli/schemas/bench.json" "$runs/20261128T000002Z-bench-000002"
	on 40 results "$runs"
	fits
	again=$runs/20261128T000003Z-kdump-000003
	cp -r "$run" "$again"
	on 40 compare "$run" "$again"
	fits
	words compare "$run" "$again"
	on 40 bench -v --show "$runs/20261128T000002Z-bench-000002"
	fits
	cp -r "$runs/20261128T000002Z-bench-000002" "$runs/other-bench"
	on 40 compare "$runs/20261128T000002Z-bench-000002" "$runs/other-bench"
	fits
}

@test "help of every verb" {
	for verb in $("$vtdlab" help | sed -nE 's/^  ([a-z-]+) .*/\1/p'); do
		on 40 "$verb" --help
		fits
	done
	on 40 help
	fits
}

@test "JSON stays JSON" {
	on 40 list --json
	jq -e . <<<"$output" >/dev/null
}

@test "a terminal that is wide enough, one that does not tell, and a pipe get the page as it is" {
	"$vtdlab" judge "$run" >"$BATS_TEST_TMPDIR/page"
	for columns in 72 100 0; do
		on "$columns" judge "$run"
		diff <(echo "$output") "$BATS_TEST_TMPDIR/page"
	done
}

@test "80 columns: the rows of lists and helps go on below their last cell" {
	for what in "list checks" "list kernels" "list keys" "list scenarios" bugs "run --help" help; do
		# shellcheck disable=SC2086 # a verb with its words
		on 80 $what
		[ -z "$(awk 'length > 80 && NF > 1' <<<"$output")" ]
		# shellcheck disable=SC2086
		words $what
	done
	on 80 list kernels
	[[ $output == *$'\n'"lab-6.12-bugs "*$'\n                                                '[a-z]* ]]
}
