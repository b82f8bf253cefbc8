/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Host side of the channel to the guest's agent (guests/include/channel.h): JSON lines over COM2.
 * Everything the guest says is untrusted: garbage is counted and skipped, lines are capped.
 */
#ifndef VTDLAB_MACHINE_AGENT_H
#define VTDLAB_MACHINE_AGENT_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

struct agent;

enum agent_stage {
	AGENT_STAGE_FIRST,
	AGENT_STAGE_CRASH,
	AGENT_STAGES,
};

struct agent_hello {
	int version; /* "hello" */
	enum agent_stage stage;
	char *release;	   /* uname -r, "" if not said */
	char *cmdline;	   /* /proc/cmdline, "" if not said */
	int64_t uptime_ns; /* guest clock when it was sent, -1 if not said */
	int64_t host_ns;   /* CLOCK_REALTIME when it was read */
};

struct agent_counters {
	uint64_t lines;	    /* well-formed objects */
	uint64_t garbage;   /* lines that were no JSON object (empty lines are not counted) */
	uint64_t oversized; /* lines over the cap, skipped to their end */
	uint64_t stray;	    /* answers nobody waited for, further hellos of one stage */
};

/* Speaks over `fd` (stream socket, owned from now on) from the default main context; logs both ways
 * to `log_path` (NULL: none) as {"host_ns":..,"from":"host|guest","line":..}. */
struct agent *agent_new(int fd, const char *log_path, GError **error);
void agent_free(struct agent *a);

/* Reads what is there now, without waiting. */
void agent_poll(struct agent *a);

/* The first hello of that stage, NULL until it came. Owned by the agent. */
const struct agent_hello *agent_hello(const struct agent *a, enum agent_stage stage);

/*
 * Sends `request` (borrowed; "id" is added by this call) and returns its id, 0 on error (another
 * command is under way, line too long, channel broken). The answer is fetched by agent_take().
 */
unsigned agent_send(struct agent *a, JsonObject *request, GError **error);

/* true once command `id` was answered or can no longer be (a new hello came, channel closed). */
bool agent_answered(const struct agent *a, unsigned id);

/*
 * Takes the answer of `id`: the whole object (json_object_unref), or NULL with VTDLAB_ERROR_FAILED
 * and the guest's text for ok:false, or because the guest restarted. Ends the command in all cases.
 */
JsonObject *agent_take(struct agent *a, unsigned id, GError **error);

/* Forgets command `id`: a late answer is counted as stray. */
void agent_cancel(struct agent *a, unsigned id);

const struct agent_counters *agent_counters(const struct agent *a);
bool agent_log_ok(const struct agent *a);

/* Calls `fn` for each later well-formed object from the guest, hellos and answers included (borrowed), until
 * unsubscribed. Returns an id > 0. */
typedef void (*agent_fn)(JsonObject *object, int64_t host_ns, void *data);
unsigned agent_subscribe(struct agent *a, agent_fn fn, void *data);
void agent_unsubscribe(struct agent *a, unsigned id);

/* Members of an answer with a type check: fallback if absent or of another type. Strings are
 * borrowed from the object. agent_hex64 reads "0x..." strings. */
int64_t agent_int(JsonObject *o, const char *name, int64_t fallback);
bool agent_bool(JsonObject *o, const char *name, bool fallback);
const char *agent_string(JsonObject *o, const char *name, const char *fallback);
uint64_t agent_hex64(JsonObject *o, const char *name, uint64_t fallback);

#endif
