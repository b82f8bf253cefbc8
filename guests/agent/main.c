/* SPDX-License-Identifier: GPL-2.0-only */
/* PID 1 of both kernels: mounts what is needed, says hello, then obeys the host for ever. */
#include "agent.h"
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static sigjmp_buf command_jump;
static volatile sig_atomic_t in_command;
static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

static void mount_all(void)
{
	static const struct {
		const char *type, *at;
	} mounts[] = {
		{ "devtmpfs", "/dev" }, { "proc", "/proc" }, { "sysfs", "/sys" },
		{ "tmpfs", "/tmp" },	{ "tmpfs", "/run" },
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].at, 0755);
		if (mount(mounts[i].type, mounts[i].at, mounts[i].type, 0, NULL) && errno != EBUSY)
			console_line("mount %s: %s", mounts[i].at, strerror(errno));
	}
}

/* The kernel leaves 0..2 closed when there was no /dev/console. */
static void open_standard_files(void)
{
	int fd;

	while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd < 3)
		;
	if (fd >= 3)
		close(fd);
}

/* A fault inside a command is an answer; outside one there is nothing to go back to. */
static void on_fault(int sig)
{
	if (in_command)
		siglongjmp(command_jump, sig);
	console_line("signal %d outside a command", sig);
	for (;;)
		pause();
}

static void catch_faults(void)
{
	struct sigaction action = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigaction(faults[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

pid_t fork_child(void)
{
	pid_t pid = fork();

	for (size_t i = 0; !pid && i < sizeof(faults) / sizeof(faults[0]); i++)
		signal(faults[i], SIG_DFL);
	return pid;
}

static void reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* What CPUs have waited since this kernel began, to 10 ms (proc(5), /proc/uptime); -1: not known. */
static int64_t idle_ns(void)
{
	char text[64];
	double up, idle;

	if (read_file("/proc/uptime", text, sizeof(text)) < 0 || sscanf(text, "%lf %lf", &up, &idle) != 2)
		return -1;
	return (int64_t)(idle * 1e9);
}

static char stage[32]; /* which of the two kernels this is */

static void say_hello(void)
{
	static char text[CHANNEL_GUEST_LINE_MAX], cmdline[4096];
	struct utsname name;
	struct json_out out;

	uname(&name);
	read_file("/proc/cmdline", cmdline, sizeof(cmdline));
	json_out_init(&out, text, sizeof(text) - 1);
	json_begin(&out, NULL, '{');
	json_put_int(&out, "hello", CHANNEL_VERSION);
	json_put_string(&out, "stage", stage);
	json_put_string(&out, "release", name.release);
	json_put_string(&out, "cmdline", cmdline);
	json_put_int(&out, "uptime_ns", now_ns());
	json_put_int(&out, "tsc", read_tsc());
	json_put_int(&out, "idle_ns", idle_ns());
	json_put_int(&out, "pid", getpid());
	json_end(&out, '}');
	text[out.len++] = '\n';
	uart_write("\n", 1);
	uart_write(text, out.len);
}

static void say_hello_again(int arg)
{
	(void)arg;
	say_hello();
}

int cmd_hello(const struct json_object *request, struct answer *answer)
{
	(void)request;
	answer->after = say_hello_again;
	return 0;
}

static size_t run_guarded(char *line, char *text, size_t cap, struct answer *answer)
{
	size_t len;
	int sig = sigsetjmp(command_jump, 1);

	if (sig) {
		in_command = 0;
		fail(answer, "the agent got signal %d in this command", sig);
		return command_answer(-1, text, cap, answer);
	}
	in_command = 1;
	len = command_run(line, text, cap, answer);
	in_command = 0;
	return len;
}

static void __attribute__((noreturn)) serve(void)
{
	static char line[CHANNEL_HOST_LINE_MAX], text[CHANNEL_GUEST_LINE_MAX];
	static struct answer answer;

	for (;;) {
		int n = uart_read_line(line, sizeof(line), reap);
		size_t len;

		if (n >= 0 && !line[strspn(line, " \t\r")])
			continue;
		len = run_guarded(n < 0 ? NULL : line, text, sizeof(text) - 1, &answer);
		text[len++] = '\n';
		uart_write(text, len);
		if (answer.after) {
			uart_drain();
			answer.after(answer.after_arg);
		}
	}
}

int main(void)
{
	mount_all();
	open_standard_files();
	prctl(PR_SET_TIMERSLACK, 1);
	setpriority(PRIO_PROCESS, 0, -20);
	catch_faults();
	if (read_file("/etc/vtdlab-stage", stage, sizeof(stage)) <= 0)
		snprintf(stage, sizeof(stage), "%s", CHANNEL_STAGE_FIRST);
	console_line("%s stage up", stage);
	if (uart_open()) {
		console_line("no UART at port 0x%x: the host cannot be heard", CHANNEL_UART_PORT);
		for (;;) {
			reap();
			sleep_ms(1000);
		}
	}
	say_hello();
	serve();
}
