/* SPDX-License-Identifier: GPL-2.0-only */
/* devices, groups, dmesg, symbols: what this kernel says of itself. Reads only. */
#include "agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>

#define PCI "/sys/bus/pci/devices"
#define GROUPS "/sys/kernel/iommu_groups"
/* klogctl() actions, see syslog(2) */
#define KLOG_READ_ALL 3
#define KLOG_SIZE 10
#define DMESG_LINES_MAX 400
#define DMESG_BYTES_MAX 50000

static void put_attribute(struct json_out *out, const char *key, const char *dir, const char *name,
			  const char *attribute)
{
	char path[320], text[128];

	snprintf(path, sizeof(path), "%s/%s/%s", dir, name, attribute);
	if (read_file(path, text, sizeof(text)) > 0)
		json_put_string(out, key, text);
	else
		json_put_null(out, key);
}

static int put_device(const char *bdf, void *data)
{
	struct json_out *out = data;
	char path[320], name[64];

	json_begin(out, NULL, '{');
	json_put_string(out, "bdf", bdf);
	put_attribute(out, "class", PCI, bdf, "class");
	put_attribute(out, "vendor", PCI, bdf, "vendor");
	put_attribute(out, "device", PCI, bdf, "device");
	snprintf(path, sizeof(path), PCI "/%s/driver", bdf);
	if (read_link_name(path, name, sizeof(name)))
		json_put_null(out, "driver");
	else
		json_put_string(out, "driver", name);
	snprintf(path, sizeof(path), PCI "/%s/iommu_group", bdf);
	if (read_link_name(path, name, sizeof(name))) {
		json_put_null(out, "group");
		json_put_null(out, "group_type");
	} else {
		json_put_int(out, "group", atoi(name));
		put_attribute(out, "group_type", GROUPS, name, "type");
	}
	json_end(out, '}');
	return 0;
}

int cmd_devices(const struct json_object *request, struct answer *answer)
{
	(void)request;
	json_begin(&answer->out, "devices", '[');
	if (each_name(PCI, put_device, &answer->out))
		return fail(answer, PCI ": %s", strerror(errno));
	json_end(&answer->out, ']');
	return 0;
}

static int put_name(const char *name, void *data)
{
	json_put_string(data, NULL, name);
	return 0;
}

static int put_group(const char *group, void *data)
{
	struct json_out *out = data;
	char path[320];

	json_begin(out, NULL, '{');
	json_put_int(out, "group", atoi(group));
	/* never "reserved_regions": reading it makes the kernel work on the group */
	put_attribute(out, "type", GROUPS, group, "type");
	json_begin(out, "devices", '[');
	snprintf(path, sizeof(path), GROUPS "/%s/devices", group);
	each_name(path, put_name, out);
	json_end(out, ']');
	json_end(out, '}');
	return 0;
}

int cmd_groups(const struct json_object *request, struct answer *answer)
{
	(void)request;
	json_begin(&answer->out, "groups", '[');
	/* a kernel without IOMMU has no such directory: no groups */
	if (each_name(GROUPS, put_group, &answer->out) && errno != ENOENT)
		return fail(answer, GROUPS ": %s", strerror(errno));
	json_end(&answer->out, ']');
	return 0;
}

/* The last @max lines of @log with @match in them (NULL: all), oldest first. */
static size_t pick_lines(char *log, const char *match, size_t max, char **lines)
{
	size_t n = 0;
	char *save = NULL;

	for (char *line = strtok_r(log, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (match && !strstr(line, match))
			continue;
		if (n == max)
			memmove(lines, lines + 1, --n * sizeof(*lines));
		lines[n++] = line;
	}
	return n;
}

int cmd_dmesg(const struct json_object *request, struct answer *answer)
{
	char *lines[DMESG_LINES_MAX], *log;
	const char *match = json_string(request, "match", NULL);
	size_t n, first, bytes = 0;
	uint64_t max;
	int size = klogctl(KLOG_SIZE, NULL, 0), len;

	if (take_u64(request, answer, "max", DMESG_LINES_MAX, 1, DMESG_LINES_MAX, &max))
		return -1;
	log = size > 0 ? malloc((size_t)size + 1) : NULL;
	if (!log)
		return fail(answer, "no memory for a log of %d bytes", size);
	len = klogctl(KLOG_READ_ALL, log, size);
	if (len < 0) {
		free(log);
		return fail(answer, "reading the kernel's log: %s", strerror(errno));
	}
	log[len] = '\0';
	n = pick_lines(log, match, max, lines);
	for (first = n; first; first--) {
		bytes += strlen(lines[first - 1]) + 16;
		if (bytes > DMESG_BYTES_MAX)
			break;
	}
	json_begin(&answer->out, "lines", '[');
	for (size_t i = first; i < n; i++)
		json_put_string(&answer->out, NULL, lines[i]);
	json_end(&answer->out, ']');
	json_put_int(&answer->out, "left_out", (int64_t)first);
	free(log);
	return 0;
}

/* One pass over /proc/kallsyms; the first address of each name counts. */
static int look_up(char *const *names, size_t n, unsigned long long *found)
{
	unsigned long long address;
	char line[512], type, symbol[256];
	FILE *file = fopen("/proc/kallsyms", "re");
	size_t left = n;

	if (!file)
		return -1;
	while (left && fgets(line, sizeof(line), file)) {
		char *space = strchr(line, ' ');

		/* a cheap look first: sscanf on 200,000 lines is slow under TCG */
		if (!space || !space[1] || space[2] != ' ')
			continue;
		for (size_t i = 0; i < n; i++) {
			size_t len = strlen(names[i]);

			if (found[i] || strncmp(space + 3, names[i], len) ||
			    (space[3 + len] != '\n' && space[3 + len] != '\t'))
				continue;
			if (sscanf(line, "%llx %c %255s", &address, &type, symbol) == 3) {
				found[i] = address;
				left--;
			}
		}
	}
	fclose(file);
	return 0;
}

int cmd_symbols(const struct json_object *request, struct answer *answer)
{
	unsigned long long found[JSON_MAX_ITEMS] = { 0 };
	const struct json_member *m = json_find(request, "names");
	char *const *names;

	if (!m || m->type != JSON_STRINGS)
		return fail(answer, "symbols needs \"names\", an array of strings");
	names = (char *const *)(request->items + m->first);
	if (look_up(names, m->count, found))
		return fail(answer, "/proc/kallsyms: %s", strerror(errno));
	json_begin(&answer->out, "symbols", '{');
	for (size_t i = 0; i < m->count; i++) {
		if (found[i])
			json_put_hex(&answer->out, names[i], found[i]);
		else
			json_put_null(&answer->out, names[i]);
	}
	json_end(&answer->out, '}');
	return 0;
}
