/* SPDX-License-Identifier: GPL-2.0-only */
/* A run against what a bug's file states of it. */
#include "bugs/side.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "run/run.h"
#include "verdict/check.h"
#include "verdict/outcome.h"

const char *side_outcome(const struct run_json *run)
{
	if (!run->bench)
		return outcome_name(run->outcome);
	return run->exit == VTDLAB_EXIT_OK ? BUG_BENCH_PASSED : BUG_BENCH_FAILED;
}

static bool has_verdict(const struct run_json *run)
{
	/* "preserved" that is no pass: the second attempt came to it, the first did not */
	if (run->exit < 0 || run->exit == VTDLAB_EXIT_CANNOT_JUDGE)
		return false;
	return run->bench || run->outcome == OUTCOME_NO_IOMMU ||
	       (run->outcome < OUTCOMES && vtdlab_outcomes[run->outcome].exit == VTDLAB_EXIT_BAD);
}

/* "copy-wrong (context-same-slot, dma-survives)" */
static void say_seen(const struct run_json *run, GString *why)
{
	const char *between = " (";

	g_string_append(why, side_outcome(run));
	for (guint i = 0; i < run->checks->len; i++) {
		const struct run_json_check *check = &g_array_index(run->checks, struct run_json_check, i);

		if (!run_json_unexpected(check))
			continue;
		g_string_append_printf(why, "%s%s", between, check->name);
		between = ", ";
	}
	if (*between == ',')
		g_string_append_c(why, ')');
}

bool side_signed(const struct bug_side *side, const struct run_json *run, char **missing)
{
	for (char **want = side->signature; *want; want++) {
		g_autofree char *name = g_strndup(*want, strcspn(*want, "~"));
		const struct run_json_check *check = run_json_check(run, name);
		const char *regex = *want + strlen(name) + 1;

		if (check && g_regex_match_simple(regex, check->detail, 0, 0))
			continue;
		if (missing)
			*missing = g_strdup_printf("%s does not say /%s/: %s", name, regex,
						   check ? check->detail : "it is not there");
		return false;
	}
	return true;
}

/* Where such a failure is all that there is, the outcome is another one, and was looked at already. */
static bool by_the_way(const struct run_json_check *check)
{
	const struct check *known = check_find(check->name);

	return known && known->by_the_way;
}

/* Did it come to one of the outcomes that the side states? */
static bool came_to(const struct bug_side *side, const struct run_json *run)
{
	g_auto(GStrv) words = g_strsplit(side->outcome, ";", -1);
	bool passed = run->exit == VTDLAB_EXIT_OK, any = false;
	enum outcome outcome;

	for (char **word = words; *word; word++)
		any |= run->bench ? passed == (strcmp(*word, BUG_BENCH_PASSED) == 0) :
				    outcome_from_name(*word, &outcome) && outcome == run->outcome;
	return any;
}

/* What of the stated is missing, or is there and was not stated; NULL: nothing. */
static char *difference(const struct bug_side *side, const struct run_json *run)
{
	char *missing = NULL;

	if (!came_to(side, run))
		return g_strdup_printf("wanted %s", side->outcome);
	for (char **name = side->fails; *name; name++) {
		const struct run_json_check *check = run_json_check(run, *name);

		if (!check || check->result != CHECK_FAIL)
			return g_strdup_printf("%s was to fail", *name);
	}
	for (guint i = 0; i < run->checks->len; i++) {
		const struct run_json_check *check = &g_array_index(run->checks, struct run_json_check, i);

		if (run_json_unexpected(check) && !by_the_way(check) &&
		    !g_strv_contains((const char *const *)side->fails, check->name) &&
		    !g_strv_contains((const char *const *)side->may_fail, check->name))
			return g_strdup_printf("%s was not to fail", check->name);
	}
	return side_signed(side, run, &missing) ? NULL : missing;
}

enum side_result side_judge(const struct bug_side *side, const struct run_json *run, GString *why)
{
	g_autofree char *other = difference(side, run);

	say_seen(run, why);
	if (!has_verdict(run)) {
		g_string_append(why, ": no verdict");
		return SIDE_UNJUDGED;
	}
	if (!other)
		return SIDE_AS_STATED;
	g_string_append_printf(why, ": %s", other);
	return SIDE_OTHERWISE;
}

enum side_result side_said(const struct bug_side *side, unsigned seen, unsigned judged, unsigned runs)
{
	unsigned wanted = side->at_least ? side->at_least : runs;

	if (seen >= wanted)
		return SIDE_AS_STATED;
	/* what was not judged might have been as stated */
	return seen + (runs - judged) >= wanted ? SIDE_UNJUDGED : SIDE_OTHERWISE;
}

bool side_run(const struct bug_side *side, const struct scenario *scenario, const char *results,
	      enum progress_style style, char **dir, GError **error)
{
	struct run_options options = { .qemu = *side->qemu ? side->qemu : NULL,
				       .reference = *side->reference ? side->reference : NULL,
				       .results = results,
				       .progress = progress_new(NULL, style) };
	struct run_outcome out;
	bool ok = scenario_run(scenario, &options, &out, error);

	progress_clear(options.progress);
	progress_free(options.progress);
	if (!ok)
		return false;
	*dir = g_strdup(out.dir);
	run_outcome_clear(&out);
	return true;
}

static void add_sets(GString *line, char **sets)
{
	for (char **set = sets; *set; set++) {
		g_autofree char *quoted = text_shell_word(*set);

		g_string_append_printf(line, " --set %s", quoted);
	}
}

char *side_command(const struct bug *bug, const struct bug_side *side)
{
	GString *line = g_string_new(NULL);

	if (*bug->bench)
		g_string_append_printf(line, "vtdlab bench --tests '%s'", bug->bench);
	else
		g_string_append_printf(line, "vtdlab run %s", bug->scenario);
	if (*side->kernel)
		g_string_append_printf(line, " --kernel %s", side->kernel);
	if (*side->crash_kernel)
		g_string_append_printf(line, " --crash-kernel %s", side->crash_kernel);
	if (*side->qemu)
		g_string_append_printf(line, " --qemu %s", side->qemu);
	if (*side->reference)
		g_string_append_printf(line, " --reference %s", side->reference);
	if (*side->l1_params) {
		g_autofree char *quoted = text_shell_word(side->l1_params);

		g_string_append_printf(line, " --l1-params %s", quoted);
	}
	add_sets(line, bug->sets);
	add_sets(line, side->sets);
	return g_string_free(line, FALSE);
}
