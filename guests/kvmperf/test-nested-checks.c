/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest that is a hypervisor itself is promised by its CPU: which VMCBs VMRUN refuses, what an exit leaves in
 * them, and what the L3's instructions do. Each check is a VM of its own and one VMRUN (or none); nothing is timed for
 * its own sake. The promises are those of the AMD64 Architecture Programmer's Manual, volume 2, chapter 15.
 */
#include "test-nested.h"

#include "tests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define VMEXIT_INVALID (~0ULL)
#define EFER_LME 0x100ULL
#define EFER_LMA 0x400ULL
#define CR0_PG 0x80000000ULL
/* Beyond every CPU's physical addresses. */
#define BEYOND (1ULL << 51)
/* The last page of the area: the tables do not come so far. */
#define SCRATCH (SVM_AREA_SIZE - PAGE_4K)
#define TSS_IST1 0x24

/* One check under way. */
struct nested_check {
	struct perf_vm *vm;
	struct svm_area area;
	unsigned char *vmcb;
	struct kvm_nested_state *state; /* as KVM has it when the job is done, or when the L3 asked for it by I/O */
	unsigned int asked;		/* how often the L3 did */
	char *why;			/* what is otherwise than promised; "" */
	size_t size;
};

static void wrong(struct nested_check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void wrong(struct nested_check *c, const char *format, ...)
{
	va_list ap;

	if (*c->why)
		return;
	va_start(ap, format);
	vsnprintf(c->why, c->size, format, ap);
	va_end(ap);
}

/* The exit code that the L2 found in its VMCB. */
static void want_code(struct nested_check *c, uint64_t want)
{
	uint64_t code = c->vm->vcpu[0].answer.first_bad;

	if (code != want)
		wrong(c, "the L3 left by exit code %#llx instead of %#llx", (unsigned long long)code,
		      (unsigned long long)want);
}

static void ask_state(struct nested_check *c)
{
	c->state->size = PAGE_4K + sizeof(*c->state);
	if (ioctl(c->vm->vcpu[0].fd, KVM_GET_NESTED_STATE, c->state))
		fail("KVM_GET_NESTED_STATE: %s", strerror(errno));
}

/* ---- what VMRUN refuses ---- */

static void refuse(struct nested_check *c)
{
	vmcb_put32(c->vmcb, ASID, 0);
}

static void want_refused(struct nested_check *c)
{
	want_code(c, VMEXIT_INVALID);
}

static void high_ncr3(struct nested_check *c)
{
	vmcb_put64(c->vmcb, NESTED_CR3, vmcb_get64(c->vmcb, NESTED_CR3) | BEYOND);
}

static void code_of_both(struct nested_check *c)
{
	vmcb_put32(c->vmcb, SEG_CS, PAYLOAD_CODE0 | ATTR_BOTH << 16);
}

/* ---- what an exit leaves ---- */

static void inject_refused(struct nested_check *c)
{
	refuse(c);
	vmcb_put64(c->vmcb, EVENTINJ, EVENTINJ_VALID | 0x20);
}

static void want_no_event(struct nested_check *c)
{
	uint64_t event = vmcb_get64(c->vmcb, EVENTINJ);

	want_refused(c);
	if (event & EVENTINJ_VALID)
		wrong(c, "EVENTINJ is still %#llx after the exit", (unsigned long long)event);
}

static void want_gif_clear(struct nested_check *c)
{
	want_refused(c);
	if (c->state->flags & KVM_STATE_NESTED_GIF_SET)
		wrong(c, "GIF is set after the exit");
}

static void protected_32(struct nested_check *c)
{
	vmcb_put32(c->vmcb, SEG_CS, PAYLOAD_CODE0 | ATTR_CODE32 << 16);
}

static void want_no_lma(struct nested_check *c)
{
	uint64_t efer = vmcb_get64(c->vmcb, VMCB_EFER);

	want_code(c, VMEXIT_VMMCALL);
	if (efer & EFER_LMA)
		wrong(c, "EFER is %#llx after the exit: LMA without LME", (unsigned long long)efer);
}

/* ---- what instructions do ---- */

static void save_to_scratch(struct nested_check *c)
{
	vmcb_put64(c->vmcb, RAX, c->area.gpa + SCRATCH);
}

static void want_saved(struct nested_check *c)
{
	uint64_t saved = vmcb_get64(c->area.mem + SCRATCH, KERNEL_GS);

	want_code(c, VMEXIT_VMMCALL);
	if (saved != PAYLOAD_KERNEL_GS)
		wrong(c, "VMSAVE of the L3 wrote %#llx as KernelGSBase, which is %#x", (unsigned long long)saved,
		      PAYLOAD_KERNEL_GS);
}

static bool saved_in_l3(struct vcpu *v)
{
	struct nested_check *c = v->vm->context;

	if (v->run->exit_reason != KVM_EXIT_IO || v->run->io.port != PAYLOAD_PORT_DATA)
		return false;
	ask_state(c);
	c->asked++;
	return true;
}

static void want_shadow(struct nested_check *c)
{
	const unsigned char *cached = c->state->data.svm[0].vmcb12;

	want_code(c, VMEXIT_VMMCALL);
	if (c->asked != 1)
		wrong(c, "the L3 went out by I/O %u times, not once", c->asked);
	else if (!(c->state->flags & KVM_STATE_NESTED_GUEST_MODE))
		wrong(c, "KVM_GET_NESTED_STATE while the L3 runs says that none does");
	else if (!(vmcb_get64(cached, INT_STATE) & INT_SHADOW))
		wrong(c, "KVM_GET_NESTED_STATE behind the L3's STI has no interrupt shadow");
}

/* Where #UD is to put its frame: the only stack that a guest of ours ever has. */
static void stack_for_ud(struct nested_check *c)
{
	uint64_t top = SPARE_GVA + SCRATCH + PAGE_4K;

	memcpy(c->vm->sys + c->vm->tss_gpa + TSS_IST1, &top, sizeof(top));
}

static void want_ud(struct nested_check *c)
{
	if (!c->vm->vcpu[0].answer.value)
		wrong(c, "INVLPGA without EFER.SVME raises no #UD");
}

static const struct {
	const char *name, *entry, *l3;
	uint64_t efer, cr0; /* bits of the L3's to turn over */
	void (*arrange)(struct nested_check *c);
	void (*judge)(struct nested_check *c);
	bool (*on_exit)(struct vcpu *v);
} checks[] = {
	[NESTED_NCR3] = { "ncr3", payload_nested_check, payload_l3_vmmcall, .arrange = high_ncr3,
			  .judge = want_refused },
	[NESTED_CODE_SEGMENT] = { "code-segment", payload_nested_check, payload_l3_vmmcall, .arrange = code_of_both,
				  .judge = want_refused },
	[NESTED_EXIT_CODE] = { "exit-code", payload_nested_check, payload_l3_vmmcall, .arrange = refuse,
			       .judge = want_refused },
	[NESTED_EVENT] = { "event", payload_nested_check, payload_l3_vmmcall, .arrange = inject_refused,
			   .judge = want_no_event },
	[NESTED_GIF] = { "gif", payload_nested_check, payload_l3_vmmcall, .arrange = refuse, .judge = want_gif_clear },
	[NESTED_LMA] = { "lma", payload_nested_check, payload_l3_vmmcall, EFER_LME, CR0_PG, protected_32, want_no_lma },
	[NESTED_VMSAVE] = { "vmsave", payload_nested_check, payload_l3_vmsave, .arrange = save_to_scratch,
			    .judge = want_saved },
	[NESTED_SHADOW] = { "shadow", payload_nested_check, payload_l3_sti_out, .judge = want_shadow,
			    .on_exit = saved_in_l3 },
	[NESTED_INVLPGA] = { "invlpga", payload_invlpga, payload_l3_vmmcall, .arrange = stack_for_ud,
			     .judge = want_ud },
};

/* Adds a line to @why where the check fails. */
static void run_check(const struct options *o, enum nested_kind kind, char *why, size_t size)
{
	struct options mine = *o;
	struct vm_config cfg;
	struct nested_check c = { .why = why, .size = size };

	mine.memory = o->vcpus * PAGE_4K;
	cfg = options_vm(&mine);
	c.vm = vm_new(&cfg);
	svm_need(c.vm, true);
	svm_area_new(&c.area, c.vm, true);
	c.vmcb = c.area.mem + svm_vmcb(0);
	c.state = xcalloc(1, PAGE_4K + sizeof(*c.state));
	if (checks[kind].arrange)
		checks[kind].arrange(&c);
	c.vm->context = &c;
	c.vm->on_exit = checks[kind].on_exit;
	c.vm->vcpu[0].job = (struct job){
		.entry = checks[kind].entry,
		.count = (uint64_t)(checks[kind].l3 - payload_start),
		.stride = checks[kind].efer,
		.seed = checks[kind].cr0,
		.stop = SPARE_GVA + (kind == NESTED_INVLPGA ? SCRATCH : svm_vmcb(0)),
	};
	vm_run(c.vm);
	if (!c.asked)
		ask_state(&c);
	checks[kind].judge(&c);
	if (spoilt(checks[kind].name))
		wrong(&c, "spoilt");
	result_job(checks[kind].name, c.vm);
	free(c.state);
	vm_free(c.vm);
	svm_area_free(&c.area);
}

static void round_(const struct options *o)
{
	enum nested_kind first = o->check == NESTED_ALL ? 0 : (enum nested_kind)o->check;
	enum nested_kind last = o->check == NESTED_ALL ? NESTED_ALL - 1 : first;
	char all[1024] = "";

	if (o->ring)
		cannot("a hypervisor runs at privilege level 0: --ring 0");
	for (enum nested_kind kind = first; kind <= last; kind++) {
		size_t used = strlen(all);
		char why[160] = "";

		run_check(o, kind, why, sizeof(why));
		if (*why)
			snprintf(all + used, sizeof(all) - used, "%s%s: %s", used ? "; " : "", checks[kind].name, why);
	}
	if (*all)
		fail("%s", all);
}

static void checks_defaults(struct options *o)
{
	o->ring = 0;
	o->warmup = 0;
	o->repeat = 1;
}

const struct test test_nested_checks = {
	.name = "nested-checks",
	.summary =
		"what a hypervisor in the guest is promised: VMCBs refused, what exits leave, what its guest's code does",
	.groups = TAKES_ALWAYS | TAKES_CHECK,
	.defaults = checks_defaults,
	.round = round_,
};
