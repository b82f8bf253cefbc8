// SPDX-License-Identifier: GPL-2.0-only
/*
 * vtdlab_bug=WORD[,WORD...]: which of the bugs that were put back are there.
 *
 * A parameter of the core, and not of an initcall: the first who asks is the
 * set-up of interrupt remapping.
 */
#define pr_fmt(fmt) "vtdlab_bug: " fmt

#include <linux/array_size.h>
#include <linux/init.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "vtdlab_bug.h"

extern const char * const __start_vtdlab_bugs[], * const __stop_vtdlab_bugs[];

static char *words = "";

core_param(vtdlab_bug, words, charp, 0444);

/* The length of the word at s. */
static size_t word_len(const char *s)
{
	return strcspn(s, ",");
}

bool vtdlab_bug_named(const char *word)
{
	size_t len = strlen(word), n;
	const char *s;

	for (s = words; *s; s += n + !!s[n]) {
		n = word_len(s);
		if (n == len && !strncmp(s, word, n))
			return true;
	}
	return false;
}

static bool __init known(const char *s, size_t n)
{
	const char * const *bug;

	for (bug = __start_vtdlab_bugs; bug < __stop_vtdlab_bugs; bug++)
		if (strlen(*bug) == n && !strncmp(*bug, s, n))
			return true;
	return false;
}

static int __init vtdlab_bug_init(void)
{
	const char *s;
	size_t n;

	for (s = words; *s; s += n + !!s[n]) {
		n = word_len(s);
		if (known(s, n))
			pr_info("%.*s is in force\n", (int)n, s);
		else
			pr_warn("%.*s is no bug of this kernel\n", (int)n, s);
	}
	return 0;
}
core_initcall(vtdlab_bug_init);
