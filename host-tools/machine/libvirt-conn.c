/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Without a daemon libvirt's QEMU driver runs in this process ("embed"), and keeps everything below a directory: a private
 * one, as two processes cannot share it, or one that the user names. What it learns of a QEMU takes seconds, and is kept in
 * the cache.
 */
#define _GNU_SOURCE
#include "machine/libvirt-conn.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "base/text.h"
#include "machine/libvirt-calls.h"
#include "machine/private-dir.h"

#define EMBED "qemu:///embed"
#define SAID_MAX 300

char *libvirt_said(void)
{
	const char *text = virt.virGetLastErrorMessage();

	return text_escape(text, MIN(strlen(text), SAID_MAX));
}

/* The directory that @uri names for the driver in this process; NULL: none, or @uri is a daemon's. g_free(). */
static char *named_root(const char *uri)
{
	const char *query = uri && g_str_has_prefix(uri, EMBED "?") ? uri + sizeof(EMBED "?") - 1 : NULL;
	g_autoptr(GHashTable) words = query ? g_uri_parse_params(query, -1, "&;", G_URI_PARAMS_NONE, NULL) : NULL;

	return words ? g_strdup(g_hash_table_lookup(words, "root")) : NULL;
}

bool libvirt_uri_check(const char *uri, GError **error)
{
	g_autofree char *root = named_root(uri);

	static const char *const good[] = { EMBED, "qemu:///session", "qemu:///system", "qemu+unix:///session",
					    "qemu+unix:///system" };

	if (!uri || !*uri)
		return true;
	if (g_str_has_prefix(uri, EMBED "?") && !(root && g_path_is_absolute(root)))
		return vtdlab_refuse(error, "libvirt:%s: root=DIR is an absolute path, or leave it out with the `?'",
				     uri);
	for (unsigned i = 0; i < G_N_ELEMENTS(good); i++)
		if (g_str_has_prefix(uri, good[i]) && strchr("?", uri[strlen(good[i])]))
			return true;
	return vtdlab_refuse(
		error,
		"libvirt:%s: only QEMU on this host can be used: qemu:///embed, qemu:///session or qemu:///system",
		uri);
}

/* ---- the loop that libvirt works in ---- */

static gpointer loop(gpointer unused)
{
	while (virt.virEventRunDefaultImpl() == 0)
		;
	return unused;
}

static void quiet(void *user, virErrorPtr error)
{
	(void)user;
	(void)error;
}

/* Once, before the first connection. Its thread gets no signals: they are for the main thread. */
static void start_loop(void)
{
	static bool started;
	sigset_t all, old;

	if (started)
		return;
	started = true;
	/* what it says of an error is told by us, in one line; what it logs besides is about hosts, not runs */
	g_setenv("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null", FALSE);
	virt.virSetErrorFunc(NULL, quiet);
	virt.virEventRegisterDefaultImpl();
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	g_thread_unref(g_thread_new("libvirt", loop, NULL));
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* ---- the driver in this process ---- */

/*
 * Of what libvirt does for a host full of strangers' VMs nothing is wanted: no daemon for logs, no cgroups and mount
 * namespaces, no file that changes its owner.
 */
static bool write_conf(const char *root, GError **error)
{
	g_autofree char *etc = g_build_filename(root, "etc", NULL), *path = g_build_filename(etc, "qemu.conf", NULL);
	g_autofree char *user =
		geteuid() ? g_strdup("") :
			    g_strdup("user = \"+0\"\ngroup = \"+0\"\nnamespaces = []\ncgroup_controllers = []\n");
	g_autofree char *text =
		g_strconcat("stdio_handler = \"file\"\nsecurity_driver = \"none\"\ndynamic_ownership = 0\n"
			    "remember_owner = 0\n",
			    user, NULL);

	/* a user's own directory may have one */
	return g_file_test(path, G_FILE_TEST_EXISTS) ||
	       (g_mkdir_with_parents(etc, 0700) == 0 && file_replace(path, text, -1, NULL)) ||
	       vtdlab_failed(error, "cannot write %s", path);
}

/* Best effort: without it QEMU is asked anew each time. */
static void keep_capabilities(const char *root)
{
	g_autofree char *kept = g_build_filename(lab_cache_dir(), "libvirt", NULL);
	g_autofree char *dir = g_build_filename(root, "cache", "qemu", NULL);
	g_autofree char *link = g_build_filename(dir, "capabilities", NULL);

	if (g_mkdir_with_parents(kept, 0700) == 0 && g_mkdir_with_parents(dir, 0700) == 0)
		(void)!symlink(kept, link);
}

static char *own_root; /* of this process */

static void leave(void)
{
	private_dir_remove(own_root);
}

/* libvirt's driver keeps to the directory that it was opened with first, for as long as the process lives. */
static const char *make_root(GError **error)
{
	if (!own_root && (own_root = private_dir_make(error)))
		atexit(leave);
	return own_root;
}

static bool embed(struct libvirt_conn *conn, const char *uri, GError **error)
{
	conn->root = named_root(uri);
	conn->uri = conn->root ? g_strdup(uri) : NULL;
	if (!conn->root)
		conn->root = g_strdup(make_root(error));
	if (!conn->root || !write_conf(conn->root, error))
		return false;
	keep_capabilities(conn->root);
	if (!conn->uri)
		conn->uri = g_strconcat(EMBED "?root=", conn->root, NULL);
	return true;
}

struct libvirt_conn *libvirt_open(const char *uri, GError **error)
{
	struct libvirt_conn *conn;
	g_autofree char *said = NULL;

	if (!libvirt_uri_check(uri, error) || !libvirt_load(error))
		return NULL;
	conn = g_new0(struct libvirt_conn, 1);
	if (!uri || !*uri || g_str_has_prefix(uri, EMBED)) {
		if (!embed(conn, uri, error)) {
			libvirt_close(conn);
			return NULL;
		}
	} else {
		conn->uri = g_strdup(uri);
	}
	start_loop();
	conn->c = virt.virConnectOpen(conn->uri);
	if (conn->c)
		return conn;
	said = libvirt_said();
	vtdlab_refuse(error, "libvirt (%s) cannot be used: %s; %s", conn->uri, said,
		      conn->root ? "Debian has its driver in libvirt-daemon-system" :
				   "--vmm libvirt alone needs no daemon");
	libvirt_close(conn);
	return NULL;
}

void libvirt_close(struct libvirt_conn *conn)
{
	if (!conn)
		return;
	if (conn->c)
		virt.virConnectClose(conn->c);
	g_free(conn->root);
	g_free(conn->uri);
	g_free(conn);
}
