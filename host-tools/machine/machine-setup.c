/* SPDX-License-Identifier: GPL-2.0-only */
/* What a machine needs before QEMU starts: channels and the file `command`. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "machine/machine-priv.h"

#define CONSOLE_PIPE (1 << 20)
#define SOCKET_BUFFER (1 << 20)

static bool fail(GError **error, const char *what)
{
	g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED, "cannot make the %s: %s", what, g_strerror(errno));
	return false;
}

/* pair[0] ours, pair[1] QEMU's. QEMU's serial port writes byte by byte, and each costs a buffer's
 * overhead: a large send buffer on its side keeps it from waiting for us. */
static bool socket_pair(int type, int pair[2])
{
	int size = SOCKET_BUFFER;

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return true;
}

void machine_close_ends(struct child_ends *ends)
{
	int *fds[] = { &ends->qmp, &ends->console, &ends->agent, &ends->net };

	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

static char *in_run_dir(struct machine *m, const char *name)
{
	return g_build_filename(m->run_dir, name, NULL);
}

static bool setup_qmp(struct machine *m, struct child_ends *ends, GError **error)
{
	char *log;
	int pair[2];

	if (!socket_pair(SOCK_STREAM, pair))
		return fail(error, "QMP channel");
	ends->qmp = pair[1];
	log = in_run_dir(m, "qmp.jsonl");
	m->qmp = qmp_new(pair[0], log, error);
	g_free(log);
	return m->qmp != NULL;
}

/* A pipe, not a socket: a megabyte of single bytes fits, so the guest's console never waits for us.
 */
static bool setup_console(struct machine *m, struct child_ends *ends, GError **error)
{
	char *log;
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return fail(error, "console pipe");
	fcntl(pair[1], F_SETPIPE_SZ, CONSOLE_PIPE);
	ends->console = pair[1];
	log = in_run_dir(m, "console.log");
	m->console = console_new(pair[0], log, error);
	g_free(log);
	return m->console != NULL;
}

static bool setup_agent(struct machine *m, struct child_ends *ends, GError **error)
{
	char *log;
	int pair[2];

	if (!socket_pair(SOCK_STREAM, pair))
		return fail(error, "agent channel");
	ends->agent = pair[1];
	log = in_run_dir(m, "agent.jsonl");
	m->agent = agent_new(pair[0], log, error);
	g_free(log);
	return m->agent != NULL;
}

static bool setup_net(struct machine *m, const struct machine_config *cfg, struct child_ends *ends, GError **error)
{
	bool traced = m->trace && m->nic == MACHINE_NIC_E1000E && m->caps->trace_log &&
		      (!cfg->traces || cfg->traces & TRACES(NIC_DMA)) &&
		      qemu_has_trace(m->caps, "e1000e_rx_written_to_guest") &&
		      qemu_has_trace(m->caps, "e1000e_rx_desc_buff_write");
	int pair[2], peer;

	if (!socket_pair(SOCK_DGRAM, pair))
		return fail(error, "network channel");
	ends->net = pair[1];
	peer = fcntl(pair[1], F_DUPFD_CLOEXEC, 0);
	m->injector = injector_new(pair[0], peer, traced ? m->trace : NULL, NULL);
	return true;
}

bool machine_setup_channels(struct machine *m, const struct machine_config *cfg, struct child_ends *ends,
			    GError **error)
{
	char *log = in_run_dir(m, "qemu.log");

	*ends = (struct child_ends){ -1, -1, -1, -1 };
	/* the trace is followed from the start of the file: it must not be an old one */
	g_unlink(log);
	if (!cfg->no_trace)
		m->trace = trace_new(log);
	g_free(log);
	return setup_qmp(m, ends, error) && setup_console(m, ends, error) && setup_agent(m, ends, error) &&
	       (cfg->nic == MACHINE_NIC_NONE || setup_net(m, cfg, ends, error));
}

/* ---- the file `command` ---- */

static char *one_line(const GPtrArray *argv)
{
	GString *s = g_string_new(NULL);

	for (unsigned i = 0; i < argv->len && argv->pdata[i]; i++) {
		char *q = machine_shell_quote(argv->pdata[i]);

		g_string_append_printf(s, "%s%s", i ? " " : "", q);
		g_free(q);
	}
	/* stays a comment even if an argument holds a newline */
	for (char *p = s->str; *p; p++)
		if (*p == '\n')
			*p = ' ';
	return g_string_free(s, FALSE);
}

bool machine_write_command(struct machine *m, const struct machine_config *cfg, const GPtrArray *argv, GError **error)
{
	char *ran = one_line(argv), *paste = machine_command_pasteable(cfg, m->caps, error);
	char *path = in_run_dir(m, "command"), *text;
	GError *io = NULL;
	bool good = false;

	if (paste) {
		text = g_strdup_printf("# What vtdlab ran (3 RAM, 4 QMP, 5 console, 6 agent, 7 network are "
				       "inherited descriptors):\n# %s\n\n%s\n",
				       ran, paste);
		good = g_file_set_contents(path, text, -1, &io);
		g_free(text);
	}
	if (io) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED, "cannot write %s: %s", path, io->message);
		g_error_free(io);
	}
	g_free(ran);
	g_free(paste);
	g_free(path);
	return good;
}
