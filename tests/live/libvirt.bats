#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The same scenario in a QEMU that libvirt starts: no daemon, the driver in vtdlab's own process.

bats_require_minimum_version 1.5.0
load live-fixture

driver()
{
	compgen -G '/usr/lib/*/libvirt/connection-driver/libvirt_driver_qemu.so' || skip "no libvirt-daemon-system here"
}

@test "kdump under libvirt: the same checks and outcome, domain.xml, nothing left" {
	driver
	run "$VTDLAB" run kdump --vmm libvirt --results "$RESULTS"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(json .outcome)" = preserved ]
	[ "$(json .environment.vmm)" = libvirt ]
	# as under plain QEMU (kdump.bats): positive evidence, not absence of errors
	[ "$(json '[.checks[] | select(.result == "fail" and .expected != "fail") | .name] | join(" ")')" = "" ]
	for check in dma-landed leaves-equal requesters-repointed devices-work dump-readable; do
		echo "$check: $(json ".checks[] | select(.name == \"$check\") | .result")"
		[ "$(json ".checks[] | select(.name == \"$check\") | .result")" = pass ]
	done
	grep -q "<iommu model='intel'>" "$RESULTS/latest/domain.xml"
	grep -q "domain.xml" "$RESULTS/latest/command"
	no_leftovers
}

@test "several runs of one process, under libvirt and in a row" {
	driver
	run "$VTDLAB" run kdump kdump-nocopy --vmm libvirt --quiet --keep-going --results "$RESULTS"
	echo "$output"
	[[ $output == *preserved* && $output == *not-copied* ]]
	run "$VTDLAB" run kdump --vmm libvirt --repeat 2 --results "$RESULTS"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'2 runs: preserved 2 times'* ]]
	no_leftovers
}

@test "the XML that is printed is one that libvirt takes" {
	driver
	command -v virsh >/dev/null || skip "no virsh here"
	"$VTDLAB" run kdump-scalable --print-xml >"$BATS_TEST_TMPDIR/domain.xml"
	mkdir "$BATS_TEST_TMPDIR/root"
	run timeout 300 virsh -c "qemu:///embed?root=$BATS_TEST_TMPDIR/root" domxml-to-native qemu-argv \
		"$BATS_TEST_TMPDIR/domain.xml"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *x-scalable-mode=on* ]]
	[[ $output == *'"driver":"intel-iommu"'* ]]
	run timeout 300 virsh -c "qemu:///embed?root=$BATS_TEST_TMPDIR/root" define "$BATS_TEST_TMPDIR/domain.xml"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *vtdlab* ]]
}

@test "a start that libvirt gives up half-way: one line, 125, nothing left" {
	driver
	run --separate-stderr "$VTDLAB" run kdump --vmm libvirt --quiet \
		--results "$RESULTS" --set "machine.qemu-args=-device nonesuch"
	echo "$status $stderr"
	[ "$status" -eq 125 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"does not start the domain"*"nonesuch"* ]]
	[[ $stderr =~ root=(/[^\)]*/vtdlab-[0-9]*-) ]]
	run ! compgen -G "${BASH_REMATCH[1]}*"
	no_leftovers
}

# killed VMM: a run under it that is killed takes its QEMU with it, which was confined.
killed()
{
	"$VTDLAB" run kdump --vmm "$1" --results "$RESULTS" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	run=$!
	for _ in $(seq 1200); do
		qemu=$(pgrep -f "qemu-system.*guest=vtdlab-$run-1," || true)
		[ -z "$qemu" ] || break
		sleep 0.1
	done
	[ -n "$qemu" ]
	# libvirt itself gives QEMU the words that vtdlab gives its own
	tr '\0' '\n' <"/proc/$qemu/cmdline" | grep -A1 -x -- -sandbox |
		grep -qx 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'
	for _ in $(seq 100); do
		! grep -qx $'Seccomp:\t2' "/proc/$qemu/status" || break
		sleep 0.1
	done
	grep -qx $'Seccomp:\t2' "/proc/$qemu/status"
	grep -qx $'NoNewPrivs:\t1' "/proc/$qemu/status"
	kill -9 "$run"
	for _ in $(seq 600); do
		[ -n "$(pgrep -f "guest=vtdlab-$run-1," || true)" ] || break
		sleep 0.1
	done
	[ -z "$(pgrep -f "guest=vtdlab-$run-1," || true)" ]
}

@test "under libvirt QEMU is confined, and goes with a vtdlab that is killed" {
	driver
	killed libvirt
}

@test "a directory of one's own for libvirt's driver: the same, and it is left there" {
	driver
	mkdir "$BATS_TEST_TMPDIR/my root"
	killed "libvirt:qemu:///embed?root=$BATS_TEST_TMPDIR/my%20root"
	grep -q stdio_handler "$BATS_TEST_TMPDIR/my root/etc/qemu.conf"
	# one that is there is the user's
	echo 'stdio_handler = "file"' >"$BATS_TEST_TMPDIR/my root/etc/qemu.conf"
	run --separate-stderr "$VTDLAB" run kdump --vmm "libvirt:qemu:///embed?root=$BATS_TEST_TMPDIR/my%20root" --quiet \
		--results "$RESULTS" --set "machine.qemu-args=-device nonesuch"
	echo "$status $stderr"
	[ "$status" -eq 125 ]
	[ "$(cat "$BATS_TEST_TMPDIR/my root/etc/qemu.conf")" = 'stdio_handler = "file"' ]
}

@test "libvirt without its driver, and a daemon that is not there: one line, 2" {
	LIBVIRT_DRIVER_DIR=/nonexistent run --separate-stderr "$VTDLAB" run kdump --vmm libvirt --quiet --results "$RESULTS"
	echo "$status $stderr"
	[ "$status" -eq 2 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == 'vtdlab run: libvirt (qemu:///embed?root='*') cannot be used: '*'; Debian has its driver in '* ]]
	uri='qemu+unix:///system?socket=/nonexistent'
	run --separate-stderr "$VTDLAB" run kdump --vmm "libvirt:$uri" --quiet --results "$RESULTS"
	echo "$status $stderr"
	[ "$status" -eq 2 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == "vtdlab run: libvirt ($uri)"' cannot be used: '*'; --vmm libvirt alone '* ]]
	no_leftovers
}

@test "what of a domain is changed is told before it is run, once, and beside what is printed" {
	for print in --print-xml --dry-run; do
		run --separate-stderr "$VTDLAB" run kdump kdump-intremap "$print" \
			--domain "$BATS_TEST_DIRNAME/domains/virt-install.xml"
		echo "$stderr"
		[ "$status" -eq 0 ]
		[ "$(grep -c "^domain: 1 CPU instead of 2" <<<"$stderr")" -eq 2 ]
		[ "$(grep -c "^domain: its virtio disk gets iommu='on'" <<<"$stderr")" -eq 2 ]
		run ! grep -q '^domain:' <<<"$output"
	done
}

@test "a domain as virt-install writes it: judged, changes named, its image left alone" {
	driver
	run "$VTDLAB" run --domain "$BATS_TEST_DIRNAME/domains/virt-install.xml" --results "$RESULTS"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(json .outcome)" = preserved ]
	for check in dma-landed leaves-equal requesters-repointed devices-work dump-readable; do
		[ "$(json ".checks[] | select(.name == \"$check\") | .result")" = pass ]
	done
	[[ $output == *"its virtio disk gets iommu='on'"* ]]
	[[ $(json '.domain.changes | join("\n")') == *'its image is not opened'* ]]
	grep -q "index='14' model='pcie-root-port'" "$RESULTS/latest/domain.xml"
	grep -q "<rng model='virtio'>" "$RESULTS/latest/domain.xml"
	run ! grep -r debian12.qcow2 "$RESULTS/latest/domain.xml" "$RESULTS/latest/command"
	no_leftovers
}
