/* SPDX-License-Identifier: GPL-2.0-only */
/* libvirt's driver in this process: opened again and again, in one private directory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include "machine/libvirt-conn.h"

static void test_again(void **state)
{
	g_autofree char *first = NULL;

	(void)state;
	for (int i = 0; i < 3; i++) {
		g_autoptr(GError) error = NULL;
		struct libvirt_conn *conn = libvirt_open(i == 1 ? "qemu:///embed" : NULL, &error);
		struct stat st;

		/* a host without the driver has no such connection, and says so in the same words each time */
		if (!conn) {
			assert_non_null(strstr(error->message, "no connection driver available"));
			skip();
		}
		assert_int_equal(stat(conn->root, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0700);
		if (!first)
			first = g_strdup(conn->uri);
		assert_string_equal(conn->uri, first);
		assert_true(g_str_has_suffix(first, conn->root));
		libvirt_close(conn);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_again) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
