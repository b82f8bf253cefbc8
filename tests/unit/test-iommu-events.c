/* SPDX-License-Identifier: GPL-2.0-only */
/* From lines of QEMU's trace to the evidence that the checks judge. */
#include "machine-test.h"

#include "conf/scenario.h"
#include "evidence/iommus.h"
#include "observe/attempt.h"
#include "observe/clock.h"
#include "observe/iommu-events.h"
#include "table-builder.h"
#include "vtd/formats.h"
#include "vtd/regs.h"

#define JUMP INT64_C(1795360000000000000)

struct told {
	struct scenario *sc;
	struct plan plan;
	struct attempt at;
	struct iommu_events *events;
};

static int setup(void **state)
{
	struct told *l = g_new0(struct told, 1);
	struct evidence_device disk = { .bdf = g_strdup("0000:00:02.0"), .sid = 0x10 };
	struct evidence_device nic = { .bdf = g_strdup("0000:00:01.0"), .sid = 0x08 };

	l->sc = scenario_new("iommu events");
	l->plan.scenario = l->sc;
	l->at = (struct attempt){ .plan = &l->plan, .ev = evidence_new(l->sc), .clock = clock_new(NULL) };
	l->events = iommu_events_new(&l->at);
	g_array_append_val(l->at.ev->devices, disk);
	g_array_append_val(l->at.ev->devices, nic);
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct told *l = *state;

	iommu_events_free(l->events);
	clock_free(l->at.clock);
	evidence_free(l->at.ev);
	scenario_free(l->sc);
	g_free(l);
	return 0;
}

/* A line as QEMU writes it, @ms after the jump. */
static void say(struct told *l, int ms, const char *text)
{
	struct trace_event e;

	assert_int_equal(trace_parse_line(text, &e), TRACE_PARSE_EVENT);
	e.host_ns = JUMP + ms * INT64_C(1000000);
	iommu_events_take(l->events, &e);
}

static const struct evidence_event *event(const struct told *l, unsigned i)
{
	assert_true(i < l->at.ev->events->len);
	return &g_array_index(l->at.ev->events, struct evidence_event, i);
}

static void unit_events(void **state)
{
	struct told *l = *state;
	struct evidence *ev = l->at.ev;
	uint64_t root;
	unsigned ttm;

	assert_false(iommu_events_root(l->events, &root, &ttm));
	say(l, -9000, "vtd_reg_dmar_root addr 0x5000 scalable 0");
	say(l, -8000, "vtd_dmar_enable enable 1");
	say(l, -7000, "vtd_reg_ir_root addr 0x6000 size 0xf");
	say(l, -6000, "vtd_ir_enable enable 1");
	assert_true(!ev->root_switch_ns && iommu_events_root(l->events, &root, &ttm));
	assert_true(root == 0x5000 && ttm == VTD_TTM_LEGACY);
	ev->jump_ns = JUMP;
	say(l, 10, "vtd_reg_dmar_root addr 0x7000 scalable 1");
	assert_true(ev->root_switch_ns == JUMP + 10000000);
	assert_true(iommu_events_root(l->events, &root, &ttm) && root == 0x7000 && ttm == VTD_TTM_SCALABLE);
	say(l, 20, "vtd_reg_dmar_root addr 0x8000 scalable 1");
	assert_true(ev->root_switch_ns == JUMP + 10000000);
	assert_false(ev->translation_dropped);
	say(l, 30, "vtd_dmar_enable enable 0");
	assert_true(ev->translation_dropped);
	assert_int_equal(ev->events->len, 7);
	assert_int_equal(event(l, 0)->kind, EVENT_ROOT);
	assert_int_equal(event(l, 1)->kind, EVENT_TRANSLATION);
	assert_true(event(l, 1)->on);
	assert_int_equal(event(l, 2)->kind, EVENT_IR_ROOT);
	assert_true(event(l, 2)->addr == 0x6000);
	assert_int_equal(event(l, 3)->kind, EVENT_IR_ENABLE);
	assert_true(event(l, 3)->on && !event(l, 6)->on);
	assert_int_equal(ev->trace_events, 7);
}

/* Poweroff's own switching off is no drop. */
static void poweroff(void **state)
{
	struct told *l = *state;

	l->at.ev->jump_ns = JUMP;
	l->at.ev->poweroff_ns = JUMP + 1000000;
	say(l, 2, "vtd_dmar_enable enable 0");
	assert_false(l->at.ev->translation_dropped);
}

static void invalidations(void **state)
{
	static const struct {
		const char *line;
		struct evidence_event want;
	} rows[] = {
		{ "vtd_inv_desc_cc_global context invalidate globally", { .kind = EVENT_CC_GLOBAL } },
		{ "vtd_inv_desc_cc_domain context invalidate domain 0x3", { .kind = EVENT_CC_DOMAIN, .did = 3 } },
		{ "vtd_inv_desc_cc_devices context invalidate devices sid 0x10 fmask 0x0",
		  { .kind = EVENT_CC_DEVICE, .sid = 0x10 } },
		{ "vtd_inv_desc_cc_devices context invalidate devices sid 0x8010 fmask 0x2",
		  { .kind = EVENT_CC_DEVICE, .sid = 0x8010, .addr = 6 } },
		{ "vtd_inv_desc_cc_devices context invalidate devices sid 0x10 fmask 0x3",
		  { .kind = EVENT_CC_DEVICE, .sid = 0x10, .addr = 7 } },
		{ "vtd_inv_desc_iotlb_global iotlb invalidate global", { .kind = EVENT_IOTLB_GLOBAL } },
		{ "vtd_inv_desc_iotlb_domain iotlb invalidate whole domain 0x4",
		  { .kind = EVENT_IOTLB_DOMAIN, .did = 4 } },
		{ "vtd_inv_desc_iotlb_pasid iotlb invalidate domain 0x4 pasid 0x9",
		  { .kind = EVENT_IOTLB_PASID, .did = 4, .pasid = 9 } },
	};
	struct told *l = *state;

	l->at.ev->jump_ns = JUMP;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct evidence_event *e;

		say(l, (int)i, rows[i].line);
		e = event(l, i);
		assert_int_equal(e->kind, rows[i].want.kind);
		assert_int_equal(e->sid, rows[i].want.sid);
		assert_int_equal(e->did, rows[i].want.did);
		assert_int_equal(e->pasid, rows[i].want.pasid);
		assert_true(e->addr == rows[i].want.addr);
		assert_true(e->host_ns == JUMP + (int64_t)i * 1000000);
	}
	assert_int_equal(l->at.ev->events->len, G_N_ELEMENTS(rows));
}

/* The first kernel's are left out; and there is an end to what is kept, which is counted. */
static void bounded(void **state)
{
	struct told *l = *state;
	struct evidence *ev = l->at.ev;

	say(l, -10, "vtd_inv_desc_iotlb_domain iotlb invalidate whole domain 0x4");
	ev->jump_ns = JUMP;
	say(l, -1, "vtd_inv_desc_iotlb_domain iotlb invalidate whole domain 0x4");
	assert_int_equal(ev->events->len, 0);
	for (unsigned i = 0; i < EVIDENCE_INVALIDATIONS_MAX + 5; i++)
		say(l, 1, "vtd_inv_desc_iotlb_domain iotlb invalidate whole domain 0x4");
	assert_int_equal(ev->events->len, EVIDENCE_INVALIDATIONS_MAX);
	assert_int_equal(ev->events_dropped, 5);
	/* others are still kept */
	say(l, 2, "vtd_dmar_enable enable 1");
	assert_int_equal(ev->events->len, EVIDENCE_INVALIDATIONS_MAX + 1);
}

static void requesters(void **state)
{
	struct told *l = *state;
	const GArray *seen = l->at.ev->requesters;
	const struct evidence_requester *r;

	say(l, -5, "vtd_iotlb_page_update IOTLB page update sid 0x10 iova 0x1000 slpte 0x2003 domain 0x4");
	say(l, 5, "vtd_iotlb_page_update IOTLB page update sid 0x80a0 iova 0x1000 slpte 0x2003 domain 0x4");
	say(l, 7, "vtd_dmar_fault sid 0x10 fault 5 addr 0xffff1000 write 1");
	assert_int_equal(seen->len, 2);
	r = &g_array_index(seen, struct evidence_requester, 0);
	assert_int_equal(r->sid, 0x10);
	assert_int_equal(r->count, 2);
	assert_true(r->first_ns == JUMP - 5000000 && r->last_ns == JUMP + 7000000);
	r = &g_array_index(seen, struct evidence_requester, 1);
	assert_int_equal(r->sid, 0x80a0);
	assert_int_equal(r->count, 1);
	/* only the fault is an event of the unit */
	assert_int_equal(l->at.ev->trace_events, 1);
	assert_int_equal(event(l, 0)->kind, EVENT_FAULT);
	assert_true(event(l, 0)->on && event(l, 0)->reason == 5 && event(l, 0)->addr == 0xffff1000);
}

/* When the new driver lets the device do DMA: after its reset, once, and not in the first kernel. */
static void first_dma(void **state)
{
	struct told *l = *state;
	struct evidence_device *disk = evidence_device_find(l->at.ev, 0x10);
	struct evidence_device *nic = evidence_device_find(l->at.ev, 0x08);

	say(l, -100, "pci_nvme_mmio_stopped cleared controller enable bit");
	say(l, -90, "pci_nvme_mmio_start_success setting controller enable bit succeeded");
	say(l, -80, "e1000e_rx_set_rctl RCTL = 0x4008002");
	assert_true(!disk->reset_ns && !disk->first_dma_ns && !nic->first_dma_ns);
	l->at.ev->jump_ns = JUMP;
	say(l, 10, "e1000e_rx_set_rctl RCTL = 0x4008002");
	assert_true(!nic->first_dma_ns);
	say(l, 20, "pci_nvme_mmio_stopped cleared controller enable bit");
	say(l, 21, "e1000e_core_ctrl_sw_reset Doing SW reset");
	say(l, 22, "e1000e_rx_set_rctl RCTL = 0x4008000");
	assert_true(!nic->first_dma_ns);
	say(l, 23, "pci_nvme_mmio_start_success setting controller enable bit succeeded");
	say(l, 24, "e1000e_rx_set_rctl RCTL = 0x4008002");
	say(l, 25, "e1000e_rx_set_rctl RCTL = 0x4008002");
	say(l, 26, "pci_nvme_mmio_start_success setting controller enable bit succeeded");
	assert_true(disk->reset_ns == JUMP + 20000000 && disk->first_dma_ns == JUMP + 23000000);
	assert_true(nic->reset_ns == JUMP + 21000000 && nic->first_dma_ns == JUMP + 24000000);
}

/* A device that tries again and again: what is kept is bounded, and there wherever in time it is looked for. */
static void a_storm_of_faults(void **state)
{
	struct told *l = *state;
	struct trace_event e = { .kind = TRACE_DMAR_FAULT, .a = 0x80a0, .b = 1, .host_ns = JUMP };
	struct trace_event other = { .kind = TRACE_DMAR_FAULT, .a = 0x10, .b = 5 };
	GArray *events = l->at.ev->events;

	for (unsigned i = 0; i < EVIDENCE_FAULTS_MAX + 100000; i++, e.host_ns += 1000)
		iommu_events_take(l->events, &e);
	assert_in_range(events->len, EVIDENCE_FAULTS_MAX + 100, EVIDENCE_FAULTS_MAX + 101);
	assert_true(event(l, events->len - 1)->host_ns > e.host_ns - 2000000);
	assert_int_equal(g_array_index(l->at.ev->requesters, struct evidence_requester, 0).count,
			 EVIDENCE_FAULTS_MAX + 100000);
	/* another requester's first one is kept all the same */
	other.host_ns = e.host_ns;
	iommu_events_take(l->events, &other);
	assert_int_equal(event(l, events->len - 1)->sid, 0x10);
}

/* The bits of all levels count; what has no leaf, or no entry, has none. */
static void what_a_fault_meets(void **state)
{
	const struct {
		uint64_t iova, bits;
		enum evidence_leaf leaf;
	} pages[] = {
		{ 0x1000, VTD_SL_R, LEAF_READ },
		{ 0x2000, VTD_SL_W, LEAF_WRITE },
		{ 0x3000, VTD_SL_R | VTD_SL_W, LEAF_READ_WRITE },
		{ 0x4000, 0, LEAF_NONE },
	};
	const struct iommu *iommu = iommu_detect(((struct told *)*state)->sc);
	struct iommu_mem mem;
	struct tables t;
	uint64_t root, pt;

	tables_init(&t, 64);
	mem = tables_mem(&t);
	tables_alloc(&t, 7);
	root = tables_alloc(&t, 1);
	pt = tables_alloc(&t, 1);
	tables_legacy(&t, root, 0x10, 0, 1, 1, pt);
	for (size_t i = 0; i < G_N_ELEMENTS(pages); i++)
		tables_map(&t, pt, 3, 1, pages[i].iova, 0x7000, pages[i].bits);
	for (size_t i = 0; i < G_N_ELEMENTS(pages); i++)
		assert_int_equal(iommu_events_leaf(iommu, &mem, root, VTD_TTM_LEGACY, 0x10, pages[i].iova),
				 pages[i].leaf);
	assert_int_equal(iommu_events_leaf(iommu, &mem, root, VTD_TTM_LEGACY, 0x10, 0x40000000), LEAF_NONE);
	assert_int_equal(iommu_events_leaf(iommu, &mem, root, VTD_TTM_LEGACY, 0x18, 0x3000), LEAF_NONE);
	/* passed through */
	tables_legacy(&t, root, 0x20, 2, 1, 2, 0);
	assert_int_equal(iommu_events_leaf(iommu, &mem, root, VTD_TTM_LEGACY, 0x20, 0x3000), LEAF_READ_WRITE);
	tables_free(&t);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(unit_events), CASE(poweroff),  CASE(invalidations),     CASE(bounded),
		CASE(requesters),  CASE(first_dma), CASE(a_storm_of_faults), CASE(what_a_fault_meets),
	};

	return cmocka_run_group_tests_name("iommu events", tests, NULL, NULL);
}
