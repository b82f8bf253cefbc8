/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Golden snapshots: each tests/golden/NAME.vtd, taken from a real kernel, must print as
 * NAME.expect. With VTDLAB_GOLDEN_WRITE=1 the .expect files are written instead (look at the diff
 * before keeping it).
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vtd-test.h"
#include "vtd/compare.h"
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

static void every_snapshot_prints_as_before(void **state)
{
	const char *root = getenv("VTDLAB_ROOT");
	char pattern[4096];
	glob_t found = { 0 };

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/tests/golden/*.vtd", root ? root : ".");
	if (glob(pattern, 0, NULL, &found) || !found.gl_pathc)
		skip();
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_file(found.gl_pathv[i]);
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_snapshot_prints_as_before),
	};

	return cmocka_run_group_tests_name("vtd-golden", tests, NULL, NULL);
}
