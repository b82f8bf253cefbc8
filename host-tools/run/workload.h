/* SPDX-License-Identifier: GPL-2.0-only */
/* What a kind of first.workload does in the guest. Private to run/. */
#ifndef VTDLAB_RUN_WORKLOAD_H
#define VTDLAB_RUN_WORKLOAD_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "conf/workload.h"

struct attempt;
struct evidence_workload;
struct iommu_events;

struct workload_ops {
	const struct workload_kind *kind;
	const char *program;
	bool kvm;	  /* it needs KVM in the first kernel */
	const char *took; /* the member of its report that says how long mapping took, ns */
	/* argv without the program itself, appended. */
	void (*arguments)(const struct workload *w, JsonArray *argv);
	/* Its one line of JSON, for the checks; false: it is not of what was asked for. */
	bool (*take)(const struct workload *w, JsonObject *report, struct evidence_workload *e);
	/* What the phase's line shows; owned by the caller. */
	char *(*summary)(const struct workload *w, JsonObject *report);
	/* Signs of life that the host finds by itself, before the panic and at it; NULL: there are none. */
	bool (*alive)(struct attempt *a, const struct iommu_events *iommu, GError **error);
	void (*at_panic)(struct attempt *a);
};

extern const struct workload_ops workload_ops_vfio_map, workload_ops_nested;

/*
 * workload_ops_of - of the workload of a scenario that was checked, which goes to @w (may be NULL); NULL: there is
 * none.
 */
const struct workload_ops *workload_ops_of(const struct scenario *sc, struct workload *w);

#endif
