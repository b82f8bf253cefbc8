/* SPDX-License-Identifier: GPL-2.0-only */
/* A walk, and a comparison of two, as JSON: what the IOMMU tells, into a builder. */
#include "cmd/walk-json.h"

#include <inttypes.h>
#include <stdio.h>

static JsonBuilder *at(void *ctx, const char *name)
{
	if (name)
		json_builder_set_member_name(ctx, name);
	return ctx;
}

static void open_object(void *ctx, const char *name)
{
	json_builder_begin_object(at(ctx, name));
}

static void close_object(void *ctx)
{
	json_builder_end_object(ctx);
}

static void open_list(void *ctx, const char *name)
{
	json_builder_begin_array(at(ctx, name));
}

static void close_list(void *ctx)
{
	json_builder_end_array(ctx);
}

/* JSON numbers here are signed: what does not fit (a saturated count) is the largest that does. */
static void number(void *ctx, const char *name, uint64_t value)
{
	json_builder_add_int_value(at(ctx, name), value > INT64_MAX ? INT64_MAX : (gint64)value);
}

static void address(void *ctx, const char *name, uint64_t value)
{
	char text[20];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	json_builder_add_string_value(at(ctx, name), text);
}

static void flag(void *ctx, const char *name, bool value)
{
	json_builder_add_boolean_value(at(ctx, name), value);
}

static void text(void *ctx, const char *name, const char *value)
{
	json_builder_add_string_value(at(ctx, name), value);
}

static struct iommu_listener writer(JsonBuilder *b)
{
	return (struct iommu_listener){
		open_object, close_object, open_list, close_list, number, address, flag, text, b
	};
}

JsonNode *walk_to_json(const struct iommu_walk *w, const struct iommu_snapshot *s, gboolean runs)
{
	g_autoptr(JsonBuilder) b = json_builder_new();
	const struct iommu_listener to = writer(b);

	json_builder_begin_object(b);
	w->iommu->tell(w, s, runs, &to);
	json_builder_end_object(b);
	return json_builder_get_root(b);
}

JsonNode *compare_to_json(const struct iommu_comparison *c)
{
	g_autoptr(JsonBuilder) b = json_builder_new();
	const struct iommu_listener to = writer(b);

	json_builder_begin_object(b);
	c->iommu->tell_comparison(c, &to);
	json_builder_end_object(b);
	return json_builder_get_root(b);
}

void json_print(JsonNode *node)
{
	g_autofree char *all = json_to_string(node, TRUE);

	puts(all);
	json_node_unref(node);
}
