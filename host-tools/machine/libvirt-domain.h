/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A user's own domain XML: what a machine of ours has to be like to be that one. Nobody vouches for the file: what is kept
 * of it is written anew from words that are known here, so no path, address or program of it comes to libvirt.
 */
#ifndef VTDLAB_MACHINE_LIBVIRT_DOMAIN_H
#define VTDLAB_MACHINE_LIBVIRT_DOMAIN_H

#include <glib.h>

#include "machine/config.h"

struct libvirt_domain {
	char *file;
	char *machine;	 /* "q35", "pc-q35-7.2" */
	uint64_t memory; /* bytes, a multiple of 1 MiB */
	unsigned cpus;
	bool kvm; /* what it is written for */
	enum machine_iommu_mode mode;
	bool intremap, caching_mode, ats; /* ats: iotlb='on' */
	unsigned aw_bits;
	int eim; /* of <iommu>'s <driver>: 1 on, 0 off, -1 not said */
	enum machine_nic nic;
	enum machine_disk disk;
	bool usb;	    /* @devices have a USB controller */
	char *devices;	    /* what it has besides, as XML for <devices>; none of it does DMA without a driver */
	GPtrArray *changes; /* char *: what is otherwise than the file says whatever it runs under, a line each */
};

/*
 * libvirt_domain_load - reads the domain in @path.
 * @restricted: what names a file, a device or an argument of the host is refused, not left out
 * NULL: VTDLAB_ERROR_USAGE: no file, too large, not XML, not one <iommu model='intel'>, a device that cannot be driven...
 */
struct libvirt_domain *libvirt_domain_load(const char *path, bool restricted, GError **error);

/* libvirt_domain_parse - the same of @text; @name is said in errors. */
struct libvirt_domain *libvirt_domain_parse(const char *text, size_t len, const char *name, bool restricted,
					    GError **error);

/*
 * libvirt_domain_changes - what of @d's machine is otherwise than its file says, char * each, where it runs under KVM or
 * without. Free with g_ptr_array_unref().
 */
GPtrArray *libvirt_domain_changes(const struct libvirt_domain *d, bool kvm);

/* libvirt_domain_eim - can @d have the eim='on' that it asks for? QEMU's TCG refuses it. */
bool libvirt_domain_eim(const struct libvirt_domain *d, bool kvm);

void libvirt_domain_free(struct libvirt_domain *domain);

#endif
