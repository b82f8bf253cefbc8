/* SPDX-License-Identifier: GPL-2.0-only */
/* What the driver finds above its own directory: found here by way of shim/. */
#include <iova-exact.h>
