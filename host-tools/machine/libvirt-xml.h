/* SPDX-License-Identifier: GPL-2.0-only */
/* A machine as libvirt's domain XML: pure, asks nobody. */
#ifndef VTDLAB_MACHINE_LIBVIRT_XML_H
#define VTDLAB_MACHINE_LIBVIRT_XML_H

#include <glib.h>

#include "machine/config.h"

struct qemu_caps;

/*
 * libvirt_xml - the domain of @cfg, as virDomainCreateXML() and `virsh define` take it: what libvirt has elements for in
 * those, the rest in <qemu:commandline> (machine_command_line(), MACHINE_LINE_LIBVIRT).
 * @name: of the domain
 * @socks: directory of the sockets of its channels, an absolute path
 * Free with g_free(). NULL: VTDLAB_ERROR_USAGE, _UNFIT for what libvirt cannot express.
 */
char *libvirt_xml(const struct machine_config *cfg, const struct qemu_caps *caps, const char *name, const char *socks,
		  GError **error);

#endif
