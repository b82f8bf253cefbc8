/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/libvirt-calls.h"

#include <gmodule.h>

#include "base/error.h"

#define LIBRARY "libvirt.so.0"

struct libvirt_calls virt;

static bool find(GModule *library, const char *name, gpointer *at)
{
	return g_module_symbol(library, name, at) && *at;
}

bool libvirt_load(GError **error)
{
	static GModule *library;

	if (library)
		return true;
	library = g_module_open(LIBRARY, G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
	if (!library)
		return vtdlab_refuse(error, "libvirt cannot be loaded: %s; Debian has it in libvirt-daemon-system",
				     g_module_error());
#define LIBVIRT_CALL(name)                                                                        \
	if (!find(library, #name, (gpointer *)&virt.name)) {                                      \
		g_clear_pointer(&library, g_module_close);                                        \
		return vtdlab_refuse(error, LIBRARY " has no " #name "(): not a libvirt of use"); \
	}
	LIBVIRT_CALLS(LIBVIRT_CALL)
#undef LIBVIRT_CALL
	/* it has a thread of its own, and handlers of the process's end */
	g_module_make_resident(library);
	return true;
}
