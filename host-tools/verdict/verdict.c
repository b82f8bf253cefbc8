/* SPDX-License-Identifier: GPL-2.0-only */
/* What the checks of a run amount to: outcome, exit status, and the verdict in words. */
#include "verdict/verdict.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"

static void free_row(gpointer data)
{
	struct verdict_row *row = data;

	g_free(row->name);
	g_free(row->detail);
	g_free(row);
}

struct verdict *verdict_new(void)
{
	struct verdict *v = g_new0(struct verdict, 1);

	v->rows = g_ptr_array_new_with_free_func(free_row);
	verdict_conclude(v, false);
	return v;
}

void verdict_free(struct verdict *v)
{
	if (!v)
		return;
	g_ptr_array_unref(v->rows);
	g_free(v->words);
	g_free(v->chosen);
	g_free(v->told);
	g_free(v->before);
	g_free(v);
}

struct verdict_row *verdict_add(struct verdict *v, const char *name, enum check_result result, enum outcome outcome,
				const char *detail)
{
	struct verdict_row *row = g_new0(struct verdict_row, 1);

	row->name = g_strdup(name);
	row->result = result;
	row->outcome = outcome;
	row->detail = text_one_line(detail);
	g_ptr_array_add(v->rows, row);
	return row;
}

struct verdict_row *verdict_find(const struct verdict *v, const char *name)
{
	for (guint i = 0; i < v->rows->len; i++) {
		struct verdict_row *row = v->rows->pdata[i];

		if (strcmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}

/* What kept the checks from being judged. One that must fail and did not run counts. */
static const struct verdict_row *first_unjudged(const struct verdict *v)
{
	for (guint i = 0; i < v->rows->len; i++) {
		const struct verdict_row *row = v->rows->pdata[i];

		if (row->result == CHECK_NO_EVIDENCE || (row->result == CHECK_SKIP && row->expect_fail))
			return row;
	}
	return NULL;
}

/* The first failure that was, or was not, expected; of the expected ones only those of a required outcome. */
static const struct verdict_row *first_failed(const struct verdict *v, bool expected)
{
	for (guint i = 0; i < v->rows->len; i++) {
		const struct verdict_row *row = v->rows->pdata[i];

		if (row->result == CHECK_FAIL && row->expect_fail == expected &&
		    (!expected || vtdlab_outcomes[row->outcome].required))
			return row;
	}
	return NULL;
}

/* "preserved" needs a check of the translation itself that ran. */
static bool nothing_ran(const struct verdict *v)
{
	for (guint i = 0; i < v->rows->len; i++) {
		const struct verdict_row *row = v->rows->pdata[i];

		if ((row->result == CHECK_PASS || row->result == CHECK_FAIL) &&
		    vtdlab_outcomes[row->outcome].proves_translation)
			return false;
	}
	return true;
}

static enum outcome outcome_of(const struct verdict *v, bool interrupted)
{
	const struct verdict_row *unexpected = first_failed(v, false), *expected = first_failed(v, true);

	if (interrupted)
		return OUTCOME_INTERRUPTED;
	if (unexpected)
		return unexpected->outcome;
	if (first_unjudged(v))
		return OUTCOME_INCONCLUSIVE;
	if (expected)
		return expected->outcome;
	if (v->no_iommu)
		return OUTCOME_NO_IOMMU;
	return nothing_ran(v) ? OUTCOME_INCONCLUSIVE : OUTCOME_PRESERVED;
}

static int exit_of(const struct verdict *v)
{
	const struct outcome_info *info = &vtdlab_outcomes[v->outcome];
	bool good = info->judged;

	for (guint i = 0; i < v->rows->len; i++) {
		const struct verdict_row *row = v->rows->pdata[i];

		good &= row->result == CHECK_FAIL ? row->expect_fail : !(v->strict && row->expect_fail);
	}
	if (!good)
		return info->exit;
	return v->before ? VTDLAB_EXIT_CANNOT_JUDGE : VTDLAB_EXIT_OK;
}

/* ", "-joined names of the checks that were expected to fail and whose result is @result. */
static char *expected_with(const struct verdict *v, enum check_result result)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < v->rows->len; i++) {
		const struct verdict_row *row = v->rows->pdata[i];

		if (row->expect_fail && row->result == result)
			g_string_append_printf(out, "%s%s", out->len ? ", " : "", row->name);
	}
	return g_string_free(out, FALSE);
}

static void why_inconclusive(const struct verdict *v, GString *out)
{
	const struct verdict_row *row = first_failed(v, false);

	row = row ? row : first_unjudged(v);
	row = row ? row : first_failed(v, true);
	g_string_append_printf(out, "Nothing can be said about the kernel: %s%s%s.",
			       row ? row->name : "no check of the translation ran", row && *row->detail ? ": " : "",
			       row ? row->detail : "");
}

static char *words_of(const struct verdict *v)
{
	g_autofree char *known = expected_with(v, CHECK_FAIL), *missed = expected_with(v, CHECK_PASS);
	GString *out = g_string_new(vtdlab_outcomes[v->outcome].words);

	if (!out->len)
		why_inconclusive(v, out);
	if (*known)
		g_string_append_printf(out, " Failed as this scenario expects: %s.", known);
	if (*missed)
		g_string_append_printf(out,
				       v->strict ? " Had to fail, but passed: %s." :
						   " Better than this scenario expects, passed: %s.",
				       missed);
	if (v->chosen)
		g_string_append_printf(out, " Judged is what the first kernel chose against what was asked for: %s.",
				       v->chosen);
	if (v->told)
		g_string_append_printf(out, " Told beside it, by %s.", v->told);
	if (v->before)
		g_string_append_printf(
			out, " Not the same twice: in the first attempt the crash kernel did not come up, %s.",
			v->before);
	return g_string_free(out, FALSE);
}

void verdict_conclude(struct verdict *v, bool interrupted)
{
	v->outcome = outcome_of(v, interrupted);
	v->exit = exit_of(v);
	g_free(v->words);
	v->words = words_of(v);
}

static const char *const result_names[CHECK_RESULTS] = { "pass", "fail", "skip", "none" };

const char *check_result_name(enum check_result result)
{
	return result < CHECK_RESULTS ? result_names[result] : "?";
}

enum check_result check_result_from_name(const char *name)
{
	enum check_result result = 0;

	while (result < CHECK_RESULTS && strcmp(result_names[result], name) != 0)
		result++;
	return result;
}
