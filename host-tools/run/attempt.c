/* SPDX-License-Identifier: GPL-2.0-only */
/* One attempt: its phases in order, and the clock kept over them. */
#include "run/run-priv.h"

#include <string.h>

#include "results/progress.h"

static int64_t since_start(const struct run *run)
{
	return machine_now_ns() - run->start_ns;
}

void run_phase(struct run *run, const char *name)
{
	run_phase_end(run, NULL);
	run->phase = report_add_phase(run->report, name, run->phase_edge_ns);
	if (run->plan->options->progress)
		progress_begin(run->plan->options->progress, name);
}

void run_phase_end(struct run *run, const char *format, ...)
{
	struct progress *progress = run->plan->options->progress;
	g_autofree char *text = NULL;
	va_list args;

	if (!run->phase)
		return;
	run->phase->end_ns = run->phase_edge_ns = since_start(run);
	run->phase = NULL;
	if (format) {
		va_start(args, format);
		text = g_strdup_vprintf(format, args);
		va_end(args);
	}
	if (!progress)
		return;
	if (text)
		progress_end(progress, "%s", text);
	else
		progress_end(progress, NULL);
}

void run_moment(struct run *run, const char *what, int64_t host_ns, const char *kernel,
		int64_t guest_ns, const char *source)
{
	struct moment m = { .phase = g_strdup(what), .host_ns = host_ns, .kernel = kernel,
			    .guest_ns = guest_ns, .source = source };

	g_array_append_val(run->timeline, m);
}

/*
 * No wait goes beyond the limit of the whole run (scenario.timeout-s). machine_wait() multiplies what it is
 * given by the machine's scale, and the limit grows alike.
 */
double run_deadline(const struct run *run, double seconds)
{
	double spent = (double)since_start(run) / 1e9, left;

	if (run->plan->options->gdb)
		return seconds * 1000;
	if (!run->m)
		return seconds;
	left = run->sc->timeout_s - spent / machine_scale(run->m);
	return MAX(0.1, MIN(seconds, left));
}

bool run_goes_on(struct run *run, GError **err, char **problem, GError **error)
{
	enum machine_end end = machine_wait_ended(run->m);

	if (end == MACHINE_END_DIED || end == MACHINE_END_INTERRUPTED || !machine_alive(run->m)) {
		g_propagate_error(error, g_steal_pointer(err));
		return false;
	}
	/* The console lines of a deadline's message are in console.log. */
	*problem = g_strndup((*err)->message, strcspn((*err)->message, ";\n"));
	g_clear_error(err);
	return true;
}

/* After a crash kernel that did not come up there is still a verdict: its failure is in the evidence. */
static bool after_crash(struct run *run, GError **error)
{
	if (run_foreign(run))
		return phase_foreign(run, error);
	return phase_attach_disk(run, error) && phase_attach_nic(run, error) &&
	       phase_dump(run, error) && phase_poweroff(run, error);
}

bool run_attempt(struct run *run, GError **error)
{
	GError *err = NULL;
	bool ok;

	run->start_ns = machine_now_ns();
	ok = phase_boot(run, &err) && phase_load(run, &err) && phase_workload(run, &err) &&
	     phase_panic(run, &err) && phase_crash_boot(run, &err) && after_crash(run, &err);
	run_phase_end(run, NULL);
	if (run->m) {
		machine_poll(run->m);
		if (machine_trace(run->m))
			trace_poll(machine_trace(run->m));
	}
	if (ok || run->ev->crash_failure)
		return true;
	g_propagate_error(error, err);
	return false;
}
