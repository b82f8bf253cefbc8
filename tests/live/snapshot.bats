# SPDX-License-Identifier: GPL-2.0-only
# First kernels that are restored instead of booted: the same verdict, and a snapshot that is no good is never used.
# VTDLAB_TEST_VM=0 leaves them out.

bats_require_minimum_version 1.5.0
load live-fixture

setup_file()
{
	export RESULTS="$BATS_FILE_TMPDIR/results"
	export VTDLAB="${VTDLAB:-$PWD/build/vtdlab}"
	# a cache of its own, with what the user's has
	export CACHE="$BATS_FILE_TMPDIR/cache"
	mkdir "$CACHE"
	local from=${VTDLAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vtdlab} what
	for what in "$from"/*; do
		[[ ${what##*/} == snapshots ]] || ln -s "$what" "$CACHE/"
	done
}

# restored ARG...: a run that is to come out well.
restored()
{
	VTDLAB_CACHE=$CACHE run "$VTDLAB" run kdump --snapshot --no-retry --results "$RESULTS" "$@"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(json .outcome)" = preserved ]
}

# booted WHY: the last run has booted, for this reason, and one line says so.
booted()
{
	[ "$(json .restore.restored)" = false ]
	[[ "$(json .restore.why)" == *"$1"* ]]
	[ "$(json '[.notes[] | select(startswith("the first kernel was booted, not restored"))] | length')" = 1 ]
}

snapshots() { find "$CACHE/snapshots" -mindepth 1 -maxdepth 1 ! -name .turns -printf '%f\n'; }

@test "snapshot: made by the first run, used by it and the second; what is judged is what a booted run shows" {
	restored
	[[ "$output" == *"there is no snapshot of this first kernel yet"* ]]
	[ "$(json .restore.restored)" = true ]
	[ "$(json .restore.snapshot)" = "$(snapshots)" ]
	restored
	[[ "$output" != *"there is no snapshot"* ]]
	json '.notes[]' | grep -qx "the first kernel was restored from a snapshot of $(json .restore.made)"
	[ "$(json '[.checks[] | select(.evidence == false)] | length')" = 0 ]
	[ "$(json '[.checks[] | select(.result == "fail") | .name] | join(" ")')" = iova-not-retargeted ]
	# the latching of the root table at boot, and the kernel's first line, are there; the disk came afterwards
	[ "$(json '.checks[] | select(.name == "translation-stayed-on") | .detail')" != null ]
	[ "$(grep -c "Linux version" "$RESULTS/latest/console.log")" = 2 ]
	[ "$(json .iova.reserved_ranges_first)" = "$(json .iova.reserved_ranges)" ]
	grep -q -- "-incoming defer" "$RESULTS/latest/command"
	grep -q '"device_add"' "$RESULTS/latest/qmp.jsonl"
	# its module was there, bound to nothing; what was unpacked and read by kexec was not kept
	jq -s -e 'map(select(.line.cmd == "pci-bind" and .line.name == "e1000e").line.id) as [$id]
		| any(.[]; .from == "guest" and .line.id == $id and .line.bound == ["0000:00:01.0"])' "$RESULTS/latest/agent.jsonl"
	jq -s -e 'map(select(.line.cmd == "modprobe" and .line.name == "e1000e").line.id) as [$first, $crash]
		| any(.[]; .from == "guest" and .line.id == $first and .line.loaded == [])
		and any(.[]; .from == "guest" and .line.id == $crash and .line.loaded == ["e1000e"])' "$RESULTS/latest/agent.jsonl"
	(($(du -m "$CACHE/snapshots/$(snapshots)/ram" | cut -f 1) < 200))
	# nothing of before the restore has a time in this run, but for the trial of KVM
	begin=$(awk -F, '$1 == "boot" { print $2 }' "$RESULTS/latest/timeline.csv")
	[ "$(awk -F, -v b="$begin" 'NR > 1 && $1 != "kvm" && $2 < b' "$RESULTS/latest/timeline.csv" | wc -l)" = 0 ]
	VTDLAB_CACHE=$CACHE run "$VTDLAB" cache
	[[ "$output" == *"snapshots "*"snapshots of first kernels"* ]]
	no_leftovers
}

@test "snapshot: RAM that was damaged, a state that QEMU cannot read: never used, one line, the run boots" {
	dir=$CACHE/snapshots/$(snapshots)
	printf X | dd of="$dir/ram" bs=1 seek=65541 conv=notrunc status=none
	restored
	booted "the RAM is not what was saved"
	[[ "$output" == *"the snapshot was not used, and removed: the RAM is not what was saved"* ]]
	[ -s "$RESULTS/latest/not-restored/qmp.jsonl" ]
	[ -z "$(snapshots)" ]

	restored
	[ "$(json .restore.restored)" = true ]
	truncate -s -100 "$CACHE/snapshots/$(snapshots)/state"
	restored
	booted "it is damaged"
	[ -z "$(snapshots)" ]
	no_leftovers
}

@test "snapshot: killed while it is made: not used, and cleared away by the next that is made" {
	VTDLAB_CACHE=$CACHE "$VTDLAB" run kdump --snapshot --results "$RESULTS" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	pid=$!
	for _ in $(seq 600); do
		left=$(snapshots)
		[[ ! $left ]] || [ ! -s "$CACHE/snapshots/$left/console.log" ] || break
		sleep 0.1
	done
	[[ $left == .new-* ]]
	kill -9 "$pid"
	wait "$pid" || true
	[ "$(snapshots)" = "$left" ]
	restored
	[ "$(json .restore.restored)" = true ]
	[[ "$(snapshots)" != *.new-* ]]
	no_leftovers
}

@test "snapshot: of another QEMU, which differs in one byte only, and of another kernel: never used" {
	first=$(snapshots)
	[ -d "$CACHE/snapshots/$first" ]
	# it looks for its own files beside itself
	mkdir "$BATS_TEST_TMPDIR/bin"
	ln -s /usr/lib /usr/share "$BATS_TEST_TMPDIR"
	qemu=$BATS_TEST_TMPDIR/bin/qemu-system-x86_64
	cp "$(command -v qemu-system-x86_64)" "$qemu"
	printf x >>"$qemu"
	restored --qemu "$qemu"
	[[ "$output" == *"there is no snapshot of this first kernel yet"* ]]
	[ "$(snapshots | wc -l)" = 2 ]
	[ "$(json .restore.snapshot)" != "$first" ]
	# laid where that QEMU's lies, the other's is refused
	own=$(json .restore.snapshot)
	rm -r "${CACHE:?}/snapshots/$own"
	cp -a "$CACHE/snapshots/$first" "$CACHE/snapshots/$own"
	restored --qemu "$qemu"
	booted "it is of something else"
	[ "$(snapshots)" = "$first" ]
	restored --kernel debian-6.12
	[ "$(json .restore.restored)" = true ]
	[ "$(json .restore.snapshot)" != "$first" ]
	rm -r "${CACHE:?}/snapshots/$(json .restore.snapshot)"
	no_leftovers
}

@test "snapshot: what counts times, --boot and another command line do not take it" {
	# another command line: another snapshot, the first one stays
	first=$(snapshots)
	restored --set "first.cmdline+=quiet"
	[ "$(json .restore.restored)" = true ]
	[ "$(snapshots | wc -l)" = 2 ]
	[ -d "$CACHE/snapshots/$first" ]
	[ "$(json .restore.snapshot)" != "$first" ]
	VTDLAB_CACHE=$CACHE run "$VTDLAB" run kdump --boot --set machine.snapshot=on --results "$RESULTS"
	[ "$status" -eq 0 ]
	booted "--boot"
	[ "$(snapshots | wc -l)" = 2 ]
	VTDLAB_CACHE=$CACHE run "$VTDLAB" run kdump --snapshot --no-probes --set machine.observe=off --results "$RESULTS"
	booted "times count"
}

@test "snapshot: memory in several zones, of which each keeps some from the others" {
	restored --set machine.memory=4G
	[ "$(json .restore.restored)" = true ]
	dir=$CACHE/snapshots/$(json .restore.snapshot)
	run ! grep -qa "oom-killer" "$dir/console.log"
	(($(du -m "$dir/ram" | cut -f 1) < 300))
	rm -r "${dir:?}"
	no_leftovers
}

@test "snapshot: reproduce and hunt restore when they are asked to" {
	VTDLAB_CACHE=$CACHE run "$VTDLAB" reproduce mode-mismatch --side bad --snapshot --results "$RESULTS/r"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(jq -s 'map(.restore.restored) | unique' "$RESULTS"/r/bugs/*/*/run.json | jq -c .)" = '[true]' ]
	VTDLAB_CACHE=$CACHE run "$VTDLAB" hunt --budget 1s --jobs 1 --kernel debian-6.1 --snapshot --results "$RESULTS/h"
	echo "$output"
	# restored or not, each run was asked to
	[ "$(jq -s 'map(.restore | type) | unique' "$RESULTS"/h/hunts/*/run-*/*/run.json | jq -c .)" = '["object"]' ]
}
