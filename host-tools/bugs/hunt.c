/* SPDX-License-Identifier: GPL-2.0-only */
/* A hunt: which cell or reduction runs next, and what came of each. */
#include "bugs/hunt.h"

#include <string.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/paths.h"
#include "bugs/axes.h"
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
	struct rundir *rd;
	GPtrArray *catalogue; /* struct bug * */
	GPtrArray *groups;    /* struct group * */
	char **kernels, **qemus;
	gint64 end;
	unsigned cells, tasks, good, unjudged, unfit;
};

static void free_task(struct task *t)
{
	g_strfreev(t->settings);
	g_free(t->results);
	g_free(t);
}

/* A try with fewer settings goes before another cell: a find that nobody can read is none. */
static struct task *next_task(struct hunt *h)
{
	struct task *t = g_new0(struct task, 1);

	for (guint i = 0; i < h->groups->len && !t->settings; i++) {
		struct group *group = h->groups->pdata[i];

		if (group->busy || group->reduced)
			continue;
		t->settings = group_next(group);
		group->busy = t->settings;
		t->group = t->settings ? group : NULL;
	}
	if (!t->settings)
		t->settings = axes_cell(h->base, (const char *const *)h->kernels, (const char *const *)h->qemus,
					h->options->seed, h->cells++);
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
	axes_words(words, h->base, t->settings);
	for (const char *const *set = base_settings; *set; set++)
		g_strv_builder_add_many(words, "--set", *set, NULL);
	g_strv_builder_add_many(words, "--quiet", "--results", t->results, NULL);
	*tag = t;
	return g_strv_builder_end(words);
}

static struct group *group_of(struct hunt *h, const char *kind)
{
	for (guint i = 0; i < h->groups->len; i++) {
		struct group *group = h->groups->pdata[i];

		if (strcmp(group->kind, kind) == 0)
			return group;
	}
	return NULL;
}

/* What the run is kept as, by its place within the hunt's directory, which is renamed at the end. */
static char *place_of(const struct task *t)
{
	g_autofree char *link = g_build_filename(t->results, "latest", NULL), *to = g_file_read_link(link, NULL);

	return g_strdup_printf("run-%u/%s", t->number, to ? to : "");
}

static void found(struct hunt *h, struct task *t, const struct run_json *run, const char *kind)
{
	struct group *group = group_of(h, kind);

	if (group) {
		group->cells++;
		return;
	}
	group = g_new0(struct group, 1);
	group->kind = g_strdup(kind);
	group->cells = 1;
	group->least = g_steal_pointer(&t->settings);
	group->dir = place_of(t);
	group_explain(group, run, h->catalogue);
	g_ptr_array_add(h->groups, group);
}

static void say(const struct hunt *h, const struct task *t, const char *what)
{
	g_autofree char *command = t->settings ? axes_command(h->base, t->settings) : NULL;

	g_printerr("%s %-40s %s\n", t->group ? "fewer:" : "cell: ", what, command ? command : "");
}

static void done(void *data, void *tag, int status, const char *out)
{
	struct task *t = tag;
	struct hunt *h = data;
	g_autofree char *latest = g_build_filename(t->results, "latest", NULL), *kind = NULL, *place = place_of(t);
	struct run_json *run = run_json_load(latest, NULL);

	(void)out;
	kind = run ? group_kind(run) : NULL;
	say(h, t,
	    kind			       ? kind :
	    status == VTDLAB_EXIT_OK	       ? "good" :
	    status == VTDLAB_EXIT_CANNOT_JUDGE ? "no verdict" :
						 "cannot be run");
	if (t->group) {
		t->group->busy = false;
		group_tried(t->group, kind, place);
	} else if (kind) {
		found(h, t, run, kind);
	} else if (status == VTDLAB_EXIT_OK) {
		h->good++;
	} else if (run) {
		h->unjudged++;
	} else {
		h->unfit++;
	}
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
		struct bug *bug = bug_load(*name, h->options->checks, error);

		if (!bug)
			return false;
		g_ptr_array_add(h->catalogue, bug);
	}
	return true;
}

static char **cached_kernels(void)
{
	static const char *const named[] = { "debian-6.1", "debian-6.12", "debian-7.3" };
	g_autoptr(GStrvBuilder) cached = g_strv_builder_new();

	for (size_t i = 0; i < G_N_ELEMENTS(named); i++)
		if (kernel_cached(named[i]))
			g_strv_builder_add(cached, named[i]);
	return g_strv_builder_end(cached);
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

static void report(struct hunt *h, GString *text, bool whole)
{
	g_string_append_printf(
		text, "hunt, seed %u: %u cells, %u runs: %u good, %u without a verdict, %u cannot be run%s\n",
		h->options->seed, h->cells, h->tasks, h->good, h->unjudged, h->unfit, whole ? "" : "; interrupted");
	for (guint i = 0; i < h->groups->len; i++) {
		const struct group *group = h->groups->pdata[i];
		g_autofree char *command = axes_command(h->base, group->least);

		g_string_append_printf(text, "\n%s: %u cell%s\n", group->kind, group->cells,
				       group->cells == 1 ? "" : "s");
		if (group->known)
			g_string_append_printf(text, "  known: %s\n", group->known);
		if (group->unexplained)
			g_string_append_printf(text, "  NEW%s%s\n", *group->unexplained ? ": " : "",
					       group->unexplained);
		g_string_append_printf(text, "  %s: %s\n  run: %s\n",
				       group->reduced ? "least settings" : "settings, not reduced any further", command,
				       group->dir);
		if (group->unexplained)
			g_string_append_printf(text, "  draft: draft-%u.conf\n", i + 1);
	}
}

static bool write_all(struct hunt *h, const char *text, GError **error)
{
	for (guint i = 0; i < h->groups->len; i++) {
		const struct group *group = h->groups->pdata[i];
		g_autofree char *name = g_strdup_printf("draft-%u.conf", i + 1),
				*draft = group_draft(group, h->base->name);

		if (group->unexplained && !rundir_write(h->rd, name, draft, -1, error))
			return false;
	}
	return rundir_write(h->rd, "hunt.txt", text, -1, error) && rundir_commit(h->rd, error);
}

static int exit_of(const struct hunt *h, bool whole)
{
	if (!whole)
		return VTDLAB_EXIT_INTERRUPTED;
	for (guint i = 0; i < h->groups->len; i++)
		if (((struct group *)h->groups->pdata[i])->unexplained)
			return VTDLAB_EXIT_BAD;
	return h->good || h->groups->len ? VTDLAB_EXIT_OK : VTDLAB_EXIT_CANNOT_JUDGE;
}

static bool prepare(struct hunt *h, GError **error)
{
	const char *results = h->options->results;
	g_autofree char *root =
		g_build_filename(results ? results : lab_root(), results ? "hunts" : "results/hunts", NULL);

	h->kernels = *h->options->kernels ? g_strdupv((char **)h->options->kernels) : cached_kernels();
	if (!*h->kernels)
		return vtdlab_unfit(
			error, "none of debian-6.1, debian-6.12, debian-7.3 is in the cache: `make fetch`, or name "
			       "kernels with --kernel");
	h->qemus = cached_qemus();
	h->base = scenario_load(BASE, error);
	if (!h->base || !load_catalogue(h, error))
		return false;
	h->rd = rundir_create(root, "hunt", error);
	return h->rd != NULL;
}

bool hunt(const struct hunt_options *options, struct hunt_outcome *out, GError **error)
{
	struct hunt h = { .options = options };
	const struct pool_work work = { next, done, &h };
	g_autoptr(GString) text = g_string_new(NULL);
	bool ok, whole;

	memset(out, 0, sizeof(*out));
	h.groups = g_ptr_array_new_with_free_func(group_free);
	ok = prepare(&h, error);
	if (ok) {
		h.end = g_get_monotonic_time() + (gint64)(options->budget_s * 1e6);
		whole = pool_run(&work, options->jobs);
		report(&h, text, whole);
		ok = write_all(&h, text->str, error);
		out->exit = exit_of(&h, whole);
		out->text = g_strdup(text->str);
		out->dir = g_strdup(h.rd->path);
	}
	g_ptr_array_unref(h.groups);
	g_clear_pointer(&h.catalogue, g_ptr_array_unref);
	g_strfreev(h.kernels);
	g_strfreev(h.qemus);
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
