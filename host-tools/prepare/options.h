/* SPDX-License-Identifier: GPL-2.0-only */
/* What is added to QEMU's arguments and to the kernels' command lines. */
#ifndef VTDLAB_PREPARE_OPTIONS_H
#define VTDLAB_PREPARE_OPTIONS_H

#include <stdbool.h>

struct kernel;
struct plan;

/* plan_foreign - is the crash initramfs not ours? Nobody in it obeys then. */
bool plan_foreign(const struct plan *plan);

/* probes_wanted - are there to be kprobes in the kernels of this run? */
bool probes_wanted(const struct plan *plan);

/* probes_cmdline - what goes into the command line of @kernel; "" for a run without probes. Static. */
const char *probes_cmdline(const struct plan *plan, const struct kernel *kernel);

/*
 * foreign_disk - QEMU's arguments with the disk of @image, if there is one: X.disk beside X.cpio, as
 * scripts/foreign-initrd leaves it. The crash kernel gets a root file system and somewhere to dump to. It hangs
 * at q35's own SATA controller, which is a requester of every run: no device is added, and the first kernel has no
 * driver for it. (Not as a second namespace of the NVMe disk: kernels name those in the order of a race.)
 * @args: what there is already, or NULL; taken over. The caller frees what is returned (NULL: no arguments).
 */
char **foreign_disk(const char *image, char **args);

#endif
