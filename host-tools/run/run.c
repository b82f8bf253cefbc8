/* SPDX-License-Identifier: GPL-2.0-only */
/* A whole run: plan, one or two attempts, verdict, run directory. */
#include "run/run.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "html/run-page.h"
#include "results/progress.h"
#include "results/version.h"
#include "observe/console-words.h"
#include "observe/dma-disk.h"
#include "observe/dma-nic.h"
#include "observe/entries.h"
#include "observe/iommu-events.h"
#include "observe/kprobes.h"
#include "evidence/file.h"
#include "prepare/saved.h"
#include "run/phases.h"
#include "run/reference.h"

struct run *run_new(const struct plan *plan, struct rundir *rd)
{
	const struct scenario *sc = plan->scenario;
	struct run *run = g_new0(struct run, 1);

	run->at.plan = plan;
	run->at.rd = rd;
	run->at.ev = evidence_new(sc);
	run->at.ev->first_release = g_strdup(plan->first->release);
	run->at.ev->crash_release = g_strdup(plan->crash->release);
	run->at.clock = clock_new(plan->options->progress);
	run->report = report_new(sc->name);
	run->report->title = g_strdup(sc->title);
	run->report->env.commit = g_strdup(vtdlab_commit());
	return run;
}

/* Observers that are told of what the machine says outlive it; the others go before. */
void run_free(struct run *run)
{
	if (!run)
		return;
	breakpoint_free(run);
	entries_free(run->entries);
	machine_free(run->at.m);
	iommu_events_free(run->iommu);
	console_words_free(run->words);
	foreign_free(run->foreign);
	kprobes_free(run->kprobes);
	disk_dma_free(run->disk);
	nic_dma_free(run->nic);
	evidence_free(run->at.ev);
	clock_free(run->at.clock);
	report_free(run->report);
	saved_free(run->saved);
	g_free(run->boots);
	g_free(run->unrestored);
	g_free(run);
}

/* --keep: the VM stays, stopped, until a signal comes; then all of it goes. */
static void keep(struct run *run)
{
	g_autofree char *where = NULL;

	if (!run->at.m || !machine_alive(run->at.m))
		return;
	machine_stop(run->at.m, NULL);
	where = machine_where(run->at.m);
	g_printerr("The VM is kept, stopped: %s,\n"
		   "its files are in %s.\n",
		   where, run->at.rd->path);
	if (machine_gdb_path(run->at.m))
		g_printerr("gdb: target remote %s\n", machine_gdb_path(run->at.m));
	g_printerr("Ctrl-C ends it.\n");
	while (!interrupt_pending() && machine_alive(run->at.m)) {
		machine_poll(run->at.m);
		g_usleep(20 * 1000);
	}
	interrupt_clear();
}

/*
 * --keep-core: the RAM as the machine left it. Not at the panic, where a copy of a gigabyte would hold up the crash kernel,
 * and a verdict must not depend on that; what the dead kernel left is still there at the end, but for the DMA that came late.
 */
static void keep_ram(struct run *run)
{
	g_autofree char *path = rundir_file(run->at.rd, RUNDIR_RAM);
	g_autoptr(GError) error = NULL;
	struct stat st;

	if (!machine_save_ram(run->at.m, path, &error) || stat(path, &st))
		report_note(run->report, "the RAM could not be kept: %s", error ? error->message : g_strerror(errno));
	else
		report_note(run->report, "the RAM is kept, %" G_GUINT64_FORMAT " MiB of disk, for `vtdlab core`",
			    (uint64_t)st.st_blocks >> 11);
}

/* A first kernel that gave no sign, or a crash kernel that did not come up, may be the host's doing; DMA that the IOMMU
 * refuses is not. */
static bool worth_another_try(const struct run *run, const GError *error)
{
	const struct evidence *ev = run->at.ev;

	if (error)
		return ev->first_failure && !(ev->first_failure_device && evidence_first_faults(ev, EVIDENCE_ANY));
	return ev->crash_failure;
}

#define UNRESTORED "not-restored" /* directory of an attempt that a snapshot was no good for */

/* Moves what an attempt left into the directory @where. */
static void put_away(struct rundir *rd, const char *where)
{
	g_autofree char *to = rundir_file(rd, where);
	g_autoptr(GDir) dir = g_dir_open(rd->path, 0, NULL);
	const char *name;

	g_mkdir(to, 0755);
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *old = rundir_file(rd, name);
		g_autofree char *new = g_build_filename(to, name, NULL);

		if (strcmp(name, where) != 0 && strcmp(name, UNRESTORED) != 0 && strcmp(name, "pid") != 0)
			g_rename(old, new);
	}
}

static bool write_results(struct run *run, const char *cut, GError **error)
{
	g_autofree char *scenario = schema_text(&scenario_schema, run->at.plan->scenario), *json = NULL,
			*summary = NULL, *html = NULL;

	if (cut)
		return vtdlab_failed(error, "%s could not be written completely: is the disk full?", cut);
	run->report->run_dir = g_build_filename(run->at.rd->root, run->at.rd->name, NULL);
	run->report->has_logs = run->at.m;
	run->report->duration_s = (double)clock_elapsed_ns(run->at.clock) / 1e9;
	json = report_json(run->report);
	html = html_run_page(run->report, run->at.ev, run->at.rd->path);
	/* what can be judged again comes first, should the disk be full */
	if (!evidence_save(run->at.ev, run->at.rd->path, error) ||
	    !rundir_write(run->at.rd, "scenario.conf", scenario, -1, error) || !run_write_tables(run, error) ||
	    !rundir_write(run->at.rd, REPORT_HTML, html, -1, error))
		return false;
	run->report->has_page = true;
	summary = report_page(run->report, REPORT_ALL);
	return rundir_write(run->at.rd, "summary.txt", summary, -1, error) &&
	       rundir_write(run->at.rd, "run.json", json, -1, error);
}

/*
 * Once a machine has run, what goes wrong is a broken rig, which is a result of its own (inconclusive, with
 * the reason), but for an interrupt and for what the user can mend. However QEMU's end was noticed (a wait,
 * a command that could not be sent), its own last words are the reason.
 */
static bool broken_rig(struct run *run, const GError *error)
{
	bool died;

	if (!run->at.m || g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED) || vtdlab_error_no_run(error))
		return false;
	died = machine_died_by_itself(run->at.m);
	run->at.ev->rig_error = g_strdup(died ? machine_death(run->at.m) : error->message);
	g_strdelimit(run->at.ev->rig_error, "\n", ' ');
	return true;
}

/* What the trace has is ordered by the wall clock, and a verdict hangs on what came first. */
static void clock_was_set(struct run *run)
{
	double step = run->at.m ? machine_clock_step(run->at.m) : 0;

	if (step != 0 && !run->at.ev->rig_error)
		run->at.ev->rig_error =
			g_strdup_printf("the host's wall clock was set while it ran, by %+.3f s: what QEMU "
					"traced cannot be put in order; run it again",
					step);
}

/* What a snapshot that is no good came to is no attempt: the run boots. */
static struct run *first_attempt(const struct plan *plan, struct rundir *rd, GError **error)
{
	struct run *run = run_new(plan, rd);
	GError *err = NULL;
	char *why;

	run_attempt(run, &err);
	if (run->unrestored) {
		why = g_steal_pointer(&run->unrestored);
		progress_warn(plan->options->progress, "%s", why);
		g_clear_error(&err);
		run_free(run);
		put_away(rd, UNRESTORED);
		run = run_new(plan, rd);
		run->boots = why;
		run_attempt(run, &err);
	}
	if (err)
		g_propagate_error(error, err);
	return run;
}

static struct run *attempts(const struct plan *plan, struct rundir *rd, GError **error)
{
	struct run *run = NULL;
	g_autofree char *failure = NULL, *why = NULL;
	GError *err = NULL;

	run = first_attempt(plan, rd, &err);
	reference_first_failure(run, err);
	if (!plan->options->no_retry && worth_another_try(run, err)) {
		failure = g_strdup(run->at.ev->crash_failure);
		why = g_strdup(err ? err->message : failure);
		progress_warn(plan->options->progress, "trying again: %s", why);
		g_clear_error(&err);
		run_free(run);
		put_away(rd, "attempt-1");
		run = run_new(plan, rd);
		run->boots = g_strdup("it is the second attempt");
		run->at.ev->first_attempt = g_steal_pointer(&failure);
		report_note(run->report, "second attempt: the first is in attempt-1/ (%.*s)", (int)strcspn(why, "\n"),
			    why);
		run_attempt(run, &err);
		reference_first_failure(run, err);
	}
	if (run->at.ev->first_failure) {
		g_clear_error(&err);
		machine_kill(run->at.m);
		reference_run(run, &err);
	}
	if (!err) {
		clock_was_set(run);
		return run;
	}
	if (broken_rig(run, err)) {
		g_error_free(err);
		return run;
	}
	g_propagate_error(error, err);
	run_free(run);
	return NULL;
}

static bool run_in(const struct plan *plan, struct rundir *rd, struct run_outcome *out, GError **error)
{
	struct run *run = attempts(plan, rd, error);
	const char *cut = NULL; /* a log that is not whole */
	bool ok;

	if (!run)
		return false;
	if (plan->options->keep)
		keep(run);
	if (run->at.m)
		machine_kill(run->at.m);
	if (run->at.m && plan->options->keep_core)
		keep_ram(run);
	if (run->kprobes)
		kprobes_conclude(run->kprobes);
	breakpoint_note(run);
	run_judge(run);
	if (run->at.m)
		machine_logs_ok(run->at.m, &cut);
	ok = write_results(run, cut, error) && rundir_commit(rd, RUNDIR_LATEST, error);
	if (ok) {
		out->exit = run->report->verdict->exit;
		out->outcome = run->report->verdict->outcome;
		out->copy_ns = run->kprobes ? kprobes_copy_ns(run->kprobes) : -1;
		out->dir = g_strdup(rd->path);
	}
	/* a verdict that could not be kept is told nevertheless, but not where the evidence is not whole */
	if (!cut) {
		out->page = report_page(run->report, plan->options->page);
		out->line = report_line(run->report);
	}
	run_free(run);
	return ok;
}

bool scenario_run(const struct scenario *scenario, const struct run_options *options, struct run_outcome *out,
		  GError **error)
{
	g_autoptr(GError) err = NULL;
	struct rundir *rd;
	struct plan plan;

	memset(out, 0, sizeof(*out));
	if (!rundir_possible(options->results, error))
		return false;
	if (!plan_make(&plan, scenario, options, error)) {
		plan_clear(&plan);
		return false;
	}
	rd = rundir_create(options->results, scenario->name, error);
	if (!rd) {
		plan_clear(&plan);
		return false;
	}
	if (!run_in(&plan, rd, out, &err)) {
		if (vtdlab_error_no_run(err))
			rundir_remove(rd);
		else if (rd->pid_fd >= 0)
			rundir_interrupt(rd, err->message, NULL);
		g_propagate_error(error, g_steal_pointer(&err));
	}
	rundir_free(rd);
	plan_clear(&plan);
	return out->dir != NULL;
}

void run_outcome_clear(struct run_outcome *out)
{
	g_free(out->dir);
	g_free(out->page);
	g_free(out->line);
	memset(out, 0, sizeof(*out));
}

char *scenario_dry_run(const struct scenario *scenario, const struct run_options *options, GError **error)
{
	struct machine_config cfg;
	struct plan plan;
	char *text = NULL;

	if (plan_make(&plan, scenario, options, error)) {
		plan_machine(&plan, ".", &cfg);
		text = machine_describe(&cfg, error);
	}
	plan_clear(&plan);
	return text;
}
