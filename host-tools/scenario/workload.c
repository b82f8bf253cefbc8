/* SPDX-License-Identifier: GPL-2.0-only */
/* first.workload: its text, and whether the machine can have it. */
#include "scenario/workload.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "scenario/conf.h"

#define VFIO_MAP "vfio-map"
#define MIB (UINT64_C(1) << 20)
/* What Linux and its initramfs, the crash kernel's memory and VFIO need besides what is counted
 * below. */
#define MEMORY_BASE (512 * MIB)
/* VFIO's own record of a mapping. */
#define BYTES_A_MAP 192

static bool wrong(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool wrong(GError **error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_propagate_error(error,
			  g_error_new_valist(VTDLAB_ERROR, VTDLAB_ERROR_USAGE, format, args));
	va_end(args);
	g_prefix_error(error, "first.workload: ");
	return false;
}

static bool take_number(const char *option, const char *value, uint64_t max, uint64_t *number,
			GError **error)
{
	if (*value && strspn(value, "0123456789") == strlen(value) &&
	    g_ascii_string_to_unsigned(value, 10, 1, max, number, NULL))
		return true;
	return wrong(error, "'%s': must be a number, 1..%" PRIu64, option, max);
}

static bool take_size(const char *option, const char *value, uint64_t *size, GError **error)
{
	if (strcmp(value, "4k") != 0 && strcmp(value, "2m") != 0)
		return wrong(error, "'%s': must be 4k or 2m", option);
	*size = *value == '4' ? 4096 : 2 * MIB;
	return true;
}

static bool take_iova(const char *option, const char *value, uint64_t *iova, GError **error)
{
	const char *digits = g_str_has_prefix(value, "0x") ? value + 2 : value;

	if (!g_ascii_string_to_unsigned(digits, digits == value ? 10 : 16, 0, UINT64_C(1) << 56,
					iova, NULL) ||
	    *iova % 4096)
		return wrong(error, "'%s': must be the address of a page, such as 0x10000000",
			     option);
	return true;
}

static bool take_option(struct workload *w, const char *option, unsigned *seen, GError **error)
{
	static const char *const names[] = {"pages=", "stride=", "size=", "iova="};
	unsigned i = 0;

	while (i < G_N_ELEMENTS(names) && !g_str_has_prefix(option, names[i]))
		i++;
	if (i == G_N_ELEMENTS(names))
		return wrong(error,
			     "'%s': the options of " VFIO_MAP " are pages=N stride=N size=4k|2m "
			     "iova=ADDRESS",
			     option);
	if (*seen & 1U << i)
		return wrong(error, "'%s': %s is there twice", option, names[i]);
	*seen |= 1U << i;
	const char *value = option + strlen(names[i]);

	switch (i) {
	case 0:
		return take_number(option, value, WORKLOAD_PAGES_MAX, &w->pages, error);
	case 1:
		return take_number(option, value, WORKLOAD_STRIDE_MAX, &w->stride, error);
	case 2:
		return take_size(option, value, &w->size, error);
	default:
		return take_iova(option, value, &w->iova, error);
	}
}

bool workload_parse(const char *text, struct workload *w, GError **error)
{
	g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
	unsigned seen = 0;

	*w = (struct workload){.stride = 1, .size = 4096, .iova = 256 * MIB};
	for (char **word = words; *word; word++) {
		if (!**word)
			continue;
		if (!w->name && strcmp(*word, VFIO_MAP) != 0)
			return wrong(error,
				     "no workload '%s'; there is " VFIO_MAP " pages=N stride=N "
				     "size=4k|2m iova=ADDRESS",
				     *word);
		if (w->name && !take_option(w, *word, &seen, error))
			return false;
		w->name = VFIO_MAP;
	}
	if (w->name && !(seen & 1))
		return wrong(error, VFIO_MAP " needs pages=N");
	return true;
}

/* A bound of what the tables and VFIO's records of the mappings take, bytes. */
static uint64_t memory_needed(const struct workload *w)
{
	uint64_t entries = w->pages * MIN(w->stride, 512), tables = entries / 512 + 1;

	return tables * 4096 + (w->stride > 1 || w->size > 4096 ? w->pages * BYTES_A_MAP : 0);
}

bool workload_check(const struct scenario *s, GError **error)
{
	unsigned width = s->iommu.aw_bits ? s->iommu.aw_bits : 39;
	struct workload w;

	if (!workload_parse(s->first.workload, &w, error))
		return false;
	if (!w.name)
		return true;
	if (s->iommu.mode == CONF_MODE_OFF)
		return wrong(error, VFIO_MAP " needs an IOMMU; iommu.mode is off");
	if (!s->devices.edu)
		return wrong(error, VFIO_MAP " maps pages for the edu device; set devices.edu=on");
	/* the most there can be is 4e6 * 65536 * 2^21: below 2^59; and 1 MiB is the window of MSI
	 */
	if (w.iova + w.pages * w.stride * w.size + MIB > UINT64_C(1) << width)
		return wrong(error,
			     "%" PRIu64 " pages with stride=%" PRIu64 " go beyond IOVAs of %u "
			     "bits (iommu.aw-bits)",
			     w.pages, w.stride, width);
	if (memory_needed(&w) + MEMORY_BASE > s->machine.memory)
		return wrong(error,
			     "needs some %" PRIu64
			     " MiB for its tables; set machine.memory=%" PRIu64 "M or more",
			     memory_needed(&w) / MIB + 1,
			     (memory_needed(&w) + MEMORY_BASE) / MIB + 1);
	return true;
}

const char *workload_name(const struct scenario *s)
{
	struct workload w;

	return workload_parse(s->first.workload, &w, NULL) ? w.name : NULL;
}

const char *workload_options(const struct scenario *s)
{
	return workload_name(s) ? "VFIO_IOMMU_TYPE1 VFIO_PCI" : "";
}
