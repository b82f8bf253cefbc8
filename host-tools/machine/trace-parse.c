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
	enum trace_group group;
	const char *name;
	const char *form;
	const char *slots;
};

static const struct form forms[] = {
	{ TRACE_DMAR_ROOT, TRACE_GROUP_UNIT, "vtd_reg_dmar_root", "addr %x scalable %d", "ab" },
	{ TRACE_DMAR_ENABLE, TRACE_GROUP_UNIT, "vtd_dmar_enable", "enable %d", "a" },
	{ TRACE_DMAR_FAULT, TRACE_GROUP_FAULTS, "vtd_dmar_fault", "sid %x fault %d addr %x write %d", "abcd" },
	{ TRACE_FAULT_DISABLED, TRACE_GROUP_FAULTS, "vtd_fault_disabled", "%*", "" },
	{ TRACE_IR_ROOT, TRACE_GROUP_INTREMAP, "vtd_reg_ir_root", "addr %x size %x", "ab" },
	{ TRACE_IR_ENABLE, TRACE_GROUP_INTREMAP, "vtd_ir_enable", "enable %d", "a" },
	{ TRACE_IOTLB_UPDATE, TRACE_GROUP_TRANSLATIONS, "vtd_iotlb_page_update",
	  "IOTLB page update sid %x iova %x %s %x domain %x", "ab-c" },
	{ TRACE_CC_FILL, TRACE_GROUP_CONTEXT_FILLS, "vtd_iotlb_cc_update",
	  "IOTLB context update bus %x devfn %x high %x low %x gen %d -> gen %d", "abcd--" },
	{ TRACE_INV_CC_GLOBAL, TRACE_GROUP_INVALIDATIONS, "vtd_inv_desc_cc_global", "%*", "" },
	{ TRACE_INV_CC_DOMAIN, TRACE_GROUP_INVALIDATIONS, "vtd_inv_desc_cc_domain", "context invalidate domain %x",
	  "a" },
	{ TRACE_INV_CC_DEVICES, TRACE_GROUP_INVALIDATIONS, "vtd_inv_desc_cc_devices",
	  "context invalidate devices sid %x fmask %x", "ab" },
	{ TRACE_INV_IOTLB_GLOBAL, TRACE_GROUP_INVALIDATIONS, "vtd_inv_desc_iotlb_global", "%*", "" },
	{ TRACE_INV_IOTLB_DOMAIN, TRACE_GROUP_INVALIDATIONS, "vtd_inv_desc_iotlb_domain",
	  "iotlb invalidate whole domain %x", "a" },
	{ TRACE_INV_IOTLB_PASID, TRACE_GROUP_INVALIDATIONS, "vtd_inv_desc_iotlb_pasid",
	  "iotlb invalidate domain %x pasid %x", "ab" },
	{ TRACE_E1000E_RX_BUFFER, TRACE_GROUP_NIC_DMA, "e1000e_rx_desc_buff_write",
	  "buffer #%d, addr: %x, offset: %d, from: %s length: %d", "dabc" },
	{ TRACE_E1000E_RX_WRITTEN, TRACE_GROUP_NIC_DMA, "e1000e_rx_written_to_guest", "%*", "" },
	{ TRACE_E1000E_RX_NOT_WRITTEN, TRACE_GROUP_NIC_DMA, "e1000e_rx_not_written_to_guest", "%*", "" },
	{ TRACE_E1000E_RX_FILTERED, TRACE_GROUP_NIC_DMA, "e1000e_rx_flt_dropped", "%*", "" },
	{ TRACE_E1000E_RX_FULL, TRACE_GROUP_NIC_DMA, "e1000e_rx_can_recv_rings_full", "%*", "" },
	{ TRACE_E1000E_SW_RESET, TRACE_GROUP_NIC_RESETS, "e1000e_core_ctrl_sw_reset", "%*", "" },
	{ TRACE_E1000E_RCTL, TRACE_GROUP_NIC_RESETS, "e1000e_rx_set_rctl", "RCTL = %x", "a" },
	{ TRACE_NVME_READ, TRACE_GROUP_DISK_DMA, "pci_nvme_read", "cid %d nsid %d nlb %d count %d lba %x", "a-bcd" },
	{ TRACE_NVME_WRITE, TRACE_GROUP_DISK_DMA, "pci_nvme_write", "cid %d opname %s nsid %d nlb %d count %d lba %x",
	  "a-bcd" },
	{ TRACE_NVME_MAP_ADDR, TRACE_GROUP_DISK_DMA, "pci_nvme_map_addr", "addr %x len %d", "ab" },
	{ TRACE_NVME_COMPLETE, TRACE_GROUP_DISK_DMA, "pci_nvme_rw_complete_cb", "cid %d blk %s", "a" },
	{ TRACE_NVME_CREATE_CQ, TRACE_GROUP_DISK_DMA, "pci_nvme_create_cq",
	  "create completion queue, addr=%x, cqid=%d, vector=%d, qsize=%d, qflags=%d, ien=%d", "ab-c" },
	{ TRACE_NVME_START, TRACE_GROUP_DISK_RESETS, "pci_nvme_mmio_start_success", "%*", "" },
	{ TRACE_NVME_STOP, TRACE_GROUP_DISK_RESETS, "pci_nvme_mmio_stopped", "%*", "" },
	{ TRACE_NVME_ERR_READ, TRACE_GROUP_DISK_ERRORS, "pci_nvme_err_addr_read", "addr %x", "a" },
	{ TRACE_NVME_ERR_WRITE, TRACE_GROUP_DISK_ERRORS, "pci_nvme_err_addr_write", "addr %x", "a" },
	{ TRACE_NVME_ERR_FATAL, TRACE_GROUP_DISK_ERRORS, "pci_nvme_err_cfs", "%*", "" },
};

#define FORMS (sizeof(forms) / sizeof(forms[0]))

const char *const *trace_default_names(void)
{
	static const char *names[FORMS + 1];

	for (unsigned i = 0; i < FORMS; i++)
		names[i] = forms[i].name;
	return names;
}

static const struct form *form_of(const char *event, size_t len)
{
	for (unsigned i = 0; i < FORMS; i++)
		if (strncmp(forms[i].name, event, len) == 0 && !forms[i].name[len])
			return &forms[i];
	return NULL;
}

int trace_group_of(const char *event)
{
	const struct form *f = form_of(event, strlen(event));

	return f ? (int)f->group : -1;
}

enum trace_group trace_kind_group(enum trace_kind kind)
{
	unsigned i = 0;

	while (i < FORMS - 1 && forms[i].kind != kind)
		i++;
	return forms[i].group;
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
	const struct form *f = form_of(name, len);
	uint64_t out[4] = { 0 };

	if (!f)
		return name != line ? TRACE_PARSE_UNKNOWN : TRACE_PARSE_OTHER;
	text = name + len + (name[len] == ' ');
	event->kind = f->kind;
	if (!match(text, f->form, f->slots, out))
		return TRACE_PARSE_MALFORMED;
	event->a = out[0];
	event->b = out[1];
	event->c = out[2];
	event->d = out[3];
	return TRACE_PARSE_EVENT;
}
