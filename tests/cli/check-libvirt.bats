#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# tests/libvirt/check-libvirt, with a made-up vtdlab. The real one: make check-libvirt.

bats_require_minimum_version 1.5.0

setup()
{
	root=$PWD
	compgen -G '/usr/lib/*/libvirt/connection-driver/libvirt_driver_qemu.so' || skip "no libvirt-daemon-system here"
	# an ordinary user has to come to it
	tree=$(mktemp -d /tmp/check-libvirt-bats.XXXXXX)
	chmod 755 "$tree"
	mkdir -p "$tree"/{build/guests,scripts,scenarios,images,kernel-patches,tests,kernel}
	touch "$tree/Makefile"
	cp -r "$root/tests/libvirt" "$root/tests/same-verdicts.bash" "$tree/tests/"
	export TREE=$tree
	program scripts/kernel-get "echo $tree/kernel"
	# vtdlab: what a run leaves, by who runs it; under libvirt with what the test has instead
	# shellcheck disable=SC2016
	program build/vtdlab '
		while (($#)); do
			case $1 in
			--vmm) vmm=$2 ;;
			--results) results=$2 ;;
			bench) verb=$1 ;;
			esac
			shift
		done
		outcome=preserved check=pass
		[[ -e ${0%/*}/instead ]] && [[ $vmm != qemu ]] && . "${0%/*}/instead"
		[[ ! ${dies:-} ]] || exit 125
		mkdir -p "$results/latest"
		[[ $vmm == qemu ]] || { vmm=libvirt; id -u >"$results/latest/domain.xml"; }
		environment="\"outcome\":\"$outcome\",\"environment\":{\"vmm\":\"$vmm\"}"
		if [[ ${verb:-} ]]; then
			echo "{$environment,\"kvmperf\":{\"tests\":[{\"name\":\"a\",\"result\":\"pass\"}]}}" >"$results/latest/bench.json"
		else
			echo "{$environment,\"checks\":[{\"name\":\"rig\",\"result\":\"$check\"}]}" >"$results/latest/run.json"
		fi'
	unset VMM REPEAT
	export ONLY=
}

teardown()
{
	[ -z "$tree" ] || rm -rf "$tree"
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
	run timeout 300 "$tree/tests/libvirt/check-libvirt"
	echo "$output"
	[ "$status" -eq "$1" ] && [[ ${lines[-1]} == "$2" ]]
}

@test "the same under libvirt: passed, each by name, and once as another user" {
	((EUID == 0)) || skip "needs root"
	check 0 '9 passed, 0 failed, 0 skipped'
	for name in kdump kdump-{scalable,intremap,two-bridges,deep,nested} user; do
		[[ $output == *"ok     $name: libvirt, status 0, preserved, 1 checks"* ]]
	done
	[ "$(cat "$tree"/build/check-libvirt/libvirt/user/latest/domain.xml)" = 65534 ]
	run ! compgen -G '/tmp/check-libvirt.*/tree/build/vtdlab'
}

@test "three times in a row" {
	REPEAT=3 ONLY='kdump bench' check 0 '7 passed, 0 failed, 0 skipped'
	[[ $output == *'ok     kdump 3: '*'ok     bench 1: '* ]]
	REPEAT=0 run "$tree/tests/libvirt/check-libvirt"
	[ "$status" -eq 2 ]
}

@test "another outcome, another check, no run, a run that was not under libvirt: failed, and what differs is shown" {
	echo 'outcome=dma-lost' >"$tree/build/instead"
	ONLY=kdump check 1 '1 passed, 1 failed, 0 skipped'
	[[ $output == *'FAILED kdump: libvirt, status 0, dma-lost'*'-  "dma-lost"'*'+  "preserved"'* ]]
	echo 'check=skip' >"$tree/build/instead"
	ONLY=kdump check 1 '1 passed, 1 failed, 0 skipped'
	[[ $output == *'-    "rig": "skip"'*'+    "rig": "pass"'* ]]
	echo 'dies=1' >"$tree/build/instead"
	ONLY=kdump check 1 '1 passed, 1 failed, 0 skipped'
	[[ $output == *'FAILED kdump: no run, status 125'* ]]
	echo 'vmm=qemu' >"$tree/build/instead"
	ONLY=kdump check 1 '1 passed, 1 failed, 0 skipped'
}
