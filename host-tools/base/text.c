/* SPDX-License-Identifier: GPL-2.0-only */
/* Text that others wrote, made fit to be shown. */
#include "base/text.h"

#include <inttypes.h>
#include <glib.h>
#include <string.h>

void text_replace(char **text, char *by)
{
	g_free(*text);
	*text = by;
}

void text_escape_byte(GString *to, unsigned char c)
{
	if (c == '\t')
		g_string_append_c(to, ' ');
	else if (c >= 0x20 && c < 0x7f)
		g_string_append_c(to, (char)c);
	else
		g_string_append_printf(to, "\\x%02x", c);
}

char *text_escape(const char *bytes, size_t len)
{
	GString *s = g_string_sized_new(len + 16);

	for (size_t i = 0; i < len; i++)
		text_escape_byte(s, (unsigned char)bytes[i]);
	return g_string_free(s, FALSE);
}

bool text_control(gunichar c)
{
	/* C1 is control as well, and marks of direction change what the rest of the line seems to say */
	return g_unichar_type(c) <= G_UNICODE_FORMAT;
}

char *text_one_line(const char *text)
{
	char *clean = g_utf8_make_valid(text, -1);

	for (char *p = clean, *next; *p; p = next) {
		next = g_utf8_next_char(p);
		if (text_control(g_utf8_get_char(p)))
			memset(p, ' ', (size_t)(next - p));
	}
	return g_strstrip(clean);
}

char *text_lines(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		g_autofree char *raw = *line;

		*line = text_one_line(raw);
	}
	return g_strjoinv("\n", lines);
}

char *text_thousands(uint64_t n)
{
	GString *out = g_string_new(NULL);

	g_string_printf(out, "%" PRIu64, n);
	for (gssize at = (gssize)out->len - 3; at > 0; at -= 3)
		g_string_insert_c(out, at, ',');
	return g_string_free(out, FALSE);
}

char *text_shell_word(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_-+=,./:@%";

	if (*word && strspn(word, plain) == strlen(word))
		return g_strdup(word);
	return g_shell_quote(word);
}

char *text_command(char *const *words)
{
	GString *line = g_string_new("vtdlab");

	for (; *words; words++) {
		g_autofree char *quoted = text_shell_word(*words);

		g_string_append_printf(line, " %s", quoted);
	}
	return g_string_free(line, FALSE);
}

void text_wrap(GString *out, const char *text, int indent, int width)
{
	g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
	g_auto(GStrv) parts = g_strsplit_set(valid, " \n\t", -1);
	glong room = width - indent, used = 0;

	for (char **word = parts; *word; word++) {
		const char *p = *word;
		glong len = g_utf8_strlen(p, -1);

		if (!len)
			continue;
		if (used && used + 1 + len > room) {
			g_string_append_printf(out, "\n%*s", indent, "");
			used = 0;
		} else if (used) {
			g_string_append_c(out, ' ');
			used++;
		}
		for (; len > room; len -= room) {
			const char *cut = g_utf8_offset_to_pointer(p, room);

			g_string_append_len(out, p, cut - p);
			g_string_append_printf(out, "\n%*s", indent, "");
			p = cut;
		}
		g_string_append(out, p);
		used += len;
	}
	g_string_append_c(out, '\n');
}

void text_field(GString *out, int indent, int width, const char *label, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_string_append_printf(out, "%-*s", indent, label);
	text_wrap(out, text, indent, width);
}

void text_markup(GString *out, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_markup_vprintf_escaped(format, args);
	va_end(args);
	g_string_append(out, text);
}

size_t text_hex(const char *p, uint64_t *value)
{
	size_t digits = p[0] == '0' && p[1] == 'x' ? strspn(p + 2, "0123456789abcdef") : 0;

	if (!digits || digits > 16)
		return 0;
	*value = g_ascii_strtoull(p + 2, NULL, 16);
	return 2 + digits;
}

char *text_last_words(const char *out)
{
	g_auto(GStrv) lines = g_strsplit(out, "\n", -1);

	for (guint i = g_strv_length(lines); i > 0; i--) {
		g_autofree char *line = text_one_line(lines[i - 1]);
		const char *words = line;

		if (!*line)
			continue;
		if (g_str_has_prefix(line, "vtdlab ") && strstr(line, ": "))
			words = strstr(line, ": ") + 2;
		return g_strdup(words);
	}
	return g_strdup("");
}
