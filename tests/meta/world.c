/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recorded runs in memory. Pages are replaced, never freed: whoever changes a world does so in a process of
 * its own, which ends soon.
 */
#include "world.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "base/files.h"
#include "corrupt/corrupt.h"
#include "vtd/formats.h"
#include "vtd/walk.h"

static void world_free(void *p)
{
	struct world *w = p;

	evidence_file_free(w->file);
	g_free(w->name);
	g_free(w->expect);
	g_free(w);
}

static bool unpack(const char *archive, const char *dir)
{
	char *argv[] = { (char *)"tar", (char *)"-xJf", (char *)archive, (char *)"-C", (char *)dir, NULL };
	g_autoptr(GError) error = NULL;
	int status;

	if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, &error) ||
	    !g_spawn_check_wait_status(status, &error)) {
		fprintf(stderr, "%s: %s\n", archive, error->message);
		return false;
	}
	return true;
}

static struct world *load(const char *dir, const char *name)
{
	g_autofree char *archive = g_strdup_printf("%s/%s.tar.xz", dir, name);
	g_autofree char *tmp = g_dir_make_tmp("vtdlab-golden-XXXXXX", NULL);
	struct evidence_file *file = NULL;
	g_autoptr(GError) error = NULL;
	struct world *w;

	if (!tmp)
		return NULL;
	if (unpack(archive, tmp)) {
		file = evidence_file_load(tmp, &error);
		if (!file)
			fprintf(stderr, "%s: %s\n", archive, error->message);
	}
	remove_tree(AT_FDCWD, tmp);
	if (!file)
		return NULL;
	w = g_new0(struct world, 1);
	w->name = g_strdup(name);
	w->expect = g_strdup_printf("%s/%s.expect", dir, name);
	w->file = file;
	w->ev = file->ev;
	return w;
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *worlds_load(const char *path)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	GPtrArray *worlds = g_ptr_array_new_with_free_func(world_free);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *file;

	while (dir && (file = g_dir_read_name(dir)))
		if (g_str_has_suffix(file, ".tar.xz"))
			g_ptr_array_add(names, g_strndup(file, strlen(file) - strlen(".tar.xz")));
	g_ptr_array_sort(names, by_name);
	for (guint i = 0; i < names->len; i++) {
		struct world *w = load(path, names->pdata[i]);

		if (!w) {
			g_ptr_array_unref(worlds);
			return NULL;
		}
		g_ptr_array_add(worlds, w);
	}
	if (worlds->len)
		return worlds;
	fprintf(stderr, "%s: no recorded run; `make golden` records some\n", path);
	g_ptr_array_unref(worlds);
	return NULL;
}

static struct iommu_snapshot_page *find_page(const struct iommu_snapshot *s, uint64_t pa)
{
	for (size_t i = 0; i < s->n_pages; i++)
		if (s->pages[i].pa == (pa & IOMMU_PAGE_MASK))
			return &s->pages[i];
	return NULL;
}

int world_write(void *snapshot, uint64_t pa, const void *buf, size_t len)
{
	struct iommu_snapshot_page *page = find_page(snapshot, pa);
	uint8_t *data;

	if (!page || (pa & ~IOMMU_PAGE_MASK) + len > IOMMU_PAGE_SIZE)
		return -1;
	data = g_malloc0(IOMMU_PAGE_SIZE);
	if (page->data)
		memcpy(data, page->data, IOMMU_PAGE_SIZE);
	memcpy(data + (pa & ~IOMMU_PAGE_MASK), buf, len);
	page->data = data;
	return 0;
}

uint64_t world_add_page(struct iommu_snapshot *s)
{
	struct iommu_snapshot_page *pages = g_new0(struct iommu_snapshot_page, s->n_pages + 1);
	uint64_t pa = (s->n_pages ? s->pages[s->n_pages - 1].pa : 0) + IOMMU_PAGE_SIZE;

	memcpy(pages, s->pages, s->n_pages * sizeof(*pages));
	pages[s->n_pages++] = (struct iommu_snapshot_page){ .pa = pa, .kind = VTD_TABLE_SECOND_LEVEL };
	s->pages = pages;
	return pa;
}

uint64_t world_word(const struct iommu_snapshot *s, uint64_t pa)
{
	const struct iommu_snapshot_page *page = find_page(s, pa);
	uint64_t value = 0;

	if (page && page->data)
		memcpy(&value, page->data + (pa & ~IOMMU_PAGE_MASK & ~UINT64_C(7)), sizeof(value));
	return GUINT64_FROM_LE(value);
}

bool world_put(struct iommu_snapshot *s, uint64_t pa, uint64_t value)
{
	uint64_t le = GUINT64_TO_LE(value);

	return world_write(s, pa, &le, sizeof(le)) == 0;
}

void world_rewalk(struct evidence_state *state)
{
	if (state->snapshot->iommu->walk(state->snapshot, &state->walk))
		g_error("out of memory");
}

bool world_corrupt(struct evidence_state *state, const char *what)
{
	struct iommu_snapshot *s = state->snapshot;
	g_autoptr(GString) done = g_string_new(NULL);
	const struct corrupt_kind *kind;
	struct corrupt_target target;
	int sid;

	if (!s)
		return false;
	target = (struct corrupt_target){ .write = world_write,
					  .root = s->meta.root,
					  .ttm = s->meta.mode,
					  .irta = s->meta.irta,
					  .regs = state->regs,
					  .spare = world_add_page(s) };
	target.mem = iommu_snapshot_mem(s);
	kind = corrupt_parse(what, &sid, NULL);
	if (!kind || !corrupt_apply(&target, kind, sid, done, NULL))
		return false;
	world_rewalk(state);
	return true;
}
