# SPDX-License-Identifier: GPL-2.0-only
# Real runs of a crash initramfs without our agent: the distribution's own, by recipe and by path, and busybox.

setup_file()
{
	export RESULTS="$BATS_FILE_TMPDIR/results"
	export VTDLAB="${VTDLAB:-$PWD/build/vtdlab}"
}

setup()
{
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	[ "${VTDLAB_TEST_VM:-1}" != 0 ] || skip "VTDLAB_TEST_VM=0"
	[ "$EUID" -eq 0 ] || unshare --user --map-root-user true 2>/dev/null ||
		skip "this host gives no user namespaces"
}

# judged OPTION...: preserved, with exactly the expected failure, and none without evidence
judged()
{
	run "$VTDLAB" run kdump-foreign-initrd --strict-expect --results "$RESULTS" "$@"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(jq -r .outcome "$RESULTS/latest/run.json")" = preserved ]
	[ "$(jq -r '[.checks[] | select(.result == "fail") | .name] | join(" ")' "$RESULTS/latest/run.json")" = \
		iova-not-retargeted ]
	[ "$(jq '[.checks[] | select(.evidence == false)] | length' "$RESULTS/latest/run.json")" = 0 ]
}

repointed()
{
	jq -r '.checks[] | select(.name == "requesters-repointed") | .detail' "$RESULTS/latest/run.json"
}

@test "Debian's kdump-tools save the dump, and both devices are theirs" {
	judged
	# what kdump-config says when makedumpfile's file is on the disk, and what comes after it
	grep -a 'kdump-tools: saved vmcore in /var/crash/' "$RESULTS/latest/console.log"
	grep -a 'reboot: machine restart' "$RESULTS/latest/console.log"
	jq -r '.notes[]' "$RESULTS/latest/run.json" | grep 'says that it has saved the dump'
	[[ $(repointed) == *00:02.0\ DID*' -> '*00:01.0\ DID*' -> '* ]]
}

@test "the same image by its path, which is not in the cache: it stops where it is told to" {
	kernel=$("$root/scripts/kernel-get" debian-6.1)
	cp "$("$root/scripts/foreign-initrd" kdump-tools --kernel "$kernel")" "$BATS_TEST_TMPDIR/initrd.img"
	# without ip= it would ask for an address for minutes, and nobody answers
	judged --set "crash.initrd=$BATS_TEST_TMPDIR/initrd.img" --set "crash.cmdline=break=mount ip=off"
	grep -a 'Spawning shell within the initramfs' "$RESULTS/latest/console.log"
	[ "$(grep -ac 'saved vmcore' "$RESULTS/latest/console.log")" -eq 0 ]
	[[ $(repointed) == *00:02.0\ DID* ]]
}

@test "busybox reads disk and dump" {
	judged --set crash.initrd=busybox
	grep -a 'kdump: read 262144 bytes of the disk' "$RESULTS/latest/console.log"
	grep -a 'kdump: read 1048576 bytes of the dump' "$RESULTS/latest/console.log"
}

@test "an initramfs that cannot come up is the crash kernel's failure, not a pass" {
	head -c 100000 /dev/urandom >"$BATS_TEST_TMPDIR/garbage"
	run "$VTDLAB" run kdump-foreign-initrd --results "$RESULTS" --set "crash.initrd=$BATS_TEST_TMPDIR/garbage"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $(jq -r .outcome "$RESULTS/latest/run.json") == crash-kernel-* ]]
}
