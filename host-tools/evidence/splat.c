/* SPDX-License-Identifier: GPL-2.0-only */
/* The words are those of 6.1 to 7.3: lib/bug.c, kernel/panic.c, kernel/locking/lockdep.c, mm/kmemleak.c, lib/ubsan.c... */
#include "evidence/splat.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* "[    1.234567]" or "[    T1]": its length, or 0. @time: it has a point in it. */
static size_t group(const char *p, bool *time)
{
	const char *inside = p + 1 + (*p == '[' ? strspn(p + 1, " ") : 0);
	size_t len = *p == '[' ? strcspn(inside, "] ") : 0;

	*time = len && strspn(inside, "0123456789.") == len && memchr(inside, '.', len);
	if (!*time && !(len > 1 && (*inside == 'T' || *inside == 'C') && strspn(inside + 1, "0123456789") == len - 1))
		return 0;
	return inside[len] == ']' ? (size_t)(inside + len + 1 - p) : 0;
}

const char *splat_message(const char *line)
{
	bool time, again;
	size_t n = group(line, &time);

	if (!n || !time)
		return NULL;
	n += group(line + n, &again);
	return line[n] == ' ' ? line + n + 1 : NULL;
}

/* Does an oops number itself here ("[#1]")? Each form of it does, whatever its first words are. */
static bool numbered(const char *message)
{
	const char *mark = strstr(message, " [#");

	return mark && g_ascii_isdigit(mark[3]);
}

enum splat splat_read(const char *message)
{
	/* Told by a clock, which runs on while a busy host lets the guest stand still. */
	static const char *const starved[] = {
		"soft lockup",	    "hard LOCKUP",	"self-detected stall", "detected stalls",
		"expedited stalls", "kthread starved",	"blocked for more",    "timekeeping watchdog",
		"hogged CPU",	    "workqueue lockup", "dev_watchdog",	       "NETDEV WATCHDOG",
	};
	static const char *const begins[] = {
		"WARNING: ",
		"BUG: ",
		"BUG ",
		"[ BUG: ",
		"kernel BUG at ",
		"UBSAN: ",
		"INFO: trying to register non-static key",
	};
	static const char *const has[] = { "already set (to ", "new suspected memory leaks" };

	for (size_t i = 0; i < G_N_ELEMENTS(starved); i++)
		if (strstr(message, starved[i]))
			return SPLAT_STARVED;
	for (size_t i = 0; i < G_N_ELEMENTS(begins); i++)
		if (g_str_has_prefix(message, begins[i]))
			return SPLAT_BUG;
	for (size_t i = 0; i < G_N_ELEMENTS(has); i++)
		if (strstr(message, has[i]))
			return SPLAT_BUG;
	return numbered(message) ? SPLAT_BUG : SPLAT_NONE;
}
