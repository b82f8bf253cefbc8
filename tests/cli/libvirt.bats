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

# domain SED WANT: the domain as virt-install writes it, changed by SED, is refused with WANT.
domain()
{
	sed -e "$1" "$root/tests/live/domains/virt-install.xml" >"$BATS_TEST_TMPDIR/d.xml"
	run --separate-stderr "$vtdlab" run --domain "$BATS_TEST_TMPDIR/d.xml" --dry-run
	echo "$1: $status $output $stderr"
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	[[ $stderr == "vtdlab run: --domain $BATS_TEST_TMPDIR/d.xml: $2"* ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
}

@test "--domain: what cannot be judged is refused in one line" {
	domain '/<iommu/,/<\/iommu/d' "no <iommu model='intel'>"
	domain '/<\/iommu>/a <iommu model="intel"/>' 'two <iommu>'
	domain 's/<iommu model="intel"/<iommu model="virtio"/' "<iommu model='virtio'>"
	domain 's/arch="x86_64"/arch="aarch64"/' "arch='aarch64'"
	domain 's/machine="q35"/machine="pc"/' "machine='pc'"
	domain 's/bus="virtio"/bus="scsi"/' "a disk on the bus 'scsi'"
	domain 's/<model type="virtio"/<model type="rtl8139"/' "a network card of model 'rtl8139'"
	domain 's/machine="q35"/machine="pc-q35-99.9"/' "machine='pc-q35-99.9': QEMU "
	domain 's/<vcpu>2</<vcpu>300</' "as --set machine.cpus: '300' is not allowed"
	domain 's/<memory>1048576</<memory>1024</' "as --set machine.memory: '1M'"
	domain '/<emulator/a <hostdev mode="subsystem" type="pci"/>' '<hostdev>'
	domain '$d' "not a domain's XML"
	domain 's/.*//' "not a domain's XML"
	domain "\$s/\$/<!-- $(head -c 60000 /dev/zero | tr '\0' x)/" "not a domain's XML"
	head -c 2000000 /dev/zero >"$BATS_TEST_TMPDIR/huge"
	refused_file "$BATS_TEST_TMPDIR/huge"
	refused_file /dev/zero
}

refused_file()
{
	run "$vtdlab" run --domain "$1"
	echo "$status $output"
	[ "$status" -eq 2 ]
	[ "$output" = "vtdlab run: cannot read --domain $1: more than 1 MiB is none" ]
}

@test "--domain is libvirt's: no other VMM, no other host" {
	run "$vtdlab" run --domain x.xml --vmm qemu
	[ "$status" -eq 2 ]
	[[ $output == 'vtdlab run: --domain is run by libvirt'* ]]
	run "$vtdlab" run --domain x.xml --vmm libvirt:qemu+ssh://host/system
	[ "$status" -eq 2 ]
	[[ $output == *'only QEMU on this host can be used'* ]]
}

@test "a host without libvirt, or with one that is none, has all the rest" {
	mkdir "$BATS_TEST_TMPDIR/lib"
	echo | cc -shared -x c -o "$BATS_TEST_TMPDIR/lib/libvirt.so.0" -
	LD_LIBRARY_PATH=$BATS_TEST_TMPDIR/lib run "$vtdlab" doctor --no-kvm
	echo "$output"
	[[ $output == *$'\nnote  libvirt       no --vmm libvirt: libvirt.so.0 has no virConnectClose(): not a libvirt of use'* ]]
	echo 'no library' >"$BATS_TEST_TMPDIR/lib/libvirt.so.0"
	LD_LIBRARY_PATH=$BATS_TEST_TMPDIR/lib run "$vtdlab" doctor --no-kvm
	[[ $output == *'no --vmm libvirt: libvirt cannot be loaded: '*'; Debian has it in libvirt-daemon-system'* ]]
	LIBVIRT_DRIVER_DIR=/nonexistent run "$vtdlab" doctor --no-kvm
	echo "$output"
	[[ $output == *$'\nnote  libvirt       no --vmm libvirt: libvirt (qemu:///embed?root='*') cannot be used: '*'; Debian has its driver in '* ]]
}
