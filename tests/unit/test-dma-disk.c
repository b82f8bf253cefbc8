/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The account of the disk's reads in flight, from lines of QEMU's trace: what was traced before the lab loaded a driver
 * counts, and a queue or table that nobody saw makes no loss.
 */
#include "run-fixture.h"

#include <stdarg.h>

#include "channel.h"
#include "observe/dma-disk.h"

#define CQ_IOVA DISK_IOVA /* the first of its pages holds the queue, the second the data */
#define DATA_IOVA (DISK_IOVA + 0x1000)
#define LBA 2048
#define BYTES 4096
#define CID 7
#define CREATE "pci_nvme_create_cq create completion queue, addr=0x%x, cqid=%u, vector=0, qsize=63, qflags=3, ien=1"

/* A line as QEMU writes it. */
static void say(struct fake_run *f, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void say(struct fake_run *f, const char *format, ...)
{
	g_autofree char *text = NULL, *line = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	line = g_strdup_printf("77@1700000001.000000:%s\n", text);
	test_write(f->log, line);
}

static void submit(struct fake_run *f)
{
	say(f, "pci_nvme_read cid %u nsid 1 nlb 8 count %u lba 0x%x", CID, BYTES, LBA);
	say(f, "pci_nvme_map_addr addr 0x%x len %u", (unsigned)DATA_IOVA, BYTES);
}

static void complete(struct fake_run *f)
{
	say(f, "pci_nvme_rw_complete_cb cid %u blk 'disk0'", CID);
}

/* What the device writes: the data, and an entry of the queue at its PA @cq. */
static void write_both(struct fake_run *f, uint64_t cq)
{
	uint8_t data[BYTES], entry[16] = { 0 };

	for (unsigned s = 0; s < BYTES / CHANNEL_SECTOR; s++)
		channel_disk_fill(data + s * CHANNEL_SECTOR, LBA + s);
	assert_int_equal(machine_write_phys(&f->m, DISK_PA + 0x1000, data, sizeof(data)), 0);
	entry[12] = CID;
	entry[14] = 1;
	assert_int_equal(machine_write_phys(&f->m, cq, entry, sizeof(entry)), 0);
}

static void jump(struct fake_run *f, struct disk_dma *d)
{
	g_array_set_size(f->run.at.ev->dma, 0);
	trace_poll(f->m.trace);
	f->run.at.ev->jump_ns = T_JUMP;
	disk_dma_begin(d);
}

/* From the jump to the attach; what the one read came to. */
static struct evidence_dma account(struct fake_run *f, struct disk_dma *d, uint64_t cq)
{
	struct evidence_dma *dma;

	jump(f, d);
	if (cq)
		write_both(f, cq);
	complete(f);
	disk_dma_close(d);
	disk_dma_free(d);
	assert_int_equal(f->run.at.ev->dma->len, 1);
	dma = &g_array_index(f->run.at.ev->dma, struct evidence_dma, 0);
	assert_int_equal(dma->sent, 1);
	return *dma;
}

static struct disk_dma *observer(struct fake_run *f)
{
	f->run.at.ev->jump_ns = 0;
	return disk_dma_new(&f->run.at);
}

static void lands(void **state)
{
	struct fake_run *f = *state;
	struct disk_dma *d = observer(f);
	struct evidence_dma dma;

	say(f, CREATE, (unsigned)CQ_IOVA, 1);
	submit(f);
	dma = account(f, d, DISK_PA);
	assert_int_equal(dma.landed_after_copy, 1);
	assert_int_equal(dma.elsewhere, 1);
	assert_int_equal(dma.in_crash, 0);
}

/* Whose memory its data went to, if it is its data. */
static void lands_in_crash_memory(void **state)
{
	struct fake_run *f = *state;
	struct disk_dma *d = observer(f);
	struct evidence_dma dma;

	f->run.at.ev->crash_start = DISK_PA + 0x1000;
	f->run.at.ev->crash_end = DISK_PA + 0x1fff;
	say(f, CREATE, (unsigned)CQ_IOVA, 1);
	submit(f);
	dma = account(f, d, DISK_PA);
	assert_int_equal(dma.in_crash, 1);
	assert_int_equal(dma.in_crash_pa, DISK_PA + 0x1000);
	assert_int_equal(dma.elsewhere, 0);
}

/* The firmware had a queue of its own, at an address that the kernel's tables do not know; a reset ends it. */
static void queues_end_with_a_reset(void **state)
{
	struct fake_run *f = *state;
	struct disk_dma *d = observer(f);

	say(f, CREATE, 0x3ffdc000, 2);
	say(f, "pci_nvme_mmio_stopped cleared controller enable bit");
	say(f, CREATE, (unsigned)CQ_IOVA, 1);
	submit(f);
	assert_int_equal(account(f, d, DISK_PA).landed_after_copy, 1);
}

static void no_entry_is_a_loss(void **state)
{
	struct fake_run *f = *state;
	struct disk_dma *d = observer(f);

	say(f, CREATE, (unsigned)CQ_IOVA, 1);
	submit(f);
	assert_int_equal(account(f, d, 0).lost, 1);
}

static void want_unknown(struct fake_run *f, struct disk_dma *d, uint64_t cq, const char *problem)
{
	struct evidence_dma dma;

	dma = account(f, d, cq);
	assert_int_equal(dma.lost, 0);
	assert_int_equal(dma.unknown, 1);
	assert_non_null(strstr(dma.problem, problem));
}

static void no_queue_seen(void **state)
{
	struct fake_run *f = *state;
	struct disk_dma *d = observer(f);

	submit(f);
	want_unknown(f, d, 0, "no completion queue");
}

static void not_every_queue_known(void **state)
{
	struct fake_run *f = *state;
	struct disk_dma *d = observer(f);

	say(f, CREATE, (unsigned)CQ_IOVA, 1);
	say(f, CREATE, (unsigned)CQ_IOVA, 1000);
	submit(f);
	want_unknown(f, d, 0, "no completion queue");
}

static void a_queue_not_read(void **state)
{
	struct fake_run *f = *state;
	struct disk_dma *d = observer(f);

	say(f, CREATE, (unsigned)CQ_IOVA, 1);
	say(f, CREATE, 0x1000, 2);
	submit(f);
	want_unknown(f, d, 0, "no completion queue");
}

static gboolean write_at_last(void *data)
{
	write_both(data, DISK_PA);
	return G_SOURCE_REMOVE;
}

/* QEMU has said that the read is complete, and gets no CPU to post the entry. */
static void a_late_entry_is_waited_for(void **state)
{
	struct fake_run *f = *state;
	struct disk_dma *d = observer(f);

	say(f, CREATE, (unsigned)CQ_IOVA, 1);
	submit(f);
	g_timeout_add(150, write_at_last, f);
	assert_int_equal(account(f, d, 0).landed_after_copy, 1);
}

static void data_elsewhere_is_a_loss(void **state)
{
	struct fake_run *f = *state;
	struct disk_dma *d = observer(f);
	struct evidence_dma dma;

	say(f, CREATE, (unsigned)CQ_IOVA, 1);
	submit(f);
	jump(f, d);
	write_both(f, DISK_PA);
	assert_int_equal(machine_write_phys(&f->m, DISK_PA + 0x1800, "?", 1), 0);
	complete(f);
	disk_dma_close(d);
	disk_dma_free(d);
	dma = g_array_index(f->run.at.ev->dma, struct evidence_dma, 0);
	assert_int_equal(dma.lost, 1);
}

/* A request whose pages the trace did not tell. */
static void unknown_pages(void **state)
{
	struct fake_run *f = *state;
	struct disk_dma *d = observer(f);

	say(f, CREATE, (unsigned)CQ_IOVA, 1);
	say(f, "pci_nvme_read cid %u nsid 1 nlb 8 count %u lba 0x%x", CID, BYTES, LBA);
	want_unknown(f, d, DISK_PA, "was not seen");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fake_run_setup, fake_run_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lands),
		TEST(lands_in_crash_memory),
		TEST(queues_end_with_a_reset),
		TEST(no_entry_is_a_loss),
		TEST(no_queue_seen),
		TEST(not_every_queue_known),
		TEST(a_queue_not_read),
		TEST(a_late_entry_is_waited_for),
		TEST(data_elsewhere_is_a_loss),
		TEST(unknown_pages),
	};

	return cmocka_run_group_tests_name("dma-disk", tests, NULL, NULL);
}
