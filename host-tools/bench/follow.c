/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * While kvmperf runs, L1's agent is silent: it would take time from what is measured. kvmperf says on the kernel's
 * console which test begins and how it ended, between the tests; each of them has a deadline of its own here.
 */
#include "bench/bench-priv.h"

#include <string.h>

#include "machine/agent.h"
#include "machine/console.h"

#define MARK "kvmperf: "
#define TESTS_MAX 10000

struct follow {
	struct machine *m;
	struct progress *progress; /* may be NULL */
	unsigned command, lines, last_lines, n, of;
	char *test; /* that runs; NULL: none does */
	int64_t start_us;
	unsigned begun, ended; /* tests, since the last look at the count of instructions; 0: none */
};

bool bench_progress_parse(const char *line, unsigned *n, unsigned *of, const char **text)
{
	const char *at = strstr(line, MARK);
	guint64 number, all;
	char *end;

	if (!at || !g_ascii_isdigit(at[strlen(MARK)]))
		return false;
	number = g_ascii_strtoull(at + strlen(MARK), &end, 10);
	if (!g_str_has_prefix(end, " of ") || !g_ascii_isdigit(end[4]))
		return false;
	all = g_ascii_strtoull(end + 4, &end, 10);
	if (!g_str_has_prefix(end, ": ") || !end[2] || !number || number > all || all > TESTS_MAX)
		return false;
	*n = (unsigned)number;
	*of = (unsigned)all;
	*text = end + 2;
	return true;
}

void bench_progress_begin(struct progress *p, unsigned n, unsigned of, const char *test)
{
	progress_note(p, "%u of %u: %s", n, of, test);
}

void bench_progress_end(struct progress *p, unsigned n, unsigned of, const char *test, const char *result,
			int64_t start_us)
{
	progress_line(p, "  %3u of %-3u %-60s %-4s %6.1f s", n, of, test, result,
		      (double)(g_get_monotonic_time() - start_us) / 1e6);
}

/* A line can be lost or damaged: what follows is then taken as it is. */
static void on_line(const char *line, int64_t host_ns, void *data)
{
	struct follow *f = data;
	const char *text;
	unsigned n, of;

	(void)host_ns;
	if (!bench_progress_parse(line, &n, &of, &text))
		return;
	f->lines++;
	if (f->test && n == f->n) {
		bench_progress_end(f->progress, n, of, f->test, text, f->start_us);
		g_clear_pointer(&f->test, g_free);
		f->ended = n;
		return;
	}
	g_free(f->test);
	f->test = g_strdup(text);
	f->n = f->begun = n;
	f->of = of;
	f->start_us = g_get_monotonic_time();
	bench_progress_begin(f->progress, n, of, text);
}

static bool answered_or_line(void *data)
{
	struct follow *f = data;

	return agent_answered(machine_agent_channel(f->m), f->command) || f->lines != f->last_lines;
}

/* One test ends where the next begins: one look does for both. Not from on_line(): QEMU would be asked while it is read. */
static void mark(struct follow *f, GArray *spans)
{
	uint64_t now = spans && (f->begun || f->ended) ? bench_instructions(f->m) : 0;

	if (now && spans->len < MAX(f->begun, f->ended))
		g_array_set_size(spans, MAX(f->begun, f->ended));
	if (now && f->ended)
		g_array_index(spans, struct bench_span, f->ended - 1).end = now;
	if (now && f->begun)
		g_array_index(spans, struct bench_span, f->begun - 1).begin = now;
	f->begun = f->ended = 0;
}

JsonObject *bench_follow(struct machine *m, struct progress *progress, JsonObject *request, double seconds,
			 GArray *spans, GError **error)
{
	struct agent *agent = machine_agent_channel(m);
	struct follow f = { .m = m, .progress = progress, .command = agent_send(agent, request, error) };
	JsonObject *answer = NULL;
	unsigned subscription;
	bool good = true;

	if (!f.command)
		return NULL;
	subscription = console_subscribe(machine_console(m), on_line, &f);
	while (good && !agent_answered(agent, f.command)) {
		g_autofree char *what = f.test ? g_strdup_printf("the end of test %u of %u, %s", f.n, f.of, f.test) :
						 g_strdup("kvmperf to end");

		f.last_lines = f.lines;
		good = machine_wait(m, answered_or_line, &f, seconds, what, error);
		mark(&f, spans);
	}
	/* the last line may still be on its way */
	if (good)
		machine_poll(m);
	mark(&f, spans);
	console_unsubscribe(machine_console(m), subscription);
	if (good)
		answer = agent_take(agent, f.command, error);
	else
		agent_cancel(agent, f.command);
	g_free(f.test);
	return answer;
}
