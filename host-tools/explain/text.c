/* SPDX-License-Identifier: GPL-2.0-only */
/* What can be said of a log, for people. */
#include <string.h>

#include "base/cmdline.h"
#include "base/sid.h"
#include "explain/explain.h"
#include "explain/reason.h"

static const char *const access_words[] = { "read", "write", "interrupt" };

static void add_dev(GString *s, uint32_t dev)
{
	char sid[8];

	g_string_append_printf(s, "%04x:%s", dev >> 16, sid_short((uint16_t)dev, sid));
}

static void add_ranges(GString *s, const struct explain_fault *f)
{
	const char *at = f->access == EXPLAIN_INTERRUPT ? " of index" : " at";

	if (!f->nranges) {
		g_string_append(s, ", the address is not in the log");
		return;
	}
	for (unsigned i = 0; i < f->nranges; i++) {
		const struct explain_range *r = &f->ranges[i];
		uint64_t last = f->access == EXPLAIN_INTERRUPT ? r->last : r->last + 0xfff;

		g_string_append_printf(s, "%s 0x%" G_GINT64_MODIFIER "x", i ? "," : at, r->first);
		if (r->last != r->first)
			g_string_append_printf(s, "-0x%" G_GINT64_MODIFIER "x", last);
	}
	if (f->more)
		g_string_append(s, " and elsewhere");
}

/* "the bridge to bus 01": what is known of a requester besides its id. */
static void add_device(GString *s, const struct explain_log *log, unsigned n, uint32_t dev)
{
	const struct explain_device *d = explain_device_find(log, n, dev);

	g_string_append(s, "  requester ");
	add_dev(s, dev);
	if (d && d->driver)
		g_string_append_printf(s, " (%s)", d->driver);
	if (d && d->bus_first >= 0)
		g_string_append_printf(s, ", a bridge to bus %02x", (unsigned)d->bus_first);
	g_string_append_c(s, '\n');
	d = explain_device_of(log->kernels->pdata[n], dev);
	if (d && d->dead)
		g_string_append_printf(s, "    stopped: %s\n", d->dead);
}

static void add_fault(GString *s, const struct explain_log *log, unsigned n, const struct explain_fault *f)
{
	const struct explain_words *w = explain_words_of(explain_cause_of(log, n, f));

	g_string_append_printf(s, "    %u %s%s", f->count, access_words[f->access], f->count == 1 ? "" : "s");
	add_ranges(s, f);
	if (f->reason >= 0)
		g_string_append_printf(s, ", reason 0x%02x", (unsigned)f->reason);
	g_string_append_printf(s, ": %s\n      %s: %s\n      look at: %s\n", explain_reason_of(f->reason)->what,
			       w->word, w->what, w->look);
}

/* Requesters in the order of their first fault, each with all of its own. */
static void add_faults(GString *s, const struct explain_log *log, unsigned n)
{
	const struct explain_kernel *k = log->kernels->pdata[n];

	for (unsigned i = 0; i < k->faults->len; i++) {
		const struct explain_fault *first = k->faults->pdata[i];
		bool told = false;

		for (unsigned j = 0; j < i && !told; j++)
			told = ((const struct explain_fault *)k->faults->pdata[j])->dev == first->dev;
		if (told)
			continue;
		add_device(s, log, n, first->dev);
		for (unsigned j = i; j < k->faults->len; j++) {
			const struct explain_fault *f = k->faults->pdata[j];

			if (f->dev == first->dev)
				add_fault(s, log, n, f);
		}
	}
}

/* A device that has stopped while nothing of it faulted. */
static bool stopped_silently(const struct explain_kernel *k, const struct explain_device *d)
{
	for (unsigned i = 0; i < k->faults->len; i++)
		if (((const struct explain_fault *)k->faults->pdata[i])->dev == d->dev)
			return false;
	return d->dead;
}

static unsigned add_silent(GString *s, const struct explain_kernel *k)
{
	unsigned count = 0;

	for (unsigned i = 0; i < k->devices->len; i++) {
		const struct explain_device *d = k->devices->pdata[i];

		if (!stopped_silently(k, d))
			continue;
		count++;
		g_string_append(s, "  device ");
		add_dev(s, d->dev);
		g_string_append_printf(s, " (%s)\n    stopped: %s\n", d->driver ? d->driver : "no driver", d->dead);
		g_string_append(
			s,
			"      cannot tell: no fault of this id is in the log: the IOMMU may have nothing to do with "
			"it, or lead its DMA elsewhere without a fault\n      look at: faults of a bridge in front "
			"of it; the device's tables in a dump; the same with intel_iommu=off\n");
	}
	return count;
}

static void add_copy(GString *s, const struct explain_kernel *before, const struct explain_kernel *k)
{
	const char *rest = k->cmdline ? strstr(k->cmdline, " -- ") : NULL;

	if (k->not_kdump) {
		g_string_append(s,
				"  tables: not copied: translation was on when this kernel started, and by its command "
				"line it is no crash kernel\n");
		if (rest && strstr(rest, "elfcorehdr="))
			g_string_append(s,
					"    elfcorehdr= stands behind the `--`, where the kernel does not read it\n");
	} else if (k->copy_failed) {
		g_string_append(
			s,
			"  tables: not copied: the kernel tried, and failed: they are of another mode (legacy, scalable) "
			"than its own, or cannot be read\n");
		if (before && before->may_scale && k->no_scale)
			g_string_append(s, "    the kernel before was allowed scalable mode, this one refuses it\n");
		else if (before && before->no_scale && k->may_scale)
			g_string_append(s, "    the kernel before refused scalable mode, this one is allowed it\n");
	} else if (k->copied) {
		g_string_append(s, "  tables: copied from the kernel before, by its own word\n");
	} else if (k->copying) {
		g_string_append(s, "  tables: it began to copy; whether it came to an end is not in the log\n");
	}
	if (k->ir_failed || k->ir_not_kdump)
		g_string_append(s, "  interrupt remapping: not copied\n");
	else if (k->ir_copied)
		g_string_append(s, "  interrupt remapping: copied from the kernel before\n");
}

static void add_kernel(GString *s, const struct explain_log *log, unsigned n)
{
	const struct explain_kernel *k = log->kernels->pdata[n];
	unsigned silent;

	g_string_append_printf(s, "kernel %u: %s%s\n", n + 1,
			       k->version ? k->version : "its first line is not in the log",
			       explain_crash_kernel(log, n) ? ", a crash kernel" : "");
	add_copy(s, n ? log->kernels->pdata[n - 1] : NULL, k);
	add_faults(s, log, n);
	silent = add_silent(s, k);
	if (k->handled && !k->faults->len)
		g_string_append(s, "  cannot tell: there were faults, and no report of any is in the log\n");
	else if (!silent && !k->unread && !k->queue_line && !k->faults->len)
		g_string_append(s, "  no fault and no dead device in the log\n");
	if (k->unread)
		g_string_append_printf(
			s,
			"  cannot tell: %u line%s of faults cannot be read whole, the first is line %u: who faulted, and "
			"where, is not known\n",
			k->unread, k->unread == 1 ? "" : "s", k->unread_line);
	if (k->queue_line)
		g_string_append_printf(
			s,
			"  line %u: the IOMMU could not invalidate: a device did not answer, or the queue itself is "
			"wrong\n",
			k->queue_line);
	if (k->overflow)
		g_string_append(s, "  the fault records overflowed: there were more faults than reports\n");
	if (k->suppressed)
		g_string_append_printf(
			s,
			"  %u reports more were suppressed by the kernel: who faulted, and where, is not known "
			"of them\n",
			k->suppressed);
	if (k->dropped)
		g_string_append_printf(s, "  %u faults more of further requesters are not shown\n", k->dropped);
	if (k->panic)
		g_string_append_printf(s, "  ended: %s\n", k->panic);
}

char *explain_text(const struct explain_log *log)
{
	GString *s = g_string_new(NULL);

	for (unsigned i = 0; i < log->kernels->len; i++)
		add_kernel(s, log, i);
	g_string_append(
		s, "A kernel prints 10 lines of faults in 5 s, and may miss the first: what is not in a log may have "
		   "happened.\n");
	return g_string_free(s, FALSE);
}

char *explain_brief(const struct explain_log *log)
{
	GString *s = g_string_new(NULL);

	for (unsigned n = 0; n < log->kernels->len; n++) {
		const struct explain_kernel *k = log->kernels->pdata[n];

		for (unsigned i = 0; i < k->faults->len; i++) {
			const struct explain_fault *f = k->faults->pdata[i];
			enum explain_cause cause = explain_cause_of(log, n, f);

			g_string_append_printf(s, "%u ", n + 1);
			add_dev(s, f->dev);
			g_string_append_printf(s, f->reason < 0 ? " %s ?" : " %s 0x%02x", access_words[f->access],
					       (unsigned)f->reason);
			g_string_append_printf(s, " %u %s\n", f->count, explain_words_of(cause)->word);
		}
		for (unsigned i = 0; i < k->devices->len; i++) {
			const struct explain_device *d = k->devices->pdata[i];

			if (!stopped_silently(k, d))
				continue;
			g_string_append_printf(s, "%u ", n + 1);
			add_dev(s, d->dev);
			g_string_append(s, " stopped - 1 cannot tell\n");
		}
	}
	return g_string_free(s, FALSE);
}

bool explain_like(const struct explain_log *log, char **patterns)
{
	for (char **pattern = patterns; *pattern; pattern++) {
		g_autoptr(GRegex) regex = g_regex_new(*pattern + (**pattern == '~'), G_REGEX_OPTIMIZE, 0, NULL);
		bool found = false;

		for (unsigned i = 0; regex && i < log->kept->len && !found; i++)
			found = g_regex_match(regex, log->kept->pdata[i], 0, NULL);
		if (!found)
			return false;
	}
	return *patterns != NULL;
}
