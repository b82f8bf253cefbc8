/* SPDX-License-Identifier: GPL-2.0-only */
#include "explain/reason.h"

#include <stddef.h>

static const struct explain_reason reasons[] = {
	{ 0x01, EXPLAIN_KIND_ENTRY, "the root table has nothing for its bus" },
	{ 0x02, EXPLAIN_KIND_ENTRY, "it has no context entry" },
	{ 0x03, EXPLAIN_KIND_CORRUPT, "its context entry is invalid" },
	{ 0x04, EXPLAIN_KIND_WIDTH, "the address is beyond the width of its tables" },
	{ 0x05, EXPLAIN_KIND_PERMISSION, "no mapping lets this address be written" },
	{ 0x06, EXPLAIN_KIND_PERMISSION, "no mapping lets this address be read" },
	{ 0x07, EXPLAIN_KIND_CORRUPT, "a page table lies where it cannot be read" },
	{ 0x08, EXPLAIN_KIND_CORRUPT, "the root table lies where it cannot be read" },
	{ 0x09, EXPLAIN_KIND_CORRUPT, "the context table lies where it cannot be read" },
	{ 0x0a, EXPLAIN_KIND_CORRUPT, "reserved bits are set in the root entry" },
	{ 0x0b, EXPLAIN_KIND_CORRUPT, "reserved bits are set in the context entry" },
	{ 0x0c, EXPLAIN_KIND_CORRUPT, "reserved bits are set in an entry of the page tables" },
	{ 0x0d, EXPLAIN_KIND_BLOCKED, "its context entry blocks translation requests (ATS)" },
	{ 0x20, EXPLAIN_KIND_INTERRUPT, "reserved bits are set in the interrupt request" },
	{ 0x21, EXPLAIN_KIND_INTERRUPT, "the index is beyond the interrupt remapping table" },
	{ 0x22, EXPLAIN_KIND_INTERRUPT, "the interrupt remapping entry is not present" },
	{ 0x23, EXPLAIN_KIND_INTERRUPT, "the interrupt remapping table cannot be read" },
	{ 0x24, EXPLAIN_KIND_INTERRUPT, "reserved bits are set in the interrupt remapping entry" },
	{ 0x25, EXPLAIN_KIND_INTERRUPT, "an interrupt of the old format, which is not let through" },
	{ 0x26, EXPLAIN_KIND_INTERRUPT, "the interrupt remapping entry is another requester's" },
	{ 0x30, EXPLAIN_KIND_CORRUPT, "the root table address is invalid" },
	{ 0x31, EXPLAIN_KIND_BLOCKED, "a request with a PASID while the tables are legacy" },
	{ 0x38, EXPLAIN_KIND_CORRUPT, "the root entry cannot be read" },
	{ 0x39, EXPLAIN_KIND_ENTRY, "the root table has nothing for this half of its bus" },
	{ 0x3a, EXPLAIN_KIND_CORRUPT, "reserved bits are set in the root entry" },
	{ 0x40, EXPLAIN_KIND_CORRUPT, "the context entry cannot be read" },
	{ 0x41, EXPLAIN_KIND_ENTRY, "it has no context entry" },
	{ 0x42, EXPLAIN_KIND_CORRUPT, "reserved bits are set in the context entry" },
	{ 0x43, EXPLAIN_KIND_CORRUPT, "its context entry is invalid" },
	{ 0x44, EXPLAIN_KIND_BLOCKED, "its context entry has no device TLB enabled" },
	{ 0x45, EXPLAIN_KIND_BLOCKED, "its context entry has no PASIDs enabled" },
	{ 0x46, EXPLAIN_KIND_BLOCKED, "the PASID is larger than its context entry allows" },
	{ 0x50, EXPLAIN_KIND_CORRUPT, "the PASID directory cannot be read" },
	{ 0x51, EXPLAIN_KIND_ENTRY, "the PASID directory has no entry" },
	{ 0x52, EXPLAIN_KIND_CORRUPT, "reserved bits are set in the PASID directory" },
	{ 0x58, EXPLAIN_KIND_CORRUPT, "the PASID table cannot be read" },
	{ 0x59, EXPLAIN_KIND_ENTRY, "the PASID table has no entry" },
	{ 0x5a, EXPLAIN_KIND_CORRUPT, "reserved bits are set in the PASID table" },
	{ 0x5b, EXPLAIN_KIND_CORRUPT, "the PASID entry is invalid" },
	{ 0x70, EXPLAIN_KIND_CORRUPT, "a first-level page table cannot be read" },
	{ 0x71, EXPLAIN_KIND_UNMAPPED, "the first-level page tables have no mapping" },
	{ 0x72, EXPLAIN_KIND_CORRUPT, "reserved bits are set in a first-level entry" },
	{ 0x78, EXPLAIN_KIND_CORRUPT, "a second-level page table cannot be read" },
	{ 0x79, EXPLAIN_KIND_PERMISSION, "no second-level mapping lets this access pass" },
	{ 0x7a, EXPLAIN_KIND_CORRUPT, "reserved bits are set in a second-level entry" },
	{ 0x7b, EXPLAIN_KIND_CORRUPT, "a second-level table pointer is invalid" },
	{ 0x80, EXPLAIN_KIND_WIDTH, "the address is not canonical" },
	{ 0x83, EXPLAIN_KIND_WIDTH, "the address is beyond what the hardware takes" },
	{ 0x84, EXPLAIN_KIND_WIDTH, "a second-level address is beyond the width of the tables" },
	{ 0x85, EXPLAIN_KIND_PERMISSION, "no mapping lets this address be written" },
	{ 0x86, EXPLAIN_KIND_PERMISSION, "no mapping lets this address be read" },
};

const struct explain_reason *explain_reason_of(int reason)
{
	static const struct explain_reason unknown = { -1, EXPLAIN_KIND_UNKNOWN, "a reason that is not known here" };
	static const struct explain_reason missing = { -1, EXPLAIN_KIND_UNKNOWN, "the log has not the reason" };

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].reason == reason)
			return &reasons[i];
	return reason < 0 ? &missing : &unknown;
}
