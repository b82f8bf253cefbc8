/* SPDX-License-Identifier: GPL-2.0-only */
/* What a hunt finds: who is behind it, and what it needs. */
#include "bugs/group.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* ---- what a run shows ---- */

static char *failing(const struct run_json *run, const char *between)
{
	GString *names = g_string_new(NULL);

	for (guint i = 0; i < run->checks->len; i++) {
		const struct run_json_check *check = &g_array_index(run->checks, struct run_json_check, i);

		if (run_json_unexpected(check))
			g_string_append_printf(names, "%s%s", names->len ? between : "", check->name);
	}
	return g_string_free(names, FALSE);
}

static bool bad(const struct run_json *run)
{
	return run->outcome < OUTCOMES && run->exit == VTDLAB_EXIT_BAD;
}

char *group_kind(const struct run_json *run)
{
	g_autofree char *names = failing(run, ", ");

	if (!bad(run))
		return NULL;
	return *names ? g_strdup_printf("%s (%s)", outcome_name(run->outcome), names) :
			g_strdup(outcome_name(run->outcome));
}

static bool member(char **list, const char *name)
{
	return g_strv_contains((const char *const *)list, name);
}

/*
 * Was asked for what tells the bad side from the good one? Without it the checks alone would claim other bugs; all the more
 * where a word puts the bug back into a kernel of ours.
 */
static bool asked_for(const struct bug_recipe *recipe, char *const *settings)
{
	for (char **set = recipe->bad.sets; *set; set++)
		if (!member(recipe->good.sets, *set) && !member((char **)settings, *set))
			return false;
	return true;
}

/*
 * Are its own checks among those that fail, and do they say what they have to? One that has nothing to judge with these
 * devices does not speak against it; one that passes does.
 */
static bool behind(const struct bug_side *side, const struct run_json *run)
{
	unsigned failing_checks = 0;

	for (char **name = side->fails; *name; name++) {
		const struct run_json_check *check = run_json_check(run, *name);

		if (!check || check->result == CHECK_PASS)
			return false;
		failing_checks += run_json_unexpected(check);
	}
	return failing_checks && side_signed(side, run, NULL);
}

static const struct bug_side *side_behind(const struct bug *bug, const struct run_json *run, char *const *settings)
{
	for (unsigned r = 0; r < BUG_RECIPES; r++) {
		const struct bug_recipe *recipe = &bug->recipes[r];

		if (bug_recipe_given(bug, r) && asked_for(recipe, settings) && behind(&recipe->bad, run))
			return &recipe->bad;
	}
	return NULL;
}

static bool told(const GPtrArray *sides, const char *check)
{
	for (guint s = 0; s < sides->len; s++) {
		const struct bug_side *side = sides->pdata[s];

		if (member(side->fails, check) || member(side->may_fail, check))
			return true;
	}
	return false;
}

struct shown *shown_by(const struct run_json *run, char *const *settings, const GPtrArray *catalogue)
{
	g_autoptr(GPtrArray) sides = g_ptr_array_new();
	g_autoptr(GString) rest = g_string_new(NULL);
	struct shown *shown;

	if (!bad(run))
		return NULL;
	shown = g_new0(struct shown, 1);
	shown->bugs = g_ptr_array_new();
	for (guint i = 0; i < catalogue->len; i++) {
		const struct bug_side *side = side_behind(catalogue->pdata[i], run, settings);

		if (!side)
			continue;
		g_ptr_array_add(sides, (void *)side);
		g_ptr_array_add(shown->bugs, catalogue->pdata[i]);
	}
	shown->outcome = run->outcome;
	shown->fails = failing(run, ";");
	g_auto(GStrv) names = g_strsplit(shown->fails, ";", -1);

	for (char **name = names; *name; name++)
		if (!told(sides, *name))
			g_string_append_printf(rest, "%s%s", rest->len ? ", " : "", *name);
	shown->rest = rest->len || !shown->bugs->len ? g_strdup(rest->str) : NULL;
	return shown;
}

void shown_free(struct shown *shown)
{
	if (!shown)
		return;
	g_ptr_array_unref(shown->bugs);
	g_free(shown->rest);
	g_free(shown->fails);
	g_free(shown);
}

/* ---- groups ---- */

/* A run with the least settings so far. */
static void take(struct group *group, const struct shown *shown, char *const *settings, const char *dir)
{
	g_autoptr(GString) others = g_string_new(NULL);

	for (guint i = 0; i < shown->bugs->len; i++) {
		const struct bug *bug = shown->bugs->pdata[i];

		if (bug != group->bug)
			g_string_append_printf(others, "%s%s", others->len ? ", " : "", bug->name);
	}
	g_strfreev(group->least);
	group->least = g_strdupv((char **)settings);
	text_replace(&group->beside, others->len ? g_strdup(others->str) : NULL);
	group->outcome = shown->outcome;
	text_replace(&group->fails, g_strdup(shown->fails));
	text_replace(&group->dir, g_strdup(dir));
}

struct group *group_new(const struct bug *bug, const struct shown *shown, char *const *settings, const char *dir)
{
	struct group *group = g_new0(struct group, 1);

	group->bug = bug;
	group->rest = bug ? NULL : g_strdup(shown->rest);
	group->of = g_strv_length((char **)settings);
	take(group, shown, settings, dir);
	return group;
}

bool group_is(const struct group *group, const struct bug *bug, const struct shown *shown)
{
	if (bug)
		return group->bug == bug;
	if (group->bug || g_strcmp0(group->rest, shown->rest) != 0)
		return false;
	/* without any check the outcome is all that there is to tell by */
	return *group->rest || group->outcome == shown->outcome;
}

static bool seen(const struct group *group, const struct shown *shown)
{
	if (!shown)
		return false;
	return group->bug ? g_ptr_array_find(shown->bugs, group->bug, NULL) :
			    shown->rest && group_is(group, NULL, shown);
}

void group_fewer(struct group *group, const struct shown *shown, char *const *settings, const char *dir)
{
	if (group->reduced || group->trying || g_strv_length((char **)settings) >= g_strv_length(group->least))
		return;
	take(group, shown, settings, dir);
	group->step = 0;
	group->asked = false;
}

/* ---- fewer settings ---- */

struct search {
	const char *setting;
	bool there;
};

/* Does the bug's file say so too? Of text that is appended to, it may say more. */
static void look(const char *key, const char *value, void *data)
{
	struct search *s = data;
	size_t n = strlen(key);

	if (strncmp(s->setting, key, n) != 0)
		return;
	if (s->setting[n] == '=')
		s->there |= strcmp(s->setting + n + 1, value) == 0;
	else if (g_str_has_prefix(s->setting + n, "+="))
		s->there |= strstr(value, s->setting + n + 2) != NULL;
}

static bool in_file(const char *setting, const struct bug_side *side, const struct scenario *s,
		    const struct scenario *base)
{
	struct search search = { .setting = setting };

	if (g_str_has_prefix(setting, "qemu="))
		return strcmp(setting + strlen("qemu="), side->qemu) == 0;
	schema_differences(&scenario_schema, s, base, look, &search);
	return search.there;
}

/* Has one of the bug's recipes that these settings ask for got it as well? */
static bool in_a_recipe(const struct group *group, const char *setting, const struct scenario *base)
{
	const struct bug *bug = group->bug;
	bool there = false;

	for (unsigned r = 0; !there && r < BUG_RECIPES; r++) {
		const struct bug_side *side = &bug->recipes[r].bad;
		struct scenario *s;

		if (!bug_recipe_given(bug, r) || !asked_for(&bug->recipes[r], group->least))
			continue;
		s = bug_scenario(bug, side, NULL, NULL);
		there = s && in_file(setting, side, s, base);
		scenario_free(s);
	}
	return there;
}

/* The kernel, and those settings which the bug's file has as well. */
static char **common(const struct group *group, const struct scenario *base)
{
	g_autoptr(GStrvBuilder) some = g_strv_builder_new();

	for (unsigned i = 0; group->least[i]; i++)
		if (i == 0 || in_a_recipe(group, group->least[i], base))
			g_strv_builder_add(some, group->least[i]);
	return g_strv_builder_end(some);
}

/* The settings without @step of them from @at on. The first is the kernel: without it there is another one, not less. */
static char **without(const struct group *group)
{
	g_autoptr(GStrvBuilder) fewer = g_strv_builder_new();

	for (unsigned i = 0; group->least[i]; i++)
		if (i < group->at || i >= group->at + group->step)
			g_strv_builder_add(fewer, group->least[i]);
	return g_strv_builder_end(fewer);
}

/* The next place; false: there is none. Single ones are gone through until none of them can be left out. */
static bool advance(struct group *group, unsigned n)
{
	if (!group->step || group->step > n / 2)
		group->step = n / 2;
	else if (group->at < n)
		return true;
	else if (group->step > 1)
		group->step /= 2;
	else if (!group->removed)
		return false;
	group->at = 1;
	group->removed = false;
	return n > 1 && group->step;
}

char **group_next(struct group *group, const struct scenario *base)
{
	unsigned n = g_strv_length(group->least);

	if (group->trying || group->reduced)
		return NULL;
	if (group->bug && !group->asked) {
		group->asked = true;
		group->trying = common(group, base);
		if (g_strv_length(group->trying) < n)
			return group->trying;
		g_clear_pointer(&group->trying, g_strfreev);
		group->reduced = true;
		return NULL;
	}
	if (!advance(group, n)) {
		group->reduced = true;
		return NULL;
	}
	group->trying = without(group);
	return group->trying;
}

void group_tried(struct group *group, const struct shown *shown, const char *dir)
{
	g_auto(GStrv) tried = g_steal_pointer(&group->trying);

	if (!seen(group, shown)) {
		group->at += group->step;
		return;
	}
	take(group, shown, tried, dir);
	group->removed = true;
	group->reduced = !group->step; /* what the bug's own file has */
}

char *group_draft(const struct group *group, const char *scenario)
{
	g_autofree char *sets = g_strjoinv(";", group->least);

	return g_strdup_printf(
		"# A draft by vtdlab hunt: say what it is, and look for the settings that tell its sides apart.\n"
		"[bug]\ntitle=?\nsource=?\nscenario=%s\n\n"
		"[bad]\nset=%s\noutcome=%s\nfails=%s\n\n"
		"[good]\nset=%s\noutcome=preserved\n",
		scenario, sets, outcome_name(group->outcome), group->fails, group->least[0]);
}

void group_free(void *data)
{
	struct group *group = data;

	g_free(group->rest);
	g_free(group->fails);
	g_free(group->beside);
	g_strfreev(group->least);
	g_free(group->dir);
	g_strfreev(group->trying);
	g_free(group);
}
