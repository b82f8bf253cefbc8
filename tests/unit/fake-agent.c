/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake-agent.h"

#include <glib-unix.h>

#include "machine/agent.h"

void fake_agent_say(struct fake_agent *a, const char *members)
{
	g_autofree char *line = g_strdup_printf("{\"id\":%" G_GINT64_FORMAT ",%s}\n", a->id, members);

	test_write(a->fd, line);
}

static void obey(struct fake_agent *a, const char *line)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonObject *o;

	assert_true(json_parser_load_from_data(parser, line, -1, NULL));
	o = json_node_get_object(json_parser_get_root(parser));
	a->id = json_object_get_int_member(o, "id");
	a->obey(a, json_object_get_string_member(o, "cmd"), o);
}

static gboolean asked(gint fd, GIOCondition condition, gpointer data)
{
	struct fake_agent *a = data;
	char buf[4096], *end;
	ssize_t n = read(fd, buf, sizeof(buf));

	(void)condition;
	if (n > 0)
		g_string_append_len(a->in, buf, n);
	while ((end = strchr(a->in->str, '\n'))) {
		*end = '\0';
		obey(a, a->in->str);
		g_string_erase(a->in, 0, end + 1 - a->in->str);
	}
	return G_SOURCE_CONTINUE;
}

struct fake_agent *fake_agent_new(void (*obeys)(struct fake_agent *, const char *, JsonObject *), void *data)
{
	struct fake_agent *a = g_new0(struct fake_agent, 1);
	g_autofree char *log = NULL;
	void *fake;
	int pair[2];

	fake_run_setup(&fake);
	a->fake = fake;
	test_pair(SOCK_STREAM, pair);
	log = g_build_filename(a->fake->dir, "agent.jsonl", NULL);
	a->fake->m.agent = agent_new(pair[0], log, NULL);
	a->fd = pair[1];
	a->source = g_unix_fd_add(a->fd, G_IO_IN, asked, a);
	a->in = g_string_new(NULL);
	a->obey = obeys;
	a->data = data;
	return a;
}

void fake_agent_free(struct fake_agent *a)
{
	void *fake = a->fake;

	if (a->source)
		g_source_remove(a->source);
	agent_free(a->fake->m.agent);
	close(a->fd);
	g_free(a->fake->m.death);
	fake_run_teardown(&fake);
	g_string_free(a->in, TRUE);
	g_free(a);
}

void fake_agent_hello(struct fake_agent *a)
{
	test_write(a->fd, "{\"hello\":1,\"stage\":\"crash\",\"release\":\"6.1.0-test\",\"uptime_ns\":1}\n");
	test_run(5);
}

static char *ended(struct vm *vm)
{
	(void)vm;
	return g_strdup("exit status 0");
}

void fake_agent_kill(struct fake_agent *a)
{
	static const struct vmm vmm = { .name = "ended", .ended = ended };
	static struct vm vm = { &vmm };

	a->fake->m.vm = &vm;
	g_source_remove(a->source);
	a->source = 0;
}
