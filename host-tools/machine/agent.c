/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's end of the agent channel. */
#define _GNU_SOURCE
#include "machine/agent.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "channel.h"
#include "base/json-line.h"
#include "base/lines.h"
#include "machine/subscribers.h"
#include "machine/log.h"

#define LOG_CAP (UINT64_C(64) << 20)
#define READ_TURN (256u << 10)
/* As long as QMP is waited for: the socket has room for a command, unless the guest has long stood still. */
#define SEND_S 60

struct agent {
	int fd;
	guint source;
	struct log log;
	struct lines lines;
	bool closed;
	struct agent_hello *hellos[AGENT_STAGES];
	unsigned last_id;
	unsigned pending; /* id of the command under way, 0: none */
	char *pending_cmd;
	JsonObject *answer;
	bool restarted; /* a hello came while it was pending */
	struct agent_counters counters;
	struct subscribers subscribers;
	bool busy; /* one of them is being called: no reading from inside it */
};

/* ---- log ---- */

static void log_json(struct agent *a, const char *from, const char *json, int64_t ns)
{
	g_autofree char *line = g_strdup_printf("{\"host_ns\":%" G_GINT64_FORMAT ",\"from\":\"%s\",\"line\":%.*s}\n",
						ns, from, (int)strcspn(json, "\n"), json);

	log_line(&a->log, line, strlen(line));
}

static void log_garbage(struct agent *a, const char *line, size_t len, int64_t ns)
{
	g_autofree char *harmless = text_escape(line, MIN(len, 512));
	g_autoptr(JsonNode) node = json_node_init_string(json_node_alloc(), harmless);
	g_autofree char *json = json_to_string(node, FALSE);
	g_autofree char *text = g_strdup_printf("{\"host_ns\":%" G_GINT64_FORMAT ",\"from\":\"guest\",\"bytes\":%zu,"
						"\"garbage\":%s}\n",
						ns, len, json);

	log_line(&a->log, text, strlen(text));
}

/* ---- input ---- */

static void take_hello(struct agent *a, JsonObject *o, int64_t ns)
{
	const char *stage = json_line_string(o, "stage", "");
	enum agent_stage s;
	struct agent_hello *h;

	if (!strcmp(stage, CHANNEL_STAGE_FIRST))
		s = AGENT_STAGE_FIRST;
	else if (!strcmp(stage, CHANNEL_STAGE_CRASH))
		s = AGENT_STAGE_CRASH;
	else {
		a->counters.garbage++;
		return;
	}
	if (a->pending && !a->answer)
		a->restarted = true;
	if (a->hellos[s]) {
		a->counters.stray++;
		return;
	}
	h = g_new0(struct agent_hello, 1);
	h->version = (int)json_line_int(o, "hello", 0);
	h->stage = s;
	h->release = g_strdup(json_line_string(o, "release", ""));
	h->cmdline = g_strdup(json_line_string(o, "cmdline", ""));
	h->uptime_ns = json_line_int(o, "uptime_ns", -1);
	h->host_ns = ns;
	a->hellos[s] = h;
}

static void take_object(struct agent *a, JsonObject *o, int64_t ns)
{
	unsigned id = UINT_MAX;
	struct subscriber l;

	a->counters.lines++;
	if (json_object_has_member(o, "hello"))
		take_hello(a, o, ns);
	else if (a->pending && !a->answer && !a->restarted && json_line_int(o, "id", 0) == (int64_t)a->pending)
		a->answer = json_object_ref(o);
	else
		a->counters.stray++;
	while (subscribers_each(&a->subscribers, &id, &l))
		((agent_fn)l.fn)(o, ns, l.data);
}

static void take_line(void *data, const char *line, size_t len)
{
	struct agent *a = data;
	int64_t ns = log_now_ns();
	const char *start;
	g_autoptr(JsonObject) o = NULL;
	g_autofree char *json = NULL;

	while (len && (line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	if (!len)
		return;
	/* a kernel that probes its UARTs leaves bytes before the agent's first line */
	start = memchr(line, '{', len);
	o = start ? json_line_parse(start, len - (size_t)(start - line)) : NULL;
	if (!o) {
		a->counters.garbage++;
		log_garbage(a, line, len, ns);
		return;
	}
	json = json_line_format(o);
	log_json(a, "guest", json, ns);
	take_object(a, o, ns);
}

static void too_long(void *data, const char *line, size_t len)
{
	struct agent *a = data;

	a->counters.oversized++;
	log_garbage(a, line, len, log_now_ns());
}

void agent_poll(struct agent *a)
{
	char buf[16384];
	size_t total = 0;
	ssize_t n;

	if (a->busy)
		return;
	while (!a->closed && total < READ_TURN) {
		n = recv(a->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			a->closed = true;
			break;
		}
		total += (size_t)n;
		a->busy = true;
		lines_feed(&a->lines, buf, (size_t)n, take_line, too_long, a);
		a->busy = false;
	}
}

static gboolean readable(gint fd, GIOCondition cond, gpointer data)
{
	struct agent *a = data;

	(void)fd;
	(void)cond;
	agent_poll(a);
	if (!a->closed)
		return G_SOURCE_CONTINUE;
	a->source = 0;
	return G_SOURCE_REMOVE;
}

/* ---- life ---- */

struct agent *agent_new(int fd, const char *log_path, GError **error)
{
	struct agent *a = g_new0(struct agent, 1);

	a->fd = fd;
	if (!log_open(&a->log, log_path, LOG_CAP, error)) {
		close(fd);
		g_free(a);
		return NULL;
	}
	a->lines.max = CHANNEL_GUEST_LINE_MAX;
	a->source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, readable, a);
	return a;
}

static void hello_free(struct agent_hello *h)
{
	if (!h)
		return;
	g_free(h->release);
	g_free(h->cmdline);
	g_free(h);
}

void agent_free(struct agent *a)
{
	if (!a)
		return;
	if (a->source)
		g_source_remove(a->source);
	close(a->fd);
	log_close(&a->log);
	lines_clear(&a->lines);
	for (int i = 0; i < AGENT_STAGES; i++)
		hello_free(a->hellos[i]);
	g_clear_pointer(&a->answer, json_object_unref);
	g_free(a->pending_cmd);
	subscribers_clear(&a->subscribers);
	g_free(a);
}

const struct agent_hello *agent_hello(const struct agent *a, enum agent_stage stage)
{
	return (unsigned)stage < AGENT_STAGES ? a->hellos[stage] : NULL;
}

const struct agent_counters *agent_counters(const struct agent *a)
{
	return &a->counters;
}

bool agent_log_ok(const struct agent *a)
{
	return !a->log.failed;
}

unsigned agent_subscribe(struct agent *a, agent_fn fn, void *data)
{
	return subscribers_add(&a->subscribers, G_CALLBACK(fn), data);
}

void agent_unsubscribe(struct agent *a, unsigned id)
{
	subscribers_remove(&a->subscribers, id);
}

/* ---- commands ---- */

static bool send_all(struct agent *a, const char *line, size_t len)
{
	int64_t until = g_get_monotonic_time() + G_USEC_PER_SEC * SEND_S;
	size_t at = 0;

	while (at < len) {
		ssize_t n = send(a->fd, line + at, len - at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0) {
			at += (size_t)n;
		} else if (errno == EAGAIN && g_get_monotonic_time() < until) {
			struct pollfd p = { .fd = a->fd, .events = POLLOUT };

			poll(&p, 1, 50);
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

unsigned agent_send(struct agent *a, JsonObject *request, GError **error)
{
	const char *cmd = json_line_string(request, "cmd", "?");
	unsigned id = a->last_id + 1;
	g_autofree char *line = NULL;
	size_t len;

	if (a->pending)
		return vtdlab_failed(error, "agent: %s: the command %s is still under way", cmd, a->pending_cmd);
	json_object_set_int_member(request, "id", id);
	line = json_line_format(request);
	len = strlen(line);
	if (len > CHANNEL_HOST_LINE_MAX)
		return vtdlab_failed(error, "agent: %s: command line too long for the channel", cmd);
	if (!send_all(a, line, len))
		return vtdlab_failed(error, "agent: %s: cannot send to the guest", cmd);
	log_json(a, "host", line, log_now_ns());
	a->last_id = a->pending = id;
	a->pending_cmd = g_strdup(cmd);
	a->restarted = false;
	return id;
}

bool agent_answered(const struct agent *a, unsigned id)
{
	return id != a->pending || a->answer || a->restarted || a->closed;
}

void agent_cancel(struct agent *a, unsigned id)
{
	if (!id || id != a->pending)
		return;
	a->pending = 0;
	a->restarted = false;
	g_clear_pointer(&a->answer, json_object_unref);
	g_clear_pointer(&a->pending_cmd, g_free);
}

JsonObject *agent_take(struct agent *a, unsigned id, GError **error)
{
	JsonObject *o = NULL;
	const char *text;

	if (!id || id != a->pending) {
		vtdlab_failed(error, "agent: command %u is not under way", id);
		return NULL;
	}
	if (a->answer && json_line_bool(a->answer, "ok", false)) {
		o = json_object_ref(a->answer);
	} else {
		text = a->answer    ? json_line_string(a->answer, "error", "failed") :
		       a->restarted ? "the guest restarted before it answered" :
				      "no answer";
		g_autofree char *harmless = text_escape(text, strlen(text));

		vtdlab_failed(error, "agent: %s: %s", a->pending_cmd, harmless);
	}
	agent_cancel(a, id);
	return o;
}

/* ---- members of answers ---- */

int64_t agent_int(JsonObject *o, const char *name, int64_t fallback)
{
	return json_line_int(o, name, fallback);
}

bool agent_bool(JsonObject *o, const char *name, bool fallback)
{
	return json_line_bool(o, name, fallback);
}

const char *agent_string(JsonObject *o, const char *name, const char *fallback)
{
	return json_line_string(o, name, fallback);
}

uint64_t agent_hex64(JsonObject *o, const char *name, uint64_t fallback)
{
	const char *s = json_line_string(o, name, NULL);
	guint64 v;

	if (!s || s[0] != '0' || s[1] != 'x' || !g_ascii_string_to_unsigned(s + 2, 16, 0, G_MAXUINT64, &v, NULL))
		return fallback;
	return v;
}
