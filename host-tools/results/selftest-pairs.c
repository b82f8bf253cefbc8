/* SPDX-License-Identifier: GPL-2.0-only */
/* Which selftest is beside which test of ours, and what their runs come to. */
#include "results/selftest-pairs.h"

#include <math.h>

#include "base/error.h"
#include "base/stats.h"
#include "results/probe-log.h"

#define PAGES_16M 4096
#define TOTAL "Total guest execution time"
#define POPULATED "Populate memory time"
#define DIRTIED "Iteration # dirty memory time"

/*
 * The first KVM_RUN of each of our vCPUs maps the small slot, which the originals do in the interval they measure.
 * With a manually cleared log the first pass finds all pages writable: nothing faults there. Nor in a change of a slot,
 * which is as long as the load was busy since the last one.
 */
/* clang-format off */
const struct selftest_pair selftest_pairs[] = {
	{ "demand-paging", "demand_paging_test -b 16M -v 1", "demand-paging --memory 16M", 1, PAGES_16M,
	  { { "populate", SELFTEST_CPU, 0, 1, 1, TOTAL, false } } },
	{ "demand-paging, 2 vCPUs", "demand_paging_test -b 16M -v 2", "demand-paging --vcpus 2 --memory 32M", 2,
	  2 * PAGES_16M, { { "populate", SELFTEST_CPU, 0, 1, 1, TOTAL, false } } },
	{ "demand-paging, 4 vCPUs", "demand_paging_test -b 16M -v 4", "demand-paging --vcpus 4 --memory 64M", 4,
	  4 * PAGES_16M, { { "populate", SELFTEST_CPU, 0, 1, 1, TOTAL, false } } },
	{ "demand-paging, shmem", "demand_paging_test -b 16M -v 1 -s shmem",
	  "demand-paging --memory 16M --backing memfd", 1, PAGES_16M,
	  { { "populate", SELFTEST_CPU, 0, 1, 1, TOTAL, false } } },
	{ "uffd MISSING", "demand_paging_test -b 16M -v 1 -u MISSING",
	  "demand-paging --memory 16M --uffd missing --uffd-per vcpu", 1, PAGES_16M,
	  { { "populate", SELFTEST_ELAPSED, 0, 1, 1, TOTAL, false } } },
	{ "uffd MISSING, 4 vCPUs", "demand_paging_test -b 16M -v 4 -u MISSING",
	  "demand-paging --vcpus 4 --memory 64M --uffd missing --uffd-per vcpu", 4, 4 * PAGES_16M,
	  { { "populate", SELFTEST_ELAPSED, 0, 1, 1, TOTAL, false } } },
	{ "uffd MINOR, shmem", "demand_paging_test -b 16M -v 1 -u MINOR -s shmem",
	  "demand-paging --memory 16M --backing memfd --uffd minor --uffd-per vcpu", 1, PAGES_16M,
	  { { "populate", SELFTEST_ELAPSED, 0, 1, 1, TOTAL, false } } },
	{ "dirty-log, get", "dirty_log_perf_test -b 16M -v 1 -i 8 -g",
	  "dirty-log --log get --iterations 8 --memory 16M", 1, PAGES_16M,
	  { { "populate", SELFTEST_CPU, 0, 1, 1, POPULATED, false },
	    { "dirty", SELFTEST_CPU, 1, 2, 8, DIRTIED, false },
	    { "get", SELFTEST_GET, 0, 0, 0, "Iteration # get dirty log time", false } } },
	{ "dirty-log, clear", "dirty_log_perf_test -b 16M -v 1 -i 8",
	  "dirty-log --log clear --initially-set --iterations 8 --memory 16M", 1, PAGES_16M,
	  { { "populate", SELFTEST_CPU, 0, 1, 1, POPULATED, false },
	    { "dirty, first pass", SELFTEST_CPU, 1, 2, 1, NULL, true },
	    { "dirty", SELFTEST_CPU, 2, 3, 7, DIRTIED, false },
	    { "clear", SELFTEST_CLEAR, 0, 0, 0, "Iteration # clear dirty log time", false } } },
	{ "dirty-log, clear, 2 vCPUs", "dirty_log_perf_test -b 16M -v 2 -i 8",
	  "dirty-log --vcpus 2 --log clear --initially-set --iterations 8 --memory 32M", 2, 2 * PAGES_16M,
	  { { "populate", SELFTEST_CPU, 0, 1, 1, POPULATED, false },
	    { "dirty", SELFTEST_CPU, 2, 3, 7, DIRTIED, false },
	    { "clear", SELFTEST_CLEAR, 0, 0, 0, "Iteration # clear dirty log time", false } } },
	{ "memslot-churn", "memslot_modification_stress_test -b 16M -v 1 -i 100",
	  "memslot-churn --count 100 --memory 16M --spare 4K", 1, PAGES_16M,
	  { { "add", SELFTEST_SLOT_ADD, 0, 0, 0, NULL, true },
	    { "remove", SELFTEST_SLOT_REMOVE, 0, 0, 0, NULL, true } } },
	{ "access-tracking", "access_tracking_perf_test -b 16M -v 1", "access-tracking --memory 16M", 1, PAGES_16M,
	  { { "populate", SELFTEST_CPU, 0, 1, 1, "Populating memory", false },
	    { "write, idle", SELFTEST_CPU, 3, 2, 1, "Writing to idle memory", true },
	    { "read, idle", SELFTEST_CPU, 4, 3, 1, "Reading from idle memory", true } } },
	{ .name = NULL },
};
/* clang-format on */

/* What there is of a step of one of the two programs, of all its runs. */
struct side {
	GArray *ns, *faults; /* uint64_t */
};

struct selftest_result {
	const struct selftest_pair *pair;
	struct side side[SELFTEST_STEPS][2]; /* theirs, ours */
	GArray *printed[SELFTEST_STEPS];
	char *skip;
};

static GArray *numbers(void)
{
	return g_array_new(FALSE, FALSE, sizeof(uint64_t));
}

struct selftest_result *selftest_new(const struct selftest_pair *pair)
{
	struct selftest_result *r = g_new0(struct selftest_result, 1);

	r->pair = pair;
	for (unsigned i = 0; i < SELFTEST_STEPS; i++) {
		for (unsigned k = 0; k < 2; k++)
			r->side[i][k] = (struct side){ numbers(), numbers() };
		r->printed[i] = numbers();
	}
	return r;
}

void selftest_free(struct selftest_result *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < SELFTEST_STEPS; i++) {
		for (unsigned k = 0; k < 2; k++) {
			g_array_unref(r->side[i][k].ns);
			g_array_unref(r->side[i][k].faults);
		}
		g_array_unref(r->printed[i]);
	}
	g_free(r->skip);
	g_free(r);
}

void selftest_skip(struct selftest_result *r, const char *reason)
{
	g_free(r->skip);
	r->skip = g_strdelimit(g_strdup(reason), "\r\n\t|", ' ');
}

const char *selftest_skipped(const struct selftest_result *r)
{
	return r->skip;
}

/* ---- one run ---- */

/* The VM that is measured: the last one that ran. A program may have tried before what this KVM can. */
static uint64_t measured_vm(const struct probe_log *log)
{
	uint64_t vm = 0;

	for (guint i = 0; i < log->runs->len; i++)
		vm = MAX(vm, g_array_index(log->runs, struct probe_run, i).vm);
	return vm;
}

/* The @n-th KVM_RUN of all its vCPUs. */
static bool add_pass(struct side *side, const struct selftest_step *s, const struct probe_log *log, uint64_t n,
		     unsigned vcpus, GError **error)
{
	uint64_t vm = measured_vm(log), first = G_MAXUINT64, last = 0, cpu = 0, faults = 0, elapsed;
	unsigned have = 0;

	for (guint i = 0; i < log->runs->len; i++) {
		const struct probe_run *run = &g_array_index(log->runs, struct probe_run, i);

		if (run->vm != vm || run->n != n)
			continue;
		have++;
		first = MIN(first, run->start);
		last = MAX(last, run->end);
		cpu += run->cpu;
		faults += run->faults;
	}
	if (have != vcpus)
		return vtdlab_unjudged(error, "step '%s': %u instead of %u vCPUs have a KVM_RUN number %u", s->name,
				       have, vcpus, (unsigned)n);
	elapsed = last - first;
	g_array_append_val(side->faults, faults);
	g_array_append_vals(side->ns, s->what == SELFTEST_CPU ? &cpu : &elapsed, 1);
	return true;
}

/* Slots 0 and 1 are the VM's own memory, in both programs. */
static bool is_of(const struct probe_call *c, enum selftest_what what)
{
	switch (what) {
	case SELFTEST_GET:
		return c->kind == PROBE_GET;
	case SELFTEST_CLEAR:
		return c->kind == PROBE_CLEAR;
	case SELFTEST_SLOT_ADD:
		return c->kind == PROBE_SLOT && c->slot > 1 && c->size;
	case SELFTEST_SLOT_REMOVE:
		return c->kind == PROBE_SLOT && c->slot > 1 && !c->size;
	default:
		return false;
	}
}

static bool add_calls(struct side *side, const struct selftest_step *s, const struct probe_log *log, GError **error)
{
	guint before = side->ns->len;

	for (guint i = 0; i < log->calls->len; i++) {
		const struct probe_call *c = &g_array_index(log->calls, struct probe_call, i);

		if (is_of(c, s->what))
			g_array_append_vals(side->ns, c->kind == PROBE_SLOT ? &c->cpu : &c->ns, 1);
	}
	return side->ns->len > before || vtdlab_unjudged(error, "step '%s': no such call was made", s->name);
}

bool selftest_add(struct selftest_result *r, bool ours, const char *out, const char *err, GError **error)
{
	struct probe_log *log = probe_parse(err, error);
	bool ok = log != NULL;

	for (unsigned i = 0; ok && i < SELFTEST_STEPS && r->pair->step[i].name; i++) {
		const struct selftest_step *s = &r->pair->step[i];
		struct side *side = &r->side[i][ours];

		for (unsigned p = 0; ok && p < s->passes; p++)
			ok = add_pass(side, s, log, (ours ? s->ours : s->theirs) + p, r->pair->vcpus, error);
		if (ok && !s->passes)
			ok = add_calls(side, s, log, error);
		if (ok && !ours && s->printed && !selftest_times(out, s->printed, r->printed[i]))
			ok = vtdlab_unjudged(error, "step '%s': the selftest does not print '%s'", s->name, s->printed);
	}
	probe_free(log);
	return ok;
}

/* ---- what it comes to ---- */

struct figure {
	uint64_t ns, faults;
};

/*
 * A call of a millisecond either meets the timer's interrupt or not, and which it is depends on where in the period
 * it begins, not on what it does: the shortest one counts. All else is a median.
 */
static uint64_t one_of(const GArray *values, bool least)
{
	g_autofree uint64_t *copy = g_memdup2(values->data, values->len * sizeof(uint64_t));
	uint64_t median = stats_median_u64(copy, values->len);

	/* sorted by that */
	return least && values->len ? copy[0] : median;
}

static struct figure figure_of(const struct side *side, const struct selftest_step *s)
{
	return (struct figure){ one_of(side->ns, s->what == SELFTEST_GET || s->what == SELFTEST_CLEAR),
				one_of(side->faults, false) };
}

/* Ours to theirs, of one fault where there are any; NAN: one of them has nothing. */
static double ratio_of(const struct figure *theirs, const struct figure *ours)
{
	bool faults = theirs->faults && ours->faults;
	struct rate a, b;

	if (!rate_of(theirs->ns, faults ? theirs->faults : 1, &a) || !rate_of(ours->ns, faults ? ours->faults : 1, &b))
		return NAN;
	/* as it is printed */
	return round(b.ns_each / a.ns_each * 1000) / 1000;
}

/* One fault a page of the memory under test; theirs has its code, stack and tables to fault in besides. */
static bool same_faults(const struct selftest_pair *pair, const struct selftest_step *s, const struct figure *theirs,
			const struct figure *ours)
{
	return !s->passes || s->no_faults || (ours->faults >= pair->pages && ours->faults <= theirs->faults);
}

static char *worse(const struct selftest_pair *pair, const struct selftest_step *s, const struct figure *theirs,
		   const struct figure *ours)
{
	double ratio = ratio_of(theirs, ours);

	if (!same_faults(pair, s, theirs, ours))
		return g_strdup_printf("%s, %s: kvmperf took %" G_GUINT64_FORMAT " faults for %" G_GUINT64_FORMAT
				       " pages, the selftest %" G_GUINT64_FORMAT,
				       pair->name, s->name, ours->faults, pair->pages, theirs->faults);
	if (!s->no_faults && !(ratio <= 1))
		return g_strdup_printf("%s, %s: kvmperf costs %.3f of what the selftest does", pair->name, s->name,
				       ratio);
	return NULL;
}

unsigned selftest_worse(const GPtrArray *results, GPtrArray *lines)
{
	unsigned n = 0;

	for (guint i = 0; i < results->len; i++) {
		const struct selftest_result *r = results->pdata[i];

		for (unsigned k = 0; !r->skip && k < SELFTEST_STEPS && r->pair->step[k].name; k++) {
			const struct selftest_step *s = &r->pair->step[k];
			struct figure theirs = figure_of(&r->side[k][0], s), ours = figure_of(&r->side[k][1], s);
			char *line = worse(r->pair, s, &theirs, &ours);

			n += line != NULL;
			if (line && lines)
				g_ptr_array_add(lines, line);
			else
				g_free(line);
		}
	}
	return n;
}

/* ---- tables ---- */

/* "1,203,360" would be better to read, and worse to take out of a table. */
static char *number(uint64_t value, bool there)
{
	return there ? g_strdup_printf("%" G_GUINT64_FORMAT, value) : g_strdup("-");
}

static void add_row(GString *out, const struct selftest_result *r, unsigned k, bool markdown)
{
	const struct selftest_step *s = &r->pair->step[k];
	struct figure theirs = figure_of(&r->side[k][0], s), ours = figure_of(&r->side[k][1], s);
	g_autofree char *faults = number(theirs.faults, s->passes), *our_faults = number(ours.faults, s->passes),
			*printed = number(one_of(r->printed[k], false), r->printed[k]->len),
			*ratio = g_strdup_printf(s->no_faults ? "(%.3f)" : "%.3f", ratio_of(&theirs, &ours));

	g_string_append_printf(
		out,
		markdown ? "| %s | %s | %s | %s | %s | %" G_GUINT64_FORMAT " | %" G_GUINT64_FORMAT " | %s |\n" :
			   "%-26s %-17s %7s %7s %11s %11" G_GUINT64_FORMAT " %11" G_GUINT64_FORMAT " %8s\n",
		markdown || !k ? r->pair->name : "", s->name, faults, our_faults, printed, theirs.ns, ours.ns, ratio);
}

char *selftest_table(const GPtrArray *results, bool markdown)
{
	GString *out = g_string_new(NULL);

	if (markdown)
		g_string_append(out,
				"| test | step | faults, selftest | faults, kvmperf | it prints, ns | selftest, ns "
				"| kvmperf, ns | ratio |\n|---|---|--:|--:|--:|--:|--:|--:|\n");
	else
		g_string_append_printf(out, "%-26s %-17s %7s %7s %11s %11s %11s %8s\n", "test", "step", "faults",
				       "ours", "it prints", "selftest ns", "kvmperf ns", "ratio");
	for (guint i = 0; i < results->len; i++) {
		const struct selftest_result *r = results->pdata[i];

		if (r->skip)
			g_string_append_printf(out, markdown ? "| %s | skip: %s | | | | | | |\n" : "%-26s skip: %s\n",
					       r->pair->name, r->skip);
		for (unsigned k = 0; !r->skip && k < SELFTEST_STEPS && r->pair->step[k].name; k++)
			add_row(out, r, k, markdown);
	}
	return g_string_free(out, FALSE);
}

static JsonArray *array_of(const GArray *values)
{
	JsonArray *a = json_array_new();

	for (guint i = 0; i < values->len; i++)
		json_array_add_int_element(a, (gint64)g_array_index(values, uint64_t, i));
	return a;
}

static JsonObject *step_json(const struct selftest_result *r, unsigned k)
{
	static const char *const who[] = { "selftest", "kvmperf" };
	const struct selftest_step *s = &r->pair->step[k];
	struct figure figure[2];
	JsonObject *o = json_object_new();
	double ratio;

	json_object_set_string_member(o, "step", s->name);
	for (unsigned i = 0; i < 2; i++) {
		JsonObject *side = json_object_new();

		figure[i] = figure_of(&r->side[k][i], s);
		json_object_set_int_member(side, "ns", (gint64)figure[i].ns);
		json_object_set_int_member(side, "faults", (gint64)figure[i].faults);
		json_object_set_array_member(side, "ns_runs", array_of(r->side[k][i].ns));
		json_object_set_array_member(side, "faults_runs", array_of(r->side[k][i].faults));
		json_object_set_object_member(o, who[i], side);
	}
	ratio = ratio_of(&figure[0], &figure[1]);
	json_object_set_array_member(o, "printed_ns", array_of(r->printed[k]));
	json_object_set_boolean_member(o, "judged", !s->no_faults);
	if (isnan(ratio))
		json_object_set_null_member(o, "ratio");
	else
		json_object_set_double_member(o, "ratio", ratio);
	return o;
}

JsonArray *selftest_json(const GPtrArray *results)
{
	JsonArray *all = json_array_new();

	for (guint i = 0; i < results->len; i++) {
		const struct selftest_result *r = results->pdata[i];
		JsonObject *o = json_object_new();
		JsonArray *steps = json_array_new();

		json_object_set_string_member(o, "name", r->pair->name);
		json_object_set_string_member(o, "selftest", r->pair->theirs);
		json_object_set_string_member(o, "kvmperf", r->pair->ours);
		json_object_set_string_member(o, "skip", r->skip ? r->skip : "");
		for (unsigned k = 0; !r->skip && k < SELFTEST_STEPS && r->pair->step[k].name; k++)
			json_array_add_object_element(steps, step_json(r, k));
		json_object_set_array_member(o, "steps", steps);
		json_array_add_object_element(all, o);
	}
	return all;
}
