/* SPDX-License-Identifier: GPL-2.0-only */
/* What a hunt varies. The first value of each axis is the scenario's own: no setting at all. */
#include "bugs/axes.h"

#include <string.h>

#define VALUES 6
#define OTHERS 0.3 /* of the draws of an axis take another value than its first */

static const char *const axes[][VALUES] = {
	{ "iommu.mode=scalable" },
	{ "iommu.intremap=on" },
	{ "iommu.caching-mode=on" },
	{ "iommu.aw-bits=48" },
	{ "devices.topology=pxb-bridge", "devices.topology=pcie-pci-bridge" },
	{ "devices.nic=e1000", "devices.nic=virtio" },
	{ "devices.dma=nic", "devices.dma=disk" },
	{ "machine.cpus=2" },
	{ "machine.memory=4G" },
	{ "crash.load=kexec-file" },
	{ "crash.trigger=nmi" },
	{ "first.cmdline+=iommu.strict=1", "first.cmdline+=iommu.passthrough=1", "first.cmdline+=intel_iommu=sm_off" },
	{ "crash.cmdline+=iommu.passthrough=1", "crash.cmdline+=iommu.strict=1", "crash.cmdline+=intel_iommu=sm_off",
	  "crash.cmdline+=intel_iommu=off", "crash.cmdline+=iommu.forcedac=1" },
};

static void add(GPtrArray *settings, const char *format, const char *value)
{
	g_ptr_array_add(settings, g_strdup_printf(format, value));
}

static unsigned count(const char *const *list)
{
	return g_strv_length((char **)list);
}

static char **draw(GRand *rand, const char *const *kernels, const char *const *qemus)
{
	g_autoptr(GPtrArray) settings = g_ptr_array_new();
	unsigned n = count(kernels), q = count(qemus);

	add(settings, "first.kernel=%s", kernels[g_rand_int_range(rand, 0, (int)n)]);
	if (n > 1 && g_rand_double(rand) < OTHERS)
		add(settings, "crash.kernel=%s", kernels[g_rand_int_range(rand, 0, (int)n)]);
	if (q && g_rand_double(rand) < OTHERS)
		add(settings, "qemu=%s", qemus[g_rand_int_range(rand, 0, (int)q)]);
	for (size_t i = 0; i < G_N_ELEMENTS(axes); i++) {
		bool other = g_rand_double(rand) < OTHERS;
		double which = g_rand_double(rand);
		unsigned values = 0;

		while (values < VALUES && axes[i][values])
			values++;
		if (other)
			add(settings, "%s", axes[i][(unsigned)(which * values)]);
	}
	g_ptr_array_add(settings, NULL);
	return (char **)g_ptr_array_steal(settings, NULL);
}

struct scenario *axes_apply(const struct scenario *base, char *const *settings)
{
	struct scenario *s = scenario_copy(base);
	bool ok = true;

	for (; ok && *settings; settings++)
		ok = g_str_has_prefix(*settings, "qemu=") || scenario_set(s, *settings, NULL);
	if (ok && scenario_validate(s, NULL, NULL))
		return s;
	scenario_free(s);
	return NULL;
}

char **axes_cell(const struct scenario *base, const char *const *kernels, const char *const *qemus, uint32_t seed,
		 uint32_t number)
{
	const guint32 seeds[] = { seed, number };
	GRand *rand = g_rand_new_with_seed_array(seeds, G_N_ELEMENTS(seeds));

	for (;;) {
		char **settings = draw(rand, kernels, qemus);
		struct scenario *s = axes_apply(base, settings);

		scenario_free(s);
		if (s) {
			g_rand_free(rand);
			return settings;
		}
		g_strfreev(settings);
	}
}

void axes_words(GStrvBuilder *words, const struct scenario *base, char *const *settings)
{
	g_strv_builder_add_many(words, "run", base->name, NULL);
	for (; *settings; settings++) {
		bool qemu = g_str_has_prefix(*settings, "qemu=");

		g_strv_builder_add_many(words, qemu ? "--qemu" : "--set", *settings + (qemu ? strlen("qemu=") : 0),
					NULL);
	}
}

char *axes_command(const struct scenario *base, char *const *settings)
{
	g_autoptr(GStrvBuilder) words = g_strv_builder_new();
	GString *line = g_string_new("vtdlab");

	axes_words(words, base, settings);
	g_auto(GStrv) all = g_strv_builder_end(words);

	for (char **word = all; *word; word++) {
		g_autofree char *quoted = strpbrk(*word, " ;*?'\"$") ? g_shell_quote(*word) : g_strdup(*word);

		g_string_append_printf(line, " %s", quoted);
	}
	return g_string_free(line, FALSE);
}
