# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables shared by name: see common.sh
# Reads kernel images: which kind, which release, the ELF inside a bzImage,
# the PVH note, an embedded .config. Offsets: the kernel's documentation of
# the x86 boot protocol (the setup header begins at 0x1f1).

# read_bytes FILE OFFSET LENGTH: decimal bytes in the array `bytes`.
read_bytes()
{
	bytes=()
	[[ -f $1 && -r $1 ]] || return 1
	read -ra bytes -d '' < <(od -An -v -tu1 -j "$2" -N "$3" -- "$1" 2>/dev/null) || true
}

# le OFFSET COUNT: little-endian number in `bytes`.
le()
{
	local i v=0

	for ((i = $2 - 1; i >= 0; i--)); do
		v=$((v << 8 | ${bytes[$1 + i]:-0}))
	done
	printf '%d' "$v"
}

# image_kind FILE: bzImage, bzImage-32, vmlinux or nothing.
image_kind()
{
	read_bytes "$1" 0 632 || return 0
	case "${bytes[*]:0:5}" in
	'127 69 76 70 2')
		[[ $(le 18 2) != 62 ]] || printf 'vmlinux\n'
		return
		;;
	esac
	# 0x1fe boot flag, 0x202 "HdrS", 0x206 protocol >= 2.08 has the payload
	[[ "${bytes[*]:510:2}" == '85 170' && "${bytes[*]:514:4}" == '72 100 114 83' ]] || return 0
	(($(le 518 2) >= 0x208)) || return 0
	if (($(le 566 2) & 1)); then
		printf 'bzImage\n'
	else
		printf 'bzImage-32\n'
	fi
}

# bzimage_release FILE: the first word of the version string.
bzimage_release()
{
	local at text

	read_bytes "$1" 0 632
	at=$(le 526 2)
	((at)) || return 0
	text=$(tail -c +$((at + 513)) -- "$1" | head -c 128 | tr '\0' '\n' | head -n 1) || true
	text=${text%% *}
	[[ ! $text =~ ^[0-9][A-Za-z0-9._+~-]*$ ]] || printf '%s\n' "$text"
}

vmlinux_release()
{
	local text

	text=$(grep -aom1 'Linux version [0-9][A-Za-z0-9._+~-]*' -- "$1" | head -n 1) || true
	printf '%s\n' "${text#Linux version }"
}

# bzimage_extract FILE OUT [SHOWN]: the ELF out of the compressed payload.
# Returns 1 with one line in $image_error, which calls the file SHOWN.
bzimage_extract()
{
	local start length size tool trim=4 want got shown=${3:-$1}

	image_error=
	read_bytes "$1" 0 632
	start=$((($(le 497 1) ? $(le 497 1) : 4) * 512 + 512 + $(le 584 4)))
	length=$(le 588 4)
	size=$(stat -L -c %s -- "$1")
	if ((length < 64 || start + length > size)); then
		image_error="$shown is cut short: its payload ends at byte $((start + length)), the file at $size"
		return 1
	fi
	read_bytes "$1" "$start" 6
	case "${bytes[*]}" in
	'253 55 122 88 90 0') tool=xz ;;
	'40 181 47 253 '*) tool=zstd ;;
	'2 33 76 24 '*) tool=lz4 ;;
	# gzip's own trailer is the size: nothing was added behind it
	'31 139 '*) tool=gzip trim=0 ;;
	'93 0 0 '*) tool=lzma ;;
	'66 90 104 '*) tool=bzip2 ;;
	'127 69 76 70 '*) tool=cat trim=0 ;;
	*)
		image_error="$shown: its payload is compressed in a way not known here (xz, zstd, lz4, gzip, lzma and bzip2 are)"
		return 1
		;;
	esac
	if ! type -P "$tool" >/dev/null; then
		image_error="$shown is compressed with $tool, which is not installed"
		return 1
	fi
	read_bytes "$1" $((start + length - 4)) 4
	want=$(le 0 4)
	if [[ $tool == cat ]]; then
		tail -c +$((start + 1)) -- "$1" | head -c "$length" >"$2" || true
	else
		tail -c +$((start + 1)) -- "$1" | head -c $((length - trim)) |
			run "$tool" -dc >"$2" 2>"$2.err" || true
	fi
	got=$(stat -c %s -- "$2")
	if [[ $tool != cat && $got != "$want" ]]; then
		image_error="$shown: $tool gave $got bytes of its payload instead of $want: $(head -n 1 "$2.err" 2>/dev/null)"
		if grep -qs 'No space left' "$2.err"; then
			image_error="no space left for the vmlinux of $shown"
		fi
		rm -f "$2.err"
		return 1
	fi
	rm -f "$2.err"
	if [[ $(image_kind "$2") != vmlinux ]]; then
		image_error="$shown: its payload is no x86-64 ELF"
		return 1
	fi
}

# vmlinux_has_pvh FILE: has the ELF note (owner Xen, type 18) that holds the
# 32-bit PVH entry?
vmlinux_has_pvh()
{
	readelf -nW -- "$1" 2>/dev/null |
		grep -q '^ *Xen .*\((0x00000012)\|XEN_ELFNOTE_PHYS32_ENTRY\)'
}

# vmlinux_ikconfig FILE OUT: the .config that CONFIG_IKCONFIG put there.
vmlinux_ikconfig()
{
	local at

	at=$(grep -abom1 $'IKCFG_ST\x1f\x8b' -- "$1" | head -n 1) || true
	[[ -n $at ]] || return 1
	tail -c +$((${at%%:*} + 9)) -- "$1" | gzip -dcq >"$2" 2>/dev/null || true
	grep -q '^CONFIG_' "$2" || { rm -f "$2"; return 1; }
}
