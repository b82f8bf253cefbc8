/* SPDX-License-Identifier: GPL-2.0-only */
/* The crash kernel is loaded: flat where it may be, and what memory becomes its. */
#include "run/phases.h"

#include "base/error.h"
#include "base/json-line.h"
#include "observe/crash-memory.h"
#include "prepare/saved.h"

static JsonObject *ask(struct run *run, bool flat, GError **error)
{
	const struct scenario *sc = run->at.plan->scenario;
	const char *mode = sc->crash.load == CONF_LOAD_KEXEC ? "kexec" : "kexec-file";

	run->flat = flat;
	return machine_agent(run->at.m, attempt_deadline(&run->at, 30), error, "kexec-load", "mode", MACHINE_STR, mode,
			     "cmdline", MACHINE_STR, run->at.plan->crash_cmdline, "checksum", MACHINE_BOOL,
			     (int)sc->crash.checksum, "flat", MACHINE_BOOL, (int)flat, NULL);
}

/* Flat, if there is such an image and kexec takes it: it may want a signature, or more memory than it has. */
static JsonObject *ask_for_any(struct run *run, GError **error)
{
	const struct plan *plan = run->at.plan;
	g_autoptr(GError) refusal = NULL;
	JsonObject *loaded;

	if (plan->not_flat)
		report_note(run->report, "the crash kernel is loaded as shipped, not flat: %s", plan->not_flat);
	if (!plan->crash_flat)
		return ask(run, false, error);
	loaded = ask(run, true, &refusal);
	if (loaded)
		return loaded;
	if (!g_error_matches(refusal, VTDLAB_ERROR, VTDLAB_ERROR_FAILED)) {
		g_propagate_error(error, g_steal_pointer(&refusal));
		return NULL;
	}
	loaded = ask(run, false, error);
	if (loaded)
		report_note(run->report, "the crash kernel is loaded as shipped, not flat: %s", refusal->message);
	return loaded;
}

/* Where the crash kernel lies, which this kernel says now. */
static bool read_range(struct run *run, GError **error)
{
	g_autoptr(JsonObject) range = NULL;
	g_autofree char *difference = NULL;

	range = machine_agent(run->at.m, attempt_deadline(&run->at, 10), error, "crash-range", NULL);
	if (!range)
		return false;
	crash_memory_reserved(&run->at, range);
	difference = crash_memory_difference(run->at.ev);
	if (difference)
		report_note(run->report, "%s", difference);
	return true;
}

bool kexec_load(struct run *run, GError **error)
{
	g_autoptr(JsonObject) loaded = ask_for_any(run, error);

	if (!loaded)
		return false;
	run->at.ev->crash_loaded = agent_bool(loaded, "loaded", false);
	if (!run->at.ev->crash_loaded)
		return vtdlab_unjudged(error, "kexec returned, but no crash kernel is loaded");
	return read_range(run, error);
}

bool kexec_restored(struct run *run, GError **error)
{
	g_autofree char *loaded =
		machine_guest_file(run->at.m, "/sys/kernel/kexec_crash_loaded", attempt_deadline(&run->at, 10), error);
	JsonArray *notes = json_line_array(run->saved->meta, "notes");

	if (!loaded)
		return false;
	run->at.ev->crash_loaded = *loaded == '1';
	if (!run->at.ev->crash_loaded)
		return vtdlab_unjudged(error, "the restored kernel has no crash kernel loaded");
	run->flat = json_line_bool(run->saved->meta, "flat", false);
	for (unsigned i = 0; notes && i < json_array_get_length(notes); i++)
		report_note(run->report, "%s", json_array_get_string_element(notes, i));
	return read_range(run, error);
}
