/* SPDX-License-Identifier: GPL-2.0-only */
/* Following QEMU's trace log while it grows. */
#define _GNU_SOURCE
#include "machine/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/lines.h"
#include "machine/subscribers.h"

#define PERIOD_MS 2
#define LINE_CAP 4096
/* One turn reads at most this: a fault storm must not starve the rest of the main loop. */
#define READ_TURN (1u << 20)

struct trace {
	char *path;
	int fd;	     /* -1: not there yet */
	int told_fd; /* inotify: the log is written to; -1: not told */
	guint timer, told;
	uint64_t bytes; /* read so far */
	struct lines lines;
	bool busy;	  /* a subscriber is being called: no reading from inside it */
	int64_t stamp_ns; /* of what is told again (trace_replay()); 0: each has its own */
	uint64_t counts[TRACE_KINDS];
	struct trace_counters counters;
	struct subscribers subscribers;
};

static void take_event(struct trace *t, const struct trace_event *e)
{
	unsigned id = UINT_MAX;
	struct subscriber l;

	t->counters.events++;
	t->counters.seen[trace_kind_group(e->kind)]++;
	t->counts[e->kind]++;
	while (subscribers_each(&t->subscribers, &id, &l))
		((trace_fn)l.fn)(e, l.data);
}

static void take_line(void *data, const char *line, size_t len)
{
	struct trace *t = data;
	struct trace_event e;

	(void)len;
	t->counters.lines++;
	switch (trace_parse_line(line, &e)) {
	case TRACE_PARSE_EVENT:
		if (t->stamp_ns)
			e.host_ns = t->stamp_ns;
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

static void too_long(void *data, const char *line, size_t len)
{
	struct trace *t = data;

	(void)line;
	(void)len;
	t->counters.lines++;
	t->counters.other++;
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
	n = TEMP_FAILURE_RETRY(read(t->fd, buf, sizeof(buf)));
	if (n <= 0)
		return false;
	t->bytes += (uint64_t)n;
	lines_feed(&t->lines, buf, (size_t)n, take_line, too_long, t);
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

void trace_replay(struct trace *t, const char *text, size_t len, int64_t stamp_ns)
{
	struct lines earlier = { .max = LINE_CAP + 1 };

	t->busy = true;
	t->stamp_ns = stamp_ns;
	lines_feed(&earlier, text, len, take_line, too_long, t);
	t->stamp_ns = 0;
	t->busy = false;
	lines_clear(&earlier);
}

static gboolean tick(gpointer data);

static gboolean written(gint fd, GIOCondition condition, gpointer data)
{
	struct trace *t = data;

	(void)fd;
	(void)condition;
	t->told = 0;
	read_up_to(t, READ_TURN);
	t->timer = g_timeout_add(PERIOD_MS, tick, t);
	return G_SOURCE_REMOVE;
}

/* What is written behind this is told. */
static bool watch(struct trace *t)
{
	char events[4096];

	if (t->fd < 0)
		return false;
	if (t->told_fd < 0) {
		t->told_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
		if (t->told_fd >= 0 && inotify_add_watch(t->told_fd, t->path, IN_MODIFY) < 0) {
			close(t->told_fd);
			t->told_fd = -1;
		}
	}
	while (t->told_fd >= 0 && read(t->told_fd, events, sizeof(events)) > 0)
		;
	return t->told_fd >= 0;
}

/* As long as there is something each time; then the next write is waited for. */
static gboolean tick(gpointer data)
{
	struct trace *t = data;
	bool told = watch(t);
	uint64_t before = t->bytes;

	read_up_to(t, READ_TURN);
	if (!told || t->busy || t->bytes != before)
		return G_SOURCE_CONTINUE;
	t->timer = 0;
	t->told = g_unix_fd_add(t->told_fd, G_IO_IN, written, t);
	return G_SOURCE_REMOVE;
}

struct trace *trace_new(const char *path)
{
	struct trace *t = g_new0(struct trace, 1);

	t->path = g_strdup(path);
	t->fd = t->told_fd = -1;
	t->lines.max = LINE_CAP + 1;
	t->timer = g_timeout_add(PERIOD_MS, tick, t);
	return t;
}

void trace_free(struct trace *t)
{
	if (!t)
		return;
	if (t->timer)
		g_source_remove(t->timer);
	if (t->told)
		g_source_remove(t->told);
	if (t->fd >= 0)
		close(t->fd);
	if (t->told_fd >= 0)
		close(t->told_fd);
	lines_clear(&t->lines);
	subscribers_clear(&t->subscribers);
	g_free(t->path);
	g_free(t);
}

uint64_t trace_count(const struct trace *t, enum trace_kind kind)
{
	return (unsigned)kind < TRACE_KINDS ? t->counts[kind] : 0;
}

unsigned trace_subscribe(struct trace *t, trace_fn fn, void *data)
{
	return subscribers_add(&t->subscribers, G_CALLBACK(fn), data);
}

void trace_unsubscribe(struct trace *t, unsigned id)
{
	subscribers_remove(&t->subscribers, id);
}

const struct trace_counters *trace_counters(const struct trace *t)
{
	return &t->counters;
}
