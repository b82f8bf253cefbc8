/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a hunt varies, and in which order. The first value of each axis is the scenario's own: no setting at all.
 *
 * Most bugs need two values that meet, few need three: each cell is the one of some random ones in which most pairs of
 * values meet that have not met in a cell before. Each kernel gets its turn.
 */
#include "bugs/axes.h"

#include <string.h>

#include "base/text.h"

#define VALUES 8
#define OTHERS 0.3    /* of the draws of an axis take another value than its first */
#define CANDIDATES 40 /* the cell is the best of these */
#define PAIRS 20      /* so often a pair that has not met is looked for */
#define AXES_MAX 32

/* Settings that go together have a ';' between them. */
static const char *const table[][VALUES] = {
	{ "iommu.mode=scalable" },
	{ "iommu.intremap=on" },
	{ "iommu.caching-mode=on" },
	{ "iommu.aw-bits=48" },
	{ "devices.topology=pxb-bridge", "devices.topology=pcie-pci-bridge", "devices.topology=root-port" },
	{ "devices.nic=e1000", "devices.nic=virtio" },
	{ "devices.disk=virtio" },
	{ "devices.dma=nic", "devices.dma=disk" },
	{ "machine.cpus=2" },
	{ "machine.memory=4G" },
	{ "crash.load=kexec-file" },
	{ "crash.trigger=nmi" },
	{ "first.cmdline+=iommu.strict=1", "first.cmdline+=iommu.passthrough=1", "first.cmdline+=intel_iommu=sm_off" },
	{ "crash.cmdline+=iommu.passthrough=1", "crash.cmdline+=iommu.strict=1", "crash.cmdline+=intel_iommu=sm_off",
	  "crash.cmdline+=intel_iommu=off", "crash.cmdline+=iommu.forcedac=1", "crash.cmdline+=intremap=off",
	  "crash.cmdline+=nox2apic" },
};

/* Interrupts in the extended format: only a newer QEMU than the host's 7.2 has them without KVM. */
#define EXTENDED_INTERRUPTS "iommu.intremap=on;machine.qemu-args=-global intel-iommu.eim=on"

struct axes {
	const struct scenario *base;
	GRand *rand;
	GPtrArray *values[AXES_MAX]; /* char *: the settings of each value; "": none. The first axis: the kernels */
	unsigned count;
	GHashTable *met; /* pairs of values that were in a cell */
	unsigned cells;
};

static GPtrArray *add_axis(struct axes *a)
{
	g_assert(a->count < AXES_MAX);
	a->values[a->count] = g_ptr_array_new_with_free_func(g_free);
	return a->values[a->count++];
}

static void add_kernels(struct axes *a, const char *const *kernels)
{
	GPtrArray *first = add_axis(a), *crash = add_axis(a);

	g_ptr_array_add(crash, g_strdup(""));
	for (const char *const *kernel = kernels; *kernel; kernel++) {
		/* in an order that the seed gives */
		g_ptr_array_insert(first, g_rand_int_range(a->rand, 0, (int)first->len + 1),
				   g_strconcat("first.kernel=", *kernel, NULL));
		if (kernels[1])
			g_ptr_array_add(crash, g_strconcat("crash.kernel=", *kernel, NULL));
	}
}

struct axes *axes_new(const struct scenario *base, const char *const *kernels, const char *const *qemus, uint32_t seed)
{
	struct axes *a = g_new0(struct axes, 1);
	GPtrArray *values;

	a->base = base;
	a->rand = g_rand_new_with_seed(seed);
	a->met = g_hash_table_new(NULL, NULL);
	add_kernels(a, kernels);
	values = add_axis(a);
	g_ptr_array_add(values, g_strdup(""));
	for (; *qemus; qemus++) {
		g_ptr_array_add(values, g_strconcat("qemu=", *qemus, NULL));
		g_ptr_array_add(values, g_strconcat("qemu=", *qemus, ";" EXTENDED_INTERRUPTS, NULL));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		values = add_axis(a);
		g_ptr_array_add(values, g_strdup(""));
		for (unsigned v = 0; v < VALUES && table[i][v]; v++)
			g_ptr_array_add(values, g_strdup(table[i][v]));
	}
	return a;
}

void axes_free(struct axes *a)
{
	if (!a)
		return;
	for (unsigned i = 0; i < a->count; i++)
		g_ptr_array_unref(a->values[i]);
	g_hash_table_unref(a->met);
	g_rand_free(a->rand);
	g_free(a);
}

enum { FIRST, CRASH, REST }; /* axes: the kernels of both sides, and all others */

static uint8_t draw_other(struct axes *a, unsigned axis)
{
	unsigned others = a->values[axis]->len - 1;

	return others ? (uint8_t)(1 + g_rand_int_range(a->rand, 0, (int)others)) : 0;
}

static void *pair_of(unsigned i, unsigned j, const uint8_t *choice)
{
	return GUINT_TO_POINTER(i << 24 | j << 16 | (unsigned)choice[i] << 8 | choice[j]);
}

/* At random but for two values, of those that have not met if there are such. */
static void draw(struct axes *a, uint8_t *choice)
{
	unsigned i, j;

	choice[FIRST] = (uint8_t)(a->cells % a->values[0]->len);
	for (i = CRASH; i < a->count; i++)
		choice[i] = g_rand_double(a->rand) < OTHERS ? draw_other(a, i) : 0;
	for (unsigned try = 0; try < PAIRS; try++) {
		i = (unsigned)g_rand_int_range(a->rand, REST, (int)a->count - 1);
		j = (unsigned)g_rand_int_range(a->rand, (int)i + 1, (int)a->count);
		choice[i] = draw_other(a, i);
		choice[j] = draw_other(a, j);
		if (!g_hash_table_contains(a->met, pair_of(i, j, choice)))
			return;
		choice[i] = g_rand_double(a->rand) < OTHERS ? choice[i] : 0;
		choice[j] = g_rand_double(a->rand) < OTHERS ? choice[j] : 0;
	}
}

/*
 * How many pairs of values meet in a cell that have not met so far; with @note they have met from now on. Crash kernels
 * do not count: there are so many that each cell would take another one for the pairs alone.
 */
static unsigned new_pairs(struct axes *a, const uint8_t *choice, bool note)
{
	unsigned pairs = 0;

	for (unsigned i = 0; i < a->count; i++)
		for (unsigned j = MAX(i + 1, REST); i != CRASH && j < a->count; j++) {
			void *pair = pair_of(i, j, choice);

			pairs += !g_hash_table_contains(a->met, pair);
			if (note)
				g_hash_table_add(a->met, pair);
		}
	return pairs;
}

static char **settings_of(const struct axes *a, const uint8_t *choice)
{
	g_autoptr(GPtrArray) settings = g_ptr_array_new();

	for (unsigned i = 0; i < a->count; i++) {
		g_auto(GStrv) each = g_strsplit(a->values[i]->pdata[choice[i]], ";", -1);

		for (char **setting = each; *setting; setting++)
			if (**setting && !g_ptr_array_find_with_equal_func(settings, *setting, g_str_equal, NULL))
				g_ptr_array_add(settings, g_strdup(*setting));
	}
	g_ptr_array_add(settings, NULL);
	return (char **)g_ptr_array_steal(settings, NULL);
}

/* "qemu=NAME" is one of `vtdlab run`, "section.key=value" a key of the scenario. */
static bool is_option(const char *setting)
{
	return !memchr(setting, '.', strcspn(setting, "="));
}

struct scenario *axes_apply(const struct scenario *base, char *const *settings, GError **error)
{
	struct scenario *s = scenario_copy(base);
	bool ok = true;

	for (; ok && *settings; settings++)
		ok = is_option(*settings) || scenario_set(s, *settings, error);
	if (ok && scenario_validate(s, NULL, error))
		return s;
	scenario_free(s);
	return NULL;
}

char **axes_next(struct axes *a)
{
	uint8_t choice[AXES_MAX] = { 0 }, best[AXES_MAX] = { 0 };
	char **settings = NULL;
	unsigned most = 0;

	for (unsigned i = 0; i < CANDIDATES || !settings; i++) {
		unsigned pairs;
		struct scenario *s;
		char **these;

		draw(a, choice);
		pairs = new_pairs(a, choice, false);
		if (settings && pairs <= most)
			continue;
		these = settings_of(a, choice);
		s = axes_apply(a->base, these, NULL);
		if (!s) {
			g_strfreev(these);
			continue;
		}
		scenario_free(s);
		g_strfreev(settings);
		settings = these;
		most = pairs;
		memcpy(best, choice, sizeof(best));
	}
	new_pairs(a, best, true);
	a->cells++;
	return settings;
}

void axes_options(GStrvBuilder *words, char *const *settings)
{
	for (; *settings; settings++) {
		size_t name = strcspn(*settings, "=");
		g_autofree char *option = g_strdup_printf("--%.*s", (int)name, *settings);

		if (is_option(*settings))
			g_strv_builder_add_many(words, option, *settings + name + 1, NULL);
		else
			g_strv_builder_add_many(words, "--set", *settings, NULL);
	}
}

void axes_words(GStrvBuilder *words, const char *scenario, char *const *settings)
{
	g_strv_builder_add_many(words, "run", scenario, NULL);
	axes_options(words, settings);
}

char *axes_command(const char *scenario, char *const *settings)
{
	g_autoptr(GStrvBuilder) words = g_strv_builder_new();

	axes_words(words, scenario, settings);
	g_auto(GStrv) all = g_strv_builder_end(words);

	return text_command(all);
}
