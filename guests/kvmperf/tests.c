/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of tests. */
#include "tests.h"

#include <string.h>

const struct test *const tests[] = {
	&test_demand_paging,
	&test_dirty_log,
	&test_access_tracking,
	&test_memslot_churn,
	&test_page_table,
	&test_pre_fault,
	&test_exits,
	&test_vfio_dma,
	&test_nested,
	&test_nested_checks,
	NULL,
};

const struct test *test_find(const char *name)
{
	for (size_t i = 0; tests[i]; i++)
		if (!strcmp(tests[i]->name, name))
			return tests[i];
	return NULL;
}
