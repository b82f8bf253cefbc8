/* SPDX-License-Identifier: GPL-2.0-only */
/* Evidence: making, freeing, and the few questions that several checks ask of it. */
#include "evidence/evidence.h"

#include <stdio.h>
#include <string.h>

#include "base/cmdline.h"
#include "vtd/snapshot.h"
#include "vtd/walk.h"

void evidence_state_clear(struct evidence_state *state)
{
	vtd_walk_free(state->walk);
	vtd_snapshot_free(state->snapshot);
	memset(state, 0, sizeof(*state));
}

static void device_clear(void *p)
{
	struct evidence_device *dev = p;

	g_free(dev->bdf);
	g_free(dev->driver);
	g_free(dev->group_type);
	g_free(dev->works_detail);
	evidence_state_clear(&dev->after);
}

static void dma_clear(void *p)
{
	struct evidence_dma *dma = p;

	g_free(dma->problem);
}

struct evidence *evidence_new(const struct scenario *scenario)
{
	struct evidence *ev = g_new0(struct evidence, 1);

	ev->scenario = scenario;
	ev->events = g_array_new(FALSE, TRUE, sizeof(struct evidence_event));
	ev->dma = g_array_new(FALSE, TRUE, sizeof(struct evidence_dma));
	g_array_set_clear_func(ev->dma, dma_clear);
	ev->devices = g_array_new(FALSE, TRUE, sizeof(struct evidence_device));
	g_array_set_clear_func(ev->devices, device_clear);
	ev->requesters = g_array_new(FALSE, TRUE, sizeof(struct evidence_requester));
	ev->workloads = g_array_new(FALSE, TRUE, sizeof(struct evidence_workload));
	ev->functions = g_array_new(FALSE, TRUE, sizeof(struct evidence_function));
	ev->reservations = g_array_new(FALSE, TRUE, sizeof(struct evidence_reservation));
	ev->kdump_contexts = g_array_new(FALSE, TRUE, sizeof(struct evidence_kdump_context));
	ev->kdump_copies = g_array_new(FALSE, TRUE, sizeof(struct evidence_kdump_copy));
	ev->kdump_devices = g_array_new(FALSE, TRUE, sizeof(struct evidence_kdump_device));
	ev->oracle_ranges = g_array_new(FALSE, TRUE, sizeof(struct evidence_oracle_range));
	ev->oracles = g_array_new(FALSE, TRUE, sizeof(struct evidence_oracle));
	return ev;
}

void evidence_free(struct evidence *ev)
{
	if (!ev)
		return;
	evidence_state_clear(&ev->at_panic);
	evidence_state_clear(&ev->copied);
	evidence_state_clear(&ev->end);
	g_array_unref(ev->events);
	g_array_unref(ev->dma);
	g_array_unref(ev->devices);
	g_array_unref(ev->requesters);
	g_array_unref(ev->workloads);
	g_array_unref(ev->functions);
	g_array_unref(ev->reservations);
	g_array_unref(ev->kdump_contexts);
	g_array_unref(ev->kdump_copies);
	g_array_unref(ev->kdump_devices);
	g_array_unref(ev->oracle_ranges);
	g_array_unref(ev->oracles);
	g_free(ev->kdump_bad_line);
	vtd_snapshot_free(ev->old_tables);
	g_free(ev->rig_error);
	g_free(ev->trace_missing);
	g_free(ev->first_cmdline);
	g_free(ev->crash_cmdline);
	g_free(ev->group_types);
	g_free(ev->crash_failure);
	g_free(ev->again_failure);
	g_free(ev->canary_written);
	g_free(ev->canary_read);
	g_free(ev->dump_error);
	g_free(ev);
}

struct evidence_device *evidence_device_find(const struct evidence *ev, uint16_t sid)
{
	struct evidence_device *alias = NULL;

	for (unsigned i = 0; i < ev->devices->len; i++) {
		struct evidence_device *dev = &g_array_index(ev->devices, struct evidence_device, i);

		if (dev->sid == sid)
			return dev;
		if (dev->has_alias && dev->alias_sid == sid)
			alias = dev;
	}
	return alias;
}

bool evidence_invalidates_context(const struct evidence_event *e, uint16_t sid)
{
	return e->kind == EVENT_CC_GLOBAL || (e->kind == EVENT_CC_DEVICE && ((e->sid ^ sid) & ~(e->addr & 7)) == 0);
}

/* Between two looks of the host, the invalidation of the entry tells when it was changed. */
static const struct evidence_event *change_event(const struct evidence *ev, const struct evidence_device *dev)
{
	for (unsigned i = 0; dev->unchanged_ns && i < ev->events->len; i++) {
		const struct evidence_event *e = &g_array_index(ev->events, struct evidence_event, i);

		if (e->host_ns > dev->unchanged_ns && e->host_ns <= dev->attach_ns &&
		    (evidence_invalidates_context(e, dev->sid) ||
		     (dev->has_alias && evidence_invalidates_context(e, dev->alias_sid))))
			return e;
	}
	return NULL;
}

int64_t evidence_attach_ns(const struct evidence *ev, uint16_t sid)
{
	const struct evidence_device *dev = evidence_device_find(ev, sid);
	const struct evidence_event *change;

	if (dev && (dev->reset_ns || dev->driver_ns)) {
		change = change_event(ev, dev);
		return MAX(change ? change->host_ns : dev->attach_ns, dev->reset_ns ? dev->reset_ns : dev->driver_ns);
	}
	return ev->poweroff_ns ? ev->poweroff_ns : INT64_MAX;
}

bool evidence_attached(const struct evidence *ev, uint16_t sid, int64_t when)
{
	const struct evidence_device *dev = evidence_device_find(ev, sid);
	int64_t taken = !dev ? 0 : dev->reset_ns ? dev->reset_ns : dev->driver_ns;

	if (!taken || (dev->unchanged_ns && when > dev->unchanged_ns && when < dev->attach_ns))
		return when >= evidence_attach_ns(ev, sid);
	return when >= MAX(dev->attach_ns, taken);
}

bool evidence_attach_undated(const struct evidence *ev, uint16_t sid, int64_t when)
{
	const struct evidence_device *dev = evidence_device_find(ev, sid);

	return dev && dev->unchanged_ns && when > dev->unchanged_ns && when < dev->attach_ns && !change_event(ev, dev);
}

/* As drivers/iommu/iommu.c and arch/x86/kernel/pci-dma.c read it: the last word that says anything counts. */
bool evidence_passthrough(const struct evidence *ev)
{
	const char *cmdline = ev->first_cmdline ? ev->first_cmdline : ev->scenario->first.cmdline;
	bool on = false;
	char *word;

	while ((word = cmdline_next(&cmdline))) {
		const char *is = cmdline_is(word, "iommu.passthrough"), *iommu = cmdline_is(word, "iommu");

		if (is)
			cmdline_bool(is, &on);
		else if (g_strcmp0(iommu, "pt") == 0 || g_strcmp0(iommu, "nopt") == 0)
			on = *iommu == 'p';
		g_free(word);
	}
	return on;
}

const char *evidence_kdump_asked(const struct evidence *ev)
{
	static const char *const known[] = { "deep", "reserve", "log" };
	const char *cmdline = ev->crash_cmdline ? ev->crash_cmdline : ev->scenario->crash.cmdline;
	g_autofree char *mode = cmdline_value(cmdline, "intel_iommu_kdump");

	for (unsigned i = 0; i < G_N_ELEMENTS(known); i++)
		if (g_strcmp0(mode, known[i]) == 0)
			return known[i];
	return NULL;
}

const char *evidence_kdump_mode(const struct evidence *ev)
{
	const char *mode = evidence_kdump_asked(ev);

	return g_strcmp0(mode, "log") == 0 ? NULL : mode;
}
