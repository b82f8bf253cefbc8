/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The evidence of a healthy kdump run, made without a VM: tables in fake RAM at each stage,
 * registers, trace events, DMA accounts. A test spoils one thing and says what checks make of it.
 */
#ifndef EVIDENCE_FIXTURE_H
#define EVIDENCE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "verdict/check-common.h"
#include "evidence/evidence.h"
#include "table-builder.h"
#include "vtd/formats.h"
#include "vtd/walk.h"

/* Requester ids. The SATA controller has no driver; its devfn lies in the upper half of bus 0. */
#define DISK ((uint16_t)0x0010) /* 0000:00:02.0, nvme */
#define NIC ((uint16_t)0x0008)	/* 0000:00:01.0, e1000e */
#define SATA ((uint16_t)0x00fa) /* 0000:00:1f.2 */

/* What the first kernel had mapped. */
#define DISK_IOVA UINT64_C(0xffff0000) /* 16 pages in a row, read and write */
#define DISK_PA UINT64_C(0x2300000)
#define DISK_READ_IOVA UINT64_C(0xfffe0000) /* one page, read only */
#define DISK_BIG_IOVA UINT64_C(0x40000000)  /* one leaf of 2 MiB */
#define DISK_BIG_PA UINT64_C(0x4000000)
#define NIC_IOVA UINT64_C(0xfffd0000) /* 8 pages whose PAs lie 0x5000 apart */
#define NIC_PA UINT64_C(0x3000000)
#define SATA_IOVA UINT64_C(0xfffc0000) /* 4 pages */
#define FREE_IOVA UINT64_C(0xfff00000) /* mapped by nobody */
/* What the crash kernel maps after each attach: 4 pages. */
#define NEW_IOVA UINT64_C(0xfe000000)

/* Crash kernel memory in the fake RAM, inclusive. */
#define CRASH_START UINT64_C(0x100000)
#define CRASH_END UINT64_C(0x1fffff)

/* Host time, ns, @ms milliseconds after the trigger (which is at 0 ms). */
#define AT(ms) (INT64_C(1700000000000000000) + (ms)*INT64_C(1000000))
#define T_JUMP AT(50)
#define T_ROOT AT(900)
#define T_HELLO AT(2500)
#define T_DISK_DRIVER AT(3000)
#define T_DISK_ATTACH AT(3100)
#define T_DISK_RESET AT(3120)
#define T_NIC_DRIVER AT(4000)
#define T_NIC_ATTACH AT(4100)
#define T_NIC_RESET AT(4120)
/* The new driver lets the device do DMA so much after its attach. */
#define FIRST_DMA_NS (30 * INT64_C(1000000))
#define T_POWEROFF AT(6000)

enum good_mode { GOOD_LEGACY, GOOD_SCALABLE, GOOD_FIRST_LEVEL, GOOD_PASS_THROUGH };

/* Moments of which there is a copy of RAM, registers and a walk. */
enum good_stage { AT_PANIC, COPIED, AFTER_DISK, AFTER_NIC, AT_END, STAGES };

struct good_run {
	enum good_mode mode;
	struct scenario *sc;
	struct evidence *ev;
	struct tables ram[STAGES];
	uint64_t raw[STAGES][VTD_REGS_QWORDS]; /* registers; good_regs() decodes them again */
	uint64_t old_root, new_root;
	GString *detail; /* of the last check */
};

/*
 * good_run_new - evidence with which every check that is built passes. After a change in @ram call
 * good_walk(), after one in @raw good_regs(). Free with good_run_free().
 */
struct good_run *good_run_new(enum good_mode mode);
void good_run_free(struct good_run *f);

/* The same as cmocka setups and teardown; the state is a struct good_run *. */
int good_legacy(void **state);
int good_scalable(void **state);
int good_first_level(void **state);
int good_pass_through(void **state);
int good_teardown(void **state);
#define LEGACY(fn) cmocka_unit_test_setup_teardown(fn, good_legacy, good_teardown)
#define SCALABLE(fn) cmocka_unit_test_setup_teardown(fn, good_scalable, good_teardown)
#define FIRST_LEVEL(fn) cmocka_unit_test_setup_teardown(fn, good_first_level, good_teardown)
#define PASS_THROUGH(fn) cmocka_unit_test_setup_teardown(fn, good_pass_through, good_teardown)

/* Turn these bits of a register round, of what was read at a moment. */
void good_flip(struct evidence_state *state, unsigned reg, uint32_t bits);

/* The evidence's state that belongs to a stage. */
struct evidence_state *good_state(struct good_run *f, enum good_stage stage);
/* Walk the tables of a stage again; @limits may be NULL. */
void good_walk(struct good_run *f, enum good_stage stage, const struct vtd_walk_options *limits);
/* No tables were read at that stage. */
void good_no_walk(struct good_run *f, enum good_stage stage);
/* Decode the registers of a stage again. */
void good_regs(struct good_run *f, enum good_stage stage);

/* The root table in force at a stage. */
uint64_t good_root(const struct good_run *f, enum good_stage stage);
/* Words of the context entry of @sid (legacy 2, scalable 4) in the tables in force at a stage. */
uint64_t *good_entry(struct good_run *f, enum good_stage stage, uint16_t sid);
/* Words of the PASID entry for its requests without PASID (scalable modes). */
uint64_t *good_pasid(struct good_run *f, enum good_stage stage, uint16_t sid);
/* The leaf (at level 1 or 2) that maps @iova for @sid. */
uint64_t *good_pte(struct good_run *f, enum good_stage stage, uint16_t sid, uint64_t iova);
/* Root of the page tables of @sid. */
uint64_t good_pt_root(struct good_run *f, enum good_stage stage, uint16_t sid);
/* Map @n more pages. */
void good_map(struct good_run *f, enum good_stage stage, uint16_t sid, uint64_t iova, uint64_t pa, size_t n);

struct evidence_device *good_device(struct good_run *f, uint16_t sid);
struct evidence_dma *good_dma(struct good_run *f, uint16_t sid);
/* Append an event; the fields that a kind does not have are 0. */
void good_fault(struct good_run *f, int64_t ns, uint16_t sid, uint64_t addr);
void good_fault_disabled(struct good_run *f, int64_t ns, uint16_t sid, uint64_t addr);
void good_translation(struct good_run *f, int64_t ns, bool on);

/*
 * want - run a check of the table: it must say @result, in one line that has all of the words
 * (NULL-ended). It is counted for good_seen().
 */
void want(struct good_run *f, const char *check, enum check_result result, ...) G_GNUC_NULL_TERMINATED;
/* want_not - the line of the last check must not have this word. */
void want_not(struct good_run *f, const char *word);
/* How often want() saw a check say @result in this program. */
unsigned good_seen(const char *check, enum check_result result);

/* The verdict of all checks, made as judge.c makes it. The caller frees it. */
struct verdict *good_verdict(struct good_run *f);
/* The verdict must have this outcome and exit status. */
void want_outcome(struct good_run *f, const char *outcome, int status);

/* Append an invalidation; the fields that a kind does not have are 0. */
void good_invalidate(struct good_run *f, int64_t ns, enum evidence_event_kind kind, uint16_t sid, uint16_t did);
/* Drop all events of a kind from @from to @to (ns, inclusive); how many there were. */
unsigned good_drop(struct good_run *f, enum evidence_event_kind kind, int64_t from, int64_t to);
/* A requester id that the trace showed, last at @ns. */
void good_requester(struct good_run *f, uint16_t sid, int64_t ns);
/* A row of a kernel ('f' or 'c') that reserved page frames @start to @last for @sid. */
void good_reserve(struct good_run *f, enum evidence_kernel kernel, uint16_t sid, uint64_t start, uint64_t last,
		  bool standing);
/* The crash kernel's command line, as its agent told it. */
void good_crash_cmdline(struct good_run *f, const char *cmdline);
/* Read the old table pages again, as they are at the end. */
void good_old_tables(struct good_run *f);

/*
 * good_intremap - the run has interrupt remapping, with some entries at the panic, all of them in the crash
 * kernel's own table after the copy, and one more there.
 */
void good_intremap(struct good_run *f);
/* The two words of entry @index of the interrupt-remapping table in force at a stage. */
uint64_t *good_irte(struct good_run *f, enum good_stage stage, uint32_t index);

/* The groups of tests; each returns the number of failures. */
int checks_good_tests(void);
int checks_rig_tests(void);
int checks_first_tests(void);
int checks_crash_tests(void);
int checks_copy_tests(void);
int checks_scalable_tests(void);
int checks_leaves_tests(void);
int checks_faults_tests(void);
int checks_dma_tests(void);
int checks_attach_tests(void);
int checks_retarget_tests(void);
int checks_work_tests(void);
int checks_flush_tests(void);
int checks_flush_attach_tests(void);
int checks_did_tests(void);
int checks_ir_tests(void);
int checks_untaken_tests(void);
int checks_tables_tests(void);
int checks_crash_memory_tests(void);
int checks_reserve_tests(void);
int checks_oracles_tests(void);
int checks_alias_tests(void);
int checks_reboot_tests(void);
int checks_splat_tests(void);
int checks_foreign_tests(void);
int checks_workload_tests(void);
int checks_report_tests(void);

/* The checks that the default scenario, on a mainline kernel without interrupt remapping, has nothing to show for. */
extern const char *const legacy_skips[];

#endif
