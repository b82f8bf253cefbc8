/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for things to happen in a machine, with deadlines that say what they were for. */
#define _GNU_SOURCE
#include <glib-unix.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "machine/machine-priv.h"

#define TAIL_LINES 5
#define WAKE_MS 20
/* seconds that a first kernel needs to its agent on an idle host with KVM, and how many times as many are believed */
#define BOOT_S 1.5
#define PACE_MAX 16.0
#define PACE_UNKNOWN 4.0
/* a look reads a file of each thread; less than what one look counts at the most (guest-time.c) */
#define LOOK_US 80000
#define STILL_US (60 * G_USEC_PER_SEC)
/* guest's seconds that a first kernel may take as long as it comes on */
#define BOOT_MAX_S 600.0
/* bytes of RAM: one that is up and idle takes a page now and then */
#define COMES_ON_BYTES (64 << 10)
#define SCALE_MAX_LOAD 4.0
#define CONTENTION_US (5 * G_USEC_PER_SEC)

/* ---- death ---- */

bool machine_check_death(struct machine *m)
{
	g_autofree char *why = NULL;

	if (!m->death && m->vm && (why = m->vm->vmm->ended(m->vm)))
		m->death = g_strdup_printf("QEMU ended: %s", why);
	return m->death != NULL;
}

bool machine_alive(struct machine *m)
{
	return m->vm && !machine_check_death(m);
}

static gboolean told(gint fd, GIOCondition condition, gpointer data)
{
	(void)fd;
	(void)condition;
	((struct machine *)data)->exit_source = 0;
	return G_SOURCE_REMOVE;
}

void machine_watch_exit(struct machine *m)
{
	int fd = m->vm->vmm->exit_fd ? m->vm->vmm->exit_fd(m->vm) : -1;

	if (fd >= 0)
		m->exit_source = g_unix_fd_add(fd, G_IO_IN, told, m);
}

/* For a loop that turns at every event: a wait for a process costs more than all the rest of a turn. */
static bool died(struct machine *m)
{
	return !m->exit_source && machine_check_death(m);
}

/* ---- the factor ---- */

static int64_t clock_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* How much longer 5 ms of work take here and now than they should. */
static double measure_contention(void)
{
	int64_t wall = clock_us(CLOCK_MONOTONIC), cpu = clock_us(CLOCK_THREAD_CPUTIME_ID), used;

	do
		used = clock_us(CLOCK_THREAD_CPUTIME_ID) - cpu;
	while (used < 5000);
	return (double)(clock_us(CLOCK_MONOTONIC) - wall) / (double)used;
}

static double load_factor(struct machine *m)
{
	int64_t now = g_get_monotonic_time();
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	double load[1] = { 0 }, factor;

	if (!m->contention_us || now - m->contention_us > CONTENTION_US) {
		/* one unlucky preemption says little */
		m->contention = (m->contention + measure_contention()) / 2;
		m->contention_us = now;
	}
	factor = m->contention;
	if (getloadavg(load, 1) == 1 && cpus > 0)
		factor = MAX(factor, load[0] / (double)cpus);
	return CLAMP(factor, 1.0, SCALE_MAX_LOAD);
}

double machine_scale(struct machine *m)
{
	double base = m->clock_virtual ? 8.0 : m->accel == MACHINE_ACCEL_KVM ? 1.0 : 4.0;
	double pace = m->boot_s > 0 ? MIN(m->boot_s / BOOT_S, PACE_MAX) : PACE_UNKNOWN;

	return MAX(base, pace) * load_factor(m);
}

double machine_guest_s(const struct machine *m)
{
	return (double)m->time.used_us / 1e6;
}

double machine_boot_s(const struct machine *m)
{
	return m->boot_s;
}

/* One after the other and not at once is no step: only a pair that nothing came between counts. */
static void look_at_wall_clock(struct machine *m)
{
	int64_t before = g_get_monotonic_time(), wall = g_get_real_time(), after = g_get_monotonic_time();

	if (after - before < 1000)
		wall_clock_look(&m->wall, before, wall);
}

double machine_clock_step(const struct machine *m)
{
	return (double)m->wall.step_us / 1e6;
}

static void look_at_times(struct machine *m)
{
	int64_t now = g_get_monotonic_time();
	struct vm_times times;
	bool known;

	if (m->time.looked_us && now - m->time.looked_us < LOOK_US)
		return;
	look_at_wall_clock(m);
	known = m->vm && m->vm->vmm->times && m->vm->vmm->times(m->vm, &times);
	guest_time_look(&m->time, now, known ? &times : NULL);
}

int64_t machine_qmp_clock(void *machine)
{
	struct machine *m = machine;

	look_at_times(m);
	return m->time.still_us >= STILL_US ? QMP_CLOCK_OVER : m->time.used_us;
}

/* ---- waiting ---- */

static gboolean wake(gpointer data)
{
	(void)data;
	return G_SOURCE_CONTINUE;
}

/* "cannot ...: what, last console lines" */
static void explain(struct machine *m, GError **error, const char *fmt, ...) G_GNUC_PRINTF(3, 4);

static void explain(struct machine *m, GError **error, const char *fmt, ...)
{
	g_autofree char *tail = console_tail(m->console, TAIL_LINES);
	g_auto(GStrv) lines = g_strsplit(tail, "\n", -1);
	g_autoptr(GString) s = g_string_new(NULL);
	va_list ap;

	va_start(ap, fmt);
	g_string_append_vprintf(s, fmt, ap);
	va_end(ap);
	g_string_append(s, *tail ? "; last console lines:" : "; nothing on the console");
	for (unsigned i = 0; lines[i]; i++)
		g_string_append_printf(s, "\n  | %s", lines[i]);
	vtdlab_unjudged(error, "%s", s->str);
}

static bool over(struct machine *m, const char *what, int64_t since, GError **error)
{
	double s = (double)(g_get_monotonic_time() - since) / 1e6;

	if (interrupt_pending()) {
		m->ended = MACHINE_END_INTERRUPTED;
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED, "interrupted while waiting for %s", what);
		return true;
	}
	if (machine_check_death(m)) {
		m->ended = MACHINE_END_DIED;
		explain(m, error, "%s, while %s was waited for, after %.1f s", m->death, what, s);
		return true;
	}
	if (m->shutdown_reason) {
		m->ended = MACHINE_END_SHUTDOWN;
		explain(m, error, "the guest ended (%s) while %s was waited for, after %.1f s", m->shutdown_reason,
			what, s);
		return true;
	}
	return false;
}

/*
 * A first kernel that still takes memory it had not touched is on its way, however slow a KVM inside a VM is: it gets its
 * time again. One that hangs takes none.
 */
static bool comes_on(struct machine *m, uint64_t *touched)
{
	uint64_t before = *touched;

	*touched = ram_touched(&m->ram);
	return !m->boot_s && *touched >= before + COMES_ON_BYTES && machine_guest_s(m) < BOOT_MAX_S;
}

/* The deadline follows the load: a host that becomes busy meanwhile gets more time, never less. */
static bool expired(struct machine *m, double timeout_s, double since_s, double *scale)
{
	look_at_times(m);
	if (m->time.still_us >= STILL_US)
		return true;
	if (machine_guest_s(m) - since_s < timeout_s * *scale)
		return false;
	*scale = MAX(*scale, machine_scale(m));
	return machine_guest_s(m) - since_s >= timeout_s * *scale;
}

bool machine_wait(struct machine *m, bool (*pred)(void *data), void *data, double timeout_s, const char *what,
		  GError **error)
{
	int64_t since = g_get_monotonic_time();
	double scale = machine_scale(m), since_s;
	uint64_t touched = ram_touched(&m->ram);
	guint timer = g_timeout_add(WAKE_MS, wake, NULL);
	bool done = false, last = false;

	look_at_times(m);
	since_s = machine_guest_s(m);
	for (;;) {
		done = pred(data);
		if (done) {
			m->ended = MACHINE_END_DONE;
			break;
		}
		if (interrupt_pending() || died(m) || m->shutdown_reason) {
			/* what QEMU said last may be what we wait for: look once more */
			machine_poll(m);
			if (!last && !interrupt_pending()) {
				last = true;
				continue;
			}
			if (over(m, what, since, error))
				break;
		}
		if (expired(m, timeout_s, since_s, &scale) && comes_on(m, &touched))
			since_s = machine_guest_s(m);
		if (expired(m, timeout_s, since_s, &scale)) {
			machine_poll(m);
			done = pred(data);
			m->ended = done				? MACHINE_END_DONE :
				   m->time.still_us >= STILL_US ? MACHINE_END_STILL :
								  MACHINE_END_DEADLINE;
			if (!done)
				explain(m, error, "waited %.1f s for %s in vain%s",
					(double)(g_get_monotonic_time() - since) / 1e6, what,
					m->ended == MACHINE_END_STILL ? ": QEMU itself stands still" : "");
			break;
		}
		g_main_context_iteration(NULL, TRUE);
	}
	g_source_remove(timer);
	return done;
}

struct pause {
	int64_t until;
};

static bool pause_over(void *data)
{
	return g_get_monotonic_time() >= ((struct pause *)data)->until;
}

bool machine_run_for(struct machine *m, double seconds, GError **error)
{
	struct pause p = { g_get_monotonic_time() + (int64_t)(seconds * 1e6) };

	return machine_wait(m, pause_over, &p, seconds + 60, "the pause to end", error);
}

enum machine_end machine_wait_ended(const struct machine *m)
{
	return m->ended;
}

/* ---- hello ---- */

struct hello_wait {
	struct machine *m;
	enum agent_stage stage;
};

static bool hello_came(void *data)
{
	struct hello_wait *w = data;

	return machine_hello(w->m, w->stage) != NULL;
}

const struct agent_hello *machine_hello(struct machine *m, enum agent_stage stage)
{
	return agent_hello(m->agent, stage);
}

const struct agent_hello *machine_wait_hello(struct machine *m, enum agent_stage stage, double timeout_s,
					     GError **error)
{
	struct hello_wait w = { m, stage };
	const char *what = stage == AGENT_STAGE_FIRST ? "the hello of the first kernel's agent" :
							"the hello of the crash kernel's agent";

	if (!machine_wait(m, hello_came, &w, timeout_s, what, error))
		return NULL;
	if (stage == AGENT_STAGE_FIRST)
		m->boot_s = MAX(m->boot_s, machine_guest_s(m));
	return machine_hello(m, stage);
}

void machine_poll(struct machine *m)
{
	if (m->qmp)
		qmp_poll(m->qmp);
	if (m->console)
		console_poll(m->console);
	if (m->agent)
		agent_poll(m->agent);
	if (m->trace)
		trace_poll(m->trace);
	if (m->injector)
		injector_poll(m->injector);
}
