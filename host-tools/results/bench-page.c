/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What `vtdlab bench` prints, from bench.json: the outcome, what failed, the figures, what was run; 72 columns wide, fit for
 * a mail, but for the command to be copied.
 */
#include "results/bench-table.h"

#include <inttypes.h>
#include <string.h>

#include "base/stats.h"
#include "base/text.h"
#include "results/report.h"

#define LABEL_WIDTH 14
#define STEP_WIDTH 20 /* of a step's name, behind two blanks */
#define WALL_NOISE 3  /* with the wall clock: this many times the median spread of the run */

#define put_field(out, label, ...) text_field(out, LABEL_WIDTH, REPORT_WIDTH, label, __VA_ARGS__)

static bool is_virtual(const struct bench_doc *doc)
{
	return g_strcmp0(doc->clock, "virtual") == 0;
}

static double spread_of(const struct bench_series *s)
{
	return s->median ? (double)(s->max - s->min) / (double)s->median : 0;
}

/* How far the rounds of a step lie apart without anybody's doing, as a part of their median. */
static double noise_of(const struct bench_doc *doc)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(double));

	if (is_virtual(doc))
		return BENCH_VIRTUAL_NOISE;
	for (guint i = 0; i < doc->tests->len; i++) {
		const struct bench_test *t = doc->tests->pdata[i];

		for (guint k = 0; k < t->steps->len; k++) {
			double spread = spread_of(t->steps->pdata[k]);

			g_array_append_val(all, spread);
		}
	}
	return WALL_NOISE * stats_median((double *)(void *)all->data, all->len);
}

static void put_outcome(GString *out, const struct bench_doc *doc)
{
	unsigned count[3];

	bench_counts(doc, count);
	put_field(out, "outcome", "%s (exit %d), tests: %u passed, %u failed, %u skipped",
		  count[BENCH_FAIL] ? "failed" : "passed", count[BENCH_FAIL] ? 1 : 0, count[BENCH_PASS],
		  count[BENCH_FAIL], count[BENCH_SKIP]);
}

/* The tests that came to @result, each with its reason. */
static void put_unmade(GString *out, const struct bench_doc *doc, enum bench_result result, const char *heading)
{
	bool any = false;

	for (guint i = 0; i < doc->tests->len; i++) {
		const struct bench_test *t = doc->tests->pdata[i];
		g_autofree char *label = bench_label(doc, t, true), *line = NULL;

		if (t->result != result)
			continue;
		if (!any)
			g_string_append_printf(out, "\n%s\n", heading);
		any = true;
		line = g_strdup_printf("%s: %s", label, t->reason);
		g_string_append(out, "  ");
		text_wrap(out, line, 2, REPORT_WIDTH);
	}
}

/* "375,000", with a digit behind the point where the number is small. */
static char *each_text(double each)
{
	return each < 1000 ? g_strdup_printf("%.1f", each) : text_thousands((uint64_t)(each + 0.5));
}

/* True: its rounds are further apart than noise explains. */
static bool put_step(GString *out, const struct bench_test *t, const struct bench_series *s, double noise)
{
	uint64_t items = bench_items(t, s);
	g_autofree char *count = items ? text_thousands(items) : g_strdup("-"), *median = text_thousands(s->median),
			*each = NULL;
	bool marked = spread_of(s) > noise;
	struct rate rate;

	each = rate_of(s->median, items, &rate) ? each_text(rate.ns_each) : g_strdup("-");
	g_string_append_printf(out, "  %-*s", STEP_WIDTH, s->name);
	if (strlen(s->name) > STEP_WIDTH)
		g_string_append_printf(out, "\n  %*s", STEP_WIDTH, "");
	g_string_append_printf(out, "%11s%16s%12s", count, median, each);
	if (s->runs->len > 1)
		g_string_append_printf(out, "%8.*f%%%s", spread_of(s) < 1 ? 3 : 0, 100 * spread_of(s),
				       marked ? "!" : "");
	g_string_append_c(out, '\n');
	return marked;
}

/* What a test says beside its times, for -v. */
static void put_details(GString *out, const struct bench_test *t)
{
	g_autoptr(GString) kvm = g_string_new(NULL);

	for (guint i = 0; i < t->latencies->len; i++) {
		const struct bench_latency *l = t->latencies->pdata[i];
		g_autofree char *n = text_thousands(l->count), *p50 = text_thousands(l->p50),
				*p90 = text_thousands(l->p90), *p99 = text_thousands(l->p99),
				*max = text_thousands(l->max),
				*line = g_strdup_printf("of one %s: 50%% within %s, 90%% %s, 99%% %s, all %s, of %s",
							l->name, p50, p90, p99, max, n);

		g_string_append(out, "    ");
		text_wrap(out, line, 4, REPORT_WIDTH);
	}
	for (guint i = 0; i < t->kvm->len; i++) {
		const struct bench_counter *c = t->kvm->pdata[i];
		g_autofree char *value = text_thousands(c->value);

		g_string_append_printf(kvm, "%s %s %s", kvm->len ? "," : "KVM, last round:", c->name, value);
	}
	if (kvm->len) {
		g_string_append(out, "    ");
		text_wrap(out, kvm->str, 4, REPORT_WIDTH);
	}
}

static void put_figures(GString *out, const struct bench_doc *doc, bool all)
{
	guint least = G_MAXUINT, most = 0;
	double noise = noise_of(doc);
	bool marked = false;

	g_string_append_printf(out, "\n%-*s%11s%16s%12s%9s\n", STEP_WIDTH + 2, "test, step", "items",
			       is_virtual(doc) ? "instructions" : "ns", "for each", "spread");
	for (guint i = 0; i < doc->tests->len; i++) {
		const struct bench_test *t = doc->tests->pdata[i];
		g_autofree char *label = bench_label(doc, t, true);

		if (t->steps->len)
			text_wrap(out, label, 0, REPORT_WIDTH);
		for (guint k = 0; k < t->steps->len; k++) {
			const struct bench_series *s = t->steps->pdata[k];

			least = MIN(least, s->runs->len);
			most = MAX(most, s->runs->len);
			marked |= put_step(out, t, s, noise);
		}
		if (all && t->steps->len)
			put_details(out, t);
	}
	g_string_append_printf(out, "medians of %u", least);
	g_string_append_printf(out, most > least ? " to %u rounds" : " round%.0u%s", most > least ? most : 0,
			       most == 1 ? "" : "s");
	g_string_append_c(out, '\n');
	if (marked)
		g_string_append_printf(out, "!  rounds further apart than noise explains (%.2g%%)\n", 100 * noise);
	if (!all)
		g_string_append(out, "-v shows percentiles and KVM's counters, as summary.txt does\n");
}

static void put_run(GString *out, const struct bench_doc *doc)
{
	const struct report_environment *env = &doc->env;
	g_autofree char *kernel = report_kernel(&env->first_kernel);

	g_string_append_c(out, '\n');
	put_field(out, "benchmark", "%s", doc->name ? doc->name : "?");
	put_field(out, "L1", "%s", kernel);
	put_field(out, "L1 has", "%u CPU%s, %.3g GiB of memory, vIOMMU %s", doc->cpus, doc->cpus == 1 ? "" : "s",
		  (double)doc->memory / (1 << 30), doc->iommu ? doc->iommu : "?");
	put_field(out, "parameters", "%s", doc->params && *doc->params ? doc->params : "none");
	put_field(out, "machine", "QEMU %s, %s, %s clock%s%s", env->qemu ? env->qemu : "?", doc->accel, doc->clock,
		  env->host_cpu ? ", on " : "", env->host_cpu ? env->host_cpu : "");
	put_field(out, "lab", "%s%s%s", doc->tool ? doc->tool : "?", env->commit ? ", commit " : "",
		  env->commit ? env->commit : "");
	put_field(out, "time, s", "%.1f", doc->seconds);
	if (!doc->settled)
		put_field(out, "", "L1 did not come to rest before the tests: these times may not repeat.");
	if (*bench_times_are(is_virtual(doc), env->wall_time_is_hardware_time))
		put_field(out, "", "%s", bench_times_are(is_virtual(doc), env->wall_time_is_hardware_time));
	if (doc->clock_pairs)
		put_field(out, "",
			  "L1's clock agrees with QEMU's count of instructions: %.2f ns each, median of %u tests.",
			  doc->clock_ratio, doc->clock_pairs);
	/* to be copied: in one piece */
	if (doc->repeat)
		g_string_append_printf(out, "%-*s%s\n", LABEL_WIDTH, "repeat", doc->repeat);
}

const char *bench_times_are(bool virtual, bool hardware)
{
	return virtual	? "1 ns is 1 instruction of L1: these are no times of hardware." :
	       hardware ? "" :
			  "Times of an emulated machine: good to compare runs on one host, no figures of hardware.";
}

char *bench_page(const struct bench_doc *doc, bool all)
{
	GString *out = g_string_new(NULL);
	unsigned count[3];

	bench_counts(doc, count);
	put_outcome(out, doc);
	put_unmade(out, doc, BENCH_FAIL, "failed");
	if (count[BENCH_PASS])
		put_figures(out, doc, all);
	put_unmade(out, doc, BENCH_SKIP, "skipped");
	put_run(out, doc);
	return g_string_free(out, FALSE);
}

void bench_counts(const struct bench_doc *doc, unsigned count[3])
{
	memset(count, 0, 3 * sizeof(*count));
	for (guint i = 0; i < doc->tests->len; i++)
		count[((const struct bench_test *)doc->tests->pdata[i])->result]++;
}
