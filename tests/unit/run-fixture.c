/* SPDX-License-Identifier: GPL-2.0-only */
#include "run-fixture.h"

static const uint8_t magic[8] = { 0xa1, 2, 3, 4, 5, 6, 7, 0x8f };

/* QEMU never ends by itself. */
static char *never(struct vm *vm)
{
	(void)vm;
	return NULL;
}

static bool freeze(struct vm *vm)
{
	return vm != NULL;
}

static void thaw(struct vm *vm)
{
	(void)vm;
}

static const struct vmm fake_vmm = { .name = "fake", .freeze = freeze, .thaw = thaw, .ended = never };
static struct vm fake_vm = { &fake_vmm };

static void fake_machine(struct fake_run *f)
{
	g_autofree char *path = g_build_filename(f->dir, "qemu.log", NULL);
	int console[2], net[2], qmp[2];

	assert_int_equal(pipe2(console, O_CLOEXEC), 0);
	test_pair(SOCK_DGRAM, net);
	/* a monitor that answers nothing */
	test_pair(SOCK_STREAM, qmp);
	close(qmp[1]);
	f->guest = console[1];
	f->net = net[1];
	f->log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	f->caps = (struct qemu_caps){ .path = (char *)"/nowhere/qemu", .version = (char *)"0.0" };
	f->m = (struct machine){ .run_dir = f->dir, .accel = MACHINE_ACCEL_TCG, .caps = &f->caps, .vm = &fake_vm };
	assert_true(ram_init(&f->m.ram, ram_file(FAKE_RAM, NULL), FAKE_RAM, NULL));
	f->m.console = console_new(console[0], NULL, NULL);
	f->m.qmp = qmp_new(qmp[0], NULL, NULL);
	f->m.trace = trace_new(path);
	f->m.injector = injector_new(net[0], dup(net[1]), NULL, magic);
}

int fake_run_setup(void **state)
{
	struct fake_run *f = g_new0(struct fake_run, 1);

	f->good = good_run_new(GOOD_LEGACY);
	f->dir = test_dir();
	fake_machine(f);
	f->plan = (struct plan){
		.scenario = f->good->sc, .options = &f->options, .first = &f->first, .crash = &f->crash
	};
	f->crash.release = (char *)"6.1.0-test";
	f->run = (struct run){ .at = { .plan = &f->plan, .ev = f->good->ev, .m = &f->m, .clock = clock_new(NULL) },
			       .report = report_new("fake") };
	f->run.iommu = iommu_events_new(&f->run.at);
	f->run.words = console_words_new(&f->run.at);
	*state = f;
	return 0;
}

int fake_run_teardown(void **state)
{
	struct fake_run *f = *state;

	injector_free(f->m.injector);
	trace_free(f->m.trace);
	console_free(f->m.console);
	qmp_free(f->m.qmp);
	ram_clear(&f->m.ram);
	g_free(f->m.shutdown_reason);
	close(f->guest);
	close(f->log);
	close(f->net);
	iommu_events_free(f->run.iommu);
	console_words_free(f->run.words);
	clock_free(f->run.at.clock);
	report_free(f->run.report);
	good_run_free(f->good);
	test_dir_remove(f->dir);
	g_free(f);
	return 0;
}
