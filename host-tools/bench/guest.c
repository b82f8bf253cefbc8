/* SPDX-License-Identifier: GPL-2.0-only */
/* What happens in L1: modules are loaded, kvmperf runs, its document is fetched. */
#include "bench/bench-priv.h"

#include <string.h>

#include "base/error.h"
#include "machine/guest-kvm.h"

#define PROGRAM "/sbin/kvmperf"
#define OUT "/tmp/bench.out"
#define ERR "/tmp/bench.err"
/* Of an idle host with KVM; the machine's scale comes on top. kvmperf has deadlines of its own. */
#define SECONDS_SMALL 10.0
#define SECONDS_TEST 90.0
/* The host's own deadline is the one that counts: the guest only must not be without any. */
#define GUEST_DEADLINE_MS 3600000
/* A suite's progress goes where the host sees it. */
#define PROGRESS "/dev/kmsg"
/* Of a test in a suite, by L1's clock: with the virtual one a second is a billion instructions. */
#define TEST_DEADLINE_VIRTUAL "30"
#define ERR_MAX 300

char *bench_guest_file(struct machine *m, const char *path, GError **error)
{
	return machine_guest_file(m, path, SECONDS_SMALL, error);
}

static bool modprobe(struct machine *m, const char *name, GError **error)
{
	g_autoptr(JsonObject) answer =
		machine_agent(m, SECONDS_SMALL, error, "modprobe", "name", MACHINE_STR, name, NULL);

	return answer != NULL;
}

/* "0" and "N", "1" and "Y" are the same to a parameter that is a switch. */
static const char *plain(const char *value)
{
	if (strcmp(value, "n") == 0 || strcmp(value, "N") == 0)
		return "0";
	return strcmp(value, "y") == 0 || strcmp(value, "Y") == 0 ? "1" : value;
}

/* What was asked of a module or the kernel, and what it says itself: a word that it does not know changes nothing, silently. */
static bool check_param(struct machine *m, const char *param, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(param, "=", 2);
	g_autofree char *name = g_strdelimit(g_strdup(parts[0]), "-", '_'), *path = NULL, *text = NULL;
	g_autoptr(GError) why = NULL;
	char *dot = strchr(name, '.');

	if (dot)
		*dot = '\0';
	path = g_strdup_printf("/sys/module/%s/parameters/%s", dot ? name : "kernel", dot ? dot + 1 : name);
	text = bench_guest_file(m, path, &why);
	if (!text && why->code == VTDLAB_ERROR_FAILED)
		return vtdlab_refuse(error, "--l1-params %s: this kernel has no such parameter (%s)", param,
				     why->message);
	if (!text) {
		g_propagate_error(error, g_steal_pointer(&why));
		return false;
	}
	g_strstrip(text);
	return strcmp(plain(text), plain(parts[1])) == 0 ||
	       vtdlab_refuse(error, "--l1-params %s: L1 has it as '%s' all the same", param, text);
}

bool bench_guest_prepare(struct machine *m, const struct bench_options *o, GError **error)
{
	const char *module = machine_guest_kvm(m, SECONDS_SMALL, error);

	if (!module || !modprobe(m, module, error))
		return false;
	if (o->iommu != BENCH_IOMMU_OFF && (!modprobe(m, "vfio_iommu_type1", error) || !modprobe(m, "vfio_pci", error)))
		return false;
	for (char **p = o->params; p && *p; p++)
		if (!check_param(m, *p, error))
			return false;
	return true;
}

/* ---- measuring ---- */

static void add_word(JsonArray *argv, const char *word)
{
	if (*word)
		json_array_add_string_element(argv, word);
}

JsonObject *bench_request(JsonArray *argv, const char *out, const char *err)
{
	JsonObject *request = json_object_new();

	json_object_set_string_member(request, "cmd", "run");
	json_object_set_array_member(request, "argv", argv);
	json_object_set_string_member(request, "out", out);
	json_object_set_string_member(request, "err", err);
	json_object_set_int_member(request, "deadline_ms", GUEST_DEADLINE_MS);
	return request;
}

/* The name first, then what is ours, then the words of the user, which count more. */
static JsonObject *request_for(const char *command, const struct bench_options *o)
{
	g_auto(GStrv) words = g_strsplit(command, " ", -1);
	JsonArray *argv = json_array_new();
	char **w = words;

	add_word(argv, PROGRAM);
	add_word(argv, *w++);
	if (!o->tests) {
		add_word(argv, *w++);
		add_word(argv, "--progress");
		add_word(argv, PROGRESS);
	}
	if (o->clock_virtual) {
		add_word(argv, "--deadline");
		add_word(argv, TEST_DEADLINE_VIRTUAL);
	}
	while (*w)
		add_word(argv, *w++);
	add_word(argv, "--json");
	if (o->rounds) {
		g_autofree char *number = g_strdup_printf("%u", o->rounds);

		add_word(argv, "--repeat");
		add_word(argv, number);
	}
	return bench_request(argv, OUT, ERR);
}

/* What kvmperf says when it has no document. */
static bool no_document(struct machine *m, const char *what, int64_t status, int64_t sig, GError **error)
{
	g_autofree char *text = bench_guest_file(m, ERR, NULL);
	g_autofree char *line = g_strndup(text ? text : "", ERR_MAX);

	g_strdelimit(g_strstrip(line), "\n\r\t", ' ');
	if (sig)
		return vtdlab_unjudged(error, "%s: killed by signal %d %s", what, (int)sig, line);
	return vtdlab_unjudged(error, "%s: status %d: %s", what, (int)status, *line ? line : "no reason given");
}

/* kvmperf with the words of @command; its document as the guest wrote it. */
static JsonObject *run_program(struct machine *m, const char *command, const struct bench_options *o, GArray *spans,
			       GError **error)
{
	g_autofree char *what = g_strconcat("kvmperf ", command, NULL), *text = NULL;
	g_autoptr(JsonObject) request = request_for(command, o), answer = NULL;
	struct bench_doc *doc;
	int64_t status, sig;

	answer = bench_follow(m, o->progress, request, SECONDS_TEST, spans, error);
	if (!answer) {
		g_prefix_error(error, "%s: ", what);
		return NULL;
	}
	status = agent_int(answer, "status", -1);
	sig = agent_int(answer, "signal", 0);
	text = status < 0 ? NULL : bench_guest_file(m, OUT, error);
	if (!text && status >= 0)
		return NULL;
	/* Called wrongly, or no /dev/kvm: there is no document. A skipped test has one, and the same status. */
	if (status < 0 || !*text) {
		no_document(m, what, status, sig, error);
		return NULL;
	}
	/* Before anything of it is used. */
	doc = bench_doc_parse(text, strlen(text), error);
	if (!doc) {
		g_prefix_error(error, "%s: ", what);
		return NULL;
	}
	bench_doc_free(doc);
	return bench_json(text, strlen(text), error);
}

static void join_tests(JsonObject *all, JsonObject *one)
{
	JsonArray *to = json_object_get_array_member(all, "tests");
	JsonArray *from = json_object_get_array_member(one, "tests");

	for (guint i = 0; i < json_array_get_length(from); i++)
		json_array_add_element(to, json_array_dup_element(from, i));
}

/* The result of the only test of a document. */
static const char *result_of(JsonObject *document)
{
	JsonArray *tests = json_object_get_array_member(document, "tests");

	return json_array_get_length(tests) ?
		       json_object_get_string_member(json_array_get_object_element(tests, 0), "result") :
		       "none";
}

JsonObject *bench_guest_measure(struct machine *m, const struct bench_options *o, GArray *spans, GError **error)
{
	g_autofree char *suite = g_strconcat("suite ", o->suite, NULL);
	unsigned of = o->tests ? g_strv_length(o->tests) : 0;
	g_autoptr(JsonObject) all = NULL;

	if (!o->tests)
		return run_program(m, suite, o, spans, error);
	for (unsigned n = 1; n <= of; n++) {
		const char *test = o->tests[n - 1];
		int64_t start = g_get_monotonic_time();
		struct bench_span span = { .begin = spans ? bench_instructions(m) : 0 };
		g_autoptr(JsonObject) one = NULL;

		bench_progress_begin(o->progress, n, of, test);
		one = run_program(m, test, o, NULL, error);
		if (!one)
			return NULL;
		if (spans) {
			span.end = bench_instructions(m);
			g_array_append_val(spans, span);
		}
		bench_progress_end(o->progress, n, of, test, result_of(one), start);
		if (all)
			join_tests(all, one);
		else
			all = g_steal_pointer(&one);
	}
	return g_steal_pointer(&all);
}
