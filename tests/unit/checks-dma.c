/* SPDX-License-Identifier: GPL-2.0-only */
/* The check `dma-landed`. */
#include "evidence-fixture.h"

#define LANDED "dma-landed"

static void named(void **state)
{
	want(*state, LANDED, CHECK_PASS, "0000:00:02.0 reads completed: 12 sent, 4+8 landed",
	     "0000:00:01.0 canary frames: 60 sent, 20+35 landed, 5 no room", NULL);
}

static void no_dma_asked(void **state)
{
	struct good_run *f = *state;

	f->sc->devices.dma = CONF_DMA_NONE;
	want(f, LANDED, CHECK_SKIP, "asks for no DMA", NULL);
}

/* Without an IOMMU there are no tables that would say where to look. */
static void no_iommu(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	good_no_walk(f, AT_PANIC);
	want(f, LANDED, CHECK_SKIP, "no IOMMU", NULL);
}

static void nothing_seen(void **state)
{
	struct good_run *f = *state;

	g_array_set_size(f->ev->dma, 0);
	want(f, LANDED, CHECK_NO_EVIDENCE, "no DMA was seen", NULL);
	want_outcome(f, "inconclusive", 125);
}

static void lost(void **state)
{
	struct good_run *f = *state;
	struct evidence_dma *dma = good_dma(f, NIC);

	dma->landed_after_copy -= 3;
	dma->lost = 3;
	dma->problem = g_strdup("frame 17, IOVA 0xfffd3000, is not at PA 0x300f000");
	want(f, LANDED, CHECK_FAIL, "0000:00:01.0", "3 LOST", "IOVA 0xfffd3000", "PA 0x300f000", NULL);
	want_outcome(f, "dma-lost", 1);
}

/* What could not be looked for is neither lost nor found. */
static void unknown(void **state)
{
	struct good_run *f = *state;
	struct evidence_dma *dma = good_dma(f, DISK);

	dma->landed_after_copy -= 3;
	dma->unknown = 3;
	dma->problem = g_strdup("no completion queue was seen");
	want(f, LANDED, CHECK_NO_EVIDENCE, "3 not known", "no completion queue was seen", NULL);
	want_outcome(f, "inconclusive", 125);
	good_dma(f, NIC)->landed_after_copy--;
	good_dma(f, NIC)->lost++;
	want(f, LANDED, CHECK_FAIL, "1 LOST", NULL);
}

/* Losses before the copy count as those after it. */
static void lost_before_copy(void **state)
{
	struct good_run *f = *state;

	good_dma(f, DISK)->landed_before_copy -= 1;
	good_dma(f, DISK)->lost = 1;
	want(f, LANDED, CHECK_FAIL, "0000:00:02.0", "1 LOST", NULL);
}

/* All were found where they belong, and one of them somewhere else as well. */
static void misplaced(void **state)
{
	struct good_run *f = *state;

	good_dma(f, NIC)->misplaced = 1;
	good_dma(f, NIC)->problem = g_strdup("frame 4 is at PA 0x1f000, where no table leads");
	want(f, LANDED, CHECK_FAIL, "0000:00:01.0", "1 MISPLACED", "PA 0x1f000", NULL);
}

/* More were sent than there is an account of, or fewer. */
static void sum_wrong(void **state)
{
	struct good_run *f = *state;

	good_dma(f, NIC)->sent++;
	want(f, LANDED, CHECK_FAIL, "0000:00:01.0", "61 sent", NULL);
	good_dma(f, NIC)->sent -= 2;
	want(f, LANDED, CHECK_FAIL, "0000:00:01.0", "59 sent", NULL);
}

static void no_room_missing(void **state)
{
	struct good_run *f = *state;

	good_dma(f, NIC)->no_room = 0;
	want(f, LANDED, CHECK_FAIL, "0000:00:01.0", "60 sent, 20+35 landed", NULL);
}

/* One requester's failure is not made good by the other's success. */
static void second_fails(void **state)
{
	struct good_run *f = *state;

	good_dma(f, DISK)->lost = 1;
	want(f, LANDED, CHECK_FAIL, "0000:00:02.0", "1 LOST", NULL);
	good_dma(f, DISK)->lost = 0;
	good_dma(f, NIC)->lost = 1;
	want(f, LANDED, CHECK_FAIL, "0000:00:01.0", "1 LOST", NULL);
}

static void nothing_sent(void **state)
{
	struct good_run *f = *state;
	struct evidence_dma *dma = good_dma(f, NIC);

	dma->sent = dma->landed_before_copy = dma->landed_after_copy = dma->no_room = 0;
	want(f, LANDED, CHECK_NO_EVIDENCE, "0000:00:01.0 canary frames: 0 sent", NULL);
}

/* All DMA came before the root switch: it says nothing of the copy. */
static void none_after_copy(void **state)
{
	struct good_run *f = *state;
	struct evidence_dma *dma = good_dma(f, NIC);

	dma->landed_before_copy += dma->landed_after_copy;
	dma->landed_after_copy = 0;
	want(f, LANDED, CHECK_NO_EVIDENCE, "no DMA after the copy", NULL);
}

/* The same of the first of them. */
static void first_none_after_copy(void **state)
{
	struct good_run *f = *state;
	struct evidence_dma *dma = good_dma(f, DISK);

	dma->landed_before_copy += dma->landed_after_copy;
	dma->landed_after_copy = 0;
	want(f, LANDED, CHECK_NO_EVIDENCE, "12+0 landed", "no DMA after the copy", NULL);
}

static void all_refused(void **state)
{
	struct good_run *f = *state;
	struct evidence_dma *dma = good_dma(f, NIC);

	dma->landed_before_copy = dma->landed_after_copy = 0;
	dma->no_room = dma->sent;
	want(f, LANDED, CHECK_NO_EVIDENCE, "60 no room", NULL);
}

/* A loss is a finding even if nothing came after the copy. */
static void lost_and_none_after(void **state)
{
	struct good_run *f = *state;
	struct evidence_dma *dma = good_dma(f, NIC);

	dma->lost = dma->landed_after_copy;
	dma->landed_after_copy = 0;
	want(f, LANDED, CHECK_FAIL, "35 LOST", NULL);
}

/* The scenario asks for DMA of both devices, and there is an account of one. */
static void account_missing(void **state)
{
	struct good_run *f = *state;

	g_array_remove_index(f->ev->dma, 1);
	want(f, LANDED, CHECK_NO_EVIDENCE, "0000:00:02.0", NULL);
	f->sc->devices.dma = CONF_DMA_DISK;
	want(f, LANDED, CHECK_PASS, "0000:00:02.0", NULL);
	want_not(f, "0000:00:01.0");
}

/* The trace of a device that this run does not drive spoils nothing. */
static void trace_of_one_device(void **state)
{
	struct good_run *f = *state;
	struct evidence_trace t = { .group = TRACE_GROUP_DISK_DMA, .malformed = 1 };

	g_array_append_val(f->ev->traces, t);
	want(f, LANDED, CHECK_NO_EVIDENCE, "1 trace event of disk DMA in a form that is not known", NULL);
	f->sc->devices.dma = CONF_DMA_NIC;
	want(f, LANDED, CHECK_PASS, NULL);
}

int checks_dma_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(named),	      LEGACY(trace_of_one_device), LEGACY(no_dma_asked),
		LEGACY(no_iommu),     LEGACY(nothing_seen),	   LEGACY(lost),
		LEGACY(unknown),      LEGACY(lost_before_copy),	   LEGACY(misplaced),
		LEGACY(sum_wrong),    LEGACY(no_room_missing),	   LEGACY(second_fails),
		LEGACY(nothing_sent), LEGACY(none_after_copy),	   LEGACY(first_none_after_copy),
		LEGACY(all_refused),  LEGACY(lost_and_none_after), LEGACY(account_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
