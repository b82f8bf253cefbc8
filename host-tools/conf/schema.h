/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Key files over any struct: a table of rows {section, key, type, words, range, default, help, offset} drives defaults,
 * loading, `--set`, `vtdlab list keys` and the saved copy.
 *
 * A file is a GLib key file. Nothing is ignored: an unknown section or key names the nearest one, a bad value names
 * what is allowed, and both say file and line. All errors are VTDLAB_ERROR_USAGE.
 */
#ifndef VTDLAB_CONF_SCHEMA_H
#define VTDLAB_CONF_SCHEMA_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/words.h"

/* What a key holds, and the type of its field. */
enum schema_type {
	SCHEMA_TEXT,	/* char *: any one line; never NULL once there are defaults */
	SCHEMA_LINES,	/* char *: any text */
	SCHEMA_ARGS,	/* char *: one line that splits into words as in a shell */
	SCHEMA_WORD,	/* an enum, int or unsigned: one of the words */
	SCHEMA_WORD_N,	/* as SCHEMA_WORD; a word that ends in ":N" takes a number, which goes to @second */
	SCHEMA_SWITCH,	/* bool: on or off */
	SCHEMA_NUMBER,	/* unsigned: min..max */
	SCHEMA_SIZE,	/* uint64_t: bytes, whole MiB, with K, M, G or T behind: min..max */
	SCHEMA_SECONDS, /* double: min..max, a fraction is fine */
	SCHEMA_LIST,	/* char **: names with ';' between them */
	SCHEMA_ITEMS, /* char **: texts with ';' between them; each begins as @item says, so that it may have a ';' itself */
	SCHEMA_PAIRS, /* char **: all keys of a section, "name=value" in their order; the row's key is "*" */
};

/* A list that is there without being written: "6.1" and "a;b". */
struct schema_ending {
	const char *ending, *def;
};

/* What may follow the name of a list's key and a '-': "expect-fail-6.1" is a list of its own, by the ending. */
struct schema_endings {
	const char *pattern;		      /* a regular expression for all of the ending */
	const char *what;		      /* "a kernel series, such as 6.1" */
	const struct schema_ending *defaults; /* one without an ending ends them; may be NULL */
};

struct schema_key {
	const char *section;
	const char *key;
	enum schema_type type;
	const struct word *words;	      /* SCHEMA_WORD, SCHEMA_WORD_N */
	double min, max;		      /* SCHEMA_NUMBER, _SIZE, _SECONDS; SCHEMA_WORD_N: of the number */
	const char *def;		      /* the default, as it would stand in a file */
	const char *help;		      /* one line */
	const char *members;		      /* SCHEMA_LIST, _ITEMS: what its members are, for people */
	const char *item;		      /* SCHEMA_ITEMS: a regular expression of how each begins */
	const struct schema_endings *endings; /* SCHEMA_LIST: NULL for none */
	size_t offset;			      /* of the field */
	size_t second; /* SCHEMA_WORD_N: an unsigned; endings: a GHashTable *, char * to char ** */
};

struct schema {
	const char *noun;   /* "scenario": of one file */
	const char *folder; /* "scenarios": where they lie below the source tree; `vtdlab list` knows the word, too */
	const char *list;   /* "vtdlab list keys": what shows the keys */
	size_t size;	    /* of the struct */
	const struct schema_key *keys; /* those of a section together; one without a section ends them */
};

/* schema_init - every key of @object, zeroed memory of @schema->size bytes, at its default. */
void schema_init(const struct schema *schema, void *object);

/* schema_clear - frees what the fields hold. */
void schema_clear(const struct schema *schema, void *object);

/*
 * schema_assign - applies "section.key=value", or "section.key+=value": text is appended after a space, a list gets more
 * members; += on any other key is an error. On error the object is unchanged.
 */
bool schema_assign(const struct schema *schema, void *object, const char *assignment, GError **error);

/*
 * schema_load - reads a file over what is in @object.
 *
 * @name_or_path: with a '/' or a final ".conf" the path of a file, else a name: @folder/<name>.conf
 * @name, @path: set to the file's base name without .conf and to its path, also when there is an error in it; the
 *               caller frees them. NULL where the file cannot be read.
 */
bool schema_load(const struct schema *schema, void *object, const char *name_or_path, char **name, char **path,
		 GError **error);

/* schema_copy - every key of @to, which has its defaults or other values, as @from has it. */
void schema_copy(const struct schema *schema, const void *from, void *to);

/* schema_text - a file with every key of @object that is not at its default. The caller frees it. */
char *schema_text(const struct schema *schema, const void *object);

/* schema_differences - calls @each with every "section.key" for which @object has another value than @base, and that. */
void schema_differences(const struct schema *schema, const void *object, const void *base,
			void (*each)(const char *key, const char *value, void *data), void *data);

/* schema_help - every key with default, help and what is allowed; or "section.key" of each. The caller frees it. */
char *schema_help(const struct schema *schema, bool names_only);

/* schema_value - the value @object has for a key, as a file would have it; the caller frees it. */
char *schema_value(const struct schema_key *key, const void *object);

/* schema_allowed - "on, off", "1..64", "legacy, scalable, ...": the caller frees it. */
char *schema_allowed(const struct schema_key *key);

/* ---- for schema.c only ---- */

/* Sets a field from text; on error, which does not name the key, it is unchanged. */
bool schema_value_parse(const struct schema_key *key, void *object, const char *text, GError **error);
/* "a; b;c" as {"a","b","c",NULL}; empty members are dropped. The caller frees it. */
char **schema_value_list(const char *text);
/* The field at @offset. */
void *schema_field(const void *object, size_t offset);

#endif
