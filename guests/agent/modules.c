/* SPDX-License-Identifier: GPL-2.0-only */
/* modprobe: loads a module and what it needs, by the list that make-initramfs left. */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One line a module: "name path dependency..." with the dependencies in the order of loading;
 * the path is "builtin" for one that is in the kernel. */
#define MODULE_LIST "/lib/modules.list"
#define MODULE_LIST_MAX 65536
#define MODULE_NAME_MAX 64

/* '-' and '_' are the same in module names. */
static void normalise(char *name)
{
	for (; *name; name++)
		if (*name == '-')
			*name = '_';
}

static bool exists(const char *directory, const char *name)
{
	char path[160];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return !stat(path, &st);
}

/* /sys/module has a builtin only if it has parameters or a version, hence the drivers. */
static bool is_in_kernel(const char *name)
{
	char path[160], state[16];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	if (read_file(path, state, sizeof(state)) > 0)
		return !strcmp(state, "live");
	return exists("/sys/module", name) || exists("/sys/bus/pci/drivers", name) ||
	       exists("/sys/bus/virtio/drivers", name);
}

/* Find the line of @name in @list; returns what follows the name, ended with NUL. */
static char *find_line(char *list, const char *name)
{
	size_t len = strlen(name);
	char *line, *save = NULL;

	for (line = strtok_r(list, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!strncmp(line, name, len) && line[len] == ' ')
			return line + len + 1;
	return NULL;
}

/*
 * The parameters that the kernel's command line gives a module ("nvme_core.admin_timeout=20"), as
 * modprobe(8) passes them on: the kernel itself looks there only for what is built in.
 */
static const char *parameters(const char *name)
{
	static char line[4096], out[1024];
	char *word, *save = NULL;
	size_t used = 0;

	out[0] = '\0';
	if (read_file("/proc/cmdline", line, sizeof(line)) < 0)
		return out;
	for (word = strtok_r(line, " \n", &save); word; word = strtok_r(NULL, " \n", &save)) {
		char *dot = strchr(word, '.');

		if (!dot)
			continue;
		*dot = '\0';
		normalise(word);
		if (!strcmp(word, name) && used + strlen(dot + 1) + 2 < sizeof(out))
			used += (size_t)snprintf(out + used, sizeof(out) - used, "%s ", dot + 1);
	}
	return out;
}

/* Load one module by name, its dependencies being there. */
static int load_one(struct answer *answer, const char *name)
{
	static char list[MODULE_LIST_MAX];
	char *path;
	int fd, result;

	if (is_in_kernel(name))
		return 0;
	if (read_file(MODULE_LIST, list, sizeof(list)) < 0)
		return fail(answer, "%s: %s", MODULE_LIST, strerror(errno));
	path = find_line(list, name);
	if (!path)
		return fail(answer, "module %s is not in this initramfs", name);
	path = strtok(path, " ");
	if (!path || !strcmp(path, "builtin"))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(answer, "%s: %s", path, strerror(errno));
	result = (int)syscall(SYS_finit_module, fd, parameters(name), 0);
	if (result && errno != EEXIST)
		result = fail(answer, "loading %s: %s", name, strerror(errno));
	else
		json_put_string(&answer->out, NULL, name);
	close(fd);
	return result;
}

/* The module @name and first what it needs. */
static int load_with_needs(struct answer *answer, const char *name)
{
	static char list[MODULE_LIST_MAX];
	char *line, *dep, *save = NULL;

	if (is_in_kernel(name))
		return 0;
	if (read_file(MODULE_LIST, list, sizeof(list)) < 0)
		return fail(answer, "%s: %s", MODULE_LIST, strerror(errno));
	line = find_line(list, name);
	if (!line)
		return fail(answer,
			    "module %s is neither in this initramfs nor in the "
			    "kernel: a kernel given by path needs its --modules DIR",
			    name);
	strtok_r(line, " ", &save);
	while ((dep = strtok_r(NULL, " ", &save)))
		if (load_one(answer, dep))
			return -1;
	return load_one(answer, name);
}

int cmd_modprobe(const struct json_object *request, struct answer *answer)
{
	bool bind = json_bool(request, "bind", true);
	char name[MODULE_NAME_MAX];
	int64_t start = now_ns();
	int result;

	if (take_name(request, answer, "name", name, sizeof(name)))
		return -1;
	if (!name[0])
		return fail(answer, "modprobe needs \"name\"");
	normalise(name);
	if (!bind && pci_autoprobe(false))
		return fail(answer, "PCI drivers cannot be loaded unbound: %s", strerror(errno));
	json_begin(&answer->out, "loaded", '[');
	result = load_with_needs(answer, name);
	json_end(&answer->out, ']');
	if (!bind && pci_autoprobe(true))
		return fail(answer, "PCI drivers are bound no more: %s", strerror(errno));
	json_put_int(&answer->out, "took_ns", now_ns() - start);
	return result;
}
