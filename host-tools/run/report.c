/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run adds to its judged evidence: kernels, environment, snapshots. */
#include "run/numbers.h"
#include "run/phases.h"

#include <string.h>

#include "base/paths.h"
#include "machine/libvirt-domain.h"
#include "observe/kprobes.h"
#include "evidence/iommus.h"

static void fill_kernel(struct report_kernel *out, const struct kernel *k, const char *cmdline)
{
	out->spec = g_strdup(k->spec);
	out->release = g_strdup(k->release);
	out->sha256 = g_strdup(k->sha256);
	out->config_sha256 = g_strdup(k->config_sha256);
	out->build_id = g_strdup(k->build_id);
	out->describe = g_strdup(k->describe);
	out->cmdline = g_strdup(cmdline);
}

static char *shortcuts_in_force(const struct plan *plan, enum machine_accel accel)
{
	if (!plan->boot_words)
		return g_strdup("");
	return accel == MACHINE_ACCEL_KVM ? g_strdup(plan->boot_words) :
					    g_strjoin(" ", plan->cpu_tcg, plan->boot_words, NULL);
}

static void fill_environment(struct run *run)
{
	struct report_environment *env = &run->report->env;
	const struct evidence_state *state = &run->at.ev->at_panic;
	const char *modules = run->at.plan->options->modules;
	bool virtual = run->at.plan->scenario->machine.clock == MACHINE_CLOCK_VIRTUAL;

	fill_kernel(&env->first_kernel, run->at.plan->first,
		    run->at.ev->first_cmdline ? run->at.ev->first_cmdline : run->at.plan->first_cmdline);
	fill_kernel(&env->crash_kernel, run->at.plan->crash, run->at.plan->crash_cmdline);
	env->first_kernel.image =
		g_strdup(run->at.plan->first_image == run->at.plan->first->bzimage ? "shipped" : "flat");
	if (run->at.plan->scenario->first.image != CONF_IMAGE_AUTO &&
	    g_strcmp0(env->first_kernel.image,
		      run->at.plan->scenario->first.image == CONF_IMAGE_FLAT ? "flat" : "shipped") != 0)
		report_note(run->report,
			    "the first kernel is booted %s, which first.image does not ask for: it has no other image",
			    env->first_kernel.image);
	env->crash_kernel.image = g_strdup(!run->at.ev->crash_loaded ? NULL : run->flat ? "flat" : "shipped");
	env->clock = g_strdup(virtual ? "virtual" : "wall");
	if (run->at.m) {
		env->accel = g_strdup(word_of(machine_accel_words, machine_accel(run->at.m)));
		env->qemu = g_strdup(machine_qemu(run->at.m)->version);
		env->qemu_path = g_strdup(machine_qemu(run->at.m)->path);
		env->vmm = g_strdup(machine_vmm(run->at.m));
		if (run->at.plan->options->vmm_uri && *run->at.plan->options->vmm_uri)
			env->vmm_uri = g_strdup(run->at.plan->options->vmm_uri);
		env->shortcuts = shortcuts_in_force(run->at.plan, machine_accel(run->at.m));
		env->wall_time_is_hardware_time = machine_accel(run->at.m) == MACHINE_ACCEL_KVM && !virtual;
	}
	if (state->has_regs) {
		env->has_caps = true;
		uint64_t words[2];

		iommu_detect(run->at.plan->scenario)->capabilities(state->regs, words);
		env->cap = words[0];
		env->ecap = words[1];
	}
	env->modules = modules ? g_canonicalize_filename(modules, NULL) : NULL;
	env->reference = g_strdup(run->at.plan->options->reference);
	report_fill_host(env);
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
	json_object_set_int_member(o, "contexts", (gint64)state->walk->n_requesters);
	json_object_set_int_member(o, "tables", (gint64)state->walk->n_tables);
	json_object_set_int_member(o, "leaves", (gint64)state->walk->leaves);
	json_object_set_int_member(o, "defects", (gint64)state->walk->n_defects);
	json_array_add_object_element(list, o);
}

/* run.json "snapshots": when the tables were read, for how long the guest stood still, what was there. */
static void list_snapshots(struct run *run)
{
	JsonArray *list = json_array_new();

	add_snapshot(list, "panic", &run->at.ev->at_panic);
	add_snapshot(list, "copied", &run->at.ev->copied);
	for_each_evidence(const struct evidence_device, dev, run->at.ev->devices) {
		g_autofree char *phase = g_strdup_printf("attach:%s", dev->bdf);

		add_snapshot(list, phase, &dev->after);
	}
	add_snapshot(list, "end", &run->at.ev->end);
	json_object_set_array_member(run->report->extra, "snapshots", list);
}

/* What of a user's domain is not as its file says. */
static void list_domain(struct run *run)
{
	const struct libvirt_domain *d = run->at.plan->options->domain;
	g_autoptr(GPtrArray) changes = NULL;
	JsonObject *o;
	JsonArray *list;

	if (!d)
		return;
	o = json_object_new();
	list = json_array_new();
	changes = libvirt_domain_changes(d, run->at.m && machine_accel(run->at.m) == MACHINE_ACCEL_KVM);
	for (unsigned i = 0; i < changes->len; i++) {
		report_note(run->report, "domain: %s", (const char *)changes->pdata[i]);
		json_array_add_string_element(list, changes->pdata[i]);
	}
	json_object_set_string_member(o, "file", d->file);
	json_object_set_array_member(o, "changes", list);
	json_object_set_object_member(run->report->extra, "domain", o);
}

/* A kernel of the user's stays where it is when the line that repeats the run is typed elsewhere. */
static char *from_anywhere(const char *key, const char *value)
{
	bool kernel = g_str_has_suffix(key, ".kernel") && g_file_test(value, G_FILE_TEST_EXISTS);

	return kernel && (strchr(value, '/') || *value == '.') ? g_canonicalize_filename(value, NULL) : g_strdup(value);
}

static void add_setting(const char *key, const char *value, void *settings)
{
	g_autofree char *whole = from_anywhere(key, value);

	json_object_set_string_member(settings, key, whole);
}

void run_list_settings(struct run *run)
{
	const struct scenario *s = run->at.plan->scenario;
	struct scenario *file = s->path ? scenario_load(s->path, NULL) : NULL;
	JsonObject *settings = json_object_new();
	g_autofree char *scenarios = lab_path(scenario_schema.folder, NULL);

	/* a file that is gone meanwhile: against the defaults, rather too much than too little */
	if (!file)
		file = scenario_new(s->name);
	schema_differences(&scenario_schema, s, file, add_setting, settings);
	scenario_free(file);
	json_object_set_object_member(run->report->extra, "settings", settings);
	if (s->path && !g_str_has_prefix(s->path, scenarios)) {
		g_autofree char *own = g_canonicalize_filename(s->path, NULL);

		json_object_set_string_member(run->report->extra, "scenario_file", own);
	}
}

/* What can be said of each group of trace events; which events this QEMU lacks. */
static void note_traces(struct run *run)
{
	const struct trace *trace = run->at.m ? machine_trace(run->at.m) : NULL;
	const char *const *missing = trace ? machine_trace_missing(run->at.m) : NULL;

	if (!trace)
		return;
	if (missing && *missing)
		run->at.ev->trace_missing = g_strjoinv(", ", (char **)missing);
	for (unsigned group = 0; group < TRACE_GROUPS; group++) {
		struct evidence_trace t = { .group = group,
					    .seen = trace_counters(trace)->seen[group],
					    .malformed = trace_counters(trace)->malformed[group] };
		g_autoptr(GString) lacks = g_string_new(NULL);

		for (const char *const *name = missing; name && *name; name++)
			if (trace_group_of(*name) == (int)group)
				g_string_append_printf(lacks, "%s%s", lacks->len ? ", " : "", *name);
		if (lacks->len)
			t.missing = g_strdup(lacks->str);
		g_array_append_val(run->at.ev->traces, t);
	}
}

static void list_phases(struct run *run)
{
	for_each_evidence(const struct clock_phase, p, run->at.clock->phases)
		report_add_phase(run->report, p->name, p->start_ns)->end_ns = p->end_ns;
}

void run_judge(struct run *run)
{
	list_phases(run);
	note_traces(run);
	list_snapshots(run);
	run_list_settings(run);
	list_domain(run);
	restore_report(run);
	numbers_add(run->report->extra, run->at.ev);
	if (run->kprobes)
		kprobes_report(run->kprobes, run->report);
	copy_memory_report(&run->copy_memory[0], &run->copy_memory[1], run->report);
	fill_environment(run);
	report_judge(run->report, run->at.ev);
}
