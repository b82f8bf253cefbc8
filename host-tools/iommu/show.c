/* SPDX-License-Identifier: GPL-2.0-only */
#include "iommu/show.h"

#include <inttypes.h>

#include "base/sid.h"

size_t iommu_iova_print(const struct iommu_walk *w, uint64_t iova, int sid, FILE *out)
{
	char name[16], perm[5];
	size_t leads = 0;

	for (size_t i = 0; i < w->n_spaces; i++) {
		const struct iommu_space *s = &w->spaces[i];
		const struct iommu_run *run;

		if (sid >= 0 && s->sid != sid)
			continue;
		fprintf(out, "%s", sid_text(s->sid, name));
		if (s->pasid != IOMMU_NO_PASID)
			fprintf(out, " PASID %u", s->pasid);
		fprintf(out, ", DID %u, %s: 0x%" PRIx64, s->did, iommu_space_type_name(s->type), iova);
		run = iommu_space_lookup(w, s, iova);
		if (run)
			fprintf(out, " -> 0x%" PRIx64 " %s\n", run->pa_start + (iova - run->iova_start),
				iommu_perm_text(run->perm, perm));
		else
			fprintf(out, " leads nowhere\n");
		leads += run != NULL;
	}
	return leads;
}
