/* SPDX-License-Identifier: GPL-2.0-only */
/* `vtdlab walk`: print the translations in a snapshot, a RAM file or a dump. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "cmd/cmd.h"
#include "cmd/vmcore-mem.h"
#include "cmd/walk-json.h"
#include "machine/ram.h"
#include "vtd/snapshot.h"
#include "vtd/print.h"

/* The command line, and what is open. */
struct walk_args {
	char *ram, *ram_size, *vmcore, *root, *ttm, *irta;
	gboolean summary, json, defects, tables;

	struct iommu_snapshot *snapshot;
	struct vmcore *core;
	int fd;
	struct iommu_ram_layout layout;
};

/* The RAM file by pread, not by mapping: a file that shrinks must not kill us. */
static int read_ram(void *ctx, uint64_t pa, void *buf)
{
	struct walk_args *a = ctx;
	uint64_t offset = iommu_ram_offset(&a->layout, pa, IOMMU_PAGE_SIZE);

	if (offset > INT64_MAX - IOMMU_PAGE_SIZE)
		return -1;
	return pread(a->fd, buf, IOMMU_PAGE_SIZE, (off_t)offset) == IOMMU_PAGE_SIZE ? 0 : -1;
}

/* "0x1000", "4096", "1G"; -1 and a message on stderr if it is none. */
static int parse_number(const char *option, const char *text, uint64_t *value)
{
	static const char suffixes[] = "KMGT";
	const char *suffix;
	char *end;

	errno = 0;
	*value = g_ascii_strtoull(text, &end, 0);
	if (errno || end == text || *text == '-')
		goto bad;
	if (*end && (suffix = strchr(suffixes, g_ascii_toupper(*end))) && !end[1]) {
		unsigned shift = 10 * (unsigned)(suffix - suffixes + 1);

		if (*value > UINT64_MAX >> shift)
			goto bad;
		*value <<= shift;
		end++;
	}
	if (!*end)
		return 0;
bad:
	cmd_usage_error("walk", "%s: '%s' is not a number (examples: 0x5eb6000, 4096, 1G)", option, text);
	return -1;
}

static int parse_mode(const char *text, uint64_t *ttm)
{
	*ttm = VTD_TTM_LEGACY;
	if (!text || !strcmp(text, "legacy") || !strcmp(text, "0"))
		return 0;
	*ttm = VTD_TTM_SCALABLE;
	if (!strcmp(text, "scalable") || !strcmp(text, "1"))
		return 0;
	cmd_usage_error("walk", "--ttm: '%s' is neither 'legacy' nor 'scalable'", text);
	return -1;
}

/* Open the RAM file: 0, or an exit status. */
static int open_ram(struct walk_args *a)
{
	uint64_t size;
	struct stat st;

	a->fd = open(a->ram, O_RDONLY | O_CLOEXEC);
	if (a->fd < 0 || fstat(a->fd, &st)) {
		fprintf(stderr, "vtdlab walk: %s: %s\n", a->ram, g_strerror(errno));
		return VTDLAB_EXIT_USAGE;
	}
	size = (uint64_t)st.st_size;
	if (a->ram_size && parse_number("--ram-size", a->ram_size, &size))
		return VTDLAB_EXIT_USAGE;
	a->layout = (struct iommu_ram_layout){ size, ram_q35_low(size), RAM_Q35_HIGH };
	return 0;
}

/* Walk a RAM file or a dump from the root on the command line: 0, or an exit status. */
static int walk_memory(struct walk_args *a, struct vtd_walk_result **r)
{
	struct iommu_mem mem = { .read_page = read_ram, .ctx = a };
	uint64_t root, ttm, irta = 0;
	int status;

	if (!a->root)
		return cmd_usage_error("walk", "--ram and --vmcore need --root ADDRESS");
	if (parse_number("--root", a->root, &root) || parse_mode(a->ttm, &ttm) ||
	    (a->irta && parse_number("--irta", a->irta, &irta)))
		return VTDLAB_EXIT_USAGE;
	if (a->vmcore) {
		GError *error = NULL;

		a->core = vmcore_open(a->vmcore, &error);
		if (!a->core)
			return cmd_fail("walk", error);
		mem = vmcore_mem(a->core);
	} else {
		status = open_ram(a);
		if (status)
			return status;
	}
	if (vtd_walk(&mem, root, (unsigned)ttm, irta, NULL, r)) {
		fprintf(stderr, "vtdlab walk: out of memory\n");
		return VTDLAB_EXIT_CANNOT_JUDGE;
	}
	return 0;
}

/* Walk a snapshot from the root it names: 0, or an exit status. */
static int walk_snapshot(struct walk_args *a, const char *path, struct vtd_walk_result **r, struct vtd_regs *regs)
{
	struct iommu_error err;
	int ret = vtd_snapshot_load(path, &a->snapshot, &err);

	if (ret) {
		fprintf(stderr, "vtdlab walk: %s\n", err.text);
		return VTDLAB_EXIT_USAGE;
	}
	vtd_regs_decode(vtd_snapshot_of(a->snapshot)->regs, regs);
	if (vtd_snapshot_walk(a->snapshot, NULL, r)) {
		fprintf(stderr, "vtdlab walk: out of memory\n");
		return VTDLAB_EXIT_CANNOT_JUDGE;
	}
	return 0;
}

static void print_text(const struct walk_args *a, const struct vtd_walk_result *r, const struct vtd_regs *regs)
{
	unsigned what = VTD_PRINT_IRTES;

	if (!a->summary)
		what |= VTD_PRINT_RUNS;
	if (a->defects)
		what |= VTD_PRINT_DEFECTS;
	if (a->tables)
		what |= VTD_PRINT_TABLES;
	if (a->snapshot) {
		const struct iommu_snapshot_meta *m = &a->snapshot->meta;
		g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(m->host_ns / 1000000000);
		g_autofree char *text = when ? g_date_time_format_iso8601(when) : NULL;

		printf("phase %s, taken %s, %zu table pages, RAM %" PRIu64 " MiB\n", *m->phase ? m->phase : "(none)",
		       text ? text : "at an unknown time", a->snapshot->n_pages, m->ram.ram_size >> 20);
		vtd_regs_print(regs, stdout);
	}
	vtd_walk_print(r, what, stdout);
}

static void walk_args_clear(struct walk_args *a)
{
	g_free(a->ram);
	g_free(a->ram_size);
	g_free(a->vmcore);
	g_free(a->root);
	g_free(a->ttm);
	g_free(a->irta);
	vtd_snapshot_free(a->snapshot);
	vmcore_close(a->core);
	if (a->fd >= 0)
		close(a->fd);
}

int cmd_walk(int argc, char **argv)
{
	struct walk_args a = { .fd = -1 };
	const GOptionEntry entries[] = {
		{ "ram", 0, 0, G_OPTION_ARG_FILENAME, &a.ram, "walk a RAM file of q35", "FILE" },
		{ "ram-size", 0, 0, G_OPTION_ARG_STRING, &a.ram_size,
		  "RAM of the machine (default: the size of the file)", "SIZE" },
		{ "vmcore", 0, 0, G_OPTION_ARG_FILENAME, &a.vmcore, "walk a kernel dump", "FILE" },
		{ "root", 0, 0, G_OPTION_ARG_STRING, &a.root, "root table, for --ram and --vmcore", "ADDRESS" },
		{ "ttm", 0, 0, G_OPTION_ARG_STRING, &a.ttm, "its mode: legacy (default) or scalable", "MODE" },
		{ "irta", 0, 0, G_OPTION_ARG_STRING, &a.irta, "value of the interrupt-remapping table address register",
		  "VALUE" },
		{ "leaves-summary", 0, 0, G_OPTION_ARG_NONE, &a.summary, "count leaves and runs, do not list the runs",
		  NULL },
		{ "defects", 0, 0, G_OPTION_ARG_NONE, &a.defects, "show where defects are", NULL },
		{ "tables", 0, 0, G_OPTION_ARG_NONE, &a.tables, "list the table pages", NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &a.json, "print JSON", NULL },
		G_OPTION_ENTRY_NULL,
	};
	struct vtd_walk_result *r = NULL;
	struct vtd_regs regs = { 0 };
	int status = cmd_parse("walk", entries, &argc, &argv);

	if (status >= 0)
		goto out;
	if (a.ram || a.vmcore)
		status = argc != 1 || (a.ram && a.vmcore) ?
				 cmd_usage_error("walk", "give one of SNAPSHOT, --ram and --vmcore") :
				 walk_memory(&a, &r);
	else if (argc != 2)
		status = cmd_usage_error("walk", "give one snapshot (results/latest/tables/*.vtd)");
	else
		status = walk_snapshot(&a, argv[1], &r, &regs);
	if (!status && a.json)
		json_print(walk_to_json(r, a.snapshot ? &regs : NULL, !a.summary));
	else if (!status)
		print_text(&a, r, &regs);
out:
	vtd_walk_free(r);
	walk_args_clear(&a);
	return status;
}
