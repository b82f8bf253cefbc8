/* SPDX-License-Identifier: GPL-2.0-only */
/* One kernel against a bug, and the search among many. */
#include "bugs/bisect.h"

#include <string.h>

#include "base/error.h"
#include "bugs/bench-side.h"

/* ---- one kernel ---- */

static int told(const struct bug *bug, const char *dir, GString *why, GError **error)
{
	struct run_json *run = bug_run_load(bug, dir, error);
	g_autoptr(GString) good = g_string_new(NULL);
	int exit = VTDLAB_EXIT_CANNOT_JUDGE;

	if (!run)
		return exit;
	if (side_judge(&bug->recipes[0].bad, run, why) == SIDE_AS_STATED) {
		exit = VTDLAB_EXIT_BAD;
	} else if (side_judge(&bug->recipes[0].good, run, good) == SIDE_AS_STATED) {
		exit = VTDLAB_EXIT_OK;
		g_string_assign(why, good->str);
	}
	run_json_free(run);
	return exit;
}

/* One run with that kernel; *@dir is where it is, the caller frees it. */
static bool run_with(const struct bug *bug, const char *kernel, const struct reproduce_options *options, char **dir,
		     GError **error)
{
	const struct bug_side *bad = &bug->recipes[0].bad;
	struct scenario *s;
	bool ok;

	if (*bug->bench)
		return bench_side_run(bug, bad, kernel, options->results, options->style, dir, error);
	s = bug_scenario(bug, bad, options->checks, error);
	/* of both kernels: the crash kernel's copy is judged, and a bug of the first kernel names one for both */
	ok = s && scenario_set_kernel(s, kernel, error) &&
	     side_run(bad, s, options->results, options->style, dir, error);
	scenario_free(s);
	return ok;
}

bool bug_judge_kernel(const struct bug *bug, const char *kernel, const struct reproduce_options *options, int *exit,
		      GString *why, GError **error)
{
	g_autofree char *dir = NULL;
	g_autoptr(GError) err = NULL;

	*exit = VTDLAB_EXIT_CANNOT_JUDGE;
	if (*bug->figure)
		return vtdlab_refuse(error, "bug %s is about a figure, which one kernel alone has not more or less of",
				     bug->name);
	if (run_with(bug, kernel, options, &dir, &err)) {
		*exit = told(bug, dir, why, &err);
	} else if (err->code == VTDLAB_ERROR_UNFIT || err->code == VTDLAB_ERROR_FAILED) {
		g_string_append(why, err->message);
		g_clear_error(&err);
	}
	if (!err)
		return true;
	g_propagate_error(error, g_steal_pointer(&err));
	return false;
}

/* ---- many ---- */

static void clear_build(void *p)
{
	struct bisect_build *build = p;

	g_free(build->spec);
	g_free(build->version);
}

GArray *bisect_builds(const char *available, const char *series)
{
	GArray *builds = g_array_new(FALSE, FALSE, sizeof(struct bisect_build));
	g_autofree char *prefix = g_strdup_printf("debian:%s.", series);
	g_auto(GStrv) rows = g_strsplit(available, "\n", -1);

	g_array_set_clear_func(builds, clear_build);
	for (char **row = rows; *row; row++) {
		g_auto(GStrv) words = g_strsplit(*row, " ", 2);
		struct bisect_build build = { .exit = -1 };

		if (!words[0] || !words[1] || !g_str_has_prefix(words[0], prefix) || strstr(words[0], "-cloud-") ||
		    strstr(words[0], "-rt-"))
			continue;
		build.spec = g_strdup(words[0]);
		build.version = g_strstrip(g_strdup(words[1]));
		g_array_append_val(builds, build);
	}
	return builds;
}

static struct bisect_build *build_at(GArray *builds, unsigned i)
{
	return &g_array_index(builds, struct bisect_build, i);
}

/* Is @spec of @release, with or without Debian's part of the name and "debian:" (6.12.85, 6.12.85+deb12-amd64)? */
static bool is_release(const char *spec, const char *release)
{
	size_t n;

	spec += strlen("debian:");
	if (g_str_has_prefix(release, "debian:"))
		release += strlen("debian:");
	n = strlen(release);
	return strncmp(spec, release, n) == 0 && (!spec[n] || spec[n] == '+' || spec[n] == '-');
}

bool bisect_cut(GArray *builds, const char *from, const char *to, GError **error)
{
	guint first = 0, end = builds->len;

	while (from && first < builds->len && !is_release(build_at(builds, first)->spec, from))
		first++;
	while (to && end && !is_release(build_at(builds, end - 1)->spec, to))
		end--;
	if (first == builds->len || !end)
		return vtdlab_refuse(
			error, "--%s %s: no build of that release can be had: see `vtdlab list kernels --available`",
			end ? "from" : "to", end ? from : to);
	if (first >= end)
		return vtdlab_refuse(error, "--from %s: is newer than --to %s", from, to);
	g_array_set_size(builds, end);
	if (first)
		g_array_remove_range(builds, 0, first);
	return true;
}

/* The answer of the build nearest to the middle of what lies between @low and @high that gives one; *@at is it. */
static bool ask_between(GArray *builds, unsigned low, unsigned high, unsigned *at,
			bool (*ask)(struct bisect_build *, void *, GError **), void *data, GError **error)
{
	unsigned middle = low + (high - low) / 2;

	for (unsigned off = 0; off <= high - low; off++)
		for (int sign = -1; sign <= 1; sign += 2) {
			int64_t i = (int64_t)middle + sign * (int64_t)off;
			struct bisect_build *build;

			if (i <= low || i >= high || (off == 0 && sign > 0))
				continue;
			build = build_at(builds, (unsigned)i);
			if (build->exit < 0 && !ask(build, data, error))
				return false;
			if (build->exit != VTDLAB_EXIT_CANNOT_JUDGE) {
				*at = (unsigned)i;
				return true;
			}
		}
	*at = low; /* none of them can be told */
	return true;
}

bool bisect_search(GArray *builds, bool (*ask)(struct bisect_build *build, void *data, GError **error), void *data,
		   unsigned *last_same, unsigned *first_other, GError **error)
{
	unsigned low = 0, high = builds->len - 1, at;

	if (builds->len < 2)
		return vtdlab_unjudged(error, "%u build: there is nothing to search", builds->len);
	for (unsigned i = 0; i < builds->len; i += builds->len - 1) {
		struct bisect_build *end = build_at(builds, i);

		if (!ask(end, data, error))
			return false;
		if (end->exit == VTDLAB_EXIT_CANNOT_JUDGE)
			return vtdlab_unjudged(error,
					       "%s is neither as the bad side nor as the good side states: name other "
					       "ends with --from and --to",
					       end->spec);
	}
	if (build_at(builds, low)->exit == build_at(builds, high)->exit)
		return vtdlab_unjudged(error, "%s and %s are both %s: there is no change between them",
				       build_at(builds, low)->spec, build_at(builds, high)->spec,
				       build_at(builds, low)->exit ? "bad" : "good");
	for (;;) {
		if (!ask_between(builds, low, high, &at, ask, data, error))
			return false;
		if (at == low)
			break;
		if (build_at(builds, at)->exit == build_at(builds, 0)->exit)
			low = at;
		else
			high = at;
	}
	*last_same = low;
	*first_other = high;
	return true;
}

const char *bisect_regex(enum bug_area area)
{
	switch (area) {
	case BUG_NESTED_KVM:
		return "kvm";
	case BUG_INTERRUPT_REMAPPING:
		return "iommu/vt-d|irq_remapping|irq remapping|interrupt remapping|x86/apic|kexec";
	case BUG_IOVA:
		return "iommu/vt-d|iommu/iova|iommu/dma|iommu:|dma-mapping";
	default:
		return "iommu/vt-d|iommu/iova|iommu/dma|iommu:|kdump|kexec|crash_dump";
	}
}
