/* SPDX-License-Identifier: GPL-2.0-only */
/* [corrupt] in a running VM: the host writes into the guest's RAM. */
#include "run/run-priv.h"

#include "results/progress.h"
#include "corrupt/corrupt.h"

static int write_guest(void *ctx, uint64_t pa, const void *buf, size_t len)
{
	return machine_write_phys(ctx, pa, buf, len);
}

/* A requester that the lab uses: a damaged one that is idle shows the damage alone. */
static bool in_use(void *data, uint16_t sid)
{
	return evidence_device_find(((struct run *)data)->ev, sid) != NULL;
}

bool corrupt_run(struct run *run, int when, GError **error)
{
	const char *moment = when == CONF_CORRUPT_BEFORE_COPY ? "before the copy" : "after the copy";
	struct corrupt_target target = { .mem = run_mem(run), .write = write_guest, .busy = in_use, .busy_data = run };
	g_autoptr(GString) done = g_string_new(NULL);
	uint64_t raw[MACHINE_VTD_WORDS];
	const struct corrupt_kind *kind;
	struct vtd_walk_options opt;
	struct vtd_regs regs;
	int sid;

	if (!*run->sc->corrupt.what || (int)run->sc->corrupt.when != when)
		return true;
	kind = corrupt_parse(run->sc->corrupt.what, &sid, error);
	if (!kind || !machine_vtd_regs(run->m, raw, error))
		return false;
	vtd_regs_decode(raw, &regs);
	opt = vtd_walk_options_from_regs(&regs);
	target.opt = &opt;
	target.root = run->root_known ? run->root : regs.root;
	target.ttm = run->root_known ? (run->root_scalable ? VTD_TTM_SCALABLE : VTD_TTM_LEGACY) : regs.ttm;
	target.irta = regs.ir_on ? regs.irta : 0;
	/* What the dead kernel left is no longer in force then, unless it was not copied. */
	if (corrupt_of_old(kind) && run->ev->at_panic.walk) {
		target.root = run->ev->at_panic.root;
		target.ttm = run->ev->at_panic.ttm;
	}
	if (corrupt_has_parameters(kind) &&
	    !corrupt_parameters(run->sc->corrupt.what, &target.seed, &target.words, error))
		return false;
	if (!corrupt_apply(&target, kind, sid, done, error))
		return false;
	run_moment(run, "corrupt", machine_now_ns(), "crash", -1, "host");
	report_note(run->report, "damaged %s, as asked: %s", moment, done->str);
	if (run->plan->options->progress)
		progress_note(run->plan->options->progress, "damaged %s: %s", moment, done->str);
	return true;
}
