/* SPDX-License-Identifier: GPL-2.0-only */
/* Pasted kernel logs: the forms of lines and reports, each cause, and where none can be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "explain/explain.h"
#include "explain/reason.h"

/* ---- pieces of logs ---- */

#define START(version) "Linux version " version " (x@y)\n"
#define FIRST START("6.1.0-56-amd64") "Command line: root=/dev/sda1 crashkernel=256M\n"
#define NIC "e1000e 0000:00:01.0 eth0: Intel(R) PRO/1000 Network Connection\n"
#define READY "DMAR: Intel(R) Virtualization Technology for Directed I/O\n"
#define PANIC "Kernel panic - not syncing: sysrq triggered crash\n"
#define CRASH START("6.1.0-56-amd64") "Command line: root=/dev/sda1 elfcorehdr=0x3cf000000\n"
#define COPIED                                                                        \
	"DMAR: Translation already enabled - trying to copy translation structures\n" \
	"DMAR: Copied translation tables from previous kernel for dmar0\n"
#define FAULT(access, dev, addr, reason) \
	"DMAR: [DMA " access "] Request device [" dev "] fault addr " addr " [fault reason " reason "] text\n"
#define READ(addr) FAULT("Read NO_PASID", "00:01.0", addr, "0x06")
#define WRITE(addr) FAULT("Write NO_PASID", "00:01.0", addr, "0x05")
#define GROUPS                                        \
	"pci 0000:00:00.0: Adding to iommu group 0\n" \
	"pci 0000:00:01.0: Adding to iommu group 1\n" \
	"pci 0000:00:02.0: Adding to iommu group 2\n" \
	"pci 0000:01:02.0: Adding to iommu group 3\n"

/* The brief text of @log is @lines. */
static void brief(const char *log, const char *lines)
{
	struct explain_log *read = explain_read(log, strlen(log));
	g_autofree char *text = explain_brief(read);

	assert_string_equal(text, lines);
	explain_log_free(read);
}

/* The long text of @log has @words in it. */
static void says(const char *log, const char *words)
{
	struct explain_log *read = explain_read(log, strlen(log));
	g_autofree char *text = explain_text(read);

	if (!strstr(text, words))
		fail_msg("\"%s\" is not in:\n%s", words, text);
	explain_log_free(read);
}

static void says_not(const char *log, const char *words)
{
	struct explain_log *read = explain_read(log, strlen(log));
	g_autofree char *text = explain_text(read);

	if (strstr(text, words))
		fail_msg("\"%s\" is in:\n%s", words, text);
	explain_log_free(read);
}

/* ---- reading ---- */

static void what_stands_before_a_message(void **state)
{
	static const char *const lines[] = {
		"message",
		"[   12.345678] message",
		"[   12.345678][    T1] message",
		"[   12.345678][   C12] message",
		"[Fri Nov 27 12:00:00 2026] message",
		"<6>[    0.000000] message",
		"kern  :err   : [   12.345678] message",
		"Nov 27 10:00:00 some-host kernel: message",
		"Nov 27 10:00:00 some-host kernel: [   12.345678] message",
		"2026-11-27T10:00:00.123456+00:00 host kernel: message",
		"[   12.345678] host kernel: message",
		"1795818330.284488 [    0.000000] message",
		"> > [   12.345678] message",
		">> | message",
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
		assert_string_equal(explain_message(lines[i]), "message");
	/* parts of messages themselves */
	assert_string_equal(explain_message("[DMA Read] Request"), "[DMA Read] Request");
	assert_string_equal(explain_message("[fault reason 05] x"), "[fault reason 05] x");
	assert_string_equal(explain_message("[8086:10d3] x"), "[8086:10d3] x" + strlen("[8086:10d3] "));
	assert_string_equal(explain_message(""), "");
	assert_string_equal(explain_message("["), "[");
}

static void devices_as_they_are_written(void **state)
{
	uint32_t dev = 0;

	(void)state;
	assert_int_equal(explain_dev_read("00:02.0]", &dev), 7);
	assert_int_equal(dev, 0x10);
	assert_int_equal(explain_dev_read("0000:3d:1f.7:", &dev), 12);
	assert_int_equal(dev, 0x3dff);
	assert_int_equal(explain_dev_read("0x00:0x14.0]", &dev), 11);
	assert_int_equal(dev, 0xa0);
	assert_int_equal(explain_dev_read("0001:00:1F.0", &dev), 12);
	assert_int_equal(dev, 0x100f8);
	for (const char *const *bad =
		     (const char *const[]){ "", "00", "00:", "00:20.0", "00:02", "00:02.", "00:02.8", "100:00.0",
					    "0:0:0:0.0", "10000:00:00.0", ":00:00.0", "g0:00.0", NULL };
	     *bad; bad++)
		assert_int_equal(explain_dev_read(*bad, &dev), 0);
	assert_int_equal(dev, 0x100f8);
}

static void reports_of_every_era(void **state)
{
	static const struct {
		const char *text, *want;
	} forms[] = {
		{ "DMAR: [DMA Write] Request device [00:02.0] fault addr ff800000 [fault reason 05] PTE Write access is not set",
		  "1 0000:00:02.0 write 0x05 1 cannot tell\n" },
		{ "DMAR: [DMA Write] Request device [00:02.0] PASID ffffffff fault addr ff800000 [fault reason 05] PTE",
		  "1 0000:00:02.0 write 0x05 1 cannot tell\n" },
		{ "DMAR: [DMA Read NO_PASID] Request device [0x00:0x14.0] fault addr 0x0 [fault reason 0x0c] non-zero",
		  "1 0000:00:14.0 read 0x0c 1 corrupt-tables\n" },
		{ "DMAR: [DMA Read PASID 0x0] Request device [0002:00:01.0] fault addr 0x1000 [fault reason 0x71] SM",
		  "1 0002:00:01.0 read 0x71 1 unmapped\n" },
		/* decimal: 34 is 0x22 */
		{ "INTR-REMAP: Request device [[61:00.0] fault index 42\nINTR-REMAP:[fault reason 34] Present field",
		  "1 0000:61:00.0 interrupt 0x22 1 interrupt\n" },
		{ "DMAR: [INTR-REMAP] Request device [f0:1f.7] fault index 0x8000 [fault reason 0x25] Blocked a",
		  "1 0000:f0:1f.7 interrupt 0x25 1 interrupt\n" },
		{ "[ 1.1] dmar: DMAR:[DMA Read] Request device [01:00.0] fault addr fff80000 \n"
		  "[ 1.1] DMAR:[fault reason 02] Present bit in context entry is clear",
		  "1 0000:01:00.0 read 0x02 1 no-entry\n" },
		/* broken by mail */
		{ "> DMAR: [DMA Read NO_PASID] Request device\n> [00:02.0] fault addr\n> 0xff800000 [fault reason\n> 0x0a] x",
		  "" },
		{ "> DMAR: [DMA Read NO_PASID] Request device [00:02.0] fault addr\n> 0xff800000 [fault reason\n> 0x0a] x",
		  "1 0000:00:02.0 read 0x0a 1 corrupt-tables\n" },
		/* typed from a screen */
		{ "DMAR: [DMA write NO PASID] Request device [05:00.0] fault addr 0xfff0000 [Fault reason 0x02] present bit",
		  "1 0000:05:00.0 write 0x02 1 no-entry\n" },
		/* cut off */
		{ "DMAR: [DMA Read] Request device [00:02.0] fault addr ff800000",
		  "1 0000:00:02.0 read ? 1 cannot tell\n" },
		{ "DMAR: [DMA Read] Request device [00:02.0]", "1 0000:00:02.0 read ? 1 cannot tell\n" },
		{ "DMAR: [DMA Read] Request device [00:02.0] fault addr 1000 [fault reason 0xee] what",
		  "1 0000:00:02.0 read 0xee 1 cannot tell\n" },
		/* none */
		{ "DMAR: [DMA Read] Request device [00:22.0] fault addr 1000 [fault reason 06]", "" },
		{ "DMAR: [DMA Read] fault addr 1000 [fault reason 06]", "" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(forms); i++)
		brief(forms[i].text, forms[i].want);
}

static void addresses_become_ranges(void **state)
{
	GString *many = g_string_new(NULL);

	(void)state;
	says(WRITE("0x9000") WRITE("0x3000") WRITE("0x1000") WRITE("0x2fff"),
	     "4 writes at 0x1000-0x3fff, 0x9000, reason");
	says(WRITE("0x1000") WRITE("0x2000") WRITE("0x3ff8") WRITE("0x9000"),
	     "4 writes at 0x1000-0x3fff, 0x9000, reason 0x05");
	says(FAULT("Write", "00:01.0", "0xfffffffffffff000", "0x05"), "at 0xfffffffffffff000,");
	for (unsigned i = 0; i < 100; i++)
		g_string_append_printf(many,
				       "DMAR: [DMA Read] Request device [00:01.0] fault addr %x [fault reason 06] x\n",
				       i * 0x10000);
	says(many->str, "100 reads at 0x0, 0x10000,");
	says(many->str, " and elsewhere, reason 0x06");
	g_string_free(many, TRUE);
}

/* A terminal breaks a line at any character, and what is pasted may end anywhere: digits of a part are no address. */
static void an_address_is_whole_or_none(void **state)
{
	static const char line[] =
		"DMAR: [DMA Read NO_PASID] Request device [03:00.0] fault addr 0xfffc1000 [fault reason 0x06] "
		"PTE Read access is not set";
	const char *digits = strstr(line, "0xfffc1000");

	(void)state;
	for (const char *at = digits; at <= digits + strlen("0xfffc1000"); at++) {
		g_autofree char *broken = g_strdup_printf("%.*s\n%s\n", (int)(at - line), line, at);
		g_autofree char *cut = g_strndup(line, (gsize)(at - line));

		says(broken, "1 read at 0xfffc1000, reason 0x06");
		if (at > digits + strlen("0x") && at < digits + strlen("0xfffc1000"))
			says(cut, "1 read, the address is not in the log");
	}
}

/* What is there and cannot be read is no all-clear. */
static void lines_of_faults_that_cannot_be_read(void **state)
{
	(void)state;
	says("DMAR: [DMA Read NO_PASID] Reque\n",
	     "cannot tell: 1 line of faults cannot be read whole, the first is line 1");
	says("x\nDMAR: [DMA Write NO_PASID] Request device [zz:03.0] fault addr 0x1000 [fault reason 0x05] PTE Write\n",
	     "the first is line 2");
	says("DMAR:[fault reason 05] PTE Write access is not set\n", "1 line of faults");
	says("DMAR: VT-d detected Invalidation Time-out Error: SID ff\n", "line 1: the IOMMU could not invalidate");
	says("DMAR: VT-d detected Invalidation Queue Error: Reason f\n", "could not invalidate");
	says_not("DMAR: [DMA Read NO_PASID] Reque\n", "no fault and no dead device");
	says_not("DMAR: VT-d detected Invalidation Time-out Error: SID ff\n", "no fault and no dead device");
	/* a pair of lines is whole, and other brackets are no fault's */
	says_not("DMAR:[DMA Write] Request device [04:00.0] fault addr ffffe000 \nDMAR:[fault reason 05] PTE Write\n",
		 "cannot be read");
	says("DMAR: [Firmware Bug]: No firmware reserved region can cover this RMRR\n", "no fault and no dead device");
}

static void kernels_are_told_apart(void **state)
{
	struct explain_log *log = explain_read(FIRST PANIC CRASH COPIED, strlen(FIRST PANIC CRASH COPIED));

	(void)state;
	assert_int_equal(log->kernels->len, 2);
	assert_false(explain_crash_kernel(log, 0));
	assert_true(explain_crash_kernel(log, 1));
	explain_log_free(log);
	says(FIRST PANIC CRASH COPIED, "kernel 1: 6.1.0-56-amd64\n");
	says(FIRST PANIC CRASH COPIED, "kernel 2: 6.1.0-56-amd64, a crash kernel\n  tables: copied");
	says("Command line: x\n" START("5.10.0") "DMAR: x\n", "kernel 1: 5.10.0\n");
	says(COPIED, "kernel 1: its first line is not in the log, a crash kernel\n");
	says("dmar_fault: 56 callbacks suppressed\ndmar_fault: 4 callbacks suppressed\n",
	     "60 reports more were suppressed");
	says("DMAR: Translation already enabled - trying to copy translation structures\n",
	     "whether it came to an end");
}

/* ---- causes ---- */

static void not_taken_over(void **state)
{
	static const char no_kdump[] = "DMAR: Translation was enabled for dmar0 but we are not in kdump mode\n";
	static const char failed[] = "DMAR: Failed to copy translation tables from previous kernel for dmar0\n";
	g_autofree char *one = g_strconcat(CRASH, no_kdump, READ("0xffff0000") READY NIC, NULL);
	g_autofree char *two = g_strconcat(CRASH, failed, READ("0xffff0000") READY NIC, NULL);
	g_autofree char *late = g_strconcat(START("4.19.0"), failed, READY NIC READ("0xffff0000"), NULL);
	g_autofree char *mode = g_strconcat(FIRST "DMAR: Enable scalable mode if hardware supports\n" PANIC CRASH
						  "DMAR: Scalable mode is disallowed\n",
					    failed, NULL);
	g_autofree char *dashes =
		g_strconcat(START("6.1.0") "Command line: quiet -- elfcorehdr=0x1000\n", no_kdump, NULL);

	(void)state;
	brief(one, "1 0000:00:01.0 read 0x06 1 not-taken-over\n");
	brief(two, "1 0000:00:01.0 read 0x06 1 not-taken-over\n");
	/* its own driver has it: then it is no longer the dead kernel's */
	brief(late, "1 0000:00:01.0 read 0x06 1 cannot tell\n");
	says(mode, "the kernel before was allowed scalable mode, this one refuses it");
	says(dashes, "behind the `--`");
}

static void entries(void **state)
{
	static const char root[] = FAULT("Read NO_PASID", "00:01.0", "0xffff0000", "0x01");
	g_autofree char *lost = g_strconcat(FIRST NIC PANIC CRASH COPIED, root, READY, NULL);
	g_autofree char *unknown = g_strconcat(CRASH COPIED, root, READY, NULL);
	g_autofree char *after = g_strconcat(FIRST NIC PANIC CRASH COPIED READY NIC, root, NULL);
	g_autofree char *pasid =
		g_strconcat(FIRST NIC PANIC CRASH COPIED,
			    FAULT("Read", "00:01.0", "0x0", "0x58") "DMAR: pasid table is not present\n", READY, NULL);

	(void)state;
	brief(lost, "2 0000:00:01.0 read 0x01 1 entry-lost\n");
	/* whether it had one is in no line */
	brief(unknown, "1 0000:00:01.0 read 0x01 1 no-entry\n");
	brief(after, "2 0000:00:01.0 read 0x01 1 no-entry\n");
	brief(pasid, "2 0000:00:01.0 read 0x58 1 entry-lost\n");
	brief(FAULT("Read", "00:01.0", "0x0", "0x58"), "1 0000:00:01.0 read 0x58 1 corrupt-tables\n");
}

static void aliases(void **state)
{
	(void)state;
	brief(FIRST GROUPS READY FAULT("Read", "01:00.0", "0xffffb000", "0x02"), "1 0000:01:00.0 read 0x02 1 alias\n");
	brief(FIRST
	      "pci 0000:80:14.0: PCI bridge to [bus 81-82]\n" READY FAULT("Read", "80:14.0", "0xffffb000", "0x02"),
	      "1 0000:80:14.0 read 0x02 1 alias\n");
	brief(FIRST GROUPS READY FAULT("Read", "05:03.0", "0xffffb000", "0x02"),
	      "1 0000:05:03.0 read 0x02 1 no-device\n");
	/* a log that lists no devices cannot say that one is none */
	brief(FIRST READY FAULT("Read", "01:00.0", "0xffffb000", "0x02"), "1 0000:01:00.0 read 0x02 1 no-entry\n");
}

static void the_firmware(void **state)
{
	(void)state;
	brief(FIRST FAULT("Read", "00:02.0", "0x7c000000", "0x01") READY, "1 0000:00:02.0 read 0x01 1 firmware\n");
	brief(FIRST WRITE("0x7c000000") READY NIC, "1 0000:00:01.0 write 0x05 1 firmware\n");
	/* the beginning is missing: a driver may have been there */
	brief(WRITE("0x7c000000") READY NIC, "1 0000:00:01.0 write 0x05 1 cannot tell\n");
	brief(FIRST READY NIC WRITE("0x7c000000"), "1 0000:00:01.0 write 0x05 1 cannot tell\n");
}

static void permissions(void **state)
{
	(void)state;
	/* the same reason for two things */
	brief(FIRST READY NIC WRITE("0xff800000"), "1 0000:00:01.0 write 0x05 1 cannot tell\n");
	/* neither may pass: nothing is there */
	brief(START("4.19.0") READY NIC WRITE("0x1000") READ("0x1000"),
	      "1 0000:00:01.0 write 0x05 1 unmapped\n1 0000:00:01.0 read 0x06 1 unmapped\n");
	brief(START("4.19.0") READY NIC WRITE("0x1000") READ("0x2000"),
	      "1 0000:00:01.0 write 0x05 1 cannot tell\n1 0000:00:01.0 read 0x06 1 cannot tell\n");
	/* of these kernels every leaf can be read, of others it is not known */
	brief(START("5.13.0") READY NIC READ("0x1000"), "1 0000:00:01.0 read 0x06 1 unmapped\n");
	brief(START("6.12.117") READY NIC READ("0x1000"), "1 0000:00:01.0 read 0x06 1 unmapped\n");
	brief(START("5.12.0") READY NIC READ("0x1000"), "1 0000:00:01.0 read 0x06 1 cannot tell\n");
	brief(START("7.3.4") READY NIC READ("0x1000"), "1 0000:00:01.0 read 0x06 1 cannot tell\n");
	brief(READ("0x1000"), "1 0000:00:01.0 read 0x06 1 cannot tell\n");
	brief(FIRST READY NIC WRITE("0x0"), "1 0000:00:01.0 write 0x05 1 address-0\n");
	brief(FIRST READY NIC WRITE("0x0") WRITE("0x5000"), "1 0000:00:01.0 write 0x05 2 cannot tell\n");
}

static void printed_tables(void **state)
{
#define ROOT "DMAR: Dump dmar0 table entries for IOVA 0x1000\nDMAR: root entry: 0x2ebb1001\n"
#define PTE(level, value) "DMAR: pte level: " level ", pte value: 0x000000002f23" value "\n"
	(void)state;
	brief(FIRST READY NIC WRITE("0x1000") ROOT PTE("2", "b003") "DMAR: page table not present at level 1\n",
	      "1 0000:00:01.0 write 0x05 1 unmapped\n");
	brief(FIRST READY NIC WRITE("0x1000") ROOT PTE("2", "b003") PTE("1", "a000"),
	      "1 0000:00:01.0 write 0x05 1 unmapped\n");
	brief(FIRST READY NIC WRITE("0x1000") ROOT PTE("2", "b003") PTE("1", "a001"),
	      "1 0000:00:01.0 write 0x05 1 read-only\n");
	brief(FIRST READY NIC WRITE("0x1000") ROOT PTE("2", "b003") PTE("1", "a003"),
	      "1 0000:00:01.0 write 0x05 1 stale-cache\n");
	brief(CRASH COPIED READY NIC WRITE("0x1000") ROOT "DMAR: context table is not present\n",
	      "1 0000:00:01.0 write 0x05 1 dead-tables\n");
	/* without a copy there is no reason why it would not be shown */
	brief(FIRST READY NIC WRITE("0x1000") ROOT "DMAR: context table is not present\n",
	      "1 0000:00:01.0 write 0x05 1 cannot tell\n");
	brief(CRASH COPIED WRITE("0x1000") ROOT "DMAR: page table not present at level 2\n" READY NIC,
	      "1 0000:00:01.0 write 0x05 1 taken-early\n");
}

static void the_crash_kernel(void **state)
{
	static const char pass[] = "iommu: Default domain type: Passthrough (set via kernel command line)\n";
	g_autofree char *through = g_strconcat(CRASH, pass, COPIED READY NIC READ("0x2ec3a000"), NULL);
	g_autofree char *first = g_strconcat(FIRST, pass, READY NIC WRITE("0x2ec3a000"), NULL);

	(void)state;
	brief(CRASH COPIED WRITE("0xffff8000") READY NIC, "1 0000:00:01.0 write 0x05 1 dead-kernel's-DMA\n");
	brief(CRASH COPIED READY NIC WRITE("0xffff8000"), "1 0000:00:01.0 write 0x05 1 cannot tell\n");
	brief(through, "1 0000:00:01.0 read 0x06 1 pass-through\n");
	brief(first, "1 0000:00:01.0 write 0x05 1 cannot tell\n");
}

static void interrupts_and_the_rest(void **state)
{
#define IRQ "DMAR: [INTR-REMAP] Request device [00:01.0] fault index 0x19 [fault reason 0x22] Present\n"
	(void)state;
	brief(CRASH "DMAR-IR: Failed to copy IR table for dmar0 from previous kernel\n" IRQ,
	      "1 0000:00:01.0 interrupt 0x22 1 interrupt-lost\n");
	brief(CRASH "DMAR-IR: Copied IR table for dmar0 from previous kernel\n" IRQ,
	      "1 0000:00:01.0 interrupt 0x22 1 interrupt\n");
	says(IRQ, "1 interrupt of index 0x19, reason 0x22: the interrupt remapping entry is not present");
	brief(FAULT("Read", "00:01.0", "0x8000000000", "0x04"), "1 0000:00:01.0 read 0x04 1 beyond-width\n");
	brief(FAULT("Read", "00:01.0", "0x0", "0x0d"), "1 0000:00:01.0 read 0x0d 1 blocked\n");
	brief(FAULT("Read", "00:01.0", "0x1000", "0x03"), "1 0000:00:01.0 read 0x03 1 corrupt-tables\n");
	brief(FAULT("Read", "00:01.0", "0x0", "0x71"), "1 0000:00:01.0 read 0x71 1 address-0\n");
}

static void devices_that_stop(void **state)
{
#define NVME "nvme nvme0: pci function 0000:00:02.0\n"
#define TIMEOUT "nvme nvme0: I/O 4 QID 0 timeout, disable controller\n"
	(void)state;
	brief("DMAR: x\n" NVME TIMEOUT, "1 0000:00:02.0 stopped - 1 cannot tell\n");
	brief(NVME FAULT("Read", "00:02.0", "0x1000", "0x02") TIMEOUT, "1 0000:00:02.0 read 0x02 1 no-entry\n");
	says(NVME FAULT("Read", "00:02.0", "0x1000", "0x02") TIMEOUT,
	     "requester 0000:00:02.0 (nvme)\n    stopped: nvme nvme0");
	/* which of two it is about, its line does not say */
	brief(NVME "nvme nvme1: pci function 0000:00:03.0\n" TIMEOUT, "");
	brief("e1000 0000:81:02.0 eth0: Detected Tx Unit Hang\n", "1 0000:81:02.0 stopped - 1 cannot tell\n");
	says("DMAR: DRHD: handling fault status reg 2\n", "cannot tell: there were faults, and no report");
	says("DMAR: DRHD: handling fault status reg 3\n" READ("0x1000"), "the fault records overflowed");
	says("DMAR: IOMMU enabled\n", "no fault and no dead device in the log");
}

static void every_cause_and_reason_has_its_words(void **state)
{
	(void)state;
	for (int cause = EXPLAIN_CANNOT_TELL; cause <= EXPLAIN_INTERRUPT_BLOCKED; cause++) {
		const struct explain_words *w = explain_words_of((enum explain_cause)cause);

		assert_non_null(w->word);
		assert_non_null(w->what);
		assert_non_null(w->look);
	}
	for (int reason = -1; reason < 256; reason++)
		assert_non_null(explain_reason_of(reason)->what);
}

/* ---- what is around it ---- */

static void bugs_that_look_alike(void **state)
{
	static const char text[] = CRASH COPIED READ("0x1000");
	struct explain_log *log = explain_read(text, strlen(text));
	char *both[] = { "~Copied translation", "~fault addr 0x1000 .*reason 0x0[56]", NULL };
	char *one[] = { "~Copied translation", "~Failed to copy", NULL };
	char *wrong[] = { "~[", NULL }, *none[] = { NULL };

	(void)state;
	assert_true(explain_like(log, both));
	assert_false(explain_like(log, one));
	assert_false(explain_like(log, wrong));
	assert_false(explain_like(log, none));
	explain_log_free(log);
}

static void nothing_and_others(void **state)
{
	static const char nul[] = "DMAR: [DMA Read] Request\0device [00:01.0] fault addr 1000 [fault reason 06]";
	struct explain_log *log = explain_read("", 0);
	g_autofree char *text = NULL;

	(void)state;
	assert_false(log->vtd);
	assert_null(log->other);
	explain_log_free(log);
	log = explain_read("AMD-Vi: x", 9);
	assert_false(log->vtd);
	assert_string_equal(log->other, "AMD-Vi");
	explain_log_free(log);
	/* a byte of 0 is a blank */
	log = explain_read(nul, sizeof(nul) - 1);
	text = explain_brief(log);
	assert_string_equal(text, "1 0000:00:01.0 read 0x06 1 cannot tell\n");
	explain_log_free(log);
}

static void what_is_too_much_is_counted(void **state)
{
	GString *s = g_string_new(NULL);
	struct explain_log *log;

	(void)state;
	for (unsigned i = 0; i < EXPLAIN_KERNELS_MAX + 10; i++)
		g_string_append(s, FIRST PANIC);
	for (unsigned i = 0; i < 300; i++)
		g_string_append_printf(
			s, "DMAR: [DMA Read] Request device [%02x:%02x.0] fault addr 0 [fault reason 06] x\n", i / 32,
			i % 32);
	for (unsigned i = 0; i < 2000; i++)
		g_string_append_printf(s, "pci %04x:%02x:00.0: Adding to iommu group 1\n", i / 256, i % 256);
	log = explain_read(s->str, s->len);
	assert_int_equal(log->kernels->len, EXPLAIN_KERNELS_MAX);
	const struct explain_kernel *last = log->kernels->pdata[EXPLAIN_KERNELS_MAX - 1];

	assert_int_equal(last->faults->len, EXPLAIN_REPORTS_MAX);
	assert_int_equal(last->dropped, 300 - EXPLAIN_REPORTS_MAX);
	assert_int_equal(last->devices->len, EXPLAIN_DEVICES_MAX);
	explain_log_free(log);
	g_string_free(s, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stands_before_a_message),
		cmocka_unit_test(devices_as_they_are_written),
		cmocka_unit_test(reports_of_every_era),
		cmocka_unit_test(addresses_become_ranges),
		cmocka_unit_test(an_address_is_whole_or_none),
		cmocka_unit_test(lines_of_faults_that_cannot_be_read),
		cmocka_unit_test(kernels_are_told_apart),
		cmocka_unit_test(not_taken_over),
		cmocka_unit_test(entries),
		cmocka_unit_test(aliases),
		cmocka_unit_test(the_firmware),
		cmocka_unit_test(permissions),
		cmocka_unit_test(printed_tables),
		cmocka_unit_test(the_crash_kernel),
		cmocka_unit_test(interrupts_and_the_rest),
		cmocka_unit_test(devices_that_stop),
		cmocka_unit_test(every_cause_and_reason_has_its_words),
		cmocka_unit_test(bugs_that_look_alike),
		cmocka_unit_test(nothing_and_others),
		cmocka_unit_test(what_is_too_much_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
