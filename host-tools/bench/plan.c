/* SPDX-License-Identifier: GPL-2.0-only */
/* From the options of a benchmark to what is booted. */
#include "bench/bench-priv.h"

#include <string.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/paths.h"
#include "machine/machine.h"
#include "machine/vmm.h"
#include "results/selftest-pairs.h"

#define GIB (UINT64_C(1) << 30)
/* What is in images/initramfs/workload-NAME.manifest. */
#define WORKLOAD "kvmperf"
#define REQUIRED "KVM VFIO_IOMMU_TYPE1 VFIO_PCI"
/* QEMU's edu device, which the tests of VFIO are about. */
#define EDU_IDS "vfio_pci.ids=1234:11e8"

/* ---- words ---- */

const struct word bench_iommu_words[] = {
	{ "off", BENCH_IOMMU_OFF },	  { "pt", BENCH_IOMMU_PT },	      { "lazy", BENCH_IOMMU_LAZY },
	{ "strict", BENCH_IOMMU_STRICT }, { "caching", BENCH_IOMMU_CACHING }, { 0 },
};

/* The one parameter of the kernel itself, and of no module, that is taken: the bugs of lab-6.12-bugs. */
#define BUG_PARAM "vtdlab_bug="

/* "kvm-amd.npt=0": what the agent takes from the command line when it loads the module. */
static bool param_ok(const char *word)
{
	const char *dot = strchr(word, '.'), *is = strchr(word, '=');
	size_t name = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
	size_t param = dot ? strspn(dot + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") : 0;
	bool named = dot && name && word + name == dot && param && dot + 1 + param == is;

	return is && is[1] && (named || g_str_has_prefix(word, BUG_PARAM)) &&
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
			vtdlab_refuse(
				error,
				"--l1-params '%s': write MODULE.PARAMETER=VALUE, such as kvm.tdp_mmu=N, or %sWORD", *w,
				BUG_PARAM);
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
		return vtdlab_refuse(error, "%s: %s: is it built? (make)", program, why->message);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	return vtdlab_refuse(error, "--tests '%s': %s", test, g_strstrip(err));
}

/* How many options the guest's agent and kvmperf itself take. */
#define WORDS_MAX 24

char **bench_tests(const char *text, GError **error)
{
	g_autofree char *program = lab_path("build", "guests", "kvmperf", NULL);
	g_auto(GStrv) tests = g_strsplit(text, ",", -1);
	g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);

	if (!*tests) {
		vtdlab_refuse(error, "--tests '': write names of `kvmperf list`, each with its options");
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
			vtdlab_refuse(error, "--tests '%s': write names of `kvmperf list`, each with its options", *t);
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

/* Do the tests need pages of hugetlbfs? */
static bool wants_huge(const struct bench_options *o)
{
	if (o->selftests)
		return false;
	for (char **t = o->tests; t && *t; t++)
		if (strstr(*t, "hugetlb"))
			return true;
	return !o->tests && strcmp(o->suite, "full") == 0;
}

/* As in a scenario (prepare/plan.c), without what is about a crash kernel. */
static char *command_line(const struct bench_options *o)
{
	static const char *const iommu[] = {
		[BENCH_IOMMU_OFF] = "intel_iommu=off",
		[BENCH_IOMMU_PT] = "intel_iommu=on,sm_off iommu=pt",
		[BENCH_IOMMU_LAZY] = "intel_iommu=on,sm_off iommu.strict=0",
		[BENCH_IOMMU_STRICT] = "intel_iommu=on,sm_off iommu.strict=1",
		[BENCH_IOMMU_CACHING] = "intel_iommu=on,sm_off",
	};
	g_autoptr(GString) line = g_string_new("console=ttyS0,115200 no_timer_check tsc=reliable panic=-1 ");
	const char *spoil = g_getenv("KVMPERF_SPOIL");

	g_string_append(line, iommu[o->iommu]);
	/* Reserved at boot, where a page of 1 GiB can still be found. */
	if (wants_huge(o))
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

/* L1 but for what has to be prepared first. */
static void l1_machine(const struct bench_options *o, struct machine_config *cfg)
{
	bool iommu = o->iommu != BENCH_IOMMU_OFF;

	*cfg = (struct machine_config){
		.vmm = o->vmm,
		.vmm_uri = o->vmm_uri,
		.accel = o->accel,
		.memory = (wants_huge(o) ? 4 : 2) * GIB,
		.cpus = o->cpus,
		.clock_virtual = o->clock_virtual,
		.cpu_threads = true,
		.nic = MACHINE_NIC_NONE,
		.disk = MACHINE_DISK_NONE,
		.edu_functions = 1,
		.no_trace = true,
	};
	cfg->iommu.mode = iommu ? MACHINE_IOMMU_LEGACY : MACHINE_IOMMU_OFF;
	/* VFIO wants interrupt remapping, or an unsafe parameter */
	cfg->iommu.intremap = iommu;
	cfg->iommu.caching_mode = o->iommu == BENCH_IOMMU_CACHING;
}

static bool check(const struct bench_options *o, const struct machine_config *cfg, GError **error)
{
	if (strcmp(o->suite, "quick") != 0 && strcmp(o->suite, "full") != 0)
		return vtdlab_refuse(error, "--suite %s: must be quick or full", o->suite);
	if (o->cpus < 1 || o->cpus > 64)
		return vtdlab_refuse(error, "--cpus %u: must be 1 to 64", o->cpus);
	if (o->rounds > 1000)
		return vtdlab_refuse(error, "--rounds %u: must be 1 to 1000", o->rounds);
	if (machine_config_allowed(cfg, error))
		return true;
	g_prefix_error(error, "--clock %s --accel %s --cpus %u: ",
		       word_of(machine_clock_words, o->clock_virtual ? MACHINE_CLOCK_VIRTUAL : MACHINE_CLOCK_WALL),
		       word_of(machine_accel_words, o->accel), o->cpus);
	return false;
}

static char *first_word(const char *text)
{
	return g_strndup(text, strcspn(text, " "));
}

/* Paths of all selftests of @dir that are run, and of our own program with the probe; NULL at the end. */
static char **selftest_programs(const char *dir, GError **error)
{
	g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(out, lab_path("build", "guests", BENCH_PROBED, NULL));
	for (const struct selftest_pair *p = selftest_pairs; p->name; p++) {
		g_autofree char *name = first_word(p->theirs), *path = g_build_filename(dir, name, NULL);

		if (!g_ptr_array_find_with_equal_func(out, path, g_str_equal, NULL))
			g_ptr_array_add(out, g_steal_pointer(&path));
	}
	for (guint i = 0; i < out->len; i++)
		if (!g_file_test(out->pdata[i], G_FILE_TEST_IS_REGULAR)) {
			vtdlab_refuse(error, "%s is not there: `make compare-selftests` makes it",
				      (char *)out->pdata[i]);
			return NULL;
		}
	g_ptr_array_add(out, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&out), FALSE);
}

static char *run_name(const struct bench_options *o)
{
	g_autofree char *first = o->selftests ? g_strdup("selftests") : o->tests ? first_word(o->tests[0]) : NULL;

	return g_strdup_printf("bench-%s%s-%s", first ? first : o->suite, o->tests && o->tests[1] ? "+" : "",
			       o->clock_virtual ? "virtual" : "wall");
}

/* Before a kernel is fetched for a host that cannot run it; libvirt has a QEMU of its own. */
static bool plan_qemu(struct bench_plan *plan, GError **error)
{
	const struct bench_options *o = plan->options;
	struct qemu_caps *caps;

	if (!o->qemu && o->vmm && o->vmm != &vmm_qemu)
		return true;
	plan->qemu = o->qemu ? qemu_get(o->qemu, error) : NULL;
	caps = plan->qemu || !o->qemu ? qemu_probe(plan->qemu, lab_cache_dir(), error) : NULL;
	qemu_caps_free(caps);
	return caps != NULL;
}

bool bench_plan_make(struct bench_plan *plan, const struct bench_options *options, GError **error)
{
	struct machine_config cfg;

	memset(plan, 0, sizeof(*plan));
	plan->options = options;
	l1_machine(options, &cfg);
	if (!check(options, &cfg, error))
		return false;
	if (options->selftests) {
		plan->programs = selftest_programs(options->selftests, error);
		if (!plan->programs)
			return false;
	}
	if (!plan_qemu(plan, error))
		return false;
	plan->kernel = kernel_get(options->kernel, options->modules, REQUIRED, error);
	if (plan->kernel)
		plan->initrd = initramfs_program(plan->kernel, WORKLOAD, (const char *const *)plan->programs, error);
	plan->cmdline = command_line(options);
	plan->name = run_name(options);
	plan->memory = cfg.memory;
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
	l1_machine(plan->options, cfg);
	cfg->qemu = plan->qemu;
	cfg->kernel = kernel_boot_path(plan->kernel);
	cfg->kernel_vouched = plan->kernel->packaged;
	cfg->initrd = plan->initrd;
	cfg->cmdline = plan->cmdline;
	cfg->run_dir = run_dir;
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
