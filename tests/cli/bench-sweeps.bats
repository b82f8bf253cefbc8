#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# scripts/bench-sweeps, with a program that only says what it was asked for.
# shellcheck disable=SC2154 # stderr is set by run

bats_require_minimum_version 1.5.0

setup()
{
	scripts=$(cd "$BATS_TEST_DIRNAME/../../scripts" && pwd)
	export VTDLAB=$BATS_TEST_TMPDIR/vtdlab ASKED=$BATS_TEST_TMPDIR/asked
	cat >"$VTDLAB" <<-'END'
		#!/bin/bash
		if [[ $1 == compare ]]; then
			shift
			for run; do [[ -e $run/bench.json ]] || exit 9; done
			printf 'table of'; printf ' %s' "$@"; echo
			exit
		fi
		printf '%s\n' "$*" >>"$ASKED"
		[[ $* != *"${FAKE_BAD:-nothing}"* ]] || { echo 'test x: fail'; exit "${FAKE_STATUS:-1}"; }
		while (($# > 1)); do [[ $1 != --results ]] || results=$2; shift; done
		mkdir -p "$results/latest-bench"
		echo '{}' >"$results/latest-bench/bench.json"
	END
	chmod +x "$VTDLAB"
}

sweeps() { run --separate-stderr "$scripts/bench-sweeps" --results "$BATS_TEST_TMPDIR/results" "$@"; }

@test "a run for each kernel and each mode, and a table of each" {
	sweeps --kernels 'debian-6.1 lab-6.12' --modes 'off strict'
	[ "$status" = 0 ]
	[[ $output == *$'\ntable of kernel-debian-6.1/latest-bench kernel-lab-6.12/latest-bench\n'* ]]
	[[ $output == *$'\ntable of mode-off/latest-bench mode-strict/latest-bench\n'* ]]
	[ "$(wc -l <"$ASKED")" = 4 ]
	[ "$(grep -c -- '--clock virtual' "$ASKED")" = 4 ]
	grep -q -- '--suite quick --kernel lab-6.12$' "$ASKED"
	grep -q -- '--iommu strict$' "$ASKED"
	# what is there is used again
	sweeps --kernels 'debian-6.1 lab-6.12' --modes 'off strict' --out "$BATS_TEST_TMPDIR/page"
	[ "$status" = 0 ]
	[ "$(wc -l <"$ASKED")" = 4 ]
	[ "$(head -n 1 "$BATS_TEST_TMPDIR/page")" = "# The kernel of L1, and the mode of its vIOMMU" ]
}

@test "a run that fails is told, and there is no page" {
	FAKE_BAD='--iommu pt' sweeps --kernels debian-6.1 --modes 'off pt' --out "$BATS_TEST_TMPDIR/page"
	[ "$status" = 1 ]
	[[ $stderr == *'test x: fail'*'vtdlab bench --tests'*'--iommu pt: status 1'* ]]
	[ ! -e "$BATS_TEST_TMPDIR/page" ]
	FAKE_BAD=debian-7.3 FAKE_STATUS=125 sweeps --kernels debian-7.3 --modes off
	[ "$status" = 2 ]
}

@test "called wrongly: the usage" {
	sweeps --kernel debian-6.1
	[[ $status == 2 && $stderr == 'usage: bench-sweeps '* ]]
	sweeps --modes
	[[ $status == 2 && $stderr == 'usage: bench-sweeps '* ]]
}
