/* SPDX-License-Identifier: GPL-2.0-only */
/* Two samples of many figures: which of them differ by more than noise. */
#ifndef VTDLAB_RESULTS_SAMPLES_H
#define VTDLAB_RESULTS_SAMPLES_H

#include <glib.h>
#include <stdbool.h>

enum sample_unit { SAMPLE_COUNT, SAMPLE_NS, SAMPLE_BYTES };

/* One figure, a value a run of each side. */
struct sample {
	char *name;
	enum sample_unit unit;
	GArray *base, *new; /* double */
};

/* samples_new - a list of them, for g_ptr_array_unref(); samples_add - one more, empty. */
GPtrArray *samples_new(void);
struct sample *samples_add(GPtrArray *samples, const char *name, enum sample_unit unit);

/* sample_number - @value as a person reads it, onto @out. */
void sample_number(GString *out, enum sample_unit unit, double value);

/*
 * samples_judge - the text: what differs beyond noise comes first, with the ratio, its interval (95 %) and the probability of
 * chance. With many figures some differ by chance: of those that are named one in twenty at most is there by it (the procedure
 * of Benjamini and Hochberg); where nothing has changed, nothing is named in 95 % of all comparisons.
 *
 * @values: what a value is: "runs", "rounds"
 * @threshold: what takes longer, or more memory, by more than this part (0.02) sets *@worse, unless noise may explain it
 * The caller frees the text.
 */
char *samples_judge(const GPtrArray *samples, const char *values, double threshold, bool *worse);

#endif
