/* SPDX-License-Identifier: GPL-2.0-only */
/* Evidence: making, freeing, and the few questions that several checks ask of it. */
#include "evidence/evidence.h"

#include <errno.h>
#include <string.h>

#include "base/cmdline.h"
#include "evidence/fields.h"
#include "iommu/ranges.h"

void evidence_state_regs(struct evidence_state *state, const uint64_t regs[IOMMU_REGS_WORDS])
{
	memcpy(state->regs, regs, sizeof(state->regs));
	state->has_regs = true;
}

void evidence_state_clear(struct evidence_state *state)
{
	iommu_walk_free(state->walk);
	iommu_snapshot_free(state->snapshot);
	memset(state, 0, sizeof(*state));
}

/* Does anything of a struct with these @fields have to be freed? */
static bool owns(const struct evidence_field *fields)
{
	for (; fields->name; fields++)
		if (fields->type == FIELD_TEXT || fields->type == FIELD_STATE || fields->type == FIELD_SNAPSHOT)
			return true;
	return false;
}

void evidence_clear(void *base, const struct evidence_field *fields)
{
	for (const struct evidence_field *f = fields; f->name; f++) {
		void *p = (char *)base + f->offset;

		if (f->type == FIELD_TEXT)
			g_free(*(char **)p);
		else if (f->type == FIELD_STATE)
			evidence_state_clear(p);
		else if (f->type == FIELD_SNAPSHOT)
			iommu_snapshot_free(*(struct iommu_snapshot **)p);
		else if (f->type == FIELD_ARRAY)
			g_array_unref(*(GArray **)p);
	}
}

struct evidence *evidence_new(const struct scenario *scenario)
{
	struct evidence *ev = g_new0(struct evidence, 1);

	ev->scenario = scenario;
	for (const struct evidence_field *f = evidence_fields; f->name; f++) {
		GArray **array = (GArray **)(void *)((char *)ev + f->offset);

		if (f->type != FIELD_ARRAY)
			continue;
		*array = g_array_new(FALSE, TRUE, (guint)f->size);
		if (owns(f->element))
			g_array_set_clear_func(*array, f->clear);
	}
	return ev;
}

void evidence_free(struct evidence *ev)
{
	if (ev)
		evidence_clear(ev, evidence_fields);
	g_free(ev);
}

struct evidence_device *evidence_device_find(const struct evidence *ev, uint16_t sid)
{
	struct evidence_device *alias = NULL;

	for_each_evidence(struct evidence_device, dev, ev->devices) {
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
	if (!dev->unchanged_ns)
		return NULL;
	for_each_evidence(const struct evidence_event, e, ev->events) {
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

bool evidence_copied_late(const struct evidence *ev, uint16_t *sid)
{
	int64_t from = ev->root_switch_ns, to = ev->copied.host_ns;

	if (!from || ev->translation_dropped)
		return false;
	for_each_evidence(const struct evidence_device, dev, ev->devices) {
		/* a wrong copy shows as a change at once: only one that was seen unchanged after the copy is an attach */
		bool changed = dev->attach_ns && dev->attach_ns <= to && dev->unchanged_ns >= from;

		*sid = dev->sid;
		if (changed || (dev->reset_ns >= from && dev->reset_ns <= to) ||
		    (dev->driver_ns && dev->driver_ns <= to))
			return true;
	}
	for_each_evidence(const struct evidence_event, e, ev->events) {
		*sid = e->sid;
		if (e->kind == EVENT_CC_DEVICE && e->host_ns >= from && e->host_ns <= to)
			return true;
	}
	return false;
}

/* The last of two words in a list with commas: true for @yes, false for @no, @before for neither. */
static bool last_of(const char *list, const char *yes, const char *no, bool before)
{
	g_auto(GStrv) words = g_strsplit(list, ",", -1);

	for (char **word = words; *word; word++)
		if (strcmp(*word, yes) == 0 || strcmp(*word, no) == 0)
			before = strcmp(*word, yes) == 0;
	return before;
}

unsigned evidence_first_faults(const struct evidence *ev, int sid)
{
	unsigned faults = 0;

	for_each_evidence(const struct evidence_event, e, ev->events)
		faults += e->kind == EVENT_FAULT && (sid == EVIDENCE_ANY || e->sid == sid) &&
			  (!ev->trigger_ns || e->host_ns < ev->trigger_ns);
	return faults;
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
		else if (iommu)
			on = last_of(iommu, "pt", "nopt", on);
		g_free(word);
	}
	return on;
}

enum machine_iommu_mode evidence_mode(const struct evidence *ev)
{
	const char *cmdline = ev->first_cmdline ? ev->first_cmdline : ev->scenario->first.cmdline;
	enum machine_iommu_mode mode = ev->scenario->iommu.mode;
	bool scalable = mode != MACHINE_IOMMU_LEGACY;
	char *word;

	if (mode == MACHINE_IOMMU_OFF)
		return mode;
	while ((word = cmdline_next(&cmdline))) {
		const char *is = cmdline_is(word, "intel_iommu");

		if (is)
			scalable = last_of(is, "sm_on", "sm_off", scalable);
		g_free(word);
	}
	if (!scalable)
		return MACHINE_IOMMU_LEGACY;
	return mode == MACHINE_IOMMU_LEGACY ? MACHINE_IOMMU_SCALABLE : mode;
}

const struct iommu_walk *evidence_state_tables(const struct evidence *ev, const struct evidence_state *state)
{
	bool down = ev->poweroff_ns && state->host_ns >= ev->poweroff_ns && !ev->translation_dropped;

	if (!state->walk || state->walk->truncated)
		return NULL;
	return down || state->walk->iommu->translating(state->regs) ? state->walk : NULL;
}

/* May the crash kernel have more than is known? Only its own memory map tells what it got of crashkernel=,cma. */
static bool has_told_all(const struct evidence *ev)
{
	const char *cmdline = ev->first_cmdline ? ev->first_cmdline : "";
	bool more = false;
	char *word;

	while (!ev->crash_told && (word = cmdline_next(&cmdline))) {
		more |= cmdline_is(word, "crashkernel") && g_str_has_suffix(word, ",cma");
		g_free(word);
	}
	return !more;
}

enum evidence_owner evidence_owner(const struct evidence *ev, uint64_t pa)
{
	if (!ev->crash_end)
		return OWNER_UNKNOWN;
	if (pa >= ev->crash_start && pa <= ev->crash_end)
		return OWNER_CRASH;
	for_each_evidence(const struct evidence_range, r, ev->crash_ranges)
		if (pa >= r->start && pa <= r->last)
			return OWNER_CRASH;
	return has_told_all(ev) ? OWNER_OTHER : OWNER_UNKNOWN;
}

bool evidence_crash_memory(const struct evidence *ev, struct iommu_ranges *out)
{
	int err;

	if (!ev->crash_end)
		return false;
	err = iommu_ranges_add(out, ev->crash_start, ev->crash_end);
	for_each_evidence(const struct evidence_range, r, ev->crash_ranges)
		err = err == -ENOMEM ? err : iommu_ranges_add(out, r->start, r->last);
	if (err == -ENOMEM)
		g_error("out of memory");
	return has_told_all(ev);
}

const char *evidence_kdump_asked(const struct evidence *ev)
{
	static const char *const known[] = { "deep", "reserve", "log" };
	const char *cmdline = ev->crash_cmdline ? ev->crash_cmdline : ev->scenario->crash.cmdline;
	g_autofree char *mode = cmdline_kdump_mode(cmdline);

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

bool evidence_is_lab(const struct evidence *ev, enum evidence_kernel kernel)
{
	const char *release = kernel == EVIDENCE_FIRST ? ev->first_release : ev->crash_release;

	return release && strstr(release, "-lab");
}
