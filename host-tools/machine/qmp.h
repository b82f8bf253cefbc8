/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's machine protocol over one stream socket: commands are synchronous, events are kept.
 * QEMU is the program under test: what it says is parsed as untrusted.
 */
#ifndef VTDLAB_MACHINE_QMP_H
#define VTDLAB_MACHINE_QMP_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

struct qmp;

#define QMP_LINE_MAX (4u << 20)

/* host_ns: CLOCK_REALTIME: QEMU's own timestamp of the event if it has one, else when it was read.
 * `data`: the event's "data" member, may be NULL. Both are borrowed. */
typedef void (*qmp_event_fn)(const char *event, JsonObject *data, int64_t host_ns, void *user);

/* Called every now and then while a command waits, so that QEMU can never block on us; returns
 * false with an error to give up (QEMU died, interrupt). May be NULL. */
typedef bool (*qmp_idle_fn)(void *user, GError **error);

/* Speaks over `fd` (owned), logs to `log_path` (NULL: none). Does not wait: see qmp_negotiate(). */
struct qmp *qmp_new(int fd, const char *log_path, GError **error);
void qmp_free(struct qmp *q);

void qmp_set_idle(struct qmp *q, qmp_idle_fn fn, void *user);
/*
 * Timeouts are counted in what @fn gives, in µs, instead of the host's own time: what QEMU could use of it. It may go back,
 * and is QMP_CLOCK_OVER where QEMU is to be given up, at once. @user is that of qmp_set_idle().
 */
#define QMP_CLOCK_OVER (INT64_MAX / 2)
void qmp_set_clock(struct qmp *q, int64_t (*fn)(void *user));
void qmp_set_event(struct qmp *q, qmp_event_fn fn, void *user);

/* Waits for the greeting and leaves capabilities mode. timeout in seconds. */
bool qmp_negotiate(struct qmp *q, double timeout_s, GError **error);

/*
 * Runs one command and waits for its answer by polling the socket itself: no main context source is
 * dispatched meanwhile, so it may be called from any callback. Events that arrive meanwhile are
 * delivered after the answer, from the main context. `args` (NULL: none) is consumed.
 * Returns the "return" member (json_node_unref), or NULL with VTDLAB_ERROR_FAILED (QEMU's error
 * class and text, closed, timeout).
 */
JsonNode *qmp_command(struct qmp *q, const char *command, JsonObject *args, double timeout_s, GError **error);

/*
 * Gives QEMU a duplicate of @fd, which stays the caller's, as @name: for arguments such as "fd:NAME". Over a unix socket only.
 * Errors as qmp_command().
 */
bool qmp_give_fd(struct qmp *q, int fd, const char *name, double timeout_s, GError **error);

/* The human monitor's answer to `line`, asked of one virtual CPU or (-1) of none. Free with g_free(). */
char *qmp_hmp(struct qmp *q, const char *line, int cpu, double timeout_s, GError **error);

/* "7.2.22" from the greeting; NULL before qmp_negotiate(). */
const char *qmp_version(const struct qmp *q);

/* Reads what is there now and delivers events, without waiting. */
void qmp_poll(struct qmp *q);

/*
 * Pure parsers of monitor output.
 * xp: exactly `n` words of "ADDR: 0x.. 0x.." lines starting at `addr`; false if anything differs.
 * rip: the RIP=... of "info registers"; false if there is none.
 */
bool qmp_parse_xp(const char *text, uint64_t addr, uint64_t *words, unsigned n);
bool qmp_parse_rip(const char *text, uint64_t *rip);

#endif
