/* SPDX-License-Identifier: GPL-2.0-only */
/* Which KVM a guest's CPU is good for, by the flags that the guest sees. */
#include "machine/guest-kvm.h"

#include <string.h>

#include "base/error.h"

const char *guest_kvm_module(const char *cpuinfo)
{
	const char *line = strstr(cpuinfo, "\nflags");
	g_autofree char *flags = line ? g_strndup(line + 1, strcspn(line + 1, "\n")) : g_strdup("");
	g_auto(GStrv) words = g_strsplit_set(flags, " \t", -1);

	if (g_strv_contains((const char *const *)words, "svm"))
		return "kvm_amd";
	return g_strv_contains((const char *const *)words, "vmx") ? "kvm_intel" : NULL;
}

const char *machine_guest_kvm(struct machine *m, double timeout_s, GError **error)
{
	g_autofree char *cpuinfo = machine_guest_file(m, "/proc/cpuinfo", timeout_s, error);
	const char *module = cpuinfo ? guest_kvm_module(cpuinfo) : NULL;

	if (cpuinfo && !module)
		vtdlab_unfit(error, "the CPU of L1 has neither SVM nor VMX: this host's KVM offers no "
				    "nested virtualisation; use --accel tcg");
	return module;
}
