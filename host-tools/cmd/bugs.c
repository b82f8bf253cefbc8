/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab bugs: the catalogue, and a page of each. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/paths.h"
#include "bugs/catalogue.h"
#include "bugs/ready.h"
#include "bugs/reproduce.h"
#include "prepare/kernel.h"

static gboolean ask_archive, names_only;

static void row_json(JsonArray *rows, const struct bug *bug)
{
	JsonObject *o = json_object_new();

	json_object_set_string_member(o, "name", bug->name);
	json_object_set_string_member(o, "title", bug->title);
	json_object_set_string_member(o, "area", word_of(bug_area_words, (int)bug->area));
	json_object_set_boolean_member(o, "reproduced", bug->status != BUG_UNREPRODUCED);
	json_object_set_boolean_member(o, "quick", bug->quick);
	json_array_add_object_element(rows, o);
}

static void print_row(const struct bug *bug, const char *available)
{
	bool gone = false, gone_too = true;
	g_autofree char *needs = NULL, *lasting = NULL;

	if (names_only) {
		puts(bug->name);
		return;
	}
	printf("%-28s  %s\n%-28s  %s", bug->name, bug->title, "", word_of(bug_area_words, (int)bug->area));
	if (bug->status == BUG_UNREPRODUCED) {
		printf("; not reproduced here\n");
		return;
	}
	needs = bug_ready(bug, 0, available, &gone);
	if (gone && bug_recipe_given(bug, 1))
		lasting = bug_ready(bug, 1, available, &gone_too);
	printf("%s%s", bug->quick ? "; quick" : "", *needs ? "; " : "");
	printf("%s%s\n", needs, !gone ? "" : gone_too ? "; cannot be run" : "; recipe 2 can be run");
}

int cmd_bugs_list(bool names, bool archive, JsonArray *rows)
{
	g_autofree char *dir = lab_path(bug_schema.folder, NULL), *available = NULL;
	g_auto(GStrv) all = lab_conf_names(dir);
	int status = VTDLAB_EXIT_OK;
	GError *error = NULL;

	names_only = names;
	if (archive && !(available = kernel_available(&error)))
		return cmd_fail("bugs", error);
	for (char **name = all; *name; name++) {
		struct bug *bug = catalogue_load(*name, false, &error);

		if (bug && rows) {
			row_json(rows, bug);
		} else if (bug) {
			print_row(bug, available);
		} else {
			fprintf(stderr, "vtdlab bugs: %s\n", error->message);
			g_clear_error(&error);
			status = VTDLAB_EXIT_USAGE;
		}
		bug_free(bug);
	}
	return status;
}

static int show(const char *name)
{
	GError *error = NULL;
	struct bug *bug = catalogue_load(name, false, &error);
	g_autofree char *page = bug ? bug_page(bug) : NULL;

	if (!page) {
		bug_free(bug);
		return cmd_fail("bugs", error);
	}
	fputs(page, stdout);
	bug_free(bug);
	return VTDLAB_EXIT_OK;
}

int cmd_bugs(int argc, char **argv)
{
	gboolean names = FALSE;
	const GOptionEntry entries[] = {
		{ "names", 'n', 0, G_OPTION_ARG_NONE, &names, "print names only", NULL },
		{ "available", 0, 0, G_OPTION_ARG_NONE, &ask_archive, "ask the archive which kernels can still be had",
		  NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = cmd_parse("bugs", entries, &argc, &argv);

	if (status >= 0)
		return status;
	if (argc == 1)
		return cmd_bugs_list(names, ask_archive, NULL);
	if (strcmp(argv[1], "show") == 0 && argc == 3)
		return show(argv[2]);
	return cmd_usage_error("bugs", "takes nothing, or: show SLUG");
}
