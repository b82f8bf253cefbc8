/* SPDX-License-Identifier: GPL-2.0-only */
/* first.workload: its text, and whether the machine can have it. */
#include "conf/workload.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "conf/scenario.h"

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
	g_propagate_error(error, g_error_new_valist(VTDLAB_ERROR, VTDLAB_ERROR_USAGE, format, args));
	va_end(args);
	g_prefix_error(error, "first.workload: ");
	return false;
}

/* ---- options: @option is all of "name=value", for messages ---- */

static bool take_number(const char *option, const char *value, uint64_t max, uint64_t *number, GError **error)
{
	if (*value && strspn(value, "0123456789") == strlen(value) &&
	    g_ascii_string_to_unsigned(value, 10, 1, max, number, NULL))
		return true;
	return wrong(error, "'%s': must be a number, 1..%" PRIu64, option, max);
}

static bool take_pages(struct workload *w, const char *option, const char *value, GError **error)
{
	return take_number(option, value, WORKLOAD_PAGES_MAX, &w->pages, error);
}

static bool take_stride(struct workload *w, const char *option, const char *value, GError **error)
{
	return take_number(option, value, WORKLOAD_STRIDE_MAX, &w->stride, error);
}

static bool take_size(struct workload *w, const char *option, const char *value, GError **error)
{
	if (strcmp(value, "4k") != 0 && strcmp(value, "2m") != 0)
		return wrong(error, "'%s': must be 4k or 2m", option);
	w->size = *value == '4' ? 4096 : 2 * MIB;
	return true;
}

static bool take_iova(struct workload *w, const char *option, const char *value, GError **error)
{
	const char *digits = g_str_has_prefix(value, "0x") ? value + 2 : value;

	if (!g_ascii_string_to_unsigned(digits, digits == value ? 10 : 16, 0, UINT64_C(1) << 56, &w->iova, NULL) ||
	    w->iova % 4096)
		return wrong(error, "'%s': must be the address of a page, such as 0x10000000", option);
	return true;
}

/* In 4K pages; workload_parse() makes pages of the size asked for out of them. */
static bool take_memory(struct workload *w, const char *option, const char *value, GError **error)
{
	g_autofree char *number = g_strdup(value);
	size_t digits = strspn(number, "0123456789");
	guint64 mib;

	if (strcmp(number + digits, "M") != 0)
		return wrong(error, "'%s': must be a size from 1M to %uM", option, WORKLOAD_MEMORY_MAX);
	number[digits] = '\0';
	if (!g_ascii_string_to_unsigned(number, 10, 1, WORKLOAD_MEMORY_MAX, &mib, NULL))
		return wrong(error, "'%s': must be a size from 1M to %uM, which is what edu reaches", option,
			     WORKLOAD_MEMORY_MAX);
	w->pages = mib * MIB / 4096;
	return true;
}

struct option {
	const char *name; /* with its '=' */
	bool (*take)(struct workload *w, const char *option, const char *value, GError **error);
};

/* The first option of a kind is the one that it needs. */
static const struct kind {
	const char *name, *usage;
	struct option options[5];
} kinds[] = {
	{ "vfio-map",
	  "pages=N stride=N size=4k|2m iova=ADDRESS",
	  { { "pages=", take_pages }, { "stride=", take_stride }, { "size=", take_size }, { "iova=", take_iova } } },
	{ "nested", "memory=SIZE page=4k|2m", { { "memory=", take_memory }, { "page=", take_size } } },
};

static bool take_option(struct workload *w, const struct kind *kind, const char *text, unsigned *seen, GError **error)
{
	const struct option *o = kind->options;

	while (o->name && !g_str_has_prefix(text, o->name))
		o++;
	if (!o->name)
		return wrong(error, "'%s': the options of %s are %s", text, kind->name, kind->usage);
	if (*seen & 1U << (o - kind->options))
		return wrong(error, "'%s': %s is there twice", text, o->name);
	*seen |= 1U << (o - kind->options);
	return o->take(w, text, text + strlen(o->name), error);
}

static const struct kind *find_kind(const char *name, GError **error)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strcmp(name, kinds[i].name) == 0)
			return &kinds[i];
	wrong(error, "no workload '%s'; there is %s %s, and %s %s", name, kinds[0].name, kinds[0].usage, kinds[1].name,
	      kinds[1].usage);
	return NULL;
}

/* The memory of a nested guest in pages of the size asked for. */
static bool set_nested(struct workload *w, GError **error)
{
	uint64_t bytes = w->pages * 4096;

	w->nested = true;
	w->iova = 0;
	w->pages = bytes / w->size;
	if (bytes % w->size == 0)
		return true;
	return wrong(error,
		     "memory=%" PRIu64 "M does not divide into pages of 2 MiB: use memory=%" PRIu64 "M, or page=4k",
		     bytes / MIB, bytes / MIB + 1);
}

bool workload_parse(const char *text, struct workload *w, GError **error)
{
	g_auto(GStrv) words = g_strsplit_set(text, " \t,", -1);
	const struct kind *kind = NULL;
	unsigned seen = 0;

	*w = (struct workload){ .stride = 1, .size = 4096, .iova = 256 * MIB };
	for (char **word = words; *word; word++) {
		if (!**word)
			continue;
		if (kind) {
			if (!take_option(w, kind, *word, &seen, error))
				return false;
			continue;
		}
		kind = find_kind(*word, error);
		if (!kind)
			return false;
		w->name = kind->name;
	}
	if (kind && !(seen & 1))
		return wrong(error, "%s needs %s", kind->name,
			     kind->options[0].take == take_pages ? "pages=N" : "memory=SIZE");
	return !kind || kind->options[0].take != take_memory || set_nested(w, error);
}

/* ---- the machine ---- */

/* A bound of what the guest's memory, the tables and VFIO's records of the mappings take, bytes. */
static uint64_t memory_needed(const struct workload *w)
{
	uint64_t entries = w->pages * MIN(w->stride, 512), tables = entries / 512 + 1;

	if (w->nested)
		return tables * 4096 + w->pages * w->size;
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
	if (s->iommu.mode == MACHINE_IOMMU_OFF)
		return wrong(error, "%s needs an IOMMU; iommu.mode is off", w.name);
	if (!s->devices.edu)
		return wrong(error, "%s maps pages for the edu device; set devices.edu=on", w.name);
	/* the most there can be is 4e6 * 65536 * 2^21: below 2^59; and 1 MiB is the window of MSI
	 */
	if (w.iova + w.pages * w.stride * w.size + MIB > UINT64_C(1) << width)
		return wrong(error,
			     "%" PRIu64 " pages with stride=%" PRIu64 " go beyond IOVAs of %u "
			     "bits (iommu.aw-bits)",
			     w.pages, w.stride, width);
	if (memory_needed(&w) + MEMORY_BASE > s->machine.memory)
		return wrong(error, "needs some %" PRIu64 " MiB for %s; set machine.memory=%" PRIu64 "M or more",
			     memory_needed(&w) / MIB + 1, w.nested ? "its guest" : "its tables",
			     (memory_needed(&w) + MEMORY_BASE) / MIB + 1);
	return true;
}

const char *workload_manifest(const struct scenario *s)
{
	struct workload w;

	if (!workload_parse(s->first.workload, &w, NULL))
		return NULL;
	return w.nested ? "kvmperf" : w.name;
}

const char *workload_options(const struct scenario *s)
{
	struct workload w;

	if (!workload_parse(s->first.workload, &w, NULL) || !w.name)
		return "";
	return w.nested ? "KVM KVM_AMD VFIO_IOMMU_TYPE1 VFIO_PCI" : "VFIO_IOMMU_TYPE1 VFIO_PCI";
}

char *workload_cmdline(const struct scenario *s)
{
	g_autoptr(GString) line = g_string_new(NULL);
	struct workload w;

	/* dma-load does this by itself; kvmperf changes nothing of its machine. */
	if (workload_parse(s->first.workload, &w, NULL) && w.nested) {
		g_string_append(line, "vfio_pci.ids=1234:11e8 vfio_iommu_type1.allow_unsafe_interrupts=1");
		if (w.size > 4096)
			g_string_append_printf(line, " hugepages=%" PRIu64, w.pages);
	}
	return g_strdup(line->str);
}
