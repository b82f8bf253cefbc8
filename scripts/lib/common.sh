# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What every script here shares: messages and their exit statuses, the user
# cache, key files, temporary directories that never outlive their maker.
#
# The cache, $VTDLAB_CACHE or $XDG_CACHE_HOME/vtdlab or ~/.cache/vtdlab:
#   kernels/<id>/         one prepared kernel, complete or not there at all:
#     bzImage               not there if the user gave a vmlinux
#     vmlinux               what PVH boots; not there without the PVH note
#     config                not there if it cannot be known
#     modules/              what lib/modules/<release> holds
#     kernel.conf           key file, group [kernel]; see kernel_conf_write
#     sums, sums.stat       of all of these; see sums_write
#   kernels/.forward-NAME the build a named kernel fell forward to
#   hashes/               hashes of files outside the cache, with their stat
#   apt/                  private apt state: sources, lists, index.tsv
#   lab/                  sources, trees and objects of kernels built here
#   ccache/               what their compiler has made before
#   lock                  held by whoever changes any of the above
#   tmp/                  work in progress of the lock's holder
# Every part may be removed at any time that no command of ours is running.
#
# Variables that the parts of lib/ share by name, with the script that calls them (shellcheck sees neither side: SC2154,
# SC2034). All others are local to a function.
#   set by every script that fetches: cache, kernels_dir, offline
#   kernel-get, what was asked: spec, modules_arg, require, require_given
#     what is being prepared: release, version, package, name, spec_kept, origin, pvh, packages ("name sha256" each)
#     the answer: kernel (a directory)
#   kernel-build, and selftests-build for the source: config_dir, patches_dir, host_setup, sources_dir, source_only
#     what was asked: spec, name, jobs, kdir
#     what is being built: package, version, source_sha256, versions, patches_series, fixes, config_more, fragments,
#     patches, new_files, compiler, key, release, work, tree_shown, started
#   foreign-initrd: name, kernel (a directory), manifest
#   qemu-get: qemus_dir
#   stats.sh: awk_stats
#   apt.sh: lists_fresh; and the reasons of a status 1: image_error, sums_error, apt_error

# Whatever a script starts ends with it. bash obeys a signal only when the command it waits for has ended, and make's
# shells do not hand one on: so a script runs in a process group of its own, below a copy of it that waits, and a
# signal to that one ends them all.
watch_script()
{
	local worker status i signalled=

	set -m
	VTDLAB_WATCHED=$$ "$BASH" -- "$0" "$@" &
	worker=$!
	set +m
	trap 'signalled=INT; kill -INT -- "-$worker" 2>/dev/null || true' INT
	trap 'signalled=TERM; kill -TERM -- "-$worker" 2>/dev/null || true' TERM HUP QUIT
	while :; do
		status=0
		wait "$worker" || status=$?
		kill -0 "$worker" 2>/dev/null || break
	done
	kill -TERM -- "-$worker" 2>/dev/null || true
	for ((i = 0; i < 20; i++)); do
		[[ -n $signalled ]] && kill -0 -- "-$worker" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL -- "-$worker" 2>/dev/null || true
	exit "$status"
}
# A shell that only borrows a function from here is no script of ours.
if [[ $0 -ef ${BASH_SOURCE[0]%/*}/../${0##*/} && ${VTDLAB_WATCHED:-} != "$PPID" ]]; then
	watch_script "$@"
fi
unset VTDLAB_WATCHED

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL=C

readonly STATUS_FAILED=1	# network, disk, a tool
readonly STATUS_USAGE=2		# the words of the command are wrong
readonly STATUS_UNFIT=125	# the kernel given is not built, lacks something, or cannot be had: `git bisect run` skips it

prog=${0##*/}

say() { printf '%s: %s\n' "$prog" "$*" >&2; }
# What gives up says why: to whom it was started by, in the file $VTDLAB_REASON, who tells it on; else, and where that is more
# than a line, to the user.
give_up()
{
	local why="${*:2}"

	if [[ ! ${VTDLAB_REASON-} || $why == *$'\n'* || ${#why} -gt 1000 ]]; then
		say "$why"
	fi
	[[ ! ${VTDLAB_REASON-} ]] || printf '%s\n' "$why" >"$VTDLAB_REASON"
	exit "$1"
}
fail() { give_up "$STATUS_FAILED" "$@"; }
refuse() { give_up "$STATUS_USAGE" "$@"; }
unfit() { give_up "$STATUS_UNFIT" "$@"; }

# bad_usage: ends with the usage line at the head of the script.
bad_usage() { sed -n 's/^# usage: /usage: /p' "$0" >&2; exit "$STATUS_USAGE"; }

# Run a command; V=1 shows it first, wherever its own output goes.
exec 8>&2
run()
{
	[[ ${V:-0} != 1 ]] || printf '+ %s\n' "${*@Q}" >&8
	"$@"
}

cache_dir()
{
	if [[ -n ${VTDLAB_CACHE:-} ]]; then
		printf '%s\n' "$VTDLAB_CACHE"
	elif [[ ${XDG_CACHE_HOME:-} == /* ]]; then
		printf '%s/vtdlab\n' "$XDG_CACHE_HOME"
	elif [[ -n ${HOME:-} ]]; then
		printf '%s/.cache/vtdlab\n' "$HOME"
	else
		refuse 'no cache directory: set HOME or VTDLAB_CACHE'
	fi
}

# keyfile_get FILE GROUP KEY: the value, or nothing. Strips \r of CRLF files.
keyfile_get()
{
	local line in_group=

	while IFS= read -r line || [[ -n $line ]]; do
		line=${line%$'\r'}
		case $line in
		\#* | '') ;;
		"[$2]"*) in_group=1 ;;
		\[*) in_group= ;;
		*)
			[[ -n $in_group && $line =~ ^([^=]*[^=[:space:]])[[:space:]]*=[[:space:]]*(.*)$ ]] || continue
			[[ ${BASH_REMATCH[1]} == "$3" ]] || continue
			printf '%s\n' "${BASH_REMATCH[2]}"
			return
			;;
		esac
	done <"$1"
}

# keyfile_keys FILE GROUP: the group's keys, one a line.
keyfile_keys()
{
	sed -n "/^\[$2\]/,/^\[/ s/^\([^#[][^=]*[^= ]\) *=.*/\1/p" "$1"
}

# file_stat FILE: changes whenever the file's content may have.
file_stat() { stat -L -c '%s %Y %y %Z %z %i %d' -- "$1" | tr ' ' _; }

sha256_of()
{
	local out

	out=$(sha256sum -- "$1") || return
	out=${out#\\}
	printf '%s\n' "${out%% *}"
}

# sums_write DIR: DIR/sums, the hash of each file below it, closed by one of the list itself: a list that was cut
# vouches for nothing. DIR/sums.stat has what sums_stat said when all of them were last right.
sums_write()
{
	(
		cd -- "$1" && rm -f sums sums.stat || exit
		find . -type f ! -name 'sums.*' -print0 | sort -z | xargs -0r sha256sum >sums.new &&
			printf '# %s\n' "$(sha256_of sums.new)" >>sums.new && mv sums.new sums || exit
		sums_stat . >sums.stat
	)
}

# The host's boot is in it: once a boot all of it is read, for a disk may lose what no time tells of.
sums_stat()
{
	cat /proc/sys/kernel/random/boot_id && find "$1" -type f ! -name 'sums.*' -printf '%P %s %T@ %C@ %i\n'
}

# sums_ok DIR: is each file what it was when sums_write was called? Reads them only if one was touched since they
# were last found right, in this boot of the host. Else $sums_error names the first that is not.
sums_ok()
{
	local now bad='sums: FAILED'

	sums_stat "$1" 2>/dev/null | cmp -s - "$1/sums.stat" 2>/dev/null && return
	now=$(sums_stat "$1" 2>/dev/null) || true
	if [[ $(tail -n 1 "$1/sums" 2>/dev/null) == "# $(head -n -1 "$1/sums" 2>/dev/null | sha256sum | cut -d' ' -f1)" ]] &&
		bad=$(cd -- "$1" && sha256sum --quiet -c sums 2>/dev/null); then
		printf '%s\n' "$now" 2>/dev/null >"$1/sums.stat" || true
		return 0
	fi
	bad=${bad%%: FAILED*}
	bad=${bad#./}
	# shellcheck disable=SC2034 # for the caller
	sums_error="the cached ${bad:-sums} of ${1##*/} does not have its sha256"
	# shellcheck disable=SC2034
	[[ -f $1/${bad:-sums} ]] || sums_error="${bad:-sums} of the cached ${1##*/} is gone"
	return 1
}

mib() { printf '%d' $((($1 + 1048575) / 1048576)); }

# need_space DIR BYTES WHAT: refuses early what would fill the disk half-way.
need_space()
{
	local free

	free=$(df --output=avail -B1 -- "$1" 2>/dev/null | tail -n 1) || return 0
	((free >= $2)) || fail "not enough space for $3 in $1: $(mib "$2") MiB needed," \
		"$(mib "$free") MiB free; free some, or set VTDLAB_CACHE to another disk"
}

# disk_failed DIR WHAT WORDS: says why writing failed, in one line. WORDS are
# the tool's; on a full disk there may have been no room to note them.
disk_failed()
{
	local blocks size

	read -r blocks size < <(stat -f -c '%a %S' -- "$1" 2>/dev/null) || blocks=1 size=100000000
	if ((blocks * size < 1000000)) || [[ $3 == *'No space left'* || $3 == *'quota exceeded'* ]]; then
		fail "the disk of $1 is full; free some, or set VTDLAB_CACHE to another disk"
	fi
	fail "$2 failed: ${3%%$'\n'*}"
}

# take_lock CACHE: one process at a time changes the cache. Whatever lies in
# tmp/ when the lock is ours was left by a process that was killed.
take_lock()
{
	mkdir -p "$1/kernels" "$1/hashes" 2>/dev/null ||
		fail "cannot make the cache directory $1: check its owner and free space"
	exec 9>>"$1/lock" || fail "cannot write in the cache directory $1"
	if ! flock -n 9; then
		say 'waiting for another process that changes the kernel cache'
		flock 9
	fi
	rm -rf "$1/tmp"
	mkdir "$1/tmp" || fail "cannot write in the cache directory $1"
	# shellcheck disable=SC2064 # the name as it is now
	trap "rm -rf ${1@Q}/tmp" EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}
