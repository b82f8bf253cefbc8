/* SPDX-License-Identifier: GPL-2.0-only */
#include "observe/kmemleak.h"

#include "observe/attempt.h"

bool kmemleak_scan(struct attempt *a, GError **error)
{
	JsonObject *answer;
	g_autoptr(GError) err = NULL;
	struct evidence *ev = a->ev;

	if (!evidence_is_lab(ev, EVIDENCE_CRASH) || plan_foreign(a->plan))
		return true;
	answer = machine_agent(a->m, attempt_deadline(a, 60), &err, "leaks", NULL);
	if (!answer)
		return attempt_goes_on(a, &err, &ev->leaks_failure, error);
	ev->leak_scans = (uint64_t)MAX(agent_int(answer, "scans", 0), 0);
	ev->leaks = (uint64_t)MAX(agent_int(answer, "leaks", 0), 0);
	json_object_unref(answer);
	return true;
}
