/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One line of QEMU's trace log -> one event. The forms below were read off logs that QEMU 7.2
 * and 10.0 wrote; a known event in another form is reported as malformed, never guessed at.
 */
#include <string.h>

#include "machine/trace.h"

/*
 * form: what follows the event's name. Blanks and letters stand for themselves; %x hexadecimal with
 * or without 0x, %d decimal, %s a word to skip, %* the rest of the line. slots: where each number
 * goes: a b c d, or - for nowhere.
 */
struct form {
	enum trace_kind kind;
	const char *name;
	const char *form;
	const char *slots;
};

static const struct form forms[] = {
	{ TRACE_DMAR_ROOT, "vtd_reg_dmar_root", "addr %x scalable %d", "ab" },
	{ TRACE_DMAR_ENABLE, "vtd_dmar_enable", "enable %d", "a" },
	{ TRACE_DMAR_FAULT, "vtd_dmar_fault", "sid %x fault %d addr %x write %d", "abcd" },
	{ TRACE_FAULT_DISABLED, "vtd_fault_disabled", "%*", "" },
	{ TRACE_GCMD, "vtd_reg_write_gcmd", "status %x value %x", "ab" },
	{ TRACE_FRR_NEW, "vtd_frr_new", "index %d high %x low %x", "abc" },
	{ TRACE_FSTS_PPF, "vtd_fsts_ppf", "FSTS PPF bit set to %d", "a" },
	{ TRACE_CE_NOT_PRESENT, "vtd_ce_not_present", "Context entry bus %d devfn %d not present", "ab" },
	{ TRACE_RE_NOT_PRESENT, "vtd_re_not_present", "Root entry bus %d not present", "a" },
	{ TRACE_IR_ROOT, "vtd_reg_ir_root", "addr %x size %x", "ab" },
	{ TRACE_IR_ENABLE, "vtd_ir_enable", "enable %d", "a" },
	{ TRACE_QI_ENABLE, "vtd_inv_qi_enable", "enabled %d", "a" },
	{ TRACE_SWITCH_AS, "vtd_switch_address_space", "Device %x:%x.%x switching address space (iommu enabled=%d)",
	  "abcd" },
	{ TRACE_IOTLB_UPDATE, "vtd_iotlb_page_update", "IOTLB page update sid %x iova %x %s %x domain %x", "ab-c" },
	{ TRACE_INV_CC_GLOBAL, "vtd_inv_desc_cc_global", "%*", "" },
	{ TRACE_INV_CC_DOMAIN, "vtd_inv_desc_cc_domain", "context invalidate domain %x", "a" },
	{ TRACE_INV_CC_DEVICE, "vtd_inv_desc_cc_device", "context invalidate device %x:%x.%x", "abc" },
	{ TRACE_INV_CC_DEVICES, "vtd_inv_desc_cc_devices", "context invalidate devices sid %x fmask %x", "ab" },
	{ TRACE_INV_IOTLB_GLOBAL, "vtd_inv_desc_iotlb_global", "%*", "" },
	{ TRACE_INV_IOTLB_DOMAIN, "vtd_inv_desc_iotlb_domain", "iotlb invalidate whole domain %x", "a" },
	{ TRACE_INV_IOTLB_PAGES, "vtd_inv_desc_iotlb_pages", "iotlb invalidate domain %x addr %x mask %x", "abc" },
	{ TRACE_INV_IOTLB_PASID, "vtd_inv_desc_iotlb_pasid", "iotlb invalidate domain %x pasid %x", "ab" },
	{ TRACE_INV_IOTLB_PASID_PAGES, "vtd_inv_desc_iotlb_pasid_pages",
	  "iotlb invalidate domain %x addr %x mask %x pasid %x", "acdb" },
	{ TRACE_INV_IEC, "vtd_inv_desc_iec", "granularity %x index %x mask %x", "abc" },
	{ TRACE_INV_WAIT, "vtd_inv_desc_wait_sw", "wait invalidate status write addr %x data %x", "ab" },
	{ TRACE_E1000E_RX_BUFFER, "e1000e_rx_desc_buff_write", "buffer #%d, addr: %x, offset: %d, from: %s length: %d",
	  "dabc" },
	{ TRACE_E1000E_RX_WRITTEN, "e1000e_rx_written_to_guest", "%*", "" },
	{ TRACE_E1000E_RX_NOT_WRITTEN, "e1000e_rx_not_written_to_guest", "%*", "" },
	{ TRACE_E1000E_RX_FILTERED, "e1000e_rx_flt_dropped", "%*", "" },
	{ TRACE_E1000E_RX_FULL, "e1000e_rx_can_recv_rings_full", "%*", "" },
	{ TRACE_E1000E_SW_RESET, "e1000e_core_ctrl_sw_reset", "%*", "" },
	{ TRACE_E1000E_RCTL, "e1000e_rx_set_rctl", "RCTL = %x", "a" },
	{ TRACE_NVME_READ, "pci_nvme_read", "cid %d nsid %d nlb %d count %d lba %x", "a-bcd" },
	{ TRACE_NVME_WRITE, "pci_nvme_write", "cid %d opname %s nsid %d nlb %d count %d lba %x", "a-bcd" },
	{ TRACE_NVME_MAP_ADDR, "pci_nvme_map_addr", "addr %x len %d", "ab" },
	{ TRACE_NVME_MAP_PRP, "pci_nvme_map_prp", "trans_len %d len %d prp1 %x prp2 %x num_prps %d", "-abcd" },
	{ TRACE_NVME_COMPLETE, "pci_nvme_rw_complete_cb", "cid %d blk %s", "a" },
	{ TRACE_NVME_CREATE_CQ, "pci_nvme_create_cq",
	  "create completion queue, addr=%x, cqid=%d, vector=%d, qsize=%d, qflags=%d, ien=%d", "ab-c" },
	{ TRACE_NVME_CFG, "pci_nvme_mmio_cfg", "wrote MMIO, config controller config=%x", "a" },
	{ TRACE_NVME_START, "pci_nvme_mmio_start_success", "%*", "" },
	{ TRACE_NVME_STOP, "pci_nvme_mmio_stopped", "%*", "" },
	{ TRACE_NVME_SHUTDOWN, "pci_nvme_mmio_shutdown_set", "%*", "" },
	{ TRACE_NVME_ADDR_READ_ERR, "pci_nvme_err_addr_read", "addr %x", "a" },
	{ TRACE_NVME_ADDR_WRITE_ERR, "pci_nvme_err_addr_write", "addr %x", "a" },
	{ TRACE_NVME_FATAL, "pci_nvme_err_cfs", "%*", "" },
};

#define FORMS (sizeof(forms) / sizeof(forms[0]))

const char *const *trace_default_names(void)
{
	static const char *names[FORMS + 1];

	for (unsigned i = 0; i < FORMS; i++)
		names[i] = forms[i].name;
	return names;
}

const char *trace_kind_name(enum trace_kind kind)
{
	for (unsigned i = 0; i < FORMS; i++)
		if (forms[i].kind == kind)
			return forms[i].name;
	return kind == TRACE_NVME_ERR ? "pci_nvme_err" : "?";
}

static bool number(const char **p, unsigned base, uint64_t *value)
{
	const char *s = *p;
	uint64_t v = 0;
	bool negative = base == 10 && *s == '-';
	unsigned digits = 0;

	s += negative;
	if (base == 16 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		s += 2;
	for (;; s++, digits++) {
		int d = base == 16 ? g_ascii_xdigit_value(*s) : g_ascii_digit_value(*s);

		if (d < 0)
			break;
		if (v > (UINT64_MAX - (unsigned)d) / base)
			return false;
		v = v * base + (unsigned)d;
	}
	*p = s;
	*value = negative ? -v : v;
	return digits > 0;
}

/* Fills out[a..d] by slots; false if the text has not this form to its very end. */
static bool match(const char *text, const char *form, const char *slots, uint64_t out[4])
{
	uint64_t v;

	for (; *form; form++) {
		if (*form != '%') {
			if (*text++ != *form)
				return false;
			continue;
		}
		form++;
		if (*form == '*')
			return true;
		if (*form == 's') {
			if (!*text || *text == ' ')
				return false;
			text += strcspn(text, " ");
			continue;
		}
		if (!number(&text, *form == 'x' ? 16 : 10, &v))
			return false;
		if (*slots >= 'a' && *slots <= 'd')
			out[*slots - 'a'] = v;
		slots += *slots != '\0';
	}
	return *text == '\0' || !strcmp(text, " ");
}

/* Bus, device and function as three numbers -> requester id. */
static bool join_sid(struct trace_event *e)
{
	if (e->kind == TRACE_SWITCH_AS || e->kind == TRACE_INV_CC_DEVICE) {
		if (e->a > 0xff || e->b > 0x1f || e->c > 7)
			return false;
		e->a = e->a << 8 | e->b << 3 | e->c;
		e->b = e->kind == TRACE_SWITCH_AS ? e->d : 0;
		e->c = e->d = 0;
	} else if (e->kind == TRACE_CE_NOT_PRESENT) {
		if (e->a > 0xff || e->b > 0xff)
			return false;
		e->a = e->a << 8 | e->b;
		e->b = 0;
	}
	return true;
}

/* "pid@sec.usec:" if there is one; returns what follows. */
static const char *stamp(const char *line, int64_t *ns)
{
	const char *p = line;
	uint64_t pid, sec, usec;

	*ns = 0;
	if (!number(&p, 10, &pid) || *p++ != '@' || !number(&p, 10, &sec) || *p++ != '.' || !number(&p, 10, &usec) ||
	    *p++ != ':')
		return line;
	if (sec < UINT64_C(4000000000) && usec < 1000000)
		*ns = (int64_t)(sec * 1000000000 + usec * 1000);
	return p;
}

enum trace_parse trace_parse_line(const char *line, struct trace_event *event)
{
	const char *name = stamp(line, &event->host_ns), *text;
	size_t len = strcspn(name, " ");
	uint64_t out[4] = { 0 };

	text = name + len + (name[len] == ' ');
	for (unsigned i = 0; i < FORMS; i++) {
		if (strncmp(forms[i].name, name, len) || forms[i].name[len])
			continue;
		if (!match(text, forms[i].form, forms[i].slots, out))
			return TRACE_PARSE_MALFORMED;
		event->kind = forms[i].kind;
		event->a = out[0];
		event->b = out[1];
		event->c = out[2];
		event->d = out[3];
		return join_sid(event) ? TRACE_PARSE_EVENT : TRACE_PARSE_MALFORMED;
	}
	if (!strncmp(name, "pci_nvme_err_", strlen("pci_nvme_err_"))) {
		*event = (struct trace_event){ .host_ns = event->host_ns, .kind = TRACE_NVME_ERR };
		return TRACE_PARSE_EVENT;
	}
	return name != line ? TRACE_PARSE_UNKNOWN : TRACE_PARSE_OTHER;
}
