/* SPDX-License-Identifier: GPL-2.0-only */
/* From the options of a benchmark to what is booted. */
#include "bench/bench-priv.h"

#include <string.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/paths.h"
#include "machine/machine.h"

#define GIB (UINT64_C(1) << 30)
/* What is in images/initramfs/workload-NAME.manifest. */
#define WORKLOAD "kvmperf"
#define REQUIRED "KVM VFIO_IOMMU_TYPE1 VFIO_PCI"
/* QEMU's edu device, which the tests of VFIO are about. */
#define EDU_IDS "vfio_pci.ids=1234:11e8"

static bool refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool refuse(GError **error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_propagate_error(error, g_error_new_valist(VTDLAB_ERROR, VTDLAB_ERROR_USAGE, format, args));
	va_end(args);
	return false;
}

/* ---- words ---- */

static const char *const iommu_names[] = { "off", "pt", "lazy", "strict", "caching" };

const char *bench_iommu_name(enum bench_iommu mode)
{
	return iommu_names[mode];
}

bool bench_iommu_read(const char *word, enum bench_iommu *mode, GError **error)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(iommu_names); i++)
		if (strcmp(word, iommu_names[i]) == 0) {
			*mode = (enum bench_iommu)i;
			return true;
		}
	return refuse(error, "--iommu %s: must be off, pt, lazy, strict or caching", word);
}

/* "kvm-amd.npt=0": what the agent takes from the command line when it loads the module. */
static bool param_ok(const char *word)
{
	const char *dot = strchr(word, '.'), *is = strchr(word, '=');
	size_t name = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
	size_t param = dot ? strspn(dot + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") : 0;

	return dot && is && name && word + name == dot && param && dot + 1 + param == is && is[1] &&
	       strspn(is + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-:,") == strlen(is + 1);
}

char **bench_params(const char *text, GError **error)
{
	g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
	g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);

	for (char **w = words; *w; w++) {
		if (!**w)
			continue;
		if (!param_ok(*w)) {
			refuse(error, "--l1-params '%s': write MODULE.PARAMETER=VALUE, such as kvm.tdp_mmu=N", *w);
			return NULL;
		}
		g_ptr_array_add(out, g_strdup(*w));
	}
	g_ptr_array_add(out, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&out), FALSE);
}

/* The program that will run in L1 runs here as well: it knows its tests and options, and says what is wrong. */
static bool ask_program(const char *program, char **words, const char *test, GError **error)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autofree char *err = NULL;
	g_autoptr(GError) why = NULL;
	int status;

	g_ptr_array_add(argv, (char *)program);
	for (char **w = words; *w; w++)
		g_ptr_array_add(argv, *w);
	g_ptr_array_add(argv, (char *)"--help");
	g_ptr_array_add(argv, NULL);
	if (!g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &err, &status,
			  &why))
		return refuse(error, "%s: %s: is it built? (make)", program, why->message);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	return refuse(error, "--tests '%s': %s", test, g_strstrip(err));
}

/* How many options the guest's agent and kvmperf itself take. */
#define WORDS_MAX 24

char **bench_tests(const char *text, GError **error)
{
	g_autofree char *program = lab_path("build", "guests", "kvmperf", NULL);
	g_auto(GStrv) tests = g_strsplit(text, ",", -1);
	g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);

	if (!*tests) {
		refuse(error, "--tests '': write names of `kvmperf list`, each with its options");
		return NULL;
	}
	for (char **t = tests; *t; t++) {
		g_auto(GStrv) words = NULL;
		unsigned n;

		g_strstrip(*t);
		words = g_strsplit(*t, " ", -1);
		n = g_strv_length(words);
		if (!n || !g_ascii_islower(**words) || g_strv_contains((const char *const *)words, "--json") ||
		    strcmp(*words, "list") == 0 || strcmp(*words, "suite") == 0 || n > WORDS_MAX) {
			refuse(error, "--tests '%s': write names of `kvmperf list`, each with its options", *t);
			return NULL;
		}
		if (!ask_program(program, words, *t, error))
			return NULL;
		g_ptr_array_add(out, g_strdup(*t));
	}
	g_ptr_array_add(out, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&out), FALSE);
}

/* ---- the machine ---- */

bool bench_wants_huge(const struct bench_options *o)
{
	if (o->selftests)
		return false;
	for (char **t = o->tests; t && *t; t++)
		if (strstr(*t, "hugetlb"))
			return true;
	return !o->tests && strcmp(o->suite, "full") == 0;
}

uint64_t bench_memory(const struct bench_options *o)
{
	return (bench_wants_huge(o) ? 4 : 2) * GIB;
}

static void add_iommu(GString *line, enum bench_iommu mode)
{
	static const char *const words[] = {
		[BENCH_IOMMU_OFF] = "intel_iommu=off",
		[BENCH_IOMMU_PT] = "intel_iommu=on,sm_off iommu=pt",
		[BENCH_IOMMU_LAZY] = "intel_iommu=on,sm_off iommu.strict=0",
		[BENCH_IOMMU_STRICT] = "intel_iommu=on,sm_off iommu.strict=1",
		[BENCH_IOMMU_CACHING] = "intel_iommu=on,sm_off",
	};

	g_string_append(line, words[mode]);
}

/* As in a scenario (prepare/plan.c), without what is about a crash kernel. */
static char *command_line(const struct bench_options *o)
{
	g_autoptr(GString) line = g_string_new("console=ttyS0,115200 no_timer_check tsc=reliable panic=-1 ");
	const char *spoil = g_getenv("KVMPERF_SPOIL");

	add_iommu(line, o->iommu);
	/* Reserved at boot, where a page of 1 GiB can still be found. */
	if (bench_wants_huge(o))
		g_string_append(line, " hugepagesz=2M hugepages=32 hugepagesz=1G hugepages=1");
	/* The same addresses in every boot: the same work. */
	if (o->clock_virtual)
		g_string_append(line, " nokaslr");
	g_string_append(line, " " EDU_IDS);
	for (char **p = o->params; p && *p; p++)
		g_string_append_printf(line, " %s", *p);
	/* The kernel hands it to the agent, that to kvmperf: so the tests see its checks fail. */
	if (spoil && *spoil && strspn(spoil, G_CSET_a_2_z G_CSET_DIGITS "-") == strlen(spoil))
		g_string_append_printf(line, " KVMPERF_SPOIL=%s", spoil);
	return g_strdup(line->str);
}

static bool check(const struct bench_options *o, GError **error)
{
	if (strcmp(o->suite, "quick") != 0 && strcmp(o->suite, "full") != 0)
		return refuse(error, "--suite %s: must be quick or full", o->suite);
	if (o->clock_virtual && o->cpus > 1)
		return refuse(error,
			      "--clock virtual --cpus %u: icount livelocks with more than one CPU on QEMU 7.2: use "
			      "--cpus 1, or --clock wall",
			      o->cpus);
	if (o->clock_virtual && o->accel == MACHINE_ACCEL_KVM)
		return refuse(error, "--clock virtual counts the instructions of an emulated CPU: it goes with "
				     "--accel tcg, not kvm");
	if (o->cpus < 1 || o->cpus > 64)
		return refuse(error, "--cpus %u: must be 1 to 64", o->cpus);
	if (o->rounds > 1000)
		return refuse(error, "--rounds %u: must be 1 to 1000", o->rounds);
	return true;
}

static char *run_name(const struct bench_options *o)
{
	g_autofree char *first = o->selftests ? g_strdup("selftests") :
				 o->tests     ? g_strndup(o->tests[0], strcspn(o->tests[0], " ")) :
						NULL;

	return g_strdup_printf("bench-%s%s-%s", first ? first : o->suite, o->tests && o->tests[1] ? "+" : "",
			       o->clock_virtual ? "virtual" : "wall");
}

bool bench_plan_make(struct bench_plan *plan, const struct bench_options *options, GError **error)
{
	memset(plan, 0, sizeof(*plan));
	plan->options = options;
	if (!check(options, error))
		return false;
	if (options->selftests) {
		plan->programs = bench_selftests_programs(options->selftests, error);
		if (!plan->programs)
			return false;
	}
	if (options->qemu) {
		plan->qemu = qemu_get(options->qemu, error);
		if (!plan->qemu)
			return false;
	}
	plan->kernel = kernel_get(options->kernel, options->modules, REQUIRED, error);
	if (plan->kernel)
		plan->initrd = initramfs_program(plan->kernel, WORKLOAD, (const char *const *)plan->programs, error);
	plan->cmdline = command_line(options);
	plan->name = run_name(options);
	return plan->initrd != NULL;
}

void bench_plan_clear(struct bench_plan *plan)
{
	kernel_free(plan->kernel);
	g_free(plan->initrd);
	g_strfreev(plan->programs);
	g_free(plan->qemu);
	g_free(plan->cmdline);
	g_free(plan->name);
	memset(plan, 0, sizeof(*plan));
}

void bench_plan_machine(const struct bench_plan *plan, const char *run_dir, struct machine_config *cfg)
{
	const struct bench_options *o = plan->options;

	*cfg = (struct machine_config){
		.qemu = plan->qemu,
		.accel = o->accel,
		.memory = bench_memory(o),
		.cpus = o->cpus,
		.clock_virtual = o->clock_virtual,
		.cpu_threads = true,
		.kernel = kernel_boot_path(plan->kernel),
		.initrd = plan->initrd,
		.cmdline = plan->cmdline,
		.nic = MACHINE_NIC_NONE,
		.disk = MACHINE_DISK_NONE,
		.edu = true,
		.no_trace = true,
		.run_dir = run_dir,
	};
	cfg->iommu.mode = o->iommu == BENCH_IOMMU_OFF ? MACHINE_IOMMU_OFF : MACHINE_IOMMU_LEGACY;
	/* VFIO wants interrupt remapping, or an unsafe parameter */
	cfg->iommu.intremap = o->iommu != BENCH_IOMMU_OFF;
	cfg->iommu.caching_mode = o->iommu == BENCH_IOMMU_CACHING;
}

char *bench_dry_run(const struct bench_options *options, GError **error)
{
	struct machine_config cfg;
	struct bench_plan plan;
	char *text = NULL;

	if (bench_plan_make(&plan, options, error)) {
		bench_plan_machine(&plan, ".", &cfg);
		text = machine_describe(&cfg, error);
	}
	bench_plan_clear(&plan);
	return text;
}
