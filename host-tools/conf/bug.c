/* SPDX-License-Identifier: GPL-2.0-only */
/* Bugs: the table of the keys of a bug file, and what else is asked of one. */
#include "conf/bug.h"

#include <string.h>

#include "base/error.h"
#include "conf/restrict.h"

const struct word bug_area_words[] = {
	{ "table-copy", BUG_TABLE_COPY },
	{ "deep-copy", BUG_DEEP_COPY },
	{ "page-tables", BUG_PAGE_TABLES },
	{ "iova", BUG_IOVA },
	{ "caching-mode", BUG_CACHING_MODE },
	{ "interrupt-remapping", BUG_INTERRUPT_REMAPPING },
	{ "alias", BUG_ALIAS },
	{ "first-kernel", BUG_FIRST_KERNEL },
	{ "crash-memory", BUG_CRASH_MEMORY },
	{ "nested-kvm", BUG_NESTED_KVM },
	{ "qemu", BUG_QEMU },
	{ 0 },
};

static const struct word status_words[] = {
	{ "reproduced", BUG_REPRODUCED },
	{ "unreproduced", BUG_UNREPRODUCED },
	{ 0 },
};

#define SETTING "^[a-z]+\\.[a-zA-Z0-9.-]+\\+?="
#define AT(field) .offset = offsetof(struct bug, field)
#define KEY(s, k, t) .section = s, .key = k, .type = t
#define SIDE_KEY(s, side, k, t, field) KEY(s, k, t), AT(side.field)

#define SIDE(s, side)                                                                                                \
	{ SIDE_KEY(s, side, "kernel", SCHEMA_TEXT, kernel), .def = "",                                               \
	  .help = "first.kernel of this side; empty: the scenario's" },                                              \
		{ SIDE_KEY(s, side, "crash-kernel", SCHEMA_TEXT, crash_kernel), .def = "", .help = "crash.kernel" }, \
		{ SIDE_KEY(s, side, "qemu", SCHEMA_TEXT, qemu), .def = "", .help = "as --qemu; empty: the host's" }, \
		{ SIDE_KEY(s, side, "reference", SCHEMA_TEXT, reference), .def = "",                                 \
		  .help = "as --reference: a kernel that comes up where this one does not" },                        \
		{ SIDE_KEY(s, side, "set", SCHEMA_ITEMS, sets), .def = "", .members = "section.key=value",           \
		  .item = SETTING, .help = "settings of this side only" },                                           \
		{ SIDE_KEY(s, side, "l1-params", SCHEMA_TEXT, l1_params), .def = "",                                 \
		  .help = "with bench=: as its --l1-params" },                                                       \
		{ SIDE_KEY(s, side, "outcome", SCHEMA_TEXT, outcome), .def = "",                                     \
		  .help = "what the run must come to; several with ';' between: any of them" },                      \
		{ SIDE_KEY(s, side, "fails", SCHEMA_LIST, fails), .def = "", .members = "names of checks",           \
		  .help = "the checks that must fail without being expected to" },                                   \
		{ SIDE_KEY(s, side, "may-fail", SCHEMA_LIST, may_fail), .def = "", .members = "names of checks",     \
		  .help = "checks that may fail besides" },                                                          \
		{ SIDE_KEY(s, side, "signature", SCHEMA_ITEMS, signature), .def = "", .members = "CHECK~REGEX",      \
		  .item = "^[a-z-]+~", .help = "what the line of a check must say" },                                \
		{ SIDE_KEY(s, side, "runs", SCHEMA_NUMBER, runs), .min = 1, .max = 100, .def = "1",                  \
		  .help = "how often it is run" },                                                                   \
	{                                                                                                            \
		SIDE_KEY(s, side, "at-least", SCHEMA_NUMBER, at_least),                                              \
			.min = 0, .max = 100, .def = "0",                                                            \
			.help = "how many of them must end as stated (a race); 0: all"                               \
	}

static const struct schema_key keys[] = {
	{ KEY("bug", "title", SCHEMA_TEXT), AT(title), .def = "", .help = "one line for `vtdlab bugs`" },
	{ KEY("bug", "description", SCHEMA_LINES), AT(description), .def = "",
	  .help = "what goes wrong, where, and who is hit" },
	{ KEY("bug", "area", SCHEMA_WORD), AT(area), .words = bug_area_words, .def = "table-copy",
	  .help = "what it is about" },
	{ KEY("bug", "fix", SCHEMA_TEXT), AT(fix), .def = "", .help = "the commit that mended it" },
	{ KEY("bug", "introduced", SCHEMA_TEXT), AT(introduced), .def = "", .help = "the commit that brought it" },
	{ KEY("bug", "affects", SCHEMA_TEXT), AT(affects), .def = "", .help = "kernels or QEMUs that have it" },
	{ KEY("bug", "source", SCHEMA_TEXT), AT(source), .def = "", .help = "where it is reported in public" },
	{ KEY("bug", "scenario", SCHEMA_TEXT), AT(scenario), .def = "kdump", .help = "the scenario that shows it" },
	{ KEY("bug", "bench", SCHEMA_TEXT), AT(bench), .def = "",
	  .help = "instead of a scenario: tests as `vtdlab bench --tests` takes them; a side is passed or failed" },
	{ KEY("bug", "figure", SCHEMA_TEXT), AT(figure), .def = "",
	  .help = "TEST/STEP of them whose median is what the bug is about, both sides passing" },
	{ KEY("bug", "figure-worse", SCHEMA_SECONDS), AT(figure_worse), .min = 0.1, .max = 100000, .def = "1",
	  .help = "percent by which it is more on the bad side, at least" },
	{ KEY("bug", "set", SCHEMA_ITEMS), AT(sets), .def = "", .members = "section.key=value", .item = SETTING,
	  .help = "settings of both sides" },
	{ KEY("bug", "log", SCHEMA_ITEMS), AT(log), .def = "", .members = "~REGEX", .item = "^~",
	  .help = "what kernel logs show of it (`vtdlab explain`): all of these, each in some line" },
	{ KEY("bug", "quick", SCHEMA_SWITCH), AT(quick), .def = "off", .help = "on: a part of `reproduce quick`" },
	{ KEY("bug", "status", SCHEMA_WORD), AT(status), .words = status_words, .def = "reproduced",
	  .help = "whether it has been seen here" },
	{ KEY("bug", "tried", SCHEMA_LINES), AT(tried), .def = "", .help = "unreproduced: what was tried" },
	SIDE("bad", recipes[0].bad),
	SIDE("good", recipes[0].good),
	SIDE("bad-lasting", recipes[1].bad),
	SIDE("good-lasting", recipes[1].good),
	{ 0 },
};

const struct schema bug_schema = { "bug", "bugs", "vtdlab list bug-keys", sizeof(struct bug), keys };

G_STATIC_ASSERT(sizeof(enum bug_area) == sizeof(int));

void bug_free(struct bug *bug)
{
	if (!bug)
		return;
	schema_clear(&bug_schema, bug);
	g_free(bug->name);
	g_free(bug->path);
	g_free(bug);
}

bool bug_recipe_given(const struct bug *bug, unsigned recipe)
{
	return recipe < BUG_RECIPES && *bug->recipes[recipe].bad.outcome && *bug->recipes[recipe].good.outcome;
}

static bool apply_sets(struct scenario *s, char **sets, GError **error)
{
	for (char **set = sets; *set; set++)
		if (!scenario_set(s, *set, error))
			return false;
	return true;
}

static bool set_key(struct scenario *s, const char *key, const char *value, GError **error)
{
	g_autofree char *assignment = g_strdup_printf("%s=%s", key, value);

	return !*value || scenario_set(s, assignment, error);
}

struct scenario *bug_scenario(const struct bug *bug, const struct bug_side *side, const char *const *checks,
			      GError **error)
{
	struct scenario *s = scenario_load(bug->scenario, error);

	if (s && set_key(s, "first.kernel", side->kernel, error) &&
	    set_key(s, "crash.kernel", side->crash_kernel, error) && apply_sets(s, bug->sets, error) &&
	    apply_sets(s, side->sets, error) && scenario_validate(s, checks, error))
		return s;
	g_prefix_error(error, "bug %s: ", bug->name);
	scenario_free(s);
	return NULL;
}

/* What can fail on a side: the checks of a run, or the tests of a benchmark. Free with g_strfreev(). */
static char **names_of(const struct bug *bug, const char *const *checks)
{
	g_auto(GStrv) tests = g_strsplit(bug->bench, ",", -1);

	if (!*bug->bench)
		return g_strdupv((char **)checks);
	for (char **test = tests; *test; test++) {
		g_strstrip(*test);
		(*test)[strcspn(*test, " ")] = '\0';
	}
	return g_steal_pointer(&tests);
}

static bool check_listed(const struct bug *bug, const char *key, char **list, const char *const *names, GError **error)
{
	for (; *list; list++) {
		const char *near;

		if (!names || g_strv_contains(names, *list))
			continue;
		near = nearest_word(*list, names);
		return vtdlab_refuse(error, "bug %s: %s: no %s '%s'%s%s; see %s", bug->name, key,
				     *bug->bench ? "test" : "check", *list, near ? "; the nearest is " : "",
				     near ? near : "", *bug->bench ? "its bench=" : "`vtdlab list checks`");
	}
	return true;
}

static bool check_signature(const struct bug *bug, char **list, const char *const *checks, GError **error)
{
	for (; *list; list++) {
		const char *tilde = strchr(*list, '~');
		g_autofree char *name = g_strndup(*list, tilde ? (gsize)(tilde - *list) : 0);
		char *names[] = { name, NULL };
		g_autoptr(GError) why = NULL;
		g_autoptr(GRegex) regex = tilde ? g_regex_new(tilde + 1, 0, 0, &why) : NULL;

		if (!regex)
			return vtdlab_refuse(error, "bug %s: signature '%s': want CHECK~REGEX%s%s", bug->name, *list,
					     why ? ": " : "", why ? why->message : "");
		if (!check_listed(bug, "signature", names, checks, error))
			return false;
	}
	return true;
}

static bool check_log(const struct bug *bug, GError **error)
{
	for (char **item = bug->log; *item; item++) {
		g_autoptr(GError) why = NULL;
		g_autoptr(GRegex) regex = g_regex_new(*item + 1, 0, 0, &why);

		if (!regex)
			return vtdlab_refuse(error, "bug %s: log '%s': %s", bug->name, *item, why->message);
	}
	return true;
}

/* A benchmark boots one kernel, and knows no scenario. */
static bool check_bench_side(const struct bug *bug, const struct bug_side *side, GError **error)
{
	if (!*side->kernel)
		return vtdlab_refuse(error, "bug %s: with bench= each side names its kernel", bug->name);
	if (*bug->sets || *side->sets || *side->crash_kernel || *side->reference)
		return vtdlab_refuse(
			error, "bug %s: set, crash-kernel and reference are of a scenario, not of bench=", bug->name);
	if (strcmp(side->outcome, BUG_BENCH_PASSED) != 0 &&
	    (*bug->figure || strcmp(side->outcome, BUG_BENCH_FAILED) != 0))
		return vtdlab_refuse(error, "bug %s: outcome=%s: with %s", bug->name, side->outcome,
				     *bug->figure ? "figure= it is passed" : "bench= it is passed or failed");
	return true;
}

static bool check_side(const struct bug *bug, const struct bug_side *side, const char *const *checks, GError **error)
{
	g_auto(GStrv) owned = names_of(bug, checks);
	const char *const *names = (const char *const *)owned;
	struct scenario *s;

	if (side->at_least > side->runs)
		return vtdlab_refuse(error, "bug %s: at-least=%u of runs=%u", bug->name, side->at_least, side->runs);
	if (!check_listed(bug, "fails", side->fails, names, error) ||
	    !check_listed(bug, "may-fail", side->may_fail, names, error) ||
	    !check_signature(bug, side->signature, names, error))
		return false;
	if (*bug->bench)
		return check_bench_side(bug, side, error);
	if (*side->l1_params)
		return vtdlab_refuse(error, "bug %s: l1-params goes with bench=, not with a scenario", bug->name);
	s = bug_scenario(bug, side, checks, error);
	scenario_free(s);
	return s != NULL;
}

static bool check_figure(const struct bug *bug, GError **error)
{
	const char *slash = strchr(bug->figure, '/');
	g_autofree char *test = g_strndup(bug->figure, slash ? (gsize)(slash - bug->figure) : 0);
	g_auto(GStrv) names = names_of(bug, NULL);

	if (!*bug->figure || (*bug->bench && slash && slash[1] && g_strv_contains((const char *const *)names, test)))
		return true;
	return vtdlab_refuse(error, "bug %s: figure=%s: want TEST/STEP, with a test of bench=", bug->name, bug->figure);
}

/* Two sides that promise the same could only ever both be right or both be wrong. */
static bool check_recipe(const struct bug *bug, unsigned n, const char *const *checks, GError **error)
{
	const struct bug_recipe *r = &bug->recipes[n];

	if (!bug_recipe_given(bug, n)) {
		if (*r->bad.outcome || *r->good.outcome || (n == 0 && bug->status == BUG_REPRODUCED))
			return vtdlab_refuse(error, "bug %s: both sides must say their outcome", bug->name);
		return true;
	}
	if (!*bug->figure && strcmp(r->bad.outcome, r->good.outcome) == 0 &&
	    g_strv_equal((const char *const *)r->bad.fails, (const char *const *)r->good.fails))
		return vtdlab_refuse(error, "bug %s: its sides promise the same: nothing would tell them apart",
				     bug->name);
	if (*r->good.fails)
		return vtdlab_refuse(error, "bug %s: its good side fails %s: are the sides swapped?", bug->name,
				     *r->good.fails);
	return check_side(bug, &r->bad, checks, error) && check_side(bug, &r->good, checks, error);
}

static bool check(const struct bug *bug, const char *const *checks, GError **error)
{
	if (!*bug->title || !*bug->source)
		return vtdlab_refuse(error, "bug %s: bug.%s is missing", bug->name, *bug->title ? "source" : "title");
	if ((bug->status == BUG_UNREPRODUCED) != (*bug->tried != '\0'))
		return vtdlab_refuse(error, "bug %s: `tried` goes with status=unreproduced", bug->name);
	if (!check_log(bug, error) || !check_figure(bug, error))
		return false;
	for (unsigned i = 0; i < BUG_RECIPES; i++)
		if (!check_recipe(bug, i, checks, error))
			return false;
	return true;
}

static struct bug *load(const char *name_or_path, bool restricted, const char *const *checks, GError **error)
{
	struct bug *bug = g_new0(struct bug, 1);

	schema_init(&bug_schema, bug);
	if (schema_load(&bug_schema, bug, name_or_path, &bug->name, &bug->path, error) &&
	    (!restricted || bug_restricted(bug, checks, error)) && check(bug, checks, error))
		return bug;
	bug_free(bug);
	return NULL;
}

struct bug *bug_load(const char *name_or_path, const char *const *checks, GError **error)
{
	return load(name_or_path, false, checks, error);
}

struct bug *bug_load_restricted(const char *name_or_path, const char *const *checks, GError **error)
{
	return load(name_or_path, true, checks, error);
}
