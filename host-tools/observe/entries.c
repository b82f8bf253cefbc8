/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/entries.h"

#include <string.h>

#include "evidence/iommus.h"
#include "observe/attempt.h"
#include "observe/clock.h"
#include "observe/iommu-events.h"
#include "observe/snapshot.h"

#define WATCH_MS 2

struct entries {
	struct attempt *a;
	const struct iommu_events *iommu;
	guint timer;
	uint64_t *before; /* IOMMU_ENTRY_WORDS words a device of the evidence: its entry when watching began */
	uint64_t root;	  /* in force then */
	bool copied;	  /* @before is of the crash kernel's copy of the entries */
};

static void read_entry(const struct entries *w, uint16_t sid, uint64_t words[IOMMU_ENTRY_WORDS])
{
	struct iommu_mem mem = snapshot_mem(w->a);
	uint64_t root;
	unsigned ttm;

	if (iommu_events_root(w->iommu, &root, &ttm))
		iommu_detect(w->a->plan->scenario)->entry(&mem, root, ttm, sid, words);
	else
		memset(words, 0, IOMMU_ENTRY_WORDS * sizeof(*words));
}

static void read_entries(struct entries *w)
{
	uint64_t *words = w->before;

	for_each_evidence(const struct evidence_device, dev, w->a->ev->devices) {
		read_entry(w, dev->sid, words);
		words += IOMMU_ENTRY_WORDS;
	}
}

/* A deep copy has entries that lead to its own tables from the root switch on: that is no attach. */
static void skip_copy(struct entries *w)
{
	uint64_t root = 0;
	unsigned ttm;

	iommu_events_root(w->iommu, &root, &ttm);
	if (w->copied || root == w->root || g_strcmp0(evidence_kdump_mode(w->a->ev), "deep") != 0)
		return;
	read_entries(w);
	w->copied = true;
}

static gboolean look(void *data)
{
	struct entries *w = data;
	GArray *devices = w->a->ev->devices;
	bool all = true;

	skip_copy(w);
	for (unsigned i = 0; i < devices->len; i++) {
		struct evidence_device *dev = &g_array_index(devices, struct evidence_device, i);
		uint64_t now[IOMMU_ENTRY_WORDS];

		if (dev->attach_ns)
			continue;
		read_entry(w, dev->sid, now);
		if (memcmp(now, w->before + i * IOMMU_ENTRY_WORDS, sizeof(now)) == 0) {
			dev->unchanged_ns = machine_now_ns();
			all = false;
			continue;
		}
		dev->attach_ns = machine_now_ns();
		clock_moment(w->a->clock, "entry-changed", dev->attach_ns, "crash", -1, "host");
	}
	if (!all)
		return G_SOURCE_CONTINUE;
	w->timer = 0;
	return G_SOURCE_REMOVE;
}

struct entries *entries_new(struct attempt *a, const struct iommu_events *iommu)
{
	GArray *devices = a->ev->devices;
	struct entries *w = g_new0(struct entries, 1);
	unsigned ttm;

	w->a = a;
	w->iommu = iommu;
	w->before = g_new0(uint64_t, (size_t)devices->len * IOMMU_ENTRY_WORDS + 1);
	iommu_events_root(iommu, &w->root, &ttm);
	read_entries(w);
	w->timer = g_timeout_add(WATCH_MS, look, w);
	return w;
}

void entries_free(struct entries *w)
{
	if (!w)
		return;
	if (w->timer)
		g_source_remove(w->timer);
	g_free(w->before);
	g_free(w);
}
