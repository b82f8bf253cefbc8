# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # for the tests, and from bats
# For tests of the program's verbs that boot nothing and fetch nothing.

# find_vtdlab: the program, its tree, and a cache of the test's own.
find_vtdlab()
{
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	vtdlab=${VTDLAB:-$root/build/vtdlab}
	export VTDLAB_ROOT=$root
	export VTDLAB_CACHE=$BATS_TEST_TMPDIR/cache
	[ -x "$vtdlab" ] || { echo "$vtdlab is not built"; return 1; }
}

# refused ARG... :: WORD...: status 2, one line on stderr, with every one of the words in it.
refused()
{
	local args=() word
	while [ "$1" != :: ]; do
		args+=("$1")
		shift
	done
	shift
	run "$vtdlab" "${args[@]}"
	echo "$output"
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 1 ]
	# ESC, CSI and U+202E, in bytes: a locale without UTF-8 knows no \u
	for word in $'\e' $'\xc2\x9b' $'\xe2\x80\xae'; do
		[[ $output != *"$word"* ]] || { echo "it would do something to a terminal"; return 1; }
	done
	for word; do
		[[ $output == *"$word"* ]]
	done
}
