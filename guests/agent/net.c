/* SPDX-License-Identifier: GPL-2.0-only */
/* net-up: an interface without an address that sends nothing of its own. */
#include "net.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct nic_search {
	char *name;
	size_t cap;
	const char *bdf; /* of the function; "": of any */
};

static int is_nic(const char *name, void *data)
{
	struct nic_search *search = data;
	char path[320], text[64];

	snprintf(path, sizeof(path), "/sys/class/net/%s/device", name);
	if (search->bdf[0] && (read_link_name(path, text, sizeof(text)) || strcmp(text, search->bdf) != 0))
		return 0;
	/* a link to a device: not lo, not a tunnel */
	snprintf(path, sizeof(path), "/sys/class/net/%s/device/vendor", name);
	if (read_file(path, text, sizeof(text)) <= 0 || strlen(name) >= search->cap)
		return 0;
	snprintf(search->name, search->cap, "%s", name);
	return 1;
}

int find_nic(const struct json_object *request, struct answer *answer, uint64_t wait_ms, char *name, size_t cap)
{
	char path[320], bdf[32];
	struct nic_search search = { .name = name, .cap = cap, .bdf = bdf };
	struct wait wait = wait_for_ms(wait_ms);

	if (take_name(request, answer, "if", name, cap) || take_name(request, answer, "bdf", bdf, sizeof(bdf)))
		return -1;
	for (;;) {
		if (!name[0])
			each_name("/sys/class/net", is_nic, &search);
		snprintf(path, sizeof(path), "/sys/class/net/%s", name);
		if (name[0] && !access(path, F_OK))
			return 0;
		if (!wait_goes_on(&wait))
			break;
		sleep_ms(2);
	}
	return fail(answer, "no network interface %s after %llu ms", name[0] ? name : "of a device",
		    (unsigned long long)wait_ms);
}

/* A socket that is told of each change of an interface, or -1. */
static int link_messages(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The attribute changes before the message goes out, which the kernel may put off for a second, or drop. */
#define LOOK_AGAIN_MS 50

bool nic_carrier(const char *name, uint64_t wait_ms)
{
	struct wait wait = wait_for_ms(wait_ms);
	struct pollfd told = { .fd = link_messages(), .events = POLLIN };
	char path[64], text[8], message[256];
	bool up;

	snprintf(path, sizeof(path), "/sys/class/net/%s/carrier", name);
	for (;;) {
		up = read_file(path, text, sizeof(text)) > 0 && text[0] == '1';
		if (up || !wait_goes_on(&wait))
			break;
		if (poll(&told, 1, LOOK_AGAIN_MS) > 0)
			while (recv(told.fd, message, sizeof(message), 0) > 0)
				;
	}
	if (told.fd >= 0)
		close(told.fd);
	return up;
}

int nic_index(int fd, const char *name)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return ioctl(fd, SIOCGIFINDEX, &request) ? 0 : request.ifr_ifindex;
}

int nic_mac(int fd, const char *name, uint8_t *mac)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(fd, SIOCGIFHWADDR, &request))
		return -1;
	memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	return 0;
}

static int ring_ioctl(int fd, const char *name, struct ethtool_ringparam *ring, uint32_t cmd)
{
	struct ifreq request = { 0 };

	ring->cmd = cmd;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	request.ifr_data = (void *)ring;
	return ioctl(fd, SIOCETHTOOL, &request);
}

/* Ask for @rx descriptors (0: leave). What the ring then has goes into the answer, and why it is
 * not what was asked for. */
static void set_ring(int fd, const char *name, uint64_t rx, struct json_out *out)
{
	struct ethtool_ringparam ring = { 0 };

	if (ring_ioctl(fd, name, &ring, ETHTOOL_GRINGPARAM)) {
		json_put_null(out, "rx_ring");
		if (rx)
			json_put_string(out, "rx_ring_error", strerror(errno));
		return;
	}
	if (rx && rx != ring.rx_pending) {
		ring.rx_pending = rx < ring.rx_max_pending ? (uint32_t)rx : ring.rx_max_pending;
		if (ring_ioctl(fd, name, &ring, ETHTOOL_SRINGPARAM))
			json_put_string(out, "rx_ring_error", strerror(errno));
		ring_ioctl(fd, name, &ring, ETHTOOL_GRINGPARAM);
	}
	json_put_int(out, "rx_ring", ring.rx_pending);
}

static int set_up(int fd, const char *name)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(fd, SIOCGIFFLAGS, &request))
		return -1;
	request.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &request);
}

/* Without this the kernel announces a link-local address by itself. */
static void silence_ipv6(const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	write_file(path, "1");
}

static int bring_up(struct answer *answer, int fd, const char *name, uint64_t rx_ring, uint64_t wait_ms)
{
	struct json_out *out = &answer->out;
	char text[24];
	uint8_t mac[6];

	if (nic_mac(fd, name, mac))
		return fail(answer, "%s: no address: %s", name, strerror(errno));
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	json_put_string(out, "if", name);
	json_put_string(out, "mac", text);
	silence_ipv6(name);
	set_ring(fd, name, rx_ring, out);
	if (set_up(fd, name))
		return fail(answer, "%s: up: %s", name, strerror(errno));
	json_put_bool(out, "carrier", nic_carrier(name, wait_ms));
	return 0;
}

int cmd_net_up(const struct json_object *request, struct answer *answer)
{
	uint64_t rx_ring, wait_ms;
	char name[IFNAMSIZ];
	int fd, result;

	if (take_u64(request, answer, "rx_ring", 0, 0, 1u << 20, &rx_ring) ||
	    take_u64(request, answer, "wait_ms", 5000, 0, 600000, &wait_ms) ||
	    find_nic(request, answer, wait_ms, name, sizeof(name)))
		return -1;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(answer, "socket: %s", strerror(errno));
	result = bring_up(answer, fd, name, rx_ring, wait_ms);
	close(fd);
	return result;
}
