/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text that a guest's files, programs and console give: complaints of a kernel, what the probes of KVM wrote and the selftests
 * printed, /proc/iomem, /proc/cpuinfo, /proc/stat. Whatever comes, reading ends, and what is kept is bounded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <glib.h>
#include <string.h>

#include "fuzz-main.h"
#include "run-fixture.h"
#include "bench/bench-priv.h"
#include "evidence/splat.h"
#include "machine/guest-kvm.h"
#include "observe/crash-memory.h"
#include "results/probe-log.h"
#include "results/selftest-pairs.h"

static struct fake_run *run;

static void forget(void)
{
	void *state = run;

	fake_run_teardown(&state);
}

/* A dead kernel that had all but some MiB, so that something can be claimed. */
static void prepare(void)
{
	const uint64_t header = 0x100000;
	Elf64_Ehdr head = {
		.e_ident = ELFMAG, .e_phoff = sizeof(head), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1
	};
	const Elf64_Phdr seg = { .p_type = PT_LOAD, .p_paddr = 0x3000000, .p_memsz = 0x1000000 };
	void *state = NULL;

	if (run)
		return;
	FUZZ_CHECK(fake_run_setup(&state) == 0);
	run = state;
	head.e_ident[EI_CLASS] = ELFCLASS64;
	FUZZ_CHECK(machine_write_phys(&run->m, header, &head, sizeof(head)) == 0);
	FUZZ_CHECK(machine_write_phys(&run->m, header + sizeof(head), &seg, sizeof(seg)) == 0);
	good_crash_cmdline(run->good, "elfcorehdr=0x100000");
	atexit(forget);
}

static void iomem(const char *text)
{
	struct evidence *ev = run->run.at.ev;
	guint before = ev->crash_ranges->len;

	crash_memory_claims(&run->run.at, text);
	FUZZ_CHECK(ev->crash_ranges->len >= before && ev->crash_ranges->len <= before + 1024);
	FUZZ_CHECK(ev->crash_told || ev->crash_ranges->len == before);
	g_array_set_size(ev->crash_ranges, before);
	ev->crash_told = false;
}

static void lines(const char *text)
{
	g_auto(GStrv) all = g_strsplit(text, "\n", -1);

	for (char **line = all; *line; line++) {
		const char *message = splat_message(*line), *about = NULL;
		unsigned n = 0, of = 0;

		FUZZ_CHECK(!message || (message > *line && message <= *line + strlen(*line)));
		FUZZ_CHECK(splat_read(message ? message : *line) <= SPLAT_STARVED);
		if (bench_progress_parse(*line, &n, &of, &about))
			FUZZ_CHECK(about >= *line && about <= *line + strlen(*line));
	}
}

static void probe(const char *text)
{
	GError *error = NULL;
	struct probe_log *log = probe_parse(text, &error);

	FUZZ_CHECK(!log == !!error);
	FUZZ_CHECK(!error || !strchr(error->message, '\n'));
	g_clear_error(&error);
	probe_free(log);
}

/* Of each program, the original and ours, with the same output: whatever it holds, the table of it can be made. */
static void selftests(const char *text)
{
	g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func((GDestroyNotify)selftest_free);
	g_autofree char *table = NULL;
	JsonArray *json;

	for (const struct selftest_pair *p = selftest_pairs; p->name; p++) {
		struct selftest_result *r = selftest_new(p);

		for (int ours = 0; ours < 2; ours++)
			selftest_add(r, ours, text, text, NULL);
		g_ptr_array_add(results, r);
	}
	table = selftest_table(results, true);
	FUZZ_CHECK(selftest_worse(results, NULL) <= results->len * SELFTEST_STEPS * 2);
	json = selftest_json(results);
	json_array_unref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	const char *module;
	uint64_t busy, total;

	prepare();
	lines(text);
	probe(text);
	selftests(text);
	iomem(text);
	module = guest_kvm_module(text);
	FUZZ_CHECK(!module || g_str_has_prefix(module, "kvm_"));
	if (bench_ticks(text, &busy, &total))
		FUZZ_CHECK(busy <= total);
	return 0;
}

static const char *const pieces[] = {
	"\n",
	"\n",
	"\n",
	"[    1.234567] ",
	"[    1.234567][    T1] ",
	"[    T1]",
	"[",
	"] ",
	"WARNING: CPU: 0 PID: 1 at mm/slab.c:1\n",
	"BUG: kernel NULL pointer dereference, address: 0\n",
	"Oops: 0002 [#1] PREEMPT SMP\n",
	"watchdog: BUG: soft lockup - CPU#0 stuck for 26s!\n",
	"INFO: task a:1 blocked for more than 120 seconds.\n",
	"kvmperf: 3 of 48: populate\n",
	"kvmperf: 4294967296 of 0: ",
	"probe 1\n",
	"run vm=1 vcpu=0 n=0 start=100 end=200 cpu=50 faults=3\n",
	"run vm=1 vcpu=0 n=1 start=200 end=300 cpu=50 faults=0\n",
	"run vm=1 vcpu=1 n=9223372036854775807 start=0 end=9223372036854775807 cpu=0 faults=9223372036854775807\n",
	"slot vm=1 slot=1 flags=0 size=4096 ns=10 cpu=5\n",
	"slot vm=1 slot=1 flags=0 size=0 ns=10 cpu=5\n",
	"get ns=10\n",
	"clear ns=10\n",
	"end vcpus=1 runs=2 lost=0\n",
	"end vcpus=1 runs=2 lost=1\n",
	"Populate memory time: 0.050602703s\n",
	"Iteration 1 dirty memory time: 0.001s\n",
	"Get dirty log over 2 iterations took 0.000000001s. (Avg 0.5s/iteration)\n",
	"00001000-0009fbff : System RAM\n",
	"02000000-02ffffff : System RAM\n",
	"03000000-ffffffffffffffff : System RAM\n",
	"  00100000-0012ffff : Kernel code\n",
	"fffffffffffffffff-1 : System RAM\n",
	"flags\t\t: fpu svm vmx\n",
	"cpu  1 2 3 4 5 6 7 8 9 10\n",
	"cpu  18446744073709551615 18446744073709551615 1 1",
	" : System RAM",
	"18446744073709551616",
	"-1",
	" ",
	"s\n",
	"\x1b[1m",
};

size_t fuzz_generate(uint64_t *seed, uint8_t *buf, size_t room)
{
	size_t end = fuzz_pieces(seed, buf, room, pieces, G_N_ELEMENTS(pieces), 40);

	return fuzz_noise(seed, buf, 0, end);
}
