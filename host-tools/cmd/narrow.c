/* SPDX-License-Identifier: GPL-2.0-only */
/* stdout on a terminal of few columns: what is printed is laid out for it on its way. */
#include <stdio.h>
#include <unistd.h>

#include "base/fold.h"
#include "cmd/cmd.h"

#define BUFFER (1 << 20) /* a page at once: what is wrapped is known only with the line below */

static FILE *terminal;
static int columns;
static char *(*fold)(const char *text, int columns);

static ssize_t write_folded(void *cookie, const char *data, size_t size)
{
	g_autofree char *text = g_strndup(data, size), *folded = fold(text, columns);

	(void)cookie;
	if (!terminal)
		return (ssize_t)size;
	/* a NUL would have ended the copy: nothing of ours prints one */
	return fputs(folded, terminal) < 0 || fflush(terminal) ? 0 : (ssize_t)size;
}

void cmd_narrow(bool rows)
{
	static char buffer[BUFFER];
	FILE *narrow;

	if (!isatty(STDOUT_FILENO) || !(columns = fold_columns(stdout, 0)) || (columns >= FOLD_BELOW && !rows))
		return;
	fold = columns < FOLD_BELOW ? fold_text : fold_rows;
	narrow = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = write_folded });
	if (!narrow || setvbuf(narrow, buffer, _IOLBF, sizeof(buffer)))
		return;
	/* glibc writes what it is given first line by line, though the buffer is large: this is thrown away */
	putc('\n', narrow);
	fflush(narrow);
	terminal = stdout;
	stdout = narrow;
}
