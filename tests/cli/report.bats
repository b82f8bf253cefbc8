#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The verb report: one page that says what the run showed, loads nothing, runs nothing, and can be looked at.

bats_require_minimum_version 1.5.0

load vtdlab-fixture

setup()
{
	find_vtdlab
	dir=$BATS_TEST_TMPDIR/run
	mkdir -p "$dir"
}

unpack()
{
	tar -xJf "$root/tests/golden/runs/$1.tar.xz" -C "$dir"
}

# A run.json and a log, which the recorded runs have not: @1 is the crash kernel's command line.
add_run()
{
	local first
	first=$(jq .trigger_ns "$dir/evidence.json")
	jq -n --arg cmdline "$1" --arg started "$(date -u -d "@$((first / 1000000000 - 10))" +%FT%TZ)" '{schema: 1, tool: "vtdlab 0.1.0",
		scenario: "kdump", started: $started, duration_s: 30, outcome: "preserved", exit: 0, checks: [],
		phases: [{name: "boot", start_ns: 0, end_ns: 9000000000}, {name: "panic", start_ns: 9000000000, end_ns: 30000000000}],
		environment: {qemu: "7.2.22", accel: "tcg", clock: "wall", crash_kernel: {cmdline: $cmdline}}}' >"$dir/run.json"
	for ((i = 0; i < 50; i++)); do
		printf '77@%d.%06d:vtd_iotlb_page_update IOTLB page update\n' $((first / 1000000000 + i % 5)) $((i * 1000))
		printf '77@%d.%06d:vtd_dmar_fault_one\n' $((first / 1000000000 + 1)) $((i * 1000))
	done >"$dir/qemu.log"
}

# The page as lines of text, for those who have no browser.
words()
{
	sed -e 's/<style>.*//' -e 's/<[^>]*>/ /g' "$1" | tr -s ' '
}

@test "report writes a page beside the run and says where" {
	unpack legacy-6.1
	add_run 'intel_iommu=on'
	run --separate-stderr "$vtdlab" report "$dir"
	[ "$status" -eq 0 ]
	[ "$output" = "$dir/report.html" ]
	words "$dir/report.html" >"$BATS_TEST_TMPDIR/words"
	cat "$BATS_TEST_TMPDIR/words"
	grep -q 'preserved (exit status 0)' "$BATS_TEST_TMPDIR/words"
	grep -q "iova-not-retargeted ✗ fail, as expected" "$BATS_TEST_TMPDIR/words"
	grep -q "the crash kernel&apos;s root table is in force" "$BATS_TEST_TMPDIR/words"
	grep -Eq '0000:00:01.0 [0-9]+ [0-9]+ [0-9]+ e1000e second-level ' "$BATS_TEST_TMPDIR/words"
	grep -q 'vtdlab run kdump' "$BATS_TEST_TMPDIR/words"
	# what lasts too short a time to be named in the drawing is among its moments
	jq '.phases += [{name: "copied", start_ns: 20000000000, end_ns: 20000000001}, {name: "dump", start_ns: 25000000000, end_ns: 25000000001}]' \
		"$dir/run.json" >"$dir/new" && mv "$dir/new" "$dir/run.json"
	"$vtdlab" report -o - "$dir" >"$BATS_TEST_TMPDIR/page"
	words "$BATS_TEST_TMPDIR/page" | grep -q 'the copied tables are read from outside'
	words "$BATS_TEST_TMPDIR/page" | grep -q '25.0.* the dump is asked for'
}

@test "the numbers of the map are those of the check" {
	unpack legacy-6.1
	"$vtdlab" report -o "$BATS_TEST_TMPDIR/page" "$dir"
	elsewhere=$("$vtdlab" judge --json "$dir" | jq -r '.checks[] | select(.name == "iova-not-retargeted").detail | split(" ")[0]')
	sum=0
	while read -r pages; do
		((sum += pages)) || true
	done < <(grep -oE '<td class="n bad">[0-9]+' "$BATS_TEST_TMPDIR/page" | grep -oE '[0-9]+$')
	echo "map: $sum, check: $elsewhere"
	[ "$elsewhere" -gt 0 ]
	[ "$sum" -eq "$elsewhere" ]
}

@test "a copy that went wrong is bad on the page, and a run without IOMMU or tables still has one" {
	unpack nocopy-6.1
	sed -i 's/^expect-fail.*//' "$dir/scenario.conf"
	"$vtdlab" report -o - "$dir" >"$BATS_TEST_TMPDIR/page"
	grep -q 'class="verdict bad"' "$BATS_TEST_TMPDIR/page"
	grep -q '✗ FAIL' "$BATS_TEST_TMPDIR/page"
	rm -r "$dir/tables"
	jq 'del(.at_panic, .copied, .end, .devices, .old_tables, .old_tables_sum)' "$dir/evidence.json" >"$dir/less" && mv "$dir/less" "$dir/evidence.json"
	"$vtdlab" report -o - "$dir" >"$BATS_TEST_TMPDIR/page"
	grep -q '? no evidence' "$BATS_TEST_TMPDIR/page"
}

@test "what others wrote is text, and nothing on the page is loaded or run" {
	unpack legacy-6.1
	add_run $'x="<script>alert(1)</script>" &amp; \x1b[31m \xe2\x80\xae'
	# jq would round the times
	sed -i -e '0,/"works_detail" : ".*"/s//"works_detail" : "<img src=x onerror=alert(1)>"/' \
		-e '0,/"driver" : ".*"/s//"driver" : "<b>nvme"/' "$dir/evidence.json"
	"$vtdlab" report -o "$BATS_TEST_TMPDIR/page" "$dir"
	grep -q '&lt;script&gt;alert(1)&lt;/script&gt;' "$BATS_TEST_TMPDIR/page"
	grep -q '&lt;img src=x' "$BATS_TEST_TMPDIR/page"
	grep -q '&lt;b&gt;nvme' "$BATS_TEST_TMPDIR/page"
	run ! grep -qiE '<(script|img|iframe|link|object|b>)|(src|href)="?(https?:)?//|url\(' "$BATS_TEST_TMPDIR/page"
	run ! grep -qP '\x1b|\x{202e}' "$BATS_TEST_TMPDIR/page"
	grep -q "default-src 'none'" "$BATS_TEST_TMPDIR/page"
}

@test "a run.json that lies about its time is drawn, or not, and nothing else happens" {
	unpack legacy-6.1
	add_run x
	for change in '.duration_s = 1e300' '.duration_s = -1' '.phases[0].end_ns = 9223372036854775807' \
		'.phases[1].start_ns = -9223372036854775807' '.started = "9999-12-31T23:59:59Z"' '.phases = []'; do
		jq "$change" "$dir/run.json" >"$dir/new" && cp "$dir/new" "$BATS_TEST_TMPDIR/was"
		cp "$dir/run.json" "$BATS_TEST_TMPDIR/keep"
		mv "$dir/new" "$dir/run.json"
		"$vtdlab" report -o "$BATS_TEST_TMPDIR/page" "$dir"
		grep -q '</html>' "$BATS_TEST_TMPDIR/page"
		mv "$BATS_TEST_TMPDIR/keep" "$dir/run.json"
	done
}

@test "several directories: each has its page, and one that cannot be read keeps no other from it" {
	unpack legacy-6.1
	cp -r "$dir" "$BATS_TEST_TMPDIR/second"
	run --separate-stderr "$vtdlab" report "$dir" "$BATS_TEST_TMPDIR/none" "$BATS_TEST_TMPDIR/second"
	[ "$status" -eq 2 ]
	[ "$output" = "$dir/report.html"$'\n'"$BATS_TEST_TMPDIR/second/report.html" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	diff "$dir/report.html" <(sed "s,$BATS_TEST_TMPDIR/second/,$dir/," "$BATS_TEST_TMPDIR/second/report.html")
	run "$vtdlab" report --mail "$dir" "$BATS_TEST_TMPDIR/second"
	[ "$status" -eq 0 ]
	[ "$(grep -c "^verdict  " <<<"$output")" -eq 2 ]
	run "$vtdlab" report -o "$BATS_TEST_TMPDIR/page" "$dir" "$dir"
	[ "$status" -eq 2 ]
	[ ! -e "$BATS_TEST_TMPDIR/page" ]
}

@test "no run, a damaged one, and a place that cannot be written: one line each" {
	run "$vtdlab" report "$BATS_TEST_TMPDIR/none"
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 1 ]
	unpack legacy-6.1
	head -c 2000 "$dir/evidence.json" >"$dir/cut" && mv "$dir/cut" "$dir/evidence.json"
	run "$vtdlab" report "$dir"
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 1 ]
	unpack legacy-6.1
	run "$vtdlab" report -o "$BATS_TEST_TMPDIR/none/page" "$dir"
	[ "$status" -ne 0 ]
	[ "${#lines[@]}" -eq 1 ]
}

@test "a run.json that is cut off, or of a newer program, is told, and is none that is not there" {
	unpack legacy-6.1
	add_run x
	cp "$dir/run.json" "$BATS_TEST_TMPDIR/whole.json"
	head -c 300 "$BATS_TEST_TMPDIR/whole.json" >"$dir/run.json"
	refused report "$dir" :: "no run.json that can be read" truncated
	refused report --mail "$dir" :: "no run.json that can be read"
	refused judge "$dir" :: "no run.json that can be read"
	jq '.schema = 2' "$BATS_TEST_TMPDIR/whole.json" >"$dir/run.json"
	for verb in report "report --mail" judge; do
		# shellcheck disable=SC2086 # a verb and its option
		refused $verb "$dir" :: "schema 2 is newer than this vtdlab"
	done
	[ ! -e "$dir/report.html" ]
	rm "$dir/run.json"
	run "$vtdlab" report "$dir"
	[ "$status" -eq 0 ]
}

@test "tidy finds no error in any page" {
	command -v tidy >/dev/null || skip "no tidy on this host"
	for name in legacy-6.1 scalable-6.12 nocopy-6.1 passthrough-6.12 deep-6.12; do
		rm -rf "$dir" && mkdir "$dir"
		unpack "$name"
		add_run x
		"$vtdlab" report -o "$BATS_TEST_TMPDIR/page" "$dir"
		run tidy -q -e --drop-empty-elements no "$BATS_TEST_TMPDIR/page"
		echo "$name: $output"
		[ "$status" -eq 0 ]
	done
}

# On a phone nothing of a drawing may be out of sight: the panic and what leads elsewhere lie on its right.
@test "timeline and maps are drawn once more for a phone, with all that is on the wide ones" {
	local wide narrow class
	unpack legacy-6.1
	add_run x
	"$vtdlab" report -o "$BATS_TEST_TMPDIR/page" "$dir"
	tr -d "\n" <"$BATS_TEST_TMPDIR/page" | grep -oP '<div class="wide broad".*?</svg>|<div class="narrow".*?</svg>' >"$BATS_TEST_TMPDIR/drawings"
	[ "$(grep -c '^<div class="wide broad" tabindex="0"><svg viewBox="0 0 10000 ' "$BATS_TEST_TMPDIR/drawings")" -eq 3 ]
	[ "$(grep -c '^<div class="narrow"><svg viewBox="0 0 4000 ' "$BATS_TEST_TMPDIR/drawings")" -eq 3 ]
	for class in first crash resv clash mark; do
		wide=$(grep 'broad' "$BATS_TEST_TMPDIR/drawings" | grep -oE "class=\"$class\b" | wc -l)
		narrow=$(grep 'narrow' "$BATS_TEST_TMPDIR/drawings" | grep -oE "class=\"$class\b" | wc -l)
		echo "$class: $wide $narrow"
		[ "$narrow" -gt 0 ] && [ "$narrow" -le "$wide" ] # what is closer than a pixel is drawn as one
	done
	# nothing begins beyond its right edge
	while read -r x; do
		[ "$x" -le 4000 ]
	done < <(grep narrow "$BATS_TEST_TMPDIR/drawings" | grep -oE ' x="[0-9]+"' | grep -oE '[0-9]+')
	grep -qF '@media(max-width:40rem)' "$BATS_TEST_TMPDIR/page"
	grep -qF '.broad{display:none}.narrow{display:block}' "$BATS_TEST_TMPDIR/page"
}

# shoot PAGE WIDTH: a screenshot, and what the browser had to say
# More words for the browser go behind the width and the height.
shoot()
{
	HOME=$BATS_TEST_TMPDIR timeout 120 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --enable-logging=stderr \
		--user-data-dir="$BATS_TEST_TMPDIR/profile" --disable-background-networking --no-first-run \
		--log-net-log="$BATS_TEST_TMPDIR/net-$2.json" --window-size="$2,${3:-2400}" \
		--screenshot="$BATS_TEST_TMPDIR/$2.png" "${@:4}" "file://$1" >"$BATS_TEST_TMPDIR/said-$2" 2>&1
}

# asked WIDTH: what was asked of the network, without what the browser asks its makers for by itself
asked()
{
	grep -oE '"url":"(https?|ftp|wss?)://[^"]*"' "$BATS_TEST_TMPDIR/net-$1.json" |
		grep -vE '://([a-z0-9.-]+[.])?(google|googleapis|gvt1|gstatic)[.]com[/:"]' || true
}

# looks NAME: page.html at both widths; the pictures are kept in build/tests/artefacts, where a person may look at them
looks()
{
	local artefacts=${VTDLAB_TEST_ARTEFACTS:-$root/build/tests/artefacts} width height
	mkdir -p "$artefacts"
	for width in 1280 390; do
		# what stands side by side there stands below each other here
		height=$((width == 390 ? 4200 : 2400))
		shoot "$BATS_TEST_TMPDIR/page.html" "$width" "$height"
		run ! grep -E 'CONSOLE|Refused to' "$BATS_TEST_TMPDIR/said-$width"
		run file -b "$BATS_TEST_TMPDIR/$width.png"
		[[ $output == "PNG image data, $width x $height"* ]]
		[ "$(stat -c %s "$BATS_TEST_TMPDIR/$width.png")" -gt 20000 ]
		[ -s "$BATS_TEST_TMPDIR/net-$width.json" ]
		[ -z "$(asked "$width")" ]
		cp "$BATS_TEST_TMPDIR/$width.png" "$artefacts/$1-$width.png"
	done
}

@test "Chromium shows a run at 1280 and 390 pixels, without a word, and asks nobody" {
	command -v chromium >/dev/null || skip "no chromium on this host"
	unpack legacy-6.1
	add_run x
	"$vtdlab" report -o "$BATS_TEST_TMPDIR/page.html" "$dir"
	looks report
}

@test "in dark mode the page is dark, and by keyboard everything that is wider than it can be reached" {
	command -v chromium >/dev/null || skip "no chromium on this host"
	unpack legacy-6.1
	add_run x
	"$vtdlab" report -o "$BATS_TEST_TMPDIR/page.html" "$dir"
	shoot "$BATS_TEST_TMPDIR/page.html" 1280 800 --blink-settings=preferredColorScheme=1
	mv "$BATS_TEST_TMPDIR/1280.png" "$BATS_TEST_TMPDIR/light.png"
	shoot "$BATS_TEST_TMPDIR/page.html" 1280 800 --blink-settings=preferredColorScheme=0
	run ! cmp -s "$BATS_TEST_TMPDIR/light.png" "$BATS_TEST_TMPDIR/1280.png"
	cp "$BATS_TEST_TMPDIR/1280.png" "${VTDLAB_TEST_ARTEFACTS:-$root/build/tests/artefacts}/report-dark-1280.png"
	[ "$(grep -o 'class="wide[^>]*>' "$BATS_TEST_TMPDIR/page.html" | grep -vc 'tabindex="0"')" = 0 ]
	[ "$(grep -o 'class="wide[^>]*>' "$BATS_TEST_TMPDIR/page.html" | wc -l)" -ge 3 ]
	# nothing but links and what opens is to be pressed, and the focus is seen
	run ! grep -qE '<(button|input|a [^>]*onclick|[a-z]+ [^>]*tabindex="[1-9-])' "$BATS_TEST_TMPDIR/page.html"
	grep -q ':focus-visible{outline' "$BATS_TEST_TMPDIR/page.html"
}

# A matrix of two kernels and two modes: the cells @1 are spoilt by a jq expression.
matrix()
{
	jq -n '{schema: 1, tool: "vtdlab 0.1.0", matrix: "two", title: "a <b>title</b>", file: "two.conf", file_sha256: "0", started: "2026-11-28T10:00:00Z",
		engine: "local", finished: true, exit: 1, axes: [{name: "kernel", values: ["a", "b"]}, {name: "iommu.mode", values: ["legacy", "scalable"]}],
		cells: [range(4) | {cell: ., name: "cell \(.)", values: {kernel: ["a", "b"][. / 2 | floor], "iommu.mode": ["legacy", "scalable"][. % 2]},
			command: "vtdlab run kdump", expected: "no failure", result: ["expected", "unexpected", "skipped", "unjudged"][.],
			exit: [0, 1, 125, 125][.], verdict: ["preserved", "copy-wrong", "", "inconclusive"][.], reason: "seen <i>\(.)</i>",
			run: ["cells/0000/run", "cells/0001/run", "", "cells/0003/run"][.], seconds: 1, tries: 1}]}' |
		jq "${1:-.}" >"$dir/matrix.json"
}

@test "a matrix is a table of its cells, each a way to its run" {
	matrix
	run "$vtdlab" report "$dir"
	echo "$output"
	[ "$output" = "$dir/report.html" ]
	page=$(tr '\n' ' ' <"$dir/report.html")
	[[ $page == *'scope="row">a</th>'*'✓ as expected<br><a href="cells/0000/run/report.html">preserved</a>'*'✗ NOT expected<br><a href="cells/0001/run/report.html">copy-wrong</a>'*'scope="row">b</th>'*'– skipped'*'? no verdict'* ]]
	[[ $page == *'class="verdict bad"'*'seen &lt;i&gt;1&lt;/i&gt;'* ]]
	[[ $page != *'<b>title'* ]]
	if command -v tidy >/dev/null; then
		run tidy -q -e --drop-empty-elements no "$dir/report.html"
		echo "$output"
		[ "$status" -eq 0 ]
	fi
}

@test "a reproduced bug has a page that leads to the pages of its runs, and a cell of a matrix leads to it" {
	jq -n '{schema: 1, bug: "address-ored", title: "a <b>title", sides: "both", recipe: 1, exit: 0, runs: [
		{side: "bad", run: "20261129T000001Z-kdump-000001", outcome: "copy-wrong", verdict: true, as_stated: true, seen: "copy-wrong <i>"},
		{side: "good", run: "../20261129T000000Z-other-000002/20261129T000002Z-kdump-000002", verdict: true, as_stated: false, seen: ""},
		{side: "good", run: "../../../etc", verdict: false, as_stated: false, seen: ""}, 7]}' >"$dir/bug.json"
	printf 'address-ored: <script>\n  second line\n' >"$dir/bug.txt"
	run "$vtdlab" report "$dir"
	echo "$output"
	[ "$output" = "$dir/report.html" ]
	page=$(tr '\n' ' ' <"$dir/report.html")
	[[ $page == *'✓ reproduced</strong> (exit status 0)'* ]]
	[[ $page == *'✓ as stated</td><td>copy-wrong &lt;i&gt;</td><td><a href="20261129T000001Z-kdump-000001/report.html">'* ]]
	[[ $page == *'✗ NOT as stated'*'<a href="../20261129T000000Z-other-000002/20261129T000002Z-kdump-000002/report.html">'*'? no verdict</td><td></td><td>../../../etc</td>'* ]]
	[[ $page == *'&lt;script&gt;   second line '* ]]
	if command -v tidy >/dev/null; then
		run tidy -q -e --drop-empty-elements no "$dir/report.html"
		echo "$output"
		[ "$status" -eq 0 ]
	fi
	jq '.schema = 2' "$dir/bug.json" >"$dir/new" && mv "$dir/new" "$dir/bug.json"
	refused report "$dir" :: "schema 2 is newer"
}

@test "a page that asks for something is seen to" {
	command -v chromium >/dev/null || skip "no chromium on this host"
	echo '<!DOCTYPE html><title>t</title><img alt="" src="http://127.0.0.1:9/x">' >"$BATS_TEST_TMPDIR/page.html"
	shoot "$BATS_TEST_TMPDIR/page.html" 390
	[[ $(asked 390) == *'http://127.0.0.1:9/x"'* ]]
}

@test "Chromium shows a matrix at 1280 and 390 pixels, and its map says of which axes it is" {
	matrix
	"$vtdlab" report -o "$BATS_TEST_TMPDIR/page.html" "$dir"
	tr "\n" " " <"$BATS_TEST_TMPDIR/page.html" | grep -qF '<table class="map"><thead><tr><th scope="col">kernel by iommu.mode</th><th scope="col">legacy</th>'
	command -v chromium >/dev/null || skip "no chromium on this host"
	looks matrix
}

@test "a run's name in a matrix leads nowhere else" {
	for run in '/etc' '../../x' 'javascript:alert(1)' 'a/../../b' 'x\" onclick=\"y'; do
		matrix ".cells[0].run = \"$run\""
		"$vtdlab" report "$dir"
		run ! grep -E 'href="(/|\.\.|javascript|a/|x")' "$dir/report.html"
	done
	matrix '.cells = []'
	"$vtdlab" report "$dir"
	head -c 300 "$dir/matrix.json" >"$dir/cut" && mv "$dir/cut" "$dir/matrix.json"
	run "$vtdlab" report "$dir"
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 1 ]
}

@test "--mail is what a reply quotes: command, versions, verdict, the evidence of what failed, in 72 columns" {
	unpack legacy-6.1
	add_run 'intel_iommu=on nr_cpus=1'
	run "$vtdlab" report --mail "$dir"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == '$ vtdlab run kdump'* ]]
	[[ $output == *"machine  QEMU 7.2.22, tcg, wall clock"* ]]
	[[ $output == *$'\nverdict  preserved: '* ]]
	[[ $output == *$'\n  iova-not-retargeted: fails, as expected\n    '*"old IOVA pages lead elsewhere"* ]]
	[ -z "$(awk 'length > 72' <<<"$output")" ]
	[ ! -e "$dir/report.html" ]
}

# What two cells of a matrix measured lies in their runs: benchmarks here, the second one half as long.
@test "--mail of a matrix: the command, what came of it, each cell that is not as expected, and the reasons of skips" {
	matrix '.cells[1].command = "vtdlab run kdump --kernel b --set first.cmdline+=iommu.strict=1 --set crash.cmdline+=iommu.strict=1"'
	cp "$dir/matrix.json" "$BATS_TEST_TMPDIR/was"
	jq '.cells[2].reason = "no such kernel: a very long reason, which goes on and on and does not fit into one line"' \
		"$BATS_TEST_TMPDIR/was" >"$dir/matrix.json"
	run "$vtdlab" report --mail "$dir"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = '$ vtdlab matrix two.conf' ]
	[[ $output == *"matrix   two: a <b>title</b> (sha256 0)"* ]]
	[[ $output == *"axes     kernel=a;b"*"         iommu.mode=legacy;scalable"* ]]
	[[ $output == *"verdict  4 cells: 1 as expected, 1 NOT as expected, 1 skipped, 1 without"*"a verdict"* ]]
	[[ $output == *"  cell 1: NOT as expected"*"    seen <i>1</i>"*"    wanted    no failure"*'    $ vtdlab run kdump --kernel b '*'\'* ]]
	[[ $output == *"  cell 3: no verdict"*"  1 skipped:"*"    no such kernel: "* ]]
	[[ $output != *"cell 0"* ]]
	[ -z "$(awk 'length > 72' <<<"$output")" ]
}

@test "benchmarks of a matrix are a trend, and a benchmark has a page of its own" {
	matrix '.cells = [.cells[0, 1]] | .cells[].result = "expected"'
	mkdir -p "$dir/cells/0000/run" "$dir/cells/0001/run"
	cp "$root/tests/cli/schemas/bench.json" "$dir/cells/0000/run/"
	jq '.kvmperf.tests[].ns |= walk(if type == "number" then . / 2 | floor else . end)' "$root/tests/cli/schemas/bench.json" >"$dir/cells/0001/run/bench.json"
	"$vtdlab" report "$dir/cells/0000/run"
	words "$dir/cells/0000/run/report.html" >"$BATS_TEST_TMPDIR/words"
	grep -Eq 'demand-paging .*populate 4096 40983585 40983579 40984925 10005.8' "$BATS_TEST_TMPDIR/words"
	"$vtdlab" report "$dir"
	words "$dir/report.html" >"$BATS_TEST_TMPDIR/words"
	cat "$BATS_TEST_TMPDIR/words"
	grep -q 'Benchmarks, cell by cell' "$BATS_TEST_TMPDIR/words"
	grep -Eq 'populate 40983585 ns 0\.500' "$BATS_TEST_TMPDIR/words"
	if command -v gnuplot >/dev/null; then
		[ "$(grep -c 'src="data:image/svg' "$dir/report.html")" -eq 1 ]
	fi
	# times of two clocks are never put beside each other
	jq '.environment.clock = "wall"' "$dir/cells/0001/run/bench.json" >"$dir/new" && mv "$dir/new" "$dir/cells/0001/run/bench.json"
	"$vtdlab" report "$dir"
	grep -q 'cannot be compared' "$dir/report.html"
	run ! grep -q 'populate</th>' "$dir/report.html"
}

@test "what the copy cost in the cells of a matrix stands beside each other" {
	matrix '.cells = [.cells[0, 1]] | .cells[1].run = "../elsewhere"'
	mkdir -p "$dir/cells/0000/run" "$dir/cells/0001/run" "$dir/../elsewhere"
	for at in cells/0000/run cells/0001/run ../elsewhere; do
		jq '.timing.copy_ns = 2500000 | .kdump.graft = {t_ns: 7000}' "$root/tests/cli/schemas/run.json" >"$dir/$at/run.json"
	done
	"$vtdlab" report "$dir"
	run ! grep -q 'What the copy cost' "$dir/report.html" # a run outside is none
	jq '.cells[1].run = "cells/0001/run"' "$dir/matrix.json" >"$dir/new" && mv "$dir/new" "$dir/matrix.json"
	"$vtdlab" report "$dir"
	words "$dir/report.html" >"$BATS_TEST_TMPDIR/words"
	grep -Eq 'cell 1 [0-9]+ 2500 .* 7 ' "$BATS_TEST_TMPDIR/words"
	run ! grep -q 'by the number of their leaves' "$dir/report.html" # both have as many
	jq '.iova.leaves = 100 | .timing.copy_ns = 25000' "$dir/cells/0000/run/run.json" >"$dir/new" && mv "$dir/new" "$dir/cells/0000/run/run.json"
	jq '.iova.leaves = 1000000' "$dir/cells/0001/run/run.json" >"$dir/new" && mv "$dir/new" "$dir/cells/0001/run/run.json"
	"$vtdlab" report "$dir"
	grep -q 'alt="what the copy of the tables cost, by the number of their leaves; the table has the figures"' "$dir/report.html"
	if command -v gnuplot >/dev/null; then
		grep 'by the number of their leaves' "$dir/report.html" | grep -oE 'base64,[^"]*' | cut -d, -f 2 | base64 -d >"$BATS_TEST_TMPDIR/svg"
		grep -q 'leaves of the tables' "$BATS_TEST_TMPDIR/svg"
	fi
	if command -v tidy >/dev/null; then
		run tidy -q -e --drop-empty-elements no "$dir/report.html"
		echo "$output"
		[ "$status" -eq 0 ]
	fi
}
