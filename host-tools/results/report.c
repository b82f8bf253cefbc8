/* SPDX-License-Identifier: GPL-2.0-only */
/* A run's report: collecting it, and judging what the checks amount to. */
#include "results/report.h"

#include <string.h>
#include <sys/utsname.h>

#include "base/error.h"

static void free_check(gpointer data)
{
	struct report_check *c = data;

	g_free(c->name);
	g_free(c->outcome);
	g_free(c->detail);
	g_free(c);
}

static void free_phase(gpointer data)
{
	struct report_phase *p = data;

	g_free(p->name);
	g_free(p);
}

static void clear_kernel(struct report_kernel *k)
{
	g_free(k->spec);
	g_free(k->release);
	g_free(k->sha256);
	g_free(k->config_sha256);
	g_free(k->cmdline);
}

struct run_report *report_new(const char *scenario)
{
	struct run_report *r = g_new0(struct run_report, 1);

	r->scenario = g_strdup(scenario);
	r->started = g_date_time_new_now_utc();
	r->checks = g_ptr_array_new_with_free_func(free_check);
	r->phases = g_ptr_array_new_with_free_func(free_phase);
	r->notes = g_ptr_array_new_with_free_func(g_free);
	r->extra = json_object_new();
	r->env.extra = json_object_new();
	r->exit = -1;
	return r;
}

void report_free(struct run_report *r)
{
	if (!r)
		return;
	g_ptr_array_unref(r->checks);
	g_ptr_array_unref(r->phases);
	g_ptr_array_unref(r->notes);
	json_object_unref(r->extra);
	json_object_unref(r->env.extra);
	clear_kernel(&r->env.first_kernel);
	clear_kernel(&r->env.crash_kernel);
	g_free(r->env.accel);
	g_free(r->env.clock);
	g_free(r->env.qemu);
	g_free(r->env.qemu_path);
	g_free(r->env.host_cpu);
	g_free(r->env.host_kernel);
	g_free(r->env.commit);
	g_date_time_unref(r->started);
	g_free(r->scenario);
	g_free(r->title);
	g_free(r->run_dir);
	g_free(r->outcome);
	g_free(r->verdict);
	g_free(r);
}

/* Guests have a say in evidence: what is no UTF-8 or would move a terminal's cursor is replaced. */
static char *clean_line(char *text)
{
	char *clean = g_utf8_make_valid(text, -1);

	for (char *p = clean; *p; p++)
		if (g_ascii_iscntrl(*p))
			*p = ' ';
	g_free(text);
	return g_strstrip(clean);
}

struct report_check *report_add_check(struct run_report *r, const char *name,
				      enum report_result result, const char *outcome,
				      const char *format, ...)
{
	struct report_check *c = g_new0(struct report_check, 1);
	va_list args;

	c->name = g_strdup(name);
	c->result = result;
	c->outcome = g_strdup(outcome);
	c->required = g_strcmp0(outcome, "iova-reused") != 0 && g_strcmp0(outcome, "did-clash") != 0;
	va_start(args, format);
	c->detail = clean_line(g_strdup_vprintf(format, args));
	va_end(args);
	g_ptr_array_add(r->checks, c);
	return c;
}

struct report_check *report_find_check(const struct run_report *r, const char *name)
{
	for (guint i = 0; i < r->checks->len; i++) {
		struct report_check *c = r->checks->pdata[i];

		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

struct report_phase *report_add_phase(struct run_report *r, const char *name, int64_t start_ns)
{
	struct report_phase *p = g_new0(struct report_phase, 1);

	p->name = g_strdup(name);
	p->start_ns = start_ns;
	p->end_ns = start_ns - 1;
	g_ptr_array_add(r->phases, p);
	return p;
}

void report_note(struct run_report *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_ptr_array_add(r->notes, clean_line(g_strdup_vprintf(format, args)));
	va_end(args);
}

void report_fill_host(struct run_report *r)
{
	g_autofree char *text = NULL;
	struct utsname uts;

	if (!r->env.host_kernel && uname(&uts) == 0)
		r->env.host_kernel = g_strdup(uts.release);
	if (r->env.host_cpu || !g_file_get_contents("/proc/cpuinfo", &text, NULL, NULL))
		return;
	const char *line = strstr(text, "model name");
	const char *colon = line ? strchr(line, ':') : NULL;

	if (colon)
		r->env.host_cpu = clean_line(g_strndup(colon + 1, strcspn(colon + 1, "\n")));
}

const char *report_result_name(enum report_result result)
{
	static const char *const names[] = {
		[REPORT_PASS] = "pass",
		[REPORT_FAIL] = "fail",
		[REPORT_SKIP] = "skip",
		[REPORT_NO_EVIDENCE] = "none",
	};

	return result < G_N_ELEMENTS(names) ? names[result] : "?";
}

/* Did something keep the checks from being judged? A check that must fail but did not run counts. */
static const struct report_check *first_unjudged(const struct run_report *r)
{
	for (guint i = 0; i < r->checks->len; i++) {
		const struct report_check *c = r->checks->pdata[i];

		if (c->result == REPORT_NO_EVIDENCE ||
		    (c->result == REPORT_SKIP && c->expect_fail))
			return c;
	}
	return NULL;
}

static const struct report_check *first_failed(const struct run_report *r, bool expected)
{
	for (guint i = 0; i < r->checks->len; i++) {
		const struct report_check *c = r->checks->pdata[i];

		if (c->result == REPORT_FAIL && c->expect_fail == expected &&
		    (!expected || c->required))
			return c;
	}
	return NULL;
}

static bool nothing_ran(const struct run_report *r)
{
	for (guint i = 0; i < r->checks->len; i++) {
		const struct report_check *c = r->checks->pdata[i];

		if (c->result == REPORT_PASS || c->result == REPORT_FAIL)
			return false;
	}
	return true;
}

static const char *outcome_of(const struct run_report *r, bool interrupted)
{
	const struct report_check *unexpected = first_failed(r, false);
	const struct report_check *expected = first_failed(r, true);

	if (interrupted)
		return REPORT_INTERRUPTED;
	if (unexpected)
		return unexpected->outcome ? unexpected->outcome : REPORT_INCONCLUSIVE;
	if (nothing_ran(r) || first_unjudged(r))
		return REPORT_INCONCLUSIVE;
	if (expected)
		return expected->outcome ? expected->outcome : REPORT_INCONCLUSIVE;
	return REPORT_PRESERVED;
}

int report_exit_code(const struct run_report *r)
{
	bool same = true;

	for (guint i = 0; i < r->checks->len; i++) {
		const struct report_check *c = r->checks->pdata[i];

		same = same && (c->result == REPORT_FAIL) == c->expect_fail;
	}
	if (g_strcmp0(r->outcome, REPORT_INTERRUPTED) == 0)
		return VTDLAB_EXIT_INTERRUPTED;
	if (!r->outcome || strcmp(r->outcome, REPORT_INCONCLUSIVE) == 0)
		return VTDLAB_EXIT_CANNOT_JUDGE;
	if (same)
		return VTDLAB_EXIT_OK;
	if (strcmp(r->outcome, REPORT_NO_PANIC) == 0)
		return VTDLAB_EXIT_CANNOT_JUDGE;
	return VTDLAB_EXIT_BAD;
}

static const struct {
	const char *outcome, *words;
} words[] = {
	{ REPORT_PRESERVED, "The crash kernel kept translating the dead kernel's DMA as it stood at the "
			    "panic, until its own drivers took over each device." },
	{ "not-copied", "Translation was switched off after the panic: the dead kernel's tables were "
			"not kept." },
	{ "copy-wrong", "The tables in force after the panic are not those that stood at the panic." },
	{ "stale-cache", "Entries were changed without the invalidation that must go with it." },
	{ "did-clash", "Two translations share one domain id: cached entries of one serve the other." },
	{ "dma-fault", "DMA of the dead kernel's devices faulted before a driver took them over." },
	{ "dma-lost", "DMA of the dead kernel's devices did not arrive where the tables say." },
	{ "stale-attach", "A device in use still goes by the dead kernel's tables." },
	{ "iova-reused", "An IOVA that the dead kernel had mapped leads to another page now: late DMA "
			 "would hit it." },
	{ "device-dead", "A device does not work in the crash kernel." },
	{ "dump-failed", "The crash kernel cannot read the dead kernel's memory." },
	{ "crash-kernel-hang", "The crash kernel started but never came up." },
	{ "crash-kernel-panic", "The crash kernel panicked or reset." },
	{ REPORT_NO_PANIC, "The first kernel was never seen to die: there is nothing to judge." },
	{ REPORT_INTERRUPTED, "The run was interrupted: there is no verdict." },
};

/* ", "-joined names of the checks whose expectation is @expected and whose result is @result. */
static char *names_of(const struct run_report *r, bool expected, enum report_result result)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < r->checks->len; i++) {
		const struct report_check *c = r->checks->pdata[i];

		if (c->expect_fail == expected && c->result == result)
			g_string_append_printf(out, "%s%s", out->len ? ", " : "", c->name);
	}
	return g_string_free(out, FALSE);
}

static char *why_inconclusive(const struct run_report *r)
{
	const struct report_check *c = first_failed(r, false);

	c = c ? c : first_unjudged(r);
	c = c ? c : first_failed(r, true);
	return g_strdup_printf("Nothing can be said about the kernel: %s%s%s.",
			       c ? c->name : "no check ran", c && *c->detail ? ": " : "",
			       c ? c->detail : "");
}

static char *verdict_of(const struct run_report *r)
{
	g_autofree char *known = names_of(r, true, REPORT_FAIL);
	g_autofree char *missed = names_of(r, true, REPORT_PASS);
	GString *out = g_string_new(NULL);

	if (strcmp(r->outcome, REPORT_INCONCLUSIVE) == 0) {
		g_autofree char *why = why_inconclusive(r);

		g_string_append(out, why);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(words[i].outcome, r->outcome) == 0)
			g_string_append(out, words[i].words);
	if (*known)
		g_string_append_printf(out, " Failed as this scenario expects: %s.", known);
	if (*missed)
		g_string_append_printf(out, " Expected to fail, but passed: %s.", missed);
	return g_strstrip(g_string_free(out, FALSE));
}

void report_judge(struct run_report *r, bool interrupted)
{
	g_free(r->outcome);
	r->outcome = g_strdup(outcome_of(r, interrupted));
	g_free(r->verdict);
	r->verdict = verdict_of(r);
	r->exit = report_exit_code(r);
}
