/* SPDX-License-Identifier: GPL-2.0-only */
/* From evidence to a judged report: every check of the table is run, in its order. */
#include "scenario/run-priv.h"

#include <string.h>

#include "scenario/check.h"
#include "vtd/compare.h"

static const enum report_result results[] = {
	[CHECK_PASS] = REPORT_PASS,
	[CHECK_FAIL] = REPORT_FAIL,
	[CHECK_SKIP] = REPORT_SKIP,
	[CHECK_NO_EVIDENCE] = REPORT_NO_EVIDENCE,
};

static void judge_one(struct run *run, const struct check *check)
{
	const struct evidence *ev = run->ev;
	g_autoptr(GString) detail = g_string_new(NULL);
	const char *outcome = check->outcome;
	enum check_result result = CHECK_SKIP;
	struct report_check *row;

	if (check->run)
		result = check->run(ev->at_panic.walk, ev->copied.walk, ev, detail);
	else
		g_string_append(detail, "not built yet in this version");
	if (ev->crash_panicked && strcmp(check->name, "crash-kernel-booted") == 0)
		outcome = "crash-kernel-panic";
	row = report_add_check(run->report, check->name, results[result], outcome, "%s", detail->str);
	row->expect_fail = scenario_expects_fail(run->sc, run->plan->crash->release, check->name);
}

/* The numbers of run.json's "iova": what was mapped at the panic, what leads elsewhere afterwards. */
static void count_iova(struct run *run)
{
	const struct vtd_walk_result *before = run->ev->at_panic.walk;
	struct report_iova *iova = &run->report->iova;

	if (!before)
		return;
	iova->known = true;
	iova->requesters = before->n_spaces;
	iova->leaves = before->leaves;
	for (size_t i = 0; i < before->n_spaces; i++) {
		size_t n;

		vtd_space_runs(before, &before->spaces[i], &n);
		iova->ranges += n;
	}
	for (unsigned i = 0; i < run->ev->devices->len; i++) {
		const struct evidence_device *dev =
			&g_array_index(run->ev->devices, struct evidence_device, i);
		const struct vtd_space *old, *new;
		struct vtd_space_diff diff;

		if (!dev->after.walk)
			continue;
		old = vtd_walk_space(before, dev->sid, VTD_NO_PASID);
		new = vtd_walk_space(dev->after.walk, dev->sid, VTD_NO_PASID);
		if (!old || !new)
			continue;
		vtd_compare_space(before, old, dev->after.walk, new, &diff);
		iova->retargeted += diff.retargeted;
	}
}

static void fill_kernel(struct report_kernel *out, const struct kernel *k, const char *cmdline)
{
	out->spec = g_strdup(k->spec);
	out->release = g_strdup(k->release);
	out->sha256 = g_strdup(k->sha256);
	out->config_sha256 = g_strdup(k->config_sha256);
	out->cmdline = g_strdup(cmdline);
}

static void fill_environment(struct run *run)
{
	struct report_environment *env = &run->report->env;
	const struct evidence_state *state = &run->ev->at_panic;
	bool virtual = run->sc->machine.clock == CONF_CLOCK_VIRTUAL;

	fill_kernel(&env->first_kernel, run->plan->first,
		    run->ev->first_cmdline ? run->ev->first_cmdline : run->plan->first_cmdline);
	fill_kernel(&env->crash_kernel, run->plan->crash, run->plan->crash_cmdline);
	env->clock = g_strdup(virtual ? "virtual" : "wall");
	if (run->m) {
		env->accel = g_strdup(machine_accel_name(machine_accel(run->m)));
		env->qemu = g_strdup(machine_qemu(run->m)->version);
		env->qemu_path = g_strdup(machine_qemu(run->m)->path);
		env->wall_time_is_hardware_time =
			machine_accel(run->m) == MACHINE_ACCEL_KVM && !virtual;
	}
	if (state->has_regs) {
		env->has_caps = true;
		env->cap = state->regs.cap;
		env->ecap = state->regs.ecap;
	}
	report_fill_host(run->report);
}

static void add_snapshot(JsonArray *list, const char *phase, const struct evidence_state *state)
{
	JsonObject *o;

	if (!state->walk)
		return;
	o = json_object_new();
	json_object_set_string_member(o, "phase", phase);
	json_object_set_int_member(o, "host_ns", state->host_ns);
	json_object_set_int_member(o, "guest_stopped_ns", state->frozen_ns);
	json_object_set_int_member(o, "contexts", (gint64)state->walk->n_contexts);
	json_object_set_int_member(o, "tables", (gint64)state->walk->n_tables);
	json_object_set_int_member(o, "leaves", (gint64)state->walk->leaves);
	json_object_set_int_member(o, "defects", (gint64)state->walk->n_defects);
	json_array_add_object_element(list, o);
}

/* run.json "snapshots": when the tables were read, for how long the guest stood still, what was there. */
static void list_snapshots(struct run *run)
{
	JsonArray *list = json_array_new();

	add_snapshot(list, "panic", &run->ev->at_panic);
	add_snapshot(list, "copied", &run->ev->copied);
	for (unsigned i = 0; i < run->ev->devices->len; i++) {
		const struct evidence_device *dev =
			&g_array_index(run->ev->devices, struct evidence_device, i);
		g_autofree char *phase = g_strdup_printf("attach:%s", dev->bdf);

		add_snapshot(list, phase, &dev->after);
	}
	add_snapshot(list, "end", &run->ev->end);
	json_object_set_array_member(run->report->extra, "snapshots", list);
}

static void note_missing_events(struct run *run)
{
	const char *const *missing = run->m && machine_trace(run->m) ? machine_trace_missing(run->m) :
								       NULL;

	if (missing && *missing)
		run->ev->trace_missing = g_strjoinv(", ", (char **)missing);
}

void run_judge(struct run *run)
{
	note_missing_events(run);
	for (const struct check *c = vtdlab_checks; c->name; c++)
		judge_one(run, c);
	count_iova(run);
	list_snapshots(run);
	fill_environment(run);
	report_judge(run->report, false);
}
