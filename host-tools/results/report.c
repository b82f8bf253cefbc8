/* SPDX-License-Identifier: GPL-2.0-only */
/* A run's report: collecting what was seen. What it amounts to is report-judge.c's. */
#include "results/report.h"

#include <string.h>
#include <sys/utsname.h>

#include "results/version.h"

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

struct report_check *report_add_check(struct run_report *r, const char *name, enum report_result result,
				      const char *outcome, const char *format, ...)
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

	if (!r->env.commit)
		r->env.commit = g_strdup(vtdlab_commit());
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
