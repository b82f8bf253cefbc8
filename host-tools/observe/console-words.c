/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/console-words.h"

#include <string.h>

#include "base/error.h"
#include "evidence/kdump-log.h"
#include "observe/attempt.h"

struct console_words {
	struct attempt *a;
	bool crash; /* what comes is the crash kernel's */
	char *last;
};

static bool has_one_of(const char *line, const char *const *words)
{
	for (; *words; words++)
		if (strstr(line, *words))
			return true;
	return false;
}

static void on_console(const char *line, int64_t host_ns, void *data)
{
	static const char *const dying[] = {
		"Kernel panic", "BUG:", "Oops", "Out of memory", "out of memory", "System is deadlocked on memory", NULL
	};
	/* of 6.1 to 7.3: e1000e's, nvme's, virtio's, the watchdog's and the block layer's words of a dead device */
	static const char *const dead_device[] = {
		"Unit Hang", "timeout",	      "timed out",	   "is down",	    "not ready;",   "Device not ready",
		"I/O error", "probe failure", "failed with error", "Reset adapter", "reset failed", "fatal status",
		NULL
	};
	struct console_words *w = data;
	struct evidence *ev = w->a->ev;

	(void)host_ns;
	if (ev->jump_ns)
		kdump_log_line(ev, line);
	if (has_one_of(line, dying) && !strstr(line, "---[ end")) {
		g_free(w->last);
		w->last = g_strdup(line);
	} else if (w->crash && !ev->poweroff_ns && ev->complaints->len < EVIDENCE_COMPLAINTS_MAX &&
		   has_one_of(line, dead_device) && !strstr(line, "ommand line")) {
		/* a command line is repeated on the console, and nvme_core.io_timeout= in it is no complaint */
		struct evidence_complaint complaint = { .line = g_strdup(line) };

		g_array_append_val(ev->complaints, complaint);
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

void console_words_add(const struct console_words *w, GError *error)
{
	g_autofree char *message = NULL;

	if (w->crash || !w->last || g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED))
		return;
	message = error->message;
	error->message = g_strdup_printf("the first kernel: \"%s\": %s", w->last, message);
}

void console_words_jumped(struct console_words *w)
{
	w->crash = true;
	g_clear_pointer(&w->last, g_free);
}
