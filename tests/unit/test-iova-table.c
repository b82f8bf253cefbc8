/* SPDX-License-Identifier: GPL-2.0-only */
/* iova.csv: written, read back, refused when it is none, and compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "results/csv.h"
#include "results/iova-table.h"

#define HEADER CSV_IOVA_HEADER "\n"

static const struct iova_pick everything = { -1, NULL };

static GArray *parse(const char *rows)
{
	g_autofree char *text = g_strconcat(HEADER, rows, NULL);
	GError *error = NULL;
	GArray *table = iova_table_parse(text, "t.csv", &error);

	if (!table)
		fail_msg("%s", error->message);
	return table;
}

static void test_round_trip(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("iova-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "iova.csv", NULL);
	struct csv *csv = csv_open(path, CSV_IOVA_HEADER, NULL);
	g_autoptr(GArray) rows = NULL;
	g_autofree char *text = NULL;
	const struct iova_row *r;

	(void)state;
	csv_iova_row(csv, &(struct csv_iova_row){ .kernel = "first", .requester = 0x8, .pasid = -1, .did = 3,
						  .phase = "panic", .iova_start = 0x1000,
						  .iova_end = 0x2fff, .perm = "rw", .who = "e1000e, \"x\"" });
	csv_iova_row(csv, &(struct csv_iova_row){ .kernel = "crash", .requester = 0x10, .pasid = -1,
						  .phase = "crash-init", .iova_start = 0xfee00000,
						  .iova_end = 0xfeefffff, .reserved = true,
						  .who = "0000:00:02.0 standing" });
	csv_iova_row(csv, &(struct csv_iova_row){ .kernel = "crash", .no_requester = true, .pasid = -1,
						  .iova_end = UINT64_MAX, .reserved = true });
	assert_true(csv_close(csv, NULL));
	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	assert_non_null(strstr(text, "\ncrash,0000:00:02.0,,,crash-init,0xfee00000,0xfeefffff,256,,reserved,"
				     "0000:00:02.0 standing\n"));
	assert_non_null(strstr(text, "\ncrash,,,,,0x0,0xffffffffffffffff,4503599627370496,,reserved,\n"));
	rows = iova_table_load(path, NULL);
	assert_non_null(rows);
	assert_int_equal(rows->len, 3);
	r = (const struct iova_row *)(const void *)rows->data;
	assert_false(r[0].crash || r[0].reserved);
	assert_string_equal(r[0].requester, "0000:00:01.0");
	assert_string_equal(r[0].phase, "panic");
	assert_string_equal(r[0].perm, "rw");
	assert_int_equal(r[0].start, 0x1000);
	assert_int_equal(r[0].last, 0x2fff);
	assert_true(r[1].crash && r[1].reserved);
	assert_string_equal(r[2].requester, "");
	g_unlink(path);
	g_rmdir(dir);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"kernel,requester\n",
		HEADER "first\n",
		HEADER "\nfirst,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic\n",
		HEADER "third,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic\n",
		HEADER "first,0000:00:01.0,,3,panic,0x2000,0x1fff,1,rw,mapped,nic\n",
		HEADER "first,0000:00:01.0,,3,panic,4096,8191,1,rw,mapped,nic\n",
		HEADER "first,0000:00:01.0,,3,panic,0x,0x1fff,1,rw,mapped,nic\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1,0x11111111111111111,1,rw,mapped,nic\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1,0x1x,1,rw,mapped,nic\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,guessed,nic\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rwx,mapped,nic\n",
		HEADER "first,0000:00:01.0,,3,a phase,0x1000,0x1fff,1,rw,mapped,nic\n",
		HEADER "first,a-requester-that-is-too-long,,3,panic,0x1000,0x1fff,1,rw,mapped,nic\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic,more\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,\"nic\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,\"nic\"x\n",
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;

		if (iova_table_parse(bad[i], "t.csv", &error))
			fail_msg("taken: %s", bad[i]);
		assert_non_null(strstr(error->message, "t.csv: line "));
	}
	assert_null(iova_table_load("/nowhere/iova.csv", NULL));
}

/* Every line cut anywhere: refused or read, never more rows than lines. */
static void test_cut(void **state)
{
	static const char text[] = HEADER
		"first,0000:00:01.0,1,3,panic,0x1000,0x1fff,1,rw,mapped,\"a,\"\"b\"\n";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		g_autofree char *part = g_strndup(text, n);
		g_autoptr(GArray) rows = iova_table_parse(part, "t.csv", NULL);

		assert_true(!rows || rows->len <= 1);
	}
}

static void test_diff(void **state)
{
	g_autoptr(GArray) a = parse("first,0000:00:01.0,,3,panic,0x1000,0x4fff,4,rw,mapped,nic\n"
				    "first,0000:00:01.0,,3,panic,0x5000,0x5fff,1,rw,mapped,nic\n"
				    "first,0000:00:02.0,,4,panic,0x9000,0x9fff,1,r,mapped,disk\n"
				    "first,0000:00:01.0,,,boot,0xfee00000,0xfeefffff,256,,reserved,x\n");
	g_autoptr(GArray) b = parse("first,0000:00:01.0,,3,panic,0x2000,0x5fff,4,rw,mapped,nic\n"
				    "first,0000:00:02.0,,4,panic,0x9000,0x9fff,1,rw,mapped,disk\n"
				    "first,0000:00:01.0,,,load,0xfee00000,0xfeefffff,256,,reserved,x\n");
	struct iova_diff *d = iova_diff(a, &everything, b, &everything);
	const struct iova_change *c;

	(void)state;
	/* one row of four pages and one of one are the same addresses as one row of five */
	assert_int_equal(d->changes->len, 4);
	c = d->changes->pdata[0];
	assert_string_equal(c->key, "0000:00:01.0 first kernel mapped rw (panic)");
	assert_int_equal(c->removed.n, 1);
	assert_int_equal(c->removed.v[0].start, 0x1000);
	assert_int_equal(c->removed.v[0].last, 0x1fff);
	assert_int_equal(c->added.n, 0);
	assert_int_equal(c->same.n, 1);
	/* when it was reserved makes no difference */
	c = d->changes->pdata[1];
	assert_string_equal(c->key, "0000:00:01.0 first kernel reserved");
	assert_int_equal(c->same.n, 1);
	/* another permission is another mapping */
	assert_int_equal(d->removed, 2);
	assert_int_equal(d->added, 1);
	assert_int_equal(d->removed_pages, 2);
	iova_diff_free(d);
	d = iova_diff(a, &everything, a, &everything);
	assert_int_equal(d->removed + d->added, 0);
	assert_int_equal(d->same_pages, 5 + 1 + 256);
	iova_diff_free(d);
}

static void test_kernels_of_one_run(void **state)
{
	g_autoptr(GArray) a = parse("first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic\n"
				    "crash,0000:00:01.0,,3,copied,0x1000,0x1fff,1,rw,mapped,nic\n"
				    "crash,0000:00:01.0,,5,end,0x7000,0x7fff,1,rw,mapped,nic\n"
				    "first,0000:00:01.0,,,boot,0xfee00000,0xfeefffff,256,,reserved,x\n"
				    "crash,0000:00:01.0,,,boot,0xfee00000,0xfeeeffff,240,,reserved,x\n");
	const struct iova_pick first = { 0, "panic" }, copied = { 1, "copied" }, end = { 1, "end" };
	struct iova_diff *d = iova_diff(a, &first, a, &copied);

	(void)state;
	assert_int_equal(d->changes->len, 2);
	assert_int_equal(d->removed, 1);	/* 16 pages are no longer reserved */
	assert_int_equal(d->removed_pages, 16);
	assert_int_equal(d->added, 0);
	iova_diff_free(d);
	d = iova_diff(a, &first, a, &end);
	assert_int_equal(d->removed, 2);
	assert_int_equal(d->added, 1);
	iova_diff_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cut),	   cmocka_unit_test(test_diff),
		cmocka_unit_test(test_kernels_of_one_run),
	};

	return cmocka_run_group_tests_name("iova-table", tests, NULL, NULL);
}
