/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Golden runs and mutations, without a VM.
 *
 *   mutate --golden DIR   judge each recorded run: the results must be those of NAME.expect, and the
 *                         failures those that the scenario expects. A check that the file does not name is
 *                         newer than it: it must pass, or be skipped because a need of the scenario's is not
 *                         met (VTDLAB_GOLDEN_WRITE=1 writes the files that do not say what came out)
 *   mutate DIR            spoil each recorded run in each way there is something to spoil: the check
 *                         named for it must fail. Every check of the table must be tripped.
 *
 * A mutation is applied in a child process, so each finds the run as it was recorded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mutations.h"
#include "evidence/evidence.h"
#include "verdict/check.h"
#include "verdict/judge.h"

#define ANSWER_BYTES 4096
#define HEAD_LINES 2 /* of NAME.expect: the outcome and the exit status */

static struct verdict *judge(const struct world *w)
{
	return evidence_judge(w->ev);
}

/* --- golden runs --- */

static char *results_text(const struct verdict *verdict)
{
	GString *out = g_string_new(NULL);

	g_string_append_printf(out, "outcome %s\nexit %d\n", outcome_name(verdict->outcome), verdict->exit);
	for (guint i = 0; i < verdict->rows->len; i++) {
		const struct verdict_row *c = verdict->rows->pdata[i];

		g_string_append_printf(out, "%-22s  %s%s\n", c->name, check_result_name(c->result),
				       c->expect_fail ? " (expected to fail)" : "");
	}
	return g_string_free(out, FALSE);
}

/* Failures as expected, and evidence for every check that applies. */
static bool is_clean(const struct world *w, const struct verdict *verdict)
{
	bool clean = verdict->exit == 0;

	for (guint i = 0; i < verdict->rows->len; i++) {
		const struct verdict_row *c = verdict->rows->pdata[i];

		if ((c->result == CHECK_FAIL) == c->expect_fail && c->result != CHECK_NO_EVIDENCE)
			continue;
		clean = false;
		printf("NOT CLEAN  %s: %s: %s: %s\n", w->name, c->name, check_result_name(c->result), c->detail);
	}
	return clean;
}

/* Of a check that NAME.expect does not name: nothing that a person should have seen first. */
static bool passes_or_does_not_apply(const struct world *w, const struct verdict_row *row)
{
	g_autoptr(GString) why = g_string_new(NULL);
	const struct check *check = check_find(row->name);

	return row->result == CHECK_PASS ||
	       (row->result == CHECK_SKIP && need_unmet(check->needs, 0, w->ev, why) == CHECK_SKIP);
}

/* Each line of @then must be in @now, in the same order; what is there besides is of newer checks. */
static bool as_recorded(const struct world *w, const struct verdict *verdict, const char *now, const char *then)
{
	g_auto(GStrv) new = g_strsplit(now, "\n", -1), old = g_strsplit(then, "\n", -1);
	char **line = old;

	for (guint i = 0; new[i]; i++) {
		if (*line && strcmp(new[i], *line) == 0)
			line++;
		else if (i < HEAD_LINES || i - HEAD_LINES >= verdict->rows->len ||
			 !passes_or_does_not_apply(w, verdict->rows->pdata[i - HEAD_LINES]))
			return false;
	}
	return !*line;
}

static bool judge_golden(const struct world *w)
{
	struct verdict *verdict = judge(w);
	g_autofree char *now = results_text(verdict), *then = NULL;
	g_autoptr(GError) error = NULL;
	bool ok = is_clean(w, verdict);

	g_file_get_contents(w->expect, &then, NULL, NULL);
	if (!as_recorded(w, verdict, now, then ? then : "")) {
		if (getenv("VTDLAB_GOLDEN_WRITE") && !g_file_set_contents(w->expect, now, -1, &error))
			fprintf(stderr, "%s\n", error->message);
		printf("DIFFERENT  %s: the results are not those of %s:\n%s", w->name, w->expect, now);
		ok = false;
	}
	if (ok)
		printf("%-24s %s, as recorded\n", w->name, outcome_name(verdict->outcome));
	verdict_free(verdict);
	return ok;
}

static int golden(const GPtrArray *worlds)
{
	unsigned good = 0;

	for (guint i = 0; i < worlds->len; i++)
		good += judge_golden(worlds->pdata[i]);
	printf("\n%u of %u recorded runs judged as recorded\n", good, worlds->len);
	return good != worlds->len;
}

/* --- mutations --- */

/* What became of one mutation in one run. */
enum fate { DETECTED, MISSED, NOT_HERE, BROKEN };

struct tally {
	const struct mutation *m;
	unsigned detected, missed, broken;
	GString *also; /* other checks that failed, " name" each */
	GString *missed_text;
};

static enum check_result result_of(const struct verdict *verdict, const char *check)
{
	const struct verdict_row *c = verdict_find(verdict, check);

	return c ? c->result : CHECK_NO_EVIDENCE;
}

static bool apply(struct world *w, const struct mutation *m)
{
	return m->corruption ? world_corrupt(&w->ev->copied, m->corruption) : m->apply(w);
}

/* A deep copy has tables of its own: where an entry leads is no fault then, and leaves-equal sees what is there. */
static bool may_lead_elsewhere(const struct world *w, const struct mutation *m)
{
	return m->corruption && g_str_has_suffix(m->corruption, "-root") &&
	       strcmp(m->check, "context-same-fields") == 0 && g_strcmp0(evidence_kdump_mode(w->ev), "deep") == 0;
}

/* In the child: mutates, judges, and prints the answer: a line of text behind the fate. */
static enum fate mutate_here(struct world *w, const struct mutation *m, GString *text)
{
	struct verdict *before, *after;

	if (!variant_make(w, m->variant) || may_lead_elsewhere(w, m))
		return NOT_HERE;
	before = judge(w);
	if (result_of(before, m->check) != CHECK_PASS)
		return NOT_HERE;
	if (!apply(w, m))
		return NOT_HERE;
	after = judge(w);
	if (result_of(after, m->check) != CHECK_FAIL) {
		const struct verdict_row *c = verdict_find(after, m->check);

		g_string_append_printf(text, "%s%s: %s: %s", w->name, variant_name(m->variant),
				       c ? check_result_name(c->result) : "no such check", c ? c->detail : "");
		return MISSED;
	}
	for (guint i = 0; i < after->rows->len; i++) {
		const struct verdict_row *c = after->rows->pdata[i];

		if (c->result == CHECK_FAIL && strcmp(c->name, m->check) != 0 &&
		    result_of(before, c->name) != CHECK_FAIL)
			g_string_append_printf(text, " %s", c->name);
	}
	return DETECTED;
}

static enum fate mutate_in_child(struct world *w, const struct mutation *m, GString *text)
{
	int status, fd[2];
	char buf[ANSWER_BYTES];
	ssize_t n;
	pid_t pid;

	fflush(stdout);
	if (pipe(fd) || (pid = fork()) < 0) {
		perror("mutate");
		exit(125);
	}
	if (!pid) {
		enum fate fate = mutate_here(w, m, text);

		if (write(fd[1], text->str, MIN(text->len, sizeof(buf) - 1)) < 0)
			fate = BROKEN;
		_exit(fate);
	}
	close(fd[1]);
	while ((n = read(fd[0], buf, sizeof(buf))) > 0)
		g_string_append_len(text, buf, n);
	close(fd[0]);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) > NOT_HERE)
		return BROKEN;
	return (enum fate)WEXITSTATUS(status);
}

/* Adds the words of @text that @words lacks. */
static void add_words(GString *words, const char *text)
{
	g_auto(GStrv) list = g_strsplit(text, " ", -1);

	for (char **word = list; *word; word++)
		if (**word && !strstr(words->str, *word))
			g_string_append_printf(words, " %s", *word);
}

static bool try_everywhere(const GPtrArray *worlds, struct tally *t)
{
	for (guint i = 0; i < worlds->len; i++) {
		g_autoptr(GString) text = g_string_new(NULL);

		switch (mutate_in_child(worlds->pdata[i], t->m, text)) {
		case DETECTED:
			t->detected++;
			add_words(t->also, text->str);
			break;
		case MISSED:
			t->missed++;
			g_string_append_printf(t->missed_text, "           %s\n", text->str);
			break;
		case NOT_HERE:
			break;
		default:
			t->broken++;
		}
	}
	return t->detected && !t->missed && !t->broken;
}

static void report_tally(const struct tally *t, bool ok)
{
	printf("%-9s  %-28s -> %-22s", ok ? "detected" : "MISSED", t->m->name, t->m->check);
	if (t->broken)
		printf("  the program died in %u runs\n", t->broken);
	else if (!t->detected && !t->missed)
		printf("  no recorded run has what is to be spoilt\n");
	else
		printf("  in %u of %u run%s%s%s\n", t->detected, t->detected + t->missed,
		       t->detected + t->missed == 1 ? "" : "s", t->also->len ? "; also" : "", t->also->str);
	fputs(t->missed_text->str, stdout);
}

/* Checks that no detected mutation is named for. */
static unsigned untripped(GHashTable *tripped)
{
	unsigned n = 0;

	for (const struct check *const *c = vtdlab_checks; *c; c++)
		if (!g_hash_table_contains(tripped, (*c)->name)) {
			printf("UNTRIPPED  no mutation makes the check %s fail\n", (*c)->name);
			n++;
		}
	return n;
}

static int mutations(const GPtrArray *worlds)
{
	static const struct mutation *const lists[] = { table_mutations, event_mutations, outcome_mutations };
	g_autoptr(GHashTable) tripped = g_hash_table_new(g_str_hash, g_str_equal);
	unsigned detected = 0, all = 0, bad = 0;

	for (guint i = 0; i < worlds->len; i++) {
		struct verdict *verdict = judge(worlds->pdata[i]);

		bad += !is_clean(worlds->pdata[i], verdict);
		verdict_free(verdict);
	}
	for (size_t l = 0; l < G_N_ELEMENTS(lists); l++)
		for (const struct mutation *m = lists[l]; m->name; m++, all++) {
			struct tally t = { .m = m, .also = g_string_new(NULL), .missed_text = g_string_new(NULL) };
			bool ok = try_everywhere(worlds, &t);

			report_tally(&t, ok);
			detected += ok;
			if (ok)
				g_hash_table_add(tripped, (char *)m->check);
			g_string_free(t.also, TRUE);
			g_string_free(t.missed_text, TRUE);
		}
	bad += untripped(tripped);
	printf("\n%u of %u mutations detected\n", detected, all);
	return bad || detected != all;
}

int main(int argc, char **argv)
{
	bool only_golden = argc > 1 && strcmp(argv[1], "--golden") == 0;
	GPtrArray *worlds;
	int status;

	if (argc != 2 + only_golden) {
		fprintf(stderr, "usage: %s [--golden] DIRECTORY\n", argv[0]);
		return 2;
	}
	worlds = worlds_load(argv[1 + only_golden]);
	if (!worlds)
		return 1;
	status = only_golden ? golden(worlds) : mutations(worlds);
	g_ptr_array_unref(worlds);
	return status;
}
