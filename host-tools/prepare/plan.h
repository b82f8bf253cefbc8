/* SPDX-License-Identifier: GPL-2.0-only */
/* From a scenario to what is booted: kernels, images, command lines, the machine. */
#ifndef VTDLAB_PREPARE_PLAN_H
#define VTDLAB_PREPARE_PLAN_H

#include <glib.h>
#include <stdbool.h>

#include "conf/scenario.h"
#include "machine/machine.h"
#include "prepare/kernel.h"

struct progress;
struct vmm;
struct libvirt_domain;

struct run_options {
	const char *modules;		     /* modules directory of a kernel given by path, or NULL */
	const char *qemu;		     /* QEMU to use, or NULL */
	const struct vmm *vmm;		     /* what runs the machine; NULL: QEMU as our child */
	const char *vmm_uri;		     /* libvirt's, or NULL */
	const struct libvirt_domain *domain; /* --domain, or NULL */
	const char *reference;		     /* --reference: kernel SPEC, or NULL: the newest other one of the cache */
	const char *results;		     /* results directory, or NULL for the tree's own */
	bool keep;			     /* leave the VM stopped at the end until a signal comes */
	bool keep_core;			     /* leave the RAM, as it is at the end, in the run directory */
	bool gdb;			     /* a gdb stub, and deadlines that wait for a person */
	bool no_probes;			     /* leave the kernels without kprobes: no guest times, no reservations */
	bool no_retry;			     /* one attempt, whatever becomes of it */
	bool boot;			     /* --boot: machine.snapshot does not count */
	unsigned page;			     /* enum report_page of run_outcome.page */
	struct progress *progress;	     /* borrowed; NULL: silent */
};

/* Everything that is the same for both attempts of a run. */
struct plan {
	const struct scenario *scenario;
	const struct run_options *options;
	struct kernel *first, *crash;
	char *first_initrd, *crash_initrd; /* images, paths */
	const char *first_image;	   /* what QEMU boots; the first kernel's */
	char *crash_flat;	    /* crash.image: the flat image of the crash kernel; NULL: it is loaded as shipped */
	char *not_flat;		    /* why it is not flat, though it was to be; NULL */
	char *cpu_tcg, *boot_words; /* machine.shortcuts: for the CPU under TCG, for both command lines; NULL: none */
	char *qemu;		    /* program, NULL: the host's */
	char *first_cmdline, *crash_cmdline;
	char *disk_image; /* NULL: no disk */
	char **qemu_args; /* NULL-ended, or NULL */
};

bool plan_make(struct plan *plan, const struct scenario *sc, const struct run_options *options, GError **error);
void plan_clear(struct plan *plan);
/* Fills a machine description; strings are borrowed from @plan and @run_dir. */
void plan_machine(const struct plan *plan, const char *run_dir, struct machine_config *cfg);

/* plan_options - the config options that @sc's devices and workload need of the first kernel; the caller frees it. */
char *plan_options(const struct scenario *sc);

/* plan_foreign - is the crash initramfs not ours? Nobody in it obeys then. */
bool plan_foreign(const struct plan *plan);

/*
 * plan_crash_own - what of the lab's goes in front of @cmdline, the crash kernel's: one of ours is silent about its copy unless
 * it is asked to tell; another would not know the word. Static.
 */
const char *plan_crash_own(const char *cmdline);

/*
 * plan_crashkernel - the crashkernel= of a command line that makes the main reservation: the last plain one, else the
 * last with ,high; ,low and ,cma only add to it. So the lab's own would win over a user's ,high, and is left out where
 * the user has one. NULL: none. The caller frees it.
 */
char *plan_crashkernel(const char *cmdline);

/* probes_wanted - are there to be kprobes in the kernels of this run? */
bool probes_wanted(const struct plan *plan);

/*
 * foreign_disk - QEMU's arguments with the disk of @image, if there is one: X.disk beside X.cpio, as
 * scripts/foreign-initrd leaves it. The crash kernel gets a root file system and somewhere to dump to. It hangs
 * at q35's own SATA controller, which is a requester of every run: no device is added, and the first kernel has no
 * driver for it. (Not as a second namespace of the NVMe disk: kernels name those in the order of a race.)
 * @args: what there is already, or NULL; taken over. The caller frees what is returned (NULL: no arguments).
 */
char **foreign_disk(const char *image, char **args);

#endif
