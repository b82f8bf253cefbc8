/* SPDX-License-Identifier: GPL-2.0-only */
/* One value of a scenario: from text into its field, and back. For conf*.c only. */
#ifndef VTDLAB_CONF_VALUE_H
#define VTDLAB_CONF_VALUE_H

#include "conf/scenario.h"

/*
 * conf_value_parse - set the field of @key in @s from @text; on error the field is unchanged.
 * The error says what is wrong with the value, without naming the key.
 */
bool conf_value_parse(struct scenario *s, const struct conf_key *key, const char *text, GError **error);

/* conf_value_checks - "a; b;c" as {"a","b","c",NULL}; empty members are dropped. Caller frees. */
char **conf_value_checks(const char *text);

/* conf_value_clear - free what the field of @key holds and set it to NULL. */
void conf_value_clear(struct scenario *s, const struct conf_key *key);

#endif
