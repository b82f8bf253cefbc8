/* SPDX-License-Identifier: GPL-2.0-only */
/* One table describes every option of every test: it parses, explains and records them. */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum type { NUMBER, SIZE, NAME, FLAG, SET, STRING };

static const char *const guest_pages[] = { "4k", "2m", "1g", NULL };
static const char *const uffd_names[] = { "none", "missing", "minor", "wp", NULL };
static const char *const uffd_devs[] = { "syscall", "dev", NULL };
static const char *const uffd_per[] = { "vm", "vcpu", NULL };
static const char *const log_names[] = { "get", "clear", "ring", NULL };
static const char *const churn_names[] = { "add-remove", "move", NULL };
static const char *const l3_names[] = { "nested", "direct", NULL };
/* In the order of enum nested_kind. */
static const char *const check_names[] = { "ncr3",   "code-segment", "exit-code", "event", "gif", "lma",
					   "vmsave", "shadow",	     "invlpga",	  "all",   NULL };
static const char *const exit_names[] = { "pio-write", "pio-read", "mmio-write", "mmio-read",
					  "cpuid",     "hlt",	   "all",	 NULL };

static const struct def {
	const char *name;
	enum type type;
	unsigned int groups;
	size_t offset;
	uint64_t min, max; /* of SET: max is the value */
	const char *const *names;
	const char *help;
} defs[] = {
#define AT(field) offsetof(struct options, field)
	{ "json", FLAG, TAKES_ALWAYS, AT(json), 0, 1, NULL, "print one JSON document instead of text" },
	{ "vcpus", NUMBER, TAKES_ALWAYS, AT(vcpus), 1, MAX_VCPUS, NULL, "virtual CPUs, each with a thread" },
	{ "warmup", NUMBER, TAKES_ALWAYS, AT(warmup), 0, REPEAT_MAX, NULL, "rounds before those that count" },
	{ "repeat", NUMBER, TAKES_ALWAYS, AT(repeat), 1, REPEAT_MAX, NULL, "rounds that count" },
	{ "deadline", NUMBER, TAKES_ALWAYS, AT(deadline), 1, 86400, NULL, "seconds after which a test has failed" },
	{ "ring", NUMBER, TAKES_ALWAYS, AT(ring), 0, 3, NULL, "privilege level of the guest: 3, or 0" },
	{ "memory", SIZE, TAKES_MEMORY, AT(memory), PAGE_4K, TEST_MEMORY_MAX, NULL,
	  "memory under test, of all vCPUs together" },
	{ "backing", NAME, TAKES_MEMORY, AT(backing), 0, 0, backing_names, "what it is made of" },
	{ "slots", NUMBER, TAKES_MEMORY, AT(slots), 1, MAX_SLOTS, NULL, "memory slots it is cut into" },
	{ "overlap", FLAG, TAKES_MEMORY, AT(overlap), 0, 1, NULL, "every vCPU has all of it instead of a slice" },
	{ "guest-page", NAME, TAKES_MEMORY, AT(guest_page), 0, 0, guest_pages, "page size in the guest's tables" },
	{ "random", SET, TAKES_ORDER, AT(random), 0, 1, NULL, "touch the pages in a scattered order" },
	{ "sequential", SET, TAKES_ORDER, AT(random), 0, 0, NULL, "touch them in the order of addresses" },
	{ "write-fraction", NUMBER, TAKES_WRITE, AT(percent), 0, 100, NULL,
	  "percent of the pages to write; the others are read" },
	{ "uffd", NAME, TAKES_UFFD, AT(uffd), 0, 0, uffd_names, "who brings the pages: the kernel, or userfaultfd" },
	{ "uffd-open", NAME, TAKES_UFFD, AT(uffd_dev), 0, 0, uffd_devs, "the system call, or /dev/userfaultfd" },
	{ "uffd-per", NAME, TAKES_UFFD, AT(uffd_per_vcpu), 0, 0, uffd_per, "one userfaultfd and thread for each" },
	{ "delay", NUMBER, TAKES_UFFD, AT(delay_us), 0, 1000000, NULL,
	  "microseconds to wait before a page is brought" },
	{ "log", NAME, TAKES_LOG, AT(log), 0, 0, log_names, "bitmap, bitmap with manual clearing, or ring" },
	{ "iterations", NUMBER, TAKES_LOG, AT(iterations), 1, ITERATIONS_MAX, NULL, "times to dirty and collect" },
	{ "ring-entries", NUMBER, TAKES_LOG, AT(ring_entries), 1024, 1 << 20, NULL,
	  "size of a vCPU's dirty ring, a power of two" },
	{ "initially-set", FLAG, TAKES_LOG, AT(initially_set), 0, 1, NULL, "with --log clear: all is dirty at first" },
	{ "clear-pages", NUMBER, TAKES_LOG, AT(clear_pages), 0, 1ULL << 32, NULL,
	  "pages one clearing covers, a multiple of 64; 0 for a whole slot" },
	{ "count", NUMBER, TAKES_COUNT, AT(count), 1, 10000000, NULL, "how often" },
	{ "exit", NAME, TAKES_EXITS, AT(exit), 0, 0, exit_names, "which exit" },
	{ "churn", NAME, TAKES_CHURN, AT(churn), 0, 0, churn_names, "what happens to the spare slot" },
	{ "spare", SIZE, TAKES_CHURN, AT(spare), PAGE_4K, PAGE_2M, NULL, "bytes of the spare slot, whole pages" },
	{ "chunk", SIZE, TAKES_PREFAULT, AT(chunk), PAGE_4K, TEST_MEMORY_MAX, NULL,
	  "bytes a call covers, a multiple of the page size" },
	{ "device", STRING, TAKES_VFIO, AT(device), 0, 0, NULL,
	  "PCI address of the edu device; the first one bound to vfio-pci otherwise" },
	{ "hold", NUMBER, TAKES_VFIO, AT(hold), 0, 86400, NULL,
	  "measure nothing, but keep DMA going under a running guest for so many seconds" },
	{ "l3-paging", NAME, TAKES_NESTED, AT(l3_direct), 0, 0, l3_names,
	  "the L3's memory by nested page tables, or by its own tables alone" },
	{ "check", NAME, TAKES_CHECK, AT(check), 0, 0, check_names, "which promise" },
#undef AT
};

void options_defaults(struct options *o)
{
	*o = (struct options){
		.warmup = 1,
		.repeat = 5,
		.deadline = 300,
		.vcpus = 1,
		.ring = 3,
		.memory = 16 * MIB,
		.slots = 1,
		.guest_page = 1,
		.percent = 100,
		.iterations = 3,
		.ring_entries = 4096,
		.count = 1000,
		.exit = EXIT_ALL,
		.check = NESTED_ALL,
		.spare = 2 * MIB,
		.chunk = 2 * MIB,
	};
}

static uint64_t *field(struct options *o, const struct def *d)
{
	return (uint64_t *)((char *)o + d->offset);
}

static uint64_t get(const struct options *o, const struct def *d)
{
	return *(const uint64_t *)((const char *)o + d->offset);
}

static const struct def *find(const char *name, unsigned int groups)
{
	for (size_t i = 0; i < ARRAY_SIZE(defs); i++)
		if ((defs[i].groups & groups) && !strcmp(defs[i].name, name))
			return &defs[i];
	return NULL;
}

static int set_name(uint64_t *to, const struct def *d, const char *value, char *why, size_t size)
{
	int n;

	for (uint64_t i = 0; d->names[i]; i++) {
		if (!strcmp(d->names[i], value)) {
			*to = i;
			return 0;
		}
	}
	n = snprintf(why, size, "--%s %s: use one of", d->name, value);
	for (size_t i = 0; d->names[i] && n > 0 && (size_t)n < size; i++)
		n += snprintf(why + n, size - (size_t)n, " %s", d->names[i]);
	return -1;
}

static int set_number(uint64_t *to, const struct def *d, const char *value, char *why, size_t size)
{
	char min[24], max[24], *end;
	uint64_t v = 0;
	bool bad;

	if (d->type == SIZE) {
		bad = parse_size(value, &v) < 0;
	} else {
		errno = 0;
		v = strtoull(value, &end, 10);
		bad = *value < '0' || *value > '9' || *end || errno;
	}
	if (bad || v < d->min || v > d->max) {
		if (d->type == SIZE)
			snprintf(why, size, "--%s %s: use a size from %s to %s, such as 64M", d->name, value,
				 size_text(d->min, min), size_text(d->max, max));
		else
			snprintf(why, size, "--%s %s: use a number from %llu to %llu", d->name, value,
				 (unsigned long long)d->min, (unsigned long long)d->max);
		return -1;
	}
	*to = v;
	return 0;
}

static int set(struct options *o, const struct def *d, const char *value, char *why, size_t size)
{
	if (d->type == STRING) {
		*(const char **)field(o, d) = value;
		return 0;
	}
	return d->type == NAME ? set_name(field(o, d), d, value, why, size) :
				 set_number(field(o, d), d, value, why, size);
}

int options_parse(struct options *o, unsigned int groups, int argc, char **argv, char *why, size_t size)
{
	for (int i = 0; i < argc; i++) {
		const char *value = NULL;
		const struct def *d;
		char name[32];

		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return 1;
		if (strncmp(argv[i], "--", 2)) {
			snprintf(why, size, "unexpected argument '%s'", argv[i]);
			return -1;
		}
		value = strchr(argv[i], '=');
		snprintf(name, sizeof(name), "%.*s", value ? (int)(value - argv[i] - 2) : 31, argv[i] + 2);
		d = find(name, groups);
		if (!d) {
			snprintf(why, size, "unknown option --%s: see --help", name);
			return -1;
		}
		if (d->type == FLAG || d->type == SET) {
			if (value) {
				snprintf(why, size, "--%s takes no value", d->name);
				return -1;
			}
			*field(o, d) = d->max;
			continue;
		}
		if (!value && i + 1 == argc) {
			snprintf(why, size, "--%s needs a value", d->name);
			return -1;
		}
		if (set(o, d, value ? value + 1 : argv[++i], why, size))
			return -1;
	}
	return 0;
}

int options_check(const struct options *o, char *why, size_t size)
{
	const char *text = NULL;

	if (o->uffd == UFFD_MINOR && !backing_has_alias((enum backing_kind)o->backing))
		text = "--uffd minor needs memory that can be mapped twice: --backing shmem, memfd "
		       "or hugetlb-2m";
	else if (o->uffd == UFFD_NONE && (o->delay_us || o->uffd_per_vcpu || o->uffd_dev))
		text = "--delay, --uffd-per and --uffd-open only mean something with --uffd";
	else if (o->uffd_per_vcpu && o->overlap)
		text = "--uffd-per vcpu needs slices of its own for each vCPU: leave out --overlap";
	else if (o->initially_set && o->log != LOG_CLEAR)
		text = "--initially-set only means something with --log clear";
	else if (o->ring_entries & (o->ring_entries - 1))
		text = "--ring-entries must be a power of two";
	else if (o->clear_pages % 64)
		text = "--clear-pages must be a multiple of 64";
	else if (o->clear_pages && o->log != LOG_CLEAR)
		text = "--clear-pages only means something with --log clear";
	else if (o->ring != 0 && o->ring != 3)
		text = "--ring must be 3 or 0";
	else if (o->chunk % PAGE_4K)
		text = "--chunk must be a multiple of 4K";
	else if (o->spare % PAGE_4K)
		text = "--spare must be a multiple of 4K";
	if (!text)
		return 0;
	snprintf(why, size, "%s", text);
	return -1;
}

static const char *value_text(const struct options *o, const struct def *d, char out[64])
{
	char text[24];

	if (d->type == NAME)
		return d->names[get(o, d)];
	if (d->type == SIZE)
		snprintf(out, 64, "%s", size_text(get(o, d), text));
	else
		snprintf(out, 64, "%llu", (unsigned long long)get(o, d));
	return out;
}

void options_help(const struct options *o, unsigned int groups, FILE *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(defs); i++) {
		const struct def *d = &defs[i];
		char text[64], head[96] = "";

		if (!(d->groups & groups))
			continue;
		for (size_t k = 0; d->type == NAME && d->names[k]; k++)
			snprintf(head + strlen(head), sizeof(head) - strlen(head), "%s%s", k ? "|" : " ", d->names[k]);
		if (d->type == NUMBER || d->type == SIZE || d->type == STRING)
			snprintf(head, sizeof(head), " %s", d->type == NUMBER ? "N" : d->type == SIZE ? "SIZE" : "BDF");
		fprintf(f, "  --%s%s\n        %s", d->name, head, d->help);
		if (d->type == NUMBER || d->type == SIZE || d->type == NAME)
			fprintf(f, " [%s]", value_text(o, d, text));
		putc('\n', f);
	}
}

void options_json(const struct options *o, unsigned int groups, struct json *j)
{
	json_open(j, "options", '{');
	for (size_t i = 0; i < ARRAY_SIZE(defs); i++) {
		const struct def *d = &defs[i];
		const char *text;

		if (!(d->groups & groups) || !strcmp(d->name, "json") || (d->type == SET && !d->max))
			continue;
		if (d->type == NAME) {
			json_text(j, d->name, d->names[get(o, d)]);
		} else if (d->type == STRING) {
			text = *(const char *const *)((const char *)o + d->offset);
			json_text(j, d->name, text ? text : "");
		} else if (d->type == FLAG || d->type == SET) {
			json_bool(j, d->name, get(o, d));
		} else {
			json_u64(j, d->name, get(o, d));
		}
	}
	json_close(j, '}');
}

void options_line(const struct options *o, unsigned int groups, FILE *f)
{
	struct options defaults;

	options_defaults(&defaults);
	for (size_t i = 0; i < ARRAY_SIZE(defs); i++) {
		const struct def *d = &defs[i];
		char text[64];

		if (!(d->groups & groups) || d->type == STRING || !strcmp(d->name, "json") ||
		    get(o, d) == get(&defaults, d) || (d->type == SET && !d->max))
			continue;
		if (d->type == FLAG || d->type == SET)
			fprintf(f, " --%s", d->name);
		else
			fprintf(f, " --%s %s", d->name, value_text(o, d, text));
	}
}

struct vm_config options_vm(const struct options *o)
{
	static const uint64_t pages[] = { PAGE_4K, PAGE_2M, PAGE_1G };
	struct vm_config c = {
		.geo =
			{
				.vcpus = (unsigned int)o->vcpus,
				.slots = (unsigned int)o->slots,
				.memory = o->memory,
				.unit = backing_unit((enum backing_kind)o->backing),
				.guest_page = pages[o->guest_page],
				.overlap = o->overlap,
			},
		.backing = (enum backing_kind)o->backing,
		.ring = (unsigned int)o->ring,
	};

	return c;
}
