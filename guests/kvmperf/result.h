/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMPERF_RESULT_H
#define KVMPERF_RESULT_H

#include "options.h"

/*
 * What a test has found out. There is one per process, because every test has a process of its own.
 * Names are those of the document; a name that was not there before makes a new entry. Values are
 * kept for each round that counts; those of the warm-up are dropped here, so a test need not know.
 */
void result_begin(const char *test, const struct options *o, unsigned int groups, FILE *to);
/* The round that begins, from 0; the first --warmup ones do not count. */
void result_round(unsigned int round);
bool result_counts(void);
void result_count(const char *name, uint64_t value);
void result_ns(const char *name, uint64_t value);
/* The elapsed time of the VM's last job, and that of each vCPU. */
void result_job(const char *name, const struct perf_vm *vm);
/* Latencies in nanoseconds of one more round. */
void result_latency(const char *name, const struct hist *h);
/* KVM's counters over what was measured; of the last round. */
void result_kvm(const struct counters *c);
/* Writes everything and ends: "pass". */
void result_pass(void) __attribute__((noreturn));

#endif
