/* SPDX-License-Identifier: GPL-2.0-only */
/* What is added to QEMU's arguments and to the kernels' command lines. */
#include "prepare/options.h"

#include <string.h>

#include "evidence/kprobe-trace.h"
#include "prepare/plan.h"

bool plan_foreign(const struct plan *plan)
{
	return *plan->scenario->crash.initrd != '\0';
}

bool probes_wanted(const struct plan *plan)
{
	return !plan->options->no_probes && plan->scenario->iommu.mode != MACHINE_IOMMU_OFF;
}

const char *probes_cmdline(const struct plan *plan, const struct kernel *kernel)
{
	return probes_wanted(plan) ? probe_parameters(kernel_builtin(kernel, "INTEL_IOMMU_KDUMP")) : "";
}

char **foreign_disk(const char *image, char **args)
{
	const char *end = g_str_has_suffix(image, ".cpio") ? strrchr(image, '.') : image + strlen(image);
	g_autofree char *disk = g_strdup_printf("%.*s.disk", (int)(end - image), image);
	g_auto(GStrv) parts = g_strsplit(disk, ",", -1); /* QEMU wants a comma twice */
	g_autofree char *quoted = g_strjoinv(",,", parts);
	guint n = args ? g_strv_length(args) : 0;

	if (!g_file_test(disk, G_FILE_TEST_EXISTS))
		return args;
	args = g_renew(char *, args, n + 5);
	args[n] = g_strdup("-drive");
	args[n + 1] = g_strdup_printf("if=none,id=root0,format=raw,snapshot=on,file=%s", quoted);
	args[n + 2] = g_strdup("-device");
	args[n + 3] = g_strdup("ide-hd,drive=root0,bus=ide.0");
	args[n + 4] = NULL;
	return args;
}
