/* SPDX-License-Identifier: GPL-2.0-only */
/* QEMU's trace lines: every kind in the form QEMU 7.2 and 10.0 write it, garbage, a growing file.
 */
#include "machine-test.h"

#include "machine/trace.h"

struct row {
	const char *line;
	enum trace_kind kind;
	uint64_t a, b, c, d;
};

static const struct row rows[] = {
	{ "vtd_reg_dmar_root addr 0x2e9e9000 scalable 0", TRACE_DMAR_ROOT, 0x2e9e9000, 0, 0, 0 },
	{ "vtd_reg_dmar_root addr 0x5e0f000 scalable 1", TRACE_DMAR_ROOT, 0x5e0f000, 1, 0, 0 },
	{ "vtd_dmar_enable enable 1", TRACE_DMAR_ENABLE, 1, 0, 0, 0 },
	{ "vtd_dmar_fault sid 0x8 fault 5 addr 0xffff1000 write 1", TRACE_DMAR_FAULT, 8, 5, 0xffff1000, 1 },
	{ "vtd_fault_disabled Fault processing disabled for context entry", TRACE_FAULT_DISABLED, 0, 0, 0, 0 },
	{ "vtd_reg_ir_root addr 0x5f00000 size 0xf", TRACE_IR_ROOT, 0x5f00000, 15, 0, 0 },
	{ "vtd_ir_enable enable 1", TRACE_IR_ENABLE, 1, 0, 0, 0 },
	{ "vtd_iotlb_page_update IOTLB page update sid 0x10 iova 0xffff0000 slpte 0x18d000 domain 0x4",
	  TRACE_IOTLB_UPDATE, 0x10, 0xffff0000, 4, 0 },
	{ "vtd_iotlb_page_update IOTLB page update sid 0x8 iova 0x1000 pte 0x5000 domain 0x2", TRACE_IOTLB_UPDATE, 8,
	  0x1000, 2, 0 },
	{ "vtd_iotlb_cc_update IOTLB context update bus 0x0 devfn 0x10 high 0x402 low 0x5e10001 gen 3 -> gen 4",
	  TRACE_CC_FILL, 0, 0x10, 0x402, 0x5e10001 },
	{ "vtd_inv_desc_cc_global context invalidate globally", TRACE_INV_CC_GLOBAL, 0, 0, 0, 0 },
	{ "vtd_inv_desc_cc_domain context invalidate domain 0x3", TRACE_INV_CC_DOMAIN, 3, 0, 0, 0 },
	{ "vtd_inv_desc_cc_devices context invalidate devices sid 0x10 fmask 0x0", TRACE_INV_CC_DEVICES, 0x10, 0, 0,
	  0 },
	{ "vtd_inv_desc_iotlb_global iotlb invalidate global", TRACE_INV_IOTLB_GLOBAL, 0, 0, 0, 0 },
	{ "vtd_inv_desc_iotlb_domain iotlb invalidate whole domain 0x4", TRACE_INV_IOTLB_DOMAIN, 4, 0, 0, 0 },
	{ "e1000e_rx_desc_buff_write buffer #0, addr: 0xfffde840, offset: 4, from: 0x55b3eca471a4, "
	  "length: 270",
	  TRACE_E1000E_RX_BUFFER, 0xfffde840, 4, 270, 0 },
	{ "e1000e_rx_written_to_guest Received packet written to guest (ICR causes 128)", TRACE_E1000E_RX_WRITTEN, 0, 0,
	  0, 0 },
	{ "e1000e_rx_written_to_guest Received packet written to guest (queue 0)", TRACE_E1000E_RX_WRITTEN, 0, 0, 0,
	  0 },
	{ "e1000e_rx_not_written_to_guest Received packet NOT written to guest (ICR causes 64)",
	  TRACE_E1000E_RX_NOT_WRITTEN, 0, 0, 0, 0 },
	{ "e1000e_rx_flt_dropped Received packet dropped by RX filter", TRACE_E1000E_RX_FILTERED, 0, 0, 0, 0 },
	{ "e1000e_rx_can_recv_rings_full Cannot receive: all rings are full", TRACE_E1000E_RX_FULL, 0, 0, 0, 0 },
	{ "e1000e_core_ctrl_sw_reset Doing SW reset", TRACE_E1000E_SW_RESET, 0, 0, 0, 0 },
	{ "e1000e_rx_set_rctl RCTL = 0x4008002", TRACE_E1000E_RCTL, 0x4008002, 0, 0, 0 },
	{ "pci_nvme_read cid 896 nsid 1 nlb 8 count 4096 lba 0x18", TRACE_NVME_READ, 896, 8, 4096, 0x18 },
	{ "pci_nvme_write cid 5 opname 'NVME_NVM_CMD_WRITE' nsid 1 nlb 8 count 4096 lba 0x4000", TRACE_NVME_WRITE, 5, 8,
	  4096, 0x4000 },
	{ "pci_nvme_map_addr addr 0xfffdf000 len 4096", TRACE_NVME_MAP_ADDR, 0xfffdf000, 4096, 0, 0 },
	{ "pci_nvme_rw_complete_cb cid 898 blk 'disk0'", TRACE_NVME_COMPLETE, 898, 0, 0, 0 },
	{ "pci_nvme_mmio_start_success setting controller enable bit succeeded", TRACE_NVME_START, 0, 0, 0, 0 },
	{ "pci_nvme_mmio_stopped cleared controller enable bit", TRACE_NVME_STOP, 0, 0, 0, 0 },
	{ "pci_nvme_err_addr_read addr 0xffffc040", TRACE_NVME_ERR_READ, 0xffffc040, 0, 0, 0 },
	{ "pci_nvme_err_addr_write addr 0xffffb010", TRACE_NVME_ERR_WRITE, 0xffffb010, 0, 0, 0 },
	{ "pci_nvme_err_cfs controller fatal status", TRACE_NVME_ERR_FATAL, 0, 0, 0, 0 },
};

static void test_every_kind(void **state)
{
	struct trace_event e;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		char *line = g_strconcat("24409@1795357874.699319:", rows[i].line, NULL);

		assert_int_equal(trace_parse_line(line, &e), TRACE_PARSE_EVENT);
		assert_int_equal(e.kind, rows[i].kind);
		assert_true(e.host_ns == INT64_C(1795357874699319000));
		assert_true(e.a == rows[i].a && e.b == rows[i].b);
		assert_true(e.c == rows[i].c && e.d == rows[i].d);
		/* the same without a time stamp */
		assert_int_equal(trace_parse_line(rows[i].line, &e), TRACE_PARSE_EVENT);
		assert_true(e.host_ns == 0);
		g_free(line);
	}
}

/* Each kind has a name, and the names are those that are switched on. */
static void test_names(void **state)
{
	const char *const *names = trace_default_names();
	unsigned n = 0, groups = 0;

	(void)state;
	while (names[n])
		n++;
	assert_int_equal(n, TRACE_KINDS - 1);
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(names[i], names[j]);
	/* an event is of one group, by name or kind, and every group has events */
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name = g_strndup(rows[i].line, strcspn(rows[i].line, " "));

		assert_int_equal(trace_group_of(name), trace_kind_group(rows[i].kind));
		/* and a person who looks for that group's lines finds these and no others */
		for (int group = 0; group < TRACE_GROUPS; group++)
			assert_int_equal(g_regex_match_simple(trace_group_patterns[group], rows[i].line, 0, 0),
					 group == trace_group_of(name));
		groups |= 1u << trace_group_of(name);
	}
	assert_int_equal(groups, TRACES_ALL);
	assert_int_equal(trace_group_of("vtd_dmar_faul"), -1);
	assert_int_equal(trace_group_of("vtd_dmar_faults"), -1);
	assert_int_equal(trace_group_of("vtd_inv_desc_wait_sw"), -1);
}

static void test_garbage(void **state)
{
	static const struct {
		const char *line;
		enum trace_parse result;
	} bad[] = {
		{ "", TRACE_PARSE_OTHER },
		{ " ", TRACE_PARSE_OTHER },
		{ "1@2.3:", TRACE_PARSE_UNKNOWN },
		{ "1@2.3:vtd_irq_generate addr 0x1 data 0x2", TRACE_PARSE_UNKNOWN },
		{ "qemu-system-x86_64: warning: this and that", TRACE_PARSE_OTHER },
		{ "vtd_dmar_fault", TRACE_PARSE_MALFORMED },
		{ "vtd_dmar_faul sid 0x8 fault 5 addr 0x1 write 1", TRACE_PARSE_OTHER },
		{ "vtd_dmar_faults sid 0x8 fault 5 addr 0x1 write 1", TRACE_PARSE_OTHER },
		{ "vtd_dmar_fault sid 0x8 fault 5 addr 0x1 write", TRACE_PARSE_MALFORMED },
		{ "vtd_dmar_fault sid 0x8 fault 5 addr 0x1 write ", TRACE_PARSE_MALFORMED },
		{ "vtd_dmar_fault sid 0x8 fault 5 addr 0x1 write 1 pasid 0x0", TRACE_PARSE_MALFORMED },
		{ "vtd_dmar_fault sid 0x fault 5 addr 0x1 write 1", TRACE_PARSE_MALFORMED },
		{ "vtd_dmar_fault sid 0x8 fault 5 addr 0x11112222333344445 write 1", TRACE_PARSE_MALFORMED },
		{ "vtd_dmar_fault sid 0x8 fault 99999999999999999999 addr 0x1 write 1", TRACE_PARSE_MALFORMED },
		/* of events that nobody reads, whatever their form */
		{ "1@2.3:vtd_inv_desc_wait_sw wait invalidate status write addr 0x1 data 0x2 fence 0",
		  TRACE_PARSE_UNKNOWN },
		{ "1@2.3:vtd_switch_address_space Device 00:01.0 switching address space (enabled=1)",
		  TRACE_PARSE_UNKNOWN },
		{ "1@2.3:pci_nvme_mmio_cfg config=0x460001", TRACE_PARSE_UNKNOWN },
		{ "99999999999999999999@1.1:vtd_dmar_enable enable 1", TRACE_PARSE_OTHER },
		{ "1@1:vtd_dmar_enable enable 1", TRACE_PARSE_OTHER },
	};
	struct trace_event e;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++)
		assert_int_equal(trace_parse_line(bad[i].line, &e), bad[i].result);
	/* an absurd time is no time */
	assert_int_equal(trace_parse_line("1@99999999999.5:vtd_dmar_enable enable 1", &e), TRACE_PARSE_EVENT);
	assert_true(e.host_ns == 0);
}

static void collect(const struct trace_event *e, void *data)
{
	g_array_append_val((GArray *)data, *e);
}

/* A file that appears late, grows in the middle of lines, and holds lines without an end. */
static void test_follow(void **state)
{
	char *dir = test_dir(), *path = g_build_filename(dir, "qemu.log", NULL), *huge;
	GArray *seen = g_array_new(FALSE, FALSE, sizeof(struct trace_event));
	struct trace *t = trace_new(path);
	unsigned id = trace_subscribe(t, collect, seen);
	int fd;

	(void)state;
	assert_int_equal(trace_poll(t), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	test_write(fd, "1@1.000001:vtd_dmar_enable enable 1\n1@1.000002:vtd_dmar_en");
	assert_int_equal(trace_poll(t), 1);
	test_write(fd, "able enable 0\nnonsense\n1@1.5:vtd_inv_qi_head read head 5\n");
	assert_int_equal(trace_poll(t), 1);
	assert_int_equal(seen->len, 2);
	assert_true(g_array_index(seen, struct trace_event, 0).a == 1);
	assert_true(g_array_index(seen, struct trace_event, 1).a == 0);
	huge = g_strnfill(100000, 'x');
	test_write(fd, huge);
	assert_int_equal(trace_poll(t), 0);
	test_write(fd, "\n1@1.6:vtd_dmar_enable nonsense\n1@1.7:vtd_dmar_enable enable 1\n");
	assert_int_equal(trace_poll(t), 1);
	assert_true(trace_counters(t)->other == 2 && trace_counters(t)->unknown == 1);
	assert_true(trace_counters(t)->events == 3 && trace_counters(t)->seen[TRACE_GROUP_UNIT] == 3);
	for (unsigned group = 0; group < TRACE_GROUPS; group++)
		assert_int_equal(trace_counters(t)->malformed[group], group == TRACE_GROUP_UNIT);
	assert_true(trace_count(t, TRACE_DMAR_ENABLE) == 3);
	trace_unsubscribe(t, id);
	/* the timer alone finds new lines too */
	test_write(fd, "1@1.8:vtd_dmar_enable enable 0\n");
	test_run(30);
	assert_true(trace_counters(t)->events == 4);
	/* and so does what waits for the next one when there was none for a while; and goes on behind it */
	for (unsigned more = 5; more <= 6; more++) {
		test_run(30);
		test_write(fd, "1@1.9:vtd_dmar_enable enable 1\n");
		test_run(30);
		assert_true(trace_counters(t)->events == more);
	}
	assert_int_equal(seen->len, 3);
	close(fd);
	trace_free(t);
	g_array_free(seen, TRUE);
	g_free(huge);
	g_free(path);
	test_dir_remove(dir);
}

static void sum_up(const struct trace_event *e, void *data)
{
	g_string_append_printf(data, "%d@%" G_GINT64_FORMAT " ", (int)e->kind, e->host_ns);
}

/* What an earlier QEMU has traced comes first, all with one time; what this one traces keeps its own. */
static void test_replay(void **state)
{
	static const char before[] = "1@100.000001:vtd_reg_dmar_root addr 0x1000 scalable 0\n"
				     "not a trace line\n"
				     "1@100.000002:vtd_dmar_enable enable 1\n"
				     "1@100.000003:vtd_dmar_ena";
	static const char after[] = "2@200.000001:vtd_dmar_enable enable 0\n";
	char *dir = test_dir(), *path = g_build_filename(dir, "qemu.log", NULL), *want;
	GString *seen = g_string_new(NULL);
	struct trace *t = trace_new(path);

	(void)state;
	trace_subscribe(t, sum_up, seen);
	trace_replay(t, before, strlen(before), 77);
	assert_true(g_file_set_contents(path, after, -1, NULL));
	trace_poll(t);
	want = g_strdup_printf("%d@77 %d@77 %d@200000001000 ", TRACE_DMAR_ROOT, TRACE_DMAR_ENABLE, TRACE_DMAR_ENABLE);
	assert_string_equal(seen->str, want);
	assert_int_equal(trace_count(t, TRACE_DMAR_ENABLE), 2);
	assert_int_equal(trace_counters(t)->other, 1);
	g_free(want);
	g_string_free(seen, TRUE);
	trace_free(t);
	g_free(path);
	test_dir_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind), cmocka_unit_test(test_names),  cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_follow),	   cmocka_unit_test(test_replay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
