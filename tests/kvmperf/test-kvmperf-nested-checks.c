/* SPDX-License-Identifier: GPL-2.0-only */
/* What nested-checks makes of a VMCB and of KVM's state after the exit: as promised it says nothing, and each thing that is
 * otherwise it names. */
#define round_ checks_round
#define test_nested_checks own_nested_checks
#include "kvmperf/test-nested-checks.c"
#undef round_
#undef test_nested_checks

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct perf_vm vm;
static struct vcpu vcpu;
static unsigned char *memory, tss[PAGE_4K];
static union {
	struct kvm_nested_state state;
	unsigned char bytes[sizeof(struct kvm_nested_state) + PAGE_4K];
} kept;
static char why[160];

/* As a check of that kind is arranged, and after an exit in which all is as promised. */
static struct nested_check promised(enum nested_kind kind)
{
	struct nested_check c = { .vm = &vm, .state = &kept.state, .why = why, .size = sizeof(why) };

	memset(memory, 0, SVM_AREA_SIZE);
	memset(&kept, 0, sizeof(kept));
	*why = '\0';
	vm.vcpu = &vcpu;
	vm.sys = tss;
	svm_area_init(&c.area, memory, GIB, SVM_AREA_SIZE, 1);
	svm_vmcb_fill(&c.area, 0, true);
	c.vmcb = c.area.mem + svm_vmcb(0);
	if (checks[kind].arrange)
		checks[kind].arrange(&c);
	vcpu.answer = (struct answer){ .value = 1, .first_bad = VMEXIT_VMMCALL };
	if (checks[kind].judge == want_refused || checks[kind].judge == want_no_event ||
	    checks[kind].judge == want_gif_clear)
		vcpu.answer.first_bad = VMEXIT_INVALID;
	vmcb_put64(c.vmcb, EVENTINJ, 0);
	vmcb_put64(c.area.mem + SCRATCH, KERNEL_GS, PAYLOAD_KERNEL_GS);
	c.asked = checks[kind].on_exit ? 1 : 0;
	kept.state.flags = c.asked ? KVM_STATE_NESTED_GUEST_MODE : 0;
	vmcb_put64(kept.state.data.svm[0].vmcb12, INT_STATE, INT_SHADOW);
	return c;
}

static void says(struct nested_check *c, enum nested_kind kind, const char *words)
{
	checks[kind].judge(c);
	if (*words ? !strstr(why, words) : *why != '\0')
		fail_msg("%s: \"%s\" instead of \"%s\"", checks[kind].name, why, words);
}

static void as_promised_says_nothing(void **state)
{
	(void)state;
	for (enum nested_kind kind = 0; kind < NESTED_ALL; kind++) {
		struct nested_check c = promised(kind);

		says(&c, kind, "");
	}
}

static void another_exit_is_named(void **state)
{
	(void)state;
	for (enum nested_kind kind = 0; kind < NESTED_ALL; kind++) {
		struct nested_check c = promised(kind);

		if (kind == NESTED_INVLPGA)
			continue; /* it has no L3 */
		/* of 32 bits only, too */
		vcpu.answer.first_bad = 0xffffffff;
		says(&c, kind, "the L3 left by exit code 0xffffffff instead of 0x");
	}
}

static void what_an_exit_leaves_is_looked_at(void **state)
{
	struct nested_check c = promised(NESTED_EVENT);

	(void)state;
	vmcb_put64(c.vmcb, EVENTINJ, EVENTINJ_VALID | 0x20);
	says(&c, NESTED_EVENT, "EVENTINJ is still 0x80000020");
	c = promised(NESTED_GIF);
	kept.state.flags = KVM_STATE_NESTED_GIF_SET;
	says(&c, NESTED_GIF, "GIF is set");
	c = promised(NESTED_LMA);
	vmcb_put64(c.vmcb, VMCB_EFER, EFER_LMA);
	says(&c, NESTED_LMA, "LMA without LME");
	c = promised(NESTED_VMSAVE);
	vmcb_put64(c.area.mem + SCRATCH, KERNEL_GS, 0);
	says(&c, NESTED_VMSAVE, "wrote 0 as KernelGSBase");
	c = promised(NESTED_SHADOW);
	vmcb_put64(kept.state.data.svm[0].vmcb12, INT_STATE, 0);
	says(&c, NESTED_SHADOW, "no interrupt shadow");
	c = promised(NESTED_SHADOW);
	c.asked = 0;
	says(&c, NESTED_SHADOW, "by I/O 0 times");
	c = promised(NESTED_SHADOW);
	kept.state.flags = 0;
	says(&c, NESTED_SHADOW, "says that none does");
	c = promised(NESTED_INVLPGA);
	vcpu.answer.value = 0;
	says(&c, NESTED_INVLPGA, "raises no #UD");
}

static void what_is_asked_for_is_arranged(void **state)
{
	struct nested_check c = promised(NESTED_NCR3);

	(void)state;
	assert_int_equal(vmcb_get64(c.vmcb, NESTED_CR3), (GIB + svm_tables(&c.area)) | BEYOND);
	c = promised(NESTED_EXIT_CODE);
	assert_int_equal((uint32_t)vmcb_get64(c.vmcb, ASID), 0);
	c = promised(NESTED_CODE_SEGMENT);
	/* CS.L and CS.D */
	assert_int_equal(vmcb_get64(c.vmcb, SEG_CS) >> 16 & 0x600, 0x600);
	c = promised(NESTED_LMA);
	assert_int_equal(vmcb_get64(c.vmcb, SEG_CS) >> 16 & 0x600, 0x400);
	c = promised(NESTED_VMSAVE);
	assert_int_equal(vmcb_get64(c.vmcb, RAX), GIB + SCRATCH);
	c = promised(NESTED_INVLPGA);
	assert_int_equal(vmcb_get64(tss, TSS_IST1), SPARE_GVA + SVM_AREA_SIZE);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(as_promised_says_nothing),
		cmocka_unit_test(another_exit_is_named),
		cmocka_unit_test(what_an_exit_leaves_is_looked_at),
		cmocka_unit_test(what_is_asked_for_is_arranged),
	};

	memory = aligned_alloc(PAGE_4K, SVM_AREA_SIZE);
	return cmocka_run_group_tests(cases, NULL, NULL);
}
