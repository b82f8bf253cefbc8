# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables shared by name: see common.sh
# The tree that a kernel of ours is built in: Debian's source package or a
# copy of the user's tree, with our files and patches. Patches are applied to
# copies of the files they name, and only when all applied is the tree
# touched, and of it only what differs: make builds no more than it must.

# Most of a kernel's source that no VM of the lab can use. Kconfig files and
# Makefiles stay, and admin-guide/, where a series describes its parameters.
readonly source_left_out='*/arch/[!x]*/*.[chS] */arch/[!x]*/*.dts* */drivers/gpu/drm/*.[ch] */sound/*.[ch]
*/Documentation/[!a]*/* */Documentation/a[!d]*/* */drivers/media/*.[ch] */drivers/net/wireless/*.[ch] */drivers/infiniband/*.[ch] */tools/testing/*'

# Where sources lie unpacked, and what of them (names below the tree; all but source_left_out when there are none);
# another script than kernel-build may say otherwise.
source_only=()
source_dir() { printf '%s/%s_%s\n' "${sources_dir:-$cache/lab/sources}" "$package" "$1"; }

# source_forwarded: the version NAME fell forward to when its pin was gone.
source_forwarded()
{
	local pin to sum

	read -r pin to sum 2>/dev/null <"$cache/lab/sources/.forward-$name" || return 1
	[[ $pin == "$version" && -n $to ]] || return 1
	printf '%s\n' "$to"
}

# source_indexed VERSION: its sha256 in the signed lists.
source_indexed()
{
	[[ -s $cache/apt/index.tsv ]] || return 1
	awk -F '\t' -v package="$package" -v version="$1" '
	$1 == package && $2 == version { print $3; found = 1; exit }
	END { exit !found }' "$cache/apt/index.tsv"
}

# source_newest: the newest version in the lists that matches `versions`.
source_newest()
{
	local pattern

	[[ -s $cache/apt/index.tsv ]] || return 1
	while read -r pattern; do
		[[ -n $pattern ]] || continue
		awk -F '\t' -v package="$package" '$1 == package { print $2 }' "$cache/apt/index.tsv" |
			grep -E "^($pattern)\$" | sort -V | tail -n 1 | grep . && return
	done < <(tr ';' '\n' <<<"$versions")
	return 1
}

# source_fetch: makes sure that `version` lies unpacked in the cache; may
# change it to a newer one.
source_fetch()
{
	local pin=$version newest debs=$cache/tmp/debs

	[[ ! -d $(source_dir "$version") ]] || return 0
	if newest=$(source_forwarded) && [[ -d $(source_dir "$newest") ]]; then
		say "note: $name: its pinned source $package $pin is gone, using $newest"
		version=$newest
		return
	fi
	[[ -z $offline ]] || fail "the source of $name ($package $version) is not in the cache ($cache) and may not be fetched with --offline"
	take_lock "$cache"
	if [[ ! -d $(source_dir "$version") ]]; then
		mkdir -p "$cache/lab/sources" "$debs"
		need_space "$cache" 1500000000 "$package"
		lists_fresh=
		source_download "$debs" || source_forward "$debs"
		[[ -d $(source_dir "$version") ]] || source_unpack "$debs"
	fi
	lab_unlock
}

# source_download DIR: the package of `version`; 1 if the archive lacks it.
source_download()
{
	if ! source_indexed "$version" >/dev/null; then
		[[ -z $lists_fresh ]] || return 1
		source_lists
		source_indexed "$version" >/dev/null || return 1
	fi
	[[ -f $cache/apt/apt.conf ]] || source_lists
	say "fetching $package $version"
	apt_download "$1" "$package=$version" && return
	[[ -z $lists_fresh ]] || disk_failed "$cache" "fetching $package" "$apt_error"
	# Old lists name a pool file that is gone: once more with new ones.
	find "$1" -mindepth 1 -delete
	source_lists
	source_indexed "$version" >/dev/null || return 1
	apt_download "$1" "$package=$version" || disk_failed "$cache" "fetching $package" "$apt_error"
}

source_lists()
{
	apt_update || disk_failed "$cache" "fetching $package" "${apt_error:-apt-get failed without a word}"
	lists_fresh=1
}

# source_forward DIR: the pinned version is gone: the newest of its series.
source_forward()
{
	local pin=$version

	version=$(source_newest) ||
		unfit "$name: its pinned source $package $pin is gone from the archive, and so is its whole series; give KDIR= a kernel tree of that series"
	say "note: $name: its pinned source $package $pin is gone from the archive, using the newest of its series, $version"
	source_sha256=$(source_indexed "$version")
	[[ -d $(source_dir "$version") ]] || source_download "$1" ||
		disk_failed "$cache" "fetching $package" "$apt_error"
	printf '%s %s\n' "$pin" "$version" >"$cache/lab/sources/.forward-$name"
}

# source_unpack DIR: checks the package in DIR and puts its tree in place.
source_unpack()
{
	local root=$cache/tmp/source pattern what=() deb tar

	deb=$(find "$1" -name '*.deb')
	[[ -f $deb && $(sha256_of "$deb") == "$source_sha256" ]] ||
		fail "package $package $version does not have its sha256 $source_sha256: not used"
	say "unpacking $package"
	mkdir "$root"
	run dpkg-deb --fsys-tarfile "$deb" 2>"$cache/tmp/log" |
		run tar -x -C "$root" --no-same-owner --wildcards '*.tar.xz' 2>>"$cache/tmp/log" ||
		disk_failed "$cache" "unpacking $package" "$(cat "$cache/tmp/log")"
	rm "$deb"
	tar=$(find "$root" -name "$package.tar.xz")
	[[ -f $tar ]] || fail "package $package $version is not laid out as expected: no $package.tar.xz in it"
	set -f
	for pattern in $source_left_out; do
		what+=("--exclude=$pattern")
	done
	((!${#source_only[@]})) || what=("${source_only[@]/#/$package/}")
	set +f
	mkdir "$root/tree"
	run tar -x -C "$root/tree" --no-same-owner --strip-components=1 -f "$tar" "${what[@]}" \
		2>"$cache/tmp/log" || disk_failed "$cache" "unpacking $package" "$(cat "$cache/tmp/log")"
	[[ -f $root/tree/Makefile ]] || fail "$package $version holds no kernel tree"
	chmod -R u+w,a+rX "$root/tree"
	mkdir -p "$(dirname -- "$(source_dir "$version")")" && mv -T "$root/tree" "$(source_dir "$version")" ||
		fail "cannot write $(source_dir "$version")"
}

# ---- a user's tree ----------------------------------------------------------------------------

# kdir_open DIR: sets kdir, patches_series and name. The tree is only read.
kdir_open()
{
	local v hooks

	kdir=$1
	# shellcheck disable=SC2088 # for a shell that did not expand it
	[[ $kdir != '~/'* ]] || kdir=$HOME/${kdir#*/}
	[[ -d $kdir ]] || unfit "no such kernel tree: $kdir"
	kdir=$(readlink -f -- "$kdir")
	v=$(tree_series "$kdir") || true
	[[ $v == *.* && -f $kdir/Kconfig && -f $kdir/drivers/iommu/Kconfig ]] ||
		unfit "$kdir is no kernel source tree (no VERSION and PATCHLEVEL in its Makefile, or no Kconfig)"
	hooks_choose "$v" "$kdir" kdir_misfit
	patches_series=$hooks fixes=no bugs=no config_more='' version=$v package=''
	name=kdir-$(printf %s "$kdir" | sha256sum | head -c 8)
	lab_inputs
}

# kdir_misfit DIR: why the patches of DIR do not apply exactly to the tree; nothing if they do. On copies of what they name.
kdir_misfit()
{
	local dir=$1 copies patch file

	copies=$(mktemp -d) || fail "cannot make a temporary directory"
	while IFS= read -r patch; do
		[[ -n $patch ]] || continue
		while IFS= read -r file; do
			[[ -e $copies/$file || ! -f $kdir/$file ]] ||
				(cd "$kdir" && cp --parents --no-preserve=mode -t "$copies" -- "$file") || fail "cannot write in $copies"
		done < <(patch_names "$patch")
		if ! patch_into "$patch" "$copies" >"$copies/.log" 2>&1; then
			printf 'kernel-patches/%s: %s\n' "${patch#"$patches_dir/"}" "$(patch_reason "$copies/.log")"
			break
		fi
	done < <(lab_series_patches "$dir")
	rm -rf "$copies"
}

# kdir_files: "size mtime path" of each file that belongs to the source. In a
# git tree that is what git tracks or would add; elsewhere all that is no
# product of a build.
kdir_files()
{
	if [[ $(git -C "$kdir" rev-parse --show-toplevel 2>/dev/null) == "$kdir" ]]; then
		git -C "$kdir" ls-files -z --cached --others --exclude-standard
	else
		find "$kdir" \( -path "$kdir/include/config" -o -path "$kdir/include/generated" \
			-o -path "$kdir/arch/*/include/generated" -o -name .git \) -prune -o \
			\( -name '*.o' -o -name '*.ko' -o -name '*.a' -o -name '*.cmd' -o -name 'vmlinux*' \
			! -name 'vmlinux*.[Shl]*' -o -name '.config*' -o -name .tmp_\* \) -o \
			! -type d -printf '%P\0'
	fi | (cd "$kdir" && sort -zu | xargs -0r stat --printf '%s %.Y %n\n' -- 2>/dev/null || true) |
		grep -v '[^[:print:]]' || true
}

# kdir_refresh: makes $work/tree a copy of the user's files as of `files_now`.
kdir_refresh()
{
	local tree=$work/tree old=$work/files file

	mkdir -p "$tree"
	[[ -f $old ]] || : >"$old"
	need_space "$cache" 1500000000 "a copy of $kdir"
	comm -13 <(sort "$old") <(sort "$files_now") | cut -d' ' -f3- >"$work/changed"
	comm -23 <(cut -d' ' -f3- "$old" | sort) <(cut -d' ' -f3- "$files_now" | sort) >"$work/gone"
	[[ -s $work/changed || -s $work/gone ]] || return 0
	say "copying $(wc -l <"$work/changed") files of $kdir"
	# Until all is copied, the list says less than what is there.
	: >"$old"
	while IFS= read -r file; do
		rm -f -- "$tree/$file"
	done <"$work/gone"
	# The user's directories may be read-only: those of the copy are made as any others. A file that is
	# put back as it once was is new to make.
	: >"$work/log"
	tar -c -C "$kdir" --no-recursion --no-unquote --verbatim-files-from -T "$work/changed" 2>>"$work/log" |
		tar -x -C "$tree" --touch --unlink-first --no-same-owner --no-same-permissions 2>>"$work/log" ||
		disk_failed "$cache" "copying $kdir" "$(cat "$work/log")"
	kdir_files | cmp -s - "$files_now" || fail "$kdir changed while it was copied: run it again"
	cp "$files_now" "$old"
	[[ -d $kdir/.git || -f $kdir/.git ]] || (lab_make_exec . mrproper) >/dev/null 2>&1 || true
}

# ---- patches ----------------------------------------------------------------------------------

# patch_names: the files that a patch names, without their first directory.
patch_names()
{
	sed -n 's/^\(---\|+++\) [^/]*\/\([^\t]*\).*/\2/p' "$1" | sort -u
}

# source_stage FROM: $work/stage becomes the changed files, complete.
source_stage()
{
	local from=$1 stage=$work/stage file patch place

	rm -rf "$stage"
	mkdir -p "$stage/drivers/iommu/intel"
	: >"$work/staged"
	for file in "${new_files[@]}"; do
		place=$(src_place "$file")
		[[ ! -e $from/$place ]] ||
			unfit "$name: the tree has a $place of its own: kernel-patches/src cannot be added"
		cp -- "$file" "$stage/$place" || fail "cannot write in $stage"
		echo "$place" >>"$work/staged"
	done
	for patch in "${patches[@]}"; do
		while IFS= read -r file; do
			echo "$file" >>"$work/staged"
			[[ -e $stage/$file || ! -f $from/$file ]] ||
				(cd "$from" && cp --parents -t "$stage" -- "$file") || fail "cannot write in $stage"
		done < <(patch_names "$patch")
		patch_apply "$patch" "$stage"
	done
	sort -u -o "$work/staged" "$work/staged"
}

# patch_into PATCH DIR: exactly, or not at all; a hunk may be found some lines away. Fuzz is never allowed: with it, a hook
# once landed in the wrong function.
patch_into() { (cd "$2" && run patch -p1 --fuzz=0 --forward --batch --no-backup-if-mismatch -i "$1"); }

# patch_apply PATCH DIR: the same, with a word on a hunk that is found some lines away, or why it does not apply.
patch_apply()
{
	local shown=${1#"$patches_dir"/} log=$work/patch.log hunk

	shown=kernel-patches/$shown
	if patch_into "$1" "$2" >"$log" 2>&1; then
		while IFS= read -r hunk; do
			say "note: $shown: $hunk"
		done < <(awk '/^patching file/ { file = $3 } /^Hunk .*offset/ { sub(/\.$/, ""); print file ": " tolower(substr($0, 1, 1)) substr($0, 2) }' "$log")
		return
	fi
	if grep -q 'No space left' "$log"; then
		disk_failed "$cache" "applying $shown" 'No space left'
	fi
	unfit "$name: $shown does not apply to $tree_shown: $(patch_reason "$log"); make the patch again for that tree (fuzz is never allowed); nothing was built"
}

# patch_reason LOG: the first thing that went wrong, with the file.
patch_reason()
{
	awk '
	/^patching file|^checking file/ { file = $3 }
	/previously applied/	{ why = file ": it is applied already"; exit }
	/^Hunk .*FAILED/	{ sub(/ FAILED/, " fails"); sub(/\.$/, ""); why = file ": " tolower($1) " " substr($0, 6); exit }
	/can.t find file/	{ looking = 1 }
	looking && /^\|\+\+\+ /	{ sub(/^[^\/]*\//, "", $2); why = $2 ": no such file in the tree"; exit }
	/malformed/		{ why = "the patch is malformed: " $0; exit }
	END { print why != "" ? why : (file != "" ? file : "no word of patch") }' "$1"
}

# source_install FROM: brings the staged files into $work/tree, and takes away
# what an earlier build had put there. Unchanged files keep their times.
source_install()
{
	local from=$1 tree=$work/tree stage=$work/stage file

	[[ -f $work/applied ]] || : >"$work/applied"
	sort -u "$work/applied" "$work/staged" -o "$work/touched"
	cp "$work/touched" "$work/applied"
	while IFS= read -r file; do
		if grep -qxF -- "$file" "$work/staged"; then
			source_put "$stage/$file" "$tree/$file"
		else
			source_put "$from/$file" "$tree/$file"
		fi
	done <"$work/touched"
	cp "$work/staged" "$work/applied"
	rm -rf "$stage"
}

# source_put FROM TO: a copy with a new time, never through a hard link.
source_put()
{
	if [[ ! -f $1 ]]; then
		rm -f -- "$2"
	elif ! cmp -s -- "$1" "$2"; then
		mkdir -p "${2%/*}"
		cp --remove-destination -- "$1" "$2" 2>"$work/log" ||
			disk_failed "$cache" "writing $2" "$(cat "$work/log")"
	fi
}

# source_prepare: $work/tree, patched, from a package or the user's tree.
source_prepare()
{
	local from id

	if [[ -n $kdir ]]; then
		source_stage "$kdir"
		kdir_refresh
		source_install "$kdir"
		return
	fi
	from=$(source_dir "$version") id=${package}_$version
	source_stage "$from"
	if [[ ! -d $work/tree || $(cat "$work/source" 2>/dev/null) != "$id" ]]; then
		rm -rf "$work/tree" "$work/tree.new" "$work/applied"
		cp -al -- "$from" "$work/tree.new" 2>"$work/log" ||
			disk_failed "$cache" "making a tree of $id" "$(cat "$work/log")"
		mv -T "$work/tree.new" "$work/tree"
		printf '%s\n' "$id" >"$work/source"
	fi
	source_install "$from"
}
