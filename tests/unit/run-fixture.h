/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A struct run around the evidence of a healthy run, with a machine that has RAM, a console, a trace, a network
 * cable and no QEMU: for the parts of run/ and observe/ that talk to a machine.
 */
#ifndef RUN_FIXTURE_H
#define RUN_FIXTURE_H

#include "evidence-fixture.h"
#include "machine-test.h"
#include "machine/machine-priv.h"
#include "observe/console-words.h"
#include "observe/iommu-events.h"
#include "run/phases.h"

#define FAKE_RAM (UINT64_C(64) << 20)

struct fake_run {
	struct good_run *good;
	struct machine m;
	struct run run;
	struct plan plan;
	struct run_options options;
	struct kernel first, crash;
	struct qemu_caps caps;
	int guest; /* the guest's end of the console */
	int log;   /* what QEMU would trace */
	int net;   /* QEMU's end of the cable */
	char *dir; /* of the run */
};

/* cmocka setup and teardown; the state is a struct fake_run *. */
int fake_run_setup(void **state);
int fake_run_teardown(void **state);

#endif
