/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for an L1 that has come to rest, by what its kernel says of its CPUs' time. */
#include "bench/bench-priv.h"

#include <string.h>

/* A look after so much host time: with the virtual clock an idle guest's seconds pass in no time. */
#define LOOK_S 0.2
#define LOOKS_MAX 100
/* The agent's own polling and answering takes some percent of a CPU; a thread that works takes all of one. */
#define BUSY_MAX 0.2
/* A tick is 10 ms; fewer of them say nothing. */
#define TICKS_MIN 30

bool bench_ticks(const char *stat, uint64_t *busy, uint64_t *total)
{
	/* user nice system idle iowait irq softirq steal; what follows is in user already */
	enum { IDLE = 3, IOWAIT = 4, FIELDS = 8 };
	g_autofree char *line = g_strndup(stat, strcspn(stat, "\n"));
	g_auto(GStrv) words = g_strsplit_set(line, " ", -1);
	unsigned n = 0;

	*busy = *total = 0;
	if (strcmp(words[0] ? words[0] : "", "cpu") != 0)
		return false;
	for (char **w = words + 1; *w && n < FIELDS; w++) {
		guint64 ticks;

		if (!**w)
			continue;
		if (!g_ascii_string_to_unsigned(*w, 10, 0, G_MAXINT64 / FIELDS, &ticks, NULL))
			return false;
		*total += ticks;
		if (n != IDLE && n != IOWAIT)
			*busy += ticks;
		n++;
	}
	return n == FIELDS;
}

static bool look(struct machine *m, uint64_t *busy, uint64_t *total, GError **error)
{
	g_autofree char *text = bench_guest_file(m, "/proc/stat", error);

	/* one that cannot be read is as good as a busy one */
	if (text && !bench_ticks(text, busy, total))
		*busy = *total = 0;
	return text != NULL;
}

bool bench_settle(struct machine *m, const struct bench_options *o, bool *settled, GError **error)
{
	uint64_t busy, total, old_busy, old_total;

	*settled = false;
	if (!look(m, &old_busy, &old_total, error))
		return false;
	for (int i = 0; i < LOOKS_MAX && !*settled; i++) {
		if (!machine_run_for(m, LOOK_S, error) || !look(m, &busy, &total, error))
			return false;
		if (total < old_total + TICKS_MIN * o->cpus || busy < old_busy)
			continue;
		/* of one CPU: a thread works on one */
		*settled = (double)(busy - old_busy) * o->cpus <= BUSY_MAX * (double)(total - old_total);
		old_busy = busy;
		old_total = total;
	}
	if (!*settled)
		progress_warn(o->progress, "L1 does not come to rest: something else than the tests takes its CPU");
	return true;
}
