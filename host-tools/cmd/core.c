/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab core: the memory of a run's panicked kernel, for crash, gdb and drgn. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "cmd/cmd.h"
#include "cmd/core.h"
#include "evidence/file.h"
#include "machine/ram.h"
#include "results/rundir.h"

/* The RAM of @run, whole: a descriptor, or -1. */
static int open_ram(const char *run, uint64_t size, GError **error)
{
	g_autofree char *path = g_build_filename(run, RUNDIR_RAM, NULL);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st = { 0 };

	if (fd < 0 && errno == ENOENT)
		vtdlab_refuse(error, "%s kept no RAM: run the scenario again with --keep-core", run);
	else if (fd < 0 || fstat(fd, &st))
		vtdlab_refuse(error, "%s: %s", path, g_strerror(errno));
	else if ((uint64_t)st.st_size != size)
		vtdlab_unjudged(error,
				"%s has %" PRIu64 " bytes, the machine had %" PRIu64 ": copy it again, or run the "
				"scenario again with --keep-core",
				path, (uint64_t)st.st_size, size);
	else
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Writes @path whole, or leaves nothing there. */
static bool write_core(int ram, const struct evidence *ev, const char *path, struct core_elf *core, GError **error)
{
	const uint64_t size = ev->scenario->machine.memory;
	const struct iommu_ram_layout layout = { size, ram_q35_low(size), RAM_Q35_HIGH };
	struct iommu_ranges crash = { 0 };
	int out = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool ok;

	if (out < 0)
		return vtdlab_refuse(error, "cannot write %s: %s", path, g_strerror(errno));
	evidence_crash_memory(ev, &crash);
	ok = core_elf_write(ram, &layout, &crash, out, core, error);
	if (!ok)
		g_prefix_error(error, "no core in %s: ", path);
	if (close(out) && ok)
		ok = vtdlab_failed(error, "cannot write %s: %s", path, g_strerror(errno));
	iommu_ranges_clear(&crash);
	if (!ok)
		unlink(path);
	return ok;
}

bool core_make(const char *run, const char *path, struct core_elf *core, GError **error)
{
	struct evidence_file *file = evidence_file_load(run, error);
	int ram = file ? open_ram(run, file->scenario->machine.memory, error) : -1;
	bool ok = ram >= 0 && write_core(ram, file->ev, path, core, error);

	if (ram >= 0)
		close(ram);
	evidence_file_free(file);
	return ok;
}

int cmd_core(int argc, char **argv)
{
	g_autofree char *output = NULL, *path = NULL;
	const GOptionEntry entries[] = {
		{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "where to write it (RUNDIR/vmcore)", "FILE" },
		G_OPTION_ENTRY_NULL,
	};
	GError *error = NULL;
	struct core_elf core;
	int status = cmd_parse("core", entries, &argc, &argv);

	if (status >= 0)
		return status;
	if (argc != 2)
		return cmd_usage_error("core", "give one run directory (results/latest?)");
	cmd_run_paths(argv + 1);
	path = output ? g_strdup(output) : g_build_filename(argv[1], "vmcore", NULL);
	if (!core_make(argv[1], path, &core, &error))
		return cmd_fail("core", error);
	printf("%s: %" PRIu64 " MiB in %u segments, by the dump header at %#" PRIx64 "\n", path, core.memory >> 20,
	       core.segments, core.header);
	return VTDLAB_EXIT_OK;
}
