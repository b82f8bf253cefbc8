/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks of what follows the copy: the attach of each device, its work, and the dump. */
#include "scenario/check.h"
#include "scenario/evidence.h"

#include <inttypes.h>
#include <string.h>

#include "vtd/compare.h"
#include "vtd/walk.h"

static const struct evidence_device *wanted_device(const struct evidence *ev, unsigned i)
{
	const struct evidence_device *dev = &g_array_index(ev->devices, struct evidence_device, i);

	return dev->wanted ? dev : NULL;
}

static bool crash_kernel_ran(const struct evidence *ev, GString *detail)
{
	if (ev->crash_hello_ns)
		return true;
	g_string_append(detail, "the crash kernel did not come up");
	return false;
}

static void separate(GString *detail)
{
	if (detail->len)
		g_string_append(detail, "; ");
}

/*
 * Where one device's entry leads after its first use. CHECK_FAIL: still into the dead kernel's tables,
 * or nowhere; CHECK_NO_EVIDENCE: no tables were read after it was used.
 */
static enum check_result repointed(const struct evidence *ev, const struct vtd_walk_result *before,
				   const struct evidence_device *dev, GString *detail)
{
	const struct vtd_space *old, *new;

	separate(detail);
	g_string_append_printf(detail, "%s ", dev->bdf);
	if (!dev->after.walk) {
		g_string_append(detail, "no tables were read after its use");
		return CHECK_NO_EVIDENCE;
	}
	if (dev->after.walk->truncated) {
		g_string_append_printf(detail, "the walk after its use met a limit (%s)",
				       dev->after.walk->truncated_by);
		return CHECK_NO_EVIDENCE;
	}
	old = vtd_walk_space(before, dev->sid, VTD_NO_PASID);
	new = vtd_walk_space(dev->after.walk, dev->sid, VTD_NO_PASID);
	if (!new) {
		g_string_append(detail, "has no present entry");
		return CHECK_FAIL;
	}
	if (new->type == VTD_SPACE_PASS_THROUGH) {
		g_string_append_printf(detail, "pass-through, group %s",
				       dev->group_type ? dev->group_type : "of unknown type");
		if (!dev->group_type)
			return CHECK_NO_EVIDENCE;
		return strcmp(dev->group_type, "identity") == 0 ? CHECK_PASS : CHECK_FAIL;
	}
	if (new->type == VTD_SPACE_INVALID) {
		g_string_append(detail, "has an entry that makes every request fault");
		return CHECK_FAIL;
	}
	if (old && new->type == old->type && new->root == old->root) {
		g_string_append_printf(detail, "still points to the dead kernel's tables at %#" PRIx64,
				       new->root);
		return CHECK_FAIL;
	}
	if (!ev->crash_end) {
		g_string_append(detail, "where crash memory lies is not known");
		return CHECK_NO_EVIDENCE;
	}
	if (new->root < ev->crash_start || new->root > ev->crash_end) {
		g_string_append_printf(detail, "points to %#" PRIx64 ", outside crash memory",
				       new->root);
		return CHECK_FAIL;
	}
	g_string_append_printf(detail, "DID %u -> %u", old ? old->did : 0, new->did);
	return CHECK_PASS;
}

/* Names the requesters with tables at the panic that no driver used in the crash kernel. */
static void name_left_out(const struct evidence *ev, const struct vtd_walk_result *before,
			  GString *detail)
{
	unsigned left_out = 0;
	char text[16];

	for (size_t i = 0; i < before->n_contexts; i++) {
		const struct vtd_context *c = &before->contexts[i];
		uint16_t sid = (uint16_t)(c->bus << 8 | c->devfn);
		const struct evidence_device *dev = evidence_device_find(ev, sid);

		if (dev && dev->wanted)
			continue;
		if (left_out++ < 4)
			g_string_append_printf(detail, "%s%s", left_out == 1 ? "; " : ", ",
					       sid_text(sid, text));
	}
	if (left_out > 4)
		g_string_append_printf(detail, " and %u more", left_out - 4);
	if (left_out)
		g_string_append(detail, " without a driver left out");
}

enum check_result check_requesters_repointed(const struct vtd_walk_result *before,
					     const struct vtd_walk_result *after,
					     const struct evidence *ev, GString *detail)
{
	enum check_result result = CHECK_PASS;
	unsigned seen = 0;

	(void)after;
	if (ev->scenario->iommu.mode == CONF_MODE_OFF) {
		g_string_append(detail, "the scenario has no IOMMU");
		return CHECK_SKIP;
	}
	if (!crash_kernel_ran(ev, detail))
		return CHECK_NO_EVIDENCE;
	if (!before) {
		g_string_append(detail, "no tables were read at the panic");
		return CHECK_NO_EVIDENCE;
	}
	for (unsigned i = 0; i < ev->devices->len; i++) {
		const struct evidence_device *dev = wanted_device(ev, i);
		enum check_result one;

		if (!dev)
			continue;
		seen++;
		one = repointed(ev, before, dev, detail);
		if (one == CHECK_FAIL || (one == CHECK_NO_EVIDENCE && result == CHECK_PASS))
			result = one;
	}
	if (!seen) {
		g_string_append(detail, "no device was used in the crash kernel");
		return CHECK_NO_EVIDENCE;
	}
	name_left_out(ev, before, detail);
	return result;
}

/*
 * Compares what one device had mapped with what it has now; false: there are no tables to judge by. An
 * entry that is absent on either side maps nothing that could lead elsewhere.
 */
static bool add_retargeted(const struct vtd_walk_result *before, const struct evidence_device *dev,
			   uint64_t *retargeted, uint64_t *mapped)
{
	const struct vtd_walk_result *now = dev->after.walk;
	struct vtd_space_diff diff;

	if (!before || before->truncated || !now || now->truncated)
		return false;
	vtd_compare_space(before, vtd_walk_space(before, dev->sid, VTD_NO_PASID), now,
			  vtd_walk_space(now, dev->sid, VTD_NO_PASID), &diff);
	*retargeted += diff.retargeted;
	*mapped += diff.same + diff.unmapped + diff.retargeted + diff.permission;
	return true;
}

enum check_result check_iova_not_retargeted(const struct vtd_walk_result *before,
					    const struct vtd_walk_result *after,
					    const struct evidence *ev, GString *detail)
{
	uint64_t retargeted = 0, mapped = 0;
	const char *unknown = NULL;

	(void)after;
	if (ev->scenario->iommu.mode == CONF_MODE_OFF) {
		g_string_append(detail, "the scenario has no IOMMU");
		return CHECK_SKIP;
	}
	if (!crash_kernel_ran(ev, detail))
		return CHECK_NO_EVIDENCE;
	for (unsigned i = 0; i < ev->devices->len; i++) {
		const struct evidence_device *dev = wanted_device(ev, i);

		if (dev && !add_retargeted(before, dev, &retargeted, &mapped) && !unknown)
			unknown = dev->bdf;
	}
	g_string_append_printf(detail, "%" PRIu64 " of %" PRIu64 " old IOVA pages lead elsewhere",
			       retargeted, mapped);
	if (unknown)
		g_string_append_printf(detail, "; no complete tables of %s", unknown);
	if (retargeted)
		return CHECK_FAIL;
	return unknown || !mapped ? CHECK_NO_EVIDENCE : CHECK_PASS;
}

enum check_result check_devices_work(const struct vtd_walk_result *before,
				     const struct vtd_walk_result *after,
				     const struct evidence *ev, GString *detail)
{
	enum check_result result = CHECK_SKIP;

	(void)before;
	(void)after;
	if (!crash_kernel_ran(ev, detail))
		return CHECK_NO_EVIDENCE;
	for (unsigned i = 0; i < ev->devices->len; i++) {
		const struct evidence_device *dev = wanted_device(ev, i);

		if (!dev)
			continue;
		separate(detail);
		g_string_append_printf(detail, "%s: %s", dev->driver,
				       dev->works_detail ? dev->works_detail : "not tried");
		if (!dev->works && dev->works_detail)
			result = CHECK_FAIL;
		else if (!dev->works && result != CHECK_FAIL)
			result = CHECK_NO_EVIDENCE;
		else if (result == CHECK_SKIP)
			result = CHECK_PASS;
	}
	if (result != CHECK_SKIP)
		return result;
	if (ev->scenario->devices.nic == CONF_NIC_NONE && ev->scenario->devices.disk == CONF_DISK_NONE) {
		g_string_append(detail, "the scenario has no device with a driver");
		return CHECK_SKIP;
	}
	g_string_append(detail, "no device was used in the crash kernel");
	return CHECK_NO_EVIDENCE;
}

enum check_result check_dump_readable(const struct vtd_walk_result *before,
				      const struct vtd_walk_result *after,
				      const struct evidence *ev, GString *detail)
{
	(void)before;
	(void)after;
	if (ev->scenario->crash.dump == CONF_DUMP_NONE) {
		g_string_append(detail, "the scenario asks for no dump");
		return CHECK_SKIP;
	}
	if (!crash_kernel_ran(ev, detail))
		return CHECK_NO_EVIDENCE;
	if (!ev->canary_written || !*ev->canary_written) {
		g_string_append(detail, "the first kernel wrote no canary");
		return CHECK_NO_EVIDENCE;
	}
	if (!ev->canary_read) {
		g_string_append(detail, ev->dump_error ? ev->dump_error : "/proc/vmcore was not read");
		return ev->dump_error ? CHECK_FAIL : CHECK_NO_EVIDENCE;
	}
	if (strcmp(ev->canary_read, ev->canary_written) != 0) {
		g_string_append_printf(detail, "/proc/vmcore holds %.16s..., wrote %.16s...",
				       ev->canary_read, ev->canary_written);
		return CHECK_FAIL;
	}
	g_string_append_printf(detail, "canary of %zu bytes read back through /proc/vmcore",
			       strlen(ev->canary_written) / 2);
	return CHECK_PASS;
}
