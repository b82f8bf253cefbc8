/* SPDX-License-Identifier: GPL-2.0-only */
/* A VM without KVM for kvmperf's checks, which end the process: included behind the files that are tested. */
#ifndef CHECKS_FIXTURE_H
#define CHECKS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* kvmperf has one of its own */

#define PAGES 70u /* more than a word of a bitmap */
#define SEED 0x5a01000000000000ULL
#define CPUS 2u

static struct perf_vm vm;
static struct vcpu vcpus[CPUS];
static struct options options;

/* How the check ends the test: it does so by ending the process. */
static int ends(void (*check_)(void *), void *data)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(99);
		check_(data);
		_exit(EXIT_PASS);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Whether it ends it as failed, and nothing else. */
static bool fails(void (*check_)(void *), void *data)
{
	int status = ends(check_, data);

	assert_true(status == EXIT_PASS || status == EXIT_FAIL);
	return status == EXIT_FAIL;
}

static uint64_t *word_of(unsigned int page)
{
	return (uint64_t *)(void *)(vm.mem.mem + page * PAGE_4K);
}

static int begin(void **state)
{
	(void)state;
	memset(&vm, 0, sizeof(vm));
	memset(vcpus, 0, sizeof(vcpus));
	options_defaults(&options);
	vm.vcpu = vcpus;
	vm.cfg.geo = (struct geometry){ .vcpus = CPUS, .slots = 1, .memory = PAGES * PAGE_4K, .unit = PAGE_4K };
	backing_new(&vm.mem, BACKING_ANON, PAGES * PAGE_4K, false);
	for (unsigned int i = 0; i < PAGES; i++)
		*word_of(i) = TEST_GVA + i * PAGE_4K + SEED;
	for (unsigned int i = 0; i < CPUS; i++) {
		vcpus[i].vm = &vm;
		vcpus[i].id = i;
	}
	vm.tsc_khz = 2000000;
	return 0;
}

static int end_(void **state)
{
	(void)state;
	backing_free(&vm.mem);
	return 0;
}

/* Calls the check with each byte of each page's word spoilt. */
static void spoil_pages(void (*check_)(void *), void *data, size_t offset)
{
	assert_false(fails(check_, data));
	for (unsigned int i = 0; i < PAGES; i++) {
		unsigned char *byte = (unsigned char *)word_of(i) + offset + i % 8;

		*byte ^= 0x10;
		if (!fails(check_, data)) {
			print_error("page %u, byte %u", i, i % 8);
			assert_true(false);
		}
		*byte ^= 0x10;
	}
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, begin, end_)

#endif
