/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run's report: what was checked, what came out, where and on what; written as run.json (schema
 * 1) and summary.txt, and shown on the terminal.
 *
 * The report owns every string in it. Fields are set directly with g_strdup()ed strings; NULL or 0
 * means "not known" and is written as null (numbers: left out).
 */
#ifndef VTDLAB_RESULTS_REPORT_H
#define VTDLAB_RESULTS_REPORT_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "verdict/verdict.h"

struct evidence;

#define REPORT_SCHEMA 1
#define REPORT_HTML "report.html" /* the page for a browser, which html/ makes */
#define REPORT_WIDTH 72		  /* columns of summary.txt and of the terminal's table */

/* One phase; times are host ns since the run's start (CLOCK_MONOTONIC differences). */
struct report_phase {
	char *name;
	int64_t start_ns;
	int64_t end_ns; /* < start_ns: never ended */
};

struct report_kernel {
	char *spec;    /* what the user asked for: "debian-6.1" */
	char *release; /* uname -r */
	char *sha256;  /* of the bzImage (or vmlinux) */
	char *config_sha256;
	char *cmdline;
	char *image;	/* "flat" or "shipped": how it was loaded; NULL: not by kexec */
	char *build_id; /* hexadecimal */
	char *describe; /* `git describe` of the tree that it was built in */
};

struct report_environment {
	char *accel; /* "tcg" or "kvm": the one in use, never "auto" */
	char *clock; /* "wall" or "virtual" */
	char *qemu;  /* version: "7.2.22" */
	char *qemu_path;
	char *vmm;	 /* "qemu", "libvirt": who runs it */
	char *vmm_uri;	 /* of libvirt, as it was given; NULL: none was */
	char *modules;	 /* of kernels that are paths (--modules); NULL: none was named */
	char *reference; /* the kernel of --reference; NULL: none was named */
	char *shortcuts; /* those in force for CPU and kernels, ' ' between (prepare/shortcuts.h); NULL: not told */
	struct report_kernel first_kernel, crash_kernel;
	bool has_caps;			 /* cap and ecap below were read */
	uint64_t cap, ecap;		 /* the IOMMU's capability registers */
	char *host_cpu;			 /* NULL: report_fill_host() fills it from /proc/cpuinfo */
	char *host_kernel;		 /* NULL: the same, from uname */
	char *commit;			 /* NULL: the same, from the build; still NULL = not known */
	bool wall_time_is_hardware_time; /* true only with KVM and the wall clock, on a CPU that is one */
};

struct report_iova {
	bool known; /* false: "iova" is left out of run.json */
	uint64_t requesters, leaves, ranges, reserved_ranges, retargeted;
	/* Of both kernels; how many of these every kernel makes. reserved_ranges is the crash kernel's. */
	uint64_t reserved_standing, reserved_ranges_first, reserved_standing_first;
};

struct run_report {
	char *scenario;	    /* name */
	char *title;	    /* the scenario's title, one line, may be NULL */
	GDateTime *started; /* set by report_new() to now */
	double duration_s;
	char *run_dir;	   /* for the last line of the page; not in run.json */
	bool has_logs;	   /* console.log and qemu.log are in it */
	bool has_page;	   /* REPORT_HTML is in it */
	GPtrArray *phases; /* struct report_phase *, in the order of time */
	struct report_iova iova;
	struct report_environment env;
	GPtrArray *notes;	 /* char *, lines shown under the table and in run.json "notes" */
	JsonObject *extra;	 /* more members of the top level; owned, never NULL */
	struct verdict *verdict; /* owned; report_new() makes an empty one */
};

/* report_new - an empty report of a run of @scenario that starts now. Free with report_free(). */
struct run_report *report_new(const char *scenario);
void report_free(struct run_report *report);

/* report_add_phase - append an open phase that began @start_ns after the run (ns). */
struct report_phase *report_add_phase(struct run_report *report, const char *name, int64_t start_ns);

/* report_note - append a line to the notes. */
void report_note(struct run_report *report, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* report_fill_host - host_cpu, host_kernel and commit where they are not set: from this machine. Its wall time is no hardware's
 * if its CPU is QEMU's emulation. */
void report_fill_host(struct report_environment *env);

/* report_environment_clear - frees what it holds. */
void report_environment_clear(struct report_environment *env);

/* report_judge - judge @ev (evidence_judge()): sets verdict, and what of iova the tables tell. */
void report_judge(struct run_report *report, const struct evidence *ev);

/* report_json - the text of run.json, schema 1; the caller frees it. */
char *report_json(const struct run_report *report);

/* report_environment_read - what the "environment" @o of a recorded run says, into @env, which is empty. */
void report_environment_read(struct report_environment *env, JsonObject *o);

/* report_environment_json - its "environment"; the caller unrefs it. */
JsonObject *report_environment_json(const struct report_environment *env);

/* What report_page() shows beside what it always does. */
enum report_page {
	REPORT_ALL = 1,	   /* a line for every check, those that passed too */
	REPORT_COLOUR = 2, /* escape sequences of a terminal */
};

/*
 * report_page - the report for people, at most 72 columns wide but for what is to be copied; the caller frees it.
 * @how: of enum report_page, or-ed; REPORT_ALL alone is summary.txt
 */
char *report_page(const struct run_report *report, unsigned how);

/* report_kernel - "6.12.1 (~/linux, v6.12.1-3-g0123abc, build id 89abcdef0123)", of what is known; the caller frees it. */
char *report_kernel(const struct report_kernel *k);

/* report_settings - "key=value; key=value" of what was set otherwise than in the scenario's file, "" for nothing; to be freed. */
char *report_settings(const struct run_report *report);

/* report_repeat - the command that runs it again, one line for a shell; the caller frees it. */
char *report_repeat(const struct run_report *report);

/* report_mail - what a reply on a list quotes of it: command, versions, verdict, evidence; 72 columns. The caller frees it. */
char *report_mail(const struct run_report *report);

/* report_mail_command - appends "$ COMMAND" at column @indent, wrapped where a shell allows it, and a newline. */
void report_mail_command(GString *out, unsigned indent, const char *command);

/* report_line - the same in one line: outcome, seconds, what failed, where; the caller frees it. */
char *report_line(const struct run_report *report);

#endif
