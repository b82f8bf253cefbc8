# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Makes small things that look like kernels, and a Debian archive of them.

# shellcheck disable=SC2034 # the tests use it
scripts=$BATS_TEST_DIRNAME/../../scripts

# poke FILE OFFSET BYTES(as printf takes them)
poke()
{
	# shellcheck disable=SC2059 # the bytes are the format
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

le32() { printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)); }

# fake_config FILE [OPTION-TO-LEAVE-OUT...]
fake_config()
{
	local option file=$1

	shift
	for option in INTEL_IOMMU IRQ_REMAP PCI_MSI RELOCATABLE KEXEC KEXEC_FILE CRASH_DUMP \
			PROC_VMCORE PROC_KCORE KALLSYMS SERIAL_8250_CONSOLE X86_IOPL_IOPERM MAGIC_SYSRQ DEVTMPFS \
			BLK_DEV_INITRD TMPFS PROC_FS PROC_PAGE_MONITOR SYSFS BINFMT_ELF ADVISE_SYSCALLS PACKET \
			BLK_DEV_NVME E1000E; do
		if [[ " $* " == *" $option "* ]]; then
			echo "# CONFIG_$option is not set"
		else
			echo "CONFIG_$option=y"
		fi
	done >"$file"
}

# fake_vmlinux OUT RELEASE [CONFIG-TO-EMBED]; PVH= leaves the note out.
fake_vmlinux()
{
	local note='' ikconfig='' dir

	dir=$(mktemp -d "$BATS_TEST_TMPDIR/elf.XXXXXX")
	if [[ ${PVH-1} ]]; then
		note='.section .note.Xen,"a",@note
		.long 4, 8, 18
		.asciz "Xen"
		.quad 0x1000000'
	fi
	if [[ ${3:-} ]]; then
		gzip -nc "$3" >"$dir/config.gz"
		ikconfig=".section .rodata
		.ascii \"IKCFG_ST\"
		.incbin \"$dir/config.gz\"
		.ascii \"IKCFG_ED\""
	fi
	printf '%s\n' "$note" "$ikconfig" '.section .rodata' ".asciz \"Linux version $2 (a@b) 1\"" \
		'.fill 40000, 1, 7' .text '.globl _start' '_start: hlt' >"$dir/vmlinux.S"
	gcc -nostdlib -static -Wl,--build-id=none -o "$1" "$dir/vmlinux.S"
}

# fake_bzimage OUT RELEASE TOOL VMLINUX
fake_bzimage()
{
	local payload size

	payload=$(mktemp "$BATS_TEST_TMPDIR/payload.XXXXXX")
	"$3" -c <"$4" >"$payload"
	if [[ $3 != gzip ]]; then
		# shellcheck disable=SC2059
		printf "$(le32 "$(stat -c %s "$4")")" >>"$payload"
	fi
	size=$(stat -c %s "$payload")
	head -c 1024 /dev/zero >"$1"
	poke "$1" 497 '\x01'
	poke "$1" 510 '\x55\xaa'
	poke "$1" 514 'HdrS\x0f\x02'
	poke "$1" 526 '\x00\x01'
	poke "$1" 566 '\x01\x00'
	poke "$1" 584 "$(le32 64)"
	poke "$1" 588 "$(le32 "$size")"
	poke "$1" 768 "$2 (a@b) #1 SMP"
	{
		head -c 64 /dev/zero
		cat "$payload"
		echo tail
	} >>"$1"
}

# fake_kernel DIR RELEASE: DIR/{vmlinux,bzImage,config}
fake_kernel()
{
	mkdir -p "$1"
	fake_config "$1/config"
	fake_vmlinux "$1/vmlinux" "$2"
	fake_bzimage "$1/bzImage" "$2" xz "$1/vmlinux"
}

# fake_deb DIR RELEASE VERSION: a linux-image package in DIR.
fake_deb()
{
	local root package=linux-image-$2

	root=$(mktemp -d "$BATS_TEST_TMPDIR/deb.XXXXXX")
	fake_kernel "$root/k" "$2"
	mkdir -p "$1" "$root/p/DEBIAN" "$root/p/boot" "$root/p/lib/modules/$2/kernel/drivers" \
		"$root/p/usr/share/doc"
	mv "$root/k/bzImage" "$root/p/boot/vmlinuz-$2"
	mv "$root/k/config" "$root/p/boot/config-$2"
	touch "$root/p/lib/modules/$2/modules."{order,builtin}
	# the index tells image packages from mere names by their size
	head -c 1100000 /dev/urandom >"$root/p/usr/share/doc/filler"
	printf '%s\n' "Package: $package" "Version: $3" 'Architecture: amd64' \
		'Maintainer: nobody <a@b>' 'Description: fake' >"$root/p/DEBIAN/control"
	dpkg-deb -Znone --root-owner-group -b "$root/p" "$1/${package}_$3_amd64.deb" >/dev/null
}

# fake_archive DIR: a Debian archive of DIR/pool/*.deb in every suite asked.
fake_archive()
{
	local suite deb control

	for suite in bookworm trixie-backports; do
		mkdir -p "$1/dists/$suite/main/binary-amd64"
		(
			cd "$1" || exit
			for deb in pool/*.deb; do
				[[ -f $deb ]] || continue
				control=$(dpkg-deb -f "$deb")
				printf '%s\nFilename: %s\nSize: %s\nSHA256: %s\nInstalled-Size: 2000\n\n' \
					"$control" "$deb" "$(stat -c %s "$deb")" \
					"$(sha256sum "$deb" | cut -d' ' -f1)"
			done >"dists/$suite/main/binary-amd64/Packages"
		)
	done
}

# fake_named NAME ARCHIVE RELEASE VERSION [SERIES]: a file in kernels/.
fake_named()
{
	local deb=$2/pool/linux-image-$3_$4_amd64.deb

	mkdir -p "$VTDLAB_KERNELS_DIR"
	cat >"$VTDLAB_KERNELS_DIR/$1.conf" <<-END
		[kernel]
		release=$3
		version=$4
		suites=bookworm
		series=${5:-6[.]1[.]0-[0-9]+-amd64}
		sha256=$(dpkg-deb --fsys-tarfile "$deb" | tar -xO "./boot/vmlinuz-$3" | sha256sum | cut -d' ' -f1)
		[packages]
		linux-image-$3=$(sha256sum "$deb" | cut -d' ' -f1)
	END
}

# A private world: cache, kernels, and an apt that trusts the fake archive.
fake_world()
{
	export VTDLAB_CACHE=$BATS_TEST_TMPDIR/cache
	export VTDLAB_KERNELS_DIR=$BATS_TEST_TMPDIR/kernels
	export APT_CONFIG=$BATS_TEST_TMPDIR/apt.conf
	archive=$BATS_TEST_TMPDIR/archive
	export VTDLAB_DEBIAN_URI=copy:$archive VTDLAB_DEBIAN_SECURITY_URI=copy:$archive
	mkdir -p "$archive/pool" "$VTDLAB_KERNELS_DIR"
	echo 'Acquire::AllowInsecureRepositories "1"; APT::Get::AllowUnauthenticated "1";' >"$APT_CONFIG"
}

# One line on stdout, which is a kernel's directory, and nothing left in tmp/.
prepared()
{
	[[ $status == 0 && ${#lines[@]} == 1 && -f ${lines[0]}/kernel.conf ]] || {
		echo "status $status: $output / $stderr"
		return 1
	}
	[[ ! -d $VTDLAB_CACHE/tmp ]]
	dir=${lines[0]}
}
