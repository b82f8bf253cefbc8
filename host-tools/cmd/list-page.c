/* SPDX-License-Identifier: GPL-2.0-only */
/* `vtdlab list checks NAME`, `vtdlab list scenarios NAME`. */
#include "cmd/list-page.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "base/words.h"
#include "cmd/cmd.h"
#include "conf/scenario.h"
#include "results/report.h"
#include "verdict/check.h"

#define LABEL_WIDTH 14

/* A page in the making; what is to be copied is not wrapped. */
#define put(page, label, ...) text_field(page, LABEL_WIDTH, REPORT_WIDTH, label, __VA_ARGS__)
#define put_command(page, label, command) g_string_append_printf(page, "%-*s%s\n", LABEL_WIDTH, label, command)

static const struct check *find_check(const char *name)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const struct check *check = check_find(name);
	const char *near;

	if (check)
		return check;
	for (const struct check *const *c = vtdlab_checks; *c; c++)
		g_ptr_array_add(names, (char *)(*c)->name);
	g_ptr_array_add(names, NULL);
	near = nearest_word(name, (const char *const *)names->pdata);
	cmd_usage_error("list", "'%s' is no check%s%s%s", name, near ? " (did you mean " : "", near ? near : "",
			near ? "?)" : "");
	return NULL;
}

int list_check(const char *name)
{
	const struct check *c = find_check(name);
	g_autoptr(GString) page = g_string_new(NULL);
	g_autofree char *needs = NULL, *pattern = NULL, *grep = NULL, *words = lab_doc("glossary.md");
	const struct outcome_info *failed;
	bool tables, reused;

	if (!c)
		return VTDLAB_EXIT_USAGE;
	failed = &vtdlab_outcomes[c->outcome];
	tables = c->outcome == OUTCOME_COPY_WRONG;
	reused = c->outcome == OUTCOME_IOVA_REUSED;
	needs = need_list(c->needs, c->traces);
	pattern = trace_groups_pattern(c->traces);
	put(page, "check", "%s", c->name);
	put(page, "a pass says", "%s", c->proves);
	put(page, "a fail says", "%s%s%s", failed->name, *failed->words ? ": " : "", failed->words);
	put(page, "needs", "%s", *needs ? needs : "nothing; it applies to every run");
	put(page, "",
	    "Where one of these does not apply, the check is skipped; where it was not seen, there is no evidence, and "
	    "the run is inconclusive.");
	if (c->per_device)
		put(page, "devices", "judged one by one: an expected failure may name one, %s@nvme", c->name);
	if (tables)
		put_command(page, "look at", "vtdlab diff RUN/tables/panic.vtd RUN/tables/copied.vtd");
	if (reused)
		put_command(page, "look at", "vtdlab diff RUN/tables/panic.vtd RUN/tables/end.vtd");
	if (*pattern) {
		grep = g_strdup_printf("grep -nE '%s' RUN/qemu.log", pattern);
		put_command(page, tables || reused ? "" : "look at", grep);
	} else if (!tables && !reused) {
		put_command(page, "look at", "less RUN/console.log");
	}
	put_command(page, "words", words);
	fputs(page->str, stdout);
	return VTDLAB_EXIT_OK;
}

static void put_key(const char *key, const char *value, void *data)
{
	GString *page = data;

	if (!g_str_has_prefix(key, "scenario."))
		put(page, "sets", "%s=%s", key, value);
}

static void put_expected(GString *page, const char *when, char **checks)
{
	g_autofree char *list = g_strjoinv(", ", checks);

	if (*list)
		put(page, "expected", "on %s these fail: %s", when, list);
}

int list_scenario(const char *name)
{
	GError *error = NULL;
	struct scenario *s = scenario_load(name, &error), *plain;
	g_autoptr(GString) page = g_string_new(NULL);
	GHashTableIter at;
	gpointer when, checks;
	g_autofree char *groups = NULL;

	if (!s)
		return cmd_fail("list", error);
	plain = scenario_new(s->name);
	groups = g_strjoinv(", ", s->groups);
	put(page, "scenario", "%s: %s", s->name, s->title);
	if (*s->description)
		put(page, "", "%s", s->description);
	put(page, "groups", "%s", *groups ? groups : "none");
	schema_differences(&scenario_schema, s, plain, put_key, page);
	put_expected(page, "every kernel", s->expect_fail);
	g_hash_table_iter_init(&at, s->expect_fail_when);
	while (g_hash_table_iter_next(&at, &when, &checks))
		put_expected(page, when, checks);
	if (s->strict_expect)
		put(page, "",
		    "This one is a negative control: where it does not fail, the lab is at fault, and it exits 1.");
	put(page, "run it", "vtdlab run %s", s->name);
	fputs(page->str, stdout);
	scenario_free(plain);
	scenario_free(s);
	return VTDLAB_EXIT_OK;
}
