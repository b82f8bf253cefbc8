/* SPDX-License-Identifier: GPL-2.0-only */
/* Looking things up in a walk result, and freeing it. */
#include <stdlib.h>

#include "vtd/walk.h"

struct vtd_walk_options vtd_walk_options_from_regs(const struct vtd_regs *regs)
{
	return (struct vtd_walk_options){ .sagaw = regs->sagaw };
}

void vtd_walk_free(struct vtd_walk_result *r)
{
	if (!r)
		return;
	iommu_walk_clear(&r->base);
	free(r->contexts);
	free(r->pasids);
	free(r->irtes);
	free(r->defects);
	free(r);
}

const struct vtd_context *vtd_walk_context(const struct vtd_walk_result *r, uint16_t sid)
{
	size_t lo = 0, hi = r->base.n_requesters;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		uint16_t at = (uint16_t)(r->contexts[mid].bus << 8 | r->contexts[mid].devfn);

		if (at == sid)
			return &r->contexts[mid];
		if (at < sid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}
