/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of verbs, and `vtdlab help`. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cmd/cmd.h"
#include "base/words.h"

const struct verb vtdlab_verbs[] = {
	{ "run", "run scenarios and judge what the crash kernel did", "SCENARIO...", cmd_run },
	{ "list", "what there is: scenarios, kernels, qemus, bugs, matrices, checks, keys",
	  "[scenarios|kernels|qemus|bugs|matrices|checks|keys|bug-keys|matrix-keys|shortcuts] [NAME]", cmd_list },
	{ "bugs", "the catalogue of IOMMU bugs that can be reproduced, and a page of each", "[show BUG]", cmd_bugs },
	{ "reproduce", "run the bad and the good side of a bug, and judge both", "BUG...|all|quick", cmd_reproduce },
	{ "bisect", "which of Debian's builds, or which commit, brought a bug or mended it", "BUG", cmd_bisect },
	{ "hunt", "settings crossed within a time: known bugs, new ones, and their least settings", "", cmd_hunt },
	{ "matrix", "axes crossed (kernels, modes, devices, bugs ...), each cell run and judged", "MATRIX|DIR",
	  cmd_matrix },
	{ "soak", "the same scenarios for hours on a busy host: flakes, leaks, slow phases", "[SCENARIO...]",
	  cmd_soak },
	{ "calibrate", "the least crashkernel= with which a scenario comes out well", "SCENARIO", cmd_calibrate },
	{ "explain", "what a pasted kernel log says of IOMMU faults, and which bugs it looks like", "LOG|-",
	  cmd_explain },
	{ "kconfig", "the config options that a kernel needs, for merge_config.sh", "[SCENARIO]", cmd_kconfig },
	{ "doctor", "what this host offers: QEMUs, KVM, trace events, space", "", cmd_doctor },
	{ "judge", "judge a recorded run again, without a VM", "RUNDIR", cmd_judge },
	{ "report", "a recorded run, matrix or benchmark as a page for a browser", "[RUNDIR...]", cmd_report },
	{ "walk", "print the translations that a snapshot, a dump or a RAM file holds",
	  "SNAPSHOT | --vmcore FILE | --ram FILE", cmd_walk },
	{ "core", "the memory of a run's panicked kernel as a core, for crash, gdb and drgn", "RUNDIR", cmd_core },
	{ "gdb", "gdb on the memory of a run's panicked kernel, with its symbols", "RUNDIR [-- GDB-OPTION...]",
	  cmd_gdb },
	{ "diff", "compare the translations of two snapshots, or the IOVAs of runs",
	  "SNAPSHOT SNAPSHOT | --iova RUN [RUN]", cmd_diff },
	{ "results", "the runs that there are, as a table, JSON Lines or CSV; and pruning them", "[DIR]", cmd_results },
	{ "compare", "the numbers of several runs side by side", "RUN RUN...", cmd_compare },
	{ "cache", "the cache of kernels: its size, and pruning it", "[prune]", cmd_cache },
	{ "bench", "what the memory of nested KVM guests costs", "", cmd_bench },
	{ "bench-walk", "nanoseconds a leaf of the table walker", "", cmd_bench_walk },
	{ "help", "this list, or the options of a verb", "[VERB]", cmd_help },
	{ 0 },
};

bool cmd_works_alone(const struct verb *v)
{
	return v->run == cmd_walk || v->run == cmd_diff || v->run == cmd_compare || v->run == cmd_bench_walk ||
	       v->run == cmd_help;
}

const struct verb *cmd_find_verb(const char *name)
{
	for (const struct verb *v = vtdlab_verbs; v->name; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

int cmd_unknown_verb(const char *name)
{
	const char *names[G_N_ELEMENTS(vtdlab_verbs)] = { 0 };
	size_t n = 0;

	for (const struct verb *v = vtdlab_verbs; v->name; v++)
		names[n++] = v->name;
	const char *near = nearest_word(name, names);

	g_autofree char *text =
		near ? g_strdup_printf("no verb '%s'; did you mean '%s'? Try: vtdlab help", name, near) :
		       g_strdup_printf("no verb '%s'. Try: vtdlab help", name);

	cmd_say("", text);
	return VTDLAB_EXIT_USAGE;
}

static void print_help(FILE *out)
{
	fprintf(out, "usage: vtdlab VERB [ARGUMENT...]\n\n");
	for (const struct verb *v = vtdlab_verbs; v->name; v++)
		fprintf(out, "  %-13s %s\n", v->name, v->brief);
	fprintf(out, "\n`vtdlab help VERB` prints the options of a verb, `vtdlab --version` the "
		     "version.\n"
		     "Exit status: 0 as expected, 1 judged bad, 2 bad usage, 125 cannot judge, "
		     "130 interrupted.\n");
}

int cmd_help(int argc, char **argv)
{
	char option[] = "--help";

	if (argc > 2)
		return cmd_usage_error("help", "takes one verb");
	if (argc == 1 || strcmp(argv[1], option) == 0) {
		print_help(stdout);
		return VTDLAB_EXIT_OK;
	}
	const struct verb *v = cmd_find_verb(argv[1]);
	char *words[] = { argv[1], option, NULL };

	if (!v)
		return cmd_unknown_verb(argv[1]);
	if (v->run != cmd_help)
		return v->run(2, words);
	print_help(stdout);
	return VTDLAB_EXIT_OK;
}
