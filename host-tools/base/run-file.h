/* SPDX-License-Identifier: GPL-2.0-only */
/* A file of a run directory, and where that is. */
#ifndef VTDLAB_BASE_RUN_FILE_H
#define VTDLAB_BASE_RUN_FILE_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

/* In the directory of a run that did not come to its end: why. */
#define RUN_FILE_INTERRUPTED "INTERRUPTED"

/*
 * run_file_read - all of the file @name in the directory @path, or of @path itself where that is no directory.
 * @text, @len: the caller frees the text
 * Errors: VTDLAB_ERROR_USAGE: it cannot be read; where the directory is of something else, what that is and what reads it.
 */
bool run_file_read(const char *path, const char *name, char **text, gsize *len, GError **error);

/*
 * run_file_json - the JSON object in it, as run_file_read() finds it; bounded: json_line_parse(). The caller unrefs it.
 * Errors (VTDLAB_ERROR_USAGE): as run_file_read(); more than 64 MiB, no JSON, or truncated.
 */
JsonObject *run_file_json(const char *path, const char *name, GError **error);

/*
 * run_file_schema - is the document @o, which was read from @path, of a schema that this version knows: @newest at most?
 * Errors: VTDLAB_ERROR_USAGE.
 */
bool run_file_schema(const char *path, JsonObject *o, int newest, GError **error);

/* run_file_there - is there a file @name in the directory @dir? That is how its kind is told. */
bool run_file_there(const char *dir, const char *name);

/*
 * run_path - where what somebody calls @name is: itself if it is there, else one in the lab's results, with or without
 * "results/" before it ("latest", "results/latest-bench"), from whatever directory; else the run of that name
 * that a bug, a hunt or a matrix has made. The caller frees it.
 */
char *run_path(const char *name);

#endif
