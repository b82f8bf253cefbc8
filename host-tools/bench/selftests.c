/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's own KVM tests and ours, in one L1, the one after the other, with the same probe in both. */
#include "bench/bench-priv.h"

#include <string.h>

#include "base/error.h"
#include "base/json-line.h"
#include "results/selftest-pairs.h"

#define OUT "/tmp/selftest.out"
#define ERR "/tmp/selftest.err"
/* Of an idle host with KVM; the machine's scale comes on top. */
#define SECONDS_PROGRAM 60.0
#define KVMPERF_DEADLINE_S "3600"
#define SCHEMA 1
/* Of each program, besides the first one, which does not count. */
#define ROUNDS 3
/* How the two say that they cannot run there. */
#define SELFTEST_SKIPS 4
#define KVMPERF_SKIPS 2
#define KSFT_SKIP "1..0 # SKIP - "
#define REASON "\"reason\":\""
#define SHOWN_MAX 200

static JsonObject *request_for(const char *command, bool ours)
{
	g_auto(GStrv) words = g_strsplit(command, " ", -1);
	g_autofree char *program = g_strconcat("/sbin/", words[0], NULL);
	JsonArray *argv = json_array_new();

	json_array_add_string_element(argv, program);
	for (char **w = words + 1; *w; w++)
		json_array_add_string_element(argv, *w);
	/* The originals have no deadline but the host's; kvmperf's own is for machines, not for emulated ones. */
	if (ours) {
		json_array_add_string_element(argv, "--deadline");
		json_array_add_string_element(argv, KVMPERF_DEADLINE_S);
	}
	return bench_request(argv, OUT, ERR);
}

/* A line for people of what a program said; of a skip, and of a document of kvmperf, the reason. */
static char *one_line(const char *out, const char *err)
{
	const char *text = *err ? err : out, *reason = strstr(out, REASON);
	g_autofree char *line = NULL;

	if (g_str_has_prefix(text, KSFT_SKIP))
		text += strlen(KSFT_SKIP);
	if (reason)
		text = reason + strlen(REASON);
	line = g_strndup(text, MIN(SHOWN_MAX, reason ? strcspn(text, "\"") : SHOWN_MAX));
	return g_strdup(g_strstrip(g_strdelimit(line, "\r\n\t", ' ')));
}

/* One run of one program. *skip: it cannot run there, and says so. */
static bool run_one(struct machine *m, struct selftest_result *r, const char *command, bool ours, bool counts,
		    bool *skip, GError **error)
{
	g_autoptr(JsonObject) request = request_for(command, ours);
	g_autoptr(JsonObject) answer = machine_agent_call(m, request, SECONDS_PROGRAM, error);
	g_autofree char *out = NULL, *err = NULL, *line = NULL;
	int64_t status;
	bool ok = true;

	if (!answer)
		return false;
	status = agent_int(answer, "status", -1);
	out = bench_guest_file(m, OUT, error);
	err = out ? bench_guest_file(m, ERR, error) : NULL;
	if (!err)
		return false;
	line = one_line(out, err);
	*skip = status == (ours ? KVMPERF_SKIPS : SELFTEST_SKIPS);
	if (*skip)
		selftest_skip(r, *line ? line : "the selftest says nothing of why");
	else if (status)
		ok = vtdlab_unjudged(error, "status %d: %s", (int)status, *line ? line : "no reason given");
	else if (counts)
		ok = selftest_add(r, ours, out, err, error);
	return ok;
}

/* Who goes first changes from round to round: what has run before has left its traces in L1's memory. */
static bool run_pair(struct machine *m, const struct bench_options *o, struct selftest_result *r,
		     const struct selftest_pair *p, GError **error)
{
	g_autofree char *ours = g_strconcat(BENCH_PROBED " ", p->ours, " --warmup 0 --repeat 1 --json", NULL);
	unsigned rounds = o->rounds ? o->rounds : ROUNDS;
	bool skip = false;

	for (unsigned i = 0; i <= rounds && !skip; i++)
		for (unsigned k = 0; k < 2 && !skip; k++) {
			bool is_ours = (i + k) % 2;
			const char *command = is_ours ? ours : p->theirs;

			if (run_one(m, r, command, is_ours, i > 0, &skip, error))
				continue;
			g_prefix_error(error, "%s: ", command);
			return false;
		}
	return true;
}

GPtrArray *bench_selftests_measure(struct machine *m, const struct bench_options *o, GError **error)
{
	g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func((GDestroyNotify)selftest_free);
	unsigned of = 0;

	while (selftest_pairs[of].name)
		of++;
	for (const struct selftest_pair *p = selftest_pairs; p->name; p++) {
		struct selftest_result *r = selftest_new(p);
		int64_t start = g_get_monotonic_time();

		g_ptr_array_add(results, r);
		bench_progress_begin(o->progress, results->len, of, p->name);
		if (!run_pair(m, o, r, p, error))
			return NULL;
		bench_progress_end(o->progress, results->len, of, p->name, selftest_skipped(r) ? "skip" : "done",
				   start);
	}
	return g_steal_pointer(&results);
}

bool bench_selftests_report(const struct bench_measured *b, const struct rundir *rd, struct bench_outcome *out,
			    GError **error)
{
	const char *kernel = b->plan->kernel->release;
	bool judged = b->plan->options->clock_virtual;
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *head = bench_head(b, kernel), *table = selftest_table(b->selftests, false),
			*markdown = selftest_table(b->selftests, true), *page = g_strconcat(head, markdown, NULL),
			*caveats = bench_caveats(b), *json = NULL;
	g_autoptr(GString) text = g_string_new(head);
	unsigned worse = selftest_worse(b->selftests, lines);
	g_autoptr(JsonObject) o = NULL;

	/* times of an emulated machine's wall clock are not what is judged */
	out->exit = worse && judged ? VTDLAB_EXIT_BAD : VTDLAB_EXIT_OK;
	g_string_append_printf(text, "%s\n", table);
	for (guint i = 0; judged && i < lines->len; i++)
		g_string_append_printf(text, "worse: %s\n", (char *)lines->pdata[i]);
	g_string_append_printf(text, "%sratio: kvmperf's time of a fault (or a call) to the selftest's%s; %.1f s\n",
			       caveats,
			       !judged ? "; not judged with this clock" :
			       worse   ? "" :
					 "; none is above 1, and the faults are the same",
			       b->seconds);
	out->summary = g_strdup(text->str);
	o = bench_document(b, SCHEMA, kernel, out->exit);
	json_object_set_array_member(o, "pairs", selftest_json(b->selftests));
	json = json_line_format(o);
	return rundir_write(rd, "selftests.json", json, -1, error) &&
	       rundir_write(rd, "selftests.md", page, -1, error) &&
	       rundir_write(rd, "summary.txt", out->summary, -1, error);
}
