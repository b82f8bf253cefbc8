/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages laid out again for a terminal of few columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "base/fold.h"

static void folded(const char *text, const char *expected)
{
	g_autofree char *out = fold_text(text, 30);

	if (strcmp(out, expected) != 0)
		fail_msg("'%s' became '%s', not '%s'", text, out, expected);
}

static void test_fold(void **state)
{
	(void)state;
	folded("", "");
	folded("a line\n\nanother\n", "a line\n\nanother\n");
	folded("no newline at the end", "no newline at the end");
	/* exactly what fits, and one more */
	folded("123456789 123456789 1234567890\n", "123456789 123456789 1234567890\n");
	folded("123456789 123456789 12345678901\n", "123456789 123456789\n    12345678901\n");
	/* a table: its gaps go before its line is broken */
	folded("name                     pass   all of it\n", "name  pass  all of it\n");
	folded("name                     FAIL   12 of 3109 pages\n", "name  FAIL  12 of 3109 pages\n");
	folded("name                     FAIL   281 of 3109 old pages lead on\n",
	       "name  FAIL  281 of 3109 old\n    pages lead on\n");
	folded("  - in by two, with an option    and what it does\n",
	       "  - in by two, with an option\n      and what it does\n");
	/* what was wrapped is one line again, if the line above is of the same text */
	folded("outcome       preserved: the crash\n              kernel kept what\n              stood there\n",
	       "outcome  preserved: the crash\n    kernel kept what stood\n    there\n");
	folded("[first]\nkernel=debian-6.1, or another one\n", "[first]\nkernel=debian-6.1, or another\n    one\n");
	folded("a\n\n                    b\n", "a\n\n                    b\n");
}

static void test_whole(void **state)
{
	static const char *const whole[] = {
		"repeat        vtdlab run kdump --set iommu.mode=scalable\n",
		"look at       grep -nE 'a b c d e f g' RUN/qemu.log and more\n",
		"{\"name\": \"kdump\", \"title\": \"legacy mode and more\"}\n",
		"{\n    \"title\": \"legacy mode and more than one line of it\"\n}\n",
		"next          vtdlab diff a/panic.vtd a/copied.vtd\n              grep -nE 'a|b' RUN/console.log\n",
		"/a/path/that/is/longer/than/the/terminal/is/wide\n",
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(whole); i++)
		folded(whole[i], whole[i]);
	folded("run           /a/path/that/is/longer/than/the/terminal\n",
	       "run\n    /a/path/that/is/longer/than/the/terminal\n");
}

/* What takes no column, or two, or is no text at all. */
static void test_widths(void **state)
{
	(void)state;
	folded("name \033[31mFAIL\033[0m of 12 characters\n", "name \033[31mFAIL\033[0m of 12 characters\n");
	folded("0123456789 0123456789 \xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\n",
	       "0123456789 0123456789 \xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\n");
	folded("0123456789 0123456789 a\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\n",
	       "0123456789 0123456789\n    a\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\n");
	folded("a\xff"
	       "b\n",
	       "a\xef\xbf\xbd"
	       "b\n");
	folded("\033\n", "\033\n");
}

static void test_no_terminal(void **state)
{
	FILE *out = tmpfile();

	(void)state;
	assert_int_equal(fold_columns(out, 77), 77);
	fclose(out);
}

static void rows(const char *text, const char *expected)
{
	g_autofree char *out = fold_rows(text, 40);

	assert_string_equal(out, expected);
}

static void test_rows(void **state)
{
	(void)state;
	rows("", "");
	rows("a   b\n\nc  d\n", "a   b\n\nc  d\n");
	/* below the last cell, where it has room */
	rows("name    some words that are longer than the line is\nn  b\n",
	     "name    some words that are longer than\n        the line is\nn  b\n");
	rows("  a name of its own    in a cell that begins late\n",
	     "  a name of its own    in a cell that\n      begins late\n");
	/* a word that is longer than a line stays whole; JSON stays JSON */
	rows("x  0123456789012345678901234567890123456789012\n",
	     "x  \n   0123456789012345678901234567890123456789012\n");
	rows("{ \"a\": \"0123456789012345678901234567890123456789\" }\n",
	     "{ \"a\": \"0123456789012345678901234567890123456789\" }\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),   cmocka_unit_test(test_fold),	   cmocka_unit_test(test_whole),
		cmocka_unit_test(test_widths), cmocka_unit_test(test_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
