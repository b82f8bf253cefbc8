/* SPDX-License-Identifier: GPL-2.0-only */
/* Parsing JSON lines from untrusted peers. */
#include "base/json-line.h"

#include <inttypes.h>
#include <string.h>

/* The parser recurses once a level: the depth is checked before it sees the text. */
static bool depth_ok(const char *s, size_t len)
{
	bool quoted = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		if (quoted) {
			if (s[i] == '\\')
				i++;
			else if (s[i] == '"')
				quoted = false;
			continue;
		}
		if (s[i] == '"')
			quoted = true;
		else if (s[i] == '[' || s[i] == '{')
			depth++;
		else if (s[i] == ']' || s[i] == '}')
			depth--;
		if (depth > JSON_LINE_DEPTH_MAX)
			return false;
	}
	return true;
}

JsonObject *json_line_parse(const char *line, size_t len)
{
	g_autoptr(JsonParser) parser = NULL;
	JsonNode *root;

	if (len > G_MAXINT32 || memchr(line, '\0', len) || !depth_ok(line, len) ||
	    !g_utf8_validate(line, (gssize)len, NULL))
		return NULL;
	parser = json_parser_new();
	root = json_parser_load_from_data(parser, line, (gssize)len, NULL) ? json_parser_get_root(parser) : NULL;
	return root && JSON_NODE_HOLDS_OBJECT(root) ? json_object_ref(json_node_get_object(root)) : NULL;
}

char *json_text(JsonObject *object, bool pretty)
{
	g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), object);
	g_autofree char *text = json_to_string(node, pretty);

	return g_strconcat(text, "\n", NULL);
}

char *json_line_format(JsonObject *object)
{
	return json_text(object, false);
}

void json_set_hex(JsonObject *o, const char *name, uint64_t value)
{
	g_autofree char *text = g_strdup_printf("0x%" PRIx64, value);

	json_object_set_string_member(o, name, text);
}

static JsonNode *member(JsonObject *o, const char *name)
{
	return o ? json_object_get_member(o, name) : NULL;
}

static JsonNode *value(JsonObject *o, const char *name, GType type)
{
	JsonNode *node = member(o, name);

	return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type ? node : NULL;
}

int64_t json_line_int(JsonObject *o, const char *name, int64_t fallback)
{
	JsonNode *node = value(o, name, G_TYPE_INT64);

	return node ? json_node_get_int(node) : fallback;
}

double json_line_double(JsonObject *o, const char *name, double fallback)
{
	JsonNode *node = member(o, name);
	GType type = node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_INVALID;

	return type == G_TYPE_DOUBLE || type == G_TYPE_INT64 ? json_node_get_double(node) : fallback;
}

bool json_line_bool(JsonObject *o, const char *name, bool fallback)
{
	JsonNode *node = value(o, name, G_TYPE_BOOLEAN);

	return node ? json_node_get_boolean(node) : fallback;
}

const char *json_line_string(JsonObject *o, const char *name, const char *fallback)
{
	JsonNode *node = value(o, name, G_TYPE_STRING);

	return node ? json_node_get_string(node) : fallback;
}

JsonObject *json_line_object(JsonObject *o, const char *name)
{
	JsonNode *node = member(o, name);

	return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

JsonArray *json_line_array(JsonObject *o, const char *name)
{
	JsonNode *node = member(o, name);

	return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}
