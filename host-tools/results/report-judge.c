/* SPDX-License-Identifier: GPL-2.0-only */
/* A report of judged evidence: the verdict, and the counts of run.json's "iova". */
#include "evidence/evidence.h"
#include "results/report.h"
#include "verdict/judge.h"
#include "iommu/compare.h"

/* What was mapped at the panic, and what leads elsewhere afterwards. */
static void count_iova(const struct evidence *ev, struct report_iova *iova)
{
	const struct iommu_walk *before = ev->at_panic.walk;

	if (!before)
		return;
	iova->known = true;
	iova->requesters = before->n_spaces;
	iova->leaves = before->leaves;
	for (size_t i = 0; i < before->n_spaces; i++) {
		size_t n;

		iommu_space_runs(before, &before->spaces[i], &n);
		iova->ranges += n;
	}
	for (unsigned i = 0; i < ev->devices->len; i++) {
		const struct evidence_device *dev = &g_array_index(ev->devices, struct evidence_device, i);
		const struct iommu_space *old, *new;
		struct iommu_space_diff diff;

		if (!dev->after.walk)
			continue;
		old = iommu_walk_space(before, dev->sid, IOMMU_NO_PASID);
		new = iommu_walk_space(dev->after.walk, dev->sid, IOMMU_NO_PASID);
		if (!old || !new)
			continue;
		iommu_compare_space(before, old, dev->after.walk, new, &diff);
		iova->retargeted += diff.retargeted;
	}
}

void report_judge(struct run_report *report, const struct evidence *ev)
{
	verdict_free(report->verdict);
	report->verdict = evidence_judge(ev);
	count_iova(ev, &report->iova);
}
