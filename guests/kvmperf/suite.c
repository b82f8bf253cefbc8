/* SPDX-License-Identifier: GPL-2.0-only */
/* Which tests, with which options, make a suite. What cannot run on a machine is a named skip
 * there, not an error. */
#include "tests.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 24

struct item {
	const char *test, *args;
	bool quick; /* in both suites */
};

static const struct item items[] = {
	{ "demand-paging", "", true },
	{ "demand-paging", "--vcpus 2", true },
	{ "demand-paging", "--vcpus 4", true },
	{ "demand-paging", "--vcpus 4 --overlap", false },
	{ "demand-paging", "--random", false },
	{ "demand-paging", "--guest-page 4k", false },
	{ "demand-paging", "--slots 8", false },
	{ "demand-paging", "--backing shmem", false },
	{ "demand-paging", "--backing memfd", false },
	{ "demand-paging", "--backing thp", true },
	{ "demand-paging", "--backing hugetlb-2m --memory 64M", false },
	/* 262144 pages: a round is as long as all of another test */
	{ "demand-paging", "--backing hugetlb-1g --memory 1G --warmup 0 --repeat 2", false },
	{ "demand-paging", "--uffd missing --memory 4M", true },
	{ "demand-paging", "--uffd missing --memory 4M --vcpus 4 --uffd-per vcpu", false },
	{ "demand-paging", "--uffd missing --memory 4M --vcpus 2 --overlap", false },
	{ "demand-paging", "--uffd missing --memory 4M --uffd-open dev", false },
	{ "demand-paging", "--uffd missing --memory 64M --backing hugetlb-2m", false },
	{ "demand-paging", "--uffd missing --memory 1M --delay 100", false },
	{ "demand-paging", "--uffd minor --memory 4M --backing shmem", true },
	{ "demand-paging", "--uffd minor --memory 4M --backing memfd --vcpus 4 --uffd-per vcpu", false },
	{ "demand-paging", "--uffd minor --memory 64M --backing hugetlb-2m", false },
	{ "demand-paging", "--uffd wp --memory 4M", true },
	{ "demand-paging", "--uffd wp --memory 4M --backing shmem", false },
	{ "dirty-log", "--log get", true },
	{ "dirty-log", "--log clear", true },
	{ "dirty-log", "--log ring --ring-entries 1024", true },
	{ "dirty-log", "--log get --vcpus 2", false },
	{ "dirty-log", "--log get --vcpus 4 --random --write-fraction 30", false },
	{ "dirty-log", "--log clear --vcpus 4 --slots 8", false },
	{ "dirty-log", "--log clear --initially-set", false },
	{ "dirty-log", "--log clear --clear-pages 64", false },
	{ "dirty-log", "--log ring --ring-entries 1024 --vcpus 4 --random", false },
	{ "dirty-log", "--log get --backing thp", false },
	{ "dirty-log", "--log clear --backing hugetlb-2m --memory 64M", false },
	{ "dirty-log", "--log get --backing shmem --write-fraction 10", false },
	{ "access-tracking", "", true },
	{ "access-tracking", "--vcpus 2 --random", false },
	{ "memslot-churn", "", true },
	{ "memslot-churn", "--churn move", true },
	{ "memslot-churn", "--vcpus 4", false },
	{ "page-table", "", true },
	{ "page-table", "--vcpus 4", false },
	{ "page-table", "--backing hugetlb-2m --memory 64M", false },
	{ "pre-fault", "", true },
	{ "pre-fault", "--vcpus 2 --backing thp --chunk 4M", false },
	{ "exits", "", true },
	{ "exits", "--vcpus 4", false },
	{ "exits", "--exit hlt --ring 0", true },
	{ "nested", "", true },
	{ "nested", "--l3-paging direct", false },
	{ "nested", "--vcpus 4 --guest-page 4k", false },
	{ "nested", "--backing thp", false },
	/* Scattered pages are mapped by runs of neighbours, which are others in each boot. */
	{ "vfio-dma", "--backing thp", true },
	{ "vfio-dma", "", false },
	{ "vfio-dma", "--memory 64M", false },
	{ "vfio-dma", "--memory 64M --backing thp", false },
};

unsigned int suite_holds(bool quick, const char *test, const char *words)
{
	unsigned int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(items); i++)
		n += (!quick || items[i].quick) && !strcmp(items[i].test, test) && strstr(items[i].args, words);
	return n;
}

/* "--vcpus 2 --overlap" as an argv, in place. */
static int split(char *text, char **words)
{
	int n = 0;

	for (char *w = strtok(text, " "); w && n < WORDS_MAX; w = strtok(NULL, " "))
		words[n++] = w;
	return n;
}

/* The options of an item, with those of the command line on top; 0, or -1 and a line. */
static int item_options(const struct item *item, int argc, char **argv, struct options *o, char *why, size_t size)
{
	const struct test *t = test_find(item->test);
	char text[256], *words[WORDS_MAX];

	options_defaults(o);
	if (t->defaults)
		t->defaults(o);
	snprintf(text, sizeof(text), "%s", item->args);
	if (options_parse(o, t->groups, split(text, words), words, why, size) ||
	    options_parse(o, t->groups, argc, argv, why, size))
		return -1;
	return options_check(o, why, size);
}

int suite_check(int argc, char **argv)
{
	char why[256];
	struct options o;

	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		if (!item_options(&items[i], argc, argv, &o, why, sizeof(why)))
			continue;
		fprintf(stderr, "kvmperf: suite: %s %s: %s\n", items[i].test, items[i].args, why);
		return -1;
	}
	return 0;
}

/* The options on the command line must be of the kind that every test takes. */
static int common(int argc, char **argv, struct options *o)
{
	char why[256];

	options_defaults(o);
	if (!options_parse(o, TAKES_ALWAYS, argc, argv, why, sizeof(why)) && !options_check(o, why, sizeof(why)))
		return 0;
	fprintf(stderr, "kvmperf: suite: %s\n", why);
	return -1;
}

/*
 * A line about the progress, in one write. The file is opened anew each time, because it may be
 * /dev/kmsg, which takes ten lines in five seconds of one opening only.
 */
static int say(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int say(const char *path, const char *format, ...)
{
	char line[256];
	va_list ap;
	int fd, n;

	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return -1;
	va_start(ap, format);
	n = vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	if ((size_t)n >= sizeof(line))
		n = sizeof(line) - 1;
	n = n && write(fd, line, (size_t)n) != n ? -1 : 0;
	close(fd);
	return n;
}

static unsigned int count_items(bool quick)
{
	unsigned int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(items); i++)
		n += !quick || items[i].quick;
	return n;
}

/* Runs what is in the suite; counts the exit statuses. */
static void run_items(bool quick, int argc, char **argv, const char *progress, unsigned int *count)
{
	static const char *const words[] = { [EXIT_PASS] = "pass", [EXIT_FAIL] = "fail", [EXIT_CANNOT] = "skip" };
	unsigned int n = 0, of = count_items(quick);
	struct options o;
	char why[256];
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		const struct item *item = &items[i];

		if (quick && !item->quick)
			continue;
		item_options(item, argc, argv, &o, why, sizeof(why));
		if (o.json)
			fputs(n ? ",\n" : "\n", stdout);
		n++;
		if (progress)
			say(progress, "kvmperf: %u of %u: %s%s%s\n", n, of, item->test, *item->args ? " " : "",
			    item->args);
		r = test_run(test_find(item->test), &o, stdout);
		r = r > EXIT_CANNOT ? EXIT_FAIL : r;
		count[r]++;
		fflush(stdout);
		if (progress)
			say(progress, "kvmperf: %u of %u: %s\n", n, of, words[r]);
	}
}

int suite_main(int argc, char **argv)
{
	bool quick = argc > 0 && !strcmp(argv[0], "quick");
	const char *suite = argv[0], *progress = NULL;
	unsigned int count[3] = { 0 };
	struct options o;
	struct json j;

	if (!quick && (argc < 1 || strcmp(suite, "full"))) {
		fputs("kvmperf: suite: use quick or full\n", stderr);
		return EXIT_CANNOT;
	}
	argc--;
	argv++;
	if (argc > 1 && !strcmp(argv[0], "--progress")) {
		progress = argv[1];
		argc -= 2;
		argv += 2;
	}
	/* All of it before anything is printed: half a document helps nobody. */
	if (common(argc, argv, &o) || suite_check(argc, argv))
		return EXIT_CANNOT;
	if (progress && say(progress, "%s", "")) {
		fprintf(stderr, "kvmperf: suite: --progress %s: %s\n", progress, strerror(errno));
		return EXIT_CANNOT;
	}
	/* Without any KVM a list of skips would say nothing. */
	kvm_open();
	if (o.json)
		document_begin(&j, suite, stdout);
	run_items(quick, argc, argv, progress, count);
	if (o.json)
		document_end(&j);
	fprintf(o.json ? stderr : stdout, "%u passed, %u failed, %u skipped\n", count[EXIT_PASS], count[EXIT_FAIL],
		count[EXIT_CANNOT]);
	return count[EXIT_FAIL] ? EXIT_FAIL : EXIT_PASS;
}
