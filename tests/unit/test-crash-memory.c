/* SPDX-License-Identifier: GPL-2.0-only */
/* What memory is the crash kernel's: its reservations, and what it claims and the dead kernel's ELF header leaves it. */
#include "run-fixture.h"

#include <elf.h>

#include "observe/crash-memory.h"

#define HEADER UINT64_C(0x100000)
#define CMA UINT64_C(0x2000000)

#define IOMEM                                 \
	"00000000-00000fff : Reserved\n"      \
	"00001000-0009fbff : System RAM\n"    \
	"00100000-001fffff : System RAM\n"    \
	"  00100000-0012ffff : Kernel code\n" \
	"02000000-02ffffff : System RAM\n"    \
	"03000000-03ffffff : System RAM\n"    \
	"fec00000-fec003ff : IOAPIC 0\n"

/* The dead kernel had all below 1 MiB, and 48 to 64 MiB. */
static void put_header(struct fake_run *f, uint64_t pa)
{
	Elf64_Ehdr head = {
		.e_ident = ELFMAG, .e_phoff = sizeof(head), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 3
	};
	const Elf64_Phdr segs[] = {
		{ .p_type = PT_NOTE, .p_paddr = CMA, .p_memsz = 0x1000 },
		{ .p_type = PT_LOAD, .p_paddr = 0, .p_memsz = 0x100000 },
		{ .p_type = PT_LOAD, .p_paddr = 0x3000000, .p_memsz = 0x1000000 },
	};

	head.e_ident[EI_CLASS] = ELFCLASS64;
	assert_int_equal(machine_write_phys(&f->m, pa, &head, sizeof(head)), 0);
	assert_int_equal(machine_write_phys(&f->m, pa + sizeof(head), segs, sizeof(segs)), 0);
}

static enum evidence_owner owner(struct fake_run *f, uint64_t pa)
{
	return evidence_owner(f->run.at.ev, pa);
}

static int setup(void **state)
{
	struct fake_run *f;

	fake_run_setup(state);
	f = *state;
	put_header(f, HEADER);
	g_free(f->run.at.ev->first_cmdline);
	f->run.at.ev->first_cmdline = g_strdup("crashkernel=256M crashkernel=512M,cma");
	good_crash_cmdline(f->good, "elfcorehdr=0x100000");
	return 0;
}

static void claims_are_owned(void **state)
{
	struct fake_run *f = *state;

	assert_int_equal(owner(f, CRASH_START), OWNER_CRASH);
	assert_int_equal(owner(f, CMA), OWNER_UNKNOWN);
	crash_memory_claims(&f->run.at, IOMEM);
	assert_int_equal(owner(f, CMA), OWNER_CRASH);
	assert_int_equal(owner(f, CMA + 0xffffff), OWNER_CRASH);
	/* what it claims of the dead kernel's, and what it does not claim */
	assert_int_equal(owner(f, 0x3000000), OWNER_OTHER);
	assert_int_equal(owner(f, 0x2000), OWNER_OTHER);
	assert_int_equal(owner(f, CMA - 1), OWNER_OTHER);
}

/* As kexec-tools writes it. */
static void address_with_a_unit(void **state)
{
	struct fake_run *f = *state;

	good_crash_cmdline(f->good, "elfcorehdr=1024K");
	crash_memory_claims(&f->run.at, IOMEM);
	assert_int_equal(owner(f, CMA), OWNER_CRASH);
	good_crash_cmdline(f->good, "elfcorehdr=0x1000@1024K");
	g_array_set_size(f->run.at.ev->crash_ranges, 0);
	crash_memory_claims(&f->run.at, IOMEM);
	assert_int_equal(owner(f, CMA), OWNER_CRASH);
}

/* Claims that nothing bears out are none. */
static void not_believed(void **state)
{
	static const char *const cmdlines[] = { "", "elfcorehdr=0", "elfcorehdr=0x180000",
						"elfcorehdr=0xffffffffffffffff" };
	static const char *const iomems[] = { NULL, "", "zzz\n", "5-1 : System RAM\n" };
	struct fake_run *f = *state;

	for (unsigned i = 0; i < G_N_ELEMENTS(cmdlines); i++) {
		good_crash_cmdline(f->good, cmdlines[i]);
		crash_memory_claims(&f->run.at, IOMEM);
		assert_int_equal(owner(f, CMA), OWNER_UNKNOWN);
	}
	good_crash_cmdline(f->good, "elfcorehdr=0x100000");
	for (unsigned i = 0; i < G_N_ELEMENTS(iomems); i++) {
		crash_memory_claims(&f->run.at, iomems[i]);
		assert_int_equal(owner(f, CMA), OWNER_UNKNOWN);
	}
}

static void too_many_claims(void **state)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct fake_run *f = *state;

	for (unsigned i = 0; i < 300; i++)
		g_string_append_printf(text, "%x-%x : System RAM\n", 0x2000000 + i * 0x2000, 0x2000fff + i * 0x2000);
	crash_memory_claims(&f->run.at, text->str);
	assert_int_equal(owner(f, CMA), OWNER_UNKNOWN);
}

/* crashkernel=,high has a second reservation below 4 GiB. */
static void every_reservation(void **state)
{
	struct fake_run *f = *state;
	g_autoptr(JsonParser) parser = json_parser_new();

	assert_true(json_parser_load_from_data(parser,
					       "{\"ranges\":[{\"start\":\"0x500000\",\"end\":\"0x5fffff\"},"
					       "{\"start\":\"0x800000\",\"end\":\"0x1ffffff\"},"
					       "{\"start\":\"0x900000\",\"end\":\"0x1\"},7],"
					       "\"start\":\"0x800000\",\"end\":\"0x1ffffff\"}",
					       -1, NULL));
	crash_memory_reserved(&f->run.at, json_node_get_object(json_parser_get_root(parser)));
	assert_int_equal(f->run.at.ev->crash_ranges->len, 1);
	assert_int_equal(owner(f, 0x500000), OWNER_CRASH);
	assert_int_equal(owner(f, 0x1ffffff), OWNER_CRASH);
	g_free(f->run.at.ev->first_cmdline);
	f->run.at.ev->first_cmdline = g_strdup("crashkernel=256M,high");
	assert_int_equal(owner(f, CRASH_START), OWNER_OTHER);
}

/* As the kernel picks it: a plain one first. */
static void the_main_reservation(void **state)
{
	static const char *const cases[][2] = {
		{ "quiet", NULL },
		{ "crashkernel=64M,low crashkernel=512M,cma", NULL },
		{ "crashkernel=512M,high", "512M,high" },
		{ "crashkernel=256M crashkernel=512M,high", "256M" },
		{ "crashkernel=256M crashkernel=300M", "300M" },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = plan_crashkernel(cases[i][0]);

		assert_int_equal(g_strcmp0(got, cases[i][1]), 0);
	}
}

/* What was reserved is 1 MiB. */
static void what_took_effect(void **state)
{
	static const char *const same[] = { "quiet", "crashkernel=1M", "crashkernel=1024K,high", "crashkernel=1G-:256M",
					    "crashkernel=1M crashkernel=512M,cma" };
	struct fake_run *f = *state;
	g_autofree char *text = NULL;

	for (unsigned i = 0; i < G_N_ELEMENTS(same); i++) {
		g_free(f->run.at.ev->first_cmdline);
		f->run.at.ev->first_cmdline = g_strdup(same[i]);
		assert_null(crash_memory_difference(f->run.at.ev));
	}
	g_free(f->run.at.ev->first_cmdline);
	f->run.at.ev->first_cmdline = g_strdup("crashkernel=512M,high");
	text = crash_memory_difference(f->run.at.ev);
	assert_string_equal(text, "crashkernel=512M,high was asked for, and 1 MiB are reserved");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, fake_run_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(claims_are_owned), TEST(address_with_a_unit), TEST(not_believed),	    TEST(the_main_reservation),
		TEST(what_took_effect), TEST(too_many_claims),	   TEST(every_reservation),
	};

	return cmocka_run_group_tests_name("crash-memory", tests, NULL, NULL);
}
