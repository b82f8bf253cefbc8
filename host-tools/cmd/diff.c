/* SPDX-License-Identifier: GPL-2.0-only */
/* `vtdlab diff`: compare the translations of two snapshots. */
#include <stdio.h>

#include "base/error.h"
#include "cmd/cmd.h"
#include "cmd/diff-iova.h"
#include "cmd/walk-json.h"
#include "evidence/iommus.h"

#define DIFF_DEFAULT 256

/* Load and walk one side: 0, or an exit status. */
static int walk_file(const char *path, struct iommu_walk **w)
{
	struct iommu_snapshot *s;
	struct iommu_error err;
	int ret = iommu_load(path, &s, &err);

	if (ret) {
		fprintf(stderr, "vtdlab diff: %s\n", err.text);
		return VTDLAB_EXIT_USAGE;
	}
	ret = s->iommu->walk(s, w);
	iommu_snapshot_free(s);
	if (!ret)
		return 0;
	fprintf(stderr, "vtdlab diff: out of memory\n");
	return VTDLAB_EXIT_CANNOT_JUDGE;
}

/* Same 0, different 1; 125 if nothing differs but a side is incomplete. */
static int exit_status(const struct iommu_comparison *c)
{
	if (c->same)
		return VTDLAB_EXIT_OK;
	return c->differences ? VTDLAB_EXIT_BAD : VTDLAB_EXIT_CANNOT_JUDGE;
}

int cmd_diff(int argc, char **argv)
{
	gboolean moved = FALSE, json = FALSE, extra = FALSE, iova = FALSE;
	g_autofree char *phase = NULL;
	int max = 0, status;
	const GOptionEntry entries[] = {
		{ "tables-may-move", 0, 0, G_OPTION_ARG_NONE, &moved,
		  "addresses of page tables and PASID tables may differ (deep copy)", NULL },
		{ "extra-irtes-ok", 0, 0, G_OPTION_ARG_NONE, &extra,
		  "interrupt-remapping entries only in the second are no difference", NULL },
		{ "max", 0, 0, G_OPTION_ARG_INT, &max, "differences to show (default 256)", "N" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON", NULL },
		{ "iova", 0, 0, G_OPTION_ARG_NONE, &iova,
		  "compare the IOVAs of two run directories, or of the two kernels of one", NULL },
		{ "phase", 0, 0, G_OPTION_ARG_STRING, &phase,
		  "with --iova: only this snapshot (of the crash kernel: end)", "P" },
		G_OPTION_ENTRY_NULL,
	};
	struct iommu_walk *a = NULL, *b = NULL;
	struct iommu_compare_options opt = { 0 };
	struct iommu_comparison *c = NULL;

	status = cmd_parse("diff", entries, &argc, &argv);
	if (status >= 0)
		return status;
	if (iova ? argc != 2 && argc != 3 : argc != 3)
		return cmd_usage_error("diff", iova ? "--iova: give one or two run directories" : "give two snapshots");
	if (max < 0 || max > 1000000)
		return cmd_usage_error("diff", "--max: %d is not between 0 and 1000000", max);
	cmd_run_paths(argv + 1);
	if (iova && json)
		return cmd_usage_error("diff", "--json does not go with --iova");
	if (iova)
		return diff_iova(argv[1], argc == 3 ? argv[2] : NULL, phase, max ? (unsigned)max : DIFF_DEFAULT);
	if (phase)
		return cmd_usage_error("diff", "--phase goes with --iova");
	opt.roots_may_differ = moved;
	opt.extra_irtes_ok = extra;
	opt.max_diffs = (size_t)max;
	status = walk_file(argv[1], &a);
	if (!status)
		status = walk_file(argv[2], &b);
	if (!status && a->iommu != b->iommu)
		status = cmd_usage_error("diff", "they are of two kinds of IOMMU: %s and %s", a->iommu->name,
					 b->iommu->name);
	if (!status && a->iommu->compare(a, b, &opt, &c)) {
		fprintf(stderr, "vtdlab diff: out of memory\n");
		status = VTDLAB_EXIT_CANNOT_JUDGE;
	}
	if (!status) {
		if (json)
			json_print(compare_to_json(c));
		else
			c->iommu->print_comparison(c, stdout);
		status = exit_status(c);
	}
	iommu_comparison_free(c);
	iommu_walk_free(a);
	iommu_walk_free(b);
	return status;
}
