/* SPDX-License-Identifier: GPL-2.0-only */
/* Which part of the memory belongs to which vCPU and slot. */
#include "slices.h"

#include <stdio.h>

static int divides(const struct geometry *g, unsigned int parts, const char *of, char *why, size_t size)
{
	uint64_t step = parts * g->unit, below = g->memory / step * step;
	char have[24], unit[24], low[24], high[24];

	if (g->memory % step == 0)
		return 0;
	size_text(g->memory, have);
	size_text(g->unit, unit);
	size_text(below + step, high);
	if (below)
		snprintf(why, size, "--memory %s does not divide into %u %s of whole %s pages: use %s or %s", have,
			 parts, of, unit, size_text(below, low), high);
	else
		snprintf(why, size, "--memory %s does not divide into %u %s of whole %s pages: use at least %s", have,
			 parts, of, unit, high);
	return -1;
}

int geometry_check(const struct geometry *g, const struct limits *l, char *why, size_t size)
{
	char have[24], most[24];

	if (!g->vcpus || g->vcpus > l->vcpus) {
		snprintf(why, size, "--vcpus %u: this KVM allows 1 to %u", g->vcpus, l->vcpus);
		return -1;
	}
	if (!g->slots || g->slots > l->slots) {
		snprintf(why, size, "--slots %u: 1 to %u are possible here", g->slots, l->slots);
		return -1;
	}
	if (!g->memory || g->memory > l->memory) {
		snprintf(why, size, "--memory %s: more than 0 and at most %s are possible here",
			 size_text(g->memory, have), size_text(l->memory, most));
		return -1;
	}
	if (divides(g, g->overlap ? 1 : g->vcpus, "slices", why, size))
		return -1;
	return divides(g, g->slots, "slots", why, size);
}

struct slice slice_of(const struct geometry *g, unsigned int vcpu)
{
	uint64_t pages = g->memory / PAGE_4K;

	if (g->overlap)
		return (struct slice){ 0, pages };
	pages /= g->vcpus;
	return (struct slice){ vcpu * pages, pages };
}

struct slice slot_of(const struct geometry *g, unsigned int slot)
{
	uint64_t pages = g->memory / PAGE_4K / g->slots;

	return (struct slice){ slot * pages, pages };
}

uint64_t pages_written(uint64_t pages, unsigned int percent)
{
	return pages && percent ? 1 + (pages - 1) * percent / 100 : 0;
}
