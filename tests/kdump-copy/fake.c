// SPDX-License-Identifier: GPL-2.0-only
/* A dead kernel's RAM and a crash kernel's allocator, for tests of the deep copy's core. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGE UINT64_C(4096)

static void die(const char *what)
{
	fprintf(stderr, "fake: %s\n", what);
	abort();
}

static bool fails(struct fake *f, bool is_resize)
{
	if (f->fail_resize_only && !is_resize)
		return false;
	f->allocations++;
	if (!f->fail_at)
		return false;
	return f->fail_all_after ? f->allocations >= f->fail_at : f->allocations == f->fail_at;
}

static void note_use(struct fake *f)
{
	size_t used = f->live_pages + f->live_bytes / PAGE;

	if (used > f->max_pages)
		f->max_pages = used;
}

static const void *fake_old_page(void *ctx, u64 pa)
{
	struct fake *f = ctx;

	f->old_reads++;
	if (pa & (PAGE - 1))
		die("old_page() of an address that is no page's");
	if (f->meddle)
		f->meddle(f, pa);
	if (f->unread)
		return KDC_UNREAD;
	if (pa / PAGE >= f->ram.n_pages)
		return NULL;
	if (f->crash_last && pa >= f->crash_first && pa <= f->crash_last)
		return NULL;
	return f->ram.bytes + pa;
}

static void *fake_alloc(void *ctx, unsigned order, u64 *pa)
{
	struct fake *f = ctx;
	size_t n = (size_t)1 << order, at;

	if (fails(f, false))
		return NULL;
	at = (f->n_own + n - 1) & ~(n - 1);
	if (at + n > (f->n_own + 1023) / 1024 * 1024 || !f->own) {
		f->own = realloc(f->own, (at + n + 1023) / 1024 * 1024 * sizeof(*f->own));
		if (!f->own)
			abort();
	}
	memset(f->own + f->n_own, 0, (at + n - f->n_own) * sizeof(*f->own));
	f->n_own = at + n;
	f->own[at].mem = aligned_alloc(PAGE, n * PAGE);
	if (!f->own[at].mem)
		abort();
	memset(f->own[at].mem, 0xa5, n * PAGE);
	f->own[at].order = order;
	f->live_pages += n;
	note_use(f);
	*pa = FAKE_OWN + at * PAGE;
	return f->own[at].mem;
}

static void fake_release(void *ctx, void *page, unsigned order)
{
	struct fake *f = ctx;

	for (size_t i = f->n_own; i--;) {
		if (f->own[i].mem != page || !page)
			continue;
		if (f->own[i].order != order)
			die("freed with another order");
		free(page);
		f->own[i].mem = NULL;
		f->live_pages -= (size_t)1 << order;
		return;
	}
	die("freed what was not allocated");
}

void *fake_own_page(void *ctx, u64 pa)
{
	struct fake *f = ctx;
	size_t i = (size_t)((pa - FAKE_OWN) / PAGE);

	if (pa < FAKE_OWN || i >= f->n_own || !f->own[i].mem)
		die("own_page() of a page that is not ours");
	return f->own[i].mem;
}

static void fake_flush(void *ctx, const void *page, unsigned order)
{
	struct fake *f = ctx;

	(void)page;
	f->flushed += (size_t)1 << order;
}

static void *fake_resize(void *ctx, void *old, u64 old_size, u64 size)
{
	struct fake *f = ctx;
	void *grown;

	if (!size) {
		free(old);
		f->live_bytes -= (size_t)old_size;
		return NULL;
	}
	if (fails(f, true))
		return NULL;
	/* Not realloc(): so a pointer kept too long is always found. */
	grown = malloc((size_t)size);
	if (!grown)
		abort();
	memset(grown, 0xa5, (size_t)size);
	if (old)
		memcpy(grown, old, (size_t)(old_size < size ? old_size : size));
	free(old);
	f->live_bytes += (size_t)(size - old_size);
	note_use(f);
	return grown;
}

static u64 fake_now(void *ctx)
{
	struct fake *f = ctx;

	return f->clock += 10;
}

static void set_up(struct fake *f)
{
	f->ops = (struct kdc_ops){ .old_page = fake_old_page,
				   .alloc = fake_alloc,
				   .free = fake_release,
				   .own_page = fake_own_page,
				   .flush = fake_flush,
				   .resize = fake_resize,
				   .now = fake_now };
	f->kdc = (struct kdc){ .ops = &f->ops, .ctx = f };
	f->kdc.limits = (struct kdc_limits){ .sagaw = 0x0e,
					     .first_5level = true,
					     .second_2m = true,
					     .second_1g = true,
					     .first_1g = true,
					     .pa_end = FAKE_PA_END,
					     .max_pages = 1u << 20 };
}

void fake_init(struct fake *f, size_t n_pages)
{
	memset(f, 0, sizeof(*f));
	tables_init(&f->ram, n_pages);
	set_up(f);
}

static void check_leaks(struct fake *f)
{
	kdc_destroy(&f->kdc);
	if (f->live_pages || f->live_bytes || f->kdc.used_pages) {
		fprintf(stderr, "fake: leaked %zu pages, %zu bytes, %llu pages of budget\n", f->live_pages,
			f->live_bytes, f->kdc.used_pages);
		abort();
	}
	free(f->own);
}

void fake_again(struct fake *f)
{
	struct kdc_limits limits = f->kdc.limits;
	struct tables ram = f->ram;

	check_leaks(f);
	memset(f, 0, sizeof(*f));
	f->ram = ram;
	set_up(f);
	f->kdc.limits = limits;
}

void fake_free(struct fake *f)
{
	check_leaks(f);
	tables_free(&f->ram);
}

struct kdc_entry fake_entry(uint64_t root, enum kdc_format format, unsigned levels)
{
	return (struct kdc_entry){ .kind = KDC_TREE, .format = format, .levels = (u8)levels, .root = root };
}
