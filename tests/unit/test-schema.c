/* SPDX-License-Identifier: GPL-2.0-only */
/* The engine of key files carries a struct that is no scenario: a bug with a good and a bad side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "conf/schema.h"

enum area { AREA_COPY, AREA_ATTACH, AREA_FLUSH };
enum seen { SEEN_ALWAYS, SEEN_ONE_IN };

struct bug {
	char *name, *path, *title, *story;
	enum area area;
	enum seen seen;
	unsigned int one_in, runs;
	struct bug_side {
		char *kernel, *args;
		char **checks;
		GHashTable *checks_with;
		bool patched;
	} bad, good;
	uint64_t memory;
	double patience;
};

static const struct word areas[] = {
	{ "copy", AREA_COPY },
	{ "attach", AREA_ATTACH },
	{ "flush", AREA_FLUSH },
	{ 0 },
};
static const struct word seen[] = { { "always", SEEN_ALWAYS }, { "one-in:N", SEEN_ONE_IN }, { 0 } };
static const struct schema_endings modes = { "^(legacy|scalable)$", "a mode, such as legacy", NULL };

#define AT(field) offsetof(struct bug, field)
#define SIDE(name, side)                                                                                      \
	{ name, "kernel", SCHEMA_TEXT, .help = "of a side", .def = "debian-6.1", .offset = AT(side.kernel) }, \
		{ name, "args", SCHEMA_ARGS, .help = "of a side", .def = "", .offset = AT(side.args) },       \
		{ name,                                                                                       \
		  "checks",                                                                                   \
		  SCHEMA_LIST,                                                                                \
		  .def = "",                                                                                  \
		  .members = "names",                                                                         \
		  .offset = AT(side.checks),                                                                  \
		  .endings = &modes,                                                                          \
		  .second = AT(side.checks_with) },                                                           \
	{                                                                                                     \
		name, "patched", SCHEMA_SWITCH, .help = "of a side", .def = "off", .offset = AT(side.patched) \
	}

static const struct schema_key keys[] = {
	{ "bug", "title", SCHEMA_TEXT, .def = "", .help = "one line", .offset = AT(title) },
	{ "bug", "story", SCHEMA_LINES, .def = "", .help = "how", .offset = AT(story) },
	{ "bug", "area", SCHEMA_WORD, .words = areas, .def = "copy", .help = "where", .offset = AT(area) },
	{ "bug", "seen", SCHEMA_WORD_N, .words = seen, .def = "always", .min = 2, .max = 9, .help = "how often",
	  .offset = AT(seen), .second = AT(one_in) },
	{ "bug", "runs", SCHEMA_NUMBER, .min = 1, .max = 20, .def = "3", .offset = AT(runs) },
	{ "bug", "memory", SCHEMA_SIZE, .min = 1 << 20, .max = 1 << 30, .def = "64M", .offset = AT(memory) },
	{ "bug", "patience", SCHEMA_SECONDS, .min = 0.5, .max = 60, .def = "2.5", .offset = AT(patience) },
	SIDE("bad", bad),
	SIDE("good", good),
	{ 0 },
};
static const struct schema bugs = { "bug", "bugs", "vtdlab list bug-keys", sizeof(struct bug), keys };

static struct bug *bug_new(void)
{
	struct bug *b = g_new0(struct bug, 1);

	schema_init(&bugs, b);
	return b;
}

static void bug_free(struct bug *b)
{
	schema_clear(&bugs, b);
	g_free(b->name);
	g_free(b->path);
	g_free(b);
}

static bool load(struct bug *b, const char *text, GError **error)
{
	g_autofree char *dir = g_dir_make_tmp("vtdlab-schema-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "slot.conf", NULL);
	bool ok;

	g_free(b->name);
	g_free(b->path);
	assert_true(g_file_set_contents(path, text, -1, NULL));
	ok = schema_load(&bugs, b, path, &b->name, &b->path, error);
	assert_string_equal(b->path, path);
	g_unlink(path);
	g_rmdir(dir);
	return ok;
}

static void test_defaults(void **state)
{
	struct bug *b = bug_new();
	g_autofree char *text = schema_text(&bugs, b);

	(void)state;
	assert_string_equal(text, "");
	assert_string_equal(b->good.kernel, "debian-6.1");
	assert_int_equal(b->area, AREA_COPY);
	assert_int_equal(b->runs, 3);
	assert_int_equal(b->memory, 64 << 20);
	assert_true(b->patience == 2.5 && !b->bad.patched);
	assert_null(b->bad.checks[0]);
	bug_free(b);
}

/* Two sides with the same keys, every kind of field, and back again. */
static void test_there_and_back(void **state)
{
	static const char file[] = "[bug]\ntitle=a wrong slot\nstory=first\\nthen\narea=attach\nseen=one-in:4\nruns=7\n"
				   "memory=96M\npatience=4.5\n\n"
				   "[bad]\nkernel=~/linux\nargs=-device 'a b'\nchecks=context-same-slot;flushed\n"
				   "checks-legacy=leaves-equal\nchecks-scalable=did-consistent\n\n"
				   "[good]\npatched=on\n";
	struct bug *b = bug_new();
	GError *error = NULL;

	(void)state;
	if (!load(b, file, &error))
		fail_msg("%s", error->message);
	assert_string_equal(b->name, "slot");
	assert_string_equal(b->story, "first\nthen");
	assert_int_equal(b->seen, SEEN_ONE_IN);
	assert_int_equal(b->one_in, 4);
	assert_string_equal(b->bad.checks[1], "flushed");
	assert_true(b->good.patched && !b->bad.patched);
	assert_int_equal(g_hash_table_size(b->bad.checks_with), 2);
	assert_int_equal(g_hash_table_size(b->good.checks_with), 0);
	assert_true(schema_assign(&bugs, b, "bad.checks+=rig", NULL));
	assert_true(schema_assign(&bugs, b, "bad.checks-legacy+=rig", NULL));
	assert_true(schema_assign(&bugs, b, "good.kernel+=x", NULL));
	g_autofree char *text = schema_text(&bugs, b);

	assert_non_null(strstr(text, "\nchecks=context-same-slot;flushed;rig\nchecks-legacy=leaves-equal;rig\n"));
	assert_non_null(strstr(text, "[good]\nkernel=debian-6.1 x\n"));
	assert_true(schema_assign(&bugs, b, "bad.checks=context-same-slot,flushed", NULL));
	assert_true(schema_assign(&bugs, b, "bad.checks-legacy=leaves-equal", NULL));
	assert_true(schema_assign(&bugs, b, "good.kernel=debian-6.1", NULL));
	g_autofree char *again = schema_text(&bugs, b);

	assert_string_equal(again, file);
	bug_free(b);
}

static void refused(bool (*how)(struct bug *, const char *, GError **), const char *text, const char *want)
{
	struct bug *b = bug_new();
	GError *error = NULL;

	if (how(b, text, &error))
		fail_msg("accepted: %s", text);
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	if (!strstr(error->message, want))
		fail_msg("no '%s' in: %s", want, error->message);
	g_error_free(error);
	bug_free(b);
}

static bool assign(struct bug *b, const char *text, GError **error)
{
	return schema_assign(&bugs, b, text, error);
}

static void test_refused(void **state)
{
	(void)state;
	refused(assign, "bug.aera=copy", "bug.aera: no such key; the nearest is bug.area; see `vtdlab list bug-keys`");
	refused(assign, "bug.kernel=x", "the nearest is bad.kernel");
	refused(assign, "bug.area=atach", "allowed: copy, attach, flush (did you mean attach?)");
	refused(assign, "bug.seen=one-in:1", "allowed: always, one-in:N");
	refused(assign, "bug.seen=one-in:N", "not allowed");
	refused(assign, "bug.seen=always:3", "not allowed");
	refused(assign, "bug.runs+=1", "+= is for texts and lists");
	refused(assign, "bad.checks-first=x", "bad.checks-first: the end must be a mode, such as legacy");
	refused(assign, "bug.title-legacy=x", "no such key");
	refused(load, "[bug]\ntitle=x\n\n[god]\nkernel=x\n",
		"slot.conf: [god]: no such section; the nearest is [good]");
	refused(load, "[bug]\ntitle=x\n\n[good]\npatched=yes\n", "slot.conf:5: good.patched: 'yes' is not allowed");
	refused(load, "[good]\nkernel=x\n[bad]\nkernel=x\n[good]\nkernel=y\n",
		"slot.conf:6: good.kernel stands already");
}

static void test_no_such(void **state)
{
	struct bug *b = bug_new();
	g_autoptr(GError) error = NULL;

	(void)state;
	assert_false(schema_load(&bugs, b, "no-such-bug", &b->name, &b->path, &error));
	assert_non_null(strstr(error->message, "no bug 'no-such-bug'"));
	g_clear_error(&error);
	assert_false(schema_load(&bugs, b, "/nonexistent/x.conf", &b->name, &b->path, &error));
	assert_non_null(strstr(error->message, "cannot read the bug"));
	assert_null(b->name);
	bug_free(b);
}

static void test_help(void **state)
{
	g_autofree char *names = schema_help(&bugs, true);
	g_autofree char *text = schema_help(&bugs, false);

	(void)state;
	assert_true(g_str_has_prefix(names, "bug.title\nbug.story\n"));
	assert_non_null(strstr(names, "\ngood.patched\n"));
	assert_true(g_str_has_prefix(text, "[bug]\ntitle=\n    one line\nstory="));
	assert_non_null(strstr(text, "seen=always\n    how often\n    allowed: always, one-in:N\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_such),	 cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
