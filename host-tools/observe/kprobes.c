/* SPDX-License-Identifier: GPL-2.0-only */
/* The probes of one run: read from both kernels, put into evidence, timeline and report. */
#include "observe/kprobes.h"

#include <stdio.h>
#include <string.h>

#include "base/json-line.h"
#include "evidence/kprobe-clock.h"
#include "evidence/kprobe-trace.h"
#include "observe/attempt.h"
#include "observe/clock.h"
#include "results/report.h"

#define TRACE "/sys/kernel/tracing/trace"
#define PAIRS_MAX 100000u

/* What one kernel's probes said. */
struct side {
	struct probe_trace *trace;	     /* NULL: not read */
	char *problem;			     /* why not; NULL: read, or never asked */
	GArray *pairs;			     /* struct clock_pair */
	int64_t hello_ns;		     /* guest clock at the agent's first word, -1 */
	uint64_t probes, hits, missed;	     /* by the kernel's own count */
	bool range;			     /* the probe on a lab kernel's own reservations is set */
	int64_t read_guest_ns, read_host_ns; /* what reading the trace took */
	struct probe_times times;
};

struct kprobes {
	struct attempt *a;
	struct side side[AGENT_STAGES];
	enum agent_stage stage; /* of the last hello */
	unsigned subscription;
};

static const char *const stage_names[] = { "first", "crash" };

/* Every answer has the guest's time; a long one is heard long after it was given. */
static void on_agent(JsonObject *o, int64_t host_ns, void *data)
{
	struct kprobes *p = data;
	struct clock_pair pair = { .host_ns = host_ns };
	const char *stage = agent_string(o, "stage", NULL);

	if (json_object_has_member(o, "hello") && stage) {
		p->stage = strcmp(stage, "crash") == 0 ? AGENT_STAGE_CRASH : AGENT_STAGE_FIRST;
		pair.guest_ns = agent_int(o, "uptime_ns", -1);
		if (p->side[p->stage].hello_ns < 0)
			p->side[p->stage].hello_ns = pair.guest_ns;
	} else {
		pair.guest_ns = json_object_has_member(o, "text") ? -1 : agent_int(o, "t_ns", -1);
	}
	if (pair.guest_ns >= 0 && p->side[p->stage].pairs->len < PAIRS_MAX)
		g_array_append_val(p->side[p->stage].pairs, pair);
}

struct kprobes *kprobes_new(struct attempt *a)
{
	struct kprobes *p = g_new0(struct kprobes, 1);

	for (unsigned i = 0; i < AGENT_STAGES; i++) {
		p->side[i].pairs = g_array_new(FALSE, FALSE, sizeof(struct clock_pair));
		p->side[i].hello_ns = -1;
		p->side[i].times = (struct probe_times){ -1, -1, -1, -1, 0 };
	}
	p->a = a;
	p->subscription = agent_subscribe(machine_agent_channel(a->m), on_agent, p);
	return p;
}

void kprobes_detach(struct kprobes *p)
{
	agent_unsubscribe(machine_agent_channel(p->a->m), p->subscription);
}

void kprobes_free(struct kprobes *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < AGENT_STAGES; i++) {
		probe_trace_free(p->side[i].trace);
		g_free(p->side[i].problem);
		g_array_unref(p->side[i].pairs);
	}
	g_free(p);
}

/* ---- reading ---- */

typedef void (*line_fn)(struct side *side, const char *line);

static void each_line(struct side *side, JsonObject *answer, const char *member, line_fn fn, GString *text)
{
	JsonArray *lines = json_line_array(answer, member);

	for (unsigned i = 0; lines && i < json_array_get_length(lines); i++) {
		JsonNode *line = json_array_get_element(lines, i);

		if (!JSON_NODE_HOLDS_VALUE(line) || json_node_get_value_type(line) != G_TYPE_STRING)
			continue;
		fn(side, json_node_get_string(line));
		g_string_append_printf(text, "%s\n", json_node_get_string(line));
	}
}

static void take_window(struct side *side, const char *line)
{
	probe_trace_iomem_line(side->trace, line);
}

/* "  name   hits   missed" of kprobe_profile; only our own probes are there. */
static void take_profile(struct side *side, const char *line)
{
	unsigned long long hits, missed;
	char name[64];

	if (sscanf(line, " %63s %18llu %18llu", name, &hits, &missed) != 3)
		return;
	side->probes++;
	side->hits += hits;
	side->missed += missed;
	side->range |= strcmp(name, probe_name(PROBE_RANGE)) == 0;
}

/* One pass over the trace, which the kernel puts into words once. */
static bool read_pass(struct attempt *a, struct side *side, bool raw, GString *text, GError **error)
{
	g_autoptr(JsonObject) answer =
		machine_agent(a->m, attempt_deadline(a, 10), error, "trace", "raw", MACHINE_BOOL, (int)raw, NULL);
	g_autofree char *trace = NULL;

	if (!answer)
		return false;
	each_line(side, answer, "profile", take_profile, text);
	each_line(side, answer, "windows", take_window, text);
	trace = machine_guest_file(a->m, TRACE, attempt_deadline(a, 20), error);
	if (!trace)
		return false;
	g_string_append(text, trace);
	for (char *line = trace, *end; line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		if (raw)
			probe_trace_raw_line(side->trace, line);
		else
			probe_trace_line(side->trace, line);
	}
	return true;
}

bool kprobes_read(struct kprobes *p, enum agent_stage stage, GError **error)
{
	struct attempt *a = p->a;
	struct side *side = &p->side[stage];
	g_autofree char *name = g_strdup_printf("trace-%s.txt", stage_names[stage]);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) err = NULL;
	g_autoptr(JsonObject) ping = NULL, again = NULL;
	int64_t begin = machine_now_ns();

	if (!probes_wanted(a->plan) || side->trace || side->problem)
		return true;
	if (!machine_hello(a->m, stage)) {
		side->problem = g_strdup("its agent never spoke");
		return true;
	}
	ping = machine_agent(a->m, attempt_deadline(a, 5), &err, "ping", NULL);
	if (!ping)
		return attempt_goes_on(a, &err, &side->problem, error);
	side->trace = probe_trace_new();
	if (!read_pass(a, side, false, text, &err) || !read_pass(a, side, true, text, &err)) {
		g_clear_pointer(&side->trace, probe_trace_free);
		return attempt_goes_on(a, &err, &side->problem, error);
	}
	again = machine_agent(a->m, attempt_deadline(a, 5), NULL, "ping", NULL);
	if (again) {
		int64_t guest = agent_int(ping, "t_ns", 0);

		side->read_guest_ns = agent_int(again, "t_ns", guest) - guest;
	}
	side->read_host_ns = machine_now_ns() - begin;
	if (!side->probes)
		side->problem = g_strdup("this kernel has set none of the probes");
	return rundir_write(a->rd, name, text->str, -1, error);
}

/* ---- what they mean ---- */

/* Latching a root table is seen by the probe in the guest and by QEMU's trace. */
static void anchor(struct attempt *a, struct side *side, bool crash)
{
	struct clock_pair pair = { .guest_ns = side->times.root };

	if (crash)
		pair.host_ns = a->ev->root_switch_ns;
	for_each_evidence(const struct evidence_event, e, a->ev->events)
		if (!crash && !pair.host_ns && e->kind == EVENT_ROOT && e->host_ns != a->restored_ns &&
		    (!a->ev->jump_ns || e->host_ns < a->ev->jump_ns))
			pair.host_ns = e->host_ns;
	if (pair.guest_ns >= 0 && pair.host_ns)
		g_array_append_val(side->pairs, pair);
}

/* What a restored kernel did when it booted was no part of this run. */
static bool in_this_run(const struct attempt *a, bool crash, int64_t host_ns)
{
	return host_ns >= 0 && (crash || host_ns >= a->restored_ns);
}

static void moment(struct attempt *a, const struct side *side, bool crash, const char *what, int64_t guest_ns)
{
	int64_t host_ns = guest_ns < 0 ? -1 : clock_host_ns(side->pairs, guest_ns);

	if (in_this_run(a, crash, host_ns))
		clock_moment(a->clock, what, host_ns, crash ? "crash" : "first", guest_ns, "kprobe");
}

/* The kernel's own clock begins: behind it is the decompressor. */
static void add_start(struct attempt *a, const struct side *side, bool crash)
{
	int64_t host_ns = clock_host_ns(side->pairs, 0);

	if (in_this_run(a, crash, host_ns))
		clock_moment(a->clock, "kernel-clock", host_ns, crash ? "crash" : "first", 0, "agent");
}

static void add_moments(struct attempt *a, const struct side *side, bool crash)
{
	const struct probe_times *t = &side->times;

	moment(a, side, crash, "intel-iommu-init", t->init);
	moment(a, side, crash, "copy", t->copy);
	moment(a, side, crash, "set-root", t->root);
	moment(a, side, crash, "intel-iommu-init-end", t->init_end);
	for_each_evidence(const struct probe_event, e, side->trace->events) {
		g_autofree char *what =
			e->kind == PROBE_ATTACH ? g_strdup_printf("attach-device:%s", *e->dev ? e->dev : "?") : NULL;

		if (what)
			moment(a, side, crash, what, probe_guest_ns(side->trace, e->t_ns));
	}
}

/*
 * What is not there to be judged by: records that were not kept or not understood, and one for a probe that a
 * lab kernel should have and has not.
 */
static uint64_t not_seen(const struct attempt *a, const struct side *side)
{
	return side->missed + side->trace->lost + side->trace->malformed +
	       (!side->range && kernel_builtin(a->plan->crash, "INTEL_IOMMU_KDUMP"));
}

/* In a snapshot another device held the place of one that came later (run/restore.c): what was reserved for it has gone. */
static void drop_placeholders(const struct side *side, GArray *all, unsigned begin)
{
	for_each_evidence(const struct probe_event, e, side->trace->events) {
		if (e->kind != PROBE_ATTACH || !*e->dev)
			continue;
		for (unsigned i = all->len; i > begin; i--) {
			const struct evidence_reservation *r = &g_array_index(all, struct evidence_reservation, i - 1);

			if (strcmp(r->who, e->dev) == 0 && r->guest_ns < probe_guest_ns(side->trace, e->t_ns))
				g_array_remove_index(all, i - 1);
		}
	}
}

static void add_reservations(struct attempt *a, const struct side *side, bool crash)
{
	GArray *all = a->ev->reservations;
	unsigned begin = all->len;

	probe_reservations(side->trace, crash ? EVIDENCE_CRASH : EVIDENCE_FIRST, all);
	if (!crash && a->restored_ns)
		drop_placeholders(side, all, begin);
	if (crash)
		a->ev->reservations_lost = not_seen(a, side);
	for (unsigned i = begin; i < all->len; i++) {
		const struct evidence_reservation *r = &g_array_index(all, struct evidence_reservation, i);
		g_autofree char *what =
			g_strdup_printf("reserve:%s:%#" G_GINT64_MODIFIER "x-%#" G_GINT64_MODIFIER "x",
					*r->who ? r->who : "?", r->start << 12, (r->last << 12) | 0xfff);

		moment(a, side, crash, what, r->guest_ns);
	}
}

/* run.json's "iova": reserved ranges of both kernels, and how many of these every kernel makes. */
static void count_reserved(const struct evidence *ev, struct report_iova *iova)
{
	for_each_evidence(const struct evidence_reservation, r, ev->reservations) {
		if (r->kernel == EVIDENCE_CRASH) {
			iova->reserved_ranges++;
			iova->reserved_standing += r->standing;
		} else {
			iova->reserved_ranges_first++;
			iova->reserved_standing_first += r->standing;
		}
	}
}

static void set_ns(JsonObject *o, const char *name, int64_t from, int64_t to)
{
	if (from >= 0 && to >= from)
		json_object_set_int_member(o, name, to - from);
}

static JsonObject *side_json(const struct side *side)
{
	JsonObject *o = json_object_new();

	if (side->hello_ns >= 0)
		json_object_set_int_member(o, "boot_ns", side->hello_ns);
	set_ns(o, "init_ns", side->times.init, side->times.init_end);
	if (side->problem)
		json_object_set_string_member(o, "problem", side->problem);
	if (!side->trace)
		return o;
	json_object_set_int_member(o, "probes", (gint64)side->probes);
	json_object_set_int_member(o, "hits", (gint64)side->hits);
	json_object_set_int_member(o, "missed", (gint64)side->missed);
	json_object_set_int_member(o, "lost", (gint64)side->trace->lost);
	json_object_set_int_member(o, "malformed", (gint64)side->trace->malformed);
	json_object_set_int_member(o, "microsecond_times", (gint64)side->trace->inexact);
	json_object_set_int_member(o, "read_guest_ns", side->read_guest_ns);
	json_object_set_int_member(o, "read_host_ns", side->read_host_ns);
	return o;
}

/*
 * What the probes took, as far as one run can tell: hits, at what the cheapest one took, and the reading. What
 * setting them costs a boot is only seen beside a run without (boot_ns).
 */
static JsonObject *cost_json(const struct kprobes *p)
{
	JsonObject *o = json_object_new();
	int64_t hits_ns = 0, guest_ns = 0, host_ns = 0;
	uint64_t hits = 0;

	for (unsigned i = 0; i < AGENT_STAGES; i++) {
		const struct side *side = &p->side[i];
		int64_t one = side->trace ? probe_hit_ns(side->trace) : -1;

		hits += side->hits;
		hits_ns += one > 0 ? one * (int64_t)MIN(side->hits, 1000000) : 0;
		guest_ns += side->read_guest_ns;
		host_ns += side->read_host_ns;
	}
	json_object_set_int_member(o, "hits", (gint64)hits);
	json_object_set_int_member(o, "hits_guest_ns", hits_ns);
	json_object_set_int_member(o, "read_guest_ns", guest_ns);
	json_object_set_int_member(o, "read_host_ns", host_ns);
	json_object_set_string_member(o, "not_counted",
				      "setting the probes at boot: compare boot_ns with "
				      "runs of --no-probes");
	return o;
}

static void report_timing(const struct kprobes *p, struct run_report *report)
{
	const struct plan *plan = p->a->plan;
	JsonObject *o = json_object_new();

	json_object_set_string_member(o, "probes", probes_wanted(plan) ? "on" : "off");
	json_object_set_string_member(
		o, "clock",
		plan->scenario->machine.clock == MACHINE_CLOCK_VIRTUAL ? "guest, virtual: instructions" : "guest");
	if (p->side[AGENT_STAGE_CRASH].trace) {
		const struct probe_times *t = &p->side[AGENT_STAGE_CRASH].times;

		set_ns(o, "copy_ns", t->copy, t->root);
		set_ns(o, "init_ns", t->init, t->init_end);
		if (t->copy >= 0)
			json_object_set_int_member(o, "copy_pages_read", t->remapped);
	}
	for (unsigned i = 0; i < AGENT_STAGES; i++)
		json_object_set_object_member(o, stage_names[i], side_json(&p->side[i]));
	if (probes_wanted(plan))
		json_object_set_object_member(o, "cost", cost_json(p));
	json_object_set_object_member(report->extra, "timing", o);
}

static void note_problems(struct run_report *report, const struct side *side, const char *name)
{
	if (side->problem)
		report_note(report, "no probes of the %s kernel: %s", name, side->problem);
	else if (side->trace && (side->missed || side->trace->lost))
		report_note(report,
			    "the %s kernel's probes missed events: %" G_GUINT64_FORMAT " not taken, %" G_GUINT64_FORMAT
			    " not kept",
			    name, side->missed, side->trace->lost);
}

static void note_copy(const struct kprobes *p, struct run_report *report)
{
	int64_t ns = kprobes_copy_ns(p);

	if (ns < 0)
		return;
	report_note(report, "copy: %.0f us of guest time; probes: %" G_GUINT64_FORMAT " hits, read in %.0f ms",
		    (double)ns / 1e3, p->side[0].hits + p->side[1].hits,
		    (double)(p->side[0].read_host_ns + p->side[1].read_host_ns) / 1e6);
}

void kprobes_conclude(struct kprobes *p)
{
	struct attempt *a = p->a;

	for (unsigned i = 0; i < AGENT_STAGES; i++) {
		struct side *side = &p->side[i];
		bool crash = i == AGENT_STAGE_CRASH;

		if (side->trace) {
			side->times = probe_times(side->trace, !crash ? UINT64_MAX : a->ev->at_panic.root);
			anchor(a, side, crash);
		}
		clock_sort(side->pairs);
		add_start(a, side, crash);
		if (side->trace) {
			add_moments(a, side, crash);
			add_reservations(a, side, crash);
		}
	}
}

void kprobes_report(const struct kprobes *p, struct run_report *report)
{
	for (unsigned i = 0; i < AGENT_STAGES; i++)
		note_problems(report, &p->side[i], stage_names[i]);
	count_reserved(p->a->ev, &report->iova);
	note_copy(p, report);
	report_timing(p, report);
}

int64_t kprobes_copy_ns(const struct kprobes *p)
{
	const struct probe_times *t = &p->side[AGENT_STAGE_CRASH].times;

	return t->copy >= 0 && t->root >= t->copy ? t->root - t->copy : -1;
}

const char *kprobes_phase(const struct kprobes *p, bool crash, int64_t guest_ns)
{
	int64_t host_ns = guest_ns >= 0 ? clock_host_ns(p->side[crash].pairs, guest_ns) : -1;

	return host_ns < 0 ? NULL : clock_phase_at(p->a->clock, host_ns);
}
