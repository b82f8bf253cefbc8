/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watches the translation entries of the lab's devices in guest RAM, without stopping the guest: a
 * device attaches when its entry changes after the copy, not when its driver binds.
 */
#include "run/run-priv.h"

#include <string.h>

#include "vtd/walk.h"
#include "vtd/translate.h"

#define WATCH_MS 2

struct watch {
	struct run *run;
	guint timer;
	uint64_t *before; /* WORDS words a device of the evidence: its entry when watching began */
	uint64_t root;	  /* in force then */
	bool copied;	  /* @before is of the crash kernel's copy of the entries */
};

#define WORDS 12 /* context entry (4) and PASID entry (8) */

static void read_entry(struct run *run, uint16_t sid, uint64_t words[WORDS])
{
	struct vtd_mem mem = run_mem(run);
	unsigned ttm = run->root_scalable ? VTD_TTM_SCALABLE : VTD_TTM_LEGACY;
	struct vtd_context context;
	struct vtd_pasid pasid;

	memset(words, 0, WORDS * sizeof(*words));
	if (vtd_lookup_context(&mem, run->root, ttm, sid, &context) != VTD_FAULT_NONE)
		return;
	memcpy(words, context.raw, sizeof(context.raw));
	if (context.scalable && vtd_lookup_pasid(&mem, &context, VTD_NO_PASID, &pasid) == VTD_FAULT_NONE)
		memcpy(words + 4, pasid.raw, sizeof(pasid.raw));
}

static void read_entries(struct watch *w)
{
	GArray *devices = w->run->ev->devices;

	for (unsigned i = 0; i < devices->len; i++)
		read_entry(w->run, g_array_index(devices, struct evidence_device, i).sid,
			   w->before + (size_t)i * WORDS);
}

/* A deep copy has entries that lead to its own tables from the root switch on: that is no attach. */
static void skip_copy(struct watch *w)
{
	if (w->copied || w->run->root == w->root || g_strcmp0(evidence_kdump_mode(w->run->ev), "deep") != 0)
		return;
	read_entries(w);
	w->copied = true;
}

static gboolean look(void *data)
{
	struct watch *w = data;
	GArray *devices = w->run->ev->devices;

	skip_copy(w);
	for (unsigned i = 0; i < devices->len; i++) {
		struct evidence_device *dev = &g_array_index(devices, struct evidence_device, i);
		uint64_t now[WORDS];

		if (dev->attach_ns)
			continue;
		read_entry(w->run, dev->sid, now);
		if (memcmp(now, w->before + i * WORDS, sizeof(now)) == 0) {
			dev->unchanged_ns = machine_now_ns();
			continue;
		}
		dev->attach_ns = machine_now_ns();
		run_moment(w->run, "entry-changed", dev->attach_ns, "crash", -1, "host");
	}
	return G_SOURCE_CONTINUE;
}

struct watch *watch_new(struct run *run)
{
	GArray *devices = run->ev->devices;
	struct watch *w = g_new0(struct watch, 1);

	w->run = run;
	w->before = g_new0(uint64_t, (size_t)devices->len * WORDS + 1);
	w->root = run->root;
	read_entries(w);
	w->timer = g_timeout_add(WATCH_MS, look, w);
	return w;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	g_source_remove(w->timer);
	g_free(w->before);
	g_free(w);
}
