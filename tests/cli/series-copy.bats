#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kernel-patches/src and the hooks as a series for git am, in the steps of kernel-patches/mail/plan.
# shellcheck disable=SC2154 # stderr and its lines are of bats

bats_require_minimum_version 1.5.0

setup()
{
	cd "$BATS_TEST_DIRNAME/../.." || exit
	export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR GIT_CONFIG_NOSYSTEM=1
	unset GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL EMAIL
	tree=$BATS_TEST_TMPDIR/tree out=$BATS_TEST_TMPDIR/out intel=drivers/iommu/intel
	make_tree
}

# make_tree: of each file that a hook of 6.12 changes the lines that the hook names, and nothing else.
make_tree()
{
	local file patch
	mkdir -p "$tree/Documentation/admin-guide"
	git -C "$tree" init -q
	printf 'VERSION = 6\nPATCHLEVEL = 12\n' >"$tree/Makefile"
	printf '\tintel_iommu=\tone\n\t\ttboot_noforce\n\t\t\ttwo\n\n\tintel_pstate=\tthree\n' >"$tree/Documentation/admin-guide/kernel-parameters.txt"
	for patch in kernel-patches/6.12/*.patch; do
		awk -v tree="$tree" '
		/^\+\+\+ / { file = $2; sub(/^[^\/]*\//, "", file); file = tree "/" file; at = 1; dir = file; sub(/\/[^\/]*$/, "", dir); system("mkdir -p " dir); next }
		/^@@ / { split($2, from, /[-,]/); for (; at < from[2]; at++) print "filler " at >file; next }
		file != "" && /^[ -]/ && !/^--- / { print substr($0, 2) >file; at++ }
		file != "" && /^$/ { print "" >file; at++ }
		/^--- / { file = "" }' "$patch"
	done
	git -C "$tree" add .
	git -C "$tree" -c user.name=Old -c user.email=old@example.org commit -qm base
}

known()
{
	git -C "$tree" config user.name "A Person"
	git -C "$tree" config user.email person@example.org
}

# A step builds: each object that the Makefile names by then has its source, each file it includes is there.
step_is_whole()
{
	local object file header
	grep -q 'iova-exact[.]o$' "$tree/drivers/iommu/Makefile" && [ -f "$tree/drivers/iommu/iova-exact.c" ]
	# what comes first is of the IOVA library alone
	[ -f "$tree/$intel/Makefile.kdump" ] || { ! compgen -G "$tree/$intel/*kdump*"; return; }
	while read -r object; do
		[ -f "$tree/$intel/${object%.o}.c" ] || { echo "no source of $object"; return 1; }
	done < <(grep -oE '\<kdump[a-z_]*\.o\>' "$tree/$intel/Makefile.kdump")
	for file in "$tree/$intel"/kdump*.c; do
		grep -q "\<$(basename "$file" .c)\.o\>" "$tree/$intel/Makefile.kdump" || { echo "$file is not built"; return 1; }
		while read -r header; do
			[ -f "$tree/$intel/$header" ] || { echo "$file: no $header"; return 1; }
		done < <(sed -n 's/^#include "\(kdump[^"]*\)"$/\1/p' "$file" "$tree/$intel"/kdump*.h | grep -v kdump_copy_host)
	done
}

@test "the series is of who runs it, signed off by them, and whole after each patch" {
	local before patch n=0
	known
	before=$(cd "$tree" && find . -type f | sort | xargs sha256sum)
	run --separate-stderr scripts/series-copy "$tree" "$out"
	echo "$stderr"
	[ "$status" -eq 0 ]
	# the tree was only read
	diff <(echo "$before") <(cd "$tree" && find . -type f | sort | xargs sha256sum)
	run ! grep -F '***' "$out"/*
	# no blanks at the end of a line
	run ! grep -E "^[+].*[[:blank:]]$" "$out"/000[1-9]*.patch
	for patch in "$out"/000[1-9]*.patch; do
		git -C "$tree" am -q "$patch"
		step_is_whole
		((++n))
	done
	[[ $stderr == *"$n patches and a cover letter for Linux 6.12 are in $out"* ]]
	[ "$(git -C "$tree" log -"$n" --format=%an%n%b | grep -cx 'Signed-off-by: A Person <person@example.org>')" -eq "$n" ]
	# what the lab builds is what is sent
	for patch in kernel-patches/src/*; do
		case ${patch##*/} in
		iova*) diff "$patch" "$tree/drivers/iommu/${patch##*/}" ;;
		*) diff "$patch" "$tree/$intel/${patch##*/}" ;;
		esac
	done
	grep -q 'ops->dma_ready(domain, dev' "$tree/drivers/iommu/dma-iommu.c"
	# the DMA API names no driver
	run ! grep -iE 'intel|kdump' "$tree/drivers/iommu/dma-iommu.c"
	# members of the entry that is there, behind its last one
	diff <(printf '\tintel_iommu=\tone\n\t\ttboot_noforce\n\t\t\ttwo\n'; cat kernel-patches/mail/parameters.txt; printf '\n\tintel_pstate=\tthree\n') \
		"$tree/Documentation/admin-guide/kernel-parameters.txt"
	# figures of docs/findings, none typed by hand
	graft=$(awk -F ' *[|] *' '$2 == "graft" { sub(/ \(.*/, "", $6); print $6; exit }' docs/findings/copy-designs.md)
	grep -q "graft .* $graft\$" "$out/0000-cover-letter.patch"
	grep -qE '^ +100000 every other( +[0-9.]+){4}$' "$out/0000-cover-letter.patch"
}

@test "an author is never made up" {
	run --separate-stderr scripts/series-copy "$tree" "$out"
	echo "$stderr"
	[ "$status" -eq 2 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"git does not know you, who would be the author: git config user.name and user.email" ]]
	[ ! -e "$out" ]
}

@test "what it cannot be made against is said in one line, and nothing is left" {
	known
	one_line() {
		run --separate-stderr scripts/series-copy "$tree" "$out"
		echo "$stderr"
		[ "$status" -eq 125 ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == *"$1"* ]]
		[ ! -e "$out" ]
		git -C "$tree" diff --quiet HEAD
	}
	sed -i 's/^static struct iova \*alloc_iova_mem(void)$/static struct iova *other(void)/' "$tree/drivers/iommu/iova.c"
	git -C "$tree" commit -qam other
	one_line "no hooks fit $tree (Linux 6.12), from the nearest: kernel-patches/6.12/0001-iova-exact.patch: error: patch failed: drivers/iommu/iova.c:227, nor kernel-patches/7.3/0001-iova-exact.patch: error: patch failed: drivers/iommu/iova.c:227, nor kernel-patches/6.1/0001-iova-exact.patch: error: patch failed: drivers/iommu/iova.c:13; make them"
	git -C "$tree" reset -q --hard HEAD~
	sed -i 's/intel_iommu=/intel_other=/' "$tree/Documentation/admin-guide/kernel-parameters.txt"
	git -C "$tree" commit -qam other
	one_line "has no entry intel_iommu=, to which ours belong"
	git -C "$tree" reset -q --hard HEAD~
	echo >"$tree/$intel/kdump.c"
	git -C "$tree" add .
	git -C "$tree" commit -qm own
	one_line "has a drivers/iommu/intel/kdump.c of its own"
	git -C "$tree" reset -q --hard HEAD~
	sed -i 's/12/13/' "$tree/Makefile"
	sed -i 's/if (dev->dma_iommu && .*/if (other)/' "$tree/drivers/iommu/dma-iommu.c"
	git -C "$tree" commit -qam 13
	one_line "no hooks fit $tree (Linux 6.13), from the nearest: kernel-patches/7.3/000"
}

@test "a tree whose series has no hooks is made with the nearest that fit, and that is said" {
	local patch
	known
	sed -i 's/12/6/' "$tree/Makefile"
	git -C "$tree" commit -qam 6.6
	run --separate-stderr scripts/series-copy "$tree" "$out"
	echo "$stderr"
	[ "$status" -eq 0 ]
	[[ ${stderr_lines[0]} == *"note: $tree is Linux 6.6: taking the hooks of 6.12, which fit" ]]
	git -C "$tree" am -q "$out"/000[1-9]*.patch
	grep -q 'ops->dma_ready(domain, dev' "$tree/drivers/iommu/dma-iommu.c"
}

@test "a later version says what changed: in its maker's words, or by range-diff, and never of itself" {
	local old=$BATS_TEST_TMPDIR/old
	known
	series() { run --separate-stderr scripts/series-copy "$tree" "$@"; }
	refused() { [[ $status == 2 && ${#stderr_lines[@]} == 1 && $stderr == *"$1"* && ! -e $out ]]; }
	series "$out" --reroll 2
	refused 'version 2 says what changed: --changes FILE, your words, or --since OLD, the patches of version 1'
	series "$out" --reroll 1 --changes README.md
	refused 'what changed goes with a version from 2 on'
	series "$out" --changes README.md
	refused 'what changed goes with a version from 2 on'
	: >"$BATS_TEST_TMPDIR/empty"
	series "$out" --reroll 2 --changes "$BATS_TEST_TMPDIR/empty"
	refused 'is no file with words'
	mkdir "$old"
	series "$out" --reroll 2 --since "$old"
	refused "$old holds no series"
	echo '* one thing is another' >"$BATS_TEST_TMPDIR/words"
	series "$out" --reroll 3 --changes "$BATS_TEST_TMPDIR/words"
	[ "$status" -eq 0 ]
	[ "$(grep -A2 '^Changes since v2:$' "$out/v3-0000-cover-letter.patch")" = $'Changes since v2:\n\n* one thing is another' ]
	grep -q '^Subject: \[PATCH v3 9/9\]' "$out"/v3-0009-*.patch
	git -C "$tree" am -q "$out"/v3-000[1-9]*.patch
	git -C "$tree" reset -q --hard HEAD~9
	# against the series as it was with another line in one file
	series "$old"
	[ "$status" -eq 0 ]
	run ! grep -rqE '^(Changes since|Range-diff)' "$old"
	sed -i 's/^+\( \* struct kdump_device - \).*/+\1as it was/' "$old"/0003-*.patch
	rm -r "$out"
	series "$out" --reroll 2 --since "$old"
	echo "$stderr"
	[ "$status" -eq 0 ]
	sed -n '/^Range-diff against v1:/,$p' "$out/v2-0000-cover-letter.patch" >"$BATS_TEST_TMPDIR/range"
	[ "$(grep -cE '^ *[0-9]+: +[0-9a-f]+ = ' "$BATS_TEST_TMPDIR/range")" = 8 ]
	grep -qF -e '-+ * struct kdump_device - as it was' "$BATS_TEST_TMPDIR/range"
}

@test "each member of intel_iommu= that the code knows is in the series' kernel-parameters.txt, each option of its Kconfig has a help" {
	local words
	words=$(sed -nE 's/^	[{] "(kdump_[a-z]+=?)",.*/\1/p' kernel-patches/src/kdump_option.c)
	[ "$(wc -w <<<"$words")" -eq 7 ]
	diff <(sort <<<"$words") <(sed -nE 's/^		(kdump_[a-z]+=?).*/\1/p' kernel-patches/mail/parameters.txt | sort)
	run ! grep -E '\b(early|core)_param\(|__setup\(' kernel-patches/src/*.c
	[ "$(grep -c '^config ' kernel-patches/src/Kconfig.kdump)" = "$(grep -c '^	help$' kernel-patches/src/Kconfig.kdump)" ]
}

@test "members go behind the last of their entry, wherever it ends, and before the blank lines that part it from the next" {
	local file=Documentation/admin-guide/kernel-parameters.txt ours=kernel-patches/mail/parameters.txt
	known
	# entry WHAT-FOLLOWS: put behind two paragraphs of it
	entry() {
		rm -rf "$out"
		printf '\tintel_iommu=\n\t\ton\n\n\t\toff\n%b' "$1" >"$tree/$file"
		git -C "$tree" commit -qam entry
		scripts/series-copy "$tree" "$out"
		git -C "$tree" am -q "$out"/000[1-9]*.patch
		diff <(printf '\tintel_iommu=\n\t\ton\n\n\t\toff\n'; cat "$ours"; printf %b "$1") "$tree/$file"
		git -C "$tree" reset -q --hard HEAD~10
	}
	entry '\n\n\tnext=\n\n\tintel_iommu=\n'
	entry '\tnext=\n\t\tx\n'
	entry 'Text\n'
	entry ''
}

@test "the plan has each file of src and each hook of each kernel once" {
	local dir
	for dir in kernel-patches/[0-9]*/; do
		diff <(sed '/^#/d; s/^\([^.:]*\):/\1/; s/://' kernel-patches/mail/plan | tr ' ' '\n' | grep -E '[.](c|h|patch|kdump)$' | sort) \
			<(find kernel-patches/src "$dir" -name 'kdump*' -printf '%f\n' -o -name 'iova*.[ch]' -printf '%f\n' -o -name '*.patch' -printf '%f\n' -o -name 'Kconfig*' -printf '%f\n' | sort)
	done
}

@test "each function, structure and type of the headers that files share is described for kernel-doc" {
	local file n
	for file in kernel-patches/src/{iova-exact,kdump,kdump_copy,kdump_internal}.h; do
		# outside of what is there without the option, which is described where it is with it
		n=$(sed '/^#else$/,/^#endif$/d' "$file" | awk -v file="$file" '
		/^(struct|enum) [a-z_]+ \{$/ || /^typedef / || /^[a-z].*[ *][a-z_]+\(.*[,;)]$/ {
			if (before != " */") { print file ": " $0 >"/dev/stderr"; exit 1 }
			n++
		}
		{ before = $0 }
		END { print n }')
		[ "$n" -ge 5 ]
	done
}
