/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/console-words.h"

#include <string.h>

#include "evidence/kdump-log.h"
#include "observe/attempt.h"

struct console_words {
	struct attempt *a;
	char *last;
};

static void on_console(const char *line, int64_t host_ns, void *data)
{
	static const char *const words[] = { "Kernel panic", "BUG:", "Oops", "Out of memory", "out of memory" };
	struct console_words *w = data;

	(void)host_ns;
	if (w->a->ev->jump_ns)
		kdump_log_line(w->a->ev, line);
	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
		if (strstr(line, words[i]) && !strstr(line, "---[ end")) {
			g_free(w->last);
			w->last = g_strdup(line);
			return;
		}
}

struct console_words *console_words_new(struct attempt *a)
{
	struct console_words *w = g_new0(struct console_words, 1);

	w->a = a;
	console_subscribe(machine_console(a->m), on_console, w);
	return w;
}

void console_words_free(struct console_words *w)
{
	if (!w)
		return;
	g_free(w->last);
	g_free(w);
}

const char *console_words_last(const struct console_words *w)
{
	return w->last;
}

void console_words_forget(struct console_words *w)
{
	g_clear_pointer(&w->last, g_free);
}
