/* SPDX-License-Identifier: GPL-2.0-only */
/* What a reply on a list quotes of a matrix: the command, what came of it, and each cell that is not as expected. */
#include "results/matrix-doc.h"

#include <string.h>

#include "base/text.h"
#include "results/report.h"
#include "results/version.h"

#define INDENT 4
#define LABEL 9

static void put_text(GString *out, const char *text)
{
	g_string_append_printf(out, "%*s", INDENT, "");
	text_wrap(out, text, INDENT, REPORT_WIDTH);
}

static void put_cell(GString *out, const struct matrix_cell *cell)
{
	static const char *const how[MATRIX_CELL_RESULTS] = {
		[MATRIX_CELL_UNEXPECTED] = "NOT as expected",
		[MATRIX_CELL_UNJUDGED] = "no verdict",
		[MATRIX_CELL_LOST] = "lost",
	};
	g_autofree char *line = NULL;

	if (!how[cell->result])
		return;
	line = g_strdup_printf("%s: %s", cell->name, how[cell->result]);
	g_string_append(out, "  ");
	text_wrap(out, line, 2, REPORT_WIDTH);
	if (*cell->reason)
		put_text(out, cell->reason);
	if (*cell->expected)
		text_field(out, INDENT + LABEL + 1, REPORT_WIDTH, "    wanted", "%s", cell->expected);
	report_mail_command(out, INDENT, cell->command);
}

/* Cells that were skipped for one reason are told by it, once. */
static void put_skipped(GString *out, const struct matrix_doc *doc)
{
	g_autoptr(GPtrArray) reasons = g_ptr_array_new();

	for (guint i = 0; i < doc->cells->len; i++) {
		const struct matrix_cell *cell = doc->cells->pdata[i];
		unsigned n = 0;

		if (cell->result != MATRIX_CELL_SKIPPED ||
		    g_ptr_array_find_with_equal_func(reasons, cell->reason, g_str_equal, NULL))
			continue;
		g_ptr_array_add(reasons, cell->reason);
		for (guint k = i; k < doc->cells->len; k++) {
			const struct matrix_cell *other = doc->cells->pdata[k];

			n += other->result == MATRIX_CELL_SKIPPED && strcmp(other->reason, cell->reason) == 0;
		}
		g_string_append_printf(out, "  %u skipped:\n", n);
		put_text(out, cell->reason);
	}
}

char *matrix_doc_mail(const struct matrix_doc *doc)
{
	g_autofree char *line = matrix_doc_line(doc), *file = text_shell_word(doc->file),
			*command = g_strdup_printf("vtdlab matrix %s%s", file,
						   strcmp(doc->engine, "slurm") == 0 ? " --engine slurm" : "");
	GString *out = g_string_new(NULL);

	report_mail_command(out, 0, command);
	text_field(out, LABEL, REPORT_WIDTH, "matrix", "%s: %s (sha256 %.12s)", doc->name, doc->title,
		   doc->file_sha256);
	for (char **axis = doc->axes; *axis; axis++)
		text_field(out, LABEL, REPORT_WIDTH, axis == doc->axes ? "axes" : "", "%s", *axis);
	text_field(out, LABEL, REPORT_WIDTH, "lab", "vtdlab %s%s%s, begun %.19sZ", VTDLAB_VERSION,
		   doc->commit && *doc->commit ? " " : "", doc->commit ? doc->commit : "", doc->started);
	text_field(out, LABEL, REPORT_WIDTH, "verdict", "%s%s", line, doc->finished ? "" : "; it was not finished");
	for (guint i = 0; i < doc->cells->len; i++)
		put_cell(out, doc->cells->pdata[i]);
	put_skipped(out, doc);
	return g_string_free(out, FALSE);
}
