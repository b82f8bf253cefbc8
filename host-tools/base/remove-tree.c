/* SPDX-License-Identifier: GPL-2.0-only */
/* Removing a directory with all that is in it. */
#include "base/remove-tree.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Nothing of ours is deeper. */
#define MAX_DEPTH 64

static bool remove_at(int dir, const char *name, int depth)
{
	struct dirent *entry;
	bool ok = true;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return true;
	if ((errno != EISDIR && errno != EPERM) || depth >= MAX_DEPTH)
		return false;
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	while (d && (entry = readdir(d)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			ok = remove_at(dirfd(d), entry->d_name, depth + 1) && ok;
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	return unlinkat(dir, name, AT_REMOVEDIR) == 0 && ok;
}

bool remove_tree(int dir, const char *name)
{
	return remove_at(dir, name, 0);
}
