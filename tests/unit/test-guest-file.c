/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files of the guest, and the trace that is one: a made-up agent answers, and counts what it is
 * asked, since a trace that the kernel has to put into words again for each part takes time by the
 * square of its length.
 */
#include "fake-agent.h"

#include "base/error.h"
#include "observe/kprobes.h"

#define RECORDS 300

struct guest {
	struct fake_agent *agent;
	struct machine *m;
	char *text, *raw; /* the file, and as it is with `raw` */
	size_t part;	  /* bytes an answer */
	bool is_raw, fails, no_end, backwards;
	unsigned opened, traces; /* reads from 0 on; commands `trace` */
	size_t sent;
};

static void read_part(struct guest *g, size_t from)
{
	const char *text = g->is_raw ? g->raw : g->text;
	size_t len = strlen(text), n = MIN(g->part, len - MIN(from, len));
	g_autofree char *part = g_strndup(text + MIN(from, len), n), *escaped = g_strescape(part, NULL);
	int64_t next = from + n < len ? (int64_t)(from + n) : -1;
	g_autofree char *members = NULL;

	if (g->no_end)
		next = (int64_t)from + 1;
	else if (g->backwards && from)
		next = 0;
	g->opened += !from;
	g->sent += n;
	members = g_strdup_printf("\"ok\":true,\"t_ns\":5,\"text\":\"%s\",\"next\":%" G_GINT64_FORMAT, escaped, next);
	fake_agent_say(g->agent, members);
}

static void obey(struct fake_agent *a, const char *cmd, JsonObject *request)
{
	struct guest *g = a->data;

	if (strcmp(cmd, "ping") == 0) {
		fake_agent_say(a, "\"ok\":true,\"t_ns\":7000000000");
	} else if (g->fails) {
		fake_agent_say(a, "\"ok\":false,\"t_ns\":5,\"error\":\"there is none; so\"");
	} else if (strcmp(cmd, "trace") == 0) {
		g->traces++;
		g->is_raw = json_object_get_boolean_member(request, "raw");
		fake_agent_say(a, g->is_raw ? "\"ok\":true,\"t_ns\":5" :
					      "\"ok\":true,\"t_ns\":5,\"profile\":[\"  reserve  300  0\"],"
					      "\"windows\":[\"40000000-afffffff : PCI Bus 0000:00\"]");
	} else {
		read_part(g, (size_t)json_object_get_int_member(request, "from"));
	}
}

static int setup(void **state)
{
	struct guest *g = g_new0(struct guest, 1);

	g->agent = fake_agent_new(obey, g);
	g->m = &g->agent->fake->m;
	g->part = 1000;
	*state = g;
	return 0;
}

static int teardown(void **state)
{
	struct guest *g = *state;

	fake_agent_free(g->agent);
	g_free(g->text);
	g_free(g->raw);
	g_free(g);
	return 0;
}

static void a_file_comes_whole(void **state)
{
	struct guest *g = *state;
	g_autofree char *text = NULL;
	GString *file = g_string_new(NULL);

	for (int i = 0; i < 500; i++)
		g_string_append_printf(file, "line %d\n", i);
	g->text = g_string_free(file, FALSE);
	g->part = 77;
	text = machine_guest_file(g->m, "/sys/x", 5, NULL);
	assert_string_equal(text, g->text);
	assert_int_equal(g->opened, 1);
	assert_int_equal(g->sent, strlen(text));
	g_free(g->text);
	g->text = g_strdup("");
	g_free(text);
	text = machine_guest_file(g->m, "/sys/x", 5, NULL);
	assert_string_equal(text, "");
}

static void a_file_that_is_none(void **state)
{
	struct guest *g = *state;
	g_autoptr(GError) error = NULL;

	g->fails = true;
	assert_null(machine_guest_file(g->m, "/sys/x", 5, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED));
	assert_non_null(strstr(error->message, "read-file: there is none"));
}

/* The guest is not believed: neither a file without an end nor one that goes back holds the host.
 */
static void a_file_without_an_end(void **state)
{
	struct guest *g = *state;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	g->text = g_strdup("ab");
	g->part = 1;
	g->backwards = true;
	text = machine_guest_file(g->m, "/sys/x", 5, NULL);
	assert_string_equal(text, "ab");
	assert_int_equal(g->opened, 1);
	g->no_end = true;
	assert_null(machine_guest_file(g->m, "/sys/x", 5, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED));
	assert_non_null(strstr(error->message, "/sys/x has no end"));
}

/* A trace of RECORDS reservations, by the microsecond and by the nanosecond. */
static void make_trace(struct guest *g)
{
	GString *text = g_string_new("# entries-in-buffer/entries-written: 300/300   #P:1\n");
	GString *raw = g_string_new("# no header\n");

	for (unsigned i = 0; i < RECORDS; i++) {
		g_string_append_printf(text,
				       " init-1 [000] d..1. 1.%06u: reserve: (reserve_iova+0x4/0x170) "
				       "iovad=0xff10 lo=0x%x hi=0x%x\n",
				       i, i + 1, i + 1);
		g_string_append_printf(raw, "1 0 1000%03u%03u 99\n", i, 7);
	}
	g->text = g_string_free(text, FALSE);
	g->raw = g_string_free(raw, FALSE);
}

static struct run *be_up(struct guest *g)
{
	struct run *run = &g->agent->fake->run;

	run->kprobes = kprobes_new(&run->at);
	run->at.rd = rundir_create(g->agent->fake->dir, "kdump", NULL);
	assert_non_null(run->at.rd);
	fake_agent_hello(g->agent);
	return run;
}

static void be_gone(struct run *run)
{
	kprobes_free(run->kprobes);
	rundir_remove(run->at.rd);
	rundir_free(run->at.rd);
}

/* Both forms are made once each, and every byte of them is sent once, however many parts it takes.
 */
static void a_trace_is_read_once(void **state)
{
	struct guest *g = *state;
	struct run *run;
	unsigned before;
	g_autofree char *path = NULL, *kept = NULL, *want = NULL;
	const struct evidence_reservation *r;

	make_trace(g);
	run = be_up(g);
	before = run->at.ev->reservations->len;
	assert_true(kprobes_read(run->kprobes, AGENT_STAGE_CRASH, NULL));
	assert_int_equal(g->traces, 2);
	assert_int_equal(g->opened, 2);
	assert_int_equal(g->sent, strlen(g->text) + strlen(g->raw));
	path = rundir_file(run->at.rd, "trace-crash.txt");
	want = g_strconcat("  reserve  300  0\n40000000-afffffff : PCI Bus 0000:00\n", g->text, g->raw, NULL);
	assert_true(g_file_get_contents(path, &kept, NULL, NULL));
	assert_string_equal(kept, want);
	/* a second time there is nothing more to ask */
	assert_true(kprobes_read(run->kprobes, AGENT_STAGE_CRASH, NULL));
	assert_int_equal(g->traces, 2);
	kprobes_conclude(run->kprobes);
	assert_int_equal(run->at.ev->reservations->len - before, RECORDS);
	r = &g_array_index(run->at.ev->reservations, struct evidence_reservation, before + RECORDS - 1);
	assert_int_equal(r->start, RECORDS);
	assert_int_equal(r->guest_ns, 1000299007);
	be_gone(run);
}

static void a_guest_without_a_trace_is_no_end(void **state)
{
	struct guest *g = *state;
	struct run *run = be_up(g);
	JsonObject *crash;

	g->fails = true;
	assert_true(kprobes_read(run->kprobes, AGENT_STAGE_CRASH, NULL));
	kprobes_conclude(run->kprobes);
	kprobes_report(run->kprobes, run->report);
	crash = json_object_get_object_member(run->report->extra, "timing");
	crash = json_object_get_object_member(crash, "crash");
	assert_string_equal(json_object_get_string_member(crash, "problem"), "agent: trace: there is none");
	be_gone(run);
}

static void the_end_of_qemu_is_one(void **state)
{
	struct guest *g = *state;
	struct run *run = be_up(g);
	g_autoptr(GError) error = NULL;

	fake_agent_kill(g->agent);
	assert_false(kprobes_read(run->kprobes, AGENT_STAGE_CRASH, &error));
	assert_non_null(strstr(error->message, "QEMU ended"));
	be_gone(run);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_file_comes_whole),
		TEST(a_file_that_is_none),
		TEST(a_file_without_an_end),
		TEST(a_trace_is_read_once),
		TEST(a_guest_without_a_trace_is_no_end),
		TEST(the_end_of_qemu_is_one),
	};

	return cmocka_run_group_tests_name("guest files", tests, NULL, NULL);
}
