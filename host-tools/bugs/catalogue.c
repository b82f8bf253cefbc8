/* SPDX-License-Identifier: GPL-2.0-only */
#include "bugs/catalogue.h"

#include "base/error.h"
#include "base/text.h"
#include "verdict/check.h"
#include "verdict/outcome.h"

static bool outcomes_known(const struct bug *bug, const struct bug_side *side, GError **error)
{
	g_auto(GStrv) words = g_strsplit(side->outcome, ";", -1);
	const char *names[OUTCOMES + 1] = { NULL };
	enum outcome outcome;

	for (unsigned i = 0; i < OUTCOMES; i++)
		names[i] = outcome_name(i);
	for (char **word = words; *word; word++) {
		const char *near = nearest_word(*word, names);

		if (!outcome_from_name(*word, &outcome))
			return vtdlab_refuse(error, "bug %s: outcome=%s: no run ends so%s%s", bug->name, *word,
					     near ? "; the nearest is " : "", near ? near : "");
	}
	return true;
}

/* Of a benchmark's sides the file's reader knows both words. */
static bool check_outcomes(const struct bug *bug, GError **error)
{
	for (unsigned n = 0; !*bug->bench && n < BUG_RECIPES; n++)
		if (!outcomes_known(bug, &bug->recipes[n].bad, error) ||
		    !outcomes_known(bug, &bug->recipes[n].good, error))
			return false;
	return true;
}

struct bug *catalogue_load(const char *name_or_path, bool restricted, GError **error)
{
	g_auto(GStrv) checks = check_expectable();
	struct bug *bug =
		(restricted ? bug_load_restricted : bug_load)(name_or_path, (const char *const *)checks, error);

	if (!bug || check_outcomes(bug, error))
		return bug;
	bug_free(bug);
	return NULL;
}
