/* SPDX-License-Identifier: GPL-2.0-only */
/* One thing of a list on a page of its own. */
#ifndef VTDLAB_CMD_LIST_PAGE_H
#define VTDLAB_CMD_LIST_PAGE_H

/* Both print on stdout and return the exit status; a name that there is none of is said on stderr. */

/* list_check - the check @name: what it proves, what its failure says, what it needs, what to look at then. */
int list_check(const char *name);

/* list_scenario - the scenario @name: what it is, what it sets, what is expected of it. */
int list_scenario(const char *name);

#endif
