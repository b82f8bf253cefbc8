/* SPDX-License-Identifier: GPL-2.0-only */
/* VMCBs and nested page tables, read back as the manual describes them to a CPU. */
#include "kvmperf/payload/payload.h"
#include "kvmperf/test-nested.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define AREA (4 * MIB)
#define AREA_GPA (3000 * GIB)
#define TEST_GPA (3001 * GIB)

static unsigned char *memory;
static jmp_buf out;
static char reason[256];

static int begin(void **state)
{
	(void)state;
	memory = aligned_alloc(PAGE_4K, AREA);
	memset(memory, 0, AREA);
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

static uint64_t get(uint64_t at, unsigned int bytes)
{
	uint64_t value = 0;

	memcpy(&value, memory + at, bytes);
	return value;
}

/* What a walk of four levels from nCR3 finds; *page: the size of the leaf; ~0: nothing. */
static uint64_t walk(uint64_t ncr3, uint64_t at, uint64_t *page)
{
	uint64_t table = ncr3;

	for (unsigned int shift = 39;; shift -= 9) {
		uint64_t e;

		assert_in_range(table, AREA_GPA, AREA_GPA + AREA - PAGE_4K);
		e = get(table - AREA_GPA + (at >> shift & 511) * 8, 8);
		if (!(e & 1))
			return ~0ULL;
		/* nested accesses are those of a user, and walks of the L3's tables are writes */
		assert_int_equal(e & 0x7, 0x7);
		if (shift == 12 || (e & 0x80)) {
			*page = 1ULL << shift;
			return (e & ~0xfffULL) + (at & (*page - 1));
		}
		table = e & ~0xfffULL;
	}
}

static void maps(uint64_t ncr3, uint64_t from, uint64_t to, uint64_t want)
{
	uint64_t page = 0;

	for (uint64_t at = from; at < to; at += PAGE_4K) {
		assert_int_equal(walk(ncr3, at + 8, &page), at + 8);
		assert_int_equal(page, want);
	}
	assert_int_equal(walk(ncr3, round_up(to, want), &page), ~0ULL);
}

static void tables_lead_to_the_same_address(void **state)
{
	struct svm_area a;
	uint64_t ncr3, page;

	(void)state;
	svm_area_init(&a, memory, AREA_GPA, AREA, 4);
	svm_map(&a, 0, 3 * MIB, PAGE_2M);
	svm_map(&a, TEST_GPA, TEST_GPA + 16 * MIB, PAGE_4K);
	svm_vmcb_fill(&a, 3, true);
	ncr3 = get(svm_vmcb(3) + 0x0b0, 8);
	maps(ncr3, 0, 3 * MIB, PAGE_2M);
	maps(ncr3, TEST_GPA, TEST_GPA + 16 * MIB, PAGE_4K);
	assert_int_equal(walk(ncr3, TEST_GPA - PAGE_4K, &page), ~0ULL);
	/* the VMCBs are not for the L3 */
	assert_int_equal(walk(ncr3, AREA_GPA, &page), ~0ULL);
	assert_in_range(a.next, svm_tables(&a) + PAGE_4K, AREA);
}

static void ended(int status, const char *why)
{
	assert_int_equal(status, EXIT_CANNOT);
	snprintf(reason, sizeof(reason), "%s", why);
	ending_set(NULL);
	longjmp(out, 1);
}

static void too_many_tables_are_refused(void **state)
{
	struct svm_area a;

	(void)state;
	svm_area_init(&a, memory, AREA_GPA, 64 * KIB, 1);
	ending_set(ended);
	if (!setjmp(out)) {
		svm_map(&a, TEST_GPA, TEST_GPA + 64 * MIB, PAGE_4K);
		fail_msg("64 MiB by 4K pages fit into 64 KiB of tables");
	}
	assert_non_null(strstr(reason, "nested page tables need more"));
	assert_in_range(a.next, 0, 64 * KIB);
}

/* Offsets and bits as in the manual, volume 2, appendix B and chapter 15.5. */
static void the_vmcb_is_one_that_vmrun_takes(void **state)
{
	struct svm_area a;
	uint64_t at;

	(void)state;
	svm_area_init(&a, memory, AREA_GPA, AREA, 2);
	svm_vmcb_fill(&a, 1, false);
	at = svm_vmcb(1);
	assert_int_equal(at % PAGE_4K, 0);
	assert_int_equal(get(at + 0x010, 4), 0x3);
	assert_int_equal(get(at + 0x008, 4), 0xffffffff);
	assert_int_not_equal(get(at + 0x058, 4), 0);
	assert_int_equal(get(at + 0x090, 8), 0);
	assert_int_equal(get(at + 0x0b0, 8), 0);
	/* CS: long mode, not 32 bit, present */
	assert_int_equal(get(at + 0x412, 2) & 0x600, 0x200);
	assert_int_equal(get(at + 0x412, 2) & 0x80, 0x80);
	assert_int_equal(get(at + 0x4cb, 1), 0);
	assert_int_equal(get(at + 0x560, 8) >> 32, 0);
	assert_int_equal(get(at + 0x568, 8) >> 32, 0);
	assert_int_equal(get(at + 0x570, 8), 0x2);
	assert_int_equal(get(at + PAYLOAD_VMCB_PA, 8), AREA_GPA + at);
	assert_int_equal(get(at + PAYLOAD_HSAVE_PA, 8), AREA_GPA + at + 2 * PAGE_4K);
	svm_vmcb_fill(&a, 1, true);
	assert_int_equal(get(at + 0x090, 8), 1);
	assert_int_equal(get(at + 0x0b0, 8), AREA_GPA + svm_tables(&a));
	/* a vCPU's pages are its own, and not tables */
	assert_int_equal(svm_vmcb(2) - svm_vmcb(1), 3 * PAGE_4K);
	assert_int_equal(svm_tables(&a), svm_vmcb(2));
}

static void a_spoilt_vmcb_has_no_asid(void **state)
{
	struct svm_area a;

	(void)state;
	setenv("KVMPERF_SPOIL", "l3-asid", 1);
	svm_area_init(&a, memory, AREA_GPA, AREA, 1);
	svm_vmcb_fill(&a, 0, true);
	unsetenv("KVMPERF_SPOIL");
	assert_int_equal(get(0x058, 4), 0);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test_setup_teardown(tables_lead_to_the_same_address, begin, end),
		cmocka_unit_test_setup_teardown(too_many_tables_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(the_vmcb_is_one_that_vmrun_takes, begin, end),
		cmocka_unit_test_setup_teardown(a_spoilt_vmcb_has_no_asid, begin, end),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
