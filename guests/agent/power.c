/* SPDX-License-Identifier: GPL-2.0-only */
/* panic, poweroff, reboot: answered first, done when the answer is out. */
#include "agent.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

/* how long a sync may take on a disk that no longer answers */
#define SYNC_MS 2000

static void do_panic(int unused)
{
	(void)unused;
	console_line("panic now");
	if (write_file("/proc/sysrq-trigger", "c"))
		console_line("/proc/sysrq-trigger: %s", strerror(errno));
}

int cmd_panic(const struct json_object *request, struct answer *answer)
{
	const char *how = json_string(request, "how", "sysrq");
	uint64_t cpu;
	cpu_set_t set;

	if (strcmp(how, "sysrq"))
		return fail(answer, "panic how='%s': only sysrq is known", how);
	if (access("/proc/sysrq-trigger", W_OK))
		return fail(answer, "/proc/sysrq-trigger: %s", strerror(errno));
	if (json_find(request, "cpu")) {
		if (take_u64(request, answer, "cpu", 0, 0, CPU_SETSIZE - 1, &cpu))
			return -1;
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set))
			return fail(answer, "cpu %d: %s", (int)cpu, strerror(errno));
	}
	answer->after = do_panic;
	return 0;
}

static void do_reboot(int how)
{
	pid_t pid = fork_child();

	if (!pid) {
		sync();
		_exit(0);
	}
	for (int waited = 0; pid > 0 && waited < SYNC_MS; waited += 10) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			break;
		sleep_ms(10);
	}
	if (reboot(how))
		console_line("reboot(0x%x): %s", (unsigned int)how, strerror(errno));
}

int cmd_poweroff(const struct json_object *request, struct answer *answer)
{
	(void)request;
	answer->after = do_reboot;
	answer->after_arg = RB_POWER_OFF;
	return 0;
}

int cmd_reboot(const struct json_object *request, struct answer *answer)
{
	(void)request;
	answer->after = do_reboot;
	answer->after_arg = RB_AUTOBOOT;
	return 0;
}
