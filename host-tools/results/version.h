/* SPDX-License-Identifier: GPL-2.0-only */
/* The version of the program, as run.json, summary.txt and `vtdlab --version` give it. */
#ifndef VTDLAB_RESULTS_VERSION_H
#define VTDLAB_RESULTS_VERSION_H

#ifndef VTDLAB_VERSION
#define VTDLAB_VERSION "0.1.0"
#endif

#endif
