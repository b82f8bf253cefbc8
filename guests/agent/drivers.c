/* SPDX-License-Identifier: GPL-2.0-only */
/* Drivers and devices brought together later than Linux would: loaded for nobody, then bound. pci-bind. */
#include "agent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PCI "/sys/bus/pci"

int pci_autoprobe(bool on)
{
	return write_file(PCI "/drivers_autoprobe", on ? "1" : "0");
}

struct offer {
	const char *driver;
	struct json_out *out;
};

/* One function without a driver, to one driver: what that has no use for it refuses. */
static int offer_function(const char *bdf, void *data)
{
	const struct offer *offer = data;
	char path[320];

	snprintf(path, sizeof(path), PCI "/devices/%s/driver", bdf);
	if (!access(path, F_OK))
		return 0;
	snprintf(path, sizeof(path), PCI "/drivers/%s/bind", offer->driver);
	if (!write_file(path, bdf))
		json_put_string(offer->out, NULL, bdf);
	return 0;
}

/* "pci:nvme": a driver of the module, and its bus. */
static int offer_all(const char *name, void *data)
{
	struct offer offer = { .driver = name + strlen("pci:"), .out = data };

	if (strncmp(name, "pci:", strlen("pci:")) != 0)
		return 0;
	return each_name(PCI "/devices", offer_function, &offer);
}

int cmd_pci_bind(const struct json_object *request, struct answer *answer)
{
	char name[64], path[128];

	if (take_name(request, answer, "name", name, sizeof(name)))
		return -1;
	if (!name[0])
		return fail(answer, "pci-bind needs \"name\"");
	json_begin(&answer->out, "bound", '[');
	snprintf(path, sizeof(path), "/sys/module/%s/drivers", name);
	if (each_name(path, offer_all, &answer->out) && errno != ENOENT)
		return fail(answer, "%s: %s", path, strerror(errno));
	json_end(&answer->out, ']');
	return 0;
}
