/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs in a guest share: small files read and written, links, time. */
#include "basics.h"

#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/vtdlab-lib-XXXXXX";
static char path[64], link_path[64];

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	snprintf(link_path, sizeof(link_path), "%s/link", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path);
	unlink(link_path);
	return rmdir(dir);
}

/* Only what is there already is written, as in sysfs; what is read ends before its white space. */
static void a_file_is_written_and_read(void **state)
{
	char text[16];

	(void)state;
	assert_int_equal(write_file(path, "x"), -1);
	assert_int_equal(errno, ENOENT);
	strcpy(text, "old");
	assert_int_equal(read_file(path, text, sizeof(text)), -1);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(text, "");
	fclose(fopen(path, "w"));
	assert_int_equal(read_file(path, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	assert_int_equal(write_file(path, "0x8086 \n\n"), 0);
	assert_int_equal(read_file(path, text, sizeof(text)), 6);
	assert_string_equal(text, "0x8086");
	assert_int_equal(read_file(path, text, 4), 3);
	assert_string_equal(text, "0x8");
	assert_int_equal(read_file(dir, text, sizeof(text)), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(write_file(dir, "x"), -1);
	assert_int_equal(errno, EISDIR);
}

static void a_link_has_a_last_name(void **state)
{
	char name[8];

	(void)state;
	strcpy(name, "old");
	assert_int_equal(read_link_name(link_path, name, sizeof(name)), -1);
	assert_string_equal(name, "");
	assert_int_equal(symlink("../../bus/pci/drivers/nvme", link_path), 0);
	assert_int_equal(read_link_name(link_path, name, sizeof(name)), 0);
	assert_string_equal(name, "nvme");
	assert_int_equal(read_link_name(link_path, name, 3), 0);
	assert_string_equal(name, "nv");
	unlink(link_path);
	assert_int_equal(symlink("plain", link_path), 0);
	assert_int_equal(read_link_name(link_path, name, sizeof(name)), 0);
	assert_string_equal(name, "plain");
}

static void sleeping_takes_as_long(void **state)
{
	int64_t start = now_ns();

	(void)state;
	sleep_us(1500);
	assert_true(now_ns() - start >= 1500000);
	start = now_ns();
	sleep_ms(2);
	assert_true(now_ns() - start >= 2000000);
}

/* What a program did not get to see is not counted: a CPU that stood still, here one that slept. */
static void a_wait_counts_looks(void **state)
{
	struct wait wait = wait_for_ms(5 * WAIT_LOOK_MS);
	int looks = 0;

	(void)state;
	do
		sleep_ms(2 * WAIT_LOOK_MS);
	while (looks++, wait_goes_on(&wait));
	assert_int_equal(looks, 5);
	wait = wait_for_ms(0);
	assert_false(wait_goes_on(&wait));
	wait = wait_for_ms(3600000);
	assert_true(wait_goes_on(&wait));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_written_and_read),
		cmocka_unit_test(a_link_has_a_last_name),
		cmocka_unit_test(a_wait_counts_looks),
		cmocka_unit_test(sleeping_takes_as_long),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
