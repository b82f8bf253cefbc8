/* SPDX-License-Identifier: GPL-2.0-only */
/* The clock of an attempt: its phases, moments and deadlines. */
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

void run_moment(struct run *run, const char *what, int64_t host_ns, const char *kernel, int64_t guest_ns,
		const char *source)
{
	struct moment m = {
		.phase = g_strdup(what), .host_ns = host_ns, .kernel = kernel, .guest_ns = guest_ns, .source = source
	};

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
