/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a QEMU program can do: version, q35 machines, properties of its intel-iommu, trace events, whether the log
 * trace backend really writes. Asked once and cached by (path, size, mtime).
 */
#ifndef VTDLAB_MACHINE_QEMU_PROBE_H
#define VTDLAB_MACHINE_QEMU_PROBE_H

#include <glib.h>
#include <stdbool.h>

struct qemu_caps {
	char *path;	     /* absolute path of the program */
	char *version;	     /* "7.2.22" */
	char *version_text;  /* first line of --version */
	char **iommu_props;  /* property names of -device intel-iommu, sorted; NULL-terminated */
	char **machines;     /* names of its q35 machines, sorted; NULL-terminated, empty: it tells none */
	char **trace_events; /* all vtd_*, e1000e_* and pci_nvme_* events, sorted */
	bool trace_log;	     /* an event was really written to a log file */
	bool intel_iommu;    /* the device exists at all */
	bool edu;	     /* there is an edu device whose reach can be set (dma_mask) */
};

/*
 * `qemu`: a path, a name in $PATH, or NULL for qemu-system-x86_64. cache_dir: lab_cache_dir(), or
 * NULL for no cache. NULL with VTDLAB_ERROR_USAGE: no such program, not executable, not a QEMU (its
 * answer is quoted), no answer within 10 s of its own time. Free with qemu_caps_free(). 0.3 s uncached, < 1 ms
 * cached.
 */
struct qemu_caps *qemu_probe(const char *qemu, const char *cache_dir, GError **error);
void qemu_caps_free(struct qemu_caps *caps);

/* What it is asked, in this order. */
enum qemu_question { QEMU_VERSION, QEMU_IOMMU, QEMU_EDU, QEMU_MACHINES, QEMU_TRACE, QEMU_QUESTIONS };

/*
 * qemu_take_answer - what a program answered to @question with the wait status @status, into @c; each once.
 *
 * Untrusted text. false and VTDLAB_ERROR_USAGE: it is no QEMU (QEMU_VERSION alone).
 */
bool qemu_take_answer(struct qemu_caps *c, enum qemu_question question, const char *text, int status, GError **error);

/* Exact name in the list. NULL caps: true. */
bool qemu_has_trace(const struct qemu_caps *caps, const char *event);
bool qemu_has_iommu_prop(const struct qemu_caps *caps, const char *prop);

/* Is it one of its q35 machines? NULL caps, or a QEMU that tells none: true. */
bool qemu_has_machine(const struct qemu_caps *caps, const char *machine);

/* Default trace events (trace_default_names()) that this QEMU lacks; all of them if !trace_log.
 * NULL-terminated, free with g_strfreev(). */
char **qemu_trace_missing(const struct qemu_caps *caps);

#endif
