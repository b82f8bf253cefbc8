/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/dma-disk.h"

#include <inttypes.h>
#include <string.h>

#include "channel.h"
#include "observe/attempt.h"
#include "observe/dma.h"
#include "observe/guest.h"
#include "prepare/devices.h"
#include "iommu/model.h"

#define CQE_BYTES 16
#define QUEUES 64
#define OUTLAST_MS 200
#define ENTERED_S 0.1 /* of time that QEMU could use, scaled */

struct piece {
	uint64_t iova, len;
};

struct request {
	uint16_t cid;
	uint64_t lba, bytes, mapped;
	GArray *pieces; /* struct piece */
	bool stale;	/* the data was already there at the jump: proves nothing */
	int64_t done_ns;
};

struct disk_dma {
	struct attempt *a;
	GHashTable *inflight; /* cid -> struct request * (owned) */
	GPtrArray *done;      /* completed within the window (owned) */
	struct request *last; /* the one that mapped addresses belong to */
	bool begun, judged;
	bool open;	    /* the window: from the jump to the driver's reset */
	uint64_t completed; /* ever */
	guint timer;
	uint64_t bps; /* set last */

	unsigned queues; /* that were read at the jump */
	bool unknown_cq; /* one was made that is not among @cq, or could not be read at the jump */

	struct queue {
		uint64_t iova; /* of the completion queue, 0: none */
		uint32_t entries;
		uint8_t *at_jump; /* its content then */
	} cq[QUEUES];
};

static void request_free(void *p)
{
	struct request *r = p;

	g_array_unref(r->pieces);
	g_free(r);
}

static void on_read(struct disk_dma *d, const struct trace_event *e)
{
	struct request *r = g_new0(struct request, 1);

	r->cid = (uint16_t)e->a;
	r->bytes = e->c;
	r->lba = e->d;
	r->pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));
	g_hash_table_replace(d->inflight, GUINT_TO_POINTER((unsigned)r->cid), r);
	d->last = r;
}

static void on_complete(struct disk_dma *d, const struct trace_event *e)
{
	void *key = GUINT_TO_POINTER((unsigned)(uint16_t)e->a), *found;

	if (!g_hash_table_steal_extended(d->inflight, key, NULL, &found))
		return;
	struct request *r = found;

	if (d->last == r)
		d->last = NULL;
	r->done_ns = e->host_ns;
	d->completed++;
	if (d->open)
		g_ptr_array_add(d->done, r);
	else
		request_free(r);
}

static void on_create(struct disk_dma *d, const struct trace_event *e)
{
	if (d->a->ev->jump_ns || !e->b)
		return;
	if (e->b >= QUEUES) {
		d->unknown_cq = true;
		return;
	}
	d->cq[e->b].iova = e->a;
	d->cq[e->b].entries = (uint32_t)e->c + 1;
}

/* The controller was reset: by the firmware's successor, or by the crash kernel's driver (one built in, unasked). */
static void on_stop(struct disk_dma *d)
{
	/* What completes now is nobody's. */
	d->open = false;
	if (d->a->ev->jump_ns)
		return;
	d->unknown_cq = false;
	memset(d->cq, 0, sizeof(d->cq));
	g_hash_table_remove_all(d->inflight);
	d->last = NULL;
}

static void on_trace(const struct trace_event *e, void *data)
{
	struct disk_dma *d = data;

	switch (e->kind) {
	case TRACE_NVME_CREATE_CQ:
		on_create(d, e);
		break;
	case TRACE_NVME_READ:
		on_read(d, e);
		break;
	case TRACE_NVME_WRITE:
		d->last = NULL;
		break;
	case TRACE_NVME_MAP_ADDR:
		if (d->last && d->last->mapped < d->last->bytes) {
			struct piece p = { .iova = e->a, .len = e->b };

			g_array_append_val(d->last->pieces, p);
			d->last->mapped += e->b;
		}
		break;
	case TRACE_NVME_COMPLETE:
		on_complete(d, e);
		break;
	case TRACE_NVME_STOP:
		on_stop(d);
		break;
	default:
		break;
	}
}

struct disk_dma *disk_dma_new(struct attempt *a)
{
	struct disk_dma *d = g_new0(struct disk_dma, 1);

	d->a = a;
	d->inflight = g_hash_table_new_full(NULL, NULL, NULL, request_free);
	d->done = g_ptr_array_new_with_free_func(request_free);
	if (machine_trace(a->m))
		trace_subscribe(machine_trace(a->m), on_trace, d);
	return d;
}

void disk_dma_free(struct disk_dma *d)
{
	if (!d)
		return;
	if (d->timer)
		g_source_remove(d->timer);
	g_hash_table_unref(d->inflight);
	g_ptr_array_unref(d->done);
	for (int i = 0; i < QUEUES; i++)
		g_free(d->cq[i].at_jump);
	g_free(d);
}

unsigned disk_dma_inflight(const struct disk_dma *d)
{
	return g_hash_table_size(d->inflight);
}

unsigned disk_dma_after_copy(const struct disk_dma *d)
{
	int64_t switched = d->a->ev->root_switch_ns;
	unsigned n = 0;

	for (unsigned i = 0; i < d->done->len; i++)
		n += switched && ((const struct request *)d->done->pdata[i])->done_ns >= switched;
	return n;
}

/* Copies @len bytes of guest memory at @iova as the disk saw it at the panic; whose it is goes into @dma, if any. */
static bool read_iova(struct attempt *a, uint64_t iova, void *buf, uint64_t len, struct evidence_dma *dma)
{
	const struct iommu_walk *walk = a->ev->at_panic.walk;
	const struct iommu_space *space = walk ? iommu_walk_space(walk, guest_disk_sid(), IOMMU_NO_PASID) : NULL;
	uint8_t *out = buf;

	while (space && len) {
		const struct iommu_run *piece = iommu_space_lookup(walk, space, iova);
		uint64_t pa, n;

		if (!piece || !(piece->perm & IOMMU_PERM_WRITE))
			return false;
		pa = piece->pa_start + (iova - piece->iova_start);
		n = MIN(len, piece->iova_last - iova + 1);
		if (machine_read_phys(a->m, pa, out, n) != 0)
			return false;
		if (dma)
			dma_found(a->ev, pa, dma);
		iova += n;
		out += n;
		len -= n;
	}
	return space != NULL;
}

/*
 * Does the request's buffer hold all that it read from the disk? Whose memory it is goes into @dma, if any: of no use
 * where it does not.
 */
static bool data_landed(struct attempt *a, const struct request *r, struct evidence_dma *dma)
{
	uint64_t at = 0;

	for_each_evidence(const struct piece, p, r->pieces) {
		g_autofree uint8_t *buf = g_malloc(p->len);

		if (!read_iova(a, p->iova, buf, p->len, dma))
			return false;
		for (uint64_t off = 0; off + CHANNEL_SECTOR <= p->len; off += CHANNEL_SECTOR, at += CHANNEL_SECTOR)
			if (!channel_disk_check(buf + off, r->lba + at / CHANNEL_SECTOR))
				return false;
	}
	return r->pieces->len && at == r->bytes;
}

/* What is queued must last until the copy, however long the host takes to come there. */
static gboolean outlast(gpointer data)
{
	struct disk_dma *d = data;
	uint64_t bps = dma_slow_bps(d->a->plan->scenario, d->done->len);

	if (!d->open || d->a->ev->root_switch_ns || !machine_alive(d->a->m)) {
		d->timer = 0;
		return G_SOURCE_REMOVE;
	}
	if (bps < d->bps && machine_disk_throttle(d->a->m, bps, NULL))
		d->bps = bps;
	return G_SOURCE_CONTINUE;
}

void disk_dma_begin(struct disk_dma *d)
{
	struct attempt *a = d->a;
	GHashTableIter iter;
	void *value;

	machine_trace_poll(a->m);
	/* Frozen: no completion may fall between the trace and the queues as they are read here. */
	if (!machine_freeze(a->m, NULL))
		return;
	if (machine_trace(a->m))
		trace_poll(machine_trace(a->m));
	g_hash_table_iter_init(&iter, d->inflight);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct request *r = value;

		r->stale = data_landed(a, r, NULL);
	}
	for (int i = 0; i < QUEUES; i++) {
		struct queue *q = &d->cq[i];

		if (!q->iova)
			continue;
		q->at_jump = g_malloc0((size_t)q->entries * CQE_BYTES);
		if (!read_iova(a, q->iova, q->at_jump, (uint64_t)q->entries * CQE_BYTES, NULL)) {
			g_clear_pointer(&q->at_jump, g_free);
			d->unknown_cq = true;
		}
		d->queues += q->at_jump != NULL;
	}
	d->begun = d->open = true;
	machine_thaw(a->m, NULL);
	d->bps = dma_slow_bps(a->plan->scenario, 0);
	if (devices_has_disk_dma(a->plan->scenario))
		d->timer = g_timeout_add(OUTLAST_MS, outlast, d);
}

/* Marks the command ids of all completion entries that were written since the jump. */
static void new_entries(struct attempt *a, const struct queue *q, bool seen[65536])
{
	uint64_t bytes = (uint64_t)q->entries * CQE_BYTES;
	g_autofree uint8_t *now = g_malloc(bytes);

	if (!read_iova(a, q->iova, now, bytes, NULL))
		return;
	for (uint64_t at = 0; at < bytes; at += CQE_BYTES)
		if (memcmp(now + at, q->at_jump + at, CQE_BYTES) != 0)
			seen[channel_get_le64(now + at + 8) >> 32 & 0xffff] = true;
}

/* By command id: is its entry in a queue? The caller frees it. */
static bool *entries_seen(const struct disk_dma *d)
{
	bool *seen = g_new0(bool, 65536);

	for (int i = 0; i < QUEUES; i++)
		if (d->cq[i].at_jump)
			new_entries(d->a, &d->cq[i], seen);
	return seen;
}

/* Is the entry of each read that completed in a queue? */
static bool all_entered(void *data)
{
	const struct disk_dma *d = data;
	g_autofree bool *seen = entries_seen(d);

	for (unsigned i = 0; i < d->done->len; i++)
		if (!seen[((const struct request *)d->done->pdata[i])->cid])
			return false;
	return true;
}

/*
 * @entry: its completion entry is in a queue of the old kernel. One that is not is lost only if all queues are known;
 * data only if it is known where it was to go.
 */
static void judge_request(const struct disk_dma *d, const struct request *r, bool entry, struct evidence_dma *dma)
{
	struct attempt *a = d->a;
	const char *missing = NULL;
	bool known = guest_tables_known(a, guest_disk_sid());
	struct evidence_dma found;

	dma->sent++;
	found = *dma;
	if (!entry) {
		known &= d->queues && !d->unknown_cq;
		missing = known ? "its completion entry is not in the old completion queue" :
				  "no completion queue of the old kernel was seen that could hold its entry";
	} else if (!data_landed(a, r, &found)) {
		known &= r->mapped >= r->bytes;
		missing = known ? "its data is not where the tables at the panic lead" :
				  "where its data was to go was not seen";
	}
	if (missing) {
		*(known ? &dma->lost : &dma->unknown) += 1;
		if (!dma->problem || (known && dma->lost == 1)) {
			g_free(dma->problem);
			dma->problem = g_strdup_printf("read of LBA %" PRIu64 " (cid %u): %s", r->lba, r->cid, missing);
		}
	} else {
		*dma = found;
		if (a->ev->root_switch_ns && r->done_ns >= a->ev->root_switch_ns)
			dma->landed_after_copy++;
		else
			dma->landed_before_copy++;
	}
}

void disk_dma_close(struct disk_dma *d)
{
	struct attempt *a = d->a;
	struct evidence_dma dma = { .sid = guest_disk_sid(), .what = "reads completed" };
	g_autofree bool *seen = NULL;

	if (!d->begun || d->judged || !a->plan->scenario->machine.observe)
		return;
	machine_trace_poll(a->m);
	d->open = false;
	d->judged = true;
	/* The entry of the last completion is posted by QEMU's next event-loop round, which a busy host may keep it from. */
	if (d->queues)
		machine_wait(a->m, all_entered, d, ENTERED_S, "the last completion entry", NULL);
	seen = entries_seen(d);
	for (unsigned i = 0; i < d->done->len; i++) {
		const struct request *r = d->done->pdata[i];

		if (!r->stale)
			judge_request(d, r, seen[r->cid], &dma);
	}
	/* Without the tables at the panic nobody knows where the data belongs: no account, no evidence. */
	if (devices_has_disk_dma(a->plan->scenario) && a->ev->at_panic.walk)
		g_array_append_val(a->ev->dma, dma);
	else
		g_free(dma.problem);
}
