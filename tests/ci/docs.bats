#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What the pages tell a newcomer to type does what they say. Two runs; not part of `make check`, as it writes to results/.

@test "every block of the docs that is marked to be run ends well" {
	run tests/docs/check-docs
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output =~ ([0-9]+)\ blocks\ passed,\ 0\ failed ]]
	[ "${BASH_REMATCH[1]}" -eq "$(cat README.md docs/*.md | grep -c '^```sh run$')" ]
}
