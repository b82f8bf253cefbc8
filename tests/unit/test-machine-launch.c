/* SPDX-License-Identifier: GPL-2.0-only */
/* Starting and ending programs, and what a bad QEMU program is answered with. */
#include "machine-test.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/error.h"
#include "machine/child.h"
#include "machine/guest-time.h"
#include "machine/private-dir.h"
#include "machine/qemu-ask.h"
#include "machine/qemu-probe.h"

/* The child finds exactly what it was given: descriptors by number, nothing else. */
static void test_descriptors(void **state)
{
	char *dir = test_dir(), *out = g_build_filename(dir, "out", NULL), *text;
	char *argv[] = { "/bin/sh", "-c", "echo got $(cat <&5); ls -m /proc/$$/fd", NULL };
	struct child_request req = { .argv = argv, .stderr_path = out, .n_fds = 1 };
	struct child c;
	int pair[2];

	(void)state;
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	test_write(pair[1], "it");
	close(pair[1]);
	req.fds = &(struct child_fd){ .fd = pair[0], .number = 5 };
	assert_true(child_start(&c, &req, NULL));
	for (int i = 0; i < 1000 && !child_reap(&c); i++)
		g_usleep(5000);
	assert_true(c.dead && WIFEXITED(c.status) && WEXITSTATUS(c.status) == 0);
	child_kill(&c, 0);
	close(pair[0]);
	assert_true(g_file_get_contents(out, &text, NULL, NULL));
	assert_string_equal(text, "got it\n0, 1, 2, 5\n");
	g_free(text);
	g_free(out);
	test_dir_remove(dir);
}

static void test_kill(void **state)
{
	char *deaf[] = { "/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done", NULL };
	char *meek[] = { "/bin/sleep", "100", NULL };
	char *dir = test_dir(), *out = g_build_filename(dir, "out", NULL);
	struct child_request req = { .argv = meek };
	struct child c;
	char *text;

	(void)state;
	assert_true(child_start(&c, &req, NULL));
	assert_false(child_reap(&c));
	child_kill(&c, 2000);
	assert_true(c.dead && WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGTERM);
	text = child_status_text(c.status);
	assert_string_equal(text, "killed by SIGTERM");
	g_free(text);
	child_kill(&c, 10);
	child_kill(&c, 0);
	req.argv = deaf;
	req.stderr_path = out;
	assert_true(child_start(&c, &req, NULL));
	for (gsize len = 0; !len; g_free(text))
		assert_true(g_file_get_contents(out, &text, &len, NULL));
	child_kill(&c, 50);
	assert_int_equal(WTERMSIG(c.status), SIGKILL);
	child_kill(&c, 0);
	g_free(out);
	test_dir_remove(dir);
}

static void test_freeze(void **state)
{
	char *argv[] = { "/bin/sleep", "100", NULL };
	struct child_request req = { .argv = argv };
	struct child c;

	(void)state;
	assert_true(child_start(&c, &req, NULL));
	assert_true(child_freeze(&c));
	assert_false(child_reap(&c));
	child_thaw(&c);
	assert_true(child_freeze(&c));
	/* a frozen one can be ended */
	child_kill(&c, 0);
	assert_true(c.dead);
	assert_false(child_freeze(&c));
}

/* A loop runs, a sleeper neither runs nor waits, and a frozen one is seen to be. */
static void test_times(void **state)
{
	char *loop[] = { "/bin/sh", "-c", "while :; do :; done", NULL };
	struct child_request req = { .argv = loop };
	struct vm_times t = { 0 };
	struct child c;

	(void)state;
	assert_true(child_start(&c, &req, NULL));
	while (t.ran_ns < 20000000 && child_times(&c, &t))
		g_usleep(1000);
	assert_true(t.ran_ns >= 20000000 && !t.stopped);
	assert_true(child_freeze(&c));
	assert_true(child_times(&c, &t) && t.stopped);
	child_kill(&c, 0);
	assert_false(child_times(&c, &t));
}

/* kill -9 of the parent takes the child along. */
static void test_orphan(void **state)
{
	pid_t parent, child = 0;
	int pair[2];

	(void)state;
	assert_int_equal(pipe(pair), 0);
	parent = fork();
	if (parent == 0) {
		char *argv[] = { "/bin/sleep", "100", NULL };
		struct child_request req = { .argv = argv };
		struct child c;

		if (!child_start(&c, &req, NULL) || write(pair[1], &c.pid, sizeof(c.pid)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(pair[0], &child, sizeof(child)), sizeof(child));
	assert_int_equal(kill(child, 0), 0);
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
	/* it is reaped by init; until then a zombie answers too */
	for (int i = 0; i < 200; i++) {
		char *path = g_strdup_printf("/proc/%d/stat", child), *stat = NULL;
		bool gone = !g_file_get_contents(path, &stat, NULL, NULL) || strstr(stat, ") Z ");

		g_free(path);
		g_free(stat);
		if (gone)
			break;
		assert_int_not_equal(i, 199);
		g_usleep(10000);
	}
	close(pair[0]);
	close(pair[1]);
}

static void refused(const char *qemu, const char *part)
{
	GError *error = NULL;

	assert_null(qemu_probe(qemu, NULL, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	assert_non_null(strstr(error->message, part));
	assert_null(strchr(error->message, '\n'));
	g_error_free(error);
}

static void test_bad_qemu(void **state)
{
	char *dir = test_dir(), *path;

	(void)state;
	refused("/no/such/qemu", "does not exist");
	refused("no-such-qemu-at-all", "not installed");
	refused(dir, "not an executable");
	path = test_script(dir, "liar", "printf 'I am \\033[2J no QEMU\\nat all\\n'");
	refused(path, "is not a QEMU: --version says \"I am \\033[2J no QEMU\"");
	g_free(path);
	path = test_script(dir, "failing", "echo QEMU emulator version 9.9; exit 3");
	refused(path, "is not a QEMU");
	g_free(path);
	path = g_build_filename(dir, "data", NULL);
	assert_true(g_file_set_contents(path,
					"\x7f"
					"ELF nonsense",
					-1, NULL));
	refused(path, "not an executable");
	g_chmod(path, 0755);
	refused(path, "cannot run");
	g_free(path);
	test_dir_remove(dir);
}

/* Who could have answered and did not is refused; who was kept from running is waited for. */
static void test_patience(void **state)
{
	char *dir = test_dir(), *text = NULL;
	char *silent = test_script(dir, "silent", "exec sleep 100");
	char *kept = test_script(dir, "kept", "(sleep 1; kill -CONT $$) &\nkill -STOP $$\necho answered");
	const char *const args[] = { "--version", NULL };
	GError *error = NULL;
	int status;

	(void)state;
	assert_false(qemu_ask(silent, args, 0.3, &text, &status, &error));
	assert_true(g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_USAGE));
	assert_non_null(strstr(error->message, "--version does not answer within 0.3 s of its own time"));
	g_clear_error(&error);
	assert_true(qemu_ask(kept, args, 0.3, &text, &status, &error));
	assert_int_equal(status, 0);
	assert_string_equal(text, "answered\n");
	g_free(text);
	g_free(kept);
	g_free(silent);
	test_dir_remove(dir);
}

/* A program that answers like QEMU, and the cache: asked once, asked again when it changes. */
static void test_cache(void **state)
{
	static const char body[] = "echo x >> \"$(dirname \"$0\")/calls\"\n"
				   "case $* in\n"
				   "*--version*) echo 'QEMU emulator version 7.2.22 (Debian)'; echo Copyright;;\n"
				   "*edu,help*) echo 'edu options:'; echo '  dma_mask=<uint64>';;\n"
				   "*help*iommu*|*iommu,help*) echo 'intel-iommu options:'; echo '  aw-bits=<uint8> - "
				   "x';;\n"
				   "*'-machine help'*) echo 'Supported machines are:'; echo 'pc   Standard PC'; "
				   "echo 'q35  Standard PC (alias of pc-q35-7.2)'; echo 'pc-q35-7.2 Standard PC';;\n"
				   "*'-trace help'*) echo vtd_dmar_fault; echo 'vtd_x '; echo other_event; echo "
				   "'vtd_dmar_enable';;\n"
				   "*) while [ \"$1\" != -D ]; do shift; done; echo '1@1.1:vtd_x y' > \"$2\"; sleep "
				   "5;;\n"
				   "esac";
	char *dir = test_dir(), *cache = test_dir(), *path = test_script(dir, "qemu", body);
	char *calls = g_build_filename(dir, "calls", NULL), *text, *sub;
	struct qemu_caps *c;
	GError *error = NULL;

	(void)state;
	for (int i = 0; i < 2; i++) {
		c = qemu_probe(path, cache, &error);
		assert_null(error);
		assert_string_equal(c->version, "7.2.22");
		assert_string_equal(c->version_text, "QEMU emulator version 7.2.22 (Debian)");
		assert_true(c->intel_iommu && c->trace_log && c->edu);
		assert_true(qemu_has_iommu_prop(c, "aw-bits") && !qemu_has_iommu_prop(c, "x-flts"));
		assert_true(qemu_has_trace(c, "vtd_dmar_enable") && qemu_has_trace(c, "vtd_x"));
		assert_false(qemu_has_trace(c, "other_event"));
		assert_true(qemu_has_machine(c, "q35") && qemu_has_machine(c, "pc-q35-7.2"));
		assert_false(qemu_has_machine(c, "pc") || qemu_has_machine(c, "pc-q35-99.9"));
		qemu_caps_free(c);
		assert_true(g_file_get_contents(calls, &text, NULL, NULL));
		assert_string_equal(text, "x\nx\nx\nx\nx\nx\n");
		g_free(text);
	}
	g_free(path);
	path = test_script(dir, "qemu", "echo QEMU emulator version 8.0.0");
	c = qemu_probe(path, cache, &error);
	assert_string_equal(c->version, "8.0.0");
	assert_false(c->intel_iommu || c->trace_log || c->edu);
	/* it tells of none: that is no proof that there is none */
	assert_true(qemu_has_machine(c, "pc-q35-99.9"));
	qemu_caps_free(c);
	sub = g_build_filename(cache, "qemu", NULL);
	test_dir_remove(sub);
	test_dir_remove(cache);
	g_free(calls);
	g_free(path);
	test_dir_remove(dir);
}

/* Directories of dead makers go, those of live ones and other people's files stay. */
static void test_private_dir(void **state)
{
	char *base = test_dir(), *mine, *stale, *other, *file;
	pid_t dead = fork();

	(void)state;
	if (dead == 0)
		_exit(0);
	waitpid(dead, NULL, 0);
	g_setenv("XDG_RUNTIME_DIR", base, TRUE);
	stale = g_strdup_printf("%s/vtdlab-%d-abcdef", base, dead);
	other = g_strdup_printf("%s/vtdlab-%d-abcdef", base, getpid());
	file = g_build_filename(stale, "gdb", NULL);
	assert_int_equal(g_mkdir(stale, 0700), 0);
	assert_int_equal(g_mkdir(other, 0700), 0);
	assert_true(g_file_set_contents(file, "", 0, NULL));
	mine = private_dir_make(NULL);
	assert_true(g_str_has_prefix(mine, base));
	assert_false(g_file_test(stale, G_FILE_TEST_EXISTS));
	assert_true(g_file_test(other, G_FILE_TEST_EXISTS));
	private_dir_remove(mine);
	private_dir_remove(NULL);
	g_rmdir(other);
	g_unsetenv("XDG_RUNTIME_DIR");
	g_free(file);
	g_free(stale);
	g_free(other);
	test_dir_remove(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descriptors), cmocka_unit_test(test_kill),   cmocka_unit_test(test_freeze),
		cmocka_unit_test(test_times),	    cmocka_unit_test(test_orphan), cmocka_unit_test(test_bad_qemu),
		cmocka_unit_test(test_patience),    cmocka_unit_test(test_cache),  cmocka_unit_test(test_private_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
