/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets are $payload#checksum, each answered by + or, if its checksum is wrong, by -. */
#include "machine/gdb.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "machine/vmm.h"

/* As for QMP: a QEMU that ends says so at once; this is for one that does not get to answer. */
#define ANSWER_S 60.0
#define PAYLOAD_MAX 4096
#define TRIES 3
#define INTERRUPT "\3"

struct gdb {
	int fd;
	double answer_s;
	uint64_t pc;
	GString *in;	/* what was received and not used yet */
	unsigned tries; /* damaged packets in a row, of either side */
};

struct gdb *gdb_new(int fd, double answer_s)
{
	struct gdb *g = g_new0(struct gdb, 1);

	g->fd = fd;
	g->answer_s = answer_s;
	g->in = g_string_new(NULL);
	return g;
}

struct gdb *gdb_connect(const char *path, GError **error)
{
	int fd = vmm_connect(path, error);

	return fd < 0 ? NULL : gdb_new(fd, ANSWER_S);
}

void gdb_free(struct gdb *g)
{
	if (!g)
		return;
	close(g->fd);
	g_string_free(g->in, TRUE);
	g_free(g);
}

int gdb_fd(const struct gdb *g)
{
	return g->fd;
}

static uint8_t checksum(const char *p, size_t len)
{
	uint8_t sum = 0;

	while (len--)
		sum += (uint8_t)*p++;
	return sum;
}

static bool put(struct gdb *g, const char *bytes, GError **error)
{
	size_t len = strlen(bytes);

	return send(g->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len ||
	       vtdlab_failed(error, "the gdb stub is gone: %s", g_strerror(errno));
}

static bool put_packet(struct gdb *g, const char *payload, GError **error)
{
	g_autofree char *packet = g_strdup_printf("$%s#%02x", payload, checksum(payload, strlen(payload)));

	return put(g, packet, error);
}

/* Takes what there is, after at most @ms. 1: something; 0: nothing; -1: error. */
static int receive(struct gdb *g, int ms, GError **error)
{
	struct pollfd p = { .fd = g->fd, .events = POLLIN };
	char buf[512];
	ssize_t n;

	if (poll(&p, 1, ms) <= 0)
		return 0;
	n = recv(g->fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		vtdlab_failed(error, "the gdb stub is gone%s%s", n ? ": " : "", n ? g_strerror(errno) : "");
		return -1;
	}
	g_string_append_len(g->in, buf, n);
	return 1;
}

static bool damaged(struct gdb *g, GError **error)
{
	return ++g->tries < TRIES || vtdlab_failed(error, "the gdb stub's packets arrive damaged");
}

/*
 * The next packet of what was received: 1 and its payload (g_free()); 0: none yet; -1: error. @again: what to repeat
 * when the peer says that it arrived damaged, or NULL. Bytes between packets mean nothing.
 */
static int next_packet(struct gdb *g, const char *again, char **payload, GError **error)
{
	for (;;) {
		const char *start = strchr(g->in->str, '$'), *end = start ? strchr(start, '#') : NULL;
		size_t skip = start ? (size_t)(start - g->in->str) : g->in->len, len;
		bool repeat = again && memchr(g->in->str, '-', skip);
		unsigned sum;

		if (repeat && (!damaged(g, error) || !put_packet(g, again, error)))
			return -1;
		/* a NUL is no part of the protocol: it would hide what is behind it */
		if (strlen(g->in->str) != g->in->len || (start && g->in->len - skip > PAYLOAD_MAX)) {
			vtdlab_failed(error, "the gdb stub does not follow the protocol");
			return -1;
		}
		g_string_erase(g->in, 0, (gssize)skip);
		if (!end || g->in->len < (len = (size_t)(end - start)) + 3)
			return 0;
		sum = (unsigned)(g_ascii_xdigit_value(g->in->str[len + 1]) * 16 +
				 g_ascii_xdigit_value(g->in->str[len + 2]));
		*payload = sum == checksum(g->in->str + 1, len - 1) ? g_strndup(g->in->str + 1, len - 1) : NULL;
		g_string_erase(g->in, 0, (gssize)len + 3);
		if (!put(g, *payload ? "+" : "-", error) || (!*payload && !damaged(g, error))) {
			g_clear_pointer(payload, g_free);
			return -1;
		}
		if (*payload) {
			g->tries = 0;
			return 1;
		}
	}
}

/* The next packet, waited for. NULL: error. Free with g_free(). */
static char *wait_packet(struct gdb *g, const char *again, GError **error)
{
	int64_t until = g_get_monotonic_time() + (int64_t)(g->answer_s * 1e6);
	char *payload = NULL;
	int ret = next_packet(g, again, &payload, error);

	while (ret == 0) {
		int64_t left = until - g_get_monotonic_time();

		if (left <= 0) {
			vtdlab_failed(error, "the gdb stub did not answer within %g s", g->answer_s);
			return NULL;
		}
		if (receive(g, (int)(left / 1000) + 1, error) < 0)
			return NULL;
		ret = next_packet(g, again, &payload, error);
	}
	return ret > 0 ? payload : NULL;
}

static bool is_stop(const char *payload)
{
	return *payload == 'T' || *payload == 'S';
}

/* Sends a command whose answer is OK; a stop that was on its way may come before it, and not more than some. */
static bool command(struct gdb *g, const char *what, GError **error)
{
	g_autofree char *answer = NULL;
	unsigned stops = 0;

	if (!put_packet(g, what, error))
		return false;
	do {
		g_free(answer);
		answer = wait_packet(g, what, error);
	} while (answer && is_stop(answer) && ++stops < TRIES);
	if (!answer || strcmp(answer, "OK") == 0)
		return answer != NULL;
	return vtdlab_failed(error, "the gdb stub refuses %s: '%.16s'", what, answer);
}

/* The guest stands, and says so. */
static bool wait_stop(struct gdb *g, const char *again, GError **error)
{
	g_autofree char *answer = wait_packet(g, again, error);

	if (!answer || is_stop(answer))
		return answer != NULL;
	return vtdlab_failed(error, "the gdb stub does not say that the guest stands: '%.16s'", answer);
}

bool gdb_arm(struct gdb *g, uint64_t pc, GError **error)
{
	g_autofree char *insert = g_strdup_printf("Z1,%" G_GINT64_MODIFIER "x,1", pc);

	g->pc = pc;
	/* Connecting has stopped the guest. */
	return put_packet(g, "?", error) && wait_stop(g, "?", error) && command(g, insert, error) &&
	       put_packet(g, "c", error);
}

int gdb_stopped(struct gdb *g, GError **error)
{
	g_autofree char *payload = NULL;
	bool stopped;
	int ret = receive(g, 0, error);

	if (ret >= 0)
		ret = next_packet(g, "c", &payload, error);
	if (ret <= 0)
		return ret;
	stopped = is_stop(payload);
	return stopped || vtdlab_failed(error, "the gdb stub said '%.16s'", payload) ? 1 : -1;
}

bool gdb_release(struct gdb *g, bool stopped, GError **error)
{
	g_autofree char *take_away = g_strdup_printf("z1,%" G_GINT64_MODIFIER "x,1", g->pc);

	return (stopped || (put(g, INTERRUPT, error) && wait_stop(g, NULL, error))) && command(g, take_away, error) &&
	       command(g, "D", error);
}
