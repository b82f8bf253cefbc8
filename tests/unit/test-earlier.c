/* SPDX-License-Identifier: GPL-2.0-only */
/* What earlier runs tell of the phases of the next one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "base/files.h"
#include "results/earlier.h"

static const char *const phases[] = { "boot", "load", "dump", NULL };

/* A run whose boot and load took so long, in a directory of the name @entry. */
static void leave(const char *root, const char *entry, const char *accel, const char *settings, int boot, int load)
{
	g_autofree char *dir = g_build_filename(root, entry, NULL), *file = g_build_filename(dir, "run.json", NULL);
	g_autofree char *text =
		g_strdup_printf("{\"schema\":1,\"scenario\":\"kdump\",\"outcome\":\"preserved\",\"exit\":0,"
				"\"environment\":{\"accel\":\"%s\",\"host_cpu\":\"a CPU\"},\"settings\":%s,\"phases\":["
				"{\"name\":\"boot\",\"start_ns\":0,\"end_ns\":%d000000000},"
				"{\"name\":\"load\",\"start_ns\":%d000000000,\"end_ns\":%d000000000},"
				"{\"name\":\"dump\",\"start_ns\":90,\"end_ns\":-1}]}",
				accel, settings, boot, boot, boot + load);

	assert_int_equal(g_mkdir(dir, 0755), 0);
	assert_true(g_file_set_contents(file, text, -1, NULL));
}

static void assert_seconds(const char *root, const char *settings, double boot, double load)
{
	JsonNode *node = json_from_string(settings, NULL);
	struct earlier_like like = {
		.scenario = "kdump", .accel = "tcg", .host_cpu = "a CPU", .settings = json_node_get_object(node)
	};
	g_autofree double *seconds = earlier_seconds(root, &like, phases);

	assert_float_equal(seconds[0], boot, 1e-6);
	assert_float_equal(seconds[1], load, 1e-6);
	assert_float_equal(seconds[2], -1, 1e-6); /* it never ended */
	json_node_unref(node);
}

static void test_earlier(void **state)
{
	g_autofree char *root = g_dir_make_tmp("vtdlab-earlier-XXXXXX", NULL),
			*none = g_build_filename(root, "no", NULL), *cut = NULL;

	(void)state;
	assert_seconds(none, "{}", -1, -1);
	assert_seconds(root, "{}", -1, -1);

	/* others: settings, accelerator, scenario, one that was interrupted, one that cannot be read */
	leave(root, "20261128T000001Z-kdump-000001", "tcg", "{\"iommu.mode\":\"scalable\"}", 90, 70);
	leave(root, "20261128T000002Z-kdump-000002", "kvm", "{}", 90, 70);
	leave(root, "20261128T000003Z-kdump-uctp-000003", "tcg", "{}", 90, 70);
	leave(root, "20261128T000004Z-kdump-000004.interrupted", "tcg", "{}", 90, 70);
	leave(root, "20261128T000005Z-kdump-000005", "tcg", "{}", 90, 70);
	cut = g_build_filename(root, "20261128T000005Z-kdump-000005", "run.json", NULL);
	assert_true(g_file_set_contents(cut, "{\"scen", -1, NULL));
	assert_seconds(root, "{}", -1, -1);
	assert_seconds(root, "{\"iommu.mode\":\"scalable\"}", 90, 70);

	/* the median of the newest five, whatever the oldest took */
	leave(root, "20261128T000006Z-kdump-000006", "tcg", "{}", 50, 40);
	assert_seconds(root, "{}", 50, 40);
	leave(root, "20261128T000007Z-kdump-000007", "tcg", "{}", 3, 4);
	leave(root, "20261128T000008Z-kdump-000008", "tcg", "{}", 60, 70);
	leave(root, "20261128T000009Z-kdump-000009", "tcg", "{}", 5, 2);
	leave(root, "20261128T000010Z-kdump-000010", "tcg", "{}", 7, 8);
	leave(root, "20261128T000011Z-kdump-000011", "tcg", "{}", 1, 2);
	assert_seconds(root, "{}", 5, 4);
	assert_true(remove_tree(AT_FDCWD, root));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_earlier) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
