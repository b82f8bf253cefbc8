/* SPDX-License-Identifier: GPL-2.0-only */
/* Probes: text of a trace into events, times and reservations; nothing in that text is trusted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "evidence/evidence.h"
#include "evidence/kprobe-trace.h"
#include "evidence/kprobe-clock.h"

#define AT(t, rest) "       swapper/0-1       [000] d..1.     " t ": " rest

static const char *const crash_lines[] = {
	"# tracer: nop",
	"# entries-in-buffer/entries-written: 9/9   #P:1",
	AT("1.000000", "memremap: (memremap+0x4/0x230) pa=0x5000 size=0x1000"),
	AT("1.100000", "init: (intel_iommu_init+0x4/0x10d0)"),
	"       kworker/0:1-12    [000] .....     1.150000: memremap: (memremap+0x4/0x230) pa=0x5000 size=0x1000",
	AT("1.200000", "memremap: (memremap+0x4/0x230) pa=0xf0000 size=0x178"),
	AT("1.300000", "memremap: (memremap+0x4/0x230) pa=0x5000 size=0x1000"),
	AT("1.300500", "memremap: (memremap+0x4/0x230) pa=0x6000 size=0x1000"),
	AT("1.301000", "root: (iommu_set_root_entry+0x0/0x160)"),
	AT("1.310000", "domain: (iommu_setup_dma_ops+0x4/0x5c0) dev=\"0000:00:01.0\""),
	AT("1.310001", "reserve: (reserve_iova+0x4/0x170) iovad=0xff10 lo=0xa0 hi=0xbf"),
	AT("1.310002", "reserve: (reserve_iova+0x4/0x170) iovad=0xff10 lo=0xffffd hi=0xffffd"),
	AT("1.400000", "init_end: (pci_iommu_init+0x12/0x40 <- intel_iommu_init)"),
	AT("1.500000", "memremap: (memremap+0x4/0x230) pa=0x7000 size=0x1000"),
	AT("2.000000", "tracing_mark_write: vtdlab-clock 1900000000"),
};

static struct probe_trace *parse(const char *const *lines, size_t n)
{
	struct probe_trace *t = probe_trace_new();

	for (size_t i = 0; i < n; i++)
		probe_trace_line(t, lines[i]);
	return t;
}

static struct probe_trace *one(const char *line)
{
	return parse(&line, 1);
}

static void test_parameters(void **state)
{
	g_autofree char *p = probe_parameters(true, 0), *of_others = probe_parameters(false, 80000),
			*many = probe_parameters(true, 80000), *most = probe_parameters(true, UINT64_MAX);

	(void)state;
	/* one word for the parser of the command line: nothing of it may need quotes */
	assert_true(g_str_has_prefix(p, "kprobe_event=p:vtdlab/init,intel_iommu_init;"));
	assert_null(strpbrk(p, "\"'\\\n\t"));
	assert_true(strlen(p) < 700);
	for (int k = 0; k < PROBE_KINDS; k++) {
		g_autofree char *name = g_strdup_printf(":vtdlab/%s,", probe_name((enum probe_kind)k));

		assert_non_null(strstr(p, name));
	}
	/* a kernel that is not the lab's has no such function, and is not asked */
	assert_non_null(strstr(p, "iova_exact_reserve"));
	assert_non_null(strstr(p, " ftrace=nop ")); /* else the buffer is one page while it boots */
	assert_null(strstr(of_others, "iova_exact_reserve"));
	assert_non_null(strstr(of_others, ",reserve_iova,"));
	/* and as much room as there are ranges, up to those that are kept */
	assert_true(g_str_has_suffix(p, " trace_buf_size=4M"));
	assert_true(g_str_has_suffix(many, " trace_buf_size=8M"));
	assert_true(g_str_has_suffix(most, " trace_buf_size=20M"));
	assert_true(g_str_has_suffix(of_others, " trace_buf_size=1M"));
}

static void test_events(void **state)
{
	struct probe_trace *t = parse(crash_lines, G_N_ELEMENTS(crash_lines));
	const struct probe_event *e;

	(void)state;
	assert_int_equal(t->events->len, 12);
	assert_int_equal(t->malformed, 0);
	assert_int_equal(t->lost, 0);
	assert_true(t->has_clock);
	assert_int_equal(t->clock_ns, -100000000);
	e = &g_array_index(t->events, struct probe_event, 7);
	assert_int_equal(e->kind, PROBE_DOMAIN);
	assert_string_equal(e->dev, "0000:00:01.0");
	assert_int_equal(e->t_ns, 1310000000);
	e++;
	assert_int_equal(e->kind, PROBE_RESERVE);
	assert_int_equal(e->a, 0xff10);
	assert_int_equal(e->b, 0xa0);
	assert_int_equal(e->c, 0xbf);
	assert_int_equal(e->pid, 1);
	probe_trace_free(t);
}

/* A task may be called anything, and only our own events count. */
static void test_names(void **state)
{
	static const char *const good[] = {
		"  a [000] b-2-77   [012] d.h1.  12.345678: root: (iommu_set_root_entry+0x0/0x160)",
		"   <...>-77      [000] .....  12.345678: root: (iommu_set_root_entry+0x0/0x160)",
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
		struct probe_trace *t = one(good[i]);

		assert_int_equal(t->events->len, 1);
		assert_int_equal(g_array_index(t->events, struct probe_event, 0).pid, 77);
		assert_int_equal(g_array_index(t->events, struct probe_event, 0).t_ns, 12345678000);
		probe_trace_free(t);
	}
}

static void test_malformed(void **state)
{
	static const char *const bad[] = {
		"x",
		"swapper/0-1 [000] ..... 1.0: root: (f)",
		"swapper/0-1 [000] ..... 1.0000001: root: (f)",
		"swapper/0-1 [000] ..... 99999999999999999999.000000: root: (f)",
		"swapper/0-1 [000] ..... 9999999999.000000: root: (f)",
		"swapper/0-99999999999 [000] ..... 1.000000: root: (f)",
		"swapper/0 [000] ..... 1.000000: root: (f)",
		"-1 [000",
		" [",
		" [000] ..... 1.000000: root: (f)",
		"swapper/0-1 [000] ..... 1.000000: ",
		"swapper/0-1 [000] ..... 1.000000: a_name_that_is_far_too_long_for_an_event: (f)",
		AT("1.000000", "root: no function"),
		AT("1.000000", "memremap: (memremap+0x4/0x230) pa=0x5000"),
		AT("1.000000", "memremap: (memremap+0x4/0x230) pa=5000 size=0x1000"),
		AT("1.000000", "memremap: (memremap+0x4/0x230) pa=0x size=0x1000"),
		AT("1.000000", "memremap: (memremap+0x4/0x230) pa=0x11111111111111111 size=0x1000"),
		AT("1.000000", "memremap: (memremap+0x4/0x230) pa=0x1g size=0x1000"),
		AT("1.000000", "memremap: (memremap+0x4/0x230) xpa=0x1 size=0x1000"),
		AT("1.000000", "domain: (iommu_setup_dma_ops+0x4/0x5c0) dev=0000:00:01.0"),
		AT("1.000000", "domain: (iommu_setup_dma_ops+0x4/0x5c0) dev=\"0000:00:01.0"),
		AT("1.000000", "domain: (iommu_setup_dma_ops+0x4/0x5c0) dev=\"a name with spaces\""),
		AT("1.000000",
		   "domain: (iommu_setup_dma_ops+0x4/0x5c0) dev=\"a-name-of-more-than-31-characters-of-text\""),
		AT("1.000000", "domain: (iommu_setup_dma_ops+0x4/0x5c0)"),
		AT("1.000000", "reserve: (reserve_iova+0x4/0x170) iovad=0xff10 lo=0xc0 hi=0xbf"),
		AT("1.000000", "range: (iova_exact_reserve+0x4/0x170) iovad=0xff10 lo=0x2 hi=0x1"),
		AT("1.000000", "range: (iova_exact_reserve+0x4/0x170) iovad=0xff10 lo=0x2"),
		AT("1.000000", "reserve: (reserve_iova+0x4/0x170) x=\"lo=0x1 hi=0x2 iovad=0x3"),
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct probe_trace *t = one(bad[i]);

		if (t->events->len || t->malformed != 1)
			fail_msg("'%s': %u events, %d malformed", bad[i], t->events->len, (int)t->malformed);
		probe_trace_free(t);
	}
}

/* Nothing but the places where a line may be cut or changed: must not crash, nor invent devices. */
static void test_mutilated(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(crash_lines); i++) {
		for (size_t cut = 0; cut <= strlen(crash_lines[i]); cut++) {
			g_autofree char *line = g_strndup(crash_lines[i], cut);
			struct probe_trace *t = probe_trace_new();

			probe_trace_line(t, line);
			probe_trace_raw_line(t, line);
			probe_trace_iomem_line(t, line);
			if (cut)
				line[cut - 1] = (char)('!' + (int)(cut * 7 % 90));
			probe_trace_line(t, line);
			assert_true(t->events->len <= 2);
			probe_trace_free(t);
		}
	}
}

static void test_lost(void **state)
{
	static const char *const lines[] = {
		"# entries-in-buffer/entries-written: 36/50   #P:1",
		"CPU:0 [LOST 14 EVENTS]",
		"",
		"# entries-in-buffer/entries-written: 50/36   #P:1",
		"# entries-in-buffer/entries-written: x/y",
	};
	struct probe_trace *t = parse(lines, G_N_ELEMENTS(lines));

	(void)state;
	assert_int_equal(t->lost, 14);
	assert_int_equal(t->malformed, 0);
	probe_trace_free(t);
}

/* Exact times come from a second pass over the same records, and only if they fit. */
static void test_raw(void **state)
{
	static const char *const lines[] = {
		AT("1.000001", "init: (intel_iommu_init+0x4/0x10d0)"),
		AT("1.000002", "sched_switch: something else"),
		AT("1.000003", "root: (iommu_set_root_entry+0x0/0x160)"),
		AT("1.000004", "root: (iommu_set_root_entry+0x0/0x160)"),
	};
	struct probe_trace *t = parse(lines, G_N_ELEMENTS(lines));
	const struct probe_event *e = &g_array_index(t->events, struct probe_event, 0);

	(void)state;
	probe_trace_raw_line(t, "# comment");
	probe_trace_raw_line(t, "1 0 1000000777 type: 1");
	probe_trace_raw_line(t, "1 0 1000002111 type: 2");
	probe_trace_raw_line(t, "1 0 1000003222 type: 3");
	probe_trace_raw_line(t, "2 0 1000004000 type: 3"); /* another task */
	assert_int_equal(t->inexact, 1);
	probe_trace_raw_line(t, "1 0 1000005000 type: 3"); /* one record too many */
	probe_trace_raw_line(t, "garbage");
	assert_int_equal(t->inexact, 3);
	assert_int_equal(e[0].t_ns, 1000000777);
	assert_int_equal(e[1].t_ns, 1000003222);
	assert_int_equal(e[2].t_ns, 1000004000);
	probe_trace_free(t);
}

static void test_times(void **state)
{
	struct probe_trace *t = parse(crash_lines, G_N_ELEMENTS(crash_lines));
	struct probe_times times = probe_times(t, 0x5000);

	(void)state;
	/* not the one before init, not another task's, not another address: the agent's clock */
	assert_int_equal(times.init, 1000000000);
	assert_int_equal(times.copy, 1200000000);
	assert_int_equal(times.root, 1201000000);
	assert_int_equal(times.init_end, 1300000000);
	assert_int_equal(times.remapped, 2);
	assert_int_equal(probe_hit_ns(t), 1000);
	assert_int_equal(probe_times(t, 0).copy, 1200000000);
	/* a first kernel has nothing to copy; another root was not copied */
	assert_int_equal(probe_times(t, UINT64_MAX).copy, -1);
	assert_int_equal(probe_times(t, 0x9000).copy, -1);
	assert_int_equal(probe_times(t, 0x9000).root, 1201000000);
	probe_trace_free(t);
	t = one("");
	assert_int_equal(probe_times(t, 0).init, -1);
	assert_int_equal(probe_hit_ns(t), -1);
	assert_int_equal(probe_times(t, 0).root, -1);
	probe_trace_free(t);
}

static void test_reservations(void **state)
{
	static const char *const lines[] = {
		AT("1.0", ""),
		AT("1.000000", "reserve: (f) iovad=0x20 lo=0x1 hi=0x2"), /* nobody yet */
		AT("1.000001", "domain: (f) dev=\"0000:00:01.0\""),
		AT("1.000002", "reserve: (f) iovad=0x10 lo=0xa0 hi=0xbf"),
		AT("1.000003", "reserve: (f) iovad=0x10 lo=0x40000 hi=0xaffff"),
		"  other-9  [000] .....  1.000003: reserve: (f) iovad=0x30 lo=0x7 hi=0x7",
		AT("1.000004", "domain: (f) dev=\"platform-thing\""),
		AT("1.000005", "reserve: (f) iovad=0x40 lo=0xfee00 hi=0xfeeff"),
		AT("1.000006", "attach: (f) dev=\"0000:00:02.0\""),
		AT("1.000007", "reserve: (f) iovad=0x10 lo=0xffffd hi=0xfffff"), /* known allocator */
		AT("1.000008", "domain: (f) dev=(fault)"),
		AT("1.000009", "reserve: (f) iovad=0x50 lo=0x1 hi=0x1"),
		AT("1.000010", "domain: (f) dev=\"0000:00:05.0\""),
		AT("1.000011", "range: (f) iovad=0x60 lo=0x100000 hi=0x100000"),
		AT("1.000012", "range: (f) iovad=0x60 lo=0x100002 hi=0x100005"),
	};
	GArray *out = g_array_new(FALSE, TRUE, sizeof(struct evidence_reservation));
	struct probe_trace *t = parse(lines, G_N_ELEMENTS(lines));
	const struct evidence_reservation *r;

	(void)state;
	probe_trace_iomem_line(t, "40000000-afffffff : PCI Bus 0000:00");
	probe_reservations(t, EVIDENCE_CRASH, out);
	assert_int_equal(out->len, 9);
	r = (const struct evidence_reservation *)(const void *)out->data;
	assert_false(r[0].sid_known || r[0].standing);
	assert_string_equal(r[0].who, "");
	assert_true(r[1].sid_known && r[1].standing);
	assert_int_equal(r[1].sid, 0x8);
	assert_int_equal(r[1].kernel, 'c');
	assert_int_equal(r[1].guest_ns, 1000002000);
	assert_true(r[2].standing);
	assert_int_equal(r[2].start, 0x40000);
	assert_int_equal(r[2].last, 0xaffff);
	assert_false(r[3].sid_known); /* another task, another allocator */
	assert_false(r[4].sid_known); /* no PCI device */
	assert_string_equal(r[4].who, "platform-thing");
	assert_true(r[4].standing);
	assert_true(r[5].sid_known && !r[5].standing);
	assert_string_equal(r[5].who, "0000:00:01.0");
	assert_false(r[6].sid_known);
	assert_true(r[7].sid_known && !r[7].standing); /* a lab kernel's own */
	assert_int_equal(r[7].sid, 0x28);
	assert_int_equal(r[8].start, 0x100002);
	assert_int_equal(r[8].last, 0x100005);
	g_array_unref(out);
	probe_trace_free(t);
}

static void test_standing(void **state)
{
	struct probe_trace *t = probe_trace_new();

	(void)state;
	assert_true(probe_standing(t, 0xfee00, 0xfeeff));
	assert_true(probe_standing(t, 0xa0, 0xbf));
	assert_true(probe_standing(t, 0, 0xfff));
	assert_false(probe_standing(t, 0x40000, 0xaffff));
	probe_trace_iomem_line(t, "00000000-00000fff : Reserved");
	probe_trace_iomem_line(t, "40000000-afffffff : PCI Bus 0000:00");
	probe_trace_iomem_line(t, "  b0000000-b0ffffff : PCI Bus 0000:80");
	probe_trace_iomem_line(t, "100000000-8ffffffff : PCI Bus 0000:00");
	assert_true(probe_standing(t, 0x40000, 0xaffff));
	assert_true(probe_standing(t, 0xb0000, 0xb0fff)); /* windows that touch stay two */
	assert_true(probe_standing(t, 0x100000, 0x8fffff));
	assert_false(probe_standing(t, 0x40000, 0xb0fff));
	/* not a page more or less */
	assert_false(probe_standing(t, 0x40000, 0xafffe));
	assert_false(probe_standing(t, 0xfee00, 0xfef00));
	/* a user without the right sees zeroes there: no window */
	probe_trace_iomem_line(t, "00000000-00000000 : PCI Bus 0000:00");
	probe_trace_iomem_line(t, "zz-1 : PCI Bus 0000:00");
	probe_trace_iomem_line(t, "9-1 : PCI Bus 0000:00");
	probe_trace_iomem_line(t, "9");
	assert_int_equal(t->windows->len, 3);
	probe_trace_free(t);
}

static void test_clock(void **state)
{
	static const struct clock_pair given[] = {
		{ 3000, 203000 }, /* host runs at twice the pace up to here */
		{ 1000, 199000 },
		{ 2000, 999999 }, /* heard late: cannot be, the later one came before */
		{ 1000, 199000 },
	};
	g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(struct clock_pair));

	(void)state;
	assert_int_equal(clock_host_ns(pairs, 5), -1);
	g_array_append_vals(pairs, given, G_N_ELEMENTS(given));
	clock_sort(pairs);
	assert_int_equal(pairs->len, 2);
	assert_int_equal(clock_host_ns(pairs, 1000), 199000);
	assert_int_equal(clock_host_ns(pairs, 2000), 201000);
	assert_int_equal(clock_host_ns(pairs, 0), 198000);
	assert_int_equal(clock_host_ns(pairs, 4000), 204000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parameters),   cmocka_unit_test(test_events),
		cmocka_unit_test(test_names),	     cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_mutilated),    cmocka_unit_test(test_lost),
		cmocka_unit_test(test_raw),	     cmocka_unit_test(test_times),
		cmocka_unit_test(test_reservations), cmocka_unit_test(test_standing),
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests_name("probes", tests, NULL, NULL);
}
