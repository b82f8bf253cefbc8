/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/vmm.h"

#include <unistd.h>

void vmm_channels_clear(struct vmm_channels *ch)
{
	int *fds[] = { &ch->console, &ch->agent, &ch->qmp, &ch->net, &ch->net_peer, &ch->ram };

	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	g_clear_pointer(&ch->trace, g_free);
	g_clear_pointer(&ch->gdb, g_free);
}
