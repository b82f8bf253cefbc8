/* SPDX-License-Identifier: GPL-2.0-only */
/* What the network commands share. */
#ifndef AGENT_NET_H
#define AGENT_NET_H

#include "agent.h"

/** The interface named by "if", or the first that belongs to a PCI or virtio device, once it is
 * there (waits up to @wait_ms). Returns 0 with its name, or -1 with the reason. */
int find_nic(const struct json_object *request, struct answer *answer, uint64_t wait_ms, char *name, size_t cap);
/** Wait up to @wait_ms for a link. */
bool nic_carrier(const char *name, uint64_t wait_ms);
/** The index of an interface, asked on socket @fd: if_nametoindex() wants a socket of a family that a small kernel need not
 * have. Returns 0 (errno) where there is none. */
int nic_index(int fd, const char *name);
/** The hardware address (6 bytes), asked on socket @fd. Returns 0 or -1 (errno). */
int nic_mac(int fd, const char *name, uint8_t *mac);

#endif
