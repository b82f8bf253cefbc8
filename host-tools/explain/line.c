/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines as people paste them: what stands before a message, and the forms of a fault report. */
#include "explain/log.h"

#include <string.h>

#define PREFIX_MAX 160

/* "[    1.234567]", "[Fri Nov 27 12:00:00 2026]", "[    T1]": a group that no message begins with. */
static size_t time_group(const char *p)
{
	const char *end = *p == '[' ? strchr(p, ']') : NULL;
	size_t len = end ? (size_t)(end - p) - 1 : 0;
	bool digits = false, mark = false;

	if (!len || len > 40)
		return 0;
	for (const char *c = p + 1; c < end; c++) {
		digits |= g_ascii_isdigit(*c);
		mark |= *c == '.' || *c == ':';
		if (!g_ascii_isalnum(*c) && !strchr(" .:,+-", *c))
			return 0;
	}
	/* the caller of the line: T and a thread, C and a CPU */
	const char *caller = p + 1 + strspn(p + 1, " ");

	return digits && (mark || ((*caller == 'T' || *caller == 'C') &&
				   caller + 1 + strspn(caller + 1, "0123456789") == end)) ?
		       len + 2 :
		       0;
}

/* Each of these begins a line that is pasted, in any order. */
static size_t one_prefix(const char *p)
{
	size_t n = strspn(p, "> |\t"), digits;

	if (n)
		return n;
	if (*p == '<' && (digits = strspn(p + 1, "0123456789")) && p[1 + digits] == '>')
		return digits + 2;
	/* dmesg -x: "kern  :warn  : " */
	if (strncmp(p, "kern ", 5) == 0 && (n = strspn(p + 4, " ")) && p[4 + n] == ':') {
		const char *second = strchr(p + 4 + n + 1, ':');

		return second && second - p < 24 ? (size_t)(second - p) + 1 : 0;
	}
	/* the time of who watched a serial line: "1795818330.284488 [" */
	digits = strspn(p, "0123456789.");
	if (digits > 8 && memchr(p, '.', digits) && p[digits] == ' ')
		return digits + 1;
	return time_group(p);
}

const char *explain_message(const char *line)
{
	const char *kernel = strstr(line, "kernel: ");
	size_t n;

	if (kernel && kernel > line && kernel[-1] == ' ' && kernel - line < PREFIX_MAX)
		line = kernel + strlen("kernel: ");
	while ((n = one_prefix(line)))
		line += n;
	return line;
}

/* One to @most hexadecimal digits, with 0x or without. */
static size_t hex_part(const char *text, size_t most, uint64_t *value)
{
	size_t skip = text[0] == '0' && text[1] == 'x' ? 2 : 0, n = 0;

	*value = 0;
	for (; n < most && g_ascii_isxdigit(text[skip + n]); n++)
		*value = *value << 4 | (uint64_t)g_ascii_xdigit_value(text[skip + n]);
	return n ? skip + n : 0;
}

size_t explain_dev_read(const char *text, uint32_t *dev)
{
	uint64_t part[4] = { 0 };
	size_t at = 0, n = 0;

	/* two or three parts with ':' behind all but the last, which ends at the '.' */
	for (unsigned i = 0; i < 3; i++) {
		size_t len = hex_part(text + at, 5, &part[n]);

		if (!len)
			return 0;
		at += len;
		n++;
		if (text[at] != ':')
			break;
		at++;
	}
	if (n < 2 || text[at] != '.' || !g_ascii_isdigit(text[at + 1]))
		return 0;
	uint64_t segment = n == 3 ? part[0] : 0, bus = part[n - 2], slot = part[n - 1];
	unsigned function = (unsigned)(text[at + 1] - '0');

	if (segment > 0xffff || bus > 0xff || slot > 0x1f || function > 7)
		return 0;
	*dev = (uint32_t)(segment << 16 | bus << 8 | slot << 3 | function);
	return at + 2;
}

/* Behind @what in @text, in any case (people retype what they see on a screen); NULL: it is not there. */
static const char *behind(const char *text, const char *what)
{
	const char *at = strcasestr(text, what);

	return at ? at + strlen(what) : NULL;
}

/* Older kernels write the reason in decimal, without 0x. */
static int reason_of(const char *text)
{
	const char *p = behind(text, "fault reason ");
	uint64_t value = 0;
	size_t len;

	if (!p)
		return -1;
	if (strncmp(p, "0x", 2) == 0) {
		len = hex_part(p, 2, &value);
	} else {
		len = strspn(p, "0123456789");
		value = len < 4 ? g_ascii_strtoull(p, NULL, 10) : 256;
	}
	return len && p[len] == ']' && value < 256 ? (int)value : -1;
}

int explain_fault_read(const char *text, struct explain_fault *fault)
{
	const char *who = behind(text, "Request device ["), *at;
	uint64_t value;

	memset(fault, 0, sizeof(*fault));
	fault->reason = -1;
	if (!who || !explain_dev_read(who + strspn(who, "["), &fault->dev))
		return 0;
	fault->access = strcasestr(text, "DMA Write") ? EXPLAIN_WRITE : EXPLAIN_READ;
	fault->count = 1;
	if ((at = behind(who, "fault index "))) {
		fault->access = EXPLAIN_INTERRUPT;
	} else if (strstr(text, "INTR-REMAP")) {
		fault->access = EXPLAIN_INTERRUPT;
		return -1;
	} else if (!(at = behind(who, "fault addr "))) {
		return -1;
	}
	size_t len = hex_part(at, 16, &value);

	if (!len || (at[len] && at[len] != ' '))
		return -1;
	if (fault->access != EXPLAIN_INTERRUPT) {
		/* The register holds a page: other digits, and nothing behind them, are those of an address that was cut. */
		if (value & 0xfff && !g_str_has_prefix(at + len, " [fault reason"))
			return -1;
		value &= ~(uint64_t)0xfff;
	}
	fault->ranges[0].first = fault->ranges[0].last = value;
	fault->nranges = 1;
	fault->reason = reason_of(at);
	return fault->reason < 0 ? -1 : 1;
}
