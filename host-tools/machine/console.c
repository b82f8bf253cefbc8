/* SPDX-License-Identifier: GPL-2.0-only */
/* From the bytes of the guest's COM1 to harmless, time-stamped lines. */
#define _GNU_SOURCE
#include "machine/console.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "machine/subscribers.h"
#include "machine/log.h"

#define LOG_CAP (UINT64_C(64) << 20)
/* One main-loop turn reads at most this, so that a babbling guest cannot starve the rest. */
#define READ_TURN (256u << 10)

struct console {
	int fd;
	guint source;
	struct log log;
	GString *line;			/* being built, escaped already */
	int64_t line_ns;		/* first byte of it */
	char *keep[CONSOLE_KEEP_LINES]; /* ring; next = the oldest */
	unsigned next;
	struct subscribers subscribers;
	bool busy; /* one of them is being called: no reading from inside it */
};

static void log_stamped(struct console *c, const char *line)
{
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT ".%06" G_GINT64_FORMAT " %s\n",
						c->line_ns / 1000000000, c->line_ns / 1000 % 1000000, line);

	log_line(&c->log, text, strlen(text));
}

static void end_line(struct console *c)
{
	char *line = g_string_free(c->line, FALSE);
	int64_t ns = c->line_ns;
	unsigned id = UINT_MAX;
	struct subscriber l;

	c->line = g_string_sized_new(128);
	log_stamped(c, line);
	c->line_ns = 0;
	g_free(c->keep[c->next]);
	c->keep[c->next] = line;
	c->next = (c->next + 1) % CONSOLE_KEEP_LINES;
	/* `line` may be dropped by a nested poll */
	line = g_strdup(line);
	while (subscribers_each(&c->subscribers, &id, &l))
		((console_fn)l.fn)(line, ns, l.data);
	g_free(line);
}

static void take(struct console *c, const char *buf, size_t len, int64_t now)
{
	for (size_t i = 0; i < len; i++) {
		if (buf[i] == '\n') {
			if (!c->line_ns)
				c->line_ns = now;
			end_line(c);
			continue;
		}
		/* serial consoles end lines with CR LF */
		if (buf[i] == '\r')
			continue;
		if (!c->line_ns)
			c->line_ns = now;
		text_escape_byte(c->line, (unsigned char)buf[i]);
		if (c->line->len >= CONSOLE_LINE_MAX)
			end_line(c);
	}
}

/* false at end of file. */
static bool read_turn(struct console *c)
{
	char buf[16384];
	size_t total = 0;
	ssize_t n;

	if (c->fd < 0)
		return false;
	if (c->busy)
		return true;
	while (total < READ_TURN) {
		n = read(c->fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n <= 0)
			return false;
		total += (size_t)n;
		c->busy = true;
		take(c, buf, (size_t)n, log_now_ns());
		c->busy = false;
	}
	return true;
}

static void stop_reading(struct console *c)
{
	if (c->source)
		g_source_remove(c->source);
	c->source = 0;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static gboolean readable(gint fd, GIOCondition cond, gpointer data)
{
	struct console *c = data;

	(void)fd;
	(void)cond;
	if (read_turn(c))
		return G_SOURCE_CONTINUE;
	c->source = 0;
	stop_reading(c);
	return G_SOURCE_REMOVE;
}

struct console *console_new(int fd, const char *log_path, GError **error)
{
	struct console *c = g_new0(struct console, 1);

	c->fd = fd;
	if (!log_open(&c->log, log_path, LOG_CAP, error)) {
		close(fd);
		g_free(c);
		return NULL;
	}
	c->line = g_string_sized_new(128);
	g_unix_set_fd_nonblocking(fd, TRUE, NULL);
	c->source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, readable, c);
	return c;
}

void console_free(struct console *c)
{
	if (!c)
		return;
	if (c->line->len)
		end_line(c);
	stop_reading(c);
	log_close(&c->log);
	for (unsigned i = 0; i < CONSOLE_KEEP_LINES; i++)
		g_free(c->keep[i]);
	g_string_free(c->line, TRUE);
	subscribers_clear(&c->subscribers);
	g_free(c);
}

void console_replay(struct console *c, const char *text, size_t len, int64_t stamp_ns)
{
	const char *end = text + len;

	c->busy = true;
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text)),
			   *line = stop ? memchr(text, ' ', (size_t)(stop - text)) : NULL;

		if (!stop)
			break;
		if (line)
			take(c, line + 1, (size_t)(stop - line), stamp_ns);
		text = stop + 1;
	}
	c->busy = false;
}

void console_poll(struct console *c)
{
	if (c->fd >= 0 && !read_turn(c))
		stop_reading(c);
}

int console_pending(struct console *c)
{
	int n = 0;

	if (c->fd < 0 || ioctl(c->fd, FIONREAD, &n) < 0)
		return 0;
	return n;
}

unsigned console_subscribe(struct console *c, console_fn fn, void *data)
{
	return subscribers_add(&c->subscribers, G_CALLBACK(fn), data);
}

void console_unsubscribe(struct console *c, unsigned id)
{
	subscribers_remove(&c->subscribers, id);
}

char *console_tail(struct console *c, unsigned n)
{
	GString *s = g_string_new(NULL);
	bool partial = c->line->len > 0;

	n = MIN(n, CONSOLE_KEEP_LINES);
	if (partial && n)
		n--;
	else
		partial = false;
	for (unsigned back = n; back > 0; back--) {
		const char *line = c->keep[(c->next + CONSOLE_KEEP_LINES - back) % CONSOLE_KEEP_LINES];

		if (!line)
			continue;
		if (s->len)
			g_string_append_c(s, '\n');
		g_string_append(s, line);
	}
	if (partial)
		g_string_append_printf(s, "%s%s", s->len ? "\n" : "", c->line->str);
	return g_string_free(s, FALSE);
}

bool console_log_ok(const struct console *c)
{
	return !c->log.failed;
}
