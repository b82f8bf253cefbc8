/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The check `no-splat`: what a kernel complains of itself. Of the lab's own kernels that is a verdict: what we have put into
 * them is what is tried. Of others it is told: a distribution's kernel may warn of what has nothing to do with the IOMMU.
 */
#include "verdict/check-common.h"

#include <inttypes.h>

#define QUOTED_MAX 3 /* lines that are told in full */

static const struct {
	enum evidence_kernel kernel;
	const char *name;
} kernels[] = { { EVIDENCE_FIRST, "first" }, { EVIDENCE_CRASH, "crash" } };

/* Adds the splats of @kernel; @judged: those that the check goes by, else those that are only told. How many. */
static unsigned add_splats(const struct evidence *ev, unsigned kernel, bool judged, GString *out)
{
	bool lab = evidence_is_lab(ev, kernels[kernel].kernel);
	unsigned n = 0;

	for_each_evidence(const struct evidence_splat, s, ev->splats) {
		if (s->kernel != kernels[kernel].kernel || (lab && !s->starved) != judged || n++ >= QUOTED_MAX)
			continue;
		if (n == 1) {
			check_separate(out);
			g_string_append_printf(out, "the %s kernel:", kernels[kernel].name);
		}
		g_string_append_printf(out, "%s \"%.200s\"", n == 1 ? "" : ",", s->line);
	}
	if (n > QUOTED_MAX)
		g_string_append_printf(out, " and %u more in console.log", n - QUOTED_MAX);
	return n;
}

char *check_splats_told(const struct evidence *ev)
{
	GString *told = g_string_new(NULL);

	for (unsigned k = 0; k < G_N_ELEMENTS(kernels); k++)
		add_splats(ev, k, false, told);
	return g_string_free(told, !told->len);
}

/* What the crash kernel's detector of leaks found; true: something. It looks only when it is asked to. */
static bool add_leaks(const struct evidence *ev, GString *out)
{
	if (!ev->leak_scans || !ev->leaks)
		return false;
	check_separate(out);
	g_string_append_printf(out, "kmemleak of the crash kernel: %" PRIu64 " lost object%s, listed in console.log",
			       ev->leaks, ev->leaks == 1 ? "" : "s");
	return true;
}

static enum check_result no_splat(const struct evidence *ev, GString *detail)
{
	const uint64_t said[] = { ev->first_said, ev->crash_said };
	g_autoptr(GString) unseen = g_string_new(NULL), clean = g_string_new(NULL);
	unsigned bad = 0;

	for (unsigned k = 0; k < G_N_ELEMENTS(kernels); k++) {
		/* one that never began is the matter of other checks */
		if (!evidence_is_lab(ev, kernels[k].kernel) ||
		    (kernels[k].kernel == EVIDENCE_CRASH && !ev->jump_ns && !ev->crash_hello_ns))
			continue;
		bad += add_splats(ev, k, true, detail);
		if (said[k])
			g_string_append_printf(clean, "%s%" PRIu64 " lines of the %s kernel", clean->len ? ", " : "",
					       said[k], kernels[k].name);
		else
			g_string_append_printf(
				unseen,
				"%sthe console does not show the first lines of the %s kernel: what it complains of may "
				"be hidden too (quiet, loglevel=, printk.time=0)",
				unseen->len ? "; " : "", kernels[k].name);
	}
	bad += add_leaks(ev, detail);
	if (bad)
		return CHECK_FAIL;
	g_string_append(detail, unseen->len ? unseen->str : clean->len ? clean->str : "the crash kernel never began");
	if (unseen->len || !clean->len)
		return CHECK_NO_EVIDENCE;
	g_string_append(detail, ": no warning, BUG, oops, lockdep or sanitizer report");
	if (ev->leak_scans)
		g_string_append_printf(detail, ", and no leak in %" PRIu64 " scans of the crash kernel's memory",
				       ev->leak_scans);
	else if (ev->leaks_failure)
		g_string_append_printf(detail, "; leaks were not looked for: %s", ev->leaks_failure);
	return CHECK_PASS;
}

const struct check check_no_splat = {
	.name = "no-splat",
	.outcome = OUTCOME_KERNEL_SPLAT,
	.proves = "a kernel of the lab's own complained of nothing on its console, from its first line to its last",
	.needs = NEED(LAB_KERNEL),
	.by_the_way = true,
	.run = no_splat,
};
