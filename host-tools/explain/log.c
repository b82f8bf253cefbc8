/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading a pasted log: kernels, devices, faults. */
#include "explain/log.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct parser {
	struct explain_log *log;
	struct explain_kernel *k; /* that writes now */
	unsigned line;		  /* from 1 */
	char *pending;		  /* a report whose reason must be in a line that follows */
	unsigned pending_line;
	struct explain_fault *dumping; /* the fault whose tables the kernel shows; NULL: none */
};

static void device_free(void *data)
{
	struct explain_device *d = data;

	g_free(d->driver);
	g_free(d->dead);
	g_free(d);
}

static void kernel_free(void *data)
{
	struct explain_kernel *k = data;

	g_free(k->version);
	g_free(k->cmdline);
	g_free(k->panic);
	g_ptr_array_unref(k->faults);
	g_ptr_array_unref(k->devices);
	g_free(k);
}

void explain_log_free(struct explain_log *log)
{
	if (!log)
		return;
	g_ptr_array_unref(log->kernels);
	g_ptr_array_unref(log->kept);
	g_free(log);
}

static void next_kernel(struct parser *p)
{
	if (p->log->kernels->len >= EXPLAIN_KERNELS_MAX)
		return;
	p->k = g_new0(struct explain_kernel, 1);
	p->k->faults = g_ptr_array_new_with_free_func(g_free);
	p->k->devices = g_ptr_array_new_with_free_func(device_free);
	p->dumping = NULL;
	g_ptr_array_add(p->log->kernels, p->k);
}

struct explain_device *explain_device_of(const struct explain_kernel *k, uint32_t dev)
{
	for (unsigned i = 0; i < k->devices->len; i++) {
		struct explain_device *d = k->devices->pdata[i];

		if (d->dev == dev)
			return d;
	}
	return NULL;
}

static struct explain_device *make_device(struct explain_kernel *k, uint32_t dev)
{
	struct explain_device *d = explain_device_of(k, dev);

	if (d || k->devices->len >= EXPLAIN_DEVICES_MAX)
		return d;
	d = g_new0(struct explain_device, 1);
	d->dev = dev;
	d->bus_first = d->bus_last = -1;
	g_ptr_array_add(k->devices, d);
	return d;
}

/* ---- faults ---- */

/* Ascending; neighbours become one range; what finds no room is only said to be there. */
static void add_range(struct explain_fault *f, uint64_t value)
{
	uint64_t step = f->access == EXPLAIN_INTERRUPT ? 1 : 0x1000;
	struct explain_range *r = f->ranges, *end = f->ranges + f->nranges;

	while (r < end && r->last < value && value - r->last > step)
		r++;
	if (r < end && (value >= r->first || r->first - value <= step)) {
		r->first = MIN(r->first, value);
		r->last = MAX(r->last, value);
		if (r + 1 < end && r[1].first - r->last <= step) {
			r->last = r[1].last;
			memmove(r + 1, r + 2, (size_t)(end - r - 2) * sizeof(*r));
			f->nranges--;
		}
	} else if (f->nranges < EXPLAIN_RANGES_MAX) {
		memmove(r + 1, r, (size_t)(end - r) * sizeof(*r));
		*r = (struct explain_range){ value, value };
		f->nranges++;
	} else {
		f->more = true;
	}
}

static void add_fault(struct parser *p, const struct explain_fault *new, unsigned line)
{
	struct explain_fault *f;

	p->dumping = NULL;
	for (unsigned i = 0; i < p->k->faults->len; i++) {
		f = p->k->faults->pdata[i];
		if (f->dev != new->dev || f->access != new->access || f->reason != new->reason)
			continue;
		f->count++;
		f->last_line = line;
		if (new->nranges)
			add_range(f, new->ranges[0].first);
		p->dumping = f;
		return;
	}
	if (p->k->faults->len >= EXPLAIN_REPORTS_MAX) {
		p->k->dropped++;
		return;
	}
	f = g_memdup2(new, sizeof(*new));
	f->first_line = f->last_line = line;
	g_ptr_array_add(p->k->faults, f);
	p->dumping = f;
}

static void flush_pending(struct parser *p)
{
	struct explain_fault fault;

	if (p->pending && explain_fault_read(p->pending, &fault))
		add_fault(p, &fault, p->pending_line);
	g_clear_pointer(&p->pending, g_free);
}

/* Was a line broken within an address, whose other digits @message begins with? A terminal breaks at any character. */
static bool cut_number(const char *pending, const char *message)
{
	size_t digits = strspn(message, "x0123456789abcdef"), len = strlen(pending);

	return len && strchr("x0123456789abcdef", pending[len - 1]) && digits && digits < 18 &&
	       g_str_has_prefix(message + digits, " [fault reason");
}

/* Older kernels write the reason into a line of its own, and mail breaks lines. */
static bool take_fault(struct parser *p, const char *message)
{
	struct explain_fault fault;
	int is = explain_fault_read(message, &fault);

	if (is) {
		flush_pending(p);
		if (is > 0) {
			add_fault(p, &fault, p->line);
			return true;
		}
		p->pending = g_strdup(message);
		p->pending_line = p->line;
		return true;
	}
	if (!p->pending)
		return false;
	g_autofree char *joined = g_strconcat(p->pending, cut_number(p->pending, message) ? "" : " ", message, NULL);

	if (explain_fault_read(joined, &fault) > 0) {
		add_fault(p, &fault, p->pending_line);
		g_clear_pointer(&p->pending, g_free);
		return true;
	}
	g_free(p->pending);
	p->pending = g_steal_pointer(&joined);
	if (p->line - p->pending_line >= 3)
		flush_pending(p);
	return false;
}

/* The kernel's own walk of its tables, behind the fault that it is about. */
static void take_dump(struct parser *p, const char *m)
{
	static const struct {
		const char *text;
		enum explain_dump dump;
	} ends[] = {
		{ "root table is not present", EXPLAIN_DUMP_NO_ENTRY },
		{ "context table is not present", EXPLAIN_DUMP_NO_ENTRY },
		{ "pasid directory table is not present", EXPLAIN_DUMP_NO_PASID },
		{ "pasid table is not present", EXPLAIN_DUMP_NO_PASID },
		{ "mode page table is not present", EXPLAIN_DUMP_UNMAPPED },
		{ "page table not present at level", EXPLAIN_DUMP_UNMAPPED },
	};
	const char *pte = strstr(m, "pte value: 0x");

	if (!p->dumping)
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
		if (strstr(m, ends[i].text))
			p->dumping->dump = ends[i].dump;
	if (!pte)
		return;
	p->dumping->leaf = g_ascii_strtoull(pte + strlen("pte value: "), NULL, 16);
	p->dumping->dump = EXPLAIN_DUMP_LEAF;
}

/* ---- what a kernel says of itself ---- */

#define FLAG(text, field)                                    \
	{                                                    \
		text, offsetof(struct explain_kernel, field) \
	}

static void take_flags(struct explain_kernel *k, const char *m)
{
	static const struct {
		const char *text;
		size_t flag;
	} flags[] = {
		FLAG("Translation already enabled - trying to copy", copying),
		FLAG("Copied translation tables from previous kernel", copied),
		FLAG("Failed to copy translation tables", copy_failed),
		FLAG("Copied IR table for", ir_copied),
		FLAG("Failed to copy IR table", ir_failed),
		FLAG("Default domain type: Passthrough", passthrough),
		FLAG("Enable scalable mode if hardware supports", may_scale),
		FLAG("Scalable mode is disallowed", no_scale),
	};

	for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
		if (strstr(m, flags[i].text))
			*(bool *)((char *)k + flags[i].flag) = true;
	if (strstr(m, "but we are not in kdump mode"))
		*(strstr(m, "IRQ remapping") ? &k->ir_not_kdump : &k->not_kdump) = true;
}

static void take_kernel(struct parser *p, const char *m)
{
	static const char version[] = "Linux version ";
	const char *cmdline = strstr(m, "ommand line: ");
	const char *suppressed = strstr(m, "dmar_fault: "), *handled = strstr(m, "handling fault status reg ");
	const char *panic = strstr(m, "Kernel panic - not syncing");
	struct explain_kernel *k = p->k;

	if (g_str_has_prefix(m, version)) {
		if (k->version || k->panic || k->devices->len || k->faults->len) {
			flush_pending(p);
			next_kernel(p);
			k = p->k;
		}
		g_free(k->version);
		k->version = g_strndup(m + strlen(version), strcspn(m + strlen(version), " "));
	}
	if (cmdline && cmdline - m < 9 && !k->cmdline)
		k->cmdline = g_strdup(strchr(cmdline, ':') + 2);
	if (panic && !k->panic && !strstr(m, "end Kernel panic"))
		k->panic = g_strdup(panic);
	if (suppressed && strstr(m, "callbacks suppressed")) {
		unsigned long n = strtoul(suppressed + strlen("dmar_fault: "), NULL, 10);

		k->suppressed += (unsigned)MIN(n, 1000000000 - MIN(k->suppressed, 1000000000));
	}
	if (handled) {
		k->handled++;
		k->overflow |= strtoul(handled + strlen("handling fault status reg "), NULL, 16) & 1;
	}
	if (strstr(m, "Intel(R) Virtualization Technology for Directed I/O") && !k->ready_line)
		k->ready_line = p->line;
	take_flags(k, m);
}

/* ---- devices ---- */

static bool tells_death(const char *m)
{
	static const char *const words[] = { "Detected Tx Unit Hang",
					     "Detected Hardware Unit Hang",
					     "NETDEV WATCHDOG",
					     "transmit queue",
					     "timeout, ",
					     "Identify Controller failed",
					     "Removing after probe failure",
					     "probe failed with error" };

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (strstr(m, words[i]))
			return true;
	return false;
}

static void take_bridge(struct explain_device *d, const char *m)
{
	const char *bus = strstr(m, "PCI bridge to [bus ");
	char *end;

	if (!bus)
		return;
	bus += strlen("PCI bridge to [bus ");
	d->bus_first = d->bus_last = (int)(strtoul(bus, &end, 16) & 0xff);
	if (*end == '-')
		d->bus_last = (int)(strtoul(end + 1, NULL, 16) & 0xff);
}

/* "e1000e 0000:00:01.0 eth0: ...", "pci 0000:00:01.0: ...", "nvme nvme0: pci function 0000:00:02.0". */
static void take_device(struct parser *p, const char *m)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t word = strspn(m, alphabet);
	const char *where = m + word + 1, *function = strstr(m, ": pci function ");
	struct explain_device *d;
	uint32_t dev;

	if (!word || word > 31 || m[word] != ' ')
		return;
	if (function)
		where = function + strlen(": pci function ");
	/* a domain is always written here; "card 00:02.0" is somebody's text */
	if (!explain_dev_read(where, &dev) || strspn(where, "0123456789abcdef") < 4 || !(d = make_device(p->k, dev)))
		return;
	take_bridge(d, m);
	d->grouped |= strstr(m, "Adding to iommu group") != NULL;
	if (!d->dead && tells_death(m))
		d->dead = g_strdup(m);
	if (d->driver || (word == 3 && strncmp(m, "pci", 3) == 0) || strstr(m, "iommu group"))
		return;
	d->driver = g_strndup(m, word);
	d->driver_line = p->line;
}

/* "nvme nvme0: I/O 4 QID 0 timeout": by the driver's name, if it has one device only. */
static void take_death(struct parser *p, const char *m)
{
	struct explain_device *only = NULL;

	if (!tells_death(m))
		return;
	for (unsigned i = 0; i < p->k->devices->len; i++) {
		struct explain_device *d = p->k->devices->pdata[i];
		size_t len = d->driver ? strlen(d->driver) : 0;

		if (!len || strncmp(m, d->driver, len) != 0 || m[len] != ' ')
			continue;
		if (only)
			return;
		only = d;
	}
	if (only && !only->dead)
		only->dead = g_strdup(m);
}

/* ---- all of it ---- */

/* Only such lines are held against the bugs; the others say nothing of an IOMMU. */
static void keep(struct parser *p, const char *m)
{
	static const char *const words[] = {
		"DMAR",		 "dmar",	 "INTR-REMAP", "iommu",	     "IOMMU",	  "ommand line: ",
		"Linux version", "Kernel panic", "fault",      "Oops",	     "BUG:",	  "imeout",
		"timed out",	 "Hang",	 "pte ",       "probe fail", "remapping", "Unable to handle",
		"Call Trace",	 "DMA",		 "vfio"
	};

	for (size_t i = 0; i < G_N_ELEMENTS(words) && p->log->kept->len < EXPLAIN_KEPT_MAX; i++)
		if (strstr(m, words[i])) {
			g_ptr_array_add(p->log->kept, g_strdup(m));
			break;
		}
	if (strstr(m, "DMAR") || strstr(m, "INTR-REMAP") || strstr(m, "dmar"))
		p->log->vtd = true;
	else if (strstr(m, "AMD-Vi"))
		p->log->other = "AMD-Vi";
	else if (strstr(m, "arm-smmu"))
		p->log->other = "arm-smmu";
}

/* A line of a fault of which nothing is left to go by: broken before the device, cut, or without the line that it belongs to. */
static void take_unread(struct parser *p, const char *m)
{
	static const char *const begins[] = { "[DM", "[fault reason", "[INTR-REMAP" };
	const char *at = g_str_has_prefix(m, "DMAR:") ? m + strlen("DMAR:") : NULL;

	for (size_t i = 0; at && i < G_N_ELEMENTS(begins); i++)
		if (g_str_has_prefix(at + strspn(at, " "), begins[i]) && !p->k->unread++)
			p->k->unread_line = p->line;
	if (!p->k->queue_line && (strstr(m, "Invalidation Time-out Error") || strstr(m, "Invalidation Queue Error") ||
				  strstr(m, "Invalidation Completion Error")))
		p->k->queue_line = p->line;
}

static void take_line(struct parser *p, const char *bytes, size_t len)
{
	g_autofree char *raw = g_strndup("", MIN(len, EXPLAIN_LINE_MAX)), *line = NULL;
	const char *m;

	len = MIN(len, EXPLAIN_LINE_MAX);
	for (size_t i = 0; i < len; i++)
		raw[i] = bytes[i] ? bytes[i] : ' ';
	line = text_one_line(raw);
	m = explain_message(line);
	p->line++;
	if (!*m)
		return;
	keep(p, m);
	take_kernel(p, m);
	if (take_fault(p, m))
		return;
	take_unread(p, m);
	take_dump(p, m);
	take_device(p, m);
	take_death(p, m);
}

struct explain_log *explain_read(const char *bytes, size_t len)
{
	struct parser p = { .log = g_new0(struct explain_log, 1) };

	p.log->kernels = g_ptr_array_new_with_free_func(kernel_free);
	p.log->kept = g_ptr_array_new_with_free_func(g_free);
	next_kernel(&p);
	while (len) {
		const char *end = memchr(bytes, '\n', len);
		size_t n = end ? (size_t)(end - bytes) : len;

		take_line(&p, bytes, n);
		n += end != NULL;
		bytes += n;
		len -= n;
	}
	flush_pending(&p);
	return p.log;
}
