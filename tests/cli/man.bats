#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# docs/vtdlab.1 says what the program says of itself: the same verbs, the same options, no more and no less.

load vtdlab-fixture

setup()
{
	find_vtdlab
	page=$root/docs/vtdlab.1
}

verbs() { "$vtdlab" help | sed -nE 's/^  ([a-z-]+) .*/\1/p'; }

# The options of a verb, "-s, --set", one a line, by its --help and by the page.
help_options()
{
	"$vtdlab" "$1" --help | sed -nE 's/^  ((-[a-z], )?--[a-z0-9-]+).*/\1/p' | grep -v -- '-h, --help'
}
page_options()
{
	awk -v verb="$1" '/^\.S[hs] / { on = $1 == ".Ss" && $2 == "vtdlab" && $3 == verb } on' "$page" |
		sed -nE 's/^\.It (Fl .*)/\1/p' | sed -E 's/ Ns .*//; s/ ,/,/; s/Fl -/--/; s/Fl -/--/; s/Fl /-/'
}

@test "every verb has its section, and there is no section of another" {
	diff <(verbs) <(sed -nE 's/^\.Ss vtdlab ([a-z-]+).*/\1/p' "$page")
}

@test "every option of every verb is there, and no other" {
	for verb in $(verbs); do
		[ "$verb" != help ] || continue
		[ "$verb" = kconfig ] || [ -n "$(page_options "$verb")" ] # which has none
		diff <(help_options "$verb") <(page_options "$verb") || { echo "verb $verb"; false; }
	done
}

# usage VERB: the words that its --help says it takes, but for its options
usage() { "$vtdlab" "$1" --help | sed -nE "s/^  vtdlab $1 ?(\[OPTION[^]]*\])?//p" | grep -oE '[A-Z]{2,}|[a-z][a-z-]+'; }

# synopsis VERB: its lines at the head of the page
synopsis()
{
	awk -v verb="$1" '
		/^\.Sh / { on = $2 == "SYNOPSIS"; next }
		on && /^\.Nm/ { mine = 0; next }
		on && /^\.Cm / && !mine { mine = $2 == verb; next }
		on && mine' "$page"
}

@test "what a verb takes stands in the synopsis, and in that of its own page" {
	"$root/scripts/man-pages" "$BATS_TEST_TMPDIR"
	for verb in $(verbs); do
		for word in $(usage "$verb"); do
			grep -qiwF -- "$word" < <(synopsis "$verb") || { echo "$verb: $word"; false; }
			grep -qwF -- "$word" < <(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESC/p' "$BATS_TEST_TMPDIR/vtdlab-$verb.1") ||
				{ echo "vtdlab-$verb.1: $word"; false; }
		done
	done
	[[ $(usage list) == *matrix-keys* ]]
}

@test "an option that only one of them has is seen" {
	for change in '/^\.It Fl -no-probes/d' 's/^\.It Fl -same/.It Fl -sane/' 's/^\.It Fl s , /.It /'; do
		sed "$change" "$root/docs/vtdlab.1" >"$BATS_TEST_TMPDIR/vtdlab.1"
		page=$BATS_TEST_TMPDIR/vtdlab.1
		! { diff <(help_options run) <(page_options run) && diff <(help_options judge) <(page_options judge); }
	done
}

@test "every exit status and every variable that is looked at is there" {
	for status in 0 1 2 125 130; do
		grep -qx ".It $status" "$page"
	done
	for name in $(grep -rhoE 'getenv\("[A-Z_]+"' "$root/host-tools" | cut -d'"' -f2 | sort -u); do
		# those of every program, and of the guests' kvmperf (docs/kvmperf.md), are not told here
		[[ $name != PATH && $name != TERM && $name != KVMPERF_* ]] || continue
		grep -q "^\.It Ev .*$name" "$page" || { echo "$name"; false; }
	done
}

@test "a formatter finds nothing wrong with it" {
	if command -v mandoc >/dev/null; then
		run mandoc -T lint -W warning "$page"
	else
		command -v groff >/dev/null || skip "neither mandoc nor groff"
		run groff -mdoc -ww -z -Tutf8 "$page"
	fi
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}
