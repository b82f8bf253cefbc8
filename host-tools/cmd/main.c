/* SPDX-License-Identifier: GPL-2.0-only */
/* The program vtdlab: picks the verb, and makes a lost output a failure. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/paths.h"
#include "cmd/cmd.h"

/* What stdout still holds may not fit on the disk; a result that nobody got is no success. */
static int finish(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "vtdlab: cannot write to the standard output: %s\n", errno ? g_strerror(errno) : "write error");
	return status == VTDLAB_EXIT_OK ? VTDLAB_EXIT_CANNOT_JUDGE : status;
}

/* A stream that was closed stays one that fails: without this the next file opened would get its number, and its text. */
static void keep_streams(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			_exit(VTDLAB_EXIT_CANNOT_JUDGE);
}

/* Lists and helps are not laid out for a width; all else is. */
static bool prints_rows(int argc, char **argv)
{
	static const char *const lists[] = { "list", "bugs", "help", NULL };

	if (argc < 2 || g_strv_contains(lists, argv[1]))
		return true;
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	char help[] = "help";
	char *alone[] = { help, NULL };

	keep_streams();
	setlocale(LC_CTYPE, "");
	cmd_narrow(prints_rows(argc, argv));
	/* what is made here is the user's to write, and nobody else's, with any umask */
	umask(umask(022) | 022);
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return finish(cmd_help(1, alone));
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
		if (argc > 2)
			return cmd_usage_error("help", "'%s': %s takes no word", argv[2], argv[1]);
		printf("vtdlab %s\n", vtdlab_version());
		return finish(VTDLAB_EXIT_OK);
	}
	const struct verb *v = cmd_find_verb(argv[1]);

	if (!v)
		return cmd_unknown_verb(argv[1]);
	if (!cmd_works_alone(v) && !lab_complete()) {
		fprintf(stderr,
			"vtdlab: no scenarios and scripts beside this program or in ../lib/vtdlab: was it copied alone? "
			"VTDLAB_ROOT=DIR says where they are (a source tree, or PREFIX/lib/vtdlab)\n");
		return VTDLAB_EXIT_USAGE;
	}
	return finish(v->run(argc - 1, argv + 1));
}
