/* SPDX-License-Identifier: GPL-2.0-only */
/* The CSV tables of a run: when what happened, and which IOVAs were mapped when. */
#include "run/phases.h"

#include "results/csv.h"
#include "results/iova-table.h"
#include "observe/kprobes.h"

static int by_time(const void *a, const void *b)
{
	const struct clock_moment *x = a, *y = b;

	return (x->host_ns > y->host_ns) - (x->host_ns < y->host_ns);
}

/* The beginnings of all phases, and the end of the last one, are moments too. */
static void add_phases(struct clock *c, int64_t jump_ns)
{
	int64_t at = 0;

	for_each_evidence(const struct clock_phase, p, c->phases) {
		at = c->start_ns + p->start_ns;
		clock_moment(c, p->name, at, jump_ns && at >= jump_ns ? "crash" : "first", -1, "host");
		at = c->start_ns + p->end_ns;
	}
	if (c->phases->len)
		clock_moment(c, "end", at, jump_ns ? "crash" : "first", -1, "host");
}

static bool write_timeline(struct run *run, GError **error)
{
	g_autoptr(GString) csv = csv_new(CSV_TIMELINE_HEADER);
	GArray *moments = run->at.clock->moments;

	add_phases(run->at.clock, run->at.ev->jump_ns);
	g_array_sort(moments, by_time);
	for_each_evidence(const struct clock_moment, m, moments)
		csv_timeline_row(csv,
				 &(struct csv_timeline_row){ m->what, m->host_ns, m->kernel, m->guest_ns, m->source });
	return rundir_write(run->at.rd, "timeline.csv", csv->str, (gssize)csv->len, error);
}

static const char *permissions(uint32_t perm)
{
	static const char *const words[] = { "", "r", "w", "rw" };

	return words[perm & (IOMMU_PERM_READ | IOMMU_PERM_WRITE)];
}

static const char *owner(struct run *run, uint16_t sid)
{
	const struct evidence_device *dev = evidence_device_find(run->at.ev, sid);

	return dev ? dev->driver : NULL;
}

static void iova_rows(struct run *run, GString *csv, const struct evidence_state *state, const char *phase,
		      const char *kernel, int only_sid)
{
	const struct iommu_walk *walk = state->walk;

	for (size_t i = 0; walk && i < walk->n_spaces; i++) {
		const struct iommu_space *s = &walk->spaces[i];
		size_t n;
		const struct iommu_run *runs = iommu_space_runs(walk, s, &n);
		struct csv_iova_row row = {
			.kernel = kernel,
			.requester = s->sid,
			.pasid = s->pasid == IOMMU_NO_PASID ? -1 : (int32_t)s->pasid,
			.did = s->did,
			.phase = phase,
			.who = owner(run, s->sid),
		};

		if (only_sid >= 0 && s->sid != only_sid)
			continue;
		for (size_t j = 0; j < n; j += row.count) {
			row.count = iova_series(&runs[j], n - j);
			row.stride = row.count > 1 ? runs[j + 1].iova_start - runs[j].iova_start : 0;
			row.iova_start = runs[j].iova_start;
			row.iova_end = runs[j].iova_last;
			row.perm = permissions(runs[j].perm);
			csv_iova_row(csv, &row);
		}
	}
}

/*
 * In which phase a kernel reserved a range: by the host's clock, or, where it is not known, empty. A standing
 * reservation is one that every kernel makes.
 */
static void reserved_rows(struct run *run, GString *csv)
{
	for_each_evidence(const struct evidence_reservation, r, run->at.ev->reservations) {
		bool crash = r->kernel == EVIDENCE_CRASH;
		g_autofree char *who = g_strdup_printf("%s%s", *r->who ? r->who : "?", r->standing ? " standing" : "");

		csv_iova_row(csv,
			     &(struct csv_iova_row){
				     .kernel = crash ? "crash" : "first",
				     .requester = r->sid,
				     .no_requester = !r->sid_known,
				     .pasid = -1,
				     .phase = run->kprobes ? kprobes_phase(run->kprobes, crash, r->guest_ns) : NULL,
				     .iova_start = r->start << 12,
				     .iova_end = r->last << 12 | 0xfff,
				     .reserved = true,
				     .who = who });
	}
}

static bool write_iova(struct run *run, GError **error)
{
	g_autoptr(GString) csv = csv_new(CSV_IOVA_HEADER);

	iova_rows(run, csv, &run->at.ev->at_panic, "panic", "first", -1);
	iova_rows(run, csv, &run->at.ev->copied, "copied", "crash", -1);
	for_each_evidence(const struct evidence_device, dev, run->at.ev->devices) {
		g_autofree char *phase = g_strdup_printf("attach:%s", dev->bdf);

		iova_rows(run, csv, &dev->after, phase, "crash", dev->sid);
	}
	iova_rows(run, csv, &run->at.ev->end, "end", "crash", -1);
	reserved_rows(run, csv);
	return rundir_write(run->at.rd, "iova.csv", csv->str, (gssize)csv->len, error);
}

bool run_write_tables(struct run *run, GError **error)
{
	return write_timeline(run, error) && write_iova(run, error);
}
