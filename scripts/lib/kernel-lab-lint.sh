# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables shared by name: see common.sh
# What a kernel maintainer runs over a change first: the kernel's own checkpatch.pl and kernel-doc over our files and patches, the
# compiler with W=1, and sparse, each for what is ours: the files of src, and the lines that our patches add. The objects
# are apart from those of a build, which they would only make anew.

readonly LINT_SKIPPED=77

# lint_style: checkpatch.pl --strict, of this very kernel.
lint_style()
{
	local file bad=0 style=(perl "$work/tree/scripts/checkpatch.pl" --no-tree --terse --no-summary --strict)

	for file in "${new_files[@]}"; do
		"${style[@]}" -f "$file" >&2 || ((++bad))
	done
	# They are signed by nobody; and a Kconfig that is sourced has to be named.
	for file in "${patches[@]}"; do
		"${style[@]}" --ignore MISSING_SIGN_OFF,EMBEDDED_FILENAME - <"$file" >&2 || {
			say "(- is $file)"
			((++bad))
		}
	done
	printf '%d files and %d patches' "${#new_files[@]}" "${#patches[@]}"
	((bad == 0)) || { printf ': it finds something in %d' "$bad"; return 1; }
}

# lint_doc: the kernel's own look at our descriptions of functions and structures.
lint_doc()
{
	local log=$work/doc.log doc=$work/tree/scripts/kernel-doc status=0

	"$doc" -none "${new_files[@]}" >"$log" 2>&1 || status=$?
	# The kernel's own script may be of a language that this host lacks.
	if ((status == 126 || status == 127)); then
		printf 'scripts/kernel-doc cannot be run here: %s' "$(head -n 1 "$log")"
		return "$LINT_SKIPPED"
	fi
	printf '%d files' "${#new_files[@]}"
	((status != 0)) || [[ -s $log ]] || return 0
	cat "$log" >&2
	printf ': it finds something in %d lines' "$(wc -l <"$log")"
	return 1
}

# lint_ours LOG: the findings of a log that are of our files or lines, on stderr; and in words how many. 1: there are some.
lint_ours()
{
	local file from=$kdir found

	[[ -n $from ]] || from=$(source_dir "$version")
	while IFS= read -r file; do
		if [[ -f $from/$file ]]; then
			diff --old-line-format= --unchanged-line-format= --new-line-format="$file:%dn"$'\n' \
				"$from/$file" "$work/tree/$file" || true
		else
			printf '%s\n' "$file"
		fi
	done <"$work/applied" >"$work/lint.ours"
	found=$(awk -v tree="$work/tree/" '
	FILENAME == ARGV[1] { ours[$0]; next }
	/^[^ :]+:[0-9]+:([0-9]+:)? *(fatal )?(warning|error|Warning|Error)/ {
		at = $0
		if (index(at, tree) == 1)
			at = substr(at, length(tree) + 1)
		sub(/^(\.\.\/)+/, "", at)
		split(at, part, ":")
		if (part[1] in ours || part[1] ":" part[2] in ours)
			print at
	}' "$work/lint.ours" "$1" | sort -u) || return
	[[ -n $found ]] || return 0
	printf '%s\n' "$found" >&2
	printf ': it finds something %d times' "$(wc -l <<<"$found")"
	return 1
}

# lint_sources: those of new_files that the compiler takes, as objects of the tree.
lint_sources()
{
	local file

	for file in "${new_files[@]}"; do
		[[ $file != *.c ]] || src_place "${file%.c}.o"
	done
}

# lint_compile: drivers/iommu/, and whatever else is patched, with W=1.
lint_compile()
{
	local log=$work/lint.log targets=(drivers/iommu/) file made sources

	# The IOVA library's part of it is compiled also where nothing selects it yet.
	mapfile -t -O 1 targets < <(lint_sources | grep -v /intel/)
	while IFS= read -r file; do
		[[ $file == drivers/iommu/* || $file != *.c ]] || targets+=("${file%.c}.o")
	done <"$work/applied"
	# What is there already would be passed over without a word.
	for file in "${targets[@]}"; do
		rm -rf "${work:?}/tree/$objects/$file"
	done
	lab_make W=1 "${targets[@]}" >"$log" 2>&1 || build_failed "$log" 'compiling it with W=1'
	made=$(cd "$work/tree/$objects" && find "${targets[@]}" -name '*.o' ! -name '.*' | sort -u)
	sources=$(lint_sources)
	[[ -n $sources && -z $(comm -13 <(printf '%s\n' "$made") <(sort <<<"$sources")) ]] ||
		fail "the compiler was not given all of our files (see $log)"
	printf '%d objects, %d of them ours' "$(wc -l <<<"$made")" "$(wc -l <<<"$sources")"
	lint_ours "$log"
}

# lint_sparse: drivers/iommu/intel/ and the rest of ours, where sparse is one that the kernel takes.
lint_sparse()
{
	local log=$work/sparse.log checked sources targets=(drivers/iommu/intel/)

	type -P sparse >/dev/null || {
		printf 'it is not installed (apt-get install sparse)'
		return "$LINT_SKIPPED"
	}
	mapfile -t -O 1 targets < <(lint_sources | grep -v /intel/)
	lab_make C=2 "${targets[@]}" >"$log" 2>&1 || build_failed "$log" 'sparse'
	# Silence alone is no finding: each file must have been looked at.
	sources=$(lint_sources | wc -l)
	checked=$(grep -cE '^  CHECK .*/(kdump|vtdlab|iova-exact)[^/]*\.c$' "$log") || true
	if ((checked == 0)) && grep -q 'sparse is not available or not up to date' "$log"; then
		printf '%s is too old for this kernel' "$(sparse --version 2>/dev/null)"
		return "$LINT_SKIPPED"
	fi
	((checked == sources)) || fail "it looked at $checked of $sources files (see $log)"
	printf '%d files' "$sources"
	lint_ours "$log"
}

# lint_fragments: sets fragments so that our KUnit tests, where they are among new_files, are compiled too.
lint_fragments()
{
	if [[ "${new_files[*]} " == *'/kdump_kunit.c '* ]]; then
		fragments+=("$config_dir/kunit.config")
	fi
}

lint_prepare()
{
	(lint_fragments && source_prepare && lab_configure) || return
	printf '%d apply exactly' "${#patches[@]}"
}

# lint_check CHECK FUNCTION: runs it and says what came of it. FUNCTION prints what it looked at, and its findings on stderr.
lint_check()
{
	local words='' status=0 verdict=failed

	phase "$1"
	: >"$lint_tmp/why"
	words=$(VTDLAB_REASON=$lint_tmp/why; "$2") || status=$?
	case $status in
	0) verdict=passed ;;
	"$LINT_SKIPPED") verdict=skipped ;;
	esac
	[[ ! -s $lint_tmp/why ]] || words=$(<"$lint_tmp/why")
	lint_verdict "$1" "$verdict" "${words#"$name: "}"
	((status == 0))
}

lint_verdict() { printf '%s: %s %s: %s\n' "$name" "$1" "$2" "$3" | tee -a "$lint_tmp/verdicts"; }

# lint_kernel: all checks of the kernel that was chosen. In a shell of its own.
lint_kernel()
{
	started=$(date +%s) objects=lint-build
	if [[ -z $have_deep_copy ]]; then
		lint_verdict source skipped 'it has none of kernel-patches/src'
		return
	fi
	if [[ -z $kdir ]]; then
		if ! (VTDLAB_REASON=$lint_tmp/why; source_fetch); then
			lint_verdict source skipped "it cannot be had: $(<"$lint_tmp/why")"
			return
		fi
		source_fetch
		tree_shown="$package $version"
	fi
	lint_check patches lint_prepare || return 0
	lint_check checkpatch.pl lint_style || true
	lint_check kernel-doc lint_doc || true
	lint_check 'W=1' lint_compile || true
	lint_check sparse lint_sparse || true
}

# lint_begin: where verdicts are noted, and what a kernel and sparse need.
lint_begin()
{
	lint_tmp=$(mktemp -d)
	trap 'rm -rf "$lint_tmp"' EXIT
	: >"$lint_tmp/verdicts"
	"$host_setup" --for kernel || exit
}

# lint_total: the last line. Nothing that was looked at is no pass.
lint_total()
{
	local verdict total='' n
	local -A count=()

	for verdict in passed failed skipped; do
		n=$(grep -c "^[^:]*: [^:]* $verdict: " "$lint_tmp/verdicts") || true
		count[$verdict]=$n
		total+="${total:+, }$n $verdict"
	done
	printf '%s\n' "$total"
	((count[failed] == 0 && count[passed] > 0))
}

# lab_lint: the kernel or tree that was named, or all that are built here; those of the same files once.
lab_lint()
{
	local what kernels=("$spec")
	local -A seen=()

	lint_begin
	type -P sparse >/dev/null || "$host_setup" --for lint || true
	[[ -n $spec$kdir ]] || mapfile -t kernels < <(list_named | sort)
	for spec in "${kernels[@]}"; do
		what=$(choose; printf '%s %s %s %s\n' "$package" "$version" "${patches[*]}" "${new_files[*]}") || exit
		[[ ! -v seen[$what] ]] || continue
		seen[$what]=1
		(
			choose
			open_work
			lint_kernel
		)
	done
	lint_total
}
