/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machine.break (--break): the tables at the moment a kernel comes to a function, its first time. QEMU stands still meanwhile,
 * and then goes on as if nothing had been; whatever goes wrong here is said in a note, and the run goes on.
 */
#include "run/phases.h"

#include <glib-unix.h>
#include <inttypes.h>

#include "iommu/model.h"
#include "machine/gdb.h"
#include "results/progress.h"

struct breakpoint {
	struct run *run;
	enum conf_break when;
	const char *symbol; /* the scenario's */
	struct gdb *gdb;    /* while it is armed */
	guint source;
	uint64_t pc; /* 0: not known */
	bool hit;
};

static const char *kernel_of(const struct breakpoint *b)
{
	return b->when == CONF_BREAK_FIRST ? "first" : "crash";
}

G_GNUC_PRINTF(2, 3)
static void say(struct breakpoint *b, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, format);
	text = g_strdup_vprintf(format, ap);
	va_end(ap);
	report_note(b->run->report, "break %s:%s: %s", kernel_of(b), b->symbol, text);
	progress_note(b->run->at.plan->options->progress, "break %s:%s: %s", kernel_of(b), b->symbol, text);
}

static void disarm(struct breakpoint *b)
{
	if (b->source)
		g_source_remove(b->source);
	b->source = 0;
	g_clear_pointer(&b->gdb, gdb_free);
}

/* Lets go of the guest, which must run whatever came of talking to the stub. */
static void give_up(struct breakpoint *b, const char *what, const GError *error)
{
	JsonNode *answer;

	disarm(b);
	answer = machine_alive(b->run->at.m) ? machine_qmp(b->run->at.m, "cont", NULL, NULL) : NULL;
	if (answer)
		json_node_unref(answer);
	say(b, "%s: %s", what, error ? error->message : "?");
}

static void capture(struct breakpoint *b, int64_t host_ns)
{
	struct run *run = b->run;
	struct evidence_state *state = &run->at.ev->at_break;
	g_autoptr(GError) error = NULL;
	g_autofree char *moment = g_strdup_printf("break:%s", b->symbol);
	double s = (double)(host_ns - run->at.clock->start_ns) / 1e9;

	clock_moment(run->at.clock, moment, host_ns, kernel_of(b), -1, "gdb");
	if (!run_capture(run, "break", state, &error)) {
		say(b, "hit at %.3f s, but its tables could not be read: %s", s, error->message);
		evidence_state_clear(state);
	} else if (!state->walk) {
		say(b, "hit at %.3f s; this run looks at no tables", s);
	} else {
		say(b, "hit at %.3f s: tables/break.vtd, root %#" PRIx64 ", %zu contexts, %" PRIu64 " leaves", s,
		    state->root, state->walk->n_requesters, state->walk->leaves);
	}
}

static gboolean on_gdb(gint fd, GIOCondition condition, gpointer data)
{
	struct breakpoint *b = data;
	g_autoptr(GError) error = NULL;
	int64_t host_ns = machine_now_ns();
	int stopped = gdb_stopped(b->gdb, &error);

	(void)fd;
	(void)condition;
	if (!stopped)
		return G_SOURCE_CONTINUE;
	b->source = 0; /* this source ends with this call */
	if (stopped < 0) {
		give_up(b, "lost", error);
		return G_SOURCE_REMOVE;
	}
	b->hit = true;
	capture(b, host_ns);
	if (gdb_release(b->gdb, true, &error))
		disarm(b);
	else
		give_up(b, "the guest was let go by force", error);
	return G_SOURCE_REMOVE;
}

void breakpoint_find(struct run *run)
{
	const char *symbol;
	enum conf_break when = scenario_break(run->at.plan->scenario, &symbol);
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonObject) answer = NULL;
	struct breakpoint *b;

	if (when == CONF_BREAK_NONE)
		return;
	b = run->breakpoint = g_new0(struct breakpoint, 1);
	b->run = run;
	b->when = when;
	b->symbol = symbol;
	answer = machine_agent(run->at.m, attempt_deadline(&run->at, 20), &error, "symbol", "name", MACHINE_STR, symbol,
			       NULL);
	b->pc = answer ? agent_hex64(answer, "address", 0) : 0;
	if (!b->pc)
		say(b, "not set: %s", error ? error->message : "no address");
}

void breakpoint_arm(struct run *run, enum conf_break now)
{
	struct breakpoint *b = run->breakpoint;
	g_autoptr(GError) error = NULL;

	if (!b || !b->pc || b->when != now)
		return;
	b->gdb = gdb_connect(machine_gdb_path(run->at.m), &error);
	if (!b->gdb || !gdb_arm(b->gdb, b->pc, &error)) {
		give_up(b, "not set", error);
		b->pc = 0;
		return;
	}
	b->source = g_unix_fd_add(gdb_fd(b->gdb), G_IO_IN | G_IO_HUP, on_gdb, b);
}

void breakpoint_jumped(struct run *run)
{
	if (run->breakpoint && run->breakpoint->when == CONF_BREAK_FIRST)
		breakpoint_end(run);
}

void breakpoint_end(struct run *run)
{
	struct breakpoint *b = run->breakpoint;
	g_autoptr(GError) error = NULL;

	if (!b || !b->gdb)
		return;
	g_source_remove(b->source);
	b->source = 0;
	if (!machine_alive(run->at.m) || machine_shutdown_reason(run->at.m) || gdb_release(b->gdb, false, &error))
		disarm(b);
	else
		give_up(b, "the guest was let go by force", error);
}

void breakpoint_free(struct run *run)
{
	struct breakpoint *b = run->breakpoint;

	if (!b)
		return;
	disarm(b);
	g_free(b);
	run->breakpoint = NULL;
}

void breakpoint_note(struct run *run)
{
	struct breakpoint *b = run->breakpoint;

	if (b && b->pc && !b->hit)
		say(b, "never hit");
}
