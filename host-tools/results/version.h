/* SPDX-License-Identifier: GPL-2.0-only */
/* The version of the program, as run.json, summary.txt and `vtdlab --version` give it. */
#ifndef VTDLAB_RESULTS_VERSION_H
#define VTDLAB_RESULTS_VERSION_H

#ifndef VTDLAB_VERSION
#define VTDLAB_VERSION "0.1.0"
#endif

/* vtdlab_version - "0.1.0", or "0.1.0-<commit>" when built with -DVTDLAB_COMMIT="<commit>". */
const char *vtdlab_version(void);

/* vtdlab_commit - the git commit the program was built from, or NULL when it is not known. */
const char *vtdlab_commit(void);

#endif
