/* SPDX-License-Identifier: GPL-2.0-only */
/* Asking a QEMU program what it can do, and remembering the answer. */
#define _GNU_SOURCE
#include "machine/qemu-probe.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "machine/qemu-ask.h"
#include "machine/trace.h"

#define CACHE_FORMAT 4
#define GROUP "qemu"

/* The absolute path of the program (g_free), or NULL with VTDLAB_ERROR_USAGE; _UNFIT: this host has none. */
static char *qemu_find(const char *qemu, GError **error)
{
	const char *name = qemu && *qemu ? qemu : "qemu-system-x86_64";
	g_autofree char *found = g_find_program_in_path(name);

	if (found)
		return g_canonicalize_filename(found, NULL);
	if (!strchr(name, '/'))
		(name == qemu ? vtdlab_refuse : vtdlab_unfit)(
			error, "%s is not installed: install qemu-system-x86 or give --qemu PATH", name);
	else if (g_file_test(name, G_FILE_TEST_EXISTS))
		vtdlab_refuse(error, "%s is not an executable program: give --qemu PATH of a qemu-system-x86_64", name);
	else
		vtdlab_refuse(error, "%s does not exist: give --qemu PATH of a qemu-system-x86_64", name);
	return NULL;
}

/* ---- asking ---- */

static bool is_event_of_interest(const char *name)
{
	return g_str_has_prefix(name, "vtd_") || g_str_has_prefix(name, "e1000e_") ||
	       g_str_has_prefix(name, "pci_nvme_");
}

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Takes the words that `keep` likes, one a line, up to the first of `stop`. */
static char **words(const char *text, bool (*keep)(const char *), const char *stop)
{
	GPtrArray *list = g_ptr_array_new();
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (unsigned i = 0; lines[i]; i++) {
		char *word = g_strstrip(lines[i]);

		word[strcspn(word, stop)] = '\0';
		if (*word && keep(word))
			g_ptr_array_add(list, g_strdup(word));
	}
	g_ptr_array_sort(list, by_text);
	g_ptr_array_add(list, NULL);
	return (char **)g_ptr_array_free(list, FALSE);
}

static bool any(const char *word)
{
	return strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(word);
}

/* Of the machines only those with VT-d: "pc-q35-7.2   Standard PC ...". */
static bool is_q35(const char *word)
{
	return strcmp(word, "q35") == 0 || g_str_has_prefix(word, "pc-q35-");
}

static char **iommu_props(const char *help)
{
	/* the first line is a heading; each property is "  name=<type>  - ..." */
	const char *body = strchr(help, '\n');

	return words(body ? body : "", any, "=");
}

static bool take_version(struct qemu_caps *c, const char *text, int status, GError **error)
{
	static const char mark[] = "QEMU emulator version ";
	g_autofree char *first = g_strndup(text, MIN(strcspn(text, "\n"), 200));
	const char *v = strstr(first, mark);

	if (status || !v || !g_ascii_isdigit(v[sizeof(mark) - 1])) {
		g_autofree char *harmless = g_strescape(first, NULL);

		return vtdlab_refuse(error, "%s is not a QEMU: --version says \"%s\"", c->path, harmless);
	}
	v += sizeof(mark) - 1;
	c->version = g_strndup(v, strspn(v, "0123456789."));
	c->version_text = g_steal_pointer(&first);
	return true;
}

bool qemu_take_answer(struct qemu_caps *c, enum qemu_question question, const char *text, int status, GError **error)
{
	switch (question) {
	case QEMU_VERSION:
		return take_version(c, text, status, error);
	case QEMU_IOMMU:
		c->intel_iommu = status == 0 && strstr(text, "intel-iommu") != NULL;
		c->iommu_props = iommu_props(c->intel_iommu ? text : "");
		return true;
	case QEMU_EDU:
		c->edu = status == 0 && strstr(text, "dma_mask") != NULL;
		return true;
	case QEMU_MACHINES:
		c->machines = words(status ? "" : text, is_q35, " \r");
		return true;
	case QEMU_TRACE:
	case QEMU_QUESTIONS:
		c->trace_events = words(text, is_event_of_interest, " \r");
	}
	return true;
}

static bool ask(struct qemu_caps *c, GError **error)
{
	static const char *const questions[QEMU_QUESTIONS][3] = {
		[QEMU_VERSION] = { "--version" },	[QEMU_IOMMU] = { "-device", "intel-iommu,help" },
		[QEMU_EDU] = { "-device", "edu,help" }, [QEMU_MACHINES] = { "-machine", "help" },
		[QEMU_TRACE] = { "-trace", "help" },
	};

	for (enum qemu_question q = QEMU_VERSION; q < QEMU_QUESTIONS; q++) {
		g_autofree char *text = NULL;
		int status;

		if (!qemu_ask(c->path, questions[q], QEMU_ASK_SECONDS, &text, &status, error) ||
		    !qemu_take_answer(c, q, text, status, error))
			return false;
	}
	c->trace_log = c->intel_iommu && c->trace_events[0] && qemu_ask_trace_log(c->path);
	return true;
}

/* ---- cache ---- */

static char *cache_file(const struct qemu_caps *c, const struct stat *st, const char *cache_dir)
{
	g_autofree char *key = g_strdup_printf("%d %s %lld %lld.%09ld", CACHE_FORMAT, c->path, (long long)st->st_size,
					       (long long)st->st_mtim.tv_sec, (long)st->st_mtim.tv_nsec);
	g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key, -1);
	g_autofree char *name = g_strdup_printf("%.16s.conf", hash);

	return g_build_filename(cache_dir, "qemu", name, NULL);
}

static bool load(struct qemu_caps *c, const char *file)
{
	g_autoptr(GKeyFile) k = g_key_file_new();
	g_autofree char *path = NULL;

	if (!g_key_file_load_from_file(k, file, G_KEY_FILE_NONE, NULL))
		return false;
	path = g_key_file_get_string(k, GROUP, "path", NULL);
	if (g_strcmp0(path, c->path))
		return false;
	c->version = g_key_file_get_string(k, GROUP, "version", NULL);
	c->version_text = g_key_file_get_string(k, GROUP, "version-text", NULL);
	c->iommu_props = g_key_file_get_string_list(k, GROUP, "iommu-props", NULL, NULL);
	c->machines = g_key_file_get_string_list(k, GROUP, "machines", NULL, NULL);
	c->trace_events = g_key_file_get_string_list(k, GROUP, "trace-events", NULL, NULL);
	c->trace_log = g_key_file_get_boolean(k, GROUP, "trace-log", NULL);
	c->intel_iommu = g_key_file_get_boolean(k, GROUP, "intel-iommu", NULL);
	c->edu = g_key_file_get_boolean(k, GROUP, "edu", NULL);
	if (c->version && c->version_text && c->iommu_props && c->machines && c->trace_events)
		return true;
	g_clear_pointer(&c->version, g_free);
	g_clear_pointer(&c->version_text, g_free);
	g_clear_pointer(&c->iommu_props, g_strfreev);
	g_clear_pointer(&c->machines, g_strfreev);
	g_clear_pointer(&c->trace_events, g_strfreev);
	return false;
}

/* A cache that cannot be written costs time only. */
static void save(const struct qemu_caps *c, const char *file)
{
	g_autoptr(GKeyFile) k = g_key_file_new();
	g_autofree char *dir = g_path_get_dirname(file);

	g_key_file_set_string(k, GROUP, "path", c->path);
	g_key_file_set_string(k, GROUP, "version", c->version);
	g_key_file_set_string(k, GROUP, "version-text", c->version_text);
	g_key_file_set_string_list(k, GROUP, "iommu-props", (const char *const *)c->iommu_props,
				   g_strv_length(c->iommu_props));
	g_key_file_set_string_list(k, GROUP, "machines", (const char *const *)c->machines, g_strv_length(c->machines));
	g_key_file_set_string_list(k, GROUP, "trace-events", (const char *const *)c->trace_events,
				   g_strv_length(c->trace_events));
	g_key_file_set_boolean(k, GROUP, "trace-log", c->trace_log);
	g_key_file_set_boolean(k, GROUP, "intel-iommu", c->intel_iommu);
	g_key_file_set_boolean(k, GROUP, "edu", c->edu);
	if (g_mkdir_with_parents(dir, 0755) == 0)
		g_key_file_save_to_file(k, file, NULL);
}

struct qemu_caps *qemu_probe(const char *qemu, const char *cache_dir, GError **error)
{
	struct qemu_caps *c = g_new0(struct qemu_caps, 1);
	g_autofree char *file = NULL;
	struct stat st;
	bool good;

	c->path = qemu_find(qemu, error);
	if (!c->path || stat(c->path, &st) < 0) {
		if (c->path)
			vtdlab_refuse(error, "%s: %s", c->path, g_strerror(errno));
		qemu_caps_free(c);
		return NULL;
	}
	if (cache_dir)
		file = cache_file(c, &st, cache_dir);
	good = file && load(c, file);
	if (!good) {
		good = ask(c, error);
		if (good && file)
			save(c, file);
	}
	if (!good) {
		qemu_caps_free(c);
		return NULL;
	}
	return c;
}

void qemu_caps_free(struct qemu_caps *c)
{
	if (!c)
		return;
	g_free(c->path);
	g_free(c->version);
	g_free(c->version_text);
	g_strfreev(c->iommu_props);
	g_strfreev(c->machines);
	g_strfreev(c->trace_events);
	g_free(c);
}

/* ---- questions ---- */

static bool in_sorted(char **list, const char *word)
{
	size_t n = list ? g_strv_length(list) : 0;

	return n && bsearch(&word, list, n, sizeof(*list), by_text);
}

bool qemu_has_trace(const struct qemu_caps *caps, const char *event)
{
	return !caps || in_sorted(caps->trace_events, event);
}

bool qemu_has_iommu_prop(const struct qemu_caps *caps, const char *prop)
{
	return !caps || in_sorted(caps->iommu_props, prop);
}

bool qemu_has_machine(const struct qemu_caps *caps, const char *machine)
{
	return !caps || !caps->machines || !caps->machines[0] || in_sorted(caps->machines, machine);
}

char **qemu_trace_missing(const struct qemu_caps *caps)
{
	GPtrArray *list = g_ptr_array_new();
	const char *const *names = trace_default_names();

	for (unsigned i = 0; names[i]; i++)
		if (caps && (!caps->trace_log || !qemu_has_trace(caps, names[i])))
			g_ptr_array_add(list, g_strdup(names[i]));
	g_ptr_array_add(list, NULL);
	return (char **)g_ptr_array_free(list, FALSE);
}
