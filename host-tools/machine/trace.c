/* SPDX-License-Identifier: GPL-2.0-only */
/* Following QEMU's trace log while it grows. */
#define _GNU_SOURCE
#include "machine/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PERIOD_MS 2
#define LINE_CAP 4096
/* One turn reads at most this: a fault storm must not starve the rest of the main loop. */
#define READ_TURN (1u << 20)

struct subscriber {
	unsigned id;
	trace_fn fn;
	void *data;
};

struct trace {
	char *path;
	int fd; /* -1: not there yet */
	guint timer;
	GString *in;
	bool skipping; /* inside a line over the cap */
	bool busy;     /* a subscriber is being called: no reading from inside it */
	uint64_t counts[TRACE_KINDS];
	struct trace_counters counters;
	GArray *subscribers;
	unsigned last_id;
};

static void take_event(struct trace *t, const struct trace_event *e)
{
	t->counters.events++;
	t->counters.seen[trace_kind_group(e->kind)]++;
	t->counts[e->kind]++;
	for (unsigned i = t->subscribers->len; i > 0; i--) {
		if (i > t->subscribers->len)
			continue;
		struct subscriber s = g_array_index(t->subscribers, struct subscriber, i - 1);

		s.fn(e, s.data);
	}
}

static void take_line(struct trace *t, char *line)
{
	struct trace_event e;

	t->counters.lines++;
	switch (trace_parse_line(line, &e)) {
	case TRACE_PARSE_EVENT:
		take_event(t, &e);
		break;
	case TRACE_PARSE_UNKNOWN:
		t->counters.unknown++;
		break;
	case TRACE_PARSE_MALFORMED:
		t->counters.malformed[trace_kind_group(e.kind)]++;
		break;
	case TRACE_PARSE_OTHER:
		t->counters.other++;
		break;
	}
}

static void split_lines(struct trace *t)
{
	char *start = t->in->str, *end;
	size_t left = t->in->len;

	while ((end = memchr(start, '\n', left))) {
		*end = '\0';
		if (t->skipping)
			t->skipping = false;
		else
			take_line(t, start);
		left -= (size_t)(end + 1 - start);
		start = end + 1;
	}
	g_string_erase(t->in, 0, start - t->in->str);
	if (t->in->len > LINE_CAP && !t->skipping) {
		t->counters.lines++;
		t->counters.other++;
		t->skipping = true;
	}
	if (t->skipping)
		g_string_truncate(t->in, 0);
}

/* false when there is no more to read now. */
static bool read_chunk(struct trace *t)
{
	char buf[65536];
	ssize_t n;

	if (t->fd < 0)
		t->fd = open(t->path, O_RDONLY | O_CLOEXEC);
	if (t->fd < 0)
		return false;
	do
		n = read(t->fd, buf, sizeof(buf));
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	g_string_append_len(t->in, buf, n);
	split_lines(t);
	return (size_t)n == sizeof(buf);
}

static unsigned read_up_to(struct trace *t, uint64_t limit)
{
	uint64_t before = t->counters.events, total = 0;

	if (t->busy)
		return 0;
	t->busy = true;
	while (total < limit && read_chunk(t))
		total += 65536;
	t->busy = false;
	return (unsigned)(t->counters.events - before);
}

unsigned trace_poll(struct trace *t)
{
	return read_up_to(t, UINT64_MAX);
}

static gboolean tick(gpointer data)
{
	read_up_to(data, READ_TURN);
	return G_SOURCE_CONTINUE;
}

struct trace *trace_new(const char *path)
{
	struct trace *t = g_new0(struct trace, 1);

	t->path = g_strdup(path);
	t->fd = -1;
	t->in = g_string_new(NULL);
	t->subscribers = g_array_new(FALSE, FALSE, sizeof(struct subscriber));
	t->timer = g_timeout_add(PERIOD_MS, tick, t);
	return t;
}

void trace_free(struct trace *t)
{
	if (!t)
		return;
	g_source_remove(t->timer);
	if (t->fd >= 0)
		close(t->fd);
	g_string_free(t->in, TRUE);
	g_array_free(t->subscribers, TRUE);
	g_free(t->path);
	g_free(t);
}

uint64_t trace_count(const struct trace *t, enum trace_kind kind)
{
	return (unsigned)kind < TRACE_KINDS ? t->counts[kind] : 0;
}

unsigned trace_subscribe(struct trace *t, trace_fn fn, void *data)
{
	struct subscriber s = { .id = ++t->last_id, .fn = fn, .data = data };

	g_array_append_val(t->subscribers, s);
	return s.id;
}

void trace_unsubscribe(struct trace *t, unsigned id)
{
	for (unsigned i = 0; i < t->subscribers->len; i++) {
		if (g_array_index(t->subscribers, struct subscriber, i).id == id) {
			g_array_remove_index(t->subscribers, i);
			return;
		}
	}
}

const struct trace_counters *trace_counters(const struct trace *t)
{
	return &t->counters;
}
