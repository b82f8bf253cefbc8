/* SPDX-License-Identifier: GPL-2.0-only */
/* The nearest of a list of words to one that was typed wrong. */
#ifndef VTDLAB_BASE_NEAREST_H
#define VTDLAB_BASE_NEAREST_H

/* nearest_distance - edits (insert, delete, change, swap of neighbours) from @a to @b, case
 * ignored. */
unsigned int nearest_distance(const char *a, const char *b);

/*
 * nearest_word - the one of @words (NULL-ended) nearest to @word, or NULL when none is near
 * (more than half of it would have to change). Points into @words.
 */
const char *nearest_word(const char *word, const char *const *words);

#endif
