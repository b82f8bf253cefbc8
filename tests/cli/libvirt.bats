#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What --vmm takes and refuses. Boots nothing, asks no libvirt.

bats_require_minimum_version 1.5.0
load vtdlab-fixture

setup()
{
	find_vtdlab
}

# refused LINE VMM: `run kdump --vmm VMM`, and `bench` alike, are called wrongly.
refused()
{
	local verb
	for verb in 'run kdump' bench; do
		# shellcheck disable=SC2086 # the verb and its argument
		run --separate-stderr "$vtdlab" $verb --vmm "$2"
		echo "$2: $status $output $stderr"
		[ "$status" -eq 2 ]
		[ -z "$output" ]
		[ "$stderr" = "vtdlab ${verb%% *}: $1" ]
	done
}

@test "only QEMU, or libvirt's QEMU on this host" {
	refused '--vmm xen: qemu, libvirt or libvirt:URI' xen
	refused '--vmm libvirtd: qemu, libvirt or libvirt:URI' libvirtd
	for uri in qemu+ssh://host/system qemu://host/system test:///default xen:///system qemu:///other; do
		refused "libvirt:$uri: only QEMU on this host can be used: qemu:///embed, qemu:///session or qemu:///system" \
			"libvirt:$uri"
	done
}
