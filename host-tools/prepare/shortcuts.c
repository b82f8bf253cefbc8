/* SPDX-License-Identifier: GPL-2.0-only */
/* Shortcuts: what a CPU model and a command line may save. */
#include "prepare/shortcuts.h"

#include <glib.h>
#include <string.h>

/* Gains: QEMU 7.2, debian-6.1 (the last two: debian-6.12); docs/findings/where-the-seconds-go.md says how they were measured. */
const struct shortcut shortcuts[] = {
	{ "first.image=flat", "0.81 (0.79-0.90)",
	  "first kernel: no decompressor, so no KASLR; it is booted by PVH and not by a boot loader" },
	{ "crash.checksum=off", "0.88 (0.85-0.96)",
	  "crash kernel: kexec does not check it at the panic against what was loaded" },
	{ "crash.image=flat", "0.88 (0.75-0.94)",
	  "crash kernel: no decompressor, so no KASLR, and as many levels of page tables as the dead kernel had" },
	/* TCG emulates each step of a rep movs by itself */
	{ "-erms,-fsrm", "0.92 (0.76-1.01)",
	  "both kernels copy and clear memory in loops instead of with rep movsb and rep stosb; TCG only" },
	{ "cryptomgr.notests", "0.93 (0.86-1.03)", "both kernels leave out the self-tests of their ciphers" },
	/* what is left out with it walks every page table of the kernel */
	{ "rodata=off", "0.95 (0.93-0.98)",
	  "both kernels leave their code and constants writable, and do not look for pages that are writable and executable" },
	/* a kernel that has no such function passes over the name */
	{ "initcall_blacklist=trace_eval_init,jent_mod_init,bpf_tcp_ca_kfunc_init,bpf_dummy_struct_ops_init",
	  "0.94 (0.90-0.97)",
	  "both kernels: no names of enums in formats of trace events, no random numbers of jitter, no BPF programs for TCP" },
	{ 0 },
};

/* "section.key=value"; a word of the command line may have a '=', too, but no point ahead of it. */
static bool is_key(const char *name)
{
	return name[strcspn(name, ".=")] == '.' && strchr(name, '=');
}

char *shortcuts_words(bool cpu)
{
	GString *words = g_string_new(NULL);

	for (const struct shortcut *s = shortcuts; s->name; s++)
		if (!is_key(s->name) && (*s->name == '-') == cpu)
			g_string_append_printf(words, "%s%s", !words->len ? "" : cpu ? "," : " ", s->name);
	return g_string_free(words, FALSE);
}
