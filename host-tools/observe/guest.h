/* SPDX-License-Identifier: GPL-2.0-only */
/* The devices of the running guest, and what its agent does for several phases. */
#ifndef VTDLAB_OBSERVE_GUEST_H
#define VTDLAB_OBSERVE_GUEST_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct attempt;
struct scenario;

/*
 * Requester ids: of the disk; of the NIC itself, as the first kernel numbered it (before it was found: as the
 * machine's description has it); and the one that the NIC's requests carry on the bus, which behind a conventional
 * bridge is the bridge's.
 */
uint16_t guest_disk_sid(void);
uint16_t guest_nic_sid(const struct attempt *a);
uint16_t guest_nic_dma_sid(const struct attempt *a);
/* The one function of edu's group that has a driver, GUEST_GROUP_DRIVER, in the crash kernel alone; 0: there is none. */
uint16_t guest_group_sid(const struct scenario *sc);
#define GUEST_GROUP_DRIVER "e1000"

/*
 * guest_tables_known - were all tables read by which requester @sid went at the panic? If not, where its DMA belongs is
 * not known, and what is not found is not lost.
 */
bool guest_tables_known(const struct attempt *a, uint16_t sid);

/* guest_modprobe - a module into the kernel that runs. */
bool guest_modprobe(struct attempt *a, const char *name, GError **error);

#endif
