#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What matrix refuses, which cells it makes, and a matrix of kernels that are not there. Boots nothing.

# shellcheck disable=SC2154 # root, vtdlab: the fixture's
bats_require_minimum_version 1.5.0
load vtdlab-fixture

setup() { find_vtdlab; }

@test "a matrix that is mistyped" {
	refused matrix :: "which matrix?"
	refused matrix a b :: "one matrix"
	refused matrix smok :: "the nearest is smoke"
	refused matrix smoke --engine slrum :: "local or slurm"
	refused matrix smoke --only kernl=a :: "the nearest is kernel"
	refused matrix smoke --resume --only kernel=debian-6.1 :: "--only goes with a matrix that begins"
	refused matrix smoke --jobs -1 :: "--jobs"
	refused matrix smoke --resume --results "$BATS_TEST_TMPDIR" :: "nothing to go on with"
	refused matrix "$BATS_TEST_TMPDIR" --resume :: "matrix.json"
	refused matrix "$BATS_TEST_TMPDIR" --cell 0 :: "matrix.conf"
	printf '[matrix]\ntitle=t\n[axes]\nbench=quick;exist\n' >"$BATS_TEST_TMPDIR/tests.conf"
	refused matrix "$BATS_TEST_TMPDIR/tests.conf" :: "cell bench=exist: --tests 'exist': kvmperf: no test 'exist'"
	printf '[matrix]\ntitle=t\n[axes]\nbench=quick\niommu=lazy;eager\n' >"$BATS_TEST_TMPDIR/iommu.conf"
	refused matrix "$BATS_TEST_TMPDIR/iommu.conf" :: "no iommu 'eager': off, pt, lazy"
}

@test "every matrix of the tree makes cells" {
	for name in $("$vtdlab" list matrices --names); do
		[ "$name" != all-kernels ] || continue # asks the archive
		run "$vtdlab" matrix "$name" --dry-run
		echo "$output"
		[ "$status" -eq 0 ]
		[[ ${lines[-1]} == *" cells" ]]
	done
	[ "$("$vtdlab" matrix debian --dry-run | tail -n 1)" = "108 cells" ]
}

@test "--only: the cells of some values of an axis, of two axes" {
	run "$vtdlab" matrix smoke --dry-run --only "kernel=debian-6.12"
	[ "${lines[-1]}" = "3 cells" ]
	[ "$(grep -c -- "--kernel debian-6.12" <<<"$output")" = 3 ]
	run "$vtdlab" matrix smoke --dry-run --only "kernel=debian-6.*" --only "set-mode=legacy;s*"
	[ "${lines[-1]}" = "4 cells" ]
	run ! grep -q first-level <<<"$output"
}

@test "kernels that are not there are skipped by name, and all the others would be run" {
	cat >"$BATS_TEST_TMPDIR/m.conf" <<-'END'
	[matrix]
	title=t
	[axes]
	kernel=/nonexistent/a;/nonexistent/b
	END
	run "$vtdlab" matrix "$BATS_TEST_TMPDIR/m.conf" --results "$BATS_TEST_TMPDIR/r" --junit "$BATS_TEST_TMPDIR/j.xml" \
		--ktap "$BATS_TEST_TMPDIR/k.tap"
	echo "$output"
	[ "$status" -eq 125 ] # nothing but skips
	[[ $output == *"skipped"*"kernel=/nonexistent/a: "*"no such kernel: /nonexistent/a"* ]]
	[[ $output == *"2 cells: 2 skipped; exit status 125"* ]]
	json=$(echo "$BATS_TEST_TMPDIR"/r/matrices/*-m-*/matrix.json)
	[ "$(jq -r '.cells | map(.result) | join(" ")' "$json")" = "skipped skipped" ]
	[ "$(jq -r .finished "$json")" = true ]
	run xmllint --noout "$BATS_TEST_TMPDIR/j.xml"
	[ "$status" -eq 0 ]
	run prove --exec cat "$BATS_TEST_TMPDIR/k.tap" # any consumer of TAP reads KTAP
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"Result: PASS"* ]]
}

@test "a program that was built anew under a matrix: its cells run all the same" {
	local dir=$BATS_TEST_TMPDIR

	printf '[matrix]\ntitle=t\n[axes]\nkernel=debian-6.1\n' >"$dir/m.conf"
	cp "$vtdlab" "$dir/vtdlab"
	exec 4<"$dir/vtdlab"
	rm "$dir/vtdlab"
	printf '#!/bin/sh\necho "$@" >>"%s/told"\n' "$dir" >"$dir/vtdlab"
	chmod +x "$dir/vtdlab"
	VTDLAB_ROOT=$root run /proc/self/fd/4 matrix "$dir/m.conf" --results "$dir/r"
	exec 4<&-
	echo "$output"
	[ "$status" -eq 125 ] # what is there now ran nothing
	grep -q "^run kdump --kernel debian-6.1 " "$dir/told"
}

@test "a node without QEMU skips its cells by that name, and fetches nothing for them" {
	cd "$BATS_TEST_TMPDIR"
	export VTDLAB_DEBIAN_URI=file:///nonexistent VTDLAB_DEBIAN_SECURITY_URI=file:///nonexistent
	mkdir bin
	for program in /usr/bin/*; do
		[[ ${program##*/} == qemu* ]] || ln -s "$program" bin/
	done
	printf '[matrix]\ntitle=t\n[axes]\nkernel=debian-6.1;/nonexistent\n' >m.conf
	PATH=$PWD/bin run "$vtdlab" matrix m.conf --results r --junit j.xml
	echo "$output"
	[ "$status" -eq 125 ]
	[ "$(grep -c "skipped .*: qemu-system-x86_64 is not installed: install" <<<"$output")" = 2 ]
	[[ $output == *"2 cells: 2 skipped"* ]]
	[ "$(grep -c '<skipped message="qemu-system' j.xml)" = 2 ]
	printf '[matrix]\ntitle=t\n[axes]\nbench=exits\n' >b.conf
	PATH=$PWD/bin run "$vtdlab" matrix b.conf --results b
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"skipped "*": qemu-system-x86_64 is not installed: install"* ]]
}

@test "JUnit of a matrix, read by a program that reads JUnit: what failed, what was skipped" {
	cd "$BATS_TEST_TMPDIR"
	junit() { /usr/bin/python3 -m junitparser "$@"; }
	junit --version >/dev/null 2>&1 || skip "no junitparser (apt install python3-junitparser)"
	printf '[matrix]\ntitle=t\n[axes]\nkernel=/nonexistent/a;/nonexistent/b\n' >m.conf
	run "$vtdlab" matrix m.conf --results r --junit skips.xml
	[ "$status" -eq 125 ]
	junit verify skips.xml
	# the same matrix, killed behind a cell that was bad
	done=$(echo r/matrices/*-m-*)
	mv "$done" "$done.partial"
	jq '.finished = false' "$done.partial/matrix.json" >new && mv new "$done.partial/matrix.json"
	rm "$done.partial/cells/0000/cell.json"
	jq '.result = "unexpected" | .verdict = "copy-wrong" | .reason = "14.0 is <gone>" | .exit = 1' \
		"$done.partial/cells/0001/cell.json" >new && mv new "$done.partial/cells/0001/cell.json"
	run "$vtdlab" matrix m.conf --resume --results r --junit bad.xml
	echo "$output"
	[ "$status" -eq 1 ]
	run ! junit verify bad.xml
	junit merge skips.xml bad.xml all.xml
	cat all.xml
	[ "$(xmllint --xpath 'string(/testsuites/@tests)' all.xml)" = 4 ]
	[ "$(xmllint --xpath 'string(/testsuites/@failures)' all.xml)" = 1 ]
	[ "$(xmllint --xpath 'string(/testsuites/@skipped)' all.xml)" = 3 ]
	[ "$(xmllint --xpath 'string(//failure/@message)' all.xml)" = "14.0 is <gone>" ]
}

@test "on a full disk nothing more is begun, and with room again it goes on" {
	unshare -rm true 2>/dev/null || skip "no namespaces for this user"
	printf "[matrix]\ntitle=t\n[axes]\nkernel=/nonexistent/a;/nonexistent/b\n" >"$BATS_TEST_TMPDIR/m.conf"
	cat >"$BATS_TEST_TMPDIR/steps" <<-"END"
	set -euo pipefail
	cd "$1"
	mkdir r
	mount -t tmpfs -o size=16m none r
	status=0
	"$2" matrix m.conf --results r || status=$?
	echo "first $status"
	ls -d r/matrices/*.interrupted
	[ ! -e r/matrices/*/cells/0000 ]
	mount -o remount,size=128m r
	status=0
	"$2" matrix m.conf --resume --results r || status=$?
	echo "then $status"
	END
	run unshare -rm bash "$BATS_TEST_TMPDIR/steps" "$BATS_TEST_TMPDIR" "$vtdlab"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"2 not run; --resume goes on: "*"the disk is full: less than 32 MiB are left"*"first 125"* ]]
	[[ $output == *"2 cells: 2 skipped; exit status 125"*"then 125"* ]]
}

@test "an archive that cannot be asked is said, and no matrix begun" {
	export VTDLAB_DEBIAN_URI=file:///nonexistent VTDLAB_DEBIAN_SECURITY_URI=file:///nonexistent
	run "$vtdlab" matrix all-kernels --results "$BATS_TEST_TMPDIR/r"
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"vtdlab matrix: kernel-get failed (status 1): fetching the package lists failed: "* ]]
	[ "$(grep -c '^vtdlab matrix: ' <<<"$output")" -eq 1 ]
	[ ! -e "$BATS_TEST_TMPDIR/r/matrices" ]
}

@test "kernel=@available: a cell for each kernel that the archive has, by its exact name, and fetched as it comes" {
	load kernel-fixture
	fake_world
	fake_deb "$archive/pool" 6.1.0-56-amd64 6.1.192-2
	fake_deb "$archive/pool" 6.1.0-60-amd64 6.1.200-1
	fake_archive "$archive"
	fake_named debian-6.1 "$archive" 6.1.0-56-amd64 6.1.192-2
	run "$vtdlab" matrix all-kernels --dry-run
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "6 cells" ] # two kernels, three modes
	[ "$(grep -c '^      vtdlab run kdump --kernel debian:6.1.0-[56][06]-amd64' <<<"$output")" = 6 ]
	[ "$(grep -c 'kernel=debian:6.1.0-60-amd64 mode=' <<<"$output")" = 3 ]
	[ ! -e "$VTDLAB_CACHE/kernels/6.1.0-60-amd64_6.1.200-1" ] # nothing was fetched for a list
}

@test "slurm-cell: what a run that was killed left is marked where it is brought, cell.json comes last" {
	cd "$BATS_TEST_TMPDIR"
	mkdir -p m tmp
	# matrix --cell N DIR --results OUT: a cell with a run that ended and one that was killed, and a status of 1
	cat >program <<-'END'
		#!/bin/bash
		[[ "$1 $2 $3 $4 $5" == "matrix --cell 12 m --results" ]] || exit 2
		mkdir -p "$6"/{20261128T000001Z-kdump-000001.partial,20261128T000002Z-kdump-000002}
		touch "$6"/20261128T000001Z-kdump-000001.partial/pid
		echo '{}' >"$6/cell.json"
		exit 1
	END
	chmod +x program
	status=0
	TMPDIR=$PWD/tmp SLURM_ARRAY_TASK_ID=2 "$root/scripts/slurm-cell" ./program m 10 || status=$?
	[ "$status" -eq 1 ]
	diff <(cd m/cells/0012 && find . -type f -o -type d -name '2*' | sort) - <<-'END'
		./20261128T000001Z-kdump-000001.interrupted
		./20261128T000001Z-kdump-000001.interrupted/INTERRUPTED
		./20261128T000002Z-kdump-000002
		./cell.json
	END
	[ -z "$(ls tmp)" ]
	# without cell.json nothing is brought: the cell is lost, and told so
	sed -i '/cell.json/d' program
	rm -r m/cells
	TMPDIR=$PWD/tmp SLURM_ARRAY_TASK_ID=2 run "$root/scripts/slurm-cell" ./program m 10
	[ "$status" -eq 1 ]
	[ ! -e m/cells ]
}

# A Slurm whose tasks have run when they are submitted; what sbatch was asked for goes to the file asked. @1: MaxArraySize
fake_slurm()
{
	mkdir -p bin
	printf '#!/bin/bash\necho "MaxArraySize = %s"\n' "$1" >bin/scontrol
	printf '#!/bin/bash\n' | tee bin/squeue >bin/scancel
	cat >bin/sbatch <<-'END'
	#!/bin/bash
	set -euo pipefail
	echo "$*" >>asked
	while [[ $1 == --* ]]; do
		[[ $1 != --array=* ]] || ids=${1#--array=}
		shift
	done
	for id in $(tr , "\n" <<<"${ids%\%*}" | sed "s/^[0-9]*$/&-&/; s/-/ /" | xargs -L 1 seq); do
		SLURM_ARRAY_TASK_ID=$id "$@" >/dev/null 2>&1 || true
	done
	wc -l <asked
	END
	chmod +x bin/*
	PATH=$PWD/bin:$PATH
}

@test "slurm: -j and alone are of the whole matrix, however many arrays it takes" {
	cd "$BATS_TEST_TMPDIR"
	fake_slurm 3
	printf '[matrix]\ntitle=t\n[axes]\nkernel=/a;/b;/c;/d;/e;/f;/g\n' >m.conf
	run "$vtdlab" matrix m.conf --engine slurm -j 2 --results r
	echo "$output"
	cat asked
	[ "$status" -eq 125 ]
	[[ $output == *"7 cells: 7 skipped"* ]]
	[ "$(grep -c -- "--array=.*%2 " asked)" = 3 ]
	run ! grep -q -- --exclusive asked
	[ "$(grep -o -- "--dependency=[^ ]*" asked | tr "\n" " ")" = "--dependency=afterany:1 --dependency=afterany:2 " ]
	[[ $(head -n 1 asked) != *--dependency* ]]
	# what counts time is alone in all of them, and on its node
	rm asked
	sed -i "s/^title/alone=on\n&/" m.conf
	run "$vtdlab" matrix m.conf --engine slurm -j 2 --results r
	[ "$status" -eq 125 ]
	[ "$(grep -c -- "--array=.*%1 .*--exclusive" asked)" = 3 ]
	[ "$(grep -c -- "--dependency=afterany" asked)" = 2 ]
}

@test "a directory of something else, and a matrix.json that was cut off, are named" {
	cd "$BATS_TEST_TMPDIR"
	mkdir run cut none
	echo '{"scenario":"kdump"}' >run/run.json
	echo '{"matrix":"smo' >cut/matrix.json
	refused matrix --resume run :: "run is a run of a scenario, and has no matrix.json" "vtdlab judge"
	refused matrix --resume cut :: "cut is no matrix.json that can be read" truncated
	refused matrix --resume none :: "none is no run directory"
	refused report cut :: "cut is no matrix.json that can be read"
}
