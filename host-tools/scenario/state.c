/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of the IOMMU as the run sees it: what the trace said, and registers and tables now. */
#include "scenario/run-priv.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "vtd/snapshot.h"

static void keep_event(struct run *run, enum evidence_event_kind kind, const struct trace_event *e,
		       uint16_t sid, uint64_t addr, int reason, bool on)
{
	struct evidence_event event = { .kind = kind, .host_ns = e->host_ns, .addr = addr,
					.sid = sid, .reason = reason, .on = on };

	g_array_append_val(run->ev->events, event);
}

/* The crash kernel's driver took the device: the dead kernel's DMA ends here. */
static void note_reset(struct run *run, uint16_t sid, const struct trace_event *e)
{
	struct evidence_device *dev = evidence_device_find(run->ev, sid);

	if (!dev || dev->reset_ns || !run->ev->jump_ns || e->host_ns < run->ev->jump_ns)
		return;
	dev->reset_ns = e->host_ns;
	run_moment(run, "device-reset", e->host_ns, "crash", -1, "trace");
}

static void on_trace(const struct trace_event *e, void *data)
{
	struct run *run = data;
	struct evidence *ev = run->ev;

	switch (e->kind) {
	case TRACE_DMAR_ROOT:
		run->root_known = true;
		run->root = e->a;
		run->root_scalable = e->b;
		keep_event(run, EVENT_ROOT, e, 0, e->a, 0, false);
		if (ev->jump_ns && e->host_ns >= ev->jump_ns && !ev->root_switch_ns) {
			ev->root_switch_ns = e->host_ns;
			run_moment(run, "root-switch", e->host_ns, "crash", -1, "trace");
		}
		break;
	case TRACE_DMAR_ENABLE:
		keep_event(run, EVENT_TRANSLATION, e, 0, 0, 0, e->a);
		if (ev->jump_ns && e->host_ns >= ev->jump_ns && !e->a && !ev->poweroff_ns)
			ev->translation_dropped = true;
		break;
	case TRACE_DMAR_FAULT:
		keep_event(run, EVENT_FAULT, e, (uint16_t)e->a, e->c, (int)e->b, e->d);
		break;
	case TRACE_FAULT_DISABLED:
		keep_event(run, EVENT_FAULT_DISABLED, e, 0, 0, 0, false);
		break;
	case TRACE_E1000E_SW_RESET:
		note_reset(run, RUN_SID_NIC, e);
		return;
	case TRACE_NVME_STOP:
		note_reset(run, RUN_SID_DISK, e);
		return;
	default:
		return;
	}
	ev->trace_events++;
}

/* The last line that tells why a kernel gave up: no verdict rests on it, but a reader wants it. */
static void on_console(const char *line, int64_t host_ns, void *data)
{
	static const char *const words[] = { "Kernel panic", "BUG:", "Oops", "Out of memory",
					     "out of memory" };
	struct run *run = data;

	(void)host_ns;
	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
		if (strstr(line, words[i]) && !strstr(line, "---[ end")) {
			g_free(run->last_words);
			run->last_words = g_strdup(line);
			return;
		}
}

void run_follow(struct run *run)
{
	if (machine_trace(run->m))
		trace_subscribe(machine_trace(run->m), on_trace, run);
	console_subscribe(machine_console(run->m), on_console, run);
}

struct vtd_mem run_mem(struct run *run)
{
	return (struct vtd_mem){ .read_page = machine_read_page, .ctx = run->m };
}

static bool save_snapshot(struct run *run, const char *phase, const struct vtd_snapshot *snap,
			  GError **error)
{
	g_autofree char *dir = rundir_file(run->rd, "tables");
	g_autofree char *name = g_strdup_printf("%s.vtd", phase);
	g_autofree char *path = g_build_filename(dir, name, NULL);
	struct vtd_error err;

	g_mkdir_with_parents(dir, 0755);
	if (vtd_snapshot_save(snap, path, &err) == 0)
		return true;
	g_set_error_literal(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED, err.text);
	return false;
}

bool run_capture(struct run *run, const char *phase, struct evidence_state *state, GError **error)
{
	struct vtd_mem mem = run_mem(run);
	struct vtd_snapshot_meta meta = { .ram = vtd_ram_layout_q35(run->sc->machine.memory) };
	uint64_t raw[MACHINE_VTD_WORDS];
	struct vtd_walk_options opt;
	struct vtd_snapshot *snap;
	struct vtd_error err;
	int failed;
	bool ok;

	G_STATIC_ASSERT(MACHINE_VTD_WORDS == VTD_REGS_QWORDS);
	if (run->sc->iommu.mode == CONF_MODE_OFF)
		return true;
	machine_trace_poll(run->m);
	if (!machine_vtd_regs(run->m, raw, error))
		return false;
	vtd_regs_decode(raw, &state->regs);
	state->has_regs = true;
	state->host_ns = machine_now_ns();
	vtd_snapshot_meta_from_regs(&meta, raw);
	/* The root in force is the one latched by SRTP, which a register write alone does not change. */
	if (run->root_known && run->root != meta.root) {
		meta.root = run->root;
		meta.ttm = run->root_scalable ? VTD_TTM_SCALABLE : VTD_TTM_LEGACY;
	}
	if (!state->regs.ir_on)
		meta.irta = 0;
	g_strlcpy(meta.phase, phase, sizeof(meta.phase));
	meta.host_ns = state->host_ns;
	opt = vtd_walk_options_from_regs(&state->regs);
	state->root = meta.root;
	state->ttm = meta.ttm;
	vtd_walk_free(state->walk);
	state->walk = NULL;
	/* Frozen, not stopped: a stop would make QEMU finish the disk's queue, the DMA in flight. */
	if (!machine_freeze(run->m, error))
		return false;
	failed = vtd_snapshot_capture(&mem, raw, &meta, &opt, &snap, &state->walk, &err);
	machine_thaw(run->m, &state->frozen_ns);
	if (failed) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED, "snapshot %s: %s", phase, err.text);
		return false;
	}
	ok = save_snapshot(run, phase, snap, error);
	vtd_snapshot_free(snap);
	return ok;
}
