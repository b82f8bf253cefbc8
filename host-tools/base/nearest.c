/* SPDX-License-Identifier: GPL-2.0-only */
/* The nearest of a list of words to one that was typed wrong. */
#include "base/nearest.h"

#include <glib.h>
#include <string.h>

#define MAX_WORD 64 /* longer ones are compared by their first 64 bytes */

unsigned int nearest_distance(const char *a, const char *b)
{
	unsigned int row[3][MAX_WORD + 1];
	size_t la = strnlen(a, MAX_WORD), lb = strnlen(b, MAX_WORD);

	for (size_t j = 0; j <= lb; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		unsigned int *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			char ca = g_ascii_tolower(a[i - 1]), cb = g_ascii_tolower(b[j - 1]);
			unsigned int best = up[j - 1] + (ca != cb);

			best = MIN(best, MIN(up[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && ca == g_ascii_tolower(b[j - 2]) && g_ascii_tolower(a[i - 2]) == cb)
				best = MIN(best, up2[j - 2] + 1);
			now[j] = best;
		}
	}
	return row[la % 3][lb];
}

const char *nearest_word(const char *word, const char *const *words)
{
	const char *best = NULL;
	unsigned int best_distance = strlen(word) / 2 + 1;

	for (; *words; words++) {
		unsigned int distance = nearest_distance(word, *words);

		/* "kdump-s" means kdump-scalable before it means kdump */
		if (strlen(word) >= 3 && g_ascii_strncasecmp(word, *words, strlen(word)) == 0)
			distance = 1;
		if (distance < best_distance) {
			best = *words;
			best_distance = distance;
		}
	}
	return best;
}
