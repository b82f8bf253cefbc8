# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables shared by name: see common.sh
# What the lab needs of a kernel's .config, and where to find that .config.

# Needed by every scenario. "A|B" is either; ":m" may be a module. kexec asks /proc/kcore and
# /proc/kallsyms where the kernel lies.
readonly kconfig_needed='
INTEL_IOMMU IRQ_REMAP PCI_MSI RELOCATABLE
KEXEC|KEXEC_FILE CRASH_DUMP PROC_VMCORE PROC_KCORE KALLSYMS
SERIAL_8250_CONSOLE X86_IOPL_IOPERM MAGIC_SYSRQ
DEVTMPFS BLK_DEV_INITRD TMPFS PROC_FS PROC_PAGE_MONITOR SYSFS BINFMT_ELF ADVISE_SYSCALLS
PACKET:m'
# Drivers of the default devices; --require names others.
readonly kconfig_drivers='BLK_DEV_NVME E1000E'

# What these stand below in menuconfig, and want. SYSCTL is what newer kernels call PROC_SYSCTL, which selects it.
readonly kconfig_below='PCI ACPI NET BLOCK TTY SERIAL_8250 PRINTK MULTIUSER IOMMU_SUPPORT X86_X2APIC SHMEM SYSCTL
	NETDEVICES ETHERNET NET_VENDOR_INTEL VIRTIO_MENU VIRTIO_PCI BINFMT_SCRIPT RD_GZIP'

# kconfig_fragment WORD...: those and what every scenario needs, as scripts/kconfig/merge_config.sh takes it.
kconfig_fragment()
{
	local word

	echo '# What vtdlab needs of a kernel. In its tree: scripts/kconfig/merge_config.sh .config THIS; make olddefconfig'
	for word in 64BIT $kconfig_below; do
		echo "CONFIG_$word=y"
	done
	[[ $* != *KVM* && $* != *VFIO* ]] || printf 'CONFIG_%s=y\n' VIRTUALIZATION VFIO EVENTFD CPU_SUP_AMD HIGH_RES_TIMERS
	for word in $kconfig_needed "$@"; do
		word=${word%:m}
		# without its CONFIG_, which merge_config.sh would take for one more value that is asked for
		[[ $word != *'|'* ]] || echo "# or ${word#*|}:"
		echo "CONFIG_${word%%|*}=y"
	done
}

# kconfig_missing FILE WORD...: those of the words that the file lacks, on
# one line, each with its CONFIG_.
kconfig_missing()
{
	awk -v words="${*:2}" '
	/^CONFIG_[A-Za-z0-9_]+=[ym]\r?$/ {
		sub(/\r$/, "")
		at = index($0, "=")
		value[substr($0, 8, at - 8)] = substr($0, at + 1)
	}
	END {
		n = split(words, word, " ")
		for (i = 1; i <= n; i++) {
			name = word[i]
			module = sub(/:m$/, "", name)
			m = split(name, any, "|")
			found = 0
			for (j = 1; j <= m; j++)
				if (value[any[j]] == "y" || (module && value[any[j]] == "m"))
					found = 1
			if (found)
				continue
			gsub(/\|/, " or CONFIG_", name)
			out = out (out == "" ? "" : ", ") "CONFIG_" name
		}
		if (out != "")
			print out
	}' "$1"
}

# kconfig_is_module FILE OPTION
kconfig_is_module() { grep -q "^CONFIG_$2=m" "$1"; }

# kconfig_beside IMAGE RELEASE TREE MODULES: the first .config that lies
# where that of the image is kept. TREE and MODULES may be empty.
kconfig_beside()
{
	local dir file

	dir=$(dirname -- "$1")
	for file in ${3:+"$3/.config"} "$dir/config-$2" ${4:+"$4/config" "$4/build/.config"} \
			"$dir/.config" "$dir/config" ${4:+"$4/../../../boot/config-$2"}; do
		if [[ -f $file && -r $file ]] && grep -q '^CONFIG_' "$file"; then
			printf '%s\n' "$file"
			return
		fi
	done
}
