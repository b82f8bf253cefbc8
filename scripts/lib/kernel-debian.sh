# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables shared by name: see common.sh
# Kernels of Debian packages: named (pinned in images/kernels) or exact.

# Module trees that no VM of the lab has hardware for: most of the size.
readonly modules_left_out='sound drivers/gpu drivers/media drivers/infiniband
drivers/net/wireless drivers/staging drivers/iio drivers/input drivers/hid'

debian_dir() { printf '%s/kernels/%s_%s\n' "$cache" "$1" "$2"; }

# debian_cached DIR [SHA256]: sets kernel if that build is there and whole.
debian_cached()
{
	kernel_dir_ok "$@" || return 1
	kernel=$1
}

# debian_unpack DEB DIR: image, config and modules of one package.
debian_unpack()
{
	local leave_out=() tree

	for tree in $modules_left_out; do
		leave_out+=(--exclude="*/kernel/$tree")
	done
	mkdir -p "$2"
	run dpkg-deb --fsys-tarfile "$1" 2>>"$cache/tmp/log" |
		run tar -x -C "$2" --no-same-owner "${leave_out[@]}" --exclude='*System.map*' \
			--exclude='./usr/share' 2>>"$cache/tmp/log" ||
		disk_failed "$cache" "unpacking ${1##*/}" "$(cat "$cache/tmp/log")"
}

# debian_assemble ROOT DIR: a kernel directory of what the packages hold.
debian_assemble()
{
	local root=$1 dir=$2 file

	mkdir "$dir"
	for file in "$root/boot/vmlinuz-$release" "$root/usr/lib/modules/$release/vmlinuz"; do
		[[ ! -f $file ]] || mv "$file" "$dir/bzImage"
	done
	for file in "$root/boot/config-$release" "$root/usr/lib/modules/$release/config"; do
		[[ ! -f $file ]] || mv "$file" "$dir/config"
	done
	for file in "$root/lib/modules/$release" "$root/usr/lib/modules/$release"; do
		[[ ! -d $file ]] || mv "$file" "$dir/modules"
	done
	[[ -f $dir/bzImage && -f $dir/config && -d $dir/modules ]] ||
		fail "the packages of $release are not laid out as expected: no image, config or modules in them"
}

# debian_build: fetches, checks and unpacks the packages named by the array
# `packages` ("name sha256" each) as `release`, `version`.
debian_build()
{
	local work=$cache/tmp/build entry name_ sha256 debs=() bytes=0 deb

	mkdir -p "$work/debs"
	while IFS=$'\t' read -r _ _ _ size installed _; do
		bytes=$((bytes + size + installed * 1024))
	done < <(apt_packages "$release" "$version")
	need_space "$cache" $((bytes + 100000000)) "kernel $release"
	for entry in "${packages[@]}"; do
		debs+=("${entry% *}=$version")
	done
	say "fetching $release $version ($(debian_size) MiB)"
	apt_download "$work/debs" "${debs[@]}" || return 1
	: >"$cache/tmp/log"
	for entry in "${packages[@]}"; do
		name_=${entry% *} sha256=${entry#* }
		deb=$(find "$work/debs" -name "${name_}_*.deb")
		[[ -f $deb && $(sha256_of "$deb") == "$sha256" ]] ||
			fail "package $name_ $version does not have its sha256 $sha256: not used"
		debian_unpack "$deb" "$work/root"
		rm "$deb"
	done
	say "unpacking $release"
	debian_assemble "$work/root" "$work/kernel"
	kernel_add_vmlinux "$work/kernel" "the image of $release" || fail "$image_error"
	kernel_index_modules "$work/kernel" "$release"
	name=${release}_$version spec_kept=debian:$release origin=debian package=${packages[0]% *}
	kernel_conf_write "$work/kernel"
	kernel=$(debian_dir "$release" "$version")
	kernel_dir_commit "$work/kernel" "$kernel"
}

debian_size()
{
	apt_packages "$release" "$version" | awk -F '\t' '{ n += $4 } END { printf "%d", n / 1048576 }'
}

# debian_packages_indexed: `packages` from the signed lists; 1 if not there.
debian_packages_indexed()
{
	local package_ sha256

	packages=()
	while IFS=$'\t' read -r package_ _ sha256 _; do
		packages+=("$package_ $sha256")
	done < <(apt_packages "$release" "$version")
	((${#packages[@]}))
}

# debian_failed WHAT: exits with the reason that apt gave.
debian_failed()
{
	disk_failed "$cache" "fetching $1" "${apt_error:-apt-get failed without a word}"
}

# debian_fetch: the build `release` `version`, its hashes from `packages` if
# they are pinned. 1 if the archive no longer has it; exits on failures.
debian_fetch()
{
	local pinned=("${packages[@]}")

	if ! debian_packages_indexed; then
		[[ -z $lists_fresh ]] || return 1
		apt_update || [[ -s $cache/apt/index.tsv ]] || debian_failed "$release"
		lists_fresh=1
		debian_packages_indexed || { [[ -z $apt_error ]] || debian_failed "$release"; return 1; }
	fi
	((${#pinned[@]} == 0)) || packages=("${pinned[@]}")
	debian_build && return
	[[ -z $lists_fresh ]] || debian_failed "$release"
	# Old lists name a pool file that is gone: once more with new ones.
	rm -rf "$cache/tmp/build"
	apt_update || debian_failed "$release"
	lists_fresh=1
	debian_packages_indexed || return 1
	((${#pinned[@]} == 0)) || packages=("${pinned[@]}")
	debian_build || debian_failed "$release"
}

# debian_newest PATTERNS: "release version" of the newest build in the lists
# that matches the first of the patterns (;-separated) that any matches.
debian_newest()
{
	local pattern

	while read -r pattern; do
		[[ -n $pattern ]] || continue
		apt_builds | grep -E "^($pattern) " | tail -n 1 | grep . && return
	done < <(tr ';' '\n' <<<"$1")
	return 1
}

debian_not_cached()
{
	fail "$1 is not in the cache ($cache) and may not be fetched with --offline"
}

# debian_forwarded NAME PIN: the build that NAME fell forward to when PIN was
# found gone, if it is cached.
debian_forwarded()
{
	local pin to_release to_version

	read -r pin to_release to_version 2>/dev/null <"$cache/kernels/.forward-$1" || return 1
	[[ $pin == "$2" ]] || return 1
	debian_cached "$(debian_dir "$to_release" "$to_version")" || return 1
	say "note: $1: its pinned build $2 is gone, using $to_release"
}

# debian_named NAME CONF: the pinned build, or the newest of its series.
debian_named()
{
	local conf=$2 sha256 entry pin newest

	release=$(keyfile_get "$conf" kernel release)
	version=$(keyfile_get "$conf" kernel version)
	sha256=$(keyfile_get "$conf" kernel sha256)
	[[ -n $release && -n $version && -n $sha256 ]] ||
		refuse "$conf: release, version or sha256 is missing in [kernel]"
	pin=$release
	debian_cached "$(debian_dir "$release" "$version")" "$sha256" && return
	[[ -z $sums_error ]] || say "$sums_error: fetching it again"
	debian_forwarded "$1" "$pin" && return
	[[ -z $offline ]] || debian_not_cached "$1 ($release)"
	take_lock "$cache"
	debian_cached "$(debian_dir "$release" "$version")" "$sha256" && return
	packages=()
	for entry in $(keyfile_keys "$conf" packages); do
		packages+=("$entry $(keyfile_get "$conf" packages "$entry")")
	done
	((${#packages[@]})) || refuse "$conf: no [packages]"
	lists_fresh=
	if debian_fetch; then
		kernel_dir_ok "$kernel" "$sha256" || fail "$1: its image does not have the sha256 in $conf"
		return
	fi
	newest=$(debian_newest "$(keyfile_get "$conf" kernel series)") ||
		unfit "$1: its pinned build $pin is gone from the archive, and so is its whole series"
	read -r release version <<<"$newest"
	say "note: $1: its pinned build $pin is gone from the archive, using the newest of its series, $release"
	packages=()
	if ! debian_cached "$(debian_dir "$release" "$version")"; then
		debian_fetch || debian_failed "$release"
	fi
	printf '%s %s %s\n' "$pin" "$release" "$version" >"$cache/kernels/.forward-$1"
}

# debian_neighbours RELEASE: the older and the newer build nearest to it.
debian_neighbours()
{
	local flavour=-amd64

	[[ $1 =~ -(cloud|rt)-amd64$ ]] && flavour=-${BASH_REMATCH[1]}-amd64
	apt_builds | awk -v flavour="$flavour" -v want="$1" '
	BEGIN { print want, "wanted" }
	match($1, /-((cloud|rt)-)?amd64$/) && substr($1, RSTART) == flavour { print $1 }' |
		sort -V | awk '
	$2 == "wanted"	{ older = last; found = 1; next }
	found		{ newer = $1; exit }
			{ last = $1 }
	END {
		if (older != "") older = "debian:" older
		if (newer != "") newer = "debian:" newer
		print older (older != "" && newer != "" ? " and " : "") newer
	}'
}

# debian_exact RELEASE: that build, whatever version its package has.
debian_exact()
{
	local dir near gone

	release=$1
	[[ $release =~ ^[0-9]+\.[0-9][A-Za-z0-9.+~-]*-amd64$ ]] ||
		refuse "'debian:$release' names no build: give what uname -r says there, such as debian:6.1.0-49-amd64 or debian:6.12.107+deb12-amd64"
	for dir in $(printf '%s\n' "$cache/kernels/${release}_"*/ | sort -rV); do
		debian_cached "${dir%/}" && return
		[[ -z $sums_error ]] || say "$sums_error: fetching it again"
	done
	[[ -z $offline ]] || debian_not_cached "$spec"
	take_lock "$cache"
	packages=() lists_fresh=
	version=$(debian_version_of "$release")
	if [[ -z $version ]]; then
		apt_update || [[ -s $cache/apt/index.tsv ]] || debian_failed "$release"
		lists_fresh=1
		version=$(debian_version_of "$release")
	fi
	if [[ -n $version ]]; then
		debian_cached "$(debian_dir "$release" "$version")" && return
		debian_fetch && return
	elif [[ -n $apt_error ]]; then
		debian_failed "$release"
	fi
	near=$(debian_neighbours "$release")
	gone=$(apt_gone "$release" | paste -sd' ')
	unfit "$spec is not in the archive (any more)${gone:+, gone are $gone}: nearest to be had: ${near:-none}"
}

debian_version_of() { apt_builds | awk -v release="$1" '$1 == release { v = $2 } END { print v }'; }
