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
	g_autoptr(GString) csv = csv_new(CSV_IOVA_HEADER);
	g_autoptr(GArray) rows = NULL;
	const struct iova_row *r;

	(void)state;
	csv_iova_row(csv, &(struct csv_iova_row){ .kernel = "first",
						  .requester = 0x8,
						  .pasid = -1,
						  .did = 3,
						  .phase = "panic",
						  .iova_start = 0x1000,
						  .iova_end = 0x2fff,
						  .perm = "rw",
						  .who = "e1000e, \"x\"" });
	csv_iova_row(csv, &(struct csv_iova_row){ .kernel = "crash",
						  .requester = 0x10,
						  .pasid = -1,
						  .phase = "crash-init",
						  .iova_start = 0xfee00000,
						  .iova_end = 0xfeefffff,
						  .reserved = true,
						  .who = "0000:00:02.0 standing" });
	csv_iova_row(csv, &(struct csv_iova_row){ .kernel = "crash",
						  .requester = 0x20,
						  .pasid = -1,
						  .did = 5,
						  .phase = "end",
						  .iova_start = 0x1000,
						  .iova_end = 0x2fff,
						  .perm = "r",
						  .count = 4,
						  .stride = 0x5000 });
	csv_iova_row(csv, &(struct csv_iova_row){ .kernel = "crash",
						  .no_requester = true,
						  .pasid = -1,
						  .iova_end = UINT64_MAX,
						  .reserved = true });
	assert_true(g_file_set_contents(path, csv->str, (gssize)csv->len, NULL));
	assert_non_null(strstr(csv->str, "\ncrash,0000:00:02.0,,,crash-init,0xfee00000,0xfeefffff,256,,reserved,"
					 "0000:00:02.0 standing,1,\n"));
	assert_non_null(strstr(csv->str, "\ncrash,,,,,0x0,0xffffffffffffffff,4503599627370496,,reserved,,1,\n"));
	rows = iova_table_load(path, NULL);
	assert_non_null(rows);
	assert_non_null(strstr(csv->str, "\ncrash,0000:00:04.0,,5,end,0x1000,0x2fff,8,r,mapped,,4,0x5000\n"));
	assert_int_equal(rows->len, 4);
	r = (const struct iova_row *)(const void *)rows->data;
	assert_false(r[0].crash || r[0].reserved);
	assert_string_equal(r[0].requester, "0000:00:01.0");
	assert_string_equal(r[0].phase, "panic");
	assert_string_equal(r[0].perm, "rw");
	assert_int_equal(r[0].start, 0x1000);
	assert_int_equal(r[0].last, 0x2fff);
	assert_true(r[1].crash && r[1].reserved);
	assert_true(r[1].count == 1 && r[1].stride == 0);
	assert_string_equal(r[2].requester, "0000:00:04.0");
	assert_true(r[2].count == 4 && r[2].stride == 0x5000);
	assert_string_equal(r[3].requester, "");
	g_unlink(path);
	g_rmdir(dir);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"kernel,requester\n",
		HEADER "first\n",
		HEADER "\nfirst,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic,1,\n",
		HEADER "third,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic,1,\n",
		HEADER "first,0000:00:01.0,,3,panic,0x2000,0x1fff,1,rw,mapped,nic,1,\n",
		HEADER "first,0000:00:01.0,,3,panic,4096,8191,1,rw,mapped,nic,1,\n",
		HEADER "first,0000:00:01.0,,3,panic,0x,0x1fff,1,rw,mapped,nic,1,\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1,0x11111111111111111,1,rw,mapped,nic,1,\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1,0x1x,1,rw,mapped,nic,1,\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,guessed,nic,1,\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rwx,mapped,nic,1,\n",
		HEADER "first,0000:00:01.0,,3,a phase,0x1000,0x1fff,1,rw,mapped,nic,1,\n",
		HEADER "first,a-requester-that-is-too-long,,3,panic,0x1000,0x1fff,1,rw,mapped,nic,1,\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic,1,,more\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic,0,\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic,-1,\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic,1,0x2000\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic,2,\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic,2,0xfff\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic,3,0x8000000000000000\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic,4000001,0x2000\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic,4000000,0x2000\n"
		       "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic,1,\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,\"nic,1,\n",
		HEADER "first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,\"nic\"x,1,\n",
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
	static const char text[] = HEADER "first,0000:00:01.0,1,3,panic,0x1000,0x1fff,1,rw,mapped,\"a,\"\"b\",1,\n";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		g_autofree char *part = g_strndup(text, n);
		g_autoptr(GArray) rows = iova_table_parse(part, "t.csv", NULL);

		assert_true(!rows || rows->len <= 1);
	}
}

/* A row that stands for several ranges is compared as each of them, and a table of before has none. */
static void test_series(void **state)
{
	static const char old[] =
		"kernel,requester,pasid,did,phase,iova_start,iova_end_inclusive,pages,perm,source,who\n"
		"first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic\n"
		"first,0000:00:01.0,,3,panic,0x3000,0x3fff,1,rw,mapped,nic\n"
		"first,0000:00:01.0,,3,panic,0x5000,0x5fff,1,rw,mapped,nic\n";
	g_autoptr(GArray) a = parse("first,0000:00:01.0,,3,panic,0x1000,0x1fff,3,rw,mapped,nic,3,0x2000\n");
	g_autoptr(GArray) b = iova_table_parse(old, "old.csv", NULL);
	struct iova_diff *d;

	(void)state;
	assert_int_equal(a->len, 1);
	assert_non_null(b);
	assert_int_equal(b->len, 3);
	d = iova_diff(a, &everything, b, &everything);
	assert_int_equal(d->same, 3);
	assert_int_equal(d->removed + d->added, 0);
	iova_diff_free(d);
}

static size_t series(const struct iommu_run *first, size_t n, size_t odd, uint64_t shift, uint64_t longer,
		     uint32_t perm)
{
	struct iommu_run runs[40];

	for (size_t i = 0; i < n; i++) {
		runs[i] = *first;
		runs[i].iova_start += i * 0x3000;
		runs[i].iova_last += i * 0x3000;
	}
	runs[odd].iova_start += shift;
	runs[odd].iova_last += shift + longer;
	runs[odd].perm ^= perm;
	return iova_series(runs, n);
}

/* What one row can stand for: nothing of it differs, and it is worth it. */
static void test_one_row(void **state)
{
	static const struct iommu_run run = { 0x10000, 0x10fff, 0x777000, 3 };

	(void)state;
	assert_int_equal(series(&run, 40, 0, 0, 0, 0), 40);
	assert_int_equal(series(&run, 16, 0, 0, 0, 0), 16);
	assert_int_equal(series(&run, 15, 0, 0, 0, 0), 1);
	assert_int_equal(series(&run, 1, 0, 0, 0, 0), 1);
	assert_int_equal(series(&run, 40, 30, 0x1000, 0, 0), 30);
	assert_int_equal(series(&run, 40, 30, 0, 0x1000, 0), 30);
	assert_int_equal(series(&run, 40, 30, 0, 0, 1), 30);
	assert_int_equal(series(&run, 40, 0, 0, 0x1000, 0), 1);
	assert_int_equal(series(&run, 40, 15, 0x1000, 0, 0), 1);
	assert_int_equal(series(&run, 40, 16, 0x1000, 0, 0), 16);
}

static void test_diff(void **state)
{
	g_autoptr(GArray) a = parse("first,0000:00:01.0,,3,panic,0x1000,0x4fff,4,rw,mapped,nic,1,\n"
				    "first,0000:00:01.0,,3,panic,0x5000,0x5fff,1,rw,mapped,nic,1,\n"
				    "first,0000:00:02.0,,4,panic,0x9000,0x9fff,1,r,mapped,disk,1,\n"
				    "first,0000:00:01.0,,,boot,0xfee00000,0xfeefffff,256,,reserved,x,1,\n");
	g_autoptr(GArray) b = parse("first,0000:00:01.0,,3,panic,0x2000,0x5fff,4,rw,mapped,nic,1,\n"
				    "first,0000:00:02.0,,4,panic,0x9000,0x9fff,1,rw,mapped,disk,1,\n"
				    "first,0000:00:01.0,,,load,0xfee00000,0xfeefffff,256,,reserved,x,1,\n");
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
	g_autoptr(GArray) a = parse("first,0000:00:01.0,,3,panic,0x1000,0x1fff,1,rw,mapped,nic,1,\n"
				    "crash,0000:00:01.0,,3,copied,0x1000,0x1fff,1,rw,mapped,nic,1,\n"
				    "crash,0000:00:01.0,,5,end,0x7000,0x7fff,1,rw,mapped,nic,1,\n"
				    "first,0000:00:01.0,,,boot,0xfee00000,0xfeefffff,256,,reserved,x,1,\n"
				    "crash,0000:00:01.0,,,boot,0xfee00000,0xfeeeffff,240,,reserved,x,1,\n");
	const struct iova_pick first = { 0, "panic" }, copied = { 1, "copied" }, end = { 1, "end" };
	struct iova_diff *d = iova_diff(a, &first, a, &copied);

	(void)state;
	assert_int_equal(d->changes->len, 2);
	assert_int_equal(d->removed, 1); /* 16 pages are no longer reserved */
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
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_series),
		cmocka_unit_test(test_one_row),
		cmocka_unit_test(test_kernels_of_one_run),
	};

	return cmocka_run_group_tests_name("iova-table", tests, NULL, NULL);
}
