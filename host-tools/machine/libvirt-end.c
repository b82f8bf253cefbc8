/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/libvirt-end.h"

#include "machine/libvirt-calls.h"

/* Shared with libvirt's thread, which lets go of it some time after it was told to. */
struct libvirt_end {
	virConnectPtr c;
	int id;
	GMutex lock;
	GCond came;
	const char *said;
};

static const char *word_of_stop(int detail)
{
	static const char *const words[] = {
		[VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN] = "shut down",
		[VIR_DOMAIN_EVENT_STOPPED_DESTROYED] = "destroyed",
		[VIR_DOMAIN_EVENT_STOPPED_CRASHED] = "crashed",
		[VIR_DOMAIN_EVENT_STOPPED_MIGRATED] = "migrated",
		[VIR_DOMAIN_EVENT_STOPPED_SAVED] = "saved",
		[VIR_DOMAIN_EVENT_STOPPED_FAILED] = "failed",
		[VIR_DOMAIN_EVENT_STOPPED_FROM_SNAPSHOT] = "stopped for a snapshot",
	};

	return detail >= 0 && detail < (int)G_N_ELEMENTS(words) ? words[detail] : "stopped";
}

static int happened(virConnectPtr c, virDomainPtr domain, int event, int detail, void *data)
{
	struct libvirt_end *end = data;

	(void)c;
	(void)domain;
	if (event != VIR_DOMAIN_EVENT_STOPPED)
		return 0;
	g_mutex_lock(&end->lock);
	end->said = word_of_stop(detail);
	g_cond_broadcast(&end->came);
	g_mutex_unlock(&end->lock);
	return 0;
}

static void clear(void *data)
{
	struct libvirt_end *end = data;

	g_mutex_clear(&end->lock);
	g_cond_clear(&end->came);
}

static void let_go(void *data)
{
	g_atomic_rc_box_release_full(data, clear);
}

struct libvirt_end *libvirt_end_watch(virConnectPtr c, virDomainPtr domain)
{
	struct libvirt_end *end = g_atomic_rc_box_new0(struct libvirt_end);

	end->c = c;
	g_mutex_init(&end->lock);
	g_cond_init(&end->came);
	end->id = virt.virConnectDomainEventRegisterAny(c, domain, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
							VIR_DOMAIN_EVENT_CALLBACK(happened),
							g_atomic_rc_box_acquire(end), let_go);
	if (end->id >= 0)
		return end;
	/* libvirt has not taken its own */
	let_go(end);
	let_go(end);
	return NULL;
}

const char *libvirt_end_said(struct libvirt_end *end, unsigned wait_ms)
{
	gint64 until = g_get_monotonic_time() + wait_ms * G_TIME_SPAN_MILLISECOND;
	const char *said;

	if (!end)
		return NULL;
	g_mutex_lock(&end->lock);
	while (!end->said && g_cond_wait_until(&end->came, &end->lock, until))
		;
	said = end->said;
	g_mutex_unlock(&end->lock);
	return said;
}

void libvirt_end_free(struct libvirt_end *end)
{
	if (!end)
		return;
	virt.virConnectDomainEventDeregisterAny(end->c, end->id);
	let_go(end);
}
