/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The report for people, 72 columns wide, fit for a mail: the outcome, then what has to be looked at and how, then what
 * was run. A check that passed is a number on the terminal, and a line in summary.txt.
 */

#include <string.h>

#include "base/error.h"
#include "base/json-line.h"
#include "base/paths.h"
#include "base/text.h"
#include "results/version.h"
#include "results/report.h"
#include "verdict/check.h"

#define NAME_WIDTH 25
#define RESULT_WIDTH 7
#define LABEL_WIDTH 14
#define LINE_CHECKS 3 /* names on report_line() */
#define RANK_QUIET 4  /* rank() of a check that needs nobody's attention */
/* Where a kernel tells why it died, what its IOMMU driver did, or that a device does not answer. */
#define CONSOLE_PATTERN "panic|BUG:|Oops|DMAR|time.?out|timed out|Hang|I/O error|failed"

#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define RESET "\033[0m"

#define put_field(out, label, ...) text_field(out, LABEL_WIDTH, REPORT_WIDTH, label, __VA_ARGS__)

/* The word of the result column, and its colour. */
static const char *result_word(const struct verdict_row *row, const char **colour)
{
	*colour = "";
	switch (row->result) {
	case CHECK_PASS:
		*colour = row->expect_fail ? RED : GREEN;
		return row->expect_fail ? "PASS!" : "pass";
	case CHECK_FAIL:
		*colour = row->expect_fail ? YELLOW : RED;
		return row->expect_fail ? "fail*" : "FAIL";
	case CHECK_NO_EVIDENCE:
		*colour = RED;
		return "none";
	case CHECK_SKIP:
	case CHECK_RESULTS:
		break;
	}
	return "skip";
}

static void put_row(GString *out, const struct verdict_row *row, bool colour)
{
	const char *shade;
	const char *word = result_word(row, &shade);

	g_string_append_printf(out, "%-*s", NAME_WIDTH, row->name);
	g_string_append_printf(out, "%s%-*s%s", colour ? shade : "", RESULT_WIDTH, word, colour && *shade ? RESET : "");
	text_wrap(out, row->detail, NAME_WIDTH + RESULT_WIDTH, REPORT_WIDTH);
}

/* In which order rows are shown: what failed, what nothing was seen of, what the scenario has a word on, the rest. */
static unsigned rank(const struct verdict_row *row)
{
	if (row->result == CHECK_NO_EVIDENCE)
		return 1;
	if (row->result == CHECK_FAIL)
		return row->expect_fail ? 3 : 0;
	return row->result == CHECK_PASS && row->expect_fail ? 2 : RANK_QUIET;
}

/* "17 checks pass, 6 do not apply", of those that are not shown. */
static void put_quiet(GString *out, const struct run_report *r)
{
	unsigned passed = 0, skipped = 0;

	for (guint i = 0; i < r->verdict->rows->len; i++) {
		const struct verdict_row *row = r->verdict->rows->pdata[i];

		passed += row->result == CHECK_PASS && !row->expect_fail;
		skipped += row->result == CHECK_SKIP;
	}
	g_string_append_printf(out, "%u check%s pass%s, %u do%s not apply; -v shows them, as summary.txt does\n",
			       passed, passed == 1 ? "" : "s", passed == 1 ? "es" : "", skipped,
			       skipped == 1 ? "es" : "");
}

static void put_checks(GString *out, const struct run_report *r, unsigned how)
{
	unsigned shown[RANK_QUIET + 1] = { 0 }, all = 0;
	GString *table = g_string_new(NULL);

	for (unsigned k = 0; k <= (how & REPORT_ALL ? RANK_QUIET : RANK_QUIET - 1); k++)
		for (guint i = 0; i < r->verdict->rows->len; i++) {
			const struct verdict_row *row = r->verdict->rows->pdata[i];

			if (rank(row) != k)
				continue;
			put_row(table, row, how & REPORT_COLOUR);
			shown[k]++;
			all++;
		}
	if (all)
		g_string_append_printf(out, "\n%-*s%-*s%s\n%s", NAME_WIDTH, "check", RESULT_WIDTH, "result", "evidence",
				       table->str);
	if (shown[3])
		g_string_append(out, "fail*  this scenario expects it to fail on this kernel\n"
				     "       (what that says: vtdlab list checks NAME)\n");
	if (shown[2])
		g_string_append(out, "PASS!  better than this scenario expects on this kernel\n");
	if (shown[1])
		g_string_append(out, "none   no evidence either way: never a pass\n");
	if (!(how & REPORT_ALL)) {
		if (!all)
			g_string_append_c(out, '\n');
		put_quiet(out, r);
	}
	g_string_free(table, TRUE);
}

static void put_phases(GString *out, const struct run_report *r)
{
	GString *line = g_string_new(NULL);

	for (guint i = 0; i < r->phases->len; i++) {
		const struct report_phase *p = r->phases->pdata[i];

		g_string_append_printf(line, "%s%s ", line->len ? ", " : "", p->name);
		if (p->end_ns >= p->start_ns)
			g_string_append_printf(line, "%.1f", (double)(p->end_ns - p->start_ns) / 1e9);
		else
			g_string_append(line, "(never ended)");
	}
	if (line->len)
		put_field(out, "phases, s", "%s; in all %.1f", line->str, r->duration_s);
	else
		put_field(out, "time, s", "%.1f", r->duration_s);
	g_string_free(line, TRUE);
}

/* Calls @fn for each key that is set otherwise than in the scenario's file: a part of what was run. */
static void each_setting(const struct run_report *r, GString *out, void (*fn)(GString *, const char *, const char *))
{
	JsonNode *node = json_object_get_member(r->extra, "settings");
	JsonObjectIter iter;
	const char *key;

	if (!node || !JSON_NODE_HOLDS_OBJECT(node))
		return;
	json_object_iter_init(&iter, json_node_get_object(node));
	while (json_object_iter_next(&iter, &key, &node)) {
		g_autofree char *value = JSON_NODE_HOLDS_VALUE(node) ? json_node_dup_string(node) : NULL;
		g_autofree char *name = text_one_line(key), *line = text_one_line(value ? value : "?");

		fn(out, name, line);
	}
}

static void add_setting(GString *out, const char *key, const char *value)
{
	g_string_append_printf(out, "%s%s=%s", out->len ? "; " : "", key, value);
}

static void add_word(GString *line, const char *option, const char *word)
{
	g_autofree char *clean = text_one_line(word), *quoted = text_shell_word(clean);

	g_string_append_printf(line, " %s%s", option, quoted);
}

static void add_option(GString *line, const char *key, const char *value)
{
	g_autofree char *word = g_strdup_printf("%s=%s", key, value);

	add_word(line, "--set ", word);
}

char *report_settings(const struct run_report *r)
{
	GString *settings = g_string_new(NULL);

	each_setting(r, settings, add_setting);
	return g_string_free(settings, FALSE);
}

/* Is it known what was run? Evidence alone, without its run.json, says little of that. */
static bool recorded(const struct run_report *r)
{
	return r->env.qemu || r->env.accel || r->env.first_kernel.release;
}

/* The line that runs @r again; @qemu: with that QEMU, NULL: with its own. The caller frees it. */
static char *repeat_with(const struct run_report *r, const char *qemu)
{
	JsonObject *domain = json_line_object(r->extra, "domain");
	const char *file = domain ? json_line_string(domain, "file", NULL) : NULL;
	const char *own = json_line_string(r->extra, "scenario_file", NULL);
	g_autofree char *path = g_find_program_in_path("qemu-system-x86_64");
	g_autofree char *conf = g_strconcat(r->scenario, ".conf", NULL), *known = lab_path("scenarios", conf, NULL);
	GString *line = g_string_new("vtdlab run");

	if (own && g_file_test(own, G_FILE_TEST_EXISTS)) {
		add_word(line, "", own);
		each_setting(r, line, add_option);
	} else if (!own && g_file_test(known, G_FILE_TEST_EXISTS) && (recorded(r) || !r->run_dir)) {
		g_string_append_printf(line, " %s", r->scenario);
		each_setting(r, line, add_option);
	} else if (r->run_dir) {
		/* a file that is gone, or settings that nobody wrote down: the run's own copy has all that was set */
		g_autofree char *copy = g_build_filename(r->run_dir, "scenario.conf", NULL);

		add_word(line, "", copy);
	}
	if (file)
		add_word(line, "--domain ", file);
	if (!qemu && r->env.qemu_path && g_strcmp0(path, r->env.qemu_path) != 0)
		qemu = r->env.qemu_path;
	if (qemu)
		add_word(line, "--qemu ", qemu);
	if (r->env.vmm && (r->env.vmm_uri || (!file && strcmp(r->env.vmm, "qemu") != 0))) {
		g_autofree char *vmm =
			g_strconcat(r->env.vmm, r->env.vmm_uri ? ":" : "", r->env.vmm_uri ? r->env.vmm_uri : "", NULL);

		add_word(line, "--vmm ", vmm);
	}
	if (r->env.modules)
		add_word(line, "--modules ", r->env.modules);
	if (r->env.reference)
		add_word(line, "--reference ", r->env.reference);
	return g_string_free(line, FALSE);
}

char *report_repeat(const struct run_report *r)
{
	return repeat_with(r, NULL);
}

char *report_kernel(const struct report_kernel *k)
{
	const char *id = k->build_id ? k->build_id : k->sha256, *what = k->build_id ? ", build id " : ", sha256 ";

	return g_strdup_printf("%s (%s%s%s%s%.12s)", k->release ? k->release : "?", k->spec ? k->spec : "?",
			       k->describe ? ", " : "", k->describe ? k->describe : "", id ? what : "", id ? id : "");
}

static void put_environment(GString *out, const struct run_report *r)
{
	const struct report_environment *env = &r->env;
	const struct report_kernel *first = &env->first_kernel, *crash = &env->crash_kernel;
	bool same = g_strcmp0(first->sha256, crash->sha256) == 0 && g_strcmp0(first->release, crash->release) == 0;
	g_autofree char *settings = report_settings(r), *first_text = report_kernel(first),
			*crash_text = report_kernel(crash);

	put_field(out, "scenario", "%s%s%s", r->scenario, r->title && *r->title ? ": " : "", r->title ? r->title : "");
	if (*settings)
		put_field(out, "settings", "%s", settings);
	if (!recorded(r)) {
		put_field(out, "crash kernel", "%s", crash->release ? crash->release : "?");
		put_field(out, "what was run", "not recorded: there is no run.json beside the evidence");
		put_field(out, "lab", "vtdlab " VTDLAB_VERSION ", which judged it");
		return;
	}
	put_field(out, "first kernel", "%s", first_text);
	if (same)
		put_field(out, "crash kernel", "the same");
	else
		put_field(out, "crash kernel", "%s", crash_text);
	put_field(out, "machine", "QEMU %s, %s, %s clock%s%s", env->qemu ? env->qemu : "?",
		  env->accel ? env->accel : "?", env->clock ? env->clock : "?", env->host_cpu ? ", on " : "",
		  env->host_cpu ? env->host_cpu : "");
	put_field(out, "lab", "vtdlab " VTDLAB_VERSION "%s%s", env->commit ? ", commit " : "",
		  env->commit ? env->commit : "");
}

/* A QEMU of images/qemus that is not the one at work, or NULL. */
static char *other_qemu(const struct run_report *r)
{
	g_autofree char *path = lab_path("images", "qemus", NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		const char *version = strrchr(name, '-');
		size_t len = version ? strcspn(++version, ".") : 0;

		if (g_str_has_suffix(name, ".conf") && len && strncmp(version, r->env.qemu, len + 1) != 0)
			return g_strndup(name, strlen(name) - strlen(".conf"));
	}
	return NULL;
}

/* May the device model, or QEMU itself, be what failed @row? */
static bool blames_qemu(const struct verdict_row *row)
{
	return row->outcome == OUTCOME_DEVICE_DEAD || row->outcome == OUTCOME_DMA_LOST ||
	       g_str_has_prefix(row->detail, "QEMU ended");
}

/* One line of what to type: for copying, and not wrapped. */
static void put_command(GString *out, bool *first, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void put_command(GString *out, bool *first, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_string_append_printf(out, "%-*s", LABEL_WIDTH, *first ? "next" : "");
	g_string_append_vprintf(out, format, args);
	g_string_append_c(out, '\n');
	va_end(args);
	*first = false;
}

/* What to type next about a failure that nobody expected, or what could not be judged. */
static void put_next(GString *out, const struct run_report *r)
{
	bool failed = false, tables = false, reused = false, qemu = false, first = true;
	g_autofree char *pattern = NULL, *other = NULL;
	unsigned traces = 0;

	for (guint i = 0; i < r->verdict->rows->len; i++) {
		const struct verdict_row *row = r->verdict->rows->pdata[i];
		const struct check *check = check_find(row->name);

		if (rank(row) > 1)
			continue;
		failed = true;
		tables |= row->result == CHECK_FAIL && row->outcome == OUTCOME_COPY_WRONG;
		reused |= row->result == CHECK_FAIL && row->outcome == OUTCOME_IOVA_REUSED;
		qemu |= row->result == CHECK_FAIL && blames_qemu(row);
		traces |= check ? check->traces : 0;
	}
	if (!failed || !r->run_dir)
		return;
	if (tables)
		put_command(out, &first, "vtdlab diff %s/tables/panic.vtd %s/tables/copied.vtd", r->run_dir,
			    r->run_dir);
	if (reused)
		put_command(out, &first, "vtdlab diff %s/tables/panic.vtd %s/tables/end.vtd", r->run_dir, r->run_dir);
	if (!r->has_logs)
		return;
	pattern = trace_groups_pattern(traces);
	if (*pattern)
		put_command(out, &first, "grep -nE '%s' %s/qemu.log", pattern, r->run_dir);
	put_command(out, &first, "grep -nE '%s' %s/console.log", CONSOLE_PATTERN, r->run_dir);
	other = qemu && r->env.qemu ? other_qemu(r) : NULL;
	if (other) {
		g_autofree char *again = repeat_with(r, other);

		put_command(out, &first, "%s   # the device model's fault?", again);
	}
}

static void put_outcome(GString *out, const struct run_report *r, bool colour)
{
	const char *shade = r->verdict->exit == VTDLAB_EXIT_OK ? GREEN : RED;

	g_string_append_printf(out, "%-*s%s%s%s%s (exit %d)\n", LABEL_WIDTH, "outcome", colour ? shade : "",
			       outcome_name(r->verdict->outcome), colour ? RESET : "",
			       r->verdict->before ? " in the second attempt only" : "", r->verdict->exit);
	g_string_append_printf(out, "%-*s", LABEL_WIDTH, "");
	text_wrap(out, r->verdict->words, LABEL_WIDTH, REPORT_WIDTH);
}

/* Where the run's files are; the page for a browser, where there is one. */
static void put_files(GString *out, const struct run_report *r)
{
	if (r->has_page)
		g_string_append_printf(out, "%-*s%s/" REPORT_HTML "\n", LABEL_WIDTH, "to look at", r->run_dir);
	g_string_append_printf(out, "%-*s%s\n", LABEL_WIDTH, "run", r->run_dir);
}

char *report_page(const struct run_report *r, unsigned how)
{
	g_autofree char *repeat = report_repeat(r);
	GString *out = g_string_new(NULL);

	put_outcome(out, r, how & REPORT_COLOUR);
	put_checks(out, r, how);
	put_next(out, r);
	g_string_append_c(out, '\n');
	put_environment(out, r);
	if (recorded(r))
		put_phases(out, r);
	if (recorded(r) && !r->env.wall_time_is_hardware_time)
		put_field(out, "",
			  "Times of an emulated machine: good to compare runs on one host, no "
			  "figures of hardware.");
	for (guint i = 0; i < r->notes->len; i++)
		put_field(out, i ? "" : "notes", "%s", (const char *)r->notes->pdata[i]);
	/* Not wrapped: these are for copying. */
	g_string_append_printf(out, "%-*s%s\n", LABEL_WIDTH, "repeat", repeat);
	if (r->run_dir)
		put_files(out, r);
	return g_string_free(out, FALSE);
}

char *report_line(const struct run_report *r)
{
	g_autoptr(GString) bad = g_string_new(NULL);
	unsigned n[2] = { 0 }, worst;

	for (guint i = 0; i < r->verdict->rows->len; i++)
		if (rank(r->verdict->rows->pdata[i]) < 2)
			n[rank(r->verdict->rows->pdata[i])]++;
	/* where a check failed, what saw nothing is not why */
	worst = n[0] ? 0 : 1;
	for (guint i = 0, k = 0; i < r->verdict->rows->len && k < LINE_CHECKS; i++) {
		const struct verdict_row *row = r->verdict->rows->pdata[i];

		if (rank(row) == worst)
			g_string_append_printf(bad, "%s%s", k++ ? ", " : "  ", row->name);
	}
	if (n[worst] > LINE_CHECKS)
		g_string_append_printf(bad, " and %u more", n[worst] - LINE_CHECKS);
	return g_strdup_printf("%s (exit %d)  %.0f s  %s%s\n", outcome_name(r->verdict->outcome), r->verdict->exit,
			       r->duration_s, r->run_dir ? r->run_dir : "", bad->str);
}
