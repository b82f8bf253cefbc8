/* SPDX-License-Identifier: GPL-2.0-only */
/* What a reply on a list quotes of a run: the command, the versions, the verdict, and the evidence for it. */
#include <string.h>

#include "base/text.h"
#include "results/report.h"
#include "results/version.h"

#define INDENT 4
#define LABEL 9

static void put_kernel(GString *out, const char *label, const struct report_kernel *k)
{
	g_autofree char *kernel = report_kernel(k);

	text_field(out, LABEL, REPORT_WIDTH, label, "%s", kernel);
}

/* A check that failed, or saw nothing: its name on a line, what it saw below. */
static void put_evidence(GString *out, const struct verdict_row *row)
{
	const char *how = row->result == CHECK_NO_EVIDENCE ? "no evidence" :
			  row->expect_fail		   ? "fails, as expected" :
							     "FAILS";

	g_string_append_printf(out, "  %s: %s\n%*s", row->name, how, INDENT, "");
	text_wrap(out, row->detail, INDENT, REPORT_WIDTH);
}

void report_mail_command(GString *out, unsigned indent, const char *command)
{
	g_auto(GStrv) words = g_strsplit(command, " --", -1);
	size_t used = indent + 2;

	g_string_append_printf(out, "%*s$ %s", (int)indent, "", words[0] ? words[0] : "");
	used += words[0] ? strlen(words[0]) : 0;
	for (char **word = words + 1; words[0] && *word; word++) {
		bool fits = used + strlen(*word) + 5 <= REPORT_WIDTH;

		if (fits)
			g_string_append_printf(out, " --%s", *word);
		else
			g_string_append_printf(out, " \\\n%*s--%s", (int)indent + 4, "", *word);
		used = (fits ? used + 3 : indent + 6) + strlen(*word);
	}
	g_string_append_c(out, '\n');
}

char *report_mail(const struct run_report *r)
{
	g_autofree char *command = report_repeat(r);
	GString *out = g_string_new(NULL);
	unsigned passed = 0;

	report_mail_command(out, 0, command);
	put_kernel(out, "kernel", &r->env.first_kernel);
	if (g_strcmp0(r->env.first_kernel.sha256, r->env.crash_kernel.sha256) != 0)
		put_kernel(out, "crash", &r->env.crash_kernel);
	text_field(out, LABEL, REPORT_WIDTH, "machine", "QEMU %s, %s, %s clock; vtdlab %s%s%s",
		   r->env.qemu ? r->env.qemu : "?", r->env.accel ? r->env.accel : "?",
		   r->env.clock ? r->env.clock : "?", VTDLAB_VERSION, r->env.commit && *r->env.commit ? " " : "",
		   r->env.commit ? r->env.commit : "");
	text_field(out, LABEL, REPORT_WIDTH, "verdict", "%s: %s", outcome_name(r->verdict->outcome), r->verdict->words);
	for (guint i = 0; i < r->verdict->rows->len; i++) {
		const struct verdict_row *row = r->verdict->rows->pdata[i];

		if (row->result == CHECK_FAIL || row->result == CHECK_NO_EVIDENCE)
			put_evidence(out, row);
		passed += row->result == CHECK_PASS;
	}
	g_string_append_printf(out, "  %u checks pass\n", passed);
	return g_string_free(out, FALSE);
}
