/* SPDX-License-Identifier: GPL-2.0-only */
/* What the events of a trace mean: how long the copy took, who reserved which IOVAs. */
#include "evidence/kprobe-trace.h"

#include "base/sid.h"
#include "evidence/evidence.h"

#define PAGE 4096

struct probe_times probe_times(const struct probe_trace *t, uint64_t old_root)
{
	struct probe_times times = { -1, -1, -1, -1, 0 };
	int pid = -1;

	for_each_evidence(const struct probe_event, e, t->events) {
		int64_t ns = probe_guest_ns(t, e->t_ns);

		if (e->kind == PROBE_INIT && pid < 0) {
			pid = e->pid;
			times.init = ns;
		}
		if (pid < 0 || e->pid != pid || times.init_end >= 0)
			continue;
		if (e->kind == PROBE_INIT_END)
			times.init_end = ns;
		if (e->kind == PROBE_ROOT && times.root < 0)
			times.root = ns;
		if (e->kind != PROBE_MEMREMAP || times.root >= 0)
			continue;
		if (times.copy < 0 && (old_root ? e->a == old_root : e->b == PAGE))
			times.copy = ns;
		times.remapped += times.copy >= 0;
	}
	return times;
}

int64_t probe_hit_ns(const struct probe_trace *t)
{
	int64_t best = -1;

	for (unsigned i = 1; i < t->events->len; i++) {
		const struct probe_event *e = &g_array_index(t->events, struct probe_event, i);
		int64_t ns = e->t_ns - e[-1].t_ns;

		if (e->pid == e[-1].pid && ns > 0 && (best < 0 || ns < best))
			best = ns;
	}
	return best;
}

/*
 * Every domain leaves out: the page frames of message interrupts, the memory windows of the device's host
 * bridge (a transfer to them would go to another device), and the 16 MiB that the kernel maps one to one
 * for an ISA bridge, whose first 16 MiB less the VGA window it also reserves.
 */
bool probe_standing(const struct probe_trace *t, uint64_t first, uint64_t last)
{
	static const struct {
		uint64_t first, last;
	} always[] = {
		{ 0xfee00, 0xfeeff }, /* message interrupts */
		{ 0x0, 0xfff },	      /* the ISA bridge's direct region */
		{ 0xa0, 0xbf },	      /* VGA */
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(always); i++)
		if (first == always[i].first && last == always[i].last)
			return true;
	for_each_evidence(const struct iommu_range, w, t->windows)
		if (first == w->start / PAGE && last == w->last / PAGE)
			return true;
	return false;
}

struct owners {
	GHashTable *by_pid, *by_iovad; /* -> name of the device, borrowed from the events */
};

static const char *owner(struct owners *o, const struct probe_event *e)
{
	const char *dev = g_hash_table_lookup(o->by_pid, GINT_TO_POINTER(e->pid));

	if (dev)
		g_hash_table_replace(o->by_iovad, GSIZE_TO_POINTER(e->a), (void *)dev);
	else
		dev = g_hash_table_lookup(o->by_iovad, GSIZE_TO_POINTER(e->a));
	return dev;
}

void probe_reservations(const struct probe_trace *t, enum evidence_kernel kernel, GArray *out)
{
	struct owners o = { g_hash_table_new(NULL, NULL), g_hash_table_new(NULL, NULL) };

	for_each_evidence(const struct probe_event, e, t->events) {
		struct evidence_reservation r = { .kernel = kernel, .start = e->b, .last = e->c };
		const char *dev;

		switch (e->kind) {
		case PROBE_RESERVE:
		case PROBE_RANGE:
			dev = owner(&o, e);
			r.guest_ns = probe_guest_ns(t, e->t_ns);
			g_strlcpy(r.who, dev ? dev : "", sizeof(r.who));
			r.sid_known = dev && sid_parse(dev, &r.sid);
			r.standing = probe_standing(t, r.start, r.last);
			g_array_append_val(out, r);
			break;
		case PROBE_DOMAIN:
			g_hash_table_replace(o.by_pid, GINT_TO_POINTER(e->pid), (void *)e->dev);
			break;
		case PROBE_MEMREMAP:
			break;
		default: /* the task does something else now */
			g_hash_table_remove(o.by_pid, GINT_TO_POINTER(e->pid));
		}
	}
	g_hash_table_unref(o.by_pid);
	g_hash_table_unref(o.by_iovad);
}
