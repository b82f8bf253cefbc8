/* SPDX-License-Identifier: GPL-2.0-only */
/* Words and the values they stand for; and the word that somebody meant who typed another. */
#ifndef VTDLAB_BASE_WORDS_H
#define VTDLAB_BASE_WORDS_H

#include <stdbool.h>

/* One allowed word and the value it stands for; a table of them ends with a NULL word. */
struct word {
	const char *word;
	int value;
};

/* word_of - the word of @value in @list, NULL when none stands for it. Static. */
const char *word_of(const struct word *list, int value);

/* word_value - the value of @text; false (*value unchanged): it is no word of @list. */
bool word_value(const struct word *list, const char *text, int *value);

/* word_nearest - as nearest_word(), among the words of @list. */
const char *word_nearest(const struct word *list, const char *text);

/* words_text - all of @list, @between the words: "legacy, scalable, off". Free with g_free(). */
char *words_text(const struct word *list, const char *between);

/* nearest_distance - edits (insert, delete, change, swap of neighbours) from @a to @b, case ignored. */
unsigned int nearest_distance(const char *a, const char *b);

/*
 * nearest_word - the one of @words (NULL-ended) nearest to @word, or NULL when none is near
 * (more than half of it would have to change). Points into @words.
 */
const char *nearest_word(const char *word, const char *const *words);

#endif
