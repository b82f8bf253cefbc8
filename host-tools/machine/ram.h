/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest RAM: a file shared with QEMU, and the q35 map from guest-physical address to
 * offset: [0, low) lies at the start of the file, [4 GiB, 4 GiB + size - low) continues at `low`.
 */
#ifndef VTDLAB_MACHINE_RAM_H
#define VTDLAB_MACHINE_RAM_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ram {
	int fd;
	uint8_t *base; /* whole file, read/write, shared */
	uint64_t size;
	uint64_t low; /* bytes below the PCI hole */
};

/* A memory file of `size` bytes, sealed against another size: close(). -1 and VTDLAB_ERROR_FAILED. */
int ram_file(uint64_t size, GError **error);
/* Maps a file of that size, which is owned from now on. false and VTDLAB_ERROR_FAILED. */
bool ram_init(struct ram *r, int fd, uint64_t size, GError **error);
/* Unmaps and closes; a zeroed or already cleared struct is fine. */
void ram_clear(struct ram *r);

/* Where RAM goes on above the hole of a q35 machine. */
#define RAM_Q35_HIGH (UINT64_C(4) << 30)
/* RAM below the hole of a q35 machine of `size` bytes. */
uint64_t ram_q35_low(uint64_t size);

/* File offset of `len` bytes at guest-physical `pa`; false if any of them is not RAM (hole, beyond
 * the end, wrap-around), so that a range never straddles the hole. */
bool ram_offset(const struct ram *r, uint64_t pa, uint64_t len, uint64_t *offset);
/* Guest-physical address of a file offset below size. */
uint64_t ram_address(const struct ram *r, uint64_t offset);

/* Bytes that have a place, that is, of pages that QEMU or the guest ever touched: they only become more. 0 if that is not known. */
uint64_t ram_touched(const struct ram *r);

/* The CRC-32 of all pages that have something in them, and of where they lie. */
uint32_t ram_sum(const struct ram *r);
/*
 * Fills RAM that nobody has written to with the file @fd, of the same size; *@sum: of its pages, unless
 * that is NULL. false and VTDLAB_ERROR_FAILED.
 */
bool ram_fill(struct ram *r, int fd, uint32_t *sum, GError **error);

/* Copies out of or into guest RAM: 0, or -1 if the range is not all RAM (nothing is copied then). */
int ram_read(const struct ram *r, uint64_t pa, void *buf, uint64_t len);
int ram_write(struct ram *r, uint64_t pa, const void *buf, uint64_t len);

/* Called with the guest-physical address of each match; false ends the scan. */
typedef bool (*ram_match_fn)(uint64_t pa, void *data);

/*
 * Finds every occurrence (at any byte offset) of `needle` in the parts of RAM that were ever
 * written; occurrences that overlap are all reported; one across the hole's border is not one. A
 * needle of zero bytes only is refused (-1). Returns the number of matches reported. The guest may
 * run meanwhile.
 */
int64_t ram_scan(const struct ram *r, const void *needle, size_t len, ram_match_fn fn, void *data);

#endif
