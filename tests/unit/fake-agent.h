/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's end of the agent channel of a fake machine: a test answers what the host asks. */
#ifndef FAKE_AGENT_H
#define FAKE_AGENT_H

#include <json-glib/json-glib.h>

#include "run-fixture.h"

struct fake_agent {
	struct fake_run *fake;
	int fd;
	guint source;
	GString *in;
	/* called for each request, from the main loop; answers by fake_agent_say() */
	void (*obey)(struct fake_agent *a, const char *cmd, JsonObject *request);
	int64_t id; /* of the request that is obeyed */
	void *data;
};

/* A fake run whose machine has an agent. */
struct fake_agent *fake_agent_new(void (*obey)(struct fake_agent *, const char *, JsonObject *), void *data);
void fake_agent_free(struct fake_agent *a);

/* The agent of the crash kernel says hello. */
void fake_agent_hello(struct fake_agent *a);

/* fake_agent_say - the answer to the request: its members behind the id, as JSON without braces. */
void fake_agent_say(struct fake_agent *a, const char *members);

/* From now on the machine has no QEMU, and nothing is answered. */
void fake_agent_kill(struct fake_agent *a);

#endif
