# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables shared by name: see common.sh
# Kernels of the user: a bzImage, a vmlinux, or a kernel build tree. They are
# copied into the cache, so that a rebuild during a run changes nothing.

readonly path_kept=10		# kernels by path that the cache keeps, the newest

# path_tree FILE: the build tree that FILE was built in, if any.
path_tree()
{
	local dir

	dir=$(dirname -- "$1")
	if [[ $dir == */arch/x86/boot ]]; then
		dir=${dir%/arch/x86/boot}
	elif [[ ! -f $dir/modules.order ]]; then
		return 0
	fi
	# without modules to be built there is no modules.order
	[[ ! -f $dir/.config ]] || printf '%s\n' "$dir"
}

# path_image SPEC: sets image and tree.
path_image()
{
	tree=
	[[ -e $1 ]] || unfit "no such kernel: $1"
	image=$(readlink -f -- "$1")
	if [[ -d $image ]]; then
		tree=$image
		image=$tree/arch/x86/boot/bzImage
		if [[ ! -f $image && -f $tree/vmlinux ]]; then
			unfit "$1 has a vmlinux but no arch/x86/boot/bzImage: run 'make bzImage modules' there, or give $1/vmlinux"
		fi
		[[ -f $image ]] ||
			unfit "$1 is no built kernel tree (no arch/x86/boot/bzImage): run 'make bzImage modules' there, or give the directory of its O="
	fi
	[[ -f $image ]] || unfit "$1 is neither a file nor a directory"
	[[ -r $image ]] || unfit "cannot read $image: permission denied"
	[[ -n $tree ]] || tree=$(path_tree "$image")
}

# path_modules_dir DIR: where lib/modules/RELEASE is in what the user gave.
path_modules_dir()
{
	local dir

	for dir in "$1" "$1/$release" "$1/lib/modules/$release" "$1/usr/lib/modules/$release"; do
		if [[ -d $dir/kernel || -f $dir/modules.dep ]]; then
			readlink -f -- "$dir"
			return
		fi
	done
	return 1
}

# path_modules: sets modules_from (a directory) and modules_kind: "installed"
# (lib/modules/RELEASE), "tree", or nothing.
path_modules()
{
	local dir

	modules_from='' modules_kind=''
	if [[ -n $modules_arg ]]; then
		[[ -d $modules_arg ]] || unfit "no such directory of modules: $modules_arg"
		if modules_from=$(path_modules_dir "$modules_arg"); then
			modules_kind=installed
			[[ $modules_from != */modules/* || ${modules_from##*/} == "$release" ]] ||
				unfit "$modules_arg holds the modules of ${modules_from##*/}, the kernel is $release"
		elif [[ -f $modules_arg/modules.order ]]; then
			modules_from=$(readlink -f -- "$modules_arg") modules_kind=tree
		else
			unfit "no modules of $release in $modules_arg: give lib/modules/$release, a directory above it, or a build tree"
		fi
		return
	fi
	if [[ -n $tree ]]; then
		[[ ! -f $tree/modules.order ]] || modules_from=$tree modules_kind=tree
		return
	fi
	dir=$(dirname -- "$image")
	if modules_from=$(path_modules_dir "$dir/.."); then
		[[ ${modules_from##*/} != "$release" ]] || { modules_kind=installed; return; }
	fi
	modules_from=
	if [[ ${dir##*/} == "$release" && -d $dir/kernel ]]; then
		modules_from=$dir modules_kind=installed
	fi
}

# path_module_files: the modules, as paths below modules_from, one a line.
# modules.order of a tree says .o in some versions and .ko in others; in old
# ones every line has "kernel/" before the path in the tree.
path_module_files()
{
	local strip=

	case $modules_kind in
	tree)
		if ! grep -qv '^kernel/' "$modules_from/modules.order"; then
			strip='s,^kernel/,,;'
		fi
		sed "$strip"'s,\.k\?o$,.ko,' "$modules_from/modules.order"
		;;
	installed) (cd "$modules_from" && find . -name '*.ko*' -type f) ;;
	esac | sort
}

# path_modules_key: changes whenever one of them may have.
path_modules_key()
{
	[[ -n $modules_kind ]] || return 0
	path_module_files | (cd "$modules_from" || exit
		xargs -rd '\n' stat -c '%n %s %y' -- 2>/dev/null || true) | sha256sum
}

# path_sha256 FILE: its hash, remembered by its stat if the cache can be
# written.
path_sha256()
{
	local memo now sum was

	now=$(file_stat "$1")
	memo=$cache/hashes/$(printf %s "$1" | sha256sum | head -c 16)
	if [[ -f $memo ]] && read -r was sum <"$memo" && [[ $was == "$now" ]]; then
		printf '%s\n' "$sum"
		return
	fi
	sum=$(sha256_of "$1") || return
	{
		mkdir -p "$cache/hashes" && printf '%s %s\n' "$now" "$sum" >"$memo.$BASHPID" &&
			mv "$memo.$BASHPID" "$memo"
	} 2>/dev/null || true
	printf '%s\n' "$sum"
}

# path_copy_modules DIR
path_copy_modules()
{
	local dir=$1/modules extra

	mkdir "$dir"
	for extra in modules.builtin modules.builtin.modinfo modules.order; do
		[[ ! -f $modules_from/$extra ]] || cp -- "$modules_from/$extra" "$dir/"
	done
	if [[ $modules_kind == tree ]]; then
		mkdir "$dir/kernel"
		path_module_files | (cd "$modules_from" && xargs -rd '\n' cp --parents -t "$dir/kernel" --) \
			2>"$cache/tmp/log" ||
			unfit "the modules of $modules_from are not all built (make modules): $(head -n 1 "$cache/tmp/log")"
		find "$dir/kernel" -name '*.ko' -print0 | xargs -0r strip --strip-debug
	else
		path_module_files | (cd "$modules_from" && xargs -rd '\n' cp --parents -t "$dir" --) \
			2>"$cache/tmp/log" || disk_failed "$cache" 'copying modules' "$(cat "$cache/tmp/log")"
	fi
	kernel_index_modules "$1" "$release"
}

# path_assemble DIR KIND: a kernel directory of image, config_from and modules.
# A config embedded in the kernel cannot be out of date: it goes first.
path_assemble()
{
	local vmlinux=$1/vmlinux

	mkdir -p "$1"
	if [[ $2 == bzImage ]]; then
		cp --reflink=auto -- "$image" "$1/bzImage" 2>"$cache/tmp/log" ||
			disk_failed "$cache" "copying $image" "$(cat "$cache/tmp/log")"
		[[ $(sha256_of "$1/bzImage") == "$image_sum" ]] ||
			fail "$image changed while it was read: is it being built?"
		kernel_add_vmlinux "$1" "$image" || unfit "$image_error"
	else
		run strip --strip-debug -o "$vmlinux" -- "$image" 2>"$cache/tmp/log" ||
			disk_failed "$cache" "copying $image" "$(cat "$cache/tmp/log")"
		pvh=true
		vmlinux_has_pvh "$vmlinux" ||
			unfit "$image has no PVH note (CONFIG_PVH is off), so that QEMU cannot boot it: give its bzImage"
	fi
	if ! vmlinux_ikconfig "$vmlinux" "$1/config" && [[ -n $config_from ]]; then
		cp -- "$config_from" "$1/config"
	fi
	[[ $pvh == true ]] || rm -f "$vmlinux"
	[[ -z $modules_kind ]] || path_copy_modules "$1"
}

# path_kernel SPEC: a file or a build tree. Sets kernel.
path_kernel()
{
	local kind sum

	path_image "$1"
	kind=$(image_kind "$image")
	case $kind in
	bzImage) release=$(bzimage_release "$image") ;;
	vmlinux) release=$(vmlinux_release "$image") ;;
	bzImage-32) unfit "$image is a 32-bit kernel: the lab needs x86-64" ;;
	*) unfit "$image is no Linux kernel (neither an x86 bzImage nor an x86-64 vmlinux)" ;;
	esac
	[[ -n $release ]] || unfit "$image does not say its release: no Linux kernel, or a damaged one"
	path_modules
	config_from=$(kconfig_beside "$image" "$release" "$tree" \
		"$([[ $modules_kind != installed ]] || printf %s "$modules_from")")
	image_sum=$(path_sha256 "$image") || fail "cannot read $image"
	sum=$({ echo "$image_sum"; path_modules_key; [[ -z $config_from ]] || sha256_of "$config_from"; } | sha256sum)
	name=$release-${sum:0:12}
	kernel=$cache/kernels/$name
	kernel_dir_ok "$kernel" && { touch -c "$kernel" 2>/dev/null; return; } # used: the last to go
	take_lock "$cache"
	kernel_dir_ok "$kernel" && return
	[[ -z $sums_error ]] || say "$sums_error: making it again"
	need_space "$cache" 300000000 "kernel $release"
	spec_kept=$image origin=path package='' version=''
	[[ -z $tree ]] || spec_kept=$tree origin=tree
	[[ -z $tree ]] || describe=$(git -C "$tree" describe --always --dirty --abbrev=12 2>/dev/null) || describe=
	path_assemble "$cache/tmp/kernel" "$kind"
	kernel_conf_write "$cache/tmp/kernel"
	kernel_dir_commit "$cache/tmp/kernel" "$kernel"
	path_prune
}

# path_prune: each rebuild of a tree is another kernel, of some hundred MB with its modules.
path_prune()
{
	grep -lE '^source=(path|tree)$' "$cache"/kernels/*/kernel.conf | xargs -rd '\n' dirname -- |
		kernel_keep "$path_kept"
}
