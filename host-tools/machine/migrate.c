/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of a machine, to a file and back: QEMU's migration, with the RAM left out of the stream. */
#include <string.h>

#include "base/error.h"
#include "base/json-line.h"
#include "machine/machine-priv.h"

#define NAME "vtdlab-state" /* of the file, between QEMU and us */
#define MIGRATE_S 30.0

static bool command(struct machine *m, const char *name, JsonObject *args, GError **error)
{
	g_autoptr(JsonNode) r = machine_qmp(m, name, args, error);

	return r != NULL;
}

/* RAM that we share with QEMU is not in the stream, and QEMU tells how far it is. */
static bool set_up(struct machine *m, GError **error)
{
	static const char *const names[] = { "x-ignore-shared", "events" };
	JsonObject *args = json_object_new();
	JsonArray *list = json_array_new();

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		JsonObject *one = json_object_new();

		json_object_set_string_member(one, "capability", names[i]);
		json_object_set_boolean_member(one, "state", true);
		json_array_add_object_element(list, one);
	}
	json_object_set_array_member(args, "capabilities", list);
	return command(m, "migrate-set-capabilities", args, error);
}

static bool over(void *data)
{
	const char *status = ((struct machine *)data)->migration;

	return status && (!strcmp(status, "completed") || !strcmp(status, "failed"));
}

/* @how: the command; its stream is the file @fd. */
static bool migrate(struct machine *m, const char *how, int fd, const char *what, GError **error)
{
	JsonObject *args = json_object_new();
	g_autoptr(JsonNode) answer = NULL;
	const char *why;

	json_object_set_string_member(args, "uri", "fd:" NAME);
	if (!set_up(m, error) || !qmp_give_fd(m->qmp, fd, NAME, MACHINE_QMP_S, error)) {
		json_object_unref(args);
		return false;
	}
	if (!command(m, how, args, error) || !machine_wait(m, over, m, MIGRATE_S, what, error))
		return false;
	if (!strcmp(m->migration, "completed"))
		return true;
	answer = machine_qmp(m, "query-migrate", NULL, NULL);
	why = answer && JSON_NODE_HOLDS_OBJECT(answer) ?
		      json_line_string(json_node_get_object(answer), "error-desc", NULL) :
		      NULL;
	return vtdlab_failed(error, "QMP %s: it failed%s%s", how, why ? ": " : "", why ? why : "");
}

bool machine_save(struct machine *m, int fd, uint32_t *sum, GError **error)
{
	if (!machine_stop(m, error) || !migrate(m, "migrate", fd, "the machine's state to be saved", error))
		return false;
	machine_poll(m);
	*sum = ram_sum(&m->ram);
	return true;
}

/*
 * On the root bus, where they are in a machine that boots. It takes none at run time until it is told who is asked about them:
 * the machine, which has nothing against it. No event tells the guest, which has to look.
 */
static bool add_late(struct machine *m, GError **error)
{
	JsonObject *args;

	if (!json_array_get_length(m->late))
		return true;
	args = json_object_new();
	json_object_set_string_member(args, "path", "/machine/q35/pcie.0");
	json_object_set_string_member(args, "property", "hotplug-handler");
	json_object_set_string_member(args, "value", "/machine");
	if (!command(m, "qom-set", args, error))
		return false;
	for (unsigned i = 0; i < json_array_get_length(m->late); i++)
		if (!command(m, "device_add", json_object_ref(json_array_get_object_element(m->late, i)), error))
			return false;
	return true;
}

bool machine_restore(struct machine *m, int fd, int ram, const uint32_t *ram_sum, double boot_s, GError **error)
{
	uint32_t sum;

	if (!ram_fill(&m->ram, ram, ram_sum ? &sum : NULL, error))
		return false;
	if (ram_sum && sum != *ram_sum)
		return vtdlab_failed(error, "the RAM is not what was saved");
	m->boot_s = boot_s;
	return migrate(m, "migrate-incoming", fd, "the machine's state to be loaded", error) && add_late(m, error);
}

bool machine_resume(struct machine *m, GError **error)
{
	return command(m, "cont", NULL, error);
}
