/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words of a kernel's command line, as the kernel reads them: blanks between them but for those in double quotes,
 * '-' and '_' are one letter in a name, what stands behind a "--" is init's, and a later word overrides an earlier one.
 */
#ifndef VTDLAB_BASE_CMDLINE_H
#define VTDLAB_BASE_CMDLINE_H

#include <stdbool.h>

/* cmdline_next - the next word of *line, which moves behind it; NULL at the end. The caller frees it. */
char *cmdline_next(const char **line);

/* cmdline_is - is @word "NAME=..."? The value, in @word, or NULL. */
const char *cmdline_is(const char *word, const char *name);

/* cmdline_value - of the last "NAME=VALUE" of @line (NULL: none). NULL without one; the caller frees it. */
char *cmdline_value(const char *line, const char *name);

/*
 * cmdline_kdump_mode - what a kernel of the lab is asked to do with a dead kernel's tables: "off", "log", "reserve",
 * "deep", or a word that is none of them; by the last member kdump_MODE of intel_iommu=, or of intel_iommu_kdump=MODE, as
 * it was called when older runs were recorded. NULL: not asked, or @line is NULL; the caller frees it.
 */
char *cmdline_kdump_mode(const char *line);

/*
 * cmdline_kdump_number - its member kdump_NAME=N of intel_iommu=, the last that is a number, or (max, regions) of
 * intel_iommu_kdump_NAME=N; false: there is none, *n unchanged.
 */
bool cmdline_kdump_number(const char *line, const char *name, unsigned int *n);

/* cmdline_bool - as kstrtobool(): 1, y, t, on and 0, n, f, off by their first letters; false: neither, *on unchanged. */
bool cmdline_bool(const char *value, bool *on);

/* cmdline_switch - the last "NAME=" of @line that cmdline_bool() takes; false: there is none, *on unchanged. */
bool cmdline_switch(const char *line, const char *name, bool *on);

#endif
