/* SPDX-License-Identifier: GPL-2.0-only */
/* What the checks of a run amount to: outcome, exit status, and the verdict in words. */
#include <string.h>

#include "base/error.h"
#include "results/report.h"

/* What kept the checks from being judged. One that must fail and did not run counts. */
static const struct report_check *first_unjudged(const struct run_report *r)
{
	for (guint i = 0; i < r->checks->len; i++) {
		const struct report_check *c = r->checks->pdata[i];

		if (c->result == REPORT_NO_EVIDENCE || (c->result == REPORT_SKIP && c->expect_fail))
			return c;
	}
	return NULL;
}

/* The first failure that was, or was not, expected; of the expected ones only required checks'. */
static const struct report_check *first_failed(const struct run_report *r, bool expected)
{
	for (guint i = 0; i < r->checks->len; i++) {
		const struct report_check *c = r->checks->pdata[i];

		if (c->result == REPORT_FAIL && c->expect_fail == expected && (!expected || c->required))
			return c;
	}
	return NULL;
}

/* "preserved" needs a check of the translation itself that ran. */
static bool nothing_ran(const struct run_report *r)
{
	for (guint i = 0; i < r->checks->len; i++) {
		const struct report_check *c = r->checks->pdata[i];
		bool ran = c->result == REPORT_PASS || c->result == REPORT_FAIL;

		if (ran && (g_strcmp0(c->outcome, "not-copied") == 0 || g_strcmp0(c->outcome, "copy-wrong") == 0))
			return false;
	}
	return true;
}

static const char *outcome_of(const struct run_report *r, bool interrupted)
{
	const struct report_check *unexpected = first_failed(r, false);
	const struct report_check *expected = first_failed(r, true);

	if (interrupted)
		return REPORT_INTERRUPTED;
	if (unexpected)
		return unexpected->outcome ? unexpected->outcome : REPORT_INCONCLUSIVE;
	if (first_unjudged(r))
		return REPORT_INCONCLUSIVE;
	if (expected)
		return expected->outcome ? expected->outcome : REPORT_INCONCLUSIVE;
	return nothing_ran(r) ? REPORT_INCONCLUSIVE : REPORT_PRESERVED;
}

int report_exit_code(const struct run_report *r)
{
	bool same = true;

	for (guint i = 0; i < r->checks->len; i++) {
		const struct report_check *c = r->checks->pdata[i];

		same = same && (c->result == REPORT_FAIL) == c->expect_fail;
	}
	if (g_strcmp0(r->outcome, REPORT_INTERRUPTED) == 0)
		return VTDLAB_EXIT_INTERRUPTED;
	if (!r->outcome || strcmp(r->outcome, REPORT_INCONCLUSIVE) == 0)
		return VTDLAB_EXIT_CANNOT_JUDGE;
	if (same)
		return VTDLAB_EXIT_OK;
	if (strcmp(r->outcome, REPORT_NO_PANIC) == 0)
		return VTDLAB_EXIT_CANNOT_JUDGE;
	return VTDLAB_EXIT_BAD;
}

static const struct {
	const char *outcome, *words;
} verdicts[] = {
	{ REPORT_PRESERVED, "The crash kernel kept translating the dead kernel's DMA as it stood at the "
			    "panic, until its own drivers took over each device." },
	{ "not-copied", "Translation was switched off after the panic: the dead kernel's tables were "
			"not kept." },
	{ "copy-wrong", "The tables in force after the panic are not those that stood at the panic." },
	{ "stale-cache", "Entries were changed without the invalidation that must go with it." },
	{ "did-clash", "Two translations share one domain id: cached entries of one serve the other." },
	{ "dma-fault", "DMA of the dead kernel's devices faulted before a driver took them over." },
	{ "dma-lost", "DMA of the dead kernel's devices did not arrive where the tables say." },
	{ "stale-attach", "A device in use still goes by the dead kernel's tables." },
	{ "iova-reused", "An IOVA that the dead kernel had mapped leads to another page now: late DMA "
			 "would hit it." },
	{ "device-dead", "A device does not work in the crash kernel." },
	{ "dump-failed", "The crash kernel cannot read the dead kernel's memory." },
	{ "reset-failed", "The machine did not come up again after a warm reset." },
	{ "crash-kernel-hang", "The crash kernel started but never came up." },
	{ "crash-kernel-panic", "The crash kernel panicked or reset." },
	{ REPORT_NO_PANIC, "The first kernel was never seen to die: there is nothing to judge." },
	{ REPORT_INTERRUPTED, "The run was interrupted: there is no verdict." },
};

/* ", "-joined names of the checks that were expected to fail and whose result is @result. */
static char *expected_with(const struct run_report *r, enum report_result result)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < r->checks->len; i++) {
		const struct report_check *c = r->checks->pdata[i];

		if (c->expect_fail && c->result == result)
			g_string_append_printf(out, "%s%s", out->len ? ", " : "", c->name);
	}
	return g_string_free(out, FALSE);
}

static char *why_inconclusive(const struct run_report *r)
{
	const struct report_check *c = first_failed(r, false);

	c = c ? c : first_unjudged(r);
	c = c ? c : first_failed(r, true);
	return g_strdup_printf("Nothing can be said about the kernel: %s%s%s.",
			       c ? c->name : "no check of the translation ran", c && *c->detail ? ": " : "",
			       c ? c->detail : "");
}

static char *verdict_of(const struct run_report *r)
{
	g_autofree char *known = expected_with(r, REPORT_FAIL);
	g_autofree char *missed = expected_with(r, REPORT_PASS);
	GString *out = g_string_new(NULL);

	if (strcmp(r->outcome, REPORT_INCONCLUSIVE) == 0) {
		g_autofree char *why = why_inconclusive(r);

		g_string_append(out, why);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(verdicts); i++)
		if (strcmp(verdicts[i].outcome, r->outcome) == 0)
			g_string_append(out, verdicts[i].words);
	if (*known)
		g_string_append_printf(out, " Failed as this scenario expects: %s.", known);
	if (*missed)
		g_string_append_printf(out, " Expected to fail, but passed: %s.", missed);
	return g_strstrip(g_string_free(out, FALSE));
}

void report_judge(struct run_report *r, bool interrupted)
{
	g_free(r->outcome);
	r->outcome = g_strdup(outcome_of(r, interrupted));
	g_free(r->verdict);
	r->verdict = verdict_of(r);
	r->exit = report_exit_code(r);
}
