# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables shared by name: see common.sh
# Kernels of our own: what goes into one, the key of that, and where the
# result is put. A result is an ordinary directory of <cache>/kernels, named
# <release>-<key>; the key is a hash of all that went in, so that nothing is
# ever built twice, and a changed patch is another kernel.
#
#   <cache>/lab/sources/<package>_<version>/   the source as packaged, unpacked
#   <cache>/lab/sources/.forward-NAME          the version that NAME fell forward to
#   <cache>/lab/work/NAME/                     what one kernel is built in
#     lock                                       held while it is built
#     tree/                                      hard links of the source, but for patched files
#     tree/lab-build/                            the objects: kept, so that a patch is tens of seconds
#     source, applied, files                     what tree/ holds; see kernel-lab-source.sh
#     building                                   there if the last make was killed
#     build.log
#   <cache>/ccache/

readonly lab_kept=8		# results kept of each release, the newest

# lab_list FILE: its words, one a line, without comments.
lab_list() { sed 's/#.*//' "$1" | tr -s ' \t' '\n' | sed '/^$/d'; }

# lab_read_source CONF: sets package, version, source_sha256 and versions
# (;-separated patterns).
lab_read_source()
{
	local conf=$1

	package=$(keyfile_keys "$conf" packages | head -n 1)
	[[ $package == linux-source-* ]] || refuse "$conf: no linux-source package in [packages]"
	source_sha256=$(keyfile_get "$conf" packages "$package")
	version=$(keyfile_get "$conf" kernel version)
	versions=$(keyfile_get "$conf" kernel series)
	[[ -n $version && $source_sha256 =~ ^[0-9a-f]{64}$ ]] ||
		refuse "$conf: the version, or the sha256 of $package, is missing"
}

# lab_read_conf NAME CONF: sets the same, patches_series, fixes and bugs.
lab_read_conf()
{
	local conf=$2

	lab_read_source "$conf"
	patches_series=$(keyfile_get "$conf" build patches)
	fixes=$(keyfile_get "$conf" build fixes)
	fixes=${fixes:-yes}
	bugs=$(keyfile_get "$conf" build bugs)
	bugs=${bugs:-no}
	config_more=$(keyfile_get "$conf" build config)
	[[ -n $patches_series ]] || refuse "$conf: the patches are missing"
	[[ $fixes == yes || $fixes == no ]] || refuse "$conf: fixes must be yes or no, not '$fixes'"
	[[ $bugs == yes || $bugs == no ]] || refuse "$conf: bugs must be yes or no, not '$bugs'"
	lab_inputs
}

# tree_series DIR: VERSION.PATCHLEVEL of a kernel source tree; 1 if it is none.
tree_series()
{
	local v

	v=$(sed -n 's/^\(VERSION\|PATCHLEVEL\) = \([0-9][0-9]*\)$/\2/p' "$1/Makefile" 2>/dev/null | head -n 2 | paste -sd.) || true
	[[ $v == *.* ]] && printf '%s\n' "$v"
}

# lab_known_series: those that there are hooks for.
lab_known_series()
{
	local file

	for file in "$patches_dir"/[0-9]*/series; do
		[[ ! -f $file ]] || basename -- "${file%/series}"
	done | sort -V
}

# lab_series_patches DIR: the patches of DIR/series, in its order.
lab_series_patches()
{
	local line

	[[ -f $1/series ]] || return 0
	while read -r line; do
		[[ -f $1/$line ]] || refuse "$1/series names $line, which is not there"
		printf '%s\n' "$1/$line"
	done < <(lab_list "$1/series")
}

# hooks_order SERIES: the kernels that there are hooks for: that one, the next newer, the older ones, all newer.
hooks_order()
{
	local of newer=() older=()

	while IFS= read -r of; do
		if [[ $of == "$1" ]]; then
			printf '%s\n' "$of"
		elif [[ $(printf '%s\n' "$1" "$of" | sort -V | head -n 1) == "$1" ]]; then
			newer+=("$of")
		else
			older=("$of" "${older[@]}")
		fi
	done < <(lab_known_series)
	printf '%s\n' "${newer[@]:0:1}" "${older[@]}" "${newer[@]:1}" | sed '/^$/d'
}

# hooks_choose SERIES TREE MISFIT: sets hooks, the nearest that fit the tree of that series; nothing of it is touched.
# MISFIT DIR says why those of a directory do not.
hooks_choose()
{
	local of list why first=''

	for of in $(hooks_order "$1"); do
		list=$(lab_series_patches "$patches_dir/$of") || exit
		# A kernel that has none is built without; for another they say nothing.
		[[ -n $list || $of == "$1" ]] || continue
		why=$("$3" "$patches_dir/$of") || exit
		if [[ -z $why ]]; then
			hooks=$of
			[[ $of == "$1" ]] || say "note: $2 is Linux $1: taking the hooks of $of, which fit${first:+; not $first}"
			return
		fi
		first+="${first:+, nor }$why"
	done
	[[ -n $first ]] || first="kernel-patches has none"
	unfit "no hooks fit $2 (Linux $1), from the nearest: $first; make them for that tree, or build it as it is and give KERNEL=$2; nothing was changed"
}

# src_place FILE: where a file of src goes in a kernel tree: code of the IOVA library beside it, the rest to the driver.
src_place()
{
	local of=intel/

	[[ ${1##*/} != iova* ]] || of=''
	printf 'drivers/iommu/%s%s\n' "$of" "${1##*/}"
}

# lab_inputs: sets the arrays fragments, patches and new_files (see
# src_place), from patches_series, fixes, bugs and config_more.
lab_inputs()
{
	local name_ list file of

	fragments=() patches=() new_files=() have_deep_copy=''
	for of in fixes/ '' bugs/; do
		[[ $of$fixes != fixes/no && $of$bugs != bugs/no ]] || continue
		list=$(lab_series_patches "$patches_dir/$of$patches_series") || exit
		[[ -n $list ]] || continue
		mapfile -t -O "${#patches[@]}" patches <<<"$list"
		[[ -n $of ]] || have_deep_copy=$list
		for file in "$patches_dir/${of}src"/{*.[ch],Kconfig.*,Makefile.*}; do
			[[ ! -f $file ]] || new_files+=("$file")
		done
	done
	for name_ in base net drivers debug "$patches_series" ${have_deep_copy:+kdump} ${config_more//;/ }; do
		fragments+=("$config_dir/$name_.config")
		[[ -f $config_dir/$name_.config ]] || refuse "no such file of kernel options: $config_dir/$name_.config"
	done
}

# lab_compiler: what makes another kernel of the same source.
lab_compiler()
{
	type -P gcc ld >/dev/null || { "$host_setup" --for kernel || exit; }
	gcc --version | head -n 1
	ld --version | head -n 1
}

# lab_key SOURCE: the hash of everything. Names of files count by their last
# two parts, so that a moved checkout builds nothing anew.
lab_key()
{
	local file rest

	{
		printf 'lab 1\n%s\n' "$1"
		printf '%s\n' "$compiler"
		for file in "${fragments[@]}" "${patches[@]}" "${new_files[@]}"; do
			rest=${file%/*}
			printf '%s %s\n' "${rest##*/}/${file##*/}" "$(sha256_of "$file")"
		done
	} | sha256sum | head -c 12
}

# lab_cached KEY: sets kernel if that one is there and whole.
lab_cached()
{
	local dir

	for dir in "$cache/kernels/"*"-$1"; do
		[[ -d $dir ]] || continue
		if kernel_dir_ok "$dir"; then
			kernel=$dir
			return
		fi
		[[ -z $sums_error ]] || say "$sums_error: building it again"
	done
	return 1
}

# lab_work NAME: the directory to build in, locked for us alone.
lab_work()
{
	work=$cache/lab/work/$1
	mkdir -p "$work" 2>/dev/null || fail "cannot make $work: check its owner and free space"
	exec 7>>"$work/lock" || fail "cannot write in $work"
	if ! flock -n 7; then
		say "waiting for another build of $1"
		flock 7
	fi
}

# lab_unlock: gives the cache back while we compile; see take_lock.
lab_unlock()
{
	rm -rf "$cache/tmp"
	trap - EXIT
	exec 9>&-
}

# lab_publish: the kernel directory, from what was built in $work/tree/build.
lab_publish()
{
	local build=$work/tree/lab-build dir

	take_lock "$cache"
	need_space "$cache" 200000000 "$name"
	dir=$cache/tmp/kernel
	mkdir "$dir"
	{ cp -- "$build/arch/x86/boot/bzImage" "$dir/bzImage" && cp -- "$build/.config" "$dir/config"; } \
		2>"$cache/tmp/log" || disk_failed "$cache" "copying $name" "$(cat "$cache/tmp/log")"
	kernel_add_vmlinux "$dir" "the image of $name" || fail "$image_error"
	[[ $pvh == true ]] || fail "$name came out without the PVH note"
	lab_make modules_install INSTALL_MOD_PATH="$cache/tmp/root" INSTALL_MOD_STRIP=1 \
		DEPMOD=true >"$cache/tmp/log" 2>&1 ||
		disk_failed "$cache" 'installing the modules' "$(grep -m1 -i error "$cache/tmp/log" || cat "$cache/tmp/log")"
	mv "$cache/tmp/root/lib/modules/$release" "$dir/modules" ||
		fail "$name: make modules_install left no lib/modules/$release"
	rm -f "$dir/modules/build" "$dir/modules/source"
	kernel_index_modules "$dir" "$release"
	spec_kept=$spec origin=lab
	local label=$name
	name=$release-$key
	kernel_conf_write "$dir"
	printf 'patches=%d\ncompiler=%s\n' "${#patches[@]}" "${compiler%%$'\n'*}" >>"$dir/kernel.conf"
	kernel=$cache/kernels/$name
	name=$label
	kernel_dir_commit "$dir" "$kernel"
	lab_prune
	lab_unlock
}

# lab_prune: an edited patch leaves a kernel behind each time.
lab_prune() { find "$cache/kernels" -maxdepth 1 -type d -name "$release-????????????" | kernel_keep "$lab_kept"; }
