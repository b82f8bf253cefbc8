/* SPDX-License-Identifier: GPL-2.0-only */
/* The check `requesters-repointed` for requester ids that are no device's own. */
#include "evidence-fixture.h"

#define REPOINTED "requesters-repointed"
#define BRIDGE SATA /* has an entry that nobody changes */

static void add_function(struct good_run *f, uint16_t sid, bool bridge)
{
	struct evidence_function function = { .sid = sid, .bridge = bridge };

	g_array_append_val(f->ev->functions, function);
}

/* Point the entry of @sid to the tables of the NIC's new domain. */
static void repoint(struct good_run *f, enum good_stage stage, uint16_t sid)
{
	memcpy(good_entry(f, stage, sid), good_entry(f, stage, NIC), 16);
	good_walk(f, stage, NULL);
}

static void alias_of_device(void **state)
{
	struct good_run *f = *state;
	struct evidence_device *dev = good_device(f, NIC);

	dev->has_alias = true;
	dev->alias_sid = BRIDGE;
	good_invalidate(f, T_NIC_ATTACH, EVENT_CC_DEVICE, BRIDGE, 0);
	good_invalidate(f, T_NIC_ATTACH, EVENT_IOTLB_DOMAIN, 0, 3);
	want(f, REPOINTED, CHECK_FAIL, "0000:00:1f.2 (alias of 0000:00:01.0) still points to the dead kernel's tables",
	     NULL);
	want_outcome(f, "stale-attach", 1);
	repoint(f, AFTER_NIC, BRIDGE);
	want(f, REPOINTED, CHECK_PASS, "0000:00:1f.2 (alias of 0000:00:01.0) DID 3 -> 5", NULL);
	good_entry(f, AFTER_NIC, BRIDGE)[0] = 0;
	good_walk(f, AFTER_NIC, NULL);
	want(f, REPOINTED, CHECK_FAIL, "(alias of 0000:00:01.0) has no present entry", NULL);
}

/* The device's own id is still to be repointed as well. */
static void alias_only(void **state)
{
	struct good_run *f = *state;
	struct evidence_device *dev = good_device(f, NIC);

	dev->has_alias = true;
	dev->alias_sid = BRIDGE;
	repoint(f, AFTER_NIC, BRIDGE);
	memcpy(good_entry(f, AFTER_NIC, NIC), good_entry(f, AT_PANIC, NIC), 16);
	good_walk(f, AFTER_NIC, NULL);
	want(f, REPOINTED, CHECK_FAIL, "0000:00:01.0 still points", NULL);
}

/* Events of an alias are those of its device. */
static void alias_found(void **state)
{
	struct good_run *f = *state;
	struct evidence_device *dev = good_device(f, NIC);

	assert_null(evidence_device_find(f->ev, BRIDGE));
	dev->has_alias = true;
	dev->alias_sid = BRIDGE;
	assert_ptr_equal(evidence_device_find(f->ev, BRIDGE), dev);
	dev->alias_sid = DISK;
	assert_ptr_equal(evidence_device_find(f->ev, DISK), good_device(f, DISK));
}

/* Seen in the trace after all attaches, but nobody's own id. */
static void seen(void **state)
{
	struct good_run *f = *state;

	add_function(f, BRIDGE, true);
	good_requester(f, BRIDGE, AT(5500));
	want(f, REPOINTED, CHECK_FAIL, "0000:00:1f.2 (seen in the trace) still points", NULL);
	repoint(f, AT_END, BRIDGE);
	want(f, REPOINTED, CHECK_PASS, "0000:00:1f.2 (seen in the trace) DID 3 -> 5", NULL);
	good_no_walk(f, AT_END);
	want(f, REPOINTED, CHECK_NO_EVIDENCE, "0000:00:1f.2 (seen in the trace)", "at the end", NULL);
}

/* A requester id of a bus whose functions all have other ids. */
static void seen_nobodys(void **state)
{
	struct good_run *f = *state;

	add_function(f, NIC, false);
	good_requester(f, 0x0500, AT(5500));
	want(f, REPOINTED, CHECK_FAIL, "0000:05:00.0 (seen in the trace) has no present entry", NULL);
}

/* The dead kernel's DMA may go on where no driver has come, and before the attach anywhere. */
static void seen_and_left_out(void **state)
{
	struct good_run *f = *state;

	add_function(f, BRIDGE, false);
	good_requester(f, BRIDGE, AT(5500));
	good_requester(f, DISK, AT(5500));
	want(f, REPOINTED, CHECK_PASS, NULL);
	want_not(f, "seen in the trace");
}

static void seen_early(void **state)
{
	struct good_run *f = *state;

	add_function(f, BRIDGE, true);
	good_requester(f, BRIDGE, T_NIC_ATTACH - 1000);
	want(f, REPOINTED, CHECK_PASS, NULL);
	want_not(f, "seen in the trace");
}

static void functions_unknown(void **state)
{
	struct good_run *f = *state;

	good_requester(f, BRIDGE, AT(5500));
	want(f, REPOINTED, CHECK_NO_EVIDENCE, "0000:00:1f.2", "may be an alias", NULL);
}

static void passed_through(void **state)
{
	struct good_run *f = *state;

	add_function(f, BRIDGE, true);
	good_requester(f, BRIDGE, AT(5500));
	want(f, REPOINTED, CHECK_PASS, "0000:00:1f.2 (seen in the trace)", NULL);
}

/* What the alias had mapped is the device's too. */
static void retargeted(void **state)
{
	struct good_run *f = *state;
	struct evidence_device *dev = good_device(f, NIC);

	dev->has_alias = true;
	dev->alias_sid = BRIDGE;
	repoint(f, AFTER_NIC, BRIDGE);
	want(f, "iova-not-retargeted", CHECK_PASS, NULL);
	good_map(f, AFTER_NIC, NIC, SATA_IOVA, 0x7000000, 2);
	good_walk(f, AFTER_NIC, NULL);
	want(f, "iova-not-retargeted", CHECK_FAIL, "2 of", NULL);
}

/* A deep copy has the old tables in new places: to point there still is stale all the same. */
static void deep_and_stale(void **state)
{
	struct good_run *f = *state;
	uint64_t copy = tables_alloc(&f->ram[COPIED], 1);

	good_crash_cmdline(f, "intel_iommu=kdump_deep");
	for (int stage = COPIED; stage <= AFTER_NIC; stage++) {
		uint64_t *entry = good_entry(f, stage, NIC);

		memcpy(tables_word(&f->ram[stage], copy, 0),
		       tables_word(&f->ram[AT_PANIC], good_pt_root(f, AT_PANIC, NIC), 0), 4096);
		entry[0] = (entry[0] & 0xfff) | copy;
		good_walk(f, stage, NULL);
	}
	want(f, REPOINTED, CHECK_FAIL, "0000:00:01.0 still points to the copied tables", NULL);
	want(f, "context-same-fields", CHECK_PASS, NULL);
	want(f, "leaves-equal", CHECK_PASS, NULL);
	good_crash_cmdline(f, "console=ttyS0");
	want(f, "context-same-fields", CHECK_FAIL, "page-table root", NULL);
}

/* Whether it still is at the copied tables cannot be told where these were not read. */
static void deep_and_no_copy_read(void **state)
{
	struct good_run *f = *state;

	good_crash_cmdline(f, "intel_iommu=kdump_deep");
	want(f, REPOINTED, CHECK_PASS, NULL);
	good_no_walk(f, COPIED);
	want(f, REPOINTED, CHECK_NO_EVIDENCE, "0000:00:01.0 DID 2 -> 5, which may be the copied tables", NULL);
	good_crash_cmdline(f, "console=ttyS0");
	want(f, REPOINTED, CHECK_PASS, NULL);
}

int checks_alias_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(alias_of_device),      LEGACY(alias_only),
		LEGACY(alias_found),	      LEGACY(seen),
		LEGACY(seen_nobodys),	      LEGACY(seen_and_left_out),
		LEGACY(seen_early),	      LEGACY(functions_unknown),
		PASS_THROUGH(passed_through), LEGACY(retargeted),
		LEGACY(deep_and_stale),	      LEGACY(deep_and_no_copy_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
