#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The table of `make check-lab`, and tests/lab/check-lab with a made-up matrix. The real one: make check-lab.

# shellcheck disable=SC2154 # root, vtdlab: the fixture's
bats_require_minimum_version 1.5.0
load vtdlab-fixture

setup()
{
	find_vtdlab
	tree=$BATS_TEST_TMPDIR/tree table=$root/matrices/deep-copy.conf
	mkdir -p "$tree"/{build,scripts,tests}
	cp -r "$root/matrices" "$tree/"
	cp -r "$root/tests/lab" "$root/tests/same-verdicts.bash" "$tree/tests/"
	export REAL=$vtdlab TREE=$tree VTDLAB=$tree/build/vtdlab VTDLAB_ROOT=$root
	unset LAB_KERNELS ONLY RESUME J
	# vtdlab matrix: the cells are the real ones; one named in the file bad is not as expected, an interrupted one is cut short
	cat >"$VTDLAB" <<-'END'
	#!/bin/bash
	echo "$*" >>"$TREE/asked"
	case " $* " in
	*" --dry-run "*) exec "$REAL" "$@" ;;
	esac
	shift
	line=$* matrix=$1
	results=${line##*--results }
	if [[ -d $matrix ]]; then
		words=$(cat "$matrix/words")
		dir=${matrix%.*}
		mv "$matrix" "$dir"
	else
		words=${line%% --verbose*}
		dir=$results/matrices/20261129T000000Z-$matrix-123456
		mkdir -p "$dir"
	fi
	if [[ -e $TREE/interrupt ]]; then
		rm "$TREE/interrupt"
		echo "$words" >"$dir/words"
		mv "$dir" "$dir.interrupted"
		exit 130
	fi
	read -ra words <<<"$words"
	list=$("$REAL" matrix "${words[@]}" --dry-run) || exit 2
	all=$(tail -n 1 <<<"$list" | sed 's/ .*//')
	bad=$(grep -cFf "$TREE/bad" <<<"$list" 2>/dev/null)
	[[ $bad ]] || bad=0
	echo "{\"counts\":{\"waiting\":0,\"expected\":$((all - bad)),\"unexpected\":$bad,\"skipped\":0,\"unjudged\":0,\"lost\":0}}" \
		>"$dir/matrix.json"
	((bad == 0))
	END
	# kernel-build --cached NAME: those of the file built are
	cat >"$tree/scripts/kernel-build" <<-'END'
	#!/bin/bash
	[[ $1 == --cached ]] || exit 2
	grep -qx -- "$2" "$TREE/built" && { echo "$TREE"; exit; }
	echo "kernel-build: $2 is not built: make kernel KERNEL=$2" >&2
	exit 125
	END
	chmod +x "$VTDLAB" "$tree/scripts/kernel-build"
	printf '%s\n' lab-6.1 lab-6.12 lab-7.3 lab-6.1-debug lab-6.12-debug lab-7.3-debug >"$tree/built"
	rest=$("$REAL" matrix deep-copy-debug --dry-run | tail -n 1)
	all=$("$REAL" matrix deep-copy --dry-run | tail -n 1)
	all=${all%% *} rest=${rest%% *}
}

# check STATUS LINE: what it ends with.
check()
{
	run "$tree/tests/lab/check-lab"
	echo "$output"
	[ "$status" -eq "$1" ]
	[ "${lines[-1]}" = "$2" ]
}

@test "every scenario of kdump is a row of the table, or is named with a reason" {
	rows=$(sed -n 's/^scenario=//p' "$table" | tr ';' '\n')
	for name in $("$REAL" list scenarios --names | grep '^kdump'); do
		grep -qx -- "$name" <<<"$rows" || grep -Eq "^#   $name: [a-z]+" "$table" || {
			echo "$name is neither a row of $table nor named there"
			return 1
		}
	done
	# and the kernels that carry the deep copy are its columns
	for conf in "$root"/images/kernels/lab-*.conf; do
		name=$(basename "$conf" .conf)
		[[ $name != *-@(bugs|fixes|kunit|nofix) ]] || continue # of the same copy: for other tests
		grep -hE '^kernel=' "$root"/matrices/deep-copy*.conf | grep -Eq "[=;]$name(;|\$)"
	done
}

@test "in the modes that promise more nothing may fail" {
	list=$("$REAL" matrix deep-copy --dry-run)
	[ "$(grep -c 'intel_iommu=kdump_deep --set scenario.expect-fail= ' <<<"$list")" \
		-eq "$(grep -c '^ *[0-9]* .* mode=deep$' <<<"$list")" ]
	[ "$(grep -c 'mode=deep$' <<<"$list")" -ge 60 ]
}

@test "all of it: every cell is counted" {
	check 0 "$((all + rest)) passed, 0 failed, 0 skipped"
}

@test "a cell that comes to something else fails the whole" {
	echo 'kernel=lab-6.12 scenario=kdump-smp mode=deep' >"$tree/bad"
	check 1 "$((all + rest - 1)) passed, 1 failed, 0 skipped"
}

@test "a kernel that is not built is skipped by name, with what builds it" {
	sed -i '/^lab-7.3$/d; /debug/d' "$tree/built"
	check 0 "$((all * 2 / 3)) passed, 0 failed, $((all / 3 + rest)) skipped"
	grep -qx "check-lab: skipped $((all / 3)) cells of deep-copy: lab-7.3 is not built: make kernel KERNEL=lab-7.3" <<<"$output"
	grep -q "make kernel KERNEL=lab-6.12-debug" <<<"$output"
	: >"$tree/built"
	check 125 "0 passed, 0 failed, $((all + rest)) skipped"
}

@test "some kernels, some cells; a name that is none" {
	LAB_KERNELS=lab-6.12 check 0 "$((all / 3)) passed, 0 failed, 0 skipped"
	LAB_KERNELS=lab-6.12 ONLY="scenario=kdump;kdump-smp set-mode=deep" check 0 "2 passed, 0 failed, 0 skipped"
	LAB_KERNELS="lab-6.13" run "$tree/tests/lab/check-lab"
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"no 'lab-6.13' in the tables"* ]]
	ONLY="set-mode=deeep" run "$tree/tests/lab/check-lab"
	echo "$output"
	[ "$status" -eq 2 ]
}

@test "an interrupted one is gone on with; what was finished is not run again" {
	touch "$tree/interrupt"
	run "$tree/tests/lab/check-lab"
	[ "$status" -eq 130 ]
	RESUME=1 check 0 "$((all + rest)) passed, 0 failed, 0 skipped"
	grep -q -- "-deep-copy-123456.interrupted --resume" "$tree/asked"
	runs=$(grep -vc dry-run "$tree/asked")
	RESUME=1 check 0 "$((all + rest)) passed, 0 failed, 0 skipped"
	[ "$(grep -vc dry-run "$tree/asked")" = "$runs" ]
}

@test "a second one in the same tree is refused, and the first one's cells are left alone" {
	mkdir -p "$tree/build/check-lab/matrices"
	echo lab-6.12 >"$tree/built"
	exec 9>"$tree/build/check-lab.lock"
	flock 9
	run -2 "$tree/tests/lab/check-lab" 9>&-
	[[ $output == *"another check-lab runs in this tree" ]]
	[ -d "$tree/build/check-lab/matrices" ]
	flock -u 9
	run "$tree/tests/lab/check-lab" 9>&-
	[ "$status" -eq 0 ]
}
