/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks the crash kernel itself, by its agent, what is reserved and what translates where. */
#include "run/run-priv.h"

#include <glib/gstdio.h>
#include <string.h>

#include "evidence/kdump-log.h"

/* Reads a file of the crash kernel; NULL with @problem, or with @error when the run has ended. */
static char *read_file(struct run *run, const char *path, char **problem, GError **error)
{
	g_autoptr(GError) err = NULL;
	char *text = machine_guest_file(run->m, path, run_deadline(run, 20), &err);

	if (!text)
		run_goes_on(run, &err, problem, error);
	return text;
}

/* One file in a form that @parse knows; what it says and that it was asked go into the evidence. */
static bool ask(struct run *run, enum evidence_oracle_source source, uint16_t sid, const char *path, GError **error)
{
	g_autofree char *problem = NULL, *text = NULL;
	g_autofree char *name = g_strdelimit(g_strdup(path + 1), "/:", '-');
	g_autofree char *keep = g_strdup_printf("oracles/%s.txt", name);
	struct evidence *ev = run->ev;
	GError *err = NULL;
	bool ok = false;

	text = read_file(run, path, &problem, &err);
	if (err) {
		g_propagate_error(error, err);
		return false;
	}
	if (text && !rundir_write(run->rd, keep, text, -1, error))
		return false;
	if (text && (source == ORACLE_RANGES || source == ORACLE_RESERVED))
		ok = kdump_ranges_text(ev, source, text, &problem);
	else if (text && source == ORACLE_REGIONS)
		ok = kdump_regions_text(ev, sid, text, &problem);
	else if (text)
		ok = kdump_translation_text(ev, text, &problem);
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
static bool ask_of_device(struct run *run, uint16_t sid, bool one_file, GError **error)
{
	g_autofree char *regions = NULL, *translation = NULL;
	char bdf[16];

	sid_text(sid, bdf);
	regions = g_strdup_printf("/sys/bus/pci/devices/%s/iommu_group/reserved_regions", bdf);
	translation = g_strdup_printf(INTEL "/%s/domain_translation_struct", bdf);
	if (!ask(run, ORACLE_REGIONS, sid, regions, error))
		return false;
	return one_file || ask(run, ORACLE_TRANSLATION, sid, translation, error);
}

bool oracles_read(struct run *run, GError **error)
{
	bool one_file = g_str_has_prefix(run->plan->crash->release, "6.1.");
	g_autofree char *dir = rundir_file(run->rd, "oracles");

	/* A run that measures is not to spend minutes on reading a million lines. */
	if (!evidence_kdump_asked(run->ev) || run_foreign(run) || run->sc->iommu.mode == MACHINE_IOMMU_OFF ||
	    run->plan->options->no_probes)
		return true;
	g_mkdir_with_parents(dir, 0755);
	console_poll(machine_console(run->m));
	if (!ask(run, ORACLE_RANGES, 0, INTEL "/kdump/ranges", error) ||
	    !ask(run, ORACLE_RESERVED, 0, INTEL "/kdump/reserved", error))
		return false;
	for (unsigned i = 0; i < run->ev->functions->len; i++)
		if (!ask_of_device(run, g_array_index(run->ev->functions, struct evidence_function, i).sid, one_file,
				   error))
			return false;
	return !one_file || ask(run, ORACLE_TRANSLATION, 0, INTEL "/domain_translation_struct", error);
}
