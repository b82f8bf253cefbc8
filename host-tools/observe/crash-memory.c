/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/crash-memory.h"

#include <elf.h>
#include <string.h>

#include "base/cmdline.h"
#include "base/json-line.h"
#include "iommu/ranges.h"
#include "observe/attempt.h"

/* More than any machine has; a guest that tells more is not believed at all. */
#define RANGES_MAX 256
#define SEGMENTS_MAX 4096

static void add(struct iommu_ranges *set, uint64_t start, uint64_t last)
{
	if (start <= last && iommu_ranges_add(set, start, last))
		g_error("out of memory");
}

static void keep(struct evidence *ev, uint64_t start, uint64_t last)
{
	const struct evidence_range range = { start, last };

	if (start <= last && ev->crash_ranges->len < RANGES_MAX)
		g_array_append_val(ev->crash_ranges, range);
}

/* As the kernel's: a number and its unit. */
static uint64_t memparse(const char *text)
{
	static const char units[] = "KMG";
	char *end;
	uint64_t n = g_ascii_strtoull(text, &end, 0);
	const char *unit = *end ? strchr(units, g_ascii_toupper(*end)) : NULL;

	return unit ? n << 10 * (unit - units + 1) : n;
}

void crash_memory_reserved(struct attempt *a, JsonObject *answer)
{
	JsonArray *ranges = json_line_array(answer, "ranges");
	struct evidence *ev = a->ev;

	ev->crash_start = agent_hex64(answer, "start", 0);
	ev->crash_end = agent_hex64(answer, "end", 0);
	for (unsigned i = 0; ranges && i < json_array_get_length(ranges); i++) {
		JsonNode *node = json_array_get_element(ranges, i);
		JsonObject *o = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
		uint64_t start = o ? agent_hex64(o, "start", 0) : 0;

		if (start && start != ev->crash_start)
			keep(ev, start, agent_hex64(o, "end", 0));
	}
}

char *crash_memory_difference(const struct evidence *ev)
{
	g_autofree char *asked = plan_crashkernel(ev->first_cmdline);
	uint64_t have = ev->crash_end - ev->crash_start + 1, want;

	if (!asked || strchr(asked, ':'))
		return NULL;
	want = memparse(asked);
	if (want == have)
		return NULL;
	return g_strdup_printf("crashkernel=%s was asked for, and %" G_GUINT64_FORMAT " MiB are reserved", asked,
			       have >> 20);
}

/* Lines of /proc/iomem that are not indented: "6e0e00b0-7dffffff : System RAM". */
static void read_iomem(const char *text, struct iommu_ranges *out)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		uint64_t start, last;
		char *end;

		if (!g_ascii_isxdigit(**line) || !g_str_has_suffix(*line, " : System RAM"))
			continue;
		start = g_ascii_strtoull(*line, &end, 16);
		if (*end != '-')
			continue;
		last = g_ascii_strtoull(end + 1, &end, 16);
		if (strcmp(end, " : System RAM") == 0)
			add(out, start, last);
	}
}

/* elfcorehdr=[size@]address */
static bool header_address(const char *cmdline, uint64_t *pa)
{
	g_autofree char *value = cmdline_value(cmdline, "elfcorehdr");
	const char *at = value ? strchr(value, '@') : NULL;

	*pa = value ? memparse(at ? at + 1 : value) : 0;
	return *pa != 0;
}

/* The dead kernel's memory, by the header that it, or kexec, made for the dump. */
static bool read_header(struct attempt *a, struct iommu_ranges *out)
{
	Elf64_Ehdr head;
	Elf64_Phdr seg;
	uint64_t pa;

	if (!header_address(a->ev->crash_cmdline, &pa) || machine_read_phys(a->m, pa, &head, sizeof(head)) != 0 ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    head.e_phentsize != sizeof(seg) || head.e_phnum > SEGMENTS_MAX || head.e_phoff > UINT32_MAX)
		return false;
	for (unsigned i = 0; i < head.e_phnum; i++) {
		if (machine_read_phys(a->m, pa + head.e_phoff + i * sizeof(seg), &seg, sizeof(seg)) != 0)
			return false;
		if (seg.p_type == PT_LOAD && seg.p_memsz)
			add(out, seg.p_paddr, seg.p_paddr + seg.p_memsz - 1);
	}
	return out->n != 0;
}

void crash_memory_claims(struct attempt *a, const char *iomem)
{
	struct iommu_ranges claimed = { 0 }, dead = { 0 }, own = { 0 };

	if (iomem)
		read_iomem(iomem, &claimed);
	if (claimed.n && read_header(a, &dead) && iommu_ranges_subtract(&claimed, &dead, &own) == 0 &&
	    own.n + a->ev->crash_ranges->len <= RANGES_MAX) {
		for (size_t i = 0; i < own.n; i++)
			keep(a->ev, own.v[i].start, own.v[i].last);
		a->ev->crash_told = true;
	}
	iommu_ranges_clear(&claimed);
	iommu_ranges_clear(&dead);
	iommu_ranges_clear(&own);
}

bool crash_memory_claimed(struct attempt *a, GError **error)
{
	g_autofree char *problem = NULL;
	g_autoptr(GError) err = NULL;
	g_autofree char *iomem = machine_guest_file(a->m, "/proc/iomem", attempt_deadline(a, 10), &err);

	if (!iomem && !attempt_goes_on(a, &err, &problem, error))
		return false;
	crash_memory_claims(a, iomem);
	return true;
}
