/* SPDX-License-Identifier: GPL-2.0-only */
/* One benchmark: a VM from its boot to its end, and the run directory. */
#include "bench/bench-priv.h"

#include <string.h>

#include "base/error.h"
#include "machine/accel.h"

static void trying_kvm(void *data)
{
	progress_begin(data, "kvm");
	progress_line(data, ACCEL_TRYING_TEXT);
}

/* An L1 that never speaks may be the emulator's doing (machine/cmdline.c): it gets a second try. */
static struct machine *boot(const struct bench_plan *plan, const char *dir, GError **error)
{
	const struct bench_options *o = plan->options;
	const struct agent_hello *hello = NULL;
	struct machine_config cfg;
	struct machine *m = NULL;

	for (int attempt = 1; !hello; attempt++) {
		g_autofree char *accel = NULL;
		g_autoptr(GError) why = NULL;

		bench_plan_machine(plan, dir, &cfg);
		if (!accel_resolve(&cfg, trying_kvm, o->progress, &accel, error))
			return NULL;
		progress_begin(o->progress, "boot");
		m = machine_start(&cfg, error);
		if (!m)
			return NULL;
		hello = machine_wait_hello(m, AGENT_STAGE_FIRST, 15, &why);
		if (hello)
			break;
		if (attempt == 2 || !g_error_matches(why, VTDLAB_ERROR, VTDLAB_ERROR_CANNOT_JUDGE) ||
		    machine_died_by_itself(m)) {
			machine_free(m);
			g_propagate_error(error, g_steal_pointer(&why));
			return NULL;
		}
		progress_warn(o->progress, "trying again: %s", why->message);
		machine_free(m);
	}
	progress_end(o->progress, "%s, %s", hello->release, word_of(machine_accel_words, machine_accel(m)));
	return m;
}

/* A guest that dies under a test takes the figures with it: the console says why. */
static bool measure(struct bench_measured *b, GError **error)
{
	const struct bench_options *o = b->plan->options;

	progress_begin(o->progress, "modules");
	if (!bench_guest_prepare(b->m, o, error))
		return false;
	progress_begin(o->progress, "settle");
	if (!bench_settle(b->m, o, &b->settled, error))
		return false;
	progress_begin(o->progress, "measure");
	if (o->selftests)
		b->selftests = bench_selftests_measure(b->m, o, error);
	else
		b->kvmperf = bench_guest_measure(b->m, o, b->spans, error);
	if (!b->kvmperf && !b->selftests)
		return false;
	progress_end(o->progress, NULL);
	return true;
}

static bool run_in(const struct bench_plan *plan, struct rundir *rd, struct bench_outcome *out, GError **error)
{
	int64_t start = g_get_monotonic_time();
	struct bench_measured b = { .plan = plan, .m = boot(plan, rd->path, error) };
	const char *log = NULL;
	bool ok;

	if (!b.m)
		return false;
	if (plan->options->clock_virtual)
		b.spans = g_array_new(FALSE, TRUE, sizeof(struct bench_span));
	ok = measure(&b, error);
	machine_kill(b.m);
	if (ok && !machine_logs_ok(b.m, &log))
		ok = vtdlab_failed(error, "%s could not be written completely: is the disk full?", log);
	b.seconds = (double)(g_get_monotonic_time() - start) / 1e6;
	ok = ok && (b.selftests ? bench_selftests_report : bench_report_write)(&b, rd, out, error);
	g_clear_pointer(&b.kvmperf, json_object_unref);
	g_clear_pointer(&b.selftests, g_ptr_array_unref);
	g_clear_pointer(&b.spans, g_array_unref);
	machine_free(b.m);
	return ok && rundir_commit(rd, RUNDIR_LATEST_BENCH, error);
}

bool bench_run(const struct bench_options *options, struct bench_outcome *out, GError **error)
{
	g_autoptr(GError) why = NULL;
	struct rundir *rd = NULL;
	struct bench_plan plan;

	memset(out, 0, sizeof(*out));
	if (!rundir_possible(options->results, error))
		return false;
	if (bench_plan_make(&plan, options, error))
		rd = rundir_create(options->results, plan.name, error);
	if (rd && run_in(&plan, rd, out, &why)) {
		out->dir = g_strdup(rd->path);
	} else if (rd) {
		if (vtdlab_error_no_run(why))
			rundir_remove(rd);
		else if (rd->pid_fd >= 0)
			rundir_interrupt(rd, why->message, NULL);
		g_propagate_error(error, g_steal_pointer(&why));
	}
	rundir_free(rd);
	bench_plan_clear(&plan);
	if (!out->dir)
		bench_outcome_clear(out);
	return out->dir != NULL;
}

void bench_outcome_clear(struct bench_outcome *out)
{
	g_free(out->dir);
	g_free(out->summary);
	memset(out, 0, sizeof(*out));
}
