/* SPDX-License-Identifier: GPL-2.0-only */
/* QMP client: one socket, synchronous commands, events kept for the main loop. */
#define _GNU_SOURCE
#include "machine/qmp.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json-line.h"
#include "base/lines.h"
#include "machine/log.h"

#define LOG_CAP (UINT64_C(32) << 20)
#define LOG_LINE_MAX 1024
#define EVENTS_MAX 4096
#define IDLE_MS 50

struct qmp {
	int fd;
	guint source, idle_source;
	struct log log;
	struct lines lines;
	bool closed;
	char *version;
	int64_t id;	    /* of the last command */
	JsonObject *answer; /* to it */
	GQueue events;	    /* JsonObject *, not delivered yet */
	qmp_event_fn event_fn;
	void *event_user;
	qmp_idle_fn idle_fn;
	void *idle_user;
	int64_t (*clock_fn)(void *user);
	int give; /* a descriptor that goes with the next bytes that are sent; -1: none */
};

static void log_text(struct qmp *q, const char *from, const char *json, size_t raw_len)
{
	g_autofree char *line = NULL;

	if (q->log.fd < 0)
		return;
	if (json && strlen(json) <= LOG_LINE_MAX)
		line = g_strdup_printf("{\"host_ns\":%" G_GINT64_FORMAT ",\"from\":\"%s\",\"line\":%.*s}\n",
				       log_now_ns(), from, (int)strcspn(json, "\n"), json);
	else
		line = g_strdup_printf("{\"host_ns\":%" G_GINT64_FORMAT ",\"from\":\"%s\",\"%s\":%zu}\n", log_now_ns(),
				       from, json ? "bytes" : "garbage", raw_len);
	log_line(&q->log, line, strlen(line));
}

static char *greeting_version(JsonObject *greeting)
{
	JsonObject *v = json_line_object(json_line_object(greeting, "version"), "qemu");

	return g_strdup_printf("%d.%d.%d", (int)json_line_int(v, "major", 0), (int)json_line_int(v, "minor", 0),
			       (int)json_line_int(v, "micro", 0));
}

/* ---- events ---- */

static int64_t event_time(JsonObject *event)
{
	JsonObject *t = json_line_object(event, "timestamp");
	int64_t sec = json_line_int(t, "seconds", -1), usec = json_line_int(t, "microseconds", 0);

	if (sec <= 0 || sec > G_MAXINT64 / 2000000000 || usec < 0 || usec >= 1000000)
		return log_now_ns();
	return sec * 1000000000 + usec * 1000;
}

static void deliver(struct qmp *q)
{
	JsonObject *event;

	while ((event = g_queue_pop_head(&q->events))) {
		if (q->event_fn)
			q->event_fn(json_line_string(event, "event", "?"), json_line_object(event, "data"),
				    event_time(event), q->event_user);
		json_object_unref(event);
	}
}

static gboolean deliver_later(gpointer data)
{
	struct qmp *q = data;

	q->idle_source = 0;
	deliver(q);
	return G_SOURCE_REMOVE;
}

/* ---- input ---- */

static void take_line(void *data, const char *line, size_t len)
{
	struct qmp *q = data;
	g_autoptr(JsonObject) o = NULL;
	g_autofree char *json = NULL;

	if (!len)
		return;
	o = json_line_parse(line, len);
	if (!o) {
		log_text(q, "qemu", NULL, len);
		return;
	}
	json = json_line_format(o);
	log_text(q, "qemu", json, len);
	if (json_line_object(o, "QMP") && !q->version) {
		q->version = greeting_version(json_line_object(o, "QMP"));
	} else if (json_line_string(o, "event", NULL)) {
		if (q->events.length < EVENTS_MAX)
			g_queue_push_tail(&q->events, json_object_ref(o));
	} else if ((json_object_has_member(o, "return") || json_line_object(o, "error")) &&
		   json_line_int(o, "id", -1) == q->id && !q->answer) {
		q->answer = json_object_ref(o);
	}
}

static void too_long(void *data, const char *line, size_t len)
{
	(void)line;
	log_text(data, "qemu", NULL, len);
}

/* Reads all that is there. */
static void read_some(struct qmp *q)
{
	char buf[16384];
	ssize_t n;

	while (!q->closed) {
		n = recv(q->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			q->closed = true;
			return;
		}
		lines_feed(&q->lines, buf, (size_t)n, take_line, too_long, q);
	}
}

static gboolean readable(gint fd, GIOCondition cond, gpointer data)
{
	struct qmp *q = data;

	(void)fd;
	(void)cond;
	read_some(q);
	if (q->closed)
		q->source = 0;
	deliver(q);
	return q->closed ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

void qmp_poll(struct qmp *q)
{
	read_some(q);
	deliver(q);
}

/* ---- life ---- */

struct qmp *qmp_new(int fd, const char *log_path, GError **error)
{
	struct qmp *q = g_new0(struct qmp, 1);

	q->fd = fd;
	q->give = -1;
	if (!log_open(&q->log, log_path, LOG_CAP, error)) {
		close(fd);
		g_free(q);
		return NULL;
	}
	q->lines.max = QMP_LINE_MAX + 1;
	g_queue_init(&q->events);
	q->source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, readable, q);
	return q;
}

void qmp_free(struct qmp *q)
{
	if (!q)
		return;
	if (q->source)
		g_source_remove(q->source);
	if (q->idle_source)
		g_source_remove(q->idle_source);
	close(q->fd);
	log_close(&q->log);
	lines_clear(&q->lines);
	g_queue_clear_full(&q->events, (GDestroyNotify)json_object_unref);
	g_clear_pointer(&q->answer, json_object_unref);
	g_free(q->version);
	g_free(q);
}

void qmp_set_idle(struct qmp *q, qmp_idle_fn fn, void *user)
{
	q->idle_fn = fn;
	q->idle_user = user;
}

void qmp_set_clock(struct qmp *q, int64_t (*fn)(void *user))
{
	q->clock_fn = fn;
}

static int64_t now_us(const struct qmp *q)
{
	return q->clock_fn ? q->clock_fn(q->idle_user) : g_get_monotonic_time();
}

void qmp_set_event(struct qmp *q, qmp_event_fn fn, void *user)
{
	q->event_fn = fn;
	q->event_user = user;
}

const char *qmp_version(const struct qmp *q)
{
	return q->version;
}

/* ---- commands ---- */

static bool have_answer(struct qmp *q)
{
	return q->answer != NULL;
}

static bool have_greeting(struct qmp *q)
{
	return q->version != NULL;
}

static bool wait_for(struct qmp *q, bool (*done)(struct qmp *), const char *what, double timeout_s, GError **error)
{
	int64_t now = now_us(q), until = now == QMP_CLOCK_OVER ? 0 : now + (int64_t)(timeout_s * 1e6);
	struct pollfd p = { .fd = q->fd, .events = POLLIN };

	for (;;) {
		read_some(q);
		if (q->events.length && !q->idle_source)
			q->idle_source = g_idle_add_full(G_PRIORITY_HIGH, deliver_later, q, NULL);
		if (done(q))
			return true;
		if (q->closed)
			return vtdlab_failed(error, "QMP %s: QEMU closed the connection", what);
		if (q->idle_fn && !q->idle_fn(q->idle_user, error))
			return false;
		now = now_us(q);
		if (now > until || now == QMP_CLOCK_OVER)
			return vtdlab_failed(error, "QMP %s: no answer from QEMU within %.0f s", what, timeout_s);
		poll(&p, 1, (int)MIN((until - now) / 1000 + 1, IDLE_MS));
	}
}

/* As send(). */
static ssize_t send_some(struct qmp *q, const char *bytes, size_t len)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { .iov_base = (void *)bytes, .iov_len = len };
	struct msghdr message = { .msg_iov = &io, .msg_iovlen = 1 };
	ssize_t n;

	if (q->give >= 0) {
		struct cmsghdr *head;

		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &q->give, sizeof(int));
	}
	n = sendmsg(q->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		q->give = -1;
	return n;
}

static bool send_line(struct qmp *q, const char *line, const char *what, GError **error)
{
	size_t len = strlen(line), at = 0;

	while (at < len) {
		ssize_t n = send_some(q, line + at, len - at);

		if (n >= 0) {
			at += (size_t)n;
		} else if (errno == EAGAIN) {
			struct pollfd p = { .fd = q->fd, .events = POLLOUT };

			if (q->idle_fn && !q->idle_fn(q->idle_user, error))
				return false;
			poll(&p, 1, IDLE_MS);
		} else if (errno != EINTR) {
			return vtdlab_failed(error, "QMP %s: cannot send to QEMU", what);
		}
	}
	return true;
}

JsonNode *qmp_command(struct qmp *q, const char *command, JsonObject *args, double timeout_s, GError **error)
{
	g_autoptr(JsonObject) req = json_object_new();
	JsonNode *result = NULL;
	g_autofree char *line = NULL;
	JsonObject *err;

	json_object_set_string_member(req, "execute", command);
	if (args)
		json_object_set_object_member(req, "arguments", args);
	json_object_set_int_member(req, "id", ++q->id);
	line = json_line_format(req);
	g_clear_pointer(&q->answer, json_object_unref);
	log_text(q, "host", line, strlen(line));
	if (!send_line(q, line, command, error) || !wait_for(q, have_answer, command, timeout_s, error))
		return NULL;
	err = json_line_object(q->answer, "error");
	if (err)
		vtdlab_failed(error, "QMP %s: %s: %s", command, json_line_string(err, "class", "error"),
			      json_line_string(err, "desc", "?"));
	else
		result = json_node_ref(json_object_get_member(q->answer, "return"));
	g_clear_pointer(&q->answer, json_object_unref);
	return result;
}

bool qmp_give_fd(struct qmp *q, int fd, const char *name, double timeout_s, GError **error)
{
	JsonObject *args = json_object_new();
	g_autoptr(JsonNode) r = NULL;

	json_object_set_string_member(args, "fdname", name);
	q->give = fd;
	r = qmp_command(q, "getfd", args, timeout_s, error);
	q->give = -1;
	return r != NULL;
}

bool qmp_negotiate(struct qmp *q, double timeout_s, GError **error)
{
	g_autoptr(JsonNode) r = NULL;

	if (!wait_for(q, have_greeting, "greeting", timeout_s, error))
		return false;
	r = qmp_command(q, "qmp_capabilities", NULL, timeout_s, error);
	return r != NULL;
}

char *qmp_hmp(struct qmp *q, const char *line, int cpu, double timeout_s, GError **error)
{
	JsonObject *args = json_object_new();
	g_autoptr(JsonNode) r = NULL;

	json_object_set_string_member(args, "command-line", line);
	if (cpu >= 0)
		json_object_set_int_member(args, "cpu-index", cpu);
	r = qmp_command(q, "human-monitor-command", args, timeout_s, error);
	if (!r)
		return NULL;
	if (JSON_NODE_HOLDS_VALUE(r) && json_node_get_value_type(r) == G_TYPE_STRING)
		return g_strdup(json_node_get_string(r));
	vtdlab_failed(error, "QMP %s: answer is no text", line);
	return NULL;
}
