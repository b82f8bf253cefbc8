/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs a test in a process of its own, and writes the head and the end of a document. */
#include "tests.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static void __attribute__((noreturn)) child(const struct test *t, const struct options *o, int to)
{
	FILE *f = fdopen(to, "w");

	if (!f)
		_exit(EXIT_FAIL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	result_begin(t->name, o, t->groups, f);
	alarm((unsigned int)o->deadline);
	for (unsigned int i = 0; i < o->warmup + o->repeat; i++) {
		result_round(i);
		t->round(o);
	}
	if (t->after)
		t->after(o);
	result_pass();
}

/* What a child that could not speak for itself has to say. */
static void obituary(const struct test *t, const struct options *o, int wait_status, FILE *out)
{
	struct json j = { out, false };
	char why[128];

	if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGALRM)
		snprintf(why, sizeof(why), "no end within %llu s (--deadline)", (unsigned long long)o->deadline);
	else if (WIFSIGNALED(wait_status))
		snprintf(why, sizeof(why), "killed: %s", strsignal(WTERMSIG(wait_status)));
	else
		snprintf(why, sizeof(why), "ended without a result, status %d", WEXITSTATUS(wait_status));
	if (!o->json) {
		fprintf(out, "%s: fail: %s\n", t->name, why);
		return;
	}
	json_open(&j, NULL, '{');
	json_text(&j, "name", t->name);
	options_json(o, t->groups, &j);
	json_text(&j, "result", "fail");
	json_text(&j, "reason", why);
	for (size_t i = 0; i < 4; i++) {
		json_open(&j, ((const char *[]){ "counts", "ns", "latency_ns", "kvm" })[i], '{');
		json_close(&j, '}');
	}
	json_close(&j, '}');
}

/*
 * The first VM and its first vCPU let the kernel change its own code (preempt notifiers, for one),
 * the last ones let it change that back. With ours it happens twice altogether, not twice a round:
 * QEMU with a thread for each CPU was seen to go on with the old code for ever. Without KVM the
 * test itself says so.
 */
static void hold_kvm(void)
{
	static bool held;
	const char *path = getenv("KVMPERF_DEV");
	int kvm, vm;

	if (held)
		return;
	held = true;
	kvm = open(path && *path ? path : "/dev/kvm", O_RDWR | O_CLOEXEC);
	vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm >= 0)
		ioctl(vm, KVM_CREATE_VCPU, 0);
	if (kvm >= 0)
		close(kvm);
}

int test_run(const struct test *t, const struct options *o, FILE *out)
{
	char part[65536];
	size_t all = 0;
	int pipe_fd[2], status = 0;
	ssize_t n;
	pid_t pid;

	hold_kvm();
	fflush(NULL);
	if (pipe(pipe_fd) || (pid = fork()) < 0) {
		fprintf(stderr, "kvmperf: %s: no process: %s\n", t->name, strerror(errno));
		return EXIT_CANNOT;
	}
	if (!pid) {
		close(pipe_fd[0]);
		child(t, o, pipe_fd[1]);
	}
	close(pipe_fd[1]);
	while ((n = read(pipe_fd[0], part, sizeof(part))) > 0 || (n < 0 && errno == EINTR)) {
		if (n < 0)
			continue;
		fwrite(part, 1, (size_t)n, out);
		all += (size_t)n;
	}
	close(pipe_fd[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (all && WIFEXITED(status))
		return WEXITSTATUS(status);
	obituary(t, o, status, out);
	return EXIT_FAIL;
}

/* What of the machine a reader of the numbers wants to know. */
static void describe_machine(struct json *j)
{
	static const char *const parameters[] = {
		"kvm/parameters/tdp_mmu",	"kvm/parameters/eager_page_split", "kvm_amd/parameters/npt",
		"kvm_amd/parameters/nested",	"kvm_intel/parameters/ept",	   "kvm_intel/parameters/nested",
		"kvm/parameters/nx_huge_pages",
	};
	char path[128], text[256];
	struct utsname u;

	uname(&u);
	json_open(j, "machine", '{');
	json_text(j, "kernel", u.release);
	json_u64(j, "cpus", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
	if (read_text("/sys/devices/system/clocksource/clocksource0/current_clocksource", text, sizeof(text)))
		json_text(j, "clocksource", text);
	if (read_text("/sys/kernel/mm/transparent_hugepage/enabled", text, sizeof(text)))
		json_text(j, "thp", text);
	json_open(j, "kvm", '{');
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		snprintf(path, sizeof(path), "/sys/module/%s", parameters[i]);
		if (read_text(path, text, sizeof(text)))
			json_text(j, parameters[i], text);
	}
	json_close(j, '}');
	json_close(j, '}');
}

void document_begin(struct json *j, const char *suite, FILE *f)
{
	*j = (struct json){ f, false };
	json_open(j, NULL, '{');
	json_u64(j, "schema", 1);
	json_text(j, "program", "kvmperf");
	json_text(j, "suite", suite);
	json_text(j, "clock", "CLOCK_MONOTONIC");
	describe_machine(j);
	json_open(j, "tests", '[');
}

void document_end(struct json *j)
{
	json_close(j, ']');
	json_close(j, '}');
	putc('\n', j->f);
}
