/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernels' console says: the crash kernel's account of its copy and of devices, and why a kernel gave up. */
#ifndef VTDLAB_OBSERVE_CONSOLE_WORDS_H
#define VTDLAB_OBSERVE_CONSOLE_WORDS_H

#include <glib.h>

struct attempt;
struct console_words;

/* console_words_new - listens to the console of the attempt's machine from now on. @a is borrowed. */
struct console_words *console_words_new(struct attempt *a);
/* console_words_free - once the machine has gone. NULL is fine. */
void console_words_free(struct console_words *w);

/*
 * console_words_last - the last panic or oops line since power-on or console_words_jumped(), or NULL. No verdict rests
 * on it, but a reader wants it.
 */
const char *console_words_last(const struct console_words *w);

/* console_words_add - puts them in front of what has gone wrong, where it is the first kernel that has said them. */
void console_words_add(const struct console_words *w, GError *error);

/* console_words_jumped - what comes from now on is the crash kernel's: evidence.complaints are its lines only. */
void console_words_jumped(struct console_words *w);

#endif
