/* SPDX-License-Identifier: GPL-2.0-only */
/* How a domain ended, of libvirt's own driver for tests: its machines are made up, its events are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "machine/libvirt-calls.h"
#include "machine/libvirt-end.h"

static gpointer loop(gpointer unused)
{
	while (virt.virEventRunDefaultImpl() == 0)
		;
	return unused;
}

static virDomainPtr domain(virConnectPtr c, const char *name)
{
	g_autofree char *xml = g_strdup_printf(
		"<domain type='test'><name>%s</name><memory>8192</memory><os><type>hvm</type></os></domain>", name);

	return virt.virDomainCreateXML(c, xml, 0);
}

static void test_end(void **state)
{
	virConnectPtr c;
	virDomainPtr one, two;
	struct libvirt_end *end;

	(void)state;
	assert_true(libvirt_load(NULL));
	assert_int_equal(virt.virEventRegisterDefaultImpl(), 0);
	g_thread_unref(g_thread_new("libvirt", loop, NULL));
	c = virt.virConnectOpen("test:///default");
	assert_non_null(c);
	one = domain(c, "one");
	two = domain(c, "two");
	assert_non_null(one);
	assert_non_null(two);
	end = libvirt_end_watch(c, one);
	assert_non_null(end);
	assert_null(libvirt_end_said(end, 0));
	/* of another domain nothing is told */
	virt.virDomainDestroy(two);
	assert_null(libvirt_end_said(end, 200));
	virt.virDomainDestroy(one);
	assert_string_equal(libvirt_end_said(end, 60000), "destroyed");
	assert_string_equal(libvirt_end_said(end, 0), "destroyed");
	libvirt_end_free(end);
	assert_null(libvirt_end_said(NULL, 1000));
	libvirt_end_free(NULL);
	virt.virDomainFree(one);
	virt.virDomainFree(two);
	virt.virConnectClose(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_end) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
