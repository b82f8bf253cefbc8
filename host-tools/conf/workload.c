/* SPDX-License-Identifier: GPL-2.0-only */
/* first.workload: its text, and whether the machine can have it. */
#include "conf/workload.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "conf/scenario.h"

#define MIB WORKLOAD_MIB
/* What Linux and its initramfs, the crash kernel's memory and VFIO need besides what a kind counts. */
#define MEMORY_BASE (512 * MIB)

static const struct workload_kind *const kinds[] = { &workload_vfio_map, &workload_nested };

bool workload_wrong(GError **error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_propagate_error(error, g_error_new_valist(VTDLAB_ERROR, VTDLAB_ERROR_USAGE, format, args));
	va_end(args);
	g_prefix_error(error, "first.workload: ");
	return false;
}

bool workload_number(const char *option, const char *value, uint64_t max, uint64_t *number, GError **error)
{
	if (*value && strspn(value, "0123456789") == strlen(value) &&
	    g_ascii_string_to_unsigned(value, 10, 1, max, number, NULL))
		return true;
	return workload_wrong(error, "'%s': must be a number, 1..%" PRIu64, option, max);
}

bool workload_size(struct workload *w, const char *option, const char *value, GError **error)
{
	if (strcmp(value, "4k") != 0 && strcmp(value, "2m") != 0)
		return workload_wrong(error, "'%s': must be 4k or 2m", option);
	w->size = *value == '4' ? 4096 : 2 * MIB;
	return true;
}

uint64_t workload_tables(const struct workload *w)
{
	return (w->pages * MIN(w->stride, 512) / 512 + 1) * 4096;
}

static bool take_option(struct workload *w, const char *text, unsigned *seen, GError **error)
{
	const struct workload_option *first = w->kind->options, *o = first;

	while (o->name && !g_str_has_prefix(text, o->name))
		o++;
	if (!o->name)
		return workload_wrong(error, "'%s': the options of %s are %s", text, w->kind->name, w->kind->usage);
	if (*seen & 1U << (o - first))
		return workload_wrong(error, "'%s': %s is there twice", text, o->name);
	*seen |= 1U << (o - first);
	return o->take(w, text, text + strlen(o->name), error);
}

static const struct workload_kind *find_kind(const char *name, GError **error)
{
	g_autoptr(GString) there = g_string_new(NULL);

	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (strcmp(name, kinds[i]->name) == 0)
			return kinds[i];
		g_string_append_printf(there, "%s%s %s", i ? ", and " : "", kinds[i]->name, kinds[i]->usage);
	}
	workload_wrong(error, "no workload '%s'; there is %s", name, there->str);
	return NULL;
}

bool workload_parse(const char *text, struct workload *w, GError **error)
{
	g_auto(GStrv) words = g_strsplit_set(text, " \t,", -1);
	unsigned seen = 0;

	*w = (struct workload){ .stride = 1, .size = 4096 };
	for (char **word = words; *word; word++) {
		if (!**word)
			continue;
		if (w->kind) {
			if (!take_option(w, *word, &seen, error))
				return false;
			continue;
		}
		w->kind = find_kind(*word, error);
		if (!w->kind)
			return false;
		w->iova = w->kind->iova;
	}
	if (!w->kind)
		return true;
	if (!(seen & 1))
		return workload_wrong(error, "%s needs %s", w->kind->name, w->kind->needed);
	return !w->kind->finish || w->kind->finish(w, error);
}

/* ---- the machine ---- */

bool workload_check(const struct scenario *s, GError **error)
{
	unsigned width = s->iommu.aw_bits ? s->iommu.aw_bits : 39;
	struct workload w;
	uint64_t memory;

	if (!workload_parse(s->first.workload, &w, error))
		return false;
	if (!w.kind)
		return true;
	if (s->iommu.mode == MACHINE_IOMMU_OFF)
		return workload_wrong(error, "%s needs an IOMMU; iommu.mode is off", w.kind->name);
	if (!s->devices.edu)
		return workload_wrong(error, "%s maps pages for the edu device; set devices.edu=on", w.kind->name);
	/* the most there can be is 4e6 * 65536 * 2^21: below 2^59; and 1 MiB is the window of MSI */
	if (w.iova + w.pages * w.stride * w.size + MIB > UINT64_C(1) << width)
		return workload_wrong(error,
				      "%" PRIu64 " pages with stride=%" PRIu64 " go beyond IOVAs of %u "
				      "bits (iommu.aw-bits)",
				      w.pages, w.stride, width);
	memory = w.kind->memory(&w);
	if (memory + MEMORY_BASE > s->machine.memory)
		return workload_wrong(error,
				      "needs some %" PRIu64 " MiB for %s; set machine.memory=%" PRIu64 "M or more",
				      memory / MIB + 1, w.kind->memory_is, (memory + MEMORY_BASE) / MIB + 1);
	return true;
}

struct workload workload_of(const struct scenario *s)
{
	struct workload w;

	return workload_parse(s->first.workload, &w, NULL) ? w : (struct workload){ 0 };
}
