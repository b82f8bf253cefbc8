#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The program's own verbs and its words for what is wrong. Boots nothing, fetches nothing.

bats_require_minimum_version 1.5.0
load vtdlab-fixture

setup()
{
	find_vtdlab
}

@test "alone, help and --help print the verbs" {
	for args in "" help --help -h; do
		# shellcheck disable=SC2086 # the empty one is no argument
		run "$vtdlab" $args
		[ "$status" -eq 0 ]
		[[ $output == *"usage: vtdlab VERB"* ]]
		for verb in run list doctor walk diff cache bench bench-walk help; do
			[[ $output == *"  $verb "* ]]
		done
	done
}

@test "--version" {
	run "$vtdlab" --version
	[ "$status" -eq 0 ]
	[[ $output =~ ^vtdlab\ [0-9]+\.[0-9]+\.[0-9]+ ]]
}

@test "every verb has its help" {
	for verb in run list doctor walk diff cache bench bench-walk; do
		run "$vtdlab" help "$verb"
		echo "$verb: $output"
		[ "$status" -eq 0 ]
		[[ $output == *"$verb"* ]]
		run "$vtdlab" "$verb" --help
		[ "$status" -eq 0 ]
	done
}

@test "an unknown verb names the nearest" {
	refused rnu :: "no verb 'rnu'" "'run'"
	refused help dcotor :: "'doctor'"
	refused version x :: "version takes no word. Try: vtdlab help"
	[[ $output != *"help help"* ]]
	refused qwertyuiop :: "vtdlab help"
}

@test "words that would do something to the terminal are shown without" {
	for word in $'a\e[31mb' $'a\xc2\x9b31mb' $'a\xe2\x80\xaeb'; do
		refused "$word" :: "no verb 'a"
		refused run "$word" :: a
		refused list --"$word" :: a
		refused run kdump --break "$word" :: a
	done
}

@test "the program is hardened" {
	command -v readelf >/dev/null || skip "no readelf here"
	run readelf -hldW --dyn-syms "$vtdlab"
	[[ $output == *'DYN (Position-Independent Executable'* ]]
	[[ $output == *GNU_RELRO* && $output == *BIND_NOW* ]]
	[[ $output == *__stack_chk_fail* ]]
	grep -qE 'GNU_STACK .* RW ' <<<"$output"
}

@test "an unknown option is refused" {
	refused list --nmaes :: --nmaes "vtdlab help list"
	refused doctor word :: word
}

@test "list scenarios, kernels, qemus, checks and keys" {
	run "$vtdlab" list
	[ "$status" -eq 0 ]
	[[ $output == *kdump-nocopy* ]]
	run "$vtdlab" list scenarios --names
	[ "$status" -eq 0 ]
	[ "$(printf '%s\n' "${lines[@]}" | sort)" = \
		"$(cd "$root/scenarios" && printf '%s\n' *.conf | sed 's/\.conf$//' | sort)" ]
	run "$vtdlab" list kernels
	[ "$status" -eq 0 ]
	[[ $output == *debian-6.1\ * ]]
	run "$vtdlab" list qemus
	[ "$status" -eq 0 ]
	[[ $output == *qemu-10.0\ *10.0.2*"QEMU 10.0"* ]]
	run "$vtdlab" list qemus --names
	[ "$(printf '%s\n' "${lines[@]}" | sort)" = "$("$root/scripts/qemu-get" --list | sort)" ]
	run "$vtdlab" list keys
	[ "$status" -eq 0 ]
	[[ $output == *"mode=legacy"* && $output == *"flat, pxb-bridge, pcie-pci-bridge"* ]]
	run "$vtdlab" list shortcuts
	[ "$status" -eq 0 ]
	[[ "$output" == *"crash.image=flat "*"-erms,-fsrm "*"cryptomgr.notests "*"rodata=off "*"noreplace-smp "*"initcall_blacklist="*"--as-shipped"* ]]
	# a name that is too long for its column does not push the others out of theirs
	[[ "$output" == *$'bpf_dummy_struct_ops_init\n                                    0.'* ]]
	refused list chekcs :: "did you mean checks?"
	refused list qemu :: "did you mean qemus?"
}

@test "list checks, with their outcomes" {
	run "$vtdlab" list checks
	[ "$status" -eq 0 ]
	grep -q '^leaves-equal .*copy-wrong' <<<"$output"
	run "$vtdlab" list checks --names
	[ "${#lines[@]}" -ge 21 ]
}

# The page of a run begins with the title: whatever it promised, an outcome may deny.
@test "no title of a scenario says how it ends" {
	count=0
	for f in scenarios/*.conf; do
		title=$(sed -n "s/^title=//p" "$f")
		[ -n "$title" ]
		if grep -qwiE "preserved|keeps|kept|survives?|works|lost|loses|fails|wrong|good|bad|broken" <<<"$title"; then
			echo "$f: $title"
			false
		fi
		count=$((count + 1))
	done
	[ "$count" -ge 25 ]
}

@test "a broken scenario is named with its line, the others are listed" {
	mkdir -p "$BATS_TEST_TMPDIR/tree/scenarios" "$BATS_TEST_TMPDIR/tree/scripts"
	printf '[scenario]\ntitle=good\n' >"$BATS_TEST_TMPDIR/tree/scenarios/a.conf"
	printf '[iommu]\nmdoe=legacy\n' >"$BATS_TEST_TMPDIR/tree/scenarios/b.conf"
	VTDLAB_ROOT=$BATS_TEST_TMPDIR/tree run "$vtdlab" list
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *good* ]]
	[[ $output == *"b.conf:2: iommu.mdoe"*"iommu.mode"* ]]
}

@test "run refuses what it cannot do, before anything starts" {
	refused run kdmup :: "no scenario 'kdmup'" "kdump"
	refused run /nonexistent/x.conf :: /nonexistent/x.conf
	refused run kdump --set iommu.mod=legacy :: "iommu.mod:" "iommu.mode"
	refused run kdump --set machine.memory=1 :: "write 1M or 1G"
	refused run kdump --set machine.cpus=none :: 1..64
	refused run kdump --set machine.snapshot=maybe :: "on, off"
	refused run kdump --snapshot --boot :: "--snapshot or --boot, not both"
	refused run kdump --set devices.topology=pcie-pci-bridge :: "devices.nic=virtio or e1000"
	refused run kdump --set devices.edu=yes :: "on, off"
	refused run kdump-many --set devices.edu=off :: "set devices.edu=on"
	refused run kdump-many --set "first.workload=vfio-map pages=0" :: "'pages=0'" 1..4000000
	refused run kdump-many --set "first.workload=vfio-map pages=ten" :: "'pages=ten'" 1..4000000
	refused run kdump-many --set "first.workload=vfio-map pages=9 size=3k" :: "4k or 2m"
	refused run kdump-many --set first.workload=fio :: "no workload 'fio'"
	refused run kdump --set corrupt.what=zap-contxt :: "zap-context"
	refused run kdump --set devices.topology=pxb-bridge :: "only devices.nic=virtio works"
	refused run kdump --set scenario.expect-fail=leaves-equl :: "nearest is leaves-equal"
	refused run kdump --set scenario.expect-fail=rig :: "rig cannot"
	refused run kdump --accel fast :: "auto, kvm, tcg"
	[ ! -e "$VTDLAB_CACHE" ]
}

@test "a signal while a kernel is prepared: ended at once, and so is the script" {
	local how other status
	mkdir -p "$VTDLAB_CACHE/kernels"
	exec 9>"$VTDLAB_CACHE/lock"
	flock 9
	for how in TERM HUP KILL; do
		# what the one before has said must not be taken for this one's word
		rm -f "$BATS_TEST_TMPDIR/err"
		"$vtdlab" run kdump --kernel debian-6.1 --results "$BATS_TEST_TMPDIR/res" 2>"$BATS_TEST_TMPDIR/err" 9>&- 3>&- &
		until grep -qs 'waiting for another process' "$BATS_TEST_TMPDIR/err"; do sleep 0.1; done
		other=$(cat "/proc/$!/task/$!/children")
		kill -"$how" $!
		status=0
		wait $! || status=$?
		[ "$status" -eq "$([[ $how == KILL ]] && echo 137 || echo 130)" ]
		# a parent that was killed does not wait for it
		for _ in {1..100}; do
			grep -qs '^State:[[:space:]]*[^Z]' "/proc/$other/status" || break
			sleep 0.1
		done
		run ! grep -qs '^State:[[:space:]]*[^Z]' "/proc/$other/status"
	done
}

@test "output that cannot be written is a failure" {
	[ -c /dev/full ] || skip "no /dev/full"
	status=0
	"$vtdlab" list keys >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[ "$status" -eq 125 ]
	grep -q 'cannot write' "$BATS_TEST_TMPDIR/err"
}

# A cache like a real one, with things in it that are not ours.
make_cache()
{
	mkdir -p "$VTDLAB_CACHE"/{kernels/old_1/modules,kernels/new_1,apt/state,mine} "$BATS_TEST_TMPDIR/outside"
	echo keep >"$BATS_TEST_TMPDIR/outside/file"
	ln -s "$BATS_TEST_TMPDIR/outside" "$VTDLAB_CACHE/kernels/old_1/modules/link"
	ln -s "$BATS_TEST_TMPDIR/outside" "$VTDLAB_CACHE/kernels/link_1"
	dd if=/dev/zero of="$VTDLAB_CACHE/kernels/old_1/bzImage" bs=64k count=1 status=none
	echo keep >"$VTDLAB_CACHE/mine/file"
	find "$VTDLAB_CACHE/kernels/old_1" "$VTDLAB_CACHE/kernels/link_1" -exec touch -h -d '40 days ago' {} +
}

@test "soak: bad words are refused before anything presses on the host" {
	for hours in 0 -1 nan 1001; do
		refused soak --hours=$hours :: "--hours" "more than 0, 1000 at most"
	done
	refused soak --hours=x :: --hours
	for kind in rain cpu,rain '' , cpu: cpu:0 cpu:1025 cpu:x memory:2; do
		refused soak --pressure="$kind" :: "--pressure $kind: cpu (cpu:1 to cpu:1024), memory and disk, or none"
	done
	refused soak kdump nonesuch :: "no scenario 'nonesuch'"
	refused soak kdump --set iommu.mode=x :: "'x' is not allowed"
	run "$vtdlab" soak --hours 0.01 --results /dev/null/x
	[ "$status" -eq 2 ]
	[[ $output == *"/dev/null/x/soak"* ]]
}

@test "cache shows sizes" {
	run "$vtdlab" cache
	[ "$status" -eq 0 ]
	[[ $output == *"nothing is cached"* ]]
	make_cache
	run "$vtdlab" cache
	[ "$status" -eq 0 ]
	[[ $output == *old_1* && $output == *apt* && $output == *"in all"* ]]
}

@test "cache prune takes only what is old, and follows no link" {
	make_cache
	run "$vtdlab" cache prune --older-than 30 --dry-run
	[ "$status" -eq 0 ]
	[[ $output == *"would remove kernels/old_1"* ]]
	[ -e "$VTDLAB_CACHE/kernels/old_1/bzImage" ]
	run "$vtdlab" cache prune --older-than 30
	echo "$output"
	[ "$status" -eq 0 ]
	[ ! -e "$VTDLAB_CACHE/kernels/old_1" ]
	[ ! -L "$VTDLAB_CACHE/kernels/link_1" ]
	[ -d "$VTDLAB_CACHE/kernels/new_1" ]
	[ -d "$VTDLAB_CACHE/apt" ]
	[ "$(cat "$BATS_TEST_TMPDIR/outside/file")" = keep ]
	[ -z "$(ls -A "$VTDLAB_CACHE/tmp")" ]
}

@test "cache prune --all leaves what is not the lab's" {
	make_cache
	run "$vtdlab" cache prune --all
	[ "$status" -eq 0 ]
	[ -z "$(ls -A "$VTDLAB_CACHE/kernels")" ]
	[ ! -e "$VTDLAB_CACHE/apt" ]
	[ "$(cat "$VTDLAB_CACHE/mine/file")" = keep ]
	[ "$(cat "$BATS_TEST_TMPDIR/outside/file")" = keep ]
}

@test "cache: nothing of it is left out of the size, and a tree that is being built in stays" {
	make_cache
	mkdir -p "$VTDLAB_CACHE"/{lab/{sources/s,work/{busy,idle}},ccache,selftests/t,changelogs,libvirt}
	for dir in lab/sources/s lab/work/busy lab/work/idle ccache selftests/t changelogs libvirt; do
		dd if=/dev/zero of="$VTDLAB_CACHE/$dir/file" bs=1M count=1 status=none
	done
	run "$vtdlab" cache
	echo "$output"
	[[ $output == *others* ]]
	[ "$(sed -nE 's/^  in all +([0-9]+)\..*/\1/p' <<<"$output")" -ge 7 ]
	exec 7>"$VTDLAB_CACHE/lab/work/busy/lock"
	flock 7
	run "$vtdlab" cache prune --all 7>&-
	exec 7>&-
	[ "$status" -eq 0 ]
	[[ $output == *'left lab/work/busy: a kernel is being made there'* ]]
	[ "$(cd "$VTDLAB_CACHE" && find . -name file | sort | tr '\n' ' ')" = './lab/work/busy/file ./mine/file ' ]
}

@test "cache prune waits for nobody, and takes nothing from under a fetch" {
	make_cache
	exec 7>"$VTDLAB_CACHE/lock"
	flock 7
	run "$vtdlab" cache prune --all 7>&-
	exec 7>&-
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"being fetched"* ]]
	[ -e "$VTDLAB_CACHE/kernels/old_1/bzImage" ]
}

@test "cache prune: no such number of days" {
	make_cache
	for days in -1 99999999 nan; do
		refused cache prune --older-than=$days :: "--older-than" "0 to 36500 days"
	done
}

@test "--qemu: a dry run of what is no QEMU is refused" {
	for qemu in /etc/passwd / -x /bin/true no-such-qemu; do
		run timeout 300 "$vtdlab" run kdump --dry-run --qemu="$qemu"
		echo "$qemu: $status $output"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *"$qemu"* ]]
	done
	[ ! -e "$VTDLAB_CACHE/kernels" ]
}

@test "cache refuses words it does not know" {
	refused cache purge :: purge
	make_cache
	refused cache prune :: --all --older-than
	refused cache prune --all --older-than 3 :: --all
	refused cache --all :: "belong to prune"
	refused cache prune --older-than -1 :: --older-than
}

@test "doctor says what is wrong with a QEMU that is none" {
	run "$vtdlab" doctor --no-kvm --qemu /bin/true
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *BAD*"not a QEMU"* ]]
	run "$vtdlab" doctor --no-kvm --qemu /nonexistent/qemu
	[ "$status" -eq 2 ]
	[[ $output == *"/nonexistent/qemu"* ]]
}

@test "doctor says what was shown under KVM where this host's is not proved" {
	run "$vtdlab" doctor
	[[ $output == *' KVM '* && $output != *$'\nok    KVM '* ]] || skip "KVM works here, or there is no QEMU"
	[[ $output == *'the lab under KVM was shown on an emulated SVM, never on VMX: make check-kvm'* ]]
}

@test "doctor finds a QEMU in PATH and its trace events" {
	command -v qemu-system-x86_64 >/dev/null || skip "no QEMU here"
	run "$vtdlab" doctor --no-kvm
	echo "$output"
	[[ $output == *"legacy yes, scalable"* ]]
	[[ $output == *"trace: log backend works"* ]]
	[[ $output == *"GiB free in"* ]]
	[[ $output == *libvirt*"--vmm libvirt"* ]]
}

@test "an image file that cannot be read is named, the others are listed" {
	for images in kernels qemus; do
		mkdir -p "$BATS_TEST_TMPDIR/tree/images/$images" "$BATS_TEST_TMPDIR/tree/"{scripts,scenarios}
		printf '[%s]\nrelease=r1\nversion=v1\ndescription=good one\n' "${images%s}" \
			>"$BATS_TEST_TMPDIR/tree/images/$images/a.conf"
		echo 'no key file' >"$BATS_TEST_TMPDIR/tree/images/$images/b.conf"
		VTDLAB_ROOT=$BATS_TEST_TMPDIR/tree run "$vtdlab" list $images
		echo "$output"
		[ "$status" -eq 2 ]
		[[ $output == *"$images/b.conf: "* && $output == *"good one"* ]]
	done
}

@test "run --break: a function's name, of one kernel that both are" {
	refused run kdump --break '' :: "--break '': which function?"
	for bad in 'a b' first: '$(x)' crash:.x attach: other:x; do
		refused run kdump --break "$bad" :: "machine.break '$bad': the name of a function"
		refused run kdump --set devices.dma=nic --set "machine.break=$bad" :: "machine.break '$bad': the name of a function"
	done
	# the option gives up the DMA that QEMU completes as it stops; who sets the key says so
	refused run kdump --set machine.break=qi_flush_context :: "set devices.dma=nic"
	printf '%s\n' '[machine]' break=first:x '[devices]' dma=both >"$BATS_TEST_TMPDIR/s.conf"
	refused run "$BATS_TEST_TMPDIR/s.conf" :: "set devices.dma=nic"
}

@test "a check and a scenario have a page, and each word of the pages is in the glossary" {
	run "$vtdlab" list checks leaves-equal
	[ "$status" -eq 0 ]
	[[ $output == "check         leaves-equal"*"a fail says   copy-wrong: "*"look at       vtdlab diff RUN/tables/panic.vtd "* ]]
	run "$vtdlab" list checks iova-not-retargeted
	[[ $output == *"look at       vtdlab diff RUN/tables/panic.vtd RUN/tables/end.vtd"* ]]
	run "$vtdlab" list checks leafs-equal
	[ "$status" -eq 2 ]
	[[ $output == *"'leafs-equal' is no check (did you mean leaves-equal?)"* ]]
	run "$vtdlab" list scenarios kdump-nocopy
	[ "$status" -eq 0 ]
	[[ $output == *"sets          crash.cmdline=--"*"expected      on every kernel these fail: translation-stayed-on"* ]]
	[[ $output == *"run it        vtdlab run kdump-nocopy" ]]
	run "$vtdlab" list scenarios kdumb
	[ "$status" -eq 2 ]
	for name in $("$vtdlab" list -n checks); do
		run "$vtdlab" list checks "$name"
		[ "$status" -eq 0 ]
	done
	for name in $("$vtdlab" list -n scenarios); do
		run "$vtdlab" list scenarios "$name"
		[ "$status" -eq 0 ]
	done
	for word in DID leaf slot requester canary TES TTM CM PGTT MISPLACED defect latched trace ring; do
		grep -qE "^\|[^|]*\b$word\b[^|]*\|" "$root/docs/glossary.md" || { echo "$word"; false; }
	done
}

@test "kconfig prints all that a kernel is refused for the want of" {
	. "$root/scripts/lib/kconfig.sh"
	for scenario in kdump kdump-virtio kdump-nested; do
		run "$vtdlab" kconfig "$scenario"
		[ "$status" -eq 0 ]
		printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/$scenario"
		# shellcheck disable=SC2086,SC2154 # words, of kconfig.sh
		run kconfig_missing "$BATS_TEST_TMPDIR/$scenario" $kconfig_needed
		[ -z "$output" ]
		# merge_config.sh takes a CONFIG_ in a comment for a value that is asked for
		run ! grep -vE '^(#.*|CONFIG_[A-Z0-9_]+=y)$' "$BATS_TEST_TMPDIR/$scenario"
		run ! grep '^#.*CONFIG_' "$BATS_TEST_TMPDIR/$scenario"
	done
	grep -qx CONFIG_E1000E=y "$BATS_TEST_TMPDIR/kdump"
	grep -qx CONFIG_VIRTIO_NET=y "$BATS_TEST_TMPDIR/kdump-virtio"
	run ! grep E1000E "$BATS_TEST_TMPDIR/kdump-virtio"
	grep -qx CONFIG_KVM_AMD=y "$BATS_TEST_TMPDIR/kdump-nested"
	run "$vtdlab" kconfig nothing
	[ "$status" -eq 2 ]
}

@test "a prefix that one option has stands for it; of several all are named, of none the nearest" {
	[ "$("$vtdlab" list checks --nam | head -n 1)" = rig ]
	refused run kdump --re=3 :: "Ambiguous option --re: --reference, --repeat, --results, --restricted"
	refused run kdump --repeat=x :: repeat
	refused list --nmaes :: "Unknown option --nmaes; the nearest is --names"
	refused list --zzzzzzzzz :: "Unknown option --zzzzzzzzz. Try"
	refused list -- --names :: "'--names' is none of"
	[ "$("$vtdlab" version)" = "$("$vtdlab" --version)" ]
}

@test "the value of an option may look like an option" {
	for words in "--new|--set a=b" "-k|--set a=b"; do
		run "$vtdlab" compare --run nosuch "${words%|*}" "${words#*|}"
		echo "$output"
		[ "$status" -eq 2 ]
		[[ $output == *nosuch* && $output != *"nknown option"* ]]
	done
	run "$vtdlab" compare --run nosuch --new
	[ "$status" -eq 2 ]
	[[ $output == *"Missing argument for --new"* ]]
}

@test "a scenario of the lab's, asked for as a file where none is: its name is told" {
	cd "$BATS_TEST_TMPDIR"
	refused run kdump.conf :: "own scenario is called 'kdump', without a path" "cannot read the scenario kdump.conf"
	refused run ./x/nonesuch.conf :: "vtdlab run: cannot read the scenario ./x/nonesuch.conf"
}

@test "make: a variable that no rule knows is refused, in one line, before anything is built" {
	# words that the Makefile has, in a comment or as a target, are no variables
	for slip in SCENARO scenario kernel NAME; do
		run make -C "$root" --no-print-directory -n "$slip=x" run-kdump-scenario
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *"no rule knows $slip="* ]]
	done
	run make -C "$root" --no-print-directory -n help SCENARIO=x CC=gcc SECONDS=3 TREE=/x ONLY=kdump COMMIT=
	[ "$status" -eq 0 ]
}

@test "colour is asked for by --color, over NO_COLOR; a pipe has none" {
	mkdir "$BATS_TEST_TMPDIR/run"
	tar -xJf "$root/tests/golden/runs/legacy-6.1.tar.xz" -C "$BATS_TEST_TMPDIR/run"
	run env NO_COLOR=1 "$vtdlab" judge --color=always "$BATS_TEST_TMPDIR/run"
	[[ $output == *$'\e['* ]]
	run "$vtdlab" judge "$BATS_TEST_TMPDIR/run"
	[[ $output == *preserved* && $output != *$'\e['* ]]
}
