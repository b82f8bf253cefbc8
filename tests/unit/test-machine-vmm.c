/* SPDX-License-Identifier: GPL-2.0-only */
/* A machine over a VMM that is no child process, and what QEMU as a child is given. */
#include "machine-test.h"

#include "base/error.h"
#include "machine/machine-priv.h"
#include "machine/vmm.h"

/* A QEMU of which there is only the other end of its channels. */
struct fake_vm {
	struct vm vm;
	int console, agent, qmp, exit_pipe[2];
	GThread *monitor;
	bool frozen, dead;
	const char *migration; /* how one ends that is asked for */
	GString *commands;     /* all that was asked, a line each; NULL: not kept */
	unsigned asked;	       /* whether it has ended */
};

static struct fake_vm fake;
static char *dir;

/* Greets, and says yes to all commands. */
static void *monitor(void *data)
{
	int fd = GPOINTER_TO_INT(data), id = 0;
	g_autoptr(GString) line = g_string_new(NULL);
	char c;

	/* QEMU runs before it is spoken to */
	g_usleep(50000);
	test_write(fd, "{\"QMP\":{\"version\":{\"qemu\":{\"major\":7,\"minor\":2,\"micro\":22}}}}\n");
	while (read(fd, &c, 1) == 1) {
		g_autofree char *yes = g_strdup_printf("{\"return\":{},\"id\":%d}\n", ++id);

		for (g_string_assign(line, ""); c != '\n';) {
			g_string_append_c(line, c);
			if (read(fd, &c, 1) != 1)
				break;
		}
		if (fake.commands)
			g_string_append_printf(fake.commands, "%s\n", line->str);
		test_write(fd, yes);
		if (strstr(line->str, "\"uri\"")) {
			g_autofree char *event =
				g_strdup_printf("{\"event\":\"MIGRATION\",\"data\":{\"status\":\"active\"}}\n"
						"{\"event\":\"MIGRATION\",\"data\":{\"status\":\"%s\"}}\n",
						fake.migration);

			test_write(fd, event);
		}
	}
	return NULL;
}

static char *fake_describe(const struct machine_config *cfg, const struct qemu_caps *caps, GError **error)
{
	(void)cfg;
	(void)caps;
	(void)error;
	return g_strdup("<domain/>");
}

static struct vm *fake_start(const struct machine_config *cfg, const struct qemu_caps *caps, struct vmm_channels *ch,
			     GError **error)
{
	int pair[2];

	assert_true(g_path_is_absolute(cfg->run_dir));
	assert_string_equal(caps->version, "7.2.22");
	test_pair(SOCK_STREAM, pair);
	ch->qmp = pair[0];
	fake.qmp = pair[1];
	fake.monitor = g_thread_new("monitor", monitor, GINT_TO_POINTER(fake.qmp));
	test_pair(SOCK_STREAM, pair);
	ch->agent = pair[0];
	fake.agent = pair[1];
	/* a socket does as well as a pipe */
	test_pair(SOCK_STREAM, pair);
	ch->console = pair[0];
	fake.console = pair[1];
	assert_int_equal(pipe(fake.exit_pipe), 0);
	fake.dead = false;
	ch->ram = ram_file(cfg->memory, error);
	ch->trace = cfg->no_trace ? NULL : g_build_filename(dir, "qemu.log", NULL);
	return &fake.vm;
}

static bool fake_freeze(struct vm *vm)
{
	return ((struct fake_vm *)vm)->frozen = true;
}

static void fake_thaw(struct vm *vm)
{
	((struct fake_vm *)vm)->frozen = false;
}

static char *fake_ended(struct vm *vm)
{
	fake.asked++;
	return ((struct fake_vm *)vm)->dead ? g_strdup("destroyed") : NULL;
}

static void fake_kill(struct vm *vm, unsigned grace_ms)
{
	(void)grace_ms;
	/* as a process would: frozen, it could not have answered `quit` */
	assert_false(fake.frozen);
	((struct fake_vm *)vm)->dead = true;
}

static void fake_free(struct vm *vm)
{
	assert_true(((struct fake_vm *)vm)->dead);
	shutdown(fake.qmp, SHUT_RDWR);
	g_thread_join(fake.monitor);
	close(fake.qmp);
	close(fake.agent);
	close(fake.console);
	close(fake.exit_pipe[0]);
	close(fake.exit_pipe[1]);
}

static int fake_exit_fd(struct vm *vm)
{
	return ((struct fake_vm *)vm)->exit_pipe[0];
}

static const struct vmm fake_vmm = {
	.name = "fake",
	.describe = fake_describe,
	.start = fake_start,
	.freeze = fake_freeze,
	.thaw = fake_thaw,
	.ended = fake_ended,
	.exit_fd = fake_exit_fd,
	.kill = fake_kill,
	.free = fake_free,
};

static struct machine_config config(const char *qemu)
{
	return (struct machine_config){ .vmm = &fake_vmm,
					.qemu = qemu,
					.accel = MACHINE_ACCEL_TCG,
					.memory = UINT64_C(64) << 20,
					.cpus = 1,
					.kernel = "/k",
					.nic = MACHINE_NIC_NONE,
					.disk = MACHINE_DISK_NONE,
					.no_trace = true,
					.run_dir = dir };
}

/* Answers what qemu_probe() asks, then does `body`. */
static char *fake_qemu(const char *body)
{
	g_autofree char *all = g_strconcat("case $* in\n"
					   "*--version*) echo 'QEMU emulator version 7.2.22 (Debian)'; exit;;\n"
					   "*intel-iommu,help*) echo 'intel-iommu options:'; exit;;\n"
					   "*help*) exit;;\n"
					   "esac\n",
					   body, NULL);

	return test_script(dir, "qemu", all);
}

static void test_seam(void **state)
{
	g_autofree char *qemu = fake_qemu("exit 1"), *text = NULL;
	struct machine_config cfg = config(qemu);
	struct machine *m = machine_start(&cfg, NULL);
	int64_t frozen_ns;
	uint8_t byte = 7;

	(void)state;
	assert_non_null(m);
	assert_true(machine_alive(m));
	text = machine_describe(&cfg, NULL);
	assert_string_equal(text, "<domain/>");
	test_write(fake.agent, "{\"hello\":1,\"stage\":\"first\"}\n");
	assert_non_null(machine_wait_hello(m, AGENT_STAGE_FIRST, 10, NULL));
	assert_int_equal(machine_write_phys(m, 0x1000, &byte, 1), 0);
	assert_true(machine_freeze(m, NULL) && fake.frozen);
	assert_null(machine_qmp(m, "query-status", NULL, NULL));
	machine_thaw(m, &frozen_ns);
	assert_true(!fake.frozen && frozen_ns >= 0);
	/* frozen when its end comes */
	assert_true(machine_freeze(m, NULL));
	machine_kill(m);
	assert_false(machine_alive(m) || machine_died_by_itself(m));
	assert_string_equal(machine_death(m), "QEMU ended: destroyed");
	assert_true(machine_read_phys(m, 0x1000, &byte, 1) == 0 && byte == 7);
	machine_free(m);
}

/* A machine that waits is told of its end, and does not ask for it at every turn of the main loop. */
static void test_end_is_told(void **state)
{
	g_autofree char *qemu = fake_qemu("exit 1");
	struct machine_config cfg = config(qemu);
	g_autoptr(GError) error = NULL;
	struct machine *m = machine_start(&cfg, NULL);

	(void)state;
	assert_non_null(m);
	fake.asked = 0;
	assert_true(machine_run_for(m, 0.3, NULL)); /* a turn each 20 ms at least */
	assert_int_equal(fake.asked, 0);
	fake.dead = true;
	test_write(fake.exit_pipe[1], "x");
	assert_false(machine_run_for(m, 60, &error));
	assert_non_null(strstr(error->message, "QEMU ended: destroyed"));
	assert_true(machine_wait_ended(m) == MACHINE_END_DIED);
	machine_free(m);
}

static void count(const struct trace_event *e, void *data)
{
	(void)e;
	++*(unsigned *)data;
}

/* Whoever subscribes once the machine has been started is told of what was traced before. */
static void test_trace_from_power_on(void **state)
{
	g_autofree char *qemu = fake_qemu("exit 1"), *log = g_build_filename(dir, "qemu.log", NULL);
	struct machine_config cfg = config(qemu);
	struct machine *m;
	unsigned n = 0;

	(void)state;
	cfg.no_trace = false;
	assert_true(g_file_set_contents(log, "7@1700000000.000000:vtd_dmar_enable enable 1\n", -1, NULL));
	m = machine_start(&cfg, NULL);
	assert_non_null(m);
	trace_subscribe(machine_trace(m), count, &n);
	trace_poll(machine_trace(m));
	assert_int_equal(n, 1);
	machine_free(m);
}

/* One that cannot keep its disk's writes anywhere gets the run directory for them; we ourselves stay as we are. */
static void test_child(void **state)
{
	g_autofree char *qemu = fake_qemu("echo \"qemu-system-x86_64: T=$TMPDIR\" >&2; exit 3"), *want = NULL;
	struct machine_config cfg = config(qemu);
	g_autoptr(GError) error = NULL;

	(void)state;
	cfg.vmm = NULL;
	g_setenv("TMPDIR", "/no/such/dir", TRUE);
	assert_null(machine_start(&cfg, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_CANNOT_JUDGE));
	want = g_strdup_printf("QEMU did not start: QEMU ended: exit status 3: T=%s", dir);
	assert_string_equal(error->message, want);
	assert_string_equal(g_getenv("TMPDIR"), "/no/such/dir");
	g_unsetenv("TMPDIR");
}

/* A width that this QEMU's unit does not know is a lack of it, for a skip by name; any other end is a rig that broke. */
static void test_width(void **state)
{
	g_autofree char *qemu = fake_qemu("echo \"qemu-system-x86_64: -device intel-iommu,aw-bits=57: Supported values "
					  "for aw-bits are: 39, 48\" >&2; exit 1");
	struct machine_config cfg = config(qemu);
	g_autoptr(GError) error = NULL;

	(void)state;
	cfg.vmm = NULL;
	assert_null(machine_start(&cfg, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_UNFIT));
	assert_non_null(strstr(error->message, "are: 39, 48"));
}

/* Which commands QEMU got, in this order: @words, ended by NULL. */
static void asked(const char *const *words)
{
	const char *at = fake.commands->str;

	for (; *words; words++) {
		at = strstr(at, *words);
		if (!at)
			fail_msg("%s is not in its place in:\n%s", *words, fake.commands->str);
	}
}

static void test_saved_and_restored(void **state)
{
	static const char *const save[] = { "\"stop\"", "x-ignore-shared", "\"getfd\"", "\"migrate\"", NULL };
	static const char *const restore[] = { "x-ignore-shared", "\"migrate-incoming\"",
					       "hotplug-handler", "\"driver\":\"nvme\"",
					       "\"cont\"",	  NULL };
	g_autofree char *qemu = fake_qemu("exit 1"), *ram = g_build_filename(dir, "ram", NULL);
	struct machine_config cfg = config(qemu);
	int fd = open(dir, O_TMPFILE | O_RDWR, 0600), ram_fd;
	GError *error = NULL;
	struct machine *m;
	uint32_t sum = 0;
	uint8_t byte = 7;

	(void)state;
	fake.migration = "completed";
	fake.commands = g_string_new(NULL);
	m = machine_start(&cfg, NULL);
	assert_non_null(m);
	assert_int_equal(machine_write_phys(m, 0x5000, &byte, 1), 0);
	assert_true(machine_save(m, fd, &sum, &error));
	assert_true(machine_save_ram(m, ram, &error));
	machine_free(m);
	asked(save);

	g_string_assign(fake.commands, "");
	cfg.incoming = true;
	cfg.disk = MACHINE_DISK_NVME;
	cfg.disk_image = "/d";
	ram_fd = open(ram, O_RDONLY);
	m = machine_start(&cfg, NULL);
	assert_true(machine_restore(m, fd, ram_fd, &sum, 12, &error));
	byte = 0;
	assert_true(machine_read_phys(m, 0x5000, &byte, 1) == 0 && byte == 7);
	/* a slow host's first kernel: deadlines are as long as they were when it booted */
	assert_true(machine_boot_s(m) == 12);
	assert_true(machine_resume(m, &error));
	machine_free(m);
	asked(restore);

	/* another RAM: QEMU is not even given the rest */
	g_string_assign(fake.commands, "");
	m = machine_start(&cfg, NULL);
	assert_false(machine_restore(m, fd, ram_fd, &(uint32_t){ sum + 1 }, 0, &error));
	assert_non_null(strstr(error->message, "the RAM is not what was saved"));
	assert_null(strstr(fake.commands->str, "migrate-incoming"));
	g_clear_error(&error);
	machine_free(m);

	/* a state that QEMU cannot read */
	fake.migration = "failed";
	m = machine_start(&cfg, NULL);
	assert_false(machine_restore(m, fd, ram_fd, &sum, 0, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED));
	assert_non_null(strstr(error->message, "migrate-incoming: it failed"));
	g_clear_error(&error);
	machine_free(m);
	close(fd);
	close(ram_fd);
	g_string_free(g_steal_pointer(&fake.commands), TRUE);
}

static gboolean say(void *line)
{
	test_write(fake.agent, line);
	return G_SOURCE_REMOVE;
}

/* An agent that left a command unanswered is given seconds for the next one, whatever that asks for, until it answers. */
static void test_silent_agent(void **state)
{
	g_autofree char *qemu = fake_qemu("exit 1");
	struct machine_config cfg = config(qemu);
	GError *error = NULL;
	struct machine *m;
	JsonObject *o;
	double before;

	(void)state;
	cfg.accel = MACHINE_ACCEL_KVM;
	m = machine_start(&cfg, NULL);
	assert_non_null(m);
	/* one that is up at once: deadlines grow with the host's load alone, to four times what they are */
	test_write(fake.agent, "{\"hello\":1,\"stage\":\"first\"}\n");
	assert_non_null(machine_wait_hello(m, AGENT_STAGE_FIRST, 10, NULL));

	/* the first gets its time, be that more or less: here it is answered late */
	g_timeout_add(100, say, "{\"id\":1,\"ok\":true}\n");
	o = machine_agent(m, 30, &error, "first", NULL);
	assert_non_null(o);
	json_object_unref(o);
	assert_null(machine_agent(m, 0.01, &error, "second", NULL));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_CANNOT_JUDGE));
	assert_non_null(strstr(error->message, "the agent's answer to second in vain"));
	g_clear_error(&error);

	before = machine_guest_s(m);
	assert_null(machine_agent(m, 30, &error, "third", NULL));
	assert_in_range(machine_guest_s(m) - before, 2, 29);
	g_clear_error(&error);
	/* less than that stays less */
	before = machine_guest_s(m);
	assert_null(machine_agent(m, 0.01, &error, "fourth", NULL));
	assert_true(machine_guest_s(m) - before < 2);
	g_clear_error(&error);

	/* what it refuses is an answer as well */
	assert_true(m->agent_silent);
	g_timeout_add(100, say, "{\"id\":5,\"ok\":false,\"error\":\"no\"}\n");
	assert_null(machine_agent(m, 30, &error, "fifth", NULL));
	assert_string_equal(error->message, "agent: fifth: no");
	g_clear_error(&error);
	assert_false(m->agent_silent);
	machine_kill(m);
	machine_free(m);
}

static int setup(void **state)
{
	(void)state;
	dir = test_dir();
	/* a cache that cannot be: nothing is left in the user's own */
	g_setenv("VTDLAB_CACHE", "/dev/null/none", TRUE);
	fake = (struct fake_vm){ .vm = { &fake_vmm } };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	test_dir_remove(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_seam, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trace_from_power_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_width, setup, teardown),
		cmocka_unit_test_setup_teardown(test_child, setup, teardown),
		cmocka_unit_test_setup_teardown(test_saved_and_restored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_silent_agent, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
