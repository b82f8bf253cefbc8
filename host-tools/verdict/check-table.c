/* SPDX-License-Identifier: GPL-2.0-only */
/* The order of the checks: it is the precedence of outcomes. Each stands beside its code, in check-*.c. */
#include <string.h>

#include "verdict/check.h"

/* clang-format off: one a line */
#define CHECKS(X)                   \
	X(rig)                      \
	X(first_kernel_up)          \
	X(first_devices_work)       \
	X(mode_in_effect)           \
	X(workload_alive)           \
	X(panic_seen)               \
	X(crash_kernel_booted)      \
	X(translation_stayed_on)    \
	X(context_same_slot)        \
	X(context_same_fields)      \
	X(leaves_equal)             \
	X(tables_in_crash_memory)   \
	X(irte_equal)               \
	X(untaken_kept)             \
	X(old_tables_unchanged)     \
	X(old_mappings_kept)        \
	X(oracles_agree)            \
	X(flushed)                  \
	X(new_entry_flushed)        \
	X(did_consistent)           \
	X(dma_outside_crash_memory) \
	X(no_faults)                \
	X(dma_landed)               \
	X(requesters_repointed)     \
	X(iova_not_retargeted)      \
	X(reserved_equals_mapped)   \
	X(devices_work)             \
	X(dump_readable)            \
	X(reset_comes_up)           \
	X(no_splat)
/* clang-format on */

#define DECLARE(name) extern const struct check check_##name;
#define ROW(name) &check_##name,

CHECKS(DECLARE)

const struct check *const vtdlab_checks[] = { CHECKS(ROW) NULL };

char **check_expectable(void)
{
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();

	for (const struct check *const *c = vtdlab_checks; *c; c++) {
		g_autofree char *device = g_strconcat((*c)->name, "@DEVICE", NULL);

		g_strv_builder_add(names, (*c)->name);
		if ((*c)->per_device)
			g_strv_builder_add(names, device);
	}
	return g_strv_builder_end(names);
}

const struct check *check_find(const char *name)
{
	for (const struct check *const *c = vtdlab_checks; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}
