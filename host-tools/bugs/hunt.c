/* SPDX-License-Identifier: GPL-2.0-only */
/* A hunt: which cell or reduction runs next, and what came of each. */
#include "bugs/hunt.h"

#include <string.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/paths.h"
#include "bugs/axes.h"
#include "bugs/catalogue.h"
#include "bugs/group.h"
#include "bugs/pool.h"
#include "prepare/kernel.h"
#include "results/rundir.h"

/* What the cells vary. What mainline does by design is no find; what it does wrong in a mode is one. */
#define BASE "kdump"
static const char *const base_settings[] = {
	"scenario.expect-fail=iova-not-retargeted",
	"scenario.expect-fail-scalable=",
	"scenario.expect-fail-6.1-scalable=",
	NULL,
};

/* One run: a cell, or a try with fewer settings. */
struct task {
	unsigned number;
	char **settings;
	struct group *group; /* whose reduction it is; NULL: a cell */
	char *results;
};

struct hunt {
	const struct hunt_options *options;
	struct scenario *base;
	struct axes *axes;
	struct rundir *rd;
	GPtrArray *catalogue; /* struct bug * */
	GPtrArray *groups;    /* struct group * */
	gint64 start, end;
	unsigned cells, tasks, good, unjudged, unfit;
};

static void free_task(struct task *t)
{
	g_strfreev(t->settings);
	g_free(t->results);
	g_free(t);
}

/*
 * Which reduction comes first: the one run that a known bug's own file asks for; once half of the time is over, known
 * bugs that this did not do for, new ones, and new ones that may come from a known bug beside them.
 */
static unsigned place_of_group(const struct group *group)
{
	return group->bug && !group->asked ? 0 : group->bug ? 1 : group->beside ? 3 : 2;
}

/* The next try of a group that a scenario does not refuse: such a one has come to nothing without a run. */
static char **next_try(struct hunt *h, struct group *group)
{
	char **fewer;

	while ((fewer = group_next(group, h->base))) {
		struct scenario *s = axes_apply(h->base, fewer, NULL);

		scenario_free(s);
		if (s)
			break;
		group_tried(group, NULL, NULL);
	}
	return fewer;
}

static bool reduce(struct hunt *h, struct task *t, unsigned place)
{
	for (guint i = 0; i < h->groups->len; i++) {
		struct group *group = h->groups->pdata[i];
		char **fewer = place_of_group(group) == place ? next_try(h, group) : NULL;

		if (!fewer)
			continue;
		t->settings = g_strdupv(fewer);
		t->group = group;
		return true;
	}
	return false;
}

static struct task *next_task(struct hunt *h)
{
	bool late = g_get_monotonic_time() >= (h->start + h->end) / 2;
	struct task *t = g_new0(struct task, 1);
	bool found = false;

	for (unsigned place = 0; !found && place < (late ? 4 : 1); place++)
		found = reduce(h, t, place);
	if (!found) {
		t->settings = axes_next(h->axes);
		h->cells++;
	}
	t->number = h->tasks++;
	return t;
}

static char **next(void *data, void **tag)
{
	g_autoptr(GStrvBuilder) words = g_strv_builder_new();
	g_autofree char *name = NULL;
	struct hunt *h = data;
	struct task *t;

	if (g_get_monotonic_time() >= h->end)
		return NULL;
	t = next_task(h);
	name = g_strdup_printf("run-%u", t->number);
	t->results = rundir_file(h->rd, name);
	axes_words(words, h->base->name, t->settings);
	for (const char *const *set = base_settings; *set; set++)
		g_strv_builder_add_many(words, "--set", *set, NULL);
	if (h->options->snapshot)
		g_strv_builder_add(words, "--snapshot");
	g_strv_builder_add_many(words, "--quiet", "--results", t->results, NULL);
	*tag = t;
	return g_strv_builder_end(words);
}

/* What the run is kept as, by its place within the hunt's directory, which is renamed at the end. */
static char *place_of(const struct task *t)
{
	g_autofree char *link = g_build_filename(t->results, "latest", NULL), *to = g_file_read_link(link, NULL);

	return g_strdup_printf("run-%u/%s", t->number, to ? to : "");
}

/* @bug, or with NULL what is nobody's. A try counts as no cell, but what shows only without other settings is found by it. */
static void found(struct hunt *h, const struct task *t, const struct bug *bug, const struct shown *shown)
{
	g_autofree char *dir = place_of(t);
	struct group *group = NULL;

	for (guint i = 0; i < h->groups->len && !group; i++)
		if (group_is(h->groups->pdata[i], bug, shown))
			group = h->groups->pdata[i];
	if (group) {
		group_fewer(group, shown, t->settings, dir);
	} else {
		group = group_new(bug, shown, t->settings, dir);
		g_ptr_array_add(h->groups, group);
	}
	group->cells += !t->group;
}

static void found_all(struct hunt *h, const struct task *t, const struct shown *shown)
{
	for (guint i = 0; i < shown->bugs->len; i++)
		found(h, t, shown->bugs->pdata[i], shown);
	if (shown->rest)
		found(h, t, NULL, shown);
}

static void say(const struct hunt *h, const struct task *t, const char *what)
{
	g_autofree char *command = axes_command(h->base->name, t->settings);

	g_printerr("%s %-40s %s\n", t->group ? "fewer:" : "cell: ", what, command);
}

static void done(void *data, void *tag, int status, const char *out)
{
	struct task *t = tag;
	struct hunt *h = data;
	g_autofree char *latest = g_build_filename(t->results, "latest", NULL), *kind = NULL, *dir = place_of(t);
	struct run_json *run = run_json_load(latest, NULL);
	struct shown *shown = run ? shown_by(run, t->settings, h->catalogue) : NULL;

	(void)out;
	kind = run ? group_kind(run) : NULL;
	say(h, t,
	    kind			       ? kind :
	    status == VTDLAB_EXIT_OK	       ? "good" :
	    status == VTDLAB_EXIT_CANNOT_JUDGE ? "no verdict" :
						 "cannot be run");
	if (t->group)
		group_tried(t->group, shown, dir);
	if (shown)
		found_all(h, t, shown);
	else if (t->group)
		;
	else if (status == VTDLAB_EXIT_OK)
		h->good++;
	else if (run)
		h->unjudged++;
	else
		h->unfit++;
	shown_free(shown);
	run_json_free(run);
	free_task(t);
}

/* ---- before and after ---- */

static bool load_catalogue(struct hunt *h, GError **error)
{
	g_autofree char *dir = lab_path(bug_schema.folder, NULL);
	g_auto(GStrv) names = lab_conf_names(dir);

	h->catalogue = g_ptr_array_new_with_free_func((GDestroyNotify)bug_free);
	for (char **name = names; *name; name++) {
		struct bug *bug = catalogue_load(*name, false, error);

		if (!bug)
			return false;
		g_ptr_array_add(h->catalogue, bug);
	}
	return true;
}

static char **cached_qemus(void)
{
	g_autofree char *dir = lab_path("images", "qemus", NULL);
	g_auto(GStrv) names = lab_conf_names(dir);
	g_autoptr(GStrvBuilder) cached = g_strv_builder_new();

	for (char **name = names; *name; name++)
		if (qemu_cached(*name))
			g_strv_builder_add(cached, *name);
	return g_strv_builder_end(cached);
}

/* The number of the draft, or 0 for a bug that the catalogue has. */
static void report_group(const struct hunt *h, const struct group *group, unsigned draft, GString *text)
{
	g_autofree char *command = axes_command(h->base->name, group->least);

	if (group->bug)
		g_string_append_printf(text, "\nknown: %s: %s\n", group->bug->name, group->bug->title);
	else
		g_string_append_printf(text, "\nNEW: %s%s%s\n",
				       *group->rest ? group->rest : outcome_name(group->outcome),
				       group->beside ? ", beside " : "", group->beside ? group->beside : "");
	g_string_append_printf(text, "  in %u cell%s\n  %s, %u of %u: %s\n  run: %s\n", group->cells,
			       group->cells == 1 ? "" : "s",
			       group->reduced ? "least settings" : "settings, not reduced to the end",
			       g_strv_length(group->least), group->of, command, group->dir);
	if (draft)
		g_string_append_printf(text, "  draft: draft-%u.conf\n", draft);
}

static void report(const struct hunt *h, GString *text, bool whole)
{
	unsigned known = 0, reduced = 0;

	for (guint i = 0; i < h->groups->len; i++) {
		const struct group *group = h->groups->pdata[i];

		known += group->bug != NULL;
		reduced += group->reduced;
	}
	g_string_append_printf(text,
			       "hunt, seed %u: %u cells, %u runs: %u good, %u without a verdict, %u cannot be run%s\n"
			       "%u known bugs, %u new finds; %u of %u reduced to the end\n",
			       h->options->seed, h->cells, h->tasks, h->good, h->unjudged, h->unfit,
			       whole ? "" : "; interrupted", known, h->groups->len - known, reduced, h->groups->len);
	for (guint i = 0; i < h->groups->len; i++) {
		const struct group *group = h->groups->pdata[i];

		report_group(h, group, group->bug ? 0 : i + 1, text);
	}
}

static bool write_all(struct hunt *h, const char *text, GError **error)
{
	for (guint i = 0; i < h->groups->len; i++) {
		const struct group *group = h->groups->pdata[i];
		g_autofree char *name = g_strdup_printf("draft-%u.conf", i + 1),
				*draft = group_draft(group, h->base->name);

		if (!group->bug && !rundir_write(h->rd, name, draft, -1, error))
			return false;
	}
	return rundir_write(h->rd, "hunt.txt", text, -1, error) && rundir_commit(h->rd, RUNDIR_LATEST, error);
}

static int exit_of(const struct hunt *h, bool whole)
{
	if (!whole)
		return VTDLAB_EXIT_INTERRUPTED;
	for (guint i = 0; i < h->groups->len; i++)
		if (!((struct group *)h->groups->pdata[i])->bug)
			return VTDLAB_EXIT_BAD;
	return h->good || h->groups->len ? VTDLAB_EXIT_OK : VTDLAB_EXIT_CANNOT_JUDGE;
}

static bool prepare(struct hunt *h, GError **error)
{
	const char *results = h->options->results;
	g_autofree char *root = results ? g_build_filename(results, "hunts", NULL) : lab_results("hunts");
	g_auto(GStrv) kernels =
		*h->options->kernels ? g_strdupv((char **)h->options->kernels) : kernel_cached_specs(NULL);
	g_auto(GStrv) qemus = cached_qemus();

	h->base = scenario_load(BASE, error);
	if (!h->base || !load_catalogue(h, error))
		return false;
	if (!*kernels)
		return vtdlab_unfit(error, "no kernel of Debian's is in the cache: `make fetch`, or name kernels with "
					   "--kernel");
	h->axes = axes_new(h->base, (const char *const *)kernels, (const char *const *)qemus, h->options->seed);
	h->rd = rundir_create(root, "hunt", error);
	return h->rd != NULL;
}

bool hunt(const struct hunt_options *options, struct hunt_outcome *out, GError **error)
{
	struct hunt h = { .options = options };
	const struct pool_work work = { .next = next, .done = done, .data = &h };
	g_autoptr(GString) text = g_string_new(NULL);
	bool ok, whole;

	memset(out, 0, sizeof(*out));
	h.groups = g_ptr_array_new_with_free_func(group_free);
	ok = prepare(&h, error);
	if (ok) {
		h.start = g_get_monotonic_time();
		h.end = h.start + (gint64)(options->budget_s * 1e6);
		whole = pool_run(&work, options->jobs);
		report(&h, text, whole);
		ok = write_all(&h, text->str, error);
		out->exit = exit_of(&h, whole);
		out->text = g_strdup(text->str);
		out->dir = g_strdup(h.rd->path);
	}
	g_ptr_array_unref(h.groups);
	g_clear_pointer(&h.catalogue, g_ptr_array_unref);
	axes_free(h.axes);
	scenario_free(h.base);
	rundir_free(h.rd);
	return ok;
}

void hunt_outcome_clear(struct hunt_outcome *out)
{
	g_free(out->text);
	g_free(out->dir);
	memset(out, 0, sizeof(*out));
}
