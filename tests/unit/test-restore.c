/* SPDX-License-Identifier: GPL-2.0-only */
/* machine.snapshot: which runs boot, and that each says why; what a restored kernel is asked about its crash kernel. */
#include "fake-agent.h"

#include "base/error.h"
#include "base/json-line.h"
#include "machine/vmm.h"
#include "prepare/devices.h"
#include "prepare/saved.h"

static struct scenario *sc;
static struct fake_run *f;

/* Debian's: all drivers are modules. */
static void config(const char *text)
{
	g_autofree char *path = g_build_filename(f->dir, "config", NULL);

	assert_true(g_file_set_contents(path, text, -1, NULL));
}

static int setup(void **state)
{
	int ret = fake_run_setup(state);

	f = *state;
	sc = scenario_new("test");
	assert_true(scenario_set(sc, "machine.snapshot=on", NULL));
	f->plan.scenario = sc;
	f->first.dir = f->dir;
	config("\nCONFIG_BLK_DEV_NVME=m\nCONFIG_E1000E=m\n");
	return ret;
}

static int teardown(void **state)
{
	g_clear_pointer(&f->run.boots, g_free);
	scenario_free(sc);
	return fake_run_teardown(state);
}

static struct machine_config machine(void)
{
	return (struct machine_config){ .accel = MACHINE_ACCEL_TCG, .qemu = "/nonexistent/qemu" };
}

/* Why it boots; NULL: that was not asked. To be freed. */
static char *why(const struct machine_config *cfg)
{
	GError *error = NULL;

	g_clear_pointer(&f->run.boots, g_free);
	assert_true(restore_find(&f->run, cfg, &error));
	assert_null(error);
	assert_null(f->run.saved);
	return g_strdup(f->run.boots);
}

static void boots(const struct machine_config *cfg, const char *words)
{
	g_autofree char *text = why(cfg);

	assert_non_null(text);
	if (!strstr(text, words))
		fail_msg("'%s' is not in: %s", words, text);
}

static void test_reasons(void **state)
{
	struct machine_config cfg = machine();
	char *args[] = { (char *)"-S", NULL };

	(void)state;
	/* nothing is against it, and it is only now that QEMU is looked for */
	boots(&cfg, "no snapshot could be made");
	boots(&cfg, "/nonexistent/qemu");

	f->options.boot = true;
	boots(&cfg, "--boot");
	f->options.boot = false;
	cfg.accel = MACHINE_ACCEL_KVM;
	boots(&cfg, "KVM");
	cfg = machine();
	cfg.vmm = &vmm_libvirt;
	boots(&cfg, "not run by vtdlab itself");
	cfg.vmm = &vmm_qemu;
	boots(&cfg, "no snapshot could be made");
	cfg.clock_virtual = true;
	boots(&cfg, "virtual clock");
	cfg = machine();
	cfg.no_trace = true;
	boots(&cfg, "nothing observed");
	cfg = machine();
	cfg.edu_functions = 2;
	boots(&cfg, "functions of one slot");
	cfg = machine();
	cfg.gdb = true;
	boots(&cfg, "debugger");
	cfg = machine();
	f->plan.qemu_args = args;
	boots(&cfg, "machine.qemu-args");
	f->plan.qemu_args = NULL;
	/* what decided it before goes on to count */
	g_free(f->run.boots);
	f->run.boots = g_strdup("it is the second attempt");
	assert_true(restore_find(&f->run, &cfg, NULL));
	assert_string_equal(f->run.boots, "it is the second attempt");

	assert_true(scenario_set(sc, "machine.snapshot=off", NULL));
	assert_null(why(&cfg));
}

/* A driver that is there from the start, of a device that the scenario has, or that may be. */
static void test_built_in(void **state)
{
	struct machine_config cfg = machine();
	g_autofree char *path = g_build_filename(f->dir, "config", NULL);

	(void)state;
	config("\nCONFIG_BLK_DEV_NVME=y\nCONFIG_E1000E=m\n");
	boots(&cfg, "CONFIG_BLK_DEV_NVME is built in");
	assert_true(scenario_set(sc, "devices.disk=none", NULL));
	boots(&cfg, "no snapshot could be made");
	config("\nCONFIG_BLK_DEV_NVME=m\nCONFIG_E1000E=y\n");
	boots(&cfg, "CONFIG_E1000E is built in");
	assert_int_equal(unlink(path), 0);
	boots(&cfg, "configuration of the first kernel is not known");
}

/* A driver of virtio is loaded when it is needed: behind its bus it cannot be kept from its device. */
static void test_loaded_early(void **state)
{
	const struct {
		const char *nic, *disk, *want;
	} cases[] = {
		{ "e1000e", "nvme", "nvme e1000e" },
		{ "e1000", "none", "e1000" },
		{ "virtio", "nvme", "nvme" },
		{ "none", "virtio", "" },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *nic = g_strdup_printf("devices.nic=%s", cases[i].nic),
				*disk = g_strdup_printf("devices.disk=%s", cases[i].disk), *text = NULL;
		g_auto(GStrv) names = NULL;

		assert_true(scenario_set(sc, nic, NULL) && scenario_set(sc, disk, NULL));
		names = devices_pci_modules(sc);
		text = g_strjoinv(" ", names);
		assert_string_equal(text, cases[i].want);
	}
}

static void test_told(void **state)
{
	struct machine_config cfg = machine();
	JsonObject *o;

	(void)state;
	f->options.boot = true;
	boots(&cfg, "--boot");
	restore_report(&f->run);
	o = json_line_object(f->run.report->extra, "restore");
	assert_non_null(o);
	assert_true(json_object_has_member(o, "restored") && !json_line_bool(o, "restored", true));
	assert_string_equal(json_line_string(o, "why", ""), "--boot");
	assert_string_equal(f->run.report->notes->pdata[f->run.report->notes->len - 1],
			    "the first kernel was booted, not restored: --boot");
}

static void obey(struct fake_agent *a, const char *cmd, JsonObject *request)
{
	if (strcmp(cmd, "crash-range") == 0) {
		fake_agent_say(a, "\"ok\":true,\"start\":\"0x1000000\",\"end\":\"0x1ffffff\"");
		return;
	}
	assert_string_equal(cmd, "read-file");
	assert_string_equal(json_line_string(request, "path", ""), "/sys/kernel/kexec_crash_loaded");
	fake_agent_say(a, a->data);
}

/* That the crash kernel is there is asked of the kernel itself; how it came there is in the snapshot. */
static void test_crash_kernel(void **state)
{
	static const char *const answers[] = { "\"ok\":true,\"text\":\"1\\n\"", "\"ok\":true,\"text\":\"0\\n\"" };

	static const char meta[] = "{\"flat\":true,\"notes\":[\"a note\"]}";

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct fake_agent *a = fake_agent_new(obey, (void *)answers[i]);
		struct run *run = &a->fake->run;
		struct saved saved = { .meta = json_line_parse(meta, strlen(meta)) };
		g_autoptr(GError) error = NULL;

		assert_non_null(saved.meta);
		run->saved = &saved;
		if (i == 0) {
			assert_true(kexec_restored(run, &error));
			assert_true(run->flat && run->at.ev->crash_loaded);
			assert_string_equal(run->report->notes->pdata[0], "a note");
		} else {
			assert_false(kexec_restored(run, &error));
			assert_non_null(strstr(error->message, "no crash kernel loaded"));
			assert_false(run->at.ev->crash_loaded);
		}
		run->saved = NULL;
		json_object_unref(saved.meta);
		fake_agent_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reasons, setup, teardown),
		cmocka_unit_test_setup_teardown(test_built_in, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loaded_early, setup, teardown),
		cmocka_unit_test_setup_teardown(test_told, setup, teardown),
		cmocka_unit_test(test_crash_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
