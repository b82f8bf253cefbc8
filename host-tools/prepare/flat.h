/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flat images: a crash kernel that need not decompress itself, which is a third of what a run costs under TCG.
 *
 * The setup header of the bzImage, its vmlinux laid out as it lies in memory, and a jump at the 64-bit entry. What the
 * decompressor does besides is left out: the kernel is not moved to a random address (as with nokaslr), and its pages
 * are translated by as many levels as the dead kernel's were. So both kexec -p and kexec -s -p load it; it is not signed.
 */
#ifndef VTDLAB_PREPARE_FLAT_H
#define VTDLAB_PREPARE_FLAT_H

#include <glib.h>

#include "prepare/kernel.h"

/*
 * At the 64-bit entry a flat image waits, before it has done anything, until the byte behind this magic is not 0. Whoever
 * boots one has to set it: there, in the page in which the CPU waits, lie the magic and the byte.
 */
#define FLAT_GATE 0x100
#define FLAT_GATE_MAGIC "vtdlab: waits"

/*
 * flat_image - the flat image of @bzimage and the ELF that is packed in it, @vmlinux.
 *
 * Neither is vouched for. NULL: it cannot be made, and *why says why (a constant).
 * Source: Documentation/arch/x86/boot.rst, "The real-mode kernel header"; elf(5).
 */
GBytes *flat_image(GBytes *bzimage, GBytes *vmlinux, const char **why);

/*
 * kernel_flat - the path of @kernel's flat image in the cache, flat/ID; the caller frees it.
 *
 * It is made where there is none, or where it or one of the kernel's own files, which kernel_get() has checked, was touched
 * since: by inode, size and times, as make-initramfs does it. NULL: there is none, and *why says why; the caller frees that.
 */
char *kernel_flat(const struct kernel *kernel, char **why);

#endif
