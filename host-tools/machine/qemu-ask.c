/* SPDX-License-Identifier: GPL-2.0-only */
/* Short runs of a QEMU program. */
#define _GNU_SOURCE
#include "machine/qemu-ask.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "machine/child.h"
#include "machine/guest-time.h"

static char *read_all(int fd)
{
	GString *s = g_string_new(NULL);
	char buf[16384];
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return g_string_free(s, FALSE);
	while (s->len < QEMU_ASK_BYTES && (n = read(fd, buf, sizeof(buf))) > 0)
		g_string_append_len(s, buf, n);
	return g_string_free(s, FALSE);
}

/* How long a program is waited for: a busy host makes that longer, and nobody's QEMU a broken one. */
struct patience {
	int64_t limit_us, until_us;
	struct guest_time time;
};

static struct patience patience_of(double limit_s)
{
	int64_t most_us = (int64_t)(QEMU_ASK_MOST_SECONDS * G_USEC_PER_SEC);

	return (struct patience){ (int64_t)(limit_s * G_USEC_PER_SEC), g_get_monotonic_time() + most_us, { 0 } };
}

static bool patient(struct patience *p, const struct child *child)
{
	int64_t now = g_get_monotonic_time();
	struct vm_times times;
	bool known = child_times(child, &times);

	times.stopped = known && (times.stopped || times.disk);
	guest_time_look(&p->time, now, known ? &times : NULL);
	return p->time.used_us < p->limit_us && now < p->until_us;
}

/* The answer goes to a memory file: nothing to drain while it runs, nothing to clean up after. */
bool qemu_ask(const char *program, const char *const *args, double limit_s, char **text, int *status, GError **error)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	struct child child;
	struct child_request req = { 0 };
	int fd = memfd_create("vtdlab-ask", MFD_CLOEXEC);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
	struct patience patience = patience_of(limit_s);
	bool good;

	g_ptr_array_add(argv, (char *)program);
	for (unsigned i = 0; args[i]; i++)
		g_ptr_array_add(argv, (char *)args[i]);
	g_ptr_array_add(argv, NULL);
	req.argv = (char *const *)argv->pdata;
	req.stderr_path = path;
	good = child_start(&child, &req, error);
	while (good && !child_reap(&child) && !interrupt_pending() && patient(&patience, &child))
		g_usleep(2000);
	if (good && !child.dead && interrupt_pending()) {
		g_set_error_literal(error, VTDLAB_ERROR, VTDLAB_ERROR_INTERRUPTED, "interrupted");
		good = false;
	} else if (good && !child.dead) {
		vtdlab_refuse(error,
			      "%s %s does not answer within %g s of its own time: give --qemu PATH of a working QEMU",
			      program, args[0], limit_s);
		good = false;
	}
	if (good) {
		*status = child.status;
		*text = read_all(fd);
	}
	child_kill(&child, 0);
	close(fd);
	return good;
}

static bool has_event(int fd)
{
	g_autofree char *text = read_all(fd);

	return strstr(text, ":vtd_") || g_str_has_prefix(text, "vtd_");
}

/*
 * Building a machine with an IOMMU resets it, and the reset is traced: if none of those lines
 * arrives, no others would. The machine never runs (-S) and is killed as soon as the answer is
 * known.
 */
bool qemu_ask_trace_log(const char *program)
{
	const char *argv[] = { program,	   "-nodefaults", "-no-user-config",
			       "-display", "none",	  "-S",
			       "-accel",   "tcg",	  "-m",
			       "16",	   "-machine",	  "q35",
			       "-device",  "intel-iommu", "-trace",
			       "vtd_*",	   "-D",	  "/proc/self/fd/3",
			       NULL };
	int fd = memfd_create("vtdlab-ask", MFD_CLOEXEC);
	struct child_fd pass = { fd, 3 };
	struct child_request req = { .argv = (char *const *)argv, .fds = &pass, .n_fds = 1 };
	struct patience patience = patience_of(QEMU_ASK_SECONDS);
	struct child child;
	bool seen = false, alive;

	if (fd < 0)
		return false;
	alive = child_start(&child, &req, NULL);
	while (alive && !seen && !interrupt_pending() && patient(&patience, &child)) {
		g_usleep(5000);
		alive = !child_reap(&child);
		seen = has_event(fd);
	}
	child_kill(&child, 0);
	close(fd);
	return seen;
}
