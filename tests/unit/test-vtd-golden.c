/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Golden snapshots: each tests/golden/NAME.vtd, taken from a real kernel, must print as
 * NAME.expect. With VTDLAB_GOLDEN_WRITE=1 the .expect files are written instead (look at the diff
 * before keeping it).
 */
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vtd-test.h"
#include "vtd/compare.h"
#include "vtd/find.h"
#include "vtd/snapshot.h"

/* What a snapshot prints as: registers, contexts, runs, IRTEs, tables and defects. */
static char *print_file(const char *path)
{
	struct vtd_walk_result *r;
	struct iommu_snapshot *s;
	struct iommu_error err;
	struct vtd_regs regs;
	char *text = NULL;
	size_t len;
	FILE *out;

	if (vtd_snapshot_load(path, &s, &err))
		fail_msg("%s", err.text);
	vtd_regs_decode(vtd_snapshot_of(s)->regs, &regs);
	assert_int_equal(vtd_snapshot_walk(s, NULL, &r), 0);
	out = open_memstream(&text, &len);
	fprintf(out, "phase %s\n", s->meta.phase);
	vtd_regs_print(&regs, out);
	vtd_walk_print(r, ~0u, out);
	fclose(out);
	vtd_walk_free(r);
	vtd_snapshot_free(s);
	return text;
}

static char *slurp(const char *path)
{
	FILE *in = fopen(path, "rb");
	char *text = NULL;
	size_t cap = 0;
	ssize_t len;

	if (!in)
		return NULL;
	len = getdelim(&text, &cap, '\0', in);
	fclose(in);
	if (len < 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* Of all table pages of a real kernel the one root table is found, and none of the others is taken for one. */
static void check_find(const char *path)
{
	struct iommu_ranges pages = { 0 }, ram = { 0 };
	struct iommu_snapshot *s;
	struct iommu_roots roots;
	struct iommu_mem mem;

	assert_int_equal(vtd_snapshot_load(path, &s, NULL), 0);
	mem = iommu_snapshot_mem(s);
	for (size_t i = 0; i < s->n_pages; i++)
		assert_int_equal(iommu_ranges_add(&pages, s->pages[i].pa, s->pages[i].pa + 4095), 0);
	assert_int_equal(iommu_ranges_add(&ram, 0, s->meta.ram.low_size - 1), 0);
	assert_int_equal(vtd_find_roots(&mem, &pages, &ram, 0, &roots), 0);
	if (roots.n != 1 || roots.v[0].root != s->meta.root || roots.v[0].mode != s->meta.mode ||
	    roots.v[0].proof == IOMMU_ROOT_DOUBTFUL)
		fail_msg("%s: %zu roots found, the first at 0x%" PRIx64, path, roots.n, roots.v[0].root);
	iommu_ranges_clear(&pages);
	iommu_ranges_clear(&ram);
	vtd_snapshot_free(s);
}

static void check_file(const char *path)
{
	char *expect = malloc(strlen(path) + sizeof(".expect")), *now = print_file(path), *then;

	assert_non_null(expect);
	strcpy(expect, path);
	strcpy(strrchr(expect, '.'), ".expect");
	if (getenv("VTDLAB_GOLDEN_WRITE")) {
		FILE *out = fopen(expect, "wb");

		assert_non_null(out);
		fputs(now, out);
		assert_int_equal(fclose(out), 0);
	}
	then = slurp(expect);
	if (!then)
		fail_msg("%s: missing (VTDLAB_GOLDEN_WRITE=1 writes it)", expect);
	else if (strcmp(then, now))
		fail_msg("%s: the walk prints otherwise now:\n%s", expect, now);
	free(then);
	free(now);
	free(expect);
}

static void for_each_snapshot(void (*check)(const char *path))
{
	const char *root = getenv("VTDLAB_ROOT");
	char pattern[4096];
	glob_t found = { 0 };

	snprintf(pattern, sizeof(pattern), "%s/tests/golden/*.vtd", root ? root : ".");
	if (glob(pattern, 0, NULL, &found) || !found.gl_pathc)
		skip();
	for (size_t i = 0; i < found.gl_pathc; i++)
		check(found.gl_pathv[i]);
	globfree(&found);
}

static void every_snapshot_prints_as_before(void **state)
{
	(void)state;
	for_each_snapshot(check_file);
}

static void every_root_is_found(void **state)
{
	(void)state;
	for_each_snapshot(check_find);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_snapshot_prints_as_before),
		cmocka_unit_test(every_root_is_found),
	};

	return cmocka_run_group_tests_name("vtd-golden", tests, NULL, NULL);
}
