/* SPDX-License-Identifier: GPL-2.0-only */
/* `vtdlab diff --iova`: compare the IOVAs of two runs, or of the two kernels of one run. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/run-file.h"
#include "cmd/cmd.h"
#include "cmd/diff-iova.h"
#include "results/iova-table.h"

/* A run directory, or an iova.csv itself. */
static GArray *load(const char *path, GError **error)
{
	g_autofree char *file =
		g_file_test(path, G_FILE_TEST_IS_DIR) ? g_build_filename(path, "iova.csv", NULL) : g_strdup(path);
	g_autofree char *text = NULL;
	gsize len;

	/* that it is there at all, or what is there instead */
	if (!run_file_read(path, "iova.csv", &text, &len, error))
		return NULL;
	return iova_table_load(file, error);
}

/* A snapshot that a run does not have must not look like one that lost every mapping. */
static bool has_phase(const GArray *rows, const struct iova_pick *pick)
{
	for (unsigned i = 0; i < rows->len; i++) {
		const struct iova_row *row = &g_array_index(rows, struct iova_row, i);

		if ((pick->crash < 0 || row->crash == pick->crash) && !row->reserved &&
		    (!pick->phase || strcmp(row->phase, pick->phase) == 0))
			return true;
	}
	return !pick->phase;
}

int diff_iova(const char *a, const char *b, const char *phase, unsigned max)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) left = load(a, &error);
	g_autoptr(GArray) right = left ? (b ? load(b, &error) : g_array_ref(left)) : NULL;
	struct iova_pick pa = { -1, NULL }, pb = { -1, NULL };
	struct iova_diff *d;
	int status;

	if (!right)
		return cmd_fail("diff", g_steal_pointer(&error));
	if (!b) {
		pa = (struct iova_pick){ 0, "panic" };
		pb = (struct iova_pick){ 1, phase ? phase : "end" };
	} else if (phase) {
		pa.phase = pb.phase = phase;
	}
	if (!has_phase(left, &pa))
		return cmd_usage_error("diff", "%s has nothing mapped in a phase '%s'", a, pa.phase);
	if (!has_phase(right, &pb))
		return cmd_usage_error("diff", "%s has nothing mapped in a phase '%s'", b ? b : a, pb.phase);
	d = iova_diff(left, &pa, right, &pb);
	if (!b)
		printf("first kernel at the panic (-), crash kernel at '%s' (+)\n", pb.phase);
	iova_diff_print(d, max, stdout);
	status = d->removed || d->added ? VTDLAB_EXIT_BAD : VTDLAB_EXIT_OK;
	/* Two empty tables are equal, but nothing was compared. */
	if (!d->changes->len) {
		fprintf(stderr, "vtdlab diff: neither side has a range\n");
		status = VTDLAB_EXIT_CANNOT_JUDGE;
	}
	iova_diff_free(d);
	return status;
}
