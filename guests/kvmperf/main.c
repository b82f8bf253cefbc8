/* SPDX-License-Identifier: GPL-2.0-only */
/* kvmperf: what the memory of KVM guests costs, counted and verified. docs/kvmperf.md has the
 * document's format. */
#include "tests.h"

#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

static int one(const struct test *t, int argc, char **argv)
{
	char why[256], *text = NULL;
	struct options o;
	struct json j;
	size_t size;
	FILE *f;
	int r;

	options_defaults(&o);
	if (t->defaults)
		t->defaults(&o);
	r = options_parse(&o, t->groups, argc, argv, why, sizeof(why));
	if (r > 0) {
		printf("usage: kvmperf %s [options]\n\n%s.\n\n", t->name, t->summary);
		options_help(&o, t->groups, stdout);
		return EXIT_PASS;
	}
	if (r < 0 || options_check(&o, why, sizeof(why))) {
		fprintf(stderr, "kvmperf: %s: %s\n", t->name, why);
		return EXIT_CANNOT;
	}
	f = open_memstream(&text, &size);
	if (!f)
		return EXIT_CANNOT;
	if (o.json) {
		document_begin(&j, "", f);
		r = test_run(t, &o, f);
		document_end(&j);
	} else {
		r = test_run(t, &o, f);
	}
	fclose(f);
	/* What could not run is one line, and not mistaken for a measurement. */
	if (r == EXIT_CANNOT && !o.json)
		fprintf(stderr, "kvmperf: %s", text);
	else
		fputs(text, stdout);
	free(text);
	return r;
}

static void usage(FILE *f)
{
	fputs("usage: kvmperf list\n"
	      "       kvmperf TEST [options]          (kvmperf TEST --help)\n"
	      "       kvmperf suite quick|full [--progress FILE] [options of every test]\n\n"
	      "exit status: 0 passed, 1 something measured is wrong, 2 it cannot run here or was "
	      "called wrongly\n",
	      f);
}

/* The same addresses in every run: work that depends on them is then the same as well. */
static void fix_addresses(char **argv)
{
	int now = personality(0xffffffff);

	if (now < 0 || (now & ADDR_NO_RANDOMIZE) || personality((unsigned long)now | ADDR_NO_RANDOMIZE) < 0)
		return;
	execv("/proc/self/exe", argv);
}

static int run(int argc, char **argv)
{
	const struct test *t;

	if (argc < 2) {
		usage(stderr);
		return EXIT_CANNOT;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		usage(stdout);
		return EXIT_PASS;
	}
	if (!strcmp(argv[1], "list")) {
		for (size_t i = 0; tests[i]; i++)
			printf("%-16s %s\n", tests[i]->name, tests[i]->summary);
		return EXIT_PASS;
	}
	fix_addresses(argv);
	if (!strcmp(argv[1], "suite"))
		return suite_main(argc - 2, argv + 2);
	t = test_find(argv[1]);
	if (!t) {
		fprintf(stderr, "kvmperf: no test '%s': see kvmperf list\n", argv[1]);
		return EXIT_CANNOT;
	}
	return one(t, argc - 2, argv + 2);
}

int main(int argc, char **argv)
{
	int status = run(argc, argv);

	/* What nobody can read was not measured. */
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fputs("kvmperf: cannot write to the standard output\n", stderr);
	return status ? status : EXIT_CANNOT;
}
