/* SPDX-License-Identifier: GPL-2.0-only */
/* How long each phase of runs like the one to come has taken here. */
#include "results/earlier.h"

#include <fcntl.h>
#include <string.h>

#include "base/files.h"
#include "base/json-line.h"
#include "base/stats.h"
#include "results/report.h"
#include "results/run-json-read.h"
#include "results/rundir.h"

#define TAKEN 5	     /* like runs: one that met a busy host does not move their median */
#define LOOKED_AT 20 /* of that scenario: a file of a megabyte takes some milliseconds */

static bool is_like(const struct run_json *run, const struct run_report *report, const struct earlier_like *like)
{
	JsonObject *settings = json_line_object(run->o, "settings");

	return g_strcmp0(run->scenario, like->scenario) == 0 && g_strcmp0(run->accel, like->accel) == 0 &&
	       g_strcmp0(report->env.host_cpu, like->host_cpu) == 0 && settings &&
	       json_object_equal(settings, like->settings);
}

static const struct report_phase *phase_of(const struct run_report *report, const char *name)
{
	for (guint i = 0; i < report->phases->len; i++) {
		const struct report_phase *p = report->phases->pdata[i];

		if (strcmp(p->name, name) == 0 && p->end_ns >= p->start_ns)
			return p;
	}
	return NULL;
}

/* Adds the phases of the run at @path to @seconds, a GArray of double for each of @phases; false: it is not like it. */
static bool take(const char *path, const struct earlier_like *like, const char *const *phases, GPtrArray *seconds)
{
	struct run_json *run = run_json_load(path, NULL);
	struct run_report *report;
	bool ok;

	if (!run)
		return false;
	report = report_new(run->scenario);
	run_json_report(run, report);
	ok = is_like(run, report, like);
	for (guint i = 0; ok && phases[i]; i++) {
		const struct report_phase *p = phase_of(report, phases[i]);
		double value = p ? (double)(p->end_ns - p->start_ns) / 1e9 : 0;

		if (p)
			g_array_append_val((GArray *)seconds->pdata[i], value);
	}
	report_free(report);
	run_json_free(run);
	return ok;
}

static void free_values(void *values)
{
	g_array_unref(values);
}

double *earlier_seconds(const char *root, const struct earlier_like *like, const char *const *phases)
{
	guint n = g_strv_length((char **)phases), taken = 0, looked_at = 0;
	g_autoptr(GPtrArray) names = dir_names(AT_FDCWD, root), seconds = g_ptr_array_new_with_free_func(free_values);
	double *out = g_new(double, n);

	for (guint i = 0; i < n; i++)
		g_ptr_array_add(seconds, g_array_new(FALSE, FALSE, sizeof(double)));
	g_ptr_array_sort(names, rundir_newest_first);
	for (guint i = 0; i < names->len && taken < TAKEN && looked_at < LOOKED_AT; i++) {
		g_autofree char *path = g_build_filename(root, names->pdata[i], NULL);

		if (!rundir_is_of(names->pdata[i], like->scenario, true) || g_file_test(path, G_FILE_TEST_IS_SYMLINK))
			continue;
		looked_at++;
		taken += take(path, like, phases, seconds);
	}
	for (guint i = 0; i < n; i++) {
		GArray *values = seconds->pdata[i];

		out[i] = values->len ? stats_median((double *)(void *)values->data, values->len) : -1;
	}
	return out;
}
