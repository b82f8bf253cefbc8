#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# scripts/kernel-get: what it asks of a kernel's configuration and modules, with made-up kernels.

# shellcheck disable=SC2154 # from kernel-fixture and bats
bats_require_minimum_version 1.5.0
load kernel-fixture
load kernel-get-fixture

setup()
{
	fake_world
}

@test "the embedded config wins over one beside it" {
	fake_config "$BATS_TEST_TMPDIR/embedded"
	echo CONFIG_EMBEDDED=y >>"$BATS_TEST_TMPDIR/embedded"
	fake_kernel "$BATS_TEST_TMPDIR/k" 6.1.7
	fake_vmlinux "$BATS_TEST_TMPDIR/k/vmlinux" 6.1.7 "$BATS_TEST_TMPDIR/embedded"
	fake_bzimage "$BATS_TEST_TMPDIR/k/bzImage" 6.1.7 zstd "$BATS_TEST_TMPDIR/k/vmlinux"
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage"
	prepared
	cmp "$dir/config" "$BATS_TEST_TMPDIR/embedded"
}

@test "no config anywhere: said, not fatal" {
	fake_kernel "$BATS_TEST_TMPDIR/k" 6.1.7
	rm "$BATS_TEST_TMPDIR/k/config"
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage"
	prepared
	[[ $stderr == *'config of'*'not known'*'not checked'* ]]
}

@test "missing config options are all named, before anything is booted" {
	fake_kernel "$BATS_TEST_TMPDIR/k" 6.1.7
	fake_config "$BATS_TEST_TMPDIR/k/config" IRQ_REMAP KEXEC KEXEC_FILE E1000E
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage"
	refused 'CONFIG_IRQ_REMAP, CONFIG_KEXEC or CONFIG_KEXEC_FILE, CONFIG_E1000E' 125
	# one of two is enough, and other devices need other drivers
	fake_config "$BATS_TEST_TMPDIR/k/config" KEXEC E1000E
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage" --require BLK_DEV_NVME
	prepared
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage" --require 'VIRTIO_NET|E1000'
	refused 'CONFIG_VIRTIO_NET or CONFIG_E1000' 125
	# a kernel with other drivers: what to set for it, or no word
	fake_config "$BATS_TEST_TMPDIR/k/config" E1000E
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage" --require 'BLK_DEV_NVME E1000E'
	refused CONFIG_E1000E 125
	[[ $stderr != *virtio* ]]
	printf 'CONFIG_VIRTIO_%s=y\n' PCI NET >>"$BATS_TEST_TMPDIR/k/config"
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage" --require 'BLK_DEV_NVME E1000E'
	refused 'it has virtio instead: --set devices.nic=virtio, as the scenario kdump-virtio has it' 125
	sed -i '/NVME/d' "$BATS_TEST_TMPDIR/k/config"
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage" --require 'BLK_DEV_NVME E1000E'
	[[ $stderr != *virtio* ]]
	echo CONFIG_VIRTIO_BLK=y >>"$BATS_TEST_TMPDIR/k/config"
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage" --require 'BLK_DEV_NVME E1000E'
	refused 'instead: --set devices.disk=virtio --set devices.nic=virtio' 125
}

@test "drivers that are modules need modules" {
	fake_kernel "$BATS_TEST_TMPDIR/k" 6.1.7
	sed -i 's/NVME=y/NVME=m/' "$BATS_TEST_TMPDIR/k/config"
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage"
	refused 'CONFIG_BLK_DEV_NVME as modules, and no modules were found' 125
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage" --modules "$BATS_TEST_TMPDIR/k"
	refused 'no modules of 6.1.7 in' 125
	mkdir -p "$BATS_TEST_TMPDIR/m/lib/modules/6.1.7/kernel/drivers"
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage" --modules "$BATS_TEST_TMPDIR/m"
	prepared
	[ -f "$dir/modules/modules.dep" ]
	grep -qx 'modules=true' "$dir/kernel.conf"
}

@test "modules of another release are refused" {
	fake_kernel "$BATS_TEST_TMPDIR/k" 6.1.7
	mkdir -p "$BATS_TEST_TMPDIR/lib/modules/6.1.8/kernel"
	kernel_get "$BATS_TEST_TMPDIR/k/bzImage" --modules "$BATS_TEST_TMPDIR/lib/modules/6.1.8"
	refused 'holds the modules of 6.1.8, the kernel is 6.1.7' 125
}
