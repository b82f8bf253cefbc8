/* SPDX-License-Identifier: GPL-2.0-only */
/* Collects what a test measures, and writes it as text or as an element of the document. */
#include "result.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERIES_MAX 96
#define LATENCY_MAX 8
#define NAME_MAX_LEN 40

struct series {
	char name[NAME_MAX_LEN];
	uint64_t runs[REPEAT_MAX];
	unsigned int vcpus;
	uint64_t *of_vcpu; /* [vcpu][run], of times of jobs */
};

static struct {
	const char *test;
	struct options o;
	unsigned int groups;
	FILE *to;
	uint64_t begin_ns;
	int run; /* -1 while warming up */
	unsigned int counts, times, latencies;
	struct series count[SERIES_MAX], time[SERIES_MAX];
	struct {
		char name[NAME_MAX_LEN];
		struct hist hist;
	} latency[LATENCY_MAX];
	struct counters kvm;
	bool has_kvm;
} r;

static void finish(int status, const char *reason);

void result_begin(const char *test, const struct options *o, unsigned int groups, FILE *to)
{
	/* Not only cleared, but touched: no page fault of ours later. */
	memset(&r, 0, sizeof(r));
	r.test = test;
	r.o = *o;
	r.groups = groups;
	r.to = to;
	r.begin_ns = now_ns();
	ending_set(finish);
}

void result_round(unsigned int round)
{
	r.run = (int)round - (int)r.o.warmup;
	if (r.run < 0)
		r.run = -1;
}

bool result_counts(void)
{
	return r.run >= 0;
}

static struct series *series(struct series *all, unsigned int *n, const char *name)
{
	for (unsigned int i = 0; i < *n; i++)
		if (!strcmp(all[i].name, name))
			return &all[i];
	if (*n == SERIES_MAX)
		fail("more than %d names in a result", SERIES_MAX);
	snprintf(all[*n].name, NAME_MAX_LEN, "%s", name);
	return &all[(*n)++];
}

void result_count(const char *name, uint64_t value)
{
	if (r.run >= 0)
		series(r.count, &r.counts, name)->runs[r.run] = value;
}

void result_ns(const char *name, uint64_t value)
{
	if (r.run >= 0)
		series(r.time, &r.times, name)->runs[r.run] = value;
}

void result_job(const char *name, const struct perf_vm *vm)
{
	struct series *s;

	if (r.run < 0)
		return;
	s = series(r.time, &r.times, name);
	s->runs[r.run] = vm_elapsed(vm);
	if (!s->of_vcpu)
		s->of_vcpu = xcalloc((size_t)vm->cfg.geo.vcpus * r.o.repeat, sizeof(uint64_t));
	s->vcpus = vm->cfg.geo.vcpus;
	for (unsigned int i = 0; i < s->vcpus; i++)
		s->of_vcpu[i * r.o.repeat + (unsigned int)r.run] =
			vm->vcpu[i].answer.end_ns - vm->vcpu[i].answer.start_ns;
}

void result_latency(const char *name, const struct hist *h)
{
	unsigned int i;

	if (r.run < 0)
		return;
	for (i = 0; i < r.latencies && strcmp(r.latency[i].name, name); i++)
		;
	if (i == LATENCY_MAX)
		fail("more than %d histograms in a result", LATENCY_MAX);
	if (i == r.latencies) {
		snprintf(r.latency[i].name, NAME_MAX_LEN, "%s", name);
		hist_init(&r.latency[i].hist);
		r.latencies++;
	}
	hist_merge(&r.latency[i].hist, h);
}

void result_kvm(const struct counters *c)
{
	r.kvm = *c;
	r.has_kvm = true;
}

struct summary {
	uint64_t min, median, max, spread_ppm; /* (max - min) / median */
};

static struct summary summarise(const uint64_t *runs, unsigned int n)
{
	uint64_t sorted[REPEAT_MAX];
	struct summary s;

	memcpy(sorted, runs, n * sizeof(*runs));
	s.median = median_of(sorted, n);
	s.min = sorted[0];
	s.max = sorted[n - 1];
	s.spread_ppm = s.median ? (uint64_t)((unsigned __int128)(s.max - s.min) * 1000000 / s.median) : 0;
	return s;
}

static void time_json(struct json *j, const struct series *s)
{
	unsigned int n = (unsigned int)r.o.repeat;
	struct summary sum = summarise(s->runs, n);

	json_open(j, s->name, '{');
	json_u64(j, "median", sum.median);
	json_u64(j, "min", sum.min);
	json_u64(j, "max", sum.max);
	json_u64(j, "spread_ppm", sum.spread_ppm);
	json_u64s(j, "runs", s->runs, n);
	if (s->vcpus) {
		json_open(j, "vcpus", '[');
		for (unsigned int i = 0; i < s->vcpus; i++)
			json_u64s(j, NULL, s->of_vcpu + i * n, n);
		json_close(j, ']');
	}
	json_close(j, '}');
}

static void hist_json(struct json *j, const char *name, const struct hist *h)
{
	json_open(j, name, '{');
	json_u64(j, "count", h->count);
	json_u64(j, "sum", h->sum);
	json_u64(j, "min", h->count ? h->min : 0);
	json_u64(j, "p50", hist_quantile(h, 500));
	json_u64(j, "p90", hist_quantile(h, 900));
	json_u64(j, "p99", hist_quantile(h, 990));
	json_u64(j, "max", h->max);
	json_open(j, "buckets", '[');
	for (unsigned int i = 0; i < HIST_BUCKETS; i++) {
		if (!h->bucket[i])
			continue;
		json_u64s(j, NULL, (const uint64_t[]){ hist_low(i), h->bucket[i] }, 2);
	}
	json_close(j, ']');
	json_close(j, '}');
}

static void stats_json(struct json *j, const char *key, const struct stats *s)
{
	json_open(j, key, '{');
	for (unsigned int i = 0; i < s->n; i++)
		if (s->v[i].value)
			json_u64(j, s->v[i].name, s->v[i].value);
	json_close(j, '}');
}

static void write_json(const char *word, const char *reason, bool numbers)
{
	struct json j = { r.to, false };

	json_open(&j, NULL, '{');
	json_text(&j, "name", r.test);
	options_json(&r.o, r.groups, &j);
	json_text(&j, "result", word);
	json_text(&j, "reason", reason);
	json_u64(&j, "elapsed_ns", now_ns() - r.begin_ns);
	json_open(&j, "counts", '{');
	for (unsigned int i = 0; numbers && i < r.counts; i++)
		json_u64s(&j, r.count[i].name, r.count[i].runs, (unsigned int)r.o.repeat);
	json_close(&j, '}');
	json_open(&j, "ns", '{');
	for (unsigned int i = 0; numbers && i < r.times; i++)
		time_json(&j, &r.time[i]);
	json_close(&j, '}');
	json_open(&j, "latency_ns", '{');
	for (unsigned int i = 0; numbers && i < r.latencies; i++)
		hist_json(&j, r.latency[i].name, &r.latency[i].hist);
	json_close(&j, '}');
	json_open(&j, "kvm", '{');
	if (numbers && r.has_kvm) {
		stats_json(&j, "vm", &r.kvm.vm);
		stats_json(&j, "vcpus", &r.kvm.vcpus);
	}
	json_close(&j, '}');
	json_close(&j, '}');
}

static void write_text(const char *word, const char *reason, bool numbers)
{
	FILE *f = r.to;

	fprintf(f, "%s", r.test);
	options_line(&r.o, r.groups, f);
	fprintf(f, ": %s%s%s\n", word, *reason ? ": " : "", reason);
	if (!numbers)
		return;
	for (unsigned int i = 0; i < r.counts; i++)
		fprintf(f, "  %-24s %12llu\n", r.count[i].name,
			(unsigned long long)summarise(r.count[i].runs, (unsigned int)r.o.repeat).median);
	for (unsigned int i = 0; i < r.times; i++) {
		struct summary s = summarise(r.time[i].runs, (unsigned int)r.o.repeat);

		fprintf(f, "  %-24s %12llu ns   spread %llu.%02llu %%\n", r.time[i].name, (unsigned long long)s.median,
			(unsigned long long)s.spread_ppm / 10000, (unsigned long long)s.spread_ppm / 100 % 100);
	}
	for (unsigned int i = 0; i < r.latencies; i++) {
		const struct hist *h = &r.latency[i].hist;

		fprintf(f, "  %-24s p50 %llu p90 %llu p99 %llu max %llu ns of %llu\n", r.latency[i].name,
			(unsigned long long)hist_quantile(h, 500), (unsigned long long)hist_quantile(h, 900),
			(unsigned long long)hist_quantile(h, 990), (unsigned long long)h->max,
			(unsigned long long)h->count);
	}
}

static void finish(int status, const char *reason)
{
	static const char *const words[] = { [EXIT_PASS] = "pass", [EXIT_FAIL] = "fail", [EXIT_CANNOT] = "skip" };

	/* A number that did not verify is not a number. */
	if (r.o.json)
		write_json(words[status], reason, status == EXIT_PASS);
	else
		write_text(words[status], reason, status == EXIT_PASS);
	fflush(r.to);
}

void result_pass(void)
{
	finish(EXIT_PASS, "");
	_exit(EXIT_PASS);
}
