/* SPDX-License-Identifier: GPL-2.0-only */
/* Which KVM a guest's CPU is good for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "machine/guest-kvm.h"

#define CPU(flags) "processor\t: 0\nvendor_id\t: X svm\nflags\t\t: " flags "\nbugs\t\t: vmx\n"

static void test_module(void **state)
{
	(void)state;
	assert_string_equal(guest_kvm_module(CPU("fpu svm npt")), "kvm_amd");
	assert_string_equal(guest_kvm_module(CPU("fpu vmx")), "kvm_intel");
	assert_string_equal(guest_kvm_module(CPU("svm")), "kvm_amd");
	/* words of other lines, and parts of words, are none */
	assert_null(guest_kvm_module(CPU("fpu svme xvmx")));
	assert_null(guest_kvm_module(CPU("")));
	assert_null(guest_kvm_module(""));
	/* the first CPU counts */
	assert_null(guest_kvm_module(CPU("fpu") CPU("svm")));
	assert_string_equal(guest_kvm_module("\nflags : svm"), "kvm_amd");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_module) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
