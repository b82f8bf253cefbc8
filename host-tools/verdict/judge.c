/* SPDX-License-Identifier: GPL-2.0-only */
/* From evidence to a verdict: every check of the table is asked, in its order. */
#include "verdict/judge.h"

#include "evidence/iommus.h"
#include "verdict/check-common.h"

enum check_result check_judge(const struct check *check, const struct evidence *ev, GString *detail)
{
	enum check_result unmet = need_unmet(check->needs, check->traces, ev, detail);

	return unmet == CHECK_PASS ? check->run(ev, detail) : unmet;
}

unsigned check_traces(void)
{
	unsigned traces = 0;

	for (const struct check *const *c = vtdlab_checks; *c; c++)
		traces |= (*c)->traces;
	return traces;
}

/* The mode that the crash kernel took over; before it has, the one that the scenario asks for. */
static enum machine_iommu_mode mode_of(const struct evidence *ev)
{
	enum machine_iommu_mode asked = ev->scenario->iommu.mode;

	return ev->copied.host_ns ? iommu_mode_of(asked, ev->copied.ttm) : asked;
}

/* Takes the devices that are expected to fail @check out of @part, whose arrays are its own; their drivers, or "". */
static char *take_out(struct evidence *part, const struct expect_when *when, const char *check)
{
	GString *drivers = g_string_new(NULL);

	for_each_evidence(struct evidence_device, dev, part->devices) {
		if (!dev->wanted || !(scenario_expects_fail(part->scenario, when, check, dev->driver) ||
				      scenario_expects_fail(part->scenario, when, check, dev->bdf)))
			continue;
		dev->wanted = false;
		g_string_append_printf(drivers, "%s%s", drivers->len ? ", " : "", dev->driver);
		for (guint i = part->dma->len; i-- > 0;)
			if (evidence_device_find(part, g_array_index(part->dma, struct evidence_dma, i).sid) == dev)
				g_array_remove_index(part->dma, i);
	}
	return g_string_free(drivers, FALSE);
}

/*
 * Is that @result, or a failure where there is none, what the scenario expects? Where it names devices, the check is
 * asked again without these: what still fails is somebody else's, and @detail says so.
 */
static bool expected_to_fail(const struct check *check, const struct evidence *ev, const struct expect_when *when,
			     enum check_result result, GString *detail)
{
	g_autoptr(GArray) devices = g_array_copy(ev->devices), dma = g_array_copy(ev->dma);
	g_autoptr(GString) others = g_string_new(NULL);
	struct evidence part = *ev;
	g_autofree char *named = NULL;

	/* shallow copies: what the elements own is @ev's */
	g_array_set_clear_func(devices, NULL);
	g_array_set_clear_func(dma, NULL);
	/* What must fail is a check that applies: none of an IOMMU's where --set has taken it away. */
	if (check->needs & NEED(IOMMU) && when->mode == MACHINE_IOMMU_OFF)
		return false;
	if (scenario_expects_fail(ev->scenario, when, check->name, NULL))
		return true;
	if (!check->per_device)
		return false;
	part.devices = devices;
	part.dma = dma;
	named = take_out(&part, when, check->name);
	if (!*named || result != CHECK_FAIL)
		return *named;
	/* its needs are met, or it would not have failed */
	if (check->run(&part, others) != CHECK_FAIL)
		return true;
	g_string_append_printf(detail, "; expected of %s only", named);
	return false;
}

struct verdict *evidence_judge(const struct evidence *ev)
{
	g_autoptr(GString) detail = g_string_new(NULL);
	const struct expect_when when = { ev->crash_release, mode_of(ev) };
	struct verdict *verdict = verdict_new();

	for (const struct check *const *list = vtdlab_checks; *list; list++) {
		const struct check *c = *list;
		enum check_result result;
		bool expected;

		g_string_truncate(detail, 0);
		result = check_judge(c, ev, detail);
		expected = expected_to_fail(c, ev, &when, result, detail);
		verdict_add(verdict, c->name, result, c->outcome_of ? c->outcome_of(ev) : c->outcome, detail->str)
			->expect_fail = expected;
	}
	verdict->no_iommu = ev->scenario->iommu.mode == MACHINE_IOMMU_OFF;
	verdict->strict = ev->scenario->strict_expect;
	verdict->chosen = verdict->no_iommu ? NULL : check_mode_chosen(ev);
	verdict->told = check_splats_told(ev);
	verdict->before = g_strdup(ev->first_attempt);
	verdict_conclude(verdict, false);
	return verdict;
}
