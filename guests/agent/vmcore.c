/* SPDX-License-Identifier: GPL-2.0-only */
/* vmcore-read: physical memory of the dead kernel, through the ELF headers of /proc/vmcore. */
#include "agent.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define VMCORE "/proc/vmcore"
#define READ_MAX 4096

static int read_at(int fd, void *bytes, size_t len, uint64_t at)
{
	uint8_t *p = bytes;

	while (len) {
		ssize_t n = pread(fd, p, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n ? errno : ENODATA;
			return -1;
		}
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int open_core(struct answer *answer, Elf64_Ehdr *head)
{
	int fd = open(VMCORE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(answer, "%s: %s", VMCORE, strerror(errno));
	if (read_at(fd, head, sizeof(*head), 0)) {
		fail(answer, "%s: reading the ELF header: %s", VMCORE, strerror(errno));
	} else if (memcmp(head->e_ident, ELFMAG, SELFMAG) || head->e_ident[EI_CLASS] != ELFCLASS64 ||
		   head->e_phentsize != sizeof(Elf64_Phdr)) {
		fail(answer, "%s is no ELF64 core", VMCORE);
	} else {
		return fd;
	}
	close(fd);
	return -1;
}

/* The segment that holds @pa. Returns 0, or -1 with the reason. */
static int find_segment(struct answer *answer, int fd, const Elf64_Ehdr *head, uint64_t pa, Elf64_Phdr *segment)
{
	for (unsigned int i = 0; i < head->e_phnum; i++) {
		if (read_at(fd, segment, sizeof(*segment), head->e_phoff + i * sizeof(*segment)))
			return fail(answer, "%s: program header %u: %s", VMCORE, i, strerror(errno));
		if (segment->p_type == PT_LOAD && pa >= segment->p_paddr && pa - segment->p_paddr < segment->p_filesz)
			return 0;
	}
	return fail(answer, "0x%llx is in none of the segments of %s", (unsigned long long)pa, VMCORE);
}

int cmd_vmcore_read(const struct json_object *request, struct answer *answer)
{
	uint8_t bytes[READ_MAX];
	uint64_t pa, len, done = 0;
	Elf64_Phdr segment;
	Elf64_Ehdr head;
	int fd;

	if (take_u64(request, answer, "pa", 0, 0, UINT64_C(1) << 52, &pa) ||
	    take_u64(request, answer, "len", READ_MAX, 1, READ_MAX, &len))
		return -1;
	fd = open_core(answer, &head);
	if (fd < 0)
		return -1;
	while (done < len) {
		uint64_t into, part;

		if (find_segment(answer, fd, &head, pa + done, &segment))
			goto failed;
		into = pa + done - segment.p_paddr;
		part = segment.p_filesz - into;
		part = part < len - done ? part : len - done;
		if (read_at(fd, bytes + done, part, segment.p_offset + into)) {
			fail(answer, "%s: reading 0x%llx: %s", VMCORE, (unsigned long long)(pa + done),
			     strerror(errno));
			goto failed;
		}
		done += part;
	}
	close(fd);
	json_put_bytes(&answer->out, "hex", bytes, len);
	return 0;
failed:
	close(fd);
	return -1;
}
