/* SPDX-License-Identifier: GPL-2.0-only */
/* The progress lines: plain, live and quiet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "observe/clock.h"
#include "results/progress.h"

struct screen {
	FILE *out;
	char *text;
	size_t len;
	struct progress *p;
};

static void begin(struct screen *s, enum progress_style style)
{
	s->out = open_memstream(&s->text, &s->len);
	s->p = progress_new(s->out, style);
}

static void end(struct screen *s)
{
	progress_free(s->p);
	fclose(s->out);
	free(s->text);
}

static bool matches(const struct screen *s, const char *pattern)
{
	fflush(s->out);
	if (g_regex_match_simple(pattern, s->text, G_REGEX_DOLLAR_ENDONLY, 0))
		return true;
	print_message("text: %s\n", s->text);
	return false;
}

static void some_phases(struct progress *p)
{
	progress_begin(p, "boot");
	progress_note(p, "waiting for the agent");
	progress_end(p, "kernel %s", "6.1");
	progress_begin(p, "load");
	progress_line(p, "a line");
	progress_begin(p, "panic");
	progress_warn(p, "odd");
	progress_end(p, NULL);
	progress_end(p, "twice is once");
}

static void test_plain(void **state)
{
	struct screen s = { 0 };

	(void)state;
	begin(&s, PROGRESS_AUTO); /* a memory stream is no terminal */
	some_phases(s.p);
	assert_true(matches(&s, "^  boot +0\\.[0-9] s  kernel 6\\.1\n  a line\n  load +0\\.[0-9] s\n"
				"warning: odd\n  panic +0\\.[0-9] s\n$"));
	end(&s);
}

/* What passes between two phases of a run is shown as the page shows it. */
static void test_between_phases(void **state)
{
	struct screen s = { 0 };
	struct clock *c;

	(void)state;
	begin(&s, PROGRESS_AUTO);
	c = clock_new(s.p);
	clock_phase(c, "boot");
	clock_phase_end(c, "up");
	g_usleep(1200 * 1000);
	clock_phase(c, "load");
	clock_phase_end(c, "loaded");
	assert_true(matches(&s, "^  boot +0\\.[0-9] s  up\n  load +1\\.[2-9] s  loaded\n$"));
	clock_free(c);
	end(&s);
}

static void test_quiet(void **state)
{
	struct screen s = { 0 };

	(void)state;
	begin(&s, PROGRESS_QUIET);
	some_phases(s.p);
	assert_true(matches(&s, "^warning: odd\n$"));
	end(&s);
}

static void test_live(void **state)
{
	struct screen s = { 0 };

	(void)state;
	begin(&s, PROGRESS_LIVE);
	progress_begin(s.p, "boot");
	progress_note(s.p, "waiting for %s",
		      "something with a very long name that does not fit on one line of a terminal");
	fflush(s.out);
	size_t before = s.len;
	gint64 until = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;

	/* the timer redraws by itself while a main loop turns */
	while (s.len == before && g_get_monotonic_time() < until) {
		g_main_context_iteration(NULL, TRUE);
		fflush(s.out);
	}
	assert_true(s.len > before);
	progress_line(s.p, "a line");
	progress_end(s.p, "a\tb\033c");
	assert_true(matches(&s, "\r\033\\[K  a line\n\r  boot .*\r\033\\[K  boot +[0-9.]+ s  a b c\n$"));

	g_auto(GStrv) drawn = g_strsplit_set(s.text, "\r\n", -1);

	for (char **line = drawn; *line; line++)
		assert_true(strlen(*line) <= 79 + strlen("\033[K"));
	progress_clear(s.p);
	end(&s);
}

/* What was drawn last. */
static const char *drawn(struct screen *s)
{
	const char *at;

	fflush(s->out);
	at = strrchr(s->text, '\r');
	assert_non_null(at);
	return at + 1;
}

static void assert_drawn(struct screen *s, const char *pattern)
{
	if (!g_regex_match_simple(pattern, drawn(s), G_REGEX_DOLLAR_ENDONLY, 0))
		fail_msg("'%s' is not /%s/", drawn(s), pattern);
}

static void test_expected(void **state)
{
	static const char *const phases[] = { "boot", "load", "panic", "dump", NULL };
	static const double seconds[] = { 30, 20.4, 10, 5 }, some[] = { 30, -1, 10, 5 };
	struct screen s = { 0 };

	(void)state;
	begin(&s, PROGRESS_LIVE);
	progress_begin(s.p, "boot");
	assert_drawn(&s, "^  boot +0\\.[0-9] s\033\\[K$");
	progress_expect(s.p, phases, seconds); /* what is open already has its number */
	progress_title(s.p, "2 of 3, kdump");
	assert_drawn(&s, " s  2 of 3, kdump: phase 1 of 4, about 6[45] s left\033\\[K$");
	progress_title(s.p, NULL);
	progress_begin(s.p, "map"); /* nobody knew of it */
	assert_drawn(&s, "^  map +0\\.[0-9] s\033\\[K$");
	progress_begin(s.p, "panic"); /* and no load */
	assert_drawn(&s, " s  phase 3 of 4, about 1[45] s left\033\\[K$");
	progress_end(s.p, "done");
	assert_true(matches(&s, "\033\\[K  panic +0\\.[0-9] s  done\n$"));

	/* not known of one that is to come: only what is known */
	progress_expect(s.p, phases, some);
	progress_begin(s.p, "boot");
	assert_drawn(&s, " s  phase 1 of 4\033\\[K$");
	progress_begin(s.p, "panic");
	assert_drawn(&s, " s  phase 3 of 4, about 1[45] s left\033\\[K$");
	progress_expect(s.p, phases, NULL);
	assert_drawn(&s, "^  panic +0\\.[0-9] s  phase 3 of 4\033\\[K$");
	progress_begin(s.p, "dump");
	assert_drawn(&s, " s  phase 4 of 4\033\\[K$");
	progress_expect(s.p, NULL, NULL);
	progress_begin(s.p, "dump");
	assert_drawn(&s, "^  dump +0\\.[0-9] s\033\\[K$");
	end(&s);
}

/* A phase that takes longer than ever is no reason to count below nothing. */
static void test_late(void **state)
{
	static const char *const phases[] = { "boot", "load", NULL };
	static const double seconds[] = { 0.001, 7 };
	struct screen s = { 0 };

	(void)state;
	begin(&s, PROGRESS_LIVE);
	progress_expect(s.p, phases, seconds);
	progress_begin(s.p, "boot");
	g_usleep(50000);
	progress_note(s.p, "x");
	assert_drawn(&s, " s  phase 1 of 2, about 7 s left; x");
	end(&s);
}

/* In a log and in a pipe there is nothing of it. */
static void test_expected_plain(void **state)
{
	static const char *const phases[] = { "boot", NULL };
	static const double seconds[] = { 30 };
	struct screen s = { 0 };

	(void)state;
	begin(&s, PROGRESS_AUTO);
	assert_false(progress_live(s.p));
	progress_title(s.p, "2 of 3, kdump");
	progress_expect(s.p, phases, seconds);
	progress_begin(s.p, "boot");
	progress_end(s.p, "up");
	assert_true(matches(&s, "^  boot +0\\.[0-9] s  up\n$"));
	end(&s);
}

static void test_free_in_the_middle(void **state)
{
	struct screen s = { 0 };

	(void)state;
	begin(&s, PROGRESS_LIVE);
	progress_begin(s.p, "boot");
	progress_note(s.p, "x");
	end(&s);
	assert_false(g_main_context_pending(NULL));
	progress_free(NULL);
}

/* What a guest says is one line of text, which does nothing to the terminal. */
static void test_control(void **state)
{
	struct progress *p;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	p = progress_new(out, PROGRESS_PLAIN);
	progress_begin(p, "boot");
	progress_end(p, "%s",
		     "a\x1b[2Jb\xc2\x9b"
		     "2Jc\xe2\x80\xae"
		     "d\xfe\n");
	progress_free(p);
	fclose(out);
	for (const char *c = text; *c; c = g_utf8_next_char(c))
		assert_true(*c == '\n' || !g_unichar_iscntrl(g_utf8_get_char(c)));
	assert_null(strstr(text, "\xe2\x80\xae"));
	assert_true(g_utf8_validate(text, -1, NULL));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),	       cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_live),	       cmocka_unit_test(test_free_in_the_middle),
		cmocka_unit_test(test_control),	       cmocka_unit_test(test_expected),
		cmocka_unit_test(test_late),	       cmocka_unit_test(test_expected_plain),
		cmocka_unit_test(test_between_phases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
