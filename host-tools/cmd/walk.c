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
#include "base/sid.h"
#include "cmd/cmd.h"
#include "cmd/vmcore-mem.h"
#include "cmd/walk-find.h"
#include "cmd/walk-json.h"
#include "evidence/iommus.h"
#include "machine/ram.h"

/* The command line, and what is open. */
struct walk_args {
	char *ram, *ram_size, *vmcore, *root, *ttm, *irta, *requester, *iova_text;
	uint16_t sid;  /* of --requester */
	uint64_t iova; /* of --iova */
	gboolean summary, json, defects, tables;

	const struct iommu *iommu; /* of --ttm */
	struct iommu_snapshot *snapshot;
	struct vmcore *core;
	struct iommu_roots roots; /* found, the best first */
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

/* The RAM of the file, which is all there is to look through. */
static int ram_pages(const struct iommu_ram_layout *l, struct iommu_ranges *pages)
{
	uint64_t low = MIN(l->low_size, l->ram_size) & IOMMU_PAGE_MASK;
	uint64_t high = (l->ram_size & IOMMU_PAGE_MASK) - low;
	int ret = low ? iommu_ranges_add(pages, 0, low - 1) : 0;

	return ret || !high ? ret : iommu_ranges_add(pages, l->high_base, l->high_base + high - 1);
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

static int parse_mode(struct walk_args *a, unsigned *mode)
{
	a->iommu = iommu_of_mode(a->ttm, mode);
	if (a->iommu)
		return 0;
	cmd_usage_error("walk", "--ttm: '%s' is neither 'legacy' nor 'scalable'", a->ttm);
	return -1;
}

/* 0, or an exit status. */
static int parse_filters(struct walk_args *a)
{
	if (a->requester) {
		size_t len = sid_read(a->requester, &a->sid);

		if (!len || a->requester[len])
			return cmd_usage_error("walk", "--requester: '%s' is not a requester id (0000:00:02.0)",
					       a->requester);
	}
	if (a->iova_text && parse_number("--iova", a->iova_text, &a->iova))
		return VTDLAB_EXIT_USAGE;
	if (a->json && (a->requester || a->iova_text))
		return cmd_usage_error("walk", "--json prints all of it: leave --requester and --iova out");
	return VTDLAB_EXIT_OK;
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

/* Walk a snapshot from the root it names: 0, or an exit status. */
static int walk_snapshot(struct walk_args *a, const char *path, struct iommu_walk **w)
{
	struct iommu_error err;
	int ret = iommu_load(path, &a->snapshot, &err);

	if (ret) {
		fprintf(stderr, "vtdlab walk: %s\n", err.text);
		return VTDLAB_EXIT_USAGE;
	}
	if (a->snapshot->iommu->walk(a->snapshot, w)) {
		fprintf(stderr, "vtdlab walk: out of memory\n");
		return VTDLAB_EXIT_CANNOT_JUDGE;
	}
	return 0;
}

/* What --iova or --requester asks for; 0, or an exit status. */
static int print_asked(const struct walk_args *a, const struct iommu_walk *w)
{
	char sid[16];

	if (a->iova_text)
		return iommu_iova_print(w, a->iova, a->requester ? a->sid : -1, stdout) ? VTDLAB_EXIT_OK :
											  VTDLAB_EXIT_BAD;
	if (w->iommu->print_requester(w, a->sid, a->summary ? 0 : IOMMU_PRINT_RUNS, stdout))
		return VTDLAB_EXIT_OK;
	fprintf(stderr, "vtdlab walk: %s has no context entry in these tables\n", sid_text(a->sid, sid));
	return VTDLAB_EXIT_BAD;
}

/* 0, or an exit status. */
static int print_text(const struct walk_args *a, const struct iommu_walk *w)
{
	unsigned what = IOMMU_PRINT_IRTES;

	if (a->iova_text || a->requester)
		return print_asked(a, w);

	if (!a->summary)
		what |= IOMMU_PRINT_RUNS;
	if (a->defects)
		what |= IOMMU_PRINT_DEFECTS;
	if (a->tables)
		what |= IOMMU_PRINT_TABLES;
	if (a->snapshot) {
		const struct iommu_snapshot_meta *m = &a->snapshot->meta;
		g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(m->host_ns / 1000000000);
		g_autofree char *text = when ? g_date_time_format_iso8601(when) : NULL;

		printf("phase %s, taken %s, %zu table pages, RAM %" PRIu64 " MiB\n", *m->phase ? m->phase : "(none)",
		       text ? text : "at an unknown time", a->snapshot->n_pages, m->ram.ram_size >> 20);
		w->iommu->print_registers(a->snapshot, stdout);
	}
	w->iommu->print(w, what, stdout);
	return VTDLAB_EXIT_OK;
}

/* Open the dump or the RAM file: 0, or an exit status. */
static int open_memory(struct walk_args *a, struct iommu_mem *mem)
{
	GError *error = NULL;

	if (!a->vmcore) {
		*mem = (struct iommu_mem){ .read_page = read_ram, .ctx = a };
		return open_ram(a);
	}
	a->core = vmcore_open(a->vmcore, &error);
	if (!a->core)
		return cmd_fail("walk", error);
	*mem = vmcore_mem(a->core);
	return 0;
}

/* Look through the whole of it for root tables: 0, or an exit status after one line. */
static int find_roots(struct walk_args *a, const struct iommu_mem *mem, int mode)
{
	struct iommu_ranges pages = { 0 }, ram = { 0 };
	int ret = a->core ? vmcore_pages(a->core, &pages, &ram) : ram_pages(&a->layout, &pages);
	GError *error = NULL;
	bool ok;

	if (ret)
		ok = vtdlab_unjudged(&error, "%s",
				     ret == -ENOENT ? "it does not list its pages; give --root ADDRESS" :
						      "out of memory");
	else
		ok = walk_find(a->iommu, mem, &pages, a->core ? &ram : &pages, mode, &a->roots, &error);
	iommu_ranges_clear(&pages);
	iommu_ranges_clear(&ram);
	if (ok)
		return 0;
	if (a->core && vmcore_lost(a->core))
		g_prefix_error(&error, "cut short or spoilt, %" PRIu64 " pages that it lists cannot be read: ",
			       vmcore_lost(a->core));
	g_prefix_error(&error, "%s: ", a->core ? a->vmcore : a->ram);
	return cmd_fail("walk", error);
}

/* Which tables of the RAM file or the dump to walk, a->roots: 0, or an exit status. */
static int choose_roots(struct walk_args *a, struct iommu_mem *mem, uint64_t *irta)
{
	uint64_t root = 0;
	unsigned mode;
	int status;

	if ((a->root && parse_number("--root", a->root, &root)) || parse_mode(a, &mode) ||
	    (a->irta && parse_number("--irta", a->irta, irta)))
		return VTDLAB_EXIT_USAGE;
	status = open_memory(a, mem);
	if (status)
		return status;
	if (!a->root)
		return find_roots(a, mem, a->ttm ? (int)mode : -1);
	a->roots = (struct iommu_roots){ .n = 1, .v[0] = { .root = root, .mode = mode } };
	return 0;
}

/* A dump that cannot be read to its end is walked as far as it goes, but nobody may rest on that. */
static int judge_reads(const struct walk_args *a)
{
	uint64_t lost = a->core ? vmcore_lost(a->core) : 0;

	if (!lost)
		return VTDLAB_EXIT_OK;
	fprintf(stderr,
		"vtdlab walk: %s: cut short or spoilt: %" PRIu64 " pages that it lists cannot be read; copy it again\n",
		a->vmcore, lost);
	return VTDLAB_EXIT_CANNOT_JUDGE;
}

/* Walk and print all tables of a RAM file or a dump: an exit status. */
static int walk_memory(struct walk_args *a)
{
	g_autoptr(JsonArray) all = json_array_new();
	struct iommu_mem mem;
	uint64_t irta = 0;
	int status = choose_roots(a, &mem, &irta);

	for (size_t i = 0; !status && i < a->roots.n; i++) {
		const struct iommu_root *root = &a->roots.v[i];
		const struct iommu_snapshot_meta meta = { .root = root->root,
							  .mode = root->mode,
							  .irta = i ? 0 : irta };
		struct iommu_walk *w = NULL;

		if (a->iommu->walk_memory(&mem, &meta, &w)) {
			fprintf(stderr, "vtdlab walk: out of memory\n");
			return VTDLAB_EXIT_CANNOT_JUDGE;
		}
		if (!a->root && !a->json)
			walk_find_print(a->iommu, root);
		if (a->json)
			json_array_add_element(all, walk_to_json(w, NULL, !a->summary));
		else
			status = print_text(a, w);
		iommu_walk_free(w);
	}
	if (!status && a->json)
		json_print(a->roots.n == 1 ? json_array_dup_element(all, 0) :
					     json_node_init_array(json_node_alloc(), all));
	return status ? status : judge_reads(a);
}

static void walk_args_clear(struct walk_args *a)
{
	g_free(a->ram);
	g_free(a->ram_size);
	g_free(a->vmcore);
	g_free(a->root);
	g_free(a->ttm);
	g_free(a->irta);
	g_free(a->requester);
	g_free(a->iova_text);
	iommu_snapshot_free(a->snapshot);
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
		{ "root", 0, 0, G_OPTION_ARG_STRING, &a.root,
		  "root table in --ram or --vmcore (default: found and proven)", "ADDRESS" },
		{ "ttm", 0, 0, G_OPTION_ARG_STRING, &a.ttm, "its mode: legacy (default with --root) or scalable",
		  "MODE" },
		{ "irta", 0, 0, G_OPTION_ARG_STRING, &a.irta, "value of the interrupt-remapping table address register",
		  "VALUE" },
		{ "requester", 'r', 0, G_OPTION_ARG_STRING, &a.requester, "print this requester only: 0000:bb:dd.f",
		  "ID" },
		{ "iova", 0, 0, G_OPTION_ARG_STRING, &a.iova_text, "print where this address leads, for whom",
		  "ADDRESS" },
		{ "summary", 0, 0, G_OPTION_ARG_NONE, &a.summary, "count leaves and runs, do not list the runs", NULL },
		{ "defects", 0, 0, G_OPTION_ARG_NONE, &a.defects, "show where defects are", NULL },
		{ "tables", 0, 0, G_OPTION_ARG_NONE, &a.tables, "list the table pages", NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &a.json, "print JSON", NULL },
		G_OPTION_ENTRY_NULL,
	};
	struct iommu_walk *w = NULL;
	int status = cmd_parse("walk", entries, &argc, &argv);

	if (status >= 0)
		goto out;
	status = parse_filters(&a);
	if (status)
		goto out;
	if (a.ram || a.vmcore) {
		status = argc != 1 || (a.ram && a.vmcore) ?
				 cmd_usage_error("walk", "give one of SNAPSHOT, --ram and --vmcore") :
				 walk_memory(&a);
		goto out;
	}
	if (argc != 2) {
		status = cmd_usage_error("walk", "give one snapshot (results/latest/tables/*.vtd)");
	} else {
		cmd_run_paths(argv + 1);
		status =
			g_file_test(argv[1], G_FILE_TEST_IS_DIR) ?
				cmd_usage_error(
					"walk",
					"%s is a directory: give one snapshot of a run, such as tables/panic.vtd in it",
					argv[1]) :
				walk_snapshot(&a, argv[1], &w);
	}
	if (!status && a.json)
		json_print(walk_to_json(w, a.snapshot, !a.summary));
	else if (!status)
		status = print_text(&a, w);
out:
	iommu_walk_free(w);
	walk_args_clear(&a);
	return status;
}
