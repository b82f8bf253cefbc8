/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One line of JSON from somebody we do not trust: bounded depth, valid UTF-8, must be an object.
 */
#ifndef VTDLAB_BASE_JSON_LINE_H
#define VTDLAB_BASE_JSON_LINE_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#define JSON_LINE_DEPTH_MAX 64

/* The object in `len` bytes (json_object_unref), or NULL if there is none. */
JsonObject *json_line_parse(const char *line, size_t len);

/* The object as text with a newline at its end: indented when @pretty, else one line. Free with g_free(). */
char *json_text(JsonObject *object, bool pretty);

/* The same, as one line. */
char *json_line_format(JsonObject *object);

/* A member "0x1f": numbers that are read in hex, or that JSON's are too small for. */
void json_set_hex(JsonObject *o, const char *name, uint64_t value);

/* Members with a type check; fallback if absent or of another type. Strings are borrowed. */
int64_t json_line_int(JsonObject *o, const char *name, int64_t fallback);
double json_line_double(JsonObject *o, const char *name, double fallback); /* a whole number, too */
bool json_line_bool(JsonObject *o, const char *name, bool fallback);
const char *json_line_string(JsonObject *o, const char *name, const char *fallback);
JsonObject *json_line_object(JsonObject *o, const char *name);
JsonArray *json_line_array(JsonObject *o, const char *name);

#endif
