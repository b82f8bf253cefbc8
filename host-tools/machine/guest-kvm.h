/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a Linux guest can have guests of its own. */
#ifndef VTDLAB_MACHINE_GUEST_KVM_H
#define VTDLAB_MACHINE_GUEST_KVM_H

#include "machine/machine.h"

/* guest_kvm_module - the module of KVM for the first CPU of a /proc/cpuinfo, static; NULL: none. */
const char *guest_kvm_module(const char *cpuinfo);

/*
 * machine_guest_kvm - the same of the running guest. Where its CPU has no virtualisation that is a
 * lack of this host: VTDLAB_ERROR_UNFIT, "skipped: ...". The rest as machine_agent().
 */
const char *machine_guest_kvm(struct machine *m, double timeout_s, GError **error);

#endif
