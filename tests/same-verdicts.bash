# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # skipped: counted by who sources this
# Of check-kvm and check-libvirt: runs made in two ways, held against each other, and counted. Ends with
# "N passed, N failed, N skipped".
passed=0 failed=0 skipped=0

say() { echo "${0##*/}: $*"; }

# verdict NAME GOOD WHAT: counts it. GOOD is a status of the shell.
verdict()
{
	if (($2 == 0)); then
		passed=$((passed + 1))
		say "ok     $1: $3"
	else
		failed=$((failed + 1))
		say "FAILED $1: $3"
	fi
}

# total: the last line, and the status of the whole.
total()
{
	echo
	echo "$passed passed, $failed failed, $skipped skipped"
	((failed == 0 && (passed > 0 || skipped > 0))) || exit 1
}

# came_to DIR: outcome and result of each check of a run; what a benchmark came to.
came_to()
{
	jq -cS '[.outcome, ([.checks[]? | {(.name): .result}] | add)]' "$1/run.json" 2>/dev/null ||
		jq -cS '[.outcome, [.kvmperf.tests[] | {(.name): .result}]]' "$1/bench.json"
}

# newest RESULTS: the directory of the newest run there; of a benchmark it is latest-bench.
newest() { compgen -G "$1/latest*" | head -n 1; }
