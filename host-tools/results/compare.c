/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads the run.json of runs and sorts them into columns; the rows that are compared. */
#include "results/compare-priv.h"

#include <stdlib.h>
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
	g_free(run->kind);
	g_free(run->image);
	g_free(run->parent);
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

	c->runs = g_ptr_array_new_with_free_func(run_free);
	c->columns = g_ptr_array_new_with_free_func(column_free);
	return c;
}

void compare_free(struct compare *c)
{
	if (!c)
		return;
	g_ptr_array_unref(c->columns);
	g_ptr_array_unref(c->runs);
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
	column->runs = g_ptr_array_new();
	g_ptr_array_add(c->columns, column);
	return column;
}

static const char *qemu_of(const struct compare_run *run)
{
	return run->json->qemu ? run->json->qemu : "?";
}

static const char *image_of(const struct compare_run *run)
{
	return run->image;
}

/* Do runs of its kind differ in what @of says of them? */
static bool differs(const struct compare *c, const struct compare_run *run,
		    const char *(*of)(const struct compare_run *))
{
	for (guint i = 0; i < c->runs->len; i++) {
		const struct compare_run *other = c->runs->pdata[i];

		if (strcmp(other->kind, run->kind) == 0 && strcmp(of(other), of(run)) != 0)
			return true;
	}
	return false;
}

/* What a run ran on belongs to the name of its column where others of its kind ran on something else. */
static char *column_name(const struct compare *c, const struct compare_run *run)
{
	GString *name = g_string_new(run->side);

	g_string_append_printf(name, "%s%s", run->side ? ": " : "", run->kind);
	if (!run->side && differs(c, run, qemu_of))
		g_string_append_printf(name, ", QEMU %s", qemu_of(run));
	if (!run->side && differs(c, run, image_of))
		g_string_append_printf(name, ", image %s", image_of(run));
	for (char *p = name->str; *p; p++) /* it goes to a terminal */
		if (!g_ascii_isprint(*p) || *p == '|')
			*p = '?';
	return g_string_free(name, FALSE);
}

static void arrange(struct compare *c)
{
	g_ptr_array_set_size(c->columns, 0);
	for (guint i = 0; i < c->runs->len; i++) {
		g_autofree char *name = column_name(c, c->runs->pdata[i]);

		g_ptr_array_add(column_of(c, name)->runs, c->runs->pdata[i]);
	}
}

/* The runs that lie where the first one does are one side, those of a second directory the other; of two, one each. */
void compare_sides(struct compare *c)
{
	const struct compare_run *first = c->runs->len ? c->runs->pdata[0] : NULL, *second = NULL;

	if (c->columns->len != 1)
		return;
	for (guint i = 1; i < c->runs->len; i++) {
		const struct compare_run *run = c->runs->pdata[i];
		bool other = c->runs->len == 2 || strcmp(run->parent, first->parent) != 0;

		if (other && second && strcmp(run->parent, second->parent) != 0)
			return; /* from everywhere */
		if (other)
			second = run;
	}
	for (guint i = 0; second && i < c->runs->len; i++) {
		struct compare_run *run = c->runs->pdata[i];

		run->side = run == second || strcmp(run->parent, first->parent) != 0 ? "B" : "A";
	}
	arrange(c);
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

static struct compare_run *run_new(struct run_json *json, const char *path)
{
	g_autofree char *mode = cmdline_kdump_mode(json->crash_cmdline), *settings = run_json_settings(json),
			*real = realpath(path, NULL);
	const char *crash = json->crash_sha256 ? json->crash_sha256 : "?",
		   *first = json->first_sha256 ? json->first_sha256 : "?";
	struct compare_run *run = g_new0(struct compare_run, 1);

	run->json = json;
	run->failed = failed_checks(json);
	run->kind = g_strdup_printf("%s, %s %s%s%s", json->scenario, json->crash_release ? json->crash_release : "?",
				    mode ? mode : "off" /* mainline's */, *settings ? ", " : "", settings);
	run->image = strcmp(first, crash) == 0 ? g_strdup_printf("%.8s", crash) :
						 g_strdup_printf("%.8s and %.8s", first, crash);
	run->parent = g_path_get_dirname(real ? real : path);
	return run;
}

bool compare_add(struct compare *c, const char *side, const char *path, GError **error)
{
	struct run_json *json = run_json_load(path, error);
	struct compare_run *run;

	if (!json)
		return false;
	if (!same_work(c, json, path, error)) {
		run_json_free(json);
		return false;
	}
	run = run_new(json, path);
	run->side = side;
	g_ptr_array_add(c->runs, run);
	arrange(c);
	return true;
}
