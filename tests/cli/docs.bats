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

@test "what the documents have typed to make is in make's own list" {
	cd "$root"
	make -s help >"$BATS_TEST_TMPDIR/help"
	mapfile -t targets < <(grep -ohE '(^ {4}|^|`|&& )make [a-z][a-z-]+' README.md docs/*.md docs/findings/*.md | sed 's/.*make //' |
		grep -vxE 'bz|defconfig|tinyconfig' | sort -u) # of a kernel's
	[ "${#targets[@]}" -gt 20 ]
	for target in "${targets[@]}"; do
		grep -q "^  make $target " "$BATS_TEST_TMPDIR/help" || { echo "$target"; false; }
	done
}

@test "each text in the first column of troubleshooting is one that the program or a script prints" {
	cd "$root"
	n=0
	while read -r text; do
		# one of several pieces, and what stands between them is a name
		while read -r piece; do
			grep -rqF -- "$piece" host-tools scripts || { echo "nobody prints: $piece"; false; }
			n=$((n + 1))
		done <<<"${text//.../$'\n'}"
	done < <(sed -nE 's/^\| (`[^|]*) \| .*/\1/p' docs/troubleshooting.md | grep -oE '`[^`]+`' | tr -d '`')
	[ "$n" -gt 25 ]
}

# commands FILE: the shell lines of a job, one a line.
commands() { sed -nE 's/^ +(- )?((vtdlab\/)?(build|scripts)\/.*|make .*|\{ .*)/\2/p' "$1"; }

@test "the jobs of docs/ci are YAML, and what they run is there and taken" {
	cd "$root/docs/ci"
	for job in github.yml gitlab.yml; do
		if /usr/bin/python3 -c 'import yaml' 2>/dev/null; then
			/usr/bin/python3 -c 'import sys, yaml; yaml.safe_load(open(sys.argv[1]))' "$job"
		fi
		commands "$job"
		# the matrix, with every option of the job
		line=$(commands "$job" | grep -oE 'build/vtdlab matrix .*')
		# shellcheck disable=SC2086 # words of a command
		run "$vtdlab" ${line#build/vtdlab } --dry-run
		[ "$status" -eq 0 ]
		[[ ${lines[-1]} == *" cells" ]]
		[[ $line == *"--junit junit.xml"* ]]
		grep -q 'junit.xml$' "$job"
		for script in $(commands "$job" | grep -oE 'scripts/[a-z-]+'); do
			[ -x "$root/$script" ]
		done
		make -C "$root" -n "$(commands "$job" | sed -n 's/.*make .*\(build\)$/\1/p')" >/dev/null
	done
	# what GitHub shows of it: the line of the job, over a matrix that there is
	mkdir "$BATS_TEST_TMPDIR/job"
	cd "$BATS_TEST_TMPDIR/job"
	printf '[matrix]\ntitle=t\n[axes]\nkernel=/nonexistent\n' >m.conf
	run "$vtdlab" matrix m.conf --results results
	[ "$status" -eq 125 ]
	mkdir -p vtdlab/build
	ln -s "$vtdlab" vtdlab/build/vtdlab
	commands "$root/docs/ci/github.yml" | grep STEP_SUMMARY >step
	GITHUB_STEP_SUMMARY=$PWD/summary bash -eu step
	cat summary
	[[ $(cat summary) == '```'*"verdict  1 cell: 1 skipped"*'```' ]]
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

@test "the line for git bisect in docs/own-kernel.md finds the bad one of ten commits, one of which does not build" {
	export HOME=$BATS_TEST_TMPDIR/home GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t \
		GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t
	mkdir -p "$HOME/linux" "$HOME/vtdlab/build"
	cd "$HOME/linux"
	git init -q .
	# a tree whose "kernel" is its number, and a lab that finds 7 and what comes after it bad
	printf 'bzImage:\n\t@test `cat n` != 5\n\t@cp n image\nmodules: bzImage\n' >Makefile
	printf '#!/bin/sh\n[ "$*" = "run kdump --kernel . --quiet" ] || exit 2\n[ "$(cat image)" -lt 7 ]\n' >"$HOME/vtdlab/build/vtdlab"
	chmod +x "$HOME/vtdlab/build/vtdlab"
	echo image >.gitignore
	for n in 1 2 3 4 5 6 7 8 9 10; do
		echo "$n" >n
		git add -A
		git commit -q -m "commit $n"
	done
	line=$(sed -nE 's/^    (git bisect run .*)/\1/p' "$root/docs/own-kernel.md")
	git bisect start HEAD HEAD~9
	run bash -c "$line"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"is the first bad commit"*"commit 7"* ]]
	git bisect log | grep -q '^# skip: .*commit 5'
}

# words: backquoted or bold ones of the glossary, a line each; "`a`, `b`" are two.
words() { grep -oE '(`[^`]+`|\*\*[^*]+\*\*)' "$root/docs/glossary.md" | sed -E 's/^(`|\*\*)|(`|\*\*)$//g' | sort -u; }

# unknown WORD...: fails with those that the glossary does not have.
unknown()
{
	comm -23 <(printf '%s\n' "$@" | sort -u) <(words) >"$BATS_TEST_TMPDIR/unknown"
	[ ! -s "$BATS_TEST_TMPDIR/unknown" ] || { echo "not in docs/glossary.md:"; cat "$BATS_TEST_TMPDIR/unknown"; false; }
}

@test "each heading, result, outcome and phase of a page is in the glossary, and each check in list checks" {
	mapfile -t outcomes < <(grep -oE '^\s*\[OUTCOME_[A-Z_]+\] = \{ "[a-z-]+"' "$root/host-tools/verdict/outcome.c" | cut -d'"' -f2)
	[ "${#outcomes[@]}" -gt 15 ]
	unknown "${outcomes[@]}"
	"$vtdlab" list checks -n | sort >"$BATS_TEST_TMPDIR/checks"
	for golden in legacy-6.1 nocopy-6.1; do
		mkdir "$BATS_TEST_TMPDIR/$golden"
		tar -xJf "$root/tests/golden/runs/$golden.tar.xz" -C "$BATS_TEST_TMPDIR/$golden"
		cp "$root/tests/cli/schemas/run.json" "$BATS_TEST_TMPDIR/$golden"
		# on stderr: what the run.json of another run says otherwise
		page=$("$vtdlab" judge -v "$BATS_TEST_TMPDIR/$golden" 2>"$BATS_TEST_TMPDIR/differences" || true)
		# the table of checks, and the labels around it
		table=$(awk '/^check  / { on = 1; next } !NF || /^(fail\*|PASS!|none) / { on = 0 } on && /^[a-z]/' <<<"$page")
		[ -n "$table" ]
		[ -z "$(comm -23 <(awk '{ print $1 }' <<<"$table" | sort -u) "$BATS_TEST_TMPDIR/checks")" ]
		mapfile -t results < <(awk '{ print $2 }' <<<"$table" | sort -u)
		mapfile -t labels < <(grep -vFx "$table" <<<"$page" | grep -vE '^(check|fail\*|PASS!|none) ' | grep '^[a-z]' | cut -c1-14 |
			sed 's/ *$//')
		[ "${#labels[@]}" -ge 8 ]
		unknown "${results[@]}" "${labels[@]}"
	done
	mapfile -t labels < <("$vtdlab" bench --show "$root/tests/cli/schemas/bench.json" | sed -n '/^benchmark/,$p' |
		grep '^[a-zL]' | cut -c1-14 | sed 's/ *$//')
	[ "${#labels[@]}" -ge 7 ]
	unknown "${labels[@]}" items instructions ns spread 'for each'
	mapfile -t phases < <(cd "$root" && grep -hoE 'clock_phase\(run->at.clock, "[a-z-]+"' host-tools/run/*.c | cut -d'"' -f2)
	[ "${#phases[@]}" -ge 8 ]
	unknown "${phases[@]}" poweroff
}

@test "a word that the glossary lacks is noticed" {
	run ! unknown preserved no-such-word
	unknown preserved
}
