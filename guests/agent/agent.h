/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the agent share: the command interface and small helpers. */
#ifndef AGENT_H
#define AGENT_H

/* included first by every file of the agent */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "basics.h"
#include "json.h"

/** The answer to one command, being made. */
struct answer {
	int64_t id; /* of the request */
	bool has_id;
	struct json_out out;	/* members behind "t_ns", without braces */
	char error[512];	/* why the command failed: one line */
	void (*after)(int arg); /* run once the answer has left the UART */
	int after_arg;
};

/** A command: its name in the channel, what runs it, and whether a child process may. */
struct command {
	const char *name;
	/* 0, or -1 with the reason in answer->error (see fail()) */
	int (*run)(const struct json_object *request, struct answer *answer);
	bool in_child; /* may block or crash: runs in a child with a deadline */
};

/** Set the reason of a failure (printf-like). Always returns -1. */
int fail(struct answer *answer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** As json_u64(), with @min..@max and a message. */
int take_u64(const struct json_object *request, struct answer *answer, const char *key, uint64_t otherwise,
	     uint64_t min, uint64_t max, uint64_t *value);

/** A name (interface, module, disk) out of the request: no slash, no dots first, < @cap bytes.
 * Absent gives "" . */
int take_name(const struct json_object *request, struct answer *answer, const char *key, char *name, size_t cap);

/* command.c */
/** Run the command of @line (changed in place; NULL: a line that was too long) and write the
 * whole answer line to @text. Returns its length; answer->after is what is to be done then. */
size_t command_run(char *line, char *text, size_t cap, struct answer *answer);
/** Write the answer line for a command that returned @result. Returns its length. */
size_t command_answer(int result, char *text, size_t cap, struct answer *answer);

/* main.c */
/** fork(), with the child's fatal signals fatal again: a child never answers for the agent. */
pid_t fork_child(void);

/* uart.c */
/** Take the channel's UART. Returns 0, or -1 if there is none. */
int uart_open(void);
/** Receive one line (without '\n') into @buf, sleeping between polls; calls @idle while none comes.
 * Returns its length, or -1 for a line longer than @cap - 1 (thrown away). */
int uart_read_line(char *buf, size_t cap, void (*idle)(void));
void uart_write(const char *bytes, size_t len);
/** Wait until the last byte is out. */
void uart_drain(void);

/** The time-stamp counter: of the machine, whichever kernel runs; instructions and waiting where the clock is virtual. */
static inline int64_t read_tsc(void)
{
	return (int64_t)__builtin_ia32_rdtsc();
}

/* util.c */
/** Iterate over the names in a directory in version order (not those that begin with a dot).
 * Stops and returns what @each returned if not 0; -1 (errno) if it cannot be read. */
int each_name(const char *dir, int (*each)(const char *name, void *data), void *data);
/** Lowercase or uppercase hex to bytes. Returns their number or -1. */
int hex_decode(const char *hex, uint8_t *bytes, size_t cap);
/** One line on the console, by printk (polled: works without interrupts). */
void console_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* drivers.c */
/** Whether a PCI driver that is loaded is bound to the devices it is for. Returns 0 or -1 (errno). */
int pci_autoprobe(bool on);

/* kexec.c, zero.c */
/** Where make-initramfs puts what is to be loaded. */
#define CRASH_FILES "/crash"

/* the commands, one file a subject */
int cmd_hello(const struct json_object *request, struct answer *answer);
int cmd_modprobe(const struct json_object *request, struct answer *answer);
int cmd_devices(const struct json_object *request, struct answer *answer);
int cmd_pci_remove(const struct json_object *request, struct answer *answer);
int cmd_pci_rescan(const struct json_object *request, struct answer *answer);
int cmd_pci_bind(const struct json_object *request, struct answer *answer);
int cmd_memory_zero(const struct json_object *request, struct answer *answer);
int cmd_trace(const struct json_object *request, struct answer *answer);
int cmd_read_file(const struct json_object *request, struct answer *answer);
int cmd_leaks(const struct json_object *request, struct answer *answer);
int cmd_crash_range(const struct json_object *request, struct answer *answer);
int cmd_symbol(const struct json_object *request, struct answer *answer);
int cmd_net_up(const struct json_object *request, struct answer *answer);
int cmd_net_exchange(const struct json_object *request, struct answer *answer);
int cmd_mmio_write(const struct json_object *request, struct answer *answer);
int cmd_disk_load(const struct json_object *request, struct answer *answer);
int cmd_disk_verify(const struct json_object *request, struct answer *answer);
int cmd_spawn(const struct json_object *request, struct answer *answer);
int cmd_run_program(const struct json_object *request, struct answer *answer);
int cmd_canary(const struct json_object *request, struct answer *answer);
int cmd_vmcore_read(const struct json_object *request, struct answer *answer);
int cmd_kexec_load(const struct json_object *request, struct answer *answer);
int cmd_panic(const struct json_object *request, struct answer *answer);
int cmd_poweroff(const struct json_object *request, struct answer *answer);
int cmd_reboot(const struct json_object *request, struct answer *answer);

/* disk.c */
/** The disk called @name, or the first NVMe or virtio disk if that is "", once it is there
 * (waits up to @wait_ms). Returns 0 with its /dev path in @path and size in @bytes. */
int find_disk(struct answer *answer, char *name, size_t cap, uint64_t wait_ms, char *path, size_t path_cap,
	      uint64_t *bytes);

#endif
