/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/console-words.h"

#include <string.h>

#include "base/error.h"
#include "evidence/kdump-log.h"
#include "evidence/splat.h"
#include "observe/attempt.h"

struct console_words {
	struct attempt *a;
	bool crash; /* what comes is the crash kernel's */
	char *last;
	enum evidence_kernel speaker; /* by the "Linux version" lines */
	char *cut;		      /* what WARN() says in words, above the line of the warning; NULL: nothing */
};

static bool has_one_of(const char *line, const char *const *words)
{
	for (; *words; words++)
		if (strstr(line, *words))
			return true;
	return false;
}

static void keep_splat(struct console_words *w, const char *message, bool starved)
{
	struct evidence *ev = w->a->ev;
	struct evidence_splat splat = { .kernel = w->speaker, .starved = starved };

	if (ev->splats->len >= (starved ? EVIDENCE_SPLATS_MAX / 2 : EVIDENCE_SPLATS_MAX)) {
		ev->splats_more++;
		return;
	}
	splat.line = w->cut && *w->cut ? g_strdup_printf("%s: %s", message, w->cut) : g_strdup(message);
	g_array_append_val(ev->splats, splat);
}

/*
 * What a kernel says of itself. Which one speaks is told by the line that each begins with: that of the crash kernel
 * comes after the trigger, and the one after poweroff is the first kernel again, which nothing is judged of.
 */
static void on_message(struct console_words *w, const char *message)
{
	struct evidence *ev = w->a->ev;
	enum splat splat = splat_read(message);
	uint64_t *said;

	if (g_str_has_prefix(message, "Linux version ")) {
		w->speaker = ev->trigger_ns && !ev->poweroff_ns ? EVIDENCE_CRASH : EVIDENCE_FIRST;
		said = w->speaker == EVIDENCE_CRASH ? &ev->crash_said : &ev->first_said;
		*said = MAX(*said, 1);
	} else {
		said = w->speaker == EVIDENCE_CRASH ? &ev->crash_said : &ev->first_said;
		*said += *said > 0;
	}
	if (splat != SPLAT_NONE)
		keep_splat(w, message, splat == SPLAT_STARVED);
	if (g_str_has_prefix(message, "------------[ cut here ]")) {
		g_free(w->cut);
		w->cut = g_strdup("");
	} else if (w->cut) {
		/* the line below is the words; any further one is not */
		bool words = !*w->cut && splat == SPLAT_NONE;

		g_free(w->cut);
		w->cut = words ? g_strdup(message) : NULL;
	}
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
	const char *message = splat_message(line);

	(void)host_ns;
	if (message)
		on_message(w, message);
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
	w->speaker = EVIDENCE_FIRST;
	console_subscribe(machine_console(a->m), on_console, w);
	return w;
}

void console_words_free(struct console_words *w)
{
	if (!w)
		return;
	g_free(w->last);
	g_free(w->cut);
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
