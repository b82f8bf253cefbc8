/* SPDX-License-Identifier: GPL-2.0-only */
/* Which IOVAs the pages of a load get: options and arithmetic, no system calls. */
#include "dma.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void layout_init(struct layout *l)
{
	l->pages = 1;
	l->stride = 1;
	l->size = PAGE_4K;
	l->iova = UINT64_C(256) << 20;
}

static int number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return errno || *end || *value < min || *value > max ? -1 : 0;
}

int layout_option(struct layout *l, const char *option, const char **why)
{
	const char *value = strchr(option, '=');
	size_t len = value ? (size_t)(value - option) : 0;
	int result = -1;

	*why = "options are pages=N stride=N size=4k|2m iova=ADDRESS";
	if (!value)
		return -1;
	value++;
	if (len == 5 && !strncmp(option, "pages", len)) {
		*why = "pages must be 1..4000000";
		result = number(value, 1, 4000000, &l->pages);
	} else if (len == 6 && !strncmp(option, "stride", len)) {
		*why = "stride must be 1..65536";
		result = number(value, 1, 65536, &l->stride);
	} else if (len == 4 && !strncmp(option, "size", len)) {
		*why = "size must be 4k or 2m";
		result = strcmp(value, "4k") && strcmp(value, "2m") ? -1 : 0;
		l->size = *value == '2' ? PAGE_2M : PAGE_4K;
	} else if (len == 4 && !strncmp(option, "iova", len)) {
		*why = "iova must be an address below 2^56";
		result = number(value, 0, (UINT64_C(1) << 56) - 1, &l->iova);
	}
	return result;
}

void layout_begin(const struct layout *l, struct layout_cursor *c)
{
	c->next = (l->iova + l->size - 1) / l->size * l->size;
	c->left = l->pages;
}

int layout_next(const struct layout *l, struct layout_cursor *c, const struct iova_range *ranges, size_t n,
		uint64_t max, uint64_t *iova, uint64_t *pages)
{
	uint64_t fit;

	if (!c->left)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const struct iova_range *r = &ranges[i];

		if (c->next < r->first)
			c->next = (r->first + l->size - 1) / l->size * l->size;
		if (c->next > r->last || r->last - c->next < l->size - 1)
			continue;
		/* in two steps: the last address can be the highest there is */
		fit = (r->last - c->next - (l->size - 1)) / l->size + 1;
		*pages = l->stride == 1 ? fit : 1;
		*pages = *pages < max ? *pages : max;
		*pages = *pages < c->left ? *pages : c->left;
		*iova = c->next;
		c->left -= *pages;
		c->next += *pages * l->stride * l->size;
		return 1;
	}
	return -1;
}
