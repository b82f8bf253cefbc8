/* SPDX-License-Identifier: GPL-2.0-only */
/* `vtdlab list checks NAME`, `vtdlab list scenarios NAME`. */
#include "cmd/list-page.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/words.h"
#include "cmd/cmd.h"
#include "conf/scenario.h"
#include "results/report.h"
#include "verdict/check.h"

#define LABEL_WIDTH 14

static void put(const char *label, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void put(const char *label, const char *format, ...)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_string_append_printf(out, "%-*s", LABEL_WIDTH, label);
	text_wrap(out, text, LABEL_WIDTH, REPORT_WIDTH);
	fputs(out->str, stdout);
}

/* What is to be copied is not wrapped. */
static void put_command(const char *label, const char *command)
{
	printf("%-*s%s\n", LABEL_WIDTH, label, command);
}

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
	const struct outcome_info *failed = c ? &vtdlab_outcomes[c->outcome] : NULL;
	g_autofree char *needs = c ? need_list(c->needs, c->traces) : NULL;
	g_autofree char *pattern = c ? trace_groups_pattern(c->traces) : NULL;
	g_autofree char *grep = pattern && *pattern ? g_strdup_printf("grep -nE '%s' RUN/qemu.log", pattern) : NULL;

	if (!c)
		return VTDLAB_EXIT_USAGE;
	put("check", "%s", c->name);
	put("a pass says", "%s", c->proves);
	put("a fail says", "%s%s%s", failed->name, *failed->words ? ": " : "", failed->words);
	put("needs", "%s", *needs ? needs : "nothing; it applies to every run");
	put("", "Where one of these does not apply, the check is skipped; where it was not seen, there is no evidence, "
		"and the run is inconclusive.");
	if (c->per_device)
		put("devices", "judged one by one: an expected failure may name one, %s@nvme", c->name);
	if (c->outcome == OUTCOME_COPY_WRONG)
		put_command("look at", "vtdlab diff RUN/tables/panic.vtd RUN/tables/copied.vtd");
	if (grep)
		put_command(c->outcome == OUTCOME_COPY_WRONG ? "" : "look at", grep);
	if (c->outcome != OUTCOME_COPY_WRONG && !grep)
		put_command("look at", "less RUN/console.log");
	put("words", "docs/glossary.md");
	return VTDLAB_EXIT_OK;
}

static void put_key(const char *key, const char *value, void *data)
{
	bool *first = data;

	if (g_str_has_prefix(key, "scenario."))
		return;
	put(*first ? "sets" : "", "%s=%s", key, value);
	*first = false;
}

static void put_expected(const char *when, char **checks)
{
	g_autofree char *list = g_strjoinv(", ", checks);

	if (*list)
		put("expected", "%s these fail: %s", when, list);
}

int list_scenario(const char *name)
{
	GError *error = NULL;
	struct scenario *s = scenario_load(name, &error), *plain;
	GHashTableIter at;
	gpointer when, checks;
	bool first = true;

	if (!s)
		return cmd_fail("list", error);
	plain = scenario_new(s->name);
	put("scenario", "%s: %s", s->name, s->title);
	if (*s->description)
		put("", "%s", s->description);
	schema_differences(&scenario_schema, s, plain, put_key, &first);
	put_expected("on every kernel", s->expect_fail);
	g_hash_table_iter_init(&at, s->expect_fail_when);
	while (g_hash_table_iter_next(&at, &when, &checks)) {
		g_autofree char *on = g_strdup_printf("on %s", (const char *)when);

		put_expected(on, checks);
	}
	if (s->strict_expect)
		put("", "This one is a negative control: where it does not fail, the lab is at fault, and it exits 1.");
	printf("%-*svtdlab run %s\n", LABEL_WIDTH, "run it", s->name);
	scenario_free(plain);
	scenario_free(s);
	return VTDLAB_EXIT_OK;
}
