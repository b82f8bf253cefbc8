/* SPDX-License-Identifier: GPL-2.0-only */
#include "html/run-page.h"

#include "base/error.h"
#include "html/iova-map.h"
#include "base/text.h"
#include "html/markup.h"
#include "html/timeline.h"
#include "results/version.h"
#include "verdict/check.h"

/* What a result is called, and its class: never by colour alone. */
static const char *result_word(const struct verdict_row *row, const char **class)
{
	switch (row->result) {
	case CHECK_PASS:
		*class = row->expect_fail ? "warn" : "good";
		return row->expect_fail ? "passes, better than expected" : "✓ pass";
	case CHECK_FAIL:
		*class = row->expect_fail ? "warn" : "bad";
		return row->expect_fail ? "✗ fail, as expected" : "✗ FAIL";
	case CHECK_NO_EVIDENCE:
		*class = "bad";
		return "? no evidence";
	case CHECK_SKIP:
	case CHECK_RESULTS:
		break;
	}
	*class = "dim";
	return "– does not apply";
}

/* Does a reader have to look at it? */
static bool notable(const struct verdict_row *row)
{
	return row->result == CHECK_NO_EVIDENCE || row->result == CHECK_FAIL ||
	       (row->result == CHECK_PASS && row->expect_fail);
}

static unsigned put_rows(GString *out, const struct run_report *r, bool wanted)
{
	unsigned n = 0;

	for (guint i = 0; i < r->verdict->rows->len; i++) {
		const struct verdict_row *row = r->verdict->rows->pdata[i];
		const struct check *check = check_find(row->name);
		const char *class, *word = result_word(row, &class);

		if (notable(row) != wanted)
			continue;
		if (!n++)
			g_string_append(out,
					"<table><thead><tr><th scope=\"col\">check</th>"
					"<th scope=\"col\">result</th><th scope=\"col\">evidence</th></tr></thead>\n");
		text_markup(out, "<tr><th scope=\"row\">%s</th><td class=\"%s\">%s</td><td>", row->name, class, word);
		html_text(out, row->detail);
		if (check)
			text_markup(out, "<br><span class=\"dim\">%s</span>", check->proves);
		g_string_append(out, "</td></tr>\n");
	}
	if (n)
		g_string_append(out, "</table>\n");
	return n;
}

static void put_checks(GString *out, const struct run_report *r)
{
	g_autoptr(GString) quiet = g_string_new(NULL);
	unsigned n;

	g_string_append(out, "<section aria-labelledby=\"checks\"><h2 id=\"checks\">Checks</h2>\n");
	if (!put_rows(out, r, true))
		g_string_append(out, "<p>None failed, and none lacks evidence.</p>\n");
	n = put_rows(quiet, r, false);
	text_markup(out, "<details><summary>%u checks that pass or do not apply</summary>\n", n);
	g_string_append(out, quiet->str);
	g_string_append(out, "</details></section>\n");
}

static void put_verdict(GString *out, const struct run_report *r)
{
	const struct verdict *v = r->verdict;

	g_string_append(out, "<header><p class=\"dim\">vtdlab, kdump with a live IOMMU</p>\n<h1>");
	html_text(out, r->scenario);
	text_markup(out, ": %s</h1>\n", outcome_name(v->outcome));
	text_markup(out, "<div class=\"verdict %s\"><strong>%s%s</strong> (exit status %d)<br>",
		    v->exit == VTDLAB_EXIT_OK		? "good" :
		    v->exit == VTDLAB_EXIT_CANNOT_JUDGE ? "warn" :
							  "bad",
		    outcome_name(v->outcome), v->before ? " in the second attempt only" : "", v->exit);
	html_text(out, v->words);
	g_string_append(out, "</div></header>\n");
}

static void put_kernel(GString *out, const char *label, const struct report_kernel *k)
{
	g_autofree char *kernel = report_kernel(k),
			*text = g_strconcat(kernel, k->image ? ", image " : "", k->image, NULL);

	html_row(out, label, text);
}

static void put_run(GString *out, const struct run_report *r)
{
	const struct report_environment *env = &r->env;
	g_autofree char *when = g_date_time_format(r->started, "%Y-%m-%d %H:%M:%S UTC"), *repeat = report_repeat(r),
			*settings = report_settings(r);
	g_autofree char *machine = g_strdup_printf("QEMU %s, %s, %s clock", env->qemu ? env->qemu : "?",
						   env->accel ? env->accel : "?", env->clock ? env->clock : "?");
	g_autofree char *lab = g_strdup_printf("vtdlab %s%s%s", VTDLAB_VERSION, env->commit ? ", commit " : "",
					       env->commit ? env->commit : "");

	g_string_append(out, "<section aria-labelledby=\"run\"><h2 id=\"run\">What was run</h2>\n<table>\n");
	html_row(out, "scenario", r->title);
	html_row(out, "settings", settings);
	put_kernel(out, "first kernel", &env->first_kernel);
	put_kernel(out, "crash kernel", &env->crash_kernel);
	html_row(out, "machine", machine);
	html_row(out, "host", env->host_cpu);
	html_row(out, "shortcuts", env->shortcuts);
	html_row(out, "lab", lab);
	html_row(out, "started", when);
	html_row(out, "first command line", env->first_kernel.cmdline);
	html_row(out, "crash command line", env->crash_kernel.cmdline);
	for (guint i = 0; i < r->notes->len; i++)
		html_row(out, "note", r->notes->pdata[i]);
	g_string_append(out, "</table>\n");
	if (!env->wall_time_is_hardware_time)
		g_string_append(out, "<p>Times of an emulated machine: good to compare runs on one host, no figures of "
				     "hardware.</p>\n");
	g_string_append(out, "<p>Run it again:</p>\n<pre tabindex=\"0\">");
	html_text(out, repeat);
	g_string_append(out, "</pre></section>\n");
}

char *html_run_page(const struct run_report *report, const struct evidence *ev, const char *dir)
{
	g_autofree char *title = g_strdup_printf("%s: %s", report->scenario, outcome_name(report->verdict->outcome));
	g_autofree char *log = g_build_filename(dir, "qemu.log", NULL);
	GString *out = html_begin(title);

	put_verdict(out, report);
	put_checks(out, report);
	html_timeline(out, report, ev, log);
	html_domains(out, ev);
	html_iova_maps(out, ev);
	put_run(out, report);
	return html_end(out);
}
