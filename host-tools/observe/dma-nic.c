/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/dma-nic.h"

#include <inttypes.h>
#include <string.h>

#include "channel.h"
#include "observe/attempt.h"
#include "observe/dma.h"
#include "observe/dma-nic-search.h"
#include "observe/guest.h"
#include "iommu/model.h"

#define SETTLE_NS INT64_C(100000000) /* a frame sent so long after the switch has met the copied tables */
#define IOVA_BITS_MAX 57	     /* of an emulated unit with five levels */

struct scan {
	const GArray *canaries;
	uint32_t first;	    /* canaries before this one are not judged */
	uint64_t *expected; /* PA of each canary's payload, 0: none; by seq */
	bool *found;	    /* by seq */
	uint64_t misplaced;
	uint64_t misplaced_pa;
	uint32_t misplaced_seq;
	struct attempt *a;
	struct evidence_dma *dma;
	int64_t reset; /* the crash kernel's driver took the device, 0: not yet */
};

struct nic_dma {
	struct attempt *a;
	int64_t looked_us; /* RAM was searched for frames, monotonic */
	uint32_t first;	   /* seq of the first frame sent after the jump */
	uint64_t rx_full;  /* times the NIC had said at the jump that its ring was full */
	bool closed;	   /* the frames have been accounted for */
};

struct nic_dma *nic_dma_new(struct attempt *a)
{
	struct nic_dma *d = g_new0(struct nic_dma, 1);

	d->a = a;
	return d;
}

void nic_dma_free(struct nic_dma *d)
{
	g_free(d);
}

void nic_dma_begin(struct nic_dma *d)
{
	struct attempt *a = d->a;
	struct injector *in = machine_injector(a->m);

	if (!in)
		return;
	injector_poll(in);
	d->first = injector_canaries(in)->len;
	if (machine_trace(a->m))
		d->rx_full = trace_count(machine_trace(a->m), TRACE_E1000E_RX_FULL);
}

/* Where the tables at the panic lead the frame's first byte to; false if they do not. */
static bool canary_target(struct attempt *a, const struct canary *c, uint64_t *pa)
{
	const struct iommu_walk *walk = a->ev->at_panic.walk;
	const struct iommu_space *space = iommu_walk_space(walk, guest_nic_dma_sid(a), IOMMU_NO_PASID);
	const struct iommu_run *piece = space ? iommu_space_lookup(walk, space, c->iova) : NULL;

	if (!piece || !(piece->perm & IOMMU_PERM_WRITE))
		return false;
	*pa = piece->pa_start + (c->iova - piece->iova_start);
	return true;
}

/* Once a driver has reset the device (one built in does so unasked), frames are its own. */
static bool is_drivers(const struct scan *s, const struct canary *c)
{
	return s->reset && (c->sent_ns >= s->reset || (c->state == CANARY_WRITTEN && c->written_ns >= s->reset));
}

static bool on_match(uint64_t pa, void *data)
{
	struct scan *s = data;
	uint8_t head[CHANNEL_MAGIC_LEN + 5];
	uint32_t seq;

	if (machine_read_phys(s->a->m, pa, head, sizeof(head)) != 0)
		return true;
	seq = channel_get_be32(head + CHANNEL_MAGIC_LEN);
	if (head[12] != CHANNEL_KIND_CANARY || seq < s->first || seq >= s->canaries->len ||
	    is_drivers(s, &g_array_index(s->canaries, struct canary, seq)))
		return true;
	dma_found(s->a->ev, pa, s->dma);
	if (s->expected[seq] == pa) {
		s->found[seq] = true;
	} else {
		s->misplaced++;
		s->misplaced_pa = pa;
		s->misplaced_seq = seq;
	}
	return true;
}

/* The whole frame, byte for byte, at @pa of its payload? */
static bool frame_intact(struct attempt *a, uint64_t pa, uint32_t seq)
{
	uint8_t want[CHANNEL_PAYLOAD_LEN], have[CHANNEL_PAYLOAD_LEN];
	struct channel_frame f = { .seq = seq, .kind = CHANNEL_KIND_CANARY };

	memcpy(f.magic, injector_magic(machine_injector(a->m)), CHANNEL_MAGIC_LEN);
	channel_payload_fill(want, &f);
	return machine_read_phys(a->m, pa, have, sizeof(have)) == 0 && memcmp(want, have, sizeof(want)) == 0;
}

static void blame(struct evidence_dma *dma, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void blame(struct evidence_dma *dma, const char *format, ...)
{
	va_list args;

	if (dma->problem)
		return;
	va_start(args, format);
	dma->problem = g_strdup_vprintf(format, args);
	va_end(args);
}

/*
 * A frame that the device took and did not write is excused only by a ring that was seen full. Where the guest ended
 * meanwhile (its kernel died in the middle of all this) nobody knows what would have come of it.
 */
static void judge_unwritten(const struct nic_dma *d, const struct canary *c, struct evidence_dma *dma)
{
	struct trace *trace = machine_trace(d->a->m);
	bool ring_full = trace && trace_count(trace, TRACE_E1000E_RX_FULL) > d->rx_full;

	if (c->state == CANARY_QUEUED || c->state == CANARY_RECALLED || ring_full) {
		dma->no_room++;
		return;
	}
	if (machine_shutdown_reason(d->a->m)) {
		dma->unknown++;
		blame(dma, "frame %u was in the device when the guest ended", c->seq);
		return;
	}
	dma->lost++;
	blame(dma, "frame %u was taken by the device and never written", c->seq);
}

static void judge_canary(const struct nic_dma *d, const struct scan *s, const struct canary *c,
			 struct evidence_dma *dma)
{
	dma->sent++;
	if (c->state != CANARY_WRITTEN) {
		judge_unwritten(d, c, dma);
	} else if (!s->expected[c->seq] && !guest_tables_known(d->a, dma->sid)) {
		dma->unknown++;
		blame(dma, "the tables of the network card at the panic are not known");
	} else if (!s->expected[c->seq] && c->iova >> IOVA_BITS_MAX) {
		dma->lost++;
		blame(dma, "frame %u: where its ring was the device read %#" PRIx64 ", which is no address", c->seq,
		      c->iova);
	} else if (!s->expected[c->seq]) {
		dma->lost++;
		blame(dma, "frame %u went to IOVA %#" PRIx64 ", not writable at the panic", c->seq, c->iova);
	} else if (!s->found[c->seq] || !frame_intact(d->a, s->expected[c->seq], c->seq)) {
		dma->lost++;
		blame(dma, "frame %u, IOVA %#" PRIx64 ", is not at PA %#" PRIx64, c->seq, c->iova,
		      s->expected[c->seq] - CHANNEL_ETH_HEADER);
	} else if (d->a->ev->root_switch_ns && c->written_ns >= d->a->ev->root_switch_ns) {
		dma->landed_after_copy++;
	} else {
		dma->landed_before_copy++;
	}
}

static bool all_settled(void *data)
{
	const GArray *canaries = injector_canaries(data);

	injector_poll(data);
	return !canaries->len || g_array_index(canaries, struct canary, canaries->len - 1).state >= CANARY_WRITTEN;
}

bool nic_dma_seen(struct nic_dma *d)
{
	struct injector *in = machine_injector(d->a->m);

	return injector_traced(in) ? injector_counters(in)->written >= 3 : nic_search_seen(d->a, &d->looked_us);
}

bool nic_dma_after_copy(const struct nic_dma *d)
{
	struct attempt *a = d->a;
	struct injector *in = machine_injector(a->m);
	const GArray *canaries;
	const struct canary *last;

	if (!in)
		return true;
	injector_poll(in);
	canaries = injector_canaries(in);
	if (!canaries->len)
		return false;
	last = &g_array_index(canaries, struct canary, canaries->len - 1);
	if (!injector_traced(in))
		return last->sent_ns > a->ev->root_switch_ns + SETTLE_NS;
	/* A ring that has run dry, or a device cut off, will not write any more. */
	return last->state != CANARY_WRITTEN || last->written_ns >= a->ev->root_switch_ns;
}

/* Finds each frame that the trace has seen written, and judges it. */
static void close_traced(const struct nic_dma *d, struct evidence_dma *dma)
{
	struct attempt *a = d->a;
	struct injector *in = machine_injector(a->m);
	const struct evidence_device *dev = evidence_device_find(a->ev, guest_nic_sid(a));
	struct scan s = { .a = a,
			  .dma = dma,
			  .first = d->first,
			  .canaries = injector_canaries(in),
			  .reset = dev ? dev->reset_ns : 0 };
	unsigned held = 0, end = s.first; /* end: of the frames that were written */

	s.expected = g_new0(uint64_t, s.canaries->len + 1);
	s.found = g_new0(bool, s.canaries->len + 1);
	for (unsigned i = s.first; i < s.canaries->len; i++) {
		const struct canary *c = &g_array_index(s.canaries, struct canary, i);
		uint64_t pa;

		if (c->state != CANARY_WRITTEN || is_drivers(&s, c))
			continue;
		end = i + 1;
		if (canary_target(a, c, &pa))
			s.expected[i] = pa + CHANNEL_ETH_HEADER;
	}
	machine_ram_scan(a->m, injector_magic(in), CHANNEL_MAGIC_LEN, on_match, &s);
	for (unsigned i = s.first; i < s.canaries->len; i++) {
		const struct canary *c = &g_array_index(s.canaries, struct canary, i);

		if (is_drivers(&s, c))
			continue;
		/* what QEMU has read and a device that is being reset cannot take is neither's */
		if (s.reset && i >= end && c->state == CANARY_TAKEN && held++ < HELD_BY_QEMU) {
			dma->sent++;
			dma->no_room++;
			continue;
		}
		judge_canary(d, &s, c, dma);
	}
	dma->misplaced = s.misplaced;
	if (s.misplaced)
		blame(dma, "frame %u is at PA %#" PRIx64 ", where no table leads", s.misplaced_seq, s.misplaced_pa);
	g_free(s.expected);
	g_free(s.found);
}

bool nic_dma_close(struct nic_dma *d, GError **error)
{
	struct attempt *a = d->a;
	struct injector *in = machine_injector(a->m);
	struct evidence_dma dma = { .sid = guest_nic_dma_sid(a), .what = "canary frames" };
	g_autofree char *unsettled = NULL;
	g_autoptr(GError) err = NULL;

	if (!in || d->closed)
		return true;
	d->closed = true;
	injector_pause(in);
	if (!a->plan->scenario->machine.observe) {
		injector_recall(in);
		return true;
	}
	/* A frame that hangs in a full ring never settles, nor one of a guest that has ended: judge_unwritten(). */
	if (!machine_wait(a->m, all_settled, in, 0.5, "the last canary frame", &err) &&
	    !attempt_goes_on(a, &err, &unsettled, error))
		return false;
	injector_recall(in);
	machine_trace_poll(a->m);
	injector_poll(in);
	/* Without the tables at the panic nobody knows where a frame belongs: no account, no evidence. */
	if (!a->ev->at_panic.walk)
		return true;
	if (injector_traced(in))
		close_traced(d, &dma);
	else
		nic_search_judge(a, d->first, &dma);
	g_array_append_val(a->ev->dma, dma);
	return true;
}
