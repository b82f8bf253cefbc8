/* SPDX-License-Identifier: GPL-2.0-only */
/* One benchmark: a VM from its boot to its end, and the run directory. */
#include "bench/bench-priv.h"

#include <string.h>

#include "base/error.h"
#include "machine/accel.h"

static void phase(const struct bench_options *o, const char *name)
{
	if (o->progress)
		progress_begin(o->progress, name);
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

		phase(o, "boot");
		bench_plan_machine(plan, dir, &cfg);
		m = accel_resolve(&cfg, &accel, error) ? machine_start(&cfg, error) : NULL;
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
		if (o->progress)
			progress_warn(o->progress, "trying again: %s", why->message);
		machine_free(m);
	}
	if (o->progress)
		progress_end(o->progress, "%s, %s", hello->release, word_of(machine_accel_words, machine_accel(m)));
	return m;
}

struct figures {
	JsonObject *kvmperf;  /* its document; or */
	GPtrArray *selftests; /* see bench_selftests_measure() */
	bool settled;
};

/* A guest that dies under a test takes the figures with it: the console says why. */
static bool measure(const struct bench_plan *plan, struct machine *m, struct figures *f, GError **error)
{
	const struct bench_options *o = plan->options;

	phase(o, "modules");
	if (!bench_guest_prepare(m, o, error))
		return false;
	phase(o, "settle");
	if (!bench_settle(m, o, &f->settled, error))
		return false;
	phase(o, "measure");
	if (o->selftests)
		f->selftests = bench_selftests_measure(m, o, error);
	else
		f->kvmperf = bench_guest_measure(m, o, error);
	if (!f->kvmperf && !f->selftests)
		return false;
	if (o->progress)
		progress_end(o->progress, NULL);
	return true;
}

static bool report(const struct bench_plan *plan, struct machine *m, const struct rundir *rd, const struct figures *f,
		   double seconds, struct bench_outcome *out, GError **error)
{
	if (f->selftests)
		return bench_selftests_report(plan, m, rd, f->selftests, f->settled, seconds, &out->exit, &out->summary,
					      error);
	return bench_report_write(plan, m, rd, f->kvmperf, f->settled, seconds, &out->exit, &out->summary, error);
}

static bool run_in(const struct bench_plan *plan, struct rundir *rd, struct bench_outcome *out, GError **error)
{
	int64_t start = g_get_monotonic_time();
	struct figures f = { 0 };
	struct machine *m = boot(plan, rd->path, error);
	const char *log = NULL;
	bool ok;

	if (!m)
		return false;
	ok = measure(plan, m, &f, error);
	machine_kill(m);
	if (ok && !machine_logs_ok(m, &log)) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED,
			    "%s could not be written completely: is the disk full?", log);
		ok = false;
	}
	ok = ok && report(plan, m, rd, &f, (double)(g_get_monotonic_time() - start) / 1e6, out, error);
	if (f.kvmperf)
		json_object_unref(f.kvmperf);
	if (f.selftests)
		g_ptr_array_unref(f.selftests);
	machine_free(m);
	return ok && rundir_commit(rd, error);
}

bool bench_run(const struct bench_options *options, struct bench_outcome *out, GError **error)
{
	g_autoptr(GError) why = NULL;
	struct rundir *rd = NULL;
	struct bench_plan plan;

	memset(out, 0, sizeof(*out));
	if (bench_plan_make(&plan, options, error))
		rd = rundir_create(options->results, plan.name, error);
	if (rd && run_in(&plan, rd, out, &why)) {
		out->dir = g_strdup(rd->path);
	} else if (rd) {
		if (g_error_matches(why, VTDLAB_ERROR, VTDLAB_ERROR_USAGE))
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
