/* SPDX-License-Identifier: GPL-2.0-only */
/* vtdlab explain: from a pasted kernel log to what it supports of the cause, without a VM. */
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/paths.h"
#include "bugs/catalogue.h"
#include "explain/explain.h"

#define BYTES_MAX (64u << 20)

/* Pipes too, so it is read to the end, or to one byte more than it may have. */
static GByteArray *read_all(int fd, const char *name, GError **error)
{
	GByteArray *all = g_byte_array_new();
	uint8_t buf[65536];
	ssize_t n = 0;

	while (all->len <= BYTES_MAX && ((n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR)))
		if (n > 0)
			g_byte_array_append(all, buf, (guint)n);
	if (all->len > BYTES_MAX)
		vtdlab_refuse(error, "%s: more than 64 MiB: cut out the part with the faults", name);
	else if (n < 0)
		vtdlab_refuse(error, "%s: %s", name, g_strerror(errno));
	else
		return all;
	g_byte_array_unref(all);
	return NULL;
}

static GByteArray *read_log(const char *path, GError **error)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	GByteArray *all;

	if (fd < 0) {
		vtdlab_refuse(error, "%s: %s", path, g_strerror(errno));
		return NULL;
	}
	all = read_all(fd, fd == STDIN_FILENO ? "stdin" : path, error);
	if (fd != STDIN_FILENO)
		close(fd);
	return all;
}

/* Bugs whose logs look like this one: that is a likeness, and no proof. */
static void print_bugs(const struct explain_log *log)
{
	g_autofree char *dir = lab_path(bug_schema.folder, NULL);
	g_auto(GStrv) names = lab_conf_names(dir);
	bool any = false;

	for (char **name = names; *name; name++) {
		g_autoptr(GError) error = NULL;
		struct bug *bug = catalogue_load(*name, false, &error);

		if (bug && explain_like(log, bug->log)) {
			printf("%s  %s: %s\n",
			       any ? "" :
				     "bugs of the catalogue whose logs look alike (no proof; `vtdlab bugs "
				     "show NAME`, `vtdlab reproduce NAME`):\n",
			       bug->name, bug->title);
			any = true;
		}
		bug_free(bug);
	}
	if (!any)
		printf("No bug of the catalogue is known to write such a log.\n");
}

int cmd_explain(int argc, char **argv)
{
	gboolean brief = FALSE;
	const GOptionEntry entries[] = {
		{ "brief", 0, 0, G_OPTION_ARG_NONE, &brief,
		  "one line a fault: kernel, requester, access, reason, count, cause", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = cmd_parse("explain", entries, &argc, &argv);
	g_autoptr(GByteArray) bytes = NULL;
	g_autofree char *text = NULL;
	struct explain_log *log;
	GError *error = NULL;

	if (status >= 0)
		return status;
	if (argc != 2)
		return cmd_usage_error("explain", "takes one log: a file, or - for stdin");
	if (!(bytes = read_log(argv[1], &error)))
		return cmd_fail("explain", error);
	log = explain_read((const char *)bytes->data, bytes->len);
	if (log->vtd) {
		text = brief ? explain_brief(log) : explain_text(log);
		fputs(text, stdout);
		if (!brief)
			print_bugs(log);
		status = VTDLAB_EXIT_OK;
	} else {
		g_autofree char *other =
			log->other ? g_strdup_printf("VT-d in it; of %s, which is not read here", log->other) :
				     g_strdup("an IOMMU in it");

		vtdlab_unjudged(&error, "%s: nothing of %s", argv[1], other);
		status = cmd_fail("explain", error);
	}
	explain_log_free(log);
	return status;
}
