/* SPDX-License-Identifier: GPL-2.0-only */
/* From a fault, and what stands around it, to its cause. */
#include <stdio.h>
#include <string.h>

#include "base/cmdline.h"
#include "explain/explain.h"
#include "explain/reason.h"

#define LEAF_READ 1u
#define LEAF_WRITE 2u

bool explain_crash_kernel(const struct explain_log *log, unsigned n)
{
	const struct explain_kernel *k = log->kernels->pdata[n], *before = n ? log->kernels->pdata[n - 1] : NULL;
	g_autofree char *elfcorehdr = k->cmdline ? cmdline_value(k->cmdline, "elfcorehdr") : NULL;

	/* a panic and another kernel behind it: a reboot too, but then translation is not on */
	return elfcorehdr || k->copying || k->copied || k->copy_failed || (before && before->panic && k->not_kdump);
}

const struct explain_device *explain_device_find(const struct explain_log *log, unsigned n, uint32_t dev)
{
	const struct explain_device *d = explain_device_of(log->kernels->pdata[n], dev);

	for (unsigned i = 0; !d && i < log->kernels->len; i++)
		d = explain_device_of(log->kernels->pdata[i], dev);
	return d;
}

/* No driver of kernel @k had the requester yet when the last of @f came. */
static bool before_drivers(const struct explain_kernel *k, const struct explain_fault *f)
{
	const struct explain_device *d = explain_device_of(k, f->dev);

	if (!k->version)
		return false;
	return f->last_line < k->ready_line || (d && f->last_line < d->driver_line);
}

static bool driven_by_earlier(const struct explain_log *log, unsigned n, uint32_t dev)
{
	for (unsigned i = 0; i < n; i++) {
		const struct explain_device *d = explain_device_of(log->kernels->pdata[i], dev);

		if (d && d->driver)
			return true;
	}
	return false;
}

/* EXPLAIN_ALIAS, _ALIAS_BUS, _NO_DEVICE, or _CANNOT_TELL: it is a device like others, or the log lists none. */
static enum explain_cause what_requester(const struct explain_log *log, unsigned n, uint32_t dev)
{
	const struct explain_device *d = explain_device_find(log, n, dev);
	unsigned grouped = 0, neighbours = 0;

	if (d)
		return d->bus_first >= 0 ? EXPLAIN_ALIAS : EXPLAIN_CANNOT_TELL;
	for (unsigned i = 0; i < log->kernels->len; i++) {
		const struct explain_kernel *k = log->kernels->pdata[i];

		for (unsigned j = 0; j < k->devices->len; j++) {
			d = k->devices->pdata[j];
			grouped += d->grouped;
			neighbours += d->dev >> 8 == dev >> 8;
		}
	}
	/* slot 0, function 0 of a bus on which others are: what bridges put in front of a bus of conventional PCI */
	if (!(dev & 0xff) && dev >> 8 && neighbours)
		return EXPLAIN_ALIAS_BUS;
	return grouped >= 3 ? EXPLAIN_NO_DEVICE : EXPLAIN_CANNOT_TELL;
}

static bool only_address_0(const struct explain_fault *f)
{
	return f->nranges == 1 && !f->ranges[0].last && !f->more;
}

/* A page that could neither be read nor written. */
static bool other_access_too(const struct explain_kernel *k, const struct explain_fault *f)
{
	for (unsigned i = 0; i < k->faults->len; i++) {
		const struct explain_fault *o = k->faults->pdata[i];

		if (o->dev != f->dev || o->access == f->access || o->access == EXPLAIN_INTERRUPT ||
		    explain_reason_of(o->reason)->kind != EXPLAIN_KIND_PERMISSION)
			continue;
		/* every range of @f within one of the other */
		unsigned in = 0;

		for (unsigned a = 0; a < f->nranges; a++)
			for (unsigned b = 0; b < o->nranges; b++)
				in += f->ranges[a].first >= o->ranges[b].first &&
				      f->ranges[a].last <= o->ranges[b].last;
		if (f->nranges && in >= f->nranges && !f->more)
			return true;
	}
	return false;
}

/* From 5.13 to 6.12 at the least, every leaf that is written has the bit for reading. */
static bool leaves_are_readable(const struct explain_log *log)
{
	for (unsigned i = 0; i < log->kernels->len; i++) {
		const struct explain_kernel *k = log->kernels->pdata[i];
		unsigned major, minor;

		if (!k->version || sscanf(k->version, "%4u.%4u", &major, &minor) != 2 || major * 1000 + minor < 5013 ||
		    major * 1000 + minor > 6012)
			return false;
	}
	return true;
}

static enum explain_cause by_dump(const struct explain_kernel *k, const struct explain_fault *f)
{
	unsigned need = f->access == EXPLAIN_WRITE ? LEAF_WRITE : LEAF_READ;

	switch (f->dump) {
	case EXPLAIN_DUMP_NO_ENTRY:
		/*
		 * The unit came as far as a leaf, so there is an entry; the kernel shows none where it is a copied one (it
		 * does not follow the dead kernel's pointers).
		 */
		return k->copied ? EXPLAIN_DEAD_TABLES : EXPLAIN_CANNOT_TELL;
	case EXPLAIN_DUMP_UNMAPPED:
		return EXPLAIN_UNMAPPED;
	case EXPLAIN_DUMP_LEAF:
		if (!(f->leaf & (LEAF_READ | LEAF_WRITE)))
			return EXPLAIN_UNMAPPED;
		return f->leaf & need		  ? EXPLAIN_STALE_CACHE :
		       f->access == EXPLAIN_WRITE ? EXPLAIN_READ_ONLY :
						    EXPLAIN_CANNOT_TELL;
	default:
		return EXPLAIN_CANNOT_TELL;
	}
}

static enum explain_cause of_permission(const struct explain_log *log, unsigned n, const struct explain_fault *f)
{
	const struct explain_kernel *k = log->kernels->pdata[n];
	bool crash = explain_crash_kernel(log, n);
	enum explain_cause cause;

	if (crash && k->copied && k->passthrough)
		return EXPLAIN_PASSTHROUGH;
	if (crash && k->copied && before_drivers(k, f) &&
	    (f->dump == EXPLAIN_DUMP_UNMAPPED || f->dump == EXPLAIN_DUMP_LEAF))
		return EXPLAIN_TAKEN_EARLY;
	if ((cause = by_dump(k, f)) != EXPLAIN_CANNOT_TELL)
		return cause;
	if (!crash && before_drivers(k, f))
		return EXPLAIN_FIRMWARE;
	if (only_address_0(f))
		return EXPLAIN_ADDRESS_0;
	if (crash && k->copied && before_drivers(k, f))
		return EXPLAIN_DEAD_DMA;
	if ((cause = what_requester(log, n, f->dev)) != EXPLAIN_CANNOT_TELL)
		return cause;
	if (other_access_too(k, f) || (f->access == EXPLAIN_READ && leaves_are_readable(log)))
		return EXPLAIN_UNMAPPED;
	return EXPLAIN_CANNOT_TELL;
}

static enum explain_cause of_entry(const struct explain_log *log, unsigned n, const struct explain_fault *f)
{
	const struct explain_kernel *k = log->kernels->pdata[n];
	bool crash = explain_crash_kernel(log, n);
	enum explain_cause cause = what_requester(log, n, f->dev);

	if (cause != EXPLAIN_CANNOT_TELL)
		return cause;
	if (crash && k->copied && before_drivers(k, f) && driven_by_earlier(log, n, f->dev))
		return EXPLAIN_ENTRY_LOST;
	if (!crash && before_drivers(k, f))
		return EXPLAIN_FIRMWARE;
	return EXPLAIN_NO_ENTRY;
}

enum explain_cause explain_cause_of(const struct explain_log *log, unsigned n, const struct explain_fault *f)
{
	const struct explain_kernel *k = log->kernels->pdata[n];
	const struct explain_device *d = explain_device_of(k, f->dev);
	enum explain_kind kind = explain_reason_of(f->reason)->kind;
	/* a driver that this kernel does not name has not taken it, as far as the log goes */
	bool untaken = !d || !d->driver || f->last_line < d->driver_line || f->last_line < k->ready_line;

	if (kind == EXPLAIN_KIND_INTERRUPT || f->access == EXPLAIN_INTERRUPT)
		return k->ir_failed || k->ir_not_kdump ? EXPLAIN_INTERRUPT_LOST : EXPLAIN_INTERRUPT_BLOCKED;
	if (kind == EXPLAIN_KIND_UNKNOWN)
		return EXPLAIN_NO_REASON;
	if ((k->copy_failed || k->not_kdump) && untaken)
		return EXPLAIN_NOT_TAKEN_OVER;
	if (f->dump == EXPLAIN_DUMP_NO_PASID)
		kind = EXPLAIN_KIND_ENTRY;
	switch (kind) {
	case EXPLAIN_KIND_ENTRY:
		return of_entry(log, n, f);
	case EXPLAIN_KIND_PERMISSION:
		return of_permission(log, n, f);
	case EXPLAIN_KIND_UNMAPPED:
		return only_address_0(f) ? EXPLAIN_ADDRESS_0 : EXPLAIN_UNMAPPED;
	case EXPLAIN_KIND_WIDTH:
		return EXPLAIN_WIDTH;
	case EXPLAIN_KIND_BLOCKED:
		return EXPLAIN_BLOCKED;
	default:
		return EXPLAIN_CORRUPT;
	}
}
