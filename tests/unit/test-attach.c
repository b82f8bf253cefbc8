/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The crash kernel's devices and its dump, asked of an agent that does not answer: what it is silent at has failed, what is
 * asked of it after that was not tried.
 */
#include "fake-agent.h"

struct silence {
	struct fake_agent *agent;
	const char *at;		    /* the command that it does not come back from; NULL: none */
	const char *late, *late_of; /* the command, and its module if not NULL, that the guest itself has to end */
	bool for_good;		    /* nothing is answered any more */
	bool silent;
	int64_t least_ms; /* the shortest time that the guest was given for the disk or a driver */
};

static void obey(struct fake_agent *a, const char *cmd, JsonObject *request)
{
	struct silence *s = a->data;

	if (strcmp(cmd, "modprobe") == 0 || strcmp(cmd, "disk-verify") == 0)
		s->least_ms = MIN(s->least_ms, agent_int(request, "deadline_ms", 0));
	s->silent |= s->at && strcmp(cmd, s->at) == 0;
	if (s->silent) {
		s->silent = s->for_good;
		return;
	}
	if (g_strcmp0(cmd, s->late) == 0 &&
	    (!s->late_of || g_strcmp0(agent_string(request, "name", NULL), s->late_of) == 0))
		fake_agent_say(a, "\"ok\":false,\"error\":\"no result after 45000 ms (it was in its own code)\"");
	else if (strcmp(cmd, "net-up") == 0)
		fake_agent_say(a, "\"ok\":false,\"error\":\"no carrier\"");
	else if (strcmp(cmd, "disk-verify") == 0)
		fake_agent_say(a, "\"ok\":true,\"read_ok\":true,\"write_ok\":true,\"bytes\":262144");
	else if (strcmp(cmd, "vmcore-read") == 0)
		fake_agent_say(a, "\"ok\":false,\"error\":\"no vmcore\"");
	else
		fake_agent_say(a, "\"ok\":true");
}

static int setup(void **state)
{
	struct silence *s = g_new0(struct silence, 1);
	struct evidence *ev;

	s->least_ms = G_MAXINT64;
	s->agent = fake_agent_new(obey, s);
	s->agent->fake->good->sc->machine.observe = false;
	s->agent->fake->good->sc->devices.dma = CONF_DMA_NONE;
	/* no second is waited for: 0.1 s, and what the machine's pace makes of it */
	s->agent->fake->good->sc->timeout_s = 0;
	ev = s->agent->fake->run.at.ev;
	for_each_evidence(struct evidence_device, dev, ev->devices) {
		dev->works = false;
		g_clear_pointer(&dev->works_detail, g_free);
	}
	g_clear_pointer(&ev->canary_read, g_free);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct silence *s = *state;

	fake_agent_free(s->agent);
	g_free(s);
	return 0;
}

static void go(struct silence *s)
{
	g_autoptr(GError) error = NULL;
	struct run *run = &s->agent->fake->run;

	assert_true(phase_attach_disk(run, &error));
	assert_true(phase_attach_nic(run, &error));
	assert_true(phase_dump(run, &error));
	assert_null(error);
}

static const char *disk(const struct silence *s)
{
	return good_device(s->agent->fake->good, DISK)->works_detail;
}

static const char *dump(const struct silence *s)
{
	return s->agent->fake->run.at.ev->dump_error;
}

static void an_error_is_an_answer(void **state)
{
	struct silence *s = *state;

	go(s);
	assert_string_equal(disk(s), "256 KiB read right, written right");
	assert_string_equal(dump(s), "agent: vmcore-read: no vmcore");
}

static void silent_at_the_dump(void **state)
{
	struct silence *s = *state;

	s->at = "vmcore-read";
	go(s);
	assert_non_null(disk(s));
	assert_non_null(strstr(dump(s), "the agent's answer to vmcore-read"));
}

/* A disk that never answers may hold the agent for good: of the NIC and the dump nobody knows. */
static void silent_since_the_disk(void **state)
{
	struct silence *s = *state;

	s->at = "disk-verify";
	s->for_good = true;
	go(s);
	assert_non_null(strstr(disk(s), "the agent's answer to disk-verify"));
	assert_null(dump(s));
	want(s->agent->fake->good, "devices-work", CHECK_FAIL, "the agent's answer to disk-verify", "e1000e: not tried",
	     NULL);
	want(s->agent->fake->good, "dump-readable", CHECK_NO_EVIDENCE, "was not read", NULL);
}

/* One that comes back is believed. */
static void silent_for_once(void **state)
{
	struct silence *s = *state;

	s->at = "disk-verify";
	go(s);
	assert_non_null(strstr(disk(s), "the agent's answer to disk-verify"));
	assert_string_equal(dump(s), "agent: vmcore-read: no vmcore");
}

/* A disk whose driver goes on trying holds up the guest's command and not its agent: all else is asked, and judged. */
static void late_at_the_disk(void **state)
{
	struct silence *s = *state;

	s->late = "disk-verify";
	go(s);
	assert_non_null(strstr(disk(s), "no result after"));
	assert_string_equal(dump(s), "agent: vmcore-read: no vmcore");
	want(s->agent->fake->good, "devices-work", CHECK_FAIL, "no result after", "e1000e: agent: net-up: no carrier",
	     NULL);
	/* two rounds of the disk's own time-outs, whatever the host's pace */
	assert_in_range(s->least_ms, 45000, 3600000);
}

/* A driver that waits for what the disk's has begun was not tried itself; one that is late alone has failed. */
static void late_behind_the_disk(void **state)
{
	struct silence *s = *state;

	s->late = "modprobe";
	go(s);
	assert_non_null(strstr(disk(s), "no result after"));
	want(s->agent->fake->good, "devices-work", CHECK_FAIL, "e1000e: not tried", NULL);
	assert_string_equal(dump(s), "agent: vmcore-read: no vmcore");
}

static void late_by_itself(void **state)
{
	struct silence *s = *state;

	s->late = "modprobe";
	s->late_of = "e1000e";
	go(s);
	assert_string_equal(disk(s), "256 KiB read right, written right");
	want(s->agent->fake->good, "devices-work", CHECK_FAIL, "e1000e: agent: modprobe: no result after", NULL);
}

/* A crash kernel that hangs before any device was tried has none that works. */
static void silent_before_the_device(void **state)
{
	struct silence *s = *state;

	s->agent->fake->m.agent_silent = true;
	s->at = "modprobe";
	s->for_good = true;
	go(s);
	assert_non_null(strstr(disk(s), "the agent's answer to modprobe"));
	assert_null(dump(s));
	want(s->agent->fake->good, "devices-work", CHECK_FAIL, "e1000e: not tried", NULL);
	want_not(s->agent->fake->good, "nvme: not tried");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_error_is_an_answer), TEST(silent_at_the_dump),	     TEST(silent_since_the_disk),
		TEST(silent_for_once),	     TEST(silent_before_the_device), TEST(late_at_the_disk),
		TEST(late_behind_the_disk),  TEST(late_by_itself),
	};

	return cmocka_run_group_tests_name("attach", tests, NULL, NULL);
}
