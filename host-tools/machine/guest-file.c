/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading a file of the guest through its agent, which sends it in parts. */
#include "base/error.h"
#include "machine/machine.h"

/* Of what the guest may send: it does not hold us by a file without an end. */
#define BYTES_MAX (64u << 20)
#define READS_MAX 4000

char *machine_guest_file(struct machine *m, const char *path, double timeout_s, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	int64_t from = 0;

	for (int n = 0; n < READS_MAX && text->len <= BYTES_MAX; n++) {
		g_autoptr(JsonObject) answer = machine_agent(m, timeout_s, error, "read-file", "path", MACHINE_STR,
							     path, "from", MACHINE_INT, from, NULL);
		int64_t next;

		if (!answer)
			return NULL;
		g_string_append(text, agent_string(answer, "text", ""));
		next = agent_int(answer, "next", -1);
		if (next <= from)
			return g_string_free(g_steal_pointer(&text), FALSE);
		from = next;
	}
	vtdlab_failed(error, "agent: read-file: %s has no end within %u MiB and %d parts", path, BYTES_MAX >> 20,
		      READS_MAX);
	return NULL;
}
