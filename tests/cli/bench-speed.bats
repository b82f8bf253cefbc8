#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# scripts/bench-speed around a vtdlab that only uses the CPU: which rows there are, what they are ratios to, and that a run that
# ended otherwise than it should is no figure.

setup()
{
	lab=$BATS_TEST_TMPDIR/lab
	mkdir -p "$lab/scripts/lib" "$lab/build"
	cp "$BATS_TEST_DIRNAME/../../scripts/bench-speed" "$lab/scripts"
	cp "$BATS_TEST_DIRNAME/../../scripts/lib/"*.sh "$lab/scripts/lib"
	cat >"$lab/build/vtdlab" <<'VTDLAB'
#!/bin/bash
# Four times the work as shipped; FAKE_STATUS, FAKE_RESTORED: how it ends; FAKE_TSC: the crash kernel's counter; FAKE_IDLE: what it has waited.
if [[ $1 == list ]]; then
	printf '%s\n' crash.image=flat -erms,-fsrm cryptomgr.notests
	exit
fi
words=" $* " work=30000 status=0
echo "$words" >>"${0%/*}/asked"
while (($# > 1)); do
	[[ $1 != --results ]] || results=$2
	shift
done
"${0%/*}/qemu-system-x86_64" "${FAKE_QEMU:-0}"
[[ $words != *' --as-shipped '* ]] || work=120000
for ((i = 0; i < work; i++)); do :; done
mkdir -p "$results/latest"
echo "{\"environment\":{\"qemu\":\"7.2\",\"accel\":\"tcg\"},\"restore\":{\"restored\":${FAKE_RESTORED:-true},\"why\":\"it is damaged\"}}" \
	>"$results/latest/run.json"
cat >"$results/latest/agent.jsonl" <<END
{"from":"guest","line":{"hello":1,"stage":"first","tsc":$((work * 40000)),"idle_ns":$((work * 10000))}}
{"from":"host","line":{"cmd":"panic","id":7}}
{"from":"guest","line":{"id":6,"ok":true,"tsc":1}}
{"from":"guest","line":{"id":7,"ok":true,"tsc":$((work * 50000))}}
{"from":"guest","line":{"hello":1,"stage":"crash"${FAKE_TSC-,\"tsc\":$((work * 80000))},"idle_ns":${FAKE_IDLE:-$((work * 20000))}}}
END
[[ $words != *machine.observe=off* ]] || status=125
exit "${FAKE_STATUS:-$status}"
VTDLAB
	chmod +x "$lab/build/vtdlab"
	cp "$(command -v sleep)" "$lab/build/qemu-system-x86_64"
}

# ratio ROW: the median ratio of a row of $output.
ratio()
{
	awk -F'|' -v row=" $1 " '$2 == row { split($4, word, " "); print word[1]; exit }' <<<"$output"
}

@test "speed: every row, as a ratio to the run as shipped of its round" {
	run "$lab/scripts/bench-speed" speed 3 some-kernel
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == "some-kernel, QEMU 7.2, tcg, 3 rounds;"* ]]
	[ "$(ratio 'as shipped')" = 1.00 ]
	awk -v r="$(ratio 'all shortcuts')" 'BEGIN { exit !(r > 0 && r < 0.7) }'
	awk -v r="$(ratio 'as shipped, not observed')" 'BEGIN { exit !(r > 0.7) }'
	[[ $output == *"as shipped, observed, to two boots that nobody observes: "[01].*"all shortcuts, observed, "* ]]
	[ "$(grep -c -- '--kernel some-kernel' "$lab/build/asked")" -eq 25 ]
	[ "$(grep -c -- '--clock virtual' "$lab/build/asked")" -eq 3 ]
	# without what the CPU waited; the crash kernel's from the panic on
	[[ $output == *"| as shipped | 3600 | 1200 | 1.00 |"*"| flat | 3600 | 1200 | 1.00 |"*"| all shortcuts | 900 | 300 | 0.25 |" ]]
	[ "$(grep -c -- '--snapshot' "$lab/build/asked")" -eq 4 ]
	[ "$(grep -c -- '--set first.image=flat --set crash.checksum=off --set crash.image=flat' "$lab/build/asked")" -eq 4 ]
}

@test "boot: each shortcut of the list by itself, or each candidate in the form that it has" {
	run "$lab/scripts/bench-speed" boot 1 k
	[ "$status" -eq 0 ]
	[ -n "$(ratio cryptomgr.notests)" ]
	grep -q -- '--set crash.image=flat' "$lab/build/asked"
	run "$lab/scripts/bench-speed" boot 1 k -la57 mitigations=off crash.checksum=off
	[ "$status" -eq 0 ]
	[ -n "$(ratio -la57)" ] && [ -z "$(ratio cryptomgr.notests)" ]
	grep -q -- '--set machine.qemu-args=-cpu max,+svm,+npt,-la57' "$lab/build/asked"
	grep -q -- '--set first.cmdline+=mitigations=off --set crash.cmdline+=mitigations=off' "$lab/build/asked"
	grep -q -- '--set crash.checksum=off' "$lab/build/asked"
}

@test "a run that fails, or boots where it was to be restored, is no figure" {
	FAKE_STATUS=1 run "$lab/scripts/bench-speed" speed 1 k
	echo "$status $output"
	[ "$status" -eq 125 ]
	[[ $output == *"the run 'all shortcuts, restored' ended with status 1"* && $output != *"| as shipped |"* ]]
	FAKE_RESTORED=false run "$lab/scripts/bench-speed" speed 1 k
	[ "$status" -eq 125 ]
	[[ $output == *"the run 'all shortcuts, restored' booted: it is damaged"* && $output != *"| as shipped |"* ]]
	FAKE_STATUS=1 run "$lab/scripts/bench-speed" parallel 1 k
	[ "$status" -eq 125 ]
	[[ $output == *"the run 'default' ended with status 1"* && $output != *"runs an hour"* ]]
}

@test "parallel: two runs at once beside two in a row" {
	FAKE_QEMU=1 run "$lab/scripts/bench-speed" parallel 3 k
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"runs an hour, two at once to one: "*"memory of a QEMU at its most: "* ]]
	[[ ! $output =~ "most: 0 MiB" ]]
	[ "$(wc -l <"$lab/build/asked")" -eq 12 ]
	FAKE_QEMU=0 run "$lab/scripts/bench-speed" parallel 1 k
	[ "$status" -eq 125 ]
	[[ $output == *"no QEMU was seen"* ]]
}

@test "a word that it does not know is refused" {
	run "$lab/scripts/bench-speed" fast
	[ "$status" -eq 2 ]
	[[ $output == *"bench-speed"* ]]
}

@test "speed: an agent that does not say how many instructions, or a panic that was not told, is no figure" {
	FAKE_TSC='' run "$lab/scripts/bench-speed" speed 1 k
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"the run 'as shipped' does not say how many instructions it took" ]]
	# nor is one whose waiting is not known
	FAKE_IDLE=-1 run "$lab/scripts/bench-speed" speed 1 k
	[ "$status" -eq 125 ]
	[[ $output == *"the run 'as shipped' does not say how many instructions it took" ]]
}
