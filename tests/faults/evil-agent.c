/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PID 1 of a guest that does not play along, in the place of our agent: evil=WORD on the kernel's command line says how.
 *
 *   silent   says nothing at all        flood    writes to the console without end, and says hello
 *   garbage  noise on the channel       mute     says hello, answers nothing
 *   twice    answers each command twice endless  one line on the channel that never ends
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <unistd.h>

#include "channel.h"

#define LSR (CHANNEL_UART_PORT + 5)

static void put(const char *text, size_t len)
{
	for (; len; len--, text++) {
		while (!(inb(LSR) & 0x20))
			;
		outb((unsigned char)*text, CHANNEL_UART_PORT);
	}
}

static void say(const char *text)
{
	put(text, strlen(text));
}

static void hello(void)
{
	say("{\"hello\":1,\"stage\":\"first\",\"release\":\"6.1.0-evil\",\"cmdline\":\"\",\"uptime_ns\":1,\"pid\":1}\n");
}

/* Each command is answered at once, @times times, with ok and nothing else. */
static void answer(int times)
{
	char line[CHANNEL_HOST_LINE_MAX + 1], text[100];
	size_t len = 0;

	for (;;) {
		char *id;

		if (!(inb(LSR) & 1)) {
			usleep(1000);
			continue;
		}
		line[len] = (char)inb(CHANNEL_UART_PORT);
		if (line[len++] != '\n' && len < sizeof(line) - 1)
			continue;
		line[len] = 0;
		len = 0;
		id = strstr(line, "\"id\":");
		snprintf(text, sizeof(text), "{\"id\":%ld,\"ok\":true,\"t_ns\":1}\n", id ? atol(id + 5) : 0);
		for (int i = 0; i < times; i++)
			say(text);
	}
}

static void evil(const char *how)
{
	char noise[4096];
	int in;

	if (strstr(how, "evil=flood")) {
		memset(noise, '#', sizeof(noise));
		hello();
		for (;;)
			(void)!write(1, noise, sizeof(noise));
	}
	if (strstr(how, "evil=twice")) {
		hello();
		hello();
		answer(2);
	}
	if (strstr(how, "evil=mute")) {
		hello();
		answer(0);
	}
	in = open("/dev/urandom", O_RDONLY);
	while (strstr(how, "evil=garbage")) {
		(void)!read(in, noise, sizeof(noise));
		put(noise, sizeof(noise));
	}
	if (strstr(how, "evil=endless"))
		say("{\"id\":1,\"text\":\"");
	while (strstr(how, "evil=endless"))
		say("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}

int main(void)
{
	char how[4096] = "";
	int in;

	mount("none", "/proc", "proc", 0, NULL);
	mount("none", "/dev", "devtmpfs", 0, NULL);
	in = open("/proc/cmdline", O_RDONLY);
	if (in >= 0 && read(in, how, sizeof(how) - 1) > 0 && iopl(3) == 0)
		evil(how);
	for (;;)
		pause();
}
