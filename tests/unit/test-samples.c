/* SPDX-License-Identifier: GPL-2.0-only */
/* What is told from noise: the exact test against counted cases, ties, and comparisons of a thing with itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <math.h>
#include <string.h>

#include "base/stats.h"
#include "results/samples.h"

static void chance_is_counted(void **state)
{
	const double low[] = { 1, 2, 3, 4, 5 }, high[] = { 6, 7, 8, 9, 10 }, one[] = { 1, 1, 1 };
	/* both counted by going through all choices */
	const double a[] = { 1.1, 2.2, 3.3, 4.4 }, b[] = { 2.5, 3.5, 4.6, 5.0, 6.1 };
	const double c[] = { 1, 1, 2, 3 }, d[] = { 2, 3, 3, 4 };

	(void)state;
	assert_true(fabs(stats_differ(low, 5, high, 5) - 2.0 / 252) < 1e-12);
	assert_true(fabs(stats_differ(high, 5, low, 5) - 2.0 / 252) < 1e-12);
	assert_true(fabs(stats_differ(a, 4, b, 5) - 1.0 / 9) < 1e-12);
	assert_true(fabs(stats_differ(c, 4, d, 4) - 0.2) < 1e-12);
	assert_true(stats_differ(one, 3, one, 3) == 1);
	assert_true(stats_differ(one, 0, one, 3) == 1);
	assert_true(stats_differ(low, 1, high, 1) == 1);
}

static void ratios_have_an_interval_that_few_values_cannot_give(void **state)
{
	const double a[] = { 10, 11, 12, 13, 14 }, b[] = { 20, 22, 24, 26, 28 }, zero[] = { 0, 1, 2 };
	struct stats_ratio r;

	(void)state;
	assert_true(stats_ratio(a, 5, b, 5, &r));
	assert_true(r.bounded && r.low < 2 && r.high > 2 && r.low > 1.4 && r.high < 2.8);
	assert_true(fabs(r.median - 2) < 0.01);
	assert_true(stats_ratio(a, 3, b, 3, &r));
	assert_false(r.bounded);
	assert_false(stats_ratio(zero, 3, a, 3, &r));
	assert_false(stats_ratio(a, 0, b, 3, &r));
}

static void fill(GArray *values, GRand *rand, unsigned n, double middle)
{
	for (unsigned i = 0; i < n; i++) {
		/* skewed, as times are */
		double value = middle * (1 + 0.1 * pow(g_rand_double(rand), 4));

		g_array_append_val(values, value);
	}
}

/* 20 figures, ten runs a side; of those that are @factor times as much there are @changed. */
static char *judge(GRand *rand, unsigned changed, double factor, unsigned runs, bool *worse)
{
	g_autoptr(GPtrArray) samples = samples_new();

	for (unsigned i = 0; i < 20; i++) {
		g_autofree char *name = g_strdup_printf("figure %u", i);
		struct sample *s = samples_add(samples, name, SAMPLE_NS);

		fill(s->base, rand, runs, 1000);
		fill(s->new, rand, runs, i < changed ? 1000 * factor : 1000);
	}
	return samples_judge(samples, "runs", 0.02, worse);
}

/* In 5 % of such comparisons at most something is named; the seed makes it the same number each time. */
static void a_thing_and_itself(void **state)
{
	GRand *rand = g_rand_new_with_seed(1);
	unsigned named = 0;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		bool worse;
		g_autofree char *text = judge(rand, 0, 1, 10, &worse);

		named += !g_str_has_prefix(text, "no change");
	}
	assert_in_range(named, 0, 14); /* 10 are expected of an exact test, three sigma are 9 more */
	g_rand_free(rand);
}

static void what_has_changed_is_named_first(void **state)
{
	GRand *rand = g_rand_new_with_seed(2);
	bool worse;
	g_autofree char *slower = judge(rand, 1, 1.5, 10, &worse), *faster = NULL, *little = NULL;

	(void)state;
	assert_true(worse);
	assert_true(g_str_has_prefix(slower, "beyond noise:\n  figure 0: 1"));
	assert_non_null(strstr(slower, "1 of 20 figures differ beyond noise, 10 and 10 runs\n"));
	faster = judge(rand, 3, 0.5, 10, &worse);
	assert_false(worse);
	for (const char *const *name = (const char *const[]){ "figure 0: ", "figure 1: ", "figure 2: ", NULL }; *name;
	     name++)
		assert_non_null(strstr(faster, *name));
	little = judge(rand, 20, 1.15, 5, &worse); /* five runs suffice where everything has changed */
	assert_true(worse);
	assert_non_null(strstr(little, "of 20 figures differ"));
	g_rand_free(rand);
}

/* Four runs a side: no sample overlaps, so that one probability is that of all. */
static void of_equal_chance_the_largest_change_comes_first(void **state)
{
	static const struct {
		const char *name;
		double factor;
	} all[] = { { "hardly", 1.0004 }, { "half", 0.5 }, { "some", 1.2 }, { "most", 3 } };
	g_autoptr(GPtrArray) samples = samples_new();
	g_autofree char *text = NULL;
	bool worse;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
		struct sample *s = samples_add(samples, all[i].name, SAMPLE_NS);

		for (unsigned k = 0; k < 4; k++) {
			double base = 1000000 + k, new = all[i].factor *base;

			g_array_append_val(s->base, base);
			g_array_append_val(s->new, new);
		}
	}
	text = samples_judge(samples, "runs", 0.02, &worse);
	assert_true(g_str_has_prefix(text, "beyond noise:\n  most: "));
	assert_true(strstr(text, "most: ") < strstr(text, "half: ") && strstr(text, "half: ") < strstr(text, "some: "));
	assert_true(strstr(text, "some: ") < strstr(text, "hardly: "));
	/* what is named as a change is not "x 1" */
	assert_non_null(strstr(text, "x 1.0004 (1.0004 to 1.0004)"));
}

static void too_few_runs_are_told(void **state)
{
	GRand *rand = g_rand_new_with_seed(3);
	bool worse;
	g_autofree char *text = judge(rand, 20, 3, 3, &worse), *five = judge(rand, 0, 1, 5, &worse);

	(void)state;
	assert_true(g_str_has_prefix(text, "no change"));
	assert_non_null(strstr(text, "too few runs to tell anything from noise"));
	assert_non_null(strstr(five, "only changes of many figures at once can be told,\n-n 6 for a single one"));
	g_rand_free(rand);
}

static void numbers_as_people_read_them(void **state)
{
	g_autoptr(GString) out = g_string_new(NULL);

	(void)state;
	sample_number(out, SAMPLE_NS, 9999);
	sample_number(out, SAMPLE_NS, 10000);
	sample_number(out, SAMPLE_NS, 1e7);
	sample_number(out, SAMPLE_BYTES, 8192);
	sample_number(out, SAMPLE_COUNT, 281);
	assert_string_equal(out->str, "9999 ns10.0 us10.0 ms8 KiB281");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chance_is_counted),
		cmocka_unit_test(ratios_have_an_interval_that_few_values_cannot_give),
		cmocka_unit_test(a_thing_and_itself),
		cmocka_unit_test(what_has_changed_is_named_first),
		cmocka_unit_test(of_equal_chance_the_largest_change_comes_first),
		cmocka_unit_test(too_few_runs_are_told),
		cmocka_unit_test(numbers_as_people_read_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
