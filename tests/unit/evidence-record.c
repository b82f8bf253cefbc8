/* SPDX-License-Identifier: GPL-2.0-only */
/* The fixture's run as a run directory. */
#include "evidence-record.h"

#include <glib/gstdio.h>

#include "base/files.h"
#include "evidence/file.h"
#include "vtd/snapshot.h"

/* The snapshot that goes with the walk of a state. */
static void snapshot_stage(struct good_run *f, enum good_stage stage, const char *dir)
{
	struct evidence_state *state = good_state(f, stage);
	struct iommu_snapshot_meta meta = { .host_ns = state->host_ns, .root = state->root, .mode = state->ttm };
	g_autofree char *name = evidence_snapshot_name(f->ev, state);
	g_autofree char *path = g_strdup_printf("%s/tables/%s.vtd", dir, name);
	struct vtd_regs regs = check_regs(state);
	struct vtd_walk_options opt = vtd_walk_options_from_regs(&regs);
	struct iommu_mem mem = tables_mem(&f->ram[stage]);
	struct iommu_snapshot *snap;

	assert_int_equal(vtd_snapshot_capture(&mem, f->raw[stage], &meta, &opt, &snap, NULL, NULL), 0);
	assert_int_equal(vtd_snapshot_save(snap, path, NULL), 0);
	state->sum = snap->meta.sum;
	iommu_snapshot_free(snap);
}

void record_save(struct recorded *r)
{
	g_autofree char *conf = g_build_filename(r->dir, "scenario.conf", NULL);
	g_autofree char *text = schema_text(&scenario_schema, r->f->sc);
	GError *error = NULL;

	assert_true(g_file_set_contents(conf, text, -1, NULL));
	if (!evidence_save(r->f->ev, r->dir, &error))
		fail_msg("%s", error->message);
}

void record_new(struct recorded *r, enum good_mode mode)
{
	g_autofree char *tables = NULL;

	r->f = good_run_new(mode);
	r->dir = g_dir_make_tmp("vtdlab-evidence-XXXXXX", NULL);
	tables = g_build_filename(r->dir, "tables", NULL);
	assert_int_equal(g_mkdir(tables, 0755), 0);
	for (int stage = 0; stage < STAGES; stage++)
		snapshot_stage(r->f, stage, r->dir);
	record_save(r);
	if (!r->f->ev->old_tables)
		return;
	/* now that it has been written */
	r->f->ev->old_tables_sum = r->f->ev->old_tables->meta.sum;
	record_save(r);
}

void record_forget(struct recorded *r)
{
	assert_true(remove_tree(AT_FDCWD, r->dir));
	g_free(r->dir);
	good_run_free(r->f);
}
