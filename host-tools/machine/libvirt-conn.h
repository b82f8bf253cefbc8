/* SPDX-License-Identifier: GPL-2.0-only */
/* A connection to libvirt: its daemon, or the driver inside this process. */
#ifndef VTDLAB_MACHINE_LIBVIRT_CONN_H
#define VTDLAB_MACHINE_LIBVIRT_CONN_H

#include <glib.h>
#include <libvirt/libvirt.h>
#include <stdbool.h>

struct libvirt_conn {
	virConnectPtr c;
	char *uri;  /* as given, or with the directory of the driver in this process */
	char *root; /* of that driver: this process's, which goes with it, or the user's; NULL: a daemon's */
};

/*
 * libvirt_uri_check - is @uri one that can run the lab? Only QEMU on this host: the lab reads its guests' RAM.
 * @uri: NULL or "": the driver in this process
 * Errors: VTDLAB_ERROR_USAGE.
 */
bool libvirt_uri_check(const char *uri, GError **error);

/*
 * libvirt_open - connects.
 * @uri: as above
 * Errors: VTDLAB_ERROR_USAGE: no such libvirt here, or it refuses; _FAILED.
 */
struct libvirt_conn *libvirt_open(const char *uri, GError **error);
/* Disconnects; NULL is ignored. */
void libvirt_close(struct libvirt_conn *conn);

/* libvirt_said - what libvirt said last of what went wrong: one harmless line. Free with g_free(). */
char *libvirt_said(void);

#endif
