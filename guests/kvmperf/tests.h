/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMPERF_TESTS_H
#define KVMPERF_TESTS_H

#include "result.h"

/* One test: what it is called, which options it takes, and what runs it (in a process of its own;
 * it does not return before everything was verified). */
struct test {
	const char *name, *summary;
	unsigned int groups;
	void (*defaults)(struct options *o);	/* where they differ; may be NULL */
	void (*round)(const struct options *o); /* one round; called --warmup + --repeat times */
	void (*after)(const struct options *o); /* once, at the end; may be NULL */
};

extern const struct test test_demand_paging, test_dirty_log, test_access_tracking, test_memslot_churn;
extern const struct test test_page_table, test_pre_fault, test_exits, test_vfio_dma, test_nested, test_nested_checks;

/* All of them, NULL at the end. */
extern const struct test *const tests[];
const struct test *test_find(const char *name);

/* Runs a test in a child and writes its text or document element to `out`; returns its exit status.
 */
int test_run(const struct test *t, const struct options *o, FILE *out);

/* The head and the end of a document. */
void document_begin(struct json *j, const char *suite, FILE *f);
void document_end(struct json *j);

/* suite.c: 0, 1 when something failed, 2 for wrong arguments */
int suite_main(int argc, char **argv);
/* Whether every test of the suites takes its options and these on top; 0, or -1 after one line. */
int suite_check(int argc, char **argv);
/* How many items of a suite are of this test and have these words among their options. */
unsigned int suite_holds(bool quick, const char *test, const char *words);

/* The seed of a round: values of another round never pass for those of this one. */
static inline uint64_t seed_of(unsigned int round, unsigned int step)
{
	return 0x5a00000000000000ULL + ((uint64_t)round << 40) + ((uint64_t)step << 48);
}

#endif
