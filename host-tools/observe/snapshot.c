/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/snapshot.h"

#include <glib/gstdio.h>

#include "base/error.h"
#include "evidence/iommus.h"
#include "machine/ram.h"
#include "observe/attempt.h"
#include "observe/iommu-events.h"

struct iommu_mem snapshot_mem(struct attempt *a)
{
	return (struct iommu_mem){ .read_page = machine_read_page, .ctx = a->m };
}

static bool save(struct attempt *a, const char *phase, struct iommu_snapshot *snap, GError **error)
{
	g_autofree char *dir = rundir_file(a->rd, "tables");
	g_autofree char *name = g_strdup_printf("%s.vtd", phase);
	g_autofree char *path = g_build_filename(dir, name, NULL);
	struct iommu_error err;

	g_mkdir_with_parents(dir, 0755);
	return snap->iommu->save(snap, path, &err) == 0 || vtdlab_failed(error, "%s", err.text);
}

/* The old table pages once more, for whoever may have written into them. */
static bool read_old_tables(struct attempt *a, GError **error)
{
	struct evidence *ev = a->ev;
	struct iommu_mem mem = snapshot_mem(a);
	struct iommu_error err;

	if (!ev->at_panic.snapshot)
		return true;
	g_clear_pointer(&ev->old_tables, iommu_snapshot_free);
	if (ev->at_panic.snapshot->iommu->reread(ev->at_panic.snapshot, &mem, "old-tables", &ev->old_tables, &err))
		return vtdlab_failed(error, "snapshot old-tables: %s", err.text);
	ev->old_tables->meta.host_ns = machine_now_ns();
	if (!save(a, "old-tables", ev->old_tables, error))
		return false;
	ev->old_tables_sum = ev->old_tables->meta.sum;
	return true;
}

/* What becomes of a snapshot once it is saved: that of the panic is compared with the same pages later. */
static bool keep(struct attempt *a, struct evidence_state *state, struct iommu_snapshot *snap, GError **error)
{
	if (state == &a->ev->at_panic) {
		iommu_snapshot_free(state->snapshot);
		state->snapshot = snap;
		return true;
	}
	iommu_snapshot_free(snap);
	return state != &a->ev->end || read_old_tables(a, error);
}

bool snapshot_take(struct attempt *a, const struct iommu_events *iommu, const char *phase, struct evidence_state *state,
		   GError **error)
{
	const struct scenario *sc = a->plan->scenario;
	const struct iommu *unit = iommu_detect(sc);
	struct iommu_mem mem = snapshot_mem(a);
	struct iommu_snapshot_meta meta = { .ram = { .ram_size = sc->machine.memory } };
	uint64_t raw[MACHINE_VTD_WORDS];
	struct iommu_snapshot *snap;
	struct iommu_error err;
	uint64_t root;
	unsigned ttm;
	int failed;
	bool ok;

	meta.ram.low_size = ram_q35_low(meta.ram.ram_size);
	meta.ram.high_base = RAM_Q35_HIGH;
	if (!unit || !sc->machine.observe)
		return true;
	machine_trace_poll(a->m);
	if (!machine_vtd_regs(a->m, raw, error))
		return false;
	evidence_state_regs(state, raw);
	unit->in_force(raw, &meta);
	/* The root in force is the one latched by SRTP, which a register write alone does not change. */
	if (iommu_events_root(iommu, &root, &ttm) && root != meta.root) {
		meta.root = root;
		meta.mode = ttm;
	}
	g_strlcpy(meta.phase, phase, sizeof(meta.phase));
	state->root = meta.root;
	state->ttm = meta.mode;
	g_clear_pointer(&state->walk, iommu_walk_free);
	/* Frozen, not stopped: a stop would make QEMU finish the disk's queue, the DMA in flight. */
	if (!machine_freeze(a->m, error))
		return false;
	meta.host_ns = state->host_ns = machine_now_ns();
	failed = unit->capture(&mem, raw, &meta, &snap, &state->walk, &err);
	machine_thaw(a->m, &state->frozen_ns);
	if (failed)
		return vtdlab_failed(error, "snapshot %s: %s", phase, err.text);
	ok = save(a, phase, snap, error);
	state->sum = snap->meta.sum;
	return keep(a, state, snap, ok ? error : NULL) && ok;
}
