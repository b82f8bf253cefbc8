/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a lab kernel's log and its files could contain: lines that are almost right. Whatever comes, parsing ends,
 * ranges are ranges of whole pages, and texts that are kept are printable.
 */
#include <glib.h>
#include <string.h>

#include "fuzz-main.h"
#include "evidence/evidence.h"
#include "evidence/kdump-log.h"
#include "vtd/backend.h"

static void check_text(const char *text)
{
	for (; text && *text; text++)
		FUZZ_CHECK(g_ascii_isprint(*text));
}

static void check_evidence(const struct evidence *ev)
{
	for_each_evidence(const struct evidence_oracle_range, r, ev->oracle_ranges) {
		FUZZ_CHECK(r->start <= r->last);
		FUZZ_CHECK(r->source == ORACLE_REGIONS || (!(r->start & 0xfff) && (r->last & 0xfff) == 0xfff));
	}
	for_each_evidence(const struct evidence_kdump_context, c, ev->kdump_contexts) {
		FUZZ_CHECK(!c->result || (c->type && c->type <= KDUMP_PASS_THROUGH && c->result <= KDUMP_RESERVE));
		FUZZ_CHECK(c->shown <= c->ranges);
	}
	for_each_evidence(const struct evidence_oracle, o, ev->oracles)
		check_text(o->problem);
	check_text(ev->kdump_bad_line);
	FUZZ_CHECK(ev->kdump_bad <= ev->kdump_lines && !ev->kdump_bad == !ev->kdump_bad_line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	struct evidence *ev = evidence_new(NULL);

	for (char **line = lines; *line; line++)
		kdump_log_line(ev, *line);
	for (unsigned i = 0; i < 4; i++) {
		g_autofree char *problem = NULL;
		bool ok = i == 0 ? kdump_ranges_text(ev, ORACLE_RANGES, text, &problem) :
			  i == 1 ? kdump_ranges_text(ev, ORACLE_RESERVED, text, &problem) :
			  i == 2 ? kdump_regions_text(ev, 0x10, text, &problem) :
				   kdump_translation_text(ev, &vtd_iommu, text, &problem);

		FUZZ_CHECK(ok == !problem);
		check_text(problem);
		kdump_oracle(ev, ORACLE_RANGES, 0, problem);
	}
	check_evidence(ev);
	evidence_free(ev);
	return 0;
}

static const char *const pieces[] = {
	"[    0.812345] DMAR: kdump: ",
	"DMAR: kdump: ",
	"\n",
	"\n",
	"\n",
	"\n",
	"\n",
	"mode=deep max_pages=9000 old_ram=3 ranges",
	"mode=off why=\"no\"",
	"ctx unit=0 dev=00:05.0 mode=legacy pasid=0 did=3 type=second levels=3 old_root=0x12000 new_root=0x0 "
	"tables=3 leaves=258 ranges=2 over=0 shared=1 result=deep\n",
	"range unit=0 dev=00:05.0 pasid=0 first=0xff000 last=0xfffff",
	"ranges unit=0 dev=00:05.0 shown=1 of=2",
	"entries unit=0 shown=1 of=2",
	"refused unit=0 dev=00:1f.2 pasid=1 where=0x5000 why=\"reason\"",
	"copy unit=0 err=-12 contexts=9 trees=4 tables=20 leaves=7 ranges=1 bytes=8 t_scan_ns=1 t_copy_ns=2 "
	"t_total_ns=3",
	"reserve dev=0000:00:05.0 ranges=2 pages=256 overlapped=1 failed=0 over=7 t_ns=12345",
	"graft dev=0000:00:05.0 runs=2 pages=256 skipped=3 failed=1 t_ns=54321",
	"0 00:05.0 0 0xff000 0xfffff\n",
	"0000:00:05.0 0xfee00000 0xfeefffff\n",
	"0x00000000fee00000 0x00000000feefffff msi\n",
	"Device 0000:00:02.0 @0x5d1000\n",
	"Device 0000:00:02.0 with pasid 0 @0x5d1000\n",
	"IOVA_PFN x\n",
	"0x00000000000fe |\t0x0\t0x3\t0x1003\t0x2003\t0x5003\n",
	"0x0000000000200 |\t0x0\t0x3\t0x1003\t0x601083\n",
	" ",
	"=",
	"\"",
	"0x",
	"18446744073709551616",
	"\x1b[1m",
};

size_t fuzz_generate(uint64_t *seed, uint8_t *buf, size_t room)
{
	size_t end = fuzz_pieces(seed, buf, room, pieces, G_N_ELEMENTS(pieces), 30);

	return fuzz_noise(seed, buf, 0, end);
}
