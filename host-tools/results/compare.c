/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads the run.json of runs and sorts them into columns; the rows that are compared. */
#include "results/compare-priv.h"

#include <string.h>

#include "base/cmdline.h"
#include "base/error.h"

const struct compare_row compare_rows[] = {
	{ "requesters at the panic", SAMPLE_COUNT, "iova/requesters", NULL, NULL },
	{ "leaves at the panic", SAMPLE_COUNT, "iova/leaves", NULL, NULL },
	{ "ranges at the panic", SAMPLE_COUNT, "iova/ranges", NULL, NULL },
	{ "copy, by probes", SAMPLE_NS, "timing/copy_ns", NULL, NULL },
	{ "copy, by the kernel", SAMPLE_NS, "kdump/copies/t_total_ns", NULL, NULL },
	{ "  of it: scan", SAMPLE_NS, "kdump/copies/t_scan_ns", NULL, NULL },
	{ "  of it: copy", SAMPLE_NS, "kdump/copies/t_copy_ns", NULL, NULL },
	{ "reservation", SAMPLE_NS, "kdump/reserve/t_ns", NULL, NULL },
	{ "graft", SAMPLE_NS, "kdump/graft/t_ns", NULL, NULL },
	{ "IOMMU's initialisation", SAMPLE_NS, "timing/init_ns", NULL, NULL },
	{ "boot of the crash kernel", SAMPLE_NS, "timing/crash/boot_ns", NULL, NULL },
	{ "memory of the copy", SAMPLE_BYTES, "kdump/copies/bytes", NULL, NULL },
	{ "ranges reserved", SAMPLE_COUNT, "kdump/reserve/ranges", NULL, NULL },
	{ "  by probes", SAMPLE_COUNT, "iova/reserved_ranges", "iova/reserved_standing", NULL },
	{ "IOVA pages retargeted", SAMPLE_COUNT, "iova/retargeted", NULL, NULL },
	{ "late DMA: in its old place", SAMPLE_COUNT, "late_dma/old_place", NULL, NULL },
	{ "late DMA: a fault", SAMPLE_COUNT, "late_dma/fault", NULL, NULL },
	{ "late DMA: elsewhere", SAMPLE_COUNT, "late_dma/elsewhere", NULL, NULL },
	{ "DMA landed before the copy", SAMPLE_COUNT, "dma/landed_before_copy", NULL, NULL },
	{ "DMA landed after the copy", SAMPLE_COUNT, "dma/landed_after_copy", NULL, NULL },
	{ "DMA lost", SAMPLE_COUNT, "dma/lost", NULL, NULL },
	{ "DMA misplaced", SAMPLE_COUNT, "dma/misplaced", NULL, NULL },
	{ "faults before the attach", SAMPLE_COUNT, "faults/before_attach", NULL, NULL },
	{ "faults after the attach", SAMPLE_COUNT, "faults/after_attach", NULL, NULL },
	{ "devices that work", SAMPLE_COUNT, "devices/works", NULL, "devices/used" },
	{ NULL, SAMPLE_COUNT, NULL, NULL, NULL },
};

static void run_free(void *p)
{
	struct compare_run *run = p;

	run_json_free(run->json);
	g_free(run->failed);
	g_free(run);
}

static void column_free(void *p)
{
	struct compare_column *column = p;

	g_free(column->name);
	g_ptr_array_unref(column->runs);
	g_free(column);
}

struct compare *compare_new(void)
{
	struct compare *c = g_new0(struct compare, 1);

	c->columns = g_ptr_array_new_with_free_func(column_free);
	return c;
}

void compare_free(struct compare *c)
{
	if (!c)
		return;
	g_ptr_array_unref(c->columns);
	g_free(c->clock);
	g_free(c->accel);
	g_free(c->first_path);
	g_free(c->scenario);
	g_free(c);
}

bool compare_value(const struct compare_run *run, const char *path, const char *minus, double *value)
{
	double less = 0;

	if (!run_json_number(run->json, path, value))
		return false;
	if (minus && run_json_number(run->json, minus, &less))
		*value -= less;
	return true;
}

/* ---- columns ---- */

static struct compare_column *column_of(struct compare *c, const char *name)
{
	struct compare_column *column;

	for (guint i = 0; i < c->columns->len; i++) {
		column = c->columns->pdata[i];
		if (strcmp(column->name, name) == 0)
			return column;
	}
	column = g_new0(struct compare_column, 1);
	column->name = g_strdup(name);
	column->runs = g_ptr_array_new_with_free_func(run_free);
	g_ptr_array_add(c->columns, column);
	return column;
}

static char *failed_checks(const struct run_json *json)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < json->checks->len; i++) {
		const struct run_json_check *check = &g_array_index(json->checks, struct run_json_check, i);

		if (check->result == CHECK_FAIL)
			g_string_append_printf(out, "%s%s", out->len ? ", " : "", check->name);
	}
	return g_string_free(out, FALSE);
}

/* Times of one clock say nothing about those of another, and figures of one scenario nothing about those of another. */
static bool same_work(struct compare *c, const struct run_json *json, const char *path, GError **error)
{
	const char *clock = json->clock, *accel = json->accel;

	if (!clock || !accel) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE,
			    "%s: its run.json names no clock and accelerator: it has not run a machine", path);
		return false;
	}
	if (!c->clock) {
		c->clock = g_strdup(clock);
		c->accel = g_strdup(accel);
		c->first_path = g_strdup(path);
		c->scenario = g_strdup(json->scenario);
	}
	if (strcmp(c->scenario, json->scenario) != 0)
		return vtdlab_refuse(error, "%s ran scenario %s, %s ran %s: figures of these cannot be compared",
				     c->first_path, c->scenario, path, json->scenario);
	if (strcmp(c->clock, clock) == 0 && strcmp(c->accel, accel) == 0)
		return true;
	g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE,
		    "%s ran with clock %s under %s, %s with clock %s under %s: times of these cannot be compared",
		    c->first_path, c->clock, c->accel, path, clock, accel);
	return false;
}

bool compare_add(struct compare *c, const char *side, const char *path, GError **error)
{
	struct run_json *json = run_json_load(path, error);
	g_autofree char *mode = NULL, *name = NULL, *settings = NULL;
	struct compare_run *run;

	if (!json)
		return false;
	if (!same_work(c, json, path, error)) {
		run_json_free(json);
		return false;
	}
	mode = cmdline_value(json->crash_cmdline, "intel_iommu_kdump");
	if (!mode)
		mode = g_strdup("off"); /* mainline's */
	settings = run_json_settings(json);
	name = g_strdup_printf("%s%s%s, %s %s%s%s", side ? side : "", side ? ": " : "", json->scenario,
			       json->crash_release ? json->crash_release : "?", mode, *settings ? ", " : "", settings);
	for (char *p = name; *p; p++) /* it goes to a terminal */
		if (!g_ascii_isprint(*p) || *p == '|')
			*p = '?';
	run = g_new0(struct compare_run, 1);
	run->json = json;
	run->failed = failed_checks(json);
	g_ptr_array_add(column_of(c, name)->runs, run);
	return true;
}
