/* SPDX-License-Identifier: GPL-2.0-only */
/* The channel's UART, polled by port I/O: no tty and no interrupt, so it works when DMA and
 * interrupt remapping are broken. */
#include "agent.h"
#include "channel.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/io.h>
#include <unistd.h>

enum {
	UART_DATA = CHANNEL_UART_PORT,	  /* receive and transmit, or divisor low with DLAB */
	UART_IER = CHANNEL_UART_PORT + 1, /* interrupt enable, or divisor high with DLAB */
	UART_FCR = CHANNEL_UART_PORT + 2,
	UART_LCR = CHANNEL_UART_PORT + 3,
	UART_MCR = CHANNEL_UART_PORT + 4,
	UART_LSR = CHANNEL_UART_PORT + 5,
	UART_SCR = CHANNEL_UART_PORT + 7,
};

enum {
	/* trigger level 14: QEMU hands over one byte at a time when it is 1 */
	FCR_ENABLE_AND_CLEAR = 0xc7,
	LCR_8N1 = 0x03,
	LCR_DLAB = 0x80,
	MCR_DTR_RTS = 0x03,
	LSR_DATA = 0x01,
	LSR_THR_EMPTY = 0x20,
	LSR_ALL_SENT = 0x40,
};

#define FIFO_BYTES 16
/* polls after which a sender sleeps: the other end may be stopped */
#define SPINS 20000
/* Between two polls: on an idle line, so that others run; inside a line, because QEMU can hand
 * over the next bytes only while the guest does not poll (a line is read three times as fast). */
#define IDLE_US 1000
#define BUSY_US 20

/* /dev/port, where user space has no ports of its own; else -1 */
static int port_fd = -1;
static sigjmp_buf no_ports;

static void on_refusal(int sig)
{
	siglongjmp(no_ports, sig);
}

/*
 * ioperm() that succeeds proves nothing: the CPU looks into the I/O bitmap of the TSS, and under a KVM that runs on QEMU's
 * emulation of SVM it does not find it: the first access is a fault.
 */
static bool ports_fault(void)
{
	struct sigaction old, catch = { .sa_handler = on_refusal };
	bool fault = true;

	sigaction(SIGSEGV, &catch, &old);
	if (!sigsetjmp(no_ports, 1)) {
		inb(UART_SCR);
		fault = false;
	}
	sigaction(SIGSEGV, &old, NULL);
	return fault;
}

static unsigned char get(int port)
{
	unsigned char value = 0xff;

	if (port_fd < 0)
		return inb((unsigned short)port);
	return pread(port_fd, &value, 1, port) == 1 ? value : 0xff;
}

/* What is lost at /dev/port is lost on the line. */
static void put(unsigned char value, int port)
{
	if (port_fd < 0)
		outb(value, (unsigned short)port);
	else if (pwrite(port_fd, &value, 1, port) != 1)
		return;
}

int uart_open(void)
{
	if ((iopl(3) && ioperm(CHANNEL_UART_PORT, 8, 1)) || ports_fault()) {
		port_fd = open("/dev/port", O_RDWR | O_CLOEXEC);
		if (port_fd < 0)
			return -1;
	}
	put(0x5a, UART_SCR);
	if (get(UART_SCR) != 0x5a)
		return -1;
	put(0, UART_IER);
	put(LCR_DLAB | LCR_8N1, UART_LCR);
	put(1, UART_DATA); /* 115200 baud, where anything counts it */
	put(0, UART_IER);
	put(LCR_8N1, UART_LCR);
	put(0, UART_IER);
	put(FCR_ENABLE_AND_CLEAR, UART_FCR);
	put(MCR_DTR_RTS, UART_MCR);
	return 0;
}

static void wait_for(unsigned char bit)
{
	unsigned int spins = 0;

	while (!(get(UART_LSR) & bit))
		if (++spins > SPINS)
			sleep_us(IDLE_US);
}

int uart_read_line(char *buf, size_t cap, void (*idle)(void))
{
	size_t len = 0;
	bool too_long = false;

	for (;;) {
		char c;

		if (!(get(UART_LSR) & LSR_DATA)) {
			if (!len)
				idle();
			sleep_us(len ? BUSY_US : IDLE_US);
			continue;
		}
		c = (char)get(UART_DATA);
		if (c == '\n')
			break;
		if (len < cap - 1)
			buf[len++] = c;
		else
			too_long = true;
	}
	buf[len] = '\0';
	return too_long ? -1 : (int)len;
}

void uart_write(const char *bytes, size_t len)
{
	while (len) {
		size_t n = len < FIFO_BYTES ? len : FIFO_BYTES;

		wait_for(LSR_THR_EMPTY);
		for (size_t i = 0; i < n; i++)
			put((unsigned char)bytes[i], UART_DATA);
		bytes += n;
		len -= n;
	}
}

void uart_drain(void)
{
	wait_for(LSR_ALL_SENT);
}
