/* SPDX-License-Identifier: GPL-2.0-only */
/* What can only be judged when all keys of a scenario are set. */
#include <string.h>

#include "base/error.h"
#include "machine/config.h"
#include "conf/scenario.h"
#include "corrupt/corrupt.h"
#include "base/words.h"
#include "conf/workload.h"

static bool check_names(const char *key, char *const *list, const char *const *names, GError **error)
{
	for (; list && *list; list++) {
		const char *near, *device = strchr(*list, '@');
		g_autofree char *name = device && device[1] ?
						g_strdup_printf("%.*s@DEVICE", (int)(device - *list), *list) :
						g_strdup(*list);

		if (strcmp(*list, "rig") == 0)
			return vtdlab_refuse(error,
					     "scenario.%s: rig cannot be expected to fail: without it "
					     "nothing is judged",
					     key);
		if (!names || g_strv_contains(names, name))
			continue;
		near = nearest_word(name, names);
		return vtdlab_refuse(error, "scenario.%s: no check '%s'%s%s; see `vtdlab list checks`", key, *list,
				     near ? "; the nearest is " : "", near ? near : "");
	}
	return true;
}

static bool check_expectations(const struct scenario *s, const char *const *names, GError **error)
{
	GHashTableIter iter;
	gpointer series, list;

	if (!check_names("expect-fail", s->expect_fail, names, error))
		return false;
	g_hash_table_iter_init(&iter, s->expect_fail_when);
	while (g_hash_table_iter_next(&iter, &series, &list)) {
		g_autofree char *key = g_strconcat("expect-fail-", series, NULL);

		if (!check_names(key, list, names, error))
			return false;
	}
	return true;
}

/* A group that nothing asks for would leave the scenario out of every suite, and nobody would miss it. */
static bool check_groups(const struct scenario *s, GError **error)
{
	for (char **group = s->groups; *group; group++)
		if (!g_strv_contains(conf_groups, *group)) {
			g_autofree char *all = g_strjoinv(", ", (char **)(void *)conf_groups);

			return vtdlab_refuse(error, "scenario.groups: '%s' is none of %s", *group, all);
		}
	return true;
}

static bool check_machine(const struct scenario *s, GError **error)
{
	struct machine_config cfg;

	scenario_machine(s, &cfg);
	if (!machine_config_allowed(&cfg, error))
		return false;
	if (s->crash.trigger == CONF_TRIGGER_CPU && s->crash.trigger_cpu >= s->machine.cpus)
		return vtdlab_refuse(error, "crash.trigger names a CPU that machine.cpus does not have");
	return true;
}

static bool check_corrupt(const struct scenario *s, GError **error)
{
	int sid;

	if (!*s->corrupt.what)
		return true;
	if (s->iommu.mode == MACHINE_IOMMU_OFF)
		return vtdlab_refuse(error, "corrupt.what needs an IOMMU; iommu.mode is off");
	return corrupt_parse(s->corrupt.what, &sid, error) != NULL;
}

/* DMA in flight of a device that is there, and that can be watched. */
static bool check_dma(const struct scenario *s, GError **error)
{
	bool want_nic = s->devices.dma == CONF_DMA_BOTH || s->devices.dma == CONF_DMA_NIC;
	bool want_disk = s->devices.dma == CONF_DMA_BOTH || s->devices.dma == CONF_DMA_DISK;
	bool has_nic = s->devices.nic != MACHINE_NIC_NONE, has_disk = s->devices.disk != MACHINE_DISK_NONE;

	if ((want_nic && !has_nic) || (want_disk && !has_disk))
		return vtdlab_refuse(error, "devices.dma=%s wants DMA of a %s that is none; set devices.dma=%s",
				     word_of(conf_dma_words, s->devices.dma), has_nic ? "disk" : "nic",
				     has_nic  ? "nic" :
				     has_disk ? "disk" :
						"none");
	if (s->devices.dma_spread && !want_disk)
		return vtdlab_refuse(error, "devices.dma-spread is about the disk's DMA; set devices.dma=both or disk");
	if (want_disk && s->devices.disk == MACHINE_DISK_VIRTIO)
		return vtdlab_refuse(error, "only devices.disk=nvme has a trace by which its DMA in flight "
					    "can be counted; set devices.dma=nic or none");
	return true;
}

/* The last of the functions has the driver of a NIC that the first kernel must not load: VFIO takes a group whole. */
static bool check_functions(const struct scenario *s, GError **error)
{
	if (s->devices.edu_functions < 2)
		return true;
	if (!s->devices.edu)
		return vtdlab_refuse(error, "devices.edu-functions are of the edu device; set devices.edu=on");
	if (*s->crash.initrd)
		return vtdlab_refuse(error, "of several devices.edu-functions the last is used by the lab's own agent, "
					    "which crash.initrd takes out of the crash kernel");
	if (s->devices.nic == MACHINE_NIC_E1000)
		return vtdlab_refuse(error,
				     "of several devices.edu-functions the last is an e1000 that the first kernel "
				     "does not use; set devices.nic=e1000e, virtio or none");
	return true;
}

/* QEMU completes what the disk has in flight when it stops, as it does at a breakpoint. */
static bool check_break(const struct scenario *s, GError **error)
{
	const char *symbol;

	if (scenario_break(s, &symbol) == CONF_BREAK_NONE)
		return true;
	if (!*symbol || *symbol == '.' ||
	    strspn(symbol, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_.") != strlen(symbol))
		return vtdlab_refuse(
			error,
			"machine.break '%s': the name of a function, as in /proc/kallsyms; first:NAME is one "
			"of the first kernel, attach:NAME what the crash kernel comes to for a driver",
			s->machine.break_at);
	if (s->devices.dma == CONF_DMA_BOTH)
		return vtdlab_refuse(error,
				     "machine.break: QEMU completes what the disk has in flight where it stops; set "
				     "devices.dma=nic");
	return true;
}

bool scenario_validate(const struct scenario *s, const char *const *names, GError **error)
{
	bool ok = *s->first.kernel || vtdlab_refuse(error, "first.kernel is empty; see `vtdlab list kernels`");

	if (ok && check_expectations(s, names, error) && check_groups(s, error) && check_machine(s, error) &&
	    check_dma(s, error) && check_functions(s, error) && check_break(s, error) && check_corrupt(s, error) &&
	    workload_check(s, error))
		return true;
	g_prefix_error(error, "scenario %s: ", s->name);
	return false;
}
