/* SPDX-License-Identifier: GPL-2.0-only */
/* disk-verify: real data both ways, checked against the pattern; and finding the disk. */
#include "agent.h"
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define ALIGN 4096
#define LEN_MAX (4u << 20)

struct disk_search {
	char *name;
	size_t cap;
};

static int is_wanted(const char *name, void *data)
{
	struct disk_search *search = data;
	int controller, disk, used = 0;

	if (sscanf(name, "nvme%dn%d%n", &controller, &disk, &used) == 2 && !name[used])
		goto found;
	if (strncmp(name, "vd", 2))
		return 0;
found:
	snprintf(search->name, search->cap, "%s", name);
	return 1;
}

int find_disk(struct answer *answer, char *name, size_t cap, uint64_t wait_ms, char *path, size_t path_cap,
	      uint64_t *bytes)
{
	struct disk_search search = { .name = name, .cap = cap };
	struct wait wait = wait_for_ms(wait_ms);
	char size_path[128], size[32];

	for (;;) {
		if (!name[0])
			each_name("/sys/block", is_wanted, &search);
		if (name[0]) {
			snprintf(size_path, sizeof(size_path), "/sys/block/%s/size", name);
			snprintf(path, path_cap, "/dev/%s", name);
			if (read_file(size_path, size, sizeof(size)) > 0 && !access(path, R_OK)) {
				*bytes = strtoull(size, NULL, 10) * CHANNEL_SECTOR;
				if (*bytes)
					return 0;
			}
		}
		if (!wait_goes_on(&wait))
			break;
		sleep_ms(2);
	}
	return fail(answer, "no disk %s after %llu ms", name[0] ? name : "(nvme or virtio)",
		    (unsigned long long)wait_ms);
}

/* Transfer all of @len; a short transfer is an error. Returns 0 or an errno. */
static int transfer(int fd, uint8_t *buf, size_t len, uint64_t at, bool out)
{
	while (len) {
		ssize_t n = out ? pwrite(fd, buf, len, (off_t)at) : pread(fd, buf, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : EIO;
		buf += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

struct verify {
	int fd;
	uint8_t *buf;
	uint64_t len, offset, write_offset;
};

static bool report(struct json_out *out, const char *key, const char *what, uint64_t at, int error)
{
	char text[128];

	snprintf(text, sizeof(text), "%s at byte %llu: %s", what, (unsigned long long)at,
		 error ? strerror(error) : "not the bytes that should be there");
	json_put_string(out, key, text);
	return false;
}

static bool verify_read(const struct verify *v, struct json_out *out)
{
	int error;

	memset(v->buf, 0, v->len);
	error = transfer(v->fd, v->buf, v->len, v->offset, false);
	if (error)
		return report(out, "read_error", "read", v->offset, error);
	for (uint64_t at = 0; at < v->len; at += CHANNEL_SECTOR)
		if (!channel_disk_check(v->buf + at, (v->offset + at) / CHANNEL_SECTOR))
			return report(out, "read_error", "read", v->offset + at, 0);
	return true;
}

static bool verify_write(const struct verify *v, struct json_out *out, uint64_t salt)
{
	uint8_t sector[CHANNEL_SECTOR];
	uint64_t lba = v->write_offset / CHANNEL_SECTOR;
	int error;

	for (uint64_t at = 0; at < v->len; at += CHANNEL_SECTOR)
		channel_disk_fill_written(v->buf + at, lba + at / CHANNEL_SECTOR, salt);
	error = transfer(v->fd, v->buf, v->len, v->write_offset, true);
	if (error)
		return report(out, "write_error", "write", v->write_offset, error);
	memset(v->buf, 0, v->len);
	error = transfer(v->fd, v->buf, v->len, v->write_offset, false);
	if (error)
		return report(out, "write_error", "reading back", v->write_offset, error);
	for (uint64_t at = 0; at < v->len; at += CHANNEL_SECTOR) {
		channel_disk_fill_written(sector, lba + at / CHANNEL_SECTOR, salt);
		if (memcmp(sector, v->buf + at, CHANNEL_SECTOR))
			return report(out, "write_error", "reading back", v->write_offset + at, 0);
	}
	return true;
}

static int take_ranges(const struct json_object *request, struct answer *answer, struct verify *v, uint64_t size)
{
	if (take_u64(request, answer, "offset", 0, 0, UINT64_MAX, &v->offset) ||
	    take_u64(request, answer, "len", 65536, CHANNEL_SECTOR, LEN_MAX, &v->len) ||
	    take_u64(request, answer, "write_offset", v->offset, 0, UINT64_MAX, &v->write_offset))
		return -1;
	if ((v->offset | v->len | v->write_offset) % CHANNEL_SECTOR)
		return fail(answer, "offset, len and write_offset must be multiples of %d", CHANNEL_SECTOR);
	if (v->len > size || v->offset > size - v->len || v->write_offset > size - v->len)
		return fail(answer, "the range ends beyond the disk's %llu bytes", (unsigned long long)size);
	return 0;
}

int cmd_disk_verify(const struct json_object *request, struct answer *answer)
{
	struct verify v = { .fd = -1 };
	char name[32], path[64];
	uint64_t wait_ms, size = 0, salt;
	bool read_ok, write_ok;

	if (take_name(request, answer, "dev", name, sizeof(name)) ||
	    take_u64(request, answer, "wait_ms", 5000, 0, 600000, &wait_ms) ||
	    find_disk(answer, name, sizeof(name), wait_ms, path, sizeof(path), &size) ||
	    take_ranges(request, answer, &v, size))
		return -1;
	v.buf = aligned_alloc(ALIGN, (v.len + ALIGN - 1) / ALIGN * ALIGN);
	if (!v.buf)
		return fail(answer, "no memory for %llu bytes", (unsigned long long)v.len);
	v.fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (v.fd < 0) {
		free(v.buf);
		return fail(answer, "%s: %s", path, strerror(errno));
	}
	if (getrandom(&salt, sizeof(salt), GRND_NONBLOCK) != sizeof(salt))
		salt = channel_splitmix64((uint64_t)now_ns());
	json_put_string(&answer->out, "dev", name);
	read_ok = verify_read(&v, &answer->out);
	write_ok = verify_write(&v, &answer->out, salt);
	json_put_bool(&answer->out, "read_ok", read_ok);
	json_put_bool(&answer->out, "write_ok", write_ok);
	json_put_int(&answer->out, "bytes", (int64_t)v.len);
	json_put_hex(&answer->out, "salt", salt);
	close(v.fd);
	free(v.buf);
	return 0;
}
