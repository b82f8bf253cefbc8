/* SPDX-License-Identifier: GPL-2.0-only */
/* Canary frames into the guest's network device, and the account of each. */
#define _GNU_SOURCE
#include "machine/injector.h"

#include <errno.h>
#include <glib-unix.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "machine/log.h"
#include "machine/trace.h"

#define LOCK_STEP_US 250000
#define FLIGHTS_MAX 4096
#define FRAMES_MAX 65536
#define READ_TURN 256
#define CANARIES_MAX (1u << 20)

/* A frame that was sent and of which the trace has not told yet. */
struct flight {
	char kind;
	uint32_t seq;
};

struct injector {
	int fd, peer_fd;
	guint source;
	struct trace *trace;
	unsigned subscription;
	uint8_t magic[8];
	GArray *canaries;
	struct injector_counters counters;

	bool paused, lock_step;
	guint timer;
	unsigned ration, ration_from, ticks; /* since canary ration_from was sent */
	int64_t last_sent_us;		     /* monotonic, of the last canary */
	GQueue flights;			     /* struct flight *, oldest first */
	bool crowded;			     /* more than one was under way: order alone tells which */
	unsigned untraced;		     /* without a trace: the canaries before this one are QUEUED no more */

	bool have_buffer; /* the frame being written now: */
	uint64_t iova;
	uint64_t written;

	uint8_t ex_magic[8];
	unsigned ex_frames, ex_next;
	guint ex_timer;
	uint8_t *ex_seen; /* one byte a seq */
};

static void fill_magic(uint8_t magic[8])
{
	int64_t t = g_get_monotonic_time();

	if (getrandom(magic, 8, GRND_NONBLOCK) != 8)
		for (int i = 0; i < 8; i++)
			magic[i] = (uint8_t)(channel_splitmix64((uint64_t)t) >> (8 * i));
}

/* ---- the account ---- */

static struct canary *canary(struct injector *in, const struct flight *f)
{
	if (f->kind != CHANNEL_KIND_CANARY || f->seq >= in->canaries->len)
		return NULL;
	return &g_array_index(in->canaries, struct canary, f->seq);
}

/* Bytes that QEMU has not taken off the socket; 0 also if the kernel cannot say. */
static int unread(struct injector *in)
{
	int n = 0;

	return ioctl(in->fd, SIOCOUTQ, &n) < 0 ? 0 : n;
}

static void mark_taken(struct injector *in)
{
	if (unread(in))
		return;
	for (; !in->trace && in->untraced < in->canaries->len; in->untraced++) {
		struct canary *c = &g_array_index(in->canaries, struct canary, in->untraced);

		if (c->state == CANARY_QUEUED)
			c->state = CANARY_TAKEN;
	}
	for (GList *l = in->flights.head; l; l = l->next) {
		struct canary *c = canary(in, l->data);

		if (c && c->state == CANARY_QUEUED)
			c->state = CANARY_TAKEN;
	}
}

static void resolve(struct injector *in, bool done, const struct trace_event *e)
{
	struct flight *f = g_queue_pop_head(&in->flights);
	struct canary *c = f ? canary(in, f) : NULL;
	/* "written" without a buffer: the descriptor it read was empty (a fault), nothing went out */
	bool written = done && in->have_buffer;

	if (c && c->state != CANARY_RECALLED) {
		c->state = written ? CANARY_WRITTEN : CANARY_DROPPED;
		c->written_ns = written ? e->host_ns : 0;
		c->exact = in->lock_step && !in->crowded;
		if (written) {
			c->iova = in->iova;
			c->written_len = (uint32_t)MIN(in->written, G_MAXUINT32);
		}
		if (written)
			in->counters.written++;
		else
			in->counters.dropped++;
	}
	in->have_buffer = false;
	if (!in->flights.length)
		in->crowded = false;
	g_free(f);
}

static void on_trace(const struct trace_event *e, void *data)
{
	struct injector *in = data;

	switch (e->kind) {
	case TRACE_E1000E_RX_BUFFER:
		if (!in->have_buffer) {
			in->iova = e->a + e->b;
			in->written = 0;
			in->have_buffer = true;
		}
		in->written += e->c;
		break;
	case TRACE_E1000E_RX_WRITTEN:
		resolve(in, true, e);
		break;
	case TRACE_E1000E_RX_NOT_WRITTEN:
	case TRACE_E1000E_RX_FILTERED:
		resolve(in, false, e);
		break;
	default:
		break;
	}
}

/* ---- sending ---- */

/* 1 sent, 0 no room, -1 the other end is gone. */
static int send_frame(struct injector *in, char kind, uint32_t seq, const uint8_t magic[8])
{
	static const uint8_t host_mac[6] = CHANNEL_HOST_MAC;
	struct channel_frame f = { .seq = seq, .kind = kind };
	uint8_t frame[CHANNEL_FRAME_LEN];
	struct flight *flight;
	ssize_t n;

	memcpy(f.magic, magic, sizeof(f.magic));
	channel_frame_fill(frame, host_mac, &f);
	n = send(in->fd, frame, sizeof(frame), MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n != (ssize_t)sizeof(frame))
		return n < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == EINTR) ? 0 : -1;
	if (in->trace && in->flights.length < FLIGHTS_MAX) {
		in->crowded = in->crowded || in->flights.length > 0;
		flight = g_new(struct flight, 1);
		*flight = (struct flight){ .kind = kind, .seq = seq };
		g_queue_push_tail(&in->flights, flight);
	}
	return 1;
}

/* Whether the frame before has got far enough for the next to leave. */
static bool may_send(struct injector *in)
{
	if (!in->lock_step || !in->canaries->len)
		return true;
	mark_taken(in);
	if (!in->flights.length && !unread(in))
		return true;
	return !unread(in) && g_get_monotonic_time() - in->last_sent_us >= LOCK_STEP_US;
}

static void send_canary(struct injector *in)
{
	struct canary c = { .seq = in->canaries->len, .state = CANARY_QUEUED };
	int sent;

	if (!may_send(in)) {
		in->counters.held++;
		return;
	}
	c.sent_ns = log_now_ns();
	sent = send_frame(in, CHANNEL_KIND_CANARY, c.seq, in->magic);
	if (sent <= 0) {
		in->counters.refused++;
		return;
	}
	in->last_sent_us = g_get_monotonic_time();
	g_array_append_val(in->canaries, c);
	in->counters.sent++;
}

/* By how many ticks of the timer one frame leaves now. */
static unsigned stride(const struct injector *in)
{
	return in->ration ? 1u << MIN((in->canaries->len - in->ration_from) / in->ration, 16) : 1;
}

void injector_send(struct injector *in, unsigned n)
{
	while (n-- && !in->paused && in->canaries->len < CANARIES_MAX)
		send_canary(in);
}

static gboolean tick(gpointer data)
{
	struct injector *in = data;

	if (in->ticks++ % stride(in) == 0)
		injector_send(in, 1);
	return G_SOURCE_CONTINUE;
}

static guint period_ms(double rate)
{
	if (!(rate > 0))
		rate = 1;
	return (guint)CLAMP(1000.0 / rate, 1.0, 60000.0);
}

void injector_start(struct injector *in, double rate, bool lock_step)
{
	if (in->timer)
		g_source_remove(in->timer);
	in->lock_step = lock_step && in->trace;
	in->paused = false;
	in->ration_from = in->canaries->len;
	in->ticks = 0;
	in->timer = g_timeout_add(period_ms(rate), tick, in);
}

void injector_ration(struct injector *in, unsigned frames)
{
	in->ration = frames;
}

void injector_pause(struct injector *in)
{
	in->paused = true;
}

/* ---- taking back ---- */

static void forget_flight(struct injector *in, char kind, uint32_t seq)
{
	for (GList *l = in->flights.head; l; l = l->next) {
		struct flight *f = l->data;

		if (f->kind == kind && f->seq == seq) {
			g_free(f);
			g_queue_delete_link(&in->flights, l);
			break;
		}
	}
	if (!in->flights.length)
		in->crowded = false;
}

unsigned injector_recall(struct injector *in)
{
	uint8_t buf[2048];
	unsigned count = 0;
	ssize_t n;

	if (in->peer_fd < 0)
		return 0;
	while ((n = recv(in->peer_fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		struct channel_frame f;
		struct canary *c;

		if (channel_frame_parse(buf, (size_t)n, &f) == CHANNEL_FRAME_FOREIGN)
			continue;
		c = canary(in, &(struct flight){ .kind = f.kind, .seq = f.seq });
		if (c && c->state == CANARY_QUEUED) {
			c->state = CANARY_RECALLED;
			in->counters.recalled++;
			count++;
		}
		forget_flight(in, f.kind, f.seq);
	}
	mark_taken(in);
	return count;
}

/* ---- receiving ---- */

static void take_guest_frame(struct injector *in, const uint8_t *buf, size_t len)
{
	struct channel_frame f;

	if (channel_frame_parse(buf, len, &f) != CHANNEL_FRAME_GOOD || f.kind != CHANNEL_KIND_FROM_GUEST ||
	    !in->ex_seen || memcmp(f.magic, in->ex_magic, sizeof(f.magic)) || f.seq >= in->ex_frames) {
		in->counters.guest_bad++;
		return;
	}
	if (!in->ex_seen[f.seq]) {
		in->ex_seen[f.seq] = 1;
		in->counters.guest_frames++;
	}
	if (send_frame(in, CHANNEL_KIND_FROM_HOST, f.seq, in->ex_magic) == 1)
		in->counters.replies_sent++;
}

static void receive(struct injector *in)
{
	uint8_t buf[65536];

	for (int i = 0; i < READ_TURN; i++) {
		ssize_t n = recv(in->fd, buf, sizeof(buf), MSG_DONTWAIT);

		if (n <= 0)
			return;
		take_guest_frame(in, buf, (size_t)n);
	}
}

static gboolean readable(gint fd, GIOCondition cond, gpointer data)
{
	struct injector *in = data;

	(void)fd;
	receive(in);
	if (cond & (G_IO_HUP | G_IO_ERR | G_IO_NVAL)) {
		in->source = 0;
		return G_SOURCE_REMOVE;
	}
	return G_SOURCE_CONTINUE;
}

static gboolean ex_tick(gpointer data)
{
	struct injector *in = data;

	if (send_frame(in, CHANNEL_KIND_FROM_HOST, in->ex_next, in->ex_magic) == 1) {
		in->counters.replies_sent++;
		in->ex_next = (in->ex_next + 1) % in->ex_frames;
	}
	return G_SOURCE_CONTINUE;
}

void injector_exchange_start(struct injector *in, const uint8_t magic[8], unsigned frames, double rate)
{
	injector_exchange_stop(in);
	memcpy(in->ex_magic, magic, sizeof(in->ex_magic));
	in->ex_frames = CLAMP(frames, 1, FRAMES_MAX);
	in->ex_next = 0;
	in->ex_seen = g_malloc0(in->ex_frames);
	in->counters.guest_frames = 0;
	in->ex_timer = g_timeout_add(period_ms(rate), ex_tick, in);
}

void injector_exchange_stop(struct injector *in)
{
	if (in->ex_timer)
		g_source_remove(in->ex_timer);
	in->ex_timer = 0;
	g_clear_pointer(&in->ex_seen, g_free);
}

void injector_poll(struct injector *in)
{
	receive(in);
	if (in->trace)
		trace_poll(in->trace);
	mark_taken(in);
}

/* ---- life ---- */

struct injector *injector_new(int fd, int peer_fd, struct trace *trace, const uint8_t magic[8])
{
	struct injector *in = g_new0(struct injector, 1);

	in->fd = fd;
	in->peer_fd = peer_fd;
	in->trace = trace;
	if (magic)
		memcpy(in->magic, magic, sizeof(in->magic));
	else
		fill_magic(in->magic);
	in->canaries = g_array_new(FALSE, FALSE, sizeof(struct canary));
	g_queue_init(&in->flights);
	in->source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, readable, in);
	if (trace)
		in->subscription = trace_subscribe(trace, on_trace, in);
	return in;
}

void injector_free(struct injector *in)
{
	if (!in)
		return;
	if (in->timer)
		g_source_remove(in->timer);
	injector_exchange_stop(in);
	if (in->subscription)
		trace_unsubscribe(in->trace, in->subscription);
	if (in->source)
		g_source_remove(in->source);
	close(in->fd);
	if (in->peer_fd >= 0)
		close(in->peer_fd);
	g_queue_clear_full(&in->flights, g_free);
	g_array_free(in->canaries, TRUE);
	g_free(in);
}

bool injector_traced(const struct injector *in)
{
	return in->trace != NULL;
}

const uint8_t *injector_magic(const struct injector *in)
{
	return in->magic;
}

const GArray *injector_canaries(const struct injector *in)
{
	return in->canaries;
}

const struct injector_counters *injector_counters(const struct injector *in)
{
	return &in->counters;
}
