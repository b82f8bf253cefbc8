/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's clock against the emulator's count of instructions. With the virtual clock a nanosecond is an instruction,
 * so what kvmperf says a test took can be held against what QEMU executed meanwhile, which no code in L1 has a hand in.
 * L1 also idles, about as long in every test (KVM waits for grace periods as a VM comes and goes), which its clock counts
 * and the emulator does not: two tests are compared, by how much more the longer one took. The host looks a little late,
 * and the later the busier it is: one pair proves nothing, the median of all does.
 */
#include "bench/bench-priv.h"

#include <math.h>

#include "base/stats.h"
#include "machine/agent.h"

/* Two tests that are closer to each other say more of idling and of looking late than of the clock. */
#define INSTRUCTIONS_APART 50e6
/* Less have no median to speak of. */
#define PAIRS_MIN 3
#define RATIO_MIN 0.67
#define RATIO_MAX 1.5

uint64_t bench_instructions(struct machine *m)
{
	/* The one command that tells the count, also when nothing is replayed (QEMU: replay/replay.c). */
	g_autoptr(JsonNode) r = machine_qmp(m, "query-replay", NULL, NULL);

	return r && JSON_NODE_HOLDS_OBJECT(r) ? (uint64_t)agent_int(json_node_get_object(r), "icount", 0) : 0;
}

/* How many instructions test @i took, and how long; false: one of them is not known. */
static bool known(const struct bench_doc *doc, const GArray *spans, guint i, double *instructions, double *ns)
{
	const struct bench_span *s = &g_array_index(spans, struct bench_span, i);
	const struct bench_test *t = doc->tests->pdata[i];

	*instructions = (double)s->end - (double)s->begin;
	*ns = (double)t->elapsed_ns;
	return s->begin && s->end > s->begin && t->elapsed_ns;
}

struct bench_clock bench_clock_compare(const struct bench_doc *doc, const GArray *spans)
{
	struct bench_clock c = { 0 };
	guint n = MIN(doc->tests->len, spans->len);
	g_autoptr(GArray) ratios = g_array_new(FALSE, FALSE, sizeof(double));
	double a, b, ns_a, ns_b, ratio;

	for (guint i = 0; i < n; i++)
		for (guint k = 0; k < i && known(doc, spans, i, &a, &ns_a); k++) {
			if (!known(doc, spans, k, &b, &ns_b) || fabs(a - b) < INSTRUCTIONS_APART)
				continue;
			ratio = (ns_a - ns_b) / (a - b);
			g_array_append_val(ratios, ratio);
		}
	c.pairs = ratios->len;
	c.ratio = stats_median((double *)(void *)ratios->data, c.pairs);
	if (c.pairs >= PAIRS_MIN)
		c.state = c.ratio < RATIO_MIN || c.ratio > RATIO_MAX ? BENCH_CLOCK_WRONG : BENCH_CLOCK_RIGHT;
	return c;
}
