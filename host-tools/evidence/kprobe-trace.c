/* SPDX-License-Identifier: GPL-2.0-only */
/* The text of a kernel's trace, line by line: nothing in it is trusted. */
#include "evidence/kprobe-trace.h"

#include <string.h>

#include "base/text.h"

#define CLOCK_MARK "vtdlab-clock "
/* The trace prints microseconds, rounded. */
#define ROUNDING_NS 1000
#define WINDOWS_MAX 256

/*
 * The names of the events, the functions and their arguments (x86-64: %di %si %dx are the first three;
 * a struct device begins with its kobject, and that with its name). Same on 6.1, 6.12 and 7.3:
 * iommu_setup_dma_ops() has lost and won arguments, but the device is the first in all of them.
 */
static const struct {
	const char *name;
	const char *probe;
	const char *keys[3]; /* numbers, for a, b, c */
	bool dev;
} probes[] = {
	[PROBE_INIT] = { "init", "p:vtdlab/init,intel_iommu_init", { NULL }, false },
	[PROBE_INIT_END] = { "init_end", "r:vtdlab/init_end,intel_iommu_init", { NULL }, false },
	[PROBE_MEMREMAP] = { "memremap",
			     "p:vtdlab/memremap,memremap,pa=%di:x64,size=%si:x64",
			     { "pa", "size" },
			     false },
	[PROBE_ROOT] = { "root", "p:vtdlab/root,iommu_set_root_entry", { NULL }, false },
	[PROBE_DOMAIN] = { "domain", "p:vtdlab/domain,iommu_setup_dma_ops,dev=+0(+0(%di)):string", { NULL }, true },
	[PROBE_RESERVE] = { "reserve",
			    "p:vtdlab/reserve,reserve_iova,iovad=%di:x64,lo=%si:x64,hi=%dx:x64",
			    { "iovad", "lo", "hi" },
			    false },
	[PROBE_ATTACH] = { "attach",
			   "p:vtdlab/attach,intel_iommu_attach_device,dev=+0(+0(%si)):string",
			   { NULL },
			   true },
	[PROBE_RANGE] = { "range",
			  "p:vtdlab/range,iova_exact_reserve,iovad=%di:x64,lo=%si:x64,hi=%dx:x64",
			  { "iovad", "lo", "hi" },
			  false },
};

G_STATIC_ASSERT(G_N_ELEMENTS(probes) == PROBE_KINDS);

/*
 * A kernel tries every probe on its command line and grumbles at those it has no symbol for, so the lab's
 * own function is asked for where it is only. It is hit once a range, and a record takes 64 bytes. Without a
 * tracer the kernel leaves its buffer at one page, 96 records, until somebody reads it: nop is one that does nothing.
 */
char *probe_parameters(bool reserves, uint64_t ranges)
{
	unsigned mib = 4 + (unsigned)(MIN(ranges, PROBE_EVENTS_MAX) >> 14);
	GString *s = g_string_new("kprobe_event=");

	for (unsigned i = 0; i < PROBE_KINDS; i++)
		if (reserves || i != PROBE_RANGE)
			g_string_append_printf(s, "%s%s", i ? ";" : "", probes[i].probe);
	if (reserves)
		g_string_append_printf(s, " ftrace=nop trace_buf_size=%uM", mib);
	else
		g_string_append(s, " trace_buf_size=1M");
	return g_string_free(s, FALSE);
}

const char *probe_name(enum probe_kind kind)
{
	return probes[kind].name;
}

struct probe_trace *probe_trace_new(void)
{
	struct probe_trace *t = g_new0(struct probe_trace, 1);

	t->events = g_array_new(FALSE, TRUE, sizeof(struct probe_event));
	t->records = g_array_new(FALSE, TRUE, sizeof(gint));
	t->windows = g_array_new(FALSE, TRUE, sizeof(struct iommu_range));
	return t;
}

void probe_trace_free(struct probe_trace *t)
{
	if (!t)
		return;
	g_array_unref(t->events);
	g_array_unref(t->records);
	g_array_unref(t->windows);
	g_free(t);
}

/* Decimal digits at *@p, which moves behind them; false: none, or too large. */
static bool take_decimal(const char **p, uint64_t *value)
{
	const char *start = *p;
	char *end;

	if (!g_ascii_isdigit(*start))
		return false;
	if (strspn(start, "0123456789") > 18)
		return false;
	*value = g_ascii_strtoull(start, &end, 10);
	*p = end;
	return true;
}

/* "[012] d..1. 12.345678: name: rest": the part of a record behind its task. */
static bool take_record(const char *p, int64_t *t_ns, char name[32], const char **rest)
{
	uint64_t cpu, seconds, fraction;
	const char *digits, *colon;

	p++;
	if (!take_decimal(&p, &cpu) || *p++ != ']')
		return false;
	p += strspn(p, " ");
	p += strcspn(p, " "); /* the flags of interrupts and preemption */
	p += strspn(p, " ");
	if (!take_decimal(&p, &seconds) || seconds > G_MAXINT32 || *p++ != '.')
		return false;
	digits = p;
	if (!take_decimal(&p, &fraction) || p - digits != 6 || *p++ != ':' || *p++ != ' ')
		return false;
	*t_ns = (int64_t)(seconds * 1000000000 + fraction * 1000);
	colon = strchr(p, ':');
	if (!colon || colon == p || colon - p >= 32)
		return false;
	memcpy(name, p, (size_t)(colon - p));
	name[colon - p] = '\0';
	*rest = colon + 1;
	return true;
}

/* The task's id in front of the first bracket that begins a record; a task may have any name. */
static const char *find_record(const char *line, int *pid, int64_t *t_ns, char name[32], const char **rest)
{
	for (const char *p = strstr(line, " ["); p; p = strstr(p + 1, " [")) {
		const char *end = p, *start, *q;
		uint64_t id;

		while (end > line && end[-1] == ' ')
			end--;
		start = end;
		while (start > line && g_ascii_isdigit(start[-1]))
			start--;
		q = start;
		if (start == line || start[-1] != '-' || !take_decimal(&q, &id) || id > G_MAXINT32)
			continue;
		if (!take_record(p + 1, t_ns, name, rest))
			continue;
		*pid = (int)id;
		return p;
	}
	return NULL;
}

/* The value of " key=" in a probe's arguments, which begin behind "(function+offset/size)". */
static const char *find_value(const char *args, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = args; *p;) {
		p += strspn(p, " ");
		if (strncmp(p, key, len) == 0 && p[len] == '=')
			return p + len + 1;
		p += strcspn(p, " \"");
		if (*p == '"') { /* what is quoted may hold anything but a quote */
			p = strchr(p + 1, '"');
			if (!p)
				return NULL;
			p++;
		}
	}
	return NULL;
}

static bool take_number(const char *args, const char *key, uint64_t *value)
{
	const char *p = find_value(args, key);
	size_t len = p ? text_hex(p, value) : 0;

	return len && (!p[len] || p[len] == ' ');
}

/* "(fault)" is a name that the probe could not read: an event all the same, of an unknown device. */
static bool take_device(const char *args, char dev[32])
{
	const char *p = find_value(args, "dev"), *end;

	dev[0] = '\0';
	if (p && strncmp(p, "(fault)", 7) == 0)
		return true;
	if (!p || *p++ != '"')
		return false;
	end = strchr(p, '"');
	if (!end || end - p >= 32)
		return false;
	for (const char *c = p; c < end; c++)
		if (!g_ascii_isgraph(*c) || *c == ',')
			return false;
	memcpy(dev, p, (size_t)(end - p));
	dev[end - p] = '\0';
	return true;
}

/* 1: one of ours; 0: another event; -1: ours by its name, and not understood. */
static int parse_event(const char *name, const char *rest, struct probe_event *e)
{
	uint64_t *numbers[] = { &e->a, &e->b, &e->c };
	const char *args;

	for (unsigned i = 0; i < PROBE_KINDS; i++) {
		if (strcmp(name, probes[i].name) != 0)
			continue;
		args = strchr(rest, ')');
		if (!args || rest[0] != ' ' || rest[1] != '(')
			return -1;
		e->kind = (enum probe_kind)i;
		for (unsigned k = 0; k < 3 && probes[i].keys[k]; k++)
			if (!take_number(args + 1, probes[i].keys[k], numbers[k]))
				return -1;
		if (probes[i].dev && !take_device(args + 1, e->dev))
			return -1;
		return (e->kind == PROBE_RESERVE || e->kind == PROBE_RANGE) && e->b > e->c ? -1 : 1;
	}
	return 0;
}

static void take_clock(struct probe_trace *t, const char *rest, int64_t t_ns)
{
	const char *p = strstr(rest, CLOCK_MARK);
	uint64_t agent_ns;

	if (!p)
		return;
	p += strlen(CLOCK_MARK);
	if (!take_decimal(&p, &agent_ns) || agent_ns > G_MAXINT64 / 2)
		return;
	t->has_clock = true;
	t->clock_ns = (int64_t)agent_ns - t_ns;
}

static void take_comment(struct probe_trace *t, const char *line)
{
	const char *p = strstr(line, "entries-in-buffer/entries-written:");
	uint64_t kept, written;

	if (!p)
		return;
	p = strchr(p, ':') + 1;
	p += strspn(p, " ");
	if (take_decimal(&p, &kept) && *p++ == '/' && take_decimal(&p, &written) && written > kept)
		t->lost += written - kept;
}

void probe_trace_line(struct probe_trace *t, const char *line)
{
	struct probe_event e = { .kind = PROBE_KINDS };
	const char *rest = NULL;
	gint index = -1;
	char name[32];
	int found;

	if (line[0] == '#') {
		take_comment(t, line);
		return;
	}
	if (g_str_has_prefix(line, "CPU:") || !line[strspn(line, " ")])
		return; /* "CPU:0 [LOST 3 EVENTS]": the comment counts them */
	if (!find_record(line, &e.pid, &e.t_ns, name, &rest)) {
		t->malformed++;
		return;
	}
	found = parse_event(name, rest, &e);
	if (found < 0)
		t->malformed++;
	if (strcmp(name, "tracing_mark_write") == 0)
		take_clock(t, rest, e.t_ns);
	if (t->records->len >= PROBE_EVENTS_MAX) {
		t->lost += found > 0;
		return;
	}
	if (found > 0) {
		index = (gint)t->events->len;
		g_array_append_val(t->events, e);
	}
	g_array_append_val(t->records, index);
}

void probe_trace_raw_line(struct probe_trace *t, const char *line)
{
	const char *p = line + strspn(line, " ");
	uint64_t pid, cpu, ns;
	struct probe_event *e;
	gint index;

	if (*p == '#' || !*p || g_str_has_prefix(p, "CPU:"))
		return;
	if (!take_decimal(&p, &pid) || *p++ != ' ' || !take_decimal(&p, &cpu) || *p++ != ' ' ||
	    !take_decimal(&p, &ns) || ns > G_MAXINT64 / 2 || t->raw >= t->records->len) {
		t->inexact++;
		return;
	}
	index = g_array_index(t->records, gint, t->raw++);
	if (index < 0)
		return;
	e = &g_array_index(t->events, struct probe_event, index);
	if ((uint64_t)e->pid != pid || ABS((int64_t)ns - e->t_ns) > ROUNDING_NS)
		t->inexact++;
	else
		e->t_ns = (int64_t)ns;
}

void probe_trace_iomem_line(struct probe_trace *t, const char *line)
{
	const char *p = line + strspn(line, " ");
	struct iommu_range w;
	char *end;

	if (!g_ascii_isxdigit(*p) || !strstr(p, ": PCI Bus "))
		return;
	w.start = g_ascii_strtoull(p, &end, 16);
	if (*end++ != '-' || !g_ascii_isxdigit(*end))
		return;
	w.last = g_ascii_strtoull(end, &end, 16);
	if (*end == ' ' && w.start <= w.last && w.last && t->windows->len < WINDOWS_MAX)
		g_array_append_val(t->windows, w);
}

int64_t probe_guest_ns(const struct probe_trace *t, int64_t t_ns)
{
	return MAX(0, t_ns + (t->has_clock ? t->clock_ns : 0));
}
