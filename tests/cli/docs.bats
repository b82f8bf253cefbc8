#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The documents: links lead somewhere, names in them exist, and check-docs notices a block that fails.

bats_require_minimum_version 1.5.0

load vtdlab-fixture

setup() { find_vtdlab; }

@test "every link to a file of the tree leads to one" {
	n=0
	while IFS=: read -r file link; do
		link=${link%%#*}
		[[ $link && $link != *://* ]] || continue
		[ -e "$(dirname "$root/$file")/$link" ] || { echo "$file: $link"; false; }
		n=$((n + 1))
	done < <(cd "$root" && grep -oHE '\]\([^) ]+\)' README.md HACKING.md docs/*.md docs/*/*.md kernel-patches/*.md |
		sed -E 's/\]\((.*)\)$/\1/')
	[ "$n" -gt 20 ]
}

@test "what the documents name is there: verbs, scenarios, bugs, checks" {
	cd "$root"
	while read -r verb; do
		"$vtdlab" help "$verb" >/dev/null || { echo "verb $verb"; false; }
	done < <(grep -ohE '(build/|`)vtdlab [a-z-]+' README.md docs/*.md | sed 's/.*vtdlab //' | grep -vx 'VERB' | sort -u)
	while read -r name; do
		[ -e "scenarios/$name.conf" ] || { echo "scenario $name"; false; }
	done < <(grep -ohE 'SCENARIO=kdump[a-z0-9-]*|vtdlab run kdump[a-z0-9-]*' README.md docs/*.md | grep -oE 'kdump[a-z0-9-]*' | sort -u)
	while read -r name; do
		[ -e "bugs/$name.conf" ] || { echo "bug $name"; false; }
	done < <(grep -ohE 'BUG=[a-z][a-z0-9-]+|bugs show [a-z][a-z0-9-]+' README.md docs/*.md | sed -E 's/.*[= ]//' | grep -vxE 'all|quick|slug' | sort -u)
}

@test "check-docs runs the marked blocks, stops at what fails, and is not content with none" {
	printf 'text\n```sh run\ntrue\n```\n```sh\nfalse\n```\n```sh run\necho one\necho two\n```\n' >"$BATS_TEST_TMPDIR/good.md"
	run "$root/tests/docs/check-docs" "$BATS_TEST_TMPDIR/good.md"
	[ "$status" -eq 0 ]
	[ "$output" = "2 blocks passed, 0 failed" ]
	printf '```sh run\nfalse\ntrue\n```\n' >"$BATS_TEST_TMPDIR/bad.md"
	run "$root/tests/docs/check-docs" "$BATS_TEST_TMPDIR/good.md" "$BATS_TEST_TMPDIR/bad.md"
	[ "$status" -eq 1 ]
	[[ $output == *"bad.md: failed"*"2 blocks passed, 1 failed" ]]
	echo nothing >"$BATS_TEST_TMPDIR/none.md"
	run "$root/tests/docs/check-docs" "$BATS_TEST_TMPDIR/none.md"
	[ "$status" -eq 1 ]
}
