/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/clock.h"

#include "evidence/evidence.h"
#include "machine/machine.h"
#include "results/progress.h"

static void phase_clear(void *p)
{
	g_free(((struct clock_phase *)p)->name);
}

static void moment_clear(void *p)
{
	g_free(((struct clock_moment *)p)->what);
}

struct clock *clock_new(struct progress *progress)
{
	struct clock *c = g_new0(struct clock, 1);

	c->start_ns = machine_now_ns();
	c->phases = g_array_new(FALSE, FALSE, sizeof(struct clock_phase));
	g_array_set_clear_func(c->phases, phase_clear);
	c->moments = g_array_new(FALSE, FALSE, sizeof(struct clock_moment));
	g_array_set_clear_func(c->moments, moment_clear);
	c->progress = progress;
	return c;
}

void clock_free(struct clock *c)
{
	if (!c)
		return;
	g_array_unref(c->phases);
	g_array_unref(c->moments);
	g_free(c);
}

int64_t clock_elapsed_ns(const struct clock *c)
{
	return machine_now_ns() - c->start_ns;
}

static struct clock_phase *last_phase(const struct clock *c)
{
	return c->phases->len ? &g_array_index(c->phases, struct clock_phase, c->phases->len - 1) : NULL;
}

void clock_phase(struct clock *c, const char *name)
{
	struct clock_phase next = { .name = g_strdup(name), .end_ns = -1 };

	clock_phase_end(c, NULL);
	next.start_ns = last_phase(c) ? last_phase(c)->end_ns : 0;
	g_array_append_val(c->phases, next);
	progress_begin(c->progress, name);
	/* what was done between two phases is the next one's, in what is shown as in what is recorded */
	progress_since(c->progress, (double)(clock_elapsed_ns(c) - next.start_ns) / 1e9);
}

void clock_phase_end(struct clock *c, const char *format, ...)
{
	struct clock_phase *open = last_phase(c);
	g_autofree char *text = NULL;
	va_list args;

	if (!open || open->end_ns >= 0)
		return;
	open->end_ns = clock_elapsed_ns(c);
	if (!format) {
		progress_end(c->progress, NULL);
		return;
	}
	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	progress_end(c->progress, "%s", text);
}

void clock_moment(struct clock *c, const char *what, int64_t host_ns, const char *kernel, int64_t guest_ns,
		  const char *source)
{
	struct clock_moment m = {
		.what = g_strdup(what), .host_ns = host_ns, .kernel = kernel, .guest_ns = guest_ns, .source = source
	};

	g_array_append_val(c->moments, m);
}

const char *clock_phase_at(const struct clock *c, int64_t host_ns)
{
	const char *name = NULL;

	for_each_evidence(const struct clock_phase, p, c->phases)
		if (host_ns >= c->start_ns + p->start_ns)
			name = p->name;
	return name;
}
