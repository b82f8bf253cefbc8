/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * evidence.json: what is written is what is read, no field of evidence.h is forgotten, a recorded run is
 * judged as the run itself was, and a file that was tampered with is refused with its field named.
 */
#include "evidence-record.h"

#include "base/error.h"
#include "base/paths.h"
#include "evidence/fields.h"
#include "evidence/file.h"
#include "run/numbers.h"
#include "verdict/judge.h"
#include "vtd/snapshot.h"

static struct evidence_file *load(const struct recorded *r)
{
	GError *error = NULL;
	struct evidence_file *file = evidence_file_load(r->dir, &error);

	if (!file)
		fail_msg("%s", error->message);
	return file;
}

/* --- the same verdict --- */

static void judged_alike(enum good_mode mode)
{
	struct verdict *then, *now;
	struct evidence_file *file;
	struct recorded r;

	record_new(&r, mode);
	then = good_verdict(r.f);
	file = load(&r);
	now = evidence_judge(file->ev);
	assert_string_equal(file->scenario->name, r.f->sc->name);
	assert_string_equal(file->ev->crash_release, "6.1.0-test");
	assert_int_equal(then->outcome, now->outcome);
	assert_int_equal(then->exit, now->exit);
	assert_int_equal(then->rows->len, now->rows->len);
	for (guint i = 0; i < now->rows->len; i++) {
		const struct verdict_row *a = then->rows->pdata[i], *b = now->rows->pdata[i];

		assert_string_equal(a->name, b->name);
		if (a->result != b->result || strcmp(a->detail, b->detail) != 0)
			fail_msg("%s: '%s' when it ran, '%s' from the file", a->name, a->detail, b->detail);
	}
	verdict_free(then);
	verdict_free(now);
	evidence_file_free(file);
	record_forget(&r);
}

static void every_mode_is_judged_alike(void **state)
{
	(void)state;
	judged_alike(GOOD_LEGACY);
	judged_alike(GOOD_SCALABLE);
	judged_alike(GOOD_FIRST_LEVEL);
	judged_alike(GOOD_PASS_THROUGH);
}

/* --- every field --- */

/* Each field gets another value; a second call with the same @seed gives the same. */
static void fill_struct(void *base, const struct evidence_field *fields, unsigned *seed)
{
	for (const struct evidence_field *f = fields; f->name; f++) {
		void *p = (char *)base + f->offset;
		unsigned n = ++*seed;

		switch (f->type) {
		case FIELD_BOOL:
			*(bool *)p = true;
			break;
		case FIELD_INT:
			*(int *)p = -(int)n;
			break;
		case FIELD_UNSIGNED:
			*(unsigned *)p = UINT32_MAX - n;
			break;
		case FIELD_U16:
		case FIELD_SID:
			*(uint16_t *)p = (uint16_t)(UINT16_MAX - n);
			break;
		case FIELD_NUMBER:
			*(int64_t *)p = EVIDENCE_TIME_MAX - n;
			break;
		case FIELD_HEX:
			*(uint64_t *)p = UINT64_MAX - n;
			break;
		case FIELD_TEXT:
			g_free(*(char **)p);
			*(char **)p = g_strdup_printf("\"%s\" \\ {%u} é", f->name, n);
			break;
		case FIELD_STATIC:
			*(const char **)p = g_intern_string(f->name);
			break;
		case FIELD_CHARS:
			memset(p, 'x', f->size - 1);
			break;
		case FIELD_WORD:
			*(int *)p = f->words[1].value;
			break;
		case FIELD_ARRAY:
			g_array_set_size(*(GArray **)p, 3);
			for (guint i = 0; i < 3; i++)
				fill_struct((*(GArray **)p)->data + i * f->size, f->element, seed);
			break;
		case FIELD_STATE:
			evidence_state_clear(p);
			fill_struct(p, evidence_state_fields, seed);
			break;
		case FIELD_SNAPSHOT:
		case FIELD_ELSEWHERE:
			break;
		}
	}
}

static void every_field_comes_back(void **state)
{
	struct scenario *sc = scenario_new("filled");
	struct recorded r = { g_new0(struct good_run, 1), NULL };
	g_autofree char *before = NULL, *after = NULL;
	struct evidence_file *file;
	unsigned seed = 0;

	(void)state;
	r.dir = g_dir_make_tmp("vtdlab-evidence-XXXXXX", NULL);
	r.f->sc = sc;
	r.f->detail = g_string_new(NULL);
	r.f->ev = evidence_new(sc);
	fill_struct(r.f->ev, evidence_fields, &seed);
	r.f->ev->crash_start = 1;
	for (int i = 0; i < 3; i++) /* must differ */
		g_array_index(r.f->ev->devices, struct evidence_device, i).sid = (uint16_t)(i + 1);
	record_save(&r);
	file = load(&r);
	before = evidence_to_text(r.f->ev);
	after = evidence_to_text(file->ev);
	assert_string_equal(before, after);
	/* Every name of every table is in the file: none is left out for being zero. */
	for (const struct evidence_struct *s = evidence_structs; s->name; s++)
		for (const struct evidence_field *f = s->fields; f->name; f++) {
			g_autofree char *key = g_strdup_printf("\"%s\" :", f->name);

			if (f->type != FIELD_ELSEWHERE && f->type != FIELD_SNAPSHOT && !strstr(before, key))
				fail_msg("%s.%s is not written", s->name, f->name);
		}
	evidence_file_free(file);
	record_forget(&r);
}

static void registers_and_old_tables_come_back(void **state)
{
	struct evidence_file *file;
	struct recorded r;
	uint64_t seed = 7;

	(void)state;
	record_new(&r, GOOD_SCALABLE);
	/* Any registers, those that nothing decodes too. */
	for (unsigned i = 0; i < VTD_REGS_QWORDS; i++)
		r.f->raw[COPIED][i] = tables_random(&seed);
	evidence_state_regs(&r.f->ev->copied, r.f->raw[COPIED]);
	iommu_walk_free(r.f->ev->copied.walk);
	r.f->ev->copied.walk = NULL;
	record_save(&r);
	file = load(&r);
	assert_true(file->ev->copied.has_regs);
	assert_null(file->ev->copied.walk);
	assert_memory_equal(file->ev->copied.regs, r.f->raw[COPIED], sizeof(r.f->raw[COPIED]));
	assert_non_null(file->ev->at_panic.walk);
	assert_non_null(file->ev->at_panic.snapshot);
	if (r.f->ev->old_tables) {
		assert_non_null(file->ev->old_tables);
		assert_int_equal(file->ev->old_tables->n_pages, r.f->ev->old_tables->n_pages);
	}
	evidence_file_free(file);
	record_forget(&r);
}

/* --- run.json --- */

/* Keys and values of run.json are an interface: `vtdlab compare` and others read them. */
static void numbers_of_a_run(void **state)
{
	static const char expected[] =
		"{\"dma\":[{\"requester\":\"0000:00:02.0\",\"what\":\"frames\",\"sent\":9,\"landed_before_copy\":4,"
		"\"landed_after_copy\":3,\"no_room\":0,\"lost\":1,\"misplaced\":2,\"unknown\":0}],"
		"\"faults\":{\"before_attach\":1,\"after_attach\":1},"
		"\"late_dma\":{\"old_place\":0,\"other_permission\":0,\"fault\":0,\"elsewhere\":0},"
		"\"devices\":[{\"bdf\":\"0000:00:02.0\",\"driver\":\"nvme\",\"used\":true,\"works\":false}],"
		"\"kdump\":{\"mode\":\"reserve\",\"log_lines\":7,\"log_bad\":0,\"shallow\":1,\"refused\":1,"
		"\"copies\":[{\"unit\":1,\"err\":-12,\"contexts\":2,\"trees\":3,\"tables\":4,\"leaves\":5,\"ranges\":6,"
		"\"bytes\":7,\"t_scan_ns\":8,\"t_copy_ns\":9,\"t_total_ns\":10}],"
		"\"reserve\":{\"devices\":2,\"ranges\":20,\"pages\":40,\"overlapped\":60,\"failed\":80,\"over\":100,"
		"\"t_ns\":120},"
		"\"graft\":{\"devices\":1,\"runs\":1,\"pages\":2,\"skipped\":3,\"failed\":4,\"over\":0,\"t_ns\":6}}}";
	struct evidence_dma dma = { .sid = 0x10,
				    .what = "frames",
				    .sent = 9,
				    .landed_before_copy = 4,
				    .landed_after_copy = 3,
				    .lost = 1,
				    .misplaced = 2 };
	struct evidence_device dev = { .bdf = g_strdup("0000:00:02.0"), .sid = 0x10, .driver = g_strdup("nvme") };
	struct evidence_event faults[] = {
		{ .kind = EVENT_FAULT, .host_ns = 50, .sid = 0x10 },
		{ .kind = EVENT_FAULT, .host_ns = 150, .sid = 0x10 },
		{ .kind = EVENT_FAULT, .host_ns = 350, .sid = 0x10 },
	};
	struct evidence_kdump_context contexts[] = { { .result = KDUMP_SHALLOW }, { .refused = true } };
	struct evidence_kdump_copy copy = { 1, -12, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
	struct evidence_kdump_device devices[] = {
		{ KDUMP_RESERVED, 1, 10, 20, 30, 40, 50, 60 },
		{ KDUMP_GRAFTED, 1, 1, 2, 3, 4, 0, 6 },
		{ KDUMP_RESERVED, 2, 10, 20, 30, 40, 50, 60 },
	};
	struct scenario *sc = scenario_new("numbers");
	struct evidence *ev = evidence_new(sc);
	JsonNode *node = json_node_new(JSON_NODE_OBJECT);
	JsonObject *o = json_object_new();
	g_autofree char *text = NULL;

	(void)state;
	ev->jump_ns = 100;
	dev.wanted = true;
	dev.driver_ns = dev.attach_ns = 300;
	ev->kdump_lines = 7;
	ev->crash_cmdline = g_strdup("intel_iommu=kdump_reserve");
	g_array_append_val(ev->dma, dma);
	g_array_append_val(ev->devices, dev);
	g_array_append_vals(ev->events, faults, G_N_ELEMENTS(faults));
	g_array_append_vals(ev->kdump_contexts, contexts, G_N_ELEMENTS(contexts));
	g_array_append_val(ev->kdump_copies, copy);
	g_array_append_vals(ev->kdump_devices, devices, G_N_ELEMENTS(devices));
	numbers_add(o, ev);
	json_node_take_object(node, o);
	text = json_to_string(node, FALSE);
	assert_string_equal(text, expected);
	json_node_unref(node);
	evidence_free(ev);
	scenario_free(sc);
}

/* --- evidence.h itself --- */

static bool in_table(const struct evidence_field *fields, const char *name)
{
	for (; fields->name; fields++)
		if (strcmp(fields->name, name) == 0)
			return true;
	return false;
}

/* The text of evidence.h without its comments. */
static char *header_text(void)
{
	g_autofree char *path = lab_path("host-tools", "evidence", "evidence.h", NULL);
	g_autoptr(GRegex) comment = g_regex_new("/\\*.*?\\*/", G_REGEX_DOTALL, 0, NULL);
	g_autofree char *text = NULL;

	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	return g_regex_replace_literal(comment, text, -1, 0, "", 0, NULL);
}

static unsigned check_members(const char *name, const char *body)
{
	const struct evidence_struct *s = evidence_structs;
	g_auto(GStrv) lines = g_strsplit(body, ";", -1);
	g_autoptr(GRegex) word = g_regex_new("([A-Za-z_0-9]+)\\s*(\\[[^\\]]*\\])?\\s*(,|$)", 0, 0, NULL);
	unsigned n = 0;

	while (s->name && strcmp(s->name, name) != 0)
		s++;
	if (!s->name)
		fail_msg("struct %s of evidence.h is not in fields.c", name);
	for (char **line = lines; *line; line++) {
		GMatchInfo *m;

		g_strstrip(*line);
		for (g_regex_match(word, *line, 0, &m); g_match_info_matches(m); g_match_info_next(m, NULL)) {
			g_autofree char *member = g_match_info_fetch(m, 1);

			n++;
			if (!in_table(s->fields, member))
				fail_msg("%s.%s is not in fields.c: it would be lost in "
					 "evidence.json",
					 name, member);
		}
		g_match_info_free(m);
	}
	return n;
}

static void no_field_is_forgotten(void **state)
{
	g_autofree char *text = header_text();
	g_autoptr(GRegex) regex = g_regex_new("struct (evidence\\w*) \\{(.*?)\\n\\};", G_REGEX_DOTALL, 0, NULL);
	unsigned structs = 0, members = 0, fields = 0;
	GMatchInfo *m;

	(void)state;
	for (g_regex_match(regex, text, 0, &m); g_match_info_matches(m); g_match_info_next(m, NULL)) {
		g_autofree char *name = g_match_info_fetch(m, 1), *body = g_match_info_fetch(m, 2);

		structs++;
		members += check_members(name, body);
	}
	g_match_info_free(m);
	for (const struct evidence_struct *s = evidence_structs; s->name; s++, structs--)
		for (const struct evidence_field *f = s->fields; f->name; f++)
			fields++;
	assert_int_equal(structs, 0);
	assert_int_equal(members, fields);
}

static void no_kind_of_event_is_forgotten(void **state)
{
	g_autofree char *text = header_text();
	g_autoptr(GRegex) regex = g_regex_new("\\bEVENT_([A-Z_0-9]+)", 0, 0, NULL);
	GMatchInfo *m;
	const struct evidence_field *kind = evidence_event_fields;
	int n = 0, value;

	(void)state;
	assert_string_equal(kind->name, "kind");
	for (g_regex_match(regex, text, 0, &m); g_match_info_matches(m); g_match_info_next(m, NULL)) {
		g_autofree char *name = g_match_info_fetch(m, 1);
		g_autofree char *word = g_ascii_strdown(name, -1);

		if (!word_value(kind->words, word, &value) || value != n)
			fail_msg("EVENT_%s is not in fields.c", name);
		assert_string_equal(word_of(kind->words, n), word);
		n++;
	}
	g_match_info_free(m);
	assert_true(n >= 4);
	assert_null(word_of(kind->words, n));
}

/* --- hostile files --- */

/* evidence.json with the first match of @pattern replaced must be refused, in words with @says. */
static void refused(const struct recorded *r, const char *pattern, const char *with, const char *says)
{
	g_autofree char *path = g_build_filename(r->dir, EVIDENCE_FILE, NULL);
	g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_DOTALL, 0, NULL);
	g_autofree char *good = NULL, *head = NULL, *bad = NULL;
	g_autoptr(GError) error = NULL;
	struct evidence_file *file;
	GMatchInfo *m;
	int start, end;

	assert_true(g_file_get_contents(path, &good, NULL, NULL));
	if (!g_regex_match(regex, good, 0, &m))
		fail_msg("no '%s' in the file", pattern);
	g_match_info_fetch_pos(m, 0, &start, &end);
	g_match_info_free(m);
	head = g_strndup(good, (gsize)start);
	bad = g_strconcat(head, with, good + end, NULL);
	assert_true(g_file_set_contents(path, bad, -1, NULL));
	file = evidence_file_load(r->dir, &error);
	if (file)
		fail_msg("'%s' instead of '%s' was accepted", with, pattern);
	if (!strstr(error->message, says) || strchr(error->message, '\n'))
		fail_msg("no '%s' in: %s", says, error->message);
	assert_true(g_file_set_contents(path, good, -1, NULL));
}

static void tampered_files_are_refused(void **state)
{
	g_autoptr(GError) error = NULL;
	struct recorded r;

	(void)state;
	record_new(&r, GOOD_LEGACY);
	refused(&r, "^.*$", "", "not a JSON object");
	refused(&r, "^.*$", "[]", "not a JSON object");
	refused(&r, "^", "{\"x\":", "not a JSON object");
	refused(&r, "\"schema\" : 1", "\"schema\" : 2", "schema");
	refused(&r, "\"scenario\" : \"good\"", "\"scenario\" : \"../x\"", "scenario");
	refused(&r, "\"first_hello\" : true", "\"first_hello\" : 1", "first_hello");
	refused(&r, "\"first_hello\" : true", "\"first_helo\" : true", "first_helo");
	/* a name is shown in one printable line */
	refused(&r, "\"first_hello\" : true", "\"first_\\n\\u001bx\" : true", "first_\\n\\033x: this");
	refused(&r, "\"first_hello\" : true", "\"walk\" : 1", "walk");
	refused(&r, "\"trigger_ns\" : [0-9]+", "\"trigger_ns\" : 1.5", "trigger_ns");
	refused(&r, "\"trigger_ns\" : [0-9]+", "\"trigger_ns\" : \"1\"", "trigger_ns");
	refused(&r, "\"jump_rip\" : \"0x[0-9a-f]+\"", "\"jump_rip\" : \"0x\"", "jump_rip");
	refused(&r, "\"jump_rip\" : \"0x[0-9a-f]+\"", "\"jump_rip\" : \"0x12345678123456781\"", "jump_rip");
	refused(&r, "\"jump_rip\" : \"0x[0-9a-f]+\"", "\"jump_rip\" : \"-1\"", "jump_rip");
	refused(&r, "\"group_types\" : \"DMA-FQ\"", "\"group_types\" : \"a\\u001b[2J\"", "group_types");
	refused(&r, "\"group_types\" : \"DMA-FQ\"", "\"group_types\" : \"a\\u009b2J\"", "group_types");
	refused(&r, "\"kind\" : \"root\"", "\"kind\" : \"rot\"", "events[0].kind");
	refused(&r, "\"events\" : \\[.*?\n  \\]", "\"events\" : 1", "events");
	refused(&r, "\"sid\" : 16", "\"sid\" : 65536", "sid");
	refused(&r, "\"0000:00:02.0\",\n *\"sid\" : 16", "\"0000:00:02.0\", \"sid\" : 8", "same sid");
	refused(&r, "\"snapshot\" : \"copied\"", "\"snapshot\" : \"panic\"", "copied.snapshot");
	refused(&r, "\"snapshot\" : \"copied\"", "\"snapshot\" : \"gone\"", "copied.snapshot");
	refused(&r, "\"snapshot\" : \"copied\"", "\"snapshot\" : \"../copied\"", "copied.snapshot");
	/* tables of another run, whatever their moment says */
	refused(&r, "\"sum\" : \"0x[0-9a-f]+\"", "\"sum\" : \"0x1\"", "another moment");
	refused(&r, "\"old_tables_sum\" : \"0x[0-9a-f]+\"", "\"old_tables_sum\" : \"0x1\"", "not the file of this run");
	refused(&r, "\"regs\" : \\{", "\"regs\" : { \"0x230\" : \"0x1\",", "regs");
	refused(&r, "\"regs\" : \\{", "\"regs\" : { \"0x9\" : \"0x1\",", "regs");
	refused(&r, "\"crash_end\" : \"0x[0-9a-f]+\"", "\"crash_end\" : \"0x1\"", "crash_end");
	record_forget(&r);
	assert_null(evidence_file_load("/nonexistent", &error));
	assert_int_equal(error->code, VTDLAB_ERROR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mode_is_judged_alike),
		cmocka_unit_test(every_field_comes_back),
		cmocka_unit_test(registers_and_old_tables_come_back),
		cmocka_unit_test(no_field_is_forgotten),
		cmocka_unit_test(numbers_of_a_run),
		cmocka_unit_test(no_kind_of_event_is_forgotten),
		cmocka_unit_test(tampered_files_are_refused),
	};

	return cmocka_run_group_tests_name("evidence-file", tests, NULL, NULL);
}
