/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that somebody wrote or sent: scenarios, bugs, matrices, domains, run.json, bench.json, matrix.json, cell.json, iova.csv.
 * Each is refused in one line, or read; what is kept of it does nothing to a terminal.
 */
#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz-main.h"
#include "base/text.h"
#include "conf/bug.h"
#include "conf/matrix.h"
#include "conf/restrict.h"
#include "html/bench-page.h"
#include "html/matrix-page.h"
#include "machine/libvirt-domain.h"
#include "results/bench-doc.h"
#include "results/iova-table.h"
#include "results/matrix-doc.h"
#include "results/run-json-read.h"

/* tests/fuzz/run knows them by number. */
enum { SCENARIO, BUG, DOMAIN, RUN, BENCH, IOVA, MATRIX, MATRIX_DOC, CELL, KINDS };

static void one_line(const char *text)
{
	for (; *text; text = g_utf8_next_char(text))
		FUZZ_CHECK(!text_control(g_utf8_get_char(text)));
}

/* An answer, or a reason of one line. */
static void checked(const void *answer, GError *error)
{
	FUZZ_CHECK(!answer == !!error);
	FUZZ_CHECK(!error || (*error->message && !strchr(error->message, '\n')));
	g_clear_error(&error);
}

static void scenario(const char *path)
{
	GError *error = NULL;
	struct scenario *s = scenario_load(path, &error);

	checked(s, error);
	if (!s)
		return;
	one_line(s->title);
	scenario_validate(s, NULL, NULL);
	scenario_restricted(s, NULL, NULL, NULL);
	scenario_free(s);
}

static void bug(const char *path)
{
	GError *error = NULL;
	struct bug *b = bug_load(path, NULL, &error);

	checked(b, error);
	if (b)
		bug_restricted(b, NULL, NULL);
	bug_free(b);
}

static void domain(const char *text, size_t len)
{
	for (int restricted = 0; restricted < 2; restricted++) {
		GError *error = NULL;
		struct libvirt_domain *d = libvirt_domain_parse(text, len, "f", restricted, &error);

		checked(d, error);
		for (unsigned i = 0; d && i < d->changes->len; i++)
			one_line(d->changes->pdata[i]);
		libvirt_domain_free(d);
	}
}

static void matrix(const char *path)
{
	GError *error = NULL;
	struct matrix *m = matrix_load(path, &error);

	checked(m, error);
	if (!m)
		return;
	one_line(m->title);
	for (char **axis = m->axes; *axis; axis++) {
		g_autofree char *name = NULL;
		g_auto(GStrv) values = matrix_values(matrix_pair(*axis, &name));

		FUZZ_CHECK(matrix_axis_kind(name) != MATRIX_AXIS_NONE && values[0]);
	}
	matrix_free(m);
}

static void cell_text(const struct matrix_cell *cell)
{
	g_autofree char *text = matrix_cell_text(cell);

	FUZZ_CHECK(cell->result < MATRIX_CELL_RESULTS && g_utf8_validate(text, -1, NULL));
	one_line(cell->name);
	one_line(cell->verdict);
	one_line(cell->reason);
	one_line(cell->run);
	matrix_cell_run_is_inside(cell);
}

static void matrix_doc(const char *path)
{
	GError *error = NULL;
	struct matrix_doc *doc = matrix_doc_read(path, &error);
	g_autofree char *line = NULL, *text = NULL, *junit = NULL, *ktap = NULL, *page = NULL;

	checked(doc, error);
	if (!doc)
		return;
	for (guint i = 0; i < doc->cells->len; i++)
		cell_text(doc->cells->pdata[i]);
	line = matrix_doc_line(doc);
	one_line(line);
	text = matrix_doc_text(doc);
	junit = matrix_doc_junit(doc);
	ktap = matrix_doc_ktap(doc);
	FUZZ_CHECK(g_utf8_validate(text, -1, NULL) && g_utf8_validate(junit, -1, NULL));
	FUZZ_CHECK(g_utf8_validate(ktap, -1, NULL) && matrix_doc_exit(doc) >= 0);
	page = html_matrix_page(doc, "/nonexistent");
	FUZZ_CHECK(g_utf8_validate(page, -1, NULL));
	matrix_doc_free(doc);
}

static void cell(const char *path)
{
	struct matrix_cell *c = matrix_cell_new(0);

	g_free(c->name);
	c->name = g_strdup("mode=scalable");
	matrix_cell_read(path, c);
	cell_text(c);
	matrix_cell_free(c);
}

static void run_json(const char *path)
{
	GError *error = NULL;
	struct run_json *run = run_json_load(path, &error);
	struct run_report *report;
	g_autofree char *settings = NULL, *page = NULL;

	checked(run, error);
	if (!run)
		return;
	for (guint i = 0; i < run->checks->len; i++)
		one_line(g_array_index(run->checks, struct run_json_check, i).detail);
	settings = run_json_settings(run);
	report = report_new(run->scenario);
	run_json_report(run, report);
	page = report_page(report, REPORT_ALL);
	FUZZ_CHECK(g_utf8_validate(page, -1, NULL));
	report_free(report);
	run_json_free(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *path = NULL, *text = NULL;
	GError *error = NULL;
	unsigned kind;
	int fd;

	if (!size)
		return 0;
	kind = data[0] % KINDS;
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	FUZZ_CHECK(fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)size - 1);
	path = g_strdup_printf("/proc/self/fd/%d", fd);
	if (kind == SCENARIO) {
		scenario(path);
	} else if (kind == BUG) {
		bug(path);
	} else if (kind == DOMAIN) {
		text = g_strndup((const char *)data + 1, size - 1);
		domain(text, size - 1);
	} else if (kind == RUN) {
		run_json(path);
	} else if (kind == MATRIX) {
		matrix(path);
	} else if (kind == MATRIX_DOC) {
		matrix_doc(path);
	} else if (kind == CELL) {
		cell(path);
	} else if (kind == BENCH) {
		struct bench_doc *doc = bench_doc_read(path, &error);

		checked(doc, error);
		text = doc ? html_bench_page(doc) : NULL;
		FUZZ_CHECK(!text || g_utf8_validate(text, -1, NULL));
		bench_doc_free(doc);
	} else {
		GArray *rows = iova_table_load(path, &error);

		checked(rows, error);
		if (rows)
			g_array_unref(rows);
	}
	close(fd);
	return 0;
}

static const char *const pieces[] = {
	"[scenario]\n",
	"[machine]\n",
	"[iommu]\n",
	"[first]\n",
	"[crash]\n",
	"[corrupt]\n",
	"[bug]\n",
	"[bad]\n",
	"[good]\n",
	"title=a\n",
	"source=b\n",
	"scenario=kdump\n",
	"outcome=preserved\n",
	"outcome=copy-wrong\n",
	"fails=leaves-equal\n",
	"signature=leaves-equal~(a|b)*\n",
	"log=~x;~(\n",
	"set=iommu.mode=off;crash.cmdline+=x\n",
	"runs=100\n",
	"at-least=2\n",
	"memory=2G\n",
	"memory=99999999999999999999G\n",
	"cpus=2\n",
	"mode=scalable\n",
	"aw-bits=48\n",
	"trigger=cpu:63\n",
	"expect-fail=rig\n",
	"expect-fail-6.1-scalable=flushed@*\n",
	"qemu-args=-a 'b\n",
	"workload=vfio-map pages=9 size=4k\n",
	"what=zap-context 00:1f.2\n",
	"kernel=lab:/\n",
	"initrd=../../x\n",
	"[matrix]\n",
	"[axes]\n",
	"[settings]\n",
	"[exclude]\n",
	"[expect]\n",
	"mode=legacy;scalable\n",
	"set-a=x;y\n",
	"x=iommu.mode=off;crash.cmdline+=x\n",
	"known=mode=scalable;outcome=copy-wrong;fails=rig\n",
	"crash.dump=\n",
	"# c\n",
	"=\n",
	"x",
	"\xc2\x9b",
	"\xe2\x80\xae",
	"\x1b[2J",
	"\xff",
	"\n",
	"<domain type='kvm'>",
	"<memory unit='GiB'>1</memory>",
	"<vcpu>2</vcpu>",
	"<os><type arch='x86_64' machine='q35'>hvm</type></os>",
	"<devices>",
	"<iommu model='intel'>",
	"<driver intremap='on' aw_bits='48'/>",
	"</iommu>",
	"<disk device='disk'>",
	"<source file='/a'/>",
	"<target bus='virtio'/>",
	"</disk>",
	"<interface>",
	"<model type='e1000e'/>",
	"</interface>",
	"<hostdev/>",
	"</devices>",
	"</domain>",
	"&#x9b;",
	"&lt;",
	"<!--",
	"-->",
	"<![CDATA[",
	"{\"schema\":1,",
	"\"scenario\":\"kdump\",",
	"\"outcome\":\"preserved\",",
	"\"exit\":0,",
	"\"checks\":[",
	"{\"name\":\"rig\",",
	"\"result\":\"pass\",",
	"\"detail\":\"a\\u009b\\n\",",
	"\"expected\":\"fail\"}",
	"\"phases\":[",
	"\"start_ns\":-1,",
	"\"end_ns\":9223372036854775807,",
	"\"duration_s\":1e308,",
	"\"environment\":{",
	"\"settings\":{",
	"\"cells\":[",
	"{\"cell\":0,\"name\":\"mode=scalable\",",
	"\"values\":{\"mode\":\"scalable\"},",
	"\"result\":\"unexpected\",",
	"\"run\":\"cells/../../x\",",
	"\"axes\":[{\"name\":\"mode\",\"values\":[\"legacy\"]}],",
	"\"kvmperf\":{",
	"\"program\":\"kvmperf\",",
	"\"results\":[",
	"\"name\":\"a\",",
	"\"unit\":\"ns\",",
	"\"values\":[1,2,-3]",
	"null",
	"]",
	"}",
	",",
	"\"",
	":",
	"kernel,requester,pasid,did,phase,iova_start,iova_end_inclusive,pages,perm,source,who\n",
	"first,0000:00:02.0,-,1,panic,0x1000,0x1fff,1,rw,mapped,nvme\n",
	"crash,0000:00:02.0,0,1,end,0xfffffffffffff000,",
	"0xffffffffffffffff,1,r,reserved,\n",
	"\"a\"\"b\"",
	"0x",
	"-",
};

size_t fuzz_generate(uint64_t *seed, uint8_t *buf, size_t room)
{
	size_t end;

	buf[0] = (uint8_t)(tables_random(seed) % KINDS);
	end = fuzz_pieces(seed, buf + 1, room - 1, pieces, G_N_ELEMENTS(pieces), 40);
	return 1 + fuzz_noise(seed, buf + 1, 0, end);
}
