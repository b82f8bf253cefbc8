/* SPDX-License-Identifier: GPL-2.0-only */
/* Flat images: what is made of a bzImage and its vmlinux, what is refused, and what becomes of one that kexec refuses. */
#include "fake-agent.h"

#include <elf.h>

#include "base/files.h"
#include "base/paths.h"
#include "prepare/flat.h"

#define SETUP (5 * 512)
#define GAP (2u << 20)
#define LOW UINT64_C(0x1000000)
#define TEXT 0x2000 /* offsets in the file, bytes */
#define TEXT_SIZE 0x180
#define DATA 0x3000
#define DATA_SIZE 0x1000
#define DATA_USED 0x21
#define DATA_MEMORY 0x300000
#define ENTRY 0x123

struct images {
	uint8_t bzimage[SETUP + 64];
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr segs[3];
		uint8_t rest[DATA + DATA_SIZE];
	} elf;
};

static void put(uint8_t *p, uint64_t v, unsigned bytes)
{
	memcpy(p, &v, bytes);
}

static uint64_t get(const uint8_t *p, unsigned bytes)
{
	uint64_t v = 0;

	memcpy(&v, p, bytes);
	return v;
}

/* As Debian's: two segments and a note; .bss is in the file as zeros. */
static struct images *images_new(void)
{
	struct images *i = g_new0(struct images, 1);
	uint8_t *elf = (uint8_t *)&i->elf;

	i->bzimage[0] = 'M';
	i->bzimage[0x1f1] = SETUP / 512 - 1;
	memcpy(i->bzimage + 0x202, "HdrS", 4);
	put(i->bzimage + 0x206, 0x20f, 2);
	put(i->bzimage + 0x230, 0x1000000, 4);
	i->bzimage[0x234] = 1;
	i->bzimage[0x236] = 0x7f;
	put(i->bzimage + 0x248, 1234, 4);
	i->bzimage[SETUP - 1] = 0x5a;
	memcpy(i->elf.head.e_ident, ELFMAG, SELFMAG);
	i->elf.head.e_ident[EI_CLASS] = ELFCLASS64;
	i->elf.head.e_machine = EM_X86_64;
	i->elf.head.e_entry = LOW + ENTRY;
	i->elf.head.e_phoff = sizeof(Elf64_Ehdr);
	i->elf.head.e_phentsize = sizeof(Elf64_Phdr);
	i->elf.head.e_phnum = 3;
	i->elf.segs[0] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_offset = TEXT, .p_paddr = LOW, .p_filesz = TEXT_SIZE, .p_memsz = TEXT_SIZE
	};
	i->elf.segs[1] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = TEXT, .p_filesz = 8, .p_memsz = 8 };
	i->elf.segs[2] = (Elf64_Phdr){ .p_type = PT_LOAD,
				       .p_offset = DATA,
				       .p_paddr = LOW + 0x400,
				       .p_filesz = DATA_SIZE,
				       .p_memsz = DATA_MEMORY };
	memset(elf + TEXT, 0xaa, TEXT_SIZE);
	memset(elf + DATA, 0xbb, DATA_USED);
	return i;
}

static GBytes *flat_of(const struct images *i, size_t bzimage, size_t elf, const char **why)
{
	/* exactly as large as that: the sanitizer sees what is read behind it */
	g_autoptr(GBytes) a = g_bytes_new(i->bzimage, bzimage), b = g_bytes_new(&i->elf, elf);

	return flat_image(a, b, why);
}

static GBytes *flat(const struct images *i, const char **why)
{
	return flat_of(i, sizeof(i->bzimage), sizeof(i->elf), why);
}

static void is_laid_out(void **state)
{
	g_autofree struct images *i = images_new();
	const char *why;
	g_autoptr(GBytes) made = flat(i, &why);
	const uint8_t *p, *kernel;
	size_t size;

	(void)state;
	assert_null(why);
	p = g_bytes_get_data(made, &size);
	kernel = p + SETUP + GAP;
	/* the zeros at the end are left out, but to 16 bytes, and so the memory behind is asked for */
	assert_int_equal(size, SETUP + GAP + 0x400 + ((DATA_USED + 15) & ~15));
	assert_int_equal(get(p + 0x1f4, 4) * 16, size - SETUP);
	assert_int_equal(get(p + 0x260, 4), (GAP + 0x400 + DATA_MEMORY + 4095) & ~4095u);
	assert_int_equal(get(p + 0x230, 4), GAP);
	assert_int_equal(1u << p[0x235], GAP);
	assert_int_equal(get(p + 0x258, 8), LOW - GAP);
	/* no payload, no EFI entries, no PE file that anybody signed */
	assert_int_equal(get(p + 0x248, 8), 0);
	assert_int_equal(p[0x236], 0x73);
	assert_int_equal(p[0], 0);
	/* the rest of the setup part is the distribution's */
	assert_memory_equal(p + 0x202, "HdrS", 4);
	assert_int_equal(p[SETUP - 1], 0x5a);
	assert_int_equal(kernel[0], 0xaa);
	assert_int_equal(kernel[TEXT_SIZE - 1], 0xaa);
	assert_int_equal(kernel[TEXT_SIZE], 0);
	assert_int_equal(kernel[0x400], 0xbb);
	assert_int_equal(kernel[0x400 + DATA_USED - 1], 0xbb);
}

/* The code at the entry, decoded as far as it counts: what it looks at, and where it goes on. */
static void waits_at_its_entry(void **state)
{
	g_autofree struct images *i = images_new();
	const char *why;
	g_autoptr(GBytes) made = flat(i, &why);
	const uint8_t *p = (const uint8_t *)g_bytes_get_data(made, NULL) + SETUP, *code = p + 0x200;
	const uint8_t *gate = p + FLAT_GATE + sizeof(FLAT_GATE_MAGIC);

	(void)state;
	assert_string_equal((const char *)p + FLAT_GATE, FLAT_GATE_MAGIC);
	assert_int_equal(*gate, 0);
	assert_ptr_equal(code + 9 + (int32_t)get(code + 4, 4), gate);
	assert_ptr_equal(code + 11 + (int8_t)code[10], code);
	assert_ptr_equal(code + 18 + (int32_t)get(code + 14, 4), p + GAP + ENTRY);
}

static void assert_refused(const struct images *i, const char *reason)
{
	const char *why;

	assert_null(flat(i, &why));
	assert_non_null(strstr(why, reason));
}

#define REFUSED(reason, change)                                               \
	do {                                                                  \
		g_autofree struct images *i = images_new();                   \
		Elf64_Phdr *first = &i->elf.segs[0], *last = &i->elf.segs[2]; \
                                                                              \
		(void)first, (void)last;                                      \
		change;                                                       \
		assert_refused(i, reason);                                    \
	} while (0)

static void what_is_no_bzimage_is_refused(void **state)
{
	(void)state;
	REFUSED("no bzImage", i->bzimage[0x202] = 'h');
	REFUSED("no bzImage", put(i->bzimage + 0x206, 0x20b, 2));
	REFUSED("no bzImage", i->bzimage[0x234] = 0);
	REFUSED("no bzImage", i->bzimage[0x236] = 2);
	REFUSED("no bzImage", i->bzimage[0x1f1] = 0xff);
	REFUSED("no bzImage", i->bzimage[0x1f1] = 5);
}

static void what_is_no_kernel_is_refused(void **state)
{
	(void)state;
	REFUSED("no x86-64 ELF", i->elf.head.e_ident[0] = 0);
	REFUSED("no x86-64 ELF", i->elf.head.e_ident[EI_CLASS] = ELFCLASS32);
	REFUSED("no x86-64 ELF", i->elf.head.e_machine = EM_386);
	REFUSED("no x86-64 ELF", i->elf.head.e_phentsize = 8);
	REFUSED("cut short", i->elf.head.e_phoff = UINT64_MAX);
	REFUSED("cut short", i->elf.head.e_phnum = 0xffff);
	REFUSED("cut short", last->p_offset = UINT64_MAX - 8);
	REFUSED("cut short", last->p_filesz = UINT64_MAX);
	REFUSED("laid out", last->p_memsz = DATA_SIZE - 1);
	REFUSED("laid out", last->p_memsz = UINT64_MAX);
	REFUSED("laid out", last->p_memsz = UINT64_C(1) << 30);
	REFUSED("laid out", last->p_paddr = UINT64_MAX - 0x1000);
	REFUSED("laid out", last->p_paddr = LOW + TEXT_SIZE - 1);
	REFUSED("laid out", last->p_paddr = 0);
	REFUSED("laid out", first->p_paddr = UINT64_MAX & ~UINT64_C(0x1fffff));
	REFUSED("begin", first->p_paddr = LOW - 4096);
	REFUSED("begin", first->p_paddr = 0);
	REFUSED("begin", i->elf.head.e_entry = LOW - 1);
	REFUSED("begin", i->elf.head.e_entry = UINT64_C(0xffffffff81000123));
	REFUSED("begin", first->p_type = last->p_type = PT_NOTE);
}

/* Whatever is missing: at each length an image that was cut there, or a reason. */
static void cut_short_anywhere(void **state)
{
	g_autofree struct images *i = images_new();
	const char *why;

	(void)state;
	for (size_t len = 0; len < SETUP; len += len < 700 ? 1 : 97)
		assert_null(flat_of(i, len, sizeof(i->elf), &why));
	for (size_t len = 0; len < DATA + DATA_SIZE; len += len < 400 ? 1 : 997)
		assert_null(flat_of(i, sizeof(i->bzimage), len, &why));
}

static void any_byte_may_be_wrong(void **state)
{
	g_autofree struct images *i = images_new();
	uint8_t *head = (uint8_t *)&i->elf;
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);

	(void)state;
	for (int n = 0; n < 2000; n++) {
		bool elf = n & 1;
		uint8_t *at = elf ? head + g_rand_int_range(rand, 0, sizeof(i->elf.head) + sizeof(i->elf.segs)) :
				    i->bzimage + g_rand_int_range(rand, 0, SETUP);
		const char *why;
		uint8_t was = *at;
		GBytes *made;

		*at = (uint8_t)g_rand_int(rand);
		made = flat(i, &why);
		assert_true(!made == !!why);
		g_clear_pointer(&made, g_bytes_unref);
		*at = was;
	}
}

/* ---- the file in the cache ---- */

static char *write_file(const char *dir, const char *name, const void *data, size_t size)
{
	char *path = g_build_filename(dir, name, NULL);

	assert_true(g_file_set_contents(path, data, (gssize)size, NULL));
	return path;
}

static void is_made_once_and_again_when_touched(void **state)
{
	g_autofree struct images *i = images_new();
	char *dir = test_dir();
	struct kernel k = { .dir = (char *)"/kernels/6.1.0-test_1",
			    .bzimage = write_file(dir, "bzImage", i->bzimage, sizeof(i->bzimage)),
			    .vmlinux = write_file(dir, "vmlinux", &i->elf, sizeof(i->elf)) };
	g_autofree char *why = NULL, *path = kernel_flat(&k, &why), *again = NULL, *there = NULL;
	struct stat first, second;
	gsize size;
	int fd;

	(void)state;
	assert_null(why);
	assert_true(g_str_has_prefix(path, lab_cache_dir()) && g_str_has_suffix(path, "/flat/6.1.0-test_1"));
	assert_int_equal(stat(path, &first), 0);
	again = kernel_flat(&k, &why);
	assert_string_equal(again, path);
	assert_int_equal(stat(path, &second), 0);
	assert_int_equal(first.st_ino, second.st_ino);
	/* damaged in place, with its old times and size: the inode was changed */
	assert_int_equal(stat(path, &second), 0);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "damage", 6, 4096), 6);
	assert_int_equal(futimens(fd, (struct timespec[]){ second.st_atim, second.st_mtim }), 0);
	close(fd);
	g_free(again);
	again = kernel_flat(&k, &why);
	assert_true(g_file_get_contents(path, &there, &size, NULL));
	assert_int_equal(size, first.st_size);
	assert_memory_not_equal(there + 4096, "damage", 6);

	i->elf.head.e_machine = EM_386;
	g_free(k.vmlinux);
	k.vmlinux = write_file(dir, "vmlinux", &i->elf, sizeof(i->elf));
	assert_null(kernel_flat(&k, &why));
	assert_non_null(strstr(why, "no x86-64 ELF"));
	g_clear_pointer(&why, g_free);
	g_clear_pointer(&k.vmlinux, g_free);
	assert_null(kernel_flat(&k, &why));
	assert_string_equal(why, "it is built without CONFIG_PVH");
	g_clear_pointer(&why, g_free);
	g_clear_pointer(&k.bzimage, g_free);
	assert_null(kernel_flat(&k, &why));
	assert_string_equal(why, "no bzImage of it was given");
	test_dir_remove(dir);
}

/* ---- kexec ---- */

struct loads {
	const char *flat, *shipped; /* the agent's answers */
	unsigned asked;
};

static void obey(struct fake_agent *a, const char *cmd, JsonObject *request)
{
	struct loads *l = a->data;

	if (strcmp(cmd, "crash-range") == 0) {
		fake_agent_say(a, "\"ok\":true,\"start\":\"0x1000000\",\"end\":\"0x1ffffff\"");
		return;
	}
	l->asked++;
	fake_agent_say(a, json_object_get_boolean_member(request, "flat") ? l->flat : l->shipped);
}

#define YES "\"ok\":true,\"loaded\":true"
#define NO "\"ok\":false,\"error\":\"kexec loaded no crash kernel (status 255): Required key not available\""

static bool load(struct loads *l, const char *flat_path, const char *not_flat, char **notes)
{
	struct fake_agent *a = fake_agent_new(obey, l);
	struct run *run = &a->fake->run;
	g_autoptr(GError) error = NULL;
	bool loaded, was_flat;

	a->fake->plan.crash_flat = (char *)flat_path;
	a->fake->plan.not_flat = (char *)not_flat;
	a->fake->plan.crash_cmdline = (char *)"";
	loaded = kexec_load(run, &error);
	g_ptr_array_add(run->report->notes, NULL);
	*notes = g_strjoinv("\n", (char **)run->report->notes->pdata);
	g_ptr_array_set_size(run->report->notes, 0);
	was_flat = run->flat;
	assert_true(loaded || error);
	fake_agent_free(a);
	return loaded && was_flat;
}

static void a_refusal_is_told(void **state)
{
	struct loads l = { YES, YES, 0 };
	g_autofree char *notes = NULL;

	(void)state;
	assert_true(load(&l, "/flat", NULL, &notes));
	assert_string_equal(notes, "");
	assert_int_equal(l.asked, 1);
	g_free(notes);

	l = (struct loads){ NO, YES, 0 };
	assert_false(load(&l, "/flat", NULL, &notes));
	assert_int_equal(l.asked, 2);
	assert_non_null(strstr(notes, "loaded as shipped, not flat"));
	assert_non_null(strstr(notes, "Required key not available"));
	g_free(notes);

	/* no image: asked once, and the reason is told */
	l = (struct loads){ YES, YES, 0 };
	assert_false(load(&l, NULL, "it is built without CONFIG_PVH", &notes));
	assert_int_equal(l.asked, 1);
	assert_non_null(strstr(notes, "not flat: it is built without CONFIG_PVH"));
	g_free(notes);

	/* neither: no reason of the flat image's is left standing */
	l = (struct loads){ NO, NO, 0 };
	assert_false(load(&l, "/flat", NULL, &notes));
	assert_string_equal(notes, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_laid_out),
		cmocka_unit_test(waits_at_its_entry),
		cmocka_unit_test(what_is_no_bzimage_is_refused),
		cmocka_unit_test(what_is_no_kernel_is_refused),
		cmocka_unit_test(cut_short_anywhere),
		cmocka_unit_test(any_byte_may_be_wrong),
		cmocka_unit_test(is_made_once_and_again_when_touched),
		cmocka_unit_test(a_refusal_is_told),
	};
	g_autofree char *cache = test_dir();
	int failed;

	g_setenv("VTDLAB_CACHE", cache, TRUE);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	remove_tree(AT_FDCWD, cache);
	return failed;
}
