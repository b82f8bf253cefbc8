/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is used of libvirt's library, which is loaded when it is first asked for: with what it brings along it would
 * be two thirds of the start of a program that seldom wants it, and a host without it has no less of a lab.
 */
#ifndef VTDLAB_MACHINE_LIBVIRT_CALLS_H
#define VTDLAB_MACHINE_LIBVIRT_CALLS_H

#include <glib.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdbool.h>

#define LIBVIRT_CALLS(X)                      \
	X(virConnectClose)                    \
	X(virConnectDomainEventDeregisterAny) \
	X(virConnectDomainEventRegisterAny)   \
	X(virConnectGetLibVersion)            \
	X(virConnectOpen)                     \
	X(virDomainCreateXML)                 \
	X(virDomainDestroy)                   \
	X(virDomainFree)                      \
	X(virDomainResume)                    \
	X(virEventRegisterDefaultImpl)        \
	X(virEventRunDefaultImpl)             \
	X(virGetLastErrorMessage)             \
	X(virSetErrorFunc)

/* Each has its function's own name and type: see libvirt's reference. */
struct libvirt_calls {
#define LIBVIRT_CALL(name) __typeof__(name) *name;
	LIBVIRT_CALLS(LIBVIRT_CALL)
#undef LIBVIRT_CALL
};

/* Filled by libvirt_load(), for as long as the process lives. */
extern struct libvirt_calls virt;

/*
 * libvirt_load - loads the library, once.
 * Errors: VTDLAB_ERROR_USAGE: there is none here, or one that lacks a function.
 */
bool libvirt_load(GError **error);

#endif
