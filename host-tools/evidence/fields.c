/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of everything that evidence.json holds. */
#include "evidence/fields.h"

#include <glib.h>
#include <string.h>

#include "evidence/evidence.h"

/* The type of a field follows from its C type; what has none of these types does not compile. */
#define TYPE_OF(s, m) \
	_Generic(((struct s *)0)->m,                                                              \
		bool: FIELD_BOOL,                                                                 \
		int: FIELD_INT,                                                                   \
		unsigned int: FIELD_UNSIGNED,                                                     \
		uint16_t: FIELD_U16,                                                              \
		char: FIELD_CHAR,                                                                 \
		int64_t: FIELD_NUMBER,                                                            \
		uint64_t: FIELD_HEX,                                                              \
		char *: FIELD_TEXT,                                                               \
		const char *: FIELD_STATIC,                                                       \
		struct evidence_state: FIELD_STATE,                                               \
		struct vtd_snapshot *: FIELD_SNAPSHOT)
#define FIELD(s, m)                                               \
	{                                                         \
#m, TYPE_OF(s, m), offsetof(struct s, m), NULL, 0 \
	}
#define CHARS(s, m)                                                                      \
	{                                                                                \
#m, FIELD_CHARS, offsetof(struct s, m), NULL, sizeof(((struct s *)0)->m) \
	}
#define KIND(s, m)                                             \
	{                                                      \
#m, FIELD_KIND, offsetof(struct s, m), NULL, 0 \
	}
#define LIST(s, m, of)                                                                 \
	{                                                                              \
#m, FIELD_ARRAY, offsetof(struct s, m), of##_fields, sizeof(struct of) \
	}
#define ELSEWHERE(s, m)                                             \
	{                                                           \
#m, FIELD_ELSEWHERE, offsetof(struct s, m), NULL, 0 \
	}

const struct evidence_field evidence_state_fields[] = {
	FIELD(evidence_state, host_ns),
	FIELD(evidence_state, frozen_ns),
	ELSEWHERE(evidence_state, has_regs), /* there is a "regs" */
	ELSEWHERE(evidence_state, regs),
	FIELD(evidence_state, root),
	FIELD(evidence_state, ttm),
	ELSEWHERE(evidence_state, walk),     /* there is a "snapshot" */
	ELSEWHERE(evidence_state, snapshot), /* the same */
	{ 0 },
};

const struct evidence_field evidence_event_fields[] = {
	KIND(evidence_event, kind), FIELD(evidence_event, host_ns), FIELD(evidence_event, addr),
	FIELD(evidence_event, sid), FIELD(evidence_event, reason),  FIELD(evidence_event, on),
	FIELD(evidence_event, did), FIELD(evidence_event, pasid),   { 0 },
};

const struct evidence_field evidence_dma_fields[] = {
	FIELD(evidence_dma, sid),
	FIELD(evidence_dma, what),
	FIELD(evidence_dma, sent),
	FIELD(evidence_dma, landed_before_copy),
	FIELD(evidence_dma, landed_after_copy),
	FIELD(evidence_dma, no_room),
	FIELD(evidence_dma, lost),
	FIELD(evidence_dma, misplaced),
	FIELD(evidence_dma, problem),
	{ 0 },
};

const struct evidence_field evidence_device_fields[] = {
	FIELD(evidence_device, bdf),
	FIELD(evidence_device, sid),
	FIELD(evidence_device, has_alias),
	FIELD(evidence_device, alias_sid),
	FIELD(evidence_device, driver),
	FIELD(evidence_device, wanted),
	FIELD(evidence_device, first_translated),
	FIELD(evidence_device, group_type),
	FIELD(evidence_device, driver_ns),
	FIELD(evidence_device, unchanged_ns),
	FIELD(evidence_device, attach_ns),
	FIELD(evidence_device, reset_ns),
	FIELD(evidence_device, first_dma_ns),
	FIELD(evidence_device, after),
	FIELD(evidence_device, works),
	FIELD(evidence_device, works_detail),
	{ 0 },
};

const struct evidence_field evidence_requester_fields[] = {
	FIELD(evidence_requester, sid),
	FIELD(evidence_requester, first_ns),
	FIELD(evidence_requester, last_ns),
	FIELD(evidence_requester, count),
	{ 0 },
};

const struct evidence_field evidence_workload_fields[] = {
	FIELD(evidence_workload, sid),
	FIELD(evidence_workload, nested),
	FIELD(evidence_workload, dma),
	FIELD(evidence_workload, pages),
	FIELD(evidence_workload, page_bytes),
	FIELD(evidence_workload, mark),
	FIELD(evidence_workload, copies_at),
	FIELD(evidence_workload, pass_then),
	FIELD(evidence_workload, copies_then),
	FIELD(evidence_workload, pass_now),
	FIELD(evidence_workload, copies_now),
	FIELD(evidence_workload, seen_ns),
	FIELD(evidence_workload, marked),
	FIELD(evidence_workload, pass_low),
	FIELD(evidence_workload, pass_high),
	FIELD(evidence_workload, copies_last),
	{ 0 },
};

const struct evidence_field evidence_function_fields[] = {
	FIELD(evidence_function, sid),
	FIELD(evidence_function, bridge),
	{ 0 },
};

const struct evidence_field evidence_reservation_fields[] = {
	FIELD(evidence_reservation, kernel),
	FIELD(evidence_reservation, sid),
	FIELD(evidence_reservation, sid_known),
	FIELD(evidence_reservation, standing),
	FIELD(evidence_reservation, start),
	FIELD(evidence_reservation, last),
	FIELD(evidence_reservation, guest_ns),
	CHARS(evidence_reservation, who),
	{ 0 },
};

const struct evidence_field evidence_kdump_context_fields[] = {
	FIELD(evidence_kdump_context, sid),	 FIELD(evidence_kdump_context, pasid),
	FIELD(evidence_kdump_context, scalable), FIELD(evidence_kdump_context, refused),
	CHARS(evidence_kdump_context, type),	 CHARS(evidence_kdump_context, result),
	FIELD(evidence_kdump_context, old_root), FIELD(evidence_kdump_context, new_root),
	FIELD(evidence_kdump_context, tables),	 FIELD(evidence_kdump_context, leaves),
	FIELD(evidence_kdump_context, ranges),	 FIELD(evidence_kdump_context, over),
	FIELD(evidence_kdump_context, shown),	 { 0 },
};

const struct evidence_field evidence_kdump_copy_fields[] = {
	FIELD(evidence_kdump_copy, unit),	FIELD(evidence_kdump_copy, err),
	FIELD(evidence_kdump_copy, contexts),	FIELD(evidence_kdump_copy, trees),
	FIELD(evidence_kdump_copy, tables),	FIELD(evidence_kdump_copy, leaves),
	FIELD(evidence_kdump_copy, ranges),	FIELD(evidence_kdump_copy, bytes),
	FIELD(evidence_kdump_copy, t_scan_ns),	FIELD(evidence_kdump_copy, t_copy_ns),
	FIELD(evidence_kdump_copy, t_total_ns), { 0 },
};

const struct evidence_field evidence_kdump_device_fields[] = {
	FIELD(evidence_kdump_device, what),  FIELD(evidence_kdump_device, sid),	   FIELD(evidence_kdump_device, ranges),
	FIELD(evidence_kdump_device, pages), FIELD(evidence_kdump_device, spared), FIELD(evidence_kdump_device, failed),
	FIELD(evidence_kdump_device, over),  FIELD(evidence_kdump_device, t_ns),   { 0 },
};

const struct evidence_field evidence_oracle_range_fields[] = {
	FIELD(evidence_oracle_range, source),
	FIELD(evidence_oracle_range, sid),
	FIELD(evidence_oracle_range, pasid),
	FIELD(evidence_oracle_range, start),
	FIELD(evidence_oracle_range, last),
	FIELD(evidence_oracle_range, pa),
	{ 0 },
};

const struct evidence_field evidence_oracle_fields[] = {
	FIELD(evidence_oracle, source),
	FIELD(evidence_oracle, sid),
	FIELD(evidence_oracle, root),
	CHARS(evidence_oracle, problem),
	{ 0 },
};

const struct evidence_field evidence_trace_fields[] = {
	FIELD(evidence_trace, group),
	FIELD(evidence_trace, seen),
	FIELD(evidence_trace, malformed),
	FIELD(evidence_trace, missing),
	{ 0 },
};

const struct evidence_field evidence_fields[] = {
	ELSEWHERE(evidence, scenario), /* scenario.conf */
	FIELD(evidence, rig_error),
	FIELD(evidence, first_hello),
	FIELD(evidence, crash_loaded),
	FIELD(evidence, trace_events),
	FIELD(evidence, trace_missing),
	LIST(evidence, traces, evidence_trace),
	FIELD(evidence, first_cmdline),
	FIELD(evidence, group_types),
	FIELD(evidence, crash_start),
	FIELD(evidence, crash_end),
	FIELD(evidence, jump_rip),
	FIELD(evidence, trigger_ns),
	FIELD(evidence, jump_ns),
	FIELD(evidence, translation_dropped),
	FIELD(evidence, root_switch_ns),
	FIELD(evidence, crash_hello_ns),
	FIELD(evidence, poweroff_ns),
	FIELD(evidence, again_hello_ns),
	FIELD(evidence, again_failure),
	FIELD(evidence, crash_failure),
	FIELD(evidence, crash_panicked),
	FIELD(evidence, at_panic),
	FIELD(evidence, copied),
	FIELD(evidence, end),
	LIST(evidence, events, evidence_event),
	LIST(evidence, dma, evidence_dma),
	LIST(evidence, devices, evidence_device),
	LIST(evidence, requesters, evidence_requester),
	LIST(evidence, workloads, evidence_workload),
	LIST(evidence, functions, evidence_function),
	LIST(evidence, reservations, evidence_reservation),
	FIELD(evidence, reservations_lost),
	LIST(evidence, kdump_contexts, evidence_kdump_context),
	LIST(evidence, kdump_copies, evidence_kdump_copy),
	LIST(evidence, kdump_devices, evidence_kdump_device),
	LIST(evidence, oracle_ranges, evidence_oracle_range),
	LIST(evidence, oracles, evidence_oracle),
	FIELD(evidence, kdump_lines),
	FIELD(evidence, kdump_hidden),
	FIELD(evidence, kdump_bad),
	FIELD(evidence, kdump_bad_line),
	FIELD(evidence, events_dropped),
	FIELD(evidence, old_tables),
	FIELD(evidence, crash_cmdline),
	FIELD(evidence, canary_written),
	FIELD(evidence, canary_read),
	FIELD(evidence, canary_pa),
	FIELD(evidence, dump_error),
	{ 0 },
};

const struct evidence_struct evidence_structs[] = {
	{ "evidence_state", evidence_state_fields },
	{ "evidence_event", evidence_event_fields },
	{ "evidence_dma", evidence_dma_fields },
	{ "evidence_device", evidence_device_fields },
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

static const struct {
	int kind;
	const char *word;
} kinds[] = {
	{ EVENT_ROOT, "root" },
	{ EVENT_TRANSLATION, "translation" },
	{ EVENT_FAULT, "fault" },
	{ EVENT_FAULT_DISABLED, "fault_disabled" },
	{ EVENT_CC_GLOBAL, "cc_global" },
	{ EVENT_CC_DOMAIN, "cc_domain" },
	{ EVENT_CC_DEVICE, "cc_device" },
	{ EVENT_IOTLB_GLOBAL, "iotlb_global" },
	{ EVENT_IOTLB_DOMAIN, "iotlb_domain" },
	{ EVENT_IOTLB_PASID, "iotlb_pasid" },
	{ EVENT_IR_ROOT, "ir_root" },
	{ EVENT_IR_ENABLE, "ir_enable" },
};

const char *evidence_kind_word(int kind)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (kinds[i].kind == kind)
			return kinds[i].word;
	return NULL;
}

int evidence_kind_find(const char *word)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strcmp(kinds[i].word, word) == 0)
			return kinds[i].kind;
	return -1;
}
