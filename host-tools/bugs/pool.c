/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs of this program as children that do not outlive it. */
#include "bugs/pool.h"

#include <gio/gio.h>
#include <signal.h>
#include <sys/prctl.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/paths.h"

struct pool {
	const struct pool_work *work;
	unsigned jobs;
	GMainLoop *loop;
	GHashTable *running; /* GSubprocess * -> the tag of its run */
	bool told;	     /* the children have been told to end */
};

static void child_setup(gpointer unused)
{
	(void)unused;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
}

static void start(struct pool *p);

static void ended(GObject *object, GAsyncResult *result, gpointer data)
{
	GSubprocess *child = G_SUBPROCESS(object);
	g_autofree char *text = NULL;
	struct pool *p = data;
	void *tag = g_hash_table_lookup(p->running, child);
	int status;

	g_subprocess_communicate_utf8_finish(child, result, &text, NULL, NULL);
	status = g_subprocess_get_if_exited(child) ? g_subprocess_get_exit_status(child) : VTDLAB_EXIT_CANNOT_JUDGE;
	if (!p->told && !interrupt_pending())
		p->work->done(p->work->data, tag, status, text ? text : "");
	g_hash_table_remove(p->running, child);
	start(p);
}

static bool start_one(struct pool *p)
{
	g_autofree char *self = lab_program();
	g_autoptr(GSubprocessLauncher) launcher = NULL;
	g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
	g_auto(GStrv) all = NULL, words = NULL;
	g_autoptr(GError) error = NULL;
	GSubprocess *child;
	void *tag = NULL;

	words = p->work->next(p->work->data, &tag);
	if (!words)
		return false;
	g_strv_builder_add(argv, self);
	g_strv_builder_addv(argv, (const char **)words);
	all = g_strv_builder_end(argv);
	launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE |
					     (p->work->merged ? G_SUBPROCESS_FLAGS_STDERR_MERGE : 0));
	g_subprocess_launcher_set_child_setup(launcher, child_setup, NULL, NULL);
	child = g_subprocess_launcher_spawnv(launcher, (const char *const *)all, &error);
	if (!child) {
		g_printerr("vtdlab: %s\n", error->message);
		p->work->done(p->work->data, tag, VTDLAB_EXIT_CANNOT_JUDGE, "");
		return true;
	}
	g_hash_table_insert(p->running, child, tag);
	g_subprocess_communicate_utf8_async(child, NULL, NULL, ended, p);
	return true;
}

static void start(struct pool *p)
{
	while (!interrupt_pending() && g_hash_table_size(p->running) < p->jobs && start_one(p))
		;
	if (g_hash_table_size(p->running) == 0)
		g_main_loop_quit(p->loop);
}

/* What the user wants to end, the children end; each keeps what it has and says so. */
static gboolean look_for_interrupt(gpointer data)
{
	struct pool *p = data;
	GHashTableIter iter;
	gpointer child;

	if (!interrupt_pending() || p->told)
		return G_SOURCE_CONTINUE;
	p->told = true;
	g_hash_table_iter_init(&iter, p->running);
	while (g_hash_table_iter_next(&iter, &child, NULL))
		g_subprocess_send_signal(child, SIGTERM);
	return G_SOURCE_CONTINUE;
}

bool pool_run(const struct pool_work *work, unsigned jobs)
{
	struct pool p = { .work = work, .jobs = jobs, .loop = g_main_loop_new(NULL, FALSE) };
	guint timer = g_timeout_add(200, look_for_interrupt, &p);

	p.running = g_hash_table_new_full(NULL, NULL, g_object_unref, NULL);
	start(&p);
	if (g_hash_table_size(p.running))
		g_main_loop_run(p.loop);
	g_source_remove(timer);
	g_hash_table_unref(p.running);
	g_main_loop_unref(p.loop);
	return !interrupt_pending();
}
