/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The other end of the guest's network cable: sends canary frames at a set rate and knows what
 * became of each, exchanges test frames with the agent. Runs on the default main context.
 */
#ifndef VTDLAB_MACHINE_INJECTOR_H
#define VTDLAB_MACHINE_INJECTOR_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct injector;
struct trace;

enum canary_state {
	CANARY_QUEUED,	 /* sent; QEMU has not taken it off the socket yet */
	CANARY_TAKEN,	 /* QEMU has it; no trace of it so far (device stopped, or its ring is full) */
	CANARY_WRITTEN,	 /* the trace shows that the device wrote it to `iova`; whether the write
			  * passed the IOMMU is for RAM and vtd_dmar_fault to say */
	CANARY_DROPPED,	 /* the trace shows that the device dropped it (filter, no buffer) */
	CANARY_RECALLED, /* taken back from the socket by injector_recall(): never reached QEMU */
};

struct canary {
	uint32_t seq;
	enum canary_state state;
	int64_t sent_ns;      /* CLOCK_REALTIME */
	int64_t written_ns;   /* time stamp of the trace event, 0 if none */
	uint64_t iova;	      /* where the frame's first byte was written (Ethernet header) */
	uint32_t written_len; /* bytes written there (frame, maybe padded) */
	bool exact;	      /* sent in lock-step: seq -> iova is certain; else it is by order */
};

struct injector_counters {
	uint64_t sent;	  /* handed to the socket */
	uint64_t refused; /* the socket was full (EAGAIN): not sent, seq not used */
	uint64_t held;	  /* due but held back: the frame before it had not been written (lock-step) */
	uint64_t written, dropped, recalled;
	uint64_t guest_frames; /* 'T' frames of the present exchange received, distinct seqs */
	uint64_t guest_bad;    /* frames from the guest that were none of ours */
	uint64_t replies_sent; /* 'R' frames */
};

/*
 * fd: our end of a datagram socket pair (owned). peer_fd: a duplicate of QEMU's end (owned), used
 * only to take back frames, -1 if there is none. trace: NULL if the device has no receive trace
 * (frames then stay CANARY_TAKEN). magic: the run's 8 random bytes.
 */
struct injector *injector_new(int fd, int peer_fd, struct trace *trace, const uint8_t magic[8]);
void injector_free(struct injector *in);

/* Is there a receive trace, so that canaries come to be CANARY_WRITTEN at all? */
bool injector_traced(const struct injector *in);

/* 8 random bytes in memory order, as they stand in frames. */
const uint8_t *injector_magic(const struct injector *in);

/*
 * Begins to send canaries, `rate` a second. lock_step (what you want if seq -> IOVA must be exact):
 * the next frame leaves only after the trace showed what became of the one before, or after 250 ms
 * if QEMU has at least taken it off the socket; while it has not (ring full), nothing is sent.
 */
void injector_start(struct injector *in, double rate, bool lock_step);
void injector_pause(struct injector *in);

/*
 * injector_ration - after every @frames that have left since the last injector_start() the rate halves; 0: never. So
 * a ring that nobody refills outlasts a guest that takes ten times as long as others, and the frames do not end.
 */
void injector_ration(struct injector *in, unsigned frames);

/* Sends up to @n canaries at once, whatever the rate; with lock-step only what may leave. */
void injector_send(struct injector *in, unsigned n);

/*
 * Takes back the frames that QEMU has not read from the socket, so that they cannot reach a device
 * that is set up later. Returns how many. Pause first.
 */
unsigned injector_recall(struct injector *in);

/* Reads guest frames and brings canary states up to date (polls the trace too). */
void injector_poll(struct injector *in);

/* struct canary by seq (seq = index). Grows while running: keep indices. */
const GArray *injector_canaries(const struct injector *in);
const struct injector_counters *injector_counters(const struct injector *in);

/*
 * Data exchange with the agent's net-exchange: counts guest 'T' frames that carry `magic` and
 * answers each new seq with an 'R' frame of the same seq (re-sent when the guest repeats it),
 * besides sending 'R' frames of all seqs < frames at `rate` a second until stopped, so that loss at
 * start does not matter.
 */
void injector_exchange_start(struct injector *in, const uint8_t magic[8], unsigned frames, double rate);
void injector_exchange_stop(struct injector *in);

#endif
