/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel dump as a struct iommu_mem, through libkdumpfile. */
#include "cmd/vmcore-mem.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <libkdumpfile/kdumpfile.h>

#include "base/error.h"

struct vmcore {
	kdump_ctx_t *ctx;
	int fd;
};

static int read_page(void *opaque, uint64_t pa, void *buf)
{
	struct vmcore *v = opaque;
	size_t len = IOMMU_PAGE_SIZE;
	kdump_status status;

	kdump_clear_err(v->ctx);
	status = kdump_read(v->ctx, KDUMP_MACHPHYSADDR, pa, buf, &len);
	return status == KDUMP_OK && len == IOMMU_PAGE_SIZE ? 0 : -1;
}

struct vmcore *vmcore_open(const char *path, GError **error)
{
	struct vmcore *v = g_new0(struct vmcore, 1);

	v->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (v->fd < 0) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "%s: %s", path, g_strerror(errno));
		vmcore_close(v);
		return NULL;
	}
	v->ctx = kdump_new();
	if (!v->ctx) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_FAILED, "%s: libkdumpfile gave no context", path);
		vmcore_close(v);
		return NULL;
	}
	if (kdump_open_fd(v->ctx, v->fd) != KDUMP_OK) {
		g_set_error(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE, "%s: libkdumpfile cannot read it as a dump: %s",
			    path, kdump_get_err(v->ctx));
		vmcore_close(v);
		return NULL;
	}
	return v;
}

struct iommu_mem vmcore_mem(struct vmcore *v)
{
	return (struct iommu_mem){ .read_page = read_page, .ctx = v };
}

void vmcore_close(struct vmcore *v)
{
	if (!v)
		return;
	if (v->ctx)
		kdump_free(v->ctx);
	if (v->fd >= 0)
		close(v->fd);
	g_free(v);
}
