/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Corruptions, on tables in a fake RAM: each changes what it says and nothing else, the check that is named
 * for it fails, and words that stand for none are refused.
 */
#include "evidence-fixture.h"

#include "base/error.h"
#include "corrupt/corrupt.h"

static int write_ram(void *ctx, uint64_t pa, const void *buf, size_t len)
{
	struct iommu_ram *ram = ctx;

	if (pa >= ram->len || len > ram->len - pa)
		return -1;
	memcpy((uint8_t *)ram->base + pa, buf, len);
	return 0;
}

static struct corrupt_target target(struct good_run *f, uint64_t spare)
{
	return (struct corrupt_target){
		.mem = tables_mem(&f->ram[COPIED]),
		.write = write_ram,
		.root = f->new_root,
		.ttm = f->ev->copied.ttm,
		.spare = spare,
		.own = CRASH_START,
	};
}

/* Damages the tables after the copy; the check named in the table of corruptions must fail, in words. */
static void damage(struct good_run *f, const char *what, const char *word)
{
	struct corrupt_target t = target(f, tables_alloc(&f->ram[COPIED], 1));
	g_autoptr(GString) done = g_string_new(NULL);
	const struct corrupt_kind *kind;
	GError *error = NULL;
	int sid;

	kind = corrupt_parse(what, &sid, &error);
	if (!kind || !corrupt_apply(&t, kind, sid, done, &error))
		fail_msg("%s: %s", what, error->message);
	assert_true(done->len > 0);
	assert_null(strchr(done->str, '\n'));
	good_walk(f, COPIED, NULL);
	want(f, kind->check, CHECK_FAIL, word, NULL);
}

/* The tables have nothing of the kind: nothing is written. */
static void impossible(struct good_run *f, const char *what)
{
	struct corrupt_target t = target(f, 0);
	struct tables *ram = &f->ram[COPIED];
	g_autoptr(GString) done = g_string_new("before");
	g_autofree void *before = g_memdup2(ram->bytes, ram->n_pages * 4096);
	g_autoptr(GError) error = NULL;
	const struct corrupt_kind *kind;
	int sid;

	kind = corrupt_parse(what, &sid, NULL);
	assert_non_null(kind);
	assert_false(corrupt_apply(&t, kind, sid, done, &error));
	assert_int_equal(error->code, VTDLAB_ERROR_CANNOT_JUDGE);
	assert_non_null(strstr(error->message, kind->name));
	assert_string_equal(done->str, "before");
	assert_memory_equal(before, ram->bytes, ram->n_pages * 4096);
}

#define ONE(name, what, word)               \
	static void name(void **state)      \
	{                                   \
		damage(*state, what, word); \
	}
ONE(zap_root, "zap-root", "00:")
ONE(zap_context, "zap-context", "00:1f.2")
ONE(zap_named_context, "zap-context 00:02.0", "00:02.0")
ONE(zap_named_in_full, "zap-context 0000:00:02.0", "00:02.0")
ONE(move_context, "move-context 00:01.0", "00:01.0")
ONE(add_context, "add-context", "00:")
ONE(move_half, "move-half 00:01.0", "00:")
ONE(change_did, "change-did 00:02.0", "DID")
ONE(change_width, "change-width 00:02.0", "00:02.0")
ONE(change_type, "change-type 00:02.0", "00:02.0")
ONE(change_root, "change-root 00:02.0", "00:02.0")
ONE(zap_pasid, "zap-pasid 00:02.0", "00:02.0")
ONE(change_pasid_did, "change-pasid-did 00:02.0", "00:02.0")
ONE(change_pasid_type, "change-pasid-type 00:02.0", "00:02.0")
ONE(change_pasid_root, "change-pasid-root 00:02.0", "00:02.0")
ONE(drop_pte, "drop-pte", "00:02.0")
ONE(drop_pte_of_the_nic, "drop-pte 00:01.0", "00:01.0")
ONE(shift_pte, "shift-pte", "00:02.0")
ONE(drop_write, "drop-write", "00:02.0")
ONE(swap_ptes, "swap-ptes", "00:02.0")
ONE(add_mapping, "add-mapping", "00:02.0")
ONE(drop_table, "drop-table", "00:02.0")
ONE(drop_superpage, "drop-superpage", "0x40000000")
ONE(shorten_superpage, "shorten-superpage", "0x401ff000")

ONE(stray_upper, "stray-upper 00:02.0", "00:02.0")
ONE(self_loop, "self-loop 00:02.0", "00:02.0")
ONE(reserved_bit, "reserved-bit 00:02.0", "00:02.0")
ONE(into_own, "into-own 00:02.0", "00:02.0")
ONE(above_width, "above-width 00:02.0", "00:02.0")

/* Every PASID but those of the first table there was is one of 64 entries that mean nothing. */
static void pasid_garbage(void **state)
{
	struct good_run *f = *state;
	struct corrupt_target t = target(f, 0);
	g_autoptr(GString) done = g_string_new(NULL);
	const struct corrupt_kind *kind;
	struct vtd_walk_options limits = { .max_pasids = 1000 };
	int sid;

	kind = corrupt_parse("pasid-garbage 00:02.0", &sid, NULL);
	assert_false(corrupt_apply(&t, kind, sid, done, NULL)); /* there is no room */
	t.room = tables_alloc(&f->ram[COPIED], CORRUPT_ROOM_PAGES);
	assert_true(corrupt_apply(&t, kind, sid, done, NULL));
	assert_non_null(strstr(done->str, "00:02.0: a directory of a million"));
	assert_int_equal(*tables_word(&f->ram[COPIED], t.room + 31 * 4096, 511) & ~UINT64_C(4095), t.room + 32 * 4096);
	good_walk(f, COPIED, &limits);
	assert_true(f->ev->copied.walk->truncated);
	want(f, kind->check, CHECK_NO_EVIDENCE, "the walk met a limit (pasids)", NULL);
}

static void legacy_has_no_pasids(void **state)
{
	impossible(*state, "zap-pasid");
	impossible(*state, "change-pasid-did");
	impossible(*state, "change-pasid-type");
	impossible(*state, "change-pasid-root");
	impossible(*state, "move-half");
	impossible(*state, "pasid-garbage");
	impossible(*state, "drop-irte");
	impossible(*state, "change-irte");
	impossible(*state, "move-irte");
	impossible(*state, "zap-context 05:00.0");
	impossible(*state, "drop-pte 05:00.0");
	/* There is a superpage, but no page to make a table of. */
	impossible(*state, "shorten-superpage");
}

static void scalable_contexts_have_no_did(void **state)
{
	impossible(*state, "change-did");
	impossible(*state, "change-width");
	impossible(*state, "change-type");
}

static void pass_through_has_no_leaves(void **state)
{
	impossible(*state, "drop-pte");
	impossible(*state, "drop-superpage");
	impossible(*state, "change-root");
}

/* Interrupt-remapping entries: in a table of their own, which the fixture does not have. */
static void entries_of_interrupts(void **state)
{
	static const char *const kinds[] = { "drop-irte", "change-irte", "move-irte" };
	struct good_run *f = *state;

	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
		struct corrupt_target t = target(f, 0);
		g_autoptr(GString) done = g_string_new(NULL);
		uint64_t irt = tables_alloc(&f->ram[COPIED], 1);
		int sid;

		t.irta = irt | 7;
		*tables_word(&f->ram[COPIED], irt, 6) = 0x210001;
		*tables_word(&f->ram[COPIED], irt, 7) = 0x40010;
		assert_true(corrupt_apply(&t, corrupt_parse(kinds[i], &sid, NULL), -1, done, NULL));
		assert_non_null(strstr(done->str, "entry 3"));
		if (i == 0)
			assert_int_equal(*tables_word(&f->ram[COPIED], irt, 6), 0);
		else if (i == 1)
			assert_int_equal(*tables_word(&f->ram[COPIED], irt, 6), 0x200001);
		else
			assert_int_equal(*tables_word(&f->ram[COPIED], irt, 8), 0x210001);
	}
}

/* The same seed is the same damage; another is another; nothing but tables is written. */
static void random_words(void **state)
{
	struct good_run *f = *state;
	struct tables *ram = &f->ram[COPIED];
	gsize bytes = ram->n_pages * 4096;
	g_autofree void *good = g_memdup2(ram->bytes, bytes);
	g_autofree char *first = NULL;

	for (unsigned i = 0; i < 40; i++) {
		struct corrupt_target t = target(f, 0);
		g_autoptr(GString) done = g_string_new(NULL);
		int sid = 7;

		t.seed = i < 2 ? 0 : i;
		t.words = 3;
		memcpy(ram->bytes, good, bytes);
		assert_true(corrupt_apply(&t, corrupt_parse("random seed=1 words=3", &sid, NULL), -1, done, NULL));
		assert_int_equal(sid, -1);
		assert_null(strchr(done->str, '\n'));
		if (i == 0)
			first = g_strdup(done->str);
		else
			assert_int_equal(strcmp(first, done->str) == 0, i == 1);
		assert_true(memcmp(ram->bytes, good, bytes) != 0);
		assert_memory_equal(ram->bytes + f->new_root, (char *)good + f->new_root, 4096);
		good_walk(f, COPIED, NULL); /* whatever they hold now, it ends */
	}
}

ONE(overwrite_tables, "overwrite-tables", "mapped only before")

static void parameters(void **state)
{
	static const char *const bad[] = {
		"random 7",	     "random seed=",	       "random seed=x",	 "random words=0",
		"random words=1001", "random seed=1  words=2", "random seed=-1", "random seed=1111111111111111111",
		"random 00:02.0"
	};
	uint64_t seed;
	unsigned words;
	int sid;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;

		assert_null(corrupt_parse(bad[i], &sid, &error));
		assert_int_equal(error->code, VTDLAB_ERROR_USAGE);
		assert_non_null(strstr(error->message, "seed=N"));
	}
	assert_true(corrupt_parameters("random words=9 seed=12", &seed, &words, NULL));
	assert_int_equal(seed, 12);
	assert_int_equal(words, 9);
	assert_non_null(corrupt_parse("random", &sid, NULL));
	assert_null(corrupt_parse("overwrite-tables seed=1", &sid, NULL));
}

/* Without a requester named, one that is in use is damaged only if there is no other. */
static bool all_but_nic(void *data, uint16_t sid)
{
	return sid != *(uint16_t *)data;
}

static void idle_requesters_come_first(void **state)
{
	struct corrupt_target t = target(*state, 0);
	g_autoptr(GString) done = g_string_new(NULL);
	uint16_t nic = NIC, none = 0xffff;
	int sid;

	t.busy = all_but_nic;
	t.busy_data = &nic;
	assert_true(corrupt_apply(&t, corrupt_parse("change-did", &sid, NULL), -1, done, NULL));
	assert_non_null(strstr(done->str, "00:01.0"));
	t.busy_data = &none;
	assert_true(corrupt_apply(&t, corrupt_parse("change-did", &sid, NULL), -1, done, NULL));
	assert_non_null(strstr(done->str, "00:1f.2"));
}

static void words_are_checked(void **state)
{
	static const struct {
		const char *what, *says;
	} bad[] = {
		{ "", "zap-root" },
		{ "zap-contxt", "zap-context" },
		{ "zap-context 1f.2", "1f.2" },
		{ "zap-context 00:20.0", "00:20.0" },
		{ "zap-context 00:02.8", "00:02.8" },
		{ "zap-context 00:02.0 x", "00:02.0 x" },
	};
	int sid;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;

		assert_null(corrupt_parse(bad[i].what, &sid, &error));
		assert_int_equal(error->code, VTDLAB_ERROR_USAGE);
		if (!strstr(error->message, bad[i].says))
			fail_msg("no '%s' in: %s", bad[i].says, error->message);
	}
	assert_non_null(corrupt_parse("zap-context", &sid, NULL));
	assert_int_equal(sid, -1);
	assert_non_null(corrupt_parse("zap-context 01:1f.2", &sid, NULL));
	assert_int_equal(sid, 0x1fa);
	for (const struct corrupt_kind *k = corrupt_kinds; k->name; k++) {
		assert_non_null(check_find(k->check));
		assert_true(strlen(k->help) >= 10);
	}
}

static void a_scenario_names_it(void **state)
{
	struct scenario *s = scenario_new("c");
	GError *error = NULL;

	(void)state;
	assert_true(scenario_set(s, "corrupt.what=shift-pte 00:02.0", NULL));
	assert_true(scenario_set(s, "corrupt.when=after-copy", NULL));
	assert_true(scenario_validate(s, NULL, NULL));
	assert_true(scenario_set(s, "corrupt.what=shift-ptr", NULL));
	assert_false(scenario_validate(s, NULL, &error));
	assert_non_null(strstr(error->message, "shift-pte"));
	g_clear_error(&error);
	assert_true(scenario_set(s, "corrupt.what=shift-pte", NULL));
	assert_true(scenario_set(s, "iommu.mode=off", NULL));
	assert_false(scenario_validate(s, NULL, &error));
	assert_non_null(strstr(error->message, "iommu.mode"));
	g_clear_error(&error);
	scenario_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEGACY(zap_root),
		LEGACY(zap_context),
		LEGACY(zap_named_context),
		LEGACY(zap_named_in_full),
		LEGACY(move_context),
		LEGACY(add_context),
		LEGACY(change_did),
		LEGACY(change_width),
		LEGACY(change_type),
		LEGACY(change_root),
		LEGACY(drop_pte),
		LEGACY(drop_pte_of_the_nic),
		LEGACY(shift_pte),
		LEGACY(drop_write),
		LEGACY(swap_ptes),
		LEGACY(add_mapping),
		LEGACY(drop_table),
		LEGACY(drop_superpage),
		LEGACY(shorten_superpage),
		LEGACY(stray_upper),
		LEGACY(self_loop),
		LEGACY(reserved_bit),
		LEGACY(into_own),
		LEGACY(above_width),
		SCALABLE(stray_upper),
		SCALABLE(self_loop),
		SCALABLE(above_width),
		SCALABLE(pasid_garbage),
		FIRST_LEVEL(stray_upper),
		FIRST_LEVEL(self_loop),
		FIRST_LEVEL(reserved_bit),
		FIRST_LEVEL(into_own),
		LEGACY(legacy_has_no_pasids),
		LEGACY(entries_of_interrupts),
		LEGACY(idle_requesters_come_first),
		SCALABLE(zap_root),
		SCALABLE(zap_context),
		SCALABLE(move_context),
		SCALABLE(add_context),
		SCALABLE(move_half),
		SCALABLE(change_root),
		SCALABLE(zap_pasid),
		SCALABLE(change_pasid_did),
		SCALABLE(change_pasid_type),
		SCALABLE(change_pasid_root),
		SCALABLE(drop_pte),
		SCALABLE(shift_pte),
		SCALABLE(scalable_contexts_have_no_did),
		FIRST_LEVEL(change_pasid_root),
		FIRST_LEVEL(change_pasid_type),
		FIRST_LEVEL(drop_pte),
		FIRST_LEVEL(shift_pte),
		FIRST_LEVEL(drop_write),
		FIRST_LEVEL(swap_ptes),
		FIRST_LEVEL(add_mapping),
		FIRST_LEVEL(drop_table),
		FIRST_LEVEL(drop_superpage),
		FIRST_LEVEL(shorten_superpage),
		PASS_THROUGH(zap_context),
		PASS_THROUGH(change_did),
		PASS_THROUGH(change_type),
		PASS_THROUGH(pass_through_has_no_leaves),
		LEGACY(random_words),
		SCALABLE(random_words),
		FIRST_LEVEL(random_words),
		LEGACY(overwrite_tables),
		SCALABLE(overwrite_tables),
		FIRST_LEVEL(overwrite_tables),
		cmocka_unit_test(parameters),
		cmocka_unit_test(words_are_checked),
		cmocka_unit_test(a_scenario_names_it),
	};

	return cmocka_run_group_tests_name("corrupt", tests, NULL, NULL);
}
