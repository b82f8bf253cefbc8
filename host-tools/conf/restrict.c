/* SPDX-License-Identifier: GPL-2.0-only */
/* What a file of somebody else may not ask for. */
#include "conf/restrict.h"

#include <string.h>

#include "base/error.h"
#include "base/paths.h"

/* Is the named kernel one that kernel-build makes? */
static bool built(const char *name)
{
	g_autofree char *file = g_strconcat(name, ".conf", NULL);
	g_autofree char *path = lab_path("images", "kernels", file, NULL);
	g_autoptr(GKeyFile) conf = g_key_file_new();

	/* one that cannot be read is not taken for harmless */
	return !g_key_file_load_from_file(conf, path, G_KEY_FILE_NONE, NULL) || g_key_file_has_group(conf, "build");
}

/* A word without a slash that is no file here is no path: whoever takes it says what it is. */
static bool inside(const char *key, const char *path, GError **error)
{
	if (lab_inside(path) || (!strchr(path, '/') && !g_file_test(path, G_FILE_TEST_EXISTS)))
		return true;
	return vtdlab_refuse(error, "--restricted: %s=%s leads out of the tree and the cache", key, path);
}

/* @own: what the user named it by, or NULL. */
static bool kernel(const char *key, const char *spec, const char *own, GError **error)
{
	if (!*spec || g_strcmp0(spec, own) == 0 || g_str_has_prefix(spec, "debian:"))
		return true;
	if (!g_str_has_prefix(spec, "lab:") && !lab_named("images/kernels", spec, ".conf"))
		return inside(key, spec, error);
	if (!g_str_has_prefix(spec, "lab:") && !built(spec))
		return true;
	return vtdlab_refuse(
		error, "--restricted: %s=%s is built on this host: name it yourself, with --kernel or --crash-kernel",
		key, spec);
}

bool scenario_restricted(const struct scenario *s, const char *own_first, const char *own_crash, GError **error)
{
	if (*s->machine.qemu_args)
		return vtdlab_refuse(error, "--restricted: machine.qemu-args=%s: QEMU is given no words of a file",
				     s->machine.qemu_args);
	return kernel("first.kernel", s->first.kernel, own_first, error) &&
	       kernel("crash.kernel", s->crash.kernel, own_crash, error) &&
	       (lab_named("images/initramfs/foreign", s->crash.initrd, ".manifest") || !*s->crash.initrd ||
		inside("crash.initrd", s->crash.initrd, error));
}

static bool side(const struct bug *bug, const struct bug_side *side, const char *const *checks, GError **error)
{
	struct scenario *s;
	bool ok;

	if (*side->qemu && !lab_named("images/qemus", side->qemu, ".conf"))
		return vtdlab_refuse(error, "--restricted: qemu=%s is no name of images/qemus, and would be run",
				     side->qemu);
	if (!kernel("kernel", side->kernel, NULL, error) || !kernel("reference", side->reference, NULL, error))
		return false;
	if (*bug->bench)
		return true;
	s = bug_scenario(bug, side, checks, error);
	ok = s && scenario_restricted(s, NULL, NULL, error);
	scenario_free(s);
	return ok;
}

bool bug_restricted(const struct bug *bug, const char *const *checks, GError **error)
{
	bool ok = lab_named("scenarios", bug->scenario, ".conf") || inside("scenario", bug->scenario, error);

	for (unsigned i = 0; ok && i < BUG_RECIPES; i++)
		ok = !bug_recipe_given(bug, i) || (side(bug, &bug->recipes[i].bad, checks, error) &&
						   side(bug, &bug->recipes[i].good, checks, error));
	if (!ok)
		g_prefix_error(error, "bug %s: ", bug->name);
	return ok;
}
