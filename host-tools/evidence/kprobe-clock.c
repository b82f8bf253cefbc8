/* SPDX-License-Identifier: GPL-2.0-only */
/* From a guest's clock to the host's, by moments that are known in both. */
#include "evidence/kprobe-clock.h"

static int by_guest(const void *a, const void *b)
{
	const struct clock_pair *x = a, *y = b;

	if (x->guest_ns != y->guest_ns)
		return x->guest_ns < y->guest_ns ? -1 : 1;
	return (x->host_ns > y->host_ns) - (x->host_ns < y->host_ns);
}

void clock_sort(GArray *pairs)
{
	unsigned kept = 0;

	g_array_sort(pairs, by_guest);
	for (unsigned i = 0; i < pairs->len; i++) {
		const struct clock_pair p = g_array_index(pairs, struct clock_pair, i);

		/* What was heard late is the weaker witness: a later guest time was heard earlier. */
		while (kept && g_array_index(pairs, struct clock_pair, kept - 1).host_ns > p.host_ns)
			kept--;
		if (kept && g_array_index(pairs, struct clock_pair, kept - 1).guest_ns == p.guest_ns)
			continue;
		g_array_index(pairs, struct clock_pair, kept++) = p;
	}
	g_array_set_size(pairs, kept);
}

int64_t clock_host_ns(const GArray *pairs, int64_t guest_ns)
{
	const struct clock_pair *v = (const struct clock_pair *)(const void *)pairs->data;
	unsigned n = pairs->len, i = 0;
	double share;

	if (!n)
		return -1;
	while (i < n && v[i].guest_ns <= guest_ns)
		i++;
	if (i == 0)
		return v[0].host_ns - (v[0].guest_ns - guest_ns);
	if (i == n)
		return v[n - 1].host_ns + (guest_ns - v[n - 1].guest_ns);
	share = (double)(guest_ns - v[i - 1].guest_ns) / (double)(v[i].guest_ns - v[i - 1].guest_ns);
	return v[i - 1].host_ns + (int64_t)(share * (double)(v[i].host_ns - v[i - 1].host_ns));
}
