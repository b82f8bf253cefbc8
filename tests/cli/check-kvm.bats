#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# tests/kvm/check-kvm, with a made-up vtdlab, and a QEMU that does in no time what L1 does. The real one: make check-kvm.

bats_require_minimum_version 1.5.0

setup()
{
	root=$PWD
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree"/{build,scripts,bin,tests}
	cp -r "$root/tests/kvm" "$root/tests/same-verdicts.bash" "$tree/tests/"
	export PATH=$tree/bin:$PATH HOME=$BATS_TEST_TMPDIR TREE=$tree
	program scripts/kernel-get 'echo /nowhere'
	program scripts/make-initramfs ':'
	# vtdlab: what a run leaves, under the accelerator that it was told, in L1 the $ACCEL of the test
	# shellcheck disable=SC2016
	program build/vtdlab '
		while (($#)); do
			case $1 in
			--accel) accel=$2 ;;
			--results) results=$2 ;;
			kdump*) name=$1 ;;
			bench | doctor) verb=$1 ;;
			esac
			shift
		done
		if [[ ${verb:-} == doctor ]]; then
			echo "note  KVM           $DOCTOR"
			exit
		fi
		[[ $accel != auto ]] || accel=$ACCEL outcome=$OUTCOME check=$CHECK
		mkdir -p "$results/latest"
		[[ ${verb:-} != bench ]] || exec cat >"$results/latest/bench.json" <<<"{\"outcome\":\"${outcome:-preserved}\",
			\"environment\":{\"accel\":\"$accel\"},\"kvmperf\":{\"tests\":[{\"name\":\"a\",\"result\":\"pass\"}]}}"
		cat >"$results/latest/run.json" <<<"{\"outcome\":\"${outcome:-preserved}\",\"environment\":{\"accel\":\"$accel\"},
			\"checks\":[{\"name\":\"rig\",\"result\":\"${check:-pass}\"}]}"'
	# QEMU: no machine, but what its init would run
	# shellcheck disable=SC2016
	program bin/qemu-system-x86_64 '
		[[ $* != *"-device help"* ]] || exec echo "name \"${NINE_P:-virtio-9p-pci}\", bus PCI"
		[[ ! ${DIES:-} ]] || exit 1
		out= log=
		for word; do
			[[ $word != file:* ]] || log=${word#file:}
			[[ $word != local,id=out,path=* ]] || { out=${word#*path=}; out=${out%%,*}; }
		done
		sed "s|/mnt|$out|" "$out/job" | bash >"$log" 2>&1
		sleep 1'
	export ACCEL=kvm OUTCOME=preserved CHECK=pass DOCTOR='KVM: a Linux guest reached its agent in 9.0 s' ONLY=
}

# program FILE TEXT
program()
{
	printf '#!/bin/bash\n%s\n' "$2" >"$tree/$1"
	chmod +x "$tree/$1"
}

# check STATUS LINE: what it ends with.
check()
{
	run timeout 300 "$tree/tests/kvm/check-kvm"
	echo "$output"
	[ "$status" -eq "$1" ] && [[ ${lines[-1]} == "$2" ]]
}

@test "the same verdicts under KVM: passed, each by name" {
	check 0 '6 passed, 0 failed, 0 skipped'
	[[ $output == *'ok     doctor: '*'reached its agent'* && $output == *'ok     kdump-scalable: kvm, status 0'* &&
		$output == *'ok     bench: kvm'* ]]
	ONLY='kdump bench' check 0 '3 passed, 0 failed, 0 skipped'
}

@test "another outcome, another check, no KVM: failed, and both are shown" {
	OUTCOME=dma-lost ONLY=kdump check 1 '1 passed, 1 failed, 0 skipped'
	[[ $output == *'FAILED kdump: kvm, status 0, ["dma-lost"'*'under TCG: ["preserved"'* ]]
	CHECK=fail ONLY=kdump check 1 '1 passed, 1 failed, 0 skipped'
	ACCEL=tcg ONLY=kdump check 1 '1 passed, 1 failed, 0 skipped'
}

@test "KVM that is refuted, an L1 that dies: failed" {
	DOCTOR='KVM: /dev/kvm opens, but a Linux guest hangs' ONLY=kdump check 1 '1 passed, 1 failed, 0 skipped'
	DIES=1 ONLY=kdump check 1 '0 passed, 2 failed, 0 skipped'
	[[ $output == *'FAILED kdump: it did not come to an end in L1'* ]]
}

@test "a QEMU without 9p: skipped, with the reason, and no pass" {
	NINE_P=none check 77 '0 passed, 0 failed, 6 skipped'
	[[ $output == *'no virtio-9p-pci'* ]]
}
