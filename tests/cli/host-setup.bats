#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# scripts/host-setup, in a PATH where something is missing and apt-get is a
# stand-in that notes what it was asked.

bats_require_minimum_version 1.5.0

setup()
{
	# readable to the ordinary user that some tests become
	world=$(mktemp -d /tmp/host-setup.XXXXXX)
	chmod 755 "$world"
	mkdir "$world/bin"
	cp -r "$BATS_TEST_DIRNAME/../../scripts" "$world/scripts"
	chmod -R a+rX "$world/scripts"
	ln -s /usr/bin/* "$world/bin/"
	rm -f "$world/bin/"{apt-get,sudo,su,cpio,debconf-set-selections}
	cat >"$world/bin/apt-get" <<-END
		#!/bin/bash
		echo "\$DEBIAN_FRONTEND|\$*" >>$world/asked
		case " \$* " in
		*' update '*) touch $world/updated ;;
		*' install '*)
			[[ ! -e $world/stale || -e $world/updated ]] || exit 100
			[[ -e $world/broken ]] || ln -s /bin/true $world/bin/cpio
			;;
		esac
	END
	chmod +x "$world/bin/apt-get"
}

teardown()
{
	rm -rf "$world"
}

# host_setup [-u] ARGUMENT...: -u is as an ordinary user.
host_setup()
{
	local as=()

	if [[ $1 == -u ]]; then
		shift
		((EUID)) || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	fi
	run --separate-stderr env PATH="$world/bin" "${as[@]}" "$world/scripts/host-setup" "$@"
}

need_root()
{
	((EUID == 0)) || skip 'needs root'
}

@test "silent, fast and 0 when nothing is missing" {
	ln -s /bin/true "$world/bin/cpio"
	local fields before
	read -ra fields <"/proc/$BASHPID/stat"
	before=$((fields[15] + fields[16]))
	host_setup --for run
	read -ra fields <"/proc/$BASHPID/stat"
	[[ $status == 0 ]] || skip "this host lacks something: $stderr"
	[ -z "$output$stderr" ]
	[ ! -e "$world/asked" ]
	# 0.3 s is the promise; of CPU time, as the machine may be busy
	((fields[15] + fields[16] - before < 2 * $(getconf CLK_TCK)))
}

@test "an ordinary user gets one command to type, and status 2" {
	host_setup -u --for run
	[ "$status" = 2 ]
	[ -z "$output" ]
	[[ $stderr == *'missing: cpio; install them with:'* ]]
	[[ $stderr == *"su -c '"*"apt-get install -y --no-install-recommends cpio'" ]]
	ln -s /bin/true "$world/bin/sudo"
	host_setup -u --for run
	[ "$status" = 2 ]
	[[ $stderr == *"sudo apt-get"*"install -y --no-install-recommends cpio" ]]
	[ ! -e "$world/asked" ]
}

@test "root: names what it installs, without questions, without recommends" {
	need_root
	host_setup --for run
	[ "$status" = 0 ]
	[[ $stderr == *'installing 1 Debian package(s): cpio'* ]]
	grep -q '^noninteractive|.* install --no-install-recommends cpio$' "$world/asked"
	host_setup --for run
	[ "$status" = 0 ]
	[ -z "$output$stderr" ]
}

@test "root: stale lists are renewed and the install tried once more" {
	need_root
	touch "$world/stale"
	host_setup --for run
	[ "$status" = 0 ]
	[ "$(grep -c ' update$' "$world/asked")" = 1 ]
}

@test "root: an install that brings nothing is an error" {
	need_root
	touch "$world/broken"
	host_setup --for run
	[ "$status" = 1 ]
	[[ $stderr == *'installed, but still not found: cpio'* ]]
}

@test "not Debian: the tools are named, nothing is run" {
	rm "$world/bin/apt-get"
	host_setup --for run
	[ "$status" = 2 ]
	[[ $stderr == *'this is no Debian'*'cpio'* ]]
}

@test "run asks for less than check" {
	ln -s /bin/true "$world/bin/cpio"
	rm -f "$world/bin/bats"
	host_setup -u --for run
	[ "$status" = 0 ]
	host_setup -u --for check
	[ "$status" = 2 ]
	[[ $stderr == *bats* ]]
}

@test "libvirt's driver is asked for where it is to run something, and by check" {
	host_setup --for run --list
	[[ $output != *libvirt-daemon-system* ]]
	for level in libvirt check all; do
		host_setup --for $level --list
		[[ $output == *' libvirt-daemon-system '* && $output == *' make '* ]]
	done
	# which of them the front door asks for
	for vmm in VMM= VMM=qemu; do
		run make -n -C "$BATS_TEST_DIRNAME/../.." setup $vmm
		[[ $output == *'scripts/host-setup --for run'* ]]
	done
	run make -n -C "$BATS_TEST_DIRNAME/../.." setup VMM=libvirt:qemu:///session
	[[ $output == *'scripts/host-setup --for libvirt'* ]]
}

@test "what runs tests asks for what tests need" {
	for target in check-faults check-kvm check-lab check-libvirt fuzz; do
		run make -n -C "$BATS_TEST_DIRNAME/../.." $target
		[[ $output == *'scripts/host-setup --for all'* ]]
	done
	host_setup --for check --list
	[[ $output == *' iproute2 '* && $output == *' clang '* && $output == *' libclang-rt-dev '* ]]
}

@test "--list shows what is there and what is not" {
	host_setup --list
	[ "$status" = 0 ]
	[[ $output == *'no  cpio '* && $output == *'yes make '* ]]
	[ ! -e "$world/asked" ]
}

@test "bad usage is refused" {
	host_setup --for everything
	[ "$status" = 2 ]
	[[ $stderr == *"takes installed, run, libvirt, check, all, kernel, lint or cluster, not 'everything'"* ]]
	host_setup --for
	[ "$status" = 2 ]
	host_setup frobnicate
	[ "$status" = 2 ]
	[[ $stderr == *'unknown argument frobnicate'* ]]
}

@test "a program that is installed needs nothing to be built with" {
	host_setup --for installed --list
	[[ $output == *' qemu-system-x86 '* && $output == *' cpio '* && $output == *' binutils '* ]]
	[[ $output != *' make '* && $output != *' libglib2.0-dev '* && $output != *' bats '* ]]
}
