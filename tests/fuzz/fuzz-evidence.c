/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * evidence.json from anybody: it is refused in one line, or it is judged, and the checks find nothing in it
 * that they cannot compute with.
 */
#include "fuzz-main.h"

#include "evidence-record.h"
#include "evidence/file.h"
#include "verdict/judge.h"

static struct recorded recorded;
static char *template;

static void forget(void)
{
	record_forget(&recorded);
	g_free(template);
}

static void prepare(void)
{
	g_autofree char *path = NULL;

	if (recorded.dir)
		return;
	record_new(&recorded, GOOD_SCALABLE);
	path = g_build_filename(recorded.dir, EVIDENCE_FILE, NULL);
	FUZZ_CHECK(g_file_get_contents(path, &template, NULL, NULL));
	atexit(forget);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	struct evidence_file *file;
	struct verdict *verdict;
	g_autofree char *path = NULL;
	FILE *out;

	prepare();
	path = g_build_filename(recorded.dir, EVIDENCE_FILE, NULL);
	out = fopen(path, "wb");
	FUZZ_CHECK(out && fwrite(data, 1, size, out) == size && fclose(out) == 0);
	file = evidence_file_load(recorded.dir, &error);
	if (!file) {
		FUZZ_CHECK(error && *error->message && !strchr(error->message, '\n'));
		return 0;
	}
	verdict = evidence_judge(file->ev);
	FUZZ_CHECK(verdict->outcome < OUTCOMES && *verdict->words && verdict->exit >= 0);
	verdict_free(verdict);
	evidence_file_free(file);
	return 0;
}

/* A value that is somewhere at the edge of what is allowed. */
static const char *edge(uint64_t x)
{
	static const char *const values[] = {
		"0",
		"1",
		"-1",
		"255",
		"65535",
		"65536",
		"4294967295",
		"2305843009213693952",
		"2305843009213693953",
		"9223372036854775807",
		"1e9",
		"null",
		"true",
		"false",
		"[]",
		"{}",
		"\"\"",
		"\"0x0\"",
		"\"0xffffffffffffffff\"",
		"\"0x1000\"",
		"\"panic\"",
		"\"copied\"",
		"\"end\"",
		"\"intel_iommu=kdump_deep\"",
		"\"cc_global\"",
		"\"fault\"",
		"\"\\u0001\"",
	};

	return values[x % G_N_ELEMENTS(values)];
}

/* The template with some values replaced, lines left out or doubled, bytes changed. */
size_t fuzz_generate(uint64_t *seed, uint8_t *buf, size_t room)
{
	g_autoptr(GString) out = g_string_new(NULL);
	uint64_t often = 20 + tables_random(seed) % 400;
	g_auto(GStrv) lines = NULL;
	size_t len;

	prepare();
	lines = g_strsplit(template, "\n", -1);
	for (char **line = lines; *line; line++) {
		uint64_t x = tables_random(seed);
		const char *colon = strstr(*line, " : ");
		size_t end = strlen(*line);
		bool comma = end && (*line)[end - 1] == ',';

		if (x % often || !colon || strchr("[{", (*line)[end - 1])) {
			g_string_append_printf(out, "%s\n", *line);
		} else if (x >> 32 & 7) {
			g_string_append_len(out, *line, colon + 3 - *line);
			g_string_append_printf(out, "%s%s\n", edge(x >> 40), comma ? "," : "");
		} else if (comma && (x >> 35 & 1)) {
			g_string_append_printf(out, "%s\n%s\n", *line, *line);
		}
	}
	len = MIN(out->len, room);
	memcpy(buf, out->str, len);
	for (uint64_t n = tables_random(seed) % 8; n > 6 && len; n--)
		buf[tables_random(seed) % len] = (uint8_t)tables_random(seed);
	return len;
}
