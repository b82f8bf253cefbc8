/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/libvirt-domain.h"

#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

#define MIB (UINT64_C(1) << 20)
#define DEPTH_MAX 64
/* Eight functions in each of the slots from here on, which no device of the lab has. */
#define PORT_SLOT 0x10
#define PORTS_MAX 32

/* What is known of the file while it is read. */
struct reading {
	struct libvirt_domain *d;
	GString *path; /* "domain/devices/disk" */
	unsigned depth, iommus, disks, nics, ports, leaves;
	char *unit;		/* of <memory> or <currentMemory> */
	uint64_t current;	/* bytes of <currentMemory>; 0: not said */
	bool split, has_memory; /* split: <ioapic driver='qemu'/> */
	bool restricted;
	int intremap; /* -1: not said */
	/* of the device that is being read */
	char *device, *bus, *model;
	bool kept;     /* written anew, without what is in it */
	bool bypasses; /* virtio without <driver iommu='on'> */
};

static void change(struct reading *r, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Once each: fourteen disks are no fourteen lines. */
static void change(struct reading *r, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list ap;
	char *line;

	va_start(ap, format);
	text = g_strdup_vprintf(format, ap);
	va_end(ap);
	line = text_one_line(text);
	if (g_ptr_array_find_with_equal_func(r->d->changes, line, g_str_equal, NULL))
		g_free(line);
	else
		g_ptr_array_add(r->d->changes, line);
}

/* What others wrote, fit for a message. */
static bool refuse(const struct reading *r, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

static bool refuse(const struct reading *r, GError **error, const char *format, ...)
{
	g_autofree char *text = NULL, *line = NULL;
	va_list ap;

	va_start(ap, format);
	text = g_strdup_vprintf(format, ap);
	va_end(ap);
	line = text_one_line(text);
	return vtdlab_refuse(error, "--domain %s: %s", r->d->file, line);
}

static const char *attr(const char **names, const char **values, const char *name)
{
	for (; *names; names++, values++)
		if (strcmp(*names, name) == 0)
			return *values;
	return "";
}

/* Is @text a path of this host, which a file of somebody else has no business to name? */
static bool names_host(const struct reading *r, const char *where, const char *text, GError **error)
{
	static const char *const known[] = { "/usr/bin/qemu-system-x86_64", "/dev/urandom", "/dev/random", NULL };

	return r->restricted && *text == '/' && !g_strv_contains(known, text) &&
	       !refuse(r, error, "--restricted: <%.40s> names %.80s of this host: take it out", where, text);
}

static bool at(const struct reading *r, const char *path)
{
	return strcmp(r->path->str, path) == 0;
}

/* ---- the IOMMU ---- */

static bool take_iommu(struct reading *r, const char **names, const char **values, GError **error)
{
	const char *model = attr(names, values, "model");

	if (r->iommus++)
		return refuse(r, error, "two <iommu>: a machine has one");
	return strcmp(model, "intel") == 0 || refuse(r, error, "<iommu model='%.40s'>: the lab judges 'intel'", model);
}

/* One of its switches: *@to is 1 or 0; left alone where the file says nothing. */
static bool take_switch(struct reading *r, const char *name, const char *value, int *to, GError **error)
{
	if (!*value)
		return true;
	*to = strcmp(value, "on") == 0;
	return *to || strcmp(value, "off") == 0 ||
	       refuse(r, error, "<iommu>: %s='%.40s' is neither on nor off", name, value);
}

static bool take_iommu_driver(struct reading *r, const char **names, const char **values, GError **error)
{
	const char *bits = attr(names, values, "aw_bits");
	int caching = 0, iotlb = 0;
	const struct {
		const char *name;
		int *to;
	} switches[] = {
		{ "intremap", &r->intremap }, { "caching_mode", &caching }, { "iotlb", &iotlb }, { "eim", &r->d->eim }
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(switches); i++)
		if (!take_switch(r, switches[i].name, attr(names, values, switches[i].name), switches[i].to, error))
			return false;
	if (*bits && (strspn(bits, G_CSET_DIGITS) != strlen(bits) || strlen(bits) > 3))
		return refuse(r, error, "<iommu>: aw_bits='%.40s' is no width", bits);
	r->d->aw_bits = (unsigned)g_ascii_strtoull(bits, NULL, 10);
	r->d->caching_mode = caching;
	r->d->ats = iotlb;
	for (; *names; names++, values++) {
		static const char *const taken[] = { "intremap", "caching_mode", "iotlb", "eim", "aw_bits", NULL };

		if (!g_strv_contains(taken, *names))
			change(r, "<iommu>: %.40s='%.40s' is left out", *names, *values);
	}
	return true;
}

/* ---- devices ---- */

static void keep(struct reading *r, const char *xml)
{
	char *all = g_strconcat(r->d->devices, "    ", xml, "\n", NULL);

	g_free(r->d->devices);
	r->d->devices = all;
	r->leaves++;
	r->kept = true;
}

static bool take_controller(struct reading *r, const char **names, const char **values, GError **error)
{
	const char *type = attr(names, values, "type"), *model = attr(names, values, "model");

	if (strcmp(type, "pci") == 0 && strcmp(model, "pcie-root-port") == 0) {
		if (++r->ports > PORTS_MAX)
			return refuse(r, error, "more than %d root ports", PORTS_MAX);
		*r->device = '\0'; /* written anew, with all that is in it */
	} else if (strcmp(type, "pci") == 0 && strcmp(model, "pcie-root") == 0) {
		;
	} else if (strcmp(type, "usb") == 0 && !r->d->usb && strcmp(model, "qemu-xhci") == 0) {
		r->d->usb = true;
		keep(r, "<controller type='usb' model='qemu-xhci'/>");
	} else if (strcmp(type, "virtio-serial") == 0) {
		keep(r, "<controller type='virtio-serial'/>");
	} else if (strcmp(type, "sata")) { /* q35 has that one anyhow */
		change(r, "<controller type='%.40s' model='%.40s'> is left out", type, model);
	}
	return true;
}

static void device_begins(struct reading *r, const char *name)
{
	g_free(r->device);
	g_free(r->bus);
	g_free(r->model);
	r->device = g_strdup(name);
	r->bus = g_strdup("");
	r->model = g_strdup("");
	r->kept = false;
	r->bypasses = true;
}

static bool take_device(struct reading *r, const char *name, const char **names, const char **values, GError **error)
{
	const char *model = attr(names, values, "model");

	device_begins(r, name);
	if (strcmp(name, "iommu") == 0)
		return take_iommu(r, names, values, error);
	if (strcmp(name, "controller") == 0)
		return take_controller(r, names, values, error);
	if (strcmp(name, "hostdev") == 0)
		return refuse(r, error, "<hostdev>: a device of the host cannot be driven by the lab, take it out");
	if (strcmp(name, "disk") == 0) {
		const char *kind = attr(names, values, "device");

		if (*kind && strcmp(kind, "disk")) {
			change(r, "<disk device='%.40s'> is left out", kind);
			*r->device = '\0';
		}
	} else if (strcmp(name, "rng") == 0 && strcmp(model, "virtio") == 0) {
		keep(r, "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>");
	} else if (strcmp(name, "memballoon") == 0) {
		if (strcmp(model, "virtio") == 0)
			keep(r, "<memballoon model='virtio'/>");
	} else if (strcmp(name, "emulator") && strcmp(name, "interface")) {
		change(r, "<%.40s> is left out", name);
	}
	return true;
}

static void set(char **to, const char *value)
{
	g_free(*to);
	*to = g_strdup(value);
}

/* <driver> of a disk or a network card: what there is of the image, and what of the device the lab has its own way. */
static void take_driver(struct reading *r, const char **names, const char **values)
{
	static const char *const image[] = { "name",	      "type",	      "cache",	       "io", "discard", "iommu",
					     "detect_zeroes", "error_policy", "rerror_policy", NULL };

	if (strcmp(attr(names, values, "iommu"), "on") == 0)
		r->bypasses = false;
	for (; *names; names++, values++)
		if (!g_strv_contains(image, *names))
			change(r, "%.40s='%.40s' of <%s> is left out", *names, *values, r->device);
}

static void inside_device(struct reading *r, const char *name, const char **names, const char **values)
{
	bool disk = strcmp(r->device, "disk") == 0, nic = strcmp(r->device, "interface") == 0;

	if (strcmp(name, "boot") == 0 && (disk || nic))
		change(r, "<boot> is left out: the lab's kernel is booted");
	else if (strcmp(name, "model") == 0 && nic)
		set(&r->model, attr(names, values, "type"));
	else if (strcmp(name, "target") == 0 && disk)
		set(&r->bus, attr(names, values, "bus"));
	else if (strcmp(name, "driver") == 0 && (disk || nic))
		take_driver(r, names, values);
	else if (r->kept && strcmp(name, "backend") && strcmp(name, "alias"))
		change(r, "<%.40s> of <%s> is libvirt's own choice", name, r->device);
	else if (r->kept && strcmp(name, "backend") == 0 && strcmp(attr(names, values, "model"), "random"))
		change(r, "its <%s> is fed from /dev/urandom", r->device);
}

static bool disk_ends(struct reading *r, GError **error)
{
	if (r->disks++) {
		change(r, "disks after the first are left out");
		return true;
	}
	if (strcmp(r->bus, "virtio"))
		return refuse(
			r, error,
			"a disk on the bus '%.40s' cannot be driven by the lab: give it bus='virtio', or leave it "
			"out for the lab's NVMe disk",
			r->bus);
	r->d->disk = MACHINE_DISK_VIRTIO;
	change(r, "its virtio disk has the lab's test pattern, its image is not opened");
	if (r->bypasses)
		change(r, "its virtio disk gets iommu='on': without that it goes past the IOMMU");
	return true;
}

static bool nic_ends(struct reading *r, GError **error)
{
	const enum machine_nic *nic = NULL;
	static const enum machine_nic kinds[] = { MACHINE_NIC_E1000E, MACHINE_NIC_E1000, MACHINE_NIC_VIRTIO };

	if (r->nics++) {
		change(r, "network cards after the first are left out");
		return true;
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strcmp(r->model, word_of(machine_nic_words, kinds[i])) == 0)
			nic = &kinds[i];
	if (!nic)
		return refuse(r, error,
			      "a network card of model '%.40s' cannot be driven by the lab: virtio, e1000e or e1000",
			      r->model);
	r->d->nic = *nic;
	change(r, "its %s network card is on the lab's cable, which leads nowhere, with the lab's address", r->model);
	if (*nic == MACHINE_NIC_VIRTIO && r->bypasses)
		change(r, "its virtio network card gets iommu='on': without that it goes past the IOMMU");
	return true;
}

/* ---- the machine ---- */

/* @text in r->unit, as bytes; 0: no size, or more than 1 TiB. */
static uint64_t size_of(const struct reading *r, const char *text)
{
	static const struct {
		const char *unit;
		uint64_t bytes;
	} units[] = {
		{ "", 1024 },	    { "b", 1 },		  { "bytes", 1 },     { "KB", 1000 },
		{ "k", 1024 },	    { "KiB", 1024 },	  { "MB", 1000000 },  { "M", MIB },
		{ "MiB", MIB },	    { "GB", 1000000000 }, { "G", MIB << 10 }, { "GiB", MIB << 10 },
		{ "T", MIB << 20 }, { "TiB", MIB << 20 },
	};
	uint64_t n = g_ascii_strtoull(text, NULL, 10);

	for (unsigned i = 0; i < G_N_ELEMENTS(units); i++) {
		if (strcmp(units[i].unit, r->unit ? r->unit : ""))
			continue;
		if (strspn(text, G_CSET_DIGITS) != strlen(text) || n > (MIB << 20) / units[i].bytes)
			break;
		return n * units[i].bytes;
	}
	return 0;
}

static bool take_memory(struct reading *r, const char *text, GError **error)
{
	uint64_t bytes = size_of(r, text);

	if (!bytes)
		return refuse(r, error, "<memory>: '%.40s' %.40s is no size", text, r->unit ? r->unit : "KiB");
	r->d->memory = MAX(bytes / MIB, 1) * MIB;
	r->has_memory = true;
	if (r->d->memory != bytes)
		change(r, "<memory> is %" G_GUINT64_FORMAT " MiB", r->d->memory / MIB);
	return true;
}

static bool take_type(struct reading *r, const char **names, const char **values, GError **error)
{
	const char *arch = attr(names, values, "arch"), *machine = attr(names, values, "machine");

	if (strcmp(arch, "x86_64"))
		return refuse(r, error, "arch='%.40s': the lab judges VT-d, of x86_64", arch);
	if (strspn(machine, G_CSET_a_2_z G_CSET_DIGITS "-.") != strlen(machine) ||
	    (strcmp(machine, "q35") && !g_str_has_prefix(machine, "pc-q35-")))
		return refuse(r, error, "machine='%.40s': QEMU has VT-d in q35 only", machine);
	set(&r->d->machine, machine);
	return true;
}

static bool take_domain(struct reading *r, const char *name, const char **names, const char **values, GError **error)
{
	const char *type = attr(names, values, "type");

	if (strcmp(name, "domain"))
		return refuse(r, error, "<%.40s> is no <domain>", name);
	r->d->kvm = strcmp(type, "kvm") == 0;
	return r->d->kvm || strcmp(type, "qemu") == 0 ||
	       refuse(r, error, "type='%.40s': the lab needs QEMU: 'qemu' or 'kvm'", type);
}

/* An argument that is handed to QEMU: the modes that libvirt has no word for, and else nothing. */
static void take_argument(struct reading *r, const char *value, GError **error)
{
	bool scalable = strstr(value, "intel-iommu.x-scalable-mode=on"), flts = strstr(value, "intel-iommu.x-flts=on");

	if (scalable && r->d->mode == MACHINE_IOMMU_LEGACY)
		r->d->mode = MACHINE_IOMMU_SCALABLE;
	if (flts)
		r->d->mode = MACHINE_IOMMU_FIRST_LEVEL;
	if (r->restricted && !scalable && !flts && strcmp(value, "-global"))
		refuse(r, error, "--restricted: the argument '%.60s' of <qemu:commandline>: take it out", value);
	else if (!scalable && !flts && strcmp(value, "-global"))
		change(r, "the argument '%.60s' of <qemu:commandline> is left out", value);
}

/* Elements right below <domain> that say nothing of the machine, or that are looked at elsewhere. */
static bool known(const char *name)
{
	static const char *const names[] = {
		"name", "uuid",	   "title",    "description", "metadata",  "memory",   "currentMemory",	   "vcpu",
		"os",	"devices", "features", "on_poweroff", "on_reboot", "on_crash", "qemu:commandline",
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void take_rest(struct reading *r, const char *name, const char **names, const char **values)
{
	bool in_os = g_str_has_prefix(r->path->str, "domain/os/");

	if (at(r, "domain/os") && *attr(names, values, "firmware"))
		change(r, "firmware='%.40s' is left out: the lab's kernel is booted", attr(names, values, "firmware"));
	else if (at(r, "domain/os/boot"))
		change(r, "<boot> is left out: the lab's kernel is booted");
	else if (r->depth == 2 && g_str_has_prefix(name, "on_"))
		change(r, "<%.40s> is the lab's", name);
	else if (at(r, "domain/vcpu"))
		for (; *names; names++, values++)
			change(r, "<vcpu>: %.40s='%.40s' is left out", *names, *values);
	else if (r->depth == 2 && strcmp(name, "cpu") == 0)
		change(r, "its <cpu> is QEMU's maximum");
	else if (r->depth == 2 && !known(name))
		change(r, "<%.40s> is left out", name);
	else if (at(r, "domain/features/ioapic"))
		r->split = strcmp(attr(names, values, "driver"), "qemu") == 0;
	else if (r->depth == 3 && in_os)
		change(r, "<%.40s> is the lab's, or left out", name);
	else if (g_str_has_prefix(r->path->str, "domain/features/") && r->depth == 3 && strcmp(name, "acpi") &&
		 strcmp(name, "apic"))
		change(r, "the feature <%.40s> is left out", name);
}

/* ---- the parser ---- */

static void starts(GMarkupParseContext *context, const char *name, const char **names, const char **values, void *data,
		   GError **error)
{
	struct reading *r = data;

	(void)context;
	if (++r->depth > DEPTH_MAX || strchr(name, '/')) {
		refuse(r, error, "elements within elements, %d deep", DEPTH_MAX);
		return;
	}
	g_string_append_printf(r->path, "%s%s", r->path->len ? "/" : "", name);
	for (const char **value = values; *value; value++)
		if (names_host(r, name, *value, error))
			return;
	if (r->depth == 1)
		take_domain(r, name, names, values, error);
	else if (at(r, "domain/os/type"))
		take_type(r, names, values, error);
	else if (at(r, "domain/memory") || at(r, "domain/currentMemory"))
		set(&r->unit, attr(names, values, "unit"));
	else if (at(r, "domain/qemu:commandline/qemu:arg"))
		take_argument(r, attr(names, values, "value"), error);
	else if (at(r, "domain/devices/iommu/driver"))
		take_iommu_driver(r, names, values, error);
	else if (r->depth == 3 && g_str_has_prefix(r->path->str, "domain/devices/"))
		take_device(r, name, names, values, error);
	else if (r->depth == 4 && g_str_has_prefix(r->path->str, "domain/devices/"))
		inside_device(r, name, names, values);
	else
		take_rest(r, name, names, values);
}

static void ends(GMarkupParseContext *context, const char *name, void *data, GError **error)
{
	struct reading *r = data;

	(void)context;
	/* a disk that is left out has lost its name */
	if (at(r, "domain/devices/disk") && *r->device)
		disk_ends(r, error);
	else if (at(r, "domain/devices/interface"))
		nic_ends(r, error);
	r->depth--;
	g_string_truncate(r->path, r->path->len - strlen(name) - (r->path->len > strlen(name)));
}

static void text(GMarkupParseContext *context, const char *bytes, gsize len, void *data, GError **error)
{
	struct reading *r = data;
	g_autofree char *own = g_strstrip(g_strndup(bytes, len));

	if (names_host(r, g_markup_parse_context_get_element(context), own, error))
		return;
	if (at(r, "domain/memory")) {
		take_memory(r, own, error);
	} else if (at(r, "domain/currentMemory")) {
		r->current = size_of(r, own);
	} else if (at(r, "domain/vcpu")) {
		r->d->cpus = (unsigned)g_ascii_strtoull(own, NULL, 10);
		if (!*own || strlen(own) > 3 || strspn(own, G_CSET_DIGITS) != strlen(own) || !r->d->cpus)
			refuse(r, error, "<vcpu>: '%.40s' is no number of CPUs", own);
	} else if (at(r, "domain/devices/emulator") && strcmp(own, "/usr/bin/qemu-system-x86_64")) {
		change(r, "<emulator> %.80s is not run: --qemu names a QEMU", own);
	}
}

/* What libvirt would put into a slot of the lab's if there were too few. */
static void add_ports(struct reading *r)
{
	GString *s = g_string_new(NULL);

	if (r->ports < r->leaves)
		r->ports = r->leaves;
	for (unsigned i = 0; i < r->ports; i++)
		g_string_append_printf(
			s,
			"    <controller type='pci' index='%u' model='pcie-root-port'>\n      <address "
			"type='pci' domain='0' bus='0' slot='%#x' function='%u'%s/>\n    </controller>\n",
			i + 1, PORT_SLOT + i / 8, i % 8, i % 8 ? "" : " multifunction='on'");
	g_string_append(s, r->d->devices);
	g_free(r->d->devices);
	r->d->devices = g_string_free(s, FALSE);
}

static bool complete(struct reading *r, GError **error)
{
	if (!r->d->machine)
		return refuse(r, error, "no <os> with a <type> of the machine");
	if (!r->iommus)
		return refuse(r, error, "no <iommu model='intel'>: there is nothing to judge; add one to <devices>");
	if (!r->has_memory)
		return refuse(r, error, "no <memory>");
	if (r->leaves > PORTS_MAX)
		return refuse(r, error, "more than %d devices", PORTS_MAX);
	/* QEMU's own choice is on where interrupts are its business, not KVM's */
	r->d->intremap = r->intremap < 0 ? !r->d->kvm || r->split : r->intremap;
	if (r->d->eim > 0 && !r->d->intremap)
		return refuse(r, error, "<iommu>: eim='on' needs intremap='on'");
	if (!r->disks)
		change(r, "it has no disk: the lab's is added");
	if (!r->nics)
		change(r, "it has no network card: the lab's is added");
	if (r->disks || r->nics)
		change(r, "its disk and network card are on the root bus, at the lab's addresses");
	if (r->ports)
		change(r, "its root ports are at the lab's addresses");
	if (r->d->kvm && !r->split)
		change(r, "<ioapic driver='qemu'/> is added: the lab's interrupts are QEMU's");
	if (r->current && r->current != r->d->memory)
		change(r, "<currentMemory> is left out: the machine has all of <memory>");
	add_ports(r);
	return true;
}

struct libvirt_domain *libvirt_domain_parse(const char *xml, size_t len, const char *name, bool restricted,
					    GError **error)
{
	static const GMarkupParser parser = { .start_element = starts, .end_element = ends, .text = text };
	struct reading r = { .path = g_string_new(NULL), .intremap = -1, .restricted = restricted };
	GMarkupParseContext *context;
	g_autoptr(GError) said = NULL;
	bool ok;

	r.d = g_new0(struct libvirt_domain, 1);
	r.d->file = g_strdup(name);
	r.d->cpus = 1;
	r.d->nic = MACHINE_NIC_NONE;
	r.d->disk = MACHINE_DISK_NONE;
	r.d->eim = -1;
	r.d->devices = g_strdup("");
	r.d->changes = g_ptr_array_new_with_free_func(g_free);
	context = g_markup_parse_context_new(&parser, 0, &r, NULL);
	ok = g_markup_parse_context_parse(context, xml, (gssize)len, &said) &&
	     g_markup_parse_context_end_parse(context, &said) && complete(&r, &said);
	if (!ok && said->domain == VTDLAB_ERROR)
		g_propagate_error(error, g_steal_pointer(&said));
	else if (!ok)
		refuse(&r, error, "not a domain's XML: %.200s", said->message);
	g_markup_parse_context_free(context);
	g_string_free(r.path, TRUE);
	g_free(r.unit);
	g_free(r.device);
	g_free(r.bus);
	g_free(r.model);
	if (ok)
		return r.d;
	libvirt_domain_free(r.d);
	return NULL;
}

struct libvirt_domain *libvirt_domain_load(const char *path, bool restricted, GError **error)
{
	gsize len;
	g_autofree char *all = file_read_small("--domain", path, &len, error);

	return all ? libvirt_domain_parse(all, len, path, restricted, error) : NULL;
}

void libvirt_domain_free(struct libvirt_domain *d)
{
	if (!d)
		return;
	g_free(d->file);
	g_free(d->machine);
	g_free(d->devices);
	g_ptr_array_unref(d->changes);
	g_free(d);
}

GPtrArray *libvirt_domain_changes(const struct libvirt_domain *d, bool kvm)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);

	for (unsigned i = 0; i < d->changes->len; i++)
		g_ptr_array_add(all, g_strdup(d->changes->pdata[i]));
	if (!libvirt_domain_eim(d, kvm) && d->eim > 0)
		g_ptr_array_add(all, g_strdup("<iommu>: eim='on' is left out: without KVM QEMU has none"));
	return all;
}

bool libvirt_domain_eim(const struct libvirt_domain *d, bool kvm)
{
	return d->eim > 0 && kvm;
}
