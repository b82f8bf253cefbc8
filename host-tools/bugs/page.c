/* SPDX-License-Identifier: GPL-2.0-only */
/* The page of a bug: what is known of it, and what to type. */
#include "bugs/reproduce.h"

static void field(GString *page, const char *name, const char *value)
{
	if (*value)
		g_string_append_printf(page, "%-11s %s\n", name, value);
}

static void add_list(GString *page, const char *name, char **list)
{
	g_autofree char *joined = g_strjoinv("; ", list);

	if (*joined)
		g_string_append_printf(page, "        %s: %s\n", name, joined);
}

static void add_side(GString *page, const char *name, const struct bug *bug, const struct bug_side *side)
{
	g_autofree char *command = side_command(bug, side);

	g_string_append_printf(page, "  %s  %s\n        %s", name, command, side->outcome);
	if (side->at_least)
		g_string_append_printf(page, ", in at least %u of %u runs", side->at_least, side->runs);
	else if (side->runs > 1)
		g_string_append_printf(page, ", in all of %u runs", side->runs);
	g_string_append_c(page, '\n');
	add_list(page, "must fail", side->fails);
	add_list(page, "may fail", side->may_fail);
	add_list(page, "must say", side->signature);
}

char *bug_page(const struct bug *bug)
{
	g_autofree char *logs = g_strjoinv("; ", bug->log);
	GString *page = g_string_new(NULL);

	g_string_append_printf(page, "%s: %s\n", bug->name, bug->title);
	if (*bug->description)
		g_string_append_printf(page, "\n%s\n", bug->description);
	g_string_append_c(page, '\n');
	field(page, "area", word_of(bug_area_words, (int)bug->area));
	field(page, "affects", bug->affects);
	field(page, "introduced", bug->introduced);
	field(page, "fix", bug->fix);
	field(page, "source", bug->source);
	field(page, "logs show", logs);
	if (*bug->figure)
		g_string_append_printf(page, "%-11s %s, bad side at least %g %% more\n", "figure", bug->figure,
				       bug->figure_worse);
	for (unsigned i = 0; i < BUG_RECIPES; i++) {
		if (!bug_recipe_given(bug, i))
			continue;
		g_string_append_printf(page, "\nrecipe %u%s\n", i + 1, i ? ", on kernels built here" : "");
		add_side(page, "bad ", bug, &bug->recipes[i].bad);
		add_side(page, "good", bug, &bug->recipes[i].good);
	}
	if (bug->status == BUG_UNREPRODUCED)
		g_string_append_printf(page, "\nnot reproduced here; tried:\n%s\n", bug->tried);
	else
		g_string_append_printf(page, "\nmake reproduce BUG=%s\n", bug->name);
	return g_string_free(page, FALSE);
}
