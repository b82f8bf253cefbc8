#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# A matrix of two cells that boot, killed behind the first one and gone on with.

bats_require_minimum_version 1.5.0
load live-fixture

@test "a matrix of two cells: run, killed, gone on with, and all of it in matrix.json, JUnit, KTAP and on the page" {
	local m head cells
	m=$BATS_TEST_TMPDIR/m.conf
	cat >"$m" <<-'END'
	[matrix]
	title=two modes
	[axes]
	kernel=debian-6.1
	iommu.mode=legacy;off
	[expect]
	off=iommu.mode=off;outcome=no-iommu
	END
	"$VTDLAB" matrix "$m" -j 1 --results "$RESULTS" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	head=$!
	for _ in {1..1200}; do
		! compgen -G "$RESULTS/matrices/*.partial/cells/0000/cell.json" >/dev/null || break
		sleep 0.5
	done
	kill -9 "$head"
	wait "$head" || true
	run "$VTDLAB" matrix "$m" -j 1 --resume --results "$RESULTS" --junit "$BATS_TEST_TMPDIR/j.xml" --ktap "$BATS_TEST_TMPDIR/k.tap"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"2 cells: 2 as expected; exit status 0"* ]]
	cells=$(echo "$RESULTS"/matrices/2*-m-*)
	[ "$(jq -r '[.cells[].verdict] | join(" ")' "$cells/matrix.json")" = "preserved no-iommu" ]
	if type -P jsonschema >/dev/null; then
		jsonschema -i "$cells/matrix.json" docs/schemas/matrix.json
	fi
	[ "$(xmllint --xpath 'string(//testsuite/@failures)' "$BATS_TEST_TMPDIR/j.xml")" = 0 ]
	[ "$(xmllint --xpath 'count(//testcase)' "$BATS_TEST_TMPDIR/j.xml")" = 2 ]
	prove --exec cat "$BATS_TEST_TMPDIR/k.tap"
	# the page leads to that of each run
	[ "$(grep -oE 'href="cells/[^"]*"' "$cells/report.html" | sort -u | wc -l)" = 2 ]
	while read -r run; do
		[ -s "$cells/$run" ]
	done < <(grep -oE 'cells/[^"]*report[.]html' "$cells/report.html" | sort -u)
	no_leftovers
}
