# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # from bats and kernel-fixture
# Calls of scripts/kernel-get, and what a refused one looks like.

kernel_get() { run --separate-stderr "$scripts/kernel-get" "$@"; }

refused()
{
	[[ $status == "${2:-2}" && $stderr == *$1* && -z $output ]] || {
		echo "status $status: $output / $stderr"
		return 1
	}
	[[ -z $(ls "$VTDLAB_CACHE/tmp" 2>/dev/null) ]]
}
