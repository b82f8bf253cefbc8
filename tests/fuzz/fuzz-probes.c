/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest's trace and a run directory's iova.csv could contain: lines that are almost right. Whatever
 * comes, parsing ends, reservations are ranges, a device's id goes with its name, and host time stays in order.
 */
#include <glib.h>
#include <string.h>

#include "fuzz-main.h"
#include "results/csv.h"
#include "results/iova-table.h"
#include "evidence/evidence.h"
#include "evidence/kprobe-trace.h"
#include "evidence/kprobe-clock.h"

static void check_trace(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GArray) all = g_array_new(FALSE, TRUE, sizeof(struct evidence_reservation));
	g_autoptr(GArray) pairs = g_array_new(FALSE, TRUE, sizeof(struct clock_pair));
	struct probe_trace *t = probe_trace_new();
	struct probe_times times;
	int64_t last = INT64_MIN;

	for (char **line = lines; *line; line++) {
		probe_trace_line(t, *line);
		probe_trace_iomem_line(t, *line);
	}
	for (char **line = lines; *line; line++)
		probe_trace_raw_line(t, *line);
	probe_reservations(t, EVIDENCE_CRASH, all);
	for (unsigned i = 0; i < all->len; i++) {
		const struct evidence_reservation *r = &g_array_index(all, struct evidence_reservation, i);
		uint16_t sid;

		FUZZ_CHECK(r->start <= r->last);
		FUZZ_CHECK(r->guest_ns >= 0);
		FUZZ_CHECK(memchr(r->who, 0, sizeof(r->who)));
		FUZZ_CHECK(!r->sid_known || (sid_parse(r->who, &sid) && sid == r->sid));
	}
	times = probe_times(t, 0);
	FUZZ_CHECK(times.copy < 0 || times.init >= 0);
	for (unsigned i = 0; i < t->events->len; i++) {
		const struct probe_event *e = &g_array_index(t->events, struct probe_event, i);
		struct clock_pair pair = { probe_guest_ns(t, e->t_ns), (int64_t)(e->a >> 2) };

		g_array_append_val(pairs, pair);
	}
	clock_sort(pairs);
	for (int64_t guest = 0; pairs->len && guest < 64; guest++) {
		int64_t host = clock_host_ns(pairs, guest * 100000000);

		FUZZ_CHECK(host >= last);
		last = host;
	}
	probe_trace_free(t);
}

static void check_table(const char *text)
{
	static const struct iova_pick everything = { -1, NULL };
	g_autofree char *whole = g_strconcat(CSV_IOVA_HEADER "\n", text, NULL);
	g_autoptr(GArray) rows = iova_table_parse(whole, "fuzz", NULL);
	struct iova_diff *d;

	if (!rows)
		return;
	d = iova_diff(rows, &everything, rows, &everything);
	FUZZ_CHECK(!d->removed && !d->added);
	iova_diff_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);

	check_trace(text);
	check_table(text);
	return 0;
}

static const char *const pieces[] = {
	"       swapper/0-1       [000] d..1.     1.000001: ",
	"    kworker/u4:1-28      [001] .....     2.734809: ",
	" a [0] b-1 [000] ..... 3.000000: ",
	"memremap: (memremap+0x4/0x230) pa=0x5000 size=0x1000",
	"init: (intel_iommu_init+0x4/0x10d0)",
	"init_end: (pci_iommu_init+0x12/0x40 <- intel_iommu_init)",
	"root: (iommu_set_root_entry+0x0/0x160)",
	"domain: (iommu_setup_dma_ops+0x4/0x5c0) dev=\"0000:00:01.0\"",
	"attach: (f) dev=\"0000:00:02.0\"",
	"reserve: (reserve_iova+0x4/0x170) iovad=0xff15b9bb2ddee608 lo=0xa0 hi=0xbf",
	"reserve: (f) iovad=0x10 lo=0x40000 hi=0xaffff",
	"tracing_mark_write: vtdlab-clock 9094134448",
	"\n",
	"\n",
	"\n",
	"\n",
	"\n",
	"\n",
	"1 0 1000000777 type: 1\n",
	"28 1 2734809005 type: 2\n",
	"40000000-afffffff : PCI Bus 0000:00\n",
	"# entries-in-buffer/entries-written: 36/50   #P:1\n",
	"CPU:0 [LOST 14 EVENTS]\n",
	" lo=0x1",
	" hi=0x0",
	"\"",
	"0x",
	"18446744073709551616",
	"-",
	"[",
	":",
	",",
	"(fault)",
	"first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic,1,\n",
	"crash,,5,,end,0x0,0xffffffffffffffff,4503599627370496,,reserved,\"a,\"\"b\",1,\n",
	"crash,0000:00:02.0,,,boot,0xfee00000,0xfeefffff,256,,reserved,0000:00:02.0 standing,1,\n",
	"first,0000:00:04.0,,3,end,0x1000,0x1fff,300,rw,mapped,edu,300,0x2000\n",
};

size_t fuzz_generate(uint64_t *seed, uint8_t *buf, size_t room)
{
	size_t end = fuzz_pieces(seed, buf, room, pieces, G_N_ELEMENTS(pieces), 40);

	return fuzz_noise(seed, buf, 0, end);
}
