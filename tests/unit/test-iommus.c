/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of the IOMMUs, and what is asked of one without a snapshot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "evidence/iommus.h"
#include "table-builder.h"

/* A word or a number picks the IOMMU and the mode; none is the first of all. */
static void modes_by_word(void **state)
{
	unsigned mode = 7;
	const struct iommu *first = iommu_of_mode(NULL, &mode);

	(void)state;
	assert_non_null(first);
	assert_int_equal(mode, 0);
	assert_ptr_equal(iommu_of_mode("scalable", &mode), first);
	assert_string_equal(first->mode_name(mode), "scalable");
	assert_ptr_equal(iommu_of_mode("0", &mode), first);
	assert_string_equal(first->mode_name(mode), "legacy");
	assert_null(iommu_of_mode("2", &mode));
	assert_null(iommu_of_mode("", &mode));
}

/* The mode that was found, among those that a machine can be asked for. */
static void modes_of_machines(void **state)
{
	unsigned legacy, scalable;

	(void)state;
	assert_non_null(iommu_of_mode("legacy", &legacy));
	assert_non_null(iommu_of_mode("scalable", &scalable));
	assert_int_equal(iommu_mode_of(MACHINE_IOMMU_LEGACY, scalable), MACHINE_IOMMU_SCALABLE);
	assert_int_equal(iommu_mode_of(MACHINE_IOMMU_FIRST_LEVEL, scalable), MACHINE_IOMMU_FIRST_LEVEL);
	assert_int_equal(iommu_mode_of(MACHINE_IOMMU_FIRST_LEVEL, legacy), MACHINE_IOMMU_LEGACY);
	assert_int_equal(iommu_mode_of(MACHINE_IOMMU_LEGACY, 3),
			 MACHINE_IOMMU_LEGACY); /* DMA is aborted: no such machine */
	assert_int_equal(iommu_mode_of(MACHINE_IOMMU_OFF, scalable), MACHINE_IOMMU_OFF);
}

static uint64_t every_other(const void *ctx, size_t leaf)
{
	return *(const uint64_t *)ctx + 2 * leaf;
}

/* Tables made up for a measurement are as many as they were said to be, and lead where they were told. */
static void made_up_tables(void **state)
{
	const uint64_t base = 0x100;
	const size_t leaves = 513;
	unsigned mode;
	const struct iommu *iommu = iommu_of_mode(NULL, &mode);
	struct iommu_snapshot_meta meta = { 0 };
	struct iommu_walk *w;
	struct iommu_mem mem;
	struct tables t;

	(void)state;
	tables_init(&t, 1 + iommu->lay_out(NULL, leaves, NULL, NULL, &meta));
	assert_int_equal(iommu->lay_out((uint64_t *)tables_word(&t, 0, 0), leaves, every_other, &base, &meta), 7);
	mem = tables_mem(&t);
	assert_int_equal(iommu->walk_memory(&mem, &meta, &w), 0);
	assert_int_equal(w->n_tables, 7);
	assert_int_equal(w->leaves, leaves);
	assert_int_equal(w->n_runs, leaves);
	assert_int_equal(w->n_defects, 0);
	assert_int_equal(iommu_space_lookup(w, &w->spaces[0], 512 << 12)->pa_start, (base + 2 * 512) << 12);
	iommu_walk_free(w);
	tables_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes_by_word),
		cmocka_unit_test(modes_of_machines),
		cmocka_unit_test(made_up_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
