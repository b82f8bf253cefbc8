/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/vmm.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "machine/config.h"
#include "machine/libvirt-conn.h"

#define TAIL_LINES 5

void vmm_channels_clear(struct vmm_channels *ch)
{
	int *fds[] = { &ch->console, &ch->agent, &ch->qmp, &ch->net, &ch->net_peer, &ch->ram };

	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	g_clear_pointer(&ch->trace, g_free);
	g_clear_pointer(&ch->gdb, g_free);
}

/* Without "2026-01-02T03:04:05.678901Z qemu-system-x86_64: ". */
static const char *message(const char *line)
{
	const char *p = strchr(line, ' '), *name;

	if (p && p > line && p[-1] == 'Z' && g_ascii_isdigit(*line))
		line = p + 1;
	name = g_str_has_prefix(line, "qemu-system-") ? strstr(line, ": ") : NULL;
	return name ? name + 2 : line;
}

char *vmm_last_words(const char *path)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	GString *tail = g_string_new(NULL);
	unsigned n;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return g_string_free(tail, FALSE);
	lines = g_strsplit(g_strchomp(text), "\n", -1);
	n = g_strv_length(lines);
	for (unsigned i = n > TAIL_LINES ? n - TAIL_LINES : 0; i < n; i++) {
		const char *said = message(lines[i]);
		g_autofree char *harmless = text_escape(said, MIN(strlen(said), 300));

		g_string_append_printf(tail, "%s%s", tail->len ? " | " : "", harmless);
	}
	return g_string_free(tail, FALSE);
}

const struct vmm *vmm_parse(const char *text, const char **uri, GError **error)
{
	size_t len = strlen(vmm_libvirt.name);

	*uri = "";
	if (strcmp(text, vmm_qemu.name) == 0)
		return &vmm_qemu;
	if (g_str_has_prefix(text, vmm_libvirt.name) && strchr(":", text[len])) {
		*uri = text[len] ? text + len + 1 : "";
		return libvirt_uri_check(*uri, error) ? &vmm_libvirt : NULL;
	}
	vtdlab_refuse(error, "--vmm %s: qemu, libvirt or libvirt:URI", text);
	return NULL;
}

char *vmm_trace_file(const struct machine_config *cfg)
{
	char *path = cfg->no_trace ? NULL : g_build_filename(cfg->run_dir, "qemu.log", NULL);

	/* it is followed from its start */
	if (path)
		g_unlink(path);
	return path;
}

const char *vmm_tmpdir(const struct machine_config *cfg)
{
	const char *dir = g_getenv("TMPDIR");

	if (!dir || !*dir)
		dir = "/var/tmp";
	return cfg->run_dir && g_access(dir, W_OK | X_OK) < 0 ? cfg->run_dir : dir;
}

int vmm_connect(const char *path, GError **error)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool fits = g_strlcpy(to.sun_path, path, sizeof(to.sun_path)) < sizeof(to.sun_path);

	if (fd >= 0 && fits && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	vtdlab_failed(error, "cannot connect to QEMU's socket %s: %s", path,
		      fits ? g_strerror(errno) : "its path is too long");
	if (fd >= 0)
		close(fd);
	return -1;
}
