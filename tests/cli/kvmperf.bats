#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# guests/kvmperf as a program: what it refuses, and, where /dev/kvm can be used, that it measures and that each of its
# checks notices what it is there for.

bats_require_minimum_version 1.5.0

setup()
{
	root=$BATS_TEST_DIRNAME/../..
	kvmperf=${KVMPERF:-$root/build/guests/kvmperf}
	[ -x "$kvmperf" ] || { echo 'build/guests/kvmperf is not built'; return 1; }
}

need_kvm()
{
	[[ -r /dev/kvm && -w /dev/kvm ]] || skip 'no /dev/kvm to use'
	"$kvmperf" demand-paging --memory 64K --warmup 0 --repeat 1 >/dev/null 2>&1 ||
		skip 'this /dev/kvm does not run guests of ring 3'
}

# refused STATUS LINE-PATTERN ARGUMENT...: one line on stderr, nothing on stdout.
refused()
{
	local want=$1 line=$2

	shift 2
	run --separate-stderr "$kvmperf" "$@"
	[[ $status == "$want" ]]
	[[ -z $output ]]
	[[ $(wc -l <<<"$stderr") == 1 ]]
	# shellcheck disable=SC2053
	[[ $stderr == $line ]]
}

# notices WHAT LINE-PATTERN ARGUMENT...: with WHAT spoilt, the test fails and says so.
notices()
{
	local what=$1 line=$2

	shift 2
	run --separate-stderr env KVMPERF_SPOIL="$what" "$kvmperf" "$@" --warmup 0 --repeat 1
	[[ $status == 1 ]]
	# shellcheck disable=SC2053
	[[ ${lines[0]} == *": fail: "$line ]]
	((${#lines[@]} == 1))
}

@test "without arguments: usage and 2; --help: usage and 0" {
	run --separate-stderr "$kvmperf"
	[[ $status == 2 && -z $output && $stderr == usage:* ]]
	run --separate-stderr "$kvmperf" --help
	[[ $status == 0 && -z $stderr && $output == usage:* ]]
}

@test "list names every test, and each explains its options" {
	run "$kvmperf" list
	[ "$status" = 0 ]
	for t in demand-paging dirty-log access-tracking memslot-churn page-table pre-fault exits nested nested-checks vfio-dma; do
		[[ $'\n'$output == *$'\n'"$t "* ]]
	done
	[ "${#lines[@]}" = 10 ]
	names=("${lines[@]%% *}")
	for t in "${names[@]}"; do
		run "$kvmperf" "$t" --help
		[[ $status == 0 && $output == *--vcpus* ]]
	done
	run "$kvmperf" demand-paging --help
	[[ $output == *'--uffd none|missing|minor|wp'* && $output == *'[16M]'* ]]
	[[ $output != *--log* ]]
}

@test "wrong words are one line and 2" {
	refused 2 "*no test 'nonsense'*kvmperf list*" nonsense
	refused 2 '*unknown option --log*' demand-paging --log get
	refused 2 '*--memory 12X: use a size*' demand-paging --memory 12X
	refused 2 '*--vcpus 65: use a number from 1 to 64*' demand-paging --vcpus 65
	refused 2 '*--backing wood: use one of anon thp*' demand-paging --backing wood
	refused 2 '*--uffd minor needs*' demand-paging --uffd minor
	refused 2 '*power of two*' dirty-log --log ring --ring-entries 1500
	refused 2 '*use quick or full*' suite
	refused 2 '*use quick or full*' suite medium
	refused 2 '*unknown option --memory*' suite quick --memory 1M
}

@test "no /dev/kvm, one that is none, and one without permission" {
	export KVMPERF_DEV=/nonexistent/kvm
	refused 2 '*/nonexistent/kvm: No such file*load kvm-amd or kvm-intel*' demand-paging
	refused 2 '*/nonexistent/kvm: No such file*' suite quick
	export KVMPERF_DEV=/dev/null
	refused 2 '*/dev/null: not a KVM*' exits
	KVMPERF_DEV=$BATS_TEST_TMPDIR/kvm
	: >"$KVMPERF_DEV"
	chmod 000 "$KVMPERF_DEV"
	if ((EUID)); then
		refused 2 '*permission denied: be root, or in the group*' demand-paging
	else
		cp "$kvmperf" "$BATS_TEST_TMPDIR/kvmperf"
		chmod 755 "$BATS_TEST_TMPDIR/kvmperf"
		chmod a+x "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR"/.. "$BATS_TEST_TMPDIR"/../.. 2>/dev/null || true
		run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups \
			"$BATS_TEST_TMPDIR/kvmperf" demand-paging
		[[ $stderr != *'failed to execute'* ]] || skip 'an ordinary user cannot reach the test directory'
		[[ $status == 2 && -z $output ]]
		[[ $stderr == *'permission denied: be root, or in the group'* ]]
	fi
}

@test "output that cannot be written is no success" {
	for args in list "list --help" "exits --json" --help; do
		# shellcheck disable=SC2086,SC2016
		run --separate-stderr bash -c '"$0" "$@" >/dev/full' "$kvmperf" $args
		[[ $status == 2 && $stderr == *"kvmperf: cannot write to the standard output" ]]
	done
}

@test "what does not fit this machine is one line and 2" {
	need_kvm
	refused 2 '*--memory 16M does not divide into 3 slices of whole 4K pages: use 16380K or 16392K' \
		demand-paging --vcpus 3
	refused 2 '*--memory 4M does not divide into 3 slots*' dirty-log --memory 4M --slots 3
	refused 2 '*HLT is for privilege level 0 only: --ring 0' exits --exit hlt
	refused 2 '*needs slots of whole 2M pages*' page-table --memory 1M
	refused 2 '*no edu device*' vfio-dma
	refused 2 '*not an edu device bound to vfio-pci*' vfio-dma --device 0000:00:00.0
	free=$(cat /sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages 2>/dev/null || echo 0)
	((free < 16)) || skip 'has 16 huge pages of 1G'
	refused 2 '*hugetlb*' demand-paging --backing hugetlb-1g --memory 16G
}

@test "no permission for userfaultfd is one line and 2" {
	need_kvm
	((EUID == 0)) || skip 'needs root, to give a capability up'
	[[ $(cat /proc/sys/vm/unprivileged_userfaultfd 2>/dev/null) == 0 ]] || skip 'anybody may use userfaultfd here'
	run --separate-stderr setpriv --inh-caps=-sys_ptrace --bounding-set=-sys_ptrace \
		"$kvmperf" demand-paging --uffd missing
	[[ $status == 2 && -z $output ]]
	[[ $stderr == *'userfaultfd: permission denied: be root, or sysctl vm.unprivileged_userfaultfd=1' ]]
}

@test "what cannot run is a skip in the document" {
	need_kvm
	run --separate-stderr "$kvmperf" vfio-dma --json
	[ "$status" = 2 ]
	[[ $output == '{"schema":1,'*'"result":"skip","reason":"no edu device'*'"counts":{},'*'}' ]]
}

@test "demand-paging: counts that add up, and times of every vCPU" {
	need_kvm
	command -v jq >/dev/null || skip 'no jq'
	for args in '' '--uffd missing' '--uffd minor --backing shmem' '--uffd wp' '--uffd missing --uffd-per vcpu' \
		'--random --slots 4 --backing memfd' '--overlap --guest-page 4k'; do
		# shellcheck disable=SC2086
		run --separate-stderr "$kvmperf" demand-paging --memory 1M --vcpus 2 --repeat 3 --json $args
		[[ $status == 2 && $output == *'"skip"'*userfaultfd* ]] && continue
		[ "$status" = 0 ]
		pages=256
		[[ $args == *overlap* ]] && pages=512
		jq -e --argjson pages "$pages" '.schema == 1 and (.tests | length == 1) and (.tests[0] |
			.result == "pass" and .counts.pages == [256, 256, 256] and
			.counts.pages_written == [$pages, $pages, $pages] and
			(.counts.uffd_served // [256, 256, 256]) == [256, 256, 256] and
			.latency_ns.touch.count == 3 * $pages and
			([.latency_ns.touch.buckets[][1]] | add) == 3 * $pages and
			(.ns.populate.runs | length) == 3 and (.ns.populate.vcpus | map(length)) == [3, 3] and
			.ns.populate.median == (.ns.populate.runs | sort)[1])' <<<"$output"
	done
}

@test "dirty-log: by bitmap, by clearing and by ring, exactly what was written" {
	need_kvm
	for args in '--log get' '--log clear' '--log clear --initially-set --clear-pages 64' \
		'--log ring --ring-entries 1024 --memory 8M' '--log get --vcpus 4 --random --slots 4' \
		'--log ring --vcpus 2 --overlap'; do
		for fraction in 0 7 100; do
			# shellcheck disable=SC2086
			run --separate-stderr "$kvmperf" dirty-log --memory 1M --repeat 1 --write-fraction $fraction $args
			[[ $status == 2 && $stderr == *'dirty ring'* ]] && continue
			[[ $status == 0 && ${lines[0]} == *': pass' ]]
		done
	done
}

@test "the other tests pass or are skipped with a reason" {
	need_kvm
	for args in memslot-churn 'memslot-churn --churn move --vcpus 2' page-table pre-fault exits access-tracking nested; do
		# shellcheck disable=SC2086
		run --separate-stderr "$kvmperf" $args --warmup 0 --repeat 1
		[[ ($status == 0 && ${lines[0]} == *': pass') || ($status == 2 && $stderr == *': skip: '?*) ]]
	done
}

@test "every check notices what it is there for" {
	need_kvm
	small=(--memory 1M)
	notices guest-value '*reads other values than were written in 1 of 256 pages, the first is 255' \
		demand-paging "${small[@]}"
	notices host-value 'page 255 holds*' demand-paging "${small[@]}"
	notices dirty-missing '*1 pages written are not in the log*' dirty-log "${small[@]}"
	notices dirty-extra '*1 in the log were not written' dirty-log "${small[@]}" --write-fraction 10
	notices dirty-written '*wrote 256 pages instead of 257' dirty-log "${small[@]}"
	notices dirty-value 'page 0 holds*' dirty-log "${small[@]}"
	notices load-value 'page 0 holds*' memslot-churn "${small[@]}"
	notices spare-value 'spare slot: page 1 holds*' memslot-churn "${small[@]}"
	notices exit-write '*exit 0 carries 0' exits --exit pio-write
	notices exit-write '*exit 0 carries 0' exits --exit mmio-write
	notices exit-read '*sum up to*' exits --exit pio-read
	notices exit-read '*sum up to*' exits --exit mmio-read
	notices exit-count '*came out*' exits --exit pio-write
}

@test "the checks that need a feature notice too" {
	need_kvm
	run "$kvmperf" demand-paging --memory 1M --json
	if [[ $output == *'"kvm_faults"'* ]]; then
		notices kvm-faults 'KVM counts*' demand-paging --memory 1M
	fi
	if "$kvmperf" demand-paging --memory 1M --uffd missing >/dev/null 2>&1; then
		notices uffd-pages 'userfaultfd served 256 of 255*' demand-paging --memory 1M --uffd missing
		notices uffd-events '*256 messages, but 256 served*' demand-paging --memory 1M --uffd missing
		notices uffd-mark 'page 128 is not the one*' demand-paging --memory 1M --uffd missing
	fi
	if "$kvmperf" dirty-log --memory 1M --log ring >/dev/null 2>&1; then
		notices ring-entries '*taken from the dirty rings*' dirty-log --memory 1M --log ring
	fi
	if "$kvmperf" page-table >/dev/null 2>&1; then
		notices huge-pages "after 'map' KVM maps*" page-table
		notices small-pages 'with dirty logging KVM maps*' page-table
		notices split-dirty '*are in the dirty log' page-table
	fi
}

@test "a suite says which test runs, and how it ended" {
	need_kvm
	run --separate-stderr "$kvmperf" suite quick --progress "$BATS_TEST_TMPDIR/progress" --json --warmup 0 --repeat 1
	((status < 2))
	lines=()
	mapfile -t lines <"$BATS_TEST_TMPDIR/progress"
	n=$((${#lines[@]} / 2))
	((n > 10 && ${#lines[@]} == 2 * n))
	[[ ${lines[0]} == "kvmperf: 1 of $n: demand-paging" ]]
	[[ ${lines[1]} == "kvmperf: 1 of $n: pass" ]]
	[[ ${lines[-1]} =~ ^"kvmperf: $n of $n: "(pass|skip|fail)$ ]]
	refused 2 '*suite: --progress /nonexistent/file: No such file*' suite quick --progress /nonexistent/file
}

@test "a guest that never ends is a failure, not a hang" {
	need_kvm
	"$kvmperf" demand-paging --memory 1M --uffd missing >/dev/null 2>&1 || skip 'no userfaultfd'
	run --separate-stderr timeout 300 "$kvmperf" demand-paging --memory 4M --uffd missing --delay 100000 --deadline 1
	[[ $status == 1 && $output == *': fail: no end within 1 s (--deadline)' ]]
}

@test "the payload uses no SSE, no stack and no absolute address" {
	command -v objdump >/dev/null || skip 'no objdump'
	gcc -c -o "$BATS_TEST_TMPDIR/p.o" "$root/guests/kvmperf/payload/payload.S"
	run objdump -dr -j .rodata "$BATS_TEST_TMPDIR/p.o"
	[[ $status == 0 && $output == *rdtsc* ]]
	run ! grep -qE '[xyz]mm|%st|%rsp|%esp|push|pop|\bcall|\bret|R_X86_64' <<<"$output"
}
