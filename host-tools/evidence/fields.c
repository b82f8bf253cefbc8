/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of everything that evidence.json holds. */
#include "evidence/fields.h"

#include <glib.h>

#include "evidence/evidence.h"

/* The type of a field follows from its C type; what has none of these types does not compile. */
#define TYPE_OF(s, m) \
	_Generic(((struct s *)0)->m,                                                                                   \
		bool: FIELD_BOOL,                                                                                      \
		int: FIELD_INT,                                                                                        \
		unsigned int: FIELD_UNSIGNED,                                                                          \
		uint16_t: FIELD_U16,                                                                                   \
		int64_t: FIELD_NUMBER,                                                                                 \
		uint64_t: FIELD_HEX,                                                                                   \
		char *: FIELD_TEXT,                                                                                    \
		const char *: FIELD_STATIC,                                                                            \
		struct evidence_state: FIELD_STATE,                                                                    \
		struct iommu_snapshot *: FIELD_SNAPSHOT)
/* @by: the file that sets it, and no other (tests/house/writers). Behind it what only some fields have. */
#define ROW(s, m, kind, by, ...)                                                                       \
	{                                                                                              \
		.name = #m, .type = kind, .offset = offsetof(struct s, m), .writer = by, ##__VA_ARGS__ \
	}
#define FIELD(s, m, by, ...) ROW(s, m, TYPE_OF(s, m), by, ##__VA_ARGS__)
#define SID(s, m, by, ...) ROW(s, m, FIELD_SID, by, ##__VA_ARGS__)
#define CHARS(s, m, by) ROW(s, m, FIELD_CHARS, by, .size = sizeof(((struct s *)0)->m))
#define WORD(s, m, list, by, ...) ROW(s, m, FIELD_WORD, by, .words = list, ##__VA_ARGS__)
#define LIST(s, m, by, of) \
	ROW(s, m, FIELD_ARRAY, by, .element = of##_fields, .size = sizeof(struct of), .clear = of##_clear)
#define REPORTED .report = ""
#define REPORTED_AS(key) .report = key
#define ELSEWHERE(s, m, by) ROW(s, m, FIELD_ELSEWHERE, by)
/* What an array of these does with an element that goes. */
#define ELEMENT(s)                             \
	static void s##_clear(void *p)         \
	{                                      \
		evidence_clear(p, s##_fields); \
	}

static const struct word event_words[] = {
	{ "root", EVENT_ROOT },
	{ "translation", EVENT_TRANSLATION },
	{ "fault", EVENT_FAULT },
	{ "fault_disabled", EVENT_FAULT_DISABLED },
	{ "cc_global", EVENT_CC_GLOBAL },
	{ "cc_domain", EVENT_CC_DOMAIN },
	{ "cc_device", EVENT_CC_DEVICE },
	{ "iotlb_global", EVENT_IOTLB_GLOBAL },
	{ "iotlb_domain", EVENT_IOTLB_DOMAIN },
	{ "iotlb_pasid", EVENT_IOTLB_PASID },
	{ "cc_fill", EVENT_CC_FILL },
	{ "ir_root", EVENT_IR_ROOT },
	{ "ir_enable", EVENT_IR_ENABLE },
	{ 0 },
};
static const struct word leaf_words[] = {
	{ "none", LEAF_NONE }, { "r", LEAF_READ }, { "w", LEAF_WRITE }, { "rw", LEAF_READ_WRITE }, { 0 },
};
static const struct word kernel_words[] = { { "f", EVIDENCE_FIRST }, { "c", EVIDENCE_CRASH }, { 0 } };
static const struct word device_words[] = { { "r", KDUMP_RESERVED }, { "g", KDUMP_GRAFTED }, { 0 } };
static const struct word source_words[] = {
	{ "l", ORACLE_LOG },	 { "d", ORACLE_RANGES },      { "n", ORACLE_RESERVED },
	{ "r", ORACLE_REGIONS }, { "t", ORACLE_TRANSLATION }, { 0 },
};
static const struct word result_words[] = {
	{ "deep", KDUMP_DEEP }, { "shallow", KDUMP_SHALLOW }, { "log", KDUMP_LOG }, { "reserve", KDUMP_RESERVE }, { 0 },
};
const struct word evidence_kdump_types[] = {
	{ "second", KDUMP_SECOND },
	{ "first", KDUMP_FIRST },
	{ "pass-through", KDUMP_PASS_THROUGH },
	{ 0 },
};

const struct evidence_field evidence_state_fields[] = {
	FIELD(evidence_state, host_ns, "observe/snapshot.c"),
	FIELD(evidence_state, frozen_ns, "observe/snapshot.c"),
	ELSEWHERE(evidence_state, has_regs, "evidence/evidence.c"), /* there is a "regs" */
	ELSEWHERE(evidence_state, regs, "evidence/evidence.c"),	    /* nonzero words by their offset */
	FIELD(evidence_state, root, "observe/snapshot.c"),
	FIELD(evidence_state, ttm, "observe/snapshot.c"),
	FIELD(evidence_state, sum, "observe/snapshot.c"),
	ELSEWHERE(evidence_state, walk, "observe/snapshot.c"),	   /* there is a "snapshot" */
	ELSEWHERE(evidence_state, snapshot, "observe/snapshot.c"), /* the same */
	{ 0 },
};

const struct evidence_field evidence_event_fields[] = {
	WORD(evidence_event, kind, event_words, "observe/iommu-events.c"),
	FIELD(evidence_event, host_ns, "observe/iommu-events.c"),
	FIELD(evidence_event, addr, "observe/iommu-events.c"),
	SID(evidence_event, sid, "observe/iommu-events.c"),
	FIELD(evidence_event, reason, "observe/iommu-events.c"),
	FIELD(evidence_event, on, "observe/iommu-events.c"),
	FIELD(evidence_event, did, "observe/iommu-events.c"),
	FIELD(evidence_event, pasid, "observe/iommu-events.c"),
	WORD(evidence_event, leaf, leaf_words, "observe/iommu-events.c"),
	{ 0 },
};
ELEMENT(evidence_event)

const struct evidence_field evidence_dma_fields[] = {
	SID(evidence_dma, sid, "observe/dma-*.c", REPORTED_AS("requester")),
	FIELD(evidence_dma, what, "observe/dma-*.c", REPORTED),
	FIELD(evidence_dma, sent, "observe/dma-*.c", REPORTED),
	FIELD(evidence_dma, landed_before_copy, "observe/dma-*.c", REPORTED),
	FIELD(evidence_dma, landed_after_copy, "observe/dma-*.c", REPORTED),
	FIELD(evidence_dma, no_room, "observe/dma-*.c", REPORTED),
	FIELD(evidence_dma, lost, "observe/dma-*.c", REPORTED),
	FIELD(evidence_dma, misplaced, "observe/dma-*.c", REPORTED),
	FIELD(evidence_dma, unknown, "observe/dma-*.c", REPORTED),
	FIELD(evidence_dma, elsewhere, "observe/dma.c"),
	FIELD(evidence_dma, in_crash, "observe/dma.c"),
	FIELD(evidence_dma, in_crash_pa, "observe/dma.c"),
	FIELD(evidence_dma, problem, "observe/dma-*.c"),
	{ 0 },
};
ELEMENT(evidence_dma)

const struct evidence_field evidence_device_fields[] = {
	FIELD(evidence_device, bdf, "run/boot.c", REPORTED),
	SID(evidence_device, sid, "run/boot.c"),
	FIELD(evidence_device, has_alias, "run/boot.c"),
	SID(evidence_device, alias_sid, "run/boot.c"),
	FIELD(evidence_device, driver, "run/boot.c", REPORTED),
	FIELD(evidence_device, wanted, "run/attach.c", REPORTED_AS("used")),
	FIELD(evidence_device, first_translated, "run/boot.c"),
	FIELD(evidence_device, group_type, "run/attach.c"),
	FIELD(evidence_device, driver_ns, "run/attach.c"),
	FIELD(evidence_device, unchanged_ns, "observe/entries.c"),
	FIELD(evidence_device, attach_ns, "observe/entries.c"),
	FIELD(evidence_device, reset_ns, "observe/iommu-events.c"),
	FIELD(evidence_device, first_dma_ns, "observe/iommu-events.c"),
	FIELD(evidence_device, after, "run/attach.c"),
	FIELD(evidence_device, works, "run/attach.c", REPORTED),
	FIELD(evidence_device, works_detail, "run/attach.c"),
	{ 0 },
};
ELEMENT(evidence_device)

static const struct evidence_field evidence_complaint_fields[] = {
	FIELD(evidence_complaint, line, "observe/console-words.c"),
	{ 0 },
};
ELEMENT(evidence_complaint)

static const struct evidence_field evidence_splat_fields[] = {
	WORD(evidence_splat, kernel, kernel_words, "observe/console-words.c"),
	FIELD(evidence_splat, starved, "observe/console-words.c"),
	FIELD(evidence_splat, line, "observe/console-words.c"),
	{ 0 },
};
ELEMENT(evidence_splat)

static const struct evidence_field evidence_range_fields[] = {
	FIELD(evidence_range, start, "observe/crash-memory.c"),
	FIELD(evidence_range, last, "observe/crash-memory.c"),
	{ 0 },
};
ELEMENT(evidence_range)

static const struct evidence_field evidence_requester_fields[] = {
	SID(evidence_requester, sid, "observe/iommu-events.c"),
	FIELD(evidence_requester, first_ns, "observe/iommu-events.c"),
	FIELD(evidence_requester, last_ns, "observe/iommu-events.c"),
	FIELD(evidence_requester, count, "observe/iommu-events.c"),
	{ 0 },
};
ELEMENT(evidence_requester)

static const struct evidence_field evidence_workload_fields[] = {
	SID(evidence_workload, sid, "run/workload*.c"),
	FIELD(evidence_workload, nested, "run/workload*.c"),
	FIELD(evidence_workload, dma, "run/workload*.c"),
	FIELD(evidence_workload, pages, "run/workload*.c"),
	FIELD(evidence_workload, page_bytes, "run/workload*.c"),
	FIELD(evidence_workload, mark, "run/workload*.c"),
	FIELD(evidence_workload, copies_at, "run/workload*.c"),
	FIELD(evidence_workload, pass_then, "observe/workload-signs.c"),
	FIELD(evidence_workload, copies_then, "observe/workload-signs.c"),
	FIELD(evidence_workload, pass_now, "observe/workload-signs.c"),
	FIELD(evidence_workload, copies_now, "observe/workload-signs.c"),
	FIELD(evidence_workload, seen_ns, "observe/workload-signs.c"),
	FIELD(evidence_workload, marked, "observe/workload-signs.c"),
	FIELD(evidence_workload, pass_low, "observe/workload-signs.c"),
	FIELD(evidence_workload, pass_high, "observe/workload-signs.c"),
	FIELD(evidence_workload, copies_last, "observe/workload-signs.c"),
	{ 0 },
};
ELEMENT(evidence_workload)

static const struct evidence_field evidence_function_fields[] = {
	SID(evidence_function, sid, "run/boot.c"),
	FIELD(evidence_function, bridge, "run/boot.c"),
	{ 0 },
};
ELEMENT(evidence_function)

static const struct evidence_field evidence_reservation_fields[] = {
	WORD(evidence_reservation, kernel, kernel_words, "evidence/kprobe-meaning.c"),
	SID(evidence_reservation, sid, "evidence/kprobe-meaning.c"),
	FIELD(evidence_reservation, sid_known, "evidence/kprobe-meaning.c"),
	FIELD(evidence_reservation, standing, "evidence/kprobe-meaning.c"),
	FIELD(evidence_reservation, start, "evidence/kprobe-meaning.c"),
	FIELD(evidence_reservation, last, "evidence/kprobe-meaning.c"),
	FIELD(evidence_reservation, guest_ns, "evidence/kprobe-meaning.c"),
	CHARS(evidence_reservation, who, "evidence/kprobe-meaning.c"),
	{ 0 },
};
ELEMENT(evidence_reservation)

const struct evidence_field evidence_kdump_context_fields[] = {
	SID(evidence_kdump_context, sid, "evidence/kdump-log.c"),
	FIELD(evidence_kdump_context, pasid, "evidence/kdump-log.c"),
	FIELD(evidence_kdump_context, scalable, "evidence/kdump-log.c"),
	FIELD(evidence_kdump_context, refused, "evidence/kdump-log.c"),
	WORD(evidence_kdump_context, type, evidence_kdump_types, "evidence/kdump-log.c"),
	WORD(evidence_kdump_context, result, result_words, "evidence/kdump-log.c"),
	FIELD(evidence_kdump_context, old_root, "evidence/kdump-log.c"),
	FIELD(evidence_kdump_context, new_root, "evidence/kdump-log.c"),
	FIELD(evidence_kdump_context, tables, "evidence/kdump-log.c"),
	FIELD(evidence_kdump_context, leaves, "evidence/kdump-log.c"),
	FIELD(evidence_kdump_context, ranges, "evidence/kdump-log.c"),
	FIELD(evidence_kdump_context, over, "evidence/kdump-log.c"),
	FIELD(evidence_kdump_context, shown, "evidence/kdump-log.c"),
	{ 0 },
};
ELEMENT(evidence_kdump_context)

const struct evidence_field evidence_kdump_copy_fields[] = {
	FIELD(evidence_kdump_copy, unit, "evidence/kdump-log.c", REPORTED),
	FIELD(evidence_kdump_copy, err, "evidence/kdump-log.c", REPORTED),
	FIELD(evidence_kdump_copy, contexts, "evidence/kdump-log.c", REPORTED),
	FIELD(evidence_kdump_copy, trees, "evidence/kdump-log.c", REPORTED),
	FIELD(evidence_kdump_copy, tables, "evidence/kdump-log.c", REPORTED),
	FIELD(evidence_kdump_copy, leaves, "evidence/kdump-log.c", REPORTED),
	FIELD(evidence_kdump_copy, ranges, "evidence/kdump-log.c", REPORTED),
	FIELD(evidence_kdump_copy, bytes, "evidence/kdump-log.c", REPORTED),
	FIELD(evidence_kdump_copy, t_scan_ns, "evidence/kdump-log.c", REPORTED),
	FIELD(evidence_kdump_copy, t_copy_ns, "evidence/kdump-log.c", REPORTED),
	FIELD(evidence_kdump_copy, t_total_ns, "evidence/kdump-log.c", REPORTED),
	{ 0 },
};
ELEMENT(evidence_kdump_copy)

const struct evidence_field evidence_kdump_device_fields[] = {
	WORD(evidence_kdump_device, what, device_words, "evidence/kdump-log.c"),
	SID(evidence_kdump_device, sid, "evidence/kdump-log.c"),
	FIELD(evidence_kdump_device, ranges, "evidence/kdump-log.c"),
	FIELD(evidence_kdump_device, pages, "evidence/kdump-log.c"),
	FIELD(evidence_kdump_device, spared, "evidence/kdump-log.c"),
	FIELD(evidence_kdump_device, failed, "evidence/kdump-log.c"),
	FIELD(evidence_kdump_device, over, "evidence/kdump-log.c"),
	FIELD(evidence_kdump_device, t_ns, "evidence/kdump-log.c"),
	{ 0 },
};
ELEMENT(evidence_kdump_device)

const struct evidence_field evidence_oracle_range_fields[] = {
	WORD(evidence_oracle_range, source, source_words, "evidence/kdump-*.c"),
	SID(evidence_oracle_range, sid, "evidence/kdump-*.c"),
	FIELD(evidence_oracle_range, pasid, "evidence/kdump-*.c"),
	FIELD(evidence_oracle_range, start, "evidence/kdump-*.c"),
	FIELD(evidence_oracle_range, last, "evidence/kdump-*.c"),
	FIELD(evidence_oracle_range, pa, "evidence/kdump-*.c"),
	{ 0 },
};
ELEMENT(evidence_oracle_range)

static const struct evidence_field evidence_oracle_fields[] = {
	WORD(evidence_oracle, source, source_words, "evidence/kdump-files.c"),
	SID(evidence_oracle, sid, "evidence/kdump-files.c"),
	FIELD(evidence_oracle, root, "evidence/kdump-files.c"),
	CHARS(evidence_oracle, problem, "evidence/kdump-files.c"),
	{ 0 },
};
ELEMENT(evidence_oracle)

static const struct evidence_field evidence_trace_fields[] = {
	WORD(evidence_trace, group, trace_group_words, "run/report.c"),
	FIELD(evidence_trace, seen, "run/report.c"),
	FIELD(evidence_trace, malformed, "run/report.c"),
	FIELD(evidence_trace, missing, "run/report.c"),
	{ 0 },
};
ELEMENT(evidence_trace)

const struct evidence_field evidence_fields[] = {
	ELSEWHERE(evidence, scenario, "evidence/evidence.c"), /* scenario.conf */
	FIELD(evidence, rig_error, "run/report.c"),
	FIELD(evidence, first_hello, "run/boot.c"),
	FIELD(evidence, first_failure, "run/reference.c"),
	FIELD(evidence, first_failure_device, "run/reference.c"),
	FIELD(evidence, reference, "run/reference.c"),
	FIELD(evidence, reference_failure, "run/reference.c"),
	FIELD(evidence, crash_loaded, "run/kexec.c"),
	FIELD(evidence, trace_events, "observe/iommu-events.c"),
	FIELD(evidence, trace_missing, "run/report.c"),
	LIST(evidence, traces, "run/report.c", evidence_trace),
	FIELD(evidence, first_release, "run/run.c"),
	FIELD(evidence, crash_release, "run/run.c"),
	FIELD(evidence, first_said, "observe/console-words.c"),
	FIELD(evidence, crash_said, "observe/console-words.c"),
	FIELD(evidence, leak_scans, "observe/kmemleak.c"),
	FIELD(evidence, leaks, "observe/kmemleak.c"),
	FIELD(evidence, leaks_failure, "observe/kmemleak.c"),
	FIELD(evidence, first_cmdline, "run/boot.c"),
	FIELD(evidence, group_types, "run/boot.c"),
	FIELD(evidence, crash_start, "observe/crash-memory.c"),
	FIELD(evidence, crash_end, "observe/crash-memory.c"),
	LIST(evidence, crash_ranges, "observe/crash-memory.c", evidence_range),
	FIELD(evidence, crash_told, "observe/crash-memory.c"),
	FIELD(evidence, jump_rip, "run/panic.c"),
	FIELD(evidence, trigger_ns, "run/panic.c"),
	FIELD(evidence, jump_ns, "run/panic.c"),
	FIELD(evidence, translation_dropped, "observe/iommu-events.c"),
	FIELD(evidence, root_switch_ns, "observe/iommu-events.c"),
	FIELD(evidence, crash_hello_ns, "run/panic.c"),
	FIELD(evidence, poweroff_ns, "run/poweroff.c"),
	FIELD(evidence, again_hello_ns, "run/poweroff.c"),
	FIELD(evidence, again_failure, "run/poweroff.c"),
	FIELD(evidence, crash_failure, "run/panic.c"),
	FIELD(evidence, crash_panicked, "run/panic.c"),
	FIELD(evidence, first_attempt, "run/run.c"),
	FIELD(evidence, at_panic, "observe/snapshot.c"),
	FIELD(evidence, copied, "observe/snapshot.c"),
	FIELD(evidence, end, "observe/snapshot.c"),
	FIELD(evidence, at_break, "observe/snapshot.c"),
	LIST(evidence, events, "observe/iommu-events.c", evidence_event),
	LIST(evidence, dma, "observe/dma-*.c", evidence_dma),
	LIST(evidence, devices, "run/boot.c", evidence_device),
	LIST(evidence, complaints, "observe/console-words.c", evidence_complaint),
	LIST(evidence, splats, "observe/console-words.c", evidence_splat),
	FIELD(evidence, splats_more, "observe/console-words.c"),
	LIST(evidence, requesters, "observe/iommu-events.c", evidence_requester),
	LIST(evidence, workloads, "run/workload*.c", evidence_workload),
	LIST(evidence, functions, "run/boot.c", evidence_function),
	LIST(evidence, reservations, "observe/kprobes.c", evidence_reservation),
	FIELD(evidence, reservations_lost, "observe/kprobes.c"),
	LIST(evidence, kdump_contexts, "evidence/kdump-log.c", evidence_kdump_context),
	LIST(evidence, kdump_copies, "evidence/kdump-log.c", evidence_kdump_copy),
	LIST(evidence, kdump_devices, "evidence/kdump-log.c", evidence_kdump_device),
	LIST(evidence, oracle_ranges, "evidence/kdump-*.c", evidence_oracle_range),
	LIST(evidence, oracles, "evidence/kdump-files.c", evidence_oracle),
	FIELD(evidence, kdump_lines, "evidence/kdump-log.c"),
	FIELD(evidence, kdump_hidden, "evidence/kdump-log.c"),
	FIELD(evidence, kdump_bad, "evidence/kdump-log.c"),
	FIELD(evidence, kdump_bad_line, "evidence/kdump-log.c"),
	FIELD(evidence, events_dropped, "observe/iommu-events.c"),
	FIELD(evidence, old_tables, "observe/snapshot.c"),
	FIELD(evidence, old_tables_sum, "observe/snapshot.c"),
	FIELD(evidence, crash_cmdline, "run/panic.c"),
	FIELD(evidence, canary_written, "run/boot.c"),
	FIELD(evidence, canary_read, "run/attach.c"),
	FIELD(evidence, canary_pa, "run/boot.c"),
	FIELD(evidence, dump_error, "run/attach.c"),
	{ 0 },
};

const struct evidence_struct evidence_structs[] = {
	{ "evidence_state", evidence_state_fields },
	{ "evidence_event", evidence_event_fields },
	{ "evidence_dma", evidence_dma_fields },
	{ "evidence_device", evidence_device_fields },
	{ "evidence_complaint", evidence_complaint_fields },
	{ "evidence_splat", evidence_splat_fields },
	{ "evidence_range", evidence_range_fields },
	{ "evidence_requester", evidence_requester_fields },
	{ "evidence_workload", evidence_workload_fields },
	{ "evidence_function", evidence_function_fields },
	{ "evidence_reservation", evidence_reservation_fields },
	{ "evidence_kdump_context", evidence_kdump_context_fields },
	{ "evidence_kdump_copy", evidence_kdump_copy_fields },
	{ "evidence_kdump_device", evidence_kdump_device_fields },
	{ "evidence_oracle_range", evidence_oracle_range_fields },
	{ "evidence_oracle", evidence_oracle_fields },
	{ "evidence_trace", evidence_trace_fields },
	{ "evidence", evidence_fields },
	{ 0 },
};
