/* SPDX-License-Identifier: GPL-2.0-only */
/* Failures of one kind: who is behind them, and what they need. */
#include "bugs/group.h"

#include <string.h>

#include "base/error.h"

static bool failed(const struct run_json_check *check)
{
	return strcmp(check->result, "fail") == 0 && !check->expect_fail;
}

char *group_kind(const struct run_json *run)
{
	GString *kind = g_string_new(NULL);
	unsigned n = 0;

	if (run->outcome >= OUTCOMES || run->exit != VTDLAB_EXIT_BAD) {
		g_string_free(kind, TRUE);
		return NULL;
	}
	g_string_append(kind, outcome_name(run->outcome));
	for (guint i = 0; i < run->checks->len; i++) {
		const struct run_json_check *check = &g_array_index(run->checks, struct run_json_check, i);

		if (failed(check))
			g_string_append_printf(kind, "%s%s", n++ ? ", " : " (", check->name);
	}
	return g_string_free(n ? g_string_append_c(kind, ')') : kind, FALSE);
}

static bool member(char **list, const char *name)
{
	return g_strv_contains((const char *const *)list, name);
}

/* Is the bug that @side shows one of those behind @run? Its own checks fail, and say what they have to. */
static bool behind(const struct bug_side *side, const struct run_json *run)
{
	for (char **name = side->fails; *name; name++) {
		const struct run_json_check *check = run_json_check(run, *name);

		if (!check || !failed(check))
			return false;
	}
	return *side->fails && side_signed(side, run, NULL);
}

void group_explain(struct group *group, const struct run_json *run, const GPtrArray *catalogue)
{
	g_autoptr(GPtrArray) sides = g_ptr_array_new();
	g_autoptr(GString) known = g_string_new(NULL), rest = g_string_new(NULL);

	for (guint i = 0; i < catalogue->len; i++) {
		const struct bug *bug = catalogue->pdata[i];

		for (unsigned r = 0; r < BUG_RECIPES; r++)
			if (bug_recipe_given(bug, r) && behind(&bug->recipes[r].bad, run)) {
				g_ptr_array_add(sides, (void *)&bug->recipes[r].bad);
				g_string_append_printf(known, "%s%s", known->len ? ", " : "", bug->name);
				break;
			}
	}
	for (guint i = 0; i < run->checks->len; i++) {
		const struct run_json_check *check = &g_array_index(run->checks, struct run_json_check, i);
		bool told = !failed(check);

		for (guint s = 0; !told && s < sides->len; s++) {
			const struct bug_side *side = sides->pdata[s];

			told = member(side->fails, check->name) || member(side->may_fail, check->name);
		}
		if (!told)
			g_string_append_printf(rest, "%s%s", rest->len ? ", " : "", check->name);
	}
	group->known = known->len ? g_strdup(known->str) : NULL;
	group->unexplained = rest->len || !known->len ? g_strdup(rest->str) : NULL;
}

/* The first setting is the kernel: without it there is another one, not less. */
char **group_next(struct group *group)
{
	unsigned n = g_strv_length(group->least);
	g_autoptr(GStrvBuilder) fewer = g_strv_builder_new();

	if (group->at < 1)
		group->at = 1;
	if (group->at >= n && group->removed) {
		group->removed = false;
		group->at = 1;
	}
	if (group->at >= n) {
		group->reduced = true;
		return NULL;
	}
	for (unsigned i = 0; i < n; i++)
		if (i != group->at)
			g_strv_builder_add(fewer, group->least[i]);
	return g_strv_builder_end(fewer);
}

void group_tried(struct group *group, const char *kind, const char *dir)
{
	if (g_strcmp0(kind, group->kind) != 0) {
		group->at++;
		return;
	}
	g_free(group->least[group->at]);
	for (unsigned i = group->at; group->least[i]; i++)
		group->least[i] = group->least[i + 1];
	group->removed = true;
	g_free(group->dir);
	group->dir = g_strdup(dir);
}

char *group_draft(const struct group *group, const char *scenario)
{
	g_autofree char *bad = g_strjoinv(";", group->least), *good = NULL;
	const char *checks = strchr(group->kind, '(');
	g_autofree char *outcome = g_strndup(group->kind, strcspn(group->kind, " ("));
	g_autofree char *fails = checks ? g_strndup(checks + 1, strlen(checks) - 2) : g_strdup("");
	g_auto(GStrv) names = g_strsplit(fails, ", ", -1);
	g_autofree char *list = g_strjoinv(";", names);

	good = g_strdup(group->least[0]);
	return g_strdup_printf(
		"# A draft by vtdlab hunt: say what it is, and look for the settings that tell its sides apart.\n"
		"[bug]\ntitle=?\nsource=?\nscenario=%s\n\n"
		"[bad]\nset=%s\noutcome=%s\nfails=%s\n\n"
		"[good]\nset=%s\noutcome=preserved\n",
		scenario, bad, outcome, list, good);
}

void group_free(void *data)
{
	struct group *group = data;

	g_free(group->kind);
	g_free(group->known);
	g_free(group->unexplained);
	g_strfreev(group->least);
	g_free(group->dir);
	g_free(group);
}
