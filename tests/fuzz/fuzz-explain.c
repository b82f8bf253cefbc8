/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What people could paste: lines that are almost a kernel's, and any bytes. Whatever comes, reading ends, what is kept is
 * bounded, every fault has a cause, and no control character is in what is said.
 */
#include <glib.h>
#include <string.h>

#include "fuzz-main.h"
#include "base/text.h"
#include "explain/explain.h"

static void check_text(const char *text)
{
	FUZZ_CHECK(g_utf8_validate(text, -1, NULL));
	for (; *text; text = g_utf8_next_char(text))
		FUZZ_CHECK(*text == '\n' || !text_control(g_utf8_get_char(text)));
}

static void check_kernel(const struct explain_log *log, unsigned n)
{
	const struct explain_kernel *k = log->kernels->pdata[n];

	FUZZ_CHECK(k->faults->len <= EXPLAIN_REPORTS_MAX && k->devices->len <= EXPLAIN_DEVICES_MAX);
	for (unsigned i = 0; i < k->faults->len; i++) {
		const struct explain_fault *f = k->faults->pdata[i];

		FUZZ_CHECK(f->count && f->nranges <= EXPLAIN_RANGES_MAX && f->first_line <= f->last_line);
		FUZZ_CHECK(explain_words_of(explain_cause_of(log, n, f))->word);
		for (unsigned r = 0; r < f->nranges; r++)
			FUZZ_CHECK(f->ranges[r].first <= f->ranges[r].last &&
				   (!r || f->ranges[r].first > f->ranges[r - 1].last));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *patterns[] = { "~Copied", "~fault reason 0x0[56]", NULL };
	struct explain_log *log = explain_read((const char *)data, size);
	g_autofree char *text = explain_text(log), *brief = explain_brief(log);

	FUZZ_CHECK(log->kernels->len && log->kernels->len <= EXPLAIN_KERNELS_MAX);
	FUZZ_CHECK(log->kept->len <= EXPLAIN_KEPT_MAX);
	for (unsigned n = 0; n < log->kernels->len; n++)
		check_kernel(log, n);
	check_text(text);
	check_text(brief);
	explain_like(log, patterns);
	explain_log_free(log);
	return 0;
}

static const char *const pieces[] = {
	"\n",
	"\n",
	"\n",
	"\n",
	"\r\n",
	" ",
	"> ",
	"[    1.234567] ",
	"[Fri Nov 27 12:00:00 2026] ",
	"Nov 27 10:00:00 host kernel: ",
	"kern  :warn  : ",
	"<6>",
	"1795818330.284488 ",
	"Linux version 6.12.1 (x)\n",
	"Linux version ",
	"Command line: a elfcorehdr=0x1000 -- b\n",
	"Command line: a -- elfcorehdr=0x1000\n",
	"Kernel panic - not syncing: x\n",
	"DMAR: Translation already enabled - trying to copy translation structures\n",
	"DMAR: Copied translation tables from previous kernel for dmar0\n",
	"DMAR: Failed to copy translation tables from previous kernel for dmar0\n",
	"DMAR: Translation was enabled for dmar0 but we are not in kdump mode\n",
	"DMAR-IR: Failed to copy IR table for dmar0 from previous kernel\n",
	"iommu: Default domain type: Passthrough \n",
	"DMAR: Intel(R) Virtualization Technology for Directed I/O\n",
	"DMAR: [DMA Read NO_PASID] Request device [00:01.0] fault addr 0xffff0000 [fault reason 0x06] PTE\n",
	"DMAR: [DMA Write] Request device [0000:00:01.0] fault addr fffffffffffff000 [fault reason 05] PTE\n",
	"DMAR: [DMA Write PASID 0x1] Request device [",
	"INTR-REMAP: Request device [[61:00.0] fault index 42\nINTR-REMAP:[fault reason 34] Present\n",
	"01:00.0] fault addr ",
	"0x0 ",
	"[fault reason 0x02] x\n",
	"dmar_fault: 4294967295 callbacks suppressed\n",
	"DMAR: context table is not present\n",
	"DMAR: page table not present at level 1\n",
	"DMAR: pte level: 1, pte value: 0x2f23a003\n",
	"pci 0000:00:01.0: Adding to iommu group 1\n",
	"pci 0000:80:14.0: PCI bridge to [bus 81-fff]\n",
	"e1000e 0000:00:01.0 eth0: Detected Hardware Unit Hang\n",
	"nvme nvme0: pci function 0000:00:02.0\n",
	"nvme nvme0: I/O 4 QID 0 timeout, disable controller\n",
	"\x1b[31m",
	"\xc2\x9b",
	"\xe2\x80\xae",
};

size_t fuzz_generate(uint64_t *seed, uint8_t *buf, size_t room)
{
	size_t end = fuzz_pieces(seed, buf, room, pieces, G_N_ELEMENTS(pieces), 60);

	return fuzz_noise(seed, buf, 0, end);
}
