/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One virtual machine, driven by linear code: start it, wait for things to happen, talk to its
 * agent and to QEMU, read its RAM and registers, kill it. Everything asynchronous (console, agent,
 * QMP, trace, injector) is a source of the default main context that runs inside machine_wait().
 *
 * Use from the main thread only. Host times are CLOCK_REALTIME in ns, as in console.log and
 * qemu.log.
 */
#ifndef VTDLAB_MACHINE_MACHINE_H
#define VTDLAB_MACHINE_MACHINE_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/agent.h"
#include "machine/config.h"
#include "machine/console.h"
#include "machine/injector.h"
#include "machine/qemu-probe.h"
#include "machine/qmp.h"
#include "machine/ram.h"
#include "machine/trace.h"

struct machine;

/* ---- life ---- */

/*
 * Starts the machine, running, by cfg->vmm and leaves with QMP ready. AUTO is TCG here: see accel_resolve(). Files are
 * created in cfg->run_dir, `command` among them. Errors (NULL):
 *   VTDLAB_ERROR_USAGE         bad description, bad QEMU
 *   VTDLAB_ERROR_CANNOT_JUDGE  QEMU ended at once: its status and last stderr lines are in the message
 *   VTDLAB_ERROR_INTERRUPTED, VTDLAB_ERROR_FAILED
 */
struct machine *machine_start(const struct machine_config *cfg, GError **error);

/* machine_describe - what machine_start() would run, for a reader (--dry-run): asks nothing of the host. Free with
 * g_free(). NULL: VTDLAB_ERROR_USAGE, as machine_start(). */
char *machine_describe(const struct machine_config *cfg, GError **error);

/* Ends QEMU: quit by QMP, after at most 2 s by force. RAM, trace, console and all counters stay readable. Idempotent. */
void machine_kill(struct machine *m);

/* Kills if need be, frees all. NULL is ignored. */
void machine_free(struct machine *m);

bool machine_alive(struct machine *m);
/* "qemu" or "libvirt": who runs it. */
const char *machine_vmm(const struct machine *m);
/* Where a user finds a machine that was started: "QEMU is process 123, ...". Free with g_free(). */
char *machine_where(const struct machine *m);
/* NULL while QEMU lives; else "QEMU ended: exit status 1" with its last stderr lines. Owned by m. */
const char *machine_death(struct machine *m);
/* true if QEMU ended without our having asked (abort, OOM kill): a QEMU failure, not the guest's. */
bool machine_died_by_itself(struct machine *m);

/*
 * How the guest ended: QMP's SHUTDOWN reason ("guest-shutdown", "guest-reset", "guest-panic",
 * "host-qmp-quit"...), NULL until then. QEMU stays, stopped, after a guest shutdown: registers and
 * RAM can still be read. A guest reset is a shutdown with "guest-reset" unless cfg->allow_reboot.
 */
const char *machine_shutdown_reason(const struct machine *m);

enum machine_accel machine_accel(const struct machine *m);
const struct qemu_caps *machine_qemu(const struct machine *m);
/* Path of gdb's socket, NULL without cfg->gdb: type `target remote PATH` in gdb. */
const char *machine_gdb_path(const struct machine *m);

/* ---- waiting ---- */

/*
 * Runs the main loop until pred(data) is true. timeout_s: what the step would get on an idle machine with KVM; it is
 * multiplied by machine_scale(), and counted in time that the guest could use (guest-time.h); a QEMU that does not run
 * at all for a minute has missed its deadline as well. Before the first hello the time begins anew as long as the guest takes
 * more memory. Errors (false), with a message of what was waited for (`what`: "the crash kernel's
 * hello"), how long, and the last console lines; machine_wait_ended() tells them apart:
 *   VTDLAB_ERROR_INTERRUPTED   interrupt_pending()
 *   VTDLAB_ERROR_CANNOT_JUDGE  deadline; QEMU ended; the guest shut down or was reset meanwhile
 * pred is tried before each of those: it wins.
 */
bool machine_wait(struct machine *m, bool (*pred)(void *data), void *data, double timeout_s, const char *what,
		  GError **error);

/* Lets the machine run for `seconds` of host time (not scaled). Errors but the deadline as above. */
bool machine_run_for(struct machine *m, double seconds, GError **error);

/* Why the last machine_wait(), machine_run_for() or machine_agent*() returned. */
enum machine_end {
	MACHINE_END_DONE,
	MACHINE_END_DEADLINE,
	MACHINE_END_STILL,    /* a deadline, of a QEMU that did not run: the host's doing, and nothing of the guest's */
	MACHINE_END_DIED,     /* QEMU ended */
	MACHINE_END_SHUTDOWN, /* guest powered off, reset or panicked: machine_shutdown_reason() */
	MACHINE_END_INTERRUPTED,
};
enum machine_end machine_wait_ended(const struct machine *m);

/*
 * Factor by which deadlines grow: KVM 1, TCG 4, virtual clock 8, more on a machine that took long to boot (a KVM inside a
 * VM), and 4 until that is known; times 1..4 by the host's load now.
 */
double machine_scale(struct machine *m);

/* Seconds by which the host's wall clock was set while the machine was waited for, the largest step; 0: it was not. */
double machine_clock_step(const struct machine *m);

/* Seconds of the host's time that the guest could use so far, as far as it was waited for. */
double machine_guest_s(const struct machine *m);

/* CLOCK_REALTIME now, ns: the time base of all host_ns. */
int64_t machine_now_ns(void);

/* ---- agent ---- */

/* The hello of a stage, NULL until it came. */
const struct agent_hello *machine_hello(struct machine *m, enum agent_stage stage);
/* Waits for it (scaled timeout). */
const struct agent_hello *machine_wait_hello(struct machine *m, enum agent_stage stage, double timeout_s,
					     GError **error);

/*
 * Sends a command and waits for its answer (scaled timeout). Arguments: triplets of
 *   const char *key, enum machine_arg type, value
 * ended by NULL:
 *   machine_agent(m, 10, &err, "modprobe", "name", MACHINE_STR, "nvme", NULL)
 * Returns the answer (json_object_unref), or NULL: ok:false gives VTDLAB_ERROR_FAILED with "agent: CMD: the guest's
 * text"; the rest as machine_wait().
 */
enum machine_arg {
	MACHINE_STR,  /* const char * */
	MACHINE_INT,  /* int64_t: cast literals! */
	MACHINE_BOOL, /* int */
	MACHINE_HEX,  /* uint64_t, sent as "0x..": cast literals! */
};
JsonObject *machine_agent(struct machine *m, double timeout_s, GError **error, const char *cmd,
			  ...) G_GNUC_NULL_TERMINATED;
/* The same with a ready object (borrowed). */
JsonObject *machine_agent_call(struct machine *m, JsonObject *request, double timeout_s, GError **error);

/* machine_agent_silent - was the last command not answered in time? Whatever is asked after it has a short deadline. */
bool machine_agent_silent(const struct machine *m);

/*
 * A text file of the guest below /sys, /proc or /tmp, whole, as it was at the first of the reads
 * that it takes, each with this (scaled) timeout. Free with g_free(). NULL as machine_agent(); a
 * file without an end within 64 MiB is VTDLAB_ERROR_FAILED too.
 */
char *machine_guest_file(struct machine *m, const char *path, double timeout_s, GError **error);
/* Sends without waiting for the answer (panic). */
bool machine_agent_post(struct machine *m, JsonObject *request, GError **error);

/* ---- QEMU ---- */

/*
 * Three states:
 *   running  the guest's CPUs run
 *   stopped  QMP `stop`: the CPUs stand, QEMU lives, answers, and has drained its disks
 *   frozen   all of QEMU stands: nothing moves, nothing is drained, nothing is answered
 */

/* Synchronous; no source is dispatched meanwhile, so it may be called from any callback (trace, console...). `args` (or
 * NULL) is consumed. 60 s deadline. Free the result with json_node_unref(). */
JsonNode *machine_qmp(struct machine *m, const char *command, JsonObject *args, GError **error);

/*
 * Stops the guest's CPUs. QEMU drains its disks when it stops: queued (throttled) requests complete at once, so a stop
 * empties the queue of in-flight disk DMA. Snapshots that must not disturb it are taken running or frozen.
 */
bool machine_stop(struct machine *m, GError **error);

/*
 * Freezes QEMU itself and lets it go on (*frozen_ns, may be NULL: how long it stood): RAM stands still, and unlike
 * machine_stop() no queued disk request is completed, so in-flight DMA stays in flight. Freezing takes well under 1 ms.
 * QEMU answers nothing meanwhile (read registers before): machine_qmp() and all above it fail, and machine_wait() must
 * not be called. The guest clock jumps by the time it stood: keep it to milliseconds.
 */
bool machine_freeze(struct machine *m, GError **error);
void machine_thaw(struct machine *m, int64_t *frozen_ns);

/* Sets or lifts (0) the disk's bandwidth limit in bytes/s. */
bool machine_disk_throttle(struct machine *m, uint64_t bps, GError **error);

/* VT-d registers as 64-bit words 0x000, 0x008 .. 0x228 (one `xp`, about 0.5 ms, no side effect). */
#define MACHINE_VTD_BASE UINT64_C(0xfed90000)
#define MACHINE_VTD_WORDS 70
bool machine_vtd_regs(struct machine *m, uint64_t regs[MACHINE_VTD_WORDS], GError **error);

/* Instruction pointer of one virtual CPU. */
bool machine_guest_rip(struct machine *m, unsigned cpu, uint64_t *rip, GError **error);

/* ---- RAM (valid until machine_free(), also after QEMU ended) ---- */

/* The walker's callback: 4096 bytes at pa (page aligned or not): 0, or -1 if not RAM. m: struct machine *. */
int machine_read_page(void *m, uint64_t pa, void *buf);
int machine_read_phys(struct machine *m, uint64_t pa, void *buf, size_t len);
int machine_write_phys(struct machine *m, uint64_t pa, const void *buf, size_t len);
/* Writes all of it to a new file, sparse, in the order of ram.h. false and VTDLAB_ERROR_FAILED: no file is left. */
bool machine_save_ram(struct machine *m, const char *path, GError **error);
/* ram_scan(). */
int64_t machine_ram_scan(struct machine *m, const void *needle, size_t len, ram_match_fn fn, void *data);

/* ---- its state, saved and restored (migrate.c) ---- */

/*
 * machine_save - stops the machine for good and writes the state of its devices and CPUs to the file @fd; its RAM, which is
 * not in there, stands still then: machine_save_ram(). *@sum: of its pages. A device that cannot be saved: an error that
 * names it (VTDLAB_ERROR_FAILED); others as machine_wait().
 */
bool machine_save(struct machine *m, int fd, uint32_t *sum, GError **error);

/*
 * machine_restore - of a machine that was started with cfg->incoming: fills its RAM from @ram, which must have the sum
 * *@ram_sum (NULL: it was found to have it), and loads the state @fd. It then stands where the other one stopped:
 * machine_resume().
 * @boot_s: machine_boot_s() of the one that booted
 * false: VTDLAB_ERROR_FAILED (damaged, not of this QEMU); others as machine_wait(). The machine is of no use then.
 */
bool machine_restore(struct machine *m, int fd, int ram, const uint32_t *ram_sum, double boot_s, GError **error);

/* Lets a stopped machine run on. */
bool machine_resume(struct machine *m, GError **error);

/* Seconds of the host's time, of those that the guest could use, that its first kernel took to its agent's hello; 0: not known. */
double machine_boot_s(const struct machine *m);

/* ---- parts ---- */

struct trace *machine_trace(struct machine *m); /* NULL with cfg->no_trace */
struct console *machine_console(struct machine *m);
struct injector *machine_injector(struct machine *m); /* NULL without a NIC */
struct agent *machine_agent_channel(struct machine *m);

/* Brings trace, console, agent, QMP events and injector up to date now, without waiting. */
void machine_poll(struct machine *m);
/* Same for the trace alone, after making sure by a QMP round trip that QEMU has written all of it. */
void machine_trace_poll(struct machine *m);
/* Default trace events that this QEMU lacks, NULL-terminated, never NULL. Owned by m. */
const char *const *machine_trace_missing(const struct machine *m);

/* false once a log could not be written completely (disk full); *which (may be NULL) names it. */
bool machine_logs_ok(struct machine *m, const char **which);

#endif
