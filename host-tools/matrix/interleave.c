/* SPDX-License-Identifier: GPL-2.0-only */
/* Two sides run in turn. */
#include "matrix/interleave.h"

#include <string.h>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "bugs/pool.h"
#include "results/rundir.h"

struct turns {
	const struct interleave_options *options;
	struct interleave_outcome *out;
	struct rundir *rd;
	struct progress *progress;
	unsigned next; /* even: A */
	char *refusal; /* what a side said that cannot be run */
	int refused;
};

static char **next(void *data, void **tag)
{
	struct turns *t = data;
	unsigned side = t->next % 2;
	g_autoptr(GStrvBuilder) words = g_strv_builder_new();
	g_autofree char *results = rundir_file(t->rd, side ? "b" : "a");

	if (t->refusal || t->next == 2 * t->options->rounds)
		return NULL;
	progress_note(t->progress, "round %u of %u, %c", t->next / 2 + 1, t->options->rounds, side ? 'B' : 'A');
	g_strv_builder_addv(words, (const char **)t->options->words[side]);
	g_strv_builder_add_many(words, "--quiet", "--results", results, NULL);
	*tag = GUINT_TO_POINTER(side);
	t->next++;
	return g_strv_builder_end(words);
}

/* The run that has just ended is the one that the side's link has not pointed to before. */
static bool take_run(struct turns *t, unsigned side)
{
	GPtrArray *runs = t->out->runs[side];
	g_autofree char *root = g_build_filename(t->rd->path, side ? "b" : "a", NULL), *to = rundir_latest(root),
			*dir = to ? g_build_filename(root, to, NULL) : NULL;

	if (!dir || (runs->len && strcmp(runs->pdata[runs->len - 1], dir) == 0))
		return false;
	g_ptr_array_add(runs, g_steal_pointer(&dir));
	return true;
}

static void done(void *data, void *tag, int status, const char *out)
{
	struct turns *t = data;
	unsigned side = GPOINTER_TO_UINT(tag);
	bool ran = take_run(t, side);
	g_autofree char *last = text_last_words(out);

	if (status != VTDLAB_EXIT_BAD)
		t->out->exit = vtdlab_exit_worse(t->out->exit, status);
	if (ran || t->out->runs[side]->len) {
		progress_line(t->progress, "%c %3u  %s", side ? 'B' : 'A', (t->next + 1) / 2, last);
		return;
	}
	/* it would say the same each time */
	t->refusal = g_steal_pointer(&last);
	t->refused = status;
}

bool interleave(const struct interleave_options *options, struct interleave_outcome *out, GError **error)
{
	struct turns t = { .options = options, .out = out };
	const struct pool_work work = { .next = next, .done = done, .data = &t, .merged = true };
	g_autofree char *root =
		options->results ? g_build_filename(options->results, "compares", NULL) : lab_results("compares");
	bool whole;

	memset(out, 0, sizeof(*out));
	out->runs[0] = g_ptr_array_new_with_free_func(g_free);
	out->runs[1] = g_ptr_array_new_with_free_func(g_free);
	t.rd = rundir_create(root, options->name, error);
	if (!t.rd)
		return false;
	t.progress = progress_new(NULL, options->style);
	progress_begin(t.progress, "compare");
	whole = pool_run(&work, 1);
	progress_clear(t.progress);
	progress_free(t.progress);
	if (!whole) {
		rundir_interrupt(t.rd, "interrupted", NULL);
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED, "interrupted; what was run is in %s",
			    t.rd->path);
	} else if (t.refusal) {
		rundir_remove(t.rd);
		g_set_error(error, VTDLAB_ERROR,
			    t.refused == VTDLAB_EXIT_USAGE ? VTDLAB_ERROR_USAGE : VTDLAB_ERROR_CANNOT_JUDGE,
			    "side %c cannot be run: %s", t.next % 2 ? 'A' : 'B', t.refusal);
		whole = false;
	} else {
		out->dir = g_strdup_printf("%s/%s", t.rd->root, t.rd->name);
		whole = rundir_commit(t.rd, RUNDIR_LATEST, error);
	}
	for (unsigned side = 0; side < 2 && whole; side++)
		for (guint i = 0; i < out->runs[side]->len; i++) {
			g_autofree char *name = g_path_get_basename(out->runs[side]->pdata[i]);

			g_free(out->runs[side]->pdata[i]);
			out->runs[side]->pdata[i] = g_build_filename(out->dir, side ? "b" : "a", name, NULL);
		}
	g_free(t.refusal);
	rundir_free(t.rd);
	return whole;
}

void interleave_clear(struct interleave_outcome *out)
{
	g_clear_pointer(&out->runs[0], g_ptr_array_unref);
	g_clear_pointer(&out->runs[1], g_ptr_array_unref);
	g_free(out->dir);
	memset(out, 0, sizeof(*out));
}
