/* SPDX-License-Identifier: GPL-2.0-only */
/* The life of one machine: start, kill, free. */
#define _GNU_SOURCE
#include "machine/machine.h"

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/paths.h"
#include "machine/accel.h"
#include "machine/log.h"
#include "machine/machine-priv.h"
#include "machine/private-dir.h"

#define NEGOTIATE_S 20.0
#define QUIT_S 1.0
#define TERM_MS 500
/* A fault storm fills qemu.log: QEMU ends by SIGXFSZ before the disk is full. RAM is no such file.
 */
#define FILE_LIMIT (UINT64_C(4) << 30)

int64_t machine_now_ns(void)
{
	return log_now_ns();
}

/* ---- QMP callbacks ---- */

static void on_event(const char *event, JsonObject *data, int64_t host_ns, void *user)
{
	struct machine *m = user;

	(void)host_ns;
	if (!strcmp(event, "SHUTDOWN") && !m->shutdown_reason)
		m->shutdown_reason = g_strdup(agent_string(data, "reason", "unknown"));
}

/* While a QMP command waits: QEMU must not hang on a full console pipe, nor we on a dead QEMU. */
static bool qmp_idle(void *user, GError **error)
{
	struct machine *m = user;

	if (console_pending(m->console) > (256 << 10))
		console_poll(m->console);
	if (machine_check_death(m)) {
		g_set_error_literal(error, VTDLAB_ERROR, VTDLAB_ERROR_CANNOT_JUDGE, m->death);
		return false;
	}
	if (interrupt_pending() && !m->asked_to_end) {
		g_set_error_literal(error, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED, "interrupted");
		return false;
	}
	return true;
}

/* ---- start ---- */

static gboolean death_fd(gint fd, GIOCondition cond, gpointer data)
{
	struct machine *m = data;

	(void)fd;
	(void)cond;
	if (!machine_check_death(m))
		return G_SOURCE_CONTINUE;
	m->death_source = 0;
	return G_SOURCE_REMOVE;
}

static gboolean death_timer(gpointer data)
{
	return death_fd(-1, 0, data);
}

static bool launch(struct machine *m, const GPtrArray *argv, const struct child_ends *ends, GError **error)
{
	struct launch_fd fds[] = {
		{ m->ram.fd, MACHINE_FD_RAM },	   { ends->qmp, MACHINE_FD_QMP }, { ends->console, MACHINE_FD_CONSOLE },
		{ ends->agent, MACHINE_FD_AGENT }, { ends->net, MACHINE_FD_NET },
	};
	char *err_path = g_build_filename(m->run_dir, "qemu.stderr", NULL);
	struct launch_request req = {
		.argv = (char *const *)argv->pdata,
		.fds = fds,
		.n_fds = G_N_ELEMENTS(fds) - (ends->net < 0),
		.stderr_path = err_path,
		.file_limit = FILE_LIMIT,
	};
	bool good = m->ops->start(&m->launch, &req, error);

	g_free(err_path);
	if (!good)
		return false;
	if (m->launch.pidfd >= 0)
		m->death_source = g_unix_fd_add(m->launch.pidfd, G_IO_IN, death_fd, m);
	else
		m->death_source = g_timeout_add(20, death_timer, m);
	return true;
}

static bool resolve_accel(struct machine *m, struct machine_config *cfg, GError **error)
{
	if (cfg->accel == MACHINE_ACCEL_AUTO && cfg->clock_virtual) {
		cfg->accel = MACHINE_ACCEL_TCG;
		m->accel_reason = g_strdup("TCG: the virtual clock counts instructions");
	} else {
		cfg->accel = accel_resolve(cfg, lab_cache_dir(), &m->accel_reason, error);
	}
	m->accel = cfg->accel;
	return cfg->accel != MACHINE_ACCEL_AUTO;
}

/* QEMU keeps what the guest writes to the disk (snapshot=on) in an unlinked file of $TMPDIR. */
static void ensure_tmpdir(struct machine *m)
{
	const char *dir = g_getenv("TMPDIR");

	if (g_access(dir && *dir ? dir : "/var/tmp", W_OK | X_OK) < 0)
		g_setenv("TMPDIR", m->run_dir, TRUE);
}

static bool start_qemu(struct machine *m, const struct machine_config *cfg, GError **error)
{
	struct child_ends ends = { -1, -1, -1, -1 };
	GPtrArray *argv = NULL;
	GError *cause = NULL;
	bool good = false;

	ensure_tmpdir(m);
	if (cfg->gdb) {
		m->sock_dir = private_dir_make(error);
		if (!m->sock_dir)
			return false;
		m->gdb_path = g_build_filename(m->sock_dir, "gdb", NULL);
	}
	argv = machine_command_line(cfg, MACHINE_LINE_RUN, m->caps, m->gdb_path, error);
	if (!argv)
		return false;
	if (ram_init(&m->ram, cfg->memory, error) && machine_setup_channels(m, cfg, &ends, error) &&
	    machine_write_command(m, cfg, argv, error) && launch(m, argv, &ends, error)) {
		machine_close_ends(&ends);
		qmp_set_idle(m->qmp, qmp_idle, m);
		qmp_set_event(m->qmp, on_event, m);
		good = qmp_negotiate(m->qmp, NEGOTIATE_S, &cause);
	}
	machine_close_ends(&ends);
	g_ptr_array_unref(argv);
	if (cause) {
		/* "closed the connection" is a consequence: say how QEMU ended if it did */
		for (int i = 0; i < 50 && !machine_check_death(m); i++)
			g_usleep(2000);
		if (m->death && !g_error_matches(cause, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED))
			g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_CANNOT_JUDGE, "QEMU did not start: %s", m->death);
		else
			g_propagate_error(error, g_steal_pointer(&cause));
		g_clear_error(&cause);
	}
	return good;
}

struct machine *machine_start(const struct machine_config *config, GError **error)
{
	struct machine_config cfg = *config;
	struct machine *m = g_new0(struct machine, 1);

	m->ops = &launcher_qemu;
	m->launch.pidfd = -1;
	m->ram.fd = -1;
	m->run_dir = g_canonicalize_filename(cfg.run_dir ? cfg.run_dir : ".", NULL);
	cfg.run_dir = m->run_dir;
	m->clock_virtual = cfg.clock_virtual;
	m->nic = cfg.nic;
	m->disk = cfg.disk;
	m->contention = 1;
	if (!machine_config_check(&cfg, error))
		goto fail;
	m->caps = qemu_probe(cfg.qemu, lab_cache_dir(), error);
	if (!m->caps || !resolve_accel(m, &cfg, error))
		goto fail;
	m->trace_missing = qemu_trace_missing(m->caps);
	if (!start_qemu(m, &cfg, error))
		goto fail;
	return m;
fail:
	machine_free(m);
	return NULL;
}

/* ---- end ---- */

void machine_kill(struct machine *m)
{
	JsonNode *r;

	if (!m->launch.pid || m->launch.dead)
		return;
	machine_thaw(m, NULL);
	m->asked_to_end = !machine_check_death(m);
	if (m->asked_to_end && qmp_version(m->qmp)) {
		r = qmp_command(m->qmp, "quit", NULL, QUIT_S, NULL);
		if (r)
			json_node_unref(r);
	}
	/* after "quit" it is on its way out: SIGTERM changes nothing, SIGKILL comes if it hangs */
	m->ops->kill(&m->launch, TERM_MS);
	machine_check_death(m);
	machine_poll(m);
	private_dir_remove(g_steal_pointer(&m->sock_dir));
}

void machine_free(struct machine *m)
{
	if (!m)
		return;
	machine_kill(m);
	if (m->death_source)
		g_source_remove(m->death_source);
	m->ops->release(&m->launch);
	private_dir_remove(g_steal_pointer(&m->sock_dir));
	injector_free(m->injector);
	trace_free(m->trace);
	agent_free(m->agent);
	console_free(m->console);
	qmp_free(m->qmp);
	ram_clear(&m->ram);
	qemu_caps_free(m->caps);
	g_strfreev(m->trace_missing);
	g_free(m->run_dir);
	g_free(m->accel_reason);
	g_free(m->death);
	g_free(m->gdb_path);
	g_free(m->shutdown_reason);
	g_free(m);
}

/* ---- what it is ---- */

bool machine_alive(struct machine *m)
{
	return m->launch.pid && !machine_check_death(m);
}

pid_t machine_pid(const struct machine *m)
{
	return m->launch.pid;
}

const char *machine_death(struct machine *m)
{
	machine_check_death(m);
	return m->death;
}

bool machine_died_by_itself(struct machine *m)
{
	return machine_check_death(m) && !m->asked_to_end;
}

const char *machine_shutdown_reason(const struct machine *m)
{
	return m->shutdown_reason;
}

enum machine_accel machine_accel(const struct machine *m)
{
	return m->accel;
}

const char *machine_accel_reason(const struct machine *m)
{
	return m->accel_reason;
}

const struct qemu_caps *machine_qemu(const struct machine *m)
{
	return m->caps;
}

const char *machine_gdb_path(const struct machine *m)
{
	return m->gdb_path;
}

struct trace *machine_trace(struct machine *m)
{
	return m->trace;
}

struct console *machine_console(struct machine *m)
{
	return m->console;
}

struct injector *machine_injector(struct machine *m)
{
	return m->injector;
}

struct agent *machine_agent_channel(struct machine *m)
{
	return m->agent;
}

const char *const *machine_trace_missing(const struct machine *m)
{
	return (const char *const *)m->trace_missing;
}
