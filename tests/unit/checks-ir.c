/* SPDX-License-Identifier: GPL-2.0-only */
/* The check `irte-equal`. */
#include "evidence-fixture.h"

#define IRTE "irte-equal"

static void named(void **state)
{
	good_intremap(*state);
	want(*state, IRTE, CHECK_PASS, "8 of 8 entries", "1 new in free slots", NULL);
	want(*state, "mode-in-effect", CHECK_PASS, "IR on", NULL);
	want(*state, "old-tables-unchanged", CHECK_PASS, NULL);
}

static void no_intremap(void **state)
{
	struct good_run *f = *state;

	want(f, IRTE, CHECK_SKIP, "no interrupt remapping", NULL);
	f->sc->iommu.mode = MACHINE_IOMMU_OFF;
	want(f, IRTE, CHECK_SKIP, "no IOMMU", NULL);
}

static void no_tables(void **state)
{
	struct good_run *f = *state;
	const struct vtd_walk_options limits = { .max_visits = 2 };

	good_intremap(f);
	good_walk(f, COPIED, &limits);
	want(f, IRTE, CHECK_NO_EVIDENCE, "limit", NULL);
	good_no_walk(f, COPIED);
	want(f, IRTE, CHECK_NO_EVIDENCE, "after the copy", NULL);
	good_no_walk(f, AT_PANIC);
	want(f, IRTE, CHECK_NO_EVIDENCE, "at the panic", NULL);
}

static void no_entries(void **state)
{
	struct good_run *f = *state;

	good_intremap(f);
	memset(good_irte(f, AT_PANIC, 0), 0, 4096);
	good_walk(f, AT_PANIC, NULL);
	want(f, IRTE, CHECK_NO_EVIDENCE, "no interrupt-remapping entry", NULL);
}

static void was_off(void **state)
{
	struct good_run *f = *state;

	f->sc->iommu.intremap = true;
	want(f, IRTE, CHECK_NO_EVIDENCE, "off at the panic", NULL);
}

static void is_off(void **state)
{
	struct good_run *f = *state;

	good_intremap(f);
	vtd_regs_set32(f->raw[COPIED], VTD_REG_GSTS, 1u << 31 | 1u << 30 | 1u << 26);
	good_regs(f, COPIED);
	good_walk(f, COPIED, NULL);
	want(f, IRTE, CHECK_FAIL, "off after the copy", NULL);
	want_outcome(f, "copy-wrong", 1);
}

static void changed(void **state)
{
	struct good_run *f = *state;

	good_intremap(f);
	good_irte(f, COPIED, 6)[0] ^= 0x100;
	good_walk(f, COPIED, NULL);
	want(f, IRTE, CHECK_FAIL, "1 difference: irte 6:", "became", NULL);
	want_outcome(f, "copy-wrong", 1);
}

static void other_source(void **state)
{
	struct good_run *f = *state;

	good_intremap(f);
	good_irte(f, COPIED, 6)[1] ^= 1;
	good_walk(f, COPIED, NULL);
	want(f, IRTE, CHECK_FAIL, "1 difference: irte 6:", NULL);
}

static void missing(void **state)
{
	struct good_run *f = *state;

	good_intremap(f);
	good_irte(f, COPIED, 3)[0] = 0;
	good_walk(f, COPIED, NULL);
	want(f, IRTE, CHECK_FAIL, "1 difference: irte 3:", "only before", NULL);
}

static void moved(void **state)
{
	struct good_run *f = *state;
	uint64_t *entry;

	good_intremap(f);
	entry = good_irte(f, COPIED, 3);
	memcpy(entry + 2, entry, 16);
	memset(entry, 0, 16);
	good_walk(f, COPIED, NULL);
	want(f, IRTE, CHECK_FAIL, "irte 3:", NULL);
}

static void eime(void **state)
{
	struct good_run *f = *state;

	good_intremap(f);
	vtd_regs_set64(f->raw[COPIED], VTD_REG_IRTA, vtd_regs_get64(f->raw[COPIED], VTD_REG_IRTA) | VTD_IRTA_EIME);
	good_regs(f, COPIED);
	good_walk(f, COPIED, NULL);
	want(f, IRTE, CHECK_FAIL, "1 difference", "extended interrupt mode", NULL);
}

/* A smaller table cannot hold the entries at the far end. */
static void smaller(void **state)
{
	struct good_run *f = *state;

	good_intremap(f);
	vtd_regs_set64(f->raw[COPIED], VTD_REG_IRTA, (vtd_regs_get64(f->raw[COPIED], VTD_REG_IRTA) & ~UINT64_C(7)) | 3);
	good_regs(f, COPIED);
	good_walk(f, COPIED, NULL);
	want(f, IRTE, CHECK_FAIL, "2 differences: irte 18:", NULL);
}

/* intremap=off in the crash kernel: the table is the old one, and so equal to it at all times. */
static void not_taken_over(void **state)
{
	struct good_run *f = *state;
	const enum good_stage stages[] = { COPIED, AT_END };

	good_intremap(f);
	for (unsigned i = 0; i < G_N_ELEMENTS(stages); i++) {
		vtd_regs_set64(f->raw[stages[i]], VTD_REG_IRTA, vtd_regs_get64(f->raw[AT_PANIC], VTD_REG_IRTA));
		good_regs(f, stages[i]);
		good_walk(f, stages[i], NULL);
		want(f, IRTE, i ? CHECK_FAIL : CHECK_NO_EVIDENCE, "dead kernel's table", NULL);
	}
	want(f, IRTE, CHECK_FAIL, "never taken over", NULL);
	want_outcome(f, "not-taken-over", 1);
	good_flip(&f->ev->end, VTD_REG_GSTS, 1u << 25);
	want(f, IRTE, CHECK_NO_EVIDENCE, "not known", NULL);
}

int checks_ir_tests(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(named),	 SCALABLE(named), LEGACY(no_intremap), LEGACY(no_tables),      LEGACY(no_entries),
		LEGACY(was_off), LEGACY(is_off),  LEGACY(changed),     LEGACY(other_source),   LEGACY(missing),
		LEGACY(moved),	 LEGACY(eime),	  LEGACY(smaller),     LEGACY(not_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
