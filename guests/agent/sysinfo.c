/* SPDX-License-Identifier: GPL-2.0-only */
/* devices: what this kernel says of its PCI devices; pci-remove, pci-rescan; symbol: where a function of it lies. */
#include "agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCI "/sys/bus/pci/devices"
#define GROUPS "/sys/kernel/iommu_groups"

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

int cmd_pci_remove(const struct json_object *request, struct answer *answer)
{
	char bdf[32], path[128];

	if (take_name(request, answer, "bdf", bdf, sizeof(bdf)))
		return -1;
	snprintf(path, sizeof(path), PCI "/%s/remove", bdf);
	if (write_file(path, "1"))
		return fail(answer, "%s: %s", path, strerror(errno));
	return 0;
}

/* Devices that came since the kernel looked: it returns once they have their places, and drivers that are there. */
int cmd_pci_rescan(const struct json_object *request, struct answer *answer)
{
	(void)request;
	if (write_file("/sys/bus/pci/rescan", "1"))
		return fail(answer, "/sys/bus/pci/rescan: %s", strerror(errno));
	return 0;
}

/* "ffffffff81000000 T name"; what a module has is followed by "\t[module]", and gone with it. */
int cmd_symbol(const struct json_object *request, struct answer *answer)
{
	char wanted[128], name[128], line[512], type;
	unsigned long long pc, found = 0;
	unsigned n = 0;
	FILE *file;

	if (take_name(request, answer, "name", wanted, sizeof(wanted)))
		return -1;
	file = fopen("/proc/kallsyms", "re");
	if (!file)
		return fail(answer, "/proc/kallsyms: %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx %c %127s", &pc, &type, name) != 3 || strcmp(name, wanted) ||
		    !strchr("tTwW", type) || strchr(line, '['))
			continue;
		found = pc;
		n++;
	}
	fclose(file);
	if (n != 1 || !found)
		return fail(answer,
			    n > 1	? "%s: %u functions of that name" :
			    !found && n ? "%s: its address is hidden (kptr_restrict)" :
					  "%s: no function of that name in the kernel itself",
			    wanted, n);
	json_put_hex(&answer->out, "address", found);
	return 0;
}
