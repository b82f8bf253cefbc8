/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fields of struct evidence and its parts, as one table that writing, reading and the tests go by. A
 * field of evidence.h that is not here fails tests/unit/test-evidence-file.c.
 */
#ifndef VTDLAB_EVIDENCE_FIELDS_H
#define VTDLAB_EVIDENCE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

enum evidence_type {
	FIELD_BOOL,
	FIELD_INT,	/* int */
	FIELD_UNSIGNED, /* unsigned int */
	FIELD_U16,
	FIELD_NUMBER,	 /* int64_t: times, a number in JSON */
	FIELD_HEX,	 /* uint64_t: addresses and counts, "0x..." in JSON */
	FIELD_TEXT,	 /* char *, owned, NULL allowed */
	FIELD_STATIC,	 /* const char *, never freed */
	FIELD_CHAR,	 /* char, one ASCII character */
	FIELD_CHARS,	 /* char[size], ended by NUL */
	FIELD_KIND,	 /* enum evidence_event_kind, a word in JSON */
	FIELD_ARRAY,	 /* GArray * of @element */
	FIELD_STATE,	 /* struct evidence_state */
	FIELD_SNAPSHOT,	 /* struct vtd_snapshot *, owned: the name of its file in JSON */
	FIELD_ELSEWHERE, /* kept in another way: the scenario, registers, walks */
};

struct evidence_field {
	const char *name; /* of the member and of the JSON key; NULL ends a table */
	enum evidence_type type;
	size_t offset;
	const struct evidence_field *element; /* ARRAY: what its elements hold */
	size_t size;			      /* ARRAY: of an element; CHARS: of the array */
};

extern const struct evidence_field evidence_fields[], evidence_state_fields[], evidence_event_fields[],
	evidence_dma_fields[], evidence_device_fields[], evidence_requester_fields[], evidence_workload_fields[],
	evidence_function_fields[], evidence_reservation_fields[], evidence_kdump_context_fields[],
	evidence_kdump_copy_fields[], evidence_kdump_device_fields[], evidence_oracle_range_fields[],
	evidence_oracle_fields[], evidence_trace_fields[];

/* All tables by the name of their struct, ended by NULL: for the tests. */
struct evidence_struct {
	const char *name;
	const struct evidence_field *fields;
};
extern const struct evidence_struct evidence_structs[];

/* evidence_kind_word - "root" for EVENT_ROOT; NULL: there is no such kind. */
const char *evidence_kind_word(int kind);
/* evidence_kind_find - the kind of a word, or -1. */
int evidence_kind_find(const char *word);

#endif
