/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernels and initramfs images, by way of the scripts that prepare them. */
#include "prepare/kernel.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/paths.h"
#include "base/text.h"
#include "prepare/build-id.h"

/* The script ends by itself when we die, however that happens. */
static void die_with_parent(gpointer unused)
{
	(void)unused;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
}

/* All that the script @pid writes to @fd. That the user wants to end is handed on to it, once. */
static char *read_script(GPid pid, int fd)
{
	GString *out = g_string_new(NULL);
	bool told = false;
	char buf[4096];

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (interrupt_pending() && !told)
			told = kill(pid, SIGTERM) == 0;
		if (poll(&p, 1, 200) <= 0)
			continue;
		n = read(fd, buf, sizeof(buf));
		if (n == 0 || (n < 0 && errno != EINTR))
			return g_string_free(out, FALSE);
		if (n > 0)
			g_string_append_len(out, buf, n);
	}
}

/* Why a script gave up, as it leaves it in $VTDLAB_REASON (scripts/lib/common.sh): nothing that outlives us. The caller frees it. */
static char *reason_of(int fd)
{
	char text[1024] = "";

	if (fd < 0 || pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return g_strdup("see the line above");
	return text_one_line(text);
}

/* Runs a script; its stderr is the user's. Exit 2 is the user's mistake, 125 the kernel's, anything else ours. */
static char *run_script(char **argv, GError **error)
{
	g_auto(GStrv) env = g_get_environ();
	g_autofree char *name = g_path_get_basename(argv[0]);
	int status = 0, fd, words = memfd_create("vtdlab-reason", MFD_CLOEXEC);
	g_autofree char *place = g_strdup_printf("/proc/%d/fd/%d", getpid(), words);
	g_autofree char *out = NULL, *reason = NULL;
	GPid pid;

	env = g_environ_setenv(env, "VTDLAB_REASON", words < 0 ? "" : place, TRUE);
	if (!g_spawn_async_with_pipes(NULL, argv, env, G_SPAWN_DO_NOT_REAP_CHILD, die_with_parent, NULL, &pid, NULL,
				      &fd, NULL, error)) {
		close(words);
		return NULL;
	}
	out = read_script(pid, fd);
	close(fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	reason = reason_of(words);
	close(words);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return g_strdup(g_strstrip(out));
	if (interrupt_pending() || (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT))
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED, "%s was interrupted", name);
	else if (WIFEXITED(status) && (WEXITSTATUS(status) == 2 || WEXITSTATUS(status) == 125))
		g_set_error(error, VTDLAB_ERROR, WEXITSTATUS(status) == 2 ? VTDLAB_ERROR_USAGE : VTDLAB_ERROR_UNFIT,
			    "%s", reason);
	else
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED, "%s failed (status %d): %s", name,
			    WIFEXITED(status) ? WEXITSTATUS(status) : -1, reason);
	return NULL;
}

static char *existing(const char *dir, const char *name)
{
	char *path = g_build_filename(dir, name, NULL);

	if (g_file_test(path, G_FILE_TEST_EXISTS))
		return path;
	g_free(path);
	return NULL;
}

static struct kernel *kernel_open(const char *spec, const char *dir, GError **error)
{
	g_autofree char *conf = g_build_filename(dir, "kernel.conf", NULL);
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *source = NULL;
	struct kernel *k;
	bool symbols;

	if (!g_key_file_load_from_file(file, conf, G_KEY_FILE_NONE, error)) {
		g_prefix_error(error, "%s: ", conf);
		return NULL;
	}
	source = g_key_file_get_string(file, "kernel", "source", NULL);
	k = g_new0(struct kernel, 1);
	k->spec = g_strdup(spec);
	k->dir = g_strdup(dir);
	k->release = g_key_file_get_string(file, "kernel", "release", NULL);
	k->sha256 = g_key_file_get_string(file, "kernel", "sha256", NULL);
	k->config_sha256 = g_key_file_get_string(file, "kernel", "config-sha256", NULL);
	k->describe = g_key_file_get_string(file, "kernel", "describe", NULL);
	k->packaged = g_strcmp0(source, "debian") == 0;
	k->bzimage = existing(dir, "bzImage");
	k->vmlinux = existing(dir, "vmlinux");
	k->build_id = k->vmlinux ? vmlinux_build_id(k->vmlinux, &symbols) : NULL;
	if (k->release && (k->bzimage || k->vmlinux))
		return k;
	g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED,
		    "%s names no release or holds no kernel: remove it and run again", dir);
	kernel_free(k);
	return NULL;
}

struct kernel *kernel_get(const char *spec, const char *modules, const char *require, GError **error)
{
	g_autofree char *script = lab_path("scripts", "kernel-get", NULL);
	char *argv[] = { script, (char *)spec, "--require", (char *)require, NULL, NULL, NULL };
	g_autofree char *dir = NULL;

	/* the script would take it for an option */
	if (*spec == '-') {
		vtdlab_refuse(error, "no kernel is called '%s'", spec);
		return NULL;
	}
	if (modules && *modules) {
		argv[4] = "--modules";
		argv[5] = (char *)modules;
	}
	dir = run_script(argv, error);
	return dir ? kernel_open(spec, dir, error) : NULL;
}

char *kernel_available(GError **error)
{
	g_autofree char *script = lab_path("scripts", "kernel-get", NULL);
	char *argv[] = { script, (char *)"--available", NULL };

	return run_script(argv, error);
}

char *kernel_fragment(const char *require, GError **error)
{
	g_autofree char *script = lab_path("scripts", "kernel-get", NULL);
	char *argv[] = { script, (char *)"--kconfig", (char *)"--require", (char *)require, NULL };

	return run_script(argv, error);
}

char *qemu_get(const char *spec, GError **error)
{
	g_autofree char *script = lab_path("scripts", "qemu-get", NULL);
	char *argv[] = { script, (char *)spec, NULL };

	return lab_named("images/qemus", spec, ".conf") ? run_script(argv, error) : g_strdup(spec);
}

struct kernel *kernel_copy(const struct kernel *k)
{
	return kernel_open(k->spec, k->dir, NULL);
}

void kernel_free(struct kernel *k)
{
	if (!k)
		return;
	g_free(k->spec);
	g_free(k->dir);
	g_free(k->release);
	g_free(k->sha256);
	g_free(k->config_sha256);
	g_free(k->build_id);
	g_free(k->describe);
	g_free(k->bzimage);
	g_free(k->vmlinux);
	g_free(k);
}

const char *kernel_boot_path(const struct kernel *k)
{
	return k->vmlinux ? k->vmlinux : k->bzimage;
}

bool kernel_builtin(const struct kernel *k, const char *option)
{
	g_autofree char *path = g_build_filename(k->dir, "config", NULL);
	g_autofree char *line = g_strdup_printf("\nCONFIG_%s=y\n", option);
	g_autofree char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) && strstr(text, line);
}

char *foreign_initrd(const char *spec, const struct kernel *kernel, GError **error)
{
	g_autofree char *script = lab_path("scripts", "foreign-initrd", NULL);
	char *argv[] = { script, (char *)spec, "--kernel", kernel->dir, NULL };

	if (lab_named("images/initramfs/foreign", spec, ".manifest"))
		return run_script(argv, error);
	if (g_file_test(spec, G_FILE_TEST_IS_REGULAR))
		return g_canonicalize_filename(spec, NULL);
	g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE,
		    "crash.initrd=%s is neither a file nor the name of a recipe in images/initramfs/foreign", spec);
	return NULL;
}

/* Where an image of that name lies: in the build directory, or in the cache when there is none that can be written. */
static char *image_path(const char *name)
{
	g_autofree char *dir = lab_path("build", "initramfs", NULL);

	if (!lab_is_source() || g_mkdir_with_parents(dir, 0755) != 0 || g_access(dir, W_OK) != 0) {
		g_free(dir);
		dir = g_build_filename(lab_cache_dir(), "initramfs", NULL);
	}
	g_mkdir_with_parents(dir, 0755);
	return g_build_filename(dir, name, NULL);
}

static void add_option(GPtrArray *argv, const char *name, const char *value)
{
	if (!value)
		return;
	g_ptr_array_add(argv, (char *)name);
	g_ptr_array_add(argv, (char *)value);
}

/* Runs scripts/make-initramfs with @argv, which lacks the script and what to write; returns @out or NULL. */
static char *make_image(GPtrArray *argv, char *out, GError **error)
{
	g_autofree char *script = lab_path("scripts", "make-initramfs", NULL);
	g_autofree char *said = NULL;

	g_ptr_array_insert(argv, 0, script);
	add_option(argv, "--out", out);
	g_ptr_array_add(argv, NULL);
	said = run_script((char **)argv->pdata, error);
	if (!said)
		g_clear_pointer(&out, g_free);
	return out;
}

char *initramfs_make(const struct kernel *kernel, const struct kernel *crash, const char *crash_initrd,
		     const char *flat, bool foreign, const char *workload, GError **error)
{
	g_autofree char *kernel_id = g_path_get_basename(kernel->dir);
	g_autofree char *crash_id = crash ? g_path_get_basename(crash->dir) : NULL;
	g_autofree char *name =
		crash ? g_strdup_printf("first-%s+%s%s%s%s%s.cpio", kernel_id, crash_id, flat ? "+flat" : "",
					foreign ? "+foreign" : "", workload ? "+" : "", workload ? workload : "") :
			g_strdup_printf("crash-%s.cpio", kernel_id);
	g_autoptr(GPtrArray) argv = g_ptr_array_new();

	add_option(argv, "--stage", crash ? "first" : "crash");
	add_option(argv, "--kernel", kernel->dir);
	add_option(argv, "--crash-kernel", crash ? crash->dir : NULL);
	add_option(argv, "--crash-initrd", crash ? crash_initrd : NULL);
	add_option(argv, "--crash-flat", flat);
	add_option(argv, "--workload", workload);
	return make_image(argv, image_path(name), error);
}

char *initramfs_program(const struct kernel *kernel, const char *workload, const char *const *programs, GError **error)
{
	g_autofree char *manifest = lab_path("images", "initramfs", "bench.manifest", NULL);
	g_autofree char *kernel_id = g_path_get_basename(kernel->dir);
	g_autofree char *name = g_strdup_printf("bench-%s+%s%s.cpio", kernel_id, workload, programs ? "+programs" : "");
	g_autoptr(GPtrArray) argv = g_ptr_array_new();

	add_option(argv, "--stage", "first");
	add_option(argv, "--kernel", kernel->dir);
	add_option(argv, "--manifest", manifest);
	add_option(argv, "--workload", workload);
	for (; programs && *programs; programs++)
		add_option(argv, "--program", *programs);
	return make_image(argv, image_path(name), error);
}
