/* SPDX-License-Identifier: GPL-2.0-only */
/* A first kernel that does not come as far as the panic, and the reference that tells whose doing it was. */
#include "run/reference.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "observe/console-words.h"
#include "results/progress.h"

#define TRIES 2 /* references: the newest of the cache may have the bug too */

/* A guest that ended by itself, or that was waited for in vain while QEMU was well. */
static bool guests_doing(struct run *run, const GError *error)
{
	const char *reason = run->at.m ? machine_shutdown_reason(run->at.m) : NULL;

	if (!run->at.m || !g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_CANNOT_JUDGE))
		return false;
	return (reason && g_str_has_prefix(reason, "guest")) ||
	       (machine_wait_ended(run->at.m) != MACHINE_END_STILL && !machine_died_by_itself(run->at.m));
}

bool reference_first_failure(struct run *run, const GError *error)
{
	struct evidence *ev = run->at.ev;
	const char *words = run->words ? console_words_last(run->words) : NULL;
	bool died;

	if (!error || ev->trigger_ns || !guests_doing(run, error))
		return false;
	/* beyond the hello only a death, or a device that gives no sign, is the kernel's: the rest is our own business */
	died = machine_shutdown_reason(run->at.m) || (words && strstr(words, "panic"));
	if (ev->first_hello && !died && !run->devices_asked)
		return false;
	ev->first_failure_device = ev->first_hello && !died;
	ev->first_failure = g_strndup(error->message, strcspn(error->message, ";\n"));
	/* a wait that the guest has ended says it, too */
	if (words && !strstr(ev->first_failure, words)) {
		g_autofree char *before = g_steal_pointer(&ev->first_failure);

		ev->first_failure = g_strdup_printf("%s; its console: %s", before, words);
	}
	return true;
}

/* @rd with the machine's files in a directory of their own. */
static bool beside(const struct rundir *rd, struct rundir *ref, GError **error)
{
	*ref = *rd;
	ref->path = rundir_file(rd, "reference");
	if (g_mkdir(ref->path, 0755) == 0 || g_file_test(ref->path, G_FILE_TEST_IS_DIR))
		return true;
	g_free(ref->path);
	return vtdlab_failed(error, "cannot make the directory of the reference");
}

static bool comes_through(struct run *run, const struct plan *plan, GError **error)
{
	struct rundir rd;
	struct run *ref;
	bool ok;

	if (!beside(run->at.rd, &rd, error))
		return false;
	ref = run_new(plan, &rd);
	ref->boots = g_strdup("a reference is booted");
	ok = phase_boot(ref, error) &&
	     (!run->at.ev->first_failure_device || (phase_load(ref, error) && phase_workload(ref, error)));
	run_free(ref);
	g_free(rd.path);
	return ok;
}

static bool try_reference(struct run *run, const char *kernel, GError **error)
{
	const struct plan *tested = run->at.plan;
	struct run_options options = *tested->options;
	struct scenario *s = scenario_copy(tested->scenario);
	struct plan plan = { 0 };
	bool ok;

	options.modules = NULL;
	progress_warn(options.progress, "a reference: the same with %s", kernel);
	ok = scenario_set_kernel(s, kernel, error) && plan_make(&plan, s, &options, error);
	if (ok && g_strcmp0(plan.first->sha256, tested->first->sha256) == 0)
		ok = vtdlab_unfit(error, "it is the kernel under test itself");
	if (ok && comes_through(run, &plan, error))
		run->at.ev->reference = g_strdup(plan.first->release);
	else
		ok = false;
	plan_clear(&plan);
	scenario_free(s);
	return ok;
}

bool reference_run(struct run *run, GError **error)
{
	const char *asked = run->at.plan->options->reference;
	g_auto(GStrv) cached = kernel_cached_specs(run->at.plan->first->release);
	const char *only[] = { asked, NULL };
	const char *const *kernels = asked ? only : (const char *const *)cached;
	g_autoptr(GString) why = g_string_new(NULL);

	for (unsigned i = 0; kernels[i] && i < TRIES; i++) {
		g_autoptr(GError) err = NULL;

		if (try_reference(run, kernels[i], &err))
			return true;
		if (g_error_matches(err, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED)) {
			g_propagate_error(error, g_steal_pointer(&err));
			return false;
		}
		g_string_append_printf(why, "%s%s did not come through either: %.*s", why->len ? "; " : "", kernels[i],
				       (int)strcspn(err->message, ";\n"), err->message);
	}
	if (!why->len)
		g_string_append(why, "no other kernel is in the cache: name a good one with --reference");
	run->at.ev->reference_failure = g_strdup(why->str);
	return true;
}
