/* SPDX-License-Identifier: GPL-2.0-only */
/* What the crash kernel says on its console: kernel-patches/src/kdump_log.c, the very file that the kernel builds. */
#include "kdump-test.h"
#include "kernel.h"
#include "said.h"

#include "kdump_log.c"

struct kdump intel_kdump;
const char *const intel_kdump_modes[] = { "off", "log", "reserve", "deep" };

static unsigned count(const char *what)
{
	unsigned n = 0;

	for (const char *at = said; (at = strstr(at, what)); at++)
		n++;
	return n;
}

#define ENTRIES 5000u
#define SECRET 0xabcd000ull

struct rig {
	struct intel_iommu iommu;
	struct kdump_unit unit;
	struct kdc_range range;
	struct kdc_tree tree;
	struct kdump_entry entries[ENTRIES];
};

/* A unit with @n entries of which all from @good on were refused. */
static struct rig *rig_new(unsigned log_lines, unsigned n, unsigned good)
{
	struct rig *r = calloc(1, sizeof(*r));

	memset(&intel_kdump, 0, sizeof(intel_kdump));
	INIT_LIST_HEAD(&intel_kdump.units);
	intel_kdump.mode = KDUMP_DEEP;
	intel_kdump.log_lines = log_lines;
	INIT_LIST_HEAD(&r->unit.entries);
	r->unit.iommu = &r->iommu;
	r->unit.nr_entries = n;
	r->range = (struct kdc_range){ 1, 2 };
	r->tree = (struct kdc_tree){
		.old_root = SECRET, .new_root = SECRET, .ranges = &r->range, .nr_ranges = 1, .users = 1
	};
	list_add_tail(&r->unit.list, &intel_kdump.units);
	for (unsigned i = 0; i < n; i++) {
		struct kdump_entry *e = &r->entries[i];

		*e = (struct kdump_entry){ .unit = &r->unit, .sid = 0x28, .pasid = i, .no_pasid = !i };
		e->e = (struct kdc_entry){ .kind = i < good ? KDC_TREE : KDC_REFUSED, .levels = 4, .root = SECRET };
		if (i < good) {
			e->tree = &r->tree;
			e->deep = true;
		} else {
			e->why = "reserved bits";
			e->where = SECRET;
		}
		list_add_tail(&e->list, &r->unit.entries);
	}
	*said = '\0';
	assert_int_equal(at_rootfs(), 0);
	return r;
}

/* A boot that nobody watches: what went wrong in 16 lines, how much more there is, and no address of memory. */
static void few_words_by_default(void **state)
{
	struct rig *r = rig_new(0, 100, 10);

	(void)state;
	assert_int_equal(count("refused unit=0 dev=00:05.0 pasid="), 16);
	assert_int_equal(count("entries unit=0 shown=16 of=90\n"), 1);
	assert_int_equal(count("ctx "), 0);
	assert_int_equal(count("range "), 0);
	assert_int_equal(count("abcd000"), 0);
	assert_int_equal(count("copy unit=0 err=0 "), 1);
	assert_int_equal(count("\n"), 18);
	free(r);
	r = rig_new(0, 16, 0);
	assert_int_equal(count("refused "), 16);
	assert_int_equal(count("entries "), 0);
	free(r);
}

/* Whoever asks for the log gets all of it, up to what a console bears. */
static void all_when_asked(void **state)
{
	struct rig *r = rig_new(64, 100, 10);

	(void)state;
	assert_int_equal(count("refused unit=0 dev=00:05.0 pasid="), 90);
	assert_int_equal(count("where=0xabcd000"), 90);
	assert_int_equal(count("old_root=0xabcd000 new_root=0xabcd000"), 10);
	assert_int_equal(count("range unit=0 dev=00:05.0 pasid=0 first=0x1000 last=0x2fff\n"), 1);
	assert_int_equal(count("entries "), 0);
	free(r);
	r = rig_new(64, ENTRIES, 1);
	/* that of requests without a PASID first, and its range */
	assert_int_equal(count("\n"), 4096 + 2);
	assert_int_equal(count("ctx "), 1);
	assert_int_equal(count("entries unit=0 shown=4095 of=5000\n"), 1);
	free(r);
}

static void lost_entries_are_told(void **state)
{
	struct rig *r = rig_new(0, 1, 1);

	(void)state;
	assert_int_equal(count("short"), 0);
	r->unit.lost = 3;
	assert_int_equal(at_rootfs(), 0);
	assert_int_equal(count("short unit=0 entries=3\n"), 1);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_words_by_default),
		cmocka_unit_test(all_when_asked),
		cmocka_unit_test(lost_entries_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
