/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/nic-use.h"

#include <inttypes.h>
#include <string.h>

#include "observe/attempt.h"
#include "observe/guest.h"

#define EXCHANGE_FRAMES 16
#define EXCHANGE_MS 8000
/*
 * Seconds of an idle host with KVM. A NIC that works is up within SOON_S, and its frames have gone
 * both ways within EXCHANGE_MS of its own clock; a driver whose device does not answer may never
 * come back (virtio_net turns round and round until it does). One that is late gets more time,
 * unless its DMA is seen to fault: then it is dead.
 */
#define SOON_S 2.0
#define PATIENT_S 15.0
/* for what it has sent to come out of QEMU */
#define OUT_S 0.5

/* Faults of the NIC's DMA since its new driver took it. */
static unsigned faults(struct attempt *a, const struct evidence_device *dev)
{
	unsigned n = 0;

	if (machine_trace(a->m))
		trace_poll(machine_trace(a->m));
	for_each_evidence(const struct evidence_event, e, a->ev->events)
		n += (e->kind == EVENT_FAULT || e->kind == EVENT_FAULT_DISABLED) && e->host_ns >= dev->driver_ns &&
		     (e->sid == guest_nic_dma_sid(a) || e->sid == dev->sid);
	return n;
}

static JsonObject *ask(struct attempt *a, const struct evidence_device *dev, JsonObject *request, double soon_s,
		       GError **error)
{
	g_autoptr(GError) err = NULL;
	JsonObject *answer = attempt_ask(a, request, soon_s, 0, &err);
	unsigned faulted;

	if (answer)
		return answer;
	if (!attempt_was_late(err->message)) {
		g_propagate_error(error, g_steal_pointer(&err));
		return NULL;
	}
	faulted = faults(a, dev);
	if (!faulted)
		return attempt_ask(a, request, PATIENT_S, 0, error);
	g_set_error(error, err->domain, err->code, "%s, and its DMA faulted, %u times", err->message, faulted);
	return NULL;
}

static JsonObject *request_new(const char *cmd)
{
	JsonObject *request = json_object_new();

	json_object_set_string_member(request, "cmd", cmd);
	return request;
}

static bool up(struct attempt *a, const struct evidence_device *dev, GError **error)
{
	g_autoptr(JsonObject) request = request_new("net-up"), answer = NULL;

	json_object_set_int_member(request, "wait_ms", 30000);
	answer = ask(a, dev, request, SOON_S, error);
	return answer != NULL;
}

static bool all_out(void *data)
{
	injector_poll(data);
	return injector_counters(data)->guest_frames >= EXCHANGE_FRAMES;
}

static JsonObject *exchange(struct attempt *a, const struct evidence_device *dev, GError **error)
{
	struct injector *in = machine_injector(a->m);
	g_autoptr(JsonObject) request = request_new("net-exchange");
	JsonObject *answer;
	g_autoptr(GString) hex = g_string_new(NULL);
	uint8_t magic[8];

	for (unsigned i = 0; i < sizeof(magic); i++) {
		magic[i] = (uint8_t)g_random_int();
		g_string_append_printf(hex, "%02x", magic[i]);
	}
	json_object_set_int_member(request, "frames", EXCHANGE_FRAMES);
	json_object_set_string_member(request, "magic", hex->str);
	json_object_set_int_member(request, "timeout_ms", EXCHANGE_MS);
	injector_exchange_start(in, magic, EXCHANGE_FRAMES, 50);
	answer = ask(a, dev, request, SOON_S + EXCHANGE_MS / 1000.0 / machine_scale(a->m), error);
	if (answer && !machine_wait(a->m, all_out, in, OUT_S, "the last frames of the exchange", error) &&
	    machine_wait_ended(a->m) != MACHINE_END_DEADLINE)
		g_clear_pointer(&answer, json_object_unref);
	else if (answer)
		g_clear_error(error);
	injector_exchange_stop(in);
	return answer;
}

bool nic_use(struct attempt *a, struct evidence_device *dev, GError **error)
{
	g_autoptr(JsonObject) answer = NULL;
	int64_t sent, received;

	if (!up(a, dev, error))
		return false;
	answer = exchange(a, dev, error);
	if (!answer)
		return false;
	sent = (int64_t)injector_counters(machine_injector(a->m))->guest_frames;
	received = agent_int(answer, "received", 0);
	dev->works = sent >= EXCHANGE_FRAMES && received >= EXCHANGE_FRAMES && agent_int(answer, "bad", 0) == 0;
	dev->works_detail =
		g_strdup_printf("%" PRId64 " of %d frames out, %" PRId64 " in", sent, EXCHANGE_FRAMES, received);
	return true;
}
