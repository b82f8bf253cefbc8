/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab gdb: gdb on the memory of a run's panicked kernel, with that kernel's symbols where it had put them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/run-file.h"
#include "cmd/cmd.h"
#include "cmd/core.h"
#include "cmd/vmcore-mem.h"
#include "cmd/vmlinux.h"
#include "conf/scenario.h"

/* The run's core: what `vtdlab core` wrote, or would write. The caller frees the path. */
static char *core_of(const char *run, GError **error)
{
	g_autofree char *path = g_build_filename(run, "vmcore", NULL);
	struct core_elf core;

	if (!g_file_test(path, G_FILE_TEST_EXISTS) && !core_make(run, path, &core, error))
		return NULL;
	return g_steal_pointer(&path);
}

/* What the run was told to boot. The caller frees it; NULL: the run does not say. */
static char *first_kernel(const char *run)
{
	g_autofree char *path = g_build_filename(run, "scenario.conf", NULL);
	struct scenario *s = scenario_load(path, NULL);
	char *spec = s ? g_strdup(s->first.kernel) : NULL;

	scenario_free(s);
	return spec;
}

/* The file given by --vmlinux, or the one that is found; NULL without @error: there is none. */
static char *choose_vmlinux(const char *given, const char *run, const char *build_id, bool *symbols, GError **error)
{
	g_autofree char *spec = first_kernel(run), *id = given ? vmlinux_build_id(given, symbols) : NULL;

	if (!given)
		return build_id ? vmlinux_find(build_id, spec, symbols) : NULL;
	if (!id)
		vtdlab_refuse(error, "--vmlinux %s: no ELF file of a kernel, or none with a build ID", given);
	else if (build_id && strcmp(id, build_id) != 0)
		vtdlab_refuse(error, "--vmlinux %s: another kernel than the one that panicked (build ID %s, not %s)",
			      given, id, build_id);
	else
		return g_strdup(given);
	return NULL;
}

/* gdb's `symbol-file` for @vmlinux, moved by what the core says that KASLR moved the kernel. The caller frees it. */
static char *symbol_file(const char *vmlinux, const char *offset)
{
	g_autofree char *quoted = g_shell_quote(vmlinux);

	return g_strdup_printf("symbol-file -o 0x%s %s", offset ? offset : "0", quoted);
}

/* What the dump says is untrusted, and goes into a path and a command. */
static char *hexadecimal(char *text, size_t most)
{
	if (text && *text && strlen(text) <= most && strspn(text, "0123456789abcdef") == strlen(text))
		return text;
	g_free(text);
	return NULL;
}

/* Becomes gdb; back here it is an error. */
static bool start(const char *gdb, const char *core, const char *symbols, char **more, GError **error)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();

	g_ptr_array_add(argv, (void *)gdb);
	g_ptr_array_add(argv, (void *)"-q");
	g_ptr_array_add(argv, (void *)"-c");
	g_ptr_array_add(argv, (void *)core);
	if (symbols) {
		g_ptr_array_add(argv, (void *)"-ex");
		g_ptr_array_add(argv, (void *)symbols);
	}
	for (; *more; more++)
		g_ptr_array_add(argv, *more);
	g_ptr_array_add(argv, NULL);
	fflush(stderr);
	execv(gdb, (char **)argv->pdata);
	return vtdlab_failed(error, "%s: %s", gdb, g_strerror(errno));
}

static bool open_gdb(const char *run, const char *given, char **more, GError **error)
{
	g_autofree char *gdb = g_find_program_in_path("gdb"), *core = NULL, *vmlinux = NULL, *command = NULL;
	g_autofree char *id = NULL, *offset = NULL, *release = NULL;
	bool symbols = false;
	struct vmcore *v;

	if (!gdb)
		return vtdlab_refuse(error, "gdb is not installed (package gdb)");
	core = core_of(run, error);
	v = core ? vmcore_open(core, error) : NULL;
	if (!v)
		return false;
	id = hexadecimal(vmcore_info(v, "BUILD-ID"), 128);
	offset = hexadecimal(vmcore_info(v, "KERNELOFFSET"), 16);
	release = vmcore_info(v, "OSRELEASE");
	vmcore_close(v);
	vmlinux = choose_vmlinux(given, run, id, &symbols, error);
	if (!vmlinux && error && *error)
		return false;
	if (vmlinux)
		command = symbol_file(vmlinux, offset);
	fprintf(stderr, "vtdlab gdb: %s, moved by 0x%s; %s%s\n", release ? release : "?", offset ? offset : "0",
		symbols ? "symbols of " :
		vmlinux ? "no symbols, only addresses: they are stripped from " :
			  "no symbols, only addresses: its vmlinux is not here, --vmlinux FILE names it",
		vmlinux ? vmlinux : "");
	return start(gdb, core, command, more, error);
}

int cmd_gdb(int argc, char **argv)
{
	g_autofree char *vmlinux = NULL, *run = NULL;
	const GOptionEntry entries[] = {
		{ "vmlinux", 0, 0, G_OPTION_ARG_FILENAME, &vmlinux,
		  "the ELF file of the kernel that panicked, if it is not found", "FILE" },
		G_OPTION_ENTRY_NULL,
	};
	GError *error = NULL;
	int status = cmd_parse("gdb", entries, &argc, &argv);

	if (status >= 0)
		return status;
	if (argc < 2)
		return cmd_usage_error("gdb", "give one run directory (results/latest?)");
	run = run_path(argv[1]);
	open_gdb(run, vmlinux, argv + (argc > 2 && strcmp(argv[2], "--") == 0 ? 3 : 2), &error);
	return cmd_fail("gdb", error);
}
