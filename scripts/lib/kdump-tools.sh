# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # variables shared by name: see common.sh
# The crash initramfs of Debian's kdump tools, made by an ordinary user and without installing them: their
# packages are unpacked into the cache, and kdump-tools' own kernel hook (/etc/kernel/postinst.d/kdump-tools)
# runs in there, as root of a user namespace.
#
#   <cache>/foreign/<recipe>-<hash>/root   the tools
#   <cache>/foreign/<recipe>-<hash>/disk   a root file system with them, for the crash kernel to dump to
#   <cache>/foreign/<recipe>-<hash>/sums   of every file of the tools

readonly in_tools_path=/usr/sbin:/usr/bin:/sbin:/bin

# Run by in_tools: $1 is the tools' root. Its /dev has no more than null: one of our own, or where that is not
# allowed, as in a user namespace, that of the host. As root without a namespace a mount would outlive us.
# shellcheck disable=SC2016 # for the inner shell to expand
readonly in_tools_script='
	null=$1/dev/null root=$1
	shift
	[ -c "$null" ] || {
		rm -f "$null" && mknod -m 666 "$null" c 1 3 2>/dev/null && : 2>/dev/null >"$null"
	} || {
		rm -f "$null" && : >"$null" && mount --bind /dev/null "$null" 2>/dev/null
	} || { echo "$null cannot be made here"; exit 1; }
	exec chroot "$root" /usr/bin/env -i PATH='$in_tools_path' LC_ALL=C SOURCE_DATE_EPOCH=1 "$@"'

# namespace_ready: sets $namespace, the command that gives us a root of our own, or says why there is none. Before
# in_tools, whose output goes to logs.
namespace_ready()
{
	namespace=(unshare --user --map-root-user --mount)
	! "${namespace[@]}" true 2>/dev/null || return 0
	[[ $EUID == 0 ]] || refuse "the recipe $name needs user namespaces, which this host refuses to" \
		"$(id -un): allow them (sysctl kernel.unprivileged_userns_clone, or AppArmor's" \
		"kernel.apparmor_restrict_unprivileged_userns), or use --set crash.initrd=busybox"
	namespace=()
}

# in_tools COMMAND...: in the tools' root, as its root.
in_tools()
{
	run "${namespace[@]}" sh -c "$in_tools_script" sh "$tools/root" "$@"
}

# tools_unpack DIR: the packages into DIR/root, those of [packages] by their sha256.
tools_unpack()
{
	local debs=$cache/tmp/debs package version_ sum deb dir

	for package in $(keyfile_keys "$manifest" packages); do
		read -r sum version_ < <(keyfile_get "$manifest" packages "$package")
		deb=$(find "$debs" -name "${package}_*.deb")
		[[ -f $deb && $(sha256_of "$deb") == "$sum" ]] ||
			fail "package $package $version_ does not have its sha256 $sum: not used"
	done
	mkdir -p "$1"/root/usr/{bin,sbin,lib,lib64}
	for dir in bin sbin lib lib64; do
		ln -s "usr/$dir" "$1/root/$dir"
	done
	for deb in "$debs"/*.deb; do
		run dpkg-deb --fsys-tarfile "$deb" |
			tar -x -C "$1/root" --no-same-owner --keep-directory-symlink \
				--exclude='./usr/share/doc' --exclude='./usr/share/man' \
				--exclude='./usr/share/locale' 2>"$cache/tmp/log" ||
			disk_failed "$cache" "unpacking ${deb##*/}" "$(cat "$cache/tmp/log")"
	done
	chmod -R u+w,a+rX "$1/root"
}

# What the packages' maintainer scripts and an administrator would have put there.
tools_configure()
{
	local etc=$1/root/etc network

	ln -sf mawk "$1/root/usr/bin/awk"
	ln -sf busybox "$1/root/usr/bin/reboot"
	cp "$1/root/usr/share/kdump-tools/kdump-tools.conf" "$etc/default/kdump-tools"
	sed -i 's/^MODULES=.*/MODULES=list/' "$etc/initramfs-tools/initramfs.conf"
	recipe_get modules | tr ';' '\n' >"$etc/initramfs-tools/modules"
	mkdir -p "$etc/initramfs-tools/conf.d" "$etc/initramfs-tools/scripts/init-premount"
	printf 'RESUME=none\n' >"$etc/initramfs-tools/conf.d/resume"
	network=$(recipe_get network)
	install -m 755 "${manifest%/*}/$network" "$etc/initramfs-tools/scripts/init-premount/network"
}

# The tools on a disk. perl is left out: it is large, and only a part of the packages' own scripts.
tools_disk()
{
	local copy=$tools/root/tmp/disk dir

	mkdir -p "$copy"
	for dir in bin etc lib lib64 sbin usr; do
		cp -al "$tools/root/$dir" "$copy/" 2>/dev/null || cp -a "$tools/root/$dir" "$copy/"
	done
	rm -rf "$copy"/usr/share/perl* "$copy"/usr/lib/x86_64-linux-gnu/{perl*,libperl*,gconv}
	mkdir -p "$copy"/{dev,proc,root,run,sys,tmp,var/crash,var/lib/kdump}
	in_tools mke2fs -q -t ext2 -b 1024 -m 0 -L kdump-root -d /tmp/disk /tmp/disk.img \
		"$(recipe_get root-size)M" >"$cache/tmp/log" 2>&1 ||
		disk_failed "$cache" 'making the root file system' "$(cat "$cache/tmp/log")"
	mv "$tools/root/tmp/disk.img" "$tools/disk"
	rm -rf "$copy"
}

# The name of the tools: by all that they are made from. Raise tools_format with each change here of what is
# put in.
readonly tools_format=1

tools_id()
{
	{
		printf '%s\n' "$tools_format"
		cat "$manifest" "${manifest%/*}/$(recipe_get network)"
	} | sha256sum | cut -c1-16
}

# What is made in the tools for one kernel, and is none of them.
tools_clean()
{
	rm -rf "$tools/root/usr/lib/modules" "$tools"/root/boot/* "$tools/root/var/lib/kdump" \
		"$tools"/root/tmp/* "$tools"/root/var/tmp/*
}

# tools_ready: sets $tools. Whole and not tampered with, or fetched. The caller holds the lock.
tools_ready()
{
	local wanted=() more package version_ sum

	tools=$cache/foreign/$name-$(tools_id)
	if [[ -f $tools/disk ]] && (cd "$tools" && sha256sum --status -c sums) 2>/dev/null; then
		return
	fi
	need_space "$cache" 700000000 "the recipe $name"
	for package in $(keyfile_keys "$manifest" packages); do
		read -r sum version_ < <(keyfile_get "$manifest" packages "$package")
		wanted+=("$package=$version_")
	done
	IFS=";" read -ra more <<<"$(recipe_get packages)"
	rm -rf "$tools"
	tools=$cache/tmp/tools
	mkdir -p "$tools" "$cache/foreign" "$cache/tmp/debs/partial"
	say "fetching Debian's kdump tools"
	apt_fetch_closure "$cache/tmp/debs" "$name" "$(recipe_get release)" "${wanted[@]}" \
		"${more[@]}"
	tools_unpack "$tools"
	tools_configure "$tools"
	tools_disk
	tools_clean
	(cd "$tools" && find root disk -type f ! -path root/dev/null -print0 | sort -z |
		xargs -0 sha256sum >sums)
	mv -T "$tools" "$cache/foreign/$name-$(tools_id)" || fail "cannot write $cache/foreign"
	tools=$cache/foreign/$name-$(tools_id)
}

# apt_fetch_closure DIR WHAT RELEASE PACKAGE...: the packages and all they need, as for an empty machine.
apt_fetch_closure()
{
	local dir=$1 what=$2 release=$3 try

	shift 3
	for try in 1 2; do
		[[ $try == 1 && -f $cache/apt/apt.conf ]] || apt_update || [[ -s $cache/apt/index.tsv ]] ||
			disk_failed "$cache" "fetching $what" "$apt_error"
		apt_private -y --no-install-recommends --download-only -o Debug::NoLocking=1 \
			-o Dir::Cache::archives="$dir" -o APT::Default-Release="/^$release(-updates|-security)?\$/" \
			install "$@" >"$cache/tmp/apt.log" 2>&1 && return
	done
	apt_error=$(grep -m1 '^E: ' "$cache/tmp/apt.log" | cut -c4-) || true
	if [[ $apt_error == *'was not found'* || $apt_error == *'Unable to locate'* ]]; then
		refuse "$what: gone from the archive: $apt_error"
	fi
	disk_failed "$cache" "fetching $what" "${apt_error:-apt-get failed without a word}"
}

# What the image depends on, one a line; the last is the image itself.
image_inputs()
{
	local file

	printf 'tools %s\n' "$(tools_id)"
	for file in "$kernel/bzImage" "$kernel/kernel.conf" "$kernel/modules/modules.dep" "$tools/disk"; do
		[[ ! -e $file ]] || printf '%s %s\n' "$file" "$(file_stat "$file")"
	done
	printf 'image %s\n' "$(sha256_of "$1" 2>/dev/null)"
}

# kdump_tools_image OUT.cpio: the initramfs as OUT.cpio, the disk beside it as OUT.disk.
kdump_tools_image()
{
	local out=$1 release made log

	tools=$cache/foreign/$name-$(tools_id)
	if [[ -f $out && -f $tools/disk && ${out%.cpio}.disk -ef $tools/disk &&
		$(image_inputs "$out") == "$(cat "$out.inputs" 2>/dev/null)" ]]; then
		return
	fi
	release=$(keyfile_get "$kernel/kernel.conf" kernel release)
	[[ -n $release && -f $kernel/modules/modules.dep && -f $kernel/config ]] ||
		refuse "the recipe $name needs a kernel whose modules and config are known, which $kernel lacks:" \
			'give --modules, or use --set crash.initrd=busybox'
	namespace_ready
	take_lock "$cache"
	tools_ready
	tools_clean
	log=$cache/tmp/hook.log
	mkdir -p "$tools/root/usr/lib/modules/$release" "$tools/root/boot" "$tools/root/var/lib"
	cp -al "$kernel/modules/." "$tools/root/usr/lib/modules/$release/" 2>/dev/null ||
		cp -aL "$kernel/modules/." "$tools/root/usr/lib/modules/$release/"
	cp "$kernel/config" "$tools/root/boot/config-$release"
	cp "$kernel/bzImage" "$tools/root/boot/vmlinuz-$release"
	made=$tools/root/var/lib/kdump/initrd.img-$release
	in_tools /etc/kernel/postinst.d/kdump-tools "$release" >"$log" 2>&1 || rm -f "$made"
	[[ -s $made ]] ||
		fail "Debian's kdump-tools made no initramfs for $release: $(tail -n 1 "$log")"
	ln -sfn "$tools/disk" "${out%.cpio}.disk"
	mv "$made" "$out"
	tools_clean
	image_inputs "$out" >"$out.inputs"
}

kdump_tools_fetch()
{
	namespace_ready
	take_lock "$cache"
	tools_ready
}
