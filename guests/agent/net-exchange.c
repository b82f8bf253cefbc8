/* SPDX-License-Identifier: GPL-2.0-only */
/* net-exchange: marked frames to the host, and as many different ones back. */
#include "net.h"
#include "channel.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAMES_MAX 65536
/* frames sent before looking at what came; and the time after which unanswered ones go again */
#define BURST 8
#define AGAIN_MS 500

struct exchange {
	int fd;
	uint8_t mac[6], magic[CHANNEL_MAGIC_LEN];
	uint32_t frames;
	uint8_t *got; /* by sequence number: 1 when the host's frame has come */
	uint32_t sent, resent, received, bad;
};

static int open_socket(struct answer *answer, struct exchange *x, const char *name)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = (uint16_t)(CHANNEL_ETHERTYPE >> 8 | (CHANNEL_ETHERTYPE & 0xff) << 8),
	};

	x->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (x->fd < 0)
		return fail(answer, "socket: %s", strerror(errno));
	address.sll_ifindex = nic_index(x->fd, name);
	if (bind(x->fd, (struct sockaddr *)&address, sizeof(address)))
		return fail(answer, "%s: bind: %s", name, strerror(errno));
	if (nic_mac(x->fd, name, x->mac))
		return fail(answer, "%s: no address: %s", name, strerror(errno));
	return 0;
}

static bool send_one(struct exchange *x, uint32_t seq)
{
	struct channel_frame f = { .seq = seq, .kind = CHANNEL_KIND_FROM_GUEST };
	uint8_t frame[CHANNEL_FRAME_LEN];

	memcpy(f.magic, x->magic, sizeof(f.magic));
	channel_frame_fill(frame, x->mac, &f);
	return send(x->fd, frame, sizeof(frame), 0) == sizeof(frame);
}

static void take_frame(struct exchange *x, const uint8_t *frame, size_t len)
{
	struct channel_frame f;
	enum channel_frame_state state = channel_frame_parse(frame, len, &f);

	if (state == CHANNEL_FRAME_FOREIGN || f.kind != CHANNEL_KIND_FROM_HOST ||
	    memcmp(f.magic, x->magic, sizeof(f.magic)))
		return;
	if (state == CHANNEL_FRAME_BAD || f.seq >= x->frames) {
		x->bad++;
	} else if (!x->got[f.seq]) {
		x->got[f.seq] = 1;
		x->received++;
	}
}

static void receive(struct exchange *x, int wait_ms)
{
	struct pollfd pfd = { .fd = x->fd, .events = POLLIN };
	uint8_t frame[2048];
	ssize_t n;

	if (poll(&pfd, 1, wait_ms) <= 0)
		return;
	while ((n = recv(x->fd, frame, sizeof(frame), 0)) > 0)
		take_frame(x, frame, (size_t)n);
}

/*
 * Send each frame once, then those without an answer again, until all have been sent and answered. (The host sends
 * unasked too: that all of its frames came in says nothing of ours.)
 */
static void run(struct exchange *x, struct wait *wait)
{
	struct wait again = wait_for_ms(AGAIN_MS);
	uint32_t next = 0;

	while ((x->sent < x->frames || x->received < x->frames) && wait_goes_on(wait)) {
		for (int i = 0; i < BURST && next < x->frames; i++, next++) {
			bool first = x->sent <= next;

			if (!first && x->got[next])
				continue;
			if (!send_one(x, next))
				break;
			if (first)
				x->sent++;
			else
				x->resent++;
		}
		receive(x, 2);
		if (!wait_goes_on(&again) && next == x->frames) {
			next = 0;
			again = wait_for_ms(AGAIN_MS);
		}
	}
}

static int exchange(struct answer *answer, struct exchange *x, const char *name, uint64_t timeout_ms)
{
	struct wait wait = wait_for_ms(timeout_ms);

	if (!nic_carrier(name, timeout_ms))
		return fail(answer, "%s: no carrier after %llu ms", name, (unsigned long long)timeout_ms);
	if (open_socket(answer, x, name))
		return -1;
	x->got = calloc(x->frames, 1);
	if (!x->got)
		return fail(answer, "no memory for %u frames", x->frames);
	run(x, &wait);
	json_put_string(&answer->out, "if", name);
	json_put_int(&answer->out, "sent", x->sent);
	json_put_int(&answer->out, "received", x->received);
	json_put_int(&answer->out, "bad", x->bad);
	json_put_int(&answer->out, "resent", x->resent);
	return 0;
}

int cmd_net_exchange(const struct json_object *request, struct answer *answer)
{
	const char *magic = json_string(request, "magic", "");
	struct exchange x = { .fd = -1 };
	uint64_t frames, timeout_ms;
	char name[IFNAMSIZ];
	int result;

	if (take_u64(request, answer, "frames", 16, 1, FRAMES_MAX, &frames) ||
	    take_u64(request, answer, "timeout_ms", 10000, 1, 600000, &timeout_ms))
		return -1;
	if (hex_decode(magic, x.magic, sizeof(x.magic)) != CHANNEL_MAGIC_LEN)
		return fail(answer, "net-exchange needs \"magic\", %d bytes in hex", CHANNEL_MAGIC_LEN);
	if (find_nic(request, answer, 0, name, sizeof(name)))
		return -1;
	x.frames = (uint32_t)frames;
	result = exchange(answer, &x, name, timeout_ms);
	free(x.got);
	if (x.fd >= 0)
		close(x.fd);
	return result;
}
