/* SPDX-License-Identifier: GPL-2.0-only */
/* A run's report: collecting what was seen. What it amounts to is verdict/'s. */
#include "results/report.h"

#include <string.h>
#include <sys/utsname.h>

#include "base/text.h"
#include "results/version.h"

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
	g_free(k->image);
	g_free(k->build_id);
	g_free(k->describe);
}

struct run_report *report_new(const char *scenario)
{
	struct run_report *r = g_new0(struct run_report, 1);

	r->scenario = g_strdup(scenario);
	r->started = g_date_time_new_now_utc();
	r->verdict = verdict_new();
	r->phases = g_ptr_array_new_with_free_func(free_phase);
	r->notes = g_ptr_array_new_with_free_func(g_free);
	r->extra = json_object_new();
	return r;
}

void report_environment_clear(struct report_environment *env)
{
	clear_kernel(&env->first_kernel);
	clear_kernel(&env->crash_kernel);
	g_free(env->accel);
	g_free(env->clock);
	g_free(env->qemu);
	g_free(env->qemu_path);
	g_free(env->vmm);
	g_free(env->vmm_uri);
	g_free(env->modules);
	g_free(env->reference);
	g_free(env->shortcuts);
	g_free(env->host_cpu);
	g_free(env->host_kernel);
	g_free(env->commit);
}

void report_free(struct run_report *r)
{
	if (!r)
		return;
	verdict_free(r->verdict);
	g_ptr_array_unref(r->phases);
	g_ptr_array_unref(r->notes);
	json_object_unref(r->extra);
	report_environment_clear(&r->env);
	g_date_time_unref(r->started);
	g_free(r->scenario);
	g_free(r->title);
	g_free(r->run_dir);
	g_free(r);
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
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_ptr_array_add(r->notes, text_one_line(text));
}

static char *cpu_model(void)
{
	g_autofree char *text = NULL, *model = NULL;
	const char *line, *colon;

	if (!g_file_get_contents("/proc/cpuinfo", &text, NULL, NULL))
		return NULL;
	line = strstr(text, "model name");
	colon = line ? strchr(line, ':') : NULL;
	if (!colon)
		return NULL;
	model = g_strndup(colon + 1, strcspn(colon + 1, "\n"));
	return text_one_line(model);
}

void report_fill_host(struct report_environment *env)
{
	struct utsname uts;

	if (!env->commit)
		env->commit = g_strdup(vtdlab_commit());
	if (!env->host_kernel && uname(&uts) == 0)
		env->host_kernel = g_strdup(uts.release);
	if (!env->host_cpu)
		env->host_cpu = cpu_model();
	/* KVM, but on a host that is emulated itself: make check-kvm */
	if (env->host_cpu && g_str_has_prefix(env->host_cpu, "QEMU TCG"))
		env->wall_time_is_hardware_time = false;
}
