# SPDX-License-Identifier: GPL-2.0-only
# The front door of vtdlab. `make` alone prints what can be typed.

MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

BUILD := build
CC := gcc
PKGS := glib-2.0 gio-2.0 gio-unix-2.0 json-glib-1.0 libkdumpfile gmodule-no-export-2.0 zlib
COMMIT := $(shell git describe --always --dirty --abbrev=12 2>/dev/null)

# A variable that nothing here knows is a slip of the pen, and what was meant would be left out without a word.
MADE_UP := $(foreach v,$(.VARIABLES),$(if $(filter command,$(origin $v)),$(if $(shell grep -E -- '^$v *[:?+]?=|[$][(]$v[):]' Makefile),,$v)))
$(if $(strip $(MADE_UP)),$(error no rule knows $(strip $(MADE_UP))=; `make help` has the variables))

# Options of the verbs, by the same names; empty means the scenario's own value.
SCENARIO ?= kdump
KERNEL ?=
KDIR ?=
CRASH_KERNEL ?=
MODULES ?=
QEMU ?=
VMM ?=
ACCEL ?=
CLOCK ?=
SET ?=
REPEAT ?=
RESULTS ?=
# Of `make run-group`
GROUP ?= quick
KTAP ?=
JUNIT ?=
# Of `make reproduce`: the bug's name, all or quick; SIDE=bad|good, JOBS=N
BUG ?=
SIDE ?=
JOBS ?=
# Of `make matrix`
MATRIX ?= smoke
J ?=
RESUME ?=
ENGINE ?=
NO_PROBES ?=
AS_SHIPPED ?=
SNAPSHOT ?=
# What `make golden` records (all), and whether `make mutation` boots VMs too (no).
RUNS ?=
# The run that `make report` is of.
RUN ?=
LIVE ?=
# Of `make bench-nested`; empty means the verb's own value (quick, lazy, the suite, none).
SUITE ?=
IOMMU ?=
TESTS ?=
L1_PARAMS ?=
# Scenarios of `make check-kvm`, cells of `make check-lab`, instead of all.
ONLY ?=
# How many damaged tables `make corrupt-copies` tries (200), and inputs `make fuzz-walk` (10^8).
N ?=
V ?=

RUN_OPTS := $(if $(KERNEL),--kernel '$(KERNEL)') $(if $(CRASH_KERNEL),--crash-kernel '$(CRASH_KERNEL)') \
	$(if $(MODULES),--modules '$(MODULES)') $(if $(QEMU),--qemu '$(QEMU)') $(if $(VMM),--vmm '$(VMM)') \
	$(if $(ACCEL),--accel '$(ACCEL)') $(if $(CLOCK),--clock '$(CLOCK)') \
	$(foreach s,$(SET),--set '$(s)') $(if $(REPEAT),--repeat '$(REPEAT)') \
	$(if $(RESULTS),--results '$(RESULTS)') $(if $(NO_PROBES),--no-probes) $(if $(AS_SHIPPED),--as-shipped) $(if $(SNAPSHOT),--snapshot) \
	$(if $(V),--verbose)

BENCH_OPTS := $(if $(KERNEL),--kernel '$(KERNEL)') $(if $(MODULES),--modules '$(MODULES)') \
	$(if $(QEMU),--qemu '$(QEMU)') $(if $(VMM),--vmm '$(VMM)') $(if $(ACCEL),--accel '$(ACCEL)') \
	$(if $(SUITE),--suite '$(SUITE)') $(if $(TESTS),--tests '$(TESTS)') \
	$(if $(CLOCK),--clock '$(CLOCK)') $(if $(IOMMU),--iommu '$(IOMMU)') \
	$(if $(L1_PARAMS),--l1-params '$(L1_PARAMS)') $(if $(REPEAT),--repeat '$(REPEAT)') \
	$(if $(RESULTS),--results '$(RESULTS)') $(if $(V),--verbose)

# Of `make install`.
PREFIX ?= /usr/local
DESTDIR ?=

# ---- host tools -------------------------------------------------------------------------------
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
CSTD := -std=gnu11
CPPFLAGS += -Ihost-tools -Iguests/include -D_GNU_SOURCE=
CFLAGS ?= -O2 -g
# Guests, files and QEMU are not trusted: what would overflow ends the program instead.
HARDEN = -fstack-protector-strong -fPIE \
	$(if $(filter -O%,$(filter-out -O0,$(CFLAGS))),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
HARDEN_LD := -pie -Wl,-z,relro,-z,now,-z,noexecstack
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
# libvirt is loaded when it is asked for (machine/libvirt-calls.h).
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS) libvirt)
PKG_LIBS = $(shell pkg-config --libs $(PKGS)) -lm

TOOL_SRC := $(sort $(wildcard host-tools/*/*.c))
TOOL_OBJ := $(TOOL_SRC:%.c=$(BUILD)/obj/%.o)
# The tests link the very same files, built with the sanitizers, but for main().
ASAN_OBJ := $(filter-out %/cmd/main.o,$(TOOL_SRC:%.c=$(BUILD)/asan/%.o))

$(BUILD)/vtdlab: $(TOOL_OBJ)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(HARDEN_LD) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CSTD) $(WARN) $(CPPFLAGS) $(PKG_CFLAGS) $(HARDEN) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/asan/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CSTD) $(WARN) $(CPPFLAGS) $(PKG_CFLAGS) -O1 -g $(SANITIZE) -MMD -MP -c -o $@ $<

# A file that changes only when the commit does, so that `vtdlab --version` never lies.
$(BUILD)/.commit: FORCE
	@mkdir -p $(@D); echo '$(COMMIT)' | cmp -s - $@ || echo '$(COMMIT)' > $@
VERSION_OBJ := $(BUILD)/obj/host-tools/results/version.o $(BUILD)/asan/host-tools/results/version.o
$(VERSION_OBJ): $(BUILD)/.commit
$(VERSION_OBJ): CPPFLAGS += -DVTDLAB_COMMIT='"$(COMMIT)"'

# ---- guest programs ---------------------------------------------------------------------------
# guests/lib is for the programs that prepare the machine; kvmperf stands alone.
GUEST_LIB := $(sort $(wildcard guests/lib/*.c))
GUEST_HDR := $(wildcard guests/lib/*.h guests/include/*.h)
GUEST_CC = $(CC) $(CSTD) $(WARN) -O2 -static -s -Iguests/include -Iguests/lib -D_GNU_SOURCE=

AGENT_SRC := $(sort $(wildcard guests/agent/*.c)) $(GUEST_LIB)
AGENT_HDR := $(wildcard guests/agent/*.h) $(GUEST_HDR)

$(BUILD)/guests/agent: $(AGENT_SRC) $(AGENT_HDR)
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) -o $@ $(AGENT_SRC)

# What runs inside the guest's guest is assembly: the compiler must not choose SSE there.
KVMPERF_SRC := $(sort $(wildcard guests/kvmperf/*.c guests/kvmperf/payload/*.S))
KVMPERF_HDR := $(wildcard guests/kvmperf/*.h guests/kvmperf/payload/*.h guests/include/edu.h)

$(BUILD)/guests/kvmperf: $(KVMPERF_SRC) $(KVMPERF_HDR)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CSTD) $(WARN) -O2 -static -s -pthread -Iguests/include -D_GNU_SOURCE= -o $@ $(KVMPERF_SRC)

# The same with the probe between it and KVM, as the kernel's selftests have it (scripts/selftests-build).
$(BUILD)/guests/kvmperf-probed: $(KVMPERF_SRC) $(KVMPERF_HDR) guests/probe/kvm-probe.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CSTD) $(WARN) -O2 -static -s -pthread -Iguests/include -D_GNU_SOURCE= -Wl,--wrap=ioctl,--wrap=_exit -o $@ \
		$(KVMPERF_SRC) guests/probe/kvm-probe.c

DMA_SRC := $(sort $(wildcard guests/dma/*.c)) $(GUEST_LIB)
DMA_HDR := $(wildcard guests/dma/*.h) $(GUEST_HDR)

$(BUILD)/guests/dma-load: $(DMA_SRC) $(DMA_HDR)
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) -o $@ $(DMA_SRC)

# ---- tests ------------------------------------------------------------------------------------
UNIT_SRC := $(sort $(wildcard tests/unit/test-*.c))
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/tests/%)
UNIT_HELP := $(filter-out $(UNIT_SRC),$(sort $(wildcard tests/unit/*.c)))
UNIT_HELP_OBJ := $(UNIT_HELP:%.c=$(BUILD)/asan/%.o)
AGENT_ASAN := $(patsubst %.c,$(BUILD)/asan/%.o,$(wildcard guests/agent/json-*.c))
GUEST_LIB_ASAN := $(GUEST_LIB:%.c=$(BUILD)/asan/%.o)
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz-*.c))
FUZZ_BIN := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/tests/%)

$(BUILD)/asan/guests/%.o: CPPFLAGS += -Iguests/agent -Iguests/lib
$(BUILD)/asan/tests/%.o: CPPFLAGS += -Itests/unit -Iguests/agent -Iguests/dma -Iguests/lib

$(UNIT_BIN) $(FUZZ_BIN): $(BUILD)/tests/%: $(ASAN_OBJ) $(UNIT_HELP_OBJ) $(AGENT_ASAN)
$(BUILD)/tests/test-agent-spawn: $(BUILD)/asan/guests/agent/spawn.o $(GUEST_LIB_ASAN)
$(BUILD)/tests/test-agent-leaks: $(BUILD)/asan/guests/agent/leaks.o $(GUEST_LIB_ASAN)
$(BUILD)/tests/test-agent-run: $(BUILD)/asan/guests/agent/run.o $(GUEST_LIB_ASAN)
$(BUILD)/tests/test-agent-net $(BUILD)/tests/test-guest-lib: $(GUEST_LIB_ASAN)
$(BUILD)/tests/test-dma-layout: $(BUILD)/asan/guests/dma/layout.o
$(UNIT_BIN): $(BUILD)/tests/%: $(BUILD)/asan/tests/unit/%.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(PKG_LIBS) $(shell pkg-config --libs cmocka)
$(FUZZ_BIN): $(BUILD)/tests/%: $(BUILD)/asan/tests/fuzz/%.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(PKG_LIBS) $(shell pkg-config --libs cmocka)

# The core of kernel-patches/, which the kernel builds too, and its tests.
KDUMP_SRC := $(sort $(wildcard kernel-patches/src/kdump_copy*.c))
KDUMP_HELP := $(sort $(wildcard tests/kdump-copy/fake*.c))
KDUMP_OBJ := $(patsubst %.c,$(BUILD)/asan/%.o,$(KDUMP_SRC) $(KDUMP_HELP))
# What walks tables, and all that it needs.
WALKER_SRC := $(wildcard host-tools/iommu/*.c host-tools/vtd/*.c) host-tools/base/sid.c tests/unit/table-builder.c
KDUMP_ORACLE := $(WALKER_SRC:%.c=$(BUILD)/asan/%.o)
KDUMP_TEST_SRC := $(sort $(wildcard tests/kdump-copy/test-*.c))
KDUMP_TEST_BIN := $(KDUMP_TEST_SRC:tests/kdump-copy/%.c=$(BUILD)/tests/%)
KDUMP_INCLUDE := -Ikernel-patches/src -Itests/kdump-copy -Itests/unit

# What is not the core includes headers of the kernel, which have a stand-in here.
$(addprefix $(BUILD)/asan/tests/kdump-copy/test-kdump-,resv.o domain-graft.o domain-reserve.o link.o console.o option.o): \
	CPPFLAGS += -Itests/kdump-copy/shim -Wno-unused-parameter

$(BUILD)/asan/kernel-patches/%.o $(BUILD)/asan/tests/%.o: CPPFLAGS += $(KDUMP_INCLUDE)
$(BUILD)/tests/fuzz-kdump-copy: $(KDUMP_OBJ)
$(KDUMP_TEST_BIN): $(BUILD)/tests/%: $(BUILD)/asan/tests/kdump-copy/%.o $(KDUMP_OBJ) $(KDUMP_ORACLE)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(PKG_LIBS) $(shell pkg-config --libs cmocka)

# The fuzzers once more, for libFuzzer: it looks which of the code an input has reached. Of clang; tests/fuzz/run asks.
FUZZ_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_OBJ = $(ASAN_OBJ) $(UNIT_HELP_OBJ) $(AGENT_ASAN) $(KDUMP_OBJ)
FUZZ_LIB := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/fuzz/%)
$(BUILD)/fuzz/obj/%.o: CPPFLAGS += -Itests/unit -Iguests/agent -Iguests/lib $(KDUMP_INCLUDE) -DVTDLAB_LIBFUZZER \
	-DVTDLAB_COMMIT='"fuzz"'
$(BUILD)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(Q)clang $(CSTD) -w $(CPPFLAGS) $(PKG_CFLAGS) -O1 -g -fsanitize=fuzzer-no-link $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<
$(FUZZ_LIB): $(BUILD)/fuzz/%: $(BUILD)/fuzz/obj/tests/fuzz/%.o $(FUZZ_OBJ:$(BUILD)/asan/%=$(BUILD)/fuzz/obj/%)
	$(Q)clang -fsanitize=fuzzer $(FUZZ_FLAGS) -o $@ $^ $(PKG_LIBS) $(shell pkg-config --libs cmocka)
fuzz-programs: $(FUZZ_LIB)
# And that of the walker without sanitizers, for very many inputs.
FUZZ_WALK_SRC := tests/fuzz/fuzz-walk.c $(WALKER_SRC)
$(BUILD)/fuzz-walk: $(FUZZ_WALK_SRC:%.c=$(BUILD)/obj/%.o)
	$(Q)$(CC) $(CFLAGS) $(HARDEN_LD) -o $@ $^ $(PKG_LIBS)

# Instructions are counted, so the core is built as the kernel does: without SSE.
BENCH_COPY_SRC := tests/kdump-copy/bench-copy.c $(KDUMP_HELP) $(KDUMP_SRC) $(WALKER_SRC)
BENCH_COPY_OBJ := $(BENCH_COPY_SRC:%.c=$(BUILD)/obj/%.o)

$(BUILD)/obj/kernel-patches/%.o $(BUILD)/obj/tests/%.o: CPPFLAGS += $(KDUMP_INCLUDE)
$(BUILD)/obj/kernel-patches/%.o: CFLAGS += -mno-sse
$(BUILD)/obj/kernel-patches/%.o $(BUILD)/obj/tests/%.o: HARDEN =
$(BUILD)/bench-copy: $(BENCH_COPY_OBJ)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(PKG_LIBS)

# kvmperf's own tests link its files, but for main().
KVMPERF_TEST_SRC := $(sort $(wildcard tests/kvmperf/test-*.c))
KVMPERF_TEST_BIN := $(KVMPERF_TEST_SRC:tests/kvmperf/%.c=$(BUILD)/tests/%)
KVMPERF_ASAN := $(patsubst %,$(BUILD)/asan/%.o,$(basename $(filter-out %/main.c,$(KVMPERF_SRC))))

$(BUILD)/asan/tests/kvmperf/%.o: CPPFLAGS += -Iguests
$(BUILD)/asan/%.o: %.S
	@mkdir -p $(@D)
	$(Q)$(CC) -MMD -MP -c -o $@ $<
$(KVMPERF_TEST_BIN): $(BUILD)/tests/%: $(BUILD)/asan/tests/kvmperf/%.o $(KVMPERF_ASAN)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SANITIZE) -pthread -o $@ $^ $(shell pkg-config --libs cmocka)

# Mutations of recorded runs: many short processes, so without the sanitizers.
META_SRC := $(sort $(wildcard tests/meta/*.c))
META_OBJ := $(META_SRC:%.c=$(BUILD)/obj/%.o) $(filter-out %/cmd/main.o,$(TOOL_OBJ))

$(BUILD)/obj/tests/%.o: CPPFLAGS += -Itests/meta
$(BUILD)/tests/mutate: $(META_OBJ)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(PKG_LIBS)

Q := $(if $(V),,@)

# ---- what a user types ------------------------------------------------------------------------
.PHONY: help setup setup-check all build test-programs run-kdump-scenario run-group reproduce matrix bugs check check-quick check-faults check-kvm check-lab check-libvirt check-deb fuzz fuzz-walk fuzz-programs \
	fetch bench-nested bench-host bench-walk bench-copy bench-harness bench-boot bench-speed bench-parallel bench-sweeps list doctor mutation report golden check-docs install deb clean kernel \
	compare-copy-designs compare-selftests scaling-copy crash-memory corrupt-copies lint-kernel mutation-kernel series series-fixes check-series print-tests FORCE
FORCE:

##@ Main jobs
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } \
	/^##@/ { printf "\n%s\n", substr($$0, 5) } \
	/^[a-zA-Z0-9_-]+:.*## / { printf "  make %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nVariables of run-kdump-scenario:\n  SCENARIO=%s  (make list)   KERNEL=debian-6.1|debian-6.12|debian-7.3|lab-6.1|lab-6.12|lab-6.12-fixes|lab-7.3|debian:RELEASE|PATH\n' '$(SCENARIO)'
	@printf '  CRASH_KERNEL=  MODULES=DIR  QEMU=qemu-10.0|PATH  VMM=qemu|libvirt[:URI]  ACCEL=auto|kvm|tcg  SET="section.key=value ..."  REPEAT=N  RESULTS=DIR  CLOCK=wall|virtual  NO_PROBES=1  AS_SHIPPED=1  SNAPSHOT=1  V=1\n'
	@printf '\nmake only passes 0 or 2 on; for git bisect and scripts use build/vtdlab run (0, 1, 2, 125, 130).\n'

run-kdump-scenario: build ## panic a VM with a live IOMMU and judge what the crash kernel did
	@$(BUILD)/vtdlab run '$(SCENARIO)' $(RUN_OPTS) || { s=$$?; echo "vtdlab run: exit status $$s" >&2; exit $$s; }

run-group: build ## a group of scenarios, a line each: GROUP=quick|full|negative|lab|slow KTAP=1 JUNIT=FILE
	@$(BUILD)/vtdlab run --group '$(GROUP)' --keep-going $(if $(KTAP),--ktap) $(if $(JUNIT),--junit '$(JUNIT)') $(RUN_OPTS) || \
		{ s=$$?; echo "vtdlab run: exit status $$s" >&2; exit $$s; }

reproduce: build ## an IOMMU bug on demand: BUG=NAME (see make bugs), all or quick; SIDE=bad|good JOBS=N
	@[ -n '$(BUG)' ] || { echo "make reproduce BUG=NAME: \`make bugs\` names them; or BUG=all, BUG=quick" >&2; exit 2; }
	@$(BUILD)/vtdlab reproduce $(BUG) $(if $(SIDE),--side '$(SIDE)') $(if $(JOBS),--jobs '$(JOBS)') \
		$(if $(REPEAT),--repeat '$(REPEAT)') $(if $(RESULTS),--results '$(RESULTS)') $(if $(V),--verbose) || \
		{ s=$$?; echo "vtdlab reproduce: exit status $$s" >&2; exit $$s; }

matrix: build ## axes crossed, each cell run and judged: MATRIX=smoke (or a file) J=N RESUME=1 ENGINE=slurm
	@$(BUILD)/vtdlab matrix '$(MATRIX)' $(if $(J),--jobs '$(J)') $(if $(RESUME),--resume) \
		$(if $(ENGINE),--engine '$(ENGINE)') $(if $(RESULTS),--results '$(RESULTS)') $(if $(V),--verbose) || \
		{ s=$$?; echo "vtdlab matrix: exit status $$s" >&2; exit $$s; }

bugs: build ## the catalogue of bugs that can be reproduced
	@$(BUILD)/vtdlab bugs

bench-nested: build ## what the memory of KVM guests inside a VM costs: SUITE=quick|full CLOCK=virtual|wall IOMMU=off|pt|lazy|strict|caching
	@$(BUILD)/vtdlab bench $(BENCH_OPTS) || { s=$$?; echo "vtdlab bench: exit status $$s" >&2; exit $$s; }

bench-host: ## the same on this machine's own /dev/kvm
	@$(MAKE) --no-print-directory $(BUILD)/guests/kvmperf
	@$(BUILD)/guests/kvmperf suite '$(or $(SUITE),quick)'

ifneq ($(filter check check-quick,$(MAKECMDGOALS)),)
# They would pass judgement on programs of some other day.
$(if $(filter build,$(BUILD)),,$(error the tests run what is in build/: leave BUILD=$(BUILD) out))
endif

check: setup-check ## build with -Werror and run every test, real runs included
	@$(MAKE) --no-print-directory all test-programs
	@tests/run-tests

check-quick: setup-check ## the same without booting a VM
	@$(MAKE) --no-print-directory all test-programs
	@VTDLAB_TEST_VM=0 tests/run-tests

check-faults: setup-check build ## faults on purpose: signals, full disks, no memory, two runs at once (as root, all of them)
	@VTDLAB=$(BUILD)/vtdlab bats tests/faults

check-kvm: setup-check build ## the lab under a real KVM, in a VM that is emulated with SVM: the same verdicts as under TCG
	@tests/kvm/check-kvm

check-libvirt: setup-check build ## six scenarios and a benchmark under libvirt: the same verdicts as without (VMM=libvirt[:URI] REPEAT=N)
	@VMM='$(or $(VMM),libvirt)' REPEAT='$(or $(REPEAT),1)' tests/libvirt/check-libvirt

check-lab: setup-check build ## the deep copy: scenario x mode x kernel of ours (LAB_KERNELS="NAME.." ONLY="AXIS=VALUE.." J=N RESUME=1)
	@LAB_KERNELS='$(LAB_KERNELS)' ONLY='$(ONLY)' J='$(J)' RESUME='$(RESUME)' VTDLAB='$(BUILD)/vtdlab' tests/lab/check-lab

fuzz: setup-check ## every fuzzer for SECONDS=60, by libFuzzer where clang is: executions and coverage of each
	@CC="$(CC)" tests/fuzz/run $(or $(SECONDS),60)

fuzz-walk: ## very many executions of the walker, without sanitizers, on every CPU: N=100000000
	@CC="$(CC)" tests/fuzz/walk $(or $(N),100000000)

list: build ## the scenarios that can be run
	@$(BUILD)/vtdlab list scenarios

doctor: build ## what this host offers: QEMUs, KVM, trace events, space
	@$(BUILD)/vtdlab doctor

mutation-kernel: ## spoil the deep copy (kernel-patches/src): a test of tests/kdump-copy must notice each
	@CC="$(CC)" tests/meta/kdump-copy

mutation: build ## spoil recorded runs and the code of kvmperf's checks: each must be noticed (LIVE=1: also one of each family in VMs)
	@$(MAKE) --no-print-directory $(BUILD)/tests/mutate
	@$(BUILD)/tests/mutate tests/golden/runs
	@CC="$(CC)" tests/meta/kvmperf
	@[ -z "$(LIVE)" ] || VTDLAB=$(BUILD)/vtdlab tests/meta/live

##@ Upkeep
fetch: setup ## fetch every named kernel and QEMU, and the tools of crash initramfs; later runs need no network
	@scripts/kernel-get --all > /dev/null
	@scripts/qemu-get --all > /dev/null
	@scripts/foreign-initrd --all

kernel: ## build a kernel of ours, with kernel-patches: KERNEL=lab-6.12, or KDIR=~/linux (a copy of it)
	@scripts/kernel-build --report $(if $(KDIR),--kdir '$(KDIR)') $(if $(KERNEL),'$(KERNEL)')

series-fixes: ## kernel-patches/fixes as a `git am`-able series with a cover letter: TREE=~/linux OUT=DIR
	@scripts/series-fixes "$(TREE)" "$(or $(OUT),$(BUILD)/series-fixes)"

series: ## the deep copy as a `git am`-able series with a cover letter: TREE=~/linux OUT=DIR REROLL=N with CHANGES=FILE or SINCE=DIR
	@scripts/series-copy "$(TREE)" "$(or $(OUT),$(BUILD)/series)" $(if $(REROLL),--reroll '$(REROLL)') \
		$(if $(CHANGES),--changes '$(CHANGES)') $(if $(SINCE),--since '$(SINCE)')

check-series: ## `git am` of that series on the sources of lab-6.12 and lab-7.3 (KERNEL=NAME), each patch compiled and checked
	@scripts/check-series $(KERNEL)

report: build ## the page of a run, to look at: RUN=results/NAME (results/latest)
	@$(BUILD)/vtdlab report $(if $(RUN),'$(RUN)')

golden: build ## record the golden runs again (some minutes; look at the changes before keeping them)
	@$(MAKE) --no-print-directory $(BUILD)/tests/mutate
	@VTDLAB=$(BUILD)/vtdlab MUTATE=$(BUILD)/tests/mutate scripts/golden-runs $(RUNS)

bench-walk: build ## nanoseconds a leaf of the table walker, and the ratio to memcpy
	@$(BUILD)/vtdlab bench-walk

bench-copy: ## nanoseconds and instructions a page of the deep copy's core, on this host
	@$(MAKE) --no-print-directory $(BUILD)/bench-copy
	@$(BUILD)/bench-copy

bench-speed: build ## what a run costs in CPU seconds: as shipped, flat, with all shortcuts, from a snapshot (KERNEL=, REPEAT=rounds)
	@scripts/bench-speed speed '$(REPEAT)' '$(KERNEL)'
bench-parallel: build ## how many times the runs an hour two at once are, and the memory of a run
	@scripts/bench-speed parallel '$(REPEAT)' '$(KERNEL)'
bench-boot: build ## what each of `vtdlab list shortcuts` saves by itself
	@scripts/bench-speed boot '$(REPEAT)' '$(KERNEL)'
bench-harness: build ## what observing costs a run, as a ratio from one series
	@scripts/bench-harness

compare-copy-designs: build ## what shallow, reserving and deep copy cost and protect: docs/findings/copy-designs.md
	@scripts/compare-copy-designs $(if $(REPEAT),--repeat '$(REPEAT)') $(KERNEL)

compare-selftests: build ## kvmperf beside the kernel's own KVM selftests, built here from Debian's 6.1 source: CLOCK=virtual|wall
	@VTDLAB=$(BUILD)/vtdlab scripts/compare-selftests $(if $(CLOCK),--clock '$(CLOCK)') $(if $(KERNEL),--kernel '$(KERNEL)')

scaling-copy: build ## what copy and reservation take by the number of mapped pages, in instructions
	@scripts/scaling-copy $(if $(KERNEL),--kernel '$(KERNEL)') $(if $(REPEAT),--repeat '$(REPEAT)')

bench-sweeps: build ## nested KVM by L1's kernel and by the mode of its vIOMMU: docs/findings/nested-kvm-sweeps.md
	@scripts/bench-sweeps --out docs/findings/nested-kvm-sweeps.md

crash-memory: build ## the least crashkernel= by kernel, initramfs and mode of the IOMMU: docs/findings/crash-memory.md
	@scripts/crash-memory $(if $(KERNEL),--kernels '$(KERNEL)') $(if $(RESULTS),--results '$(RESULTS)') --out docs/findings/crash-memory.md

lint-kernel: ## checkpatch.pl --strict, kernel-doc, W=1 and sparse over kernel-patches, for every lab kernel (KERNEL=lab-6.12: that one; KDIR=~/linux)
	@scripts/kernel-build --lint $(if $(KDIR),--kdir '$(KDIR)') $(if $(KERNEL),'$(KERNEL)')

corrupt-copies: build ## deep copies of damaged tables, aimed (all 50) and random (N=200): none may hurt the crash kernel (KERNEL=)
	@scripts/corrupt-copy $(if $(N),--runs '$(N)') $(if $(KERNEL),--kernel '$(KERNEL)')

# PREFIX/lib/vtdlab is the lab as the program looks for it: what it reads, what it runs, and the programs of the guests. It is one
# directory, and below lib, since VTDLAB_ROOT names the whole of it and the programs are of one architecture.
INSTALLED_SCRIPTS := bisect-tree extract-vmlinux foreign-initrd host-setup kernel-build kernel-changelog kernel-get \
	make-initramfs qemu-get slurm-cell
LAB_DIR = $(DESTDIR)$(PREFIX)/lib/vtdlab
DOC_DIR = $(DESTDIR)$(PREFIX)/share/doc/vtdlab
# Of a distribution's packages, and of everybody else.
ZSH_DIR = $(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
install: all ## the program, its data, man pages and completion: PREFIX=/usr/local DESTDIR=
	@install -d '$(DESTDIR)$(PREFIX)/bin' '$(LAB_DIR)/scripts/lib' '$(LAB_DIR)/build/guests' \
		'$(DESTDIR)$(PREFIX)/share/man/man1' '$(DOC_DIR)' \
		'$(DESTDIR)$(PREFIX)/share/bash-completion/completions' '$(DESTDIR)$(PREFIX)/share/zsh/$(ZSH_DIR)'
	@install '$(BUILD)/vtdlab' '$(DESTDIR)$(PREFIX)/bin/vtdlab'
	@install $(BUILD)/guests/* '$(LAB_DIR)/build/guests/'
	@install $(INSTALLED_SCRIPTS:%=scripts/%) '$(LAB_DIR)/scripts/'
	@install -m 644 scripts/lib/* '$(LAB_DIR)/scripts/lib/'
	@rm -rf '$(LAB_DIR)'/{scenarios,bugs,matrices,images,kernel-patches}
	@cp -r --no-preserve=ownership scenarios bugs matrices images kernel-patches '$(LAB_DIR)/'
	@VTDLAB='$(BUILD)/vtdlab' scripts/man-pages '$(DESTDIR)$(PREFIX)/share/man/man1'
	@rm -rf '$(DOC_DIR)/docs'
	@cp -r --no-preserve=ownership README.md HACKING.md NEWS docs '$(DOC_DIR)/'
	@rm '$(DOC_DIR)/docs/vtdlab.1'
	@install -D -m 644 tests/house/rooms '$(DOC_DIR)/tests/house/rooms'
	@ln -sfn ../../../lib/vtdlab/kernel-patches '$(DOC_DIR)/kernel-patches'
	@install -m 644 completion/vtdlab.bash '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/vtdlab'
	@install -m 644 completion/_vtdlab '$(DESTDIR)$(PREFIX)/share/zsh/$(ZSH_DIR)/'

check-docs: build ## run every block of the docs that is marked to be run (VMs: some minutes)
	@tests/docs/check-docs

deb: ## a Debian package, in build/deb
	@scripts/make-deb
check-deb: deb ## the package on clean Debian 12 and 13: installed, and a kdump run there (root, mmdebstrap, network)
	@tests/deb/check-deb

clean: ## remove build/ (results and the cache of kernels stay)
	@rm -rf $(BUILD)

setup:
	@scripts/host-setup --for $(if $(filter libvirt%,$(VMM)),libvirt,run)
setup-check:
	@scripts/host-setup --for all

# A sub-make, because pkg-config may only exist after the setup.
build: setup ## the program alone, build/vtdlab
	@$(MAKE) --no-print-directory all
all: $(BUILD)/vtdlab $(BUILD)/guests/agent $(BUILD)/guests/kvmperf $(BUILD)/guests/kvmperf-probed \
	$(BUILD)/guests/dma-load
TEST_BIN := $(UNIT_BIN) $(KVMPERF_TEST_BIN) $(KDUMP_TEST_BIN) $(FUZZ_BIN) $(BUILD)/tests/mutate
test-programs: $(TEST_BIN)
# What tests/run-tests runs, and misses if it is not built.
print-tests:
	@printf "%s\n" $(sort $(TEST_BIN))

-include $(shell find $(BUILD)/obj $(BUILD)/asan $(BUILD)/fuzz/obj -name '*.d' 2>/dev/null)
