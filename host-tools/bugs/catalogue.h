/* SPDX-License-Identifier: GPL-2.0-only */
/* A bug of the catalogue as a verdict's words have it: conf/ reads the file, and knows no check and no outcome. */
#ifndef VTDLAB_BUGS_CATALOGUE_H
#define VTDLAB_BUGS_CATALOGUE_H

#include <glib.h>
#include <stdbool.h>

#include "conf/bug.h"

/*
 * catalogue_load - bug_load() with the checks that there are, or bug_load_restricted(), of a bug whose sides come to outcomes that
 * a run may have.
 *
 * Errors: VTDLAB_ERROR_USAGE, as those two; an outcome that no run has.
 */
struct bug *catalogue_load(const char *name_or_path, bool restricted, GError **error);

#endif
