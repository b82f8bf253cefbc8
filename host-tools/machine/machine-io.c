/* SPDX-License-Identifier: GPL-2.0-only */
/* Talking to a machine: agent commands, QMP, registers, RAM. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/host.h"
#include "machine/machine-priv.h"

/* ---- agent ---- */

struct answer_wait {
	struct machine *m;
	unsigned id;
};

static bool answered(void *data)
{
	struct answer_wait *w = data;

	return agent_answered(w->m->agent, w->id);
}

/*
 * Seconds for whatever is asked after a command that was not answered in time: an agent that came back answers at once,
 * and a guest that is dead and spins would cost every deadline in full (minutes each, emulated).
 */
#define SILENT_S 2

JsonObject *machine_agent_call(struct machine *m, JsonObject *request, double timeout_s, GError **error)
{
	struct answer_wait w = { .m = m };
	g_autofree char *what = NULL;
	bool good;

	w.id = agent_send(m->agent, request, error);
	if (!w.id)
		return NULL;
	what = g_strdup_printf("the agent's answer to %s", agent_string(request, "cmd", "?"));
	good = machine_wait(m, answered, &w, m->agent_silent ? MIN(timeout_s, SILENT_S) : timeout_s, what, error);
	m->agent_silent = !good && m->ended == MACHINE_END_DEADLINE;
	if (!good) {
		agent_cancel(m->agent, w.id);
		return NULL;
	}
	return agent_take(m->agent, w.id, error);
}

bool machine_agent_silent(const struct machine *m)
{
	return m->agent_silent;
}

bool machine_agent_post(struct machine *m, JsonObject *request, GError **error)
{
	unsigned id = agent_send(m->agent, request, error);

	agent_cancel(m->agent, id);
	return id != 0;
}

static void add_member(JsonObject *o, const char *key, va_list *ap)
{
	char text[32];

	switch ((enum machine_arg)va_arg(*ap, int)) {
	case MACHINE_STR:
		json_object_set_string_member(o, key, va_arg(*ap, const char *));
		break;
	case MACHINE_INT:
		json_object_set_int_member(o, key, va_arg(*ap, int64_t));
		break;
	case MACHINE_BOOL:
		json_object_set_boolean_member(o, key, va_arg(*ap, int) != 0);
		break;
	case MACHINE_HEX:
		g_snprintf(text, sizeof(text), "0x%" G_GINT64_MODIFIER "x", va_arg(*ap, uint64_t));
		json_object_set_string_member(o, key, text);
		break;
	}
}

JsonObject *machine_agent(struct machine *m, double timeout_s, GError **error, const char *cmd, ...)
{
	g_autoptr(JsonObject) request = json_object_new();
	const char *key;
	va_list ap;

	json_object_set_string_member(request, "cmd", cmd);
	va_start(ap, cmd);
	while ((key = va_arg(ap, const char *)))
		add_member(request, key, &ap);
	va_end(ap);
	return machine_agent_call(m, request, timeout_s, error);
}

/* ---- QEMU ---- */

static bool check_alive(struct machine *m, const char *what, GError **error)
{
	if (m->frozen)
		return vtdlab_failed(error, "%s: QEMU is frozen: thaw it first", what);
	return machine_alive(m) || vtdlab_unjudged(error, "%s: %s", what, m->death ? m->death : "QEMU is not running");
}

JsonNode *machine_qmp(struct machine *m, const char *command, JsonObject *args, GError **error)
{
	if (!check_alive(m, command, error)) {
		g_clear_pointer(&args, json_object_unref);
		return NULL;
	}
	return qmp_command(m->qmp, command, args, MACHINE_QMP_S, error);
}

static char *hmp(struct machine *m, const char *line, int cpu, GError **error)
{
	if (!check_alive(m, line, error))
		return NULL;
	return qmp_hmp(m->qmp, line, cpu, MACHINE_QMP_S, error);
}

static bool command(struct machine *m, const char *name, JsonObject *args, GError **error)
{
	g_autoptr(JsonNode) r = machine_qmp(m, name, args, error);

	return r != NULL;
}

bool machine_stop(struct machine *m, GError **error)
{
	return command(m, "stop", NULL, error);
}

bool machine_freeze(struct machine *m, GError **error)
{
	if (m->frozen)
		return true;
	if (!check_alive(m, "freeze", error))
		return false;
	m->frozen_since_us = g_get_monotonic_time();
	m->frozen = m->vm->vmm->freeze(m->vm);
	return m->frozen || vtdlab_unjudged(error, "freeze: QEMU ended");
}

void machine_thaw(struct machine *m, int64_t *frozen_ns)
{
	if (frozen_ns)
		*frozen_ns = 0;
	if (!m->frozen)
		return;
	m->vm->vmm->thaw(m->vm);
	m->frozen = false;
	if (frozen_ns)
		*frozen_ns = (g_get_monotonic_time() - m->frozen_since_us) * 1000;
}

bool machine_disk_throttle(struct machine *m, uint64_t bps, GError **error)
{
	static const char *const zero[] = { "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr" };
	JsonObject *args;

	if (m->disk == MACHINE_DISK_NONE)
		return vtdlab_refuse(error, "cannot throttle the disk: this machine has none");
	args = json_object_new();
	json_object_set_string_member(args, "device", "disk0");
	json_object_set_int_member(args, "bps", (gint64)MIN(bps, (uint64_t)G_MAXINT64));
	for (unsigned i = 0; i < G_N_ELEMENTS(zero); i++)
		json_object_set_int_member(args, zero[i], 0);
	return command(m, "block_set_io_throttle", args, error);
}

bool machine_vtd_regs(struct machine *m, uint64_t regs[MACHINE_VTD_WORDS], GError **error)
{
	g_autofree char *text = NULL;
	char line[64];

	g_snprintf(line, sizeof(line), "xp /%dgx 0x%" G_GINT64_MODIFIER "x", MACHINE_VTD_WORDS, MACHINE_VTD_BASE);
	text = hmp(m, line, -1, error);
	if (!text)
		return false;
	return qmp_parse_xp(text, MACHINE_VTD_BASE, regs, MACHINE_VTD_WORDS) ||
	       vtdlab_failed(error, "%s: QEMU's answer is not understood", line);
}

bool machine_guest_rip(struct machine *m, unsigned cpu, uint64_t *rip, GError **error)
{
	g_autofree char *text = hmp(m, "info registers", (int)cpu, error);

	if (!text)
		return false;
	return qmp_parse_rip(text, rip) ||
	       vtdlab_failed(error, "no instruction pointer of CPU %u in QEMU's answer", cpu);
}

void machine_trace_poll(struct machine *m)
{
	if (!m->trace)
		return;
	if (machine_alive(m))
		command(m, "query-status", NULL, NULL);
	trace_poll(m->trace);
}

/* ---- RAM ---- */

int machine_read_page(void *m, uint64_t pa, void *buf)
{
	return ram_read(&((struct machine *)m)->ram, pa, buf, 4096);
}

int machine_read_phys(struct machine *m, uint64_t pa, void *buf, size_t len)
{
	return ram_read(&m->ram, pa, buf, len);
}

int machine_write_phys(struct machine *m, uint64_t pa, const void *buf, size_t len)
{
	return ram_write(&m->ram, pa, buf, len);
}

int64_t machine_ram_scan(struct machine *m, const void *needle, size_t len, ram_match_fn fn, void *data)
{
	return ram_scan(&m->ram, needle, len, fn, data);
}

bool machine_save_ram(struct machine *m, const char *path, GError **error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int ret = fd < 0 || ftruncate(fd, (off_t)m->ram.size) ? -errno : copy_sparse(m->ram.fd, 0, fd, 0, m->ram.size);

	if (fd >= 0 && close(fd) && !ret)
		ret = -errno;
	if (!ret)
		return true;
	unlink(path);
	return vtdlab_failed(error, "cannot write %s: %s", path, g_strerror(-ret));
}

/* QEMU does not say when it cannot write its trace: a full disk is the only sign. */
static bool disk_full(const char *dir)
{
	return host_disk_available(dir) < (64 << 10);
}

bool machine_logs_ok(struct machine *m, const char **which)
{
	const char *bad = NULL;

	if (!console_log_ok(m->console))
		bad = "console.log";
	else if (!agent_log_ok(m->agent))
		bad = "agent.jsonl";
	else if (m->trace && disk_full(m->run_dir))
		bad = "qemu.log";
	if (which)
		*which = bad;
	return !bad;
}
