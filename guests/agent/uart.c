/* SPDX-License-Identifier: GPL-2.0-only */
/* The channel's UART, polled by port I/O: no tty and no interrupt, so it works when DMA and
 * interrupt remapping are broken. */
#include "agent.h"
#include "channel.h"

#include <sys/io.h>

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

int uart_open(void)
{
	if (iopl(3) && ioperm(CHANNEL_UART_PORT, 8, 1))
		return -1;
	outb(0x5a, UART_SCR);
	if (inb(UART_SCR) != 0x5a)
		return -1;
	outb(0, UART_IER);
	outb(LCR_DLAB | LCR_8N1, UART_LCR);
	outb(1, UART_DATA); /* 115200 baud, where anything counts it */
	outb(0, UART_IER);
	outb(LCR_8N1, UART_LCR);
	outb(0, UART_IER);
	outb(FCR_ENABLE_AND_CLEAR, UART_FCR);
	outb(MCR_DTR_RTS, UART_MCR);
	return 0;
}

static void wait_for(unsigned char bit)
{
	unsigned int spins = 0;

	while (!(inb(UART_LSR) & bit))
		if (++spins > SPINS)
			sleep_us(IDLE_US);
}

int uart_read_line(char *buf, size_t cap, void (*idle)(void))
{
	size_t len = 0;
	bool too_long = false;

	for (;;) {
		char c;

		if (!(inb(UART_LSR) & LSR_DATA)) {
			if (!len)
				idle();
			sleep_us(len ? BUSY_US : IDLE_US);
			continue;
		}
		c = (char)inb(UART_DATA);
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
			outb((unsigned char)bytes[i], UART_DATA);
		bytes += n;
		len -= n;
	}
}

void uart_drain(void)
{
	wait_for(LSR_ALL_SENT);
}
