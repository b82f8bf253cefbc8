// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translation tables of a dead kernel: the members of intel_iommu= that say
 * what is done with them.
 *
 * kdump_off        nothing (default)
 * kdump_log        all tables are read, for the log and debugfs
 * kdump_reserve    also, old IOVAs are not handed out to the same devices again
 * kdump_deep       also, the tables are copied, the copy is what the hardware uses,
 *                  and the old mappings stay in the devices' new domains
 * kdump_max=MiB    what copies, ranges and reservations may cost; default: a quarter of
 *                  free memory
 * kdump_lines=N    a log of contexts and devices, with N range lines per requester;
 *                  default 0: one line a unit, and what went wrong, in a few lines
 * kdump_regions=N  reserved_regions shows the old ranges of a device that has no more
 *                  than N; default: 0
 *
 * Of the modes the last one counts, of each number too. The '=' is that of the
 * members of pci=: a parameter ends at its first one.
 */
#define pr_fmt(fmt) "DMAR: kdump: " fmt

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/string.h>

#include "kdump_internal.h"

#define NUMBER_SIZE	16	/* of the digits of an unsigned int, in any base */

struct kdump_option {
	const char *name;
	enum kdump_mode mode;
	unsigned int *number;	/* NULL: it is a mode */
};

static const struct kdump_option options[] __initconst = {
	{ "kdump_off", .mode = KDUMP_OFF },
	{ "kdump_log", .mode = KDUMP_LOG },
	{ "kdump_reserve", .mode = KDUMP_RESERVE },
	{ "kdump_deep", .mode = KDUMP_DEEP },
	{ "kdump_max=", .number = &intel_kdump.max_mib },
	{ "kdump_lines=", .number = &intel_kdump.log_lines },
	{ "kdump_regions=", .number = &intel_kdump.max_regions },
};

static void __init take_number(const char *str, int len, int name, unsigned int *number)
{
	char digits[NUMBER_SIZE] = "";

	if (len - name < NUMBER_SIZE)
		memcpy(digits, str + name, len - name);
	if (kstrtouint(digits, 0, number))
		pr_err("intel_iommu=%.*s: no number, it stays %u\n", len, str, *number);
}

bool __init intel_kdump_option(const char *str)
{
	int len = strcspn(str, ","), name;
	const struct kdump_option *o;

	if (strncmp(str, "kdump_", 6))
		return false;
	for (o = options; o < options + ARRAY_SIZE(options); o++) {
		name = strlen(o->name);
		if (strncmp(str, o->name, name))
			continue;
		if (o->number) {
			take_number(str, len, name, o->number);
			return true;
		}
		if (len == name) {
			intel_kdump.mode = o->mode;
			return true;
		}
	}
	pr_err("intel_iommu=%.*s is none of kdump_off, _log, _reserve, _deep, _max=, _lines=, _regions=: off\n",
	       len, str);
	intel_kdump.mode = KDUMP_OFF;
	return true;
}
