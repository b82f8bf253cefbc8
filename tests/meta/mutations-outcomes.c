/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutations of how the run went: the rig, the crash kernel, canaries, devices, the dump, reservations. */
#include "mutations.h"

#include <string.h>

static bool rig_broke(struct world *w)
{
	w->ev->rig_error = g_strdup("QEMU died: status 1");
	return true;
}

static bool nothing_loaded(struct world *w)
{
	w->ev->crash_loaded = false;
	return true;
}

static bool first_never_spoke(struct world *w)
{
	w->ev->first_hello = false;
	return true;
}

static bool first_dead(struct world *w)
{
	w->ev->first_hello = false;
	w->ev->first_failure = g_strdup("the guest ended (guest-reset)");
	w->ev->reference = g_strdup("6.12.9-amd64");
	return true;
}

static bool first_device_dead(struct world *w)
{
	w->ev->first_failure = g_strdup("waited for DMA in flight in vain");
	w->ev->first_failure_device = true;
	w->ev->reference = g_strdup("6.12.9-amd64");
	return true;
}

static bool no_trace(struct world *w)
{
	w->ev->trace_events = 0;
	return true;
}

static bool no_jump(struct world *w)
{
	w->ev->jump_ns = w->ev->crash_hello_ns = 0;
	w->ev->jump_rip = 0;
	return true;
}

static bool jump_elsewhere(struct world *w)
{
	w->ev->jump_rip = w->ev->crash_end + 1;
	w->ev->crash_hello_ns = 0;
	return w->ev->crash_end;
}

static bool crash_hangs(struct world *w)
{
	w->ev->crash_hello_ns = 0;
	w->ev->crash_failure = g_strdup("no progress");
	return w->ev->jump_ns;
}

static bool crash_panics(struct world *w)
{
	w->ev->crash_hello_ns = 0;
	w->ev->crash_failure = g_strdup("it ended the machine (guest-panic): Kernel panic");
	w->ev->crash_panicked = true;
	return w->ev->jump_ns;
}

static struct evidence_dma *dma_with_landed(struct world *w)
{
	for (guint i = 0; i < w->ev->dma->len; i++) {
		struct evidence_dma *dma = &g_array_index(w->ev->dma, struct evidence_dma, i);

		if (dma->landed_before_copy)
			return dma;
	}
	return NULL;
}

static bool canary_lost(struct world *w)
{
	struct evidence_dma *dma = dma_with_landed(w);

	if (!dma)
		return false;
	dma->landed_before_copy--;
	dma->lost++;
	return true;
}

/* Where it was found is the crash kernel's. */
static bool landed_in_crash_memory(struct world *w)
{
	struct evidence_dma *dma = dma_with_landed(w);

	if (!dma)
		return false;
	dma->in_crash = 1;
	dma->in_crash_pa = w->ev->crash_start;
	return true;
}

static bool canary_misplaced(struct world *w)
{
	struct evidence_dma *dma = dma_with_landed(w);

	if (!dma)
		return false;
	dma->landed_before_copy--;
	dma->misplaced++;
	return true;
}

static bool canary_twice(struct world *w)
{
	struct evidence_dma *dma = dma_with_landed(w);

	if (dma)
		dma->misplaced++;
	return dma;
}

static bool canary_unaccounted(struct world *w)
{
	struct evidence_dma *dma = dma_with_landed(w);

	if (dma)
		dma->sent++;
	return dma;
}

static bool device_dead(struct world *w)
{
	struct evidence_device *dev = first_wanted(w);

	if (!dev)
		return false;
	dev->works = false;
	dev->works_detail = g_strdup("nothing came back");
	return true;
}

static bool canary_differs(struct world *w)
{
	if (!w->ev->canary_read || !*w->ev->canary_read)
		return false;
	w->ev->canary_read = g_strdup(w->ev->canary_read);
	w->ev->canary_read[0] ^= 1;
	return true;
}

static bool dump_unreadable(struct world *w)
{
	w->ev->canary_read = NULL;
	w->ev->dump_error = g_strdup("/proc/vmcore: No such file or directory");
	return w->ev->canary_written;
}

static bool never_again(struct world *w)
{
	w->ev->again_hello_ns = 0;
	w->ev->again_failure = g_strdup("no word of its agent");
	return true;
}

/* Of a device that is judged by itself; what is behind a bridge has none. */
static struct evidence_reservation *last_reservation(struct world *w)
{
	const struct evidence_device *dev = first_wanted(w);

	for (guint i = w->ev->reservations->len; dev && i-- > 0;) {
		struct evidence_reservation *r = &g_array_index(w->ev->reservations, struct evidence_reservation, i);

		if (r->sid == dev->sid)
			return r;
	}
	return NULL;
}

static bool reserved_too_long(struct world *w)
{
	struct evidence_reservation *r = last_reservation(w);

	if (r)
		r->last++;
	return r;
}

static bool reserved_early(struct world *w)
{
	if (!w->ev->reservations->len)
		return false;
	g_array_index(w->ev->reservations, struct evidence_reservation, 0).start--;
	return true;
}

static bool reserved_too_little(struct world *w)
{
	if (!w->ev->reservations->len)
		return false;
	g_array_remove_index(w->ev->reservations, 0);
	return w->ev->reservations->len;
}

static bool reserved_for_another(struct world *w)
{
	const struct evidence_device *dev = first_wanted(w);

	for (guint i = 0; dev && i < w->ev->reservations->len; i++) {
		struct evidence_reservation *r = &g_array_index(w->ev->reservations, struct evidence_reservation, i);

		if (r->sid != dev->sid)
			continue;
		r->sid ^= 0x100;
		return true;
	}
	return false;
}

/* --- first.workload --- */

static struct evidence_workload *workload(struct world *w)
{
	return w->ev->workloads->len ? &g_array_index(w->ev->workloads, struct evidence_workload, 0) : NULL;
}

static bool guest_stands_still(struct world *w)
{
	struct evidence_workload *load = workload(w);

	if (load)
		load->pass_now = load->pass_then;
	return load && load->nested;
}

static bool device_stands_still(struct world *w)
{
	struct evidence_workload *load = workload(w);

	if (load)
		load->copies_now = load->copies_then;
	return load && load->nested;
}

static bool guest_elsewhere(struct world *w)
{
	struct evidence_workload *load = workload(w);

	if (load)
		load->marked--;
	return load && load->nested;
}

static bool guest_mixed_up(struct world *w)
{
	struct evidence_workload *load = workload(w);

	if (load)
		load->pass_high += 4096;
	return load && load->nested;
}

static bool guest_of_yesterday(struct world *w)
{
	struct evidence_workload *load = workload(w);

	if (load)
		load->pass_low = load->pass_now - 1;
	return load && load->nested;
}

static bool workload_without_dma(struct world *w)
{
	const struct evidence_workload *load = workload(w);

	for (guint i = 0; load && i < w->ev->requesters->len; i++)
		if (g_array_index(w->ev->requesters, struct evidence_requester, i).sid == load->sid) {
			g_array_remove_index(w->ev->requesters, i);
			return true;
		}
	return false;
}

static bool fewer_pages(struct world *w)
{
	struct evidence_workload *load = workload(w);

	if (load)
		load->pages++;
	return load;
}

/* --- what a lab kernel tells --- */

static struct evidence_oracle_range *told(struct world *w, enum evidence_oracle_source source)
{
	for (guint i = 0; i < w->ev->oracle_ranges->len; i++) {
		struct evidence_oracle_range *r = &g_array_index(w->ev->oracle_ranges, struct evidence_oracle_range, i);

		if (r->source == source)
			return r;
	}
	return NULL;
}

static bool shorten(struct evidence_oracle_range *r)
{
	if (r)
		r->last -= 0x1000;
	return r;
}

static bool log_shorter(struct world *w)
{
	return shorten(told(w, ORACLE_LOG));
}

static bool ranges_shorter(struct world *w)
{
	return shorten(told(w, ORACLE_RANGES));
}

static bool regions_shorter(struct world *w)
{
	return shorten(told(w, ORACLE_REGIONS));
}

static bool reserved_shorter(struct world *w)
{
	return shorten(told(w, ORACLE_RESERVED));
}

/* Unless it is known what every kernel reserves, more may be right. */
static bool lengthen(struct world *w, enum evidence_oracle_source source)
{
	struct evidence_oracle_range *r = told(w, source);

	if (r)
		r->last += 0x1000;
	return r && w->ev->reservations->len;
}

static bool regions_longer(struct world *w)
{
	return lengthen(w, ORACLE_REGIONS);
}

static bool reserved_longer(struct world *w)
{
	return lengthen(w, ORACLE_RESERVED);
}

static bool translation_elsewhere(struct world *w)
{
	struct evidence_oracle_range *r = told(w, ORACLE_TRANSLATION);

	if (r)
		r->pa += 0x1000;
	return r;
}

static bool entry_not_logged(struct world *w)
{
	if (!w->ev->kdump_contexts->len)
		return false;
	g_array_remove_index(w->ev->kdump_contexts, 0);
	return true;
}

static bool complains(struct world *w, enum evidence_kernel kernel, const char *line)
{
	const struct evidence_splat splat = { .kernel = kernel, .line = g_strdup(line) };

	g_array_append_val(w->ev->splats, splat);
	return true;
}

static bool crash_warns(struct world *w)
{
	return complains(w, EVIDENCE_CRASH, "WARNING: possible circular locking dependency detected");
}

static bool crash_leaks(struct world *w)
{
	w->ev->leak_scans = 2;
	w->ev->leaks = 1;
	return true;
}

static bool first_oopses(struct world *w)
{
	g_free(w->ev->first_release);
	w->ev->first_release = g_strdup("6.12.117-lab");
	return complains(w, EVIDENCE_FIRST, "Oops: 0000 [#1] PREEMPT SMP NOPTI");
}

const struct mutation outcome_mutations[] = {
#define M(name, check, fn)                         \
	{                                          \
		name, check, AS_RECORDED, fn, NULL \
	}
#define R(name, fn)                                                 \
	{                                                           \
		name, "reserved-equals-mapped", RESERVING, fn, NULL \
	}
#define T(name, fn)                                      \
	{                                                \
		name, "oracles-agree", TELLING, fn, NULL \
	}
	M("QEMU died", "rig", rig_broke),
	M("no crash kernel was loaded", "rig", nothing_loaded),
	M("no word of the first kernel", "rig", first_never_spoke),
	M("a dead first kernel", "first-kernel-up", first_dead),
	M("a dead device of the first kernel", "first-devices-work", first_device_dead),
	M("an empty trace", "rig", no_trace),
	M("no jump", "panic-seen", no_jump),
	M("a CPU elsewhere", "panic-seen", jump_elsewhere),
	M("the crash kernel hangs", "crash-kernel-booted", crash_hangs),
	M("the crash kernel panics", "crash-kernel-booted", crash_panics),
	M("a canary lost", "dma-landed", canary_lost),
	M("a canary misplaced", "dma-landed", canary_misplaced),
	M("DMA into crash memory", "dma-outside-crash-memory", landed_in_crash_memory),
	M("a canary in two places", "dma-landed", canary_twice),
	M("a canary unaccounted for", "dma-landed", canary_unaccounted),
	M("a device is dead", "devices-work", device_dead),
	M("the dump's canary differs", "dump-readable", canary_differs),
	M("the dump cannot be read", "dump-readable", dump_unreadable),
	M("no kernel after the reset", "reset-comes-up", never_again),
	M("the guest stands still", "workload-alive", guest_stands_still),
	M("the guest's device stands still", "workload-alive", device_stands_still),
	M("a page not the guest's", "workload-alive", guest_elsewhere),
	M("an entry to another page of it", "workload-alive", guest_mixed_up),
	M("a page of an older pass", "workload-alive", guest_of_yesterday),
	M("no DMA of the workload", "workload-alive", workload_without_dma),
	M("a page of the workload missing", "workload-alive", fewer_pages),
	{ "a warning of the crash kernel", "no-splat", OF_LAB, crash_warns, NULL },
	{ "a leak of the crash kernel", "no-splat", OF_LAB, crash_leaks, NULL },
	{ "an oops of the first kernel", "no-splat", OF_LAB, first_oopses, NULL },
	R("reserved one page too long", reserved_too_long),
	R("reserved one page too early", reserved_early),
	R("a range not reserved", reserved_too_little),
	R("reserved for another device", reserved_for_another),
	T("the log one page short", log_shorter),
	T("debugfs one page short", ranges_shorter),
	T("reserved_regions a page short", regions_shorter),
	T("the allocator a page short", reserved_shorter),
	T("reserved_regions a page long", regions_longer),
	T("the allocator a page long", reserved_longer),
	T("the kernel sees another page", translation_elsewhere),
	T("an entry not in the log", entry_not_logged),
	{ 0 },
#undef M
#undef R
#undef T
};
