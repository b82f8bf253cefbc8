# SPDX-License-Identifier: GPL-2.0-only
# Crash initramfs without our agent, without a network: what is refused, and what a cached one must be to be used.

setup()
{
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	foreign=$root/scripts/foreign-initrd
	export VTDLAB_CACHE=$BATS_TEST_TMPDIR/cache VTDLAB_RECIPES_DIR=$BATS_TEST_TMPDIR/recipes
	unset V
	kernel=$BATS_TEST_TMPDIR/6.1.0-test_1
	mkdir -p "$VTDLAB_RECIPES_DIR" "$kernel/modules" "$VTDLAB_CACHE" "$BATS_TEST_TMPDIR/bin"
	echo bzImage >"$kernel/bzImage"
	echo CONFIG_RD_GZIP=y >"$kernel/config"
	: >"$kernel/modules/modules.dep"
	printf '[kernel]\nrelease=6.1.0-test\n' >"$kernel/kernel.conf"
	cat >"$VTDLAB_RECIPES_DIR/tools.manifest" <<-'END'
		[foreign]
		release=bookworm
		packages=mkinit
		modules=nvme
		network=tools.network
		root-size=1
		[packages]
		mkinit=0 1
	END
	: >"$VTDLAB_RECIPES_DIR/tools.network"
	stub
}

# No archive, and no namespace: `chroot` runs the tool of the cache as it is.
stub()
{
	cat >"$BATS_TEST_TMPDIR/bin/unshare" <<-'END'
		#!/bin/sh
		[ ! -e "$VTDLAB_CACHE/no-userns" ] || exit 1
		while [ "${1#--}" != "$1" ]; do shift; done
		exec "$@"
	END
	cat >"$BATS_TEST_TMPDIR/bin/mount" <<-'END'
		#!/bin/sh
		echo "$*" >>"$VTDLAB_CACHE/mounts"
	END
	cat >"$BATS_TEST_TMPDIR/bin/chroot" <<-'END'
		#!/bin/sh
		cd "$1" || exit 1
		shift 6
		tool=$1
		shift
		exec ".$tool" "$@"
	END
	cat >"$BATS_TEST_TMPDIR/bin/apt-get" <<-'END'
		#!/bin/sh
		echo "E: no network in this test" >&2
		exit 100
	END
	chmod +x "$BATS_TEST_TMPDIR"/bin/*
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

# Tools in the cache as they would have been unpacked; $1: what their hook does.
cached()
{
	local id tools

	id=$({ echo "$(sed -n 's/^readonly tools_format=//p' "$root/scripts/lib/kdump-tools.sh")"
		cat "$VTDLAB_RECIPES_DIR/tools.manifest" "$VTDLAB_RECIPES_DIR/tools.network"; } |
		sha256sum | cut -c1-16)
	tools=$VTDLAB_CACHE/foreign/tools-$id
	mkdir -p "$tools/root/etc/kernel/postinst.d" "$tools/root/dev"
	printf '#!/bin/sh\n%s\n' "$1" >"$tools/root/etc/kernel/postinst.d/kdump-tools"
	chmod +x "$tools/root/etc/kernel/postinst.d/kdump-tools"
	echo disk >"$tools/disk"
	(cd "$tools" && find root disk -type f -exec sha256sum {} + >sums)
	printf '%s\n' "$tools"
}

# What Debian's hook does, as far as it is seen from outside.
hook='mkdir -p var/lib/kdump
cat "boot/config-$1" "boot/vmlinuz-$1" >"var/lib/kdump/initrd.img-$1"
[ -e "usr/lib/modules/$1/modules.dep" ]
echo made >>"$VTDLAB_CACHE/made"'

# one_line STATUS ARGUMENT... :: WORD...: refused in one line with these words
one_line()
{
	local want=$1 args=()

	shift
	while [ "$1" != :: ]; do args+=("$1"); shift; done
	shift
	run "$foreign" "${args[@]}"
	echo "$output"
	[ "$status" -eq "$want" ]
	[ "$(grep -vc '^foreign-initrd: \(fetching Debian\|reading\)' <<<"$output")" -eq 1 ]
	for word; do [[ $output == *"$word"* ]]; done
}

@test "bad usage and unknown recipes are refused with status 2" {
	one_line 2 :: --help
	one_line 2 tools :: --kernel
	one_line 2 tools --kernel :: 'needs a value'
	one_line 2 --bogus :: --bogus
	one_line 2 nosuch --kernel "$kernel" :: nosuch 'there are tools'
	one_line 2 ../recipes/tools --kernel "$kernel" :: 'no recipe'
	one_line 2 tools --kernel "$BATS_TEST_TMPDIR" :: 'no directory of a kernel'
}

@test "the image is what the distribution's hook has made, its disk lies beside it" {
	tools=$(cached "$hook")
	run "$foreign" tools --kernel "$kernel"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = "$VTDLAB_CACHE/initramfs/foreign-tools-6.1.0-test_1.cpio" ]
	[ "$(cat "$output")" = $'CONFIG_RD_GZIP=y\nbzImage' ]
	[ "${output%.cpio}.disk" -ef "$tools/disk" ]
	# nothing of a kernel stays in the tools
	[ ! -e "$tools/root/usr/lib/modules" ] && [ -z "$(ls "$tools/root/boot")" ]
	(cd "$tools" && sha256sum --status -c sums)
}

@test "root without a namespace mounts nothing: a mount would outlive the run" {
	[ "$EUID" -eq 0 ] || skip "needs root"
	tools=$(cached "$hook")
	: >"$VTDLAB_CACHE/no-userns"
	run "$foreign" tools --kernel "$kernel"
	echo "$output"
	[ "$status" -eq 0 ]
	[ -c "$tools/root/dev/null" ]
	[ ! -e "$VTDLAB_CACHE/mounts" ]
}

@test "it is made once, and again when kernel, recipe or image have changed" {
	cached "$hook"
	"$foreign" tools --kernel "$kernel"
	"$foreign" tools --kernel "$kernel"
	[ "$(wc -l <"$VTDLAB_CACHE/made")" -eq 1 ]
	echo other >>"$kernel/bzImage"
	image=$("$foreign" tools --kernel "$kernel")
	[ "$(wc -l <"$VTDLAB_CACHE/made")" -eq 2 ]
	echo tampered >>"$image"
	"$foreign" tools --kernel "$kernel"
	[ "$(wc -l <"$VTDLAB_CACHE/made")" -eq 3 ]
	[ "$(grep -c tampered "$image")" -eq 0 ]
	rm "${image%.cpio}.disk"
	"$foreign" tools --kernel "$kernel"
	[ "$(wc -l <"$VTDLAB_CACHE/made")" -eq 4 ]
	echo '# changed' >>"$VTDLAB_RECIPES_DIR/tools.network"
	cached "$hook"
	"$foreign" tools --kernel "$kernel"
	[ "$(wc -l <"$VTDLAB_CACHE/made")" -eq 5 ]
}

@test "a hook that makes nothing is a failure in its own words, and leaves no image" {
	cached 'echo "E: gzip compression not supported by kernel"; exit 1'
	one_line 1 tools --kernel "$kernel" :: 6.1.0-test 'gzip compression not supported'
	[ ! -e "$VTDLAB_CACHE/initramfs/foreign-tools-6.1.0-test_1.cpio" ]
	# nor does half of one count
	cached 'mkdir -p var/lib/kdump; echo half >"var/lib/kdump/initrd.img-$1"; echo "E: cpio"; exit 1'
	one_line 1 tools --kernel "$kernel" :: 'E: cpio'
	[ ! -e "$VTDLAB_CACHE/initramfs/foreign-tools-6.1.0-test_1.cpio" ]
}

@test "tools that were changed are not used" {
	tools=$(cached "$hook")
	echo '# changed' >>"$tools/root/etc/kernel/postinst.d/kdump-tools"
	export VTDLAB_DEBIAN_URI=http://localhost/debian VTDLAB_DEBIAN_SECURITY_URI=http://localhost/security
	one_line 1 tools --kernel "$kernel" :: 'no network in this test'
	[ ! -e "$VTDLAB_CACHE/made" ]
}

@test "a package that is not the pinned one is not unpacked" {
	mkdir -p "$VTDLAB_CACHE/apt"
	: >"$VTDLAB_CACHE/apt/apt.conf"
	cat >"$BATS_TEST_TMPDIR/bin/apt-get" <<-'END'
		#!/bin/sh
		for word; do
			case $word in Dir::Cache::archives=*) echo other >"${word#*=}/mkinit_1_amd64.deb" ;; esac
		done
	END
	one_line 1 tools --kernel "$kernel" :: mkinit 'does not have its sha256 0'
	[ -z "$(ls "$VTDLAB_CACHE/foreign")" ]
}

@test "a kernel without modules or config is refused by name" {
	cached "$hook"
	rm "$kernel/modules/modules.dep"
	one_line 2 tools --kernel "$kernel" :: modules busybox
	: >"$kernel/modules/modules.dep"
	rm "$kernel/config"
	one_line 2 tools --kernel "$kernel" :: config busybox
}

@test "without user namespaces an ordinary user is told what to do" {
	cached "$hook"
	touch "$VTDLAB_CACHE/no-userns"
	if [ "$EUID" -eq 0 ]; then
		"$foreign" tools --kernel "$kernel"
		cp -r "$root/scripts" "$BATS_TEST_TMPDIR/scripts"
		chmod -R a+rX "$BATS_TEST_TMPDIR/scripts" "$BATS_TEST_TMPDIR"
		rm -r "$VTDLAB_CACHE/initramfs"
		chown -R 65534:65534 "$VTDLAB_CACHE"
		chmod a+x "$(dirname "$BATS_TEST_TMPDIR")" "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR"
		run setpriv --reuid 65534 --regid 65534 --clear-groups \
			"$BATS_TEST_TMPDIR/scripts/foreign-initrd" tools --kernel "$kernel"
	else
		run "$foreign" tools --kernel "$kernel"
	fi
	echo "$output"
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *'needs user namespaces'*busybox* ]]
}

@test "the recipe that comes with the lab pins what it is about" {
	manifest=$root/images/initramfs/foreign/kdump-tools.manifest
	for package in kdump-tools makedumpfile initramfs-tools-core klibc-utils busybox; do
		grep -qE "^$package=[0-9a-f]{64} [^ ]+\$" "$manifest"
	done
}
