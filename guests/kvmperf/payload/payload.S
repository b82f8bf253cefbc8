/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guest runs: position independent, no stack, no SSE, no exceptions. It is copied into the
 * guest and entered in long mode (ring 3, or 0 when asked), with everything it needs in registers; it
 * answers in registers and ends with an OUT. Nothing but the memory under test and the array of samples
 * is touched, so every fault can be counted.
 *
 *	rdi  first guest virtual address
 *	rsi  number of pages, or of exits
 *	rbp  bytes from page to page
 *	rbx  seed: a page holds its own address + seed
 *	r8   array of samples (cycles, 8 bytes each), 0 for none
 *	r9   mask of the scattered order, 0 for the order of addresses
 *	r10  first index of the scattered order
 *	r11  percent of the pages to write; the others are read
 *	r12  where the stop word is
 * Answers:
 *	r13  accesses or exits done
 *	r15  pages written; or pages that differ; or the sum of what was read
 *	r10  of verify: the first page that differs, -1 for none
 */
#include "payload.h"

	.section .rodata
	.balign 64
	.globl payload_start
payload_start:
code:

	.macro	time_begin
	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, %r10
	.endm

	.macro	time_end
	test	%r8, %r8
	jz	88f
	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	sub	%r10, %rax
	mov	%rax, (%r8)
	add	$8, %r8
88:
	.endm

	/* Writes each page once, in the order of addresses. With samples it notes the time before the
	 * first write and after each: what a write took is the difference of two. */
	.globl payload_touch_all
payload_touch_all:
	xor	%r13d, %r13d
	mov	%rsi, %r15
	test	%r8, %r8
	jz	2f
	rdtsc
	mov	%eax, (%r8)
	mov	%edx, 4(%r8)
1:	lea	(%rdi, %rbx), %rax
	mov	%rax, (%rdi)
	rdtsc
	add	$8, %r8
	mov	%eax, (%r8)
	mov	%edx, 4(%r8)
	add	%rbp, %rdi
	inc	%r13
	cmp	%rsi, %r13
	jb	1b
	jmp	payload_done
2:	lea	(%rdi, %rbx), %rax
	mov	%rax, (%rdi)
	add	%rbp, %rdi
	inc	%r13
	cmp	%rsi, %r13
	jb	2b
	jmp	payload_done

	/* Writes (or reads) each page once. Page i is written if i * percent wraps at 100: evenly
	 * spread, and exactly 1 + (n - 1) * percent / 100 of them, which the host computes again. */
	.globl payload_touch
payload_touch:
	xor	%r13d, %r13d
	xor	%r15d, %r15d
	mov	$100, %r12d
	mov	%r10, %r14
1:	mov	%r14, %rcx
	imul	%rbp, %rcx
	add	%rdi, %rcx
	mov	%r14, %rax
	mul	%r11
	div	%r12
	cmp	%r11, %rdx
	jae	2f
	inc	%r15
	time_begin
	lea	(%rcx, %rbx), %rax
	mov	%rax, (%rcx)
	jmp	3f
2:	time_begin
	mov	(%rcx), %rax
3:	time_end
	inc	%r13
	cmp	%rsi, %r13
	jae	payload_done
	inc	%r14
	test	%r9, %r9
	jz	1b
	/* A full-period generator modulo a power of two; indices past the end are passed over. */
	dec	%r14
4:	imul	$PAYLOAD_LCG_MUL, %r14, %r14
	add	$PAYLOAD_LCG_ADD, %r14
	and	%r9, %r14
	cmp	%rsi, %r14
	jae	4b
	jmp	1b

	/* Reads each page back and compares. */
	.globl payload_verify
payload_verify:
	xor	%r13d, %r13d
	xor	%r15d, %r15d
	mov	$-1, %r10
1:	lea	(%rdi, %rbx), %rax
	cmp	%rax, (%rdi)
	je	2f
	test	%r15, %r15
	cmovz	%r13, %r10
	inc	%r15
2:	add	%rbp, %rdi
	inc	%r13
	cmp	%rsi, %r13
	jb	1b
	jmp	payload_done

	/* Writes page after page, round after round, until the stop word is set; the seed grows by
	 * one a round, so the host knows from the number of accesses what each page must hold. */
	.globl payload_load
payload_load:
	xor	%r13d, %r13d
1:	mov	%rdi, %rcx
	xor	%r14d, %r14d
2:	cmpl	$0, (%r12)
	jne	payload_done
	lea	(%rcx, %rbx), %rax
	mov	%rax, (%rcx)
	inc	%r13
	add	%rbp, %rcx
	inc	%r14
	cmp	%rsi, %r14
	jb	2b
	inc	%rbx
	jmp	1b

	/* Reads one word of each page, so that KVM maps it before anything is measured. */
	.globl payload_warm
payload_warm:
	xor	%r13d, %r13d
1:	mov	(%rdi), %rax
	add	%rbp, %rdi
	inc	%r13
	cmp	%rsi, %r13
	jb	1b

	.globl payload_done
payload_done:
	out	%al, $PAYLOAD_PORT_DONE
	jmp	payload_done

	/* The preprocessor does not look into strings. */
	.set	port_data, PAYLOAD_PORT_DATA

	/* Exits. Writes carry the number of the exit, reads are summed up: the host knows both. */
	.macro	exit_loop name:req, insn:req
	.globl	payload_\name
payload_\name:
	xor	%r13d, %r13d
	xor	%r15d, %r15d
1:	time_begin
	\insn
	time_end
	inc	%r13
	cmp	%rsi, %r13
	jb	1b
	jmp	payload_done
	.endm

	exit_loop pio_write, "mov %r13d, %eax ; out %eax, $port_data"
	exit_loop pio_read, "in $port_data, %eax ; add %rax, %r15"
	exit_loop mmio_write, "mov %r13d, (%rdi)"
	exit_loop mmio_read, "mov (%rdi), %eax ; add %rax, %r15"
	exit_loop cpuid, "xor %eax, %eax ; xor %ecx, %ecx ; cpuid"
	exit_loop hlt, "hlt"
	exit_loop nothing, "nop"

	/*
	 * One level deeper. r12 is where the VMCB is; the page behind it begins with the physical
	 * addresses of the VMCB and of the area where the CPU keeps our state. Control registers are
	 * the ones we have. VMRUN exchanges RAX and RSP, and leaves all other registers to the L3,
	 * which answers in r13 and r15.
	 */
	.macro	l3_prepare entry:req
	mov	$PAYLOAD_MSR_EFER, %ecx
	rdmsr
	or	$PAYLOAD_EFER_SVME, %eax
	wrmsr
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, VMCB_EFER(%r12)
	mov	$PAYLOAD_MSR_HSAVE, %ecx
	mov	PAYLOAD_HSAVE_PA(%r12), %rax
	mov	%rax, %rdx
	shr	$32, %rdx
	wrmsr
	mov	%cr0, %rax
	mov	%rax, VMCB_CR0(%r12)
	mov	%cr3, %rax
	mov	%rax, VMCB_CR3(%r12)
	mov	%cr4, %rax
	mov	%rax, VMCB_CR4(%r12)
	lea	\entry(%rip), %rax
	mov	%rax, VMCB_RIP(%r12)
	xor	%r13d, %r13d
	xor	%r15d, %r15d
	.endm

	/* The L3 has left: by a VMMCALL, and goes on behind it; or something is wrong. r10: its
	 * exit code. */
	.macro	l3_left
	mov	VMCB_EXITCODE(%r12), %r10
	cmp	$VMEXIT_VMMCALL, %r10
	jne	nested_done
	addq	$VMMCALL_BYTES, VMCB_RIP(%r12)
	.endm

	/* One VMRUN for all that the L3 has to do. */
	.macro	l3_once name:req
	.globl	payload_nested_\name
payload_nested_\name:
	l3_prepare l3_\name
	mov	PAYLOAD_VMCB_PA(%r12), %rax
	vmrun	%rax
	l3_left
	jmp	nested_done
	.endm

	l3_once warm
	l3_once touch

	/* rsi times in and out. */
	.globl payload_nested_trips
payload_nested_trips:
	l3_prepare l3_trips
1:	time_begin
	mov	PAYLOAD_VMCB_PA(%r12), %rax
	vmrun	%rax
	time_end
	l3_left
	inc	%r13
	cmp	%rsi, %r13
	jb	1b
nested_done:
	stgi
	jmp	payload_done

	/* What the L3 runs. */
l3_trips:
	inc	%r15
	vmmcall
	jmp	l3_trips

l3_touch:
	time_begin
	lea	(%rdi, %rbx), %rax
	mov	%rax, (%rdi)
	time_end
	add	%rbp, %rdi
	inc	%r13
	cmp	%rsi, %r13
	jb	l3_touch
	vmmcall
	ud2

l3_warm:
	mov	(%rdi), %rax
	add	%rbp, %rdi
	inc	%r13
	cmp	%rsi, %r13
	jb	l3_warm
	vmmcall
	ud2

	/*
	 * One VMRUN of what the host has chosen: rsi is the L3's code, from payload_start; rbp and rbx
	 * turn bits of its EFER and CR0 over. GIF stays as the exit has left it.
	 */
	.globl payload_nested_check
payload_nested_check:
	l3_prepare code
	add	%rsi, VMCB_RIP(%r12)
	xor	%rbp, VMCB_EFER(%r12)
	xor	%rbx, VMCB_CR0(%r12)
	mov	$PAYLOAD_MSR_KERNEL_GS, %ecx
	mov	$PAYLOAD_KERNEL_GS, %eax
	xor	%edx, %edx
	wrmsr
	mov	PAYLOAD_VMCB_PA(%r12), %rax
	vmrun	%rax
	mov	VMCB_EXITCODE(%r12), %r10
	jmp	payload_done

	/* r12: a page for an IDT with one gate, that of #UD, which takes the first stack of the TSS. r15:
	 * it was taken. */
	.globl payload_invlpga
payload_invlpga:
	xor	%r15d, %r15d
	lea	1f(%rip), %rax
	mov	%ax, UD_GATE(%r12)
	movw	$PAYLOAD_CODE0, UD_GATE + 2(%r12)
	movw	$0x8e01, UD_GATE + 4(%r12)
	shr	$16, %rax
	mov	%rax, UD_GATE + 6(%r12)
	movw	$UD_GATE + 15, 0x800(%r12)
	mov	%r12, 0x802(%r12)
	lidt	0x800(%r12)
	xor	%eax, %eax
	xor	%ecx, %ecx
	invlpga	%rax, %ecx
	jmp	payload_done
1:	inc	%r15
	jmp	payload_done

	.globl payload_l3_vmmcall
payload_l3_vmmcall:
	vmmcall
	ud2

	.globl payload_l3_vmsave
payload_l3_vmsave:
	vmsave	%rax
	vmmcall
	ud2

	.globl payload_l3_sti_out
payload_l3_sti_out:
	sti
	out	%al, $port_data
	vmmcall
	ud2

	.globl payload_end
payload_end:

	.section .note.GNU-stack, "", @progbits
