/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab matrix: axes crossed, each cell run and judged. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/words.h"
#include "matrix/matrix.h"

#define JOBS_MAX 4096

static struct {
	char *results, *engine, *junit, *ktap;
	int jobs, cell;
	char **only;
	gboolean resume, dry_run, quiet, verbose;
} opt;

static const GOptionEntry entries[] = {
	{ "jobs", 'j', 0, G_OPTION_ARG_INT, &opt.jobs, "cells at a time, where memory and CPUs allow it (one a CPU)",
	  "N" },
	{ "resume", 0, 0, G_OPTION_ARG_NONE, &opt.resume,
	  "go on with the newest one of this matrix that was not finished; or with the directory that is given", NULL },
	{ "only", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.only,
	  "those cells only that have such a value there; again for another axis", "AXIS=VALUE;VALUE" },
	{ "engine", 0, 0, G_OPTION_ARG_STRING, &opt.engine, "local, or slurm: the cells are tasks of job arrays", "E" },
	{ "junit", 0, 0, G_OPTION_ARG_FILENAME, &opt.junit, "write JUnit XML, a test case a cell", "FILE" },
	{ "ktap", 0, 0, G_OPTION_ARG_FILENAME, &opt.ktap, "write KTAP, a line a cell", "FILE" },
	{ "results", 0, 0, G_OPTION_ARG_FILENAME, &opt.results, "where it goes, below its matrices/", "DIR" },
	{ "dry-run", 0, 0, G_OPTION_ARG_NONE, &opt.dry_run, "print the cells and their commands, run nothing", NULL },
	{ "cell", 0, 0, G_OPTION_ARG_INT, &opt.cell, "what an engine starts: this cell of the matrix in a directory",
	  "N" },
	{ "quiet", 'q', 0, G_OPTION_ARG_NONE, &opt.quiet, "lines for those cells only that are not as expected", NULL },
	{ "verbose", 'v', 0, G_OPTION_ARG_NONE, &opt.verbose, "plain lines even on a terminal", NULL },
	{ 0 },
};

static const struct word engines[] = { { "local", MATRIX_ENGINE_LOCAL }, { "slurm", MATRIX_ENGINE_SLURM }, { 0 } };

static int list_cells(const char *what)
{
	GError *error = NULL;
	g_autofree char *text = matrix_list(what, opt.only, &error);

	if (!text)
		return cmd_fail("matrix", error);
	fputs(text, stdout);
	return VTDLAB_EXIT_OK;
}

static int run_cell(const char *dir)
{
	GError *error = NULL;
	int status;

	cmd_catch_signals();
	status = matrix_cell_run(dir, (unsigned)opt.cell, opt.results, &error);
	return error ? cmd_fail("matrix", error) : status;
}

int cmd_matrix(int argc, char **argv)
{
	int engine = MATRIX_ENGINE_LOCAL, status;
	struct matrix_outcome out;
	GError *error = NULL;

	opt.cell = -1;
	opt.jobs = (int)MIN(g_get_num_processors(), JOBS_MAX);
	status = cmd_parse("matrix", entries, &argc, &argv);
	if (status >= 0)
		return status;
	if (argc != 2)
		return cmd_usage_error("matrix", argc < 2 ? "which matrix? `vtdlab list matrices` names them" :
							    "one matrix at a time");
	if (opt.jobs < 1 || opt.jobs > JOBS_MAX)
		return cmd_usage_error("matrix", "--jobs is 1 to %d", JOBS_MAX);
	if (opt.engine && !word_value(engines, opt.engine, &engine))
		return cmd_usage_error("matrix", "--engine %s: local or slurm", opt.engine);
	if (opt.only && (opt.resume || opt.cell >= 0))
		return cmd_usage_error("matrix", "--only goes with a matrix that begins: what was begun has its cells");
	if (opt.cell >= 0)
		return run_cell(argv[1]);
	if (opt.dry_run)
		return list_cells(argv[1]);

	const struct matrix_options options = {
		.what = argv[1],
		.only = opt.only,
		.results = opt.results,
		.jobs = (unsigned)opt.jobs,
		.resume = opt.resume,
		.engine = (enum matrix_engine)engine,
		.style = cmd_progress(opt.quiet, opt.verbose),
		.junit = opt.junit,
		.ktap = opt.ktap,
	};

	cmd_catch_signals();
	if (!matrix_run(&options, &out, &error))
		return cmd_fail("matrix", error);
	printf("%s; exit status %d\nin %s\n", out.line, out.exit, out.dir);
	status = out.exit;
	matrix_outcome_clear(&out);
	return status;
}
