/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM_GET_DIRTY_LOG, KVM_CLEAR_DIRTY_LOG and the dirty rings. */
#include "dirty.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

void dirty_config(struct vm_config *cfg, const struct options *o)
{
	if (o->log == LOG_RING)
		cfg->dirty_ring = (uint32_t)(o->ring_entries * sizeof(struct kvm_dirty_gfn));
	if (o->log == LOG_CLEAR)
		cfg->manual_protect =
			KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE | (o->initially_set ? KVM_DIRTY_LOG_INITIALLY_SET : 0);
}

static void see(struct dirty_log *d, uint64_t page)
{
	d->seen[page / 64] |= 1ULL << page % 64;
}

/* Takes all entries out of one vCPU's ring. Its producer is KVM: flags are read before, and written
 * after, the rest. */
static uint64_t harvest(struct dirty_log *d, struct vcpu *v)
{
	uint32_t size = d->vm->cfg.dirty_ring / (uint32_t)sizeof(struct kvm_dirty_gfn);
	uint64_t pages = slot_of(&d->vm->cfg.geo, 0).pages, n = 0;

	for (;; n++) {
		struct kvm_dirty_gfn *g = &v->ring[v->ring_next % size];

		if (!(__atomic_load_n(&g->flags, __ATOMIC_ACQUIRE) & KVM_DIRTY_GFN_F_DIRTY))
			return n;
		if (g->slot < TEST_SLOT || g->slot >= TEST_SLOT + d->vm->cfg.geo.slots || g->offset >= pages)
			fail("dirty ring: slot %u, page %llu is not of the memory under test", g->slot,
			     (unsigned long long)g->offset);
		see(d, (g->slot - TEST_SLOT) * pages + g->offset);
		__atomic_store_n(&g->flags, KVM_DIRTY_GFN_F_RESET, __ATOMIC_RELEASE);
		v->ring_next++;
	}
}

static void give_back(struct dirty_log *d)
{
	int n = ioctl(d->vm->fd, KVM_RESET_DIRTY_RINGS, 0);

	if (n < 0)
		fail("KVM_RESET_DIRTY_RINGS: %s", strerror(errno));
	d->reset += (uint64_t)n;
}

static void ring_full(struct vcpu *v)
{
	struct dirty_log *d = v->vm->context;
	uint64_t n;

	pthread_mutex_lock(&d->lock);
	n = harvest(d, v);
	if (!n)
		fail("vCPU %u: the dirty ring is full, and empty", v->id);
	d->entries += n;
	give_back(d);
	pthread_mutex_unlock(&d->lock);
}

void dirty_open(struct dirty_log *d, struct perf_vm *vm, const struct options *o)
{
	memset(d, 0, sizeof(*d));
	d->vm = vm;
	d->mode = (enum log_mode)o->log;
	d->pages = vm->cfg.geo.memory / PAGE_4K;
	d->clear_pages = o->clear_pages;
	d->seen = xcalloc((d->pages + 63) / 64, sizeof(uint64_t));
	/* KVM writes whole words. */
	d->slot_bits = xcalloc((slot_of(&vm->cfg.geo, 0).pages + 63) / 64, sizeof(uint64_t));
	pthread_mutex_init(&d->lock, NULL);
	vm->context = d;
	vm->on_ring_full = ring_full;
}

void dirty_close(struct dirty_log *d)
{
	free(d->seen);
	free(d->slot_bits);
	pthread_mutex_destroy(&d->lock);
}

void dirty_begin(struct dirty_log *d)
{
	memset(d->seen, 0, (d->pages + 63) / 64 * sizeof(uint64_t));
	d->entries = d->reset = 0;
}

static void take_slot(struct dirty_log *d, unsigned int slot)
{
	struct slice s = slot_of(&d->vm->cfg.geo, slot);

	for (uint64_t w = 0; w * 64 < s.pages; w++) {
		uint64_t bits = d->slot_bits[w];

		for (; bits; bits &= bits - 1)
			see(d, s.first + w * 64 + (unsigned int)__builtin_ctzll(bits));
	}
}

static void clear_slot(struct dirty_log *d, unsigned int slot)
{
	uint64_t pages = slot_of(&d->vm->cfg.geo, slot).pages, step = d->clear_pages ? d->clear_pages : pages;

	for (uint64_t first = 0; first < pages; first += step) {
		struct kvm_clear_dirty_log c = {
			.slot = TEST_SLOT + slot,
			.first_page = first,
			.num_pages = (uint32_t)(first + step > pages ? pages - first : step),
			.dirty_bitmap = d->slot_bits + first / 64,
		};

		if (ioctl(d->vm->fd, KVM_CLEAR_DIRTY_LOG, &c))
			fail("KVM_CLEAR_DIRTY_LOG of slot %u: %s", TEST_SLOT + slot, strerror(errno));
	}
}

static void collect_bitmaps(struct dirty_log *d)
{
	uint64_t start;

	for (unsigned int i = 0; i < d->vm->cfg.geo.slots; i++) {
		struct kvm_dirty_log get = { .slot = TEST_SLOT + i, .dirty_bitmap = d->slot_bits };

		start = now_ns();
		if (ioctl(d->vm->fd, KVM_GET_DIRTY_LOG, &get))
			fail("KVM_GET_DIRTY_LOG of slot %u: %s", TEST_SLOT + i, strerror(errno));
		d->get_ns += now_ns() - start;
		take_slot(d, i);
		if (d->mode != LOG_CLEAR)
			continue;
		start = now_ns();
		clear_slot(d, i);
		d->clear_ns += now_ns() - start;
	}
}

static void collect_rings(struct dirty_log *d)
{
	uint64_t start = now_ns();

	for (unsigned int i = 0; i < d->vm->cfg.geo.vcpus; i++)
		d->entries += harvest(d, &d->vm->vcpu[i]);
	d->get_ns = now_ns() - start;
	start = now_ns();
	give_back(d);
	d->clear_ns = now_ns() - start;
	if (d->reset != d->entries + spoilt("ring-entries"))
		fail("%llu entries were taken from the dirty rings, KVM got %llu back", (unsigned long long)d->entries,
		     (unsigned long long)d->reset);
}

void dirty_collect(struct dirty_log *d)
{
	d->get_ns = d->clear_ns = 0;
	if (d->mode == LOG_RING)
		collect_rings(d);
	else
		collect_bitmaps(d);
}
