/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a domain ended, by libvirt's lifecycle event. It comes in the thread of libvirt's loop (machine/libvirt-conn.h), and some
 * moments after QEMU has gone.
 */
#ifndef VTDLAB_MACHINE_LIBVIRT_END_H
#define VTDLAB_MACHINE_LIBVIRT_END_H

#include <glib.h>
#include <libvirt/libvirt.h>

struct libvirt_end;

/* libvirt_end_watch - from now on, of @domain, a domain of @c. NULL: libvirt tells no events here. */
struct libvirt_end *libvirt_end_watch(virConnectPtr c, virDomainPtr domain);

/*
 * libvirt_end_said - what libvirt said of the end, "crashed", waiting up to @wait_ms for it. NULL: nothing (yet), or @end
 * is. Not to be freed.
 */
const char *libvirt_end_said(struct libvirt_end *end, unsigned wait_ms);

/* Before the connection is closed; NULL is ignored. */
void libvirt_end_free(struct libvirt_end *end);

#endif
