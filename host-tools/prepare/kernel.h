/* SPDX-License-Identifier: GPL-2.0-only */
/* A prepared kernel directory (made by scripts/kernel-get) and the initramfs images booted with it. */
#ifndef VTDLAB_PREPARE_KERNEL_H
#define VTDLAB_PREPARE_KERNEL_H

#include <glib.h>
#include <stdbool.h>

struct kernel {
	char *spec;	     /* what the user asked for: "debian-6.1", a path, ... */
	char *dir;	     /* the prepared directory, absolute */
	char *release;	     /* uname -r */
	char *sha256;	     /* of the bzImage (or vmlinux) */
	char *config_sha256; /* NULL: configuration not known */
	char *build_id;	     /* hexadecimal; NULL: not known */
	char *describe; /* `git describe` of the build tree when the kernel was taken from it; NULL: of no such tree */
	char *bzimage;	/* NULL: only an ELF vmlinux was given */
	char *vmlinux;	/* bootable by PVH; NULL: none */
	bool packaged;	/* a distribution's, untouched */
};

/*
 * kernel_get - prepare the kernel that @spec names (fetching it when need be; progress on stderr).
 * @modules: modules directory of a kernel given by path, or NULL
 * @require: config options that the scenario's devices need ("BLK_DEV_NVME E1000E"), may be ""
 * Errors: VTDLAB_ERROR_USAGE when the script says so, _UNFIT when the kernel lacks something, else _FAILED.
 */
struct kernel *kernel_get(const char *spec, const char *modules, const char *require, GError **error);

/*
 * kernel_fragment - the config options that @require and every scenario need, for merge_config.sh; the caller frees it.
 * Errors: as kernel_get().
 */
char *kernel_fragment(const char *require, GError **error);

/*
 * kernel_available - the exact builds that can be fetched, "debian:RELEASE VERSION", one a line; the caller frees it.
 * Fetches the archive's lists. Errors: as kernel_get().
 */
char *kernel_available(GError **error);

/*
 * qemu_get - the program of a named QEMU (fetching it when need be; progress on stderr); a @spec that is no
 * such name is a program already, and comes back as it is. The caller frees it. Errors: as kernel_get().
 */
char *qemu_get(const char *spec, GError **error);

/* kernel_cached - is the kernel that @spec names in the cache, built or fetched? Fetches nothing. */
bool kernel_cached(const char *spec);

/*
 * kernel_cached_specs - Debian's kernels in the cache as specs, "debian:RELEASE", the newest first, but those of release
 * @but and those without drivers of ours (cloud). NULL-ended; g_strfreev() frees.
 */
char **kernel_cached_specs(const char *but);

/* qemu_cached - is the named QEMU in the cache? Fetches nothing. */
bool qemu_cached(const char *name);

/* kernel_copy - another handle on the same directory; NULL when it has gone meanwhile. */
struct kernel *kernel_copy(const struct kernel *k);

/* kernel_free - NULL is fine. */
void kernel_free(struct kernel *k);

/* kernel_boot_path - what QEMU boots: the vmlinux by PVH when there is one, else the bzImage. */
const char *kernel_boot_path(const struct kernel *k);

/* kernel_builtin - is the config option ("BLK_DEV_NVME") "y" in the kernel's known configuration? */
bool kernel_builtin(const struct kernel *k, const char *option);

/*
 * foreign_initrd - the crash initramfs that crash.initrd names: a file, or a recipe of
 * images/initramfs/foreign that is made for @kernel by scripts/foreign-initrd. The caller frees the path.
 */
char *foreign_initrd(const char *spec, const struct kernel *kernel, GError **error);

/*
 * initramfs_make - the initramfs of the crash kernel (@crash_initrd NULL) or of the first kernel.
 *
 * @kernel:  the kernel whose modules go in
 * @crash, @crash_initrd: for the first kernel's: what it loads by kexec
 * @flat: for the first kernel's: the flat image of @crash (prepare/flat.h), or NULL
 * @foreign: @crash_initrd is not ours; the image gets a name of its own
 * @workload: for the first kernel's: first.workload's program, whose modules go in too; NULL: none
 * Returns the path of the image (in the build directory, named by its inputs); the caller frees it.
 */
char *initramfs_make(const struct kernel *kernel, const struct kernel *crash, const char *crash_initrd,
		     const char *flat, bool foreign, const char *workload, GError **error);

/*
 * initramfs_program - the initramfs of a VM that runs programs and loads no crash kernel.
 *
 * @workload: images/initramfs/workload-NAME.manifest: the program, and the modules it needs
 * @programs: paths of further static programs, NULL at the end; or NULL
 */
char *initramfs_program(const struct kernel *kernel, const char *workload, const char *const *programs, GError **error);

#endif
