/* SPDX-License-Identifier: GPL-2.0-only */
/* What is done to recorded runs to see that a check notices. */
#ifndef META_MUTATIONS_H
#define META_MUTATIONS_H

#include <stdbool.h>

#include "world.h"

/* What a recorded run is first turned into, still without a fault, where no recorded run is like that. */
enum variant {
	AS_RECORDED,
	WITH_SUPERPAGE, /* a mapping of 2 MiB more, in every snapshot */
	RESERVING,	/* as of a kernel that reserves the dead kernel's IOVAs */
	DEEP,		/* as of a kernel that copies all tables into its own memory */
	TELLING,	/* as of a lab kernel that tells what it finds, and reserves it */
	OF_LAB,		/* as of a kernel of the lab's own, whose console is seen */
	VARIANTS,
};

struct mutation {
	const char *name;  /* what is done, in a few words */
	const char *check; /* the check that must fail */
	enum variant variant;
	/* false: this run has nothing of the kind */
	bool (*apply)(struct world *w);
	const char *corruption; /* instead of @apply: of corrupt/corrupt.h, to the tables after the copy */
};

/* Tables, ended by an entry whose name is NULL. */
extern const struct mutation table_mutations[], event_mutations[], outcome_mutations[];

const char *variant_name(enum variant variant);
/* variant_make - turn a recorded run into one of the kind; false if it cannot be. */
bool variant_make(struct world *w, enum variant variant);

/* For all files of mutations. */
struct evidence_device *first_wanted(const struct world *w);
/* Removes the events of [@from, @to] for which @doomed holds; how many. */
unsigned remove_events(struct evidence *ev, int64_t from, int64_t to, bool (*doomed)(const struct evidence_event *));
/* Adds an event at its place in time. */
void add_event(struct evidence *ev, struct evidence_event event);

#endif
