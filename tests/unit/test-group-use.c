/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tables say of a device of which nothing but its rings is asked: the NIC of a good run stands for it. */
#include "evidence-fixture.h"

#include "observe/group-use.h"

/* pages of a ring, of which the good run has 4 */
#define RING 256
#define RING_IOVA (NEW_IOVA + UINT64_C(0x100000))
#define RING_PA UINT64_C(0x8000000)

/* As it is when it has come up; settled by the tables. */
static const struct evidence_device *settle(struct good_run *f)
{
	struct evidence_device *dev = good_device(f, NIC);

	dev->works = true;
	g_free(dev->works_detail);
	dev->works_detail = g_strdup("up");
	group_settle(f->ev, dev);
	return dev;
}

static void map(struct good_run *f, uint64_t iova, size_t pages)
{
	good_map(f, AFTER_NIC, NIC, iova, RING_PA, pages);
	good_walk(f, AFTER_NIC, NULL);
}

static void test_enough(void **state)
{
	const struct evidence_device *dev;

	map(*state, RING_IOVA, RING - 4);
	dev = settle(*state);
	assert_true(dev->works);
	assert_string_equal(dev->works_detail, "up, with 256 pages of its own below 4 GiB");
}

static void test_too_few(void **state)
{
	const struct evidence_device *dev;

	map(*state, RING_IOVA, RING - 5);
	dev = settle(*state);
	assert_false(dev->works);
	assert_string_equal(dev->works_detail, "up, with 255 pages of its own below 4 GiB: too few for its rings");
	want(*state, "devices-work", CHECK_FAIL, "255 pages of its own", NULL);
}

/* What a mask of 32 bits does not reach is of no use to it; nor is what the dead kernel had. */
static void test_which_count(void **state)
{
	struct good_run *f = *state;
	const struct evidence_device *dev;

	map(f, UINT64_C(1) << 32, RING);
	dev = settle(f);
	assert_false(dev->works);
	assert_string_equal(dev->works_detail, "up, with 4 pages of its own below 4 GiB: too few for its rings");
	map(f, RING_IOVA, RING);
	good_map(f, AT_PANIC, NIC, RING_IOVA, RING_PA, RING);
	good_walk(f, AT_PANIC, NULL);
	dev = settle(f);
	assert_false(dev->works);
	assert_non_null(strstr(dev->works_detail, "with 4 pages of its own"));
}

/* A kernel that reserves nothing gives an old IOVA to it: a page of its own. */
static void test_given_anew(void **state)
{
	struct good_run *f = *state;
	const struct evidence_device *dev;

	good_map(f, AT_PANIC, NIC, RING_IOVA, RING_PA + RING_PA, RING);
	good_walk(f, AT_PANIC, NULL);
	map(f, RING_IOVA, RING - 4);
	dev = settle(f);
	assert_true(dev->works);
	assert_non_null(strstr(dev->works_detail, "with 256 pages of its own"));
}

/* Tables that nobody has read show nothing, and no IOMMU has none. */
static void test_unknown(void **state)
{
	struct good_run *f = *state;
	const struct evidence_device *dev;

	map(f, RING_IOVA, RING);
	good_no_walk(f, AFTER_NIC);
	dev = settle(f);
	assert_false(dev->works);
	assert_null(dev->works_detail);
	want(f, "devices-work", CHECK_NO_EVIDENCE, NULL);

	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	dev = settle(f);
	assert_true(dev->works);
	assert_string_equal(dev->works_detail, "up");
}

/* With translation off there is nothing to be read: that is no lack of evidence. */
static void test_switched_off(void **state)
{
	struct good_run *f = *state;
	const struct evidence_device *dev;

	good_flip(good_state(f, AFTER_NIC), VTD_REG_GSTS, 1u << 31);
	dev = settle(f);
	assert_true(dev->works);
	assert_string_equal(dev->works_detail, "up");
}

static void test_passed_through(void **state)
{
	const struct evidence_device *dev = settle(*state);

	assert_true(dev->works);
	assert_string_equal(dev->works_detail, "up");
}

/* Of one that did not come up it is known already. */
static void test_dead(void **state)
{
	struct good_run *f = *state;
	struct evidence_device *dev = good_device(f, NIC);

	map(f, RING_IOVA, RING);
	dev->works = false;
	g_free(dev->works_detail);
	dev->works_detail = g_strdup("eth1: up: Cannot allocate memory");
	group_settle(f->ev, dev);
	assert_false(dev->works);
	assert_string_equal(dev->works_detail, "eth1: up: Cannot allocate memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(test_enough),	   LEGACY(test_too_few),
		LEGACY(test_which_count),  LEGACY(test_unknown),
		LEGACY(test_dead),	   LEGACY(test_given_anew),
		LEGACY(test_switched_off), PASS_THROUGH(test_passed_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
