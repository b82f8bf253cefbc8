# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A source tree that "builds" in no time, packaged as Debian does it, with
# options and patches to go with it. Needs kernel-fixture.
# shellcheck disable=SC2154,SC2034 # archive is its; the tests use tree and file

# fake_tree DIR [VERSION.PATCHLEVEL]: what it builds is $FAKE_BZIMAGE; it
# writes a line to $BUILT for each make that compiles.
fake_tree()
{
	local dir=$1 v=${2:-6.1} symbol

	mkdir -p "$dir"/drivers/iommu/intel "$dir"/arch/x86 "$dir"/arch/arm
	for symbol in INTEL_IOMMU NVME MODE; do
		printf 'config %s\n\tbool "x"\n\n' "$symbol"
	done >"$dir/Kconfig"
	echo 'config INTEL_IOMMU_KDUMP' >"$dir/drivers/iommu/intel/Kconfig"
	: >"$dir/drivers/iommu/Kconfig"
	seq -f 'line %g' 60 >"$dir/drivers/iommu/intel/iommu.c"
	echo untouched >"$dir/drivers/iommu/intel/other.c"
	echo 'int arm;' >"$dir/arch/arm/arm.c"
	printf 'VERSION = %s\nPATCHLEVEL = %s\nSUBLEVEL = 7\n' "${v%.*}" "${v#*.}" >"$dir/Makefile"
	mkdir -p "$dir/scripts"
	# It objects to blanks at the end of a line, and to a file it cannot read.
	cat >"$dir/scripts/checkpatch.pl" <<-'END'
		open my $f, $ARGV[-1] eq '-' ? '<&STDIN' : "<$ARGV[-1]" or die;
		my @bad = grep { $ARGV[-1] =~ /\.patch$/ ? /^[+].*[ \t]$/ : /[ \t]$/ } <$f>;
		print "$ARGV[-1]:1: ERROR: trailing whitespace\n" if @bad;
		exit !!@bad;
	END
	# It knows no description that says "wrong".
	printf '#!/bin/sh\n[ -z "$FAKE_NO_DOC" ] || exit 127\nshift\n! grep -n "[*].*wrong" "$@"\n' >"$dir/scripts/kernel-doc"
	chmod +x "$dir/scripts/kernel-doc"
	cat >>"$dir/Makefile" <<-'END'
		.RECIPEPREFIX = >
		# Options live if a Kconfig of the tree has them.
		allnoconfig:
		> @mkdir -p $(O)
		> @while IFS== read -r s v; do case $$s in CONFIG_*) ;; *) continue ;; esac; \
		>   ! grep -rqx "config $${s#CONFIG_}" --include='Kconfig*' . || [ "$$v" = n ] || \
		>   echo "$$s=$$v"; done <$(KCONFIG_ALLCONFIG) >$(O)/.config
		bzImage:
		> @echo "  CC      all"; echo "$(MAKEFLAGS)|$(ARCH)" >>$(BUILT)
		> @if [ -n "$$FAKE_SLEEP" ]; then sleep $$FAKE_SLEEP 7>&- & echo $$! >$(BUILT).pid; wait; fi
		> @if [ -n "$$FAKE_GATE" ]; then while [ ! -e "$$FAKE_GATE" ]; do sleep 0.05 7>&-; done; fi
		> @if [ -n "$$FAKE_ERROR" ]; then echo "x.c:1: error: $$FAKE_ERROR"; exit 1; fi
		> @if [ -n "$$FAKE_FILL" ]; then head -c 100000000 /dev/zero >$(O)/filler; fi
		> @mkdir -p $(O)/arch/x86/boot $(O)/include/config
		> @cp $(FAKE_BZIMAGE) $(O)/arch/x86/boot/bzImage
		> @echo $(VERSION).$(PATCHLEVEL).$(SUBLEVEL)-lab >$(O)/include/config/kernel.release
		modules:
		> @:
		modules_install:
		> @d=$(INSTALL_MOD_PATH)/lib/modules/$(VERSION).$(PATCHLEVEL).$(SUBLEVEL)-lab; \
		>   mkdir -p $$d/kernel; touch $$d/modules.order $$d/modules.builtin; ln -s . $$d/build
		.PHONY: drivers/iommu/ drivers/iommu/intel/
		# With W=1 it warns of each line with "unused" in it, ours or not.
		drivers/iommu/:
		> @[ "$(W)" = 1 ] || exit 1
		> @if [ -n "$$FAKE_ERROR" ]; then echo "x.c:1: error: $$FAKE_ERROR"; exit 1; fi
		> @mkdir -p $(O)/drivers/iommu/intel; for f in drivers/iommu/intel/*.c; do \
		>   [ -n "$$FAKE_PASS_OVER" ] || : >$(O)/$${f%.c}.o; \
		>   grep -n unused $$f | sed "s|\([0-9]*\):.*|../$$f:\1:1: warning: unused [-Wunused]|"; done; :
		drivers/iommu/intel/:
		> @[ "$(C)" = 2 ] || exit 1
		> @if [ -n "$$FAKE_OLD_SPARSE" ]; then echo "Makefile:9: C=2 specified, but sparse is not available or not up to date"; fi
		> @[ -n "$$FAKE_PASS_OVER$$FAKE_OLD_SPARSE" ] || for f in drivers/iommu/intel/kdump*.c; do echo "  CHECK   ../$$f"; \
		>   ! grep -q plain_zero $$f || echo "../$$f:1:2: warning: plain zero"; done
		mrproper:
		> @rm -rf .config include/config
		.NOTPARALLEL:
	END
}

# fake_source_deb DIR VERSION: linux-source-6.1 in DIR, of a fake tree.
fake_source_deb()
{
	local root

	root=$(mktemp -d "$BATS_TEST_TMPDIR/src.XXXXXX")
	mkdir -p "$1" "$root/p/DEBIAN" "$root/p/usr/src"
	fake_tree "$root/linux-source-6.1"
	echo "$2" >"$root/linux-source-6.1/version"
	tar -C "$root" -cJf "$root/p/usr/src/linux-source-6.1.tar.xz" linux-source-6.1
	printf '%s\n' 'Package: linux-source-6.1' "Version: $2" 'Architecture: all' \
		'Maintainer: nobody <a@b>' 'Description: fake' >"$root/p/DEBIAN/control"
	dpkg-deb -Znone --root-owner-group -b "$root/p" "$1/linux-source-6.1_$2_all.deb" >/dev/null
}

# fake_lab NAME [KEY=VALUE for the group build]...: its file in kernels/.
fake_lab()
{
	local deb=$archive/pool/linux-source-6.1_6.1.7-1_all.deb

	cat >"$VTDLAB_KERNELS_DIR/$1.conf" <<-END
		[kernel]
		release=6.1.7-lab
		version=6.1.7-1
		suites=bookworm
		series=6[.]1[.][0-9]+-[0-9].*
		[packages]
		linux-source-6.1=$(sha256sum "$deb" | cut -d' ' -f1)
		[build]
		patches=6.1
	END
	printf '%s\n' "${@:2}" >>"$VTDLAB_KERNELS_DIR/$1.conf"
}

# hook_patch FILE LINE WORDS: puts WORDS behind that line of iommu.c.
hook_patch()
{
	local a

	a=$(mktemp -d "$BATS_TEST_TMPDIR/patch.XXXXXX")
	mkdir -p "$a"/{a,b}/drivers/iommu/intel
	seq -f 'line %g' 60 | tee "$a/a/drivers/iommu/intel/iommu.c" |
		sed "$2a\\$3" >"$a/b/drivers/iommu/intel/iommu.c"
	(cd "$a" && diff -u a/drivers/iommu/intel/iommu.c b/drivers/iommu/intel/iommu.c >"$1") || true
}

# lab_env: a world of the directory BATS_TEST_TMPDIR.
lab_env()
{
	fake_world
	export VTDLAB_KCONFIG_DIR=$BATS_TEST_TMPDIR/config VTDLAB_PATCHES_DIR=$BATS_TEST_TMPDIR/patches
	export VTDLAB_HOST_SETUP=/bin/true
	export FAKE_BZIMAGE=$BATS_TEST_TMPDIR/k/bzImage BUILT=$BATS_TEST_TMPDIR/built
	unset FAKE_SLEEP FAKE_ERROR FAKE_FILL FAKE_OLD_SPARSE FAKE_PASS_OVER
	tree=$VTDLAB_CACHE/lab/work/lab-6.1/tree
	file=drivers/iommu/intel/iommu.c
	source=$VTDLAB_CACHE/lab/sources/linux-source-6.1_6.1.7-1
}

# fake_lab_file: once a file of tests: lab-6.1, its options, sources and
# patches, and the source as it was fetched, all to be copied by each test.
fake_lab_file()
{
	local BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR/world

	mkdir -p "$BATS_TEST_TMPDIR"
	lab_env
	fake_kernel "$BATS_TEST_TMPDIR/k" 6.1.7-lab
	: >"$BUILT"
	mkdir -p "$VTDLAB_KCONFIG_DIR" "$VTDLAB_PATCHES_DIR"/{6.1,src,fixes/6.1}
	echo CONFIG_INTEL_IOMMU=y >"$VTDLAB_KCONFIG_DIR/base.config"
	echo CONFIG_NVME=m >"$VTDLAB_KCONFIG_DIR/drivers.config"
	echo '# nothing' | tee "$VTDLAB_KCONFIG_DIR/"{net,debug,6.1}.config >/dev/null
	echo CONFIG_INTEL_IOMMU_KDUMP=y >"$VTDLAB_KCONFIG_DIR/kdump.config"
	printf '# hooks\n0001-hook.patch\n' >"$VTDLAB_PATCHES_DIR/6.1/series"
	echo 0001-fix.patch >"$VTDLAB_PATCHES_DIR/fixes/6.1/series"
	hook_patch "$VTDLAB_PATCHES_DIR/6.1/0001-hook.patch" 20 'the hook'
	hook_patch "$VTDLAB_PATCHES_DIR/fixes/6.1/0001-fix.patch" 40 'the fix'
	echo 'int core;' >"$VTDLAB_PATCHES_DIR/src/kdump_copy.c"
	fake_source_deb "$archive/pool" 6.1.7-1
	fake_archive "$archive"
	fake_lab lab-6.1
	FAKE_ERROR=1 "$scripts/kernel-build" lab-6.1 >/dev/null 2>&1 || true
	[[ -d $source ]]
	rm -rf "$VTDLAB_CACHE"/{lab/work,apt,kernels}
	: >"$BUILT"
}

# fake_lab_world: a copy of that for one test.
fake_lab_world()
{
	# A tree that builds in no time needs no packages, nor the root that installs them.
	VTDLAB_HOST_SETUP=$(type -P true)
	export VTDLAB_HOST_SETUP
	lab_env
	cp -r "$BATS_FILE_TMPDIR/world/." "$BATS_TEST_TMPDIR/"
}

# not_fetched: the source has still to be fetched.
not_fetched() { rm -rf "$VTDLAB_CACHE"; }
