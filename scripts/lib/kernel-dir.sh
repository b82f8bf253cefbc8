# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables shared by name: see common.sh
# A kernel directory of the cache: made from parts, put in place by one
# rename, and checked before each use. Its layout is told in common.sh.

# kernel_dir_ok DIR [SHA256]: whole and not tampered with? SHA256 is what the
# image must be when that is pinned outside the cache. Else $sums_error.
kernel_dir_ok()
{
	sums_error=
	[[ -d $1 ]] && sums_ok "$1" || return 1
	[[ -z ${2:-} ]] || grep -qx "$2  ./bzImage" "$1/sums" && return
	sums_error="the cached bzImage of ${1##*/} does not have its sha256"
	return 1
}

# kernel_keep N: of the kernel directories on stdin all but the N newest go, $kernel never.
kernel_keep()
{
	local dir

	xargs -rd '\n' stat -c '%Y %n' -- 2>/dev/null | sort -rn | tail -n +$(($1 + 1)) | cut -d' ' -f2- |
		while IFS= read -r dir; do
			[[ $dir == "$kernel" ]] || rm -rf -- "$dir"
		done
}

# kernel_add_vmlinux DIR SHOWN: extracts it from the bzImage there; sets pvh.
kernel_add_vmlinux()
{
	pvh=true
	if ! bzimage_extract "$1/bzImage" "$1/vmlinux" "$2"; then
		[[ $image_error != no\ space* ]] || fail "$image_error ($cache)"
		return 1
	fi
	type -P readelf >/dev/null || fail 'readelf is not installed (package binutils)'
	vmlinux_has_pvh "$1/vmlinux" || pvh=false
}

# kernel_conf_write DIR: everything known about the kernel, from the
# variables of these names.
kernel_conf_write()
{
	local dir=$1 file=$1/bzImage

	[[ -f $file ]] || file=$dir/vmlinux
	{
		printf '[kernel]\nname=%s\nspec=%s\nrelease=%s\n' "$name" "$spec_kept" "$release"
		printf 'package=%s\nversion=%s\nsource=%s\n' "$package" "$version" "$origin"
		[[ ! ${describe-} ]] || printf 'describe=%s\n' "$describe"
		printf 'sha256=%s\n' "$(sha256_of "$file")"
		[[ ! -f $dir/config ]] || printf 'config-sha256=%s\n' "$(sha256_of "$dir/config")"
		printf 'pvh=%s\n' "$pvh"
		if [[ $pvh == true ]]; then
			printf 'vmlinux-sha256=%s\n' "$(sha256_of "$dir/vmlinux")"
		else
			printf 'note=no-pvh\n'
		fi
		if [[ -d $dir/modules ]]; then echo modules=true; else echo modules=false; fi
	} >"$dir/kernel.conf"
}

# kernel_index_modules DIR RELEASE: modules.dep for DIR/modules.
kernel_index_modules()
{
	local dir=$1 root

	type -P depmod >/dev/null || fail 'depmod is not installed (package kmod)'
	root=$(mktemp -d "$cache/tmp/depmod.XXXXXX")
	mkdir -p "$root/lib/modules"
	mv "$dir/modules" "$root/lib/modules/$2"
	run depmod -b "$root" "$2" 2>"$cache/tmp/log" || disk_failed "$cache" depmod "$(cat "$cache/tmp/log")"
	mv "$root/lib/modules/$2" "$dir/modules"
	rm -rf "$root"
}

# kernel_dir_commit FROM TO: the one moment when TO comes into being.
kernel_dir_commit()
{
	chmod -R u+w,a+rX "$1"
	sums_write "$1" || fail "cannot write $2: is the disk full?"
	if [[ -e $2 ]]; then
		mv -T "$2" "$cache/tmp/old.$$"
	fi
	mv -T "$1" "$2" || fail "cannot write $2"
}

# kernel_virtio CONFIG OPTIONS: what makes a run do without these options, "CONFIG_A, CONFIG_B", if virtio's are there.
kernel_virtio()
{
	local option other words=

	for option in ${2//, / }; do
		case $option in
		CONFIG_E1000E | CONFIG_E1000) other=VIRTIO_NET words+=' --set devices.nic=virtio' ;;
		CONFIG_BLK_DEV_NVME) other=VIRTIO_BLK words+=' --set devices.disk=virtio' ;;
		*) return ;;
		esac
		[[ -z $(kconfig_missing "$1" "$other:m" VIRTIO_PCI:m) ]] || return 0
	done
	printf '; it has virtio instead:%s%s' "$words" "$([[ $words == *disk* ]] || echo ', as the scenario kdump-virtio has it')"
}

# kernel_check_config DIR: refuses a kernel without what the lab needs. A
# packaged kernel without a driver is only noted unless --require asked: a
# scenario may use another device.
kernel_check_config()
{
	local dir=$1 missing drivers module option want modules instead=

	want=$(keyfile_get "$dir/kernel.conf" kernel spec)
	if [[ ! -f $dir/config ]]; then
		say "note: the config of $want is not known (no config-RELEASE or .config beside it, no IKCONFIG in it): not checked"
		return
	fi
	read -ra drivers <<<"$require"
	# shellcheck disable=SC2086 # words
	missing=$(kconfig_missing "$dir/config" $kconfig_needed)
	drivers=("${drivers[@]/%/:m}")
	option=$(kconfig_missing "$dir/config" "${drivers[@]}")
	if [[ -n $option ]]; then
		if [[ -z $require_given && $(keyfile_get "$dir/kernel.conf" kernel source) == debian ]]; then
			say "note: $want has no $option: choose other devices for it (devices.nic, devices.disk)"
		else
			[[ $missing ]] || instead=$(kernel_virtio "$dir/config" "$option")
			missing=${missing:+$missing, }$option
		fi
	fi
	[[ -z $missing ]] || unfit "$want lacks config options that the lab needs: $missing (vtdlab kconfig SCENARIO prints a fragment for merge_config.sh)$instead"
	modules=
	for module in "${drivers[@]}"; do
		for option in ${module//|/ }; do
			option=${option%:m}
			kconfig_is_module "$dir/config" "$option" && modules+="${modules:+, }CONFIG_$option"
		done
	done
	[[ -z $modules || -d $dir/modules ]] ||
		unfit "$want has $modules as modules, and no modules were found: give --modules DIR (make: MODULES=DIR)"
}
