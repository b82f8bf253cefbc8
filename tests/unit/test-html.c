/* SPDX-License-Identifier: GPL-2.0-only */
/* What report.html is made of: escaping, the axis of an IOVA map, events of a log by time, plots. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>
#include <unistd.h>

#include "html/iova-axis.h"
#include "html/markup.h"
#include "html/plot.h"
#include "html/trace-bins.h"

static void foreign_text_is_harmless(void **state)
{
	static const char cut_utf8[] = "a\xe2\x80"; /* ends within a character */
	g_autoptr(GString) out = g_string_new(NULL);

	(void)state;
	html_text(out, "<b>\"x\" & 'y'</b>\n\x1b[31m");
	assert_null(strpbrk(out->str, "<>\"'\n\x1b"));
	assert_non_null(strstr(out->str, "&lt;b&gt;&quot;x&quot; &amp;"));
	g_string_truncate(out, 0);
	html_text(out, cut_utf8);
	assert_true(g_utf8_validate(out->str, -1, NULL));
	g_string_truncate(out, 0);
	html_text(out, NULL);
	assert_string_equal(out->str, "");
	html_row(out, "label", "");
	assert_string_equal(out->str, "");
}

static void pieces_are_what_lies_close(void **state)
{
	struct iommu_ranges all = { 0 };
	struct iova_axis axis;

	(void)state;
	iova_axis_make(&axis, &all, 0, 1000, 10);
	assert_int_equal(axis.n, 0);
	iommu_ranges_add(&all, 0, 0xfff);
	iommu_ranges_add(&all, 0x2000, 0x2fff);
	iommu_ranges_add(&all, 0x100000000, UINT64_MAX);
	iova_axis_make(&axis, &all, 100, 1100, 10);
	assert_int_equal(axis.n, 2);
	assert_int_equal(axis.piece[0].last, 0x2fff);
	assert_int_equal(axis.piece[1].last, UINT64_MAX);
	assert_int_equal(axis.x[0], 100);
	assert_int_equal(axis.x[1], axis.x[0] + axis.width[0] + 10);
	assert_true(axis.width[1] > axis.width[0]);
	assert_in_range(axis.x[1] + axis.width[1], 1097, 1100);
	assert_int_equal(iova_axis_x(&axis, 0, 0), 100);
	assert_int_equal(iova_axis_x(&axis, 1, UINT64_MAX), axis.x[1] + axis.width[1]);
	iommu_ranges_clear(&all);
}

/* However many there are and however far apart: all of it is in some piece, and the pieces fit. */
static void many_ranges_still_fit(void **state)
{
	static const uint64_t strides[] = { 0x2000, 0x100000, 0x40000000, 0x8000000000000 };

	(void)state;
	for (size_t s = 0; s < G_N_ELEMENTS(strides); s++) {
		struct iommu_ranges all = { 0 };
		struct iova_axis axis;

		for (uint64_t i = 0; i < 3000 && i <= (UINT64_MAX - 0xfff) / strides[s]; i++)
			iommu_ranges_add(&all, i * strides[s], i * strides[s] + 0xfff);
		iova_axis_make(&axis, &all, 0, 8000, 90);
		assert_in_range(axis.n, 1, IOVA_PIECES);
		assert_int_equal(axis.piece[0].start, 0);
		assert_int_equal(axis.piece[axis.n - 1].last, all.v[all.n - 1].last);
		for (size_t i = 0; i < axis.n; i++)
			assert_true(axis.width[i] > 0 && axis.x[i] + axis.width[i] <= 8000);
		iommu_ranges_clear(&all);
	}
}

static uint32_t sum(const struct trace_bins *bins, enum trace_group group)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < TRACE_BINS; i++)
		n += bins->n[group][i];
	return n;
}

static void events_are_counted_by_group_and_time(void **state)
{
	static const char log[] = "7@100.000000:vtd_iotlb_page_update x\n"
				  "7@100.500000:vtd_dmar_fault_one y\n"
				  "7@101.999999:pci_nvme_read z\n"
				  "7@102.000000:pci_nvme_read at the end, not in it\n"
				  "7@99.999999:pci_nvme_read before\n"
				  "7@100.1:unknown_event\n"
				  "7@101.000000:not_vtd_dmar_fault_one\n"
				  "7@184467440737095516150.0:vtd_dmar_fault_one\n"
				  "7@101.99999999:vtd_dmar_fault_one\n"
				  "@:\n@.:\nno event at all\n";
	g_autofree struct trace_bins *bins = g_new0(struct trace_bins, 1);
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("bins-XXXXXX", &path, NULL);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, log, strlen(log)), strlen(log));
	close(fd);
	bins->start_ns = INT64_C(100000000000);
	bins->end_ns = INT64_C(102000000000);
	assert_true(trace_bins_read(bins, path));
	assert_int_equal(bins->n[TRACE_GROUP_TRANSLATIONS][0], 1);
	assert_int_equal(bins->n[TRACE_GROUP_FAULTS][TRACE_BINS / 4], 1);
	assert_int_equal(sum(bins, TRACE_GROUP_FAULTS), 1);
	assert_int_equal(bins->n[TRACE_GROUP_DISK_DMA][TRACE_BINS - 1], 1);
	assert_int_equal(sum(bins, TRACE_GROUP_DISK_DMA), 1);
	assert_false(bins->cut);
	unlink(path);
	assert_false(trace_bins_read(bins, path));
	assert_int_equal(sum(bins, TRACE_GROUP_DISK_DMA), 0);
}

/* A label may be anything: what it says reaches gnuplot as a word, and never as a command. */
static void figures_are_drawn_and_names_are_no_commands(void **state)
{
	g_autofree char *path = g_strdup_printf("%s/plot-%d", g_get_tmp_dir(), (int)getpid());
	g_autofree char *evil = g_strdup_printf("x\"\nset output '%s'\nEND_OF_DATA\n\\", path), *svg = NULL;
	g_autoptr(GString) page = g_string_new(NULL);
	g_autofree char *program = g_find_program_in_path("gnuplot");
	g_autoptr(GError) error = NULL;
	struct plot_series *line;
	struct plot plot;

	(void)state;
	plot_init(&plot);
	plot.alt = "what is \"seen\"";
	plot.unit = evil;
	plot.lines = true;
	assert_null(plot_svg(&plot, &error)); /* nothing to draw */
	g_clear_error(&error);
	g_ptr_array_add(plot.labels, g_strdup("first"));
	g_ptr_array_add(plot.labels, g_strdup(evil));
	line = plot_add(&plot, evil);
	plot_point(line, 0, 1, 0.5, 2);
	plot_point(line, 1, 1e12, 1e12, 1e12);
	if (program) {
		svg = plot_svg(&plot, &error);
		assert_non_null(svg);
		assert_true(g_str_has_prefix(svg, "<svg"));
		assert_non_null(strstr(svg, "first"));
		assert_null(strstr(svg, "<script"));
		assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
		html_plot(page, &plot, "a <caption>");
		assert_non_null(strstr(page->str, "alt=\"what is &quot;seen&quot;\" src=\"data:image/svg+xml;base64,"));
		assert_non_null(strstr(page->str, "a &lt;caption&gt;"));
	}
	plot_clear(&plot);
}

/* Without gnuplot a page is a page: it says what is missing. */
static void without_gnuplot_the_page_says_so(void **state)
{
	g_autofree char *was = g_strdup(g_getenv("PATH"));
	g_autoptr(GString) page = g_string_new(NULL);
	struct plot plot;

	(void)state;
	plot_init(&plot);
	plot.alt = plot.unit = "x";
	g_ptr_array_add(plot.labels, g_strdup("one"));
	plot_point(plot_add(&plot, "s"), 0, 1, 1, 1);
	assert_true(g_setenv("PATH", "/nowhere", TRUE));
	html_plot(page, &plot, "caption");
	assert_true(g_setenv("PATH", was, TRUE));
	assert_null(strstr(page->str, "<img"));
	assert_non_null(strstr(page->str, "No picture: gnuplot is not installed"));
	plot_clear(&plot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(foreign_text_is_harmless),
		cmocka_unit_test(pieces_are_what_lies_close),
		cmocka_unit_test(many_ranges_still_fit),
		cmocka_unit_test(events_are_counted_by_group_and_time),
		cmocka_unit_test(figures_are_drawn_and_names_are_no_commands),
		cmocka_unit_test(without_gnuplot_the_page_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
