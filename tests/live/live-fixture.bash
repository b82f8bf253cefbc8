# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tests share that boot a run each.

setup_file()
{
	export RESULTS="$BATS_FILE_TMPDIR/results"
	export VTDLAB="${VTDLAB:-$PWD/build/vtdlab}"
}

setup()
{
	[ "${VTDLAB_TEST_VM:-1}" != 0 ] || skip "VTDLAB_TEST_VM=0"
}

# run.json of the newest run, through jq.
json()
{
	jq -r "$1" "$RESULTS/latest/run.json"
}

# Nothing may outlive a run: no QEMU of ours, no file in /dev/shm.
no_leftovers()
{
	local left
	left=$(pgrep -af "qemu-system.*$BATS_FILE_TMPDIR" || true)
	left+=$(find /dev/shm -maxdepth 1 -name 'vtdlab*' 2>/dev/null)
	[ -z "$left" ] || { echo "left behind: $left"; false; }
}
