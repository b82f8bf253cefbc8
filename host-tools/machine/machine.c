/* SPDX-License-Identifier: GPL-2.0-only */
/* The life of one machine: start, kill, free. */
#define _GNU_SOURCE
#include "machine/machine.h"

#include <string.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/paths.h"
#include "machine/cmdline.h"
#include "machine/log.h"
#include "machine/machine-priv.h"

#define QUIT_S 1.0
#define TERM_MS 500

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
	if (!strcmp(event, "MIGRATION")) {
		g_free(m->migration);
		m->migration = g_strdup(agent_string(data, "status", "unknown"));
	}
}

/* While a QMP command waits: QEMU must not hang on a full console pipe, nor we on a dead QEMU. */
static bool qmp_idle(void *user, GError **error)
{
	struct machine *m = user;

	if (console_pending(m->console) > (256 << 10))
		console_poll(m->console);
	if (machine_check_death(m))
		return vtdlab_unjudged(error, "%s", m->death);
	if (interrupt_pending() && !m->asked_to_end) {
		g_set_error_literal(error, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED, "interrupted");
		return false;
	}
	return true;
}

/* ---- start ---- */

static const struct vmm *vmm_of(const struct machine_config *cfg)
{
	return cfg->vmm ? cfg->vmm : &vmm_qemu;
}

static char *in_run_dir(const struct machine *m, const char *name)
{
	return g_build_filename(m->run_dir, name, NULL);
}

/* Frames are followed in the trace of the e1000e, if QEMU has one. */
static bool frames_traced(const struct machine *m, const struct machine_config *cfg)
{
	return m->trace && cfg->nic == MACHINE_NIC_E1000E && m->caps->trace_log &&
	       (!cfg->traces || cfg->traces & TRACES(NIC_DMA)) &&
	       qemu_has_trace(m->caps, "e1000e_rx_written_to_guest") &&
	       qemu_has_trace(m->caps, "e1000e_rx_desc_buff_write");
}

static int take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

static bool open_channels(struct machine *m, const struct machine_config *cfg, struct vmm_channels *ch, GError **error)
{
	g_autofree char *qmp = in_run_dir(m, "qmp.jsonl"), *console = in_run_dir(m, "console.log");
	g_autofree char *agent = in_run_dir(m, "agent.jsonl");

	m->gdb_path = g_steal_pointer(&ch->gdb);
	return ram_init(&m->ram, take(&ch->ram), cfg->memory, error) &&
	       (m->console = console_new(take(&ch->console), console, error)) &&
	       (m->agent = agent_new(take(&ch->agent), agent, error)) && (m->qmp = qmp_new(take(&ch->qmp), qmp, error));
}

/*
 * Last of all: the main loop has not run since, and does not before machine_start() returns, so whoever subscribes then
 * is told of all that was traced since power-on.
 */
static void open_trace(struct machine *m, const struct machine_config *cfg, struct vmm_channels *ch)
{
	if (ch->trace)
		m->trace = trace_new(ch->trace);
	if (ch->net >= 0)
		m->injector = injector_new(take(&ch->net), take(&ch->net_peer), frames_traced(m, cfg) ? m->trace : NULL,
					   NULL);
}

/* "closed the connection" is a consequence: says how QEMU ended if it did. */
static void explain_start(struct machine *m, GError *cause, GError **error)
{
	for (int i = 0; i < 50 && !machine_check_death(m); i++)
		g_usleep(2000);
	if (m->death && !g_error_matches(cause, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED)) {
		/* which widths a QEMU knows can only be found by asking for one: a lack of this QEMU, and no broken rig */
		if (strstr(m->death, "Supported values for aw-bits"))
			vtdlab_unfit(error, "iommu.aw-bits: not of this QEMU: %s", m->death);
		else
			vtdlab_unjudged(error, "QEMU did not start: %s", m->death);
		g_error_free(cause);
	} else {
		g_propagate_error(error, cause);
	}
}

static bool start_vm(struct machine *m, const struct machine_config *cfg, GError **error)
{
	struct vmm_channels ch = VMM_NO_CHANNELS;
	GError *cause = NULL;
	bool good;

	m->vm = vmm_of(cfg)->start(cfg, m->caps, &ch, error);
	if (!m->vm)
		return false;
	machine_watch_exit(m);
	good = open_channels(m, cfg, &ch, error);
	if (good) {
		qmp_set_idle(m->qmp, qmp_idle, m);
		qmp_set_clock(m->qmp, machine_qmp_clock);
		qmp_set_event(m->qmp, on_event, m);
		good = qmp_negotiate(m->qmp, MACHINE_QMP_S, &cause);
		if (good)
			open_trace(m, cfg, &ch);
		else
			explain_start(m, cause, error);
	}
	vmm_channels_clear(&ch);
	return good;
}

struct machine *machine_start(const struct machine_config *config, GError **error)
{
	struct machine_config cfg = *config;
	struct machine *m = g_new0(struct machine, 1);

	m->ram.fd = -1;
	m->run_dir = g_canonicalize_filename(cfg.run_dir ? cfg.run_dir : ".", NULL);
	cfg.run_dir = m->run_dir;
	m->accel = cfg.accel;
	m->clock_virtual = cfg.clock_virtual;
	m->disk = cfg.disk;
	m->contention = 1;
	m->late = cfg.incoming ? machine_late_devices(&cfg) : NULL;
	m->caps = qemu_probe(cfg.qemu, lab_cache_dir(), error);
	if (!m->caps)
		goto fail;
	m->trace_missing = qemu_trace_missing(m->caps);
	if (!start_vm(m, &cfg, error))
		goto fail;
	return m;
fail:
	machine_free(m);
	return NULL;
}

char *machine_describe(const struct machine_config *cfg, GError **error)
{
	return vmm_of(cfg)->describe(cfg, NULL, error);
}

/* ---- end ---- */

void machine_kill(struct machine *m)
{
	JsonNode *r;

	if (!m->vm || m->death)
		return;
	machine_thaw(m, NULL);
	m->asked_to_end = !machine_check_death(m);
	if (m->asked_to_end && m->qmp && qmp_version(m->qmp)) {
		r = qmp_command(m->qmp, "quit", NULL, QUIT_S, NULL);
		if (r)
			json_node_unref(r);
	}
	/* after "quit" it is on its way out: SIGTERM changes nothing, SIGKILL comes if it hangs */
	m->vm->vmm->kill(m->vm, TERM_MS);
	machine_check_death(m);
	machine_poll(m);
}

void machine_free(struct machine *m)
{
	if (!m)
		return;
	machine_kill(m);
	if (m->exit_source)
		g_source_remove(m->exit_source);
	if (m->vm)
		m->vm->vmm->free(m->vm);
	injector_free(m->injector);
	trace_free(m->trace);
	agent_free(m->agent);
	console_free(m->console);
	qmp_free(m->qmp);
	ram_clear(&m->ram);
	qemu_caps_free(m->caps);
	g_strfreev(m->trace_missing);
	g_free(m->run_dir);
	g_free(m->death);
	g_free(m->gdb_path);
	g_free(m->shutdown_reason);
	g_free(m->migration);
	g_clear_pointer(&m->late, json_array_unref);
	g_free(m);
}

/* ---- what it is ---- */

const char *machine_vmm(const struct machine *m)
{
	return m->vm->vmm->name;
}

char *machine_where(const struct machine *m)
{
	return m->vm->vmm->where(m->vm);
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
