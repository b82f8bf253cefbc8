/* SPDX-License-Identifier: GPL-2.0-only */
/* bench.json and summary.txt. */
#include "bench/bench-priv.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json-line.h"
#include "base/text.h"
#include "html/bench-page.h"
#include "results/bench-table.h"
#include "results/report.h"
#include "results/version.h"

static char *params_of(const struct bench_options *o)
{
	return o->params ? g_strjoinv(" ", o->params) : g_strdup("");
}

/* The environment in the form that run.json has it, so that a reader of one can read the other. */
static JsonObject *environment(const struct bench_measured *b, const char *guest_kernel)
{
	const struct bench_options *o = b->plan->options;
	const struct kernel *k = b->plan->kernel;
	const struct qemu_caps *caps = machine_qemu(b->m);
	struct report_environment env = {
		.accel = g_strdup(word_of(machine_accel_words, machine_accel(b->m))),
		.clock = g_strdup(o->clock_virtual ? "virtual" : "wall"),
		.qemu = g_strdup(caps->version),
		.qemu_path = g_strdup(caps->path),
		.vmm = g_strdup(machine_vmm(b->m)),
		.wall_time_is_hardware_time = machine_accel(b->m) == MACHINE_ACCEL_KVM && !o->clock_virtual,
		.first_kernel = { g_strdup(k->spec), g_strdup(guest_kernel), g_strdup(k->sha256),
				  g_strdup(k->config_sha256), g_strdup(b->plan->cmdline), NULL, g_strdup(k->build_id),
				  g_strdup(k->describe) },
	};
	g_autofree char *params = params_of(o);
	JsonObject *json;

	report_fill_host(&env);
	json = report_environment_json(&env);
	report_environment_clear(&env);
	json_object_remove_member(json, "crash_kernel");
	json_object_set_string_member(json, "level", "L2 in L1");
	json_object_set_string_member(json, "iommu", word_of(bench_iommu_words, o->iommu));
	json_object_set_string_member(json, "l1_params", params);
	json_object_set_int_member(json, "l1_cpus", o->cpus);
	json_object_set_int_member(json, "l1_memory", (gint64)b->plan->memory);
	json_object_set_boolean_member(json, "l1_settled", b->settled);
	return json;
}

/* The command that does the same again. */
static char *command_of(const struct bench_options *o)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *tests = o->tests ? g_strjoinv(", ", o->tests) : NULL, *params = params_of(o);
	const struct {
		const char *option, *value;
	} all[] = {
		{ "--tests", tests },
		{ "--selftests", o->selftests },
		{ "--suite", tests || o->selftests ? NULL : o->suite },
		{ "--clock", o->clock_virtual ? NULL : "wall" },
		{ "--accel", o->accel == MACHINE_ACCEL_AUTO ? NULL : word_of(machine_accel_words, o->accel) },
		{ "--iommu", o->iommu == BENCH_IOMMU_LAZY ? NULL : word_of(bench_iommu_words, o->iommu) },
		{ "--kernel", o->kernel },
		{ "--modules", o->modules },
		{ "--l1-params", *params ? params : NULL },
		{ "--qemu", o->qemu },
		{ "--vmm", o->vmm_word },
	};

	g_ptr_array_add(words, g_strdup("bench"));
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		if (!all[i].value)
			continue;
		g_ptr_array_add(words, g_strdup(all[i].option));
		g_ptr_array_add(words, g_strdup(all[i].value));
	}
	if (o->cpus != (o->clock_virtual ? 1 : 2)) {
		g_ptr_array_add(words, g_strdup("--cpus"));
		g_ptr_array_add(words, g_strdup_printf("%u", o->cpus));
	}
	if (o->rounds) {
		g_ptr_array_add(words, g_strdup("--rounds"));
		g_ptr_array_add(words, g_strdup_printf("%u", o->rounds));
	}
	g_ptr_array_add(words, NULL);
	return text_command((char *const *)words->pdata);
}

JsonObject *bench_document(const struct bench_measured *b, int schema, const char *guest_kernel, int exit)
{
	g_autofree char *repeat = command_of(b->plan->options);
	JsonObject *o = json_object_new();

	json_object_set_int_member(o, "schema", schema);
	json_object_set_string_member(o, "tool", "vtdlab " VTDLAB_VERSION);
	json_object_set_string_member(o, "bench", b->plan->name);
	json_object_set_string_member(o, "repeat", repeat);
	json_object_set_double_member(o, "duration_s", round(b->seconds * 1000) / 1000);
	json_object_set_int_member(o, "exit", exit);
	json_object_set_object_member(o, "environment", environment(b, guest_kernel));
	return o;
}

char *bench_head(const struct bench_measured *b, const char *guest_kernel)
{
	const struct bench_options *o = b->plan->options;
	g_autofree char *params = params_of(o);

	return g_strdup_printf("L1: %s%s%s, %s, %s clock, QEMU %s, vIOMMU %s, %u CPU%s\n\n", guest_kernel,
			       *params ? " with " : "", params, word_of(machine_accel_words, machine_accel(b->m)),
			       o->clock_virtual ? "virtual" : "wall", machine_qemu(b->m)->version,
			       word_of(bench_iommu_words, o->iommu), o->cpus, o->cpus > 1 ? "s" : "");
}

char *bench_caveats(const struct bench_measured *b)
{
	const char *times = bench_times_are(b->plan->options->clock_virtual, machine_accel(b->m) == MACHINE_ACCEL_KVM);

	return g_strconcat(b->settled ? "" : "L1 did not come to rest before the tests: these times may not repeat.\n",
			   times, *times ? "\n" : "", NULL);
}

/* From the file: that is what `vtdlab report` and `bench --show` will read, too. */
static bool write_pages(const struct rundir *rd, bool all, char **shown, GError **error)
{
	struct bench_doc *doc = bench_doc_read(rd->path, error);
	g_autofree char *html = doc ? html_bench_page(doc) : NULL, *summary = doc ? bench_page(doc, true) : NULL;

	*shown = doc ? bench_page(doc, all) : NULL;
	bench_doc_free(doc);
	return html && rundir_write(rd, "summary.txt", summary, -1, error) &&
	       rundir_write(rd, REPORT_HTML, html, -1, error);
}

bool bench_report_write(const struct bench_measured *b, const struct rundir *rd, struct bench_outcome *out,
			GError **error)
{
	g_autofree char *document = json_line_format(b->kvmperf), *text = NULL;
	struct bench_doc *doc = bench_doc_parse(document, strlen(document), error);
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *finished = g_date_time_format_iso8601(now);
	g_autoptr(JsonObject) o = NULL;
	struct bench_clock clock = { 0 };
	unsigned count[3];

	if (!doc)
		return false;
	if (b->spans)
		clock = bench_clock_compare(doc, b->spans);
	if (clock.state == BENCH_CLOCK_WRONG) {
		bench_doc_free(doc);
		return vtdlab_unjudged(
			error,
			"L1's clock is wrong: %.2f ns of it for each instruction that QEMU counts (median of "
			"%u tests, 1.00 is right): none of its times is a figure",
			clock.ratio, clock.pairs);
	}
	bench_counts(doc, count);
	out->exit = count[BENCH_FAIL] ? VTDLAB_EXIT_BAD : VTDLAB_EXIT_OK;
	o = bench_document(b, BENCH_SCHEMA, doc->guest_kernel, out->exit);
	json_object_set_string_member(o, "finished", finished);
	json_object_set_string_member(o, "outcome", out->exit ? "fail" : "pass");
	if (clock.state != BENCH_CLOCK_UNTOLD) {
		json_object_set_double_member(o, "clock_ratio", round(clock.ratio * 1000) / 1000);
		json_object_set_int_member(o, "clock_pairs", clock.pairs);
	}
	json_object_set_object_member(o, "kvmperf", json_object_ref(b->kvmperf));
	text = json_line_format(o);
	bench_doc_free(doc);
	return rundir_write(rd, "bench.json", text, -1, error) &&
	       write_pages(rd, b->plan->options->all, &out->summary, error);
}
