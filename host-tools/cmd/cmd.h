/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verbs of the program `vtdlab`: one file a verb, one table in verbs.c.
 *
 * A verb gets its own name as argv[0] and returns the exit status: 0, 1, 2, 125 or 130
 * (base/error.h). It prints results on stdout and everything else on stderr; main() flushes stdout
 * and turns a write error there (disk full, closed pipe) into a failure.
 */
#ifndef VTDLAB_CMD_CMD_H
#define VTDLAB_CMD_CMD_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "results/progress.h"
#include "results/version.h"

struct verb {
	const char *name;  /* "run" */
	const char *brief; /* one line for `vtdlab help` */
	const char *args;  /* "SCENARIO", the words behind the name and options, in usage lines */
	int (*run)(int argc, char **argv);
};

/* The table, in the order of `vtdlab help`; ends with a NULL name. */
extern const struct verb vtdlab_verbs[];

/* cmd_find_verb - the verb called @name, or NULL. */
const struct verb *cmd_find_verb(const char *name);

/* cmd_works_alone - does @v work without scenarios/ and scripts/, on the files that it is given? */
bool cmd_works_alone(const struct verb *v);

/* cmd_unknown_verb - say on stderr that there is none of that name, and the nearest. Returns 2. */
int cmd_unknown_verb(const char *name);

int cmd_run(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_kconfig(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_judge(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_core(int argc, char **argv);
int cmd_gdb(int argc, char **argv);
int cmd_walk(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_cache(int argc, char **argv);
int cmd_bugs(int argc, char **argv);
int cmd_reproduce(int argc, char **argv);
int cmd_bisect(int argc, char **argv);
int cmd_calibrate(int argc, char **argv);
int cmd_matrix(int argc, char **argv);
int cmd_results(int argc, char **argv);
int cmd_hunt(int argc, char **argv);
int cmd_soak(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_bench_walk(int argc, char **argv);
int cmd_help(int argc, char **argv);

/* --restricted, of every verb that takes a file of somebody else and runs it. */
#define CMD_RESTRICTED_ENTRY(flag)                                                                          \
	{                                                                                                   \
		"restricted", 0, 0, G_OPTION_ARG_NONE, flag,                                                \
			"the file is of somebody else: no program, build or file of this host for it", NULL \
	}

/* --vmm, of every verb that has it. */
#define CMD_VMM_HELP \
	"who runs QEMU: qemu (this program itself), libvirt, or libvirt:URI such as libvirt:qemu:///session"

/* --color, of every verb that prints a page. */
#define CMD_COLOUR_ENTRY(when)                                                                \
	{                                                                                     \
		"color", 0, 0, G_OPTION_ARG_STRING, when,                                     \
			"auto (a terminal, and NO_COLOR is not set), always or never", "WHEN" \
	}

/* cmd_colour - does @when (NULL: auto) ask for colours on stdout? False: it is no such word, said on stderr. */
bool cmd_colour(const char *verb, const char *when, bool *colour);

/* cmd_say - print "vtdlab VERB: TEXT" on stderr; what others wrote in it does nothing to the terminal. */
void cmd_say(const char *verb, const char *text);

/*
 * cmd_fail - print "vtdlab <verb>: <message>" on stderr, free @error, return its exit status.
 * @error: taken; NULL prints nothing and returns 125
 */
int cmd_fail(const char *verb, GError *error);

/*
 * cmd_usage_error - the same for a bad command line, with "try: vtdlab help <verb>" behind the
 * message. Returns 2.
 */
int cmd_usage_error(const char *verb, const char *format, ...) G_GNUC_PRINTF(2, 3);

/*
 * cmd_parse - parse a verb's options with GOption.
 *
 * @entries: NULL-ended, may be NULL; `--help` prints the verb's line of the table and its options
 * @argc:    in: all words, argv[0] the verb's name; out: what is left (argv[0] stays)
 * Returns -1 to go on, else the exit status to return at once (0 after --help, 2 after an error).
 */
int cmd_parse(const char *verb, const GOptionEntry *entries, int *argc, char ***argv);

/* cmd_run_paths - each of @names (of argv, NULL-ended) becomes where that is: run_path(), to the end of the program. */
void cmd_run_paths(char **names);

/*
 * cmd_bugs_list - the catalogue of bugs, for `bugs` and `list bugs`; @archive: ask it which kernels can still be had.
 * @rows: NULL: it is printed; else nothing is, and this gets an object a bug
 */
int cmd_bugs_list(bool names, bool archive, JsonArray *rows);

/*
 * cmd_narrow - from now on what goes to stdout fits the terminal, if it is one of few columns.
 * @rows: it will be a list, whose rows may be too long for any terminal; else it is laid out for FOLD_BELOW columns
 */
void cmd_narrow(bool rows);

/* cmd_progress - the style that --quiet and --verbose ask for. */
enum progress_style cmd_progress(gboolean quiet, gboolean verbose);

/* cmd_catch_signals - SIGINT, SIGTERM and SIGHUP end every wait for a machine; a closed pipe is an error of write(). */
void cmd_catch_signals(void);

#endif
