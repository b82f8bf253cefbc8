/* SPDX-License-Identifier: GPL-2.0-only */
/* Words for the parts of a walk result, and its print as text. */
#include <inttypes.h>

#include "base/sid.h"
#include "vtd/formats.h"
#include "vtd/print.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Runs printed in all: spaces that share a large tree must not fill the disk. */
#define MAX_RUN_LINES 1000000u

const char *vtd_table_kind_name(unsigned kind)
{
	static const char *const names[] = {
		[VTD_TABLE_ROOT] = "root",
		[VTD_TABLE_CONTEXT] = "context",
		[VTD_TABLE_PASID_DIR] = "pasid-directory",
		[VTD_TABLE_PASID] = "pasid",
		[VTD_TABLE_SECOND_LEVEL] = "second-level",
		[VTD_TABLE_FIRST_LEVEL] = "first-level",
		[VTD_TABLE_IRT] = "interrupt-remapping",
	};

	return kind < COUNT(names) ? names[kind] : "unknown";
}

const char *vtd_defect_kind_name(unsigned kind)
{
	static const char *const names[VTD_DEFECT_KINDS] = {
		[VTD_DEFECT_MODE] = "no-walkable-mode",
		[VTD_DEFECT_OUTSIDE_RAM] = "table-outside-ram",
		[VTD_DEFECT_ROOT_RESERVED] = "root-reserved-bits",
		[VTD_DEFECT_CONTEXT_RESERVED] = "context-reserved-bits",
		[VTD_DEFECT_CONTEXT_TYPE] = "context-reserved-type",
		[VTD_DEFECT_ADDRESS_WIDTH] = "bad-address-width",
		[VTD_DEFECT_PASID_RESERVED] = "pasid-reserved-bits",
		[VTD_DEFECT_PASID_TYPE] = "pasid-reserved-type",
		[VTD_DEFECT_PTE_RESERVED] = "pte-reserved-bits",
		[VTD_DEFECT_PTE_WIDTH] = "pte-beyond-host-address-width",
		[VTD_DEFECT_SUPERPAGE_LEVEL] = "superpage-at-illegal-level",
		[VTD_DEFECT_SUPERPAGE_ALIGN] = "superpage-misaligned",
		[VTD_DEFECT_LOOP] = "table-refers-to-itself",
		[VTD_DEFECT_IRTE_RESERVED] = "irte-reserved-bits",
	};

	return kind < VTD_DEFECT_KINDS ? names[kind] : "unknown";
}

const char *vtd_tt_name(unsigned tt)
{
	static const char *const names[] = {
		[VTD_TT_UNTRANSLATED] = "translated",
		[VTD_TT_DEVICE_TLB] = "translated, device TLB",
		[VTD_TT_PASS_THROUGH] = "pass-through",
	};

	return tt < COUNT(names) ? names[tt] : "reserved type";
}

const char *vtd_pgtt_name(unsigned pgtt)
{
	static const char *const names[] = {
		[VTD_PGTT_FIRST_LEVEL] = "first-level",
		[VTD_PGTT_SECOND_LEVEL] = "second-level",
		[VTD_PGTT_NESTED] = "nested",
		[VTD_PGTT_PASS_THROUGH] = "pass-through",
	};

	return pgtt < COUNT(names) && names[pgtt] ? names[pgtt] : "reserved type";
}

unsigned vtd_aw_bits(unsigned aw)
{
	return 30 + 9 * aw;
}

void vtd_defect_text(const struct vtd_defect *d, char *buf, size_t len)
{
	char sid[16], pasid[24] = "", level[16] = "";

	if (d->pasid != IOMMU_NO_PASID)
		snprintf(pasid, sizeof(pasid), " PASID %u", d->pasid);
	if (d->level)
		snprintf(level, sizeof(level), " level %u", d->level);
	snprintf(buf, len, "%s: %s table 0x%" PRIx64 "%s entry %u value 0x%" PRIx64 " (%s%s)",
		 vtd_defect_kind_name(d->kind), vtd_table_kind_name(d->table_kind), d->table, level, d->index, d->value,
		 sid_text(d->sid, sid), pasid);
}

/* The context entry itself, one line. */
static void print_context(const struct vtd_context *c, FILE *out)
{
	char sid[16];

	fprintf(out, "context %s %s table 0x%" PRIx64 " slot %u", sid_text((uint16_t)(c->bus << 8 | c->devfn), sid),
		c->scalable ? (c->upper ? "upper" : "lower") : "legacy", c->table, c->slot);
	if (c->scalable)
		fprintf(out, " pasid-dir 0x%" PRIx64 " entries %u rid-pasid %u%s%s%s", c->pasid_dir,
			c->pasid_dir_entries, c->rid_pasid, c->dte ? " dte" : "", c->paside ? " paside" : "",
			c->pre ? " pre" : "");
	else
		fprintf(out, " %s, %u bits, DID %u, root 0x%" PRIx64, vtd_tt_name(c->tt), vtd_aw_bits(c->aw), c->did,
			c->pt_root);
	fprintf(out, "%s\n", c->fpd ? " fpd" : "");
}

/* One line for a space, then its runs, as many as *@lines still allows. */
static void print_space(const struct vtd_walk_result *r, const struct iommu_space *s, size_t *lines, FILE *out)
{
	const struct iommu_run *run;
	char perm[5];
	size_t n;

	fprintf(out, "  ");
	if (s->pasid != IOMMU_NO_PASID)
		fprintf(out, "PASID %u, DID %u, ", s->pasid, s->did);
	fprintf(out, "%s", iommu_space_type_name(s->type));
	if (s->levels)
		fprintf(out, " %u levels root 0x%" PRIx64, s->levels, s->root);
	run = iommu_space_runs(&r->base, s, &n);
	if (s->tree < r->base.n_trees)
		fprintf(out, " leaves %" PRIu64 " pages %" PRIu64 " runs %zu", r->base.trees[s->tree].leaves,
			r->base.trees[s->tree].pages, n);
	fputc('\n', out);
	for (size_t i = 0; *lines && i < n; i++, run++) {
		fprintf(out, "    iova 0x%" PRIx64 "-0x%" PRIx64 " -> 0x%" PRIx64 " %s\n", run->iova_start,
			run->iova_last, run->pa_start, iommu_perm_text(run->perm, perm));
		if (!--*lines)
			fprintf(out, "    ... and more; %u runs shown\n", MAX_RUN_LINES);
	}
}

/* Context @i and its spaces, which are sorted by requester as contexts are. */
static void print_requester(const struct vtd_walk_result *r, size_t i, size_t *lines, FILE *out)
{
	size_t low = 0, high = r->base.n_spaces;

	print_context(&r->contexts[i], out);
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (r->base.spaces[mid].context < i)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < r->base.n_spaces && r->base.spaces[low].context == i; low++)
		print_space(r, &r->base.spaces[low], lines, out);
}

bool vtd_requester_print(const struct vtd_walk_result *r, uint16_t sid, unsigned what, FILE *out)
{
	size_t lines = what & IOMMU_PRINT_RUNS ? MAX_RUN_LINES : 0;
	bool found = false;

	for (size_t i = 0; i < r->base.n_requesters; i++)
		if ((uint16_t)(r->contexts[i].bus << 8 | r->contexts[i].devfn) == sid) {
			print_requester(r, i, &lines, out);
			found = true;
		}
	return found;
}

static void print_defects(const struct vtd_walk_result *r, bool samples, FILE *out)
{
	char line[256];

	for (unsigned k = 0; k < VTD_DEFECT_KINDS; k++)
		if (r->defect_counts[k])
			fprintf(out, "defects %s %" PRIu64 "\n", vtd_defect_kind_name(k), r->defect_counts[k]);
	for (size_t i = 0; samples && i < r->n_samples; i++) {
		vtd_defect_text(&r->defects[i], line, sizeof(line));
		fprintf(out, "  %s\n", line);
	}
}

void vtd_walk_print(const struct vtd_walk_result *r, unsigned what, FILE *out)
{
	size_t lines = what & IOMMU_PRINT_RUNS ? MAX_RUN_LINES : 0;

	fprintf(out,
		"root 0x%" PRIx64 " %s: %zu contexts, %zu pasids, %zu tables, %" PRIu64
		" leaves, %zu runs, %zu irtes, %" PRIu64 " defects%s%s\n",
		r->base.root, vtd_ttm_name(r->ttm), r->base.n_requesters, r->n_pasids, r->base.n_tables, r->base.leaves,
		r->base.n_runs, r->n_irtes, r->base.n_defects, r->base.truncated ? ", truncated by the limit on " : "",
		r->base.truncated ? r->base.truncated_by : "");
	if (r->odd_contexts)
		fprintf(out, "%zu context entries are not present but not zero\n", r->odd_contexts);
	for (size_t i = 0; i < r->base.n_requesters; i++)
		print_requester(r, i, &lines, out);
	for (size_t i = 0; (what & IOMMU_PRINT_IRTES) && i < r->n_irtes; i++)
		fprintf(out, "irte %u 0x%016" PRIx64 " 0x%016" PRIx64 "\n", r->irtes[i].index, r->irtes[i].hi,
			r->irtes[i].lo);
	for (size_t i = 0; (what & IOMMU_PRINT_TABLES) && i < r->base.n_tables; i++)
		fprintf(out, "table 0x%" PRIx64 " %s level %u\n", r->base.tables[i].pa,
			vtd_table_kind_name(r->base.tables[i].kind), r->base.tables[i].level);
	print_defects(r, what & IOMMU_PRINT_DEFECTS, out);
}
