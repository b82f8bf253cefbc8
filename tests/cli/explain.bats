#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `vtdlab explain` over logs as people paste them: each is of a real run whose cause was known, and nothing else is said.

load vtdlab-fixture

setup()
{
	find_vtdlab
	logs=$root/tests/logs
}

# explains LOG LINE...: exactly these lines of --brief
explains()
{
	local log=$1
	shift
	diff <("$vtdlab" explain --brief "$logs/$log") <(printf '%s\n' "$@")
}

# says LOG WORD...: each is in the long text
says()
{
	local log=$1 word
	shift
	run "$vtdlab" explain "$logs/$log"
	echo "$output"
	[ "$status" -eq 0 ]
	for word; do
		[[ $output == *"$word"* ]]
	done
}

@test "a serial console, with the watcher's times: elfcorehdr= behind --" {
	explains serial-console.log "2 0000:00:01.0 read 0x06 1 not-taken-over" "2 0000:00:02.0 write 0x05 2 not-taken-over"
	says serial-console.log "not copied: translation was on" "behind the \`--\`" "(e1000e)" "the fault records overflowed" "ended: Kernel panic"
}

@test "a journal: the crash kernel's tables were of another mode" {
	explains journal.log "2 0000:00:01.0 read 0x06 1 not-taken-over" "2 0000:00:02.0 write 0x05 2 not-taken-over"
	says journal.log "the kernel tried, and failed" "this one refuses it" "mode-mismatch: first kernel scalable"
}

@test "quoted in a mail, lines broken: pass-through behind translated tables" {
	explains mail-quoted.log "1 0000:00:02.0 read 0x06 1 pass-through" "1 0000:00:01.0 read 0x06 5 pass-through"
	says mail-quoted.log "0x2ec09000, 0x2ec3a000" "stopped: nvme nvme0: I/O 4 QID 0 timeout" "a crash kernel"
	[[ $output != *mode-mismatch* ]]
}

@test "CRLF: the copy lost the entries" {
	explains crlf.log "2 0000:00:01.0 read 0x01 1 entry-lost" "2 0000:00:02.0 write 0x01 1 entry-lost" \
		"2 0000:00:02.0 write 0x58 1 entry-lost"
}

@test "dmesg -T: an id that no device has, a bridge's" {
	explains dmesg-T.log "1 0000:01:00.0 read 0x02 3 alias"
	says dmesg-T.log "no device of this log has that id" "0xffffb000, 0xfffff000"
}

@test "dmesg -x: a bridge's own id is still on the dead kernel's tables" {
	explains dmesg-x.log "2 0000:80:14.0 read 0x06 1 alias"
	says dmesg-x.log "80:14.0, a bridge to bus 81"
}

@test "tables printed: they let it pass" {
	explains tables-printed.log "1 0000:00:02.0 write 0x05 1 stale-cache" "1 0000:00:01.0 read 0x06 1 stale-cache"
}

@test "tables printed, with callers: a copied entry, whose tables were overwritten" {
	explains printk-caller.log "2 0000:00:02.0 write 0x05 1 dead-tables" "2 0000:00:01.0 write 0x05 2 dead-tables"
	says printk-caller.log "0xfffc5000-0xfffc6fff"
}

@test "an excerpt: address 0, and what cannot be told" {
	explains excerpt.log "1 0000:00:04.0 read 0x06 2 address-0" "1 0000:00:04.0 write 0x05 1 cannot tell"
	says excerpt.log "its first line is not in the log" "the reason is the same" "CONFIG_DMAR_DEBUG"
}

@test "a disk that stops without a fault: cannot tell" {
	explains no-fault.log "1 0000:00:02.0 stopped - 1 cannot tell"
	says no-fault.log "the IOMMU may have nothing to do with it"
}

@test "suppressed reports are counted, and nothing is said of them" {
	explains suppressed.log "1 0000:01:00.0 read 0x02 $(grep -c 'fault addr' "$logs/suppressed.log") alias"
	says suppressed.log "reports more were suppressed by the kernel"
}

@test "a log goes in by a pipe as well" {
	diff <("$vtdlab" explain "$logs/crlf.log") <("$vtdlab" explain - <"$logs/crlf.log")
}

@test "a log with nothing in it: one line, 125" {
	: >"$BATS_TEST_TMPDIR/empty"
	head -c 100000 /dev/urandom | tr -d 'DMARdmar' >"$BATS_TEST_TMPDIR/noise"
	printf '[ 0.0] Linux version 6.1.0\n[ 1.0] e1000e 0000:00:01.0 eth0: up\n' >"$BATS_TEST_TMPDIR/other"
	for log in empty noise other; do
		run "$vtdlab" explain "$BATS_TEST_TMPDIR/$log"
		echo "$output"
		[ "$status" -eq 125 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *"nothing of an IOMMU in it"* ]]
	done
	echo "AMD-Vi: Event logged [IO_PAGE_FAULT device=00:01.0]" >"$BATS_TEST_TMPDIR/amd"
	run "$vtdlab" explain "$BATS_TEST_TMPDIR/amd"
	[ "$status" -eq 125 ]
	[[ $output == *"of AMD-Vi, which is not read here"* ]]
}

@test "what is refused" {
	refused explain :: "takes one log"
	refused explain a b :: "takes one log"
	refused explain "$BATS_TEST_TMPDIR/none" :: "No such file"
	refused explain "$BATS_TEST_TMPDIR" :: "directory"
	refused explain /dev/zero :: "more than 64 MiB"
}

@test "no control character comes out" {
	printf '\033[31mLinux version 6\033]0;x\007.1\nDMAR: \302\233 [DMA Read] Request device [00:01.0] fault addr 1000 [fault reason 06] \033[2J\nKernel panic - not syncing: \342\200\256x\r\033[1A\n' >"$BATS_TEST_TMPDIR/bad"
	run "$vtdlab" explain "$BATS_TEST_TMPDIR/bad"
	[ "$status" -eq 0 ]
	[[ $output == *"1 read at 0x1000, reason 0x06"* ]]
	! grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae' <<<"$output"
}
