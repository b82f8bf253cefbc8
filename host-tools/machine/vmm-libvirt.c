/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine in a QEMU that libvirt starts. All channels are sockets in a private directory. RAM is QEMU's own memory file,
 * opened again through /proc.
 *
 * libvirt has QEMU's monitor; ours is a second one. What libvirt passes on (virDomainQemuMonitorCommand(), of its library
 * libvirt-qemu) waits for QEMU's answer within the call, behind whatever libvirt is doing with the domain: a QEMU that never
 * answers would stop our main loop, with its deadlines, console and signals. QEMU tells each monitor of every event, so neither
 * misses what is done over the other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "machine/child.h"
#include "machine/cmdline.h"
#include "machine/guest-time.h"
#include "machine/libvirt-calls.h"
#include "machine/libvirt-conn.h"
#include "machine/libvirt-end.h"
#include "machine/libvirt-xml.h"
#include "machine/private-dir.h"
#include "machine/vmm.h"

/* A process that was told to stop does so as soon as each of its threads leaves the kernel. */
#define FREEZE_TRIES 2000
/* Of a domain that is shown, not run. */
#define LIBVIRT_SHOWN_SOCKS "/tmp/vtdlab"
/* What a daemon takes at most to say how a domain ended; without it there is nothing but its log. */
#define END_MS 2000

struct libvirt_vm {
	struct vm vm;
	struct libvirt_conn *conn;
	virDomainPtr domain;
	struct libvirt_end *end;
	char *name, *socks;
	struct child qemu; /* not ours to reap: only its pid is used */
	int pidfd;
	pid_t guard;
	int guard_pipe;
};

static struct libvirt_vm *of(struct vm *vm)
{
	return (struct libvirt_vm *)vm;
}

/* ---- QEMU must not outlive us ---- */

/*
 * libvirt's driver in this process leaves its QEMUs alone when the process is killed. A process of nothing but this
 * loop, there before QEMU is, ends it then; libvirt has QEMU's pid in a file for as long as it runs.
 */
static void __attribute__((noreturn)) guard_run(int pipe_fd, const char *pid_file)
{
	char text[16] = "";
	long pid = 0;
	int fd;

	setsid();
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_IGN);
	while (read(pipe_fd, text, 1) < 0 && errno == EINTR)
		;
	fd = open(pid_file, O_RDONLY);
	if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0)
		for (const char *p = text; *p >= '0' && *p <= '9'; p++)
			pid = pid * 10 + *p - '0';
	if (pid > 1)
		kill((pid_t)pid, SIGKILL);
	_exit(0);
}

/* A daemon ends the domains of a client that is gone by itself (AUTODESTROY). */
static bool guard_start(struct libvirt_vm *vm, GError **error)
{
	g_autofree char *pid_file = NULL;
	int ends[2];

	if (!vm->conn->root)
		return true;
	pid_file = g_strdup_printf("%s/run/qemu/%s.pid", vm->conn->root, vm->name);
	if (pipe2(ends, O_CLOEXEC) < 0 || (vm->guard = fork()) < 0)
		return vtdlab_failed(error, "cannot start the guard of QEMU: %s", g_strerror(errno));
	if (vm->guard == 0) {
		/* our own copy of the writing end would keep the pipe open for ever */
		dup2(ends[0], 0);
		syscall(SYS_close_range, 1, ~0U, 0);
		guard_run(0, pid_file);
	}
	close(ends[0]);
	vm->guard_pipe = ends[1];
	return true;
}

static void guard_end(struct libvirt_vm *vm)
{
	if (vm->guard <= 0)
		return;
	close(vm->guard_pipe);
	while (waitpid(vm->guard, NULL, 0) < 0 && errno == EINTR)
		;
	vm->guard = 0;
}

/* ---- channels ---- */

static bool address(const char *dir, const char *name, struct sockaddr_un *a, GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (g_strlcpy(a->sun_path, path, sizeof(a->sun_path)) >= sizeof(a->sun_path))
		return vtdlab_failed(error, "%s: too long for a socket", path);
	return true;
}

static int connect_to(const char *dir, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	return vmm_connect(path, error);
}

/* A FIFO, not a socket: a megabyte of single bytes fits, and QEMU opens it as the file it is told of. */
static int console_fifo(const char *dir, GError **error)
{
	g_autofree char *path = g_build_filename(dir, MACHINE_SOCK_CONSOLE, NULL);
	int fd = mkfifo(path, 0600) < 0 ? -1 : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		vtdlab_failed(error, "cannot make %s: %s", path, g_strerror(errno));
	else
		fcntl(fd, F_SETPIPE_SZ, VMM_CONSOLE_PIPE);
	return fd;
}

/* Our end of the cable: there before QEMU's. */
static int net_bind(const char *dir, GError **error)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = VMM_SOCKET_BUFFER;
	struct sockaddr_un a;

	if (!address(dir, MACHINE_SOCK_NET_HOST, &a, error))
		return -1;
	if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		return fd;
	}
	vtdlab_failed(error, "cannot make %s: %s", a.sun_path, g_strerror(errno));
	return -1;
}

static bool before_start(struct libvirt_vm *vm, const struct machine_config *cfg, struct vmm_channels *ch,
			 GError **error)
{
	ch->trace = vmm_trace_file(cfg);
	ch->console = console_fifo(vm->socks, error);
	if (ch->console < 0)
		return false;
	if (cfg->nic != MACHINE_NIC_NONE)
		ch->net = net_bind(vm->socks, error);
	return cfg->nic == MACHINE_NIC_NONE || ch->net >= 0;
}

/* The number of @vm's descriptor whose link in /proc begins with @what; -1: there is none. */
static int find_fd(const struct libvirt_vm *vm, const char *what)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/fd", (int)vm->qemu.pid);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *file = g_build_filename(path, name, NULL), *link = g_file_read_link(file, NULL);

		if (link && g_str_has_prefix(link, what))
			return atoi(name);
	}
	return -1;
}

static int open_ram(const struct libvirt_vm *vm, uint64_t size, GError **error)
{
	int number = find_fd(vm, "/memfd:memory-backend-memfd"), fd;
	g_autofree char *path = g_strdup_printf("/proc/%d/fd/%d", (int)vm->qemu.pid, number);
	struct stat st;

	if (number < 0) {
		vtdlab_failed(
			error,
			"QEMU (process %d) shows no file with the guest's RAM: it must run as the user that asks for "
			"it",
			(int)vm->qemu.pid);
		return -1;
	}
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && (uint64_t)st.st_size == size)
		return fd;
	vtdlab_failed(error, "cannot open the guest's RAM, %s: %s", path, fd < 0 ? g_strerror(errno) : "another size");
	if (fd >= 0)
		close(fd);
	return -1;
}

/* QEMU's own end of the cable, so that frames it has not fetched can be taken back; -1: not to be had. */
static int net_peer(const struct libvirt_vm *vm)
{
	g_autofree char *path = g_build_filename(vm->socks, MACHINE_SOCK_NET, NULL), *text = NULL, *what = NULL;
	g_auto(GStrv) lines = NULL;
	int number = -1;

	if (!g_file_get_contents("/proc/net/unix", &text, NULL, NULL))
		return -1;
	lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l && !what; l++) {
		unsigned long inode;

		if (g_str_has_suffix(*l, path) && sscanf(*l, "%*s %*s %*s %*s %*s %*s %lu", &inode) == 1)
			what = g_strdup_printf("socket:[%lu]", inode);
	}
	if (what)
		number = find_fd(vm, what);
	return number < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, vm->pidfd, number, 0);
}

static bool after_start(struct libvirt_vm *vm, const struct machine_config *cfg, struct vmm_channels *ch,
			GError **error)
{
	struct ucred who;
	struct sockaddr_un a;
	socklen_t len = sizeof(who);

	ch->qmp = connect_to(vm->socks, MACHINE_SOCK_QMP, error);
	if (ch->qmp < 0)
		return false;
	/* who listens is who called listen(): QEMU itself */
	if (getsockopt(ch->qmp, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
		return vtdlab_failed(error, "cannot find QEMU's process: %s", g_strerror(errno));
	vm->qemu.pid = who.pid;
	vm->pidfd = (int)syscall(SYS_pidfd_open, who.pid, 0);
	if (vm->pidfd < 0)
		return vtdlab_failed(error, "cannot watch QEMU, process %d: %s", (int)who.pid, g_strerror(errno));
	/* as best it can: a daemon's QEMU may be somebody else's */
	prlimit(who.pid, RLIMIT_FSIZE, &(struct rlimit){ VMM_FILE_LIMIT, VMM_FILE_LIMIT }, NULL);
	ch->agent = connect_to(vm->socks, MACHINE_SOCK_AGENT, error);
	if (ch->agent < 0)
		return false;
	ch->ram = open_ram(vm, cfg->memory, error);
	if (ch->ram < 0)
		return false;
	if (cfg->gdb)
		ch->gdb = g_build_filename(vm->socks, MACHINE_SOCK_GDB, NULL);
	if (ch->net < 0)
		return true;
	ch->net_peer = net_peer(vm);
	return address(vm->socks, MACHINE_SOCK_NET, &a, error) &&
	       (connect(ch->net, (struct sockaddr *)&a, sizeof(a)) == 0 ||
		vtdlab_failed(error, "cannot connect to QEMU's network: %s", g_strerror(errno)));
}

/* ---- start ---- */

static char *libvirt_describe(const struct machine_config *cfg, const struct qemu_caps *caps, GError **error)
{
	struct machine_config plain = *cfg;

	plain.run_dir = NULL;
	return libvirt_xml(&plain, caps, "vtdlab", LIBVIRT_SHOWN_SOCKS, error);
}

/* domain.xml, and the same machine without libvirt. */
static bool write_files(const struct machine_config *cfg, const struct qemu_caps *caps, const struct libvirt_vm *vm,
			const char *xml, GError **error)
{
	g_autofree char *domain = g_build_filename(cfg->run_dir, "domain.xml", NULL);
	g_autofree char *command = g_build_filename(cfg->run_dir, "command", NULL);
	g_autofree char *paste = machine_command_pasteable(cfg, caps, error), *text = NULL;

	if (!paste)
		return false;
	/* the driver in this process and its directory are gone by then: virsh wants a daemon */
	text = g_strdup_printf("# What vtdlab had libvirt run is domain.xml, with sockets that are gone with the run;\n"
			       "# --print-xml makes one for virsh: virsh -c %s create FILE\n\n%s\n",
			       vm->conn->root ? "qemu:///session" : vm->conn->uri, paste);
	return file_replace(domain, xml, -1, error) && file_replace(command, text, -1, error);
}

static bool create(struct libvirt_vm *vm, const char *xml, GError **error)
{
	/* a daemon ends the domain when we are gone; what runs in this process has a guard */
	unsigned flags = VIR_DOMAIN_START_PAUSED | (vm->conn->root ? 0 : VIR_DOMAIN_START_AUTODESTROY);
	g_autofree char *said = NULL;

	vm->domain = virt.virDomainCreateXML(vm->conn->c, xml, flags);
	if (vm->domain) {
		vm->end = libvirt_end_watch(vm->conn->c, vm->domain);
		return true;
	}
	said = libvirt_said();
	return vtdlab_failed(error, "libvirt (%s) does not start the domain: %s", vm->conn->uri, said);
}

static bool resume(struct libvirt_vm *vm, GError **error)
{
	g_autofree char *said = virt.virDomainResume(vm->domain) < 0 ? libvirt_said() : NULL;

	return !said || vtdlab_failed(error, "libvirt does not let the domain run: %s", said);
}

static void libvirt_kill(struct vm *v, unsigned grace_ms);

static void libvirt_free(struct vm *v)
{
	struct libvirt_vm *vm = of(v);

	libvirt_kill(v, 0);
	libvirt_end_free(vm->end);
	if (vm->domain)
		virt.virDomainFree(vm->domain);
	/* before the directory goes in which it looks */
	guard_end(vm);
	libvirt_close(vm->conn);
	if (vm->pidfd >= 0)
		close(vm->pidfd);
	private_dir_remove(vm->socks);
	g_free(vm->name);
	g_free(vm);
}

static struct vm *libvirt_start(const struct machine_config *cfg, const struct qemu_caps *caps, struct vmm_channels *ch,
				GError **error)
{
	static unsigned count;
	struct libvirt_vm *vm = g_new0(struct libvirt_vm, 1);
	struct vmm_channels ours = VMM_NO_CHANNELS;
	g_autofree char *xml = NULL;

	vm->vm.vmm = &vmm_libvirt;
	vm->pidfd = vm->guard_pipe = -1;
	vm->name = g_strdup_printf("vtdlab-%d-%u", (int)getpid(), ++count);
	vm->socks = private_dir_make(error);
	if (vm->socks && (vm->conn = libvirt_open(cfg->vmm_uri, error)) &&
	    (xml = libvirt_xml(cfg, caps, vm->name, vm->socks, error)) && write_files(cfg, caps, vm, xml, error) &&
	    before_start(vm, cfg, &ours, error) && guard_start(vm, error) && create(vm, xml, error) &&
	    after_start(vm, cfg, &ours, error) && resume(vm, error)) {
		*ch = ours;
		return &vm->vm;
	}
	vmm_channels_clear(&ours);
	libvirt_free(&vm->vm);
	return NULL;
}

/* ---- while it runs, and how it ended ---- */

static bool gone(const struct libvirt_vm *vm, int wait_ms)
{
	struct pollfd p = { .fd = vm->pidfd, .events = POLLIN };

	return vm->pidfd < 0 || poll(&p, 1, wait_ms) > 0;
}

static bool libvirt_freeze(struct vm *v)
{
	struct libvirt_vm *vm = of(v);

	if (gone(vm, 0) || kill(vm->qemu.pid, SIGSTOP) < 0)
		return false;
	for (unsigned i = 0; i < FREEZE_TRIES; i++) {
		if (child_stopped(&vm->qemu))
			return true;
		if (gone(vm, 0))
			return false;
		g_usleep(100);
	}
	return false;
}

static void libvirt_thaw(struct vm *v)
{
	if (!gone(of(v), 0))
		kill(of(v)->qemu.pid, SIGCONT);
}

static bool libvirt_times(struct vm *v, struct vm_times *times)
{
	return !gone(of(v), 0) && child_times(&of(v)->qemu, times);
}

/* What QEMU said goes to libvirt's log of the domain; of a daemon's domain there is libvirt's word. */
static char *libvirt_ended(struct vm *v)
{
	struct libvirt_vm *vm = of(v);
	g_autofree char *log = NULL, *tail = NULL;
	const char *said;

	if (!gone(vm, 0))
		return NULL;
	if (!vm->conn->root) {
		said = libvirt_end_said(vm->end, END_MS);
		return g_strdup_printf("libvirt (%s) says of its end: %s; see its log of the domain %s", vm->conn->uri,
				       said ? said : "nothing", vm->name);
	}
	log = g_strdup_printf("%s/log/qemu/%s.log", vm->conn->root, vm->name);
	tail = vmm_last_words(log);
	return g_strdup(*tail ? tail : "it said nothing");
}

static void libvirt_kill(struct vm *v, unsigned grace_ms)
{
	struct libvirt_vm *vm = of(v);

	/* without its process, which a start that failed may not have found, only libvirt can end it */
	if (vm->domain && (vm->pidfd < 0 || !gone(vm, (int)grace_ms)))
		virt.virDomainDestroy(vm->domain);
	/* libvirt gives up on a QEMU that does not end; we do not */
	if (!gone(vm, 0)) {
		syscall(SYS_pidfd_send_signal, vm->pidfd, SIGKILL, NULL, 0);
		gone(vm, -1);
	}
}

static char *libvirt_where(const struct vm *v)
{
	const struct libvirt_vm *vm = (const struct libvirt_vm *)v;
	int ram = find_fd(vm, "/memfd:memory-backend-memfd");

	return g_strdup_printf("QEMU is process %d (domain %s of libvirt, %s), its RAM is /proc/%d/fd/%d",
			       (int)vm->qemu.pid, vm->name, vm->conn->uri, (int)vm->qemu.pid, ram);
}

static int libvirt_exit_fd(struct vm *v)
{
	return of(v)->pidfd;
}

const struct vmm vmm_libvirt = {
	.name = "libvirt",
	.describe = libvirt_describe,
	.start = libvirt_start,
	.freeze = libvirt_freeze,
	.thaw = libvirt_thaw,
	.times = libvirt_times,
	.ended = libvirt_ended,
	.exit_fd = libvirt_exit_fd,
	.kill = libvirt_kill,
	.where = libvirt_where,
	.free = libvirt_free,
};
