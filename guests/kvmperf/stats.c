/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM_GET_STATS_FD: a header, descriptors with names, and an array of values, all in one file. */
#include "stats.h"

#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void take_descriptors(struct stats *s, const struct kvm_stats_header *h)
{
	size_t step = sizeof(struct kvm_stats_desc) + h->name_size, size = step * h->num_desc;
	unsigned char *all = xcalloc(1, size);

	if (pread(s->fd, all, size, h->desc_offset) != (ssize_t)size) {
		free(all);
		return;
	}
	for (uint32_t i = 0; i < h->num_desc && s->n < STATS_MAX; i++) {
		struct kvm_stats_desc d;
		struct stats_value *v = &s->v[s->n];
		uint32_t type;

		memcpy(&d, all + i * step, sizeof(d));
		type = d.flags & KVM_STATS_TYPE_MASK;
		if (d.size != 1 || type > KVM_STATS_TYPE_PEAK)
			continue;
		snprintf(v->name, sizeof(v->name), "%.*s", (int)h->name_size, (const char *)all + i * step + sizeof(d));
		v->offset = h->data_offset + d.offset;
		v->instant = type != KVM_STATS_TYPE_CUMULATIVE;
		v->value = 0;
		s->n++;
	}
	free(all);
}

void stats_open(struct stats *s, int kvm_fd)
{
	struct kvm_stats_header h;

	memset(s, 0, sizeof(*s));
	s->fd = ioctl(kvm_fd, KVM_GET_STATS_FD, NULL);
	if (s->fd < 0)
		return;
	/* Sizes come from the kernel; the bound only keeps a surprise from becoming an allocation
	 * of terabytes. */
	if (pread(s->fd, &h, sizeof(h), 0) == sizeof(h) && h.num_desc < 4096 && h.name_size < 1024)
		take_descriptors(s, &h);
}

void stats_close(struct stats *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

void stats_read(struct stats *s)
{
	for (unsigned int i = 0; i < s->n; i++)
		if (pread(s->fd, &s->v[i].value, sizeof(uint64_t), s->v[i].offset) != sizeof(uint64_t))
			s->v[i].value = 0;
}

const uint64_t *stats_find(const struct stats *s, const char *name)
{
	for (unsigned int i = 0; i < s->n; i++)
		if (!strcmp(s->v[i].name, name))
			return &s->v[i].value;
	return NULL;
}

void stats_delta(const struct stats *before, const struct stats *after, struct stats *out)
{
	*out = *after;
	for (unsigned int i = 0; i < out->n && i < before->n; i++)
		if (!out->v[i].instant)
			out->v[i].value -= before->v[i].value;
}

void stats_add(struct stats *a, const struct stats *b)
{
	if (!a->n) {
		*a = *b;
		return;
	}
	for (unsigned int i = 0; i < a->n && i < b->n; i++)
		a->v[i].value += b->v[i].value;
}
