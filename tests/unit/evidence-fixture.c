/* SPDX-License-Identifier: GPL-2.0-only */
/* The evidence of a healthy kdump run: what the run would have filled in, and asking the checks. */
#include "evidence-fixture.h"

#include "base/cmdline.h"
#include "evidence-tables.h"
#include "verdict/judge.h"
#include "vtd/backend.h"
#include "vtd/snapshot.h"

#define CANARY "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"

static void regs_fill(struct good_run *f, enum good_stage stage)
{
	bool scalable = f->mode == GOOD_SCALABLE || f->mode == GOOD_FIRST_LEVEL;
	uint64_t *raw = f->raw[stage];
	/* Fault record at 0x220 (1 of them), MGAW 39 bits, SAGAW 39 bits, 2^16 domains. */
	uint64_t cap = UINT64_C(0x22) << 24 | UINT64_C(38) << 16 | UINT64_C(2) << 8 | 6;
	uint64_t ttm = scalable ? VTD_TTM_SCALABLE : VTD_TTM_LEGACY;

	vtd_regs_set32(raw, VTD_REG_VER, 0x10);
	vtd_regs_set64(raw, VTD_REG_CAP, cap);
	vtd_regs_set64(raw, VTD_REG_ECAP, 1u << 1 | 1u << 3 | 1u << 6);
	vtd_regs_set32(raw, VTD_REG_GSTS, 1u << 31 | 1u << 30 | 1u << 26);
	vtd_regs_set64(raw, VTD_REG_RTADDR, good_root(f, stage) | ttm << 10);
	good_regs(f, stage);
}

static void add_device(struct good_run *f, uint16_t sid, const char *bdf, const char *driver, const char *worked,
		       int64_t driver_ns, int64_t attach_ns, int64_t reset_ns)
{
	bool identity = f->mode == GOOD_PASS_THROUGH;
	struct evidence_device dev = {
		.bdf = g_strdup(bdf),
		.sid = sid,
		.driver = g_strdup(driver),
		.wanted = true,
		.first_translated = true,
		.group_type = g_strdup(identity ? "identity" : "DMA-FQ"),
		.driver_ns = driver_ns,
		.attach_ns = attach_ns,
		.reset_ns = reset_ns,
		.unchanged_ns = attach_ns - 2000000,
		.first_dma_ns = attach_ns + FIRST_DMA_NS,
		.works = true,
		.works_detail = g_strdup(worked),
	};

	g_array_append_val(f->ev->devices, dev);
}

static void add_dma(struct good_run *f, uint16_t sid, const char *what, uint64_t before, uint64_t after,
		    uint64_t no_room)
{
	struct evidence_dma dma = { .sid = sid,
				    .what = what,
				    .sent = before + after + no_room,
				    .landed_before_copy = before,
				    .landed_after_copy = after,
				    .no_room = no_room };

	g_array_append_val(f->ev->dma, dma);
}

static void add_event(struct good_run *f, struct evidence_event event)
{
	g_array_append_val(f->ev->events, event);
	f->ev->trace_events++;
}

/* What goes with the change of an entry: its context and its old domain are flushed. */
static void add_attach(struct good_run *f, uint16_t sid, int64_t attach_ns, uint16_t did)
{
	good_invalidate(f, attach_ns - 1500000, EVENT_CC_DEVICE, sid, 0);
	good_invalidate(f, attach_ns - 1400000, EVENT_IOTLB_DOMAIN, 0, did);
}

static void scenario_fill(struct good_run *f)
{
	static const enum machine_iommu_mode modes[] = {
		[GOOD_LEGACY] = MACHINE_IOMMU_LEGACY,
		[GOOD_SCALABLE] = MACHINE_IOMMU_SCALABLE,
		[GOOD_FIRST_LEVEL] = MACHINE_IOMMU_FIRST_LEVEL,
		[GOOD_PASS_THROUGH] = MACHINE_IOMMU_LEGACY,
	};

	f->sc = scenario_new("good");
	f->sc->iommu.mode = modes[f->mode];
	/* A check that fails is to be seen, be it a bug of this mode that is known. */
	assert_true(scenario_set(f->sc, "scenario.expect-fail-scalable=", NULL));
	assert_true(scenario_set(f->sc, "scenario.expect-fail-6.1-scalable=", NULL));
	if (f->mode == GOOD_PASS_THROUGH)
		assert_true(scenario_set(f->sc, "first.cmdline=iommu.passthrough=1", NULL));
}

static void evidence_fill(struct good_run *f)
{
	struct evidence *ev = f->ev;
	bool identity = f->mode == GOOD_PASS_THROUGH;

	ev->first_hello = ev->crash_loaded = true;
	ev->first_cmdline = g_strdup(identity ? "console=ttyS0 intel_iommu=on iommu.passthrough=1" :
						"console=ttyS0 intel_iommu=on");
	ev->group_types = g_strdup(identity ? "identity" : "DMA-FQ");
	ev->crash_start = CRASH_START;
	ev->crash_end = CRASH_END;
	ev->jump_rip = CRASH_START + 0x1234;
	ev->trigger_ns = AT(0);
	ev->jump_ns = T_JUMP;
	ev->root_switch_ns = T_ROOT;
	ev->crash_hello_ns = T_HELLO;
	ev->poweroff_ns = T_POWEROFF;
	add_event(f, (struct evidence_event){ .kind = EVENT_ROOT, .host_ns = AT(-9000), .addr = f->old_root });
	good_translation(f, AT(-8999), true);
	add_event(f, (struct evidence_event){ .kind = EVENT_ROOT, .host_ns = T_ROOT, .addr = f->new_root });
	good_invalidate(f, T_ROOT + 1000, EVENT_CC_GLOBAL, 0, 0);
	good_invalidate(f, T_ROOT + 2000, EVENT_IOTLB_GLOBAL, 0, 0);
	add_attach(f, DISK, T_DISK_ATTACH, 1);
	add_attach(f, NIC, T_NIC_ATTACH, 2);
	add_device(f, DISK, "0000:00:02.0", "nvme", "256 KiB read right, written right", T_DISK_DRIVER, T_DISK_ATTACH,
		   T_DISK_RESET);
	add_device(f, NIC, "0000:00:01.0", "e1000e", "16 of 16 frames out, 16 in", T_NIC_DRIVER, T_NIC_ATTACH,
		   T_NIC_RESET);
	add_dma(f, DISK, "reads completed", 4, 8, 0);
	add_dma(f, NIC, "canary frames", 20, 35, 5);
	ev->canary_written = g_strdup(CANARY);
	ev->canary_read = g_strdup(CANARY);
	ev->canary_pa = 0x7654000;
}

/* The table pages as they were at the panic. */
static void good_snapshot(struct good_run *f)
{
	struct evidence_state *state = &f->ev->at_panic;
	struct iommu_mem mem = tables_mem(&f->ram[AT_PANIC]);
	struct iommu_snapshot_meta meta = { .phase = "panic" };

	vtd_iommu.in_force(f->raw[AT_PANIC], &meta);
	iommu_snapshot_free(state->snapshot);
	assert_int_equal(vtd_snapshot_capture(&mem, f->raw[AT_PANIC], &meta, NULL, &state->snapshot, NULL, NULL), 0);
}

void good_old_tables(struct good_run *f)
{
	struct iommu_mem mem = tables_mem(&f->ram[AT_END]);

	iommu_snapshot_free(f->ev->old_tables);
	f->ev->old_tables = NULL;
	assert_int_equal(vtd_snapshot_reread(f->ev->at_panic.snapshot, &mem, "old-tables", &f->ev->old_tables, NULL),
			 0);
}

struct good_run *good_run_new(enum good_mode mode)
{
	struct good_run *f = g_new0(struct good_run, 1);

	f->mode = mode;
	f->detail = g_string_new(NULL);
	scenario_fill(f);
	f->ev = evidence_new(f->sc);
	f->ev->first_release = g_strdup("6.1.0-test");
	f->ev->crash_release = g_strdup("6.1.0-test");
	evidence_tables(f);
	evidence_fill(f);
	for (int stage = 0; stage < STAGES; stage++) {
		regs_fill(f, stage);
		good_walk(f, stage, NULL);
	}
	good_snapshot(f);
	good_old_tables(f);
	return f;
}

void good_run_free(struct good_run *f)
{
	for (int stage = 0; stage < STAGES; stage++)
		tables_free(&f->ram[stage]);
	evidence_free(f->ev);
	scenario_free(f->sc);
	g_string_free(f->detail, TRUE);
	g_free(f);
}

int good_legacy(void **state)
{
	*state = good_run_new(GOOD_LEGACY);
	return 0;
}

int good_scalable(void **state)
{
	*state = good_run_new(GOOD_SCALABLE);
	return 0;
}

int good_first_level(void **state)
{
	*state = good_run_new(GOOD_FIRST_LEVEL);
	return 0;
}

int good_pass_through(void **state)
{
	*state = good_run_new(GOOD_PASS_THROUGH);
	return 0;
}

int good_teardown(void **state)
{
	good_run_free(*state);
	return 0;
}

struct evidence_state *good_state(struct good_run *f, enum good_stage stage)
{
	switch (stage) {
	case AT_PANIC:
		return &f->ev->at_panic;
	case COPIED:
		return &f->ev->copied;
	case AT_END:
		return &f->ev->end;
	default:
		return &good_device(f, stage == AFTER_DISK ? DISK : NIC)->after;
	}
}

void good_regs(struct good_run *f, enum good_stage stage)
{
	struct evidence_state *state = good_state(f, stage);
	static const int64_t moments[STAGES] = { AT(55), AT(905), AT(3900), AT(4900), AT(5900) };

	evidence_state_regs(state, f->raw[stage]);
	state->host_ns = moments[stage];
	state->root = check_regs(state).root;
	state->ttm = check_regs(state).ttm;
}

void good_flip(struct evidence_state *state, unsigned reg, uint32_t bits)
{
	vtd_regs_set32(state->regs, reg, vtd_regs_get32(state->regs, reg) ^ bits);
}

void good_walk(struct good_run *f, enum good_stage stage, const struct vtd_walk_options *limits)
{
	struct evidence_state *state = good_state(f, stage);
	struct vtd_walk_options opt = limits ? *limits : (struct vtd_walk_options){ 0 };
	struct vtd_walk_result *walk = NULL;
	struct iommu_mem mem = tables_mem(&f->ram[stage]);
	struct vtd_regs regs = check_regs(state);

	opt.sagaw = regs.sagaw;
	iommu_walk_free(state->walk);
	assert_int_equal(vtd_walk(&mem, state->root, state->ttm, regs.ir_on ? regs.irta : 0, &opt, &walk), 0);
	state->walk = &walk->base;
}

void good_no_walk(struct good_run *f, enum good_stage stage)
{
	evidence_state_clear(good_state(f, stage));
}

struct evidence_device *good_device(struct good_run *f, uint16_t sid)
{
	struct evidence_device *dev = evidence_device_find(f->ev, sid);

	assert_non_null(dev);
	return dev;
}

struct evidence_dma *good_dma(struct good_run *f, uint16_t sid)
{
	for (unsigned i = 0; i < f->ev->dma->len; i++) {
		struct evidence_dma *dma = &g_array_index(f->ev->dma, struct evidence_dma, i);

		if (dma->sid == sid)
			return dma;
	}
	fail_msg("no DMA account of %#x", sid);
	return NULL;
}

void good_fault(struct good_run *f, int64_t ns, uint16_t sid, uint64_t addr)
{
	add_event(f, (struct evidence_event){
			     .kind = EVENT_FAULT, .host_ns = ns, .sid = sid, .addr = addr, .reason = 2, .on = true });
}

void good_fault_disabled(struct good_run *f, int64_t ns, uint16_t sid, uint64_t addr)
{
	add_event(f, (struct evidence_event){ .kind = EVENT_FAULT_DISABLED, .host_ns = ns, .sid = sid, .addr = addr });
}

void good_translation(struct good_run *f, int64_t ns, bool on)
{
	add_event(f, (struct evidence_event){ .kind = EVENT_TRANSLATION, .host_ns = ns, .on = on });
}

void good_invalidate(struct good_run *f, int64_t ns, enum evidence_event_kind kind, uint16_t sid, uint16_t did)
{
	add_event(f, (struct evidence_event){ .kind = kind, .host_ns = ns, .sid = sid, .did = did });
}

unsigned good_drop(struct good_run *f, enum evidence_event_kind kind, int64_t from, int64_t to)
{
	GArray *events = f->ev->events;
	unsigned dropped = 0;

	for (unsigned i = events->len; i-- > 0;) {
		struct evidence_event *e = &g_array_index(events, struct evidence_event, i);

		if (e->kind != kind || e->host_ns < from || e->host_ns > to)
			continue;
		g_array_remove_index(events, i);
		dropped++;
	}
	return dropped;
}

void good_requester(struct good_run *f, uint16_t sid, int64_t ns)
{
	struct evidence_requester r = { .sid = sid, .first_ns = AT(-5000), .last_ns = ns, .count = 2 };

	g_array_append_val(f->ev->requesters, r);
}

void good_reserve(struct good_run *f, enum evidence_kernel kernel, uint16_t sid, uint64_t start, uint64_t last,
		  bool standing)
{
	struct evidence_reservation r = { .kernel = kernel,
					  .sid = sid,
					  .sid_known = true,
					  .standing = standing,
					  .start = start,
					  .last = last,
					  .guest_ns = -1,
					  .who = "test" };

	g_array_append_val(f->ev->reservations, r);
}

void good_crash_cmdline(struct good_run *f, const char *cmdline)
{
	g_autofree char *mode = cmdline_kdump_mode(cmdline);

	g_free(f->ev->crash_cmdline);
	f->ev->crash_cmdline = g_strdup(cmdline);
	/* a kernel that knows the word logs what it does */
	if (mode && !f->ev->kdump_lines)
		f->ev->kdump_lines = 1;
}

/* 256 entries of 16 bytes: one page. */
static void add_irt(struct good_run *f, enum good_stage stage, uint64_t table)
{
	uint64_t *raw = f->raw[stage];

	vtd_regs_set32(raw, VTD_REG_GSTS, vtd_regs_get32(raw, VTD_REG_GSTS) | 1u << 25 | 1u << 24);
	vtd_regs_set64(raw, VTD_REG_IRTA, table | 7);
	good_regs(f, stage);
	good_walk(f, stage, NULL);
}

void good_intremap(struct good_run *f)
{
	uint64_t old = tables_alloc(&f->ram[AT_PANIC], 1), new;

	f->sc->iommu.intremap = true;
	for (uint32_t i = 0; i < 24; i += 3) {
		tables_word(&f->ram[AT_PANIC], old, i * 2)[0] = VTD_IRTE_P | UINT64_C(0x310000) | i << 8;
		tables_word(&f->ram[AT_PANIC], old, i * 2)[1] = UINT64_C(0x40000) | DISK;
	}
	add_irt(f, AT_PANIC, old);
	for (int stage = COPIED; stage < STAGES; stage++) {
		memcpy(tables_word(&f->ram[stage], old, 0), tables_word(&f->ram[AT_PANIC], old, 0), 4096);
		new = tables_alloc(&f->ram[stage], 1);
		memcpy(tables_word(&f->ram[stage], new, 0), tables_word(&f->ram[AT_PANIC], old, 0), 4096);
		tables_word(&f->ram[stage], new, 2)[0] = VTD_IRTE_P | UINT64_C(0x320000);
		add_irt(f, stage, new);
	}
	good_snapshot(f);
	good_old_tables(f);
}

uint64_t *good_irte(struct good_run *f, enum good_stage stage, uint32_t index)
{
	return tables_word(&f->ram[stage], check_regs(good_state(f, stage)).irt, (size_t)index * 2);
}

/* What want() saw of each check in this program. */
#define MAX_CHECKS 64
static unsigned seen[MAX_CHECKS][CHECK_NO_EVIDENCE + 1];

static enum check_result ask(struct good_run *f, const struct check *check)
{
	enum check_result result;

	g_string_truncate(f->detail, 0);
	result = check_judge(check, f->ev, f->detail);
	assert_in_range(result, 0, CHECK_NO_EVIDENCE);
	if (!f->detail->len || strchr(f->detail->str, '\n'))
		fail_msg("%s: its detail is not one line: '%s'", check->name, f->detail->str);
	return result;
}

/* Where it stands in the table. */
static size_t place(const struct check *check)
{
	size_t n = 0;

	while (vtdlab_checks[n] != check)
		n++;
	assert_true(n < MAX_CHECKS);
	return n;
}

unsigned good_seen(const char *name, enum check_result result)
{
	const struct check *check = check_find(name);

	return check ? seen[place(check)][result] : 0;
}

void want(struct good_run *f, const char *name, enum check_result result, ...)
{
	static const char *const words[] = { "pass", "fail", "skip", "no evidence" };
	const struct check *check = check_find(name);
	enum check_result got;
	const char *word;
	va_list args;

	if (!check)
		fail_msg("there is no check %s", name);
	got = ask(f, check);
	if (got != result)
		fail_msg("%s: %s, want %s: %s", name, words[got], words[result], f->detail->str);
	va_start(args, result);
	while ((word = va_arg(args, const char *)))
		if (!strstr(f->detail->str, word))
			fail_msg("%s: no '%s' in: %s", name, word, f->detail->str);
	va_end(args);
	seen[place(check)][result]++;
}

void want_not(struct good_run *f, const char *word)
{
	if (strstr(f->detail->str, word))
		fail_msg("'%s' in: %s", word, f->detail->str);
}

struct verdict *good_verdict(struct good_run *f)
{
	for (const struct check *const *c = vtdlab_checks; *c; c++)
		ask(f, *c);
	return evidence_judge(f->ev);
}

void want_outcome(struct good_run *f, const char *outcome, int status)
{
	struct verdict *v = good_verdict(f);

	if (strcmp(outcome_name(v->outcome), outcome) != 0 || v->exit != status)
		fail_msg("%s, exit %d; want %s, exit %d: %s", outcome_name(v->outcome), v->exit, outcome, status,
			 v->words);
	verdict_free(v);
}

const char *const legacy_skips[] = {
	"workload-alive",    "tables-in-crash-memory", "irte-equal",	 "old-mappings-kept", "oracles-agree",
	"new-entry-flushed", "reserved-equals-mapped", "reset-comes-up", "no-splat",	      NULL
};
