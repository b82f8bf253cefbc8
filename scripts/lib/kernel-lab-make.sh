# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables shared by name: see common.sh
# Configures and compiles $work/tree. What is made depends on nothing of the
# caller's environment but the compiler, and is the same wherever the tree
# lies: the objects are in a directory of the tree, so that every path in them
# is relative, and one cache of compiled files serves all trees.

# lab_make_exec OBJECTS TARGET...: this very process becomes the kernel's own
# make, so that a signal to it reaches make.
lab_make_exec()
{
	local objects=$1

	shift
	cd "$work/tree"
	# What another make, or its user, left for its children is not for this one.
	unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GNUMAKEFLAGS ARCH SUBARCH SRCARCH \
		CROSS_COMPILE LLVM KBUILD_OUTPUT KCFLAGS KCPPFLAGS KAFLAGS KCONFIG_CONFIG \
		KCONFIG_ALLCONFIG V M C W O CC LD AS HOSTCC HOSTCFLAGS MODLIB INSTALL_MOD_DIR
	export CCACHE_DIR=$cache/ccache CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-6G} CCACHE_NOHASHDIR=1
	export KBUILD_BUILD_TIMESTAMP='2026-01-01 00:00:00 UTC' KBUILD_BUILD_USER=lab \
		KBUILD_BUILD_HOST=vtdlab KBUILD_BUILD_VERSION=1 LOCALVERSION=
	# Another release keeps the results of both apart, and a variable leaves what ccache compares as it is.
	[[ ${bugs-} != yes ]] || LOCALVERSION=-bugs
	[[ $objects == . ]] || set -- "O=$objects" "$@"
	# The lock stays open in make: should it outlive us, nobody else may build here.
	exec make -j"$jobs" CC='ccache gcc' HOSTCC='ccache gcc' "$@" 8>&-
}

# The objects are in $objects below the tree: lab-build, or what another script than kernel-build sets.
objects=lab-build
lab_make() { (lab_make_exec "$objects" "$@"); }

# lab_configure: .config from the fragments, each line of which must survive.
# A later fragment overrides an earlier one.
lab_configure()
{
	local lost

	phase configuring
	mkdir -p "$work/tree/$objects"
	cat -- "${fragments[@]}" >"$work/all.config"
	if ! lab_make KCONFIG_ALLCONFIG="$work/all.config" allnoconfig >"$work/config.log" 2>&1; then
		build_failed "$work/config.log" 'the configuration'
	fi
	lost=$(config_lost "$work/tree/$objects/.config" | while IFS=$'\t' read -r symbol want have file; do
		printf '%s\n' "CONFIG_$symbol=$want of ${file##*/} became $have$(config_why "$symbol")"
	done | paste -sd'|' | sed 's/|/, /g')
	[[ -z $lost ]] ||
		unfit "$name: options did not survive in $tree_shown: $lost; put right the files in images/config; nothing was built"
}

# config_lost CONFIG: "SYMBOL wanted found fragment" of each line that is not
# in it; "n" is off or not there.
config_lost()
{
	awk '
	FILENAME == ARGV[1] {
		if (/^CONFIG_[A-Za-z0-9_]+=/) {
			at = index($0, "=")
			have[substr($0, 8, at - 8)] = substr($0, at + 1)
		}
		next
	}
	/^CONFIG_[A-Za-z0-9_]+=/ {
		at = index($0, "=")
		symbol = substr($0, 8, at - 8)
		if (!(symbol in want))
			order[++n] = symbol
		want[symbol] = substr($0, at + 1)
		file[symbol] = FILENAME
		next
	}
	/^[^#]/ { order[++n] = $0; want[$0] = "(this line)"; file[$0] = FILENAME }
	END {
		for (i = 1; i <= n; i++) {
			s = order[i]
			value = s in have ? have[s] : "n"
			if (value != want[s])
				printf "%s\t%s\t%s\t%s\n", s, want[s], value, file[s]
		}
	}' "$1" "${fragments[@]}"
}

# config_why SYMBOL: a hint where there is one.
config_why()
{
	grep -rqsE "^[[:space:]]*(menu)?config $1\$" --include='Kconfig*' "$work/tree" ||
		printf ' (no such symbol there)'
}

# ---- compiling --------------------------------------------------------------------------------

# phase WORDS: one line of progress.
phase() { say "$name: $* ($(minutes))"; }

minutes()
{
	local s=$(($(date +%s) - started))

	if ((s < 60)); then printf '%d s' $s; else printf '%d min %d s' $((s / 60)) $((s % 60)); fi
}

# stop_make: on a signal, which all of make got too; it takes away what it has half written.
stop_make()
{
	kill -TERM "$make_pid" 2>/dev/null || true
	wait "$make_pid" 2>/dev/null || true
	rm -f "$work/building"
	say "$name: interrupted; what is compiled so far is kept, nothing was put in the cache"
	exit "$1"
}

# lab_compile: bzImage and modules in $work/tree/lab-build.
lab_compile()
{
	local log=$work/build.log ticks=0 status=0

	phase compiling
	: >"$work/building" || fail "cannot write in $work: is the disk full?"
	lab_make_exec lab-build bzImage modules >"$log" 2>&1 &
	make_pid=$!
	trap 'stop_make 130' INT
	trap 'stop_make 143' TERM HUP
	while kill -0 "$make_pid" 2>/dev/null; do
		sleep 0.5
		((++ticks % 120)) || phase "compiling, $(grep -c '^  [A-Z]' "$log" || true) steps"
	done
	wait "$make_pid" || status=$?
	trap - INT TERM HUP
	rm -f "$work/building"
	((status == 0)) || build_failed "$log" 'the build'
	release=$(cat "$work/tree/lab-build/include/config/kernel.release" 2>/dev/null) || release=
	[[ $release =~ ^[0-9][A-Za-z0-9._+~-]*$ ]] || fail "$name: the built tree does not say its release"
}

# build_failed LOG WHAT: the first error of the log, in one line.
build_failed()
{
	local why blocks size

	why=$(grep -m1 -E "No space left|(fatal )?error:|can't open file|^ld: |undefined reference|\*\*\* " "$1" || tail -n 1 "$1") || true
	read -r blocks size < <(stat -f -c '%a %S' -- "$work" 2>/dev/null) || blocks=1 size=100000000
	if ((blocks * size < 1000000)) || grep -q 'No space left' "$1"; then
		fail "$name: the disk of $cache is full; free some, or set VTDLAB_CACHE to another disk; nothing was put in the cache"
	fi
	fail "$name: $2 of $tree_shown failed: $why (see $1); nothing was put in the cache"
}

# lab_discard_torn: a make that was killed leaves files that look complete.
# What it compiled is in the compiler's cache.
lab_discard_torn()
{
	[[ -e $work/building ]] || return 0
	say "note: the last build of $name was killed: compiling it anew"
	rm -rf "$work/tree/lab-build"
	rm -f "$work/building"
}
