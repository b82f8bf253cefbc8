/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/group-use.h"

#include <inttypes.h>

#include "iommu/compare.h"
#include "iommu/iommu.h"
#include "iommu/model.h"
#include "observe/attempt.h"

#define UP_S 15.0
/* e1000's ring has so many buffers, each of which is mapped by itself */
#define RING_PAGES 256

bool group_use(struct attempt *a, struct evidence_device *dev, GError **error)
{
	g_autoptr(JsonObject) request = json_object_new(), answer = NULL;

	json_object_set_string_member(request, "cmd", "net-up");
	json_object_set_string_member(request, "bdf", dev->bdf);
	json_object_set_int_member(request, "wait_ms", 0);
	answer = attempt_ask(a, request, UP_S, 0, error);
	if (!answer)
		return false;
	dev->works = true;
	dev->works_detail = g_strdup("up");
	return true;
}

/* A stretch that is not the dead kernel's: the device's own, below 4 GiB. */
static void count_own(void *ctx, const struct iommu_space_diff *of, const struct iommu_stretch *s)
{
	uint64_t *pages = ctx, last = MIN(s->last, UINT32_MAX);

	(void)of;
	/* a kernel that keeps none of the old IOVAs gives them out anew */
	if ((s->kind == IOMMU_DIFF_NEW || s->kind == IOMMU_DIFF_RETARGETED) && s->start <= last)
		*pages += (last - s->start) / IOMMU_PAGE_SIZE + 1;
}

/* Has @dev tables of its own to look at? Not without an IOMMU, not with one that is off, or passes it through. */
static bool has_tables(const struct evidence *ev, const struct evidence_device *dev, const struct iommu_walk *now)
{
	const struct iommu_walk *before = ev->at_panic.walk;
	const struct iommu_space *space = now ? iommu_walk_space(now, dev->sid, IOMMU_NO_PASID) : NULL;

	if (ev->scenario->iommu.mode == MACHINE_IOMMU_OFF || (space && space->type == IOMMU_SPACE_PASS_THROUGH))
		return false;
	return !before || !dev->after.has_regs || before->iommu->translating(dev->after.regs);
}

void group_settle(const struct evidence *ev, struct evidence_device *dev)
{
	const struct iommu_walk *before = evidence_state_tables(ev, &ev->at_panic),
				*now = evidence_state_tables(ev, &dev->after);
	struct iommu_space_diff diff = { 0 };
	uint64_t pages = 0;

	if (!dev->works || !has_tables(ev, dev, now))
		return;
	g_clear_pointer(&dev->works_detail, g_free);
	dev->works = false;
	if (!before || !now)
		return;
	iommu_compare_runs(before, iommu_walk_space(before, dev->sid, IOMMU_NO_PASID), now,
			   iommu_walk_space(now, dev->sid, IOMMU_NO_PASID), &diff, NULL, count_own, &pages);
	dev->works = pages >= RING_PAGES;
	dev->works_detail = g_strdup_printf("up, with %" PRIu64 " pages of its own below 4 GiB%s", pages,
					    dev->works ? "" : ": too few for its rings");
}
