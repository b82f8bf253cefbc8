/* SPDX-License-Identifier: GPL-2.0-only */
/* The fault reasons of VT-d (specification, chapter "Fault Conditions"), by what they are about. */
#ifndef VTDLAB_EXPLAIN_REASON_H
#define VTDLAB_EXPLAIN_REASON_H

enum explain_kind {
	EXPLAIN_KIND_UNKNOWN,
	EXPLAIN_KIND_ENTRY,	 /* no root, context or PASID entry for the requester */
	EXPLAIN_KIND_PERMISSION, /* the page tables do not let it pass: no mapping, or one without this access */
	EXPLAIN_KIND_UNMAPPED,	 /* there is no mapping */
	EXPLAIN_KIND_CORRUPT,	 /* an entry or a pointer that cannot be right */
	EXPLAIN_KIND_WIDTH,	 /* an address beyond what the tables can have */
	EXPLAIN_KIND_BLOCKED,	 /* an entry forbids this kind of request */
	EXPLAIN_KIND_INTERRUPT,	 /* interrupt remapping */
};

struct explain_reason {
	int reason;
	enum explain_kind kind;
	const char *what; /* "no context entry" */
};

/* explain_reason_of - never NULL: a reason that is unknown, or -1, has a row that says so. */
const struct explain_reason *explain_reason_of(int reason);

#endif
