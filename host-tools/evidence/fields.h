/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fields of struct evidence and its parts, as one table that writing, reading and the tests go by. A
 * field of evidence.h that is not here fails tests/unit/test-evidence-file.c.
 */
#ifndef VTDLAB_EVIDENCE_FIELDS_H
#define VTDLAB_EVIDENCE_FIELDS_H

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/words.h"

enum evidence_type {
	FIELD_BOOL,
	FIELD_INT,	/* int */
	FIELD_UNSIGNED, /* unsigned int */
	FIELD_U16,
	FIELD_SID,	 /* uint16_t: a requester id */
	FIELD_NUMBER,	 /* int64_t: times, a number in JSON */
	FIELD_HEX,	 /* uint64_t: addresses and counts, "0x..." in JSON */
	FIELD_TEXT,	 /* char *, owned, NULL allowed */
	FIELD_STATIC,	 /* const char *, never freed */
	FIELD_CHARS,	 /* char[size], ended by NUL */
	FIELD_WORD,	 /* an enum: a word of @words in JSON; a value that has none is left out */
	FIELD_ARRAY,	 /* GArray * of @element */
	FIELD_STATE,	 /* struct evidence_state */
	FIELD_SNAPSHOT,	 /* struct iommu_snapshot *, owned: the name of its file in JSON */
	FIELD_ELSEWHERE, /* kept in another way: the scenario, registers, walks */
};

struct evidence_field {
	const char *name; /* of the member and of the JSON key; NULL ends a table */
	enum evidence_type type;
	size_t offset;
	const struct evidence_field *element; /* ARRAY: what its elements hold */
	size_t size;			      /* ARRAY: of an element; CHARS: of the array */
	void (*clear)(void *element);	      /* ARRAY: frees what an element owns */
	const struct word *words;	      /* WORD */
	const char *writer;		      /* the file of host-tools/ that sets it, may hold "*" */
	const char *report;		      /* the key in run.json, "" as @name; NULL: not in it */
};

extern const struct evidence_field evidence_fields[], evidence_state_fields[], evidence_event_fields[],
	evidence_dma_fields[], evidence_device_fields[], evidence_kdump_context_fields[], evidence_kdump_copy_fields[],
	evidence_kdump_device_fields[], evidence_oracle_range_fields[];

/* All tables by the name of their struct, ended by NULL: for the tests. */
struct evidence_struct {
	const char *name;
	const struct evidence_field *fields;
};
extern const struct evidence_struct evidence_structs[];

/* Words of enum evidence_kdump_type. */
extern const struct word evidence_kdump_types[];

/* evidence_clear - frees what the fields of @base own; they are not usable then. */
void evidence_clear(void *base, const struct evidence_field *fields);

/*
 * evidence_numbers - the fields of @base for run.json, by the keys it has there; the caller owns the object.
 */
JsonObject *evidence_numbers(const void *base, const struct evidence_field *fields);

#endif
