/* SPDX-License-Identifier: GPL-2.0-only */
/* Several runs of this very program at a time, each in a process of its own. */
#ifndef VTDLAB_BUGS_POOL_H
#define VTDLAB_BUGS_POOL_H

#include <glib.h>
#include <stdbool.h>

struct pool_work {
	/*
	 * next - the next run: its words behind the program's name, NULL-ended (the pool frees them), and *@tag, which done()
	 * gets; NULL: there is none now. It is asked again whenever a run has ended.
	 */
	char **(*next)(void *data, void **tag);
	/*
	 * done - a run has ended. @status: its exit status, 125 if it was killed; @out: what it wrote on stdout. Not called
	 * once the user wants to end: then nothing that ends is a result.
	 */
	void (*done)(void *data, void *tag, int status, const char *out);
	void *data;
	bool merged; /* what the runs write on stderr goes to @out, too, and not to ours */
};

/*
 * pool_run - at most @jobs at a time, until next() has nothing while none is running. What the runs write on stderr goes
 * to ours, unless @work says otherwise. When the user wants to end (base/interrupt.h) they are told so and waited for. False: so it was.
 */
bool pool_run(const struct pool_work *work, unsigned jobs);

#endif
