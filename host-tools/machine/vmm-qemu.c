/* SPDX-License-Identifier: GPL-2.0-only */
/* A machine in a QEMU that is our own child: all channels are descriptors that it inherits. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "machine/child.h"
#include "machine/cmdline.h"
#include "machine/private-dir.h"
#include "machine/qemu-probe.h"
#include "machine/ram.h"
#include "machine/vmm.h"

struct qemu_vm {
	struct vm vm;
	struct child child;
	int pidfd; /* of the child; -1: the kernel has none */
	char *stderr_path;
	char *sock_dir; /* private; only with gdb */
};

/* ---- channels ---- */

/* QEMU's serial port writes byte by byte, and each costs a buffer's overhead: a large send buffer on its side keeps
 * it from waiting for us. */
static bool socket_pair(int type, int *ours, int *far, const char *what, GError **error)
{
	int size = VMM_SOCKET_BUFFER, pair[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) < 0)
		return vtdlab_failed(error, "cannot make the %s: %s", what, g_strerror(errno));
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	*ours = pair[0];
	*far = pair[1];
	return true;
}

/* A pipe, not a socket: a megabyte of single bytes fits, so the guest's console never waits for us. */
static bool console_pipe(int *ours, int *far, GError **error)
{
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return vtdlab_failed(error, "cannot make the console pipe: %s", g_strerror(errno));
	fcntl(pair[1], F_SETPIPE_SZ, VMM_CONSOLE_PIPE);
	*ours = pair[0];
	*far = pair[1];
	return true;
}

/* @far: QEMU's ends, closed in this process once it runs. */
static bool make_channels(const struct machine_config *cfg, struct vmm_channels *ch, struct vmm_channels *far,
			  GError **error)
{
	ch->trace = vmm_trace_file(cfg);
	ch->ram = ram_file(cfg->memory, error);
	if (ch->ram < 0 || !socket_pair(SOCK_STREAM, &ch->qmp, &far->qmp, "QMP channel", error) ||
	    !console_pipe(&ch->console, &far->console, error) ||
	    !socket_pair(SOCK_STREAM, &ch->agent, &far->agent, "agent channel", error))
		return false;
	if (cfg->nic == MACHINE_NIC_NONE)
		return true;
	if (!socket_pair(SOCK_DGRAM, &ch->net, &far->net, "network channel", error))
		return false;
	ch->net_peer = fcntl(far->net, F_DUPFD_CLOEXEC, 0);
	return true;
}

/* ---- what is run ---- */

static bool write_command(const struct machine_config *cfg, const struct qemu_caps *caps, const GPtrArray *argv,
			  GError **error)
{
	g_autofree char *paste = machine_command_pasteable(cfg, caps, error), *ran = NULL, *path = NULL, *text = NULL;
	g_autoptr(GError) io = NULL;

	if (!paste)
		return false;
	ran = machine_one_line(argv);
	path = g_build_filename(cfg->run_dir, "command", NULL);
	text = g_strdup_printf("# What vtdlab ran (3 RAM, 4 QMP, 5 console, 6 agent, 7 network are "
			       "inherited descriptors):\n# %s\n\n%s\n",
			       ran, paste);
	return g_file_set_contents(path, text, -1, &io) ||
	       vtdlab_failed(error, "cannot write %s: %s", path, io->message);
}

static bool launch(struct qemu_vm *vm, const struct machine_config *cfg, const GPtrArray *argv, int ram,
		   const struct vmm_channels *far, GError **error)
{
	const struct child_fd fds[] = {
		{ ram, MACHINE_FD_RAM },	  { far->qmp, MACHINE_FD_QMP }, { far->console, MACHINE_FD_CONSOLE },
		{ far->agent, MACHINE_FD_AGENT }, { far->net, MACHINE_FD_NET },
	};
	g_auto(GStrv) env = g_environ_setenv(g_get_environ(), "TMPDIR", vmm_tmpdir(cfg), TRUE);

	vm->stderr_path = g_build_filename(cfg->run_dir, "qemu.stderr", NULL);
	if (!child_start(&vm->child,
			 &(struct child_request){
				 .argv = (char *const *)argv->pdata,
				 .env = env,
				 .fds = fds,
				 .n_fds = G_N_ELEMENTS(fds) - (far->net < 0),
				 .stderr_path = vm->stderr_path,
				 .file_limit = VMM_FILE_LIMIT,
			 },
			 error))
		return false;
	vm->pidfd = (int)syscall(SYS_pidfd_open, vm->child.pid, 0);
	return true;
}

static void qemu_free(struct vm *v)
{
	struct qemu_vm *vm = (struct qemu_vm *)v;

	child_kill(&vm->child, 0);
	if (vm->pidfd >= 0)
		close(vm->pidfd);
	private_dir_remove(vm->sock_dir);
	g_free(vm->stderr_path);
	g_free(vm);
}

static struct vm *qemu_start(const struct machine_config *cfg, const struct qemu_caps *caps, struct vmm_channels *ch,
			     GError **error)
{
	struct qemu_vm *vm = g_new0(struct qemu_vm, 1);
	struct vmm_channels ours = VMM_NO_CHANNELS, far = VMM_NO_CHANNELS;
	g_autoptr(GPtrArray) argv = NULL;
	bool good = false;

	vm->vm.vmm = &vmm_qemu;
	vm->pidfd = -1;
	if (cfg->gdb) {
		vm->sock_dir = private_dir_make(error);
		if (!vm->sock_dir)
			goto out;
		ours.gdb = g_build_filename(vm->sock_dir, MACHINE_SOCK_GDB, NULL);
	}
	argv = machine_command_line(cfg, MACHINE_LINE_RUN, caps, vm->sock_dir, error);
	good = argv && make_channels(cfg, &ours, &far, error) && write_command(cfg, caps, argv, error) &&
	       launch(vm, cfg, argv, ours.ram, &far, error);
out:
	vmm_channels_clear(&far);
	if (good) {
		*ch = ours;
		return &vm->vm;
	}
	vmm_channels_clear(&ours);
	qemu_free(&vm->vm);
	return NULL;
}

/* ---- while it runs, and how it ended ---- */

static bool qemu_freeze(struct vm *vm)
{
	return child_freeze(&((struct qemu_vm *)vm)->child);
}

static void qemu_thaw(struct vm *vm)
{
	child_thaw(&((struct qemu_vm *)vm)->child);
}

static bool qemu_times(struct vm *vm, struct vm_times *times)
{
	return child_times(&((struct qemu_vm *)vm)->child, times);
}

static void qemu_kill(struct vm *v, unsigned grace_ms)
{
	struct qemu_vm *vm = (struct qemu_vm *)v;

	child_kill(&vm->child, grace_ms);
	private_dir_remove(g_steal_pointer(&vm->sock_dir));
}

static char *qemu_where(const struct vm *vm)
{
	int pid = ((const struct qemu_vm *)vm)->child.pid;

	return g_strdup_printf("QEMU is process %d, its RAM is /proc/%d/fd/%d", pid, pid, MACHINE_FD_RAM);
}

static char *qemu_ended(struct vm *v)
{
	struct qemu_vm *vm = (struct qemu_vm *)v;
	g_autofree char *status = NULL, *tail = NULL;

	if (!child_reap(&vm->child))
		return NULL;
	status = child_status_text(vm->child.status);
	tail = vmm_last_words(vm->stderr_path);
	return g_strconcat(status, *tail ? ": " : "", tail, NULL);
}

static int qemu_exit_fd(struct vm *vm)
{
	return ((struct qemu_vm *)vm)->pidfd;
}

const struct vmm vmm_qemu = {
	.name = "qemu",
	.describe = machine_command_pasteable,
	.start = qemu_start,
	.freeze = qemu_freeze,
	.thaw = qemu_thaw,
	.times = qemu_times,
	.ended = qemu_ended,
	.exit_fd = qemu_exit_fd,
	.kill = qemu_kill,
	.where = qemu_where,
	.free = qemu_free,
};
