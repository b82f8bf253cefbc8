/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fuzzing all that the machine room reads from QEMU and the guest: trace, monitor, QMP, agent,
 * console, gdb stub, what a program answers to the questions about it.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz-main.h"
#include "machine/agent.h"
#include "machine/console.h"
#include "machine/gdb.h"
#include "machine/qemu-probe.h"
#include "base/json-line.h"
#include "machine/qmp.h"
#include "machine/trace.h"

/* tests/fuzz/run knows them by number. */
enum target { TRACE, MONITOR, JSON, QMP, AGENT, CONSOLE, GDB, PROBE, TARGETS };

static void fuzz_trace(const char *text)
{
	struct trace_event e = { 0 };
	enum trace_parse result = trace_parse_line(text, &e);

	if (result != TRACE_PARSE_EVENT && result != TRACE_PARSE_MALFORMED)
		return;
	FUZZ_CHECK(e.kind > TRACE_NONE && e.kind < TRACE_KINDS);
	FUZZ_CHECK(trace_kind_group(e.kind) < TRACE_GROUPS);
	FUZZ_CHECK(e.host_ns >= 0);
}

static void fuzz_monitor(const char *text)
{
	uint64_t words[4], rip;

	qmp_parse_xp(text, 0xfed90000, words, 4);
	qmp_parse_rip(text, &rip);
}

static void fuzz_json(const char *text, size_t len)
{
	JsonObject *o = json_line_parse(text, len);
	char *line;

	if (!o)
		return;
	line = json_line_format(o);
	FUZZ_CHECK(strchr(line, '\n') == line + strlen(line) - 1);
	g_free(line);
	json_object_unref(o);
}

/* Hands over all bytes in pieces of `step`, with `poll` after each. */
static void feed(int fd, const uint8_t *data, size_t len, size_t step, void (*poll)(void *), void *who)
{
	while (len) {
		ssize_t n = send(fd, data, len < step ? len : step, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
		poll(who);
	}
}

static void poll_qmp(void *q)
{
	qmp_poll(q);
}

static void poll_agent(void *a)
{
	agent_poll(a);
}

static void poll_console(void *c)
{
	console_poll(c);
}

static void fuzz_agent(int pair[2], const uint8_t *data, size_t size, size_t step)
{
	struct agent *a = agent_new(pair[0], NULL, NULL);
	JsonObject *o = json_object_new();
	unsigned id;

	json_object_set_string_member(o, "cmd", "ping");
	id = agent_send(a, o, NULL);
	json_object_unref(o);
	feed(pair[1], data, size, step, poll_agent, a);
	if (agent_answered(a, id)) {
		o = agent_take(a, id, NULL);
		if (o) {
			FUZZ_CHECK(agent_bool(o, "ok", false) && agent_int(o, "id", 0) == id);
			json_object_unref(o);
		}
	}
	agent_free(a);
}

/* All that the stub will ever say, and then it is gone: whatever it was, nothing waits for more. */
static void fuzz_gdb(int pair[2], const uint8_t *data, size_t size)
{
	struct gdb *g = gdb_new(pair[0], 60);
	GError *error = NULL;
	int stopped = 0;

	FUZZ_CHECK(send(pair[1], data, size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || !size || size > 100000);
	shutdown(pair[1], SHUT_WR);
	if (gdb_arm(g, 0xffffffff81000000, &error)) {
		while (stopped == 0)
			stopped = gdb_stopped(g, &error);
		if (stopped > 0)
			FUZZ_CHECK(gdb_release(g, true, &error) == !error);
	}
	FUZZ_CHECK(stopped >= 0 || error);
	g_clear_error(&error);
	gdb_free(g);
}

/* The answers to all questions are the same text; so is one that it has ended with. */
static void fuzz_probe(const char *text, int status)
{
	struct qemu_caps *c = g_new0(struct qemu_caps, 1);
	GError *error = NULL;
	char **missing;

	c->path = g_strdup("/qemu");
	for (enum qemu_question q = QEMU_VERSION; q < QEMU_QUESTIONS; q++)
		if (!qemu_take_answer(c, q, text, status, &error)) {
			FUZZ_CHECK(q == QEMU_VERSION && !c->version && !strchr(error->message, '\n'));
			g_clear_error(&error);
		}
	FUZZ_CHECK(!c->version || (*c->version && strspn(c->version, "0123456789.") == strlen(c->version)));
	FUZZ_CHECK(!c->version || !strchr(c->version_text, '\n'));
	for (char **p = c->iommu_props; *p; p++)
		FUZZ_CHECK(qemu_has_iommu_prop(c, *p));
	for (char **e = c->trace_events; *e; e++)
		FUZZ_CHECK(qemu_has_trace(c, *e));
	missing = qemu_trace_missing(c);
	g_strfreev(missing);
	qemu_caps_free(c);
}

static void fuzz_stream(enum target t, const uint8_t *data, size_t size, size_t step)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	if (t == QMP) {
		struct qmp *q = qmp_new(pair[0], NULL, NULL);

		feed(pair[1], data, size, step, poll_qmp, q);
		qmp_free(q);
	} else if (t == AGENT) {
		fuzz_agent(pair, data, size, step);
	} else if (t == GDB) {
		fuzz_gdb(pair, data, size);
	} else {
		struct console *c = console_new(pair[0], NULL, NULL);
		char *tail;

		feed(pair[1], data, size, step, poll_console, c);
		tail = console_tail(c, CONSOLE_KEEP_LINES);
		for (const char *p = tail; *p; p++)
			FUZZ_CHECK((*p >= 0x20 && *p < 0x7f) || *p == '\n');
		g_free(tail);
		console_free(c);
	}
	close(pair[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum target t;
	size_t step;
	char *text;

	if (size < 2)
		return 0;
	t = data[0] % TARGETS;
	step = 1 + (size_t)data[1] * 16;
	data += 2;
	size -= 2;
	if (t >= QMP && t != PROBE) {
		fuzz_stream(t, data, size, step);
		return 0;
	}
	text = g_strndup((const char *)data, size);
	if (t == TRACE)
		fuzz_trace(text);
	else if (t == MONITOR)
		fuzz_monitor(text);
	else if (t == PROBE)
		fuzz_probe(text, step > 1);
	else
		fuzz_json((const char *)data, size);
	g_free(text);
	return 0;
}

/* Pieces of what the peers really say; inputs are made of them and of noise. */
static const char *const pieces[] = {
	"1@1.000001:",
	"vtd_dmar_fault sid 0x8 fault 5 addr 0xffff1000 write 1",
	"vtd_switch_address_space Device 00:1f.3 switching address space (iommu enabled=1)",
	"vtd_ce_not_present Context entry bus 1 devfn 2 not present",
	"vtd_reg_dmar_root addr 0x1",
	" scalable 1",
	"pci_nvme_err_x",
	"e1000e_rx_desc_buff_write buffer #0, addr: 0x1, offset: 0,",
	" from: 0x1, length: 2",
	"pci_nvme_read cid 1 nsid 1 nlb 1 count 512 lba 0x1",
	"0x",
	"-1",
	"00000000fed90000: 0x0000000000000010 0x00d2008c22260206\r\n",
	"00000000fed90010: 0x0000000000000f42 0xc400000000000000\r\n",
	"RIP=ffffffff81a592eb",
	"RIP=",
	"{\"hello\":1,\"stage\":\"first\",\"release\":\"6.1\"}\n",
	"{\"hello\":1,\"stage\":\"crash\"}\n",
	"{\"id\":1,\"ok\":true}\n",
	"{\"id\":1,\"ok\":false,\"error\":\"\\u001b[2J\"}\n",
	"{\"QMP\":{\"version\":{\"qemu\":{\"major\":7,\"minor\":2,\"micro\":22}}}}\n",
	"{\"event\":\"SHUTDOWN\",\"data\":{\"reason\":\"guest-reset\"},\"timestamp\":{\"seconds\":"
	"1}}\n",
	"{\"return\":{},\"id\":1}\n",
	"+$T05thread:01;#07",
	"+$OK#9a",
	"+$E22#a9",
	"-",
	"$S05#b8",
	"+",
	"QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\n",
	"intel-iommu options:\n",
	"  aw-bits=<uint8>        -  (default: 39)\n",
	"  dma_mask=<uint64>\n",
	"vtd_reg_dmar_root\n",
	"{\"error\":{\"class\":\"x\",\"desc\":\"y\"},\"id\":1}\n",
	"{",
	"}",
	"[",
	"]",
	"\"",
	":",
	",",
	"\\",
	"\n",
	"\r\n",
	"\x1b[31m",
	"null",
	"9223372036854775808",
	"1e999",
	"\xff",
	"\xc3\xa9",
	" ",
};

size_t fuzz_generate(uint64_t *seed, uint8_t *buf, size_t room)
{
	size_t at = 2;
	uint64_t count;

	count = tables_random(seed) % 24;
	buf[0] = (uint8_t)tables_random(seed);
	buf[1] = (uint8_t)tables_random(seed);
	while (count--) {
		uint64_t r = tables_random(seed);
		const char *p = pieces[(r >> 8) % (sizeof(pieces) / sizeof(pieces[0]))];
		size_t len = strlen(p), repeat = 1;

		if (r % 64 == 0)
			repeat = 1 + (r >> 32) % 4000;
		for (; repeat && at + len < room && at < 200000; repeat--, at += len)
			memcpy(buf + at, p, len);
	}
	return fuzz_noise(seed, buf, 2, at);
}
