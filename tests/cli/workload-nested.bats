#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# first.workload=nested: what is refused before anything is booted or fetched.

load kernel-fixture
load vtdlab-fixture

setup()
{
	find_vtdlab
}

# nested OPTIONS SETTING... :: WORD...: kdump-nested with another workload is refused, and left no trace.
nested()
{
	local workload=$1 sets=()
	shift
	while [ "$1" != :: ]; do
		sets+=(--set "$1")
		shift
	done
	refused run kdump-nested --results "$BATS_TEST_TMPDIR/results" \
		--set "first.workload=nested $workload" "${sets[@]}" "$@"
	[ ! -e "$VTDLAB_CACHE" ]
	[ ! -e "$BATS_TEST_TMPDIR/results" ]
}

@test "a guest's memory that cannot be is refused with what can" {
	nested "" :: "nested needs memory=SIZE"
	nested memory=256 :: "'memory=256'" "1M to 256M"
	nested memory=512M :: "'memory=512M'" "1M to 256M, which is what edu reaches"
	nested memory=lots :: "'memory=lots'"
	nested "memory=3M page=2m" :: "memory=3M does not divide into pages of 2 MiB: use memory=4M, or page=4k"
	nested "memory=3M,page=1g" :: "'page=1g'" "4k or 2m"
	nested "memory=3M pages=3" :: "'pages=3'" "memory=SIZE page=4k|2m"
}

@test "a machine that cannot have the guest is refused with what is missing" {
	nested memory=256M machine.memory=512M :: "MiB for its guest" "set machine.memory=769M or more"
	nested memory=256M devices.edu=off :: "set devices.edu=on"
	nested memory=256M iommu.mode=off :: "nested needs an IOMMU"
}

@test "a first kernel without KVM for the CPU of the lab's machines is refused by the option it lacks" {
	fake_kernel "$BATS_TEST_TMPDIR/k" 6.1.7
	printf 'CONFIG_%s=y\n' KVM KVM_INTEL VFIO_IOMMU_TYPE1 VFIO_PCI >>"$BATS_TEST_TMPDIR/k/config"
	run "$vtdlab" run kdump-nested --kernel "$BATS_TEST_TMPDIR/k/bzImage" \
		--results "$BATS_TEST_TMPDIR/results"
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"lacks config options that the lab needs: CONFIG_KVM_AMD"* ]]
	[ ! -e "$BATS_TEST_TMPDIR/results" ]
}
