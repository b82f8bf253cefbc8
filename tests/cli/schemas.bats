#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The schemas of docs/schemas against documents: real ones are valid, spoilt ones are not. Boots nothing.

# shellcheck disable=SC2154 # root, vtdlab: the fixture's
load vtdlab-fixture

setup()
{
	find_vtdlab
	type -P jsonschema >/dev/null || skip "no jsonschema (apt install python3-jsonschema)"
	schemas=$root/docs/schemas
}

valid() { jsonschema -i "$1" "$schemas/$2.json" 2>"$BATS_TEST_TMPDIR/why" || { cat "$BATS_TEST_TMPDIR/why"; return 1; }; }

# spoilt FILE SCHEMA FILTER...: what each filter of jq makes of the document is refused.
spoilt()
{
	local file=$1 schema=$2 filter
	shift 2
	for filter; do
		jq "$filter" "$file" >"$BATS_TEST_TMPDIR/spoilt.json"
		! cmp -s <(jq . "$file") "$BATS_TEST_TMPDIR/spoilt.json" || { echo "$filter changes nothing"; return 1; }
		! valid "$BATS_TEST_TMPDIR/spoilt.json" "$schema" >/dev/null || { echo "$filter is valid"; return 1; }
	done
}

@test "run.json of a real run" {
	doc=$root/tests/cli/schemas/run.json
	valid "$doc" run
	# of --domain
	jq '.domain={"file":"d.xml","changes":["<clock> is left out"]}' "$doc" >"$BATS_TEST_TMPDIR/domain.json"
	valid "$BATS_TEST_TMPDIR/domain.json" run
	spoilt "$doc" run '.domain={"file":"d.xml"}' '.domain={"file":"d.xml","changes":"none"}'
	spoilt "$doc" run 'del(.outcome)' '.exit=7' '.checks=[]' '.checks[0].result="ok"' '.schema=2' \
		'.environment.first_kernel.sha256="x"' '.phases[0].start_ns="0"' '.duration_s=-1'
}

@test "bench.json of a real benchmark" {
	doc=$root/tests/cli/schemas/bench.json
	valid "$doc" bench
	spoilt "$doc" bench 'del(.bench)' '.schema=2' '.environment.clock="sun"' '.kvmperf.tests=[]' '.kvmperf.tests[0].result="ok"' \
		'.kvmperf.tests[0].ns.populate.runs=[-1]'
}

@test "matrix.json of a matrix with a cell that was skipped and one that was not run" {
	cat >"$BATS_TEST_TMPDIR/m.conf" <<-'END'
	[matrix]
	title=t
	[axes]
	kernel=/nonexistent/a;/nonexistent/b
	END
	run "$vtdlab" matrix "$BATS_TEST_TMPDIR/m.conf" --results "$BATS_TEST_TMPDIR/r"
	[ "$status" -eq 125 ]
	doc=$(echo "$BATS_TEST_TMPDIR"/r/matrices/*-m-*/matrix.json)
	valid "$doc" matrix
	jq '.cells[1].result="waiting"' "$doc" >"$BATS_TEST_TMPDIR/w.json"
	valid "$BATS_TEST_TMPDIR/w.json" matrix
	spoilt "$doc" matrix 'del(.axes)' '.schema=2' '.cells[0].result="ok"' '.cells[0].reason=""' \
		'.cells[0].result="expected"' '.cells[0].run="/etc"' '.counts.lost=-1' '.cells=[]'
}
