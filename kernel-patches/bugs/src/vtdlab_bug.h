/* SPDX-License-Identifier: GPL-2.0-only */
/* Bugs that were put back into this kernel: none does anything until the command line names it. */
#ifndef VTDLAB_BUG_H
#define VTDLAB_BUG_H

#include <linux/compiler.h>
#include <linux/types.h>

bool vtdlab_bug_named(const char *word);

/*
 * Is word among those of vtdlab_bug=WORD[,WORD...]? Each use puts its word on
 * the list of those that there are, so that another one can be told.
 */
#define vtdlab_bug(word)						\
({									\
	static const char * const __bug __used __section("__vtdlab_bugs") = (word); \
	vtdlab_bug_named(__bug);					\
})

#endif
