/* SPDX-License-Identifier: GPL-2.0-only */
/* Text that others wrote, made fit to be shown. */
#ifndef VTDLAB_BASE_TEXT_H
#define VTDLAB_BASE_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* *@text becomes @by, which it owns from then on; what it was is freed. */
void text_replace(char **text, char *by);

/* One byte onto @to: printable ASCII as it is, a tab as a space, anything else as \xNN. */
void text_escape_byte(GString *to, unsigned char c);

/* A copy of `len` bytes with everything but printable ASCII as \xNN. Free with g_free(). */
char *text_escape(const char *bytes, size_t len);

/* Does @c do something to a terminal, or to the order of what stands around it? */
bool text_control(gunichar c);

/* A copy without blanks at its ends, fit for one line: no UTF-8 is replaced, control and format characters are blanks. */
char *text_one_line(const char *text);

/* The same of each line of @text. */
char *text_lines(const char *text);

/* "12,345,678", whatever the locale. Free with g_free(). */
char *text_thousands(uint64_t n);

/* One word quoted for a POSIX shell, only if it needs it. Free with g_free(). */
char *text_shell_word(const char *word);

/* "vtdlab" and its words (NULL-ended) as a line to be pasted into a shell. Free with g_free(). */
char *text_command(char *const *words);

/*
 * Appends @text, wrapped between the columns @indent and @width, and a newline; the cursor stands at @indent. A word that
 * is longer than a line is broken.
 */
void text_wrap(GString *out, const char *text, int indent, int width);

/* Appends @label, padded to @indent columns, and behind it the text, as text_wrap() does. */
void text_field(GString *out, int indent, int width, const char *label, const char *format, ...) G_GNUC_PRINTF(5, 6);

/*
 * text_markup - appends as printf does, with entities for what XML and HTML mean something by in each string that is given.
 * These must be UTF-8; @format goes in as it is.
 */
void text_markup(GString *out, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* "0x" and one to 16 lower-case hexadecimal digits at @p: their length, 0 when there is no such number. */
size_t text_hex(const char *p, uint64_t *value);

/*
 * text_last_words - what a command has said last: the last line of @out that is not empty, as text_one_line() has it and
 * without a leading "vtdlab VERB: "; "": there is none. The caller frees it.
 */
char *text_last_words(const char *out);

#endif
