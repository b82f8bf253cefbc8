/* SPDX-License-Identifier: GPL-2.0-only */
/* bench.json and summary.txt. */
#include "bench/bench-priv.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "results/bench-table.h"
#include "results/report.h"
#include "results/version.h"

/* The environment in the form that run.json has it, so that a reader of one can read the other. */
JsonObject *bench_environment(const struct bench_plan *plan, struct machine *m, const char *guest_kernel, bool settled)
{
	const struct bench_options *o = plan->options;
	const struct qemu_caps *caps = machine_qemu(m);
	struct run_report *r = report_new(plan->name);
	g_autofree char *params = o->params ? g_strjoinv(" ", o->params) : g_strdup("");
	JsonObject *extra = r->env.extra, *env;

	r->env.accel = g_strdup(word_of(machine_accel_words, machine_accel(m)));
	r->env.clock = g_strdup(o->clock_virtual ? "virtual" : "wall");
	r->env.qemu = g_strdup(caps->version);
	r->env.qemu_path = g_strdup(caps->path);
	r->env.wall_time_is_hardware_time = machine_accel(m) == MACHINE_ACCEL_KVM && !o->clock_virtual;
	r->env.first_kernel = (struct report_kernel){ g_strdup(plan->kernel->spec), g_strdup(guest_kernel),
						      g_strdup(plan->kernel->sha256),
						      g_strdup(plan->kernel->config_sha256), g_strdup(plan->cmdline) };
	json_object_set_string_member(extra, "level", "L2 in L1");
	json_object_set_string_member(extra, "iommu", word_of(bench_iommu_words, o->iommu));
	json_object_set_string_member(extra, "l1_params", params);
	json_object_set_int_member(extra, "l1_cpus", o->cpus);
	json_object_set_int_member(extra, "l1_memory", (gint64)bench_memory(o));
	json_object_set_boolean_member(extra, "l1_settled", settled);
	report_fill_host(r);
	env = report_environment_json(&r->env);
	json_object_remove_member(env, "crash_kernel");
	report_free(r);
	return env;
}

char *bench_head(const struct bench_plan *plan, struct machine *m, const char *guest_kernel)
{
	const struct bench_options *o = plan->options;
	g_autofree char *params = o->params ? g_strjoinv(" ", o->params) : g_strdup("");

	return g_strdup_printf("L1: %s%s%s, %s, %s clock, QEMU %s, vIOMMU %s, %u CPU%s\n\n", guest_kernel,
			       *params ? " with " : "", params, word_of(machine_accel_words, machine_accel(m)),
			       o->clock_virtual ? "virtual" : "wall", machine_qemu(m)->version,
			       word_of(bench_iommu_words, o->iommu), o->cpus, o->cpus > 1 ? "s" : "");
}

const char *bench_caveat(const struct bench_plan *plan, struct machine *m)
{
	if (plan->options->clock_virtual)
		return "1 ns is 1 instruction of L1: these are no times of hardware.\n";
	return machine_accel(m) == MACHINE_ACCEL_KVM ?
		       "" :
		       "Times of an emulated machine: good to compare runs on one host, no figures of hardware.\n";
}

char *bench_json_text(JsonObject *o)
{
	JsonNode *node = json_node_new(JSON_NODE_OBJECT);
	char *text;

	json_node_set_object(node, o);
	text = json_to_string(node, FALSE);
	json_node_unref(node);
	return text;
}

static bool write_json(const struct bench_plan *plan, struct machine *m, const struct rundir *rd, JsonObject *kvmperf,
		       const char *guest_kernel, bool settled, double seconds, int exit, GError **error)
{
	JsonObject *o = json_object_new();
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *finished = g_date_time_format_iso8601(now), *text = NULL;
	g_autofree char *tool = g_strconcat("vtdlab ", VTDLAB_VERSION, NULL);
	bool ok;

	json_object_set_int_member(o, "schema", BENCH_SCHEMA);
	json_object_set_string_member(o, "tool", tool);
	json_object_set_string_member(o, "bench", plan->name);
	json_object_set_string_member(o, "finished", finished);
	json_object_set_double_member(o, "duration_s", round(seconds * 1000) / 1000);
	json_object_set_string_member(o, "outcome", exit ? "fail" : "pass");
	json_object_set_int_member(o, "exit", exit);
	json_object_set_object_member(o, "environment", bench_environment(plan, m, guest_kernel, settled));
	json_object_set_object_member(o, "kvmperf", json_object_ref(kvmperf));
	text = bench_json_text(o);
	ok = rundir_write(rd, "bench.json", text, -1, error);
	json_object_unref(o);
	return ok;
}

bool bench_report_write(const struct bench_plan *plan, struct machine *m, const struct rundir *rd, JsonObject *kvmperf,
			bool settled, double seconds, int *exit, char **summary, GError **error)
{
	g_autofree char *text = bench_json_text(kvmperf), *first = NULL, *table = NULL;
	struct bench_doc *doc = bench_doc_parse(text, strlen(text), error);
	unsigned count[3];
	bool ok;

	if (!doc)
		return false;
	bench_counts(doc, count);
	*exit = count[BENCH_FAIL] ? VTDLAB_EXIT_BAD : VTDLAB_EXIT_OK;
	first = bench_head(plan, m, doc->guest_kernel);
	table = bench_table(doc);
	*summary = g_strdup_printf(
		"%s%s\n%s%s%u passed, %u failed, %u skipped; %.1f s\n", first, table,
		settled ? "" : "L1 did not come to rest before the tests: these times may not repeat.\n",
		bench_caveat(plan, m), count[BENCH_PASS], count[BENCH_FAIL], count[BENCH_SKIP], seconds);
	ok = write_json(plan, m, rd, kvmperf, doc->guest_kernel, settled, seconds, *exit, error) &&
	     rundir_write(rd, "summary.txt", *summary, -1, error);
	bench_doc_free(doc);
	return ok;
}
