/* SPDX-License-Identifier: GPL-2.0-only */
/* canary: a locked page with known bytes whose physical address the host learns. */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096
#define CANARIES_MAX 64
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_PFN ((UINT64_C(1) << 55) - 1)

static int physical_address(const void *page, uint64_t *pa)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)page / PAGE * sizeof(entry)));
	close(fd);
	if (n != sizeof(entry) || !(entry & PAGEMAP_PRESENT) || !(entry & PAGEMAP_PFN))
		return -1;
	*pa = (entry & PAGEMAP_PFN) * PAGE;
	return 0;
}

int cmd_canary(const struct json_object *request, struct answer *answer)
{
	static unsigned int made;
	const char *hex = json_string(request, "hex", NULL);
	uint8_t bytes[PAGE], *page;
	uint64_t pa;
	int len;

	len = hex ? hex_decode(hex, bytes, sizeof(bytes)) : -1;
	if (len < 1)
		return fail(answer, "canary needs \"hex\", 1 to %d bytes in hex", PAGE);
	if (made == CANARIES_MAX)
		return fail(answer, "%d canaries are the most", CANARIES_MAX);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return fail(answer, "mmap: %s", strerror(errno));
	for (int i = 0; i < PAGE; i++)
		page[i] = bytes[i % len];
	/* kept out of children: a fork must not move it by copy on write */
	if (mlock(page, PAGE) || madvise(page, PAGE, MADV_DONTFORK)) {
		fail(answer, "mlock or madvise: %s", strerror(errno));
		munmap(page, PAGE);
		return -1;
	}
	if (physical_address(page, &pa)) {
		munmap(page, PAGE);
		return fail(answer, "/proc/self/pagemap does not tell the page's address");
	}
	made++;
	json_put_hex(&answer->out, "pa", pa);
	return 0;
}
