/* SPDX-License-Identifier: GPL-2.0-only */
/* Shortcuts: what a CPU model and a command line may save. */
#include "prepare/shortcuts.h"

#include <glib.h>
#include <string.h>

/* Gains: debian-6.12 on QEMU 7.2 and on 10.0, each alone (docs/findings/where-the-seconds-go.md). */
const struct shortcut shortcuts[] = {
	{ "first.image=flat", "0.92 (0.89-0.95)", "0.91 (0.90-0.97)",
	  "first kernel: no decompressor, so no KASLR; it is booted by PVH and not by a boot loader" },
	{ "crash.checksum=off", "0.82 (0.79-0.84)", "0.83 (0.83-0.87)",
	  "crash kernel: kexec does not check it at the panic against what was loaded" },
	{ "crash.image=flat", "0.97 (0.94-0.98)", "0.96 (0.94-0.96)",
	  "crash kernel: no decompressor, so no KASLR, and as many levels of page tables as the dead kernel had" },
	/* TCG emulates each step of a rep movs by itself */
	{ "-erms,-fsrm", "0.96 (0.92-0.99)", "0.96 (0.95-0.99)",
	  "both kernels copy and clear memory in loops instead of with rep movsb and rep stosb; TCG only" },
	{ "cryptomgr.notests", "0.91 (0.90-0.94)", "0.91 (0.88-0.92)",
	  "both kernels leave out the self-tests of their ciphers" },
	/* what is left out with it walks every page table of the kernel */
	{ "rodata=off", "0.99 (0.95-1.00)", "0.98 (0.95-1.00)",
	  "both kernels leave their code and constants writable, and do not look for pages that are writable and executable" },
	/* some ten thousand places are written to by it, each through a mapping of its own */
	{ "noreplace-smp", "0.99 (0.95-1.00)", "0.98 (0.95-1.01)",
	  "both kernels keep the lock prefixes that one with a single CPU takes out of its code; 7.3 "
	  "does not know the word, and says so" },
	/* a kernel that has no such function passes over the name */
	{ "initcall_blacklist=trace_eval_init,jent_mod_init,bpf_tcp_ca_kfunc_init,bpf_dummy_struct_ops_init",
	  "0.98 (0.92-1.00)", "0.98 (0.93-1.01)",
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
