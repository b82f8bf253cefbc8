/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scenario files: what one run boots, how it crashes, and which checks it expects to fail.
 *
 * The table of its keys is in scenario.c; conf/schema.h is the engine that reads, sets and writes them.
 */
#ifndef VTDLAB_CONF_SCENARIO_H
#define VTDLAB_CONF_SCENARIO_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/schema.h"
#include "machine/config.h"

enum conf_dma { CONF_DMA_BOTH, CONF_DMA_DISK, CONF_DMA_NIC, CONF_DMA_NONE };
enum conf_load { CONF_LOAD_KEXEC, CONF_LOAD_KEXEC_FILE };
enum conf_shortcuts { CONF_SHORTCUTS_AUTO, CONF_SHORTCUTS_ON, CONF_SHORTCUTS_OFF };
enum conf_image { CONF_IMAGE_AUTO, CONF_IMAGE_FLAT, CONF_IMAGE_SHIPPED };
enum conf_trigger { CONF_TRIGGER_SYSRQ, CONF_TRIGGER_NMI, CONF_TRIGGER_CPU };
enum conf_dump { CONF_DUMP_GUEST, CONF_DUMP_NONE };
enum conf_end { CONF_END_POWEROFF, CONF_END_REBOOT };
/* Which kernel is stopped at machine.break; at an attach: the crash kernel's, from its first driver on. */
enum conf_break { CONF_BREAK_NONE, CONF_BREAK_FIRST, CONF_BREAK_CRASH, CONF_BREAK_ATTACH };
enum conf_corrupt_when { CONF_CORRUPT_BEFORE_COPY, CONF_CORRUPT_AFTER_COPY };

/* Strings are never NULL: a key without a value is "". Defaults are those of `vtdlab list keys`. */
struct scenario {
	char *name;  /* base name of the file without .conf: "kdump" */
	char *path;  /* the file it was read from */
	char **sets; /* the --set arguments applied so far, as typed; NULL-ended */

	/* [scenario] */
	char *title;
	char *description;
	char **expect_fail;	      /* checks that fail on every kernel; NULL-ended */
	GHashTable *expect_fail_when; /* expect-fail-<series>-<mode>, one of them or both: char * -> char ** */
	char **groups;		      /* of conf_groups */
	bool strict_expect;	      /* that they do not fail is bad: a negative control */
	double timeout_s;	      /* limit of a whole run, s; the scale of the accelerator comes on top */

	struct {
		uint64_t memory; /* bytes */
		unsigned int cpus;
		enum machine_accel accel;
		enum machine_clock clock;
		enum conf_shortcuts shortcuts; /* use scenario_shortcuts() */
		bool observe;		       /* false: no trace, no walks: to measure what observing costs */
		bool snapshot;		       /* the first kernel is restored from a snapshot where it can be */
		char *break_at;		       /* use scenario_break() */
		char *qemu_args;	       /* appended to QEMU's command line after shell word splitting */
	} machine;
	struct {
		enum machine_iommu_mode mode;
		bool intremap;
		bool caching_mode;
		unsigned int aw_bits; /* 39, 48 or 57; 0 = what QEMU does by itself */
		bool ats;
	} iommu;
	struct {
		enum machine_nic nic;
		enum machine_disk disk;
		enum machine_topology topology;
		bool edu;		/* QEMU's DMA engine, for first.workload */
		unsigned edu_functions; /* of its slot, if there is one */
		enum conf_dma dma;	/* which devices do DMA while the first kernel dies */
		bool dma_spread;	/* the disk's DMA goes to pages all over the memory */
	} devices;
	struct {
		char *kernel;	       /* kernel SPEC as scripts/kernel-get takes it */
		char *cmdline;	       /* appended to what the code puts there */
		enum conf_image image; /* flat: the vmlinux, by PVH; shipped: the bzImage; auto is flat */
		char *workload;	       /* "" = only the DMA of devices.dma; else see conf/workload.h */
	} first;
	struct {
		char *kernel;  /* "" = the first kernel (use scenario_crash_kernel()) */
		char *initrd;  /* "" = ours */
		char *cmdline; /* appended last, so that a final " --" stays final */
		enum conf_load load;
		enum conf_image image; /* use scenario_crash_flat() */
		bool checksum;	       /* kexec's SHA-256 check of the loaded image */
		enum conf_trigger trigger;
		unsigned int trigger_cpu; /* N of cpu:N */
		enum conf_dump dump;
		enum conf_end end;
	} crash;
	struct {
		enum conf_corrupt_when when;
		char *what; /* "" = nothing is corrupted */
	} corrupt;
};

/* The keys; `expect-fail` also stands for `expect-fail-<series>-<mode>`. */
extern const struct schema scenario_schema;
/* The words of devices.dma. */
extern const struct word conf_dma_words[];

/*
 * scenario_load - read a scenario.
 *
 * @name_or_path: with a '/' or a final ".conf" the path of a file, else a name: the file
 *                scenarios/<name>.conf of the source tree
 * Errors (all VTDLAB_ERROR_USAGE): no such scenario (the nearest is named), a line that is no key
 * file, unknown section or key, bad value.
 */
struct scenario *scenario_load(const char *name_or_path, GError **error);

/* scenario_new - every key at its default, no file (for tests and --dry-run of one). */
struct scenario *scenario_new(const char *name);

/*
 * scenario_set - apply one `--set` argument.
 *
 * @assignment: "section.key=value", or "section.key+=value": text is appended after a space, a
 *              list of checks gets more members; += on any other key is an error
 * Errors: as scenario_load(). On error the scenario is unchanged.
 */
bool scenario_set(struct scenario *s, const char *assignment, GError **error);

/* scenario_set_kernel - @spec is the first kernel, and the crash kernel too. As scenario_set(). */
bool scenario_set_kernel(struct scenario *s, const char *spec, GError **error);

/*
 * scenario_validate - what can only be judged when all keys are set; call it after the last --set.
 *
 * @names: all names of checks, NULL-ended, with NAME@DEVICE of those that tell devices apart (NULL: expected names are
 *         not checked)
 * Errors: VTDLAB_ERROR_USAGE: a check that does not exist, `rig` expected to fail, clock=virtual
 * with cpus > 1 or accel=kvm, dma on a device that is none, ...
 */
bool scenario_validate(const struct scenario *s, const char *const *names, GError **error);

/* What is judged, for what is expected of it. */
struct expect_when {
	const char *release; /* uname -r of the crash kernel (the one whose code is judged); NULL: of no series */
	enum machine_iommu_mode mode;
};

/*
 * scenario_expects_fail - is @check expected to fail?
 *
 * `expect-fail` holds always, `expect-fail-6.1` adds to it for releases 6.1, 6.1.* and 6.1-*, `expect-fail-scalable` for
 * scalable mode (with first-level tables, too), `expect-fail-6.1-scalable` where both hold.
 * @device: NULL: as a whole; a driver or a requester id: of that device ("CHECK@DEVICE"), or of any ("CHECK@*")
 */
bool scenario_expects_fail(const struct scenario *s, const struct expect_when *when, const char *check,
			   const char *device);

/*
 * scenario_machine - the machine that the keys describe, in ; what is named by a string (QEMU, kernel, disk image,
 * directories) is left NULL, for whoever prepares it.
 */
void scenario_machine(const struct scenario *s, struct machine_config *cfg);

/* scenario_crash_kernel - crash.kernel, or first.kernel when that is "". Owned by the scenario. */
const char *scenario_crash_kernel(const struct scenario *s);

/*
 * scenario_crash_flat - is the crash kernel to be loaded flat (prepare/flat.h)? With crash.image=auto where that saves time and
 * nobody asks for the image itself: not where it is checksummed at the panic (the flat one is five times as large), where
 * the initramfs is another one than ours (which shows a distribution's as it is), nor where time is counted.
 */
bool scenario_crash_flat(const struct scenario *s);

/*
 * scenario_break - when the run stops at a function for break.vtd (machine.break), and *@symbol: at which; "" for
 * CONF_BREAK_NONE. Owned by the scenario.
 */
enum conf_break scenario_break(const struct scenario *s, const char **symbol);

/* scenario_edu_functions - how many functions edu's slot has; 0: there is no edu. */
unsigned scenario_edu_functions(const struct scenario *s);

/* scenario_shortcuts - are those of prepare/shortcuts.h to be taken? With auto everywhere but where time is counted. */
bool scenario_shortcuts(const struct scenario *s);

/*
 * scenario_as_shipped - the kernels as a distribution ships, loads and boots them: neither of these two, and
 * kexec's check of the image. As scenario_set().
 */
bool scenario_as_shipped(struct scenario *s, GError **error);

/* The groups that there are: what `vtdlab run --group` may be given. NULL-ended. */
extern const char *const conf_groups[];

/* scenario_in_group - does its file name @group? */
bool scenario_in_group(const struct scenario *s, const char *group);

/*
 * scenario_group - the names of those in scenarios/ that are in @group, sorted, NULL-ended; g_strfreev() frees.
 * NULL and VTDLAB_ERROR_USAGE: there is no such group, or one of the files cannot be read.
 */
char **scenario_group(const char *group, GError **error);

/* scenario_copy - the same with its settings, to be changed. Free with scenario_free(). */
struct scenario *scenario_copy(const struct scenario *s);

/* scenario_free - NULL is fine. */
void scenario_free(struct scenario *s);

#endif
