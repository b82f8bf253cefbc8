/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/damage.h"

#include "corrupt/corrupt.h"
#include "evidence/iommus.h"
#include "observe/attempt.h"
#include "observe/clock.h"
#include "observe/iommu-events.h"
#include "observe/snapshot.h"

static int write_guest(void *ctx, uint64_t pa, const void *buf, size_t len)
{
	return machine_write_phys(ctx, pa, buf, len);
}

/* A requester that the lab uses: a damaged one that is idle shows the damage alone. */
static bool in_use(void *data, uint16_t sid)
{
	return evidence_device_find(((const struct attempt *)data)->ev, sid) != NULL;
}

/* The image of the dead kernel itself, which nobody runs any more: it holds no tables. */
#define ROOM UINT64_C(0x2000000)

/* Pages of the dead kernel's to be written over, out of the way of its tables and of the crash kernel; 0: there are none. */
static uint64_t room(const struct attempt *a)
{
	const uint64_t size = CORRUPT_ROOM_PAGES * IOMMU_PAGE_SIZE;
	const struct iommu_walk *walk = a->ev->at_panic.walk;

	for (uint64_t pa = ROOM; walk && pa + size <= a->ev->crash_start; pa += size) {
		bool taken = false;

		for (size_t i = 0; i < walk->n_tables && !taken; i++)
			taken = walk->tables[i].pa >= pa && walk->tables[i].pa < pa + size;
		if (!taken)
			return pa;
	}
	return 0;
}

bool damage_apply(struct attempt *a, const struct iommu_events *iommu, enum conf_corrupt_when when, GString *done,
		  GError **error)
{
	struct corrupt_target target = { .mem = snapshot_mem(a), .write = write_guest, .busy = in_use, .busy_data = a };
	uint64_t raw[MACHINE_VTD_WORDS];
	const struct corrupt_kind *kind;
	struct iommu_snapshot_meta meta;
	int sid;

	if (!*a->plan->scenario->corrupt.what || a->plan->scenario->corrupt.when != when)
		return true;
	kind = corrupt_parse(a->plan->scenario->corrupt.what, &sid, error);
	if (!kind || !machine_vtd_regs(a->m, raw, error))
		return false;
	iommu_detect(a->plan->scenario)->in_force(raw, &meta);
	target.regs = raw;
	target.own = a->ev->crash_start;
	target.room = room(a);
	target.irta = meta.irta;
	if (!iommu_events_root(iommu, &target.root, &target.ttm)) {
		target.root = meta.root;
		target.ttm = meta.mode;
	}
	/* What the dead kernel left is no longer in force then, unless it was not copied. */
	if (corrupt_of_old(kind) && a->ev->at_panic.walk) {
		target.root = a->ev->at_panic.root;
		target.ttm = a->ev->at_panic.ttm;
	}
	if (corrupt_has_parameters(kind) &&
	    !corrupt_parameters(a->plan->scenario->corrupt.what, &target.seed, &target.words, error))
		return false;
	if (!corrupt_apply(&target, kind, sid, done, error))
		return false;
	clock_moment(a->clock, "corrupt", machine_now_ns(), "crash", -1, "host");
	return true;
}
