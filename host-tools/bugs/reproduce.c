/* SPDX-License-Identifier: GPL-2.0-only */
/* Reproducing a bug: the runs of its sides, and the evidence page. */
#include "bugs/reproduce.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "base/error.h"
#include "base/paths.h"
#include "bugs/bench-side.h"
#include "bugs/ready.h"
#include "html/bug-page.h"
#include "results/report.h"
#include "results/rundir.h"

const struct word reproduce_sides_words[] = {
	{ "both", REPRODUCE_BOTH },
	{ "bad", REPRODUCE_BAD },
	{ "good", REPRODUCE_GOOD },
	{ 0 },
};

/* One reproduction under way. */
struct work {
	const struct bug *bug;
	const struct reproduce_options *options;
	struct rundir *rd;
	unsigned recipe;
	GString *page;
	JsonArray *runs;
	GPtrArray *dirs[2]; /* char *: the run directories of the bad side, and of the good one */
	bool ran;	    /* at least one run was made: from now on another recipe is no way out */
};

static const char *said(enum side_result result)
{
	switch (result) {
	case SIDE_AS_STATED:
		return "as stated";
	case SIDE_OTHERWISE:
		return "NOT as stated";
	default:
		return "no verdict";
	}
}

/* @dir: of the run, of this bug's own or of another's in this series. */
static void note_run(struct work *w, const char *side, const char *dir, const struct run_json *run,
		     enum side_result result, const char *why)
{
	g_autofree char *name = g_path_get_basename(dir);
	JsonObject *o = json_object_new();

	if (!g_str_has_prefix(dir, w->rd->path)) {
		g_autofree char *bug = g_path_get_dirname(dir), *of = g_path_get_basename(bug), *there = NULL;

		if (g_str_has_suffix(of, ".partial"))
			of[strlen(of) - strlen(".partial")] = 0;
		there = g_strdup_printf("../%s/%s", of, name);
		g_free(name);
		name = g_steal_pointer(&there);
	}
	g_string_append_printf(w->page, "    %-13s %s\n    %-13s %s\n", said(result), why, "", name);
	json_object_set_string_member(o, "side", side);
	json_object_set_string_member(o, "run", name);
	json_object_set_string_member(o, "outcome", side_outcome(run));
	json_object_set_boolean_member(o, "verdict", result != SIDE_UNJUDGED);
	json_object_set_boolean_member(o, "as_stated", result == SIDE_AS_STATED);
	json_object_set_string_member(o, "seen", why);
	json_array_add_object_element(w->runs, o);
}

/* What the checks that the side is about have seen: the evidence that a reader wants to see on this page. */
static void quote_checks(struct work *w, const struct bug_side *side, const struct run_json *run)
{
	for (char **name = side->fails; *name; name++) {
		const struct run_json_check *check = run_json_check(run, *name);

		if (check)
			g_string_append_printf(w->page, "      %s: %s\n", *name, check->detail);
	}
}

/* What tells in the shared directory whether the very same has been run. */
static char *share_path(const struct work *w, const struct bug_side *side)
{
	g_autofree char *command = side_command(w->bug, side);
	g_autofree char *name = g_compute_checksum_for_string(G_CHECKSUM_SHA256, command, -1);

	return g_build_filename(w->options->share, name, NULL);
}

/* The run that another bug has had made: while that one lasts its directory is ".partial", and later it is not. */
static bool shared_run(const struct work *w, const struct bug_side *side, char **dir)
{
	g_autofree char *path = w->options->share ? share_path(w, side) : NULL, *text = NULL;
	g_auto(GStrv) parts = NULL;

	if (!path || !g_file_get_contents(path, &text, NULL, NULL))
		return false;
	parts = g_strsplit(text, "\n", 3);
	for (int partial = 1; partial >= 0 && parts[0] && parts[1]; partial--) {
		g_autofree char *at = g_strconcat(parts[0], partial ? ".partial/" : "/", parts[1], NULL);

		if (g_file_test(at, G_FILE_TEST_IS_DIR)) {
			*dir = g_steal_pointer(&at);
			return true;
		}
	}
	return false;
}

/* Only a run with a verdict is worth having twice. */
static void share_run(const struct work *w, const struct bug_side *side, const char *dir, enum side_result result)
{
	g_autofree char *path = w->options->share && result != SIDE_UNJUDGED ? share_path(w, side) : NULL;
	g_autofree char *name = g_path_get_basename(dir);
	g_autofree char *text = g_strdup_printf("%s/%s\n%s\n", w->rd->root, w->rd->name, name);

	if (path)
		g_file_set_contents(path, text, -1, NULL);
}

/* @s: NULL with bench= */
static bool one_run(struct work *w, const char *name, const struct bug_side *side, const struct scenario *s,
		    enum side_result *result, GError **error)
{
	g_autoptr(GString) why = g_string_new(NULL);
	bool good = side == &w->bug->recipes[w->recipe].good, shared;
	/* a side that is run several times is to be seen several times */
	bool once = good && side->runs == 1 && w->options->repeat <= 1;
	struct run_json *run;
	char *dir = NULL;

	shared = once && shared_run(w, side, &dir);
	if (!shared && (s ? !side_run(side, s, w->rd->path, w->options->style, &dir, error) :
			    !bench_side_run(w->bug, side, NULL, w->rd->path, w->options->style, &dir, error)))
		return false;
	w->ran = true;
	g_ptr_array_add(w->dirs[good], dir);
	run = bug_run_load(w->bug, dir, error);
	if (run) {
		*result = side_judge(side, run, why);
		note_run(w, name, dir, run, *result, why->str);
		quote_checks(w, side, run);
		if (once && !shared)
			share_run(w, side, dir, *result);
	}
	run_json_free(run);
	return run != NULL;
}

static bool run_side(struct work *w, const char *name, const struct bug_side *side, enum side_result *said_all,
		     GError **error)
{
	unsigned runs = w->options->repeat ? w->options->repeat : side->runs, seen = 0, judged = 0;
	struct scenario *s = *w->bug->bench ? NULL : bug_scenario(w->bug, side, w->options->checks, error);
	g_autofree char *command = side_command(w->bug, side);
	bool ok = *w->bug->bench || (s && (!w->options->snapshot || scenario_set(s, "machine.snapshot=on", error)));

	g_string_append_printf(w->page, "  %s: %s\n", name, command);
	for (unsigned i = 0; ok && i < runs; i++) {
		enum side_result one = SIDE_UNJUDGED;

		ok = one_run(w, name, side, s, &one, error);
		seen += one == SIDE_AS_STATED;
		judged += one != SIDE_UNJUDGED;
	}
	*said_all = side_said(side, seen, judged, runs);
	if (ok && (runs > 1 || side->at_least))
		g_string_append_printf(w->page, "    %u of %u runs as stated, wanted %u\n", seen, runs,
				       side->at_least ? side->at_least : runs);
	scenario_free(s);
	return ok;
}

/* Bad in the stated way and good without: anything else that was judged is a bug that was not reproduced. */
static int conclude(struct work *w, enum side_result bad, enum side_result good)
{
	bool want_bad = w->options->sides != REPRODUCE_GOOD, want_good = w->options->sides != REPRODUCE_BAD;
	const char *words;
	int status;

	if ((want_bad && bad == SIDE_OTHERWISE) || (want_good && good == SIDE_OTHERWISE)) {
		words = "not reproduced";
		status = VTDLAB_EXIT_BAD;
	} else if ((want_bad && bad != SIDE_AS_STATED) || (want_good && good != SIDE_AS_STATED)) {
		words = "cannot be told: a side without a verdict";
		status = VTDLAB_EXIT_CANNOT_JUDGE;
	} else {
		words = want_bad && want_good ? "reproduced" :
			want_bad	      ? "the bad side is as stated" :
						"the good side is as stated";
		status = VTDLAB_EXIT_OK;
	}
	g_string_append_printf(w->page, "%s: %s\n", w->bug->name, words);
	return status;
}

/* Both sides have passed: is what they measured as far apart as stated? It is the bad side that is bad by it, or is not. */
static bool judge_figure(struct work *w, enum side_result *bad, GError **error)
{
	g_autoptr(GString) why = g_string_new(NULL);

	if (!bench_figure_judge(w->bug, w->dirs[0], w->dirs[1], bad, why, error))
		return false;
	g_string_append_printf(w->page, "  figure\n    %-13s %s\n", said(*bad), why->str);
	return true;
}

static bool another_left(const struct work *w)
{
	return w->options->recipe < 0 && bug_recipe_given(w->bug, w->recipe + 1);
}

static bool run_recipe(struct work *w, int *status, GError **error)
{
	const struct bug_recipe *r = &w->bug->recipes[w->recipe];
	enum side_result bad = SIDE_UNJUDGED, good = SIDE_UNJUDGED;

	/* a good side that is gone is seen before the bad one has run for nothing */
	if (another_left(w) && !bug_fetch(w->bug, w->recipe, error))
		return false;
	if (w->options->sides != REPRODUCE_GOOD && !run_side(w, "bad", &r->bad, &bad, error))
		return false;
	if (w->options->sides != REPRODUCE_BAD && !run_side(w, "good", &r->good, &good, error))
		return false;
	if (*w->bug->figure && bad == SIDE_AS_STATED && good == SIDE_AS_STATED && !judge_figure(w, &bad, error))
		return false;
	*status = conclude(w, bad, good);
	return true;
}

/* What somebody wants to know whose recipe cannot be run: is there another one? */
static const char *other_recipe(const struct work *w, const GError *why)
{
	if (!g_error_matches(why, VTDLAB_ERROR, VTDLAB_ERROR_UNFIT))
		return "";
	if (w->recipe)
		return w->options->recipe < 0 ? "; nor can its first recipe be run" : "";
	return bug_recipe_given(w->bug, 1) ? "; the recipe that lasts: --recipe 2" : "; there is no other recipe of it";
}

/* The recipes in their order, until one can be run at all (packages of Debian's may be gone). */
static bool run_recipes(struct work *w, int *status, GError **error)
{
	for (;; w->recipe++) {
		g_autoptr(GError) why = NULL;

		if (run_recipe(w, status, &why))
			return true;
		if (!another_left(w) || w->ran || g_error_matches(why, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED) ||
		    g_error_matches(why, VTDLAB_ERROR, VTDLAB_ERROR_USAGE)) {
			g_set_error(error, why->domain, why->code, "%s%s", why->message, other_recipe(w, why));
			return false;
		}
		g_string_append_printf(w->page, "  cannot be run here: %s\n  the recipe that lasts:\n", why->message);
	}
}

static bool write_page(struct work *w, int status, GError **error)
{
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
	g_autofree char *text = NULL, *html = NULL;
	JsonObject *o = json_object_new();

	json_node_take_object(node, o);
	json_object_set_int_member(o, "schema", BUG_JSON_SCHEMA);
	json_object_set_string_member(o, "bug", w->bug->name);
	json_object_set_string_member(o, "title", w->bug->title);
	json_object_set_string_member(o, "sides", word_of(reproduce_sides_words, (int)w->options->sides));
	json_object_set_int_member(o, "recipe", w->recipe + 1);
	json_object_set_int_member(o, "exit", status);
	json_object_set_array_member(o, "runs", json_array_ref(w->runs));
	json_generator_set_pretty(generator, TRUE);
	json_generator_set_root(generator, node);
	text = json_generator_to_data(generator, NULL);
	html = html_bug_page(o, w->page->str);
	return rundir_write(w->rd, "bug.txt", w->page->str, -1, error) &&
	       rundir_write(w->rd, "bug.json", text, -1, error) && rundir_write(w->rd, REPORT_HTML, html, -1, error) &&
	       rundir_commit(w->rd, RUNDIR_LATEST, error);
}

static bool pick_recipe(struct work *w, GError **error)
{
	if (*w->bug->figure && w->options->sides != REPRODUCE_BOTH)
		return vtdlab_refuse(error, "%s is about a figure: one side alone has not more or less of it",
				     w->bug->name);
	w->recipe = w->options->recipe < 0 ? 0 : (unsigned)w->options->recipe;
	if (bug_recipe_given(w->bug, w->recipe))
		return true;
	if (w->bug->status == BUG_UNREPRODUCED)
		return vtdlab_unfit(error, "%s has not been reproduced here; `vtdlab bugs show %s` says what was tried",
				    w->bug->name, w->bug->name);
	return vtdlab_refuse(error, "%s has no recipe %u", w->bug->name, w->recipe + 1);
}

bool bug_reproduce(const struct bug *bug, const struct reproduce_options *options, struct reproduction *out,
		   GError **error)
{
	g_autofree char *root =
		options->results ? g_build_filename(options->results, "bugs", NULL) : lab_results("bugs");
	struct work w = { .bug = bug, .options = options };
	g_autoptr(GError) err = NULL;
	bool ok;

	memset(out, 0, sizeof(*out));
	if (!pick_recipe(&w, error))
		return false;
	w.rd = rundir_create(root, bug->name, error);
	if (!w.rd)
		return false;
	w.page = g_string_new(NULL);
	w.runs = json_array_new();
	for (int i = 0; i < 2; i++)
		w.dirs[i] = g_ptr_array_new_with_free_func(g_free);
	g_string_append_printf(w.page, "%s: %s\n", bug->name, bug->title);
	ok = run_recipes(&w, &out->exit, &err) && write_page(&w, out->exit, &err);
	if (ok) {
		out->page = g_strdup(w.page->str);
		out->dir = g_strdup(w.rd->path);
	} else {
		if (w.ran)
			rundir_interrupt(w.rd, err->message, NULL);
		else
			rundir_remove(w.rd);
		g_propagate_error(error, g_steal_pointer(&err));
	}
	json_array_unref(w.runs);
	for (int i = 0; i < 2; i++)
		g_ptr_array_unref(w.dirs[i]);
	g_string_free(w.page, TRUE);
	rundir_free(w.rd);
	return ok;
}

void reproduction_clear(struct reproduction *out)
{
	g_free(out->page);
	g_free(out->dir);
	memset(out, 0, sizeof(*out));
}
