/* SPDX-License-Identifier: GPL-2.0-only */
/* Words and the values they stand for; and the word that somebody meant who typed another. */
#include "base/words.h"

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

/* Makes @word the *best one if it is nearer than *distance. */
static void try_word(const char *typed, const char *word, const char **best, unsigned int *distance)
{
	/* "kdump-s" means kdump-scalable before it means kdump */
	bool begun = strlen(typed) >= 3 && g_ascii_strncasecmp(typed, word, strlen(typed)) == 0;
	unsigned int d = begun ? 1 : nearest_distance(typed, word);

	if (d < *distance) {
		*best = word;
		*distance = d;
	}
}

const char *nearest_word(const char *word, const char *const *words)
{
	const char *best = NULL;
	unsigned int distance = strlen(word) / 2 + 1;

	for (; *words; words++)
		try_word(word, *words, &best, &distance);
	return best;
}

const char *word_nearest(const struct word *list, const char *text)
{
	const char *best = NULL;
	unsigned int distance = strlen(text) / 2 + 1;

	for (; list->word; list++)
		try_word(text, list->word, &best, &distance);
	return best;
}

const char *word_of(const struct word *list, int value)
{
	while (list->word && list->value != value)
		list++;
	return list->word;
}

bool word_value(const struct word *list, const char *text, int *value)
{
	for (; list->word; list++)
		if (strcmp(list->word, text) == 0) {
			*value = list->value;
			return true;
		}
	return false;
}

char *words_text(const struct word *list, const char *between)
{
	GString *out = g_string_new(NULL);

	for (; list->word; list++)
		g_string_append_printf(out, "%s%s", out->len ? between : "", list->word);
	return g_string_free(out, FALSE);
}
