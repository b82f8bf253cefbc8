/* SPDX-License-Identifier: GPL-2.0-only */
/* The product of the axes, what is left out of it, and the words that run each cell. */
#include "matrix/cells.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "bench/bench.h"
#include "bugs/axes.h"
#include "bugs/catalogue.h"
#include "bugs/reproduce.h"
#include "prepare/kernel.h"
#include "verdict/check.h"
#include "verdict/outcome.h"

#define CELLS_MAX 100000
#define AXES_MAX 16
#define QEMU_MEMORY (UINT64_C(600) << 20) /* beside the guest's: QEMU itself, and the lab */

const char *const cell_words[][2] = {
	[CELL_BUG] = { "reproduced", "not-reproduced" },
	[CELL_BENCH] = { BUG_BENCH_PASSED, BUG_BENCH_FAILED },
};

const char *cell_bench_option(const char *tests)
{
	return strcmp(tests, "quick") == 0 || strcmp(tests, "full") == 0 ? "--suite" : "--tests";
}

static void plan_free(void *p)
{
	struct cell_plan *plan = p;

	g_strfreev(plan->words);
	g_free(plan->expect.outcome);
	g_strfreev(plan->expect.fails);
	g_free(plan);
}

/* ---- lists that are only known here and now ---- */

static char *names_of(char **list)
{
	for (char **one = list; *one; one++)
		(*one)[strcspn(*one, " ")] = '\0';
	return g_strjoinv(";", list);
}

static char *expand_value(const char *value, GError **error)
{
	g_auto(GStrv) list = NULL;

	if (*value != '@')
		return g_strdup(value);
	if (strcmp(value, "@cached") == 0) {
		list = kernel_cached_specs(NULL);
	} else if (strcmp(value, "@available") == 0) {
		g_autofree char *text = kernel_available(error);

		if (!text)
			return NULL;
		list = g_strsplit(text, "\n", -1);
	} else {
		vtdlab_refuse(error, "kernel=%s: @cached or @available", value);
		return NULL;
	}
	if (*list && **list)
		return names_of(list);
	vtdlab_unfit(error, "kernel=%s: there is none: `make fetch`, or name kernels", value);
	return NULL;
}

bool cells_expand(struct matrix *m, GError **error)
{
	for (char **axis = m->axes; *axis; axis++) {
		g_autofree char *name = NULL;
		g_auto(GStrv) values = matrix_values(matrix_pair(*axis, &name));

		if (strcmp(name, "kernel") != 0 && strcmp(name, "crash-kernel") != 0)
			continue;
		for (char **value = values; *value; value++) {
			char *names = expand_value(*value, error);

			if (!names)
				return false;
			g_free(*value);
			*value = names;
		}
		g_autofree char *all = g_strjoinv(";", values);

		g_free(*axis);
		*axis = g_strdup_printf("%s=%s", name, all);
	}
	return true;
}

/* ---- one cell ---- */

/* "mode" of "iommu.mode", "dma" of "set-dma": what tells a value in the name of a cell. */
static const char *short_name(const char *axis)
{
	const char *dot = strrchr(axis, '.');

	return dot ? dot + 1 : g_str_has_prefix(axis, "set-") ? axis + strlen("set-") : axis;
}

/* Two axes may have the same last word: then the whole names tell them apart. */
static bool ambiguous(const struct matrix *m, const char *axis)
{
	unsigned same = 0;

	for (char **other = m->axes; *other; other++) {
		g_autofree char *name = NULL;

		matrix_pair(*other, &name);
		same += strcmp(short_name(name), short_name(axis)) == 0;
	}
	return same > 1;
}

/* What has one value everywhere tells nothing, unless there is nothing else. */
static char *name_of(const struct matrix *m, char *const *values)
{
	g_autoptr(GString) several = g_string_new(NULL), all = g_string_new(NULL);

	for (; *values; values++) {
		g_autofree char *axis = NULL;
		const char *value = matrix_pair(*values, &axis);
		const char *shown = ambiguous(m, axis) ? axis : short_name(axis);

		g_string_append_printf(all, "%s%s=%s", all->len ? " " : "", shown, value);
		if (strchr(matrix_find(m->axes, axis), ';'))
			g_string_append_printf(several, "%s%s=%s", several->len ? " " : "", shown, value);
	}
	return g_strdup(several->len ? several->str : all->str);
}

/* Does the cell have all that the rule asks for? */
static bool rule_holds(const char *rule, char *const *values)
{
	g_auto(GStrv) parts = matrix_values(matrix_pair(rule, NULL));

	for (char **part = parts; *part; part++) {
		g_autofree char *axis = NULL;
		const char *wanted = matrix_pair(*part, &axis), *value = matrix_find(values, axis);

		if (value && !g_pattern_match_simple(wanted, value))
			return false;
	}
	return true;
}

/* The last rule that holds says what is expected. */
static void expect(const struct matrix *m, char *const *values, struct cell_plan *plan)
{
	static char *none[] = { NULL };

	plan->expect.signature = plan->expect.may_fail = none;
	for (char **rule = m->expect; *rule; rule++) {
		g_auto(GStrv) parts = matrix_values(matrix_pair(*rule, NULL));
		const char *outcome = matrix_find(parts, MATRIX_OUTCOME), *fails = matrix_find(parts, MATRIX_FAILS);

		if (!rule_holds(*rule, values))
			continue;
		plan->stated = true;
		g_free(plan->expect.outcome);
		g_strfreev(plan->expect.fails);
		plan->expect.outcome = g_strdup(outcome);
		plan->expect.fails = g_strsplit(fails ? fails : "", ",", -1);
	}
}

static char *expectation(const struct cell_plan *plan)
{
	g_autofree char *fails = plan->stated ? g_strjoinv(", ", plan->expect.fails) : NULL;

	if (!plan->stated)
		return g_strdup(plan->kind == CELL_RUN ? "no failure but those that the scenario expects" :
				plan->kind == CELL_BUG ? "reproduced" :
							 "passed");
	return g_strdup_printf("%s%s%s%s", plan->expect.outcome, *fails ? " (" : "", fails, *fails ? ")" : "");
}

/* What the values of a cell ask for. */
struct wish {
	const char *scenario, *bug, *side, *bench, *clock;
	bool run_only, bench_only;
	GPtrArray *settings; /* char *, as axes_options() takes them */
};

static void wish(const struct matrix *m, struct wish *w, const char *pair)
{
	g_autofree char *axis = NULL;
	const char *value = matrix_pair(pair, &axis);
	g_auto(GStrv) several = NULL;

	switch (matrix_axis_kind(axis)) {
	case MATRIX_AXIS_SCENARIO:
		w->scenario = value;
		return;
	case MATRIX_AXIS_BUG:
		w->bug = value;
		return;
	case MATRIX_AXIS_SIDE:
		w->side = value;
		return;
	case MATRIX_AXIS_BENCH:
		w->bench = value;
		return;
	case MATRIX_AXIS_SETTINGS:
		several = matrix_values(matrix_find(m->settings, value));
		for (char **one = several; *one; one++)
			if (**one)
				g_ptr_array_add(w->settings, g_strdup(*one));
		w->run_only |= *several && **several;
		return;
	case MATRIX_AXIS_BENCH_OPTION:
		w->clock = strcmp(axis, "clock") == 0 ? value : w->clock;
		w->bench_only = true;
		break;
	case MATRIX_AXIS_RUN_OPTION:
	case MATRIX_AXIS_KEY:
		w->run_only = true;
		break;
	default:
		break;
	}
	if (strcmp(pair, "qemu=host") != 0)
		g_ptr_array_add(w->settings, g_strdup(pair));
}

/* As bench/plan.c has it: huge pages take more. */
static void bench_takes(struct cell_plan *plan, const char *tests)
{
	bool huge = strcmp(tests, "full") == 0 || strstr(tests, "hugetlb");

	plan->memory = (UINT64_C(2) << 30) * (huge ? 2 : 1) + QEMU_MEMORY;
}

static void takes(struct cell_plan *plan, const struct scenario *s)
{
	plan->cpus = MAX(plan->cpus, s->machine.cpus);
	plan->memory = MAX(plan->memory, s->machine.memory + QEMU_MEMORY);
}

/* As much as the largest of its sides: which recipe is run is only known when it is. */
static void bug_takes(struct cell_plan *plan, const struct bug *bug)
{
	if (*bug->bench)
		bench_takes(plan, bug->bench);
	for (unsigned i = 0; i < 2 * BUG_RECIPES && !*bug->bench; i++) {
		const struct bug_recipe *recipe = &bug->recipes[i / 2];
		struct scenario *s = NULL;

		if (bug_recipe_given(bug, i / 2))
			s = bug_scenario(bug, i % 2 ? &recipe->good : &recipe->bad, NULL, NULL);
		if (s)
			takes(plan, s);
		scenario_free(s);
	}
}

/* The words of a run, which its scenario must allow. */
static bool plan_run(struct cell_plan *plan, const struct wish *w, char *const *settings, GStrvBuilder *words,
		     GError **error)
{
	struct scenario *base = scenario_load(w->scenario, error), *s = NULL;

	if (base)
		s = axes_apply(base, settings, error);
	if (s) {
		takes(plan, s);
		axes_words(words, w->scenario, settings);
	}
	scenario_free(base);
	scenario_free(s);
	return s != NULL;
}

/* What a benchmark is asked for: a word that it does not know would be told of when each of the cells is run. */
static bool bench_knows(const struct wish *w, char *const *settings, GError **error)
{
	g_auto(GStrv) tests = NULL;
	int word;

	if (strcmp(cell_bench_option(w->bench), "--tests") == 0 && !(tests = bench_tests(w->bench, error)))
		return false;
	for (; *settings; settings++) {
		g_autofree char *axis = NULL;
		const char *value = matrix_pair(*settings, &axis);
		g_auto(GStrv) params = NULL;

		if (strcmp(axis, "iommu") == 0 && !word_value(bench_iommu_words, value, &word))
			return vtdlab_refuse(error, "no iommu '%s': off, pt, lazy, strict or caching", value);
		if (strcmp(axis, "l1-params") == 0 && !(params = bench_params(value, error)))
			return false;
	}
	return true;
}

static bool plan_words(struct cell_plan *plan, const struct wish *w, char *const *settings, GError **error)
{
	g_autoptr(GStrvBuilder) words = g_strv_builder_new();
	struct bug *bug;
	int side;

	plan->kind = w->bug ? CELL_BUG : w->bench ? CELL_BENCH : CELL_RUN;
	plan->cpus = 1;
	if (plan->kind == CELL_RUN) {
		if (w->side || w->bench_only)
			return vtdlab_refuse(error, "axis %s goes with %s only",
					     w->side ? "side" : "clock, iommu or l1-params", w->side ? "bug" : "bench");
		if (!plan_run(plan, w, settings, words, error))
			return false;
	} else if (plan->kind == CELL_BUG) {
		if (w->bench || *settings)
			return vtdlab_refuse(error,
					     "a bug says itself what it runs: beside it there is only the axis side");
		bug = catalogue_load(w->bug, false, error);
		if (!bug)
			return false;
		bug_takes(plan, bug);
		bug_free(bug);
		if (w->side && !word_value(reproduce_sides_words, w->side, &side))
			return vtdlab_refuse(error, "side=%s: both, bad or good", w->side);
		g_strv_builder_add_many(words, "reproduce", w->bug, NULL);
		if (w->side)
			g_strv_builder_add_many(words, "--side", w->side, NULL);
	} else {
		if (w->side || w->run_only)
			return vtdlab_refuse(error, "with bench go kernel, qemu, vmm, clock, iommu and l1-params only");
		if (!bench_knows(w, settings, error))
			return false;
		g_strv_builder_add_many(words, "bench", cell_bench_option(w->bench), w->bench, NULL);
		axes_options(words, settings);
		bench_takes(plan, w->bench);
		plan->alone = g_strcmp0(w->clock, "wall") == 0;
	}
	plan->words = g_strv_builder_end(words);
	return true;
}

static struct cell_plan *plan_cell(const struct matrix *m, struct matrix_cell *cell, GError **error)
{
	struct cell_plan *plan = g_new0(struct cell_plan, 1);
	g_autoptr(GPtrArray) settings = g_ptr_array_new_with_free_func(g_free);
	struct wish w = { .scenario = m->scenario, .settings = settings };

	for (char **value = cell->values; *value; value++)
		wish(m, &w, *value);
	g_ptr_array_add(settings, NULL);
	g_free(cell->name);
	cell->name = name_of(m, cell->values);
	expect(m, cell->values, plan);
	if (!plan_words(plan, &w, (char *const *)settings->pdata, error)) {
		g_prefix_error(error, "%s: cell %s: ", m->path, cell->name);
		plan_free(plan);
		return NULL;
	}
	plan->alone |= m->alone;
	plan->expect_bad =
		plan->stated && plan->kind != CELL_RUN && strcmp(plan->expect.outcome, cell_words[plan->kind][1]) == 0;
	g_free(cell->command);
	cell->command = text_command(plan->words);
	g_free(cell->expected);
	cell->expected = expectation(plan);
	return plan;
}

/* ---- all of them ---- */

/* What such a cell can come to: a word that none can is a mistyped one, and every such cell would be unexpected. */
static char **outcomes_of(enum cell_kind kind)
{
	g_autoptr(GStrvBuilder) words = g_strv_builder_new();

	if (kind == CELL_RUN)
		for (unsigned i = 0; i < OUTCOMES; i++)
			g_strv_builder_add(words, outcome_name(i));
	else
		g_strv_builder_add_many(words, cell_words[kind][0], cell_words[kind][1], NULL);
	return g_strv_builder_end(words);
}

static bool none_of(const struct matrix *m, const char *what, char *const *words, char *const *known, const char *list,
		    GError **error)
{
	for (; *words; words++) {
		const char *near;

		if (g_strv_contains((const char *const *)known, *words))
			continue;
		near = nearest_word(*words, (const char *const *)known);
		vtdlab_refuse(error, "%s: [expect]: no %s '%s'%s%s%s", m->path, what, *words,
			      near ? "; the nearest is " : "", near ? near : "", list);
		return true;
	}
	return false;
}

static bool check_expected(const struct matrix *m, const struct cell_plan *plan, char *const *checks, GError **error)
{
	g_auto(GStrv) known = outcomes_of(plan->kind);
	char *outcome[] = { plan->expect.outcome, NULL };

	if (none_of(m, "outcome", outcome, known, "", error))
		return false;
	if (plan->kind != CELL_RUN && *plan->expect.fails)
		return vtdlab_refuse(error, "%s: [expect]: fails= goes with runs of a scenario only", m->path);
	return !none_of(m, "check", plan->expect.fails, checks, "; see `vtdlab list checks`", error);
}

/* The checks that rules name, and two cells that run the same. */
static bool check_cells(const struct matrix *m, const struct matrix_doc *doc, const GPtrArray *plans, GError **error)
{
	g_autoptr(GHashTable) commands = g_hash_table_new(g_str_hash, g_str_equal);
	g_auto(GStrv) checks = check_expectable();

	if (!plans->len)
		return vtdlab_refuse(error, "%s: everything is excluded: there is no cell", m->path);
	for (guint i = 0; i < plans->len; i++) {
		const struct matrix_cell *cell = doc->cells->pdata[i], *other;
		const struct cell_plan *plan = plans->pdata[i];

		other = g_hash_table_lookup(commands, cell->command);
		if (other)
			return vtdlab_refuse(error, "%s: cells '%s' and '%s' are duplicates: %s", m->path, other->name,
					     cell->name, cell->command);
		g_hash_table_insert(commands, cell->command, (void *)cell);
		if (plan->stated && !check_expected(m, plan, checks, error))
			return false;
	}
	return true;
}

static bool add_cell(const struct matrix *m, struct matrix_doc *doc, GPtrArray *plans, char **values, GError **error)
{
	struct matrix_cell *cell;
	struct cell_plan *plan;

	for (char **rule = m->exclude; *rule; rule++)
		if (rule_holds(*rule, values)) {
			g_strfreev(values);
			return true;
		}
	if (plans->len == CELLS_MAX) {
		g_strfreev(values);
		return vtdlab_refuse(error, "%s: more than %d cells", m->path, CELLS_MAX);
	}
	cell = matrix_cell_new(plans->len);
	g_strfreev(cell->values);
	cell->values = values;
	g_ptr_array_add(doc->cells, cell);
	plan = plan_cell(m, cell, error);
	if (plan)
		g_ptr_array_add(plans, plan);
	return plan != NULL;
}

GPtrArray *cells_make(const struct matrix *m, struct matrix_doc *doc, GError **error)
{
	g_autoptr(GPtrArray) plans = g_ptr_array_new_with_free_func(plan_free);
	unsigned n = g_strv_length(m->axes), at[AXES_MAX] = { 0 }, axis;
	char **values[AXES_MAX], *names[AXES_MAX];
	bool ok = true, more = true;

	if (n > AXES_MAX) {
		vtdlab_refuse(error, "%s: %u axes, at most %d", m->path, n, AXES_MAX);
		return NULL;
	}
	for (axis = 0; axis < n; axis++)
		values[axis] = matrix_values(matrix_pair(m->axes[axis], &names[axis]));
	g_strfreev(doc->axes);
	doc->axes = g_strdupv(m->axes);
	while (ok && more) {
		char **cell = g_new0(char *, n + 1);

		for (axis = 0; axis < n; axis++)
			cell[axis] = g_strdup_printf("%s=%s", names[axis], values[axis][at[axis]]);
		ok = add_cell(m, doc, plans, cell, error);
		for (axis = n; axis > 0 && !values[axis - 1][++at[axis - 1]]; axis--)
			at[axis - 1] = 0;
		more = axis > 0;
	}
	for (axis = 0; axis < n; axis++) {
		g_strfreev(values[axis]);
		g_free(names[axis]);
	}
	return ok && check_cells(m, doc, plans, error) ? g_steal_pointer(&plans) : NULL;
}
