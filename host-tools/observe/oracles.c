/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/oracles.h"

#include <glib/gstdio.h>

#include "evidence/iommus.h"
#include "evidence/kdump-log.h"
#include "observe/attempt.h"

/* One file in a form that @parse knows; what it says and that it was asked go into the evidence. */
static bool ask(struct attempt *a, enum evidence_oracle_source source, uint16_t sid, const char *path, GError **error)
{
	g_autofree char *problem = NULL;
	g_autofree char *name = g_strdelimit(g_strdup(path + 1), "/:", '-');
	g_autofree char *keep = g_strdup_printf("oracles/%s.txt", name);
	g_autoptr(GError) err = NULL;
	g_autofree char *text = machine_guest_file(a->m, path, attempt_deadline(a, 20), &err);
	struct evidence *ev = a->ev;
	bool ok = false;

	if (!text && !attempt_goes_on(a, &err, &problem, error))
		return false;
	if (text && !rundir_write(a->rd, keep, text, -1, error))
		return false;
	if (text && (source == ORACLE_RANGES || source == ORACLE_RESERVED))
		ok = kdump_ranges_text(ev, source, text, &problem);
	else if (text && source == ORACLE_REGIONS)
		ok = kdump_regions_text(ev, sid, text, &problem);
	else if (text)
		ok = kdump_translation_text(ev, iommu_detect(a->plan->scenario), text, &problem);
	/* Of a translation each device in the file is noted, by the parser. */
	if (!ok || source != ORACLE_TRANSLATION)
		kdump_oracle(ev, source, sid, ok ? NULL : problem);
	return true;
}

#define INTEL "/sys/kernel/debug/iommu/intel"

/*
 * 6.12 has a directory a device, whose file is empty as long as the entry is a copied one; 6.1 one file of all
 * devices, made from the domains and not from the entries.
 */
static bool ask_of_device(struct attempt *a, uint16_t sid, bool one_file, GError **error)
{
	g_autofree char *regions = NULL, *translation = NULL;
	char bdf[16];

	sid_text(sid, bdf);
	regions = g_strdup_printf("/sys/bus/pci/devices/%s/iommu_group/reserved_regions", bdf);
	translation = g_strdup_printf(INTEL "/%s/domain_translation_struct", bdf);
	if (!ask(a, ORACLE_REGIONS, sid, regions, error))
		return false;
	return one_file || ask(a, ORACLE_TRANSLATION, sid, translation, error);
}

bool oracles_read(struct attempt *a, GError **error)
{
	bool one_file = g_str_has_prefix(a->plan->crash->release, "6.1.");
	g_autofree char *dir = rundir_file(a->rd, "oracles");

	/* A run that measures is not to spend minutes on reading a million lines. */
	if (!evidence_kdump_asked(a->ev) || plan_foreign(a->plan) ||
	    a->plan->scenario->iommu.mode == MACHINE_IOMMU_OFF || a->plan->options->no_probes)
		return true;
	g_mkdir_with_parents(dir, 0755);
	console_poll(machine_console(a->m));
	if (!ask(a, ORACLE_RANGES, 0, INTEL "/kdump/ranges", error) ||
	    !ask(a, ORACLE_RESERVED, 0, INTEL "/kdump/reserved", error))
		return false;
	for_each_evidence(const struct evidence_function, f, a->ev->functions)
		if (!ask_of_device(a, f->sid, one_file, error))
			return false;
	return !one_file || ask(a, ORACLE_TRANSLATION, 0, INTEL "/domain_translation_struct", error);
}
